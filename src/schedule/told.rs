//! Windows in words.

use std::fmt;

use super::clock::{Clock, Days, MINUTES_OF_A_DAY, runs};
use super::{Plan, Window};

const EVERY_DAY: &str = "every day";

/// A window by the wall clock of its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// `Mon-Fri`, `Wed, Sat, Sun`, `every day`: those on which it begins.
    pub days: String,
    pub days_per_week: usize,
    /// `07:50`.
    pub start: String,
    /// `10:00`, maybe of a later day; on a day of a clock change an hour off.
    pub end: String,
}

impl Window {
    /// `None` of one that does not begin at one time of the day, on days of the week.
    pub fn hours(&self) -> Option<Hours> {
        let clock = Clock::of(&self.start)?;
        let (start, Days::OfWeek(weekdays)) = (clock.time_of_day()?, clock.days) else {
            return None;
        };
        let end = (start + self.written.duration_minutes) % MINUTES_OF_A_DAY;
        Some(Hours {
            days: named(&weekdays),
            days_per_week: weekdays.iter().filter(|it| **it).count(),
            start: time(start),
            end: time(end),
        })
    }
}

/// `07:50`, of minutes since midnight.
fn time(minute: u32) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    format!("{hour:02}:{minute:02}")
}

/// Monday first, as people count; cron counts from Sunday.
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl fmt::Display for Window {
    /// `at least 6 on Mon-Fri 07:50 for 2 h 10 min (Europe/Berlin)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.written();
        write!(f, "at least {} ", written.min_replicas)?;
        match Clock::of(&self.start) {
            Some(clock) => write!(f, "{}", clock.words())?,
            None => write!(f, "at `{}`", written.start_cron)?,
        }
        let length = length(written.duration_minutes);
        write!(f, " for {length} ({})", written.time_zone)
    }
}

impl fmt::Display for Plan {
    /// Its windows, with `; ` between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, window) in self.windows().iter().enumerate() {
            let between = if place > 0 { "; " } else { "" };
            write!(f, "{between}{window}")?;
        }
        Ok(())
    }
}

/// `45 min`, `2 h`, `2 h 10 min`, `1 d 3 h`
fn length(minutes: u32) -> String {
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min")];
    let parts = parts.iter().filter(|it| it.0 > 0);
    let parts: Vec<String> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    parts.join(" ")
}

impl Clock {
    /// `on Mon-Fri 07:50`, `every day 22:00`, `every hour at :55`, `on Mon-Fri hourly 07:55-17:55`
    fn words(&self) -> String {
        let minute = self.minute;
        let every = self.days.words();
        match (self.time_of_day(), self.hours == [true; 24]) {
            (Some(at), _) => format!("{every} {}", time(at)),
            (None, true) if every == EVERY_DAY => format!("every hour at :{minute:02}"),
            (None, true) => format!("{every} every hour at :{minute:02}"),
            (None, false) => {
                let each = |hour: u32| time(hour * 60 + minute);
                format!("{every} hourly {}", listed(&self.hours, each))
            }
        }
    }
}

impl Days {
    /// `every day`, `on Wed, Sat, Sun`, `on days 28-31 of a month`
    fn words(&self) -> String {
        match self {
            Self::OfWeek(days) if *days == [true; 7] => EVERY_DAY.to_owned(),
            Self::OfWeek(days) => format!("on {}", named(days)),
            Self::OfMonth { days, months } => {
                let days = listed(days, |day| (day + 1).to_string());
                match *months == [true; 12] {
                    true => format!("on days {days} of a month"),
                    false => {
                        let name = |month: u32| MONTHS[month as usize].to_owned();
                        format!("on days {days} of {}", listed(months, name))
                    }
                }
            }
        }
    }
}

/// `Mon-Fri`, `every day`, `Wed, Sat, Sun`; Sunday comes first in `weekdays`.
fn named(weekdays: &[bool; 7]) -> String {
    if *weekdays == [true; 7] {
        return EVERY_DAY.to_owned();
    }
    let mut days = *weekdays;
    days.rotate_left(1);
    listed(&days, |day| NAMES[day as usize].to_owned())
}

/// What is in a set, those that follow each other by the first and the last: `Mon-Fri`, `Sat, Sun`.
fn listed(set: &[bool], name: impl Fn(u32) -> String) -> String {
    let texts = runs(set)
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => name(first),
            1 => format!("{}, {}", name(first), name(last)),
            _ => format!("{}-{}", name(first), name(last)),
        });
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Written;

    #[test]
    fn windows_are_told_as_people_say_them() {
        let cases = [
            (
                "50 7 * * 1-5",
                130,
                "at least 6 on Mon-Fri 07:50 for 2 h 10 min (Europe/Berlin)",
            ),
            (
                "0 22 * * *",
                1440,
                "at least 6 every day 22:00 for 1 d (Europe/Berlin)",
            ),
            (
                "5 0 * * 0,3,6",
                45,
                "at least 6 on Wed, Sat, Sun 00:05 for 45 min (Europe/Berlin)",
            ),
            (
                "55 * * * *",
                15,
                "at least 6 every hour at :55 for 15 min (Europe/Berlin)",
            ),
            (
                "55 7-17 * * 1-5",
                15,
                "at least 6 on Mon-Fri hourly 07:55-17:55 for 15 min (Europe/Berlin)",
            ),
            (
                "5 * * * 0",
                15,
                "at least 6 on Sun every hour at :05 for 15 min (Europe/Berlin)",
            ),
            (
                "0 9 28-31 * *",
                60,
                "at least 6 on days 28-31 of a month 09:00 for 1 h (Europe/Berlin)",
            ),
            (
                "0 9 30 4,6,9,11 *",
                60,
                "at least 6 on days 30 of Apr, Jun, Sep, Nov 09:00 for 1 h (Europe/Berlin)",
            ),
            (
                "0 9 1 * 1",
                60,
                "at least 6 at `0 9 1 * 1` for 1 h (Europe/Berlin)",
            ),
        ];
        let window = |start: &str, minutes| {
            let written = Written {
                start_cron: start.to_owned(),
                duration_minutes: minutes,
                min_replicas: 6,
                time_zone: "Europe/Berlin".to_owned(),
            };
            Window::try_from(written).unwrap()
        };
        for (start, minutes, expected) in cases {
            assert_eq!(window(start, minutes).to_string(), expected);
        }
        let hours = |days: &str, days_per_week, start: &str, end: &str| Hours {
            days: days.to_owned(),
            days_per_week,
            start: start.to_owned(),
            end: end.to_owned(),
        };
        let cases = [
            (
                "50 7 * * 1-5",
                130,
                Some(hours("Mon-Fri", 5, "07:50", "10:00")),
            ),
            (
                "0 22 * * *",
                180,
                Some(hours("every day", 7, "22:00", "01:00")),
            ),
            ("0 9 1 * *", 60, None),
        ];
        for (start, minutes, expected) in cases {
            assert_eq!(window(start, minutes).hours(), expected);
        }
        let two = Plan::new(vec![window("0 8 * * *", 60), window("0 18 * * *", 60)]);
        assert_eq!(two.to_string().matches("; at least").count(), 1);
    }
}
