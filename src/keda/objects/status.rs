//! What KEDA says of an object.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{object, words};

object! {
    ScaledObjectStatus {
        scale_target_kind: Option<String> = "scaleTargetKind",
        scale_target: Option<TargetResource> = "scaleTargetGVKR",
        /// What `restoreToOriginalReplicaCount` goes back to.
        original_replica_count: Option<i32> = "originalReplicaCount",
        last_active: Option<Timestamp> = "lastActiveTime",
        external_metrics: Vec<String> = "externalMetricNames",
        resource_metrics: Vec<String> = "resourceMetricNames",
        /// The metric of the formula, if there is one.
        composite_scaler: Option<String> = "compositeScalerName",
        conditions: Vec<Condition> = "conditions",
        /// By metric; kept only where a fallback is configured.
        health: BTreeMap<String, Health> = "health",
        /// By metric (2.19).
        triggers_activity: BTreeMap<String, TriggerActivity> = "triggersActivity",
        paused_replica_count: Option<i32> = "pausedReplicaCount",
        hpa_name: Option<String> = "hpaName",
        triggers_types: Option<String> = "triggersTypes",
        authentications_types: Option<String> = "authenticationsTypes",
    }
}

object! {
    ScaledJobStatus {
        last_active: Option<Timestamp> = "lastActiveTime",
        conditions: Vec<Condition> = "conditions",
        /// Written with a capital letter, unlike its neighbors.
        paused: Option<String> = "Paused",
        triggers_types: Option<String> = "triggersTypes",
        authentications_types: Option<String> = "authenticationsTypes",
        external_metrics: Vec<String> = "externalMetricNames",
        triggers_activity: BTreeMap<String, TriggerActivity> = "triggersActivity",
    }
}

object! {
    /// The scale target as the API server resolved it.
    TargetResource {
        group: String = "group",
        version: String = "version",
        kind: String = "kind",
        resource: String = "resource",
    }
}

object! {
    /// One condition; KEDA's have no time of transition.
    Condition {
        kind: Option<ConditionKind> = "type",
        status: Option<ConditionStatus> = "status",
        reason: String = "reason",
        message: String = "message",
    }
}

words! {
    ConditionKind {
        Ready = "Ready",
        Active = "Active",
        Fallback = "Fallback",
        Paused = "Paused",
        /// Mirrors the HPA (2.20.2).
        HpaActive = "HPAActive",
    }
}

words! {
    ConditionStatus {
        True = "True",
        False = "False",
        Unknown = "Unknown",
    }
}

object! {
    /// How reading a metric has gone.
    Health {
        /// Failed reads in a row, of the polling loop and of the HPA alike.
        failures: Option<i32> = "numberOfFailures",
        status: Option<HealthStatus> = "status",
    }
}

words! {
    HealthStatus {
        Happy = "Happy",
        Failing = "Failing",
    }
}

object! {
    TriggerActivity {
        is_active: bool = "isActive",
    }
}

/// The first condition of a kind, if KEDA has set one.
pub(super) fn condition<'a>(
    conditions: &'a [Condition],
    kind: &ConditionKind,
) -> Option<&'a Condition> {
    conditions.iter().find(|it| it.kind.as_ref() == Some(kind))
}

impl ScaledObjectStatus {
    pub fn condition(&self, kind: &ConditionKind) -> Option<&Condition> {
        condition(&self.conditions, kind)
    }
}

impl ScaledJobStatus {
    pub fn condition(&self, kind: &ConditionKind) -> Option<&Condition> {
        condition(&self.conditions, kind)
    }
}
