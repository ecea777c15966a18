//! Windows from a week of floors: by the wall clock, earlier by the lead, and as few as may be.

use crate::analysis::forecast::RestDays;
use crate::schedule::{Plan, Window, Written, weekdays};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
/// Starts and ends are on minutes that people write.
pub(super) const ROUND: u32 = 5;
/// Windows nearer to each other are one: pods that go and come back in between save little.
const NEAR: u32 = 30;
/// No plan has more windows: what takes more is no rhythm that somebody would approve.
pub(super) const MOST: usize = 6;
/// What is open for a greater share of the week is a minimum and no window.
pub(super) const OPEN_SHARE: f64 = 0.85;

/// How windows are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making<'a> {
    pub(super) zone: &'a str,
    /// A divisor of a day.
    pub(super) bin_minutes: u32,
    /// How much earlier than its first bin a window begins.
    pub(super) lead_minutes: u32,
    /// By how much windows of different days may differ at either end and be written as one.
    pub(super) slack_minutes: u32,
    /// Days of the week that are unlike the others.
    pub(super) rest: RestDays,
}

/// One run of bins of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Since Monday 00:00, below a week.
    start: u32,
    minutes: u32,
    floor: u32,
}

/// The same run on several days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Of the day.
    pub(super) start: u32,
    pub(super) minutes: u32,
    pub(super) floor: u32,
    /// Monday first.
    pub(super) days: [bool; 7],
}

/// The windows that keep `floors`, one for each bin of a local week, Monday 00:00 first, 0 where there
/// is none. In the order of their starts; empty where there are none, or where no few windows keep
/// them.
pub(super) fn plan(floors: &[u32], making: &Making<'_>) -> Plan {
    let runs = joined(early(runs(floors, making.bin_minutes), making.lead_minutes));
    let open: u32 = runs.iter().map(|it| it.minutes).sum();
    if f64::from(open) > OPEN_SHARE * f64::from(WEEK) {
        return Plan::default();
    }
    // Days are taken together as loosely as it takes.
    let slacks = [1, 2, 4].map(|it| making.slack_minutes.max(ROUND) * it);
    let mut all = std::iter::once(making.slack_minutes).chain(slacks);
    let few = all.find_map(|it| Some(grouped(&runs, it)).filter(|it| it.len() <= MOST));
    written(few.unwrap_or_default(), making.zone)
}

/// What of `groups` there are words for.
pub(super) fn written(groups: impl IntoIterator<Item = Group>, zone: &str) -> Plan {
    let windows = groups.into_iter().filter_map(|it| it.window(zone));
    Plan::new(windows.collect())
}

/// Bins that touch and have a floor, over the end of the week too; none where all have one.
fn runs(floors: &[u32], bin_minutes: u32) -> Vec<Run> {
    let Some(gap) = floors.iter().position(|it| *it == 0) else {
        return Vec::new();
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut is_on = false;
    for step in 0..floors.len() {
        let at = (gap + step) % floors.len();
        let floor = floors[at];
        match runs.last_mut().filter(|_| is_on && floor > 0) {
            Some(run) => {
                run.minutes += bin_minutes;
                run.floor = run.floor.max(floor);
            }
            None if floor > 0 => runs.push(Run {
                start: at as u32 * bin_minutes,
                minutes: bin_minutes,
                floor,
            }),
            None => {}
        }
        is_on = floor > 0;
    }
    runs.sort_by_key(|it| it.start);
    runs
}

/// Each begins `lead` earlier, or a little more, so that it begins on a round minute.
fn early(runs: Vec<Run>, lead: u32) -> Vec<Run> {
    let mut early: Vec<Run> = runs
        .into_iter()
        .map(|it| {
            let begin = it.start + WEEK - lead % WEEK;
            let start = begin - begin % ROUND;
            let minutes = it.start + WEEK + it.minutes - start;
            Run {
                start: start % WEEK,
                minutes: minutes.next_multiple_of(ROUND),
                ..it
            }
        })
        .collect();
    early.sort_by_key(|it| it.start);
    early
}

/// Runs that overlap or are near each other as one, with the higher floor.
fn joined(runs: Vec<Run>) -> Vec<Run> {
    let mut joined: Vec<Run> = Vec::new();
    for run in runs {
        match joined.last_mut().filter(|it| it.reaches(run.start)) {
            Some(last) => last.take_in(run.start, run),
            None => joined.push(run),
        }
    }
    // The last of the week may reach into the first of the next.
    if let [first, .., last] = joined.as_mut_slice()
        && last.reaches(first.start + WEEK)
    {
        let (start, first) = (first.start + WEEK, *first);
        last.take_in(start, first);
        joined.remove(0);
    }
    joined
}

impl Run {
    fn reaches(&self, start: u32) -> bool {
        start <= self.start + self.minutes + NEAR
    }

    /// Goes on to the end of `other`, which begins at `start`.
    fn take_in(&mut self, start: u32, other: Self) {
        let end = (self.start + self.minutes).max(start + other.minutes);
        self.minutes = end - self.start;
        self.floor = self.floor.max(other.floor);
    }

    fn group(&self) -> Group {
        let mut days = [false; 7];
        days[(self.start / DAY) as usize] = true;
        Group {
            start: self.start % DAY,
            minutes: self.minutes,
            floor: self.floor,
            days,
        }
    }
}

/// Runs of different days that differ by at most `slack` minutes at either end as one, from the
/// earliest start to the latest end and with the highest floor.
fn grouped(runs: &[Run], slack: u32) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for run in runs.iter().map(Run::group) {
        let merged = groups.iter_mut().find_map(|it| {
            let both = it.with(&run, slack)?;
            *it = both;
            Some(())
        });
        if merged.is_none() {
            groups.push(run);
        }
    }
    groups.sort_by_key(|it| (it.start, it.days.map(|day| !day)));
    groups
}

impl Group {
    fn end(&self) -> u32 {
        self.start + self.minutes
    }

    /// Both as one window; `None` where they are too far apart, or it would come again before it is
    /// over.
    fn with(&self, other: &Self, slack: u32) -> Option<Self> {
        let share_a_day = self.days.iter().zip(other.days).any(|(a, b)| *a && b);
        let start = self.start.min(other.start);
        let minutes = self.end().max(other.end()) - start;
        let is_near =
            self.start.abs_diff(other.start) <= slack && self.end().abs_diff(other.end()) <= slack;
        let mut days = self.days;
        (0..7).for_each(|it| days[it] |= other.days[it]);
        (is_near && !share_a_day && minutes < DAY).then_some(Self {
            start,
            minutes,
            floor: self.floor.max(other.floor),
            days,
        })
    }

    /// `None` for one that KEDA and a CronJob have no words for.
    fn window(&self, zone: &str) -> Option<Window> {
        let (hour, minute) = (self.start / 60, self.start % 60);
        // Cron counts from Sunday.
        let mut days = self.days;
        days.rotate_right(1);
        let days = weekdays(&days);
        let written = Written {
            start_cron: format!("{minute} {hour} * * {days}"),
            duration_minutes: self.minutes,
            min_replicas: self.floor,
            time_zone: zone.to_owned(),
        };
        let window = Window::try_from(written).ok()?;
        let end = window.end_cron()?;
        (end != window.written().start_cron).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    const MONDAY: usize = 0;

    fn week(bins: &[(usize, std::ops::Range<usize>, u32)]) -> Vec<u32> {
        let mut floors = vec![0; 7 * 24];
        for (day, hours, floor) in bins {
            for hour in hours.clone() {
                floors[(day * 24 + hour) % (7 * 24)] = *floor;
            }
        }
        floors
    }

    fn told(floors: &[u32], lead_minutes: u32, slack_minutes: u32) -> Vec<String> {
        testing::written(&plan(
            floors,
            &Making::in_berlin(lead_minutes, slack_minutes),
        ))
    }

    fn on(days: std::ops::Range<usize>, hours: std::ops::Range<usize>, floor: u32) -> Vec<u32> {
        week(
            &days
                .map(|it| (it, hours.clone(), floor))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn equal_days_are_one_window_that_begins_early() {
        assert_eq!(told(&on(0..5, 8..10, 6), 7, 0), ["50 7 * * 1-5 130 6"]);
        assert_eq!(told(&on(0..7, 8..10, 6), 10, 0), ["50 7 * * * 130 6"]);
        assert_eq!(told(&on(5..7, 8..10, 6), 0, 0), ["0 8 * * 0,6 120 6"]);
        assert_eq!(told(&[0; 168], 10, 0), [] as [&str; 0]);
    }

    #[test]
    fn a_window_across_midnight_is_that_of_the_evening() {
        let nights = week(&(0..7).map(|it| (it, 22..26, 4)).collect::<Vec<_>>());
        assert_eq!(told(&nights, 0, 0), ["0 22 * * * 240 4"]);
        // The lead takes the start of Monday into Sunday, and the end of the week is its begin.
        let early = week(&[(MONDAY, 0..1, 9)]);
        assert_eq!(told(&early, 10, 0), ["50 23 * * 0 70 9"]);
        let over = week(&[(6, 23..24, 3), (MONDAY, 0..2, 5)]);
        assert_eq!(told(&over, 0, 0), ["0 23 * * 0 180 5"]);
    }

    #[test]
    fn there_may_be_several_windows_a_day_and_near_ones_are_one() {
        let twice = week(&[(0, 8..9, 4), (0, 17..19, 7)]);
        assert_eq!(
            told(&twice, 10, 0),
            ["50 7 * * 1 70 4", "50 16 * * 1 130 7"]
        );
        let near = week(&[(0, 8..9, 4), (0, 10..11, 7)]);
        assert_eq!(told(&near, 30, 0), ["30 7 * * 1 210 7"]);
    }

    #[test]
    fn days_that_differ_a_little_are_one_window_where_that_is_allowed() {
        let mut days: Vec<_> = (0..5).map(|it| (it, 8..10, 6)).collect();
        days[4] = (4, 8..11, 8);
        let exact = ["0 8 * * 1-4 120 6", "0 8 * * 5 180 8"];
        assert_eq!(told(&week(&days), 0, 0), exact);
        assert_eq!(told(&week(&days), 0, 60), ["0 8 * * 1-5 180 8"]);
    }

    #[test]
    fn what_is_open_most_of_the_week_is_no_schedule() {
        assert_eq!(told(&on(0..7, 2..23, 6), 0, 0), [] as [&str; 0]);
        assert_eq!(told(&[5; 168], 0, 0), [] as [&str; 0]);
        // Nor is what no few windows say.
        let scattered: Vec<_> = (0..7).map(|it| (it, 3 * it..3 * it + 1, 4)).collect();
        assert_eq!(told(&week(&scattered), 0, 0), [] as [&str; 0]);
    }

    #[test]
    fn a_weekend_is_one_window_of_two_days() {
        let weekend = week(&[(5, 0..24, 3), (6, 0..24, 3)]);
        assert_eq!(told(&weekend, 15, 0), ["45 23 * * 5 2895 3"]);
    }
}
