//! `metric-gaps`: too much of the history is missing between its first and its last sample.

use jiff::SignedDuration;

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;

/// A scrape that misses one in twenty is ill; restarts of Prometheus cost less.
const ENOUGH: f64 = 0.95;
/// Below this the recommendation may not cut either.
const HALF_BLIND: f64 = 0.8;
/// A longer gap can hide a peak.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let coverage = case.load.coverage;
    if coverage.share >= ENOUGH && coverage.longest_gap <= LONGEST {
        return None;
    }
    let severity = if coverage.share < HALF_BLIND {
        Severity::Warning
    } else {
        Severity::Info
    };
    let percent = (coverage.share * 1000.0).floor() / 10.0;
    let hours = coverage.longest_gap.as_secs_f64() / 3600.0;
    let message = format!("{percent}% of the samples are known, the longest gap is {hours:.1} h");
    let finding = Finding::new(Code::MetricGaps, severity, message)
        .number("coveragePercent", percent)
        .number("longestGapHours", hours)
        .count("missingSamples", coverage.unknown)
        .fix(
            "check the scrape of cAdvisor and kube-state-metrics for these pods, and the \
             retention of the metrics source",
        );
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, daily};
    use crate::history::Metric;

    /// A good history in which every `every`-th sample is unknown, and `run` samples in a row.
    fn with_gaps(every: usize, run: usize) -> Scene {
        let mut scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
        let mut usage = scene.history.cpu().unwrap().clone();
        let holes = (1..4000).step_by(every).chain(1000..1000 + run);
        holes.for_each(|at| usage.set(at, f64::NAN));
        scene.history.insert(Metric::CpuUsage, usage);
        scene
    }

    #[test]
    fn a_twentieth_unknown_or_more_than_an_hour_is_told() {
        let cases = [
            (21, 0, None),
            (19, 0, Some(Severity::Info)),
            (4, 0, Some(Severity::Warning)),
            (9999, 12, None),
            (9999, 13, Some(Severity::Info)),
        ];
        for (every, run, expected) in cases {
            let found = with_gaps(every, run).find(Code::MetricGaps);
            assert_eq!(found.map(|it| it.severity), expected, "{every} {run}");
        }
    }
}
