//! Windows that open every hour, or in some hours of some days, before a batch.

use super::stairs::sorts;
use super::windows::{MOST, Making, ROUND};
use crate::schedule::{Plan, Window, Written, hours, weekdays};

const HOUR: u32 = 60;
const HOURS_A_DAY: usize = 24;
const WEEK: usize = 7 * HOURS_A_DAY;
/// What is open for longer is a minimum and no window.
const LONGEST: u32 = 50;

/// What is kept in each hour of a day, 0 where nothing is.
type Day = [u32; HOURS_A_DAY];

/// Windows of one length that open so many minutes after some hours of the week.
struct Opening {
    /// Hours from a window's start to the hour in which its batch begins.
    back: usize,
    minute: u32,
    minutes: u32,
}

/// Windows that keep `floors`, one for each hour of a local week, Monday 00:00 first, 0 where there is none,
/// while the batch is there that begins `minute` after the full hour and lasts `minutes`: the same floor
/// all day or two of them, on every day and apart on days of rest. Empty where the lead leaves no time
/// between two windows.
pub(super) fn plans(
    floors: &[u32],
    (minute, minutes): (u32, u32),
    making: &Making<'_>,
) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    let Some(opening) = Opening::of(minute, minutes, making.lead_minutes) else {
        return plans;
    };
    for sorts in sorts(making) {
        let days: Vec<([bool; 7], Day)> = sorts.iter().map(|it| (*it, day(floors, *it))).collect();
        if days.len() > 1 && days.iter().all(|it| it.1 == days[0].1) {
            continue;
        }
        for parts in [one, two] {
            let windows = days.iter().flat_map(|(on, day)| {
                let parts = parts(day).into_iter();
                parts.flat_map(|it| opening.windows_of(&it, *on, making.zone))
            });
            let windows: Option<Vec<Window>> = windows.collect();
            let few = windows.filter(|it| (1..=MOST).contains(&it.len()));
            if let Some(plan) = few.map(Plan::new).filter(|it| !plans.contains(it)) {
                plans.push(plan);
            }
        }
    }
    plans
}

/// The most of each hour on some days.
fn day(floors: &[u32], days: [bool; 7]) -> Day {
    let of_hour = |hour: usize| {
        let on = (0..7).filter(|it| days[*it]);
        on.map(|it| floors[it * HOURS_A_DAY + hour])
            .max()
            .unwrap_or(0)
    };
    std::array::from_fn(of_hour)
}

/// The highest floor of a day in all of its hours.
fn one(day: &Day) -> Vec<Day> {
    let most = day.iter().copied().max().unwrap_or(0);
    vec![day.map(|it| if it > 0 { most } else { 0 })]
}

/// The two floors that keep least of all, of which one is kept from one hour of the day to another;
/// the highest alone where that keeps as little.
fn two(day: &Day) -> Vec<Day> {
    let of_range = |first: usize, len: usize| {
        let within = |hour: usize| (hour + HOURS_A_DAY - first) % HOURS_A_DAY < len;
        let part = |is_within: bool| {
            let part = std::array::from_fn(|it| if within(it) == is_within { day[it] } else { 0 });
            one(&part)[0]
        };
        [part(true), part(false)]
    };
    let kept = |parts: &[Day]| parts.iter().flatten().sum::<u32>();
    let ranges = (0..HOURS_A_DAY).flat_map(|first| (1..HOURS_A_DAY).map(move |len| (first, len)));
    // The first of equals.
    let best = ranges
        .map(|it| of_range(it.0, it.1))
        .min_by_key(|it| kept(it));
    let one = one(day);
    match best.filter(|it| kept(it) < kept(&one)) {
        Some(two) => two.to_vec(),
        None => one,
    }
}

impl Opening {
    /// Earlier by the lead, from and to a round minute; `None` for one that would be open most of the
    /// hour.
    fn of(minute: u32, minutes: u32, lead_minutes: u32) -> Option<Self> {
        // A day later, so that nothing is below zero.
        let begin = 24 * HOUR + minute - lead_minutes.min(24 * HOUR);
        let start = begin - begin % ROUND;
        let end = (24 * HOUR + minute + minutes).next_multiple_of(ROUND);
        let minutes = end - start;
        (minutes <= LONGEST).then_some(Self {
            back: 24 - (start / HOUR) as usize,
            minute: start % HOUR,
            minutes,
        })
    }

    /// Those of one floor on some days; `None` among them for what has no end in cron.
    fn windows_of(&self, part: &Day, days: [bool; 7], zone: &str) -> Vec<Option<Window>> {
        let floor = part.iter().copied().max().unwrap_or(0);
        let on = (0..7).filter(|it| days[*it]);
        let hours = on.flat_map(|day| (0..HOURS_A_DAY).map(move |hour| (day, hour)));
        let kept = hours.filter(|it| part[it.1] > 0);
        let starts = kept.map(|(day, hour)| (day * HOURS_A_DAY + hour + WEEK - self.back) % WEEK);
        let crons = self.crons(starts.collect()).into_iter();
        crons.map(|it| self.window(it, floor, zone)).collect()
    }

    /// Crons of these hours of the week: of equal days one. What ends on the day after its start is apart
    /// from what does not, unless it is so every day.
    fn crons(&self, starts: Vec<usize>) -> Vec<String> {
        let mut is_start = [[false; HOURS_A_DAY]; 7];
        for start in starts {
            is_start[start / HOURS_A_DAY][start % HOURS_A_DAY] = true;
        }
        let carry = ((self.minute + self.minutes) / HOUR) as usize;
        let is_late = |hour: usize| hour + carry >= HOURS_A_DAY;
        let is_alike = is_start.iter().all(|it| *it == is_start[0]);
        let mut crons = Vec::new();
        for late in [false, true] {
            let mut days = is_start;
            if !is_alike {
                for (hour, is_on) in days.iter_mut().flat_map(|it| it.iter_mut().enumerate()) {
                    *is_on &= is_late(hour) == late;
                }
            } else if late {
                break;
            }
            crons.extend(self.of_equal_days(&days));
        }
        crons
    }

    fn of_equal_days(&self, days: &[[bool; HOURS_A_DAY]; 7]) -> Vec<String> {
        let mut crons = Vec::new();
        for (at, of_day) in days.iter().enumerate() {
            let is_new = !days[..at].contains(of_day) && of_day.contains(&true);
            if is_new {
                // Cron counts from Sunday.
                let mut same: [bool; 7] = std::array::from_fn(|it| days[it] == *of_day);
                same.rotate_right(1);
                let (hours, days) = (hours(of_day), weekdays(&same));
                crons.push(format!("{} {hours} * * {days}", self.minute));
            }
        }
        crons
    }

    /// `None` for one that KEDA and a CronJob have no words for.
    fn window(&self, start_cron: String, floor: u32, zone: &str) -> Option<Window> {
        let window = Window::try_from(Written {
            start_cron,
            duration_minutes: self.minutes,
            min_replicas: floor,
            time_zone: zone.to_owned(),
        });
        let window = window.ok()?;
        let end = window.end_cron()?;
        (end != window.written().start_cron).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::written;
    use super::*;

    fn floors(floor: impl Fn(usize, usize) -> u32) -> Vec<u32> {
        (0..WEEK)
            .map(|it| floor(it / HOURS_A_DAY, it % HOURS_A_DAY))
            .collect()
    }

    fn told(floors: &[u32], batch: (u32, u32), lead_minutes: u32) -> Vec<Vec<String>> {
        let making = Making::in_berlin(lead_minutes, 0);
        plans(floors, batch, &making).iter().map(written).collect()
    }

    #[test]
    fn a_batch_of_every_hour_is_one_window() {
        let always = floors(|_, _| 6);
        // Five minutes and more before :00, to the end of ten minutes.
        assert_eq!(told(&always, (0, 10), 4), [["55 * * * * 15 6"]]);
        assert_eq!(told(&always, (30, 5), 7), [["20 * * * * 15 6"]]);
        // An hour and more before what begins at :10 is most of the hour.
        assert_eq!(told(&always, (10, 10), 45), [] as [[&str; 0]; 0]);
        assert_eq!(told(&floors(|_, _| 0), (0, 10), 4), [] as [[&str; 0]; 0]);
    }

    #[test]
    fn hours_and_days_without_it_are_left_out() {
        let office = floors(|day, hour| {
            if day < 5 && (8..18).contains(&hour) {
                6
            } else {
                0
            }
        });
        assert_eq!(
            told(&office, (0, 10), 4),
            [["55 7-16 * * * 15 6"], ["55 7-16 * * 1-5 15 6"]]
        );
        assert_eq!(told(&office, (30, 10), 4)[1], ["25 8-17 * * 1-5 15 6"]);
    }

    #[test]
    fn what_begins_or_ends_on_another_day_has_a_window_of_its_own() {
        let working = floors(|day, _| if day < 5 { 6 } else { 0 });
        // From five to midnight of the day before, and ten minutes past it.
        assert_eq!(
            told(&working, (0, 10), 4)[1],
            ["55 0-22 * * 1-5 15 6", "55 23 * * 0-4 15 6"]
        );
        // An early and a late part of the day, and none at noon.
        let nights = floors(|_, hour| {
            if (22..24).contains(&hour) || hour < 2 {
                4
            } else {
                0
            }
        });
        assert_eq!(told(&nights, (20, 10), 4), [["15 0,1,22,23 * * * 15 4"]]);
        assert_eq!(told(&nights, (0, 10), 4), [["55 0,21-23 * * * 15 4"]]);
    }

    #[test]
    fn nights_may_keep_less_than_days() {
        let wave = floors(|_, hour| if (8..20).contains(&hour) { 9 } else { 4 });
        assert_eq!(
            told(&wave, (0, 5), 5),
            [
                vec!["55 * * * * 10 9"],
                vec!["55 7-18 * * * 10 9", "55 0-6,19-23 * * * 10 4"]
            ]
        );
    }
}
