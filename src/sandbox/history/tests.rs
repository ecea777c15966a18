//! Answers of the API, byte for byte where others read them.

use prost::Message;

use super::wire::{LabelMatcher, Query, ReadRequest, ReadResponse, STREAMED};
use super::*;

/// Two series with a sample a minute: 1, 2, 3 and so on, and 10 times that.
struct Minutes;

impl Samples for Minutes {
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        for (pod, factor) in [("b", 10.0), ("a", 1.0)] {
            let labels = Labels::new([("pod", pod), ("__name__", "load")]);
            let all = (1..=10_i32).map(|it| (i64::from(it) * 60_000, f64::from(it) * factor));
            let inside = all.filter(|it| (span.first..=span.last).contains(&it.0));
            let samples: Vec<Sample> = inside.collect();
            if labels.matches(matchers) && !samples.is_empty() {
                each(&labels, &samples);
            }
        }
    }
}

fn ask(method: &str, target: &str, body: &[u8]) -> (Response, Vec<u8>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let now = Timestamp::from_second(600).unwrap();
    let question = Question {
        method,
        path,
        query,
        body,
        now,
    };
    let response = answer(&Minutes, &question);
    let body = match &response.body {
        Body::Whole(bytes) => bytes.to_vec(),
        Body::Stream(_) => panic!("whole answers alone"),
    };
    (response, body)
}

fn json(target: &str) -> (u16, Value) {
    let (response, body) = ask("GET", target, b"");
    (response.code, serde_json::from_slice(&body).unwrap())
}

fn read(accepted: &[i32]) -> Vec<u8> {
    let matcher = |kind, name: &str, value: &str| LabelMatcher {
        kind,
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let request = ReadRequest {
        queries: vec![Query {
            start: 120_000,
            end: 180_000,
            matchers: vec![matcher(0, "__name__", "load"), matcher(2, "pod", "a|c")],
        }],
        accepted: accepted.to_vec(),
    };
    snap::raw::Encoder::new()
        .compress_vec(&request.encode_to_vec())
        .unwrap()
}

#[test]
fn selectors_are_answered_now_over_a_range_and_as_labels() {
    let a = json!({ "__name__": "load", "pod": "a" });
    let b = json!({ "__name__": "load", "pod": "b" });
    let cases = [
        (
            "/api/v1/query?query=load{pod=%22b%22}%20or%20load&time=150.5",
            json!({ "resultType": "vector", "result": [
            { "metric": a, "value": [150.5, "2"] }, { "metric": b, "value": [150.5, "20"] }] }),
        ),
        (
            "/api/v1/query_range?query=load{pod=%22b%22}%20or%20{pod=%22b%22}&start=60&end=120&step=60",
            json!({ "resultType": "matrix", "result": [
            { "metric": b, "values": [[60.0, "10"], [120.0, "20"]] }] }),
        ),
        (
            "/api/v1/query?query=load&time=150.5",
            json!({ "resultType": "vector", "result": [
            { "metric": a, "value": [150.5, "2"] }, { "metric": b, "value": [150.5, "20"] }] }),
        ),
        (
            "/api/v1/query?query=load%7Bpod%3D%22a%22%7D",
            json!({ "resultType": "vector",
            "result": [{ "metric": a, "value": [600.0, "10"] }] }),
        ),
        (
            "/api/v1/query?query=load&time=900",
            json!({ "resultType": "vector", "result": [] }),
        ),
        (
            "/api/v1/query?query=max(count_over_time(load[3m]))",
            json!({ "resultType": "vector",
            "result": [{ "metric": {}, "value": [600.0, "3"] }] }),
        ),
        (
            "/api/v1/query_range?query=load%7Bpod%3D%22a%22%7D&start=0&end=1200&step=5m",
            json!({ "resultType": "matrix", "result": [{ "metric": a,
                "values": [[300.0, "5"], [600.0, "10"]] }] }),
        ),
        (
            "/api/v1/series?match[]=load&match[]=%7Bpod%3D%22a%22%7D",
            json!([a, b]),
        ),
        ("/api/v1/series?match[]=load&start=601", json!([])),
    ];
    for (target, expected) in cases {
        let (code, found) = json(target);
        assert_eq!((code, &found["data"]), (200, &expected), "{target}");
        assert_eq!(found["status"], "success");
    }
}

#[test]
fn what_only_a_prometheus_can_is_refused_with_the_way_to_one() {
    let cases = [
        ("/api/v1/query?query=rate(load[5m])", 422, "promtool"),
        (
            "/api/v1/query_range?query=sum(load)&start=0&end=1&step=1",
            422,
            "promtool",
        ),
        ("/api/v1/labels", 404, "promtool"),
        ("/api/v1/query", 400, "\"query\" is missing"),
        (
            "/api/v1/query?query=load&time=soon",
            400,
            "invalid parameter \"time\"",
        ),
        (
            "/api/v1/query_range?query=load&start=0&end=1",
            400,
            "\"step\" is missing",
        ),
        (
            "/api/v1/query_range?query=load&start=0&step=1",
            400,
            "\"end\" is missing",
        ),
        (
            "/api/v1/query_range?query=load&start=9&end=1&step=1",
            400,
            "must not be before",
        ),
        (
            "/api/v1/query_range?query=load&start=0&end=11000&step=1",
            400,
            "11,000 points",
        ),
        (
            "/api/v1/query_range?query=load&start=-2e11&end=2e11&step=0.001",
            400,
            "11,000 points",
        ),
        ("/api/v1/series", 400, "no match[]"),
    ];
    for (target, code, part) in cases {
        let (found, body) = json(target);
        let message = body["error"].as_str().unwrap();
        assert!(
            found == code && message.contains(part),
            "{target}: {found} {message}"
        );
        assert_eq!(body["status"], "error");
    }
}

#[test]
fn probes_are_answered() {
    let (ready, text) = ask("GET", "/-/ready", b"");
    assert_eq!(
        (ready.code, text.as_slice()),
        (200, b"The sandbox is Ready.\n".as_slice())
    );
    assert_eq!(
        json("/api/v1/status/buildinfo").1["data"]["version"],
        "3.0.0"
    );
    assert_eq!(ask("DELETE", "/api/v1/series", b"").0.code, 400);
}

#[test]
fn a_client_that_takes_no_chunks_gets_samples() {
    let (response, body) = ask("POST", "/api/v1/read", &read(&[]));
    assert_eq!(response.content_type, "application/x-protobuf");
    assert_eq!(
        response.headers,
        [("content-encoding", "snappy".to_owned())]
    );
    let message = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
    let message = ReadResponse::decode(message.as_slice()).unwrap();
    let series = &message.results[0].series;
    assert_eq!(series.len(), 1);
    assert_eq!(series[0].labels[1].value, "a");
    let samples: Vec<Sample> = series[0]
        .samples
        .iter()
        .map(|it| (it.time, it.value))
        .collect();
    assert_eq!(samples, [(120_000, 2.0), (180_000, 3.0)]);
}

#[test]
fn chunks_come_in_frames_that_the_client_takes_apart() {
    use crate::metrics::prometheus::remote_read::ChunkStream;
    use crate::metrics::prometheus::xor;

    let (response, body) = ask("POST", "/api/v1/read", &read(&[STREAMED]));
    assert!(
        response
            .content_type
            .starts_with("application/x-streamed-protobuf")
    );
    let mut samples: Vec<Sample> = vec![];
    let mut stream = ChunkStream::new(1);
    let frame = |frame: crate::metrics::prometheus::remote_read::Frame| {
        for chunk in frame.series.iter().flat_map(|it| &it.chunks) {
            assert_eq!((chunk.min_time_ms, chunk.max_time_ms), (120_000, 180_000));
            xor::decode(&chunk.data, |it| samples.push((it.at_ms, it.value))).unwrap();
        }
    };
    stream.feed(body.into(), frame).unwrap();
    assert_eq!(samples, [(120_000, 2.0), (180_000, 3.0)]);
}

#[test]
fn bodies_that_are_no_requests_are_refused() {
    // The first announces 4 GiB.
    let bodies: [&[u8]; 4] = [b"\xFF\xFF\xFF\xFF\x0F", b"", b"\x03\x08abc", b"hello"];
    for body in bodies {
        let (response, _) = ask("POST", "/api/v1/read", body);
        assert_eq!(response.code, 400, "{body:?}");
    }
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::prometheus::xor::decode;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            (0..100_i32).prop_map(f64::from),
            Just(f64::from_bits(past::STALE))
        ]
    }

    proptest! {
        #[test]
        fn chunks_decode_to_what_was_encoded(
            start in any::<i64>(),
            distances in prop::collection::vec((prop_oneof![0..100_i64, any::<i64>()], value()), 0..40),
        ) {
            let mut time = start;
            let step = |(distance, value): (i64, f64)| {
                time = time.wrapping_add(distance);
                (time, value)
            };
            let samples: Vec<Sample> = distances.into_iter().map(step).collect();
            let mut found = vec![];
            decode(&xor::encode(&samples), |it| found.push((it.at_ms, it.value.to_bits()))).unwrap();
            let expected: Vec<(i64, u64)> = samples.iter().map(|it| (it.0, it.1.to_bits())).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_request_breaks_it(
            path in "/(api/v1/(read|query|query_range|series)|[a-z/]{0,9})",
            query in "((query|time|start|end|step|match\\[\\])=[a-z0-9{}\"=.%+e-]{0,12}&){0,5}",
            body in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let question = Question {
                method: "POST",
                path: &path,
                query: &query,
                body: &body,
                now: Timestamp::UNIX_EPOCH,
            };
            let response = answer(&Minutes, &question);
            prop_assert!((200..500).contains(&response.code));
        }
    }
}
