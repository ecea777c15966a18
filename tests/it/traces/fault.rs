//! What can be mis-set on an HPA, and which settings a change touches.

use std::fmt;

use stepscale::autoscaler::behavior::{Amount, Behavior, Policy, Rules, Select, scale_down_window};
use stepscale::autoscaler::{Autoscaler, Metric, Resource, Target};
use stepscale::units::Replicas;

use super::cases::REQUEST;
use super::load::quantile;

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// A minimum that the load needs only near its peak.
    HighMin,
    /// A target of so many percent.
    LowTarget(u32),
    /// A maximum of this share of what the peak needs.
    LowMax(f64),
    /// A scale-down window of an hour.
    LongWindow,
    /// One pod as the minimum, from which one pod a minute is added.
    SlowUp,
    /// One pod is removed within so many seconds.
    SlowDown(u32),
}

/// A part of an HPA that a recommendation may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Min,
    Max,
    Target,
    DownWindow,
    UpPolicy,
    DownPolicy,
    Schedule,
}

impl Fault {
    /// Without its numbers.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::HighMin => "minimum too high",
            Self::LowTarget(_) => "target too low",
            Self::LowMax(_) => "maximum too low",
            Self::LongWindow => "scale-down window of an hour",
            Self::SlowUp => "minimum too low and slow scale-up",
            Self::SlowDown(_) => "slow scale-down",
        }
    }

    /// The fields of which a change can undo it.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::HighMin => &[Field::Min],
            Self::LowTarget(_) => &[Field::Target],
            Self::LowMax(_) => &[Field::Max],
            Self::LongWindow => &[Field::DownWindow],
            Self::SlowUp => &[Field::Min, Field::UpPolicy],
            Self::SlowDown(_) => &[Field::DownPolicy],
        }
    }

    /// Mis-sets `hpa`, which is tuned to the mean millicores of `steps`.
    pub(super) fn plant(self, hpa: &mut Autoscaler, steps: &[f64]) {
        let target = hpa.cpu_target().map_or(0, |it| it.percent);
        match self {
            Self::HighMin => {
                let peak = needed(steps, target, 0.999).min(f64::from(hpa.max.0));
                hpa.min = pods(0.85 * peak);
            }
            Self::LowTarget(percent) => {
                hpa.metrics = vec![cpu(percent)];
                hpa.max = roomy(steps, percent);
            }
            Self::LowMax(share) => {
                hpa.max = pods(share * needed(steps, target, 0.999));
                hpa.min = hpa.min.min(hpa.max);
            }
            Self::LongWindow => down(hpa).window_seconds = Some(3600),
            Self::SlowUp => {
                hpa.min = Replicas(1);
                let behavior = hpa.behavior.get_or_insert_default();
                let rules = behavior.scale_up.get_or_insert_default();
                rules.policies = Some(vec![one_pod(60)]);
            }
            Self::SlowDown(seconds) => down(hpa).policies = Some(vec![one_pod(seconds)]),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HighMin | Self::LongWindow | Self::SlowUp => f.write_str(self.kind()),
            Self::LowTarget(percent) => write!(f, "target too low ({percent}%)"),
            Self::LowMax(share) => write!(f, "maximum too low ({share} of the peak)"),
            Self::SlowDown(seconds) => write!(f, "slow scale-down (1 pod in {seconds} s)"),
        }
    }
}

/// A utilization target of so many percent.
pub(super) fn cpu(percent: u32) -> Metric {
    Metric::Resource {
        resource: Resource::Cpu,
        target: Target::Utilization(percent),
    }
}

/// A minimum near what the quietest hours need at `target` percent; two at least.
pub(super) fn snug(steps: &[f64], target: u32) -> Replicas {
    pods(needed(steps, target, 0.05)).max(Replicas(2))
}

/// A maximum with room above what the busiest step needs at `target` percent.
pub(super) fn roomy(steps: &[f64], target: u32) -> Replicas {
    pods(1.3 * needed(steps, target, 1.0))
}

/// What a share `q` of the steps do not need more of, in pods at `target` percent.
fn needed(steps: &[f64], target: u32, q: f64) -> f64 {
    quantile(steps.iter().copied(), q) / (REQUEST as f64 * f64::from(target) / 100.0)
}

fn pods(count: f64) -> Replicas {
    Replicas(count.ceil() as u32)
}

fn down(hpa: &mut Autoscaler) -> &mut Rules {
    let behavior = hpa.behavior.get_or_insert_default();
    behavior.scale_down.get_or_insert_default()
}

fn one_pod(period_seconds: u32) -> Policy {
    Policy {
        amount: Amount::Pods(1),
        period_seconds,
    }
}

/// Which fields differ between two HPAs, and how; defaults filled in.
pub(super) fn changes(from: &Autoscaler, to: &Autoscaler) -> Vec<(Field, String)> {
    let both = |field, name: &str, text: fn(&Autoscaler) -> String| {
        let (from, to) = (text(from), text(to));
        (from != to).then(|| (field, format!("{name} {from} → {to}")))
    };
    let all = [
        both(Field::Min, "min", |it| it.min.to_string()),
        both(Field::Max, "max", |it| it.max.to_string()),
        both(Field::Target, "target", |it| {
            format!("{}%", it.cpu_target().map_or(0, |it| it.percent))
        }),
        both(Field::DownWindow, "window", |it| {
            format!("{} s", scale_down_window(it.behavior.as_ref()))
        }),
        both(Field::UpPolicy, "up", |it| policies(behavior(it).scale_up)),
        both(Field::DownPolicy, "down", |it| {
            policies(behavior(it).scale_down)
        }),
        both(Field::Schedule, "schedule", |it| {
            match it.schedule.is_empty() {
                true => "none".to_owned(),
                false => it.schedule.to_string(),
            }
        }),
    ];
    all.into_iter().flatten().collect()
}

fn behavior(hpa: &Autoscaler) -> Behavior {
    hpa.behavior.clone().unwrap_or_default().defaulted()
}

fn policies(rules: Option<Rules>) -> String {
    let rules = rules.unwrap_or_default();
    let policies = rules.policies.iter().flatten();
    let each = policies.map(|it| match it.amount {
        Amount::Pods(count) => format!("{count} in {} s", it.period_seconds),
        Amount::Percent(share) => format!("{share}% in {} s", it.period_seconds),
    });
    let each: Vec<_> = each.collect();
    match rules.select {
        Some(Select::Disabled) => "disabled".to_owned(),
        Some(Select::Min) => format!("least of {}", each.join(", ")),
        Some(Select::Max) | None => each.join(" or "),
    }
}
