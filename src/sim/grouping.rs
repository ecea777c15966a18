//! Which pods count, and as what.

use jiff::Timestamp;

use super::flags::Flags;
use super::numbers::{after, before};
use super::pod::{Phase, Pod, Sample};
use crate::autoscaler::Holds;

/// As what a pod counts for one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Not at all: it failed or is being deleted.
    Ignored,
    /// Its value, if any, does not count yet.
    Unready,
    /// It should have a value and has none.
    Missing,
    Ready,
}

/// Puts pods into groups at one moment, for one metric.
#[derive(Clone, Copy, Debug)]
pub struct Grouping {
    /// What started later is in its initialization period.
    initialized_before: Timestamp,
    flags: Flags,
    weighs_readiness: bool,
}

impl Grouping {
    /// Readiness plays a part only for CPU: starting up takes CPU that says nothing about load.
    pub fn new(flags: &Flags, now: Timestamp, is_cpu: bool) -> Self {
        Self {
            initialized_before: before(now, flags.cpu_initialization),
            flags: *flags,
            weighs_readiness: is_cpu,
        }
    }

    /// Mirrors `groupPods` (`replica_calculator.go`, v1.36). That a value is missing is found
    /// before that the pod is not ready.
    pub fn group(&self, pod: &Pod<'_>, sample: Option<&Sample>) -> Group {
        if pod.is_deleted || pod.phase == Phase::Failed {
            return Group::Ignored;
        }
        if pod.phase == Phase::Pending {
            return Group::Unready;
        }
        match sample {
            None => Group::Missing,
            Some(sample) if self.weighs_readiness && self.is_unready(pod, sample) => Group::Unready,
            Some(_) => Group::Ready,
        }
    }

    fn is_unready(&self, pod: &Pod<'_>, sample: &Sample) -> bool {
        let (Some(ready), Some(started)) = (pod.ready, pod.started) else {
            return true;
        };
        let is_down = ready.holds == Holds::No;
        if started > self.initialized_before {
            // Less than one window was measured since the pod became ready.
            return is_down || sample.at < after(ready.since, sample.window);
        }
        // A pod that was ready once counts, however it feels now.
        is_down && after(started, self.flags.initial_readiness_delay) > ready.since
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::sim::pod::{Ready, Template};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// A pod started at 0 whose condition changed at `since`, seen at `now` with a sample of
    /// `sampled`, its window 30 s.
    fn group(holds: Holds, since: i64, sampled: i64, now: i64) -> Group {
        let pod = Pod {
            template: &Template::default(),
            phase: Phase::Running,
            is_deleted: false,
            started: Some(at(0)),
            ready: Some(Ready {
                holds,
                since: at(since),
            }),
        };
        let sample = Sample {
            value: 1,
            at: at(sampled),
            window: SignedDuration::from_secs(30),
        };
        Grouping::new(&Flags::default(), at(now), true).group(&pod, Some(&sample))
    }

    #[test]
    fn a_young_pod_counts_after_a_full_window_of_readiness() {
        let table = [
            (Holds::Yes, 20, 49, 299, Group::Unready),
            (Holds::Yes, 20, 50, 299, Group::Ready),
            (Holds::Yes, 299, 299, 300, Group::Ready),
            (Holds::No, 20, 290, 299, Group::Unready),
            (Holds::Unknown, 20, 50, 299, Group::Ready),
        ];
        for (holds, since, sampled, now, expected) in table {
            let found = group(holds, since, sampled, now);
            assert_eq!(found, expected, "{holds:?} {since} {sampled} {now}");
        }
    }

    #[test]
    fn an_old_pod_is_unready_only_if_it_never_was_ready() {
        assert_eq!(group(Holds::No, 29, 290, 300), Group::Unready);
        assert_eq!(group(Holds::No, 30, 290, 300), Group::Ready);
    }

    #[test]
    fn a_starting_pod_without_a_value_is_missing_and_a_pending_one_unready() {
        let grouping = Grouping::new(&Flags::default(), at(1), true);
        let mut pod = Pod {
            template: &Template::default(),
            phase: Phase::Running,
            is_deleted: false,
            started: None,
            ready: None,
        };
        assert_eq!(grouping.group(&pod, None), Group::Missing);
        pod.phase = Phase::Pending;
        assert_eq!(grouping.group(&pod, None), Group::Unready);
        pod.is_deleted = true;
        assert_eq!(grouping.group(&pod, None), Group::Ignored);
    }
}
