//! `threshold-unreachable`: a trigger measures something, and its thresholds are beyond all of it.

use super::past::{Asked, Past};
use super::{Code, Finding, Severity};
use crate::keda::trigger::Levels;

/// How many times the highest value the threshold has to be, where nothing shows that more replicas
/// were needed: what is within reach of a bad day is a reserve.
const BEYOND: f64 = 10.0;
/// Share of the time in which pods are at their limit or above their request, from which it is a
/// habit: half an hour a day.
const BUSY: f64 = 0.02;

pub fn find(past: &Past<'_>) -> Option<Finding> {
    if past.has_formula() || past.triggers.is_empty() {
        return None;
    }
    let seen: Option<Vec<Seen<'_>>> = past.triggers.iter().map(|it| Seen::of(past, it)).collect();
    let seen = seen?;
    never_wakes(past, &seen).or_else(|| never_grows(past, &seen))
}

/// A trigger whose history is known.
struct Seen<'a> {
    asked: &'a Asked<'a>,
    levels: Levels,
    highest: f64,
}

impl<'a> Seen<'a> {
    fn of(past: &Past<'_>, asked: &'a Asked<'_>) -> Option<Self> {
        let levels = asked.levels.filter(|_| past.is_well_known(asked))?;
        let highest = past.values(asked).map(|it| it.1).fold(0.0, f64::max);
        Some(Self {
            asked,
            levels,
            highest,
        })
    }

    fn described(&self, finding: Finding) -> Finding {
        finding
            .count("trigger", self.asked.index)
            .text("triggerType", &self.asked.written.kind)
            .number("highestValue", self.highest)
            .number("activationThreshold", self.levels.activation)
    }
}

/// Something waits, and no trigger was ever active: at zero, nothing starts.
fn never_wakes(past: &Past<'_>, seen: &[Seen<'_>]) -> Option<Finding> {
    let sleeps = |it: &Seen<'_>| it.highest <= it.levels.activation;
    let highest = seen.iter().find(|it| it.highest > 0.0)?;
    if !past.reaches_zero() || !seen.iter().all(sleeps) {
        return None;
    }
    let (value, activation) = (told(highest.highest), told(highest.levels.activation));
    let (index, kind) = (highest.asked.index, &highest.asked.written.kind);
    let message = format!(
        "trigger {index} ({kind}) went up to {value} and was never above its activation threshold of \
         {activation}: at zero replicas nothing is started for it"
    );
    let finding = Finding::new(Code::ThresholdUnreachable, Severity::Warning, message);
    Some(highest.described(finding).fix(format!(
        "set the activation threshold below {value}, or leave it out: then anything above 0 starts a pod"
    )))
}

/// The only trigger never asked for a replica beyond those that are there anyway, by far or while
/// these were busy.
fn never_grows(past: &Past<'_>, seen: &[Seen<'_>]) -> Option<Finding> {
    let spec = &past.scaled.spec;
    let floor = f64::from(spec.hpa_min_replicas());
    let [only] = seen else { return None };
    // Schedules are sure to come, and pods that are scaled by their own usage are not stuck.
    let is_alone = spec.triggers.len() == 1 && only.asked.written.kind != "cron";
    if !is_alone || spec.max_or_default() <= spec.hpa_min_replicas() || only.highest <= 0.0 {
        return None;
    }
    let threshold = only.levels.per_replica?;
    let asked = only.highest / threshold;
    let busy = busy_share(past);
    let is_short = asked <= floor && busy >= BUSY;
    if !is_short && asked * BEYOND >= floor {
        return None;
    }
    let severity = if is_short {
        Severity::Warning
    } else {
        Severity::Info
    };
    let (index, kind) = (only.asked.index, &only.asked.written.kind);
    let also = if is_short {
        format!(
            ", while pods were at their limit or above their request {:.0}% of the time",
            busy * 100.0
        )
    } else {
        String::new()
    };
    let message = format!(
        "trigger {index} ({kind}) never asked for more than the {floor} replicas that are there \
         anyway: its highest value was {}, one replica is for {}{also}",
        told(only.highest),
        told(threshold)
    );
    let finding = Finding::new(Code::ThresholdUnreachable, severity, message)
        .number("threshold", threshold)
        .number("replicasAskedFor", asked)
        .number("minReplicas", floor)
        .number("busyPercent", busy * 100.0);
    Some(only.described(finding).fix(
        "set the threshold to what one pod does in a busy hour, so that the value calls for another",
    ))
}

/// The share of the known time in which pods could not give more, or gave more than they request.
fn busy_share(past: &Past<'_>) -> f64 {
    let Some(load) = past.load else { return 0.0 };
    let is_busy = |it: &crate::analysis::load::Sample| {
        it.censored || it.utilization().is_some_and(|it| it > 100.0)
    };
    let busy = load.known().filter(|(_, it)| is_busy(it)).count();
    busy as f64 / load.known().count().max(1) as f64
}

/// A value as people write it.
fn told(value: f64) -> String {
    format!("{}", (value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::{DAY, REQUEST, Scene};
    use crate::history::Metric;

    /// Up to `peak` at noon, nothing at night; one replica is for ten.
    fn found(spec: serde_json::Value, peak: f64) -> Option<Finding> {
        scene(spec, peak).find(Code::ThresholdUnreachable)
    }

    fn scene(spec: serde_json::Value, peak: f64) -> Scene {
        let is_day = |at: usize| (96..192).contains(&(at % DAY));
        Scene::triggered(spec, move |at| if is_day(at) { peak } else { 0.0 })
    }

    #[test]
    fn what_never_activates_is_told() {
        let with = |activation: &str| json!({"triggers": [Scene::trigger("10", activation)]});
        let table = [
            (with("50"), 40.0, true),
            (with("40"), 40.0, true),
            (with("39"), 40.0, false),
            (with("0"), 40.0, false),
            // Nothing was there to do.
            (with("50"), 0.0, false),
        ];
        for (spec, peak, expected) in table {
            let found = found(spec.clone(), peak);
            assert_eq!(found.is_some(), expected, "{spec} {peak}");
            let severity = found.map(|it| it.severity);
            assert_eq!(severity, expected.then_some(Severity::Warning));
        }
    }

    #[test]
    fn another_trigger_that_wakes_it_is_enough() {
        let triggers = [Scene::trigger("10", "50"), Scene::trigger("10", "5")];
        let mut scene = scene(json!({"triggers": triggers}), 40.0);
        assert_eq!(scene.find(Code::ThresholdUnreachable), None, "not known");
        scene.insert(Metric::Trigger(1), scene.len(), |_| 4.0);
        assert!(scene.find(Code::ThresholdUnreachable).is_some());
        scene.insert(Metric::Trigger(1), scene.len(), |at| (at % 9) as f64);
        assert_eq!(scene.find(Code::ThresholdUnreachable), None);
    }

    #[test]
    fn a_threshold_far_beyond_all_values_is_worth_knowing() {
        let with = |threshold: &str, min: i32| json!({"minReplicaCount": min, "triggers": [Scene::trigger(threshold, "0")]});
        let table = [
            (with("1000", 1), 99.0, true),
            (with("1000", 1), 101.0, false),
            (with("1000", 3), 299.0, true),
            (with("10", 1), 99.0, false),
            (with("1000", 20), 1999.0, true),
            (with("1000", 20), 2001.0, false),
        ];
        for (spec, peak, expected) in table {
            let found = found(spec.clone(), peak);
            assert_eq!(found.is_some(), expected, "{spec} {peak}");
            let severity = found.map(|it| it.severity);
            assert_eq!(severity, expected.then_some(Severity::Info));
        }
        let beside_cpu = json!({"minReplicaCount": 1, "triggers": [
            Scene::trigger("1000", "0"),
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}]});
        assert_eq!(found(beside_cpu, 9.0), None);
    }

    #[test]
    fn pods_that_are_busy_while_it_asks_for_none_make_it_a_warning() {
        let spec = json!({"minReplicaCount": 3, "triggers": [Scene::trigger("100", "0")]});
        let mut scene = scene(spec, 250.0);
        assert_eq!(scene.find(Code::ThresholdUnreachable), None);
        let usage = |at: usize| {
            if at % DAY < 6 {
                3.0 * REQUEST * 1.01
            } else {
                0.6
            }
        };
        scene.insert(Metric::CpuUsage, scene.len(), usage);
        let found = scene.find(Code::ThresholdUnreachable).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        let usage = |at: usize| {
            if at % DAY < 5 {
                3.0 * REQUEST * 1.01
            } else {
                0.6
            }
        };
        scene.insert(Metric::CpuUsage, scene.len(), usage);
        assert_eq!(scene.find(Code::ThresholdUnreachable), None);
    }
}
