//! What of a ScaledJob a replay knows: one queue, its target, and today's settings.

use std::fmt;

use jiff::SignedDuration;

use crate::analysis::assessment::Outcome;
use crate::analysis::settings::Settings;
use crate::autoscaler::{Autoscaler, Metric, Target};
use crate::keda::objects::{Pause, ScaledJob, ScalingStrategy, Trigger};
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::request::JobSettings;
use crate::sim::keda::job::strategy::Strategy;

/// A ScaledJob that can be replayed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model<'a> {
    pub(super) object: &'a ScaledJob,
    /// The place of its only queue among the triggers.
    pub(super) trigger: u32,
    /// Items for each job.
    pub(super) target: f64,
    /// The trigger is active above it.
    pub(super) activation: f64,
}

/// Why a ScaledJob is not replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It makes no jobs, by somebody's will.
    Paused,
    Queues {
        count: usize,
    },
    Target {
        trigger: usize,
        kind: String,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("paused: KEDA makes no jobs"),
            Self::Queues { count: 0 } => {
                f.write_str("no trigger but cpu and memory, which make no jobs")
            }
            Self::Queues { count } => write!(f, "has {count} queues, and only one is replayed"),
            Self::Target { trigger, kind } => {
                write!(
                    f,
                    "what trigger {trigger} ({kind}) counts for one job is not known"
                )
            }
        }
    }
}

impl Unknown {
    pub(super) fn outcome(&self) -> Outcome {
        let why = self.to_string();
        match self {
            Self::Paused => Outcome::Skipped { why },
            Self::Queues { .. } | Self::Target { .. } => Outcome::Withheld { why },
        }
    }
}

impl<'a> Model<'a> {
    /// # Errors
    /// Why it cannot be replayed.
    pub(super) fn of(autoscaler: &'a Autoscaler) -> Result<Self, Unknown> {
        let Some(object) = autoscaler.jobs.as_deref() else {
            return Err(Unknown::Queues { count: 0 });
        };
        if let Pause::Full(_) = object.pause() {
            return Err(Unknown::Paused);
        }
        let queues = object.spec.triggers.iter().enumerate();
        let queues: Vec<(usize, &Trigger)> = queues.filter(|it| !it.1.is_resource()).collect();
        let [(trigger, written)] = queues.as_slice() else {
            let count = queues.len();
            return Err(Unknown::Queues { count });
        };
        let place = u32::try_from(*trigger).unwrap_or(u32::MAX);
        match target(autoscaler.metrics.get(*trigger)) {
            Some(target) => Ok(Self {
                object,
                trigger: place,
                target,
                activation: activation(written),
            }),
            None => Err(Unknown::Target {
                trigger: *trigger,
                kind: written.kind.clone(),
            }),
        }
    }

    /// Items that one job takes at once: as many as the trigger counts for one.
    pub(super) fn items(&self) -> i64 {
        // A float to an integer saturates.
        (self.target.ceil() as i64).max(1)
    }

    /// What KEDA goes by under `settings`, and how often it looks.
    pub(super) fn settings(&self, settings: &Settings) -> (JobSettings, SignedDuration) {
        let spec = &self.object.spec;
        let max = i32::try_from(settings.max_replicas.0).unwrap_or(i32::MAX);
        let is_written = spec.max_replica_count.is_some() || max != spec.max_or_default();
        let strategy = match &settings.scaling_strategy {
            Some(word) => strategy(&spec.scaling_strategy, word),
            None => Strategy::Default,
        };
        let polling = settings.polling_interval_s.map(i64::from);
        let job = JobSettings {
            bounds: Bounds::of(spec.min_replica_count, is_written.then_some(max)),
            strategy,
        };
        let default = spec.polling_interval_or_default();
        (job, polling.map_or(default, SignedDuration::from_secs))
    }
}

fn strategy(written: &ScalingStrategy, word: &str) -> Strategy {
    let share = written.running_job_percentage.as_deref();
    Strategy::of(
        word,
        share.unwrap_or_default(),
        written.queue_length_deduction,
    )
}

fn target(metric: Option<&Metric>) -> Option<f64> {
    let target = match metric? {
        Metric::External {
            target: Target::AverageValue(it),
            ..
        } => it.as_f64(),
        Metric::External { .. }
        | Metric::Resource { .. }
        | Metric::ContainerResource { .. }
        | Metric::Pods { .. }
        | Metric::Object { .. } => return None,
    };
    (target.is_finite() && target > 0.0).then_some(target)
}

/// Every type calls it by another name that begins so; 0 where it is not written.
fn activation(trigger: &Trigger) -> f64 {
    let mut written = trigger.metadata.iter();
    let found = written.find_map(|(key, value)| {
        let number: f64 = value.trim().parse().ok()?;
        (key.starts_with("activation") && number.is_finite()).then_some(number)
    });
    found.unwrap_or(0.0)
}
