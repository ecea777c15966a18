//! Which jobs of a ScaledJob are deleted: finished ones beyond the limits, and those of an older
//! version of the object.

use jiff::Timestamp;

use super::pending::Finished;

/// As many finished jobs of a kind are kept where nothing is said.
pub const DEFAULT_LIMIT: i32 = 100;

/// `successfulJobsHistoryLimit` and `failedJobsHistoryLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub complete: i32,
    pub failed: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            complete: DEFAULT_LIMIT,
            failed: DEFAULT_LIMIT,
        }
    }
}

/// A job that is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinishedJob<'a> {
    pub name: &'a str,
    pub how: Finished,
    /// `status.completionTime`, which failed jobs usually have none of.
    pub at: Option<Timestamp>,
}

/// The jobs beyond the limits, in the order in which they are deleted: complete ones first, and
/// of each kind the oldest. Without times, the order of `jobs` decides.
pub fn surplus<'a>(jobs: &[FinishedJob<'a>], limits: Limits) -> Vec<FinishedJob<'a>> {
    let of = |how: Finished, limit: i32| {
        let mut all: Vec<_> = jobs.iter().filter(|it| it.how == how).copied().collect();
        oldest_first(&mut all);
        let kept = usize::try_from(limit).unwrap_or(0);
        all.truncate(all.len().saturating_sub(kept));
        all
    };
    let mut surplus = of(Finished::Complete, limits.complete);
    surplus.extend(of(Finished::Failed, limits.failed));
    surplus
}

/// Jobs without a time stay where they are.
fn oldest_first(jobs: &mut [FinishedJob<'_>]) {
    let mut timed: Vec<_> = jobs.iter().filter(|it| it.at.is_some()).copied().collect();
    timed.sort_by_key(|it| it.at);
    let places = jobs.iter_mut().filter(|it| it.at.is_some());
    for (place, job) in places.zip(timed) {
        *place = job;
    }
}

/// What becomes of jobs when the object that made them changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollout {
    /// They are deleted.
    #[default]
    Immediate,
    /// They go on.
    Gradual,
}

impl Rollout {
    /// What an object means by `rollout.strategy` and by `rolloutStrategy`, which is deprecated
    /// and wins where it is set. All but `gradual` is immediate.
    pub fn of(strategy: &str, deprecated: &str) -> Self {
        let said = if deprecated.is_empty() {
            strategy
        } else {
            deprecated
        };
        match said {
            "gradual" => Self::Gradual,
            _ => Self::Immediate,
        }
    }

    /// Whether a job is deleted that says it was made by `made_by`, of an object that is at
    /// `generation` now.
    pub fn deletes(self, made_by: Option<&str>, generation: i64) -> bool {
        match self {
            Self::Gradual => false,
            Self::Immediate => made_by != Some(generation.to_string().as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, how: Finished, minute: Option<i64>) -> FinishedJob<'_> {
        FinishedJob {
            name,
            how,
            at: minute.map(|it| Timestamp::from_second(it * 60).unwrap()),
        }
    }

    fn names(jobs: &[FinishedJob<'_>], complete: i32, failed: i32) -> Vec<String> {
        let found = surplus(jobs, Limits { complete, failed });
        found.iter().map(|it| it.name.to_owned()).collect()
    }

    #[test]
    fn the_oldest_beyond_each_limit_go() {
        let jobs = [
            job("f", Finished::Failed, Some(36)),
            job("a", Finished::Complete, Some(37)),
            job("b", Finished::Complete, Some(36)),
            job("c", Finished::Complete, Some(38)),
        ];
        assert_eq!(names(&jobs, 2, 2), ["b"]);
        assert_eq!(names(&jobs, 1, 0), ["b", "a", "f"]);
        assert_eq!(names(&jobs, 0, 0), ["b", "a", "c", "f"]);
        assert_eq!(names(&jobs, 100, 100), [""; 0]);
        // No limit below zero can be written, and none means anything.
        assert_eq!(names(&jobs[..1], 0, -1), ["f"]);
    }

    #[test]
    fn jobs_without_a_time_keep_their_places() {
        let jobs = [
            job("a", Finished::Failed, None),
            job("b", Finished::Failed, Some(2)),
            job("c", Finished::Failed, Some(1)),
            job("d", Finished::Failed, None),
        ];
        assert_eq!(names(&jobs, 0, 2), ["a", "c"]);
    }

    #[test]
    fn a_changed_object_deletes_jobs_of_other_generations_unless_it_is_gradual() {
        let table = [
            ("", "", Rollout::Immediate),
            ("gradual", "", Rollout::Gradual),
            ("gradual", "immediate", Rollout::Immediate),
            ("immediate", "gradual", Rollout::Gradual),
            ("Gradual", "", Rollout::Immediate),
        ];
        for (strategy, deprecated, expected) in table {
            assert_eq!(
                Rollout::of(strategy, deprecated),
                expected,
                "{strategy} {deprecated}"
            );
        }
        for (made_by, deleted) in [
            (None, true),
            (Some("3"), false),
            (Some("2"), true),
            (Some("03"), true),
        ] {
            assert_eq!(
                Rollout::Immediate.deletes(made_by, 3),
                deleted,
                "{made_by:?}"
            );
            assert!(!Rollout::Gradual.deletes(made_by, 3));
        }
    }
}
