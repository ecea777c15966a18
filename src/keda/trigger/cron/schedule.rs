//! Schedules as robfig's cron (v3) reads them with five fields: no seconds, no `@daily`.

use jiff::{SignedDuration, Timestamp};

use super::field::{DAYS, Field, HOURS, MINUTES, MONTHS, WEEKDAYS};
use super::local::{Moment, OddHours, Zone};

/// When something starts or ends, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    text: String,
    /// Of a prefix `TZ=…`; else the trigger's.
    zone: Option<Zone>,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSchedule(pub String);

/// How many years ahead are searched.
const YEARS: i32 = 5;

impl Schedule {
    /// Reads minute, hour, day of month, month and day of week, perhaps after a time zone.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, BadSchedule> {
        let (zone, fields) = zone(text)?;
        if fields.starts_with('@') {
            return Err(BadSchedule(format!(
                "`{fields}` is a descriptor, which KEDA does not take"
            )));
        }
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            let count = fields.len();
            return Err(BadSchedule(format!("it has {count} fields instead of 5")));
        };
        let field = |text, bounds| Field::parse(text, bounds).map_err(BadSchedule);
        Ok(Self {
            text: text.to_owned(),
            zone,
            minutes: field(minute, &MINUTES)?,
            hours: field(hour, &HOURS)?,
            days: field(day, &DAYS)?,
            months: field(month, &MONTHS)?,
            weekdays: field(weekday, &WEEKDAYS)?,
        })
    }

    /// The schedule as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The minute where it is one alone.
    pub fn only_minute(&self) -> Option<u32> {
        self.minutes.only()
    }

    /// The hours of the day at which it comes.
    pub fn hours(&self) -> [bool; 24] {
        std::array::from_fn(|it| self.hours.has(it as u32))
    }

    /// On which days of the week it comes, Sunday first; `None` where days of a month or months are
    /// named.
    pub fn weekdays(&self) -> Option<[bool; 7]> {
        let days = std::array::from_fn(|it| self.weekdays.has(it as u32));
        (self.days.is_open && self.months.is_open).then_some(days)
    }

    /// On which days of a month it comes, and in which months; `None` where days of the week are
    /// named.
    pub fn days_of_months(&self) -> Option<([bool; 31], [bool; 12])> {
        let days = std::array::from_fn(|it| self.days.has(it as u32 + 1));
        let months = std::array::from_fn(|it| self.months.has(it as u32 + 1));
        self.weekdays.is_open.then_some((days, months))
    }

    /// The first time strictly after `now`, to the second; nothing if there is none in the next
    /// five years. `zone` counts unless the schedule has its own.
    ///
    /// A wall clock time that is skipped does not come that day, and one that is repeated comes
    /// twice. The search goes as robfig's does, step by step, as near a change of the clock the
    /// steps decide what is found (`SpecSchedule.Next` of github.com/robfig/cron v3.0.1).
    pub fn next(&self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        // A field such as `,` matches nothing, and a search would try every minute.
        if self.minutes.is_empty() || self.hours.is_empty() {
            return None;
        }
        let zone = self.zone.as_ref().unwrap_or(zone);
        // One second on: strictly after. Rounded down also before 1970.
        let second = now.as_nanosecond().div_euclid(1_000_000_000) as i64 + 1;
        let mut search = Search {
            at: zone.moment(second)?,
            is_cut: false,
        };
        let last_year = search.at.year() + YEARS;
        while search.at.year() <= last_year {
            if self.month(&mut search)?
                && self.day(&mut search)?
                && self.hour(&mut search)?
                && self.minute(&mut search)?
                && search.second()?
            {
                return search.at.timestamp();
            }
        }
        None
    }

    /// The first change of the clock within a year at which the schedule is skipped or comes
    /// twice. One of every hour is not told: it comes at the next hour all the same.
    pub fn odd_hours(&self, now: Timestamp, zone: &Zone) -> Option<OddHours> {
        if self.hours.is_open {
            return None;
        }
        let zone = self.zone.as_ref().unwrap_or(zone);
        let on_the_wall = Self {
            zone: None,
            ..self.clone()
        };
        let utc = Zone::utc();
        zone.odd_hours(now).into_iter().find(|odd| {
            let before = odd.from.checked_sub(SignedDuration::from_secs(1)).ok();
            let next = before.and_then(|it| on_the_wall.next(it, &utc));
            next.is_some_and(|it| it < odd.to)
        })
    }

    /// Goes on to a month that matches; false if a year has passed, where the search begins again.
    fn month(&self, search: &mut Search) -> Option<bool> {
        while !self.months.has(search.at.month()) {
            let first = |at: &Moment| at.with_day(1);
            search.cut(first)?;
            search.at = search.at.next_month()?;
            if search.at.month() == 1 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn day(&self, search: &mut Search) -> Option<bool> {
        while !self.is_day(&search.at) {
            search.cut(Moment::midnight)?;
            search.at = search.at.following_midnight()?;
            if search.at.day() == 1 {
                return Some(false);
            }
        }
        Some(true)
    }

    /// With both days restricted, either is enough; else both must match.
    fn is_day(&self, at: &Moment) -> bool {
        let day = self.days.has(at.day());
        let weekday = self.weekdays.has(at.weekday());
        if self.days.is_open || self.weekdays.is_open {
            day && weekday
        } else {
            day || weekday
        }
    }

    fn hour(&self, search: &mut Search) -> Option<bool> {
        while !self.hours.has(search.at.hour()) {
            search.cut(Moment::full_hour)?;
            search.at = search.at.plus(3600)?;
            if search.at.hour() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn minute(&self, search: &mut Search) -> Option<bool> {
        while !self.minutes.has(search.at.minute()) {
            search.cut(|at| at.plus(-at.second_of_minute()))?;
            search.at = search.at.plus(60)?;
            if search.at.minute() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// A search on its way.
struct Search {
    at: Moment,
    /// Whether the smaller units were set to their beginning already.
    is_cut: bool,
}

impl Search {
    fn cut(&mut self, to: impl Fn(&Moment) -> Option<Moment>) -> Option<()> {
        if !self.is_cut {
            self.is_cut = true;
            self.at = to(&self.at)?;
        }
        Some(())
    }

    /// Goes on to a full minute.
    fn second(&mut self) -> Option<bool> {
        while self.at.second() != 0 {
            self.is_cut = true;
            self.at = self.at.plus(1)?;
            if self.at.second() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn zone(text: &str) -> Result<(Option<Zone>, &str), BadSchedule> {
    let prefixes = ["TZ=", "CRON_TZ="];
    let Some(rest) = prefixes.iter().find_map(|it| text.strip_prefix(it)) else {
        return Ok((None, text));
    };
    let Some((name, fields)) = rest.split_once(' ') else {
        return Err(BadSchedule(
            "there is nothing after the time zone".to_owned(),
        ));
    };
    let zone = Zone::named(name).map_err(|err| BadSchedule(err.to_string()))?;
    Ok((Some(zone), fields.trim()))
}
