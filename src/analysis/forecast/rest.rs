//! Days of rest: the one or two days of the week that are unlike the others.

use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::Serialize;

use super::models::median;
use super::odd::LocalDay;

/// Times that each weekday has to be known.
const EACH: usize = 2;
/// Other days than the weekend are taken for it where they leave at most this share of the deviations
/// that are left by the weekend, and of those that are left by no days of rest.
const LEFT: f64 = 0.5;
/// Days on each side, which with the day make a week.
const AROUND: usize = 3;

/// Which days of the week are days of rest; Saturday and Sunday unless a load has shown others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "Vec<&'static str>")]
#[schemars(with = "Vec<String>")]
pub struct RestDays([bool; 7]);

impl RestDays {
    pub const WEEKEND: Self = Self([false, false, false, false, false, true, true]);

    /// One for each day, Monday first.
    pub fn days(self) -> [bool; 7] {
        self.0
    }

    /// Whether the day so many days after a Monday is one.
    pub(super) fn has(self, day: usize) -> bool {
        self.0[day % 7]
    }

    /// The one day, or the two in a row, that leave least of what days differ by.
    pub(super) fn of(days: &[LocalDay]) -> Self {
        let levels = levels(days);
        let times = |weekday: usize| levels.iter().filter(|it| it.0 == weekday).count();
        if (0..7).any(|it| times(it) < EACH) {
            return Self::WEEKEND;
        }
        let left = |rest: Self| {
            let of = |is_rest: bool| {
                let same = levels.iter().filter(|it| rest.0[it.0] == is_rest);
                deviations(&same.map(|it| it.1).collect::<Vec<_>>())
            };
            of(true) + of(false)
        };
        let most = LEFT * left(Self::WEEKEND).min(left(Self([false; 7])));
        let singles = (0..7).map(|it| Self::in_a_row(it, 1));
        let all = singles.chain((0..7).map(|it| Self::in_a_row(it, 2)));
        // The first of equals, a single day before two.
        let best = all
            .map(|it| (left(it), it))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        best.filter(|it| it.0 < most)
            .map_or(Self::WEEKEND, |it| it.1)
    }

    fn in_a_row(first: usize, count: usize) -> Self {
        let mut days = [false; 7];
        (first..first + count).for_each(|it| days[it % 7] = true);
        Self(days)
    }
}

impl From<RestDays> for Vec<&'static str> {
    fn from(rest: RestDays) -> Self {
        let days = Weekday::Monday.cycle_forward().zip(rest.0);
        let rest = days.filter(|it| it.1);
        rest.map(|it| name(it.0)).collect()
    }
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// The weekday of each known day, and its mean by that of the week around it, so that a level that
/// shifts is no difference of days.
fn levels(days: &[LocalDay]) -> Vec<(usize, f64)> {
    let level = |at: usize| {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(days.len());
        let mut around: Vec<f64> = days[around].iter().filter_map(|it| it.mean).collect();
        let usual = median(&mut around).filter(|it| *it > 0.0)?;
        let weekday = days[at].number.rem_euclid(7) as usize;
        Some((weekday, days[at].mean? / usual))
    };
    (0..days.len()).filter_map(level).collect()
}

/// How far values are from their median, together.
fn deviations(values: &[f64]) -> f64 {
    let middle = median(&mut values.to_vec()).unwrap_or(0.0);
    values.iter().map(|it| (it - middle).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days from a Monday on, by their number.
    fn days(count: i64, mean: impl Fn(i64) -> Option<f64>) -> Vec<LocalDay> {
        let day = |number| LocalDay {
            bins: 0..24,
            number,
            mean: mean(number),
        };
        (0..count).map(day).collect()
    }

    /// Busy days a little unlike each other, quiet on those of `rest`.
    fn week(rest: &'static [i64]) -> impl Fn(i64) -> Option<f64> {
        move |day| {
            let wave = 0.2 * ((day * 7919) % 11) as f64 / 11.0;
            Some(if rest.contains(&(day % 7)) { 3.0 } else { 10.0 } + wave)
        }
    }

    fn names(rest: RestDays) -> Vec<&'static str> {
        rest.into()
    }

    #[test]
    fn quiet_days_are_found_and_the_weekend_is_where_nothing_is_shown() {
        let cases: [(&'static [i64], &[&str]); 5] = [
            (&[5, 6], &["Saturday", "Sunday"]),
            (&[4, 5], &["Friday", "Saturday"]),
            (&[6], &["Sunday"]),
            // In a row over the end of the week.
            (&[6, 0], &["Monday", "Sunday"]),
            // Every day is alike.
            (&[], &["Saturday", "Sunday"]),
        ];
        for (rest, expected) in cases {
            assert_eq!(names(RestDays::of(&days(28, week(rest)))), expected);
        }
        // Days may be busier, too: a market on Thursdays.
        let market = |day: i64| Some(if day % 7 == 3 { 20.0 } else { 10.0 });
        assert_eq!(names(RestDays::of(&days(28, market))), ["Thursday"]);
    }

    #[test]
    fn holidays_gaps_levels_and_few_days_make_no_other_weekend() {
        let weekend = RestDays::WEEKEND;
        assert_eq!(RestDays::of(&days(13, week(&[4, 5]))), weekend);
        let other = RestDays::of(&days(14, week(&[4, 5])));
        assert_eq!(names(other), ["Friday", "Saturday"]);
        let rest = week(&[5, 6]);
        // Two Fridays of four are holidays.
        let holiday = |day: i64| if day % 14 == 4 { Some(3.0) } else { rest(day) };
        assert_eq!(RestDays::of(&days(28, holiday)), weekend);
        let gaps = |day: i64| rest(day).filter(|_| day % 5 != 1);
        assert_eq!(RestDays::of(&days(35, gaps)), weekend);
        let doubled = |day: i64| rest(day).map(|it| if day < 17 { it } else { 2.0 * it });
        assert_eq!(RestDays::of(&days(28, doubled)), weekend);
        let outlier = |day: i64| if day == 9 { Some(500.0) } else { rest(day) };
        assert_eq!(RestDays::of(&days(28, outlier)), weekend);
        // A Saturday that is half a day of work belongs to both.
        let half = |day: i64| if day % 7 == 5 { Some(6.5) } else { rest(day) };
        assert_eq!(RestDays::of(&days(28, half)), weekend);
    }
}
