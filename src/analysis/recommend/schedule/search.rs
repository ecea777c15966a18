//! The best of many schedules, each replayed.

use super::outlook::Outlook;
use super::trim::Trim;
use super::windows::{MOST, ROUND};
use crate::analysis::recommend::goal::Goal;
use crate::analysis::recommend::moves::Moves;
use crate::analysis::recommend::trials::{Trial, Trials};
use crate::analysis::settings::Settings;
use crate::schedule::{Plan, Window};

/// By how much windows are tried to be shorter at either end, in quarters of a bin; of windows of
/// every hour, in round minutes.
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

pub(super) struct Search<'s, 'a> {
    pub(super) trials: &'s mut Trials<'a>,
    pub(super) goal: &'s Goal,
    pub(super) moves: &'s Moves<'s>,
    /// For each kind of windows.
    pub(super) outlooks: Vec<Outlook<'s>>,
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
    /// what is between them. Where a schedule is in force, another one has to serve what it serves.
    fn bases(&self, base: &Settings, best: Option<&Settings>) -> Vec<Settings> {
        let mut all: Vec<Settings> = Vec::new();
        let bare = (!base.schedule.is_empty()).then(|| unscheduled(base));
        for settings in std::iter::once(base).chain(&bare).chain(best) {
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
        let mut of_kinds: Vec<Vec<Trial>> = Vec::new();
        for at in 0..self.outlooks.len() {
            let outlook = &self.outlooks[at];
            let short = outlook.short(&self.had(outlook, settings));
            if short.contains(&true) {
                let plans = outlook.plans(settings, &short).into_iter();
                let all = plans.map(|schedule| with(settings, schedule));
                of_kinds.push(all.map(|it| self.trials.exact(&it)).collect());
            }
        }
        let joined = self.joined(settings, &of_kinds);
        of_kinds.into_iter().flatten().chain(joined).collect()
    }

    /// The best schedule of each kind together.
    fn joined(&mut self, settings: &Settings, of_kinds: &[Vec<Trial>]) -> Option<Trial> {
        let cost = |it: &&Trial| self.goal.cost(&it.score);
        let best = |of: &Vec<Trial>| {
            let best = of.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
            Some(best.settings.schedule.windows().to_vec())
        };
        let best: Vec<Vec<Window>> = of_kinds.iter().filter_map(best).collect();
        let windows = best.concat();
        let is_joined = best.len() > 1 && windows.len() <= MOST;
        is_joined.then(|| self.trials.exact(&with(settings, Plan::new(windows))))
    }

    /// What of the past of `outlook` there was under `settings`.
    fn had(&self, outlook: &Outlook<'_>, settings: &Settings) -> Vec<f64> {
        let engine = self.trials.replayable(settings);
        let (scenario, shape) = (self.trials.scenario, self.trials.shape);
        outlook.week.had(outlook.called, scenario, &engine, shape)
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
        for trims in self.trims(&best) {
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
        let other = self
            .trials
            .exact(&with(&trial.settings, Plan::new(windows)));
        let most = self.goal.cost(&trial.score) * (1.0 + NEGLIGIBLE);
        let is_needless = self.goal.cost(&other.score) <= most && self.goal.allows(&other.score);
        if is_needless { other } else { trial }
    }

    fn trims(&self, trial: &Trial) -> [Vec<Trim>; 3] {
        let mut windows = trial.settings.schedule.windows().iter();
        let bins = self.outlooks.iter().map(|it| it.forecast.bin_minutes);
        let quarter = match windows.any(Window::is_hourly) {
            true => ROUND,
            false => bins.max().unwrap_or_default() / 4,
        };
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
    let aiming_at = |percent| Settings {
        target_cpu_pct: Some(percent),
        ..best.clone()
    };
    targets.map(aiming_at).collect()
}

fn with(settings: &Settings, schedule: Plan) -> Settings {
    Settings {
        schedule,
        ..settings.clone()
    }
}

fn unscheduled(settings: &Settings) -> Settings {
    with(settings, Plan::default())
}
