//! When a history is scraped, and how counters grow between two scrapes.

use std::ops::Range;

use super::super::{Sample, Span};
use super::STALE;
use crate::series::Grid;
use crate::units::Step;

/// Scrapes are no further apart than this.
const FURTHEST: u32 = 60;

/// Scrapes in the shortest step, where seconds allow it: a rate needs two, and a burst a few more.
const FEWEST: u32 = 5;

/// Scrapes of one step: evenly spaced, half a distance away from its ends, so that a rate over the
/// step sees all of it and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Of the step and between scrapes.
    step: u32,
    scrape: u32,
}

impl Pace {
    pub(super) fn of(step: Step) -> Self {
        let step = step.seconds();
        let largest = FURTHEST.min(step / FEWEST).max(1);
        let fits = (1..=largest).rev().find(|it| step.is_multiple_of(*it));
        Self {
            step,
            scrape: fits.unwrap_or(1),
        }
    }

    pub(super) fn step_seconds(self) -> f64 {
        f64::from(self.step)
    }

    fn scrapes(self) -> usize {
        (self.step / self.scrape) as usize
    }

    /// The values of a counter at the scrapes of a step that begins with `total`.
    ///
    /// Between the first and the last of them it grows by `rate` a second on average, in one
    /// interval by `burst` times that, as far as the other intervals can make up for it.
    pub(super) fn count(self, total: f64, rate: f64, burst: f64, values: &mut [f64]) {
        let inner = values.len().saturating_sub(1) as f64;
        let (peak, others) = match inner {
            inner if inner >= 2.0 => {
                let peak = burst.clamp(1.0, inner);
                (peak, (inner - peak) / (inner - 1.0))
            }
            _ => (1.0, 1.0),
        };
        let middle = values.len() / 2;
        let mut grown = 0.0;
        for (place, value) in values.iter_mut().enumerate() {
            // The growth since the last scrape of the step before is in no step's rate.
            grown += match place {
                0 => 1.0,
                place if place == middle => peak,
                _ => others,
            };
            *value = total + rate * f64::from(self.scrape) * grown;
        }
    }
}

/// What is known of a series in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    Nothing,
    Values,
    /// Values of a counter, and what it was at the last scrape of the step before, from which it
    /// grows in the first minute.
    ValuesAfter(f64),
}

/// A grid as it is scraped, as far as somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub(super) grid: Grid,
    pub(super) pace: Pace,
    pub(super) span: Span,
}

impl Track {
    /// Adds the samples of some steps. `fill` gives the values of a step, if there are any; it is
    /// called for every step in order, until the span is over.
    ///
    /// Where values end before the grid does, the next scrape says so.
    pub(super) fn sample(
        &self,
        steps: Range<usize>,
        samples: &mut Vec<Sample>,
        fill: &mut impl FnMut(usize, &mut [f64]) -> Told,
    ) {
        let mut values = vec![0.0; self.pace.scrapes()];
        let mut stands = false;
        let end = steps.end.min(self.grid.len());
        for step in steps.start..end {
            let told = fill(step, &mut values);
            if let Told::ValuesAfter(before) = told
                && !stands
            {
                samples.extend(self.just_before(step, before));
            }
            if self.time(step, 0) > self.span.last {
                return;
            }
            if told != Told::Nothing {
                let at = values.iter().enumerate();
                samples.extend(at.filter_map(|(scrape, value)| self.within(step, scrape, *value)));
            } else if stands {
                samples.extend(self.within(step, 0, f64::from_bits(STALE)));
            }
            stands = told != Told::Nothing;
        }
        if stands && end < self.grid.len() {
            samples.extend(self.within(end, 0, f64::from_bits(STALE)));
        }
    }

    /// The last scrape before a step, where it is not also the first one of its own step, which
    /// may say that the series has ended.
    fn just_before(&self, step: usize, value: f64) -> Option<Sample> {
        let last = self.pace.scrapes().checked_sub(1).filter(|it| *it > 0)?;
        let step_ms = i64::from(self.pace.step) * 1000;
        self.at(self.time(step, last) - step_ms, value)
    }

    fn within(&self, step: usize, scrape: usize, value: f64) -> Option<Sample> {
        self.at(self.time(step, scrape), value)
    }

    fn at(&self, time: i64, value: f64) -> Option<Sample> {
        (self.span.first..=self.span.last)
            .contains(&time)
            .then_some((time, value))
    }

    /// In milliseconds.
    fn time(&self, step: usize, scrape: usize) -> i64 {
        let begin = self.grid.time(step).as_millisecond() - i64::from(self.pace.step) * 1000;
        let distance = i64::from(self.pace.scrape) * 1000;
        begin + distance / 2 + distance * scrape as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapes_divide_the_step() {
        let cases = [
            (300, 60),
            (3600, 60),
            (60, 12),
            (15, 3),
            (7, 1),
            (1, 1),
            (110, 22),
            (1_000, 50),
        ];
        for (step, scrape) in cases {
            let pace = Pace::of(Step::from_seconds(step).unwrap());
            assert_eq!(pace, Pace { step, scrape }, "{step}");
        }
    }

    #[test]
    fn a_counter_grows_by_the_rate_between_its_first_and_last_scrape() {
        let pace = Pace::of(Step::FIVE_MINUTES);
        let cases = [(1.0, 1.0), (2.5, 2.5), (9.0, 4.0), (0.3, 1.0)];
        for (burst, expected) in cases {
            let mut values = [0.0; 5];
            pace.count(100.0, 2.0, burst, &mut values);
            assert_eq!(values[0], 220.0);
            assert!((values[4] - values[0] - 480.0).abs() < 1e-9, "{values:?}");
            let growths = values.windows(2).map(|it| (it[1] - it[0]) / 120.0);
            assert_eq!(growths.fold(0.0, f64::max), expected, "{values:?}");
        }
    }
}
