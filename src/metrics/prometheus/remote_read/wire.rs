//! The messages of `prompb/remote.proto` and `prompb/types.proto` that remote read needs.

use bytes::Bytes;

use super::MatchKind;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ReadRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) queries: Vec<Query>,
    #[prost(enumeration = "ResponseType", repeated, tag = "2")]
    pub(super) accepted_response_types: Vec<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum ResponseType {
    Samples = 0,
    StreamedXorChunks = 1,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Query {
    #[prost(int64, tag = "1")]
    start_timestamp_ms: i64,
    #[prost(int64, tag = "2")]
    end_timestamp_ms: i64,
    #[prost(message, repeated, tag = "3")]
    matchers: Vec<LabelMatcher>,
    #[prost(message, optional, tag = "4")]
    hints: Option<ReadHints>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LabelMatcher {
    #[prost(enumeration = "MatcherType", tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum MatcherType {
    Eq = 0,
    Neq = 1,
    Re = 2,
    Nre = 3,
}

/// Tags 5 and 6, the labels of an aggregation, are left out: it is done here.
#[derive(Clone, PartialEq, prost::Message)]
struct ReadHints {
    #[prost(int64, tag = "1")]
    step_ms: i64,
    #[prost(string, tag = "2")]
    func: String,
    #[prost(int64, tag = "3")]
    start_ms: i64,
    #[prost(int64, tag = "4")]
    end_ms: i64,
    #[prost(int64, tag = "7")]
    range_ms: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChunkedReadResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) chunked_series: Vec<ChunkedSeries>,
    #[prost(int64, tag = "2")]
    pub(super) query_index: i64,
}

/// Chunks of one series in order of their start; they may overlap, and the next frame may
/// continue the series under the same labels.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ChunkedSeries {
    /// Sorted by name. External labels of the server are among them.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub chunks: Vec<Chunk>,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// Encoded samples between two times, both inclusive, in Unix milliseconds.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Chunk {
    #[prost(int64, tag = "1")]
    pub min_time_ms: i64,
    #[prost(int64, tag = "2")]
    pub max_time_ms: i64,
    #[prost(int32, tag = "3")]
    kind: i32,
    /// Shares the memory of its frame.
    #[prost(bytes = "bytes", tag = "4")]
    pub data: Bytes,
}

/// What a chunk holds and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Floats, for [`xor::decode`](crate::metrics::prometheus::xor::decode).
    Xor,
    /// Native histograms, of which no float can be read.
    Histogram,
    /// Floats in the second XOR format, which v3 servers write when `chunk_encoding.floats` asks
    /// for it, or an encoding of the future. Samples are there that cannot be read this way.
    Unsupported(i32),
}

impl Chunk {
    pub fn encoding(&self) -> Encoding {
        match self.kind {
            1 => Encoding::Xor,
            // Of integers and of floats, each without and with start times.
            2 | 3 | 5 | 6 => Encoding::Histogram,
            other => Encoding::Unsupported(other),
        }
    }
}

impl ChunkedSeries {
    /// The value of the label `name`, empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|it| it.name == name);
        label.map_or("", |it| &it.value)
    }
}

impl From<&super::Query> for Query {
    fn from(query: &super::Query) -> Self {
        Self {
            start_timestamp_ms: query.start_ms,
            end_timestamp_ms: query.end_ms,
            matchers: query.matchers.iter().map(LabelMatcher::from).collect(),
            hints: query.hints.as_ref().map(ReadHints::from),
        }
    }
}

impl From<&super::Matcher> for LabelMatcher {
    fn from(matcher: &super::Matcher) -> Self {
        let kind = match matcher.kind {
            MatchKind::Equal => MatcherType::Eq,
            MatchKind::NotEqual => MatcherType::Neq,
            MatchKind::Matches => MatcherType::Re,
            MatchKind::NotMatches => MatcherType::Nre,
        };
        Self {
            kind: kind.into(),
            name: matcher.name.clone(),
            value: matcher.value.clone(),
        }
    }
}

impl From<&super::Hints> for ReadHints {
    fn from(hints: &super::Hints) -> Self {
        Self {
            step_ms: hints.step_ms,
            func: hints.function.clone(),
            start_ms: hints.start_ms,
            end_ms: hints.end_ms,
            range_ms: hints.range_ms,
        }
    }
}
