//! From the history of a ScaledJob to settings that let its work wait less, or that make fewer jobs.
//!
//! Start at [`assess`]. [`model`] says what of the object can be replayed, [`past`] derives from queue
//! and running jobs what arrived, [`trial`] replays settings on that, [`choice`] looks for better ones
//! and [`told`] says why. [`drawn`] is what can be drawn of it, [`polls`](mod@polls) tells of polls of the
//! past, and [`verification`] judges what was applied. Numbers of the rules are in
//! `docs/recommendations.md`.

mod choice;
mod drawn;
mod model;
mod past;
pub mod polls;
mod told;
mod trial;
pub mod verification;

#[cfg(test)]
mod testing;

use jiff::Timestamp;

use super::AnalysisSettings;
use super::assessment::{Assessment, Days, Evidence, HeldBack, JobProof, JobScores, Outcome};
use super::assessment::{Proof, Recommendation};
use super::fidelity::{Fidelity, Fit};
use super::portrait::Portrait;
use super::settings::Settings;
use super::trend::Trend;
use super::{findings, money};
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::fleet::Subject;
use crate::history::History;
use crate::keda::objects::RolloutStrategy;
use choice::{Choice, Refused};
use drawn::Drawn;
use model::Model;
use past::Past;
use trial::{Replayed, Trials};

/// Says of one ScaledJob which settings would be better, as `analysis::assess` does of the others.
pub(super) fn assess(
    subject: &Subject,
    workload: &Workload,
    history: &History,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Assessment {
    let autoscaler = &subject.autoscaler;
    let judged = judge(autoscaler, workload, history, settings, now);
    let Judged {
        outcome,
        evidence,
        portrait,
        trend,
    } = judged.unwrap_or_else(Judged::of);
    Assessment {
        evidence,
        portrait: portrait.map(Box::new),
        trend,
        ..super::unanalyzed(subject, outcome, findings::of_settings(subject, now))
    }
}

/// What is said of a ScaledJob beside its findings.
struct Judged {
    outcome: Outcome,
    evidence: Evidence,
    /// Where it is asked for.
    portrait: Option<Portrait>,
    trend: Option<Trend>,
}

impl Judged {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            evidence: Evidence::default(),
            portrait: None,
            trend: None,
        }
    }
}

/// # Errors
/// Why nothing is replayed at all.
fn judge(
    autoscaler: &Autoscaler,
    workload: &Workload,
    history: &History,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Result<Judged, Outcome> {
    let model = Model::of(autoscaler).map_err(|it| it.outcome())?;
    let withheld = |why: String| Outcome::Withheld { why };
    let past = Past::of(&model, workload, history, settings.window, now).map_err(withheld)?;
    let evidence = Evidence {
        days: Days::from(past.coverage.span).0,
        coverage: past.coverage.share,
        ..Evidence::default()
    };
    let drawn = |outcome: Outcome, evidence: Evidence, trials: Option<&Trials<'_>>| {
        let drawn = Drawn {
            autoscaler,
            past: &past,
            trials,
            fidelity: evidence.fidelity,
        };
        let detail = settings.portrait;
        Judged {
            portrait: detail.and_then(|detail| drawn.portrait(&outcome, detail)),
            trend: drawn.trend(now),
            outcome,
            evidence,
        }
    };
    let have = past.coverage.judged();
    if have < settings.min_history || have.is_zero() {
        let outcome = Outcome::NotEnoughHistory {
            have: Days::from(have),
            need: Days::from(settings.min_history),
        };
        return Ok(drawn(outcome, evidence, None));
    }
    let trials = Trials::new(&model, &past, settings.holdout);
    let Some((fidelity, trials)) = trials.fitted(&Settings::of(autoscaler), usize::MAX) else {
        return Ok(drawn(withheld(NOT_OBSERVED.to_owned()), evidence, None));
    };
    let evidence = Evidence {
        fidelity: Some(fidelity),
        ..evidence
    };
    if fidelity.fit() == Fit::Poor {
        let outcome = withheld(poor_fit(&fidelity));
        return Ok(drawn(outcome, evidence, Some(&trials)));
    }
    let outcome = match choice::choose(autoscaler, &trials, settings) {
        Ok(Some(choice)) => {
            let case = Case {
                autoscaler,
                workload,
                settings,
                fidelity: &fidelity,
                days: evidence.days,
                rollout: model.object.spec.rollout_or_default(),
                trials: &trials,
            };
            Outcome::Recommended(Box::new(case.recommendation(choice)))
        }
        Ok(None) => Outcome::NoChange,
        Err(Refused(why)) => withheld(why),
    };
    Ok(drawn(outcome, evidence, Some(&trials)))
}

/// What a recommendation is made from.
struct Case<'a> {
    autoscaler: &'a Autoscaler,
    workload: &'a Workload,
    settings: &'a AnalysisSettings,
    fidelity: &'a Fidelity,
    days: f64,
    /// What becomes of jobs that run when the spec changes.
    rollout: RolloutStrategy,
    trials: &'a Trials<'a>,
}

impl Case<'_> {
    fn recommendation(&self, choice: Choice) -> Recommendation {
        let Choice {
            proposed,
            today,
            after,
            ..
        } = &choice;
        let proof = self.proof(today, after);
        let prices = self.settings.prices.of(&self.autoscaler.id.namespace);
        let price = money::per_replica_hour(self.workload, &prices);
        let saved = super::saved_per_month(&proof);
        Recommendation {
            risk: told::risk(self, &choice),
            because: told::because(self, &choice),
            usd_per_month: price.map(|it| money::usd_per_month(saved, it)),
            proposed: proposed.clone(),
            proof,
        }
    }

    fn proof(&self, today: &Replayed, after: &Replayed) -> Proof {
        let held_back = (self.trials.held_days > 0).then(|| HeldBack {
            days: self.trials.held_days,
            today: today.held.totals(),
            proposed: after.held.totals(),
        });
        Proof {
            today: today.whole.totals(),
            proposed: after.whole.totals(),
            training_days: self.trials.training_days,
            held_back,
            saving_interval: None,
            frontier: Vec::new(),
            jobs: Some(Box::new(JobProof {
                today: today.whole.scores(),
                proposed: after.whole.scores(),
                held_back: (self.trials.held_days > 0)
                    .then(|| [today.held.scores(), after.held.scores()]),
            })),
        }
    }
}

/// Why a replay can be held against nothing.
const NOT_OBSERVED: &str =
    "no number of running jobs was observed that a replay could be compared with";

/// How many settings differ.
fn changed(from: &Settings, to: &Settings) -> usize {
    to.changes(from).len()
}

fn poor_fit(fidelity: &Fidelity) -> String {
    format!(
        "a replay of today's settings is {:.1} jobs off on the mean and within one of what was \
         observed {:.0}% of the time, so that other settings cannot be judged",
        fidelity.mean_absolute_error,
        (fidelity.within_one * 100.0).floor()
    )
}

/// How long an item waited, in words.
fn seconds(it: f64) -> String {
    match it {
        it if it < 120.0 => format!("{it:.0} s"),
        it => format!("{:.0} min", it / 60.0),
    }
}

impl JobScores {
    /// The wait that one in twenty items exceeded, in words.
    fn p95(&self) -> String {
        seconds(self.p95_wait_seconds)
    }
}

#[cfg(test)]
mod tests;
