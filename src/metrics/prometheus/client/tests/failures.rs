//! Answers as they should not be.

use std::time::Duration;

use axum::Router;
use axum::routing::any;
use bytes::Bytes;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use tokio::net::TcpListener;

use super::{at, numbered, series_of};
use crate::metrics::prometheus::client::fake::{
    EMPTY_VECTOR, answer, client, client_with, json, options, pieces, serve, serve_raw,
};
use crate::metrics::prometheus::{Client, Error, Labels, Reach};

async fn instant(client: &Client) -> Result<usize, Error> {
    client.instant("up", at(1)).await.map(|it| it.len())
}

/// The error of an instant query that is answered so, without what depends on the port.
async fn error_of(status: u16, kind: &'static str, body: &'static str) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    let url = serve(numbered(move |_| answer(status, kind, body))).await;
    let error = instant(&client(&url)).await.unwrap_err();
    error.to_string().replace(&url, "URL")
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let status = StatusCode::from_u16(status).unwrap();
        let router = numbered(move |n| match n {
            0 | 1 => answer(status, "text/plain", "busy"),
            _ => json(EMPTY_VECTOR),
        });
        let client = client(&serve(router).await);
        assert_eq!(instant(&client).await.unwrap(), 0);
        assert_eq!(client.traffic().requests, 3);
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up() {
    let busy = |_| answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "no leader\n");
    let url = serve(numbered(busy)).await;
    let client = client(&url);
    let error = instant(&client).await.unwrap_err();
    let expected = format!("Prometheus at {url} cannot answer now (503): no leader");
    assert_eq!(error.to_string(), expected);
    assert_eq!(client.traffic().requests, 4);
}

#[tokio::test]
async fn what_will_not_change_is_asked_once() {
    for status in [400, 401, 403, 404, 422] {
        let status = StatusCode::from_u16(status).unwrap();
        let url = serve(numbered(move |_| answer(status, "text/plain", "no"))).await;
        let client = client(&url);
        instant(&client).await.unwrap_err();
        assert_eq!(client.traffic().requests, 1, "{status}");
    }
}

#[tokio::test]
async fn refusals_are_told_as_the_server_tells_them() {
    let json = "application/json";
    let cases = [
        (
            401,
            "text/plain",
            "Unauthorized\n",
            "Prometheus at URL does not know who is asking (401): Unauthorized",
        ),
        (
            404,
            "text/plain",
            "404 page not found\n",
            "no Prometheus API at URL (404): 404 page not found",
        ),
        (
            400,
            json,
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
            "Prometheus at URL refused the query (bad_data): parse error",
        ),
        (
            200,
            json,
            r#"{"status":"error","errorType":"internal","error":"odd"}"#,
            "Prometheus at URL refused the query (internal): odd",
        ),
        (
            422,
            json,
            r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}"#,
            "the query is too large for Prometheus at URL: query processing would load too many samples into memory in query execution",
        ),
        (
            200,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><title>Sign in</title>",
            "URL is not a Prometheus API: it answers with a web page, \"Sign in\"",
        ),
        (
            200,
            "text/plain",
            "Prometheus is Healthy.\n",
            "URL is not a Prometheus API: it answers with \"Prometheus is Healthy.\"",
        ),
        (
            200,
            json,
            "",
            "the answer of Prometheus at URL is truncated",
        ),
    ];
    for (status, kind, body, expected) in cases {
        assert_eq!(error_of(status, kind, body).await, expected);
    }
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let url = serve(numbered(|_| {
        let mut answer = answer(StatusCode::FOUND, "text/html", "");
        let to = HeaderValue::from_static("https://login.example.com/?state=1");
        answer.headers_mut().insert(LOCATION, to);
        answer
    }))
    .await;
    let error = instant(&client(&url)).await.unwrap_err();
    let expected = format!("{url} redirects to https://login.example.com/");
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_truncated() {
    let raw: [&'static [u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"status\":\"success\",\"data\":{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{\"status\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"success\",\"data\":{\"result\":[{}",
    ];
    for bytes in raw {
        let client = client(&serve_raw(bytes).await);
        let error = instant(&client).await.unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{error}");
        assert_eq!(client.traffic().requests, 4);
    }
}

#[tokio::test]
async fn a_new_try_begins_anew() {
    let half = r#"{"status":"success","data":[{"a":"1"},{"a":"2"},"#;
    let whole = r#"{"status":"success","data":[{"a":"1"},{"a":"2"},{"a":"3"}]}"#;
    let url = serve(numbered(move |n| json(if n == 0 { half } else { whole }))).await;
    let client = client(&url);
    let keep = |found: &mut Vec<String>, labels: Labels| found.push(labels.to_string());
    let found = client.series(&[], at(1), at(2), Vec::new, keep).await;
    assert_eq!(found.unwrap(), ["{a=\"1\"}", "{a=\"2\"}", "{a=\"3\"}"]);
    assert_eq!(client.traffic().requests, 2);
}

#[tokio::test]
async fn answers_without_sense_are_bad_answers() {
    let long = format!(r#"{{"status":"success","x":"{}"}}"#, "x".repeat(70_000));
    let bodies = [
        long,
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":1}]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[]}} more"#.to_owned(),
        "{}".to_owned(),
    ];
    for body in bodies {
        let url = serve(numbered(move |_| json(body.clone()))).await;
        let error = instant(&client(&url)).await.unwrap_err();
        assert!(matches!(error, Error::BadAnswer { .. }), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_timeout() {
    let router = Router::new().fallback(any(|| async {
        let first = Bytes::from_static(b"{\"status\":");
        let forever = futures_util::stream::pending();
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>(first)]);
        json(axum::body::Body::from_stream(
            futures_util::StreamExt::chain(first, forever),
        ))
    }));
    let mut options = options();
    options.timeout = Duration::from_millis(50);
    let client = client_with(&serve(router).await, &options);
    let error = instant(&client).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(error.to_string().ends_with("within 0.05 s"), "{error}");
    assert_eq!(client.traffic().requests, 2);
}

#[tokio::test]
async fn a_slow_answer_in_time_is_read_to_its_end() {
    let router = numbered(|_| {
        let bytes = EMPTY_VECTOR.as_bytes().chunks(3).map(Bytes::from_static);
        json(pieces(bytes))
    });
    assert_eq!(instant(&client(&serve(router).await)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = client(&url);
    let error = series_of(&refused).await.unwrap_err();
    let expected = format!("cannot reach Prometheus at {url}: connection refused");
    assert_eq!(error.to_string(), expected);
    assert_eq!(refused.traffic().requests, 1);

    let unknown = client("http://me:s3cret@no-such-host.invalid");
    let error = series_of(&unknown).await.unwrap_err();
    let expected =
        "cannot reach Prometheus at http://no-such-host.invalid: the host name is unknown";
    assert_eq!(error.to_string(), expected);
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_tried_again() {
    let client = client(&serve_raw(b"").await);
    let error = instant(&client).await.unwrap_err();
    match error {
        Error::Unreachable { problem, .. } => assert_eq!(problem, Reach::Reset),
        other => panic!("{other}"),
    }
    assert_eq!(client.traffic().requests, 4);
}
