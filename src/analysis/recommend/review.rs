//! The schedule that is in force, with and without: what replays say of it, and the recommendation to take
//! it away.

use super::goal::Goal;
use super::proof;
use super::schedule::{self, week};
use super::trials::Trials;
use crate::analysis::Course;
use crate::analysis::assessment::{Outcome, Proof};
use crate::analysis::case::Case;
use crate::analysis::forecast::{Forecast, Forecasting, NoForecast};
use crate::analysis::review::{
    self, DAYS_IN_A_ROW, Doubt, Lack, RECENT_DAYS, Review, Standing, Worth,
};
use crate::analysis::scenario::{RunScore, Scenario};
use crate::analysis::settings::Settings;
use crate::schedule::{Losses, Plan};
use crate::series::Series;
use crate::sim::score::Shortfall;

/// What was found, and what the settings would come to without the schedule.
pub(super) struct Looked {
    review: Review,
    without: Settings,
    with_days: Vec<RunScore>,
    without_days: Vec<RunScore>,
}

/// Looks at the schedule that is in force; `None` where there is none, and where nothing is foretold.
pub(super) fn looked(
    case: &Case<'_>,
    trials: &Trials<'_>,
    goal: &Goal,
    may_cut: bool,
) -> Option<Looked> {
    let forecasting = &case.settings.forecasting;
    let windows = &case.today.schedule;
    if windows.is_empty() || !forecasting.enabled {
        return None;
    }
    let without = bare(case.today);
    let (with_days, without_days) = (trials.days(case.today), trials.days(&without));
    let chosen = case.autoscaler().losses;
    let called = week::called(case, trials.scenario);
    let (now, doubt) = forecasts(windows, trials.scenario, &called, forecasting, chosen);
    let made_none = || {
        let days = with_days.len();
        let is_long = days >= 2 * RECENT_DAYS;
        (is_long && goal.serves_as_well(&sum(&without_days), &sum(&with_days)))
            .then_some(Doubt::NoDifference { days })
    };
    let review = Review {
        windows: windows.clone(),
        chosen,
        now,
        doubt: doubt.or_else(made_none),
        worth: worth(case, goal, may_cut, (&with_days, &without_days)),
    };
    Some(Looked {
        review,
        without,
        with_days,
        without_days,
    })
}

impl Looked {
    pub(super) fn review(&self) -> &Review {
        &self.review
    }

    pub(super) fn into_review(self) -> Review {
        self.review
    }

    /// The settings of today without the schedule, with what a change to them would do, where that is
    /// what `outcome` should have been: it leaves in force what does not pay any more, or puts another
    /// one in its place that pays as little.
    pub(super) fn ending(
        &self,
        case: &Case<'_>,
        (trials, goal): (&Trials<'_>, &Goal),
        outcome: &Outcome,
    ) -> Option<(Settings, Proof)> {
        if self.review.standing() != Standing::Obsolete {
            return None;
        }
        let another = outcome
            .proposed()
            .filter(|it| it.schedule != case.today.schedule);
        if another.is_some_and(|it| !is_idle(trials, goal, it)) {
            return None;
        }
        let training = self.with_days.len().saturating_sub(RECENT_DAYS);
        let proof = proof::of_days(&self.with_days, &self.without_days, training);
        Some((self.without.clone(), proof))
    }
}

/// Whether the schedule of `settings` would have served nothing more on the last days.
fn is_idle(trials: &Trials<'_>, goal: &Goal, settings: &Settings) -> bool {
    let (with, without) = (trials.days(settings), trials.days(&bare(settings)));
    let first = with.len().saturating_sub(RECENT_DAYS);
    goal.serves_as_well(&sum(&without[first..]), &sum(&with[first..]))
}

fn bare(settings: &Settings) -> Settings {
    Settings {
        schedule: Plan::default(),
        ..settings.clone()
    }
}

/// The error of the forecast that is made now, and what speaks against it on several days in a row.
fn forecasts(
    windows: &Plan,
    scenario: &Scenario,
    called: &Series,
    forecasting: &Forecasting,
    chosen: Option<Losses>,
) -> (Option<Losses>, Option<Doubt>) {
    let days = scenario.days().len();
    let at = |back: usize| -> Result<Forecast, NoForecast> {
        let first = (scenario, days.saturating_sub(back));
        schedule::behind(windows, first, called, forecasting)
    };
    let now = at(0);
    let losses = match &now {
        Ok(forecast) => Some(forecast.backtest.losses()),
        Err(NoForecast::NotBetter(backtest)) => Some(backtest.losses()),
        Err(_) => None,
    };
    let doubt = review::doubt(&now, chosen);
    // What is not doubted today need not be made for the days before.
    let doubt = doubt.filter(|_| {
        let mut before = 1..DAYS_IN_A_ROW;
        before.all(|back| review::doubt(&at(back), chosen).is_some())
    });
    (losses, doubt)
}

/// What the schedule did for the last days.
fn worth(
    case: &Case<'_>,
    goal: &Goal,
    may_cut: bool,
    (with, without): (&[RunScore], &[RunScore]),
) -> Worth {
    if case.settings.course == Course::OnlyRaise {
        let why = "nothing is to be taken away".to_owned();
        return Worth::Unknown { why };
    }
    if !may_cut {
        let why = "too little is known of its load to take replicas away".to_owned();
        return Worth::Unknown { why };
    }
    let days = RECENT_DAYS.min(with.len());
    let first = with.len() - days;
    let (with, without) = (sum(&with[first..]), sum(&without[first..]));
    if goal.serves_as_well(&without, &with) {
        let replica_hours = (with.replica_hours() - without.replica_hours()).max(0.0);
        return Worth::Idle {
            days,
            replica_hours,
        };
    }
    let (lack, with, without) = lacking(&with, &without);
    Worth::Pays {
        days,
        lack,
        with,
        without,
    }
}

/// The first of what there is more of without, in the order of what hurts most.
fn lacking(with: &RunScore, without: &RunScore) -> (Lack, Shortfall, Shortfall) {
    let all = [
        (Lack::Capacity, with.shortfall(), without.shortfall()),
        (Lack::Pods, with.need_shortfall(), without.need_shortfall()),
    ];
    let more = all
        .into_iter()
        .find(|(_, with, without)| !without.within(with));
    more.unwrap_or((Lack::Requests, with.borrowed(), without.borrowed()))
}

fn sum(days: &[RunScore]) -> RunScore {
    days.iter().sum()
}

#[cfg(test)]
mod tests;
