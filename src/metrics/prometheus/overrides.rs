//! Queries that the user gave, with `{ns}` and `{deploy}` in them.
//!
//! Such a query answers for one workload. Many are sent as one: each result is labeled with the
//! workload that it is for, and the results are united.

use std::ops::Range;

use super::labels::Labels;
use super::selector::quoted;
use super::sums::Absorb;
use crate::autoscaler::target::TargetRef;
use crate::series::{Grid, Series};

/// The queries that replace built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    /// Cores used by all pods of a workload.
    pub(super) cpu: Option<String>,
    /// Its ready replicas.
    pub(super) replicas: Option<String>,
}

/// Workloads asked for in one request. Servers evaluate the parts one after another, so more
/// would only run into their time limit.
const BATCH: usize = 32;

const TAG: &str = "stepscale_target";

/// The places of `count` targets, as they are asked for together.
pub(super) fn batches(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count)
        .step_by(BATCH)
        .map(move |start| start..(start + BATCH).min(count))
}

/// The query for the targets at `places`.
pub(super) fn expression(template: &str, targets: &[TargetRef], places: Range<usize>) -> String {
    let one = |place: usize| {
        let filled = filled(template, &targets[place]);
        let tag = quoted(&place.to_string());
        format!("label_replace(({filled}), \"{TAG}\", {tag}, \"\", \"\")")
    };
    places.map(one).collect::<Vec<_>>().join(" or ")
}

fn filled(template: &str, target: &TargetRef) -> String {
    template
        .replace("{ns}", &target.namespace)
        .replace("{deploy}", &target.name)
}

/// Reads what such queries answer: for each target the sum of its series.
#[derive(Debug)]
pub(super) struct Tagged {
    grid: Grid,
    series: Vec<Option<Series>>,
}

impl Tagged {
    pub(super) fn new(grid: Grid, targets: usize) -> Self {
        Self {
            grid,
            series: vec![None; targets],
        }
    }

    /// For each target by place.
    pub(super) fn finish(self) -> Vec<Option<Series>> {
        self.series
    }
}

impl Absorb for Tagged {
    type Slot = usize;

    fn open(&mut self, labels: &Labels) -> Option<usize> {
        let place: usize = labels.get(TAG)?.parse().ok()?;
        let slot = self.series.get_mut(place)?;
        slot.get_or_insert_with(|| Series::gaps(self.grid));
        Some(place)
    }

    fn add(&mut self, slot: usize, index: usize, value: f64) {
        if let Some(series) = &mut self.series[slot] {
            series.add(index, value);
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.series.iter_mut().zip(other.series) {
            *mine = match (mine.take(), theirs) {
                (Some(mine), Some(theirs)) => Some(mine.plus(&theirs)),
                (mine, theirs) => mine.or(theirs),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> TargetRef {
        TargetRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: "Deployment".to_owned(),
        }
    }

    #[test]
    fn a_batch_is_one_query_whose_results_are_told_apart() {
        let targets = [target("cart"), target("web")];
        let template = r#"sum(rate(cpu{namespace="{ns}",pod=~"{deploy}-.*"}[5m]))"#;
        let expected = concat!(
            r#"label_replace((sum(rate(cpu{namespace="shop",pod=~"cart-.*"}[5m]))), "#,
            r#""stepscale_target", "0", "", "") or "#,
            r#"label_replace((sum(rate(cpu{namespace="shop",pod=~"web-.*"}[5m]))), "#,
            r#""stepscale_target", "1", "", "")"#,
        );
        assert_eq!(expression(template, &targets, 0..2), expected);
    }

    #[test]
    fn batches_hold_every_target_once() {
        let all: Vec<usize> = batches(70).flatten().collect();
        assert_eq!(all, (0..70).collect::<Vec<_>>());
        assert_eq!(batches(70).count(), 3);
        assert_eq!(batches(0).count(), 0);
    }
}
