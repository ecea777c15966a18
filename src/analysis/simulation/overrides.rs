//! Settings in place of those that an autoscaler has.

use super::Error;
use crate::autoscaler::behavior::{Behavior, Policy, Rules, Select};
use crate::autoscaler::{Autoscaler, Resource};
use crate::units::{Quantity, Replicas};

/// What is to be other than it is; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    pub min: Option<Replicas>,
    pub max: Option<Replicas>,
    /// Percent of the request.
    pub cpu: Option<u32>,
    /// Percent of the request.
    pub memory: Option<u32>,
    pub scale_up: RuleOverrides,
    pub scale_down: RuleOverrides,
}

/// What is to be other in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleOverrides {
    /// Seconds, 0 to 3600.
    pub window_seconds: Option<u32>,
    pub select: Option<Select>,
    /// In place of all that there are; empty to leave those.
    pub policies: Vec<Policy>,
    pub tolerance: Option<Quantity>,
}

impl Overrides {
    /// `autoscaler` with these settings. What is not said stays as it is written, also what is not
    /// written.
    ///
    /// # Errors
    ///
    /// Where it has no target for a resource that is to have another, or no count is between the
    /// limits.
    pub fn apply(&self, autoscaler: &Autoscaler) -> Result<Autoscaler, Error> {
        let mut changed = autoscaler.clone();
        changed.min = self.min.unwrap_or(changed.min);
        changed.max = self.max.unwrap_or(changed.max);
        let (min, max) = (changed.min, changed.max);
        if (self.min.is_some() || self.max.is_some()) && min > max {
            return Err(Error::MinAboveMax { min, max });
        }
        for (resource, percent) in [(Resource::Cpu, self.cpu), (Resource::Memory, self.memory)] {
            if let Some(percent) = percent
                && !changed.set_utilization(&resource, percent)
            {
                return Err(Error::NoTarget { resource });
            }
        }
        if self.scale_up != RuleOverrides::default() {
            let behavior = changed.behavior.get_or_insert_default();
            self.scale_up
                .apply(behavior.scale_up.get_or_insert_default());
        }
        if self.scale_down != RuleOverrides::default() {
            let behavior: &mut Behavior = changed.behavior.get_or_insert_default();
            self.scale_down
                .apply(behavior.scale_down.get_or_insert_default());
        }
        Ok(changed)
    }
}

impl RuleOverrides {
    fn apply(&self, rules: &mut Rules) {
        rules.window_seconds = self.window_seconds.or(rules.window_seconds);
        rules.select = self.select.or(rules.select);
        rules.tolerance = self.tolerance.or(rules.tolerance);
        if !self.policies.is_empty() {
            rules.policies = Some(self.policies.clone());
        }
    }
}
