//! `activation-flapping`: a ScaledObject goes to zero and wakes again before that was worth it.

use super::past::Past;
use super::{Code, Finding, Severity};
use crate::analysis::load::quantile;

/// A sleep shorter than this saves little, and costs somebody a wait. As for reversals.
const SHORT_MINUTES: f64 = 30.0;
/// Every two hours on the mean: a few short sleeps a day are chance.
const PER_DAY: f64 = 12.0;
/// Of all sleeps. Where most are long, zero is right, and the short ones are its price.
const MOST: f64 = 0.5;
/// The share of the pauses that another cooldown is to span.
const SPANNED: f64 = 0.9;

pub fn find(past: &Past<'_>) -> Option<Finding> {
    let minutes = |steps: usize| past.hours(steps) * 60.0;
    let sleeps = past.sleeps();
    let short: Vec<f64> = sleeps
        .iter()
        .map(|it| minutes(it.steps))
        .filter(|it| *it < SHORT_MINUTES)
        .collect();
    let per_day = |count: usize| count as f64 / past.days();
    let share = short.len() as f64 / sleeps.len().max(1) as f64;
    if per_day(short.len()) < PER_DAY || share < MOST {
        return None;
    }
    let cooldown = past.scaled.spec.cooldown_period_or_default().as_secs_f64();
    let spanned = quantile(&short, SPANNED)?;
    // What was slept and the cooldown before it are one pause of the trigger.
    let longer = ((cooldown + spanned * 60.0) / 60.0).ceil() * 60.0;
    let saved: f64 = short.iter().sum::<f64>() / 60.0 / past.days();
    let startup = past.startup_seconds;
    let message = format!(
        "wakes from zero {:.0} times a day, {:.0} of these within {SHORT_MINUTES:.0} min after it went \
         to sleep: what wakes it waits {startup:.0} s for a pod, to save {saved:.1} hours of one",
        per_day(sleeps.len()),
        per_day(short.len()),
    );
    let finding = Finding::new(Code::ActivationFlapping, Severity::Warning, message)
        .number("wakeUpsPerDay", per_day(sleeps.len()))
        .number("shortSleepsPerDay", per_day(short.len()))
        .number("medianShortSleepMinutes", quantile(&short, 0.5)?)
        .number("sleptInShortSleepsHoursPerDay", saved)
        .number("cooldownPeriodSeconds", cooldown)
        .number("startupSeconds", startup)
        .fix(format!(
            "raise cooldownPeriod to {longer:.0} s, which spans nine in ten of these pauses, or keep \
             one replica"
        ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::findings::Fact;
    use crate::analysis::testing::{DAY, Scene};
    use crate::history::Metric;

    /// A queue that has work for `busy` samples, then none for `quiet`, in the first `hours` of each
    /// day.
    fn queue(spec: serde_json::Value, busy: usize, quiet: usize, hours: usize) -> Scene {
        let has_work = move |at: usize| {
            let of_day = at % DAY;
            of_day < hours * 12 && of_day % (busy + quiet) < busy
        };
        Scene::triggered(spec, move |at| if has_work(at) { 20.0 } else { 0.0 })
    }

    fn found(spec: serde_json::Value, busy: usize, quiet: usize, hours: usize) -> Option<Finding> {
        queue(spec, busy, quiet, hours).find(Code::ActivationFlapping)
    }

    #[test]
    fn short_sleeps_all_day_are_flapping() {
        let table = [
            // Five minutes of cooldown, then asleep for five, ten, and thirty.
            (json!({}), 2, 2, 24, true),
            (json!({}), 2, 3, 24, true),
            (json!({}), 2, 7, 24, false),
            // The cooldown spans the pause.
            (json!({"cooldownPeriod": 600}), 2, 2, 24, false),
            // Not often enough: three hours of it a day.
            (json!({}), 2, 2, 3, false),
            // Never at zero.
            (json!({"minReplicaCount": 1}), 2, 2, 24, false),
            (
                json!({"minReplicaCount": 1, "idleReplicaCount": 0}),
                2,
                2,
                24,
                true,
            ),
        ];
        for (spec, busy, quiet, hours, expected) in table {
            let found = found(spec.clone(), busy, quiet, hours);
            assert_eq!(found.is_some(), expected, "{spec} {busy} {quiet} {hours}");
        }
    }

    #[test]
    fn it_says_how_long_a_cooldown_would_do() {
        let found = found(json!({}), 2, 3, 24).unwrap();
        assert_eq!(
            found.evidence["medianShortSleepMinutes"],
            Fact::Number(10.0)
        );
        assert_eq!(
            found.fix.unwrap(),
            "raise cooldownPeriod to 900 s, which spans nine in ten of these pauses, or keep one \
             replica"
        );
    }

    #[test]
    fn what_was_seen_of_the_replicas_counts_more_than_the_triggers() {
        let mut scene = queue(json!({}), 2, 2, 24);
        let len = scene.len();
        scene.insert(Metric::DesiredReplicas, len, |_| 1.0);
        assert_eq!(scene.find(Code::ActivationFlapping), None);
        let mut scene = queue(json!({}), 12, 0, 24);
        scene.insert(Metric::DesiredReplicas, len, |at| f64::from(at % 4 > 1));
        assert!(scene.find(Code::ActivationFlapping).is_some());
    }

    #[test]
    fn who_pauses_it_or_holds_it_awake_decides() {
        for key in ["paused", "paused-scale-out", "force-activation"] {
            let mut scene = queue(json!({}), 2, 2, 24);
            scene.annotate(&format!("autoscaling.keda.sh/{key}"), "true");
            assert_eq!(scene.find(Code::ActivationFlapping), None, "{key}");
        }
    }
}
