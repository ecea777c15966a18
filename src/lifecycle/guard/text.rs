//! What people read of a refusal: what it is, and the way out.

use std::fmt;

use jiff::SignedDuration;
use serde_json::Value;

use super::Refusal;
use crate::autoscaler::AutoscalerKind;
use crate::lifecycle::diff::Key;
use crate::lifecycle::owners::{Owner, Who};
use crate::lifecycle::record::Record;
use crate::units::Age;

impl fmt::Display for Refusal {
    /// What `status.detail` says: `changed since analyzed: min_replicas is 4, was 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApproved => f.write_str("not approved"),
            Self::TargetGone => f.write_str("the autoscaler is gone"),
            Self::Replaced { was, is } => write!(
                f,
                "replaced since analyzed: another object has its name, uid {is}, was {was}"
            ),
            Self::InForce { recommendation } => {
                write!(f, "the change of rec/{recommendation} is in force")
            }
            Self::ChangedSinceAnalyzed(changed) => {
                write!(f, "changed since analyzed: {}", Changed(changed))
            }
            Self::BadSchedule { why } => f.write_str(why),
            Self::Owned(owner) => write!(f, "managed by {owner}"),
            Self::RolloutInProgress(what) => write!(f, "rollout in progress: {what}"),
            Self::Paused(what) => write!(f, "paused: {what}"),
            Self::StaleMetrics { age: Some(age) } => {
                // A sample of a clock that is ahead is new.
                let age = Age((*age).max(SignedDuration::ZERO));
                write!(f, "stale metrics: the newest sample is {age} old")
            }
            Self::StaleMetrics { age: None } => f.write_str("stale metrics: there is no sample"),
            Self::Unlicensed { why } => write!(f, "unlicensed: {why}"),
            Self::TooManyInProbation { limit } => {
                write!(f, "the limit of {limit} on probation is reached")
            }
            Self::StoppedAfterRevert { reverted } => {
                write!(
                    f,
                    "stopped, since others went wrong: {}",
                    reverted.join(", ")
                )
            }
            Self::MaxBelowReplicas { max, replicas } => write!(
                f,
                "max_replicas would be {max}, below the {replicas} replicas that run now"
            ),
            Self::BreaksBudget { budget, needs, min } => write!(
                f,
                "PodDisruptionBudget {budget} wants {needs} pods available, so that none could be \
                 evicted at min_replicas {min}"
            ),
        }
    }
}

/// `min_replicas is 4, was 3; max_replicas is not set, was 9`.
struct Changed<'a>(&'a [(Key, Value, Value)]);

impl fmt::Display for Changed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, was, is)) in self.0.iter().enumerate() {
            let between = if index > 0 { "; " } else { "" };
            write!(f, "{between}{key} is {}, was {}", Set(is), Set(was))?;
        }
        Ok(())
    }
}

struct Set<'a>(&'a Value);

impl fmt::Display for Set<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("not set"),
            value => value.fmt(f),
        }
    }
}

impl Refusal {
    /// What to do about it, with the commands to type.
    pub fn way_out(&self, record: &Record) -> String {
        let command = Commands(record);
        let (analyze, apply) = (command.analyze(), command.apply());
        match self {
            Self::NotApproved => format!("review it and run `{}`", command.approve()),
            Self::TargetGone => format!("reject it: `{}`", command.reject()),
            Self::Replaced { .. } | Self::ChangedSinceAnalyzed(_) => {
                format!("run `{analyze}` and review the new proposal")
            }
            Self::InForce { recommendation } => format!(
                "take that back first (`kubectl stepscale revert rec/{recommendation} -n {}`) and \
                 run `{analyze}`",
                record.namespace
            ),
            Self::BadSchedule { .. } => {
                format!("correct spec.schedule, or take it out, and run `{apply}`")
            }
            Self::Owned(owner) => command.around(owner),
            Self::RolloutInProgress(_) => {
                format!("wait for the end of the rollout, then run `{apply}`")
            }
            Self::Paused(_) => format!("resume the autoscaler, then run `{apply}`"),
            Self::StaleMetrics { .. } => format!(
                "see with `{analyze}` what the metrics source has; what is applied blind cannot be \
                 verified"
            ),
            Self::Unlicensed { .. } => {
                "run `kubectl stepscale license show`; pass a good license with --license FILE and \
                 --license-signature FILE"
                    .to_owned()
            }
            Self::TooManyInProbation { .. } => format!(
                "wait for one to be verified (`kubectl stepscale status`), or run `{apply}` with a \
                 higher --max-in-probation"
            ),
            Self::StoppedAfterRevert { .. } => format!(
                "find out why (`kubectl stepscale status --history NAME`), then run `{apply}` \
                 without --stop-on-revert"
            ),
            Self::MaxBelowReplicas { max, .. } => format!(
                "wait until {max} replicas are enough and run `{apply}`, or run `{analyze}` for a \
                 new proposal"
            ),
            Self::BreaksBudget { min, .. } => format!(
                "let the budget want fewer than {min} pods and run `{apply}`, or run `{analyze}` \
                 for a new proposal"
            ),
        }
    }
}

/// What to type about a recommendation.
struct Commands<'a>(&'a Record);

impl Commands<'_> {
    fn analyze(&self) -> String {
        let (id, namespace) = (&self.0.autoscaler, &self.0.namespace);
        let kind = id.kind.short();
        format!(
            "kubectl stepscale analyze {kind}/{} -n {namespace}",
            id.name
        )
    }

    fn approve(&self) -> String {
        self.with("approve")
    }

    fn reject(&self) -> String {
        self.with("reject")
    }

    fn apply(&self) -> String {
        self.with("apply")
    }

    fn with(&self, verb: &str) -> String {
        let Record {
            name, namespace, ..
        } = self.0;
        format!("kubectl stepscale {verb} rec/{name} -n {namespace}")
    }

    /// The change where the owner takes it from, or by force.
    fn around(&self, owner: &Owner) -> String {
        let (patch, force) = (
            format!("{} -o patch", self.apply()),
            format!("{} --force --reason TEXT", self.apply()),
        );
        let first = match &owner.who {
            Who::ArgoCd { .. } | Who::Flux { .. } => {
                format!("commit what `{patch}` prints to its repository")
            }
            Who::Helm { .. } => format!("put what `{patch}` prints into the values of its chart"),
            Who::Controller { owner } => format!("change {owner} instead"),
            Who::Applier { manager, .. } => {
                format!("give what `{patch}` prints to {manager}")
            }
        };
        let jobs = self.jobs(owner).unwrap_or_default();
        format!("{first}{jobs}, or overrule it with `{force}`")
    }

    /// What else is committed for the schedule of an HPA, where nothing of ours carries it out.
    fn jobs(&self, owner: &Owner) -> Option<String> {
        let is_scheduled = !self.0.proposal.schedule.is_empty();
        let is_hpa = self.0.autoscaler.kind == AutoscalerKind::HorizontalPodAutoscaler;
        let is_controlled = matches!(owner.who, Who::Controller { .. });
        (is_scheduled && is_hpa && !is_controlled).then(|| {
            let apply = self.apply();
            format!(" (`{apply} -o manifest` has CronJobs for its schedule)")
        })
    }
}
