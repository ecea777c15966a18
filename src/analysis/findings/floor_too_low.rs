//! `floor-too-low`: load jumps while the autoscaler rests at its minimum, and what stands there
//! cannot serve it until more pods are up.
//!
//! Told from `scale-lag` by how it ends: here the controller reacts at once, and only the first
//! minutes hurt. A long climb from the minimum is lag.

use super::scale_lag::{SLOW_SECONDS, episodes};
use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::Sample;

/// Times the target that a jump must reach: a scale-up by half at once.
const FAR_ABOVE_TARGET: f64 = 1.5;
/// Jumps a day: one every other day.
const JUMPS_PER_DAY: f64 = 0.5;
/// In all, so that a short history does not speak on one or two.
const JUMPS: usize = 3;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let jumps = jumps(case);
    let per_day = jumps.len() as f64 / case.days();
    if jumps.len() < JUMPS || per_day < JUMPS_PER_DAY {
        return None;
    }
    let worst = jumps.iter().map(|it| it.utilization).fold(0.0, f64::max);
    let asked = jumps.iter().map(|it| it.replicas).fold(0.0, f64::max);
    let min = case.today.min_replicas;
    let message = format!(
        "load jumped past what the minimum of {min} can serve {per_day:.1} times a day, up to \
         {worst:.0}% of its request"
    );
    let finding = Finding::new(Code::FloorTooLow, Severity::Warning, message)
        .number("jumpsPerDay", per_day)
        .number("highestUtilizationPercent", worst)
        .number("replicasAskedFor", asked)
        .count("minReplicas", min.0 as usize)
        .fix("raise minReplicas, so that what stands can serve the first minutes of a jump");
    Some(finding)
}

/// For each jump the replicas that would have served its peak within their request.
pub fn replicas_for_jumps(case: &Case<'_>) -> Vec<f64> {
    jumps(case).iter().map(|it| it.replicas).collect()
}

struct Jump {
    /// Of the pods that stood when it came, in percent.
    utilization: f64,
    replicas: f64,
}

fn jumps(case: &Case<'_>) -> Vec<Jump> {
    let slow: Vec<usize> = episodes(case)
        .iter()
        .filter(|it| it.steps as f64 * case.load.step_seconds() >= SLOW_SECONDS)
        .map(|it| it.start)
        .collect();
    let Some(target) = case.target().filter(|_| case.min() < case.max()) else {
        return Vec::new();
    };
    let samples = &case.load.samples;
    (1..samples.len())
        .filter(|at| slow.binary_search(at).is_err())
        .filter_map(|at| {
            jump(
                case,
                target,
                samples[at - 1].as_ref()?,
                samples[at].as_ref()?,
            )
        })
        .collect()
}

/// The jump from one sample at the minimum to the next, if it is one.
fn jump(case: &Case<'_>, target: f64, before: &Sample, after: &Sample) -> Option<Jump> {
    let request = after.request?;
    let resting = before.ready < case.min() + 0.5 && before.utilization()? <= case.breach()?;
    // By usage alone: the burst of an hour is that of its worst step, and would make a jump of
    // every quiet step beside one.
    let utilization = 100.0 * after.usage / (before.ready * request);
    let overrun = utilization > (FAR_ABOVE_TARGET * target).max(100.0)
        || after
            .saturation()
            .is_some_and(|it| after.usage > before.ready * it);
    (resting && overrun).then(|| Jump {
        utilization,
        replicas: (after.seen_peak() / request).ceil(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    /// Every `period` samples load jumps from the minimum of two to `busy` cores for two hours,
    /// and the controller follows within the step.
    fn jumping(period: usize, busy: f64) -> Scene {
        let jumped = move |at: usize| at % period >= period - 24;
        let usage = move |at| if jumped(at) { busy } else { 0.5 };
        let ready = move |at| {
            if jumped(at) {
                (busy / 0.35).ceil()
            } else {
                2.0
            }
        };
        Scene::new(usage, ready)
    }

    #[test]
    fn repeated_jumps_past_the_floor_are_told() {
        let cases = [
            // On two pods of half a core each: 110 %, and 100 % of what they may ask for.
            (DAY, 1.1, true),
            (DAY, 1.0, false),
            (2 * DAY, 1.1, true),
            (3 * DAY, 1.1, false),
        ];
        for (period, busy, expected) in cases {
            let found = jumping(period, busy).find(Code::FloorTooLow);
            assert_eq!(found.is_some(), expected, "{period} {busy}");
        }
    }

    #[test]
    fn the_same_jumps_from_above_the_floor_are_not_the_floors_fault() {
        let scene = jumping(DAY, 1.1).limits(1, 10);
        assert_eq!(scene.find(Code::FloorTooLow), None);
    }
}
