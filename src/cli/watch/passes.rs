//! The passes that write: keep what is recommended, apply what is approved, judge what is on
//! probation.

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::tick::Watch;
use crate::cli::act::apply::around::Around;
use crate::cli::act::apply::is_open;
use crate::cli::act::probation::Pass;
use crate::cli::act::save;
use crate::cli::act::verify::is_watched;
use crate::cli::license;
use crate::conduct::{self, Adopted, Applied, Conductor, Leave};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::install::Mode;
use crate::lifecycle::guard::License;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::step::Event;
use crate::signals::metrics::{self, Outcome, Verdict};
use crate::store::Stored;

/// Who says yes where somebody has set `spec.approved` by hand.
const APPROVER: &str = "spec.approved";

/// Whether the passes after this one are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Went {
    On,
    /// It took too long, or the process is to end.
    Over,
}

impl Watch<'_> {
    /// What only one of several processes does; whether what the analysis found was kept. What does
    /// harm is taken back before anything more is put in force.
    pub(super) async fn write(&self, leave: Leave<'_>, fleet: Option<Fleet>) -> bool {
        let conductor = match timeout(self.config.interval, self.conductor(leave)).await {
            Ok(conductor) => conductor,
            Err(_) => {
                tracing::warn!("the license was not read within an interval");
                return false;
            }
        };
        let is_saved = self.save(&conductor, fleet).await;
        self.health.progressed();
        let passes_on = self.config.mode == Mode::Apply && !self.is_stopped();
        if passes_on && self.verify(&conductor).await == Went::On && !self.is_stopped() {
            self.apply(&conductor).await;
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

    /// Whoever writes in this tick, with the license as it is now.
    async fn conductor<'c>(&'c self, leave: Leave<'c>) -> Conductor<'c> {
        let now = self.cx.now();
        let cluster = Some(&self.session.cluster);
        // A license that is missing or cannot be read is none; recommendations wait for one.
        let allowance = match license::resolve(cluster, &self.config.license, now).await {
            Ok(license) => {
                self.metrics.license(&license.state, now);
                license.allowance()
            }
            Err(error) => License::None {
                why: error.to_string(),
            },
        };
        Conductor {
            policy: self.config.probation.policy,
            leave,
            ..self
                .session
                .conductor(self.config.limits.clone(), allowance)
        }
    }

    async fn apply(&self, conductor: &Conductor<'_>) {
        let began = Instant::now();
        let applying = async {
            let mut listed = self.listed().await?;
            for stored in listed.iter().filter(|it| is_unapproved(&it.record)) {
                let by = APPROVER.to_owned();
                if let Err(error) = conductor.happen(stored, Event::Unapproved { by }).await {
                    tracing::warn!(%error, "{} stays as it is", stored.record.title());
                }
            }
            listed.retain(|it| it.record.approved && is_open(&it.record, true));
            let records = listed.iter().map(|it| &it.record);
            let mut around = Around::of(self.cx, self.session, &conductor.limits, records);
            for stored in listed {
                if self.is_stopped() {
                    break;
                }
                let title = stored.record.title();
                if let Err(error) = self.apply_one(conductor, &mut around, stored).await {
                    self.metrics.applied(outcome(&error));
                    tracing::warn!(error = error.render().trim_end(), "{title} was not applied");
                }
            }
            Ok(())
        };
        let limited = timeout(self.config.interval, applying).await;
        self.pass(metrics::Pass::Apply, began, limited);
    }

    async fn apply_one(
        &self,
        conductor: &Conductor<'_>,
        around: &mut Around<'_>,
        stored: Stored,
    ) -> Result<(), Error> {
        let mut stored = conductor.settled(stored).await?;
        if stored.record.status.phase == Phase::Pending {
            let by = APPROVER.to_owned();
            stored = conductor.happen(&stored, Event::Approved { by }).await?;
        }
        // It may be there already, by the hand of a GitOps controller. Where that cannot be told, the
        // guard of the apply says why.
        if let Ok(Adopted::Done(saved)) = conductor.adopt(stored.clone()).await {
            tracing::info!("adopted {}", saved.record.title());
            return Ok(());
        }
        let surroundings = around.surroundings(&stored.record).await?;
        let (status, title) = (&stored.record.status, stored.record.title());
        // What is blocked for the same reason as before is no news, and not tried at each tick.
        if status.phase == Phase::Blocked
            && let Some(refusal) = conductor.refusal(&stored.record, &surroundings).await?
            && refusal.to_string() == status.detail
        {
            self.metrics.applied(Outcome::Refused);
            tracing::debug!(reason = refusal.reason(), "{title} is still blocked");
            return Ok(());
        }
        match conductor.apply(stored, &surroundings).await? {
            Applied::Done(saved) => {
                self.metrics.applied(Outcome::Succeeded);
                tracing::info!("applied {}", saved.record.title());
            }
            Applied::Already(_) => {}
            Applied::Refused(saved, refusal) => {
                self.metrics.applied(Outcome::Refused);
                let title = saved.record.title();
                tracing::info!(reason = refusal.reason(), "{title} is blocked: {refusal}");
            }
            Applied::Failed(saved, failure) => {
                self.metrics.applied(Outcome::Failed);
                let title = saved.record.title();
                tracing::warn!(error = %failure, "{title} was not applied");
            }
        }
        Ok(())
    }

    async fn verify(&self, conductor: &Conductor<'_>) -> Went {
        let began = Instant::now();
        let verifying = async {
            let mut listed = self.listed().await?;
            listed.retain(|it| is_watched(&it.record));
            let before: Vec<Phase> = listed.iter().map(|it| it.record.status.phase).collect();
            let pass = Pass {
                cx: self.cx,
                session: self.session,
                conductor,
                probation: &self.config.probation,
            };
            let looked = pass.look(listed).await;
            for (looked, before) in looked.into_iter().zip(before) {
                match looked {
                    Ok(stored) => self.judged(&stored.record, before),
                    Err(error) => {
                        tracing::warn!(error = error.render().trim_end(), "not verified");
                    }
                }
            }
            Ok(())
        };
        let limited = timeout(self.config.interval, verifying).await;
        self.pass(metrics::Pass::Verify, began, limited)
    }

    fn judged(&self, record: &Record, before: Phase) {
        let status = &record.status;
        self.metrics.verified(match status.phase {
            Phase::Verified => Verdict::Healthy,
            Phase::Degraded | Phase::RolledBack => Verdict::Degraded,
            _ if status.errors > 0 => Verdict::Error,
            _ => Verdict::Inconclusive,
        });
        if status.phase == Phase::RolledBack && before != Phase::RolledBack {
            self.metrics.reverted(Outcome::Succeeded);
        }
    }

    fn pass(
        &self,
        pass: metrics::Pass,
        began: Instant,
        ended: Result<Result<(), Error>, Elapsed>,
    ) -> Went {
        let took = began.elapsed();
        self.health.progressed();
        match ended {
            Ok(Ok(())) => {
                self.metrics.passed(pass, took);
                Went::On
            }
            Ok(Err(error)) => {
                self.metrics.pass_failed(pass, took);
                tracing::warn!(
                    error = error.render().trim_end(),
                    "the {} pass failed",
                    pass.as_str()
                );
                Went::On
            }
            Err(_) => {
                self.metrics.overran(pass, took);
                tracing::warn!("the {} pass took longer than an interval", pass.as_str());
                Went::Over
            }
        }
    }
}

/// Whether somebody has taken back a yes that was acted upon.
fn is_unapproved(record: &Record) -> bool {
    match record.status.phase {
        Phase::Approved | Phase::Blocked | Phase::Failed => !record.approved,
        Phase::Pending
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => false,
    }
}

/// What became of an apply that ended with an error.
fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Conduct(error) if matches!(**error, conduct::Error::NotLeader(_)) => {
            Outcome::Abandoned
        }
        _ => Outcome::Failed,
    }
}
