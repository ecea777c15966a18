//! What is to be done about a fleet, and what of it first.

use std::cmp::Reverse;

use super::report::{Item, Saving};
use super::sheet;
use crate::analysis::findings::{Finding, Severity};

/// Something to do about one autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step<'a> {
    pub(super) item: &'a Item,
    pub(super) what: Urgency<'a>,
}

/// Why it is among the first things. Sorted by what comes first.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Urgency<'a> {
    /// It does not work, or load goes unserved.
    Broken(&'a Finding),
    /// Other settings leave less load unserved, in minutes.
    Serves {
        before: f64,
        after: f64,
    },
    Saves(Saving),
}

impl Step<'_> {
    /// Lower comes first: what is broken, what serves more, then what saves most at the least risk.
    fn rank(&self) -> (u8, Reverse<u64>) {
        let risk = self.item.risk.map_or(0, |it| it as u8);
        match self.what {
            Urgency::Broken(_) => (0, Reverse(0)),
            Urgency::Serves { before, after } => (1, Reverse((before - after).max(0.0) as u64)),
            Urgency::Saves(saving) => {
                let saved = saving.replica_hours_per_month.max(0.0) * 100.0;
                (2 + risk, Reverse(saved as u64))
            }
        }
    }
}

/// Everything that is to be done, the most urgent first.
pub(super) fn steps(items: &[Item]) -> Vec<Step<'_>> {
    let mut all: Vec<Step<'_>> = items.iter().filter_map(step).collect();
    all.sort_by_cached_key(|it| (it.rank(), it.item.sort_key()));
    all
}

fn step(item: &Item) -> Option<Step<'_>> {
    let broken = item.findings.iter();
    let mut broken = broken.filter(|it| it.severity == Severity::Critical);
    // A recommendation that repairs what is broken is the better advice.
    let what = match (proposal(item), broken.next()) {
        (Some(it @ Urgency::Serves { .. }), _) => it,
        (_, Some(finding)) => Urgency::Broken(finding),
        (Some(it), None) => it,
        (None, None) => return None,
    };
    Some(Step { item, what })
}

/// What was refused before is not made again, and so cannot be applied.
fn proposal(item: &Item) -> Option<Urgency<'_>> {
    let saving = item.saving.filter(|_| item.is_open())?;
    let (before, after) = shortfall(item).unwrap_or_default();
    if before - after >= 1.0 {
        return Some(Urgency::Serves { before, after });
    }
    Some(Urgency::Saves(saving))
}

/// Minutes of shortfall of today's and of the proposed settings.
pub(super) fn shortfall(item: &Item) -> Option<(f64, f64)> {
    let (today, proposed) = sheet::scores(item)?;
    let minutes = |it: &crate::sim::score::Totals| {
        it.shortfall_minutes + it.need.map_or(0.0, |it| it.shortfall_minutes)
    };
    Some((minutes(today), minutes(proposed?)))
}
