//! Starts that come at one minute of some hours, on some days.

use crate::keda::trigger::cron::Schedule;

const MINUTES_OF_AN_HOUR: u32 = 60;
const HOURS_OF_A_DAY: u32 = 24;
pub(super) const MINUTES_OF_A_DAY: u32 = HOURS_OF_A_DAY * MINUTES_OF_AN_HOUR;
/// The shortest month, by which the last days of one are nearest to the first ones of the next.
const SHORTEST_MONTH: u32 = 28;

/// One minute of some hours, and the days on which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) minute: u32,
    pub(super) hours: [bool; 24],
    pub(super) days: Days,
}

/// The days of [`Clock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// Sunday first, as cron counts.
    OfWeek([bool; 7]),
    OfMonth {
        /// The first of the month first.
        days: [bool; 31],
        /// January first.
        months: [bool; 12],
    },
}

impl Clock {
    /// What `schedule` comes to, if it is of this form.
    pub(super) fn of(schedule: &Schedule) -> Option<Self> {
        let days = match (schedule.weekdays(), schedule.days_of_months()) {
            (Some(days), _) => Days::OfWeek(days),
            (None, Some((days, months))) => Days::OfMonth { days, months },
            (None, None) => return None,
        };
        Some(Self {
            minute: schedule.only_minute()?,
            hours: schedule.hours(),
            days,
        })
    }

    /// The time of the day where there is one alone, in minutes since midnight.
    pub(super) fn time_of_day(&self) -> Option<u32> {
        let mut hours = places(&self.hours);
        let only = hours.next().filter(|_| hours.next().is_none())?;
        Some(only * MINUTES_OF_AN_HOUR + self.minute)
    }

    /// The cron that comes `minutes` later; `None` where this one comes again before, and where five
    /// fields do not say it.
    pub(super) fn after(&self, minutes: u32) -> Option<String> {
        if minutes > self.shortest_gap()? {
            return None;
        }
        let minute = self.minute + minutes;
        let later = Self {
            minute: minute % MINUTES_OF_AN_HOUR,
            ..self.shifted(minute / MINUTES_OF_AN_HOUR)?
        };
        Some(later.cron())
    }

    /// So many hours later. Where some of them are the next day and others are not, only what comes
    /// every day has five fields.
    fn shifted(&self, by: u32) -> Option<Self> {
        let mut hours = self.hours;
        hours.rotate_right((by % HOURS_OF_A_DAY) as usize);
        let mut days = places(&self.hours).map(|it| (it + by) / HOURS_OF_A_DAY);
        let first = days.next()?;
        let days = match days.all(|it| it == first) {
            true => self.days.shifted(first)?,
            false if self.days == Days::OfWeek([true; 7]) => self.days,
            false => return None,
        };
        Some(Self {
            hours,
            days,
            ..*self
        })
    }

    /// Minutes from one coming to the next, the least of all; `None` if it never comes.
    fn shortest_gap(&self) -> Option<u32> {
        let (first, last) = (places(&self.hours).next()?, places(&self.hours).last()?);
        let (one, next) = (places(&self.hours), places(&self.hours).skip(1));
        let within = one.zip(next).map(|(one, next)| next - one).min();
        let beyond = self.days.nearest()? * HOURS_OF_A_DAY + first - last;
        Some(within.map_or(beyond, |it| it.min(beyond)) * MINUTES_OF_AN_HOUR)
    }

    fn cron(&self) -> String {
        let (minute, hours) = (self.minute, hours(&self.hours));
        match &self.days {
            Days::OfWeek(days) => format!("{minute} {hours} * * {}", weekdays(days)),
            Days::OfMonth { days, months } => {
                let (days, months) = (field(days, 1), field(months, 1));
                format!("{minute} {hours} {days} {months} *")
            }
        }
    }
}

impl Days {
    /// So many days later.
    fn shifted(self, by: u32) -> Option<Self> {
        (0..by).try_fold(self, |it, _| it.next())
    }

    /// A day later. After the 28th comes the 29th or the first, by the month, so that of the last four
    /// days all or none can be told.
    fn next(self) -> Option<Self> {
        match self {
            Self::OfWeek(mut days) => {
                days.rotate_right(1);
                Some(Self::OfWeek(days))
            }
            Self::OfMonth { mut days, months } => {
                let last = &days[SHORTEST_MONTH as usize - 1..];
                let is_told = last.iter().all(|it| *it == last[0]) && months == [true; 12];
                days.rotate_right(1);
                is_told.then_some(Self::OfMonth { days, months })
            }
        }
    }

    /// Days from one to the next, the fewest of all; `None` of none.
    fn nearest(&self) -> Option<u32> {
        let (days, round): (&[bool], u32) = match self {
            Self::OfWeek(days) => (days, 7),
            Self::OfMonth { days, .. } => (days, SHORTEST_MONTH),
        };
        let (first, last) = (places(days).next()?, places(days).last()?);
        let (one, next) = (places(days), places(days).skip(1));
        let within = one.zip(next).map(|(one, next)| next - one);
        // The 31st may be followed by the first.
        let beyond = (first + round).saturating_sub(last).max(1);
        within.chain([beyond]).min()
    }
}

/// The places of a set that are in it.
pub(super) fn places(set: &[bool]) -> impl Iterator<Item = u32> + '_ {
    let all = set.iter().zip(0..);
    all.filter_map(|(is_in, place)| is_in.then_some(place))
}

/// Places that follow each other, each run by its first and its last one.
pub(super) fn runs(set: &[bool]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for place in places(set) {
        match runs.last_mut().filter(|it| it.1 + 1 == place) {
            Some(run) => run.1 = place,
            None => runs.push((place, place)),
        }
    }
    runs
}

/// Days of the week, Sunday first, as a field of cron: `*`, `1-5`, `0,6`.
pub fn weekdays(days: &[bool; 7]) -> String {
    field(days, 0)
}

/// Hours of the day as a field of cron: `*`, `8-18`, `0,12`.
pub fn hours(hours: &[bool; 24]) -> String {
    field(hours, 0)
}

/// A field of cron whose first place has the number `first`.
fn field(set: &[bool], first: u32) -> String {
    if set.iter().all(|it| *it) {
        return "*".to_owned();
    }
    let texts = runs(set).into_iter().map(|(from, to)| {
        let (one, other) = (from + first, to + first);
        match to - from {
            0 => one.to_string(),
            1 => format!("{one},{other}"),
            _ => format!("{one}-{other}"),
        }
    });
    texts.collect::<Vec<_>>().join(",")
}
