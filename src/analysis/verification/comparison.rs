//! What was observed since a change beside a replay of the old settings on the same load.
//!
//! Both are measured by the same ruler: the counts at the ends of the steps, and the load within
//! the steps as replays take it. A replay could be scored sync by sync, but an observation cannot,
//! and what differs in the ruler would be taken for harm or for a saving.
//!
//! What a replay gets wrong is known from the time before the change, when the old settings were in
//! force: no more shortfall than it then failed to tell counts against the change.

use std::ops::Range;

use jiff::SignedDuration;

use super::window::Window;
use super::{Findings, Input};
use crate::analysis::fidelity::{Fidelity, Fit};
use crate::analysis::load::{Load, quantile};
use crate::analysis::scenario::{Engine, Scenario};
use crate::analysis::shapes;
use crate::autoscaler::Autoscaler;
use crate::sim::demand::{Segment, Shape};
use crate::sim::score::{Limit, Score, Span};

/// Less known time before a change does not tell how well a replay fits: a day, every hour once.
const LEAST_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// Of the windows before the change, this share had no more shortfall that the replay did not
/// tell. What happens daily is in more than a hundredth of them; an outage once is not.
const USUAL: f64 = 0.99;

#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// How well the old settings explain the time before the change.
    pub(super) fidelity: Option<Fidelity>,
    /// Of the replicas observed since; `None` where their capacity is not known.
    pub(super) observed: Option<Score>,
    /// # Errors
    /// Why nothing is compared.
    pub(super) old: Result<Old, String>,
}

/// What the old settings would have done.
#[derive(Clone, Debug)]
pub(super) struct Old {
    /// Pods that serve at the end of each step; NaN where nothing was replayed.
    pub(super) ready: Vec<f64>,
    /// Replicas, of the kind that was observed.
    pub(super) replicas: Vec<f64>,
    /// Since the change.
    pub(super) score: Score,
    pub(super) minutes: Extra,
    pub(super) core_minutes: Extra,
    /// Minutes in which fewer pods served than the triggers called for, by whichever settings ask
    /// for less; `None` where no trigger says.
    pub(super) need: Option<Extra>,
}

/// By how much more the observed replicas fell short than those of the old settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extra {
    pub(super) observed: f64,
    pub(super) old: f64,
    /// More than this speaks against the change.
    pub(super) allowed: f64,
}

impl Extra {
    fn is_harm(&self) -> bool {
        self.observed - self.old > self.allowed
    }
}

impl Comparison {
    pub(super) fn of(input: &Input<'_>, window: &Window) -> Self {
        let old = input.old.apply(input.autoscaler);
        let before = before(input, window, &old);
        let possible = shapes(&window.load);
        let fidelity = before.as_ref().ok().copied();
        let shape = fidelity.map_or(possible[0], |it| it.shape);
        let ruler = match Ruler::of(input, window, &old, shape) {
            Ok(ruler) => ruler,
            Err(why) => {
                return Self {
                    fidelity,
                    observed: None,
                    old: Err(why),
                };
            }
        };
        let observed = ruler.scores(&window.ready, &window.replicas);
        let since = observed.get(window.since.clone());
        Self {
            fidelity,
            observed: since.map(|it| it.iter().sum()),
            old: before
                .and_then(believable)
                .map(|_| ruler.old(&old, &observed)),
        }
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        let Ok(Old {
            minutes,
            core_minutes,
            need,
            ..
        }) = &self.old
        else {
            return;
        };
        if let Some(need) = need.filter(Extra::is_harm) {
            findings
                .harm
                .push(harm(&need, "min of pods that triggers called for"));
        }
        if minutes.is_harm() {
            findings.harm.push(harm(minutes, "min"));
        } else if core_minutes.is_harm() {
            findings.harm.push(harm(core_minutes, "core-minutes"));
        }
    }
}

fn harm(extra: &Extra, unit: &str) -> String {
    let Extra {
        observed,
        old,
        allowed,
    } = extra;
    format!(
        "shortfall was {observed:.1} {unit} since the change and would have been {old:.1} {unit} \
         under the old settings on the same load, which is more than the {allowed:.1} {unit} that \
         is allowed"
    )
}

/// How well the old settings explain the time before the change.
fn before(input: &Input<'_>, window: &Window, old: &Autoscaler) -> Result<Fidelity, String> {
    let known = match old.keda {
        Some(_) => window.counted(window.before.clone()),
        None => window.samples(window.before.clone()).count(),
    };
    let minutes = window.minutes(known);
    if minutes * 60.0 < LEAST_BEFORE.as_secs_f64() {
        let hours = minutes / 60.0;
        return Err(format!(
            "only {hours:.1} h before the change are known, of 24 h"
        ));
    }
    let Input {
        workload,
        history,
        applied,
        ..
    } = *input;
    let load = Load::derive(old, workload, history, SignedDuration::MAX, applied);
    let scenario = Scenario::of(old, workload, history, &load, 0.0).map_err(|it| it.to_string())?;
    Fidelity::best(&scenario, &scenario.engine(old), shapes(&load))
        .ok_or_else(|| "no replica count before the change is known".to_owned())
}

fn believable(fidelity: Fidelity) -> Result<Fidelity, String> {
    match fidelity.fit() {
        Fit::Good | Fit::Fair => Ok(fidelity),
        Fit::Poor => Err(format!(
            "a replay of the old settings does not explain the time before the change: it is off \
             by {:.1} replicas on the mean of {:.1}",
            fidelity.mean_absolute_error, fidelity.mean_replicas
        )),
    }
}

/// Measures what replicas did for the load. Places are those of the grid of the load.
struct Ruler<'a> {
    input: &'a Input<'a>,
    window: &'a Window,
    scenario: Scenario,
    shape: Shape,
    /// Place of the first step of the scenario.
    offset: usize,
    /// Millicores that a pod may use at the target as it is now and the margin above.
    allowed: Option<f64>,
}

impl<'a> Ruler<'a> {
    fn of(
        input: &'a Input<'a>,
        window: &'a Window,
        old: &Autoscaler,
        shape: Shape,
    ) -> Result<Self, String> {
        let Input {
            workload, history, ..
        } = *input;
        let load = &window.load;
        let scenario = Scenario::of(old, workload, history, load, 0.0);
        let scenario = scenario.map_err(|it| it.to_string())?;
        let target = input.autoscaler.cpu_target();
        let share = target.map(|it| f64::from(it.percent) / 100.0 + input.margins.cpu);
        let request = scenario.pods().request as f64;
        Ok(Self {
            allowed: share.filter(|_| request > 0.0).map(|it| it * request),
            offset: load.grid.index_of(scenario.time(0)).unwrap_or(0),
            input,
            window,
            scenario,
            shape,
        })
    }

    /// The score of each step; an empty one where nothing is known.
    fn scores(&self, ready: &[f64], replicas: &[f64]) -> Vec<Score> {
        let places = 0..self.window.load.grid.len();
        places
            .map(|place| self.score(place, ready[place], replicas[place]))
            .collect()
    }

    fn score(&self, place: usize, ready: f64, replicas: f64) -> Score {
        let mut score = Score::default();
        let at = place.checked_sub(self.offset);
        let segments = at.and_then(|at| self.scenario.segments(at, self.shape));
        for segment in segments.into_iter().flatten() {
            if let Some(span) = self.span(place, &segment, ready, replicas) {
                score.add(&span);
            }
        }
        score
    }

    /// `None` where the load or the pods are not known.
    fn span(&self, place: usize, segment: &Segment, ready: f64, replicas: f64) -> Option<Span> {
        let demand = segment.demand?;
        let sample = self.window.load.samples[place].as_ref()?;
        if ready.is_nan() || replicas.is_nan() {
            return None;
        }
        let pods = self.scenario.pods();
        let capacity = |ready: f64| (ready * pods.capacity() as f64).round() as i64;
        // Pods that were saturated gave less than was asked for, whoever had as many.
        let peak = match sample.censored {
            true => segment.peak.max(capacity(sample.ready).saturating_add(1)),
            false => segment.peak,
        };
        Some(Span {
            syncs: i64::from(segment.ticks),
            replicas: replicas.round() as i64,
            capacity: capacity(ready),
            requested: (ready * pods.request as f64).round() as i64,
            demand,
            peak,
            reserve: peak,
            is_breach: self.allowed.is_some_and(|it| demand as f64 > it * ready),
            is_pinned: false,
            limit: Limit::Metrics,
        })
    }

    /// Replays the old settings over all of the time, so that how it fits before the change tells
    /// how it fits since.
    fn old(&self, old: &Autoscaler, observed: &[Score]) -> Old {
        let engine = self.scenario.engine(old);
        let mut run = self.scenario.begin(&engine, self.shape);
        let len = self.window.load.grid.len();
        let (mut ready, mut replicas) = (vec![f64::NAN; len], vec![f64::NAN; len]);
        let places = ready.iter_mut().zip(&mut replicas).skip(self.offset);
        for (ready, replicas) in places {
            if !run.step(|_, _| {}) {
                break;
            }
            (*ready, *replicas) = (run.serving() as f64, run.observable() as f64);
        }
        let scores = self.scores(&ready, &replicas);
        let minutes = |it: &Score| it.shortfall().minutes;
        let core_minutes = |it: &Score| it.shortfall().core_minutes;
        let measure = |of: &dyn Fn(&Score) -> f64| Excess::of(observed, &scores, of);
        let need = self.missing(&self.window.ready).zip(self.missing(&ready));
        let need = need.map(|(observed, old)| self.minutes(&Excess { observed, old }));
        Old {
            need,
            minutes: self.minutes(&measure(&minutes)),
            core_minutes: self.core_minutes(&measure(&core_minutes)),
            score: scores[self.window.since.clone()].iter().sum(),
            ready,
            replicas,
        }
    }

    /// Minutes of each step in which fewer pods served than the triggers called for; `None` where
    /// no trigger says how many that is.
    fn missing(&self, ready: &[f64]) -> Option<Vec<f64>> {
        let Engine::Object(object) = self.scenario.engine(self.input.autoscaler) else {
            return None;
        };
        let ruler = object.ruler();
        let need = |place: usize| {
            let at = place.checked_sub(self.offset)?;
            self.scenario.need(&ruler, at)?.replicas
        };
        let needs: Vec<Option<i64>> = (0..ready.len()).map(need).collect();
        needs.iter().find(|it| it.is_some())?;
        let step = self.window.minutes(1);
        let both = needs.iter().zip(ready);
        let short = both.map(|(need, ready)| match need {
            // Nothing is less than what is not known.
            Some(need) if *ready < *need as f64 => step,
            Some(_) | None => 0.0,
        });
        Some(short.collect())
    }

    /// One step is always allowed: a single sample proves nothing.
    fn minutes(&self, excess: &Excess) -> Extra {
        let known = self.window.minutes(self.window.known());
        let share = self.input.margins.shortfall * known;
        excess.extra(self.window, share.max(self.window.minutes(1)))
    }

    /// The worst step is always allowed, for the same reason.
    fn core_minutes(&self, excess: &Excess) -> Extra {
        let since = self.window.since.clone();
        let load = self.window.samples(since.clone()).map(|it| it.usage);
        let load: f64 = load.sum::<f64>() * self.window.minutes(1);
        let worst = since.map(|at| excess.observed[at] - excess.old[at]);
        let worst = worst.fold(0.0, f64::max);
        excess.extra(self.window, self.input.margins.shortfall * load + worst)
    }
}

/// One measure of shortfall, step by step.
struct Excess {
    observed: Vec<f64>,
    old: Vec<f64>,
}

impl Excess {
    fn of(observed: &[Score], old: &[Score], measure: &dyn Fn(&Score) -> f64) -> Self {
        Self {
            observed: observed.iter().map(measure).collect(),
            old: old.iter().map(measure).collect(),
        }
    }

    fn extra(&self, window: &Window, margin: f64) -> Extra {
        let since = |of: &[f64]| of[window.since.clone()].iter().sum();
        Extra {
            observed: since(&self.observed),
            old: since(&self.old),
            allowed: margin + self.usual(window.before.clone(), window.since.len()),
        }
    }

    /// The excess that the old settings themselves seem to have in a window of `length` steps.
    fn usual(&self, before: Range<usize>, length: usize) -> f64 {
        let steps = before.map(|at| self.observed[at] - self.old[at]);
        let mut sum = 0.0;
        let sums = steps.map(|it| {
            sum += it;
            sum
        });
        let sums: Vec<f64> = std::iter::once(0.0).chain(sums).collect();
        let length = length.clamp(1, sums.len().saturating_sub(1).max(1));
        let windows: Vec<f64> = sums
            .windows(length + 1)
            .map(|it| it[length] - it[0])
            .collect();
        quantile(&windows, USUAL).unwrap_or(0.0).max(0.0)
    }
}
