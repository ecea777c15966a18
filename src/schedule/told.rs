//! Windows in words.

use std::fmt;

use super::clock::{Daily, MINUTES_OF_A_DAY};
use super::{Plan, Window};

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
        let daily = Daily::of(&self.start)?;
        let end = (daily.minute + self.written.duration_minutes) % MINUTES_OF_A_DAY;
        Some(Hours {
            days: daily.days(),
            days_per_week: daily.weekdays.iter().filter(|it| **it).count(),
            start: time(daily.minute),
            end: time(end),
        })
    }
}

/// `07:50`
fn time(minute: u32) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    format!("{hour:02}:{minute:02}")
}

/// Monday first, as people count; cron counts from Sunday.
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl fmt::Display for Window {
    /// `at least 6 on Mon-Fri 07:50 for 2 h 10 min (Europe/Berlin)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.written();
        write!(f, "at least {} ", written.min_replicas)?;
        match Daily::of(&self.start) {
            Some(daily) => write!(f, "{}", daily.words())?,
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

impl Daily {
    /// `on Mon-Fri 07:50`, `every day 22:00`, `on Wed, Sat, Sun 08:00`
    fn words(&self) -> String {
        let on = if self.is_each_day() { "" } else { "on " };
        format!("{on}{} {}", self.days(), time(self.minute))
    }

    fn is_each_day(&self) -> bool {
        self.weekdays.iter().all(|it| *it)
    }

    /// `Mon-Fri`, `every day`, `Wed, Sat, Sun`
    fn days(&self) -> String {
        if self.is_each_day() {
            return "every day".to_owned();
        }
        let days = (0..NAMES.len()).filter(|it| self.weekdays[(it + 1) % NAMES.len()]);
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for day in days {
            match runs.last_mut().filter(|it| it.1 + 1 == day) {
                Some(run) => run.1 = day,
                None => runs.push((day, day)),
            }
        }
        let texts = runs.iter().map(|(first, last)| match last - first {
            0 => NAMES[*first].to_owned(),
            1 => format!("{}, {}", NAMES[*first], NAMES[*last]),
            _ => format!("{}-{}", NAMES[*first], NAMES[*last]),
        });
        let texts: Vec<String> = texts.collect();
        texts.join(", ")
    }
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
                "0 9 1 * *",
                60,
                "at least 6 at `0 9 1 * *` for 1 h (Europe/Berlin)",
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
