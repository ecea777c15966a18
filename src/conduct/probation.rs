//! Changes on probation: what of them is in force still, and what follows from a check.

use super::target::Target;
use super::{Conductor, Deed, Error, Reverted, gone};
use crate::autoscaler::Autoscaler;
use crate::lifecycle::changes::{self, Lost};
use crate::lifecycle::pause;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::schedule::{self, State};
use crate::lifecycle::step::{self, Check, Effect, Event};
use crate::store::Stored;

/// Where a change stands that was on probation when somebody last looked.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It waits for a check.
    OnProbation(Box<OnProbation>),
    /// It needs none: it was taken back, or others have decided.
    Ended(Box<Stored>),
}

/// A change that is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct OnProbation {
    pub stored: Stored,
    /// The autoscaler with what was there before in place of all that is still ours.
    pub before: Autoscaler,
    /// What others have changed since.
    pub lost: Vec<Lost>,
}

impl Conductor<'_> {
    /// Looks at the target of a change that may be on probation. Finishes what was begun and not
    /// ended: a revert that was decided is carried out.
    ///
    /// # Errors
    /// Where the target cannot be read, or a revert not be made.
    pub async fn standing(&self, stored: Stored) -> Result<Standing, Error> {
        let stored = self.settled(stored).await?;
        if !is_on_probation(&stored) {
            return Ok(Standing::Ended(Box::new(stored)));
        }
        if let Some(Effect::Revert { reason }) = step::unfinished(&stored.record, &self.policy) {
            return Ok(Standing::Ended(Box::new(
                self.taken_back(stored, &reason).await?,
            )));
        }
        let target = Target::of(&stored.record);
        let read = self.cluster.object(&target.place()).await?;
        let Some(live) = read.value else {
            let saved = self.happen(&stored, gone()).await?;
            return Ok(Standing::Ended(Box::new(saved)));
        };
        // A pause takes the place of settings for a while, and gives them back.
        let live = pause::without(&live).unwrap_or(live);
        // So does a schedule, of which the settings before know nothing.
        let live = schedule::without(&live, target.kind());
        let applied = stored.record.status.applied.as_ref();
        let written = applied.map_or(&[][..], |it| &it.changes);
        let back = changes::take_back(written, &live);
        if back.operations.is_empty() && !has_schedule(&stored) {
            let paths: Vec<&str> = back.lost.iter().map(|it| it.path.as_str()).collect();
            let why = format!("others have changed {}", paths.join(", "));
            let saved = self.happen(&stored, Event::Overtaken { why }).await?;
            return Ok(Standing::Ended(Box::new(saved)));
        }
        let before = target.autoscaler(&back.applied_to(&live));
        Ok(Standing::OnProbation(Box::new(OnProbation {
            before: before?,
            lost: back.lost,
            stored,
        })))
    }

    /// Enters the outcome of a check, and takes the change back where that follows from it.
    ///
    /// # Errors
    /// Where it cannot be entered.
    pub async fn judge(&self, stored: &Stored, check: Check) -> Result<Stored, Error> {
        self.witness.tell(Deed::Checked(&check.verdict));
        let now = self.now().await?;
        let (saved, left) = self.decided(stored, Event::Judged(check), now).await?;
        for effect in left {
            if let Effect::Revert { reason } = effect {
                return self.taken_back(saved, &reason).await;
            }
        }
        Ok(saved)
    }

    async fn taken_back(&self, stored: Stored, reason: &str) -> Result<Stored, Error> {
        let reverting = self.revert(stored, reason);
        match self.witness.of_revert(reverting).await? {
            Reverted::Done(it, _) | Reverted::Overtaken(it, _) | Reverted::Failed(it, _) => Ok(*it),
        }
    }
}

/// Whether a schedule is in force, which nobody else can have changed.
fn has_schedule(stored: &Stored) -> bool {
    let carried = stored.record.status.schedule.as_ref();
    carried.is_some_and(|it| it.state != State::Retracted && !it.windows.is_empty())
}

fn is_on_probation(stored: &Stored) -> bool {
    match stored.record.status.phase {
        Phase::Applied | Phase::Degraded => true,
        // A revert that was asked for may be left to do.
        Phase::Verified => stored.record.status.attempt.is_some(),
        Phase::Pending
        | Phase::Approved
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => false,
    }
}
