use super::super::bins::Bins;
use super::*;
use crate::analysis::forecast::rest::RestDays;

/// A fixed sort of noise from 0 to 1.
fn chance(seed: usize) -> f64 {
    ((seed * 7919 + 104_729) % 1009) as f64 / 1009.0
}

/// Days of parts from a Monday 00:00 on, by the number of the hour and the part of it.
fn days(count: usize, value: impl Fn(usize, usize) -> f64) -> Bins {
    let values = (0..count * 24 * PARTS).map(|at| value(at / PARTS, at % PARTS));
    Bins {
        first: 0,
        values: values.collect(),
        per_day: 24 * PARTS,
    }
}

fn found(bins: &Bins) -> Option<Found> {
    Found::of(bins, RestDays::WEEKEND)
}

/// Four at some parts of the hours `is_on`, else one, with noise.
fn batch(
    count: usize,
    parts: &'static [usize],
    is_on: impl Fn(usize) -> bool,
) -> impl Fn(usize, usize) -> f64 {
    move |hour, part| {
        let is_there = parts.contains(&part) && hour < count * 24 && is_on(hour);
        let noise = 0.1 * chance(hour * PARTS + part);
        noise + if is_there { 4.0 } else { 1.0 }
    }
}

fn is_office(hour: usize) -> bool {
    (8..18).contains(&(hour % 24)) && hour / 24 % 7 < 5
}

#[test]
fn a_batch_of_every_hour_has_its_minutes_and_peaks() {
    let it = found(&days(10, batch(10, &[3, 4], |_| true))).unwrap();
    assert_eq!((it.minute, it.minutes, it.share), (15, 10, 1.0));
    assert!(it.comes.iter().all(|it| *it));
    assert!(it.peaks.values.iter().all(|it| (4.0..4.2).contains(it)));
    assert_eq!(
        (it.peaks.len(), it.peaks.per_day, it.peaks.first),
        (240, 24, 0)
    );
}

#[test]
fn a_batch_may_go_on_into_the_next_hour() {
    let it = found(&days(10, batch(10, &[11, 0], |_| true))).unwrap();
    assert_eq!((it.minute, it.minutes), (55, 10));
}

#[test]
fn it_comes_in_the_hours_and_on_the_days_in_which_it_came() {
    let comes = |count, is_on: fn(usize) -> bool| {
        let it = found(&days(count, batch(count, &[6], is_on))).unwrap();
        let expected: Vec<bool> = (0..WEEK).map(is_on).collect();
        assert_eq!(it.comes, expected);
        for at in 0..it.peaks.len() {
            let peak = it.peaks.values[at];
            let is_peak = (4.0..4.2).contains(&peak);
            assert!(is_peak == is_on(it.peaks.of_week(at)) && is_peak != peak.is_nan());
        }
    };
    comes(10, is_office);
    comes(14, |hour| hour % 24 < 6);
    // Every other working day, as two weeks show.
    comes(14, |hour| is_office(hour) && hour / 24 % 7 % 2 == 0);
}

#[test]
fn one_holiday_and_gaps_change_nothing() {
    let holiday = |hour: usize| is_office(hour) && hour / 24 != 8;
    let gaps = days(14, |hour, part| match hour % 17 {
        5 => f64::NAN,
        _ => batch(14, &[6], holiday)(hour, part),
    });
    let it = found(&gaps).unwrap();
    let expected: Vec<bool> = (0..WEEK).map(is_office).collect();
    assert_eq!((it.minute, it.comes), (30, expected));
    assert!((0.85..0.95).contains(&it.share), "{}", it.share);
}

#[test]
fn what_rises_falls_or_jumps_at_any_minute_is_no_batch() {
    let none = |value: fn(usize, usize) -> f64| assert_eq!(found(&days(14, value)), None);
    none(|_, _| 1.0);
    none(|hour, part| 1.0 + chance(hour * PARTS + part));
    // Steep mornings and evenings.
    none(|hour, part| {
        let time = (hour % 24) as f64 + part as f64 / 12.0;
        1.0 + 20.0 * (time / 24.0 * std::f64::consts::PI).sin().powi(4)
    });
    // Up at nine and down at five.
    none(|hour, _| {
        if (9..17).contains(&(hour % 24)) {
            9.0
        } else {
            1.0
        }
    });
    // Once an hour at any minute.
    none(|hour, part| if part == hour * 7 % 12 { 6.0 } else { 1.0 });
    // Once a day is a peak.
    none(|hour, part| {
        if hour % 24 == 9 && part == 3 {
            6.0
        } else {
            1.0
        }
    });
    // Every ten minutes is no batch of the hour.
    none(|_, part| if part % 2 == 0 { 6.0 } else { 1.0 });
}
