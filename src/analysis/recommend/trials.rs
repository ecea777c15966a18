//! Replays of candidates over the training days, each made once.

use std::collections::HashMap;

use super::proof;
use crate::analysis::assessment::Point;
use crate::analysis::scenario::{Engine, RunScore, Scenario};
use crate::analysis::settings::Settings;
use crate::autoscaler::Autoscaler;
use crate::sim::demand::Shape;

/// Settings with what they would have done on the training days.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) settings: Settings,
    pub(super) score: RunScore,
}

/// What replays are made of, and those that were made.
pub struct Trials<'a> {
    pub(super) scenario: &'a Scenario,
    autoscaler: &'a Autoscaler,
    /// How the load is shaped where it matters; pruning takes it as held, which is quicker.
    pub(super) shape: Shape,
    pub(super) training_days: usize,
    made: HashMap<(Settings, Shape), RunScore>,
    /// The exact ones, in the order in which they were made.
    pub(super) exact: Vec<Trial>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        autoscaler: &'a Autoscaler,
        shape: Shape,
        training_days: usize,
    ) -> Self {
        Self {
            scenario,
            autoscaler,
            shape,
            training_days,
            made: HashMap::new(),
            exact: Vec::new(),
        }
    }

    /// A quick replay, to tell which candidates are worth an exact one.
    pub(super) fn coarse(&mut self, settings: &Settings) -> Trial {
        self.run(settings, Shape::Held)
    }

    /// A replay with the load shaped as it fits the observation best.
    pub(super) fn exact(&mut self, settings: &Settings) -> Trial {
        let trial = self.run(settings, self.shape);
        // Schedules are tried by the dozen; the one that is proposed is kept by itself.
        if settings.schedule.is_empty() {
            self.keep(&trial);
        }
        trial
    }

    /// Counts an exact replay among those of which the best are shown.
    pub(super) fn keep(&mut self, trial: &Trial) {
        if !self.exact.iter().any(|it| it.settings == trial.settings) {
            self.exact.push(trial.clone());
        }
    }

    /// The settings that were replayed exactly of which none is both cheaper and better served than
    /// another, with those of today and the proposed ones in any case; the cheapest first, at most
    /// twelve.
    pub fn frontier(&self, today: &Settings, proposed: Option<&Settings>) -> Vec<Point> {
        proof::frontier(self, today, proposed)
    }

    /// The scores of every day, those held back included.
    pub(super) fn days(&self, settings: &Settings) -> Vec<RunScore> {
        self.scores(settings, self.shape, usize::MAX)
    }

    /// The most pods that `settings` lead to, but for a share of the time of all days.
    pub(super) fn highest(&self, settings: &Settings, but: f64) -> i64 {
        let changed = self.replayable(settings);
        let mut run = self.scenario.begin(&changed, self.shape);
        let mut counts = Vec::new();
        let mut highest = run.replicas();
        while run.step(|_, it| highest = highest.max(it.replicas())) {
            counts.push(highest);
            highest = run.replicas();
        }
        counts.sort_unstable();
        let left = (but * counts.len() as f64) as usize;
        let at = counts.len().saturating_sub(1 + left);
        counts.get(at).copied().unwrap_or(0)
    }

    /// How many pods the triggers of a ScaledObject called for at the end of each step of which that
    /// is known.
    pub(super) fn needs(&self, settings: &Settings) -> Vec<f64> {
        let Engine::Object(object) = self.replayable(settings) else {
            return Vec::new();
        };
        let steps = 0..self.scenario.demand().len();
        let need = |at| self.scenario.need(&object.own_ruler(), at)?.replicas;
        steps.filter_map(need).map(|it| it as f64).collect()
    }

    fn run(&mut self, settings: &Settings, shape: Shape) -> Trial {
        let settings = settings.clone();
        let key = (settings.clone(), shape);
        if let Some(score) = self.made.get(&key) {
            let score = *score;
            return Trial { settings, score };
        }
        let days = self.scores(&settings, shape, self.training_days);
        let score: RunScore = days.iter().sum();
        self.made.insert(key, score);
        Trial { settings, score }
    }

    fn scores(&self, settings: &Settings, shape: Shape, days: usize) -> Vec<RunScore> {
        let changed = self.replayable(settings);
        self.scenario.scores(&changed, shape, days)
    }

    pub(super) fn replayable(&self, settings: &Settings) -> Engine {
        self.scenario.engine(&settings.apply(self.autoscaler))
    }
}
