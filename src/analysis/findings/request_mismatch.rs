//! `request-mismatch`: usage is never near the request, so the target means nothing.
//!
//! Takes over from `over-provisioned` when no replica count can help: when even the fewest
//! replicas that may stand, each at the busiest time, would hardly use what they ask for.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::quantile;

/// At this share of the request in the busiest hour of four days, four fifths are never used.
const NEVER_NEAR: f64 = 20.0;
/// Half as much again as asked for, most of the time: the node was promised something else.
const ALWAYS_ABOVE: f64 = 150.0;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    case.target()?;
    too_large(case).or_else(|| too_small(case))
}

/// p99 of the utilization that the fewest replicas allowed would have, in percent.
pub(super) fn busiest_at_fewest(case: &Case<'_>) -> Option<f64> {
    let fewest = f64::from(case.fewest());
    let at_fewest = |it: &crate::analysis::load::Sample| {
        Some(it.utilization()? * it.ready / it.ready.min(fewest))
    };
    let all: Vec<f64> = case
        .load
        .known()
        .filter_map(|(_, it)| at_fewest(it))
        .collect();
    quantile(&all, 0.99)
}

/// Whether the request is so large that replicas cannot be to blame for a low utilization.
pub(super) fn is_too_large(case: &Case<'_>) -> bool {
    case.target().is_some() && busiest_at_fewest(case).is_some_and(|it| it < NEVER_NEAR)
}

fn too_large(case: &Case<'_>) -> Option<Finding> {
    let busiest = busiest_at_fewest(case).filter(|it| *it < NEVER_NEAR)?;
    let fewest = case.fewest();
    let message = format!(
        "even {fewest} replicas would use at most {busiest:.0}% of their CPU request, so the \
         target is never reached"
    );
    Some(finding(case, Severity::Warning, message)?.number("busiestAtFewestPercent", busiest))
}

fn too_small(case: &Case<'_>) -> Option<Finding> {
    // At the maximum a high utilization is the maximum's fault.
    let below_max: Vec<f64> = case
        .load
        .known()
        .filter(|(_, it)| it.ready < case.max() - 0.5)
        .filter_map(|(_, it)| it.utilization())
        .collect();
    if below_max.len() * 2 < case.load.known().count() {
        return None;
    }
    let median = quantile(&below_max, 0.5).filter(|it| *it > ALWAYS_ABOVE)?;
    let message = format!("pods use {median:.0}% of their CPU request half of the time and more");
    finding(case, Severity::Warning, message)
}

fn finding(case: &Case<'_>, severity: Severity, message: String) -> Option<Finding> {
    let utilizations = case.load.utilizations();
    let per_pod: Vec<f64> = case
        .load
        .known()
        .map(|(_, it)| it.usage / it.ready)
        .collect();
    let request = case.load.known().last()?.1.request?;
    let finding = Finding::new(Code::RequestMismatch, severity, message)
        .number("medianUtilizationPercent", quantile(&utilizations, 0.5)?)
        .number("p99UtilizationPercent", quantile(&utilizations, 0.99)?)
        .number(
            "p99UsagePerPodMillicores",
            quantile(&per_pod, 0.99)? * 1000.0,
        )
        .number("requestMillicores", request * 1000.0)
        .fix("set the CPU request to what a busy pod uses, then choose the target anew");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::Scene;

    #[test]
    fn usage_must_come_near_the_request_at_some_replica_count() {
        // Cores used, replicas, and whether the request is to blame; each pod asks for half a core.
        let cases = [
            (0.18, 4.0, true),
            // Two replicas would be at 21 %: too many replicas, not too large a request.
            (0.21, 4.0, false),
            (3.1, 4.0, true),
            (2.9, 4.0, false),
            // At the maximum.
            (9.0, 10.0, false),
        ];
        for (usage, ready, expected) in cases {
            let found = Scene::new(|_| usage, |_| ready).find(Code::RequestMismatch);
            assert_eq!(found.is_some(), expected, "{usage} {ready}");
        }
    }
}
