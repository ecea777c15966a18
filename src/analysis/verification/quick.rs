//! The checks of the original product, each held against the old settings.

use std::ops::Range;

use super::comparison::{Comparison, Old};
use super::window::Window;
use super::{Findings, Input};
use crate::analysis::scaling::moves;
use crate::autoscaler::{Metric, Target};
use crate::history;
use crate::sim::flags::Flags;

/// Replicas at the maximum for more than this share of the time are pinned there.
const PINNED: f64 = 0.8;
/// A queue whose last third is more than this many times the first third rises.
const RISING: f64 = 1.5;
/// More changes of the replicas a step than before, by more than this, are unrest.
const UNREST: f64 = 0.2;
/// Fewer changes than this are no rate: one may be chance, and two a move there and back.
const FEWEST_CHANGES: f64 = 3.0;
/// What was nearly as bad under the old settings was not caused by the change: replicas are whole,
/// so that the same settings differ by as much from one day to the next.
const AS_BAD: f64 = 0.9;
/// Thirds of fewer values are single samples.
const FEWEST_VALUES: usize = 6;

/// What the checks look at.
pub(super) struct Case<'a> {
    input: &'a Input<'a>,
    window: &'a Window,
    /// What the old settings would have done since the change.
    old: Option<&'a Old>,
    /// Where nothing is known of that: time before the change.
    before: Vec<Range<usize>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        input: &'a Input<'a>,
        window: &'a Window,
        comparison: &'a Comparison,
    ) -> Self {
        Self {
            input,
            window,
            old: comparison.old.as_ref().ok(),
            before: window.counterparts(),
        }
    }

    /// How bad it was or would have been under the old settings: in the replay since the change,
    /// else the worst of what was observed before. `None` where nothing is known.
    fn baseline(
        &self,
        replayed: impl Fn(&Old) -> Option<f64>,
        observed: impl Fn(Range<usize>) -> Option<f64>,
    ) -> Option<f64> {
        match self.old {
            Some(old) => replayed(old),
            None => self
                .before
                .iter()
                .cloned()
                .filter_map(observed)
                .reduce(f64::max),
        }
    }

    /// As messages name what the baseline was taken from.
    fn whose(&self) -> &'static str {
        match self.old {
            Some(_) => "under the old settings on the same load",
            None => "before the change",
        }
    }

    fn since(&self) -> Range<usize> {
        self.window.since.clone()
    }
}

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    for found in [utilization(case), pinned(case), unrest(case)] {
        found.into_iter().for_each(|it| it.tell(findings));
    }
    let metrics = case.input.autoscaler.metrics.iter().enumerate();
    for found in metrics.filter_map(|(index, metric)| queue(case, index, metric)) {
        found.tell(findings);
    }
}

/// Something that looks bad.
struct Found {
    said: String,
    is_caused: bool,
}

impl Found {
    fn tell(self, findings: &mut Findings) {
        match self.is_caused {
            true => findings.harm.push(self.said),
            false => findings.notes.push(self.said),
        }
    }

    /// `value` is what was seen, `baseline` that of the old settings in the same words.
    fn held_against(case: &Case<'_>, said: &str, value: f64, baseline: Option<f64>) -> Self {
        let percent = |it: f64| format!("{:.0} %", 100.0 * it);
        let beside = baseline.map(|it| format!("; {} {}", percent(it), case.whose()));
        Self {
            said: format!("{said}{}", beside.unwrap_or_default()),
            is_caused: baseline.is_none_or(|it| it < AS_BAD * value),
        }
    }
}

/// Mean utilization above the target by more than the margin.
fn utilization(case: &Case<'_>) -> Option<Found> {
    let target = f64::from(case.input.autoscaler.cpu_target()?.percent) / 100.0;
    let Window { ready, .. } = case.window;
    let found = mean_utilization(case.window, case.since(), ready)?;
    if found <= target + case.input.margins.cpu {
        return None;
    }
    let baseline = case.baseline(
        |old| mean_utilization(case.window, case.since(), &old.ready),
        |before| mean_utilization(case.window, before, ready),
    );
    let said = format!(
        "mean CPU utilization since the change is {:.0} %, more than {:.0} points above the \
         target of {:.0} %",
        100.0 * found,
        100.0 * case.input.margins.cpu,
        100.0 * target
    );
    Some(Found::held_against(case, &said, found, baseline))
}

/// The mean of the usage observed over the requests of `ready` pods, as a share.
pub(super) fn mean_utilization(
    window: &Window,
    places: Range<usize>,
    ready: &[f64],
) -> Option<f64> {
    let utilization = |at: usize| {
        let sample = window.load.samples.get(at)?.as_ref()?;
        let pods = ready.get(at).filter(|it| **it > 0.0)?;
        Some(sample.usage / (pods * sample.request?))
    };
    mean(places.filter_map(utilization))
}

/// Replicas at the maximum for most of the time.
fn pinned(case: &Case<'_>) -> Option<Found> {
    let autoscaler = case.input.autoscaler;
    if autoscaler.min >= autoscaler.max {
        // It is meant to be where it is.
        return None;
    }
    let Window { replicas, .. } = case.window;
    let (new, old) = (autoscaler.max.0, case.input.old.max_replicas.0);
    let found = share_at(replicas, case.since(), new)?;
    if found <= PINNED {
        return None;
    }
    let baseline = case.baseline(
        |it| share_at(&it.replicas, case.since(), old),
        |before| share_at(replicas, before, old),
    );
    let percent = 100.0 * found;
    let said = format!(
        "replicas are at the maximum of {new} in {percent:.0} % of the time since the change"
    );
    Some(Found::held_against(case, &said, found, baseline))
}

/// The share of the known time in which there are at least `count` replicas.
pub(super) fn share_at(replicas: &[f64], places: Range<usize>, count: u32) -> Option<f64> {
    let known = replicas.get(places)?.iter().filter(|it| !it.is_nan());
    mean(known.map(|it| f64::from(u8::from(*it >= f64::from(count)))))
}

/// More changes of the replicas than before.
fn unrest(case: &Case<'_>) -> Option<Found> {
    let Window { replicas, .. } = case.window;
    let intervals = case.window.known().saturating_sub(1).max(1) as f64;
    let found = turns(replicas.get(case.since())?) as f64 / intervals;
    let rate = |all: &[f64], places: Range<usize>| {
        let changes = moves(all.get(places.clone())?).count();
        Some(changes as f64 / (places.len().saturating_sub(1).max(1)) as f64)
    };
    let before = case.before.iter().cloned();
    let rates = before.filter_map(|it| rate(replicas, it));
    let before = rates.reduce(f64::max)?;
    let is_more = |than: f64| {
        let more = found - than;
        more > UNREST && more * intervals >= FEWEST_CHANGES
    };
    let replayed = case.old.and_then(|it| rate(&it.replicas, case.since()));
    is_more(before).then(|| Found {
        said: format!(
            "replicas changed {found:.2} times a sample since the change and {before:.2} times \
             before{}",
            replayed.map_or(String::new(), |it| format!(
                "; {it:.2} times under the old settings on the same load"
            ))
        ),
        is_caused: replayed.is_none_or(is_more),
    })
}

/// Changes of the count from where it first turns. Until then it goes to where the new settings
/// want it.
pub(super) fn turns(replicas: &[f64]) -> usize {
    let all: Vec<bool> = moves(replicas).map(|it| it.up).collect();
    let settling = all.iter().take_while(|it| **it == all[0]).count();
    all.len() - settling
}

/// The value of a metric of its own that rises above what the autoscaler is to keep it at.
fn queue(case: &Case<'_>, index: usize, metric: &Metric) -> Option<Found> {
    let target = match metric {
        Metric::Pods { target, .. } | Metric::Object { target, .. } => *target,
        Metric::External { target, .. } => *target,
        Metric::Resource { .. } | Metric::ContainerResource { .. } => return None,
    };
    let since = case.since();
    let (first, last) = thirds(case, index, since.clone())?;
    let third = since.end - since.len() / 3..since.end;
    if last <= RISING * first || last <= kept_at(case, target, third)? {
        return None;
    }
    let said = format!(
        "{metric} rose from {first:.1} in the first third of the time since the change to \
         {last:.1} in the last"
    );
    Some(match case.old {
        Some(old) => {
            let has = mean_known(&case.window.ready, since.clone())?;
            let had = mean_known(&old.ready, since)?;
            Found {
                said: format!(
                    "{said}, with {has:.1} ready pods; {had:.1} {}",
                    case.whose()
                ),
                is_caused: has < AS_BAD * had,
            }
        }
        None => {
            let rise =
                |(first, last): (f64, f64)| if first > 0.0 { last / first } else { f64::MAX };
            let before = case.before.iter().cloned();
            let rises = before.filter_map(|it| thirds(case, index, it)).map(rise);
            let now = rise((first, last));
            Found {
                is_caused: rises.reduce(f64::max).is_none_or(|it| it < AS_BAD * now),
                said,
            }
        }
    })
}

/// What the whole value may be at the target, with the controller's tolerance.
fn kept_at(case: &Case<'_>, target: Target, places: Range<usize>) -> Option<f64> {
    let tolerated = 1.0 + Flags::default().tolerance;
    match target {
        Target::AverageValue(value) => {
            let ready = mean_known(&case.window.ready, places)?;
            Some(value.as_f64() * ready * tolerated)
        }
        Target::Value(value) => Some(value.as_f64() * tolerated),
        Target::Utilization(_) => None,
    }
}

/// The means of the first and of the last third of the known values.
fn thirds(case: &Case<'_>, index: usize, places: Range<usize>) -> Option<(f64, f64)> {
    let metric = history::Metric::Trigger(u32::try_from(index).ok()?);
    let series = case.input.history.get(&metric)?;
    let grid = case.window.load.grid;
    let values: Vec<f64> = places.filter_map(|at| series.at(grid.time(at))).collect();
    if values.len() < FEWEST_VALUES {
        return None;
    }
    let third = values.len() / 3;
    let first = mean(values[..third].iter().copied())?;
    Some((first, mean(values[values.len() - third..].iter().copied())?))
}

fn mean_known(values: &[f64], places: Range<usize>) -> Option<f64> {
    let known = values.get(places)?.iter().copied();
    mean(known.filter(|it| !it.is_nan()))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), it| (count + 1, sum + it));
    (count > 0).then(|| sum / f64::from(count))
}
