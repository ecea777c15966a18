//! The settings that only KEDA has.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Field, Settings};
use crate::autoscaler::{Metric, Target};
use crate::keda::objects::{self, FallbackBehavior, ScaledObject, ScaledObjectSpec, Trigger};
use crate::keda::trigger::{MetricTarget, threshold};

/// When a ScaledObject is active, for how much one replica is, and what is done while nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KedaSettings {
    /// What one replica is for, as it is written or as the default has it, by the place of the
    /// trigger; only of triggers that say so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trigger_thresholds: BTreeMap<usize, String>,
    /// From the last activity until the step to zero or idle.
    pub cooldown_period_s: u32,
    pub polling_interval_s: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// What stands in for a trigger whose source fails.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fallback {
    /// As many failures in a row are endured.
    pub failure_threshold: u32,
    pub replicas: u32,
    /// As it is written; static where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<String>,
}

impl KedaSettings {
    /// Those in force, the defaults of numbers filled in.
    pub fn of(scaled: &ScaledObject) -> Self {
        let spec = &scaled.spec;
        let seconds = |length: jiff::SignedDuration| seconds(length.as_secs());
        Self {
            trigger_thresholds: thresholds(&spec.triggers),
            cooldown_period_s: seconds(spec.cooldown_period_or_default()),
            polling_interval_s: seconds(spec.polling_interval_or_default()),
            fallback: spec.fallback.as_ref().map(Fallback::of),
        }
    }

    /// The number of the threshold of the trigger at that place.
    pub fn threshold(&self, index: usize) -> Option<f64> {
        self.trigger_thresholds.get(&index)?.trim().parse().ok()
    }
}

impl Fallback {
    fn of(written: &objects::Fallback) -> Self {
        Self {
            failure_threshold: written.failure_threshold.max(0).unsigned_abs(),
            replicas: written.replicas.max(0).unsigned_abs(),
            behavior: written.behavior.as_ref().map(|it| it.word().to_owned()),
        }
    }
}

fn thresholds(triggers: &[Trigger]) -> BTreeMap<usize, String> {
    let all = triggers.iter().enumerate();
    let text = |(index, it): (usize, &Trigger)| {
        let threshold = threshold::of(&it.kind, &it.metadata)?;
        Some((index, threshold.text.to_owned()))
    };
    all.filter_map(text).collect()
}

/// The fields in which these differ, in their order.
pub(super) fn changes(one: Option<&KedaSettings>, other: Option<&KedaSettings>) -> Vec<Field> {
    let (Some(one), Some(other)) = (one, other) else {
        return Vec::new();
    };
    let differs = [
        (
            Field::TriggerThresholds,
            one.trigger_thresholds != other.trigger_thresholds,
        ),
        (
            Field::CooldownPeriod,
            one.cooldown_period_s != other.cooldown_period_s,
        ),
        (
            Field::PollingInterval,
            one.polling_interval_s != other.polling_interval_s,
        ),
        (Field::Fallback, one.fallback != other.fallback),
    ];
    let differing = differs.into_iter().filter(|it| it.1);
    differing.map(|it| it.0).collect()
}

/// Writes `fields` of `settings` into the object and into the metrics of its triggers.
pub(super) fn apply(
    settings: &Settings,
    fields: &[Field],
    scaled: &mut ScaledObject,
    metrics: &mut [Metric],
) {
    let spec = &mut scaled.spec;
    for field in fields {
        match (field, &settings.keda) {
            (Field::MinReplicas, _) => {
                spec.min_replica_count = Some(signed(settings.min_replicas.0));
            }
            (Field::MaxReplicas, _) => {
                spec.max_replica_count = Some(signed(settings.max_replicas.0));
            }
            (Field::TargetCpu, _) => set_cpu(spec, settings.target_cpu_pct),
            (Field::TriggerThresholds, Some(keda)) => {
                set_thresholds(&keda.trigger_thresholds, spec, metrics);
            }
            (Field::CooldownPeriod, Some(keda)) => {
                spec.cooldown_period = Some(signed(keda.cooldown_period_s));
            }
            (Field::PollingInterval, Some(keda)) => {
                spec.polling_interval = Some(signed(keda.polling_interval_s));
            }
            (Field::Fallback, Some(keda)) => {
                spec.fallback = keda.fallback.as_ref().map(written);
            }
            // The behavior and the schedule are the autoscaler's own, a strategy is of jobs; without
            // settings of KEDA nothing of it differs.
            (
                Field::ScaleDownCooldown
                | Field::ScaleUpPolicies
                | Field::ScaleDownPolicies
                | Field::ScalingStrategy
                | Field::Schedule,
                _,
            )
            | (
                Field::TriggerThresholds
                | Field::CooldownPeriod
                | Field::PollingInterval
                | Field::Fallback,
                None,
            ) => {}
        }
    }
}

fn set_cpu(spec: &mut ScaledObjectSpec, percent: Option<u32>) {
    let is_meant =
        |it: &&mut Trigger| it.kind == "cpu" && it.metric_type.as_deref() == Some("Utilization");
    let trigger = spec.triggers.iter_mut().find(is_meant);
    if let Some((trigger, percent)) = trigger.zip(percent) {
        let value = percent.to_string();
        trigger.metadata.insert("value".to_owned(), value);
    }
}

fn set_thresholds(
    texts: &BTreeMap<usize, String>,
    spec: &mut ScaledObjectSpec,
    metrics: &mut [Metric],
) {
    for (index, text) in texts {
        let Some(trigger) = spec.triggers.get_mut(*index) else {
            continue;
        };
        let found = threshold::of(&trigger.kind, &trigger.metadata);
        let Some(key) = found.filter(|it| it.text != text).map(|it| it.key) else {
            continue;
        };
        trigger.metadata.insert(key.to_owned(), text.clone());
        if let Some(Metric::External { target, .. }) = metrics.get_mut(*index)
            && let Some(to) = target_of(trigger, *target)
        {
            *target = to;
        }
    }
}

/// The target that the metric of `trigger` has now, of the kind that `before` is.
fn target_of(trigger: &Trigger, before: Target) -> Option<Target> {
    let metric_type = trigger.metric_type.as_deref();
    let target = threshold::target(&trigger.kind, metric_type, &trigger.metadata)?;
    let quantity = |milli: i128| format!("{milli}m").parse().ok();
    match (target, before) {
        (MetricTarget::AverageValue { milli }, Target::AverageValue(_)) => {
            quantity(milli).map(Target::AverageValue)
        }
        (MetricTarget::Value { milli }, Target::Value(_)) => quantity(milli).map(Target::Value),
        (_, Target::AverageValue(_) | Target::Value(_) | Target::Utilization(_)) => None,
    }
}

fn written(fallback: &Fallback) -> objects::Fallback {
    objects::Fallback {
        failure_threshold: signed(fallback.failure_threshold),
        replicas: signed(fallback.replicas),
        behavior: fallback.behavior.as_deref().map(FallbackBehavior::of),
    }
}

fn seconds(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::scaled;
    use crate::units::Replicas;

    fn object() -> crate::autoscaler::Autoscaler {
        scaled(json!({"maxReplicaCount": 20, "triggers": [
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}},
            {"type": "prometheus", "metadata": {"serverAddress": "http://p", "query": "x",
                "threshold": "2.5"}},
            {"type": "rabbitmq", "metadata": {"queueName": "q", "value": "50"}},
            {"type": "kafka", "metadata": {"bootstrapServers": "b:1", "consumerGroup": "g",
                "topic": "t"}},
            {"type": "cron", "metadata": {}},
        ]}))
    }

    #[test]
    fn what_is_not_written_has_the_default() {
        let found = Settings::of(&object());
        let keda = found.keda.unwrap();
        let text = |at| keda.trigger_thresholds.get(&at).map(String::as_str);
        let texts = [text(0), text(1), text(2), text(3), text(4)];
        assert_eq!(texts, [None, Some("2.5"), Some("50"), Some("10"), None]);
        assert_eq!((keda.cooldown_period_s, keda.polling_interval_s), (300, 30));
        assert_eq!((found.min_replicas, &keda.fallback), (Replicas(0), &None));
        assert_eq!(keda.threshold(1), Some(2.5));
    }

    #[test]
    fn what_is_set_is_what_is_read_back() {
        let before = object();
        let mut to = Settings::of(&before);
        to.min_replicas = Replicas(1);
        to.target_cpu_pct = Some(75);
        let keda = to.keda.as_mut().unwrap();
        keda.trigger_thresholds.insert(2, "80".to_owned());
        keda.trigger_thresholds.insert(3, "7".to_owned());
        keda.cooldown_period_s = 60;
        keda.polling_interval_s = 10;
        keda.fallback = Some(Fallback {
            failure_threshold: 3,
            replicas: 6,
            behavior: None,
        });
        let after = to.apply(&before);
        assert_eq!(Settings::of(&after), to);
        let spec = &after.keda.as_ref().unwrap().spec;
        assert_eq!(spec.min_replica_count, Some(1));
        assert_eq!(spec.triggers[0].metadata["value"], "75");
        assert_eq!(spec.triggers[3].metadata["lagThreshold"], "7");
        assert_eq!(
            spec.triggers[1],
            before.keda.as_ref().unwrap().spec.triggers[1]
        );
        let target = |of: &crate::autoscaler::Autoscaler| of.metrics[2].to_string();
        assert_ne!(after.metrics[2], before.metrics[2], "{}", target(&after));
        assert_eq!(to.changes(&Settings::of(&before)).len(), 6);
        assert_eq!(Settings::of(&before).apply(&before), before);
    }
}
