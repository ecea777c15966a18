//! `over-provisioned`: pods use little of what they ask for because there are too many of them.

use super::request_mismatch;
use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::quantile;

/// p95 of the utilization below which capacity is idle even when it is busy, as in the original
/// product.
const IDLE_WHEN_BUSY: f64 = 40.0;
/// A lower target is counted as the cause, not as a need: replicas are judged at this one.
const SOUND_TARGET: u32 = 60;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let utilizations = case.load.utilizations();
    let p95 = quantile(&utilizations, 0.95).filter(|it| *it < IDLE_WHEN_BUSY)?;
    // Without every metric's history, something unseen may need the replicas.
    if !case.demand.unknown.is_empty() || request_mismatch::is_too_large(case) {
        return None;
    }
    let judged_at = case.today.target_cpu_pct.map(|it| it.max(SOUND_TARGET));
    let (kept, needed) = typical(case, &case.demand.needed(judged_at))?;
    if needed >= kept {
        return None;
    }
    let message = format!(
        "pods use less than {p95:.0}% of their CPU request 95% of the time; {needed:.0} replicas \
         would do where {kept:.0} stand"
    );
    let mut finding = Finding::new(Code::OverProvisioned, Severity::Warning, message)
        .number("p95UtilizationPercent", p95)
        .number("medianReplicas", kept)
        .number("medianReplicasNeeded", needed)
        .count("minReplicas", case.today.min_replicas.0 as usize)
        .fix(fix(case));
    if let Some(target) = case.target() {
        finding = finding.number("targetPercent", target);
    }
    Some(finding)
}

/// Medians of the replicas kept and of those needed, of the same samples.
fn typical(case: &Case<'_>, needed: &[f64]) -> Option<(f64, f64)> {
    let fewest = f64::from(case.fewest());
    let known = case
        .load
        .known()
        .filter(|(at, _)| needed.get(*at).is_some_and(|it| !it.is_nan()));
    let (kept, needed): (Vec<f64>, Vec<f64>) = known
        .map(|(at, it)| (it.ready, needed[at].max(fewest)))
        .unzip();
    Some((quantile(&kept, 0.5)?, quantile(&needed, 0.5)?))
}

fn fix(case: &Case<'_>) -> &'static str {
    let at_min = case
        .load
        .known()
        .filter(|(_, it)| it.ready < case.min() + 0.5)
        .count();
    if at_min * 2 >= case.load.known().count() {
        "lower minReplicas: the autoscaler rests there while the pods idle"
    } else {
        "raise the CPU target: replicas are added long before the pods are busy"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, cpu};
    use crate::autoscaler::{Metric, Target};

    #[test]
    fn idle_replicas_are_over_provisioned_where_fewer_would_do() {
        let cases = [
            // 1.56 cores on eight pods of half a core: 39 %.
            (1.56, 8.0, true),
            (1.61, 8.0, false),
            // Two replicas are kept for redundancy.
            (0.35, 2.0, false),
            // Nothing would help but a smaller request.
            (0.1, 8.0, false),
        ];
        for (usage, ready, expected) in cases {
            let found = Scene::new(|_| usage, |_| ready).find(Code::OverProvisioned);
            assert_eq!(found.is_some(), expected, "{usage} {ready}");
        }
    }

    #[test]
    fn the_fix_names_the_cause() {
        let at_min = Scene::new(|_| 1.0, |_| 8.0).limits(8, 10);
        let fix = |scene: &Scene| scene.find(Code::OverProvisioned).unwrap().fix.unwrap();
        assert!(fix(&at_min).starts_with("lower minReplicas"));
        let low_target = Scene::new(|_| 1.0, |_| 8.0).target(25);
        assert!(fix(&low_target).starts_with("raise the CPU target"));
    }

    #[test]
    fn replicas_that_another_metric_may_need_are_not_judged() {
        let queue = Metric::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("5".parse().unwrap()),
        };
        let scene = Scene::new(|_| 1.0, |_| 8.0).metrics(vec![cpu(70), queue]);
        assert_eq!(scene.find(Code::OverProvisioned), None);
    }
}
