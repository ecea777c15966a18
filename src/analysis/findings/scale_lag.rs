//! `scale-lag`: replicas come long after the load that needs them.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;

/// Utilization above target and tolerance for this long is late, as the original product has it:
/// the controller syncs every 15 s and sees the load within a minute.
const LATE_SECONDS: f64 = 180.0;
/// Episodes a day from which it is a habit.
const EPISODES_PER_DAY: f64 = 1.0;
/// An episode that begins at the minimum counts only from this length: a shorter one is over as
/// soon as the controller has reacted, and says that the minimum is low.
pub(super) const SLOW_SECONDS: f64 = 900.0;
/// Replicas have to rise within this time of the episode's start, else it is not lag.
const RISE_SECONDS: f64 = 3600.0;

/// A run of samples in which utilization was above the target while more replicas were allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Episode {
    pub(super) start: usize,
    pub(super) steps: usize,
    /// Highest utilization in percent.
    pub(super) peak: f64,
    /// Replicas at its start were the minimum.
    pub(super) from_floor: bool,
}

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let late: Vec<Episode> = episodes(case)
        .into_iter()
        .filter(|it| is_late(case, it))
        .collect();
    let per_day = late.len() as f64 / case.days();
    if per_day < EPISODES_PER_DAY {
        return None;
    }
    let minutes = |it: &Episode| it.steps as f64 * case.load.step_seconds() / 60.0;
    let total: f64 = late.iter().map(minutes).sum();
    let longest = late.iter().map(minutes).fold(0.0, f64::max);
    let peak = late.iter().map(|it| it.peak).fold(0.0, f64::max);
    let target = case.target()?;
    let message = format!(
        "replicas lagged behind the load {per_day:.1} times a day, for {:.0} minutes on average",
        total / late.len() as f64
    );
    let finding = Finding::new(Code::ScaleLag, Severity::Warning, message)
        .number("episodesPerDay", per_day)
        .number("minutesPerDay", total / case.days())
        .number("longestMinutes", longest)
        .number("highestUtilizationPercent", peak)
        .number("targetPercent", target)
        .fix(fix(case));
    Some(finding)
}

fn fix(case: &Case<'_>) -> &'static str {
    let scale_up = case
        .autoscaler()
        .behavior
        .as_ref()
        .and_then(|it| it.scale_up.as_ref());
    let waits = scale_up
        .and_then(|it| it.window_seconds)
        .is_some_and(|it| it > 0);
    let limited = scale_up.is_some_and(|it| it.policies.is_some() || it.select.is_some());
    if waits {
        "set behavior.scaleUp.stabilizationWindowSeconds to 0"
    } else if limited {
        "loosen the policies of behavior.scaleUp, or remove them to get the defaults back"
    } else {
        "lower the CPU target so that replicas are added earlier, or make pods start faster"
    }
}

fn is_late(case: &Case<'_>, episode: &Episode) -> bool {
    let seconds = episode.steps as f64 * case.load.step_seconds();
    let long = if episode.from_floor {
        SLOW_SECONDS
    } else {
        LATE_SECONDS
    };
    seconds >= long && rises(case, episode)
}

pub(super) fn rises(case: &Case<'_>, episode: &Episode) -> bool {
    let ready = |at: usize| {
        case.load
            .samples
            .get(at)
            .copied()
            .flatten()
            .map(|it| it.ready)
    };
    let Some(before) = ready(episode.start) else {
        return false;
    };
    let end = episode.start + episode.steps.max(case.load.steps_in(RISE_SECONDS));
    (episode.start..=end).any(|at| ready(at).is_some_and(|it| it > before + 0.5))
}

/// Every episode of the window, in order of time. A gap ends one.
pub(super) fn episodes(case: &Case<'_>) -> Vec<Episode> {
    let Some(breach) = case.breach() else {
        return Vec::new();
    };
    let mut all: Vec<Episode> = Vec::new();
    for (at, sample) in case.load.known() {
        let utilization = sample.utilization().unwrap_or(0.0);
        if utilization <= breach || sample.ready > case.max() - 0.5 {
            continue;
        }
        match all.last_mut().filter(|it| it.start + it.steps == at) {
            Some(running) => {
                running.steps += 1;
                running.peak = running.peak.max(utilization);
            }
            None => all.push(Episode {
                start: at,
                steps: 1,
                peak: utilization,
                from_floor: sample.ready < case.min() + 0.5,
            }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    /// Load doubles for half of every `period` samples; replicas follow `lag` samples later.
    fn lagging(period: usize, lag: usize, min: u32) -> Scene {
        let busy = move |at: usize| at % period >= period / 2;
        let usage = move |at| if busy(at) { 2.8 } else { 1.4 };
        let ready = move |at: usize| {
            if busy(at.saturating_sub(lag)) {
                8.0
            } else {
                4.0
            }
        };
        Scene::new(usage, ready).limits(min, 10)
    }

    #[test]
    fn replicas_that_come_a_step_late_every_day_lag() {
        let cases = [
            (DAY, 1, 2, true),
            (DAY, 0, 2, false),
            (2 * DAY, 1, 2, false),
            // From the minimum only a long climb is lag.
            (DAY, 1, 4, false),
            (DAY, 3, 4, true),
        ];
        for (period, lag, min, expected) in cases {
            let found = lagging(period, lag, min).find(Code::ScaleLag);
            assert_eq!(found.is_some(), expected, "{period} {lag} {min}");
        }
    }

    #[test]
    fn replicas_at_their_maximum_do_not_lag() {
        let scene = lagging(DAY, 1, 2).limits(2, 4);
        assert_eq!(scene.find(Code::ScaleLag), None);
    }
}
