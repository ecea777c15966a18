//! From history and settings to findings and recommendations. Pure: the same history, settings
//! and time give the same answer, byte for byte.
//!
//! [`load`] turns history into demand; [`needed`] and [`projection`] say what other settings would
//! have done.

pub mod assessment;
pub mod case;
pub mod findings;
pub mod load;
pub mod needed;
pub mod projection;
pub mod scaling;
pub mod sliding;

#[cfg(test)]
mod testing;

use jiff::SignedDuration;

use crate::autoscaler::Autoscaler;
use crate::autoscaler::behavior::scale_down_window;
use assessment::Settings;

/// What an analysis is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// How far back the history is looked at. 14 days: two of every weekday.
    pub window: SignedDuration,
    /// Less known history than this is not judged. 7 days: every weekday once.
    pub min_history: SignedDuration,
    /// Replicas kept beyond what the load asks for, as a share of it. 0.1: the tolerance within
    /// which the controller does not act.
    pub headroom: f64,
    /// The share of replica-hours that a change must save to be worth making. 0.1.
    pub minimum_effect: f64,
    /// Whether a workload that keeps two replicas or more may go down to one. No.
    pub allow_single: bool,
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self {
            window: SignedDuration::from_hours(14 * 24),
            min_history: SignedDuration::from_hours(7 * 24),
            headroom: 0.1,
            minimum_effect: 0.1,
            allow_single: false,
        }
    }
}

/// The settings in force, defaults filled in.
pub fn today(autoscaler: &Autoscaler) -> Settings {
    Settings {
        min_replicas: autoscaler.min,
        max_replicas: autoscaler.max,
        target_cpu_pct: autoscaler.cpu_target().map(|it| it.percent),
        scale_down_cooldown_s: scale_down_window(autoscaler.behavior.as_ref()),
    }
}
