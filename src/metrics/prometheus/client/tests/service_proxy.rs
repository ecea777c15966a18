//! Through the API server.

use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use flate2::write::ZlibEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{at, numbered, recording};
use crate::metrics::prometheus::client::fake::{
    AT_ONCE, EMPTY_VECTOR, PROXY, answer, json, options, proxied,
};
use crate::metrics::prometheus::{Backoff, Error, Options, Transport};

const FORBIDDEN: &str = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"services \"prometheus:9090\" is forbidden: User \"me\" cannot create resource \"services/proxy\"","reason":"Forbidden","code":403}"#;

#[tokio::test]
async fn requests_go_to_the_path_of_the_proxy_with_our_headers() {
    let (router, asked) = recording(&["x-scope-orgid"], |_| json(EMPTY_VECTOR));
    let options = Options {
        headers: vec![("X-Scope-OrgID".to_owned(), "a".to_owned())],
        ..options()
    };
    let client = proxied(router, &options, AT_ONCE);
    assert_eq!(client.instant("up", at(1)).await.unwrap(), []);
    let expected = format!(
        "POST {PROXY}/api/v1/query query=up&time=1&timeout=18s&partial_response=false&deny_partial_response=1 a"
    );
    assert_eq!(*asked.lock().unwrap(), [expected]);
    assert_eq!(
        client.name(),
        "monitoring/prometheus:9090 through the API server"
    );
}

#[tokio::test]
async fn who_may_only_get_asks_by_get() {
    let (router, asked) = recording(&[], |method| match *method {
        Method::GET => json(EMPTY_VECTOR),
        _ => answer(StatusCode::FORBIDDEN, "application/json", FORBIDDEN),
    });
    let client = proxied(router, &options(), AT_ONCE);
    for _ in 0..2 {
        assert_eq!(client.instant("up", at(1)).await.unwrap(), []);
    }
    let post = format!(
        "POST {PROXY}/api/v1/query query=up&time=1&timeout=18s&partial_response=false&deny_partial_response=1"
    );
    let get = format!(
        "GET {PROXY}/api/v1/query?query=up&time=1&timeout=18s&partial_response=false&deny_partial_response=1 "
    );
    assert_eq!(*asked.lock().unwrap(), [post, get.clone(), get]);
}

#[tokio::test]
async fn who_may_do_neither_is_told_what_the_api_server_says() {
    let forbid = |_| answer(StatusCode::FORBIDDEN, "application/json", FORBIDDEN);
    let client = proxied(numbered(forbid), &options(), AT_ONCE);
    let error = client.instant("up", at(1)).await.unwrap_err();
    let expected = "not allowed to query Prometheus at monitoring/prometheus:9090 through the API \
                    server (403): services \"prometheus:9090\" is forbidden: User \"me\" cannot \
                    create resource \"services/proxy\"";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn answers_are_asked_for_packed_so_that_their_bytes_can_be_counted() {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(EMPTY_VECTOR.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let length = packed.len() as u64;
    let router = Router::new().fallback(any(move |headers: HeaderMap| {
        let packed = packed.clone();
        async move {
            assert_eq!(headers[ACCEPT_ENCODING], "deflate, gzip");
            let mut answer = json(packed);
            let deflate = HeaderValue::from_static("deflate");
            answer.headers_mut().insert(CONTENT_ENCODING, deflate);
            answer
        }
    }));
    let client = proxied(router, &options(), AT_ONCE);
    assert_eq!(client.instant("up", at(1)).await.unwrap(), []);
    assert_eq!(client.traffic().bytes, length);
}

#[tokio::test(start_paused = true)]
async fn the_server_says_how_long_to_wait() {
    let router = numbered(|n| {
        let mut busy = answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", "busy");
        busy.headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("7"));
        if n == 0 { busy } else { json(EMPTY_VECTOR) }
    });
    let client = proxied(router, &options(), Backoff::default());
    let before = tokio::time::Instant::now();
    assert_eq!(client.instant("up", at(1)).await.unwrap(), []);
    let waited = before.elapsed();
    assert!((7..8).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn waits_grow_until_the_server_is_given_up() {
    let busy = |_| answer(StatusCode::BAD_GATEWAY, "text/plain", "busy");
    let client = proxied(numbered(busy), &options(), Backoff::default());
    let before = tokio::time::Instant::now();
    let error = client.instant("up", at(1)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    let waited = before.elapsed();
    let expected = Duration::from_millis(500 + 1000 + 2000);
    assert!(
        waited.abs_diff(expected) < Duration::from_millis(50),
        "{waited:?}"
    );
    assert_eq!(client.traffic().requests, 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_times_out() {
    let router = Router::new().fallback(any(std::future::pending::<()>));
    let client = proxied(router, &options(), Backoff::default());
    let error = client.instant("up", at(1)).await.unwrap_err();
    assert!(error.to_string().ends_with("within 20 s"), "{error}");
    assert_eq!(client.traffic().requests, 2);
}

#[tokio::test]
async fn credentials_for_prometheus_cannot_pass_the_api_server() {
    let token = Options {
        bearer_token: Some("t".to_owned()),
        ..options()
    };
    let header = Options {
        headers: vec![("authorization".to_owned(), "Bearer t".to_owned())],
        ..options()
    };
    for (options, credential) in [
        (token, "a bearer token"),
        (header, "the header Authorization"),
    ] {
        let kube = kube::Client::new(numbered(|_| json("")), "default");
        let error = Transport::service_proxy(kube, PROXY, &options)
            .err()
            .unwrap();
        let expected = format!(
            "{credential} cannot reach Prometheus through the API server's service proxy, \
             which takes the Authorization header for itself"
        );
        assert_eq!(error.to_string(), expected);
    }
}
