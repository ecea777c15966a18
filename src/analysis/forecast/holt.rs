//! Seasonal decomposition, with a damped trend carried on beyond the end.
//!
//! `augurs-mstl` takes a load apart into seasons, trend and remainder by robust LOESS (Cleveland et al.
//! 1990, Bandara et al. 2021); what is left without the seasons is carried on by Holt's method with a
//! damped trend (Gardner and McKenzie 1985), of which the library has none.

use std::borrow::Cow;
use std::error::Error;

use augurs_core::{Fit, Forecast, Predict};
use augurs_mstl::{FittedTrendModel, MSTLModel, TrendModel, stlrs};

type Failure = Box<dyn Error + Send + Sync>;

/// How fast the level follows, how fast the trend does, and how much of the trend is left after a bin.
const LEVELS: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];
const TRENDS: [f64; 3] = [0.0, 0.02, 0.1];
const DAMPINGS: [f64; 3] = [0.8, 0.9, 0.98];

/// The next `horizon` values; `None` with less than two of the longest period, or where the
/// decomposition fails. `values` has no gaps.
pub(super) fn decomposed(values: &[f64], periods: &[usize], horizon: usize) -> Option<Vec<f64>> {
    let longest = periods.iter().max()?;
    if values.len() < 2 * longest {
        return None;
    }
    let mut stl = stlrs::params();
    stl.robust(true);
    let mut mstl = stlrs::MstlParams::new();
    mstl.stl_params(stl);
    let model = MSTLModel::new(periods.to_vec(), DampedHolt).mstl_params(mstl);
    let point = model.fit(values).ok()?.predict(horizon, None).ok()?.point;
    point.iter().all(|it| it.is_finite()).then_some(point)
}

/// Holt's method with the parameters that foretell the next bin best.
#[derive(Debug)]
struct DampedHolt;

/// Where the level and the trend are at the end.
#[derive(Clone, Copy, Debug)]
struct Carried {
    level: f64,
    trend: f64,
    damping: f64,
    fitted_on: usize,
}

impl TrendModel for DampedHolt {
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("damped Holt")
    }

    fn fit(&self, values: &[f64]) -> Result<Box<dyn FittedTrendModel + Sync + Send>, Failure> {
        let mut best: Option<(f64, Carried)> = None;
        for alpha in LEVELS {
            for beta in TRENDS {
                for damping in DAMPINGS {
                    let (error, carried) = carried(values, alpha, beta, damping);
                    if best.is_none_or(|it| error < it.0) {
                        best = Some((error, carried));
                    }
                }
            }
        }
        match best {
            Some((_, carried)) => Ok(Box::new(carried)),
            None => Err("there is nothing to fit".into()),
        }
    }
}

/// The sum of squared errors one bin ahead, and where that ends.
fn carried(values: &[f64], alpha: f64, beta: f64, damping: f64) -> (f64, Carried) {
    let mut level = values.first().copied().unwrap_or(0.0);
    let mut trend = 0.0;
    let mut squares = 0.0;
    for value in values.iter().skip(1) {
        let expected = level + damping * trend;
        let error = value - expected;
        squares += error * error;
        level = expected + alpha * error;
        trend = damping * trend + alpha * beta * error;
    }
    let carried = Carried {
        level,
        trend,
        damping,
        fitted_on: values.len(),
    };
    (squares, carried)
}

impl FittedTrendModel for Carried {
    fn predict_inplace(
        &self,
        horizon: usize,
        _: Option<f64>,
        forecast: &mut Forecast,
    ) -> Result<(), Failure> {
        let mut damping = 1.0;
        let mut steps = 0.0;
        let next = |_| {
            damping *= self.damping;
            steps += damping;
            self.level + steps * self.trend
        };
        forecast.point = (0..horizon).map(next).collect();
        Ok(())
    }

    fn predict_in_sample_inplace(&self, _: Option<f64>, _: &mut Forecast) -> Result<(), Failure> {
        Err("only the future is asked for".into())
    }

    fn training_data_size(&self) -> Option<usize> {
        Some(self.fitted_on)
    }
}
