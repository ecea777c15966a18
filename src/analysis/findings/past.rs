//! What the triggers of a ScaledObject have asked for, and whether the workload slept.

use std::ops::Range;

use jiff::Timestamp;

use crate::analysis::AnalysisSettings;
use crate::analysis::load::{DEFAULT_STARTUP_SECONDS, Load, indices_within, startup};
use crate::fleet::Subject;
use crate::history::{History, Metric};
use crate::keda::objects::{ScaledObject, Trigger, boolean_annotation, keys};
use crate::keda::trigger::Levels;
use crate::series::{Grid, Series};

/// The history of one ScaledObject's triggers within the window.
pub struct Past<'a> {
    pub scaled: &'a ScaledObject,
    /// Those with a metric outside of the pods: what decides between zero and one.
    pub triggers: Vec<Asked<'a>>,
    /// What the pods used, where that is known.
    pub load: Option<&'a Load>,
    pub startup_seconds: f64,
    pub grid: Grid,
    /// The samples of `grid` within the window.
    pub window: Range<usize>,
    /// How many there are to be, by the HPA.
    desired: Option<&'a Series>,
}

/// One trigger with what it measured.
pub struct Asked<'a> {
    pub index: usize,
    pub written: &'a Trigger,
    pub levels: Option<Levels>,
    values: Option<&'a Series>,
}

/// A run of samples between two of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub start: usize,
    pub steps: usize,
}

impl<'a> Past<'a> {
    /// `None` for what is no ScaledObject or is not left to its triggers, and with less history than
    /// is judged.
    pub fn of(
        subject: &'a Subject,
        history: &'a History,
        load: Option<&'a Load>,
        settings: &AnalysisSettings,
        now: Timestamp,
    ) -> Option<Self> {
        let scaled = subject.autoscaler.keda.as_deref()?;
        let is_forced = boolean_annotation(&scaled.metadata, keys::FORCE_ACTIVATION);
        if scaled.pause().is_shown() || is_forced {
            return None;
        }
        let triggers = triggers(scaled, history);
        let desired = history.get(&Metric::DesiredReplicas);
        let values = triggers.iter().filter_map(|it| it.values);
        let longest = values.chain(desired).max_by_key(|it| it.len())?;
        let grid = longest.grid();
        let window = indices_within(grid, settings.window, now);
        let workload = subject.workload.as_ref().ok();
        let startup = workload.and_then(|it| startup(it, history));
        let past = Self {
            scaled,
            triggers,
            load,
            startup_seconds: startup.unwrap_or(DEFAULT_STARTUP_SECONDS),
            grid,
            window,
            desired,
        };
        let least = settings.min_history.as_secs_f64() / past.step_seconds();
        (past.window.len() as f64 >= least.max(1.0)).then_some(past)
    }

    pub fn step_seconds(&self) -> f64 {
        f64::from(self.grid.step().seconds())
    }

    pub fn hours(&self, steps: usize) -> f64 {
        steps as f64 * self.step_seconds() / 3600.0
    }

    pub fn days(&self) -> f64 {
        self.hours(self.window.len()) / 24.0
    }

    /// Whether KEDA takes its pods away altogether, or all but the idle ones.
    pub fn reaches_zero(&self) -> bool {
        let spec = &self.scaled.spec;
        spec.min_or_default() == 0 || spec.idle_replica_count.is_some()
    }

    /// Whether a formula stands for all triggers, so that none of them says anything alone.
    pub fn has_formula(&self) -> bool {
        self.scaled.spec.used_modifiers().is_some()
    }

    /// The value of a trigger at a sample of the grid.
    pub fn value(&self, trigger: &Asked<'_>, at: usize) -> Option<f64> {
        trigger.values?.at(self.grid.time(at))
    }

    /// The known values of a trigger within the window, with their places.
    pub fn values<'s>(&'s self, trigger: &'s Asked<'_>) -> impl Iterator<Item = (usize, f64)> + 's {
        let window = self.window.clone();
        window.filter_map(|at| Some((at, self.value(trigger, at)?)))
    }

    /// Whether so much of a trigger is known that it may be said what it never did.
    pub fn is_well_known(&self, trigger: &Asked<'_>) -> bool {
        self.values(trigger).count() as f64 >= KNOWN * self.window.len() as f64
    }

    /// How many replicas there were to be at a sample of the grid.
    pub fn desired_at(&self, at: usize) -> Option<f64> {
        self.desired?.at(self.grid.time(at))
    }

    /// Whether any trigger was active, for each sample of the window; `None` where one that is not
    /// known decides.
    pub fn active(&self) -> Vec<Option<bool>> {
        if self.has_formula() || self.triggers.is_empty() {
            return vec![None; self.window.len()];
        }
        self.window.clone().map(|at| self.is_active(at)).collect()
    }

    fn is_active(&self, at: usize) -> Option<bool> {
        let mut all = Some(false);
        for trigger in &self.triggers {
            let value = self.value(trigger, at);
            match value.zip(trigger.levels) {
                Some((value, levels)) if value > levels.activation => return Some(true),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    }

    /// The times at which the workload slept, each between two at which it was awake, in samples
    /// after the begin of the window: by how many replicas were to be there, else by the triggers
    /// and the cooldown.
    pub fn sleeps(&self) -> Vec<Run> {
        if !self.reaches_zero() {
            return vec![];
        }
        let idle = self.scaled.spec.idle_replica_count.unwrap_or(0);
        let asleep = |at| Some(self.desired_at(at)? <= f64::from(idle));
        let seen: Vec<Option<bool>> = self.window.clone().map(asleep).collect();
        if seen.iter().flatten().count() as f64 >= KNOWN * self.window.len() as f64 {
            return between(&seen, true);
        }
        let cooldown = self.scaled.spec.cooldown_period_or_default();
        let cooldown = cooldown.as_secs_f64() / self.step_seconds();
        let after_cooldown = |it: Run| {
            let awake = (cooldown.max(0.0).ceil() as usize).min(it.steps);
            let (start, steps) = (it.start + awake, it.steps - awake);
            (steps > 0).then_some(Run { start, steps })
        };
        let inactive = between(&self.active(), false);
        inactive.into_iter().filter_map(after_cooldown).collect()
    }
}

/// The share of the samples that has to be known.
const KNOWN: f64 = 0.8;

/// The triggers whose metrics are not those of the pods.
fn triggers<'a>(scaled: &'a ScaledObject, history: &'a History) -> Vec<Asked<'a>> {
    let all = scaled.spec.triggers.iter().enumerate();
    let external = all.filter(|(_, it)| !it.is_resource());
    let asked = |(index, written): (usize, &'a Trigger)| Asked {
        index,
        written,
        levels: Levels::of(written),
        values: history.get(&Metric::Trigger(u32::try_from(index).unwrap_or(u32::MAX))),
    };
    external.map(asked).collect()
}

/// The runs of samples that are `kind`, each between two that are known to be not.
fn between(samples: &[Option<bool>], kind: bool) -> Vec<Run> {
    let mut start = 0;
    let mut runs = vec![];
    for run in samples.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        let is_other = |at: Option<usize>| {
            let sample = at.and_then(|at| samples.get(at));
            sample == Some(&Some(!kind))
        };
        if run[0] == Some(kind) && is_other(start.checked_sub(1)) && is_other(Some(end)) {
            let steps = run.len();
            runs.push(Run { start, steps });
        }
        start = end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_both_ends() {
        let samples = |text: &str| -> Vec<Option<bool>> {
            let sample = |it| match it {
                '0' => Some(false),
                '1' => Some(true),
                _ => None,
            };
            text.chars().map(sample).collect()
        };
        let table = [
            ("0110", vec![(1, 2)]),
            ("110100", vec![(3, 1)]),
            ("01?10", vec![]),
            ("?110", vec![]),
            ("0111", vec![]),
            ("01010", vec![(1, 1), (3, 1)]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            let runs = between(&samples(text), true);
            let runs: Vec<_> = runs.iter().map(|it| (it.start, it.steps)).collect();
            assert_eq!(runs, expected, "{text}");
        }
    }
}
