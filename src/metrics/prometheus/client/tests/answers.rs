//! Answers as they should be, however they come.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::any;
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{at, numbered, query, recording, series_of};
use crate::metrics::prometheus::client::fake::{
    EMPTY_VECTOR, answer, client, client_with, json, options, pieces, serve,
};
use crate::metrics::prometheus::{BuildInfo, Compression, Instant, Labels, Traffic};

const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{"pod":"web-1"},"values":[[1700000000,"0.25"],[1700000300.5,"NaN"]]},
    {"metric":{"pod":"}]\""},"values":[[1700000000,"1"]]}]},"warnings":["slow"]}"#;

fn expected() -> [String; 2] {
    [
        r#"{pod="web-1"} [(1700000000000, 0.25), (1700000300500, NaN)]"#.to_owned(),
        r#"{pod="}]\""} [(1700000000000, 1.0)]"#.to_owned(),
    ]
}

#[tokio::test]
async fn a_matrix_arrives_in_any_pieces() {
    for size in [1, 7, 64, MATRIX.len()] {
        let router = numbered(move |_| {
            let parts = MATRIX.as_bytes().chunks(size).map(Bytes::from_static);
            json(pieces(parts))
        });
        let client = client(&serve(router).await);
        assert_eq!(series_of(&client).await.unwrap(), expected());
        assert_eq!(client.warnings(), ["slow"]);
        let traffic = Traffic {
            requests: 1,
            bytes: MATRIX.len() as u64,
        };
        assert_eq!(client.traffic(), traffic);
    }
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_counted_packed() {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(MATRIX.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let length = packed.len() as u64;
    let router = Router::new().fallback(any(move |headers: HeaderMap| {
        let packed = packed.clone();
        async move {
            let mut answer = if headers[ACCEPT_ENCODING] == "gzip" {
                json(packed)
            } else {
                json("not asked for gzip")
            };
            let gzip = HeaderValue::from_static("gzip");
            answer.headers_mut().insert(CONTENT_ENCODING, gzip);
            answer
        }
    }));
    let mut options = options();
    options.compression = Compression::On;
    let client = client_with(&serve(router).await, &options);
    assert_eq!(series_of(&client).await.unwrap(), expected());
    assert_eq!(client.traffic().bytes, length);
}

#[tokio::test]
async fn a_server_on_this_machine_is_not_asked_to_pack() {
    let router = Router::new().fallback(any(|headers: HeaderMap| async move {
        assert_eq!(headers[ACCEPT_ENCODING], "identity");
        json(EMPTY_VECTOR)
    }));
    let client = client(&serve(router).await);
    assert_eq!(client.instant("up", at(1)).await.unwrap(), []);
}

#[tokio::test]
async fn questions_are_sent_as_forms() {
    let (router, asked) = recording(&[], |_| json(r#"{"status":"success","data":[]}"#));
    let client = client(&(serve(router).await + "/prefix/"));
    let matchers = ["up".to_owned(), "{a=~\"b|c\"}".to_owned()];
    let count = |found: &mut usize, _: Labels| *found += 1;
    let found = client.series(&matchers, at(1), at(2), || 0, count).await;
    assert_eq!(found.unwrap(), 0);
    let _ = series_of(&client).await;
    let half = jiff::Timestamp::from_millisecond(1500).unwrap();
    let _ = client.instant("1 + 1", half).await;
    let expected = [
        "POST /prefix/api/v1/series start=1&end=2&partial_response=false&deny_partial_response=1&match%5B%5D=up&match%5B%5D=%7Ba%3D%7E%22b%7Cc%22%7D",
        "POST /prefix/api/v1/query_range query=sum+by+%28pod%29+%28x%7Ba%3D%22%26%2B%C3%BC%22%7D%29&start=1700000000&end=1700003600&step=300&timeout=18s&nocache=1&partial_response=false&deny_partial_response=1",
        "POST /prefix/api/v1/query query=1+%2B+1&time=1.5&timeout=18s&partial_response=false&deny_partial_response=1",
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn labels_of_series_come_one_by_one() {
    let router = numbered(|_| {
        json(r#"{"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up"}]}"#)
    });
    let client = client(&serve(router).await);
    let keep = |found: &mut Vec<String>, labels: Labels| found.push(labels.to_string());
    let found = client.series(&[], at(1), at(2), Vec::new, keep).await;
    let expected = [r#"{__name__="up",job="a"}"#, r#"{__name__="up"}"#];
    assert_eq!(found.unwrap(), expected);
}

#[tokio::test]
async fn an_instant_query_gives_a_vector_or_a_scalar() {
    let answers = [
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"2"]}]}}"#,
        r#"{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"+Inf"]}}"#,
        r#"{"status":"success","data":{"resultType":"string","result":[1,"text"]}}"#,
        EMPTY_VECTOR,
    ];
    let client = client(&serve(numbered(move |n| json(answers[n]))).await);
    let vector = client.instant("x", at(1)).await.unwrap();
    let labels: Labels = [("a", "b")].into_iter().collect();
    assert_eq!(vector, [Instant { labels, value: 2.0 }]);
    let scalar = client.instant("x", at(1)).await.unwrap();
    let infinite = Instant {
        labels: Labels::default(),
        value: f64::INFINITY,
    };
    assert_eq!(scalar, [infinite]);
    assert!(client.instant("x", at(1)).await.is_err());
    assert_eq!(client.instant("x", at(1)).await.unwrap(), []);
}

#[tokio::test]
async fn queries_go_by_get_where_post_is_not_allowed_and_stay_so() {
    let (router, asked) = recording(&[], |method| match *method {
        Method::GET => json(EMPTY_VECTOR),
        _ => answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", ""),
    });
    let client = client(&serve(router).await);
    for _ in 0..2 {
        assert_eq!(client.instant("a b", at(1)).await.unwrap(), []);
    }
    let get = "GET /api/v1/query?query=a+b&time=1&timeout=18s&partial_response=false&deny_partial_response=1 ";
    let post = "POST /api/v1/query query=a+b&time=1&timeout=18s&partial_response=false&deny_partial_response=1";
    assert_eq!(*asked.lock().unwrap(), [post, get, get]);
    assert_eq!(client.traffic().requests, 3);
}

#[tokio::test]
async fn a_server_tells_its_product_and_version() {
    let answers = [
        r#"{"status":"success","data":{"version":"3.5.0","revision":"x"}}"#,
        r#"{"status":"success","data":{"application":"Grafana Mimir","version":"3.0"}}"#,
        r#"{"status":"success","data":{}}"#,
    ];
    let client = client(&serve(numbered(move |n| json(answers[n]))).await);
    let info = |application: Option<&str>, version: &str| BuildInfo {
        application: application.map(str::to_owned),
        version: version.to_owned(),
    };
    for expected in [
        Some(info(None, "3.5.0")),
        Some(info(Some("Grafana Mimir"), "3.0")),
        None,
    ] {
        assert_eq!(client.build_info().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let most = Arc::new(Mutex::new((0_usize, 0_usize)));
    let seen = Arc::clone(&most);
    let router = Router::new().fallback(any(move || {
        let seen = Arc::clone(&seen);
        async move {
            {
                let mut now = seen.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
            }
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            seen.lock().unwrap().0 -= 1;
            json(EMPTY_VECTOR)
        }
    }));
    let mut options = options();
    options.concurrency = 2;
    let client = client_with(&serve(router).await, &options);
    let asked = (0..12).map(|_| client.instant("up", at(1)));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.unwrap(), []);
    }
    assert!((1..=2).contains(&most.lock().unwrap().1));
    assert_eq!(client.traffic().requests, 12);
}

#[tokio::test]
async fn requests_may_be_moved_to_other_threads() {
    let url = serve(numbered(|_| json(MATRIX))).await;
    let client = client(&url);
    let asked = tokio::spawn(async move {
        let count = |found: &mut usize, _: &Labels, samples: &[_]| *found += samples.len();
        client.range(&query(), || 0, count).await
    });
    assert_eq!(asked.await.unwrap().unwrap(), 3);
}
