use std::f64::consts::TAU;

use jiff::civil::{Date, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use proptest::prelude::*;

use super::*;
use crate::series::Grid;
use crate::units::Step;

const BERLIN: &str = "Europe/Berlin";
const SPRING: Date = date(2026, 3, 9);
const AUTUMN: Date = date(2026, 10, 5);
/// Samples of a day at five minutes.
const DAY: usize = 288;

/// `days` of 24 hours from midnight in `zone` on, at five minutes, by the wall clock at the begin of the
/// sample's step and by its number.
fn load(zone: &str, from: Date, days: usize, value: impl Fn(&Zoned, usize) -> f64) -> Series {
    let zone = TimeZone::get(zone).unwrap();
    let start = from.to_zoned(zone.clone()).unwrap().timestamp();
    let step = Step::FIVE_MINUTES;
    let grid = Grid::new(start + step.duration(), step, days * DAY);
    let begin = |at: usize| (grid.time(at) - step.duration()).to_zoned(zone.clone());
    Series::from_values(grid, (0..grid.len()).map(|at| Some(value(&begin(at), at))))
}

/// As much load again by day as by night, the highest at noon.
fn wave(local: &Zoned) -> f64 {
    let hours = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
    15.0 - 5.0 * (hours / 24.0 * TAU).cos()
}

/// Busy from 9 to 17.
fn office_hours(local: &Zoned) -> f64 {
    match (9..17).contains(&local.hour()) {
        true => 10.0,
        false => 2.0,
    }
}

fn is_workday(local: &Zoned) -> bool {
    local.weekday().to_monday_zero_offset() < 5
}

/// From 0 to 1, without any order.
fn chance(seed: usize) -> f64 {
    let mut bits = (seed as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A little noise, so that nothing repeats exactly.
fn noisy(value: f64, at: usize) -> f64 {
    value * (0.95 + 0.1 * chance(at))
}

fn asked<'a>(series: &'a Series, zone: Option<&'a str>) -> Asked<'a> {
    Asked {
        series,
        zone,
        bin_minutes: 60,
        quantile: 0.95,
        min_history_days: 14,
        threshold: 0.3,
    }
}

fn at(forecast: &Forecast, weekday: Weekday, hour: i8) -> f64 {
    forecast.week[forecast.index_of(weekday, time(hour, 0, 0, 0))].median
}

/// The greatest difference of the medians from `expected`, as a share of it.
fn off(forecast: &Forecast, expected: impl Fn(Weekday, i8) -> f64) -> f64 {
    let days = Weekday::Monday.cycle_forward().take(7);
    let hours = days.flat_map(|day| (0..24).map(move |hour| (day, hour)));
    let off = hours.map(|(day, hour)| {
        let expected = expected(day, hour);
        (at(forecast, day, hour) - expected).abs() / expected
    });
    off.fold(0.0, f64::max)
}

/// The mean of an hour of [`wave`].
fn wave_of_hour(hour: i8) -> f64 {
    15.0 - 5.0 * ((f64::from(hour) + 11.0 / 24.0) / 24.0 * TAU).cos()
}

#[test]
fn a_load_that_never_changes_does_not_recur() {
    let series = load("UTC", SPRING, 14, |_, _| 3.0);
    let expected = NoForecast::NotPeriodic {
        strength: 0.0,
        threshold: 0.3,
    };
    assert_eq!(forecast(&asked(&series, None)), Err(expected));
}

#[test]
fn a_daily_wave_goes_on() {
    let series = load("UTC", date(2026, 6, 1), 14, |local, _| wave(local));
    let found = forecast(&asked(&series, None)).unwrap();
    assert_eq!(found.season.period, Period::Day);
    assert!(found.season.strength > 0.95, "{:?}", found.season);
    assert_eq!((found.zone.as_str(), found.zone_is_inferred), ("UTC", true));
    assert_eq!(found.week.len(), 168);
    assert!(off(&found, |_, hour| wave_of_hour(hour)) < 0.01);
    assert_eq!(
        (found.odd_days, found.batch_minute, found.month_end),
        (0, None, None)
    );
    assert!(found.backtest.beats_naive(), "{:?}", found.backtest);
}

#[test]
fn weekends_are_foretold_after_three_weeks() {
    let value = |local: &Zoned, at| {
        let busy = if is_workday(local) {
            office_hours(local)
        } else {
            2.0
        };
        noisy(busy, at)
    };
    let series = load("UTC", date(2026, 6, 1), 28, value);
    let found = forecast(&asked(&series, None)).unwrap();
    assert_eq!(found.season.period, Period::Week);
    let is_busy = |day: Weekday, hour| day.to_monday_zero_offset() < 5 && (9..17).contains(&hour);
    assert!(
        off(&found, |day, hour| if is_busy(day, hour) {
            10.0
        } else {
            2.0
        }) < 0.1
    );
}

#[test]
fn a_clock_that_changes_moves_nothing_on_the_wall() {
    for (from, change) in [(SPRING, "spring"), (AUTUMN, "autumn")] {
        // Three weeks before the change and one after it.
        let series = load(BERLIN, from, 28, |local, at| noisy(office_hours(local), at));
        let found = forecast(&asked(&series, Some(BERLIN))).unwrap();
        let expected = |_, hour| if (9..17).contains(&hour) { 10.0 } else { 2.0 };
        assert!(off(&found, expected) < 0.1, "{change}");
        assert!(!found.zone_is_inferred);
    }
}

#[test]
fn a_zone_is_inferred_where_its_clock_changes() {
    let inferred = |zone, from, days| {
        let series = load(zone, from, days, |local, at| noisy(office_hours(local), at));
        forecast(&asked(&series, None)).unwrap().zone
    };
    // Of the zones that change in that night, the one nearest to UTC.
    assert_eq!(inferred(BERLIN, SPRING, 28), "Europe/London");
    assert_eq!(inferred(BERLIN, AUTUMN, 28), "Europe/London");
    assert_eq!(inferred("America/Denver", AUTUMN, 42), "America/New_York");
    // No change is seen, and there is none.
    assert_eq!(inferred(BERLIN, date(2026, 6, 1), 28), "UTC");
    assert_eq!(inferred("Asia/Tokyo", SPRING, 28), "UTC");
}

#[test]
fn gaps_are_bridged_until_too_little_is_known() {
    let with_gaps = |is_gap: fn(usize) -> bool| {
        let value = |local: &Zoned, at| {
            if is_gap(at) {
                f64::NAN
            } else {
                noisy(wave(local), at)
            }
        };
        load("UTC", date(2026, 6, 1), 21, value)
    };
    // A fifth of all samples, and a day and a half at once.
    let some = with_gaps(|at| at % 5 == 0 || (10 * DAY..11 * DAY + DAY / 2).contains(&at));
    let found = forecast(&asked(&some, None)).unwrap();
    assert!(off(&found, |_, hour| wave_of_hour(hour)) < 0.05);
    let half = with_gaps(|at| (at / DAY) % 2 == 1 && at < 20 * DAY);
    let refused = forecast(&asked(&half, None));
    assert!(matches!(refused, Err(NoForecast::Gaps { known, need: 0.6 }) if known < 0.6));
}

#[test]
fn a_holiday_teaches_nothing() {
    let holiday = date(2026, 6, 22);
    let value = |is_kept: bool| {
        move |local: &Zoned, at| {
            let off = !is_workday(local) || (is_kept && local.date() == holiday);
            noisy(if off { 2.0 } else { office_hours(local) }, at)
        }
    };
    // It is the last Monday of the history.
    let with = load("UTC", date(2026, 6, 1), 28, value(true));
    let without = load("UTC", date(2026, 6, 1), 28, value(false));
    let with = forecast(&asked(&with, None)).unwrap();
    let without = forecast(&asked(&without, None)).unwrap();
    assert_eq!((with.odd_days, without.odd_days), (1, 0));
    assert!(off(&with, |day, hour| at(&without, day, hour)) < 0.1);
}

#[test]
fn a_new_level_is_followed() {
    let value =
        |local: &Zoned, at: usize| noisy(wave(local), at) * if at < 14 * DAY { 1.0 } else { 2.0 };
    let series = load("UTC", date(2026, 6, 1), 49, value);
    let found = forecast(&asked(&series, None)).unwrap();
    assert!(off(&found, |_, hour| 2.0 * wave_of_hour(hour)) < 0.15);
    assert_eq!(found.odd_days, 0);
}

#[test]
fn outliers_change_little() {
    let value = |local: &Zoned, at: usize| match at % 1400 {
        3 => 500.0,
        _ => noisy(wave(local), at),
    };
    let series = load("UTC", date(2026, 6, 1), 21, value);
    let found = forecast(&asked(&series, None)).unwrap();
    let days = Weekday::Monday.cycle_forward().take(7);
    let hours = days.flat_map(|day| (0..24).map(move |hour| (day, hour)));
    let off = hours.filter(|(day, hour)| {
        let expected = wave_of_hour(*hour);
        (at(&found, *day, *hour) - expected).abs() > 0.1 * expected
    });
    // What was in the last week is seen by half of the ways.
    assert!(off.count() <= 2);
}

#[test]
fn what_is_missing_for_a_forecast_is_said() {
    let days = |days| {
        load("UTC", date(2026, 6, 1), days, |local, at| {
            noisy(wave(local), at)
        })
    };
    let short = days(13);
    let refused = forecast(&asked(&short, None)).unwrap_err();
    assert_eq!(refused.to_string(), "13 days of history, 14 are needed");
    let fewer = |min_history_days| Asked {
        min_history_days,
        ..asked(&short, None)
    };
    assert!(forecast(&fewer(13)).is_ok());
    // Whatever is asked for, nothing can be tried on less than five days.
    let shortest = days(4);
    let refused = forecast(&Asked {
        min_history_days: 1,
        ..asked(&shortest, None)
    });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "4 days of history, 5 are needed"
    );
    let nowhere = forecast(&asked(&short, Some("Mars/Olympus"))).unwrap_err();
    assert_eq!(nowhere, NoForecast::UnknownZone("Mars/Olympus".to_owned()));
    let hours = Grid::new(Timestamp::UNIX_EPOCH, Step::SIX_HOURS, 100);
    let coarse = Series::constant(hours, 1.0);
    let refused = forecast(&asked(&coarse, None)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "samples are 21600 s apart, which is more than bins of 60 min"
    );
    let none = Series::gaps(Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 0));
    let refused = forecast(&asked(&none, None)).unwrap_err();
    assert_eq!(refused.to_string(), "0 days of history, 14 are needed");
}

/// What a source cuts of the first day does not delay the forecast for good.
#[test]
fn two_weeks_may_lack_their_first_hours() {
    let value = |local: &Zoned, at: usize| {
        if at < 100 {
            f64::NAN
        } else {
            noisy(wave(local), at)
        }
    };
    let series = load("UTC", date(2026, 6, 1), 14, value);
    assert!(forecast(&asked(&series, None)).is_ok());
}

#[test]
fn noise_does_not_recur() {
    for seed in 0..4 {
        let value = |_: &Zoned, at: usize| 5.0 + chance(at + seed * 100_000);
        let series = load("UTC", date(2026, 6, 1), 28, value);
        let refused = forecast(&asked(&series, None)).unwrap_err();
        let NoForecast::NotPeriodic { strength, .. } = refused else {
            panic!("{seed}: {refused:?}");
        };
        assert!(strength < 0.2, "{seed}: {strength}");
    }
}

/// A walk from level to level is no season, however slow it is.
#[test]
fn a_slow_wave_is_no_season() {
    for days in [2.7, 5.0, 10.0, 40.0] {
        let value = |_: &Zoned, at: usize| 10.0 + 5.0 * (at as f64 / DAY as f64 / days * TAU).sin();
        let series = load("UTC", date(2026, 6, 1), 28, value);
        let refused = forecast(&asked(&series, None));
        assert!(
            matches!(refused, Err(NoForecast::NotPeriodic { .. })),
            "{days}: {refused:?}"
        );
    }
}

/// Every hour is what it was a day ago and a step to either side: nothing foretells more than that.
#[test]
fn what_yesterday_tells_as_well_is_not_offered() {
    let step = |day: usize, hour: usize| chance(day * 24 + hour) - 0.5;
    let value = |local: &Zoned, at: usize| {
        let hour = local.hour() as usize;
        let walked: f64 = (0..=at / DAY).map(|day| step(day, hour)).sum();
        50.0 + 4.0 * walked + wave(local)
    };
    let series = load("UTC", date(2026, 6, 1), 28, value);
    let refused = forecast(&asked(&series, None)).unwrap_err();
    let NoForecast::NotBetter(backtest) = &refused else {
        panic!("{refused:?}");
    };
    assert!(backtest.pinball_median > backtest.naive_median);
    assert!(
        refused
            .to_string()
            .starts_with("no better than repeating the last day or week")
    );
}

#[test]
fn the_high_quantile_holds_for_most_of_the_time() {
    let value = |local: &Zoned, at: usize| wave(local) * (1.0 + 0.4 * chance(at / 12).powi(3));
    let series = load("UTC", date(2026, 6, 1), 42, value);
    let found = forecast(&asked(&series, None)).unwrap();
    let coverage = found.backtest.coverage;
    assert!((0.92..=0.98).contains(&coverage), "{coverage}");
    assert!(
        found
            .week
            .iter()
            .all(|it| it.high > 1.1 * it.median && it.high < 1.5 * it.median)
    );
    let folds = (found.backtest.folds, found.backtest.bins);
    assert_eq!(folds, (21, 21 * 24));
}

#[test]
fn batches_of_every_hour_are_told() {
    let value = |local: &Zoned, at: usize| {
        let batch = if local.minute() == 15 { 8.0 } else { 0.0 };
        noisy(wave(local) + batch, at)
    };
    let series = load("UTC", date(2026, 6, 1), 14, value);
    assert_eq!(
        forecast(&asked(&series, None)).unwrap().batch_minute,
        Some(15)
    );
}

/// As high again on the last days of months, by `times` of the number of the month.
fn with_month_ends(times: impl Fn(i8) -> f64) -> impl Fn(&Zoned, usize) -> f64 {
    move |local, at| {
        let is_last = local.date().day() == local.date().days_in_month();
        noisy(wave(local), at) * if is_last { times(local.month()) } else { 1.0 }
    }
}

#[test]
fn the_end_of_months_is_told_after_two() {
    let end = |days, times: fn(i8) -> f64| {
        let series = load("UTC", date(2026, 6, 10), days, with_month_ends(times));
        let bins = Bins::of(&series, &zone::Zone::named("UTC").unwrap(), 60);
        MonthEnd::of(&bins, RestDays::WEEKEND, 0.95)
    };
    let two = end(56, |_| 3.0).unwrap();
    assert_eq!(two.seen, 2);
    assert!((2.8..3.2).contains(&two.times), "{two:?}");
    assert!(two.loss_median < 0.1 && two.loss_high < 0.1, "{two:?}");
    assert_eq!(end(40, |_| 3.0), None);
    // July was as usual, or the months have nothing to do with each other.
    assert_eq!(end(90, |month| if month == 7 { 1.0 } else { 3.0 }), None);
    assert_eq!(end(56, |month| if month == 7 { 1.3 } else { 9.0 }), None);
}

#[test]
fn the_last_day_of_a_month_is_foretold_with_the_error_of_those_seen() {
    let times = |month: i8| if month == 7 { 3.3 } else { 3.0 };
    // In spring and autumn, with a change of the clock in the history, and an outage on a day.
    for from in [date(2026, 2, 10), date(2026, 6, 10), date(2026, 9, 10)] {
        let value = with_month_ends(times);
        let outage = |local: &Zoned, at: usize| match at / DAY {
            12 => 0.0,
            _ => value(local, at),
        };
        let series = load(BERLIN, from, 70, outage);
        let found = forecast(&asked(&series, Some(BERLIN))).unwrap();
        let end = found.month_end.unwrap();
        assert_eq!(end.seen, 2, "{from}");
        let last = date(2026, 12, 31).at(12, 0, 0, 0);
        let day_before = date(2026, 12, 24).at(12, 0, 0, 0);
        let (last, usual) = (found.at(last), found.at(day_before));
        assert!((2.7..3.6).contains(&(last.median / usual.median)), "{from}");
        assert!(last.high / usual.high >= end.times, "{from}");
        assert!(last.high > last.median);
    }
}

#[test]
fn bins_of_other_lengths_have_their_place() {
    let series = load("UTC", date(2026, 6, 1), 14, |local, at| {
        noisy(office_hours(local), at)
    });
    for bin_minutes in [30, 120] {
        let found = forecast(&Asked {
            bin_minutes,
            ..asked(&series, None)
        });
        let found = found.unwrap();
        assert_eq!(found.week.len(), 7 * 1440 / bin_minutes as usize);
        let noon = found.at(date(2026, 7, 1).at(12, 0, 0, 0));
        let night = found.at(date(2026, 7, 1).at(22, 59, 0, 0));
        assert!(noon.median > 9.0 && night.high < 3.0, "{bin_minutes}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Half as much load is half as much forecast, and a quantile is above the median.
    #[test]
    fn a_forecast_has_the_unit_of_its_load(seed in 0_usize..1000, exponent in -6_i32..6) {
        let value = |local: &Zoned, at: usize| wave(local) * (0.8 + 0.4 * chance(at / 12 + seed * 7919));
        let one = load("UTC", date(2026, 6, 1), 14, value);
        // A power of two leaves every digit as it is.
        let times = 2.0_f64.powi(exponent);
        let many = one.map(|it| it * times);
        match (forecast(&asked(&one, None)), forecast(&asked(&many, None))) {
            (Ok(one), Ok(many)) => for (one, many) in one.week.iter().zip(&many.week) {
                prop_assert!((one.median * times - many.median).abs() <= 1e-3 * many.median);
                prop_assert!((one.high * times - many.high).abs() <= 1e-3 * many.high);
                prop_assert!(one.high >= one.median && one.median >= 0.0);
            },
            (Err(NoForecast::NotBetter(one)), Err(NoForecast::NotBetter(many))) =>
                prop_assert!((one.pinball_high * times - many.pinball_high).abs() <= 1e-3 * many.pinball_high),
            (one, many) => prop_assert!(false, "{one:?} {many:?}"),
        }
    }
}
