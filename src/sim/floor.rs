//! The minimum of an HPA over time, as somebody raises it and lets it fall again on schedule.
//!
//! A schedule is asked for its turns once before a replay: its crons are searched step by step, and
//! a replay has no time for that.

use jiff::Timestamp;

use super::settings::count;
use crate::schedule::Plan;

/// The least number of replicas from a time on, until that of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    pub from: Timestamp,
    /// 0 while no window is open.
    pub min: i32,
}

/// What `plan` keeps from `start` on, as long as `end` is not reached, in order of time; empty if no
/// window is open in between.
pub fn floors(plan: &Plan, start: Timestamp, end: Timestamp) -> Vec<Floor> {
    let open = comings(plan, start, end);
    let mut turns: Vec<Timestamp> = open.iter().flat_map(|it| [it.0, it.1]).collect();
    turns.sort_unstable();
    turns.dedup();
    let mut floors: Vec<Floor> = Vec::with_capacity(turns.len());
    for from in turns.into_iter().filter(|it| *it < end) {
        let here = open.iter().filter(|it| it.0 <= from && from < it.1);
        let min = here.map(|it| it.2).max().unwrap_or(0);
        if floors.last().map_or(0, |it| it.min) != min {
            floors.push(Floor { from, min });
        }
    }
    floors
}

/// Every window that is open in between: from when, until when, and for how many replicas.
fn comings(plan: &Plan, start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp, i32)> {
    let mut open = Vec::new();
    for window in plan.windows() {
        let length = window.length();
        // A start is looked for strictly after a time, and one `length` ago is over.
        let mut at = start.checked_sub(length).unwrap_or(Timestamp::MIN);
        while let Some(from) = window.next_start(at).filter(|it| *it < end) {
            let until = from.checked_add(length).unwrap_or(Timestamp::MAX);
            open.push((from, until, count(window.min().0)));
            at = from;
        }
    }
    open
}

/// The floors of a replay on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns<'a> {
    left: &'a [Floor],
    /// When the next one begins; the end of time where there is none, so that a sync without a
    /// schedule compares two numbers and no more.
    next: Timestamp,
}

impl<'a> Turns<'a> {
    pub(super) fn of(floors: &'a [Floor]) -> Self {
        Self {
            left: floors,
            next: floors.first().map_or(Timestamp::MAX, |it| it.from),
        }
    }

    /// The floor that holds at `now`, if another one than before.
    #[inline]
    pub(super) fn turn(&mut self, now: Timestamp) -> Option<i32> {
        if now < self.next {
            return None;
        }
        let passed = self.left.iter().take_while(|it| it.from <= now).count();
        let (before, after) = self.left.split_at(passed);
        *self = Self::of(after);
        before.last().map(|it| it.min)
    }

    /// When the floor is another one.
    #[inline]
    pub(super) fn next(&self) -> Option<Timestamp> {
        (self.next < Timestamp::MAX).then_some(self.next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::{Window, Written};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(start: &str, minutes: u32, replicas: u32, zone: &str) -> Window {
        Window::try_from(Written {
            start_cron: start.to_owned(),
            duration_minutes: minutes,
            min_replicas: replicas,
            time_zone: zone.to_owned(),
        })
        .unwrap()
    }

    fn told(floors: &[Floor]) -> Vec<(String, i32)> {
        floors
            .iter()
            .map(|it| (it.from.to_string(), it.min))
            .collect()
    }

    fn expected(all: &[(&str, i32)]) -> Vec<(String, i32)> {
        all.iter().map(|it| (it.0.to_owned(), it.1)).collect()
    }

    #[test]
    fn the_highest_of_overlapping_windows_holds_and_each_ends_by_itself() {
        let plan = Plan::new(vec![
            window("0 8 * * *", 120, 6, "Etc/UTC"),
            window("0 9 * * *", 30, 9, "Etc/UTC"),
        ]);
        let found = floors(
            &plan,
            at("2026-01-05T00:00:00Z"),
            at("2026-01-06T00:00:00Z"),
        );
        let all = [
            ("2026-01-05T08:00:00Z", 6),
            ("2026-01-05T09:00:00Z", 9),
            ("2026-01-05T09:30:00Z", 6),
            ("2026-01-05T10:00:00Z", 0),
        ];
        assert_eq!(told(&found), expected(&all));
    }

    #[test]
    fn a_window_that_is_open_at_the_start_counts_from_when_it_began() {
        let plan = Plan::new(vec![window("0 22 * * *", 240, 5, "Etc/UTC")]);
        let found = floors(
            &plan,
            at("2026-01-05T00:30:00Z"),
            at("2026-01-05T12:00:00Z"),
        );
        let all = [("2026-01-04T22:00:00Z", 5), ("2026-01-05T02:00:00Z", 0)];
        assert_eq!(told(&found), expected(&all));
    }

    #[test]
    fn windows_follow_the_wall_clock_over_a_change_of_it() {
        let plan = Plan::new(vec![window("0 8 * * *", 60, 5, "Europe/Berlin")]);
        let found = floors(
            &plan,
            at("2026-03-28T00:00:00Z"),
            at("2026-03-30T00:00:00Z"),
        );
        let all = [
            ("2026-03-28T07:00:00Z", 5),
            ("2026-03-28T08:00:00Z", 0),
            ("2026-03-29T06:00:00Z", 5),
            ("2026-03-29T07:00:00Z", 0),
        ];
        assert_eq!(told(&found), expected(&all));
        assert_eq!(floors(&Plan::default(), Timestamp::MIN, Timestamp::MAX), []);
    }

    proptest! {
        /// What is asked for once is what the plan says at any time.
        #[test]
        fn floors_are_those_of_the_plan(
            crons in prop::collection::vec(
                (prop::sample::select(vec!["0 8 * * *", "30 2 * * 0", "45 23 * * 1-5", "*/20 1 * * *"]),
                    1_u32..2000, 1_u32..9),
                0..4,
            ),
            begin in 1_770_000_000_i64..1_790_000_000,
            seconds in 0_i64..600_000,
        ) {
            let windows = crons.iter();
            let plan: Vec<_> = windows.map(|it| window(it.0, it.1, it.2, "Europe/Berlin")).collect();
            let plan = Plan::new(plan);
            let start = Timestamp::from_second(begin).unwrap();
            let now = Timestamp::from_second(begin + seconds).unwrap();
            let end = Timestamp::from_second(begin + 600_000).unwrap();
            let floors = floors(&plan, start, end);
            let mut turns = Turns::of(&floors);
            let found = turns.turn(now).unwrap_or(0);
            prop_assert_eq!(found, plan.floor(now).map_or(0, |it| count(it.0)));
            if let Some(next) = turns.next() {
                prop_assert!(next > now);
            }
        }
    }
}
