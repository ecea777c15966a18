//! Remote read: `POST /api/v1/read`, in streamed chunks or in one message, as the client accepts.

use prost::Message;

use super::wire::{
    Chunk, ChunkedReadResponse, ChunkedSeries, OneSample, Query, QueryResult, ReadRequest,
    ReadResponse, STREAMED, TimeSeries, XOR, labels,
};
use super::{Labels, Matcher, Problem, Sample, Samples, Span, response, xor};
use crate::sandbox::api::Response;

/// As large a request as is unpacked. The matchers of a fleet are much shorter.
const LONGEST_REQUEST: usize = 16 << 20;

/// Samples in a chunk, as Prometheus cuts them.
const CHUNK: usize = 120;

/// Answers a request.
///
/// # Errors
/// When the body is none that can be read.
pub(super) fn answer(samples: &dyn Samples, body: &[u8]) -> Result<Response, Problem> {
    let request = request(body)?;
    let queries: Result<Vec<Asked>, Problem> = request.queries.iter().map(Asked::read).collect();
    let queries = queries?;
    Ok(if request.accepted.contains(&STREAMED) {
        streamed(samples, &queries)
    } else {
        whole(samples, &queries)
    })
}

/// One query with its matchers read.
struct Asked {
    matchers: Vec<Matcher>,
    span: Span,
}

impl Asked {
    fn read(query: &Query) -> Result<Self, Problem> {
        let matchers = query.matchers.iter().map(|it| it.read());
        let matchers = matchers.collect::<Result<Vec<Matcher>, String>>();
        Ok(Self {
            matchers: matchers.map_err(Problem::bad)?,
            span: Span {
                first: query.start,
                last: query.end,
            },
        })
    }
}

fn request(body: &[u8]) -> Result<ReadRequest, Problem> {
    let bad = |why: String| Problem::bad(format!("cannot read the request: {why}"));
    let length = snap::raw::decompress_len(body).map_err(|it| bad(it.to_string()))?;
    if length > LONGEST_REQUEST {
        return Err(bad(format!("it unpacks to {length} bytes")));
    }
    let unpacked = snap::raw::Decoder::new().decompress_vec(body);
    let unpacked = unpacked.map_err(|it| bad(it.to_string()))?;
    ReadRequest::decode(unpacked.as_slice()).map_err(|it| bad(it.to_string()))
}

/// A frame for each series: length, checksum, message.
fn streamed(samples: &dyn Samples, queries: &[Asked]) -> Response {
    let mut body = vec![];
    for (query, asked) in (0..).zip(queries) {
        let mut frame = |labels: &Labels, samples: &[Sample]| {
            let message = ChunkedReadResponse {
                series: vec![chunked(labels, samples)],
                query,
            };
            let message = message.encode_to_vec();
            let checksum = crc32c::crc32c(&message).to_be_bytes();
            prost::encode_length_delimiter(message.len(), &mut body)
                .expect("a vector takes any length");
            body.extend(checksum);
            body.extend(message);
        };
        samples.visit(&asked.matchers, asked.span, &mut frame);
    }
    let kind = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
    response(200, kind, body)
}

fn chunked(series: &Labels, samples: &[Sample]) -> ChunkedSeries {
    let chunk = |samples: &[Sample]| Chunk {
        first: samples.first().map_or(0, |it| it.0),
        last: samples.last().map_or(0, |it| it.0),
        encoding: XOR,
        data: xor::encode(samples),
    };
    ChunkedSeries {
        labels: labels(series),
        chunks: samples.chunks(CHUNK).map(chunk).collect(),
    }
}

/// All samples in one packed message.
fn whole(samples: &dyn Samples, queries: &[Asked]) -> Response {
    let result = |asked: &Asked| {
        let mut found: Vec<(Labels, Vec<Sample>)> = vec![];
        samples.visit(&asked.matchers, asked.span, &mut |labels, samples| {
            found.push((labels.clone(), samples.to_vec()));
        });
        found.sort_by(|a, b| a.0.cmp(&b.0));
        QueryResult {
            series: found
                .iter()
                .map(|(labels, all)| time_series(labels, all))
                .collect(),
        }
    };
    let message = ReadResponse {
        results: queries.iter().map(result).collect(),
    };
    let packed = snap::raw::Encoder::new().compress_vec(&message.encode_to_vec());
    match packed {
        Ok(packed) => {
            let mut response = response(200, "application/x-protobuf", packed);
            response
                .headers
                .push(("content-encoding", "snappy".to_owned()));
            response
        }
        Err(error) => Problem::beyond(&format!("the answer is too large: {error}")).response(),
    }
}

fn time_series(series: &Labels, samples: &[Sample]) -> TimeSeries {
    let sample = |&(time, value): &Sample| OneSample { value, time };
    TimeSeries {
        labels: labels(series),
        samples: samples.iter().map(sample).collect(),
    }
}
