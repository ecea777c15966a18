//! From streamed chunks to samples on a grid.

use bytes::Bytes;

use super::bulk::Reading;
use super::gauge::{LOOKBACK, LastValues};
use super::labels::Labels;
use super::rate::{Promql, RateWindows};
use super::remote_read::{ChunkStream, ChunkedSeries, Encoding, StreamError};
use super::sums::Absorb;
use super::xor::{self, ChunkError};
use crate::series::Grid;

/// Decodes an answer as it arrives, rates counters, and hands on what stands on the grid.
pub(super) struct ChunkReader<S: Absorb> {
    stream: ChunkStream,
    series: Open<S>,
}

/// The series under way. A long one continues in further frames, which repeat its labels.
struct Open<S: Absorb> {
    /// Of which query, since the next one may give the same series again.
    query: usize,
    labels: Labels,
    slot: Option<S::Slot>,
    samples: OnGrid,
    /// Index of the first sample of this grid in that of the sink.
    offset: usize,
    sink: S,
}

enum OnGrid {
    Rate(RateWindows),
    Last(LastValues),
}

impl<S: Absorb> ChunkReader<S> {
    /// For the answer to so many `queries`, of which every one is read the same way.
    pub(super) fn new(
        queries: usize,
        reading: Reading,
        grid: Grid,
        offset: usize,
        rules: Promql,
        sink: S,
    ) -> Self {
        let samples = match reading {
            Reading::Rate { range } => OnGrid::Rate(RateWindows::new(grid, range.signed(), rules)),
            Reading::Last => OnGrid::Last(LastValues::new(grid, LOOKBACK, rules)),
        };
        Self {
            stream: ChunkStream::new(queries),
            series: Open {
                query: 0,
                labels: Labels::default(),
                slot: None,
                samples,
                offset,
                sink,
            },
        }
    }

    /// Takes the next bytes of the answer.
    pub(super) fn feed(&mut self, bytes: Bytes) -> Result<(), ReadError> {
        let Self { stream, series } = self;
        let mut unreadable = Ok(());
        stream.feed(bytes, |frame| {
            for part in &frame.series {
                if unreadable.is_ok() {
                    unreadable = series.take(frame.query, part);
                }
            }
        })?;
        unreadable
    }

    /// What was received, at the end of the answer.
    pub(super) fn finish(mut self) -> Result<S, ReadError> {
        self.stream.finish()?;
        self.series.close();
        Ok(self.series.sink)
    }
}

impl<S: Absorb> Open<S> {
    fn take(&mut self, query: usize, part: &ChunkedSeries) -> Result<(), ReadError> {
        if !self.continues(query, part) {
            self.close();
            self.query = query;
            self.labels.clear();
            for label in &part.labels {
                self.labels.push_name(&label.name);
                self.labels.push_value(&label.value);
            }
            self.labels.sort();
            self.slot = self.sink.open(&self.labels);
        }
        if self.slot.is_none() {
            return Ok(());
        }
        for chunk in &part.chunks {
            match chunk.encoding() {
                Encoding::Xor => self.decode(&chunk.data)?,
                // A float series has none; a native histogram has no rate of cores.
                Encoding::Histogram => {}
                Encoding::Unsupported(kind) => return Err(ReadError::Encoding(kind)),
            }
        }
        Ok(())
    }

    fn continues(&self, query: usize, part: &ChunkedSeries) -> bool {
        self.query == query
            && self.labels.len() == part.labels.len()
            && self
                .labels
                .iter()
                .zip(&part.labels)
                .all(|(known, label)| known == (label.name.as_str(), label.value.as_str()))
    }

    fn decode(&mut self, chunk: &[u8]) -> Result<(), ChunkError> {
        match &mut self.samples {
            OnGrid::Rate(rates) => xor::decode(chunk, |sample| rates.push(sample)),
            OnGrid::Last(values) => xor::decode(chunk, |sample| values.push(sample)),
        }
    }

    /// Hands the series under way to the sink.
    fn close(&mut self) {
        let Some(slot) = self.slot.take() else {
            return;
        };
        let (sink, offset) = (&mut self.sink, self.offset);
        let add = |index, value| sink.add(slot, offset + index, value);
        match &mut self.samples {
            OnGrid::Rate(rates) => rates.finish(add),
            OnGrid::Last(values) => values.finish(add),
        }
    }
}

/// Why an answer of chunks could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error("remote read answer has chunks of encoding {0}, which this version cannot read")]
    Encoding(i32),
}
