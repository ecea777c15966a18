//! `polling-too-slow`: what waits for KEDA's next poll waits longer than for a pod.

use super::past::{Asked, Past};
use super::{Code, Finding, Severity};

/// Twice KEDA's default. A shorter wait is not worth asking the source more often.
const SECONDS: f64 = 60.0;
/// From here on, the poll is most of what a start takes.
const STARTUPS: f64 = 2.0;
/// How often it has to matter each day on the mean: every other day.
const PER_DAY: f64 = 0.5;
/// The share by which the value grows between two polls, from which the HPA's own tolerance of a tenth
/// does not explain that nothing happens.
const GROWTH: f64 = 0.5;

pub fn find(past: &Past<'_>) -> Option<Finding> {
    let polling = past.scaled.spec.polling_interval_or_default().as_secs_f64();
    if polling <= SECONDS || polling <= STARTUPS * past.startup_seconds {
        return None;
    }
    at_zero(past, polling).or_else(|| cached(past, polling))
}

/// At zero, only the poll sees that there is something to do.
fn at_zero(past: &Past<'_>, polling: f64) -> Option<Finding> {
    let per_day = past.sleeps().len() as f64 / past.days();
    if per_day < PER_DAY {
        return None;
    }
    let startup = past.startup_seconds;
    let message = format!(
        "polls every {polling:.0} s: what wakes it, {per_day:.0} times a day, waits up to that long, \
         {:.0} s on the mean, before the {startup:.0} s that a pod takes",
        polling / 2.0
    );
    let finding = Finding::new(Code::PollingTooSlow, Severity::Info, message)
        .number("wakeUpsPerDay", per_day);
    Some(described(past, finding, polling))
}

/// With cached values the HPA, too, sees no more than the polls.
fn cached(past: &Past<'_>, polling: f64) -> Option<Finding> {
    if past.has_formula() {
        return None;
    }
    let rises = |it: &Asked<'_>| rises(past, it, polling) as f64 / past.days();
    let cached = past
        .triggers
        .iter()
        .filter(|it| it.written.use_cached_metrics);
    let (trigger, per_day) = cached
        .map(|it| (it, rises(it)))
        .find(|(_, per_day)| *per_day >= PER_DAY)?;
    let (index, kind) = (trigger.index, &trigger.written.kind);
    let message = format!(
        "polls every {polling:.0} s, and the HPA sees trigger {index} ({kind}) no more often, since \
         its metric is cached: {per_day:.0} times a day it calls for half as many replicas again within \
         one interval"
    );
    let finding = Finding::new(Code::PollingTooSlow, Severity::Warning, message)
        .count("trigger", index)
        .number("risesPerDay", per_day);
    Some(described(past, finding, polling))
}

fn described(past: &Past<'_>, finding: Finding, polling: f64) -> Finding {
    let enough = (STARTUPS * past.startup_seconds).clamp(15.0, SECONDS);
    finding
        .number("pollingIntervalSeconds", polling)
        .number("startupSeconds", past.startup_seconds)
        .fix(format!("lower pollingInterval to {enough:.0} s or less"))
}

/// Times at which a value calls for half as many replicas again, and for one at least, within an
/// interval. Of a rise over a step that is longer, an interval has its share.
fn rises(past: &Past<'_>, trigger: &Asked<'_>, polling: f64) -> usize {
    let Some(per_replica) = trigger.levels.and_then(|it| it.per_replica) else {
        return 0;
    };
    let steps = (polling / past.step_seconds()).round().max(1.0) as usize;
    let share = (polling / (steps as f64 * past.step_seconds())).min(1.0);
    let floor = f64::from(past.scaled.spec.hpa_min_replicas());
    let max = f64::from(past.scaled.spec.max_or_default());
    let asked = |value: f64| (value / per_replica).clamp(floor, max.max(floor));
    let is_rise = |at: &usize| {
        let before = past.value(trigger, *at).map(asked);
        let after = past.value(trigger, *at + steps).map(asked);
        before.zip(after).is_some_and(|(before, after)| {
            let more = (after - before) * share;
            more >= 1.0 && more >= before * GROWTH
        })
    };
    // Each interval counts once.
    past.window.clone().step_by(steps).filter(is_rise).count()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    /// Work for six hours, at noon of each `nth` day.
    fn daily(spec: Value, nth: usize) -> Scene {
        let has_work = move |at: usize| {
            let hours = 108..180;
            hours.contains(&(at % DAY)) && (at / DAY).is_multiple_of(nth)
        };
        Scene::triggered(spec, move |at| if has_work(at) { 40.0 } else { 0.0 })
    }

    #[test]
    fn a_slow_poll_matters_where_it_wakes_every_day() {
        let polls = |seconds: i32| json!({"pollingInterval": seconds});
        let table = [
            (polls(300), 1, 20.0, true),
            (polls(61), 1, 20.0, true),
            (polls(60), 1, 20.0, false),
            (json!({}), 1, 20.0, false),
            // The pod takes longer than the poll.
            (polls(300), 1, 150.0, false),
            (polls(300), 3, 20.0, false),
            (
                json!({"pollingInterval": 300, "minReplicaCount": 1}),
                1,
                20.0,
                false,
            ),
        ];
        for (spec, nth, startup, expected) in table {
            let mut scene = daily(spec.clone(), nth);
            scene.workload().startup_seconds = vec![startup];
            let found = scene.find(Code::PollingTooSlow);
            assert_eq!(found.is_some(), expected, "{spec} {nth} {startup}");
        }
    }

    #[test]
    fn a_cached_value_is_as_old_as_the_poll() {
        let trigger = |cached: bool| {
            let mut trigger = Scene::trigger("10", "0");
            trigger["useCachedMetrics"] = json!(cached);
            trigger
        };
        let spec = |cached: bool, polling: i32| {
            json!({"minReplicaCount": 1, "pollingInterval": polling,
                "triggers": [trigger(cached)]})
        };
        let table = [
            (spec(true, 300), true),
            (spec(false, 300), false),
            (spec(true, 30), false),
            // A sixth of the rise falls into each interval.
            (spec(true, 65), false),
        ];
        for (spec, expected) in table {
            let found = daily(spec.clone(), 1).find(Code::PollingTooSlow);
            assert_eq!(found.is_some(), expected, "{spec}");
        }
    }
}
