//! Remote read: raw samples in chunks as they are stored, `POST /api/v1/read`.
//!
//! Here is the request; [`ChunkStream`] takes the answer apart and [`super::xor`] the chunks in it.
//! Prometheus: `prompb/remote.proto` and `storage/remote/`, alike in v2.42 and v3.x. The older
//! kind of answer, samples in one message, is not here.

mod stream;
mod wire;

use bytes::Bytes;
use prost::Message;

pub use stream::{ChunkStream, Frame, StreamError};
pub use wire::{Chunk, ChunkedSeries, Encoding, Label};

/// Headers that the request must carry, besides authentication.
pub const REQUEST_HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-read-version", "0.1.0"),
];

/// What the content type of a streamed answer starts with.
pub const STREAMED_CONTENT_TYPE: &str = "application/x-streamed-protobuf";

/// Several queries in one request; their answers come one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadRequest {
    pub queries: Vec<Query>,
}

/// All series that match, between two times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Unix milliseconds, inclusive like the end. Chunks may reach beyond both.
    pub start_ms: i64,
    pub end_ms: i64,
    /// All of them must hold.
    pub matchers: Vec<Matcher>,
    pub hints: Option<Hints>,
}

/// A condition on one label; a missing label counts as the empty value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    pub kind: MatchKind,
    pub name: String,
    pub value: String,
}

/// How a label is compared. Expressions are RE2 and anchored at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKind {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
}

/// What the samples are for. A server may ignore it, or give less of what is not needed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    pub step_ms: i64,
    /// The function around the selector: `rate`.
    pub function: String,
    pub start_ms: i64,
    pub end_ms: i64,
    /// The range of the selector; 0 for an instant one.
    pub range_ms: i64,
}

impl Matcher {
    pub fn new(kind: MatchKind, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            value: value.into(),
        }
    }

    /// Series of the metric `name`.
    pub fn metric(name: impl Into<String>) -> Self {
        Self::new(MatchKind::Equal, "__name__", name)
    }
}

impl ReadRequest {
    /// The body of the request: protobuf in one snappy block, asking for streamed chunks only.
    ///
    /// # Panics
    /// If the request is longer than 4 GiB.
    pub fn encode(&self) -> Bytes {
        let message = wire::ReadRequest {
            queries: self.queries.iter().map(wire::Query::from).collect(),
            accepted_response_types: vec![wire::ResponseType::StreamedXorChunks.into()],
        };
        let block = snap::raw::Encoder::new()
            .compress_vec(&message.encode_to_vec())
            .expect("a request is shorter than a snappy block may be");
        block.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The bytes follow from the field numbers of prompb/remote.proto and types.proto.
    #[test]
    fn a_request_has_the_documented_bytes() {
        let request = ReadRequest {
            queries: vec![Query {
                start_ms: 1,
                end_ms: 300,
                matchers: vec![
                    Matcher::metric("up"),
                    Matcher::new(MatchKind::NotMatches, "job", "a.*"),
                ],
                hints: Some(Hints {
                    step_ms: 5,
                    function: "rate".into(),
                    start_ms: 1,
                    end_ms: 300,
                    range_ms: 7,
                }),
            }],
        };
        let expected = [
            b"\x0a\x34\x08\x01\x10\xac\x02".as_slice(),
            b"\x1a\x0e\x12\x08__name__\x1a\x02up",
            b"\x1a\x0c\x08\x03\x12\x03job\x1a\x03a.*",
            b"\x22\x0f\x08\x05\x12\x04rate\x18\x01\x20\xac\x02\x38\x07",
            b"\x12\x01\x01",
        ];
        let body = snap::raw::Decoder::new().decompress_vec(&request.encode());
        assert_eq!(body.unwrap(), expected.concat());
    }
}
