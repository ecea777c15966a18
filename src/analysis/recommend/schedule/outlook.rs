//! What is expected of the coming week, and the windows that keep enough for it.

use super::week::Week;
use super::windows::{self, Making};
use super::{hourly, stairs};
use crate::analysis::forecast::{Batch, Expected, Forecast};
use crate::analysis::settings::Settings;
use crate::schedule::Plan;
use crate::series::Series;

/// How many pods a window keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// As many as serve the high quantile of the load, with headroom.
    Served,
    /// As many as are called for at the median.
    Usual,
    /// As many as are called for at the high quantile.
    High,
}

impl Level {
    pub(super) const ALL: [Self; 3] = [Self::Served, Self::Usual, Self::High];
}

/// What becomes of pods that are called for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pods {
    /// The target of today, by which they are called for, in percent of CPU.
    pub(super) target: Option<u32>,
    /// The share of them without which load goes unserved.
    pub(super) needed: f64,
    pub(super) headroom: f64,
    pub(super) lead_minutes: u32,
}

/// The kind of windows that a forecast is for.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// On days of the week.
    Daily,
    /// In hours of these, for a batch that begins and lasts so many minutes.
    Hourly { minute: u32, minutes: u32 },
}

/// Pods that are expected to be called for, bin by bin of a week.
pub(super) struct Outlook<'a> {
    pub(super) forecast: &'a Forecast,
    pub(super) week: Week,
    pub(super) called: &'a Series,
    pods: Pods,
    kind: Kind,
    /// How far the highest step of a bin exceeds its mean.
    crests: Vec<f64>,
    /// Whether there is anything in a bin to be prepared for.
    is_there: Vec<bool>,
}

impl<'a> Outlook<'a> {
    /// Of days of the week. `week` is that of `forecast`.
    pub(super) fn of_days(
        forecast: &'a Forecast,
        week: Week,
        called: &'a Series,
        pods: Pods,
    ) -> Self {
        Self {
            crests: week.crests(called),
            is_there: vec![true; forecast.week.len()],
            kind: Kind::Daily,
            forecast,
            week,
            called,
            pods,
        }
    }

    /// Of a batch within the hour. `week` is that of `batch`.
    pub(super) fn of_batch(batch: &'a Batch, week: Week, called: &'a Series, pods: Pods) -> Self {
        Self {
            forecast: &batch.forecast,
            crests: vec![1.0; batch.forecast.week.len()],
            is_there: batch.comes.clone(),
            kind: Kind::Hourly {
                minute: batch.minute,
                minutes: batch.minutes,
            },
            week,
            called,
            pods,
        }
    }

    /// Bins in which `had` pods were fewer than a peak within the quantile needs.
    pub(super) fn short(&self, had: &[f64]) -> Vec<bool> {
        let bins = had.iter().enumerate();
        bins.map(|(bin, had)| self.is_there[bin] && self.served(bin) > *had)
            .collect()
    }

    /// Windows that keep enough for the `short` bins under `settings`, in several forms.
    pub(super) fn plans(&self, settings: &Settings, short: &[bool]) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::new();
        for level in Level::ALL {
            let floors = self.floors(settings, level, short);
            for plan in self.of_floors(&floors) {
                if !plan.is_empty() && !plans.contains(&plan) {
                    plans.push(plan);
                }
            }
        }
        plans
    }

    fn of_floors(&self, floors: &[u32]) -> Vec<Plan> {
        match self.kind {
            Kind::Daily => {
                let mut plans = [0, 2]
                    .map(|it| windows::plan(floors, &self.making(it)))
                    .to_vec();
                plans.extend(stairs::plans(floors, &self.making(0)));
                plans
            }
            Kind::Hourly { minute, minutes } => {
                hourly::plans(floors, (minute, minutes), &self.making(0))
            }
        }
    }

    fn making(&self, slack_bins: u32) -> Making<'_> {
        let forecast = self.forecast;
        Making {
            zone: &forecast.zone,
            bin_minutes: forecast.bin_minutes,
            lead_minutes: self.pods.lead_minutes,
            slack_minutes: slack_bins * forecast.bin_minutes,
            rest: forecast.rest_days,
        }
    }

    /// What is kept in each bin, 0 outside of the `short` ones; what the minimum keeps anyway is no
    /// floor.
    fn floors(&self, settings: &Settings, level: Level, short: &[bool]) -> Vec<u32> {
        let count = short.len();
        let (min, max) = (settings.min_replicas.0, settings.max_replicas.0);
        let floor = |bin: usize| {
            let pods = self.pods(settings, level, bin);
            let pods = match self.kind {
                // A rise within a bin ends in the next, so that the higher one of both counts.
                Kind::Daily => pods.max(self.pods(settings, level, (bin + 1) % count)),
                Kind::Hourly { .. } => pods,
            };
            let whole = (pods - 1e-6).ceil().max(0.0) as u32;
            let kept = whole.min(max);
            if short[bin] && kept > min { kept } else { 0 }
        };
        (0..count).map(floor).collect()
    }

    fn pods(&self, settings: &Settings, level: Level, bin: usize) -> f64 {
        let expected = self.expected(bin);
        // A higher target calls for fewer.
        let targets = self.pods.target.zip(settings.target_cpu_pct);
        let by_target = targets.map_or(1.0, |(today, to)| f64::from(today) / f64::from(to.max(1)));
        let called = self.crests[bin] * by_target;
        match level {
            Level::Served => self.served(bin),
            Level::Usual => expected.median * called,
            Level::High => expected.high * called,
        }
    }

    /// Pods that serve the high quantile of a bin's peak, with headroom.
    fn served(&self, bin: usize) -> f64 {
        let peak = self.expected(bin).high * self.crests[bin];
        peak * self.pods.needed * (1.0 + self.pods.headroom)
    }

    fn expected(&self, bin: usize) -> Expected {
        self.forecast.week[bin]
    }
}
