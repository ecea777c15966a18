//! Whether the load since a change was as high as it gets on a usual day.

use std::ops::Range;

use serde::Serialize;

use super::measured::rounded;
use super::window::Window;
use super::{FEWEST_SAMPLES, Input, LEAST_COVERAGE};
use crate::analysis::load::{Sample, quantile};

/// Load at this share of the usual peak is as high: the tolerance of the controller, which does
/// not act on less.
const AS_HIGH: f64 = 0.9;
/// The peak of a day is what its busiest half hour exceeds: a single sample may be noise.
const BUSIEST: f64 = 1.0 - 0.5 / 24.0;
/// How many days before the change tell what is usual: one of every weekday.
const DAYS: usize = 7;

/// The load since a change beside that of the days before.
///
/// A change may only be called healthy once a peak was seen: at an idle hour any settings will do.
/// Either the load came as high as on most days before, for as many samples as count at all, or a
/// whole day has passed, whose peak was then seen whatever it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peak {
    pub seen: bool,
    /// Cores that the load reached since, for as long as counts.
    pub highest_cores: f64,
    /// The median of the peaks of up to seven days before; `None` where no day is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_cores: Option<f64>,
    /// Why none was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Peak {
    pub(super) fn of(input: &Input<'_>, window: &Window) -> Self {
        let highest = highest(window);
        let usual = usual(window);
        let is_high = usual.is_some_and(|it| highest >= AS_HIGH * it);
        let enough = window.known() >= FEWEST_SAMPLES;
        let seen = enough && (is_high || is_whole_day(input, window));
        Self {
            seen,
            highest_cores: rounded(highest),
            usual_cores: usual.map(rounded),
            why: (!seen).then(|| why(highest, usual)),
        }
    }
}

fn why(highest: f64, usual: Option<f64>) -> String {
    match usual {
        Some(usual) => format!(
            "no daily peak was seen yet: the load reached {highest:.2} of usually {usual:.2} cores"
        ),
        None => "no daily peak was seen yet: no day before the change is known, and none has \
                 passed since"
            .to_owned(),
    }
}

/// What the load since the change reached at least [`FEWEST_SAMPLES`] times.
fn highest(window: &Window) -> f64 {
    let mut all: Vec<f64> = window.samples(window.since.clone()).map(demand).collect();
    all.sort_unstable_by(|a, b| b.total_cmp(a));
    let counts = all.get(FEWEST_SAMPLES - 1).or(all.last());
    counts.copied().unwrap_or(0.0)
}

/// Where pods were saturated, at least all that they could give was asked for.
fn demand(sample: &Sample) -> f64 {
    let full = sample.saturation().filter(|_| sample.censored);
    full.map_or(sample.usage, |it| sample.usage.max(it * sample.ready))
}

fn usual(window: &Window) -> Option<f64> {
    let peaks: Vec<f64> = days(window).filter_map(|it| peak(window, it)).collect();
    quantile(&peaks, 0.5)
}

/// Whole days before the change, the last one first.
fn days(window: &Window) -> impl Iterator<Item = Range<usize>> {
    let (end, day) = (window.before.end, window.day());
    (1..=DAYS).filter_map(move |back| {
        let start = end.checked_sub(back * day)?;
        Some(start..start + day)
    })
}

/// `None` where less than half of the day is known.
fn peak(window: &Window, day: Range<usize>) -> Option<f64> {
    let known: Vec<f64> = window.samples(day.clone()).map(demand).collect();
    let is_known = 2 * known.len() >= day.len();
    quantile(&known, BUSIEST).filter(|_| is_known)
}

fn is_whole_day(input: &Input<'_>, window: &Window) -> bool {
    let passed = input.now.duration_since(input.applied).as_secs();
    passed >= 86_400 && window.coverage() >= LEAST_COVERAGE
}
