//! The settings of a ScaledObject as its scale loop needs them, with nothing left to default.

use jiff::SignedDuration;

use super::annotations::Annotations;
use super::fallback::Fallback;

/// Between which counts and how fast a ScaledObject is activated and deactivated.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopSettings {
    /// `minReplicaCount`: 0 where it is not set.
    pub min: i32,
    /// `maxReplicaCount`.
    pub max: i32,
    /// `idleReplicaCount`.
    pub idle: Option<i32>,
    pub polling_interval: SignedDuration,
    pub cooldown: SignedDuration,
    pub initial_cooldown: SignedDuration,
    /// Whether or not it is valid.
    pub fallback: Option<Fallback>,
    pub annotations: Annotations,
}

impl Default for LoopSettings {
    /// Those of an object that sets nothing.
    fn default() -> Self {
        Self {
            min: 0,
            max: 100,
            idle: None,
            polling_interval: SignedDuration::from_secs(30),
            cooldown: SignedDuration::from_secs(300),
            initial_cooldown: SignedDuration::ZERO,
            fallback: None,
            annotations: Annotations::default(),
        }
    }
}

/// Where a target rests while no trigger is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    pub replicas: i32,
    /// Whether that is `idleReplicaCount`.
    pub is_idle: bool,
}

impl LoopSettings {
    /// Where the target rests while no trigger is active.
    pub fn rest(&self) -> Rest {
        Rest {
            replicas: self.idle.unwrap_or(self.min),
            is_idle: self.idle.is_some(),
        }
    }

    /// The count to which a target is activated, and the lowest one of its HPA.
    pub fn active_min(&self) -> i32 {
        self.min.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_rests_at_idle_before_its_minimum() {
        let table = [
            (None, 0, 0, false),
            (None, 2, 2, false),
            (Some(3), 0, 3, true),
            (Some(0), 5, 0, true),
        ];
        for (idle, min, replicas, is_idle) in table {
            let settings = LoopSettings {
                min,
                idle,
                ..LoopSettings::default()
            };
            assert_eq!(settings.rest(), Rest { replicas, is_idle });
            assert_eq!(settings.active_min(), min.max(1));
        }
    }
}
