//! Bulk reading: the samples of many series, brought onto a grid, one way or another.

use std::collections::VecDeque;
use std::ops::Range;

use super::Way;
use super::chunks::ChunkReader;
use super::client::RangeQuery;
use super::error::Error;
use super::gauge::LOOKBACK;
use super::labels::Labels;
use super::plan;
use super::remote_read::{Hints, Query, ReadRequest};
use super::sample::Sample;
use super::selector::Selector;
use super::shard::Session;
use super::sums::Absorb;
use crate::series::Grid;
use crate::units::Step;

/// What is read of every series that a selector matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The per-second rate of a counter over this long before each sample.
    Rate { range: Step },
    /// A gauge as it stood.
    Last,
}

/// Series to read and the times to read them at.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub(super) source: Source,
    pub(super) grid: Grid,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Every series by itself: by chunks or by range queries.
    Series {
        selectors: Vec<Selector>,
        reading: Reading,
    },
    /// Whatever the server makes of an expression, times `scale`.
    Expression { promql: String, scale: f64 },
}

/// Below so many samples a request is not halved any more: what is too much even then is not a
/// matter of time.
const SMALLEST_RUN: usize = 32;

impl Reading {
    /// The query for the series of `selector`, whose values become those that are wanted when
    /// multiplied with [`scale`](Self::scale).
    ///
    /// `increase` is `rate` times its range in Prometheus. VictoriaMetrics' `rate` is that of the
    /// time between the samples: pods that end and pods that begin within a step would both count
    /// in full. Its `increase` has no such difference.
    pub(super) fn promql(self, selector: &Selector) -> String {
        match self {
            Self::Rate { range } => format!("increase({selector}[{}s])", range.seconds()),
            Self::Last => selector.to_string(),
        }
    }

    pub(super) fn scale(self) -> f64 {
        match self {
            Self::Rate { range } => 1.0 / f64::from(range.seconds()),
            Self::Last => 1.0,
        }
    }
}

impl Fetch {
    /// Reads into what `begin` makes.
    ///
    /// A server that finds it too much, or takes too long, is asked for half of the times, and half
    /// of that again.
    pub(super) async fn run<S: Absorb>(
        &self,
        session: &Session,
        way: Way,
        begin: impl Fn() -> S + Send + Sync,
    ) -> Result<S, Error> {
        let mut runs = self.runs(way);
        let mut whole: Option<S> = None;
        while let Some(run) = runs.pop_front() {
            match self.part(session, way, &run, &begin).await {
                Ok(part) => match &mut whole {
                    Some(whole) => whole.merge(part),
                    None => whole = Some(part),
                },
                Err(Error::TooMuch { .. } | Error::Timeout { .. }) if run.len() > SMALLEST_RUN => {
                    let middle = run.start + run.len() / 2;
                    runs.push_front(middle..run.end);
                    runs.push_front(run.start..middle);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(whole.unwrap_or_else(begin))
    }

    fn runs(&self, way: Way) -> VecDeque<Range<usize>> {
        match (&self.source, way) {
            // Chunks come as they are stored: no number of points is too many.
            (Source::Series { .. }, Way::RemoteRead) => {
                std::iter::once(0..self.grid.len()).collect()
            }
            (Source::Series { .. } | Source::Expression { .. }, _) => {
                plan::runs(self.grid.len()).into()
            }
        }
    }

    async fn part<S: Absorb>(
        &self,
        session: &Session,
        way: Way,
        run: &Range<usize>,
        begin: &(impl Fn() -> S + Send + Sync),
    ) -> Result<S, Error> {
        match (&self.source, way) {
            (Source::Series { selectors, reading }, Way::RemoteRead) => {
                self.read_chunks(session, selectors, *reading, run, begin)
                    .await
            }
            (Source::Series { selectors, reading }, _) => {
                let all: Vec<String> = selectors.iter().map(|it| reading.promql(it)).collect();
                let promql = all.join(" or ");
                self.query(session, &promql, reading.scale(), run, begin)
                    .await
            }
            (Source::Expression { promql, scale }, _) => {
                self.query(session, promql, *scale, run, begin).await
            }
        }
    }

    async fn query<S: Absorb>(
        &self,
        session: &Session,
        promql: &str,
        scale: f64,
        run: &Range<usize>,
        begin: &(impl Fn() -> S + Send + Sync),
    ) -> Result<S, Error> {
        let grid = self.grid;
        let query = RangeQuery {
            expr: promql.to_owned(),
            start: grid.time(run.start),
            end: grid.time(run.end.saturating_sub(1)),
            step: grid.step(),
        };
        let take = |sink: &mut S, labels: &Labels, samples: &[Sample]| {
            if let Some(slot) = sink.open(labels) {
                for (index, value) in samples.iter().filter_map(|it| on_grid(grid, it)) {
                    sink.add(slot, index, scale * value);
                }
            }
        };
        session.client.range(&query, begin, take).await
    }

    async fn read_chunks<S: Absorb>(
        &self,
        session: &Session,
        selectors: &[Selector],
        reading: Reading,
        run: &Range<usize>,
        begin: &(impl Fn() -> S + Send + Sync),
    ) -> Result<S, Error> {
        let grid = self.grid.part(run.clone());
        let body = request(selectors, reading, grid).encode();
        let reader = || {
            let sink = begin();
            ChunkReader::new(
                selectors.len(),
                reading,
                grid,
                run.start,
                session.rules,
                sink,
            )
        };
        let client = &session.client;
        let reader = client.read(body, reader, ChunkReader::feed).await?;
        reader.finish().map_err(|error| Error::BadAnswer {
            url: client.name().to_owned(),
            source: error.into(),
        })
    }
}

/// Where a sample of a range query stands; `None` for what is not a number.
fn on_grid(grid: Grid, sample: &Sample) -> Option<(usize, f64)> {
    let offset = sample.at_ms - grid.start().as_millisecond();
    let index = offset.div_euclid(i64::from(grid.step().seconds()) * 1000);
    let index = usize::try_from(index).ok()?;
    sample.value.is_finite().then_some((index, sample.value))
}

fn request(selectors: &[Selector], reading: Reading, grid: Grid) -> ReadRequest {
    let before = match reading {
        Reading::Rate { range } => range.signed(),
        Reading::Last => LOOKBACK,
    };
    let start_ms = grid.start().as_millisecond() - before.as_millis() as i64;
    let end_ms = grid.end().as_millisecond();
    let query = |selector: &Selector| Query {
        start_ms,
        end_ms,
        matchers: selector.matchers.clone(),
        hints: Some(Hints {
            start_ms,
            end_ms,
            ..Hints::default()
        }),
    };
    ReadRequest {
        queries: selectors.iter().map(query).collect(),
    }
}
