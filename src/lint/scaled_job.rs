//! ScaledJobs that KEDA takes and that work in another way than they look.

use std::collections::BTreeSet;

use super::code::Code;
use super::found::Findings;
use super::world::{Item, Parsed, World, trigger_path};
use crate::keda::objects::{FieldPath, ScaledJob, ScaledJobSpec, Strategy};

pub(super) fn check(item: &Item<'_>, _world: &World<'_>, findings: &mut Findings) {
    let Parsed::ScaledJob(job) = &item.parsed else {
        return;
    };
    triggers(item, job, findings);
    strategy(item, &job.spec, findings);
    rollout(item, &job.spec, findings);
    let (min, max) = (job.spec.min_or_default(), job.spec.max_or_default());
    if job.spec.min_replica_count.is_some() && min > max {
        let path = FieldPath::of("spec.minReplicaCount");
        let message = format!("{path} is {min}, above maxReplicaCount, {max}, which it becomes");
        let fix = "lower minReplicaCount or raise maxReplicaCount";
        findings.add(Code::IncorrectReplicas, item.index, path, message, fix);
    }
}

fn triggers(item: &Item<'_>, job: &ScaledJob, findings: &mut Findings) {
    let index = item.index;
    for (at, trigger) in job.spec.triggers.iter().enumerate() {
        let root = trigger_path(at);
        if trigger.is_resource() {
            let path = root.key("type");
            let message = format!("{path} is {}, which makes no jobs", trigger.kind);
            findings.add(
                Code::JobResourceTrigger,
                index,
                path,
                message,
                "remove the trigger",
            );
            continue;
        }
        if trigger
            .metric_type
            .as_deref()
            .is_some_and(|it| !it.is_empty())
        {
            let path = root.key("metricType");
            let message = format!("{path} is set, which a ScaledJob cannot have");
            findings.add(Code::JobMetricType, index, path, message, "remove it");
        }
        if trigger.use_cached_metrics {
            let path = root.key("useCachedMetrics");
            let message = format!("{path} has no effect on a ScaledJob");
            findings.add(Code::JobCachedMetrics, index, path, message, "remove it");
        }
    }
}

fn strategy(item: &Item<'_>, spec: &ScaledJobSpec, findings: &mut Findings) {
    let root = FieldPath::of("spec.scalingStrategy");
    let strategy = &spec.scaling_strategy;
    let index = item.index;
    let mut seen = BTreeSet::new();
    for (at, condition) in strategy.pending_pod_conditions.iter().enumerate() {
        if !seen.insert(condition) {
            let path = root.key("pendingPodConditions").index(at);
            let message =
                format!("{path} is {condition}, which is there before: no pod ever matches");
            findings.add(
                Code::DuplicatePendingCondition,
                index,
                path,
                message,
                "remove it",
            );
        }
    }
    let is_custom = strategy.strategy == Some(Strategy::Custom);
    let percentage = strategy.running_job_percentage.as_deref();
    let path = root.key("customScalingRunningJobPercentage");
    let is_share = |it: &str| it.parse::<f64>().is_ok_and(f64::is_finite);
    if is_custom && !percentage.is_some_and(is_share) {
        let path = if percentage.is_some() {
            path
        } else {
            root.key("strategy")
        };
        let message = "spec.scalingStrategy.strategy is custom without a \
                       customScalingRunningJobPercentage that is a number, and acts as default";
        let fix = "set customScalingRunningJobPercentage, such as \"0.5\"";
        findings.add(Code::CustomStrategyUnused, index, path, message, fix);
    } else if !is_custom {
        let unused = [
            (percentage.is_some(), path),
            (
                strategy.queue_length_deduction.is_some(),
                root.key("customScalingQueueLengthDeduction"),
            ),
        ];
        for (_, path) in unused.into_iter().filter(|it| it.0) {
            let message = format!("{path} has no effect unless the strategy is custom");
            let fix = "set scalingStrategy.strategy to custom, or remove it";
            findings.add(Code::CustomStrategyUnused, index, path, message, fix);
        }
    }
}

fn rollout(item: &Item<'_>, spec: &ScaledJobSpec, findings: &mut Findings) {
    if spec.rollout_strategy.is_some() {
        let path = FieldPath::of("spec.rolloutStrategy");
        let message = format!("{path} is deprecated, and beats spec.rollout.strategy");
        let fix = "write it as rollout.strategy";
        findings.add(Code::DeprecatedRollout, item.index, path, message, fix);
    }
}
