//! The best of many schedules, each replayed.

use super::stairs;
use super::trim::Trim;
use super::week::Week;
use super::windows::{self, Making};
use crate::analysis::case::Case;
use crate::analysis::forecast::Forecast;
use crate::analysis::recommend::goal::Goal;
use crate::analysis::recommend::moves::Moves;
use crate::analysis::recommend::trials::{Trial, Trials};
use crate::analysis::settings::Settings;
use crate::schedule::Plan;
use crate::series::Series;

/// By how much windows are tried to be shorter at either end, in quarters of a bin.
const QUARTERS: [u32; 3] = [1, 2, 3];
/// Shares of a floor that may do better.
const FLOORS: [f64; 5] = [1.2, 0.9, 0.8, 0.65, 0.5];
/// Percent between the targets that are tried.
const BETWEEN: u32 = 10;
/// How many schedules are refined, each with other settings.
const MOST_REFINED: usize = 3;
/// Of as few windows one is refined in any case.
const FEW: usize = 2;
/// A window that gains a smaller share of the cost is not worth being read.
const NEGLIGIBLE: f64 = 0.005;
/// How often all windows are refined, one after the other.
const ROUNDS: usize = 2;

/// What is expected of the coming week.
pub(super) struct Outlook<'a> {
    pub(super) forecast: &'a Forecast,
    pub(super) week: Week,
    pub(super) called: Series,
    pub(super) crests: Vec<f64>,
    pub(super) needed: f64,
    pub(super) lead_minutes: u32,
}

/// How many pods a window keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// As many as serve the high quantile of the load, with headroom.
    Served,
    /// As many as are called for at the median.
    Usual,
    /// As many as are called for at the high quantile.
    High,
}

impl Level {
    const ALL: [Self; 3] = [Self::Served, Self::Usual, Self::High];
}

pub(super) struct Search<'s, 'a> {
    pub(super) case: &'s Case<'s>,
    pub(super) trials: &'s mut Trials<'a>,
    pub(super) goal: &'s Goal,
    pub(super) moves: &'s Moves<'s>,
    pub(super) outlook: Outlook<'s>,
}

impl Search<'_, '_> {
    /// The best settings with a schedule, if they are better than the best without one.
    pub(super) fn best(mut self, base: &Settings, best: Option<&Settings>) -> Option<Trial> {
        let without = best.map(|it| self.trials.exact(it));
        let start = self.trials.exact(base);
        let worth = |goal: &Goal, it: &Trial| {
            goal.allows(&it.score) && goal.is_worth(&it.score, &start.score)
        };
        let mut tried: Vec<Trial> = Vec::new();
        for settings in self.bases(base, best) {
            tried.extend(self.tries(&settings));
        }
        tried.retain(|it| self.goal.allows(&it.score));
        for it in self.cheapest(tried.clone()) {
            tried.push(self.refined(it));
        }
        tried.retain(|it| worth(self.goal, it));
        tried.extend(without);
        let chosen = self.goal.preferred(tried)?;
        (!chosen.settings.schedule.is_empty()).then_some(chosen)
    }

    /// Today's settings and the best without a schedule, both with less than they keep for peaks, and
    /// what is between them.
    fn bases(&self, base: &Settings, best: Option<&Settings>) -> Vec<Settings> {
        let mut all: Vec<Settings> = Vec::new();
        for settings in std::iter::once(base).chain(best) {
            let bolder = self.moves.bolder(settings);
            let between = between(base, settings);
            for it in std::iter::once(settings.clone())
                .chain(bolder)
                .chain(between)
            {
                if !all.contains(&it) {
                    all.push(it);
                }
            }
        }
        all
    }

    /// Replays of `settings` with every schedule that makes up for what they lack.
    fn tries(&mut self, settings: &Settings) -> Vec<Trial> {
        let short = self.short(settings);
        if !short.contains(&true) {
            return Vec::new();
        }
        let mut plans: Vec<Plan> = Vec::new();
        for level in Level::ALL {
            let floors = self.floors(settings, level, &short);
            let loose = [0, 2].map(|it| windows::plan(&floors, &self.making(it)));
            let stairs = stairs::plans(&floors, &self.making(0));
            for plan in loose.into_iter().chain(stairs) {
                if !plan.is_empty() && !plans.contains(&plan) {
                    plans.push(plan);
                }
            }
        }
        let with = |schedule| Settings {
            schedule,
            ..settings.clone()
        };
        let all = plans.into_iter().map(with);
        all.map(|it| self.trials.exact(&it)).collect()
    }

    fn making(&self, slack_bins: u32) -> Making<'_> {
        let forecast = self.outlook.forecast;
        Making {
            zone: &forecast.zone,
            bin_minutes: forecast.bin_minutes,
            lead_minutes: self.outlook.lead_minutes,
            slack_minutes: slack_bins * forecast.bin_minutes,
        }
    }

    /// Bins of the week in which `settings` have had fewer pods than a peak within the quantile needs.
    fn short(&self, settings: &Settings) -> Vec<bool> {
        let engine = self.trials.replayable(settings);
        let (scenario, shape) = (self.trials.scenario, self.trials.shape);
        let week = &self.outlook.week;
        let had = week.had(&self.outlook.called, scenario, &engine, shape);
        let served = had.iter().enumerate();
        served.map(|(bin, had)| self.served(bin) > *had).collect()
    }

    /// Pods that serve the high quantile of a bin's peak, with headroom.
    fn served(&self, bin: usize) -> f64 {
        let outlook = &self.outlook;
        let peak = outlook.forecast.week[bin].high * outlook.crests[bin];
        peak * outlook.needed * (1.0 + self.case.settings.headroom)
    }

    /// What is kept in each bin, 0 outside of the `short` ones. A rise within a bin ends in the next, so
    /// that the higher one of both counts; what the minimum keeps anyway is no floor.
    fn floors(&self, settings: &Settings, level: Level, short: &[bool]) -> Vec<u32> {
        let count = short.len();
        let (min, max) = (settings.min_replicas.0, settings.max_replicas.0);
        let floor = |bin: usize| {
            let pods = self.pods(settings, level, bin);
            let next = self.pods(settings, level, (bin + 1) % count);
            let whole = (pods.max(next) - 1e-6).ceil().max(0.0) as u32;
            let kept = whole.min(max);
            if short[bin] && kept > min { kept } else { 0 }
        };
        (0..count).map(floor).collect()
    }

    fn pods(&self, settings: &Settings, level: Level, bin: usize) -> f64 {
        let outlook = &self.outlook;
        let expected = outlook.forecast.week[bin];
        // A higher target calls for fewer.
        let targets = self.case.today.target_cpu_pct.zip(settings.target_cpu_pct);
        let by_target = targets.map_or(1.0, |(today, to)| f64::from(today) / f64::from(to.max(1)));
        let called = outlook.crests[bin] * by_target;
        match level {
            Level::Served => self.served(bin),
            Level::Usual => expected.median * called,
            Level::High => expected.high * called,
        }
    }

    /// The cheapest of the trials, of those with other settings beside the schedule, and of those with few
    /// windows.
    fn cheapest(&self, mut trials: Vec<Trial>) -> Vec<Trial> {
        let cost = |it: &Trial| self.goal.cost(&it.score);
        trials.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        let few = |it: &&Trial| it.settings.schedule.windows().len() <= FEW;
        let simple = trials.iter().find(few).cloned();
        let mut all: Vec<Trial> = Vec::new();
        for trial in trials {
            let rest = unscheduled(&trial.settings);
            if all.len() < MOST_REFINED && all.iter().all(|it| unscheduled(&it.settings) != rest) {
                all.push(trial);
            }
        }
        let simple = simple.filter(|it| all.iter().all(|other| other.settings != it.settings));
        all.extend(simple);
        all
    }

    /// `best` with windows that begin later, end earlier or keep less or more, all of them and then one
    /// after the other, as long as that costs less and is allowed.
    fn refined(&mut self, best: Trial) -> Trial {
        let mut refined = self.trimmed(best, None);
        for _ in 0..ROUNDS {
            let before = refined.settings.clone();
            // From the last one on, since windows may go.
            for at in (0..refined.settings.schedule.windows().len()).rev() {
                refined = self.trimmed(refined, Some(at));
                refined = self.dropped(refined, at);
            }
            if refined.settings == before {
                break;
            }
        }
        refined
    }

    fn trimmed(&mut self, trial: Trial, only: Option<usize>) -> Trial {
        let mut best = trial;
        for trims in self.trims() {
            for settings in trims
                .iter()
                .filter_map(|it| it.of(&best.settings, only))
                .collect::<Vec<_>>()
            {
                let other = self.trials.exact(&settings);
                let costs_less = self.goal.cost(&other.score) < self.goal.cost(&best.score);
                if costs_less && self.goal.allows(&other.score) {
                    best = other;
                }
            }
        }
        best
    }

    /// Without the window `at`, unless that is the only one or gains something.
    fn dropped(&mut self, trial: Trial, at: usize) -> Trial {
        let mut windows = trial.settings.schedule.windows().to_vec();
        if windows.len() < 2 {
            return trial;
        }
        windows.remove(at);
        let other = self.trials.exact(&Settings {
            schedule: Plan::new(windows),
            ..trial.settings.clone()
        });
        let most = self.goal.cost(&trial.score) * (1.0 + NEGLIGIBLE);
        let is_needless = self.goal.cost(&other.score) <= most && self.goal.allows(&other.score);
        if is_needless { other } else { trial }
    }

    fn trims(&self) -> [Vec<Trim>; 3] {
        let quarter = self.outlook.forecast.bin_minutes / 4;
        let later = QUARTERS.map(|it| Trim {
            later: it * quarter,
            ..Trim::NONE
        });
        let earlier = QUARTERS.map(|it| Trim {
            earlier: it * quarter,
            ..Trim::NONE
        });
        let other = FLOORS.map(|share| Trim {
            share,
            ..Trim::NONE
        });
        [later.to_vec(), earlier.to_vec(), other.to_vec()]
    }
}

/// `best` with targets between its own and that of `base`: part of what a lower target serves, windows
/// may.
fn between(base: &Settings, best: &Settings) -> Vec<Settings> {
    let (Some(from), Some(to)) = (best.target_cpu_pct, base.target_cpu_pct) else {
        return Vec::new();
    };
    let targets = (from + BETWEEN..to).step_by(BETWEEN as usize);
    let with = |percent| Settings {
        target_cpu_pct: Some(percent),
        ..best.clone()
    };
    targets.map(with).collect()
}

fn unscheduled(settings: &Settings) -> Settings {
    Settings {
        schedule: Plan::default(),
        ..settings.clone()
    }
}
