//! `spec.behavior` of an HPA: how fast it may scale, and what it waits for.

use crate::units::Quantity;

/// Both directions; a direction that the object leaves out is `None` and takes the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behavior {
    pub scale_up: Option<Rules>,
    pub scale_down: Option<Rules>,
}

/// The rules of one direction, as written: `None` is "not said".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Seconds, 0 to 3600.
    pub window_seconds: Option<u32>,
    pub select: Option<Select>,
    pub policies: Option<Vec<Policy>>,
    pub tolerance: Option<Quantity>,
}

/// `selectPolicy`: which of several policies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    Max,
    Min,
    Disabled,
}

/// At most this much change within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub amount: Amount,
    /// Seconds, 1 to 1800.
    pub period_seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Pods(u32),
    Percent(u32),
}

/// The scale-down stabilization window of a controller with default flags
/// (`--horizontal-pod-autoscaler-downscale-stabilization`), in seconds.
pub const DEFAULT_SCALE_DOWN_WINDOW: u32 = 300;

/// The scale-down stabilization window in force, in seconds: the default where nothing is said.
pub fn scale_down_window(behavior: Option<&Behavior>) -> u32 {
    behavior
        .and_then(|it| it.scale_down.as_ref())
        .and_then(|it| it.window_seconds)
        .unwrap_or(DEFAULT_SCALE_DOWN_WINDOW)
}
