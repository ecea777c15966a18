//! `max-above-partitions`: consumers of a Kafka group beyond its partitions idle, so KEDA does not
//! ask for them.
//!
//! How many partitions there are is in no history. Two things tell: a `partitionLimitation`, and
//! a value that stops at a whole multiple of the threshold again and again, since KEDA puts the
//! number of partitions by the threshold in the place of any lag that asks for more.

use super::past::{Asked, Past};
use super::{Code, Finding, Severity};
use crate::autoscaler::Autoscaler;
use crate::keda::objects::Trigger;
use crate::keda::trigger::{Kafka, Settings, read_alone};

/// At the bound in all, so that a lag which is a multiple by chance is none.
const HOURS: f64 = 1.0;
/// Times that it came to the bound and left it: a lag that stands still stays.
const VISITS: usize = 3;
/// How far below the bound values count as near it, at least: with a threshold of one, every whole
/// number is a multiple.
const NEAR: f64 = 5.0;
/// How far a number that was kept in single precision may be from a whole multiple.
const EXACT: f64 = 1e-6;

/// By what is written.
pub fn of_settings(autoscaler: &Autoscaler) -> Option<Finding> {
    let spec = &autoscaler.keda.as_deref()?.spec;
    let kafka = kafka(spec.triggers.first()?)?;
    let partitions = kafka.partitions_below_max(spec)?;
    let max = spec.max_or_default();
    let message = format!(
        "partitionLimitation leaves {partitions} partitions, and KEDA asks for no more replicas than \
         these, but for one: maxReplicaCount of {max} is never reached"
    );
    Some(described(message, partitions as f64, max))
}

/// By what was measured.
pub fn find(past: &Past<'_>) -> Option<Finding> {
    let spec = &past.scaled.spec;
    let [asked] = past.triggers.as_slice() else {
        return None;
    };
    let kafka = kafka(asked.written)?;
    // With these, KEDA's bound is another from one moment to the next.
    let moves = kafka.limit_to_partitions_with_lag || kafka.even_distribution;
    let is_capped = !kafka.allow_idle_consumers && !moves && kafka.partitions.is_none();
    if !is_capped || spec.triggers.len() != 1 || past.has_formula() {
        return None;
    }
    let threshold = asked.levels?.per_replica?;
    let bound = Bound::of(past, asked, threshold)?;
    let max = spec.max_or_default();
    let highest = past.highest_desired();
    let is_below = bound.partitions + 1.0 < f64::from(max);
    // The division of KEDA leaves room for one more.
    let fits = highest.is_none_or(|it| it <= bound.partitions + 1.0);
    let is_often = bound.hours >= HOURS && bound.visits >= VISITS;
    if !is_below || !fits || !is_often || !bound.stands_out {
        return None;
    }
    let (partitions, value) = (bound.partitions, bound.partitions * threshold);
    let message = format!(
        "the lag that KEDA reports stops at {value}, which is {partitions} times the threshold of \
         {threshold}, as with {partitions} partitions: maxReplicaCount of {max} is never reached"
    );
    let finding = described(message, partitions, max)
        .number("lagThreshold", threshold)
        .number("hoursAtBound", bound.hours)
        .count("timesAtBound", bound.visits);
    Some(finding)
}

fn described(message: String, partitions: f64, max: i32) -> Finding {
    Finding::new(Code::MaxAbovePartitions, Severity::Info, message)
        .number("partitions", partitions)
        .number("maxReplicaCount", f64::from(max))
        .fix(format!(
            "set maxReplicaCount to {partitions}, give the topic as many partitions as pods are \
             needed, or set allowIdleConsumers to \"true\""
        ))
}

fn kafka(trigger: &Trigger) -> Option<Kafka> {
    if trigger.kind != "kafka" {
        return None;
    }
    match read_alone(trigger, 0)?.settings {
        Settings::Kafka(it) => Some(it),
        Settings::Prometheus(_)
        | Settings::Resource(_)
        | Settings::Cron(_)
        | Settings::Other(_) => None,
    }
}

/// Where the value stops.
struct Bound {
    partitions: f64,
    hours: f64,
    visits: usize,
    /// Whether the value was there as often as at all values near it together. A lag that is not cut
    /// goes through a multiple of the threshold as through its neighbors.
    stands_out: bool,
}

impl Bound {
    /// A lag below one more threshold than the partitions have is not cut, so that the highest value
    /// is at the bound or less than a threshold above it.
    fn of(past: &Past<'_>, asked: &Asked<'_>, threshold: f64) -> Option<Self> {
        let highest = past.values(asked).map(|it| it.1).fold(0.0, f64::max);
        let partitions = (highest / threshold * (1.0 + EXACT)).floor();
        if partitions < 1.0 {
            return None;
        }
        let bound = partitions * threshold;
        let is_at_bound = |it: f64| (it - bound).abs() <= bound * EXACT;
        let values = || past.values(asked).map(|(_, it)| it);
        let at_bound: Vec<bool> = values().map(is_at_bound).collect();
        let runs = at_bound.chunk_by(|a, b| a == b).filter(|it| it[0]);
        let steps = at_bound.iter().filter(|it| **it).count();
        let near = bound - threshold.max(NEAR)..bound + threshold;
        let beside = values().filter(|it| near.contains(it) && !is_at_bound(*it));
        Some(Self {
            partitions,
            hours: past.hours(steps),
            visits: runs.count(),
            stands_out: steps >= beside.count(),
        })
    }
}

impl Past<'_> {
    /// The most replicas that there were to be at any time.
    fn highest_desired(&self) -> Option<f64> {
        let known = self.window.clone().filter_map(|at| self.desired_at(at));
        known.max_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analysis::testing::{DAY, Scene};
    use crate::history::Metric;

    fn kafka(more: Value) -> Value {
        let mut metadata = json!({"bootstrapServers": "b:9092", "consumerGroup": "orders",
            "topic": "orders", "lagThreshold": "10", "sasl": "plaintext"});
        for (key, value) in more.as_object().unwrap() {
            metadata[key] = value.clone();
        }
        json!({"type": "kafka", "metadata": metadata, "authenticationRef": {"name": "kafka"}})
    }

    fn spec(more: Value, max: i32) -> Value {
        json!({"minReplicaCount": 1, "maxReplicaCount": max, "triggers": [kafka(more)]})
    }

    /// The lag of a rush every noon, as KEDA reports it with so many partitions.
    fn lag(partitions: f64) -> impl Fn(usize) -> f64 {
        move |at| {
            let minutes = (at % DAY) as f64 - 144.0;
            let lag = (317.0 - minutes.abs() * 11.0).max(0.0).floor();
            if (lag / 10.0).floor() > partitions {
                partitions * 10.0
            } else {
                lag
            }
        }
    }

    #[test]
    fn a_value_that_stops_at_a_multiple_shows_the_partitions() {
        let table = [
            (json!({}), 20, 6.0, true),
            (json!({}), 7, 6.0, false),
            // Nothing stops it.
            (json!({}), 20, 40.0, false),
            (json!({"allowIdleConsumers": "true"}), 20, 6.0, false),
            (json!({"limitToPartitionsWithLag": "true"}), 20, 6.0, false),
            (
                json!({"ensureEvenDistributionOfPartitions": "true"}),
                20,
                6.0,
                false,
            ),
        ];
        for (more, max, partitions, expected) in table {
            let scene = Scene::triggered(spec(more.clone(), max), lag(partitions));
            let found = scene.find(Code::MaxAbovePartitions);
            assert_eq!(found.is_some(), expected, "{more} {max} {partitions}");
        }
    }

    #[test]
    fn it_says_how_many_there_are() {
        let found = Scene::triggered(spec(json!({}), 20), lag(6.0)).find(Code::MaxAbovePartitions);
        assert_eq!(
            found.unwrap().message,
            "the lag that KEDA reports stops at 60, which is 6 times the threshold of 10, as with 6 \
             partitions: maxReplicaCount of 20 is never reached"
        );
    }

    #[test]
    fn a_lag_that_stands_still_shows_nothing() {
        let stuck = Scene::triggered(spec(json!({}), 20), |at| if at < DAY { 3.0 } else { 60.0 });
        assert_eq!(stuck.find(Code::MaxAbovePartitions), None);
    }

    #[test]
    fn a_lag_that_comes_by_a_multiple_shows_nothing() {
        // Up to 71 and down again, one more each step.
        let tide = |at: usize| (at as f64 % 142.0 - 71.0).abs();
        let scene = Scene::triggered(spec(json!({}), 20), tide);
        assert_eq!(scene.find(Code::MaxAbovePartitions), None);
        let by_one = json!({"lagThreshold": "1"});
        let scene = Scene::triggered(spec(by_one, 100), tide);
        assert_eq!(scene.find(Code::MaxAbovePartitions), None);
    }

    #[test]
    fn more_replicas_than_that_refute_it() {
        let mut scene = Scene::triggered(spec(json!({}), 20), lag(6.0));
        for (highest, expected) in [(6.0, true), (7.0, true), (8.0, false)] {
            scene.insert(Metric::DesiredReplicas, scene.len(), |at| {
                if at == 100 { highest } else { 3.0 }
            });
            let found = scene.find(Code::MaxAbovePartitions);
            assert_eq!(found.is_some(), expected, "{highest}");
        }
    }

    #[test]
    fn a_limitation_is_known_without_any_history() {
        let table = [
            (json!({"partitionLimitation": "0-3"}), 20, true),
            (json!({"partitionLimitation": "0-3"}), 4, false),
            (
                json!({"partitionLimitation": "0-3", "allowIdleConsumers": "true"}),
                20,
                false,
            ),
        ];
        for (more, max, expected) in table {
            let scene = Scene::triggered(spec(more.clone(), max), |_| 5.0);
            let found = of_settings(&scene.subject.autoscaler);
            assert_eq!(found.is_some(), expected, "{more} {max}");
        }
        let mut both = spec(json!({"partitionLimitation": "0-3"}), 20);
        both["triggers"]
            .as_array_mut()
            .unwrap()
            .push(Scene::trigger("10", "0"));
        let scene = Scene::triggered(both, |_| 5.0);
        assert_eq!(of_settings(&scene.subject.autoscaler), None);
    }
}
