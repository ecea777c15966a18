//! The strategies by which a ScaledJob sets jobs that are there off against those it wants.

use super::to_integer;
use crate::sim::numbers;

/// `scalingStrategy.strategy` with what belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Strategy {
    #[default]
    Default,
    Custom {
        /// `customScalingRunningJobPercentage`: a fraction of the running jobs.
        running: f64,
        /// `customScalingQueueLengthDeduction`.
        deduction: i32,
    },
    Accurate,
    Eager,
}

/// What a strategy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Jobs that the triggers call for, whole and at most the maximum.
    pub wanted: i64,
    /// Jobs that are not finished, without those of the minimum; pending ones are among them.
    pub running: i64,
    pub pending: i64,
    /// The effective maximum.
    pub max: i64,
    /// The length of the queue, rounded up.
    pub queue: i64,
}

/// How many jobs to create: as many as are wanted, as far as the limit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub limit: i64,
    pub wanted: i64,
}

impl Strategy {
    /// The strategy of that name. A name that is none of them, or a `custom` one without a
    /// fraction that can be read, is the default one.
    pub fn of(name: &str, running: &str, deduction: Option<i32>) -> Self {
        match name {
            "custom" => numbers::float(running).map_or(Self::Default, |running| Self::Custom {
                running,
                deduction: deduction.unwrap_or(0),
            }),
            "accurate" => Self::Accurate,
            "eager" => Self::Eager,
            _ => Self::Default,
        }
    }

    /// As the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Custom { .. } => "custom",
            Self::Accurate => "accurate",
            Self::Eager => "eager",
        }
    }

    /// How many jobs `jobs` leave room for.
    ///
    /// Mirrors `GetEffectiveMaxScale` (`pkg/scaling/executor/scale_jobs.go`): sums wrap, and
    /// pending jobs, which are running ones too, count twice where that is so there.
    pub fn room(self, jobs: &Jobs) -> Room {
        let Jobs {
            wanted,
            running,
            pending,
            max,
            queue,
        } = *jobs;
        let free = max.wrapping_sub(running);
        let limit = match self {
            Self::Default => wanted.wrapping_sub(running),
            Self::Custom {
                running: share,
                deduction,
            } => {
                let counted = to_integer(running as f64 * share);
                let rest = wanted.wrapping_sub(deduction.into());
                rest.wrapping_sub(counted).min(max)
            }
            Self::Accurate if wanted.wrapping_add(running).wrapping_sub(pending) > max => free,
            Self::Accurate => wanted.wrapping_sub(pending),
            Self::Eager => free.wrapping_sub(pending).min(wanted),
        };
        let wanted = match self {
            Self::Default | Self::Custom { .. } | Self::Accurate => queue,
            Self::Eager => max,
        };
        Room { limit, wanted }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    fn limit(strategy: Strategy, wanted: i64, running: i64, pending: i64, max: i64) -> i64 {
        let queue = wanted;
        let jobs = Jobs {
            wanted,
            running,
            pending,
            max,
            queue,
        };
        strategy.room(&jobs).limit
    }

    #[test]
    fn each_strategy_counts_jobs_that_are_there_in_its_own_way() {
        let custom = |running, deduction| Strategy::Custom { running, deduction };
        let table = [
            (Strategy::Default, 5, 2, 1, 10, 3),
            (custom(0.5, 1), 3, 2, 0, 5, 1),
            (custom(0.75, 3), 20, 7, 2, 15, 12),
            (custom(0.0, -2), 3, 2, 0, 4, 4),
            (Strategy::Accurate, 3, 2, 0, 5, 3),
            (Strategy::Accurate, 5, 2, 0, 5, 3),
            (Strategy::Accurate, 5, 4, 2, 5, 1),
            (Strategy::Eager, 4, 7, 0, 10, 3),
            (Strategy::Eager, 4, 1, 6, 10, 3),
        ];
        for (strategy, wanted, running, pending, max, expected) in table {
            let found = limit(strategy, wanted, running, pending, max);
            assert_eq!(found, expected, "{strategy:?} {wanted} {running}");
        }
    }

    #[test]
    fn names_are_exact_and_custom_needs_its_fraction() {
        let custom = Strategy::Custom {
            running: 0.5,
            deduction: 2,
        };
        let table = [
            ("custom", "0.5", custom),
            ("custom", "", Strategy::Default),
            ("custom", "half", Strategy::Default),
            ("custom", "1e999", Strategy::Default),
            ("accurate", "0.5", Strategy::Accurate),
            ("Accurate", "", Strategy::Default),
            ("eager", "", Strategy::Eager),
            ("", "", Strategy::Default),
        ];
        for (name, running, expected) in table {
            let found = Strategy::of(name, running, Some(2));
            assert_eq!(found, expected, "{name} {running}");
        }
    }

    proptest! {
        #[test]
        fn no_numbers_overflow(
            wanted in any::<i64>(), running in any::<i64>(), pending in any::<i64>(), max in any::<i64>(),
            share in any::<f64>(), deduction in any::<i32>(),
        ) {
            let jobs = Jobs { wanted, running, pending, max, queue: wanted };
            let custom = Strategy::Custom { running: share, deduction };
            for strategy in [Strategy::Default, custom, Strategy::Accurate, Strategy::Eager] {
                prop_assert!(strategy.room(&jobs).wanted == wanted || strategy == Strategy::Eager);
            }
        }
    }
}
