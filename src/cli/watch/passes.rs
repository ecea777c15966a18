//! What only one of several processes does in a tick: keeps what is recommended, and leads the passes
//! that write, [`verify`](super::verify), [`apply`](super::apply) and [`schedule`](super::schedule).

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::counting::count;
use super::tick::Watch;
use super::turns::Name;
use crate::cli::act::save;
use crate::conduct::{Conductor, Deed, Leave, Witness};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::install::Mode;
use crate::signals::metrics;
use crate::store::Stored;

/// The least that a pass may take, so that what is done of one in it has 15 s: an apply is some ten
/// requests, and a busy server takes a second for each. The time is used only where something is slow.
const LEAST: Duration = Duration::from_secs(60);

impl Watch<'_> {
    /// What only one of several processes does; whether what the analysis found was kept. What does
    /// harm is taken back before anything more is put in force.
    pub(super) async fn write(&self, leave: Leave<'_>, fleet: Option<Fleet>) -> bool {
        // Where it is not known what the license allows, another tick may know.
        let Some(license) = self.allowance.clone() else {
            return false;
        };
        let witness = |deed: Deed<'_>| count(self.metrics, deed);
        let limits = self.config.limits.clone();
        let conductor = Conductor {
            policy: self.config.probation.policy,
            leave,
            witness: Witness::new(&witness),
            ..self.session.conductor(limits, license)
        };
        let is_saved = self.save(&conductor, fleet).await;
        self.health.progressed();
        if self.config.mode == Mode::Apply && !self.is_stopped() {
            let unjudged = self.verify(&conductor).await;
            let mut is_in_time = unjudged.is_empty();
            if !self.is_stopped() {
                is_in_time &= self.apply(&conductor, &unjudged).await;
            }
            if !self.is_stopped() {
                self.schedule(&conductor, is_in_time).await;
            }
            if !self.is_stopped() {
                self.resume(&conductor).await;
                self.health.progressed();
            }
        }
        is_saved
    }

    async fn save(&self, conductor: &Conductor<'_>, fleet: Option<Fleet>) -> bool {
        let (Some(report), Some(fleet)) = (&self.report, fleet) else {
            return false;
        };
        let saving = save::save(self.session, conductor, report, &fleet);
        match timeout(self.config.interval, saving).await {
            Ok(Ok(kept)) => {
                let left_out = kept.left_out.iter();
                left_out.for_each(|it| tracing::warn!("left out {it}"));
                kept.left_out.is_empty()
            }
            Ok(Err(error)) => {
                let error = error.render();
                tracing::warn!(error = error.trim_end(), "recommendations were not saved");
                false
            }
            Err(_) => {
                tracing::warn!("recommendations were not saved within an interval");
                false
            }
        }
    }

    /// What a pass that writes to targets may take: both have their time within an interval, unless
    /// that is short.
    pub(super) fn pass_budget(&self) -> Duration {
        LEAST.max(self.config.interval / 2)
    }

    /// The recommendations that are meant, unless that takes longer.
    pub(super) async fn listed_until(&self, until: Instant) -> Result<Vec<Stored>, Error> {
        let late = |_| Error::Late {
            what: "recommendations".to_owned(),
            limit: self.pass_budget(),
        };
        timeout_at(until, self.listed()).await.map_err(late)?
    }

    /// Tells how a pass went: that it failed, or was over before all had a turn.
    pub(super) fn pass(&self, pass: metrics::Pass, began: Instant, ended: &Ended<'_>) {
        let (took, name) = (began.elapsed(), pass.as_str());
        self.health.progressed();
        match ended {
            Ended::Failed(error) => {
                self.metrics.pass_failed(pass, took);
                let error = error.render();
                tracing::warn!(error = error.trim_end(), "the {name} pass failed");
            }
            Ended::Late => {
                self.metrics.overran(pass, took);
                tracing::warn!(
                    pass = name,
                    seconds = self.pass_budget().as_secs(),
                    "mutating pass exceeded its time budget; aborting"
                );
            }
            Ended::Done => self.metrics.passed(pass, took),
        }
    }
}

/// How a pass ended.
#[derive(Debug)]
pub(super) enum Ended<'a> {
    Done,
    /// Its time was over before all had a turn.
    Late,
    Failed(&'a Error),
}

impl<'a> Ended<'a> {
    /// From those who had no turn. Where the process is told to end, that is why they had none.
    pub(super) fn of(late: Result<&BTreeSet<Name>, &'a Error>, is_stopped: bool) -> Self {
        match late {
            Err(error) => Self::Failed(error),
            Ok(late) if late.is_empty() || is_stopped => Self::Done,
            Ok(_) => Self::Late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_was_told_to_end_is_not_late() {
        let nobody = BTreeSet::new();
        let somebody = BTreeSet::from([("shop".to_owned(), "web".to_owned())]);
        let error = Error::usage("no");
        let cases = [
            (Ok(&nobody), false, "Done"),
            (Ok(&somebody), false, "Late"),
            (Ok(&somebody), true, "Done"),
            (Err(&error), true, "Failed"),
        ];
        for (late, is_stopped, expected) in cases {
            let ended = format!("{:?}", Ended::of(late, is_stopped));
            assert!(
                ended.starts_with(expected),
                "{late:?} {is_stopped}: {ended}"
            );
        }
    }
}
