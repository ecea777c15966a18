//! Chooses other settings by replaying the history under them, or none.
//!
//! First what is broken is [repaired](repair). Then [`search`] changes one field after the other,
//! as far as the [`goal`] allows: never more shortfall than today, then the cheapest. What was
//! chosen on the first days is [proved](proof) on the last ones, which had no part in it.

mod because;
mod goal;
#[cfg(test)]
mod laws;
mod moves;
mod proof;
mod repair;
mod search;
#[cfg(test)]
mod tests;
mod trials;

use super::Course;
use super::assessment::{Outcome, Proof, Recommendation};
use super::case::Case;
use super::fidelity::{Fidelity, Fit};
use super::findings::{Code, Finding, Severity};
use super::money;
use super::risk;
use super::scenario::Scenario;
use super::settings::Settings;
use goal::Goal;
use moves::Moves;
use proof::Refuted;
pub use trials::Trials;

/// Where more samples than this hide the demand, or fewer than [`ENOUGH_COVERAGE`] are known,
/// nothing is cut.
const MOST_CENSORED: f64 = 0.1;
const ENOUGH_COVERAGE: f64 = 0.8;

/// How many candidates may fail on the days held back before none is recommended. More would
/// choose by those days.
const MOST_REFUTED: usize = 3;

/// What candidates are replayed with, on the days that are not held back.
pub fn trials<'a>(case: &'a Case<'_>, scenario: &'a Scenario, fidelity: &Fidelity) -> Trials<'a> {
    let held_back = scenario.held_back(case.settings.holdout);
    let training = scenario.days().len() - held_back;
    Trials::new(scenario, case.autoscaler(), fidelity.shape, training)
}

/// The settings to change to, with their effect; or why there are none. What was tried on the way
/// is in `trials`.
pub fn recommend(
    case: &Case<'_>,
    findings: &[Finding],
    trials: &mut Trials<'_>,
    fidelity: &Fidelity,
) -> Outcome {
    let scenario = trials.scenario;
    if fidelity.fit() == Fit::Poor {
        let why = poor_fit(fidelity);
        return Outcome::Withheld { why };
    }
    let training = trials.training_days;
    let goal = Goal::new(trials.exact(case.today), scenario.pods(), case.settings);
    let base = match case.settings.course {
        Course::Any | Course::OnlyRaise => repair::repaired(case, findings, trials),
        Course::OnlyLower => case.today.clone(),
    };
    let is_short = goal.is_short(&trials.exact(&base).score);
    let moves = Moves::new(case, findings, is_short, may_cut(case, scenario));
    let found = search::search(trials, &moves, &base, &goal);
    let mut next = found.map(|it| it.settings);
    let mut refuted = None;
    for _ in 0..MOST_REFUTED {
        let Some(settings) = next.take() else { break };
        match proved(case, trials, &goal, &settings, fidelity) {
            Ok(recommended) => return recommended,
            Err(Refuted(why)) => refuted = refuted.or(Some(why)),
        }
        next = search::more_careful(trials, &goal, &settings, &base);
    }
    // Where nothing else is worth it or holds, the repair alone may.
    if base != *case.today && goal.allows(&trials.exact(&base).score) {
        match proved(case, trials, &goal, &base, fidelity) {
            Ok(recommended) => return recommended,
            Err(Refuted(why)) => refuted = refuted.or(Some(why)),
        }
    }
    match refuted {
        Some(why) => Outcome::Withheld {
            why: format!("what was best on the first {training} days failed: {why}"),
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
) -> Result<Outcome, Refuted> {
    let mut proof = proof::proof(trials, goal, settings)?;
    proof.frontier = trials.frontier(case.today, Some(settings));
    let left_out = trials.scenario.left_out();
    let recommended = recommendation(case, settings.clone(), proof, fidelity, left_out);
    Ok(Outcome::Recommended(Box::new(recommended)))
}

fn recommendation(
    case: &Case<'_>,
    proposed: Settings,
    proof: Proof,
    fidelity: &Fidelity,
    left_out: &[String],
) -> Recommendation {
    let prices = case.settings.prices.of(&case.autoscaler().id.namespace);
    let price = money::per_replica_hour(case.workload, &prices);
    let saved = super::saved_per_month(&proof);
    Recommendation {
        risk: risk::of(case, &proposed, &proof, fidelity, left_out),
        because: because::sentences(case, &proposed, &proof),
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
        | Code::PausedAndForgotten => false,
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
