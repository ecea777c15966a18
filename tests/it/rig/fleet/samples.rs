//! What Prometheus would have scraped of the fleet.
//!
//! [`visit`] gives one series after another; a test that wants to know what must come out of them
//! and the writer that fills a Prometheus see the same samples.

mod kubelet;
mod state;

use std::ops::Range;

use super::labels::Labels;
use super::random;
use super::workload::Workload;
use super::{Detail, Fleet};

/// A series within the times asked for. Times are Unix milliseconds, ascending.
#[derive(Debug)]
pub(crate) struct Series<'a> {
    pub(crate) name: &'static str,
    pub(crate) labels: &'a Labels,
    pub(crate) samples: &'a [(i64, f64)],
}

/// Calls `each` with every series of `workload` that has samples within `span` (milliseconds).
pub(crate) fn visit(
    fleet: &Fleet,
    workload: &Workload,
    span: &Range<i64>,
    each: &mut dyn FnMut(Series<'_>),
) {
    let mut emit = Emit {
        fleet,
        span: span.clone(),
        samples: Vec::new(),
        each,
    };
    for pod in &workload.pods {
        if pod.life().start < span.end && span.start < pod.life().end {
            kubelet::visit(workload, pod, &mut emit);
        }
    }
    state::visit(workload, &mut emit);
}

struct Emit<'a> {
    fleet: &'a Fleet,
    span: Range<i64>,
    /// Kept between series for its memory.
    samples: Vec<(i64, f64)>,
    each: &'a mut dyn FnMut(Series<'_>),
}

impl Emit<'_> {
    fn full(&self) -> bool {
        self.fleet.parameters.detail == Detail::Full
    }

    /// The series with a sample at each scrape of `clock` during `life` for which `value` has one.
    fn sample(
        &mut self,
        clock: &Clock,
        life: &Range<i64>,
        mut value: impl FnMut(i64) -> Option<f64>,
    ) {
        let span = self.span.start.max(life.start)..self.span.end.min(life.end);
        self.samples.clear();
        for at in clock.scrapes(&span) {
            if let Some(value) = value(at).filter(|_| !clock.missed(at)) {
                self.samples.push((at, value));
            }
        }
    }

    fn write(&mut self, name: &'static str, labels: &Labels) {
        if !self.samples.is_empty() {
            (self.each)(Series {
                name,
                labels,
                samples: &self.samples,
            });
        }
    }
}

/// When a target is scraped.
struct Clock {
    interval: i64,
    phase: i64,
    /// What a scrape may be late or early, from this seed.
    jitter: Option<u64>,
    missed: Vec<Range<i64>>,
}

impl Clock {
    /// Three seconds before and after a full interval are left free, so that no sample stands on
    /// the border of a step even with jitter: versions of Prometheus differ in whether the border
    /// belongs to a window.
    fn new(seconds: u32, seed: u64) -> Self {
        let interval = i64::from(seconds) * 1000;
        let free = 3000;
        let phase = random::unit(random::mix(seed)) * (interval - 2 * free) as f64;
        Self {
            interval,
            phase: free + phase as i64,
            jitter: None,
            missed: Vec::new(),
        }
    }

    fn scrapes(&self, span: &Range<i64>) -> impl Iterator<Item = i64> {
        let first = (span.start - self.phase).div_euclid(self.interval) - 1;
        let last = (span.end - self.phase).div_euclid(self.interval) + 1;
        let span = span.clone();
        (first..=last)
            .map(|it| self.time(it))
            .filter(move |at| span.contains(at))
    }

    fn time(&self, scrape: i64) -> i64 {
        let late = self.jitter.map_or(0, |seed| {
            let share = random::unit(random::mix(seed ^ scrape as u64));
            (share * 3000.0) as i64 - 1500
        });
        scrape * self.interval + self.phase + late
    }

    fn missed(&self, at: i64) -> bool {
        self.missed.iter().any(|it| it.contains(&at))
    }
}
