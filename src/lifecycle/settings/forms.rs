//! The kinds of autoscalers, each with its table of settings.

use serde_json::Value;

use super::field::{Form, MOST, Place, whole};
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::behavior::{DEFAULT_DOWN, DEFAULT_SCALE_DOWN_WINDOW, DEFAULT_UP};
use crate::lifecycle::diff::Key;

const UP: &[&str] = &["spec", "behavior", "scaleUp"];
const DOWN: &[&str] = &["spec", "behavior", "scaleDown"];
const DOWN_WINDOW: &[&str] = &[
    "spec",
    "behavior",
    "scaleDown",
    "stabilizationWindowSeconds",
];

/// autoscaling/v2. Ranges as `ValidateHorizontalPodAutoscaler` of Kubernetes v1.36 has them; whether
/// a minimum of 0 is allowed depends on the cluster, so that the server decides it.
pub(super) const HPA: Form = Form {
    api_version: "autoscaling/v2",
    required: &["scaleTargetRef", "maxReplicas"],
    parts: &[
        "/spec/minReplicas",
        "/spec/maxReplicas",
        "/spec/metrics",
        "/spec/behavior",
    ],
    kind: AutoscalerKind::HorizontalPodAutoscaler,
    places: &[
        (
            Key::MinReplicas,
            Place::Number {
                path: &["spec", "minReplicas"],
                absent: 1,
                range: 0..=MOST,
            },
        ),
        (
            Key::MaxReplicas,
            Place::Number {
                path: &["spec", "maxReplicas"],
                absent: 0,
                range: 1..=MOST,
            },
        ),
        (Key::TargetCpuPct, Place::CpuMetric),
        (
            Key::ScaleDownCooldownS,
            Place::Number {
                path: DOWN_WINDOW,
                absent: DEFAULT_SCALE_DOWN_WINDOW,
                range: 0..=3600,
            },
        ),
        (
            Key::ScaleUpPolicies,
            Place::Policies {
                path: UP,
                default: &DEFAULT_UP,
            },
        ),
        (
            Key::ScaleDownPolicies,
            Place::Policies {
                path: DOWN,
                default: &DEFAULT_DOWN,
            },
        ),
    ],
};

const KEDA_UP: &[&str] = &[
    "spec",
    "advanced",
    "horizontalPodAutoscalerConfig",
    "behavior",
    "scaleUp",
];
const KEDA_DOWN: &[&str] = &[
    "spec",
    "advanced",
    "horizontalPodAutoscalerConfig",
    "behavior",
    "scaleDown",
];
const KEDA_DOWN_WINDOW: &[&str] = &[
    "spec",
    "advanced",
    "horizontalPodAutoscalerConfig",
    "behavior",
    "scaleDown",
    "stabilizationWindowSeconds",
];

/// keda.sh/v1alpha1. Defaults and ranges as KEDA's CRD and its webhook have them.
pub(super) const SCALED_OBJECT: Form = Form {
    api_version: "keda.sh/v1alpha1",
    required: &["scaleTargetRef", "triggers"],
    parts: &[
        "/spec/minReplicaCount",
        "/spec/maxReplicaCount",
        "/spec/triggers",
        "/spec/cooldownPeriod",
        "/spec/pollingInterval",
        "/spec/fallback",
        "/spec/advanced/horizontalPodAutoscalerConfig/behavior",
    ],
    kind: AutoscalerKind::ScaledObject,
    places: &[
        (Key::MinReplicas, MIN_COUNT),
        (Key::MaxReplicas, MAX_COUNT),
        (Key::TargetCpuPct, Place::CpuTrigger),
        (
            Key::ScaleDownCooldownS,
            Place::Number {
                path: KEDA_DOWN_WINDOW,
                absent: DEFAULT_SCALE_DOWN_WINDOW,
                range: 0..=3600,
            },
        ),
        (
            Key::ScaleUpPolicies,
            Place::Policies {
                path: KEDA_UP,
                default: &DEFAULT_UP,
            },
        ),
        (
            Key::ScaleDownPolicies,
            Place::Policies {
                path: KEDA_DOWN,
                default: &DEFAULT_DOWN,
            },
        ),
        (Key::TriggerThresholds, Place::Thresholds),
        (
            Key::CooldownPeriodS,
            Place::Number {
                path: &["spec", "cooldownPeriod"],
                absent: 300,
                range: 0..=MOST,
            },
        ),
        (Key::PollingIntervalS, POLLING),
        (
            Key::Fallback,
            Place::Whole {
                path: &["spec", "fallback"],
                is_good: is_fallback,
            },
        ),
    ],
};

pub(super) const SCALED_JOB: Form = Form {
    api_version: "keda.sh/v1alpha1",
    required: &["jobTargetRef", "triggers"],
    parts: &[
        "/spec/minReplicaCount",
        "/spec/maxReplicaCount",
        "/spec/triggers",
        "/spec/pollingInterval",
        "/spec/scalingStrategy",
    ],
    kind: AutoscalerKind::ScaledJob,
    places: &[
        (Key::MinReplicas, MIN_COUNT),
        (Key::MaxReplicas, MAX_COUNT),
        (Key::TriggerThresholds, Place::Thresholds),
        (Key::PollingIntervalS, POLLING),
        (
            Key::ScalingStrategy,
            Place::Word {
                path: &["spec", "scalingStrategy", "strategy"],
                words: &["default", "custom", "accurate", "eager"],
            },
        ),
    ],
};

const MIN_COUNT: Place = Place::Number {
    path: &["spec", "minReplicaCount"],
    absent: 0,
    range: 0..=MOST,
};
const MAX_COUNT: Place = Place::Number {
    path: &["spec", "maxReplicaCount"],
    absent: 100,
    range: 1..=MOST,
};
const POLLING: Place = Place::Number {
    path: &["spec", "pollingInterval"],
    absent: 30,
    range: 1..=MOST,
};

/// Whether KEDA takes it: both counts, and one of the ways to count.
fn is_fallback(value: &Value) -> bool {
    const BEHAVIORS: [&str; 5] = [
        "static",
        "currentReplicas",
        "currentReplicasIfHigher",
        "currentReplicasIfLower",
        "scalingModifiers",
    ];
    let is_count = |key| {
        value
            .get(key)
            .and_then(|it| whole(it, &(0..=MOST)))
            .is_some()
    };
    let behavior = value.get("behavior");
    is_count("failureThreshold")
        && is_count("replicas")
        && behavior.is_none_or(|it| it.as_str().is_some_and(|it| BEHAVIORS.contains(&it)))
}
