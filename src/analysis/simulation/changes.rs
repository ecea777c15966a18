//! In which settings two autoscalers differ.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::analysis::settings::keda::{Fallback, KedaSettings};
use crate::autoscaler::behavior::{DEFAULT_DOWN, DEFAULT_UP, Policies, Rules, scale_down_window};
use crate::autoscaler::{Autoscaler, Resource};
use crate::schedule::Plan;
use crate::sim::flags::Flags;

/// A setting that can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knob {
    Min,
    Max,
    Cpu,
    Memory,
    ScaleUpWindow,
    ScaleUpPolicies,
    ScaleUpTolerance,
    ScaleDownWindow,
    ScaleDownPolicies,
    ScaleDownTolerance,
    Thresholds,
    CooldownPeriod,
    PollingInterval,
    Fallback,
    Schedule,
    Startup,
}

/// What it is set to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Replicas, percent or seconds.
    Number(u32),
    Share(f64),
    Policies(Policies),
    /// By the place of their triggers.
    Thresholds(BTreeMap<usize, String>),
    Fallback(Fallback),
    Schedule(Plan),
}

/// `None` where nothing is said, so that the controller's own holds.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    #[serde(skip)]
    pub knob: Knob,
    pub from: Option<Value>,
    pub to: Option<Value>,
}

impl Knob {
    /// By which it is told in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Min => "min_replicas",
            Self::Max => "max_replicas",
            Self::Cpu => "target_cpu_pct",
            Self::Memory => "target_memory_pct",
            Self::ScaleUpWindow => "scale_up_window_s",
            Self::ScaleUpPolicies => "scale_up_policies",
            Self::ScaleUpTolerance => "scale_up_tolerance",
            Self::ScaleDownWindow => "scale_down_cooldown_s",
            Self::ScaleDownPolicies => "scale_down_policies",
            Self::ScaleDownTolerance => "scale_down_tolerance",
            Self::Thresholds => "trigger_thresholds",
            Self::CooldownPeriod => "cooldown_period_s",
            Self::PollingInterval => "polling_interval_s",
            Self::Fallback => "fallback",
            Self::Schedule => "schedule",
            Self::Startup => "startup_s",
        }
    }

    /// Those that an autoscaler has.
    const ALL: [Self; 15] = [
        Self::Min,
        Self::Max,
        Self::Cpu,
        Self::Memory,
        Self::ScaleUpWindow,
        Self::ScaleUpPolicies,
        Self::ScaleUpTolerance,
        Self::ScaleDownWindow,
        Self::ScaleDownPolicies,
        Self::ScaleDownTolerance,
        Self::Thresholds,
        Self::CooldownPeriod,
        Self::PollingInterval,
        Self::Fallback,
        Self::Schedule,
    ];

    /// What `autoscaler` has it set to, the defaults of numbers filled in.
    fn of(self, autoscaler: &Autoscaler) -> Option<Value> {
        let behavior = autoscaler.behavior.as_ref();
        let up = behavior.and_then(|it| it.scale_up.as_ref());
        let down = behavior.and_then(|it| it.scale_down.as_ref());
        match self {
            Self::Min => Some(Value::Number(autoscaler.min.0)),
            Self::Max => Some(Value::Number(autoscaler.max.0)),
            Self::Cpu => autoscaler.utilization(&Resource::Cpu).map(Value::Number),
            Self::Memory => autoscaler.utilization(&Resource::Memory).map(Value::Number),
            Self::ScaleUpWindow => {
                let window = up.and_then(|it| it.window_seconds);
                Some(Value::Number(window.unwrap_or(0)))
            }
            Self::ScaleDownWindow => Some(Value::Number(scale_down_window(behavior))),
            Self::ScaleUpPolicies => {
                let policies = up.and_then(|it| it.written_policies(&DEFAULT_UP));
                policies.map(Value::Policies)
            }
            Self::ScaleDownPolicies => {
                let policies = down.and_then(|it| it.written_policies(&DEFAULT_DOWN));
                policies.map(Value::Policies)
            }
            Self::ScaleUpTolerance => Some(tolerance(up)),
            Self::ScaleDownTolerance => Some(tolerance(down)),
            Self::Thresholds | Self::CooldownPeriod | Self::PollingInterval | Self::Fallback => {
                self.of_keda(autoscaler)
            }
            Self::Schedule => {
                let schedule = &autoscaler.schedule;
                (!schedule.is_empty()).then(|| Value::Schedule(schedule.clone()))
            }
            // Of the pods, not of the autoscaler.
            Self::Startup => None,
        }
    }

    /// The same of what only KEDA has.
    fn of_keda(self, autoscaler: &Autoscaler) -> Option<Value> {
        let keda = autoscaler.keda.as_deref().map(KedaSettings::of)?;
        match self {
            Self::Thresholds => Some(Value::Thresholds(keda.trigger_thresholds)),
            Self::CooldownPeriod => Some(Value::Number(keda.cooldown_period_s)),
            Self::PollingInterval => Some(Value::Number(keda.polling_interval_s)),
            Self::Fallback => keda.fallback.map(Value::Fallback),
            Self::Min
            | Self::Max
            | Self::Cpu
            | Self::Memory
            | Self::ScaleUpWindow
            | Self::ScaleUpPolicies
            | Self::ScaleUpTolerance
            | Self::ScaleDownWindow
            | Self::ScaleDownPolicies
            | Self::ScaleDownTolerance
            | Self::Schedule
            | Self::Startup => None,
        }
    }
}

fn tolerance(rules: Option<&Rules>) -> Value {
    let own = rules.and_then(|it| it.tolerance);
    Value::Share(own.map_or(Flags::default().tolerance, |it| it.as_f64()))
}

/// Writes changes as a map by the keys of their knobs.
pub fn by_key<S: Serializer>(changes: &[Change], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(changes.iter().map(|it| (it.knob.key(), it)))
}

/// What differs, in the order of the knobs.
pub fn changes(from: &Autoscaler, to: &Autoscaler) -> Vec<Change> {
    let change = |knob: Knob| {
        let (from, to) = (knob.of(from), knob.of(to));
        (from != to).then_some(Change { knob, from, to })
    };
    Knob::ALL.into_iter().filter_map(change).collect()
}
