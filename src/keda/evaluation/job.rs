//! What the triggers of a ScaledJob ask for at one moment.

use super::NoCount;
use crate::keda::objects::{MultipleScalers, ScaledJobSpec};
use crate::keda::trigger::{MetricTarget, Reading};
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::queue::{Calculation, Queue, Shown};

/// How many jobs the value of one trigger calls for, by KEDA's own arithmetic for ScaledJobs: the
/// value by the target, rounded up, and no more than `most`.
///
/// # Errors
/// Where the type of the target is none.
pub fn jobs(milli: i128, target: &MetricTarget, most: i64) -> Result<i64, NoCount> {
    let of = match target {
        MetricTarget::AverageValue { milli } | MetricTarget::Value { milli } => *milli,
        MetricTarget::Unknown { .. } | MetricTarget::Utilization { .. } => {
            return Err(NoCount::UnknownType);
        }
    };
    if of == 0 {
        return Ok(0);
    }
    let wanted = (milli as f64 / of as f64).min(most as f64).ceil();
    // Counts beyond what a job controller can hold are cut by `most`.
    Ok(wanted as i64)
}

/// An external trigger of a ScaledJob as the decision sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JobVote {
    pub index: usize,
    pub came: Came,
}

/// What came of a trigger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Came {
    Shown(Shown),
    /// Its source failed: KEDA leaves it out.
    Failed,
    /// Nobody but KEDA knows.
    Unknown,
}

/// What comes of all triggers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobDecision {
    /// `None` where something that counts is not known.
    pub is_active: Option<bool>,
    /// The trigger whose queue counts; nothing where those of all do.
    pub winner: Option<usize>,
    /// Jobs that the queue calls for, before the strategy; nothing where it is not known.
    pub jobs: Option<i64>,
}

impl Came {
    /// What a trigger shows that was read; one of which it is not known whether it is active is
    /// not known.
    pub fn read(reading: &Reading, target: &MetricTarget, spec: &ScaledJobSpec) -> Self {
        let of = match target {
            MetricTarget::AverageValue { milli } => *milli as f64 / 1000.0,
            // KEDA looks at the average alone, and finds none.
            MetricTarget::Value { .. }
            | MetricTarget::Unknown { .. }
            | MetricTarget::Utilization { .. } => 0.0,
        };
        let queue = reading.milli as f64 / 1000.0;
        Self::Shown(Shown::of(queue, of, reading.is_active, bounds(spec)))
    }

    /// What was shown, where something was.
    pub fn shown(&self) -> Option<Shown> {
        match self {
            Self::Shown(shown) => Some(*shown),
            Self::Failed | Self::Unknown => None,
        }
    }
}

/// Takes the votes together as `multipleScalersCalculation` says.
pub fn decide(spec: &ScaledJobSpec, votes: &[JobVote]) -> JobDecision {
    let shown: Vec<Shown> = votes.iter().filter_map(|it| it.came.shown()).collect();
    let calculation = calculation(spec);
    let queue = Queue::of(&shown, calculation, bounds(spec));
    let is_known = !votes.iter().any(|it| it.came == Came::Unknown);
    let winner = match calculation {
        Calculation::Max | Calculation::Min => votes.iter().find(|it| {
            let own = it.came.shown().filter(|it| it.is_active);
            own.is_some_and(|it| Queue::of(&[it], calculation, bounds(spec)) == queue)
        }),
        Calculation::Sum | Calculation::Avg => None,
    };
    // What is not known may only add to the longest queue.
    let is_told = !shown.is_empty() && (is_known || calculation == Calculation::Max);
    JobDecision {
        is_active: match queue.is_active {
            true => Some(true),
            false => is_known.then_some(false),
        },
        winner: winner.filter(|_| is_told).map(|it| it.index),
        jobs: is_told.then_some(queue.jobs),
    }
}

fn bounds(spec: &ScaledJobSpec) -> Bounds {
    Bounds::of(spec.min_replica_count, spec.max_replica_count)
}

fn calculation(spec: &ScaledJobSpec) -> Calculation {
    let written = spec.scaling_strategy.multiple_scalers.as_ref();
    Calculation::of(written.map_or("", MultipleScalers::word))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keda::objects::ScaledJob;

    fn average(of: i128) -> MetricTarget {
        MetricTarget::AverageValue { milli: of * 1000 }
    }

    fn spec(calculation: &str, changes: Value) -> ScaledJobSpec {
        let mut object = json!({ "metadata": { "name": "report" }, "spec": {
            "scalingStrategy": { "multipleScalersCalculation": calculation } } });
        json_patch::merge(&mut object["spec"], &changes);
        ScaledJob::read(&object).unwrap().spec
    }

    /// Three triggers of length, target and activity.
    fn votes(spec: &ScaledJobSpec, all: [Option<(i64, i128, bool)>; 3]) -> Vec<JobVote> {
        let came = |(queue, of, is_active): (i64, i128, bool)| {
            let reading = Reading {
                value: queue as f64,
                milli: i128::from(queue) * 1000,
                is_active,
            };
            Came::read(&reading, &average(of), spec)
        };
        let came = all.into_iter().map(|it| it.map_or(Came::Failed, came));
        let vote = |(index, came)| JobVote { index, came };
        came.enumerate().map(vote).collect()
    }

    #[test]
    fn jobs_are_rounded_up_and_cut_at_the_most() {
        assert_eq!(jobs(41_000, &average(10), 100), Ok(5));
        assert_eq!(jobs(41_000, &average(10), 3), Ok(3));
        assert_eq!(jobs(41_000, &average(0), 3), Ok(0));
        assert_eq!(jobs(0, &average(10), 3), Ok(0));
    }

    #[test]
    fn several_triggers_become_one_as_is_asked_for() {
        let all = [
            Some((20, 10, true)),
            Some((9, 1, true)),
            Some((30, 1, false)),
        ];
        let table = [
            ("max", Some(0), Some(2)),
            ("min", Some(1), Some(9)),
            ("sum", None, Some(11)),
            ("avg", None, Some(6)),
            ("other", Some(0), Some(2)),
        ];
        for (calculation, winner, jobs) in table {
            let spec = spec(calculation, json!({}));
            let is_active = Some(true);
            let expected = JobDecision {
                is_active,
                winner,
                jobs,
            };
            assert_eq!(decide(&spec, &votes(&spec, all)), expected, "{calculation}");
        }
    }

    #[test]
    fn an_empty_queue_is_active_except_by_max() {
        let all = [Some((0, 10, true)), None, None];
        for (calculation, is_active) in [("max", false), ("min", true), ("sum", true)] {
            let spec = spec(calculation, json!({}));
            let found = decide(&spec, &votes(&spec, all));
            assert_eq!(found.is_active, Some(is_active), "{calculation}");
        }
        let spec = spec("max", json!({ "minReplicaCount": 1 }));
        assert_eq!(decide(&spec, &votes(&spec, all)).is_active, Some(true));
    }

    #[test]
    fn what_is_not_known_keeps_the_rest_open() {
        let unknown = JobVote {
            index: 3,
            came: Came::Unknown,
        };
        let of = |calculation: &str, queue: i64| {
            let spec = spec(calculation, json!({}));
            let mut all = votes(&spec, [Some((queue, 1, queue > 0)), None, None]);
            all.push(unknown);
            let found = decide(&spec, &all);
            (found.is_active, found.jobs)
        };
        assert_eq!(of("max", 7), (Some(true), Some(7)));
        assert_eq!(of("max", 0), (None, Some(0)));
        assert_eq!(of("sum", 7), (Some(true), None));
        assert_eq!(of("avg", 0), (None, None));
        let spec = spec("max", json!({}));
        let failed = decide(&spec, &votes(&spec, [None, None, None]));
        assert_eq!((failed.is_active, failed.jobs), (Some(false), None));
    }
}
