//! From today's settings to better ones: first so that more load is served, then so that it costs
//! less.

use super::goal::Goal;
use super::moves::{LOWEST_TARGET, Moves};
use super::trials::{Trial, Trials};
use crate::analysis::settings::Settings;
use crate::units::Replicas;

/// How many fields may be changed one after the other so that more load is served.
const ROUNDS: usize = 3;
/// A round that gains less than this share is the last.
const LEAST_GAIN: f64 = 0.01;
/// By how much a quick replay may take candidates for dearer than they are.
const DOUBT: f64 = 0.03;

/// Looks for settings better than `base`: of those that are allowed and worth a change, the
/// preferred ones. Every exact replay is kept in `trials`.
pub(super) fn search(
    trials: &mut Trials<'_>,
    moves: &Moves<'_>,
    base: &Settings,
    goal: &Goal,
) -> Option<Trial> {
    let start = trials.exact(base);
    let mut search = Search {
        trials,
        moves,
        goal,
    };
    let mended = search.mended(start.clone());
    search.save(&mended, &start);
    let repaired = base.changes(&goal.today().settings);
    let keeps = |it: &Settings| {
        it.changes(base)
            .iter()
            .all(|field| !repaired.contains(field))
    };
    let all = trials.exact.iter().filter(|it| keeps(&it.settings));
    let worth = all.filter(|it| goal.allows(&it.score) && goal.is_worth(&it.score, &start.score));
    goal.preferred(worth.cloned().collect())
}

/// Settings halfway from `settings` to `base`, in the minimum and the target, if these are still
/// allowed and worth a change.
pub(super) fn more_careful(
    trials: &mut Trials<'_>,
    goal: &Goal,
    settings: &Settings,
    base: &Settings,
) -> Option<Settings> {
    let up = |from: u32, to: u32| from + to.saturating_sub(from).div_ceil(2);
    let down = |from: u32, to: u32| {
        let halfway = from - from.saturating_sub(to).div_ceil(2);
        halfway.max(LOWEST_TARGET.min(from))
    };
    let target = settings.target_cpu_pct.zip(base.target_cpu_pct);
    let halfway = Settings {
        min_replicas: Replicas(up(settings.min_replicas.0, base.min_replicas.0)),
        target_cpu_pct: target.map(|(from, to)| down(from, to)),
        ..settings.clone()
    };
    if halfway == *settings || halfway == *base {
        return None;
    }
    let (trial, start) = (trials.exact(&halfway), trials.exact(base));
    let worth = goal.allows(&trial.score) && goal.is_worth(&trial.score, &start.score);
    worth.then_some(halfway)
}

struct Search<'s, 'a> {
    trials: &'s mut Trials<'a>,
    moves: &'s Moves<'s>,
    goal: &'s Goal,
}

impl Search<'_, '_> {
    /// Changes the field that gains most, then the next, until little is gained.
    fn mended(&mut self, mut best: Trial) -> Trial {
        for _ in 0..ROUNDS {
            let cost = self.goal.cost(&best.score);
            let all = self.moves.mending(&best.settings);
            let tried = all.iter().map(|it| self.trials.exact(it));
            let allowed = tried.filter(|it| self.goal.allows(&it.score));
            let price = |it: &Trial| self.goal.cost(&it.score);
            let next = allowed.min_by(|a, b| price(a).total_cmp(&price(b)));
            match next.filter(|it| price(it) < cost * (1.0 - LEAST_GAIN)) {
                Some(trial) => best = trial,
                None => break,
            }
        }
        best
    }

    /// Tries the courses from `from` in the order of what they would cost at best, as long as that
    /// is less than the best found.
    fn save(&mut self, from: &Trial, start: &Trial) {
        let enough = start.score.replica_hours() - self.goal.least_saving();
        let mut best = self.goal.cost(&from.score).min(enough.max(0.0));
        for (hours, course) in self.by_hours(from) {
            if hours > best * (1.0 + DOUBT) {
                break;
            }
            if let Some(trial) = self.lowered(&course) {
                best = best.min(self.goal.cost(&trial.score));
            }
        }
    }

    /// The courses with the replica-hours that each would come to if the lowest minimum were
    /// allowed, the cheapest first.
    fn by_hours(&mut self, from: &Trial) -> Vec<(f64, Settings)> {
        let held = self.trials.coarse(&from.settings).score.replica_hours();
        let scale = from.score.replica_hours() / held.max(1e-9);
        let courses = self.moves.courses(&from.settings).into_iter();
        let mut all: Vec<(f64, Settings)> = courses
            .map(|it| {
                let lowest = with_min(&it, self.moves.lowest_min(&it));
                let hours = self.trials.coarse(&lowest).score.replica_hours();
                (hours * scale, it)
            })
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all
    }

    /// `course` with the lowest minimum under which it is allowed, if it is at all. More replicas at
    /// the minimum hardly ever add shortfall, so it is found by halving.
    fn lowered(&mut self, course: &Settings) -> Option<Trial> {
        let mut best = self.allowed(course)?;
        let (mut low, mut high) = (self.moves.lowest_min(course), course.min_replicas.0);
        let mut at = low;
        while low < high {
            match self.allowed(&with_min(course, at)) {
                Some(trial) => {
                    best = trial;
                    high = at;
                }
                None => low = at + 1,
            }
            at = low + (high - low) / 2;
        }
        Some(best)
    }

    fn allowed(&mut self, settings: &Settings) -> Option<Trial> {
        let trial = self.trials.exact(settings);
        self.goal.allows(&trial.score).then_some(trial)
    }
}

fn with_min(settings: &Settings, min: u32) -> Settings {
    Settings {
        min_replicas: Replicas(min),
        ..settings.clone()
    }
}
