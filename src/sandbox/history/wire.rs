//! The messages of remote read (`prompb/remote.proto`, `prompb/types.proto`).

use super::{Labels, Matcher, Test};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ReadRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) queries: Vec<Query>,
    #[prost(int32, repeated, tag = "2")]
    pub(super) accepted: Vec<i32>,
}

/// The streamed kind of answer, among those that are accepted.
pub(super) const STREAMED: i32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Query {
    #[prost(int64, tag = "1")]
    pub(super) start: i64,
    #[prost(int64, tag = "2")]
    pub(super) end: i64,
    #[prost(message, repeated, tag = "3")]
    pub(super) matchers: Vec<LabelMatcher>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LabelMatcher {
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ReadResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) results: Vec<QueryResult>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct QueryResult {
    #[prost(message, repeated, tag = "1")]
    pub(super) series: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(super) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(super) samples: Vec<OneSample>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct OneSample {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    #[prost(int64, tag = "2")]
    pub(super) time: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChunkedReadResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) series: Vec<ChunkedSeries>,
    #[prost(int64, tag = "2")]
    pub(super) query: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChunkedSeries {
    #[prost(message, repeated, tag = "1")]
    pub(super) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(super) chunks: Vec<Chunk>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Label {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Chunk {
    #[prost(int64, tag = "1")]
    pub(super) first: i64,
    #[prost(int64, tag = "2")]
    pub(super) last: i64,
    #[prost(int32, tag = "3")]
    pub(super) encoding: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) data: Vec<u8>,
}

/// The encoding of floats by their differences.
pub(super) const XOR: i32 = 1;

impl LabelMatcher {
    /// # Errors
    /// When the kind is unknown or the pattern none.
    pub(super) fn read(&self) -> Result<Matcher, String> {
        let test = match self.kind {
            0 => Test::Equal,
            1 => Test::NotEqual,
            2 => Test::Matches,
            3 => Test::NotMatches,
            other => return Err(format!("unknown type of matcher: {other}")),
        };
        Matcher::new(self.name.clone(), test, self.value.clone())
    }
}

/// The labels of a series as messages.
pub(super) fn labels(labels: &Labels) -> Vec<Label> {
    let all = labels.iter().map(|(name, value)| Label {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    all.collect()
}
