//! Wall clock time of a zone, with the arithmetic of Go's `time` package where the clock changes.

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::UnknownTimeZone;

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of that name, in its exact case. KEDA's image has no local time but UTC.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, UnknownTimeZone> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self(TimeZone::UTC));
        }
        // The one of the program, so that the machine makes no difference.
        let found = TimeZoneDatabase::bundled().get(name).ok();
        let exact = found.filter(|it| it.iana_name() == Some(name));
        exact
            .map(Self)
            .ok_or_else(|| UnknownTimeZone(name.to_owned()))
    }

    /// The time of no place, which never changes.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The hours that the wall clock skips or shows twice within a year after `now`.
    pub(super) fn odd_hours(&self, now: Timestamp) -> Vec<OddHours> {
        let year = SignedDuration::from_hours(24 * 366);
        let changes = self.0.following(now);
        let near = changes.take_while(|it| it.timestamp().duration_since(now) <= year);
        near.filter_map(|it| self.odd(it.timestamp())).collect()
    }

    /// What a change of the offset does to the wall clock, if it does anything.
    fn odd(&self, change: Timestamp) -> Option<OddHours> {
        let second = change.as_second();
        let (before, after) = (self.offset(second - 1)?, self.offset(second)?);
        let shown = |offset: i64| Timestamp::from_second(second + offset).ok();
        (before != after).then_some(())?;
        Some(OddHours {
            is_skipped: after > before,
            from: shown(before.min(after))?,
            to: shown(before.max(after))?,
        })
    }

    /// The wall clock at a Unix time.
    pub(super) fn moment(&self, second: i64) -> Option<Moment> {
        let timestamp = Timestamp::from_second(second).ok()?;
        Some(Moment {
            second,
            local: self.0.to_datetime(timestamp),
            zone: self.0.clone(),
        })
    }

    fn offset(&self, second: i64) -> Option<i64> {
        let timestamp = Timestamp::from_second(second).ok()?;
        Some(i64::from(self.0.to_offset(timestamp).seconds()))
    }

    /// The time when the wall clock shows `local`. Of a time that is skipped or shown twice, Go
    /// takes what the offset in force leads to when the wall clock is taken for UTC, and
    /// corrects it once.
    fn at(&self, local: DateTime) -> Option<Moment> {
        let utc = TimeZone::UTC.to_timestamp(local).ok()?.as_second();
        let guess = self.offset(utc)?;
        let offset = if guess == 0 {
            0
        } else {
            self.offset(utc - guess)?
        };
        self.moment(utc - offset)
    }
}

/// Times of the wall clock that are skipped or shown twice when it changes, as if it were that of
/// UTC; from the first one up to but without the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddHours {
    pub is_skipped: bool,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A point in time with its wall clock. Everything is nothing beyond the year 9999.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    second: i64,
    local: DateTime,
    zone: TimeZone,
}

impl Moment {
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.second).ok()
    }

    pub(super) fn year(&self) -> i32 {
        i32::from(self.local.year())
    }

    pub(super) fn month(&self) -> u32 {
        self.local.month().unsigned_abs().into()
    }

    pub(super) fn day(&self) -> u32 {
        self.local.day().unsigned_abs().into()
    }

    /// From 0, Sunday.
    pub(super) fn weekday(&self) -> u32 {
        let weekday = self.local.weekday().to_sunday_zero_offset();
        weekday.unsigned_abs().into()
    }

    pub(super) fn hour(&self) -> u32 {
        self.local.hour().unsigned_abs().into()
    }

    pub(super) fn minute(&self) -> u32 {
        self.local.minute().unsigned_abs().into()
    }

    pub(super) fn second(&self) -> u32 {
        self.local.second().unsigned_abs().into()
    }

    /// Since the last full minute of Unix time, which the wall clock may not share.
    pub(super) fn second_of_minute(&self) -> i64 {
        self.second.rem_euclid(60)
    }

    pub(super) fn plus(&self, seconds: i64) -> Option<Self> {
        Zone(self.zone.clone()).moment(self.second + seconds)
    }

    /// Midnight of that day of the month.
    pub(super) fn with_day(&self, day: i8) -> Option<Self> {
        let date = Date::new(self.local.year(), self.local.month(), day).ok()?;
        self.on(date.at(0, 0, 0, 0))
    }

    pub(super) fn midnight(&self) -> Option<Self> {
        self.on(self.local.date().at(0, 0, 0, 0))
    }

    pub(super) fn full_hour(&self) -> Option<Self> {
        self.on(self.local.date().at(self.local.hour(), 0, 0, 0))
    }

    /// The beginning of the next day.
    pub(super) fn following_midnight(&self) -> Option<Self> {
        let next = self.next_day()?;
        // Where the clock changes at midnight, the day begins at 1 or is reached at 23.
        let next = match i64::from(next.hour()) {
            0 => next,
            hour @ 13.. => next.plus((24 - hour) * 3600)?,
            hour => next.plus(-hour * 3600)?,
        };
        // Where a whole day is left out, the day before comes again, and the original hangs.
        let goes_on = next.second > self.second;
        if goes_on {
            Some(next)
        } else {
            self.plus(24 * 3600)
        }
    }

    fn next_day(&self) -> Option<Self> {
        let date = self.local.date().tomorrow().ok()?;
        self.on(date.to_datetime(self.local.time()))
    }

    /// The same day of the next month; a day that it does not have runs over into the month
    /// after.
    pub(super) fn next_month(&self) -> Option<Self> {
        let first = self.local.date().first_of_month();
        let days = i64::from(self.local.day()) - 1;
        let next = first.last_of_month().tomorrow().ok()?;
        let date = next
            .checked_add(jiff::Span::new().try_days(days).ok()?)
            .ok()?;
        self.on(date.to_datetime(self.local.time()))
    }

    fn on(&self, local: DateTime) -> Option<Self> {
        Zone(self.zone.clone()).at(local)
    }
}
