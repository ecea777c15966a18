//! What is known of the fleet around recommendations that are applied one after another.

use std::time::Duration;

use super::Session;
use crate::autoscaler::AutoscalerId;
use crate::cli::context::Context;
use crate::cluster::{self, NameArgument, Namespaces, Scope};
use crate::conduct::Surroundings;
use crate::error::Error;
use crate::fleet::Subject;
use crate::lifecycle::guard::Limits;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::store::{self, Stored};

/// What was read longer ago is read again: an HPA controller syncs every 15 s by default, so that
/// replicas and conditions may be others by then.
const FRESH: Duration = Duration::from_secs(15);

/// Reads a namespace once for all that are to be applied in it.
pub(in crate::cli) struct Around<'a> {
    cx: &'a Context,
    session: &'a Session,
    limits: &'a Limits,
    /// Those that are still to come.
    left: Vec<AutoscalerId>,
    seen: Option<Seen>,
}

struct Seen {
    /// By [`Context::elapsed`].
    at: Duration,
    asked: Vec<AutoscalerId>,
    subjects: Vec<Subject>,
}

impl<'a> Around<'a> {
    pub(in crate::cli) fn of<'r>(
        cx: &'a Context,
        session: &'a Session,
        limits: &'a Limits,
        records: impl Iterator<Item = &'r Record>,
    ) -> Self {
        Self {
            cx,
            session,
            limits,
            left: records.map(|it| it.autoscaler.clone()).collect(),
            seen: None,
        }
    }

    /// All recommendations, or those of a namespace for whoever may not see more.
    async fn others(&self, namespace: &str) -> Result<Vec<Stored>, Error> {
        let store = &self.session.store;
        let listed = match store.list(None).await {
            Err(store::Error::Cluster(cluster::Error::Forbidden { .. })) => {
                store.list(Some(namespace)).await?
            }
            listed => listed?,
        };
        Ok(listed.records)
    }

    /// The fleet around a recommendation as it is now. Others are counted anew each time, with those
    /// of this run and of anybody else.
    pub(in crate::cli) async fn surroundings(
        &mut self,
        record: &Record,
    ) -> Result<Surroundings, Error> {
        let subject = self.subject(&record.autoscaler).await?;
        self.with(subject, record).await
    }

    /// The same with what is known already of its autoscaler.
    pub(in crate::cli) async fn with(
        &self,
        subject: Option<Subject>,
        record: &Record,
    ) -> Result<Surroundings, Error> {
        // The whole fleet need not be seen by who does not ask about it.
        let others = match self.limits.max_in_probation.is_some() || self.limits.stop_on_revert {
            true => self.others(&record.namespace).await?,
            false => vec![],
        };
        let others = others.iter().map(|it| &it.record);
        let name = |it: &Record| (it.namespace.clone(), it.name.clone());
        let this = name(record);
        let others = others.filter(|it| name(it) != this);
        let in_phase = |phases: &'static [Phase]| {
            others
                .clone()
                .filter(move |it| phases.contains(&it.status.phase))
        };
        Ok(Surroundings {
            subject,
            in_probation: in_phase(&[Phase::Applied]).count(),
            reverted: in_phase(&[Phase::Degraded, Phase::RolledBack])
                .map(|it| format!("{}/{}", it.namespace, it.name))
                .collect(),
        })
    }

    async fn subject(&mut self, id: &AutoscalerId) -> Result<Option<Subject>, Error> {
        let now = self.cx.elapsed();
        let is_known = self
            .seen
            .as_ref()
            .is_some_and(|it| it.asked.contains(id) && now.saturating_sub(it.at) < FRESH);
        if !is_known {
            self.seen = Some(self.look(id, now).await?);
        }
        self.left.retain(|it| it != id);
        let mut subjects = self.seen.iter().flat_map(|it| &it.subjects);
        Ok(subjects.find(|it| it.autoscaler.id == *id).cloned())
    }

    /// Reads `id`, and with it what is still to come in its namespace.
    async fn look(&self, id: &AutoscalerId, at: Duration) -> Result<Seen, Error> {
        let of_namespace = self.left.iter().filter(|it| it.namespace == id.namespace);
        let mut asked: Vec<AutoscalerId> = of_namespace.cloned().collect();
        if !asked.contains(id) {
            asked.push(id.clone());
        }
        let mut subjects = self.subjects(&asked).await?;
        if subjects.is_none() && asked.len() > 1 {
            // One that is gone must not hide the others.
            asked = vec![id.clone()];
            subjects = self.subjects(&asked).await?;
        }
        Ok(Seen {
            at,
            asked,
            // That it is gone is found out, and told, where it is written.
            subjects: subjects.unwrap_or_default(),
        })
    }

    /// `None` where one of them is gone.
    async fn subjects(&self, asked: &[AutoscalerId]) -> Result<Option<Vec<Subject>>, Error> {
        let Some(first) = asked.first() else {
            return Ok(Some(vec![]));
        };
        let names = asked.iter().map(|it| NameArgument {
            kind: Some(it.kind),
            name: it.name.clone(),
        });
        let scope = Scope {
            namespaces: Namespaces::One(first.namespace.clone()),
            selector: None,
            names: names.collect(),
        };
        match self.session.cluster.inventory(&scope).await {
            Ok(fleet) => Ok(Some(fleet.subjects)),
            Err(cluster::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
