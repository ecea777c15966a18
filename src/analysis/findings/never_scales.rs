//! `never-scales`: an autoscaler that never changes the replica count.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;

/// Share of the time in which the load must ask for more before the controller is to blame.
const IGNORED: f64 = 0.05;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    if case.today.min_replicas == case.today.max_replicas {
        return Some(fixed(case));
    }
    let ready = constant(case)?;
    let tolerated = case.demand.tolerated(case.today.target_cpu_pct);
    let needed = case.demand.needed(case.today.target_cpu_pct);
    let most = |all: &[f64]| all.iter().copied().fold(f64::NAN, f64::max);
    let known = case.load.known().count().max(1) as f64;
    let asked_for_more = tolerated.iter().filter(|it| **it > ready).count() as f64 / known;
    let (severity, message, fix) = if ready < case.max() && asked_for_more >= IGNORED {
        (
            Severity::Critical,
            format!(
                "stayed at {ready} replicas though the load asked for up to {}",
                most(&tolerated)
            ),
            "find out who else sets the replicas, and whether behavior forbids scaling up",
        )
    } else if ready > case.min() && most(&needed) < ready && case.demand.unknown.is_empty() {
        (
            Severity::Warning,
            format!(
                "stayed at {ready} replicas though the load asked for at most {}",
                most(&needed)
            ),
            "find out who else sets the replicas, and whether behavior forbids scaling down",
        )
    } else {
        (
            Severity::Info,
            format!("stayed at {ready} replicas for the whole window"),
            "nothing to repair while the load stays as it is, unless fewer replicas would do: then \
             lower minReplicas",
        )
    };
    Some(described(case, Finding::new(Code::NeverScales, severity, message)).fix(fix))
}

fn fixed(case: &Case<'_>) -> Finding {
    let max = case.today.max_replicas;
    let message = format!("minimum and maximum are both {max}, so nothing can be scaled");
    described(
        case,
        Finding::new(Code::NeverScales, Severity::Warning, message),
    )
    .fix("lower minReplicas or raise maxReplicas, or delete the autoscaler")
}

fn described(case: &Case<'_>, finding: Finding) -> Finding {
    let needed = case.demand.needed(case.today.target_cpu_pct);
    let known: Vec<f64> = needed.into_iter().filter(|it| it.is_finite()).collect();
    let mut finding = finding
        .number("days", case.days())
        .count("minReplicas", case.today.min_replicas.0 as usize)
        .count("maxReplicas", case.today.max_replicas.0 as usize);
    if let Some(most) = known.iter().copied().max_by(f64::total_cmp) {
        finding = finding.number("mostReplicasNeeded", most);
    }
    finding
}

/// The replica count, if it never changed.
fn constant(case: &Case<'_>) -> Option<f64> {
    let known = || case.load.known().map(|(_, it)| it.ready);
    let wanted = || case.load.wanted.iter().copied().filter(|it| it.is_finite());
    let highest = known().chain(wanted()).fold(f64::NAN, f64::max);
    let lowest = known().chain(wanted()).fold(f64::NAN, f64::min);
    (highest - lowest < 0.5).then_some(highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    #[test]
    fn a_count_that_stands_still_is_judged_by_what_was_asked_for() {
        let cases = [
            // Cores used for an hour and a half each day, else one; replicas; severity.
            (3.0, 4.0, Some(Severity::Critical)),
            (1.0, 6.0, Some(Severity::Warning)),
            (1.2, 4.0, Some(Severity::Info)),
        ];
        for (busy, ready, expected) in cases {
            let usage = |at: usize| if at % DAY < 18 { busy } else { 1.0 };
            let found = Scene::new(usage, |_| ready).find(Code::NeverScales);
            assert_eq!(found.map(|it| it.severity), expected, "{busy} {ready}");
        }
    }

    #[test]
    fn equal_limits_are_no_autoscaler() {
        let scene = Scene::new(|_| 1.2, |_| 4.0).limits(4, 4);
        let found = scene.find(Code::NeverScales).unwrap();
        assert_eq!(
            found.message,
            "minimum and maximum are both 4, so nothing can be scaled"
        );
    }

    #[test]
    fn one_change_is_enough() {
        let scene = Scene::new(|_| 1.2, |at| if at == 2000 { 5.0 } else { 4.0 });
        assert_eq!(scene.find(Code::NeverScales), None);
    }
}
