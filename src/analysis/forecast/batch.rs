//! Batches: what stands out at the same minutes of every hour, or of the same hours of each day.
//!
//! A mean of an hour says nothing of it. So the hour is divided into twelve; where a part of it stands
//! out from the hour before **and** from the hour after, there is a batch, and where a load only rises
//! or falls there is none. What it comes to is foretold from its highest five minutes, hour by hour,
//! as any load is from its hours.

use std::collections::BTreeSet;
use std::ops::Range;

use super::bins::Bins;
use super::models::quantile;
use super::rest::RestDays;

/// A part of the hour, in minutes.
pub(super) const PART: u32 = 5;
/// Parts of an hour.
const PARTS: usize = 12;
const WEEK: usize = 7 * 24;
/// The usual load of an hour is what a quarter of its parts do not exceed: a batch may take half of it.
const USUAL: f64 = 0.25;
/// What is higher than that by less than a quarter, of it and of the load on the mean, is no batch.
const RISE: f64 = 0.25;
/// Parts of the hour before and after that have to be known.
const KNOWN: usize = 6;
/// A batch is what stands out in half of the hours in which anything does.
const HABIT: f64 = 0.5;
/// What takes more than half of the hour is none.
const LONGEST: usize = PARTS / 2;
/// Hours of a day in which it comes, where it is a habit of hours.
const FEWEST_HOURS: usize = 3;
/// Times that it was seen.
const FEWEST_TIMES: usize = 24;
/// The share of the hours in which it comes in which it has to have come.
const COMES: f64 = 0.7;
/// How many weeks the other days of its kind count for an hour of the week.
const WEIGHT: f64 = 2.0;

/// When a batch comes, by the wall clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Minutes after the full hour at which it begins.
    pub(super) minute: u32,
    pub(super) minutes: u32,
    /// Whether it comes in an hour of the week, Monday 00:00 first, by when it begins.
    pub(super) comes: Vec<bool>,
    /// The share of these hours in which it came.
    pub(super) share: f64,
    /// The highest five minutes of each of these hours; the others are gaps.
    pub(super) peaks: Bins,
}

impl Found {
    /// The batch of a load in bins of five minutes; `None` where there is none.
    pub(super) fn of(bins: &Bins, rest: RestDays) -> Option<Self> {
        let stands_out = stands_out(bins);
        let parts = parts(bins, &stands_out)?;
        let seen = seen(bins, &parts, &stands_out);
        let comes = hours(&seen, rest);
        let of_those = seen.iter().filter(|it| comes[it.0]);
        let (times, all) = of_those.fold((0, 0), |(times, all), it| {
            (times + usize::from(it.1), all + 1)
        });
        let share = times as f64 / f64::from(all.max(1));
        let days = comes.chunks(24);
        let most = days.map(|it| it.iter().filter(|it| **it).count()).max()?;
        let is_habit = times >= FEWEST_TIMES && share >= COMES && most >= FEWEST_HOURS;
        is_habit.then(|| Self {
            minute: parts.start as u32 * PART,
            minutes: parts.len() as u32 * PART,
            peaks: peaks(bins, &parts, &comes),
            comes,
            share,
        })
    }
}

/// Whether each bin is higher than is usual in the hour before it and in the hour after it; `None` where
/// too little of these is known.
fn stands_out(bins: &Bins) -> Vec<Option<bool>> {
    let known: Vec<f64> = bins
        .values
        .iter()
        .copied()
        .filter(|it| !it.is_nan())
        .collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let mut near = Vec::with_capacity(PARTS);
    let mut usual = |range: Range<usize>| {
        near.clear();
        near.extend(bins.values[range].iter().filter(|it| !it.is_nan()));
        if near.len() < KNOWN {
            return None;
        }
        quantile(&mut near, USUAL)
    };
    let len = bins.len();
    let mut is_out = |at: usize| {
        let value = Some(bins.values[at]).filter(|it| !it.is_nan())?;
        let before = usual(at.saturating_sub(PARTS)..at)?;
        let after = usual((at + 1).min(len)..(at + 1 + PARTS).min(len))?;
        let level = before.max(after);
        Some(value - level >= RISE * level.max(mean) && value > 0.0)
    };
    (0..len).map(&mut is_out).collect()
}

/// The parts of the hour that stand out in half of the hours in which any does, which follow each other
/// and may go on into the next hour; `None` where several apart do.
fn parts(bins: &Bins, stands_out: &[Option<bool>]) -> Option<Range<usize>> {
    let place = |at: usize| (bins.first + at as i64).rem_euclid(PARTS as i64) as usize;
    let hour = |at: usize| (bins.first + at as i64).div_euclid(PARTS as i64);
    let mut counts = [0_usize; PARTS];
    let mut hours = BTreeSet::new();
    for at in (0..bins.len()).filter(|it| stands_out[*it] == Some(true)) {
        counts[place(at)] += 1;
        hours.insert(hour(at));
    }
    let is_usual = |place: usize| counts[place % PARTS] as f64 >= HABIT * hours.len() as f64;
    // The first of equals.
    let highest = (0..PARTS).rev().max_by_key(|it| counts[*it])?;
    if hours.is_empty() || !is_usual(highest) {
        return None;
    }
    let around = highest + PARTS;
    let before = (1..PARTS).take_while(|it| is_usual(around - it)).count();
    let after = (1..PARTS).take_while(|it| is_usual(around + it)).count();
    let begin = (around - before) % PARTS;
    let len = before + 1 + after;
    let is_one = (0..PARTS).filter(|it| is_usual(*it)).count() == len;
    (is_one && len <= LONGEST).then_some(begin..begin + len)
}

/// The hours of the week of which it is known whether there was a batch, one after the other.
fn seen(bins: &Bins, parts: &Range<usize>, stands_out: &[Option<bool>]) -> Vec<(usize, bool)> {
    let hour = |at: usize| bins.of_week(at) / PARTS;
    let each = begins(bins, parts.start).filter_map(|at| {
        let those = stands_out.get(at..at + parts.len())?;
        let known = those.iter().flatten();
        let is_known = known.clone().count() * 2 >= parts.len();
        is_known.then(|| (hour(at), known.into_iter().any(|it| *it)))
    });
    each.collect()
}

/// Where in `bins` the part `place` of an hour begins.
fn begins(bins: &Bins, place: usize) -> impl Iterator<Item = usize> + use<> {
    let first = (place as i64 - bins.first).rem_euclid(PARTS as i64) as usize;
    (first..bins.len()).step_by(PARTS)
}

/// The hours of the week in which it comes more often than not: of the few weeks that there are, and as
/// if there were two more in which it came as often as on other days of the kind.
fn hours(seen: &[(usize, bool)], rest: RestDays) -> Vec<bool> {
    let mut of_week = vec![(0.0, 0.0); WEEK];
    let mut of_kind = [[(0.0, 0.0); 24]; 2];
    for (hour, is_there) in seen {
        let kind = usize::from(rest.has(hour / 24));
        for sums in [&mut of_week[*hour], &mut of_kind[kind][hour % 24]] {
            sums.0 += f64::from(u8::from(*is_there));
            sums.1 += 1.0;
        }
    }
    let comes = |hour: usize| {
        let kind = of_kind[usize::from(rest.has(hour / 24))][hour % 24];
        let usual = if kind.1 > 0.0 { kind.0 / kind.1 } else { 0.0 };
        let (times, all) = of_week[hour];
        (times + WEIGHT * usual) / (all + WEIGHT) > 0.5
    };
    (0..WEEK).map(comes).collect()
}

/// The highest of `parts` in each hour in which it comes. What the load is in others would only be one more
/// thing to learn.
fn peaks(bins: &Bins, parts: &Range<usize>, comes: &[bool]) -> Bins {
    let mut begins = begins(bins, parts.start).peekable();
    let first = begins.peek().map_or(0, |it| bins.first + *it as i64);
    let peak = |at: usize| {
        let those = &bins.values[at..(at + parts.len()).min(bins.len())];
        match comes[bins.of_week(at) / PARTS] {
            true => those.iter().copied().fold(f64::NAN, f64::max),
            false => f64::NAN,
        }
    };
    Bins {
        first: first.div_euclid(PARTS as i64),
        values: begins.map(peak).collect(),
        per_day: 24,
    }
    .trimmed()
}

#[cfg(test)]
mod tests;
