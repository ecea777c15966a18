//! The pods of a replay: all alike, sharing the demand evenly as far as their limit goes.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::flags::Flags;
use super::numbers::after;
use super::tally::{Counted, PodTarget, Requested, Tally};

/// What each pod is like. Amounts are millicores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodShape {
    pub request: i64,
    /// All that a pod can use; `None` for a pod without a limit.
    pub limit: Option<i64>,
    /// What a ready pod uses without any demand.
    pub idle: i64,
    /// From creation until it serves.
    pub startup: SignedDuration,
    /// How long a usage sample is measured.
    pub window: SignedDuration,
}

impl PodShape {
    /// What a pod can give to the demand before it is saturated: its limit or, since a node
    /// promises nothing beyond, its request.
    pub fn capacity(&self) -> i64 {
        self.limit.unwrap_or(self.request).max(0)
    }

    /// How the demand shows in the CPU metric.
    pub fn cpu(&self) -> Share {
        Share {
            request: self.request,
            limit: self.limit,
            idle: self.idle,
            is_cpu: true,
        }
    }
}

/// How pods share what a metric measures. Amounts are thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Of each pod; 0 for a metric that pods request nothing of.
    pub request: i64,
    /// The highest that a pod can show.
    pub limit: Option<i64>,
    /// What a pod shows without any of it.
    pub idle: i64,
    /// Whether pods count only once they are ready, as they do for CPU.
    pub is_cpu: bool,
}

impl Share {
    /// What the `pods` oldest of `serving` show together while all of these share `amount`.
    #[inline]
    fn of(&self, pods: i64, amount: i64, serving: i64) -> i64 {
        if serving == 0 {
            return 0;
        }
        if pods == serving && self.is_unlimited(amount, serving) {
            // All that is shared, without dividing it first: this is what most syncs ask.
            return self.idle.saturating_mul(pods).saturating_add(amount);
        }
        let share = self.idle.saturating_add(amount / serving);
        let limited = |usage: i64| self.limit.map_or(usage, |it| usage.min(it));
        let more = (amount % serving).min(pods);
        let usual = limited(share).saturating_mul(pods - more);
        usual.saturating_add(limited(share.saturating_add(1)).saturating_mul(more))
    }

    /// Whether no pod reaches the limit while `serving` share `amount`.
    fn is_unlimited(&self, amount: i64, serving: i64) -> bool {
        let room = |limit: i64| limit.saturating_sub(self.idle).saturating_mul(serving);
        amount >= 0 && self.limit.is_none_or(|it| amount <= room(it))
    }
}

/// The pods of one scale target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plant {
    shape: PodShape,
    replicas: i64,
    /// Pods that serve and whose usage counts.
    settled: i64,
    /// Pods that do not serve, or not long enough to count; the oldest first.
    starting: VecDeque<Cohort>,
}

/// Pods that were created together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cohort {
    pods: i64,
    /// When they serve.
    ready: Timestamp,
    /// When the controller counts their usage.
    counted: Timestamp,
}

impl Plant {
    /// `replicas` pods that have been serving for long.
    pub fn new(shape: PodShape, replicas: i32) -> Self {
        let replicas = i64::from(replicas.max(0));
        Self {
            shape,
            replicas,
            settled: replicas,
            starting: VecDeque::with_capacity(64),
        }
    }

    /// How many pods there are, whatever their state.
    pub fn replicas(&self) -> i64 {
        self.replicas
    }

    /// Creates missing pods; removes surplus ones, the newest first.
    pub fn scale_to(&mut self, replicas: i32, flags: &Flags, now: Timestamp) {
        let wanted = i64::from(replicas.max(0));
        let mut surplus = self.replicas - wanted;
        self.replicas = wanted;
        if surplus < 0 {
            self.create(-surplus, flags, now);
        }
        while surplus > 0 {
            let Some(newest) = self.starting.back_mut() else {
                self.settled -= surplus;
                return;
            };
            let removed = newest.pods.min(surplus);
            newest.pods -= removed;
            surplus -= removed;
            if newest.pods == 0 {
                self.starting.pop_back();
            }
        }
    }

    fn create(&mut self, pods: i64, flags: &Flags, now: Timestamp) {
        let ready = after(now, self.shape.startup);
        // Within the initialization period one window must be measured after a pod became ready.
        let sampled = after(ready, self.shape.window);
        let initialized = after(now, flags.cpu_initialization).max(ready);
        self.starting.push_back(Cohort {
            pods,
            ready,
            counted: sampled.min(initialized),
        });
    }

    /// Lets pods settle whose time has come.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(oldest) = self.starting.front().filter(|it| it.counted <= now) {
            self.settled += oldest.pods;
            self.starting.pop_front();
        }
    }

    /// The next time at which a pod starts to serve or to count.
    #[inline]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let times = self.starting.iter().flat_map(|it| [it.ready, it.counted]);
        times.filter(|it| *it > now).min()
    }

    /// How many pods serve.
    pub fn serving(&self, now: Timestamp) -> i64 {
        let starting = self.starting.iter().filter(|it| it.ready <= now);
        self.settled + starting.map(|it| it.pods).sum::<i64>()
    }

    /// What the `pods` oldest of those that serve use together under `demand` millicores.
    ///
    /// Each takes an equal share; what does not divide goes to the oldest, a millicore each.
    #[inline]
    pub fn usage(&self, pods: i64, demand: i64, now: Timestamp) -> i64 {
        self.shape.cpu().of(pods, demand, self.serving(now))
    }

    /// What the controller sees of the pods in the metric that `share` describes, while those
    /// that serve share `amount` of it.
    #[inline]
    pub fn tally(&self, share: &Share, amount: i64, target: PodTarget, now: Timestamp) -> Tally {
        let all = self.replicas();
        let serving = self.serving(now);
        // Where readiness plays no part, pods that do not serve yet count with what they use anyway.
        let (counted, starting) = match share.is_cpu {
            true => (self.settled, 0),
            false => (all, all - serving),
        };
        let used = share.of(counted - starting, amount, serving);
        let unused = share.limit.map_or(share.idle, |it| share.idle.min(it));
        let request = match target {
            PodTarget::Utilization(_) => share.request,
            PodTarget::Average(_) => 0,
        };
        let unready = all - counted;
        Tally {
            ready: Counted {
                pods: counted,
                usage: used.saturating_add(unused.saturating_mul(starting)),
                requests: counted.wrapping_mul(request),
            },
            unready: Requested {
                pods: unready,
                requests: unready.wrapping_mul(request),
                assumed: 0,
            },
            ..Tally::default()
        }
    }

    pub fn shape(&self) -> &PodShape {
        &self.shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: PodShape = PodShape {
        request: 500,
        limit: Some(1000),
        idle: 10,
        startup: SignedDuration::from_secs(40),
        window: SignedDuration::from_secs(15),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn new_pods_serve_after_their_startup_and_count_a_window_later() {
        let mut plant = Plant::new(SHAPE, 2);
        plant.scale_to(5, &Flags::default(), at(0));
        let mut seen = |second| {
            plant.advance(at(second));
            let tally = plant.tally(&SHAPE.cpu(), 1000, PodTarget::Utilization(50), at(second));
            (
                plant.serving(at(second)),
                tally.ready.pods,
                tally.ready.usage,
            )
        };
        assert_eq!(seen(39), (2, 2, 1020));
        assert_eq!(seen(40), (5, 2, 420));
        assert_eq!(seen(55), (5, 5, 1050));
    }

    #[test]
    fn pods_that_start_show_what_they_use_anyway_where_readiness_plays_no_part() {
        let mut plant = Plant::new(SHAPE, 2);
        plant.scale_to(5, &Flags::default(), at(0));
        let memory = Share {
            request: 100,
            limit: None,
            idle: 30,
            is_cpu: false,
        };
        let tally = plant.tally(&memory, 101, PodTarget::Utilization(50), at(10));
        assert_eq!((tally.ready.pods, tally.ready.requests), (5, 500));
        assert_eq!(tally.ready.usage, 5 * 30 + 101);
        assert_eq!(tally.unready.pods, 0);
    }

    #[test]
    fn a_pod_that_starts_beyond_the_initialization_period_counts_at_once() {
        let shape = PodShape {
            startup: SignedDuration::from_secs(400),
            ..SHAPE
        };
        let mut plant = Plant::new(shape, 1);
        plant.scale_to(2, &Flags::default(), at(0));
        assert_eq!(plant.next_change(at(0)), Some(at(400)));
        plant.advance(at(400));
        assert_eq!(plant.next_change(at(400)), None);
    }

    #[test]
    fn usage_saturates_at_the_limit() {
        let plant = Plant::new(SHAPE, 2);
        assert_eq!(plant.usage(2, 1_979, at(0)), 1_999);
        assert_eq!(plant.usage(2, i64::MAX, at(0)), 2_000);
        assert_eq!(Plant::new(SHAPE, 0).usage(0, 1_000, at(0)), 0);
    }

    #[test]
    fn the_newest_pods_go_first() {
        let mut plant = Plant::new(SHAPE, 4);
        plant.scale_to(6, &Flags::default(), at(0));
        plant.scale_to(7, &Flags::default(), at(15));
        plant.scale_to(5, &Flags::default(), at(30));
        assert_eq!((plant.replicas(), plant.serving(at(30))), (5, 4));
        plant.scale_to(3, &Flags::default(), at(30));
        assert_eq!((plant.replicas(), plant.serving(at(30))), (3, 3));
    }
}
