//! The pass that carries schedules out: what opens is raised, what is over is given back.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, timeout, timeout_at};

use super::counting::Writing;
use super::passes::Ended;
use super::tick::{Watch, longest_pause};
use super::turns::{Name, name};
use crate::autoscaler::AutoscalerId;
use crate::conduct::{Carry, Conductor, Looked};
use crate::error::Error;
use crate::lifecycle::pause::{Id, Kind};
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::Write;
use crate::signals::metrics::{self, Action, Outcome};
use crate::store::Stored;

/// The part of the pass that one may take, so that one whose answers do not come leaves time for
/// others.
const OF_ONE: u32 = 4;

/// Why nothing is raised where an earlier pass has not come to its end.
const HELD_OFF: &str = "an earlier pass of this tick ran out of time";

impl Watch<'_> {
    /// Nothing is raised where an earlier pass was not in time; what is over is given back always.
    pub(super) async fn schedule(&self, conductor: &Conductor<'_>, is_in_time: bool) {
        let began = Instant::now();
        let until = began + self.pass_budget();
        let carrying = self.carry_until(conductor, is_in_time, until).await;
        let ended = Ended::of(carrying.as_ref(), self.is_stopped());
        self.pass(metrics::Pass::Schedule, began, &ended);
        if let Ok(late) = carrying {
            self.uncarried.note(late, &BTreeSet::new());
        }
    }

    /// Those for which there was no time.
    async fn carry_until(
        &self,
        conductor: &Conductor<'_>,
        is_in_time: bool,
        until: Instant,
    ) -> Result<BTreeSet<Name>, Error> {
        let mut listed = self.listed_until(until).await?;
        listed.retain(|it| it.record.status.schedule.is_some());
        let orphans = self.orphans(&listed);
        let mut late = BTreeSet::new();
        if listed.is_empty() && orphans.is_empty() {
            return Ok(late);
        }
        let now = timeout_at(until, conductor.now()).await;
        let now = now.map_err(|_| self.too_late("the time"))??;
        let carry = Carry {
            now,
            ahead: SignedDuration::try_from(longest_pause(self.config.interval))
                .unwrap_or(SignedDuration::ZERO),
            held_off: (!is_in_time).then_some(HELD_OFF),
        };
        self.uncarried.first(&mut listed);
        for stored in listed {
            let (name, title) = (name(&stored), stored.record.title());
            if self.is_stopped() {
                break;
            }
            let limit = self.limit_of(until);
            if limit.is_zero() {
                tracing::warn!("the schedule of {title} was not looked at in time");
                late.insert(name);
                continue;
            }
            self.carry(conductor, stored, carry, limit).await;
        }
        for (id, recommendation) in orphans {
            if self.is_stopped() {
                break;
            }
            let giving = self.give_back(conductor, &id, &recommendation);
            if timeout_at(until, giving).await.is_err() {
                tracing::warn!("the minimum of {id} was not given back in time");
            }
        }
        Ok(late)
    }

    fn limit_of(&self, until: Instant) -> Duration {
        let left = until.saturating_duration_since(Instant::now());
        left.min(self.pass_budget() / OF_ONE)
    }

    fn too_late(&self, what: &str) -> Error {
        Error::Late {
            what: what.to_owned(),
            limit: self.pass_budget(),
        }
    }

    async fn carry(
        &self,
        conductor: &Conductor<'_>,
        stored: Stored,
        carry: Carry<'_>,
        limit: Duration,
    ) {
        let title = stored.record.title();
        // Where time is over, it counts as given up.
        let writing = Writing::begin(self.metrics, Action::Raise);
        let Ok(looked) = timeout(limit, conductor.carry(stored, carry)).await else {
            // What was sent is found by the next tick.
            return tracing::warn!("the schedule of {title} was not looked at within {limit:.1?}");
        };
        let looked = looked.map_err(Error::from);
        match &looked {
            Ok(looked) => tell(looked),
            Err(error) => {
                let error = error.render();
                tracing::warn!(
                    error = error.trim_end(),
                    "the schedule of {title} was not carried out"
                );
            }
        }
        writing.end(&looked.map(|it| counted(&it)));
    }

    /// HPAs whose minimum is raised for recommendations without a schedule, as far as is known from
    /// those that are listed.
    fn orphans(&self, listed: &[Stored]) -> Vec<(AutoscalerId, String)> {
        let is_kept = |id: &AutoscalerId| listed.iter().any(|it| it.record.autoscaler == *id);
        let floors = self.pauses.floors().into_iter();
        let orphans = floors.filter(|(id, _)| self.is_meant_too(id) && !is_kept(id));
        orphans.map(|(id, it)| (id, it.recommendation)).collect()
    }

    /// Whether namespaces, names and labels have it.
    fn is_meant_too(&self, id: &AutoscalerId) -> bool {
        let id = Id {
            kind: Kind::HorizontalPodAutoscaler,
            namespace: id.namespace.clone(),
            name: id.name.clone(),
        };
        self.is_watched(&id) && self.is_selected(&id)
    }

    /// Gives back what nobody tells of any more, whatever a watch has told.
    async fn give_back(&self, conductor: &Conductor<'_>, id: &AutoscalerId, recommendation: &str) {
        let kept = self.session.store.get(&id.namespace, recommendation).await;
        match kept {
            Ok(Some(it)) if it.record.status.schedule.is_some() => return,
            Ok(_) => {}
            Err(error) => {
                return tracing::warn!(%error, "the minimum of {id} stays: nothing is known of it");
            }
        }
        let writing = Writing::begin(self.metrics, Action::Restore);
        let given = conductor.give_back_orphan(id).await.map_err(Error::from);
        match &given {
            Ok(true) => {
                let AutoscalerId {
                    namespace, name, ..
                } = id;
                tracing::info!(%namespace, %name, "restored minReplicas that nobody tells of");
            }
            Ok(false) => {}
            Err(error) => {
                let error = error.render();
                tracing::warn!(error = error.trim_end(), "the minimum of {id} stays");
            }
        }
        let ended = given.map(|is_done| is_done.then_some((Action::Restore, Outcome::Succeeded)));
        writing.end(&ended);
    }
}

fn tell(looked: &Looked) {
    let Record {
        namespace,
        name,
        status,
        ..
    } = &looked.stored.record;
    let detail = status.schedule.as_ref().map_or("", |it| &it.detail);
    match looked.written {
        Some(Write::Raise) => tracing::info!(%namespace, %name, detail, "raised minReplicas"),
        Some(Write::Restore) => tracing::info!(%namespace, %name, detail, "restored minReplicas"),
        Some(Write::Retract) => tracing::warn!(%namespace, %name, detail, "retracted schedule"),
        None => {}
    }
    if let Some(why) = &looked.failed {
        tracing::warn!(%namespace, %name, error = why, "the schedule was not carried out");
    }
}

fn counted(looked: &Looked) -> Option<(Action, Outcome)> {
    let action = |write: Write| match write {
        Write::Raise => Action::Raise,
        Write::Restore => Action::Restore,
        Write::Retract => Action::Retract,
    };
    match (looked.written, &looked.failed) {
        (Some(write), _) => Some((action(write), Outcome::Succeeded)),
        (None, Some(_)) => Some((Action::Raise, Outcome::Failed)),
        (None, None) => None,
    }
}
