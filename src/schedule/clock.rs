//! Starts that come at one time of the day, on some days of the week.

use crate::keda::trigger::cron::Schedule;

pub(super) const MINUTES_OF_A_DAY: u32 = 24 * 60;
const DAYS: u32 = 7;

/// A time of the day, and the days of the week on which it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Daily {
    /// Since midnight.
    pub(super) minute: u32,
    /// One for each day, Sunday first, as cron counts.
    pub(super) weekdays: [bool; DAYS as usize],
}

impl Daily {
    /// What `schedule` comes to, if it is of this form.
    pub(super) fn of(schedule: &Schedule) -> Option<Self> {
        let (hour, minute) = schedule.time_of_day()?;
        Some(Self {
            minute: hour * 60 + minute,
            weekdays: schedule.weekdays()?,
        })
    }

    /// The cron that comes `minutes` later; `None` where this one comes again before.
    pub(super) fn after(&self, minutes: u32) -> Option<String> {
        if minutes > self.shortest_gap()? {
            return None;
        }
        let minute = self.minute + minutes;
        let later = Self {
            minute: minute % MINUTES_OF_A_DAY,
            weekdays: self.shifted(minute / MINUTES_OF_A_DAY),
        };
        Some(later.cron())
    }

    /// The days so many days later.
    fn shifted(&self, days: u32) -> [bool; DAYS as usize] {
        let mut weekdays = self.weekdays;
        weekdays.rotate_right((days % DAYS) as usize);
        weekdays
    }

    /// Minutes from one coming to the next, the least of the week; `None` if it never comes.
    fn shortest_gap(&self) -> Option<u32> {
        let is_gap = |days: u32| {
            let both = self.weekdays.iter().zip(self.shifted(days));
            both.into_iter().any(|(one, other)| *one && other)
        };
        let days = (1..=DAYS).find(|it| is_gap(*it))?;
        Some(days * MINUTES_OF_A_DAY)
    }

    fn cron(&self) -> String {
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        let weekdays = weekdays(&self.weekdays);
        format!("{minute} {hour} * * {weekdays}")
    }
}

/// Days of the week, Sunday first, as a field of cron: `*`, `1-5`, `0,6`.
pub fn weekdays(days: &[bool; DAYS as usize]) -> String {
    if days.iter().all(|it| *it) {
        return "*".to_owned();
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in (0..days.len()).filter(|it| days[*it]) {
        match runs.last_mut().filter(|it| it.1 + 1 == day) {
            Some(run) => run.1 = day,
            None => runs.push((day, day)),
        }
    }
    let texts = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}
