//! How well a replay of today's settings repeats what was observed.

use schemars::JsonSchema;
use serde::Serialize;

use super::scenario::{Engine, Scenario};
use crate::sim::demand::Shape;

/// Below this share of time within one replica a fit is no longer good, unless the mean error is
/// below [`SMALL_ERROR`]: one replica is little of a hundred.
const GOOD_SHARE: f64 = 0.8;
const SMALL_ERROR: f64 = 0.05;
/// Below this share a fit is too poor to recommend anything, unless the mean error is below
/// [`LARGE_ERROR`]: what the controller did then is not what its settings and the load explain.
const LEAST_SHARE: f64 = 0.5;
const LARGE_ERROR: f64 = 0.15;

/// The error of a replay of today's settings against the replicas observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fidelity {
    /// How the load is taken to run within a step of the history: of the ways that the history
    /// allows, the one that fits best.
    pub shape: Shape,
    /// In replicas.
    pub mean_absolute_error: f64,
    /// The share of time in which replay and observation differ by at most one replica, 0 to 1.
    pub within_one: f64,
    /// The mean of the replicas observed.
    pub mean_replicas: f64,
    /// How many samples were compared.
    pub samples: usize,
}

/// What a fidelity is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Good,
    /// Other settings can be judged, with less confidence.
    Fair,
    /// Nothing can be said of other settings.
    Poor,
}

impl Fidelity {
    /// Replays `engine`, the one of today, in each of `shapes` and gives the error of the best,
    /// the first of equals; `None` where no shape is given or nothing was observed.
    pub fn best(scenario: &Scenario, engine: &Engine, shapes: &[Shape]) -> Option<Self> {
        let all = shapes
            .iter()
            .filter_map(|it| Self::of(scenario, engine, *it));
        all.min_by(|a, b| a.mean_absolute_error.total_cmp(&b.mean_absolute_error))
    }

    fn of(scenario: &Scenario, engine: &Engine, shape: Shape) -> Option<Self> {
        let mut run = scenario.begin(engine, shape);
        let (mut samples, mut within, mut error, mut sum) = (0_usize, 0_usize, 0.0, 0.0);
        for observed in scenario.observed().1 {
            run.step(|_, _| {});
            let Some(observed) = observed else { continue };
            let off = (run.observable() as f64 - observed).abs();
            samples += 1;
            within += usize::from(off <= 1.0);
            error += off;
            sum += observed;
        }
        let count = samples as f64;
        (samples > 0).then(|| Self {
            shape,
            mean_absolute_error: error / count,
            within_one: within as f64 / count,
            mean_replicas: sum / count,
            samples,
        })
    }

    pub fn fit(&self) -> Fit {
        let share = self.mean_absolute_error / self.mean_replicas.max(1.0);
        if self.within_one >= GOOD_SHARE || share <= SMALL_ERROR {
            Fit::Good
        } else if self.within_one >= LEAST_SHARE || share <= LARGE_ERROR {
            Fit::Fair
        } else {
            Fit::Poor
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_is_judged_by_the_time_and_by_the_size_of_the_error() {
        let fit = |within_one, mean_absolute_error, mean_replicas| {
            Fidelity {
                shape: Shape::Held,
                mean_absolute_error,
                within_one,
                mean_replicas,
                samples: 100,
            }
            .fit()
        };
        let cases = [
            (0.8, 3.0, 4.0, Fit::Good),
            (0.79, 0.2, 4.0, Fit::Good),
            (0.79, 0.21, 4.0, Fit::Fair),
            (0.5, 3.0, 4.0, Fit::Fair),
            (0.1, 15.0, 100.0, Fit::Fair),
            (0.49, 0.61, 4.0, Fit::Poor),
            // Less than one replica on the mean is not divided by.
            (0.0, 0.14, 0.0, Fit::Fair),
        ];
        for (within, error, mean, expected) in cases {
            assert_eq!(
                fit(within, error, mean),
                expected,
                "{within} {error} {mean}"
            );
        }
    }
}
