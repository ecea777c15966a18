//! When there were too few replicas.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::needed::Needs;
use crate::analysis::case::Case;
use crate::history::Metric;
use crate::series::Grid;

/// A time in which something held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mark {
    pub kind: MarkKind,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
}

/// What held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MarkKind {
    /// A metric was above its target by more than the tolerance.
    Breach,
    /// The pods that served could not give what was asked for in the busiest minute, were
    /// saturated, or were fewer than triggers called for.
    Shortfall,
    /// The maximum kept back what the metrics asked for.
    Pinned,
}

impl MarkKind {
    pub const ALL: [Self; 3] = [Self::Breach, Self::Shortfall, Self::Pinned];
}

impl Mark {
    /// The part of it between two times; `None` where there is none.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> Option<Self> {
        let cut = Self {
            from: self.from.max(from),
            to: self.to.min(to),
            ..*self
        };
        (cut.from < cut.to).then_some(cut)
    }

    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

/// Those of `range` of the load's grid, whose samples stand at the times of `part`.
pub(super) fn of(case: &Case<'_>, needs: &Needs, range: Range<usize>, part: Grid) -> Vec<Mark> {
    let ready = case.history.get(&Metric::ReadyReplicas);
    let ready = ready.or_else(|| case.history.get(&Metric::DesiredReplicas));
    let facts = Facts {
        needs,
        max: case.max(),
        ready: ready
            .map(|it| it.on(part).iter().collect())
            .unwrap_or_default(),
        is_saturated: range
            .map(|at| {
                let sample = case.load.samples[at].as_ref()?;
                let full = sample.saturation().map(|it| it * sample.ready);
                let is_short = full.is_some_and(|it| sample.seen_peak() > it);
                Some(sample.censored || is_short)
            })
            .collect(),
    };
    let marks = MarkKind::ALL.into_iter().map(|kind| {
        let holds = |at: usize| facts.hold(kind, at);
        runs(part, kind, holds)
    });
    marks.flatten().collect()
}

/// What tells whether a mark holds, by the place in the range.
struct Facts<'a> {
    needs: &'a Needs,
    max: f64,
    ready: Vec<Option<f64>>,
    is_saturated: Vec<Option<bool>>,
}

impl Facts<'_> {
    /// Not where it is not known.
    fn hold(&self, kind: MarkKind, at: usize) -> bool {
        let ready = self.ready.get(at).copied().flatten();
        let tolerated = self.needs.tolerated[at];
        let fewer = |than: f64| ready.is_some_and(|it| than > it + 0.5);
        match kind {
            MarkKind::Breach => fewer(tolerated),
            MarkKind::Shortfall => {
                let called = self.needs.short.get(at).copied();
                self.is_saturated[at] == Some(true) || called.is_some_and(fewer)
            }
            MarkKind::Pinned => {
                tolerated > self.max + 0.5 && ready.is_some_and(|it| it > self.max - 0.5)
            }
        }
    }
}

/// A mark for each run of steps in which something holds.
fn runs(grid: Grid, kind: MarkKind, holds: impl Fn(usize) -> bool) -> Vec<Mark> {
    let step = SignedDuration::from_secs(grid.step().seconds().into());
    let held = (0..grid.len()).filter(|at| holds(*at));
    let marks = held.map(|at| {
        let to = grid.time(at);
        Mark {
            kind,
            from: to.checked_sub(step).unwrap_or(to),
            to,
        }
    });
    joined(marks.collect(), SignedDuration::ZERO)
}

/// `marks`, those of a kind together and in order of time, with runs made one that are no further
/// apart than `apart`.
pub(super) fn joined(marks: Vec<Mark>, apart: SignedDuration) -> Vec<Mark> {
    let mut joined: Vec<Mark> = Vec::new();
    for mark in marks {
        match joined.last_mut() {
            Some(last) if last.kind == mark.kind && mark.from.duration_since(last.to) <= apart => {
                last.to = mark.to;
            }
            Some(_) | None => joined.push(mark),
        }
    }
    joined
}
