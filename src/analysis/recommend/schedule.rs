//! Windows in which more replicas are kept, before a peak that recurs.
//!
//! What is called for in the coming week is forecast from the training days alone, and so is a batch
//! within the hour: an [`outlook`] each. [`week`] says what settings had when it was called for,
//! [`windows`] makes few crons of the bins in which that was not enough, [`stairs`] such as follow the
//! day, and [`hourly`] such as open before each batch. Each schedule is replayed on the training days
//! as any other candidate, with today's settings, with those that are best without it, and with bolder
//! ones ([`search`]).

mod hourly;
mod outlook;
mod search;
mod stairs;
#[cfg(test)]
mod testing;
mod trim;
pub(super) mod week;
mod windows;

use super::goal::Goal;
use super::moves::Moves;
use super::proof::Refuted;
use super::trials::{Trial, Trials};
use crate::analysis::assessment::Days;
use crate::analysis::case::Case;
use crate::analysis::forecast::{Batch, Forecast, Forecasting, LEAST_DAYS, NoForecast};
use crate::analysis::scenario::{RunScore, Scenario};
use crate::analysis::settings::Settings;
use crate::schedule::{Plan, Window};
use crate::series::Series;
use crate::sim::score::Totals;
use outlook::{Outlook, Pods};
use search::Search;
use week::Week;

/// What is waited for after pods were asked for: the controller's sync, and the next usage sample that
/// counts, which is measured over 15 s and read every minute at the latest.
const SYNC_AND_METRICS_SECONDS: f64 = 15.0 + 60.0;

/// So much less than a day of history is a day: sources cut the first sample or two.
const SLACK_DAYS: f64 = 0.5;

/// Triggers may exceed their target by a fifth before pods are too few.
const SHORT_OF_TRIGGERS: f64 = 1.0 / 1.2;

/// What became of the search for a schedule.
#[derive(Clone, Debug)]
pub(super) struct Scheduled {
    pub(super) forecast: Result<Forecast, NoForecast>,
    /// What is better than everything without a schedule.
    pub(super) found: Option<Trial>,
}

/// Minutes before a rise at which a window begins: what was asked for, or as long as pods take until
/// they serve and the controller until it has seen the load.
pub(in crate::analysis) fn lead_minutes(case: &Case<'_>, forecasting: &Forecasting) -> u32 {
    let measured = (case.load.startup_seconds + SYNC_AND_METRICS_SECONDS) / 60.0;
    let asked = forecasting.lead.map(|it| it.as_secs_f64() / 60.0);
    asked.unwrap_or(measured).ceil().clamp(0.0, 24.0 * 60.0) as u32
}

/// The forecast of what the training days called for, and the best settings with a schedule if they
/// are better than `best`, those without one, and than `base`.
pub(super) fn scheduled(
    case: &Case<'_>,
    trials: &mut Trials<'_>,
    goal: &Goal,
    moves: &Moves<'_>,
    (base, best): (&Settings, Option<&Settings>),
    forecasting: &Forecasting,
) -> Scheduled {
    let scenario = trials.scenario;
    let called = week::called(case, scenario);
    let steps = training_steps(scenario, trials.training_days);
    let trained = Trained::of(&called, steps, forecasting);
    let pods = Pods {
        target: case.today.target_cpu_pct,
        needed: needed_share(case, scenario),
        headroom: case.settings.headroom,
        lead_minutes: lead_minutes(case, forecasting),
    };
    let of_days = trained.forecast.as_ref().ok().map(|forecast| {
        let week = Week::of(forecast, scenario, steps);
        Outlook::of_days(forecast, week, &called, pods)
    });
    let of_batch = trained.batch.as_ref().map(|batch| {
        let week = Week::of_batch(batch, scenario, steps);
        Outlook::of_batch(batch, week, &called, pods)
    });
    let search = Search {
        trials,
        goal,
        moves,
        outlooks: of_days.into_iter().chain(of_batch).collect(),
    };
    let found = search.best(base, best);
    let windows = found.as_ref().map(|it| it.settings.schedule.windows());
    let forecast = trained.told(windows.unwrap_or_default());
    Scheduled { forecast, found }
}

/// The forecast that the windows of `plan` rest on, made from the first days alone.
///
/// # Errors
/// There is none of these days.
pub(super) fn behind(
    plan: &Plan,
    (scenario, days): (&Scenario, usize),
    called: &Series,
    forecasting: &Forecasting,
) -> Result<Forecast, NoForecast> {
    let steps = training_steps(scenario, days);
    Trained::of(called, steps, forecasting).behind(plan.windows())
}

/// What the training days let expect.
struct Trained {
    forecast: Result<Forecast, NoForecast>,
    batch: Option<Batch>,
}

impl Trained {
    /// Forecasts that know nothing of the days held back. As much history as was asked for has to be
    /// there in all; of what is left to choose on, all counts.
    fn of(called: &Series, steps: usize, forecasting: &Forecasting) -> Self {
        let need = Days(f64::from(forecasting.min_history_days));
        let have = Days(called.grid().length().as_secs_f64() / 86_400.0);
        if have.0 + SLACK_DAYS < need.0 {
            return Self {
                forecast: Err(NoForecast::TooShort { have, need }),
                batch: None,
            };
        }
        let known = Series::from_values(called.grid().part(0..steps), called.iter().take(steps));
        let forecasting = Forecasting {
            min_history_days: LEAST_DAYS,
            ..forecasting.clone()
        };
        Self {
            forecast: forecasting.forecast(&known),
            batch: forecasting.batch(&known),
        }
    }

    /// The forecast that is told beside `windows`, which were found: what they rest on, and where none were
    /// found, that of a batch if there is no other.
    fn told(self, windows: &[Window]) -> Result<Forecast, NoForecast> {
        match self.batch {
            Some(batch) if windows.is_empty() && self.forecast.is_err() => Ok(batch.forecast),
            batch => Self { batch, ..self }.behind(windows),
        }
    }

    /// The forecast that `windows` rest on: that of days, unless all of them are for a batch.
    fn behind(self, windows: &[Window]) -> Result<Forecast, NoForecast> {
        if windows.is_empty() || !windows.iter().all(Window::is_hourly) {
            return self.forecast;
        }
        match (self.batch, self.forecast) {
            (Some(batch), _) => Ok(batch.forecast),
            (None, Ok(_) | Err(NoForecast::NotPeriodic { .. } | NoForecast::NotBetter(_))) => {
                Err(NoForecast::NoBatch)
            }
            (None, Err(why)) => Err(why),
        }
    }
}

/// Whether a schedule that was not chosen for what it saves leaves less of the shortfall of the days held
/// back, where there is any. That it leaves no more of it is asked of all settings.
pub(super) fn borne(trials: &Trials<'_>, goal: &Goal, trial: &Trial) -> Result<(), Refuted> {
    let held = |settings: &Settings| {
        let days = trials.days(settings);
        days[trials.training_days.min(days.len())..]
            .iter()
            .sum::<RunScore>()
    };
    let saved = goal.today().score.replica_hours() - trial.score.replica_hours();
    if saved >= goal.least_saving() {
        return Ok(());
    }
    let (before, after) = (held(&goal.today().settings), held(&trial.settings));
    let missing = |of: &RunScore| {
        let (by_cpu, by_need) = (of.shortfall(), of.need_shortfall());
        by_cpu.core_minutes + by_need.core_minutes + of.borrowed().core_minutes
    };
    match missing(&before) > 0.0 && missing(&after) >= missing(&before) {
        true => Err(Refuted(
            "on the days held back it would have left all of the shortfall".to_owned(),
        )),
        false => Ok(()),
    }
}

/// What `settings` would have done on all days without their schedule.
pub(super) fn without(trials: &Trials<'_>, settings: &Settings) -> Totals {
    let settings = Settings {
        schedule: Plan::default(),
        ..settings.clone()
    };
    trials.days(&settings).iter().sum::<RunScore>().totals()
}

fn training_steps(scenario: &Scenario, training_days: usize) -> usize {
    let days = scenario.days();
    let last = training_days.min(days.len()).checked_sub(1);
    last.map_or(0, |it| days[it].end)
}

/// The share of the pods called for without which load goes unserved: those called for are used to
/// their target only.
fn needed_share(case: &Case<'_>, scenario: &Scenario) -> f64 {
    let pods = scenario.pods();
    let used = case.today.target_cpu_pct.map(|percent| {
        let used = pods.request as f64 * f64::from(percent) / 100.0;
        used / (pods.capacity().max(1) as f64)
    });
    let by_triggers = case.autoscaler().keda.as_ref().map(|_| SHORT_OF_TRIGGERS);
    let shares = used.into_iter().chain(by_triggers);
    shares.reduce(f64::max).unwrap_or(1.0).min(1.0)
}

#[cfg(test)]
mod tests;
