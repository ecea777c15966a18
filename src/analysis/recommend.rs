//! Chooses other settings by replaying the history under them, or none.
//!
//! First what is broken is [repaired](repair). Then [`search`] changes one field after the other,
//! as far as the [`goal`] allows: never more shortfall than today, then the cheapest; a [`schedule`] is
//! one more field. What was
//! chosen on the first days is [proved](proof) on the last ones, which had no part in it.

mod because;
mod goal;
#[cfg(test)]
mod laws;
mod moves;
mod proof;
mod repair;
mod review;
mod schedule;
mod search;
#[cfg(test)]
mod tests;
mod trials;

use super::Course;
use super::assessment::{Outcome, Proof, Recommendation};
use super::case::Case;
use super::fidelity::{Fidelity, Fit};
use super::findings::{Code, Finding, Severity};
use super::forecast::{Forecast, Forecasting};
use super::money;
use super::prospect::{Chosen, Prospect};
use super::review::Review;
use super::risk;
use super::scenario::Scenario;
use super::settings::Settings;
use goal::Goal;
use moves::Moves;
use proof::Refuted;
use review::Looked;
use schedule::Scheduled;
pub use trials::Trials;

/// Where more samples than this hide the demand, or fewer than [`ENOUGH_COVERAGE`] are known,
/// nothing is cut.
const MOST_CENSORED: f64 = 0.1;
const ENOUGH_COVERAGE: f64 = 0.8;

/// How many candidates may fail on the days held back before none is recommended. More would
/// choose by those days.
const MOST_REFUTED: usize = 3;

/// What is said of one autoscaler whose history was replayed.
pub struct Advice {
    pub outcome: Outcome,
    pub prospect: Option<Prospect>,
    /// `None` where no schedule is in force.
    pub review: Option<Review>,
}

/// What candidates are replayed with, on the days that are not held back.
pub fn trials<'a>(case: &'a Case<'_>, scenario: &'a Scenario, fidelity: &Fidelity) -> Trials<'a> {
    let held_back = scenario.held_back(case.settings.holdout);
    let training = scenario.days().len() - held_back;
    Trials::new(scenario, case.autoscaler(), fidelity.shape, training)
}

/// The settings to change to, with their effect; or why there are none. And what the coming week is
/// expected to be, where that was asked for, and what is to be said of a schedule in force. What was
/// tried on the way is in `trials`.
pub fn recommend(
    case: &Case<'_>,
    findings: &[Finding],
    trials: &mut Trials<'_>,
    fidelity: &Fidelity,
) -> Advice {
    let scenario = trials.scenario;
    if fidelity.fit() == Fit::Poor {
        return Advice {
            outcome: Outcome::Withheld {
                why: poor_fit(fidelity),
            },
            prospect: None,
            review: None,
        };
    }
    let goal = Goal::new(trials.exact(case.today), scenario.pods(), case.settings);
    let base = match case.settings.course {
        Course::Any | Course::OnlyRaise => repair::repaired(case, findings, trials),
        Course::OnlyLower => case.today.clone(),
    };
    let is_short = goal.is_short(&trials.exact(&base).score);
    let may_cut = may_cut(case, scenario);
    let moves = Moves::new(case, findings, is_short, may_cut);
    let found = search::search(trials, &moves, &base, &goal);
    let found = found.map(|it| it.settings);
    let (prospect, scheduled) = match forecasting(case, &moves) {
        Some(forecasting) => {
            let bases = (&base, found.as_ref());
            let tried = schedule::scheduled(case, trials, &goal, &moves, bases, forecasting);
            foreseen(case, trials, &goal, tried, fidelity)
        }
        None => (None, None),
    };
    let outcome =
        scheduled.unwrap_or_else(|| unscheduled(case, trials, &goal, (&base, found), fidelity));
    let looked = review::looked(case, trials, &goal, may_cut);
    let ending = looked.as_ref().and_then(|it| {
        let (settings, proof) = it.ending(case, (&*trials, &goal), &outcome)?;
        Some(ended(
            case,
            trials,
            (settings, proof),
            it.review(),
            fidelity,
        ))
    });
    Advice {
        outcome: ending.unwrap_or(outcome),
        prospect,
        review: looked.map(Looked::into_review),
    }
}

/// The recommendation to take away a schedule that does not pay any more.
fn ended(
    case: &Case<'_>,
    trials: &mut Trials<'_>,
    (settings, mut proof): (Settings, Proof),
    review: &Review,
    fidelity: &Fidelity,
) -> Outcome {
    trials.exact(&settings);
    proof.frontier = trials.frontier(case.today, Some(&settings));
    let known = (fidelity, trials.scenario.left_out(), None);
    let mut recommended = recommendation(case, settings, proof, known);
    recommended.because = vec![because::ended(&recommended.proof, review)];
    Outcome::Recommended(Box::new(recommended))
}

/// How to forecast, where a schedule may come of it: one adds replicas, and a formula of triggers has no
/// place for it.
fn forecasting<'a>(case: &'a Case<'_>, moves: &Moves<'_>) -> Option<&'a Forecasting> {
    let keda = case.autoscaler().keda.as_ref();
    let has_formula = keda.is_some_and(|it| it.spec.used_modifiers().is_some());
    let forecasting = &case.settings.forecasting;
    let may_be = forecasting.enabled && moves.may_raise() && !has_formula;
    may_be.then_some(forecasting)
}

/// What is said of the forecast, and the recommendation of the schedule that was found if the days held
/// back bear it.
fn foreseen(
    case: &Case<'_>,
    trials: &mut Trials<'_>,
    goal: &Goal,
    tried: Scheduled,
    fidelity: &Fidelity,
) -> (Option<Prospect>, Option<Outcome>) {
    let forecast = tried.forecast.map(Box::new);
    let (Ok(known), Some(trial)) = (&forecast, tried.found) else {
        let schedule = match &forecast {
            Ok(_) => Chosen::NotNeeded,
            Err(_) => Chosen::NoForecast,
        };
        return (Some(Prospect { forecast, schedule }), None);
    };
    let proved = schedule::borne(trials, goal, &trial).and_then(|()| {
        let before = trials.exact.clone();
        trials.keep(&trial);
        let proved = proved(case, trials, goal, &trial.settings, fidelity, Some(known));
        if proved.is_err() {
            trials.exact = before;
        }
        proved
    });
    let (schedule, outcome) = match proved {
        Ok(recommended) => {
            let without = Box::new(schedule::without(trials, &trial.settings));
            (Chosen::Proposed { without }, Some(recommended))
        }
        Err(Refuted(why)) => (Chosen::Refuted(failed(trials.training_days, &why)), None),
    };
    (Some(Prospect { forecast, schedule }), outcome)
}

fn failed(training: usize, why: &str) -> String {
    format!("what was best on the first {training} days failed: {why}")
}

/// The best settings without a schedule that the days held back bear.
fn unscheduled(
    case: &Case<'_>,
    trials: &mut Trials<'_>,
    goal: &Goal,
    (base, found): (&Settings, Option<Settings>),
    fidelity: &Fidelity,
) -> Outcome {
    let training = trials.training_days;
    let mut next = found;
    let mut refuted = None;
    for _ in 0..MOST_REFUTED {
        let Some(settings) = next.take() else { break };
        match proved(case, trials, goal, &settings, fidelity, None) {
            Ok(recommended) => return recommended,
            Err(Refuted(why)) => refuted = refuted.or(Some(why)),
        }
        next = search::more_careful(trials, goal, &settings, base);
    }
    // Where nothing else is worth it or holds, the repair alone may.
    if base != case.today && goal.allows(&trials.exact(base).score) {
        match proved(case, trials, goal, base, fidelity, None) {
            Ok(recommended) => return recommended,
            Err(Refuted(why)) => refuted = refuted.or(Some(why)),
        }
    }
    match refuted {
        Some(why) => Outcome::Withheld {
            why: failed(training, &why),
        },
        None => Outcome::NoChange,
    }
}

/// The recommendation of `settings`, if the days held back bear it.
fn proved(
    case: &Case<'_>,
    trials: &Trials<'_>,
    goal: &Goal,
    settings: &Settings,
    fidelity: &Fidelity,
    forecast: Option<&Forecast>,
) -> Result<Outcome, Refuted> {
    let mut proof = proof::proof(trials, goal, settings)?;
    proof.frontier = trials.frontier(case.today, Some(settings));
    let left_out = trials.scenario.left_out();
    let known = (fidelity, left_out, forecast);
    let recommended = recommendation(case, settings.clone(), proof, known);
    Ok(Outcome::Recommended(Box::new(recommended)))
}

fn recommendation(
    case: &Case<'_>,
    proposed: Settings,
    proof: Proof,
    (fidelity, left_out, forecast): (&Fidelity, &[String], Option<&Forecast>),
) -> Recommendation {
    let prices = case.settings.prices.of(&case.autoscaler().id.namespace);
    let price = money::per_replica_hour(case.workload, &prices);
    let saved = super::saved_per_month(&proof);
    Recommendation {
        risk: risk::of(case, &proposed, &proof, fidelity, left_out, forecast),
        because: because::sentences(case, &proposed, &proof, forecast),
        usd_per_month: price.map(|it| money::usd_per_month(saved, it)),
        proposed,
        proof,
    }
}

/// Whether other settings change nothing until this is repaired.
pub fn blocks(finding: &Finding) -> bool {
    match finding.code {
        Code::MissingRequests | Code::TwoAutoscalersOneTarget | Code::HpaBesideScaledobject => true,
        // What KEDA reads without its authentication is not what it is set to.
        Code::AuthUnusedOrMissing => finding.severity == Severity::Critical,
        Code::UnableToScale => finding.severity != Severity::Warning,
        // A count that stands still while the load asks for more is not held by its settings.
        Code::NeverScales => finding.severity == Severity::Critical,
        Code::IdleWindow
        | Code::OverProvisioned
        | Code::ScaleLag
        | Code::Thrashing
        | Code::PinnedAtMax
        | Code::FloorTooLow
        | Code::RequestMismatch
        | Code::SidecarSkew
        | Code::MetricGaps
        | Code::CooldownMisread
        | Code::NoFallback
        | Code::ActivationFlapping
        | Code::ThresholdUnreachable
        | Code::MaxAbovePartitions
        | Code::ScaleToZeroCandidate
        | Code::PollingTooSlow
        | Code::PausedAndForgotten
        | Code::RecurringPeak => false,
    }
}

/// Whether fewer replicas may be proposed at all.
fn may_cut(case: &Case<'_>, scenario: &Scenario) -> bool {
    scenario.left_out().is_empty()
        && case.load.censored_share() <= MOST_CENSORED
        && case.load.coverage.share >= ENOUGH_COVERAGE
}

fn poor_fit(fidelity: &Fidelity) -> String {
    format!(
        "a replay of today's settings is {:.1} replicas off on the mean and within one of what was \
         observed {:.0}% of the time, so that other settings cannot be judged",
        fidelity.mean_absolute_error,
        (fidelity.within_one * 100.0).floor()
    )
}
