//! What was recommended and changed lately, for replays: the answers of the controller's lists
//! without searching them.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::flags::Flags;
use super::memory::{Memory, Past, Since};
use super::numbers::after;
use super::settings::{Pace, Settings};

/// The recent past under settings that stay as they are.
///
/// Slots of the controller's list are reused only once they count no more, so while windows do
/// not grow, what counts is told by times alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    is_started: bool,
    /// How long a recommendation counts on the way up, and on the way down.
    up: SignedDuration,
    down: SignedDuration,
    /// Recommendations that no later one exceeds, the oldest and highest first.
    high: VecDeque<Run>,
    /// Recommendations that no later one undercuts, the oldest and lowest first.
    low: VecDeque<Run>,
    /// The changes that were made, in the controller's own lists: which slot is reused decides
    /// what the policies of the other direction, if they look further back, still count.
    changes: Memory,
}

/// A count that was recommended, the last time at `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    replicas: i32,
    last: Timestamp,
}

impl Recent {
    /// Nothing yet, under `settings` of a controller with `flags`.
    pub fn new(settings: &Settings, flags: &Flags) -> Self {
        let pace = settings.pace.as_ref();
        Self {
            is_started: false,
            up: pace.map_or(SignedDuration::ZERO, |it| it.up.window),
            down: pace.map_or(flags.downscale_stabilization, |it| it.down.window),
            high: VecDeque::with_capacity(64),
            low: VecDeque::with_capacity(64),
            changes: Memory::default(),
        }
    }

    /// The next time after which something recommended counts no more, if there is any.
    #[inline]
    pub fn next_recommended(&self) -> Option<Timestamp> {
        let high = self.high.front().map(|it| after(it.last, self.down));
        let low = self.low.front().map(|it| after(it.last, self.up));
        high.into_iter().chain(low).min()
    }

    /// The next time after which a policy of `pace` counts a change no more, if there is any.
    pub fn next_changed(&self, pace: &Pace, now: Timestamp) -> Option<Timestamp> {
        let Memory {
            scale_ups,
            scale_downs,
            ..
        } = &self.changes;
        let policies = pace.up.policies.iter().chain(&pace.down.policies);
        let expiries = policies.flat_map(|policy| {
            let period = super::settings::seconds(policy.period_seconds);
            let all = scale_ups.iter().chain(scale_downs);
            all.map(move |it| after(it.at, period))
        });
        expiries.filter(|it| *it > now).min()
    }
}

impl Past for Recent {
    const SHOWS_CONDITIONS: bool = false;

    fn start(&mut self, current: i32, now: Timestamp) {
        if !self.is_started {
            self.is_started = true;
            self.push(current, now);
        }
    }

    fn highest(&mut self, since: Since) -> Option<i32> {
        front(&mut self.high, since)
    }

    fn lowest(&mut self, since: Since) -> Option<i32> {
        front(&mut self.low, since)
    }

    fn record(&mut self, replicas: i32, now: Timestamp, _reusable_before: Timestamp) {
        self.push(replicas, now);
    }

    fn store(&mut self, pace: Option<&Pace>, from: i32, to: i32, now: Timestamp) {
        self.changes.store(pace, from, to, now);
    }

    fn change_within(&self, period: SignedDuration, now: Timestamp) -> i32 {
        self.changes.change_within(period, now)
    }
}

impl Recent {
    #[inline]
    fn push(&mut self, replicas: i32, now: Timestamp) {
        let run = Run {
            replicas,
            last: now,
        };
        // Most syncs recommend what the one before did, which then ends both lists.
        if self.extends(run) {
            return;
        }
        while self.high.back().is_some_and(|it| it.replicas <= replicas) {
            self.high.pop_back();
        }
        self.high.push_back(run);
        if self.up.is_zero() {
            return;
        }
        while self.low.back().is_some_and(|it| it.replicas >= replicas) {
            self.low.pop_back();
        }
        self.low.push_back(run);
    }

    /// Lets the last run of each list last longer, if `run` says the same.
    fn extends(&mut self, run: Run) -> bool {
        let is_same = |it: &&mut Run| it.replicas == run.replicas;
        let Some(high) = self.high.back_mut().filter(is_same) else {
            return false;
        };
        if !self.up.is_zero() {
            // What was pushed last ends this list as well, unless nothing of it is left.
            let Some(low) = self.low.back_mut() else {
                return false;
            };
            low.last = run.last;
        }
        high.last = run.last;
        true
    }
}

/// The first run that still counts; those before it never will again.
fn front(runs: &mut VecDeque<Run>, since: Since) -> Option<i32> {
    while runs.front().is_some_and(|it| !since.holds(it.last)) {
        runs.pop_front();
    }
    runs.front().map(|it| it.replicas)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::autoscaler::behavior::{Amount, Policy, Select};
    use crate::sim::normalize::normalize;
    use crate::sim::settings::{Direction, Tolerance};

    fn direction() -> impl Strategy<Value = Direction> {
        let select = prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)];
        let amount = prop_oneof![
            (1..20_u32).prop_map(Amount::Pods),
            (1..300_u32).prop_map(Amount::Percent)
        ];
        let policy = (amount, 1..200_u32).prop_map(|(amount, period_seconds)| Policy {
            amount,
            period_seconds,
        });
        let policies = proptest::collection::vec(policy, 1..4);
        (0..400_i64, select, policies).prop_map(|(window, select, policies)| Direction {
            window: SignedDuration::from_secs(window),
            select,
            policies,
        })
    }

    proptest! {
        #[test]
        fn the_recent_past_answers_as_the_controllers_lists(
            pace in proptest::option::of((direction(), direction())),
            wishes in proptest::collection::vec((0..60_i32, 1..40_i64), 1..150),
        ) {
            let flags = Flags::default();
            let pace = pace.map(|(up, down)| Pace { up, down });
            let tolerance = Tolerance::of(None, &flags);
            let settings = Settings { min: 1, max: 40, metrics: Vec::new(), tolerance, pace };
            let pace = settings.pace.as_ref();
            let mut memory = Memory::default();
            let mut recent = Recent::new(&settings, &flags);
            let (mut current, mut now) = (3, Timestamp::UNIX_EPOCH);
            memory.start(current, now);
            recent.start(current, now);
            for (wish, seconds) in wishes {
                now += SignedDuration::from_secs(seconds);
                let listed = normalize(&settings, &flags, &mut memory, current, wish, now);
                let found = normalize(&settings, &flags, &mut recent, current, wish, now);
                prop_assert_eq!(found, listed);
                if found.replicas != current {
                    memory.store(pace, current, found.replicas, now);
                    recent.store(pace, current, found.replicas, now);
                    current = found.replicas;
                }
            }
        }
    }
}
