//! `idle-window`: for hours on end the minimum keeps replicas that nothing uses.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;

/// Utilization below which pods idle, in percent, as in the original product.
const IDLE: f64 = 20.0;
/// The shortest window worth a change, as in the original product.
const HOURS: f64 = 4.0;
/// Idle for more of the time than this is no window: `over-provisioned` or `request-mismatch`.
const NO_WINDOW: f64 = 0.9;
/// An hour of the day is idle when this share of its samples is.
const USUALLY: f64 = 2.0 / 3.0;

/// A run of idle samples.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    steps: usize,
    /// Replicas that the busiest of them needed.
    needed: f64,
}

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let idle: Vec<bool> = idle(case);
    let share = idle.iter().filter(|it| **it).count() as f64;
    let share = share / case.load.known().count().max(1) as f64;
    if share > NO_WINDOW || !case.demand.unknown.is_empty() {
        return None;
    }
    let long: Vec<Run> = runs(case, &idle);
    let longest = long
        .iter()
        .max_by_key(|it| (it.steps, std::cmp::Reverse(it.start)))?;
    let needed = longest.needed.max(f64::from(case.fewest()));
    if needed >= case.min() {
        return None;
    }
    let grid = case.load.grid;
    let hours = case.hours(longest.steps);
    let hours_of_day = hours_of_day(case, &idle);
    let often = recurrence(case, &long);
    let severity = if often.is_some() {
        Severity::Warning
    } else {
        Severity::Info
    };
    let when = often.unwrap_or("once in a while");
    let min = case.today.min_replicas;
    let message = format!(
        "idle for up to {hours:.0} h {when}{}: {needed:.0} replicas would do where the minimum \
         keeps {min}",
        hours_of_day
            .as_ref()
            .map(|it| format!(" ({it} UTC)"))
            .unwrap_or_default()
    );
    // A sample stands for the step that ends at its time.
    let first = grid.time(longest.start);
    let begin = first.checked_sub(grid.step().duration()).unwrap_or(first);
    let mut finding = Finding::new(Code::IdleWindow, severity, message)
        .number("longestHours", hours)
        .text("longestFrom", begin.to_string())
        .text(
            "longestTo",
            grid.time(longest.start + longest.steps - 1).to_string(),
        )
        .count("windows", long.len())
        .number("replicasNeeded", needed)
        .count("minReplicas", min.0 as usize)
        .fix("lower minReplicas, or lower it for these hours only");
    if let Some(hours_of_day) = hours_of_day {
        finding = finding.text("hoursOfDayUtc", hours_of_day);
    }
    Some(finding)
}

/// How often windows recur: on most days or not.
fn recurrence(case: &Case<'_>, long: &[Run]) -> Option<&'static str> {
    let days = case.days();
    (long.len() as f64 > days / 2.0).then_some("on most days")
}

fn idle(case: &Case<'_>) -> Vec<bool> {
    let samples = case.load.samples.iter();
    let is_idle = |it: &crate::analysis::load::Sample| it.utilization().is_some_and(|it| it < IDLE);
    samples.map(|it| it.as_ref().is_some_and(is_idle)).collect()
}

/// The idle runs of at least [`HOURS`].
fn runs(case: &Case<'_>, idle: &[bool]) -> Vec<Run> {
    let needed = case.demand.needed(case.today.target_cpu_pct);
    let mut start = 0;
    let mut runs = Vec::new();
    for run in idle.chunk_by(|a, b| a == b) {
        if run[0] && case.hours(run.len()) >= HOURS {
            let asked = needed.iter().skip(start).take(run.len());
            runs.push(Run {
                start,
                steps: run.len(),
                needed: asked.copied().fold(f64::NAN, f64::max),
            });
        }
        start += run.len();
    }
    // Nothing known of what was needed says nothing.
    runs.retain(|it| it.needed.is_finite());
    runs
}

/// The longest stretch of hours of the day that are usually idle: `22:00-06:00`.
fn hours_of_day(case: &Case<'_>, idle: &[bool]) -> Option<String> {
    let mut all = [0_u32; 24];
    let mut idling = [0_u32; 24];
    for (at, _) in case.load.known() {
        let hour = (case.load.second_of_day(at) / 3600) as usize;
        all[hour] += 1;
        idling[hour] += u32::from(idle[at]);
    }
    let usual = |hour: usize| {
        let hour = hour % 24;
        all[hour] > 0 && f64::from(idling[hour]) >= USUALLY * f64::from(all[hour])
    };
    let length = |from: usize| (from..from + 24).take_while(|it| usual(*it)).count();
    let (from, length) = (0..24)
        .map(|from| (from, length(from)))
        .max_by_key(|(from, length)| (*length, std::cmp::Reverse(*from)))?;
    let to = (from + length) % 24;
    (1..24)
        .contains(&length)
        .then(|| format!("{from:02}:00-{to:02}:00"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::findings::Fact;
    use crate::analysis::testing::{DAY, Scene};

    /// A minimum of six, of whose request `percent` is used for the first `steps` samples of each
    /// day, and enough else.
    fn nightly(steps: usize, percent: f64) -> Scene {
        let night = move |at: usize| at % DAY < steps;
        let usage = move |at| {
            if night(at) {
                3.0 * percent / 100.0
            } else {
                2.6
            }
        };
        Scene::new(usage, move |at| if night(at) { 6.0 } else { 8.0 }).limits(6, 10)
    }

    #[test]
    fn four_hours_below_a_fifth_are_an_idle_window() {
        let cases = [(48, 19.0, true), (47, 19.0, false), (48, 21.0, false)];
        for (steps, percent, expected) in cases {
            let found = nightly(steps, percent).find(Code::IdleWindow);
            assert_eq!(found.is_some(), expected, "{steps} {percent}");
        }
    }

    #[test]
    fn the_window_is_told_by_hours_and_needs() {
        let found = nightly(72, 10.0).find(Code::IdleWindow).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        assert_eq!(
            found.message,
            "idle for up to 6 h on most days (00:00-06:00 UTC): 2 replicas would do where the \
             minimum keeps 6"
        );
        assert_eq!(found.evidence["windows"], Fact::Count(14));
        assert_eq!(
            found.evidence["longestFrom"],
            Fact::Text("2023-11-15T00:00:00Z".to_owned())
        );
    }

    #[test]
    fn a_minimum_that_is_needed_for_redundancy_is_no_finding() {
        let night = |at: usize| at % DAY < 72;
        let usage = |at| if night(at) { 0.1 } else { 1.3 };
        let scene = Scene::new(usage, |at| if night(at) { 2.0 } else { 4.0 });
        assert_eq!(scene.find(Code::IdleWindow), None);
    }
}
