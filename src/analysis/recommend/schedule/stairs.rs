//! A week of floors as stairs that are the same on many days: few windows, each with a floor of its own.
//!
//! A load that climbs all morning calls for more and more. One window from its first rise to its last would
//! keep the pods of noon from dawn on.

use super::windows::{Group, Making, OPEN_SHARE, ROUND, written};
use crate::schedule::Plan;

const DAY: u32 = 24 * 60;
/// Windows a day.
const MOST_STEPS: usize = 3;

/// Bins of a day that have one floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    from: usize,
    bins: usize,
    floor: u32,
}

/// How days are taken together: all of them, or those of work and those of rest apart. Monday first.
pub(super) fn sorts(making: &Making<'_>) -> [Vec<[bool; 7]>; 2] {
    let rest = making.rest.days();
    [vec![[true; 7]], vec![rest.map(|it| !it), rest]]
}

/// Stairs of one to three windows a day that keep `floors`, one for each bin of a local week, Monday
/// 00:00 first, 0 where there is none: the same on every day, and apart on days of rest.
pub(super) fn plans(floors: &[u32], making: &Making<'_>) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for sorts in sorts(making) {
        for most in 1..=MOST_STEPS {
            let groups = sorts.iter().map(|it| of_days(floors, *it, most, making));
            let plan = written(groups.flatten(), making.zone);
            if !plan.is_empty() && !plans.contains(&plan) {
                plans.push(plan);
            }
        }
    }
    plans
}

/// The windows of some days that are taken for one: each bin keeps the most of all of them.
fn of_days(floors: &[u32], days: [bool; 7], most: usize, making: &Making<'_>) -> Vec<Group> {
    let per_day = floors.len() / 7;
    let of_bin = |bin: usize| {
        let on = (0..7).filter(|it| days[*it]);
        let all = on.map(|it| floors[(it * per_day + bin) % floors.len()]);
        all.max().unwrap_or(0)
    };
    // A day begins where the least is kept, so that no window is cut in two.
    let first = (0..per_day).min_by_key(|it| of_bin(*it)).unwrap_or(0);
    let day = at_times((first..first + per_day).map(of_bin).collect());
    let steps = stairs(&day, most).into_iter();
    steps
        .filter_map(|it| it.group(first, days, making))
        .collect()
}

/// `day` without its lowest floors, where all of them would be kept most of the time: that is what a
/// minimum is for.
fn at_times(day: Vec<u32>) -> Vec<u32> {
    let open = (OPEN_SHARE * day.len() as f64) as usize;
    let mut sorted = day.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let beyond = sorted.get(open).copied().unwrap_or(0);
    let kept = |it: u32| if it > beyond { it } else { 0 };
    day.into_iter().map(kept).collect()
}

/// At most `most` steps that keep no less than `day`. Of two that touch, those become one that waste
/// least by it.
fn stairs(day: &[u32], most: usize) -> Vec<Step> {
    let equal = day.chunk_by(|a, b| a == b);
    let mut from = 0;
    let mut steps: Vec<Step> = equal
        .map(|it| {
            let bins = it.len();
            from += bins;
            Step {
                from: from - bins,
                bins,
                floor: it[0],
            }
        })
        .collect();
    while steps.iter().filter(|it| it.floor > 0).count() > most {
        let pairs = steps.windows(2).enumerate();
        let Some((at, _)) = pairs.min_by_key(|(_, it)| it[0].wasted_with(&it[1])) else {
            break;
        };
        steps[at] = steps[at].with(&steps[at + 1]);
        steps.remove(at + 1);
    }
    steps.retain(|it| it.floor > 0);
    steps
}

impl Step {
    fn with(&self, next: &Self) -> Self {
        Self {
            from: self.from,
            bins: self.bins + next.bins,
            floor: self.floor.max(next.floor),
        }
    }

    /// Pods times bins that one step of both keeps beyond what they keep.
    fn wasted_with(&self, next: &Self) -> u64 {
        let kept = |it: &Self| u64::from(it.floor) * it.bins as u64;
        kept(&self.with(next)) - kept(self) - kept(next)
    }

    /// The step as a window of `days` that begin with the bin `first`; `None` for one that would come
    /// again before it is over.
    fn group(&self, first: usize, days: [bool; 7], making: &Making<'_>) -> Option<Group> {
        let minute = |bin: usize| 2 * DAY + bin as u32 * making.bin_minutes;
        let begin = minute(first + self.from).checked_sub(making.lead_minutes)?;
        let start = begin - begin % ROUND;
        let end = minute(first + self.from + self.bins);
        let minutes = (end - start).next_multiple_of(ROUND);
        let mut days = days;
        // The lead may take a start into the day before.
        days.rotate_right(((start / DAY + 5) % 7) as usize);
        (minutes < DAY).then_some(Group {
            start: start % DAY,
            minutes,
            floor: self.floor,
            days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    /// A week of equal days, or of other weekends.
    fn week(
        day: &[(std::ops::Range<usize>, u32)],
        weekend: &[(std::ops::Range<usize>, u32)],
    ) -> Vec<u32> {
        let mut floors = vec![0; 7 * 24];
        for at in 0..7 {
            for (hours, floor) in if at < 5 { day } else { weekend } {
                floors[at * 24 + hours.start..at * 24 + hours.end].fill(*floor);
            }
        }
        floors
    }

    fn told(floors: &[u32], lead_minutes: u32) -> Vec<Vec<String>> {
        let making = Making::in_berlin(lead_minutes, 0);
        plans(floors, &making)
            .iter()
            .map(testing::written)
            .collect()
    }

    #[test]
    fn a_climb_is_one_window_or_stairs_that_waste_less() {
        let climb = [(6..7, 3), (7..8, 4), (8..12, 10)];
        assert_eq!(
            told(&week(&climb, &climb), 7),
            [
                vec!["50 5 * * * 370 10"],
                vec!["50 5 * * * 130 4", "50 7 * * * 250 10"],
                vec!["50 5 * * * 70 3", "50 6 * * * 70 4", "50 7 * * * 250 10"],
                vec!["50 5 * * 1-5 370 10", "50 5 * * 0,6 370 10"],
                vec![
                    "50 5 * * 1-5 130 4",
                    "50 7 * * 1-5 250 10",
                    "50 5 * * 0,6 130 4",
                    "50 7 * * 0,6 250 10"
                ],
                vec![
                    "50 5 * * 1-5 70 3",
                    "50 6 * * 1-5 70 4",
                    "50 7 * * 1-5 250 10",
                    "50 5 * * 0,6 70 3",
                    "50 6 * * 0,6 70 4",
                    "50 7 * * 0,6 250 10"
                ],
            ]
        );
    }

    #[test]
    fn weekends_may_be_quiet_and_nights_are_not_cut_in_two() {
        let nights = [(0..2, 5), (22..24, 5)];
        let floors = week(&nights, &[]);
        // Saturday begins in the night of Friday, which its sort of days does not have.
        let apart = told(&floors, 0);
        assert_eq!(apart[0], ["0 22 * * * 240 5"]);
        assert!(
            apart[1].contains(&"0 22 * * 1-5 240 5".to_owned()),
            "{apart:?}"
        );
        let early = told(&week(&[(0..1, 9)], &[(0..1, 9)]), 10);
        assert_eq!(early[0], ["50 23 * * * 70 9"]);
    }

    #[test]
    fn the_lowest_floors_of_a_day_without_a_gap_are_left_to_the_minimum() {
        let always = [(0..6, 4), (6..24, 9)];
        let floors = week(&always, &always);
        assert_eq!(told(&floors, 0)[0], ["0 6 * * * 1080 9"]);
        assert_eq!(told(&[5; 168], 0), Vec::<Vec<String>>::new());
    }
}
