//! From a total to how many pods there should be: Object and External metrics.

use super::numbers::{to_count, to_count_capped};
use super::pod::{Phase, Pod};
use super::proposal::{MetricError, Proposal, Reported};
use super::settings::Tolerance;
use crate::autoscaler::Holds;

/// Where a total comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Object,
    External,
}

/// What the scale subresource says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas`: how many are asked for.
    pub current: i32,
    /// `status.replicas`: how many there are, whatever their state.
    pub observed: i32,
}

/// The sum of an External metric's series for a `value` target: the highest where it does not fit.
pub fn sum_of_values(values: &[i64]) -> i64 {
    values.iter().fold(0, |sum, it| sum.saturating_add(*it))
}

/// The sum of an External metric's series for an `averageValue` target.
///
/// The controller takes a sum below zero for an overflow and answers the highest value, even
/// where the metric itself is negative. That value it does not share among the pods either.
pub fn sum_of_averages(values: &[i64]) -> i64 {
    let mut sum: i64 = 0;
    for value in values {
        sum = sum.wrapping_add(*value);
        if sum < 0 {
            return i64::MAX;
        }
    }
    sum
}

/// Compares a total with its target; `ready` is how many pods serve.
///
/// Mirrors `getUsageRatioReplicaCount` (`replica_calculator.go`, v1.36).
///
/// # Errors
///
/// What `ready` fails with, if its answer is needed.
pub fn propose_value(
    total: i64,
    target: i64,
    current: i32,
    tolerance: &Tolerance,
    ready: impl FnOnce() -> Result<i64, MetricError>,
) -> Result<Proposal, MetricError> {
    let ratio = total as f64 / target as f64;
    let replicas = if current == 0 {
        to_count(ratio.ceil())
    } else if tolerance.holds(ratio) {
        current
    } else {
        to_count_capped((ratio * ready()? as f64).ceil())
    };
    Ok(Proposal {
        replicas,
        reported: Reported {
            utilization: None,
            value: Some(total),
        },
    })
}

/// Compares a total with a target for each pod. Within tolerance the answer is how many pods
/// there are, not how many are asked for.
///
/// Mirrors `GetObjectPerPodMetricReplicas` and `GetExternalPerPodMetricReplicas`
/// (`replica_calculator.go`, v1.36), which differ where numbers are absurd.
pub fn propose_average(
    source: Source,
    total: i64,
    target: i64,
    observed: i32,
    tolerance: &Tolerance,
) -> Proposal {
    let wanted = (total as f64 / target as f64).ceil();
    let ratio = total as f64 / (target as f64 * f64::from(observed));
    let replicas = match source {
        _ if tolerance.holds(ratio) => observed,
        Source::Object => to_count(wanted),
        Source::External => to_count_capped(wanted),
    };
    let value = match source {
        Source::External if total == i64::MAX => Some(total),
        Source::Object | Source::External => {
            (observed != 0).then(|| (total as f64 / f64::from(observed)).ceil() as i64)
        }
    };
    Proposal {
        replicas,
        reported: Reported {
            utilization: None,
            value,
        },
    }
}

/// How many of `pods` run and are ready; those being deleted count.
///
/// # Errors
///
/// [`MetricError::NoPods`] where there are none at all.
pub fn count_ready(pods: &[Pod<'_>]) -> Result<i64, MetricError> {
    if pods.is_empty() {
        return Err(MetricError::NoPods);
    }
    let is_ready = |it: &Pod<'_>| it.ready.is_some_and(|ready| ready.holds == Holds::Yes);
    let ready = pods
        .iter()
        .filter(|it| it.phase == Phase::Running && is_ready(it));
    Ok(ready.count() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance { up: 0.1, down: 0.1 };

    #[test]
    fn a_total_is_shared_among_the_pods_that_are_ready() {
        // total, target, current, ready, count: `hpa.md` 5, first half.
        let table = [
            (110_000, 100_000, 7, 3, 7),
            (111_000, 100_000, 7, 3, 4),
            (250_000, 100_000, 0, 0, 3),
            (50_000, 100_000, 7, 0, 0),
            (i64::MAX, 1, 7, 3, i32::MAX),
        ];
        for (total, target, current, ready, expected) in table {
            let proposal = propose_value(total, target, current, &TOLERANCE, || Ok(ready)).unwrap();
            assert_eq!(proposal.replicas, expected, "{total} of {target}");
            assert_eq!(proposal.reported.value, Some(total));
        }
    }

    #[test]
    fn pods_are_asked_for_only_outside_of_tolerance() {
        let none = || Err(MetricError::NoPods);
        assert!(propose_value(100, 100, 2, &TOLERANCE, none).is_ok());
        let failed = propose_value(200, 100, 2, &TOLERANCE, none);
        assert_eq!(failed, Err(MetricError::NoPods));
    }

    #[test]
    fn an_average_within_tolerance_answers_the_pods_there_are() {
        let table = [
            (1_050, 100, 10, 10, Some(105)),
            (1_150, 100, 10, 12, Some(115)),
            (250, 100, 0, 3, None),
            (0, 100, 0, 0, None),
            (1_001, 100, 2, 11, Some(501)),
        ];
        for (total, target, observed, expected, value) in table {
            let proposal = propose_average(Source::Object, total, target, observed, &TOLERANCE);
            assert_eq!(proposal.replicas, expected, "{total} over {observed}");
            assert_eq!(proposal.reported.value, value);
        }
    }

    #[test]
    fn an_overflown_external_metric_is_capped_and_not_shared() {
        let external = propose_average(Source::External, i64::MAX, 1, 2, &TOLERANCE);
        assert_eq!(external.replicas, i32::MAX);
        assert_eq!(external.reported.value, Some(i64::MAX));
        let object = propose_average(Source::Object, i64::MAX, 1, 2, &TOLERANCE);
        assert_eq!(object.replicas, i32::MIN);
    }

    #[test]
    fn a_negative_sum_is_taken_for_an_overflow() {
        assert_eq!(sum_of_averages(&[5, -6, 100]), i64::MAX);
        assert_eq!(sum_of_averages(&[5, 6]), 11);
        assert_eq!(sum_of_values(&[5, -6]), -1);
        assert_eq!(sum_of_values(&[i64::MAX, 1]), i64::MAX);
    }
}
