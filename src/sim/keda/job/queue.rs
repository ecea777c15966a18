//! From what the triggers of a ScaledJob show to a length of queue and a number of jobs.

use super::{Bounds, to_integer};

/// `scalingStrategy.multipleScalersCalculation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calculation {
    /// The trigger with the longest queue.
    #[default]
    Max,
    Min,
    Avg,
    Sum,
}

impl Calculation {
    /// The one of that name; all other names are `max`.
    pub fn of(name: &str) -> Self {
        match name {
            "min" => Self::Min,
            "avg" => Self::Avg,
            "sum" => Self::Sum,
            _ => Self::Max,
        }
    }
}

/// What one trigger shows that could be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    pub queue: f64,
    /// Jobs for it, at most the maximum.
    pub jobs: f64,
    pub is_active: bool,
}

impl Shown {
    /// What a trigger shows whose queue is as long, with `target` for each job: none without one.
    pub fn of(queue: f64, target: f64, is_active: bool, bounds: Bounds) -> Self {
        let jobs = if target == 0.0 { 0.0 } else { queue / target };
        Self {
            queue,
            jobs: jobs.min(bounds.max as f64),
            is_active,
        }
    }
}

/// The mean of the targets of a trigger's metrics.
pub fn mean_target(targets: &[f64]) -> f64 {
    match targets.len() {
        0 => 0.0,
        count => targets.iter().sum::<f64>() / count as f64,
    }
}

/// What all triggers come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    pub is_active: bool,
    /// Its length, rounded up.
    pub length: i64,
    /// Jobs that it calls for, rounded up and at most the maximum.
    pub jobs: i64,
    /// The same before it was rounded.
    pub exact_jobs: f64,
}

impl Queue {
    /// What triggers come to that show `all`; those that failed are left out. A minimum makes the
    /// object active by itself.
    ///
    /// Mirrors `IsScaledJobActive` (`pkg/scaling/scaledjob/metrics.go`): by `max`, a trigger with
    /// an empty queue does not make it active; by `min`, an empty queue gives way to the next one.
    pub fn of(all: &[Shown], calculation: Calculation, bounds: Bounds) -> Self {
        let active = all.iter().filter(|it| it.is_active);
        let is_any = active.clone().next().is_some();
        let chosen = match calculation {
            Calculation::Max => longest(active),
            Calculation::Min => shortest(active),
            Calculation::Sum => Some(sum(active)).filter(|_| is_any),
            Calculation::Avg => Some(mean(active)).filter(|_| is_any),
        };
        let (length, jobs) = chosen.unwrap_or((0.0, 0.0));
        let jobs = jobs.min(bounds.max as f64);
        Self {
            is_active: chosen.is_some() || bounds.min > 0,
            length: to_integer(length.ceil()),
            jobs: to_integer(jobs.ceil()),
            exact_jobs: jobs,
        }
    }
}

fn longest<'a>(all: impl Iterator<Item = &'a Shown>) -> Option<(f64, f64)> {
    all.fold(None, |best, it| {
        let longest = best.map_or(0.0, |(queue, _)| queue);
        if it.queue > longest {
            Some((it.queue, it.jobs))
        } else {
            best
        }
    })
}

fn shortest<'a>(all: impl Iterator<Item = &'a Shown>) -> Option<(f64, f64)> {
    all.fold(None, |best, it| {
        let shortest = best.map_or(0.0, |(queue, _)| queue);
        if shortest == 0.0 || it.queue < shortest {
            Some((it.queue, it.jobs))
        } else {
            best
        }
    })
}

fn sum<'a>(all: impl Iterator<Item = &'a Shown>) -> (f64, f64) {
    all.fold((0.0, 0.0), |(queue, jobs), it| {
        (queue + it.queue, jobs + it.jobs)
    })
}

fn mean<'a>(all: impl Iterator<Item = &'a Shown> + Clone) -> (f64, f64) {
    let count = all.clone().count() as f64;
    let (queue, jobs) = sum(all);
    (queue / count, jobs / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(calculation: Calculation, max: i64, all: &[(bool, f64, f64)]) -> (bool, i64, i64) {
        let bounds = Bounds { min: 0, max };
        let shown = all
            .iter()
            .map(|(is_active, queue, target)| Shown::of(*queue, *target, *is_active, bounds));
        let queue = Queue::of(&shown.collect::<Vec<_>>(), calculation, bounds);
        (queue.is_active, queue.length, queue.jobs)
    }

    #[test]
    fn several_triggers_are_calculated_as_is_asked_for() {
        let all = [
            (true, 20.0, 1.0),
            (true, 10.0, 2.0),
            (true, 5.0, 3.0),
            (false, 7.0, 4.0),
        ];
        let table = [
            (Calculation::Max, 100, (true, 20, 20)),
            (Calculation::Min, 100, (true, 5, 2)),
            (Calculation::Avg, 100, (true, 12, 9)),
            (Calculation::Sum, 100, (true, 35, 27)),
            (Calculation::Sum, 25, (true, 35, 25)),
        ];
        for (calculation, max, expected) in table {
            assert_eq!(of(calculation, max, &all), expected, "{calculation:?}");
        }
    }

    #[test]
    fn an_empty_queue_that_is_active_counts_except_by_max() {
        let empty = [(true, 0.0, 5.0)];
        for (calculation, is_active) in [
            (Calculation::Max, false),
            (Calculation::Min, true),
            (Calculation::Avg, true),
            (Calculation::Sum, true),
        ] {
            assert_eq!(
                of(calculation, 100, &empty),
                (is_active, 0, 0),
                "{calculation:?}"
            );
        }
        let first_empty = [(true, 0.0, 5.0), (true, 9.0, 3.0)];
        assert_eq!(of(Calculation::Min, 100, &first_empty), (true, 9, 3));
    }

    #[test]
    fn nothing_shown_is_not_active_unless_there_is_a_minimum() {
        for calculation in [
            Calculation::Max,
            Calculation::Min,
            Calculation::Avg,
            Calculation::Sum,
        ] {
            assert_eq!(of(calculation, 100, &[]), (false, 0, 0));
            let bounds = Bounds { min: 2, max: 98 };
            assert!(Queue::of(&[], calculation, bounds).is_active);
        }
    }

    #[test]
    fn a_target_of_zero_calls_for_no_jobs() {
        assert_eq!(
            of(Calculation::Max, 100, &[(true, 20.0, 0.0)]),
            (true, 20, 0)
        );
        assert_eq!(mean_target(&[5.0, 5.0, 4.0]), 14.0 / 3.0);
        assert_eq!(mean_target(&[]), 0.0);
    }
}
