//! Which jobs are finished, and which of the others do not work yet.

use crate::autoscaler::Holds;
use crate::sim::pod::Phase;

/// One condition of a job or of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    pub kind: &'a str,
    pub holds: Holds,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    Complete,
    Failed,
}

impl Finished {
    /// What the conditions of a job say first; `None` for one that is not finished.
    pub fn of(conditions: &[Told<'_>]) -> Option<Self> {
        let mut true_ones = conditions.iter().filter(|it| it.holds == Holds::Yes);
        true_ones.find_map(|it| match it.kind {
            "Complete" => Some(Self::Complete),
            "Failed" => Some(Self::Failed),
            _ => None,
        })
    }

    /// The type of its condition, as the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Failed => "Failed",
        }
    }
}

/// A pod of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPod<'a> {
    pub phase: Phase,
    pub conditions: &'a [Told<'a>],
}

/// Whether a job with these pods, which is not finished, is pending.
///
/// With `awaited` conditions it is until a single pod has all of them: their types are counted
/// against the list as it is written, so that one with a type twice is never met.
pub fn is_pending(pods: &[JobPod<'_>], awaited: &[&str]) -> bool {
    let works = |pod: &JobPod<'_>| match awaited.is_empty() {
        true => matches!(pod.phase, Phase::Running | Phase::Succeeded),
        false => {
            let is_met = |kind: &&str| pod.conditions.iter().any(|it| it.is(kind));
            let distinct = awaited
                .iter()
                .enumerate()
                .filter(|(at, it)| !awaited[..*at].contains(it));
            distinct.filter(|(_, it)| is_met(it)).count() == awaited.len()
        }
    };
    !pods.iter().any(works)
}

impl Told<'_> {
    fn is(&self, kind: &str) -> bool {
        self.kind == kind && self.holds == Holds::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, holds: Holds) -> Told<'_> {
        Told { kind, holds }
    }

    fn pod<'a>(phase: Phase, conditions: &'a [Told<'a>]) -> JobPod<'a> {
        JobPod { phase, conditions }
    }

    #[test]
    fn the_first_end_that_holds_is_the_jobs() {
        let table = [
            (vec![], None),
            (
                vec![told("Complete", Holds::No), told("Suspended", Holds::Yes)],
                None,
            ),
            (vec![told("Failed", Holds::Yes)], Some(Finished::Failed)),
            (
                vec![
                    told("FailureTarget", Holds::Yes),
                    told("Complete", Holds::Yes),
                ],
                Some(Finished::Complete),
            ),
        ];
        for (conditions, expected) in table {
            assert_eq!(Finished::of(&conditions), expected, "{conditions:?}");
        }
    }

    #[test]
    fn a_job_works_once_one_pod_runs_or_has_run() {
        let failed = pod(Phase::Failed, &[]);
        assert!(is_pending(&[], &[]));
        assert!(is_pending(&[failed, pod(Phase::Pending, &[])], &[]));
        assert!(!is_pending(&[failed, pod(Phase::Running, &[])], &[]));
        assert!(!is_pending(&[pod(Phase::Succeeded, &[])], &[]));
    }

    #[test]
    fn awaited_conditions_must_meet_in_one_pod_and_replace_its_phase() {
        let ready = [told("Ready", Holds::Yes), told("PodScheduled", Holds::No)];
        let scheduled = [told("PodScheduled", Holds::Yes)];
        let both = [told("Ready", Holds::Yes), told("PodScheduled", Holds::Yes)];
        let awaited = ["Ready", "PodScheduled"];
        let of = |all: &[&[Told<'_>]], awaited: &[&str]| {
            let pods: Vec<_> = all.iter().map(|it| pod(Phase::Running, it)).collect();
            is_pending(&pods, awaited)
        };
        assert!(of(&[&ready, &scheduled], &awaited));
        assert!(!of(&[&ready, &both], &awaited));
        assert!(of(&[], &awaited));
        assert!(of(&[&both], &["Ready", "Ready"]));
    }
}
