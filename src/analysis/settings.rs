//! The settings of an autoscaler that a recommendation may change, and how to change them.
//!
//! Those that only KEDA has are in [`keda`].

pub mod keda;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::autoscaler::behavior::{
    Behavior, DEFAULT_DOWN, DEFAULT_UP, Policies, Rules, scale_down_window,
};
use crate::autoscaler::{Autoscaler, Resource};
use crate::keda::objects::ScaledJob;
use crate::schedule::Plan;
use crate::units::Replicas;
use keda::KedaSettings;

/// What is scaled between, when, and how fast.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub min_replicas: Replicas,
    pub max_replicas: Replicas,
    /// Percent of the request; `None` where no CPU utilization is targeted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cpu_pct: Option<u32>,
    /// The scale-down stabilization window in seconds.
    pub scale_down_cooldown_s: u32,
    /// `None` where the object says nothing of them, so that the controller's own hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<Policies>,
    /// `None` where the object says nothing of them, so that the controller's own hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<Policies>,
    /// `None` for what KEDA does not scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keda: Option<KedaSettings>,
    /// Of a ScaledJob, how running jobs count; `None` where the object says nothing, and for other
    /// kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_strategy: Option<String>,
    /// Of a ScaledJob, the seconds between two looks at its triggers; `None` for other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polling_interval_s: Option<u32>,
    /// When more than the minimum is kept.
    #[serde(skip_serializing_if = "Plan::is_empty")]
    pub schedule: Plan,
}

/// One of the fields of [`Settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    MinReplicas,
    MaxReplicas,
    TargetCpu,
    ScaleDownCooldown,
    ScaleUpPolicies,
    ScaleDownPolicies,
    TriggerThresholds,
    CooldownPeriod,
    PollingInterval,
    Fallback,
    ScalingStrategy,
    Schedule,
}

impl Settings {
    /// Those in force, the defaults of numbers filled in.
    pub fn of(autoscaler: &Autoscaler) -> Self {
        if let Some(jobs) = &autoscaler.jobs {
            return Self::of_jobs(jobs);
        }
        let behavior = autoscaler.behavior.as_ref();
        let up = behavior.and_then(|it| it.scale_up.as_ref());
        let down = behavior.and_then(|it| it.scale_down.as_ref());
        Self {
            min_replicas: autoscaler.min,
            max_replicas: autoscaler.max,
            target_cpu_pct: autoscaler.cpu_target().map(|it| it.percent),
            scale_down_cooldown_s: scale_down_window(behavior),
            scale_up: up.and_then(|it| it.written_policies(&DEFAULT_UP)),
            scale_down: down.and_then(|it| it.written_policies(&DEFAULT_DOWN)),
            keda: autoscaler.keda.as_deref().map(KedaSettings::of),
            scaling_strategy: None,
            polling_interval_s: None,
            schedule: autoscaler.schedule.clone(),
        }
    }

    /// Those of a ScaledJob, which has no window and no policies.
    pub fn of_jobs(object: &ScaledJob) -> Self {
        let spec = &object.spec;
        let count = |it: i32| it.max(0).unsigned_abs();
        let strategy = spec.scaling_strategy.strategy.as_ref();
        let polling = spec.polling_interval_or_default().as_secs();
        Self {
            min_replicas: Replicas(count(spec.min_or_default())),
            max_replicas: Replicas(count(spec.max_or_default())),
            target_cpu_pct: None,
            scale_down_cooldown_s: 0,
            scale_up: None,
            scale_down: None,
            keda: None,
            scaling_strategy: strategy.map(|it| it.word().to_owned()),
            polling_interval_s: Some(u32::try_from(polling).unwrap_or(0)),
            schedule: Plan::default(),
        }
    }

    /// `autoscaler` with these settings. What they do not change stays as it is written, also
    /// what is not written.
    pub fn apply(&self, autoscaler: &Autoscaler) -> Autoscaler {
        let today = Self::of(autoscaler);
        let mut changed = autoscaler.clone();
        changed.min = self.min_replicas;
        changed.max = self.max_replicas;
        changed.schedule.clone_from(&self.schedule);
        if let Some(percent) = self.target_cpu_pct {
            changed.set_utilization(&Resource::Cpu, percent);
        }
        let fields = self.changes(&today);
        if let Some(scaled) = changed.keda.as_mut().filter(|_| !fields.is_empty()) {
            keda::apply(self, &fields, Arc::make_mut(scaled), &mut changed.metrics);
        }
        for field in fields {
            match field {
                Field::MinReplicas
                | Field::MaxReplicas
                | Field::TargetCpu
                | Field::TriggerThresholds
                | Field::CooldownPeriod
                | Field::PollingInterval
                | Field::Fallback
                | Field::Schedule => {}
                Field::ScaleDownCooldown => {
                    let window = Some(self.scale_down_cooldown_s);
                    down(&mut changed.behavior).window_seconds = window;
                }
                Field::ScaleUpPolicies => {
                    set_policies(up(&mut changed.behavior), self.scale_up.as_ref());
                }
                Field::ScaleDownPolicies => {
                    set_policies(down(&mut changed.behavior), self.scale_down.as_ref());
                }
                // What a replay of jobs takes from here by itself.
                Field::ScalingStrategy => {}
            }
        }
        changed
    }

    /// The fields in which these differ from `other`, in their order.
    pub fn changes(&self, other: &Self) -> Vec<Field> {
        [
            (Field::MinReplicas, self.min_replicas != other.min_replicas),
            (Field::MaxReplicas, self.max_replicas != other.max_replicas),
            (
                Field::TargetCpu,
                self.target_cpu_pct != other.target_cpu_pct,
            ),
            (
                Field::ScaleDownCooldown,
                self.scale_down_cooldown_s != other.scale_down_cooldown_s,
            ),
            (Field::ScaleUpPolicies, self.scale_up != other.scale_up),
            (
                Field::ScaleDownPolicies,
                self.scale_down != other.scale_down,
            ),
            (
                Field::ScalingStrategy,
                self.scaling_strategy != other.scaling_strategy,
            ),
            (
                Field::PollingInterval,
                self.polling_interval_s != other.polling_interval_s,
            ),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .chain(keda::changes(self.keda.as_ref(), other.keda.as_ref()))
        .chain((self.schedule != other.schedule).then_some(Field::Schedule))
        .collect()
    }
}

fn up(behavior: &mut Option<Behavior>) -> &mut Rules {
    let behavior = behavior.get_or_insert_default();
    behavior.scale_up.get_or_insert_default()
}

fn down(behavior: &mut Option<Behavior>) -> &mut Rules {
    let behavior = behavior.get_or_insert_default();
    behavior.scale_down.get_or_insert_default()
}

fn set_policies(rules: &mut Rules, to: Option<&Policies>) {
    rules.select = to.map(|it| it.select);
    rules.policies = to.map(|it| it.policies.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, cpu};
    use crate::autoscaler::behavior::{Amount, Policy, Select};
    use crate::autoscaler::{Metric, Target};
    use crate::units::Quantity;

    fn slowly() -> Policies {
        Policies {
            select: Select::Min,
            policies: vec![Policy {
                amount: Amount::Pods(1),
                period_seconds: 60,
            }],
        }
    }

    fn autoscaler() -> Autoscaler {
        let queue = Metric::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("5".parse().unwrap()),
        };
        Scene::new(|_| 1.0, |_| 2.0)
            .metrics(vec![queue, cpu(70)])
            .subject
            .autoscaler
    }

    #[test]
    fn what_is_set_is_what_is_read_back() {
        let to = Settings {
            min_replicas: Replicas(3),
            max_replicas: Replicas(30),
            target_cpu_pct: Some(55),
            scale_down_cooldown_s: 600,
            scale_up: Some(slowly()),
            scale_down: Some(slowly()),
            keda: None,
            scaling_strategy: None,
            polling_interval_s: None,
            schedule: crate::analysis::testing::plan(&[("0 8 * * *", 60, 5)]),
        };
        let changed = to.apply(&autoscaler());
        assert_eq!(Settings::of(&changed), to);
        assert_eq!(changed.metrics[0], autoscaler().metrics[0]);
        assert_eq!(to.changes(&Settings::of(&autoscaler())).len(), 7);
    }

    #[test]
    fn without_a_change_nothing_is_written() {
        let before = autoscaler();
        assert_eq!(Settings::of(&before).apply(&before), before);
        // A behavior, once there, changes how fast is scaled: none is made for a new minimum.
        let to = Settings {
            min_replicas: Replicas(1),
            ..Settings::of(&before)
        };
        assert_eq!(to.apply(&before).behavior, None);
    }

    #[test]
    fn what_is_written_beside_a_change_stays() {
        let mut before = autoscaler();
        let tolerance: Option<Quantity> = Some("0.05".parse().unwrap());
        before.behavior = Some(Behavior {
            scale_up: None,
            scale_down: Some(Rules {
                tolerance,
                ..Rules::default()
            }),
        });
        let to = Settings {
            scale_down_cooldown_s: 900,
            ..Settings::of(&before)
        };
        let down = to.apply(&before).behavior.unwrap().scale_down.unwrap();
        assert_eq!(
            (down.tolerance, down.window_seconds),
            (tolerance, Some(900))
        );
        assert_eq!(down.policies, None);
    }
}
