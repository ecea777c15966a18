//! The ScaledJob.

use jiff::SignedDuration;
use serde_json::Value;

use super::field::{FieldErrors, read_whole};
use super::scaled_object::seconds_or;
use super::{Metadata, Pause, ScaledJobStatus, Trigger, object, words};

/// A ScaledJob: a template of jobs, and the triggers that say how many run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaledJob {
    pub metadata: Metadata,
    pub spec: ScaledJobSpec,
    pub status: ScaledJobStatus,
}

object! {
    ScaledJobSpec {
        /// A JobSpec of `batch/v1`, as it is written.
        job: Value = "jobTargetRef",
        polling_interval: Option<i32> = "pollingInterval",
        successful_jobs_history_limit: Option<i32> = "successfulJobsHistoryLimit",
        failed_jobs_history_limit: Option<i32> = "failedJobsHistoryLimit",
        min_replica_count: Option<i32> = "minReplicaCount",
        max_replica_count: Option<i32> = "maxReplicaCount",
        rollout: Option<Rollout> = "rollout",
        /// Deprecated; where it is set it beats the strategy of the rollout.
        rollout_strategy: Option<RolloutStrategy> = "rolloutStrategy",
        env_source_container: Option<String> = "envSourceContainerName",
        scaling_strategy: ScalingStrategy = "scalingStrategy",
        triggers: Vec<Trigger> = "triggers",
    }
}

object! {
    Rollout {
        strategy: Option<RolloutStrategy> = "strategy",
        propagation: Option<Propagation> = "propagationPolicy",
    }
}

words! {
    /// What becomes of running jobs when the spec changes.
    RolloutStrategy {
        /// They go on.
        Gradual = "gradual",
        /// They are deleted.
        Immediate = "immediate",
    }
}

words! {
    Propagation {
        Foreground = "foreground",
        Background = "background",
    }
}

object! {
    ScalingStrategy {
        strategy: Option<Strategy> = "strategy",
        queue_length_deduction: Option<i32> = "customScalingQueueLengthDeduction",
        /// A fraction as text, such as `0.5`.
        running_job_percentage: Option<String> = "customScalingRunningJobPercentage",
        pending_pod_conditions: Vec<String> = "pendingPodConditions",
        multiple_scalers: Option<MultipleScalers> = "multipleScalersCalculation",
    }
}

words! {
    /// How many jobs are created; words that are not known act like `default`.
    Strategy {
        Default = "default",
        Custom = "custom",
        Accurate = "accurate",
        /// Since 2.15.
        Eager = "eager",
    }
}

words! {
    /// How several triggers become one; words that are not known act like `max`.
    MultipleScalers {
        Min = "min",
        Avg = "avg",
        Sum = "sum",
        Max = "max",
    }
}

impl ScaledJob {
    /// Reads an object of this kind; API version and kind are not looked at.
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| Self {
            metadata: root.get("metadata").read(),
            spec: root.get("spec").read(),
            status: root.get("status").read(),
        })
    }

    /// How its annotations pause it: only `paused` counts.
    pub fn pause(&self) -> Pause {
        Pause::of_scaled_job(&self.metadata)
    }
}

impl ScaledJobSpec {
    pub const DEFAULT_POLLING_INTERVAL: SignedDuration = SignedDuration::from_secs(30);
    pub const DEFAULT_HISTORY_LIMIT: i32 = 100;
    pub const DEFAULT_MIN_REPLICA_COUNT: i32 = 0;
    pub const DEFAULT_MAX_REPLICA_COUNT: i32 = 100;

    pub fn polling_interval_or_default(&self) -> SignedDuration {
        seconds_or(self.polling_interval, Self::DEFAULT_POLLING_INTERVAL)
    }

    pub fn successful_jobs_history_limit_or_default(&self) -> i32 {
        let default = Self::DEFAULT_HISTORY_LIMIT;
        self.successful_jobs_history_limit.unwrap_or(default)
    }

    pub fn failed_jobs_history_limit_or_default(&self) -> i32 {
        let default = Self::DEFAULT_HISTORY_LIMIT;
        self.failed_jobs_history_limit.unwrap_or(default)
    }

    pub fn min_or_default(&self) -> i32 {
        let default = Self::DEFAULT_MIN_REPLICA_COUNT;
        self.min_replica_count.unwrap_or(default)
    }

    /// The limit as it is written; how the minimum counts against it is for the scale loop.
    pub fn max_or_default(&self) -> i32 {
        let default = Self::DEFAULT_MAX_REPLICA_COUNT;
        self.max_replica_count.unwrap_or(default)
    }

    /// What becomes of running jobs when the spec changes, by whichever field says so.
    pub fn rollout_or_default(&self) -> RolloutStrategy {
        let newer = self.rollout.as_ref().and_then(|it| it.strategy.as_ref());
        let written = [self.rollout_strategy.as_ref(), newer];
        let mut filled = written
            .into_iter()
            .flatten()
            .filter(|it| !it.word().is_empty());
        filled.next().cloned().unwrap_or(RolloutStrategy::Immediate)
    }

    pub fn propagation_or_default(&self) -> Propagation {
        let given = self.rollout.as_ref().and_then(|it| it.propagation.as_ref());
        given.cloned().unwrap_or(Propagation::Background)
    }
}

impl ScalingStrategy {
    /// The strategy that acts, with what `default` stands in for.
    pub fn strategy_or_default(&self) -> Strategy {
        match &self.strategy {
            Some(Strategy::Other(_)) | None => Strategy::Default,
            Some(strategy) => strategy.clone(),
        }
    }

    pub fn multiple_scalers_or_default(&self) -> MultipleScalers {
        match &self.multiple_scalers {
            Some(MultipleScalers::Other(_)) | None => MultipleScalers::Max,
            Some(calculation) => calculation.clone(),
        }
    }

    pub fn queue_length_deduction_or_default(&self) -> i32 {
        self.queue_length_deduction.unwrap_or(0)
    }
}
