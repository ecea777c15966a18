//! What is worth saying of a trigger that KEDA accepts.

use crate::keda::objects::{FieldPath, ScaledObject, Trigger};
use crate::keda::predictive;
use crate::keda::trigger::{self, Kafka, MetricTarget, Prometheus, Settings};
use crate::lint::code::Code;
use crate::lint::cron;
use crate::lint::found::Findings;
use crate::lint::query;
use crate::lint::world::{Item, Parsed, World, trigger_path};

pub(super) fn check(
    item: &Item<'_>,
    at: usize,
    written: &Trigger,
    read: &trigger::Trigger,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let one = One {
        item,
        at,
        written,
        object: match &item.parsed {
            Parsed::ScaledObject(it) => Some(it),
            _ => None,
        },
    };
    one.target(read, findings);
    match &read.settings {
        Settings::Prometheus(it) => one.prometheus(it, findings),
        Settings::Kafka(it) => one.kafka(it, findings),
        Settings::Cron(it) => {
            cron::check(item, at, it, world.setting.now, findings);
            one.cron_count(it.desired_replicas, findings);
        }
        Settings::Resource(_) | Settings::Other(_) => {}
    }
}

struct One<'w, 'a> {
    item: &'w Item<'a>,
    at: usize,
    written: &'w Trigger,
    /// Nothing for the trigger of a ScaledJob.
    object: Option<&'w ScaledObject>,
}

impl One<'_, '_> {
    fn add(
        &self,
        code: Code,
        key: &str,
        message: &str,
        fix: impl Into<String>,
        findings: &mut Findings,
    ) {
        let metadata = trigger_path(self.at).key("metadata");
        let is_written = self.written.metadata.contains_key(key);
        let path = if is_written {
            metadata.key(key)
        } else {
            metadata
        };
        let message = format!("trigger {} ({}): {message}", self.at, self.written.kind);
        findings.add(code, self.item.index, path, message, fix);
    }

    fn min_is_zero(&self) -> bool {
        self.object.is_none_or(|it| it.spec.min_or_default() == 0)
    }

    /// What the HPA API makes of the metric's target.
    fn target(&self, read: &trigger::Trigger, findings: &mut Findings) {
        let Some(metric) = &read.metric else {
            return;
        };
        let is_positive = match &metric.target {
            MetricTarget::AverageValue { milli } | MetricTarget::Value { milli } => *milli > 0,
            MetricTarget::Utilization { percent } => *percent > 0,
            MetricTarget::Unknown { metric_type, .. } => {
                let path = trigger_path(self.at).key("metricType");
                let message = format!("{path} is {metric_type:?}, which the HPA API refuses");
                let fix = "set it to AverageValue or Value, or remove it";
                findings.add(Code::MetricType, self.item.index, path, message, fix);
                true
            }
        };
        if !is_positive {
            let keys = ["threshold", "value", "lagThreshold"];
            let written = |it: &&&str| self.written.metadata.contains_key(**it);
            let key = keys.iter().find(written).copied().unwrap_or("threshold");
            let message = "the target is not above 0, and the HPA API refuses such a metric";
            self.add(
                Code::ThresholdNotPositive,
                key,
                message,
                "write a number above 0",
                findings,
            );
        }
    }

    fn prometheus(&self, it: &Prometheus, findings: &mut Findings) {
        let has_fallback = self.object.is_some_and(|it| it.spec.fallback.is_some());
        let is_written = self.written.metadata.contains_key("ignoreNullValues");
        // One that looks back is to ask for nothing where nothing is known of that time.
        let looks_back = predictive::looks_back(self.written.name.as_deref());
        if it.ignore_null_values && !looks_back && (has_fallback || is_written) {
            let message = if has_fallback {
                "an empty answer counts as 0, so that the fallback does not come in"
            } else {
                "an empty answer counts as 0, and scales down"
            };
            let fix = "set ignoreNullValues to \"false\"";
            self.add(
                Code::IgnoreNullValues,
                "ignoreNullValues",
                message,
                fix,
                findings,
            );
        }
        if query::may_have_several_series(&it.query) {
            let message = "the query may answer with several series, which is an error to KEDA";
            let fix = "aggregate it: sum(…) or max(…), without `by`";
            self.add(
                Code::QueryWithoutAggregation,
                "query",
                message,
                fix,
                findings,
            );
        }
        self.own_metrics(&it.query, findings);
        self.activation(
            it.activation_threshold,
            it.threshold,
            "activationThreshold",
            findings,
        );
    }

    /// A workload at zero has no metrics of its own, and if nothing else wakes it, it stays there.
    fn own_metrics(&self, text: &str, findings: &mut Findings) {
        let Some(object) = self.object.filter(|_| self.min_is_zero()) else {
            return;
        };
        let mut others = object.spec.triggers.iter().enumerate();
        let wakes = |it: &(usize, &Trigger)| it.0 != self.at && !it.1.is_resource();
        if others.any(|it| wakes(&it)) {
            return;
        }
        if let Some(label) = query::selects_pods_of(text, &object.spec.target.name) {
            let message = format!(
                "the query reads metrics of {} itself ({label}), which has none at zero replicas, \
                 so that nothing starts it again",
                object.spec.target.name
            );
            let fix = "set minReplicaCount to 1, or measure what waits for it: a queue, an ingress";
            self.add(Code::OwnMetricsAtZero, "query", &message, fix, findings);
        }
    }

    fn activation(&self, activation: f64, threshold: f64, key: &str, findings: &mut Findings) {
        if self.min_is_zero() && activation > threshold && threshold > 0.0 {
            let message = format!(
                "it wakes the workload above {activation}, and asks for more than one replica \
                 above {threshold}; in between nothing runs"
            );
            let fix = format!("set {key} below the threshold");
            self.add(Code::ActivationAboveThreshold, key, &message, fix, findings);
        }
    }

    fn kafka(&self, it: &Kafka, findings: &mut Findings) {
        let (activation, threshold) = (it.activation_lag_threshold, it.lag_threshold);
        let key = "activationLagThreshold";
        self.activation(activation as f64, threshold as f64, key, findings);
        let limitation = self.written.metadata.get("partitionLimitation");
        let limitation = limitation.filter(|it| !it.trim().is_empty());
        let code = Code::KafkaPartitionLimitation;
        let key = "partitionLimitation";
        match (&it.partitions, limitation) {
            (None, Some(_)) => {
                let message = "partitionLimitation has no effect without a topic";
                self.add(code, key, message, "set topic, or remove it", findings);
            }
            (Some(partitions), _) if partitions.iter().next().is_none() => {
                let message = "partitionLimitation leaves no partition, and every read fails";
                self.add(
                    code,
                    key,
                    message,
                    "write ranges from low to high",
                    findings,
                );
            }
            (Some(_), _) => self.above_partitions(it, findings),
            (None, None) => {}
        }
    }

    fn above_partitions(&self, it: &Kafka, findings: &mut Findings) {
        let Some(object) = self.object else {
            return;
        };
        let Some(count) = it.partitions_below_max(&object.spec) else {
            return;
        };
        let max = object.spec.max_or_default();
        let message = format!(
            "spec.maxReplicaCount is {max}, and partitionLimitation leaves {count} partitions: \
             there are never more replicas than these, but for one"
        );
        let fix = format!("set maxReplicaCount to {count}, or allowIdleConsumers to \"true\"");
        let path = FieldPath::of("spec.maxReplicaCount");
        let code = Code::MaxAbovePartitions;
        findings.add(code, self.item.index, path, message, fix);
    }

    fn cron_count(&self, desired: i64, findings: &mut Findings) {
        let Some(object) = self.object else {
            return;
        };
        let max = i64::from(object.spec.max_or_default());
        if desired > max {
            let message = format!("it asks for {desired} replicas, above maxReplicaCount, {max}");
            let fix = "raise maxReplicaCount, or lower desiredReplicas";
            self.add(
                Code::CronAboveMax,
                "desiredReplicas",
                &message,
                fix,
                findings,
            );
        }
    }
}
