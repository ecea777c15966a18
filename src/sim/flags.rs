//! How a controller was started: its flags and feature gates.

use jiff::SignedDuration;

/// Flags and gates of `kube-controller-manager` that change what an HPA does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flags {
    /// `--horizontal-pod-autoscaler-tolerance`, in both directions.
    pub tolerance: f64,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`.
    pub cpu_initialization: SignedDuration,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`.
    pub initial_readiness_delay: SignedDuration,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`.
    pub downscale_stabilization: SignedDuration,
    /// The gate `HPAScaleToZero`, alpha in v1.36.
    pub scale_to_zero: bool,
    /// The gate `HPAConfigurableTolerance`, beta since v1.35.
    pub configurable_tolerance: bool,
    /// The gate `PodLevelResources`, beta since v1.34.
    pub pod_level_resources: bool,
}

/// How often a controller looks at each HPA (`--horizontal-pod-autoscaler-sync-period`).
pub const SYNC_PERIOD: SignedDuration = SignedDuration::from_secs(15);

impl Default for Flags {
    /// Those of v1.36.
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            cpu_initialization: SignedDuration::from_secs(300),
            initial_readiness_delay: SignedDuration::from_secs(30),
            downscale_stabilization: SignedDuration::from_secs(300),
            scale_to_zero: false,
            configurable_tolerance: true,
            pod_level_resources: true,
        }
    }
}
