//! Settings in place of those that an autoscaler has.

use super::Error;
use crate::analysis::settings::Settings;
use crate::analysis::settings::keda::Fallback;
use crate::autoscaler::behavior::{Behavior, Policy, Rules, Select};
use crate::autoscaler::{Autoscaler, Resource};
use crate::keda::trigger::threshold;
use crate::schedule::Plan;
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
    pub keda: KedaOverrides,
    /// In place of the one that there is; empty to leave that.
    pub schedule: Plan,
}

/// What is to be other of a ScaledObject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KedaOverrides {
    /// What one replica is for, of the triggers of that name or at that place.
    pub thresholds: Vec<(String, f64)>,
    /// Seconds.
    pub cooldown_period: Option<u32>,
    pub polling_interval: Option<u32>,
    pub fallback_replicas: Option<u32>,
    /// As many failures in a row are endured.
    pub fallback_after: Option<u32>,
}

/// Failures that a fallback endures of which nobody says how many.
const ENDURED: u32 = 3;

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
    /// limits, or what only KEDA has is to be other of what KEDA does not scale.
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
        if self.min == Some(Replicas(0)) && autoscaler.keda.is_none() {
            return Err(Error::ZeroMin);
        }
        if !self.schedule.is_empty() {
            refuse_unkept(&self.schedule, autoscaler)?;
            changed.schedule.clone_from(&self.schedule);
        }
        self.keda.apply(&changed)
    }
}

/// Of a ScaledObject, `cron` triggers keep a schedule, and they have no part in a formula.
fn refuse_unkept(schedule: &Plan, autoscaler: &Autoscaler) -> Result<(), Error> {
    let Some(scaled) = &autoscaler.keda else {
        return Ok(());
    };
    if scaled.spec.used_modifiers().is_some() {
        return Err(Error::FormulaAndSchedule);
    }
    let windows = schedule.windows().iter();
    let mut starts = windows.filter(|it| it.end_cron().is_none());
    match starts.next().map(|it| it.written().start_cron.clone()) {
        Some(start) => Err(Error::NoEnd { start }),
        None => Ok(()),
    }
}

impl KedaOverrides {
    fn apply(&self, autoscaler: &Autoscaler) -> Result<Autoscaler, Error> {
        let mut settings = Settings::of(autoscaler);
        if *self == Self::default() {
            return Ok(autoscaler.clone());
        }
        let keda = settings.keda.as_mut().ok_or(Error::NoKeda)?;
        for (name, value) in &self.thresholds {
            let (index, text) = threshold(autoscaler, name, *value)?;
            keda.trigger_thresholds.insert(index, text);
        }
        keda.cooldown_period_s = self.cooldown_period.unwrap_or(keda.cooldown_period_s);
        keda.polling_interval_s = self.polling_interval.unwrap_or(keda.polling_interval_s);
        keda.fallback = self.fallback(keda.fallback.take())?;
        Ok(settings.apply(autoscaler))
    }

    fn fallback(&self, today: Option<Fallback>) -> Result<Option<Fallback>, Error> {
        let (replicas, after) = (self.fallback_replicas, self.fallback_after);
        match (today, replicas) {
            (None, None) if after.is_some() => Err(Error::NoFallback),
            (None, None) => Ok(None),
            (None, Some(replicas)) => Ok(Some(Fallback {
                failure_threshold: after.unwrap_or(ENDURED),
                replicas,
                behavior: None,
            })),
            (Some(today), replicas) => Ok(Some(Fallback {
                failure_threshold: after.unwrap_or(today.failure_threshold),
                replicas: replicas.unwrap_or(today.replicas),
                ..today
            })),
        }
    }
}

/// The place of the trigger that `name` means, and the value as its type writes it.
fn threshold(autoscaler: &Autoscaler, name: &str, value: f64) -> Result<(usize, String), Error> {
    let missing = || Error::NoThreshold {
        trigger: name.to_owned(),
    };
    let spec = &autoscaler.keda.as_ref().ok_or(Error::NoKeda)?.spec;
    let named = spec
        .triggers
        .iter()
        .position(|it| it.given_name() == Some(name));
    let index = named.or_else(|| name.parse().ok()).ok_or_else(missing)?;
    let trigger = spec.triggers.get(index).ok_or_else(missing)?;
    let found = threshold::of(&trigger.kind, &trigger.metadata).ok_or_else(missing)?;
    Ok((index, found.written(value).ok_or_else(missing)?))
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
