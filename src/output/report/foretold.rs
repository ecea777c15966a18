//! What is foretold of a load, as the report tells it: rounded, and with how good that was before.

use schemars::JsonSchema;
use serde::Serialize;

use super::rounded;
use crate::analysis::forecast::{BackTest, Forecast, MonthEnd};
use crate::analysis::prospect::{Prospect, Tested};
use crate::schedule::Losses;

/// The forecast of what is called for, in pods, from the days on which settings were chosen.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Foretold {
    #[serde(flatten)]
    pub forecast: Box<Forecast>,
    /// Why no schedule is proposed; absent where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_no_schedule: Option<String>,
}

impl Foretold {
    pub(super) fn of(prospect: Option<&Prospect>) -> Option<Self> {
        let prospect = prospect?;
        let mut forecast = prospect.forecast.as_ref().ok()?.clone();
        forecast.backtest = tidy(forecast.backtest);
        forecast.month_end = forecast.month_end.map(tidy_end);
        // Nobody reads a week of it from here.
        forecast.week = Vec::new();
        Some(Self {
            forecast,
            why_no_schedule: prospect.why_none(),
        })
    }

    /// How good it was, as it is kept with a schedule that is chosen with it.
    pub fn losses(&self) -> Losses {
        self.forecast.backtest.losses()
    }

    /// How good it was, in a few words.
    pub fn tested(&self) -> String {
        Tested(&self.forecast).to_string()
    }
}

/// Why there is no forecast.
pub(super) fn not_foretold(prospect: &Prospect) -> Option<String> {
    prospect.forecast.as_ref().err().map(ToString::to_string)
}

fn tidy_end(it: MonthEnd) -> MonthEnd {
    MonthEnd {
        times: rounded(it.times, 4),
        highest: rounded(it.highest, 4),
        loss_median: rounded(it.loss_median, 4),
        loss_high: rounded(it.loss_high, 4),
        coverage: rounded(it.coverage, 4),
        ..it
    }
}

fn tidy(it: BackTest) -> BackTest {
    BackTest {
        pinball_median: rounded(it.pinball_median, 4),
        pinball_high: rounded(it.pinball_high, 4),
        naive_median: rounded(it.naive_median, 4),
        naive_high: rounded(it.naive_high, 4),
        coverage: rounded(it.coverage, 4),
        level: rounded(it.level, 4),
        ..it
    }
}
