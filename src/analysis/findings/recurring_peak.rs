//! `recurring-peak`: the load rises at the same local time again and again, and replicas come late.
//!
//! Told from `scale-lag` and `floor-too-low` by how often it happens: what hurts nearly every day is
//! theirs, with the setting that is to blame. Here it is a few days of the week, and what helps is to be
//! there before.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};

use super::scale_lag::{Episode, episodes, rises};
use super::{Code, Finding, Severity, floor_too_low, scale_lag};
use crate::analysis::case::Case;
use crate::analysis::forecast::{Period, Recurrence};
use crate::analysis::load::quantile;
use crate::series::Series;

/// Times that replicas came late, so that two of chance are no habit.
const LATE: usize = 3;
/// A rise by less than a quarter is what the tolerance and a replica take.
const RISE: f64 = 1.25;
/// Peaks that begin within this time of the day begin at the same.
const SAME_MINUTES: i32 = 60;
const DAY_MINUTES: i32 = 24 * 60;
const HOUR_SECONDS: f64 = 3600.0;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let forecasting = &case.settings.forecasting;
    let is_told = || {
        scale_lag::find(case)
            .or_else(|| floor_too_low::find(case))
            .is_some()
    };
    if !forecasting.enabled || is_told() {
        return None;
    }
    let late: Vec<Episode> = episodes(case)
        .into_iter()
        .filter(|it| rises(case, it))
        .collect();
    if late.len() < LATE {
        return None;
    }
    let usage = case.load.samples.iter().map(|it| it.map(|it| it.usage));
    let usage = Series::from_values(case.load.grid, usage);
    let recurrence = forecasting.recurrence(&usage).ok()?;
    let peak = Peak::of(case, &recurrence, &late)?;
    (peak.times_before >= RISE).then(|| told(case, &recurrence, &peak))
}

fn told(case: &Case<'_>, recurrence: &Recurrence, peak: &Peak) -> Finding {
    let time = format!("{:02}:{:02}", peak.minute / 60, peak.minute % 60);
    let (zone, weekdays) = (recurrence.zone(), named(&peak.weekdays));
    let each = peak.minutes / peak.late as f64;
    let message = format!(
        "load rises {:.1} times at {time} {zone} on {weekdays}, and {} of {} times replicas came late, \
         by {each:.0} minutes",
        peak.times_before, peak.late, peak.occurrences
    );
    Finding::new(Code::RecurringPeak, Severity::Warning, message)
        .text("time", time)
        .text("timeZone", zone)
        .text("weekdays", weekdays)
        .text(
            "rhythm",
            match recurrence.season.period {
                Period::Hour => "hour",
                Period::Day => "day",
                Period::Week => "week",
            },
        )
        .count("occurrences", peak.occurrences)
        .count("late", peak.late)
        .number("timesBefore", peak.times_before)
        .number("minutesEach", each)
        .number("minutesPerDay", peak.minutes / case.days())
        .fix("keep more replicas from shortly before it: by a schedule, or a higher minReplicas")
}

/// What begins at the same time of the day.
struct Peak {
    /// Of the local day.
    minute: i32,
    /// Those on which replicas came late at least every other time.
    weekdays: BTreeSet<i8>,
    /// Such days on which the load is known at that time, and those of them with late replicas.
    occurrences: usize,
    late: usize,
    /// Above the target, in all.
    minutes: f64,
    times_before: f64,
}

impl Peak {
    /// The time of the day at which replicas came late on most days; `None` where that was less than
    /// every other time.
    fn of(case: &Case<'_>, recurrence: &Recurrence, late: &[Episode]) -> Option<Self> {
        let begin = |it: &Episode| recurrence.local(begin(case, it.start));
        let late: Vec<(DateTime, &Episode)> = late.iter().map(|it| (begin(it), it)).collect();
        let minutes: BTreeSet<i32> = late.iter().map(|it| minute(it.0)).collect();
        // The earliest of equals.
        let minute = *minutes
            .iter()
            .rev()
            .max_by_key(|it| days(&late, **it).len())?;
        let days = days(&late, minute);
        let seen = seen(case, recurrence, minute);
        let of = |all: &BTreeSet<Date>, weekday: i8| {
            let same = all.iter().filter(|it| number(it.weekday()) == weekday);
            same.count()
        };
        let is_habit = |it: &i8| of(&days, *it) >= 1 && of(&days, *it) * 2 >= of(&seen, *it);
        let weekdays: BTreeSet<i8> = (0..7).filter(is_habit).collect();
        let on = |all: &BTreeSet<Date>| weekdays.iter().map(|it| of(all, *it)).sum::<usize>();
        let (occurrences, late_days) = (on(&seen), on(&days));
        let is_recurring = late_days >= LATE && late_days * 2 >= occurrences;
        let here = late
            .iter()
            .filter(|it| is_at(it.0, minute) && weekdays.contains(&number(it.0.weekday())));
        let each = |it: &Episode| it.steps as f64 * case.load.step_seconds() / 60.0;
        let times: Vec<f64> = here
            .clone()
            .filter_map(|it| times_before(case, it.1))
            .collect();
        is_recurring.then_some(Self {
            minute,
            occurrences,
            late: late_days,
            minutes: here.map(|it| each(it.1)).sum(),
            times_before: quantile(&times, 0.5)?,
            weekdays,
        })
    }
}

/// When the step of a sample begins.
fn begin(case: &Case<'_>, at: usize) -> Timestamp {
    let end = case.load.grid.time(at);
    end.checked_sub(case.load.grid.step().signed())
        .unwrap_or(end)
}

fn minute(local: DateTime) -> i32 {
    i32::from(local.hour()) * 60 + i32::from(local.minute())
}

fn number(weekday: Weekday) -> i8 {
    weekday.to_monday_zero_offset()
}

/// Whether a time of the day is that of `minute` or within the hour after it.
fn is_at(local: DateTime, begin: i32) -> bool {
    (minute(local) - begin).rem_euclid(DAY_MINUTES) < SAME_MINUTES
}

/// The days on which something came late at that time.
fn days(late: &[(DateTime, &Episode)], minute: i32) -> BTreeSet<Date> {
    let here = late.iter().filter(|it| is_at(it.0, minute));
    here.map(|it| it.0.date()).collect()
}

/// The days on which the load is known at that time.
fn seen(case: &Case<'_>, recurrence: &Recurrence, minute: i32) -> BTreeSet<Date> {
    let known = case.load.known();
    let local = known.map(|(at, _)| recurrence.local(begin(case, at)));
    local
        .filter(|it| is_at(*it, minute))
        .map(|it| it.date())
        .collect()
}

/// The highest load of the hour after the begin by the mean one of the hour before.
fn times_before(case: &Case<'_>, episode: &Episode) -> Option<f64> {
    let hour = case.load.steps_in(HOUR_SECONDS);
    let usage = |at: usize| {
        case.load
            .samples
            .get(at)
            .copied()
            .flatten()
            .map(|it| it.usage)
    };
    let from = episode.start.saturating_sub(hour);
    let before: Vec<f64> = (from..episode.start).filter_map(usage).collect();
    let mean = before.iter().sum::<f64>() / before.len() as f64;
    let after = (episode.start..episode.start + hour).filter_map(usage);
    let high = after.fold(0.0, f64::max);
    (mean > 0.0).then_some(high / mean)
}

/// `every day`, `Mon-Fri`, `Tue, Thu`.
fn named(weekdays: &BTreeSet<i8>) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    if weekdays.len() == NAMES.len() {
        return "every day".to_owned();
    }
    let all: Vec<i8> = weekdays.iter().copied().collect();
    let name = |it: i8| NAMES[it as usize];
    let runs = all.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, .., last] if run.len() > 2 => format!("{}-{}", name(*first), name(*last)),
        run => run
            .iter()
            .map(|it| name(*it))
            .collect::<Vec<_>>()
            .join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Fact;
    use super::*;
    use crate::analysis::testing::{DAY, Scene};

    /// The load doubles for eight hours from 09:00 UTC on where `is_busy` says so of the weekday, and
    /// replicas follow `lag` samples later.
    fn peaks(lag: usize, is_busy: fn(i8) -> bool) -> Scene {
        let first = Scene::new(|_| 1.0, |_| 1.0).history.cpu().unwrap().grid();
        let busy = move |at: usize| {
            let end = first.time(at).as_second() - 300;
            // 1970-01-01 was a Thursday.
            let weekday = (end.div_euclid(86_400) + 3).rem_euclid(7) as i8;
            is_busy(weekday) && (9 * 3600..17 * 3600).contains(&end.rem_euclid(86_400))
        };
        let usage = move |at| if busy(at) { 2.8 } else { 1.4 };
        let ready = move |at: usize| {
            if busy(at.saturating_sub(lag)) {
                8.0
            } else {
                4.0
            }
        };
        Scene::new(usage, ready).limits(2, 10)
    }

    fn is_workday(weekday: i8) -> bool {
        weekday < 5
    }

    #[test]
    fn what_comes_late_on_workdays_is_told_with_its_time() {
        let found = peaks(2, is_workday).find(Code::RecurringPeak).unwrap();
        let text = |it: &str| Fact::Text(it.to_owned());
        let expected = [
            ("late", Fact::Count(10)),
            ("minutesEach", Fact::Number(10.0)),
            ("occurrences", Fact::Count(10)),
            ("rhythm", text("day")),
            ("time", text("09:00")),
            ("timeZone", text("UTC")),
            ("timesBefore", Fact::Number(2.0)),
            ("weekdays", text("Mon-Fri")),
        ];
        let mut evidence = found.evidence;
        assert!(evidence.remove("minutesPerDay").is_some());
        assert_eq!(evidence.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(
            found.message,
            "load rises 2.0 times at 09:00 UTC on Mon-Fri, and 10 of 10 times replicas came late, by 10 \
             minutes"
        );
    }

    #[test]
    fn the_clock_is_that_of_the_zone() {
        let mut scene = peaks(2, is_workday);
        scene.settings.forecasting.time_zone = Some("Asia/Tokyo".to_owned());
        let found = scene.find(Code::RecurringPeak).unwrap();
        assert_eq!(found.evidence["time"], Fact::Text("18:00".to_owned()));
    }

    #[test]
    fn a_rhythm_that_replicas_follow_is_no_finding() {
        assert_eq!(peaks(0, is_workday).find(Code::RecurringPeak), None);
    }

    #[test]
    fn what_comes_late_every_day_is_scale_lag() {
        let scene = peaks(2, |_| true);
        assert!(scene.find(Code::ScaleLag).is_some());
        assert_eq!(scene.find(Code::RecurringPeak), None);
    }

    #[test]
    fn what_does_not_recur_is_no_habit() {
        // Late at another hour of every other day.
        let busy =
            |at: usize| (at / DAY).is_multiple_of(2) && (at % DAY) / 48 == (at / DAY / 2) % 6;
        let usage = move |at| if busy(at) { 2.8 } else { 1.4 };
        let ready = move |at: usize| if busy(at.saturating_sub(2)) { 8.0 } else { 4.0 };
        let scene = Scene::new(usage, ready).limits(2, 10);
        assert_eq!(scene.find(Code::RecurringPeak), None);
    }

    #[test]
    fn without_forecasts_there_are_no_peaks() {
        let mut scene = peaks(2, is_workday);
        scene.settings.forecasting.enabled = false;
        assert_eq!(scene.find(Code::RecurringPeak), None);
    }

    #[test]
    fn weekdays_are_named_in_short() {
        let cases: [(&[i8], &str); 5] = [
            (&[0, 1, 2, 3, 4, 5, 6], "every day"),
            (&[0, 1, 2, 3, 4], "Mon-Fri"),
            (&[1, 3], "Tue, Thu"),
            (&[0, 1, 5, 6], "Mon, Tue, Sat, Sun"),
            (&[0, 2, 3, 4], "Mon, Wed-Fri"),
        ];
        for (days, expected) in cases {
            assert_eq!(named(&days.iter().copied().collect()), expected);
        }
    }
}
