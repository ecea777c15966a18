//! Whose wall clock a load goes by.
//!
//! A load in UTC tells its zone only where the clock changes: before and after, the same happens an
//! hour apart. Of all zones that change then, which one it is makes no difference to a schedule.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::bins::Bins;
use super::models::median;
use crate::series::Series;

/// One zone for each rule by which the clocks of many people change; of several with the same rule the
/// one nearest to UTC, so that no more is said than is known.
const CANDIDATES: [&str; 7] = [
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Australia/Sydney",
    "Pacific/Auckland",
];
/// What a day looks like is seen from this many days on each side of a change.
const EACH_SIDE: i64 = 4 * 86_400;
/// How much further beyond a change days still tell what was usual at it.
const AROUND: i64 = 14 * 86_400;
/// A zone is told only where its clock leaves at most this share of what is left by UTC's.
const SHARPER: f64 = 0.9;

/// A zone of the IANA database.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) name: String,
    rules: TimeZone,
}

impl Zone {
    /// The zone of that name in its exact case, from the database of the program, so that the machine
    /// makes no difference.
    pub(super) fn named(name: &str) -> Option<Self> {
        let rules = match name {
            "UTC" => TimeZone::UTC,
            _ => TimeZoneDatabase::bundled().get(name).ok()?,
        };
        let is_exact = rules.iana_name() == Some(name);
        is_exact.then(|| Self {
            name: name.to_owned(),
            rules,
        })
    }

    fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// What its clock shows.
    pub(super) fn local(&self, time: Timestamp) -> DateTime {
        self.rules.to_datetime(time)
    }

    /// Its clock for Unix times from `start` to `end`, asked for in order.
    pub(super) fn clock(&self, start: i64, end: i64) -> Clock {
        let timestamp = |it| Timestamp::from_second(it).unwrap_or(Timestamp::MIN);
        let offset = |it| i64::from(self.rules.to_offset(timestamp(it)).seconds());
        let following = self.rules.following(timestamp(start));
        let changes = following.map(|it| it.timestamp().as_second());
        let changes = changes.take_while(|it| *it <= end);
        let mut offsets = vec![(start, offset(start))];
        offsets.extend(changes.map(|it| (it, offset(it))));
        // What changes without moving the hands is none.
        offsets.dedup_by_key(|it| it.1);
        Clock { offsets, at: 0 }
    }
}

/// What a wall clock shows, with the offsets of a time.
pub(super) struct Clock {
    /// From which Unix time on which offset from UTC is in force, in seconds.
    offsets: Vec<(i64, i64)>,
    at: usize,
}

impl Clock {
    /// The wall clock as if it were UTC's, for a time that is not before the last one asked for.
    pub(super) fn local(&mut self, second: i64) -> i64 {
        while self
            .offsets
            .get(self.at + 1)
            .is_some_and(|it| it.0 <= second)
        {
            self.at += 1;
        }
        second + self.offsets[self.at].1
    }

    /// When it changes.
    fn changes(&self) -> impl Iterator<Item = i64> + '_ {
        self.offsets.iter().skip(1).map(|it| it.0)
    }
}

/// The zone by whose clock the days around a change of it are most alike; UTC where the history has
/// no change, or where that makes little difference.
pub(super) fn infer(series: &Series, bin_minutes: u32) -> Zone {
    let grid = series.grid();
    let (start, end) = (grid.start().as_second(), grid.end().as_second());
    let mut told: Vec<i64> = vec![];
    let mut best = (SHARPER, Zone::utc());
    for zone in CANDIDATES.into_iter().filter_map(Zone::named) {
        let change = {
            let clock = zone.clock(start, end);
            let seen = |it: &i64| *it >= start + EACH_SIDE && *it <= end - EACH_SIDE;
            clock.changes().filter(seen).last()
        };
        let Some(change) = change.filter(|it| !told.contains(it)) else {
            continue;
        };
        told.push(change);
        let near = around(series, change);
        let by_zone = spread(&Bins::of(&near, &zone, bin_minutes));
        let by_utc = spread(&Bins::of(&near, &Zone::utc(), bin_minutes));
        if by_zone < best.0 * by_utc {
            best = (by_zone / by_utc, zone);
        }
    }
    best.1
}

/// The samples of the days before and after a change.
fn around(series: &Series, change: i64) -> Series {
    let grid = series.grid();
    let index = |second: i64| {
        let offset = second - grid.start().as_second();
        usize::try_from(offset / i64::from(grid.step().seconds())).unwrap_or(0)
    };
    let range = index(change - AROUND)..index(change + AROUND).min(series.len());
    let part = grid.part(range.clone());
    Series::from_samples(part, series.samples()[range].to_vec())
}

/// How far bins are from the median of their time of day, on the mean.
fn spread(bins: &Bins) -> f64 {
    let mut sum = 0.0;
    let mut count = 0_u32;
    for time in 0..bins.per_day {
        let same = (time..bins.len()).step_by(bins.per_day);
        let mut same: Vec<f64> = same
            .map(|at| bins.values[at])
            .filter(|it| !it.is_nan())
            .collect();
        let Some(middle) = median(&mut same) else {
            continue;
        };
        sum += same.iter().map(|it| (it - middle).abs()).sum::<f64>();
        count += same.len() as u32;
    }
    sum / f64::from(count.max(1))
}
