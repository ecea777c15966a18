//! `thrashing`: the replica count moves back and forth faster than pods are worth starting.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::scaling::{flaps, moves};

/// Scaling events within an hour, as the original product counts them. A history of 300 s shows
/// at most twelve, so reversals are counted too.
const EVENTS_PER_HOUR: usize = 10;
/// Hours with so many events, each day on average: a rollout or an incident now and then is none.
const BUSY_HOURS_PER_DAY: f64 = 1.0;
/// Reversals within half an hour of each other, around the clock: the replicas never rest. Noise
/// of a tenth of the load makes a sound autoscaler reverse about once an hour.
pub const FLAPS_PER_DAY: f64 = 48.0;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let wanted = &case.load.wanted;
    let hour = case.load.steps_in(3600.0).max(1);
    let events_at: Vec<usize> = moves(wanted).map(|it| it.at).collect();
    let per_hour = events_per_hour(&events_at, hour, wanted.len());
    let busy = per_hour.iter().filter(|it| **it > EVENTS_PER_HOUR).count();
    let flaps_per_day = flaps(wanted, case.load.step_seconds()) as f64 / case.days();
    let busy_per_day = busy as f64 / case.days();
    if flaps_per_day < FLAPS_PER_DAY && busy_per_day < BUSY_HOURS_PER_DAY {
        return None;
    }
    let events_per_day = events_at.len() as f64 / case.days();
    let message = format!(
        "{events_per_day:.0} scaling events a day, of which {flaps_per_day:.0} reverse one of the \
         last half hour"
    );
    let finding = Finding::new(Code::Thrashing, Severity::Warning, message)
        .number("scalingEventsPerDay", events_per_day)
        .number("flapsPerDay", flaps_per_day)
        .count("mostEventsPerHour", per_hour.into_iter().max().unwrap_or(0))
        .count(
            "scaleDownWindowSeconds",
            case.today.scale_down_cooldown_s as usize,
        )
        .fix(
            "lengthen behavior.scaleDown.stabilizationWindowSeconds until one window spans the \
             swings of the load",
        );
    Some(finding)
}

fn events_per_hour(events_at: &[usize], hour: usize, samples: usize) -> Vec<usize> {
    let mut hours = vec![0; samples.div_ceil(hour)];
    for at in events_at {
        hours[at / hour] += 1;
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::Scene;

    /// Swings between three and four replicas, `steps` samples on each.
    fn swinging(steps: usize) -> Scene {
        Scene::new(|_| 1.1, move |at| 3.0 + (at / steps % 2) as f64)
    }

    #[test]
    fn a_reversal_every_half_hour_around_the_clock_is_thrashing() {
        // A reversal every 25 min, then one every 35 min, which is no flap any more.
        let found = swinging(5).find(Code::Thrashing).unwrap();
        assert_eq!(
            found.evidence["scaleDownWindowSeconds"],
            super::super::Fact::Count(300)
        );
        assert_eq!(swinging(7).find(Code::Thrashing), None);
    }

    #[test]
    fn more_than_ten_events_an_hour_are_thrashing() {
        // A climb of one pod a step: no reversal, but eleven events in the first hour of a day.
        let climb = |at: usize| 2.0 + (at % 288).min(12) as f64;
        let scene = Scene::new(|_| 1.1, climb).limits(2, 20);
        assert!(scene.find(Code::Thrashing).is_some());
        let climb = |at: usize| 2.0 + (at % 288).min(10) as f64;
        let scene = Scene::new(|_| 1.1, climb).limits(2, 20);
        assert_eq!(scene.find(Code::Thrashing), None);
    }
}
