//! The ScaledObject.

use jiff::SignedDuration;
use serde_json::Value;

use super::field::{FieldErrors, read_whole};
use super::{Metadata, Pause, ScaledObjectStatus, Trigger, object, words};

/// A ScaledObject: a workload, the triggers that it is scaled by, and the bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaledObject {
    pub metadata: Metadata,
    pub spec: ScaledObjectSpec,
    pub status: ScaledObjectStatus,
}

object! {
    ScaledObjectSpec {
        target: ScaleTarget = "scaleTargetRef",
        /// Seconds between two passes of the scale loop.
        polling_interval: Option<i32> = "pollingInterval",
        /// Seconds from the last activity to the step to zero or idle.
        cooldown_period: Option<i32> = "cooldownPeriod",
        /// Seconds from creation to the first step to zero or idle (2.14).
        initial_cooldown_period: Option<i32> = "initialCooldownPeriod",
        idle_replica_count: Option<i32> = "idleReplicaCount",
        min_replica_count: Option<i32> = "minReplicaCount",
        max_replica_count: Option<i32> = "maxReplicaCount",
        fallback: Option<Fallback> = "fallback",
        advanced: Option<Advanced> = "advanced",
        triggers: Vec<Trigger> = "triggers",
    }
}

object! {
    /// What is scaled: anything with a scale subresource.
    ScaleTarget {
        name: String = "name",
        api_version: Option<String> = "apiVersion",
        kind: Option<String> = "kind",
        /// The container whose environment triggers read; the first one where it is unset.
        env_source_container: Option<String> = "envSourceContainerName",
    }
}

object! {
    /// What to do while a trigger's source fails.
    Fallback {
        /// It is used once *more* reads than this failed in a row.
        failure_threshold: i32 = "failureThreshold",
        replicas: i32 = "replicas",
        behavior: Option<FallbackBehavior> = "behavior",
    }
}

words! {
    /// How many replicas a fallback means (2.17).
    FallbackBehavior {
        Static = "static",
        CurrentReplicas = "currentReplicas",
        CurrentReplicasIfHigher = "currentReplicasIfHigher",
        CurrentReplicasIfLower = "currentReplicasIfLower",
        /// A failing trigger is nil in the formula (2.20).
        ScalingModifiers = "scalingModifiers",
    }
}

object! {
    Advanced {
        restore_to_original_replica_count: bool = "restoreToOriginalReplicaCount",
        hpa: Option<HpaConfig> = "horizontalPodAutoscalerConfig",
        modifiers: Option<ScalingModifiers> = "scalingModifiers",
    }
}

object! {
    HpaConfig {
        name: Option<String> = "name",
        /// The behavior of `autoscaling/v2`, which KEDA copies unchanged.
        behavior: Option<Value> = "behavior",
    }
}

object! {
    /// One metric made of several by a formula (2.12).
    ScalingModifiers {
        formula: Option<String> = "formula",
        target: Option<String> = "target",
        activation_target: Option<String> = "activationTarget",
        metric_type: Option<ModifiersMetricType> = "metricType",
    }
}

words! {
    ModifiersMetricType {
        AverageValue = "AverageValue",
        Value = "Value",
    }
}

impl ScaledObject {
    /// Reads an object of this kind; API version and kind are not looked at.
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| Self {
            metadata: root.get("metadata").read(),
            spec: root.get("spec").read(),
            status: root.get("status").read(),
        })
    }

    /// How its annotations pause it.
    pub fn pause(&self) -> Pause {
        Pause::of_scaled_object(&self.metadata)
    }

    /// The name of the HPA that KEDA makes: the one that is given, or one made of its own.
    pub fn hpa_name(&self) -> String {
        let given = self.spec.given_hpa_name().map(str::to_owned);
        given.unwrap_or_else(|| format!("keda-hpa-{}", self.metadata.name))
    }
}

impl ScaledObjectSpec {
    pub const DEFAULT_POLLING_INTERVAL: SignedDuration = SignedDuration::from_secs(30);
    pub const DEFAULT_COOLDOWN_PERIOD: SignedDuration = SignedDuration::from_secs(300);
    pub const DEFAULT_INITIAL_COOLDOWN_PERIOD: SignedDuration = SignedDuration::ZERO;
    pub const DEFAULT_MIN_REPLICA_COUNT: i32 = 0;
    pub const DEFAULT_MAX_REPLICA_COUNT: i32 = 100;

    pub fn polling_interval_or_default(&self) -> SignedDuration {
        seconds_or(self.polling_interval, Self::DEFAULT_POLLING_INTERVAL)
    }

    pub fn cooldown_period_or_default(&self) -> SignedDuration {
        seconds_or(self.cooldown_period, Self::DEFAULT_COOLDOWN_PERIOD)
    }

    pub fn initial_cooldown_period_or_default(&self) -> SignedDuration {
        let default = Self::DEFAULT_INITIAL_COOLDOWN_PERIOD;
        seconds_or(self.initial_cooldown_period, default)
    }

    pub fn min_or_default(&self) -> i32 {
        let default = Self::DEFAULT_MIN_REPLICA_COUNT;
        self.min_replica_count.unwrap_or(default)
    }

    pub fn max_or_default(&self) -> i32 {
        let default = Self::DEFAULT_MAX_REPLICA_COUNT;
        self.max_replica_count.unwrap_or(default)
    }

    /// The least that the HPA may set: an HPA does not go below one.
    pub fn hpa_min_replicas(&self) -> i32 {
        self.min_or_default().max(1)
    }

    /// The name of the HPA where one is given that is not empty.
    pub fn given_hpa_name(&self) -> Option<&str> {
        let config = self.advanced.as_ref()?.hpa.as_ref()?;
        config.name.as_deref().filter(|it| !it.is_empty())
    }

    /// The behavior of the HPA, if there is one.
    pub fn hpa_behavior(&self) -> Option<&Value> {
        self.advanced.as_ref()?.hpa.as_ref()?.behavior.as_ref()
    }

    /// The formula and what belongs to it, where KEDA takes it as used: once any field of it is
    /// not empty.
    pub fn used_modifiers(&self) -> Option<&ScalingModifiers> {
        let modifiers = self.advanced.as_ref()?.modifiers.as_ref()?;
        modifiers.is_used().then_some(modifiers)
    }
}

impl ScaleTarget {
    pub const DEFAULT_API_VERSION: &'static str = "apps/v1";
    pub const DEFAULT_KIND: &'static str = "Deployment";

    pub fn api_version_or_default(&self) -> &str {
        filled(self.api_version.as_deref()).unwrap_or(Self::DEFAULT_API_VERSION)
    }

    pub fn kind_or_default(&self) -> &str {
        filled(self.kind.as_deref()).unwrap_or(Self::DEFAULT_KIND)
    }
}

impl Fallback {
    pub fn behavior_or_default(&self) -> FallbackBehavior {
        match &self.behavior {
            Some(FallbackBehavior::Other(word)) if word.is_empty() => FallbackBehavior::Static,
            Some(behavior) => behavior.clone(),
            None => FallbackBehavior::Static,
        }
    }
}

impl ScalingModifiers {
    /// The formula, if it is not empty.
    pub fn given_formula(&self) -> Option<&str> {
        filled(self.formula.as_deref())
    }

    /// The target, if it is not empty.
    pub fn given_target(&self) -> Option<&str> {
        filled(self.target.as_deref())
    }

    pub fn metric_type_or_default(&self) -> ModifiersMetricType {
        match &self.metric_type {
            Some(ModifiersMetricType::Other(word)) if word.is_empty() => {
                ModifiersMetricType::AverageValue
            }
            Some(metric_type) => metric_type.clone(),
            None => ModifiersMetricType::AverageValue,
        }
    }

    fn is_used(&self) -> bool {
        let metric_type = self.metric_type.as_ref().map(ModifiersMetricType::word);
        let texts = [&self.formula, &self.target, &self.activation_target];
        let texts = texts.into_iter().map(Option::as_deref);
        texts.chain([metric_type]).any(|it| filled(it).is_some())
    }
}

/// A text that is not empty: KEDA takes empty ones as unset.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|it| !it.is_empty())
}

pub(super) fn seconds_or(seconds: Option<i32>, default: SignedDuration) -> SignedDuration {
    let given = seconds.map(|it| SignedDuration::from_secs(it.into()));
    given.unwrap_or(default)
}
