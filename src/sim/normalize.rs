//! From a recommendation to the count that is asked for: stabilization, then limits.

use jiff::Timestamp;

use super::condition::Reason;
use super::flags::Flags;
use super::limits::{Range, limit, limit_with};
use super::memory::Past;
use super::settings::Settings;
use super::stabilize::{stabilize, stabilize_with};

/// A count with what held it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalized {
    pub replicas: i32,
    /// Why it is not the recommendation, before limits.
    pub stabilized: Reason,
    /// Why it is not the stabilized count.
    pub limited: Reason,
    /// Whether a limit changed the count.
    pub is_limited: bool,
}

/// Stabilizes `recommended`, records it, and limits the outcome.
///
/// Mirrors `normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors`
/// (`horizontal.go`, v1.36), except that `now` is an argument.
pub fn normalize(
    settings: &Settings,
    flags: &Flags,
    past: &mut impl Past,
    current: i32,
    recommended: i32,
    now: Timestamp,
) -> Normalized {
    let range = Range {
        min: settings.min,
        max: settings.max,
    };
    let (held, limited) = match &settings.pace {
        None => {
            let held = stabilize(past, recommended, flags.downscale_stabilization, now);
            (held, limit(range, current, held.replicas))
        }
        Some(pace) => {
            let held = stabilize_with(pace, past, current, recommended, now);
            let limited = limit_with(pace, past, range, current, held.replicas, now);
            (held, limited)
        }
    };
    Normalized {
        replicas: limited.replicas,
        stabilized: held.because,
        limited: limited.because,
        is_limited: limited.replicas != held.replicas,
    }
}
