//! The pass that resumes what was paused for a time.
//!
//! What is paused is known without asking: of every HPA, ScaledObject and ScaledJob the mark of its
//! pause is followed, and with it that of a raised minimum. The definitions of KEDA are looked for until they are there, by one small
//! request in each tick.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::tick::Watch;
use super::troubles::Troubles;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::{Cluster, FollowedObjects, Namespaces};
use crate::conduct::Conductor;
use crate::conduct::pause::{Resumed, When, found_in, kind};
use crate::error::Error;
use crate::install::Mode;
use crate::lifecycle::pause::{Earlier, Id, Kind, NotResumed, Note};
use crate::lifecycle::schedule::floor::Floor;

/// How long a list is waited for that was begun to be followed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The kinds whose pauses are followed.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    followed: Vec<(Kind, FollowedObjects)>,
    troubles: Troubles,
}

impl Watch<'_> {
    /// Begins to follow what can be paused, where this process is to write.
    pub(super) async fn follow_pauses(&mut self) {
        if self.config.mode != Mode::Apply {
            return;
        }
        let session = self.session;
        let patience = PATIENCE.min(self.config.interval / 2);
        let namespace = session.namespace(&self.config.records.namespaces);
        for of in Kind::ALL {
            let is_followed = |it: &(Kind, FollowedObjects)| it.0 == of;
            if self.pauses.followed.iter().any(is_followed)
                || !is_served(&session.cluster, of).await
            {
                continue;
            }
            let poll = self.config.interval;
            let marks = session.cluster.follow_marks(&kind(of), namespace, poll);
            // What is not known yet is known at the next tick.
            let _ = timeout(patience, marks.ready()).await;
            self.pauses.followed.push((of, marks));
        }
        self.pauses.tell_unknown();
    }

    /// Resumes what is due, one after another; what there is no time for waits for the next tick.
    pub(super) async fn resume(&self, conductor: &Conductor<'_>) {
        let paused = self.pauses.noted();
        let paused = paused.filter(|it| self.is_watched(&it.0) && self.is_selected(&it.0));
        let paused: Vec<(Id, Note)> = paused.filter(|it| it.1.until.is_some()).collect();
        if paused.is_empty() {
            return;
        }
        let until = Instant::now() + self.pass_budget();
        let now = match timeout_at(until, conductor.now()).await {
            Ok(Ok(now)) => now,
            Ok(Err(error)) => {
                return tracing::warn!(%error, "what is paused is not resumed: no time is known");
            }
            Err(_) => return tracing::warn!("what is paused is not resumed: no time is known"),
        };
        for (id, _) in paused.into_iter().filter(|it| it.1.is_over(now)) {
            if self.is_stopped() {
                return;
            }
            match timeout_at(until, conductor.resume(&id, When::Over, "its time is over")).await {
                Ok(resumed) => tell(&id, resumed.map_err(Error::from)),
                Err(_) => {
                    return tracing::warn!("{id} was not resumed in time; the next tick does");
                }
            }
        }
    }

    /// Whether its namespace is one of those that are watched.
    pub(super) fn is_watched(&self, id: &Id) -> bool {
        match &self.config.records.namespaces {
            Namespaces::Several(namespaces) => namespaces.contains(&id.namespace),
            // No others are listed.
            Namespaces::Current | Namespaces::One(_) | Namespaces::All => true,
        }
    }

    /// Where names or labels say what is written to, nothing else is; they are those of HPAs.
    pub(super) fn is_selected(&self, id: &Id) -> bool {
        let names = &self.config.records.names;
        let has_selector = self.config.analysis.question.scope.selector.is_some();
        match id.kind {
            Kind::ScaledObject | Kind::ScaledJob => names.is_empty() && !has_selector,
            Kind::HorizontalPodAutoscaler => {
                let hpa = AutoscalerId {
                    namespace: id.namespace.clone(),
                    name: id.name.clone(),
                    kind: AutoscalerKind::HorizontalPodAutoscaler,
                };
                let is_named = names.is_empty() || names.iter().any(|it| it.name == id.name);
                let selects = self.selected.as_ref().is_some_and(|it| it.contains(&hpa));
                is_named && (!has_selector || selects)
            }
        }
    }
}

/// Where that cannot be found out, the next tick asks again.
async fn is_served(cluster: &Cluster, of: Kind) -> bool {
    !of.is_of_keda() || cluster.serves(&kind(of)).await.unwrap_or(false)
}

fn tell(id: &Id, resumed: Result<Resumed, Error>) {
    match resumed {
        Ok(Resumed::Done(resumption)) => {
            let Id {
                namespace, name, ..
            } = id;
            let note = &resumption.note;
            tracing::info!(%namespace, %name, paused = %note, "resumed autoscaler");
            for lost in &resumption.lost {
                tracing::warn!("{id}: {} is left as others have set it", lost.path);
            }
        }
        // Somebody was faster, or has paused it anew.
        Ok(Resumed::NotYet(_) | Resumed::Not(NotResumed::NotPaused | NotResumed::Otherwise(_))) => {
        }
        Err(error) => {
            let error = error.render();
            tracing::warn!(error = error.trim_end(), "{id} was not resumed");
        }
    }
}

impl Pauses {
    /// The pauses of ours, in the order of kinds and names.
    fn noted(&self) -> impl Iterator<Item = (Id, Note)> {
        self.followed.iter().flat_map(|(kind, followed)| {
            let objects = followed.objects().unwrap_or_default();
            objects.into_iter().filter_map(|it| noted(*kind, &it))
        })
    }

    /// The HPAs whose minimum is said to be raised, by their annotation.
    pub(super) fn floors(&self) -> Vec<(AutoscalerId, Floor)> {
        let hpas = self
            .followed
            .iter()
            .filter(|it| it.0 == Kind::HorizontalPodAutoscaler);
        let objects = hpas.flat_map(|it| it.1.objects().unwrap_or_default());
        objects.filter_map(|it| held(&it)).collect()
    }

    /// Says once what is not known. Of HPAs the analysis says it.
    fn tell_unknown(&mut self) {
        let of_keda = self.followed.iter().filter(|it| it.0.is_of_keda());
        let unread = of_keda.clone().filter_map(|it| it.1.objects().err());
        let stale = of_keda.filter_map(|it| it.1.staleness());
        let (unread, stale) = (unread.collect(), stale.collect());
        self.troubles.tell_lists(unread, stale);
    }
}

fn held(object: &serde_json::Value) -> Option<(AutoscalerId, Floor)> {
    let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
    let id = AutoscalerId {
        namespace: text("namespace")?,
        name: text("name")?,
        kind: AutoscalerKind::HorizontalPodAutoscaler,
    };
    Some((id, Floor::of(object).ok()??))
}

fn noted(kind: Kind, object: &serde_json::Value) -> Option<(Id, Note)> {
    let (id, earlier) = found_in(kind, object)?;
    match earlier {
        Earlier::Ours(note) => Some((id, *note)),
        Earlier::Mark(_) | Earlier::Others { .. } => None,
    }
}
