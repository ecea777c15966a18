//! Values by the numbers of scrapes, as lines: a gauge that stays and a counter that grows evenly take
//! the same room however long they do.

use std::collections::VecDeque;
use std::ops::Range;

/// The values of one series, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(VecDeque<Run>);

/// Values that lie on a line, of scrapes that follow each other.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    count: u32,
    /// Of the first scrape.
    value: f64,
    /// From each scrape to the next.
    step: f64,
}

impl Runs {
    /// Adds the value of a scrape, which is later than all before.
    pub(super) fn push(&mut self, scrape: u32, value: f64) {
        let last = self.0.back_mut();
        if last.is_some_and(|it| scrape < it.end() || it.takes(scrape, value)) {
            return;
        }
        self.0.push_back(Run {
            first: scrape,
            count: 1,
            value,
            step: 0.0,
        });
    }

    /// Forgets what ended before a scrape. A line that goes on there stays as it is, as another
    /// beginning would round its values in another way.
    pub(super) fn drop_before(&mut self, scrape: u32) {
        let old = self.0.partition_point(|it| it.end() <= scrape);
        self.0.drain(..old);
        self.0.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<Run>()
    }

    /// The values of these scrapes, with the number of each.
    pub(super) fn within(&self, scrapes: Range<u32>) -> impl Iterator<Item = (u32, f64)> {
        let first = self.0.partition_point(|it| it.end() <= scrapes.start);
        let runs = self.0.range(first..);
        let end = scrapes.end;
        runs.take_while(move |it| it.first < end)
            .flat_map(move |run| {
                let numbers = run.first.max(scrapes.start)..run.end().min(scrapes.end);
                numbers.map(move |it| (it, run.at(it)))
            })
    }
}

impl Run {
    /// The scrape after the last.
    fn end(&self) -> u32 {
        self.first.saturating_add(self.count)
    }

    fn at(&self, scrape: u32) -> f64 {
        match scrape.saturating_sub(self.first) {
            0 => self.value,
            passed => self.value + self.step * f64::from(passed),
        }
    }

    /// Takes a value in if it is the next one on the line, to the last bit.
    fn takes(&mut self, scrape: u32, value: f64) -> bool {
        if scrape != self.end() {
            return false;
        }
        let mut longer = *self;
        longer.count += 1;
        if self.count == 1 {
            longer.step = value - self.value;
        }
        let is_on_line = longer.at(scrape).to_bits() == value.to_bits();
        if is_on_line {
            *self = longer;
        }
        is_on_line
    }
}
