//! How much of the history is known.

use std::ops::Range;

use jiff::SignedDuration;

use crate::series::{Grid, Series};

/// How long and how dense a history is, before any gap is bridged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coverage {
    /// From the beginning of the first known sample to the last.
    pub span: SignedDuration,
    /// The share of the samples in between that are known, 0 to 1.
    pub share: f64,
    /// The longest time in between of which nothing is known.
    pub longest_gap: SignedDuration,
    /// Steps in between of which nothing is known.
    pub unknown: usize,
}

impl Coverage {
    /// Judges the samples `inside`. One is known where usage and replicas are, or where no pod
    /// was ready, since usage cannot be expected then.
    pub(super) fn of(usage: &Series, ready: &Series, inside: Range<usize>) -> Self {
        let known: Vec<usize> = inside
            .filter(|at| match ready.get(*at) {
                Some(replicas) => replicas < 0.5 || usage.get(*at).is_some(),
                None => false,
            })
            .collect();
        Self::of_known(&known, usage.grid())
    }

    /// Judges the samples at these places of `grid`, in order.
    pub(in crate::analysis) fn of_known(known: &[usize], grid: Grid) -> Self {
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            return Self::default();
        };
        let step = i64::from(grid.step().seconds());
        let length = |steps: usize| SignedDuration::from_secs(step * steps as i64);
        let between = last - first + 1;
        let longest = known.windows(2).map(|it| it[1] - it[0] - 1).max();
        Self {
            span: length(between),
            share: known.len() as f64 / between as f64,
            longest_gap: length(longest.unwrap_or(0)),
            unknown: between - known.len(),
        }
    }

    /// The length of history that may be judged: its span, but never more than twice of what is
    /// known, so that a few samples far apart are not taken for days.
    pub fn judged(&self) -> SignedDuration {
        let known = self.span.as_secs_f64() * self.share;
        let twice = SignedDuration::from_secs((2.0 * known).round() as i64);
        self.span.min(twice)
    }
}
