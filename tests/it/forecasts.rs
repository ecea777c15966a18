//! Forecasts of measured loads, held against what came.
//!
//! Of each public trace of 28 days or more, the 28 days before the last three tenths are learned from,
//! and the two weeks after them are held against the week that was foretold, as a schedule would keep
//! it. Repeating the last day and the last week of the same history, with quantiles of the errors that
//! they had in it, is what a forecast has to be better than. The folder of traces is that of
//! `traces.rs`; `--nocapture` prints the table of `docs/forecasts.md`.

use std::fmt;

use jiff::Timestamp;
use stepscale::analysis::forecast::{BackTest, Expected, Forecast, Forecasting, NoForecast};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use crate::rig::say;
use crate::traces::folder::{Folder, Trace};

const LONG_DAYS: f64 = 28.0;
const LEARNED_DAYS: i64 = 28;
const HELD_DAYS: i64 = 14;
/// A share of the trace after which everything is held back.
const LEARNED: f64 = 0.7;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const HIGH: f64 = 0.95;

#[test]
#[expect(clippy::print_stdout, reason = "asked for by --nocapture")]
fn forecasts_that_are_offered_are_better_than_repeating_the_past() {
    let folder = match Folder::open() {
        Ok(folder) => folder,
        Err(root) => {
            let root = root.display();
            say(&format!(
                "SKIPPED: forecasts: no index.json in {root}; set STEPSCALE_TRACES_DIR"
            ));
            return;
        }
    };
    let rows: Vec<Row> = folder
        .of_days(LONG_DAYS)
        .filter_map(|id| Row::of(id, &folder.read(id)))
        .collect();
    println!("| Trace | Back-test: median, high | Covered | Held back: median, high | Covered |");
    println!("| --- | --- | --- | --- | --- |");
    rows.iter().for_each(|it| println!("{it}"));
    let offered: Vec<[f64; 2]> = rows.iter().filter_map(|it| Some(it.held?.times)).collect();
    let mean = |at: usize| {
        let logs = offered.iter().map(|it| it[at].max(1e-9).ln());
        (logs.sum::<f64>() / offered.len() as f64).exp()
    };
    let (median, high) = (mean(0), mean(1));
    let all = (rows.len(), offered.len());
    println!("{all:?}: geometric mean of those offered {median:.2}, {high:.2}");
    assert!(all.0 >= 40 && all.1 >= 15, "{all:?}");
    assert!(median < 0.95 && high < 1.0, "{median} {high}");
}

/// One trace.
struct Row {
    id: String,
    /// The error by that of the naive forecasts, and coverage; or why nothing could be tried.
    tried: Result<BackTest, NoForecast>,
    /// Nothing where no forecast is offered.
    held: Option<Held>,
}

/// What came of a forecast in the days that were held back.
#[derive(Clone, Copy)]
struct Held {
    /// The pinball loss at the median and at the high quantile by that of the better naive forecast.
    times: [f64; 2],
    /// The share of the hours that were within the high quantile.
    covered: f64,
}

impl Row {
    /// `None` where less than two weeks can be held back and learned from.
    fn of(id: &str, trace: &Trace) -> Option<Self> {
        let length = trace.end() - trace.first;
        let cut = trace.first + (length as f64 * LEARNED) as i64;
        let cut = cut.max(trace.first + 14 * DAY + 12 * HOUR) / HOUR * HOUR;
        let learned = part(trace, cut - LEARNED_DAYS * DAY, cut);
        let held = part(trace, cut, cut + HELD_DAYS * DAY);
        if held.is_empty() {
            return None;
        }
        // The clocks of the traces are nominal.
        let forecasting = Forecasting {
            time_zone: Some("UTC".to_owned()),
            ..Forecasting::default()
        };
        let (tried, held) = match forecasting.forecast(&learned) {
            Ok(forecast) => (Ok(forecast.backtest), Held::of(&learned, &held, &forecast)),
            Err(NoForecast::NotBetter(backtest)) => (Ok(*backtest), None),
            Err(why) => (Err(why), None),
        };
        let id = id.to_owned();
        Some(Self { id, tried, held })
    }
}

/// The samples of a trace between two times.
fn part(trace: &Trace, from: i64, to: i64) -> Series {
    let index = |time: i64| ((time - trace.first).max(0) / trace.step) as usize;
    let range = index(from).min(trace.values.len())..index(to).min(trace.values.len());
    // A sample of ours stands at the end of its step.
    let first = trace.first + trace.step * (range.start as i64 + 1);
    let step = Step::from_seconds(trace.step as u32).unwrap();
    let grid = Grid::new(Timestamp::from_second(first).unwrap(), step, range.len());
    Series::from_values(grid, trace.values[range].iter().copied())
}

impl Held {
    fn of(learned: &Series, held: &Series, forecast: &Forecast) -> Option<Self> {
        let (learned, held) = (Hours::of(learned), Hours::of(held));
        let naive = [24, 168].map(|period| Naive::of(&learned, period));
        let mut losses = [[0.0; 2]; 3];
        let (mut covered, mut hours) = (0, 0);
        for (hour, value) in held.known() {
            let repeated = naive
                .iter()
                .map(|it| it.expected(&learned, held.first, hour));
            let Some(repeated) = repeated.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let foretold = forecast.week[(hour + 72).rem_euclid(168) as usize];
            for (losses, expected) in losses
                .iter_mut()
                .zip(repeated.into_iter().chain([foretold]))
            {
                losses[0] += pinball(0.5, value, expected.median);
                losses[1] += pinball(HIGH, value, expected.high);
            }
            covered += usize::from(value <= foretold.high);
            hours += 1;
        }
        let [day, week, ours] = losses;
        let times = [0, 1].map(|at| ours[at] / day[at].min(week[at]));
        let is_known = hours > 0 && times.iter().all(|it| it.is_finite());
        let covered = covered as f64 / f64::from(hours);
        is_known.then_some(Self { times, covered })
    }
}

fn pinball(q: f64, value: f64, foretold: f64) -> f64 {
    let error = value - foretold;
    (q * error).max((q - 1.0) * error)
}

/// Means of hours.
struct Hours {
    /// Since 1970.
    first: i64,
    values: Vec<Option<f64>>,
}

impl Hours {
    fn of(series: &Series) -> Self {
        let step = i64::from(series.grid().step().seconds());
        let hour = |at: usize| (series.grid().time(at).as_second() - step).div_euclid(HOUR);
        let first = hour(0);
        let mut sums = vec![(0.0, 0); (hour(series.len() - 1) - first + 1) as usize];
        for (at, value) in series.iter().enumerate() {
            let sum = &mut sums[(hour(at) - first) as usize];
            sum.0 += value.unwrap_or(0.0);
            sum.1 += i32::from(value.is_some());
        }
        let mean = |(sum, count): (f64, i32)| (count > 0).then(|| sum / f64::from(count));
        Self {
            first,
            values: sums.into_iter().map(mean).collect(),
        }
    }

    fn at(&self, hour: i64) -> Option<f64> {
        *self.values.get(usize::try_from(hour - self.first).ok()?)?
    }

    fn known(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        let all = self.values.iter().enumerate();
        all.filter_map(|(at, value)| Some((self.first + at as i64, (*value)?)))
    }
}

/// The last `period` hours over and over, with quantiles of the errors that this had.
struct Naive {
    period: i64,
    /// At the median and high, by the hour of the day.
    errors: Vec<[f64; 2]>,
}

impl Naive {
    fn of(learned: &Hours, period: i64) -> Self {
        let mut errors = vec![vec![]; 24];
        for (hour, value) in learned.known() {
            let Some(before) = learned.at(hour - period) else {
                continue;
            };
            for near in [hour - 1, hour, hour + 1] {
                errors[near.rem_euclid(24) as usize].push(value - before);
            }
        }
        let of = |mut errors: Vec<f64>| [0.5, HIGH].map(|q| quantile(&mut errors, q));
        Self {
            period,
            errors: errors.into_iter().map(of).collect(),
        }
    }

    fn expected(&self, learned: &Hours, held_from: i64, hour: i64) -> Option<Expected> {
        let back = (hour - held_from).div_euclid(self.period) + 1;
        let repeated = learned.at(hour - back * self.period)?;
        let [middle, high] = self.errors[hour.rem_euclid(24) as usize];
        Some(Expected {
            median: repeated + middle,
            high: repeated + high.max(middle),
        })
    }
}

fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (q * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} |", self.id)?;
        match &self.tried {
            Ok(it) => write!(
                f,
                " {:.2}, {:.2} | {:.0} % |",
                it.pinball_median / it.naive_median,
                it.pinball_high / it.naive_high,
                it.coverage * 100.0
            )?,
            Err(why) => write!(f, " {why} | |")?,
        }
        match &self.held {
            Some(it) => write!(
                f,
                " {:.2}, {:.2} | {:.0} % |",
                it.times[0],
                it.times[1],
                it.covered * 100.0
            ),
            None => write!(f, " not offered | |"),
        }
    }
}
