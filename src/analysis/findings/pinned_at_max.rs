//! `pinned-at-max`: the load asks for more replicas than the autoscaler may give.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::Sample;

/// Share of the time from which it is a habit: half an hour a day.
const SHARE: f64 = 0.02;
/// In all, so that a short history does not speak on one peak.
const HOURS: f64 = 1.0;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let tolerated = case.demand.tolerated(case.today.target_cpu_pct);
    let pinned: Vec<(usize, &Sample)> = case
        .load
        .known()
        .filter(|(at, it)| it.ready > case.max() - 0.5 && tolerated.get(*at) > Some(&case.max()))
        .collect();
    let share = pinned.len() as f64 / case.load.known().count().max(1) as f64;
    let hours = case.hours(pinned.len());
    if share < SHARE || hours < HOURS {
        return None;
    }
    let short = pinned.iter().filter(|(_, it)| falls_short(it)).count();
    let asked = pinned
        .iter()
        .map(|(at, _)| tolerated[*at])
        .fold(0.0, f64::max);
    let highest = pinned
        .iter()
        .filter_map(|(_, it)| it.utilization())
        .fold(0.0, f64::max);
    let severity = if short > 0 {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let max = case.today.max_replicas;
    let percent = share * 100.0;
    let message = format!(
        "at the maximum of {max} replicas while the load asked for more, {percent:.1}% of the time"
    );
    let finding = Finding::new(Code::PinnedAtMax, severity, message)
        .number("pinnedPercent", percent)
        .number("pinnedHours", hours)
        .number("shortfallHours", case.hours(short))
        .number("highestUtilizationPercent", highest)
        .number("replicasAskedFor", asked)
        .count("maxReplicas", max.0 as usize)
        .fix("raise maxReplicas, if the cluster and what is behind the pods can take it");
    Some(finding)
}

fn falls_short(sample: &Sample) -> bool {
    sample.censored
        || sample
            .saturation()
            .is_some_and(|it| sample.peak() > it * sample.ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    /// At the maximum of ten for `steps` samples a day, each pod at `percent` of its request.
    fn pinned(steps: usize, percent: f64) -> Option<Finding> {
        let busy = move |at: usize| at % DAY < steps;
        let usage = move |at| if busy(at) { 5.0 * percent / 100.0 } else { 1.3 };
        Scene::new(usage, move |at| if busy(at) { 10.0 } else { 4.0 }).find(Code::PinnedAtMax)
    }

    #[test]
    fn the_maximum_is_judged_by_time_and_by_what_was_asked_for() {
        let cases = [
            (6, 90.0, true),
            (5, 90.0, false),
            (40, 77.2, true),
            (40, 76.8, false),
        ];
        for (steps, percent, expected) in cases {
            assert_eq!(
                pinned(steps, percent).is_some(),
                expected,
                "{steps} {percent}"
            );
        }
    }

    #[test]
    fn unserved_load_makes_it_critical() {
        assert_eq!(pinned(40, 90.0).unwrap().severity, Severity::Warning);
        assert_eq!(pinned(40, 190.0).unwrap().severity, Severity::Critical);
    }
}
