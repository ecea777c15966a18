//! How much could go wrong with a change, as a table of reasons.

use super::assessment::{Proof, Risk, RiskLevel, share_saved};
use super::case::Case;
use super::fidelity::{Fidelity, Fit};
use super::forecast::Forecast;
use super::load::Load;
use super::settings::Settings;
use crate::autoscaler::workload::{ContainerRole, DisruptionBudget};

/// Below the first share of known samples a risk is seen, below the second a great one.
const THIN_COVERAGE: (f64, f64) = (0.95, 0.85);
/// Above the first share of censored samples a risk is seen, above the second a great one.
const HIDDEN_DEMAND: (f64, f64) = (0.01, 0.1);
/// Two weeks show every weekday twice; a part of a day is forgiven.
const FULL_HISTORY_DAYS: f64 = 13.0;
/// A change of this share at once is a large one.
const LARGE_CHANGE: f64 = 0.5;

/// The share of the saving that days held back must show too.
const HELD_BACK_SAVING: f64 = 0.5;

/// By how much less of the time than its quantile says a forecast may have held.
const SHORT_OF_QUANTILE: f64 = 0.1;

/// Points by which a target may rise at once.
const LARGE_RISE: u32 = 20;

/// The risk of changing to `to`: the highest level among the reasons, low where there is none.
///
/// `left_out` are the metrics that took no part in the replays, `forecast` is what a schedule rests on.
pub fn of(
    case: &Case<'_>,
    to: &Settings,
    proof: &Proof,
    fidelity: &Fidelity,
    left_out: &[String],
    forecast: Option<&Forecast>,
) -> Risk {
    let mut reasons = Vec::new();
    reasons.extend(size(case, to, proof.saving()));
    reasons.extend(untested(proof));
    reasons.extend(uncertain(proof));
    reasons.extend(fit(fidelity));
    reasons.extend(single(case, to));
    reasons.extend(disruption(case, to));
    reasons.extend(coverage(case.load));
    reasons.extend(censoring(case.load));
    reasons.extend(length(case.load));
    reasons.extend(probes(case, to));
    reasons.extend(other_metrics(left_out));
    reasons.extend(throughput(case, to));
    reasons.extend(schedule(case, to, forecast));
    let level = reasons.iter().map(|it| it.0).max();
    // Sorted by weight, then as listed.
    reasons.sort_by_key(|it| std::cmp::Reverse(it.0));
    Risk {
        level: level.unwrap_or(RiskLevel::Low),
        reasons: reasons.into_iter().map(|it| it.1).collect(),
    }
}

type Reason = Option<(RiskLevel, String)>;

fn medium(reason: impl Into<String>) -> Reason {
    Some((RiskLevel::Medium, reason.into()))
}

fn high(reason: impl Into<String>) -> Reason {
    Some((RiskLevel::High, reason.into()))
}

/// Changes that are large at once.
fn size(case: &Case<'_>, to: &Settings, saving: f64) -> Vec<(RiskLevel, String)> {
    let today = case.today;
    let mut large = Vec::new();
    let (from, min) = (case.min(), f64::from(to.min_replicas.0));
    if min < from && min <= from * (1.0 - LARGE_CHANGE) {
        large.push(format!("the minimum falls from {from} to {min} at once"));
    }
    if let (Some(from), Some(target)) = (today.target_cpu_pct, to.target_cpu_pct)
        && target >= from + LARGE_RISE
    {
        large.push(format!(
            "the target rises from {from}% to {target}% at once"
        ));
    }
    if to.max_replicas.0 >= today.max_replicas.0.saturating_mul(2) {
        let (from, max) = (today.max_replicas, to.max_replicas);
        large.push(format!("the maximum rises from {from} to {max} at once"));
    }
    if saving.abs() >= LARGE_CHANGE {
        let more = if saving > 0.0 { "fewer" } else { "more" };
        let percent = saving.abs() * 100.0;
        large.push(format!("{percent:.0}% {more} replica-hours at once"));
    }
    large
        .into_iter()
        .map(|it| (RiskLevel::Medium, it))
        .collect()
}

/// Days that had no part in the choice.
fn untested(proof: &Proof) -> Reason {
    let Some(held) = &proof.held_back else {
        return medium("no days were held back to check the choice");
    };
    let there = share_saved(
        held.today.replica_hours.hours(),
        held.proposed.replica_hours.hours(),
    );
    let here = proof.saving();
    (here > 0.0 && there < here * HELD_BACK_SAVING).then(|| {
        let (there, here) = (there * 100.0, here * 100.0);
        let days = held.days;
        let reason =
            format!("the last {days} days would have saved {there:.0}%, all of them {here:.0}%");
        (RiskLevel::Medium, reason)
    })
}

fn uncertain(proof: &Proof) -> Reason {
    let interval = proof.saving_interval?;
    if proof.saving() > 0.0 && interval.low <= 0.0 {
        return medium("the days differ so much that the saving may be none");
    }
    None
}

fn fit(fidelity: &Fidelity) -> Reason {
    match fidelity.fit() {
        Fit::Good => None,
        Fit::Fair | Fit::Poor => medium(format!(
            "a replay of today's settings is within one replica of what was observed only {:.0}% \
             of the time",
            (fidelity.within_one * 100.0).floor()
        )),
    }
}

fn single(case: &Case<'_>, to: &Settings) -> Reason {
    if to.min_replicas.0 <= 1 && to.min_replicas < case.today.min_replicas {
        return high("a single replica leaves nothing when its node goes");
    }
    None
}

fn disruption(case: &Case<'_>, to: &Settings) -> Reason {
    let budget = case.workload.disruption_budget.as_ref()?;
    let lowered = to.min_replicas < case.today.min_replicas;
    let kept = must_stay(budget, to.min_replicas.0)?;
    if lowered && kept >= to.min_replicas.0 {
        return high(format!(
            "PodDisruptionBudget {} would allow no eviction at {} replicas",
            budget.name, to.min_replicas
        ));
    }
    None
}

/// Pods of `replicas` that must stay available; percentages are rounded up for what must stay
/// and for what may go, as the disruption controller does.
fn must_stay(budget: &DisruptionBudget, replicas: u32) -> Option<u32> {
    let pods = |text: &str| match text.strip_suffix('%') {
        Some(percent) => {
            let share = percent.parse::<f64>().ok()? / 100.0;
            Some((share * f64::from(replicas)).ceil() as u32)
        }
        None => text.parse().ok(),
    };
    if let Some(min) = &budget.min_available {
        return pods(min);
    }
    let may_go = pods(budget.max_unavailable.as_ref()?)?;
    Some(replicas.saturating_sub(may_go))
}

fn coverage(load: &Load) -> Reason {
    let share = load.coverage.share;
    let reason = format!("{:.0}% of the samples are known", (share * 100.0).floor());
    if share < THIN_COVERAGE.1 {
        high(reason)
    } else if share < THIN_COVERAGE.0 {
        medium(reason)
    } else {
        None
    }
}

fn censoring(load: &Load) -> Reason {
    let share = load.censored_share();
    let percent = share * 100.0;
    let reason = format!("pods were saturated {percent:.1}% of the time, which hides the demand");
    if share > HIDDEN_DEMAND.1 {
        high(reason)
    } else if share > HIDDEN_DEMAND.0 {
        medium(reason)
    } else {
        None
    }
}

fn length(load: &Load) -> Reason {
    let days = load.coverage.span.as_secs_f64() / 86_400.0;
    if days < FULL_HISTORY_DAYS {
        return medium(format!("{days:.0} days of history"));
    }
    None
}

/// Without a readiness probe a pod counts as ready, and is sent load, before it can serve; with
/// fewer replicas or more scaling that is felt more often.
fn probes(case: &Case<'_>, to: &Settings) -> Reason {
    let today = case.today;
    let fewer = to.min_replicas < today.min_replicas || to.target_cpu_pct > today.target_cpu_pct;
    let mains = case.workload.containers.iter();
    let mut mains = mains.filter(|it| it.role == ContainerRole::Main).peekable();
    if fewer && mains.peek().is_some() && !mains.any(|it| it.has_readiness_probe) {
        return medium("no container has a readiness probe");
    }
    None
}

/// What pods used of their CPU does not tell how fast they would work off a longer queue.
fn throughput(case: &Case<'_>, to: &Settings) -> Reason {
    let (from, to) = (case.today.keda.as_ref()?, to.keda.as_ref()?);
    let rises = |index: &usize| to.threshold(*index) > from.threshold(*index);
    let index = to.trigger_thresholds.keys().find(|it| rises(it))?;
    medium(format!(
        "each pod is left more of what trigger {index} counts, which no history shows it to serve"
    ))
}

/// What a schedule takes for granted: that the week to come is as the weeks before.
fn schedule(
    case: &Case<'_>,
    to: &Settings,
    forecast: Option<&Forecast>,
) -> Vec<(RiskLevel, String)> {
    let Some(forecast) = forecast.filter(|_| !to.schedule.is_empty()) else {
        return Vec::new();
    };
    let (today, mut reasons) = (case.today, Vec::new());
    let (within, quantile) = (forecast.backtest.coverage, forecast.quantile);
    if within < quantile - SHORT_OF_QUANTILE {
        reasons.push(format!(
            "loads stayed within the {:.0}% quantile of the forecast only {:.0}% of the time",
            quantile * 100.0,
            (within * 100.0).floor()
        ));
    }
    let is_less = to.min_replicas < today.min_replicas || to.target_cpu_pct > today.target_cpu_pct;
    if is_less {
        reasons.push(
            "outside of its windows fewer replicas stand by than today: a peak at another time, as on a \
             holiday, meets these"
                .to_owned(),
        );
    }
    reasons
        .into_iter()
        .map(|it| (RiskLevel::Medium, it))
        .collect()
}

fn other_metrics(left_out: &[String]) -> Reason {
    if left_out.is_empty() {
        return None;
    }
    let names = left_out.join(", ");
    medium(format!(
        "scaling also follows {names}, which has no history here"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::assessment::{HeldBack, Interval};
    use crate::analysis::testing::{DAY, Scene, cpu, daily};
    use crate::autoscaler::{Metric as Spec, Target};
    use crate::history::Metric;
    use crate::sim::demand::Shape;
    use crate::sim::score::{Score, Totals};
    use crate::units::{ReplicaHours, Replicas};

    fn totals(replica_hours: f64) -> Totals {
        Totals {
            replica_hours: ReplicaHours::from_hours(replica_hours),
            ..Score::default().totals()
        }
    }

    /// A tenth saved, on the days held back as well.
    fn proof() -> Proof {
        Proof {
            jobs: None,
            today: totals(100.0),
            proposed: totals(90.0),
            training_days: 10,
            held_back: Some(HeldBack {
                days: 4,
                today: totals(30.0),
                proposed: totals(27.0),
            }),
            saving_interval: Some(Interval {
                low: 0.05,
                high: 0.15,
                confidence: 0.9,
            }),
            frontier: Vec::new(),
        }
    }

    fn fidelity(within_one: f64) -> Fidelity {
        Fidelity {
            shape: Shape::Held,
            mean_absolute_error: 1.0,
            within_one,
            mean_replicas: 4.0,
            samples: 4032,
        }
    }

    fn risk_of(scene: &Scene, change: impl Fn(&mut Settings)) -> Risk {
        scene.ask(|case| {
            let mut to = case.today.clone();
            change(&mut to);
            of(
                case,
                &to,
                &proof(),
                &fidelity(1.0),
                &case.demand.unknown,
                None,
            )
        })
    }

    /// A minimum of six, lowered to `min`.
    fn risk(scene: &Scene, min: u32) -> Risk {
        risk_of(scene, |it| it.min_replicas = Replicas(min))
    }

    fn scene() -> Scene {
        Scene::followed(6, 10, |at| 0.4 + 0.8 * daily(at))
    }

    fn budget(min_available: Option<&str>, max_unavailable: Option<&str>) -> DisruptionBudget {
        DisruptionBudget {
            name: "web".to_owned(),
            min_available: min_available.map(str::to_owned),
            max_unavailable: max_unavailable.map(str::to_owned),
        }
    }

    #[test]
    fn a_modest_change_on_full_history_is_of_low_risk() {
        let expected = Risk {
            level: RiskLevel::Low,
            reasons: Vec::new(),
        };
        assert_eq!(risk(&scene(), 4), expected);
    }

    #[test]
    fn every_reason_raises_the_risk() {
        let queue = Spec::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("5".parse().unwrap()),
        };
        let other = scene().metrics(vec![cpu(70), queue]);
        let mut unprobed = scene();
        unprobed.workload().containers[0].has_readiness_probe = false;
        let short = Scene::of_length(8 * DAY, |_| 1.0, |_| 6.0).limits(6, 10);
        let mut throttled = scene();
        throttled.insert(Metric::CpuThrottled, 14 * DAY, |at| f64::from(at % 20 == 0));
        let mut holed = scene();
        let mut usage = holed.history.cpu().unwrap().clone();
        (1..4000).step_by(10).for_each(|at| usage.set(at, f64::NAN));
        holed.history.insert(Metric::CpuUsage, usage);
        let cases = [
            (scene(), 3, "the minimum falls from 6 to 3 at once"),
            (
                other,
                4,
                "scaling also follows external metric queue, which has no history here",
            ),
            (unprobed, 4, "no container has a readiness probe"),
            (short, 4, "8 days of history"),
            (
                throttled,
                4,
                "pods were saturated 5.0% of the time, which hides the demand",
            ),
            (holed, 4, "90% of the samples are known"),
        ];
        for (scene, min, reason) in cases {
            let expected = Risk {
                level: RiskLevel::Medium,
                reasons: vec![reason.to_owned()],
            };
            assert_eq!(risk(&scene, min), expected);
        }
        assert_eq!(risk(&scene(), 1).level, RiskLevel::High);
    }

    #[test]
    fn a_target_that_rises_far_at_once_is_of_medium_risk() {
        for (target, expected) in [(49, RiskLevel::Low), (50, RiskLevel::Medium)] {
            let risk = risk_of(&scene().target(30), |it| it.target_cpu_pct = Some(target));
            assert_eq!(risk.level, expected, "{target}");
        }
    }

    #[test]
    fn a_maximum_that_doubles_at_once_is_of_medium_risk() {
        for (max, expected) in [(19, RiskLevel::Low), (20, RiskLevel::Medium)] {
            let risk = risk_of(&scene(), |it| it.max_replicas = Replicas(max));
            assert_eq!(risk.level, expected, "{max}");
        }
    }

    #[test]
    fn what_days_held_back_and_the_fit_leave_open_raises_the_risk() {
        let mut unchecked = proof();
        unchecked.held_back = None;
        let mut less = proof();
        less.held_back.as_mut().unwrap().proposed = totals(29.0);
        let mut wide = proof();
        wide.saving_interval.as_mut().unwrap().low = -0.01;
        let cases = [
            (proof(), 1.0, None),
            (
                unchecked,
                1.0,
                Some("no days were held back to check the choice"),
            ),
            (
                less,
                1.0,
                Some("the last 4 days would have saved 3%, all of them 10%"),
            ),
            (
                wide,
                1.0,
                Some("the days differ so much that the saving may be none"),
            ),
            (
                proof(),
                0.75,
                Some(
                    "a replay of today's settings is within one replica of what was observed only \
                     75% of the time",
                ),
            ),
        ];
        for (proof, within_one, reason) in cases {
            let risk =
                scene().ask(|case| of(case, case.today, &proof, &fidelity(within_one), &[], None));
            let expected: Vec<String> = reason.into_iter().map(str::to_owned).collect();
            assert_eq!(risk.reasons, expected);
        }
    }

    #[test]
    fn a_budget_that_would_stop_every_eviction_is_of_high_risk() {
        let cases = [
            (budget(Some("4"), None), RiskLevel::High),
            (budget(Some("3"), None), RiskLevel::Low),
            // 3.2 of four are four.
            (budget(Some("80%"), None), RiskLevel::High),
            (budget(None, Some("1")), RiskLevel::Low),
            (budget(None, Some("0")), RiskLevel::High),
        ];
        for (budget, expected) in cases {
            let mut scene = scene();
            scene.workload().disruption_budget = Some(budget.clone());
            assert_eq!(risk(&scene, 4).level, expected, "{budget:?}");
        }
    }
}
