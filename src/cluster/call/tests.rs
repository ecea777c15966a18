use super::*;
use crate::cluster::fake::{Answer, answer, cluster, failure};
use axum::body::Body as AxumBody;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const ASKED: Asked<'_> = Asked {
    verb: "list",
    resource: "pods",
    namespace: Some("shop"),
};

async fn error_of(serve: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let cluster = cluster(move |_: &str, _: &str| serve());
    let error = cluster.get::<Value>(ASKED, "/").await.unwrap_err();
    error.to_string()
}

fn page(code: StatusCode, text: &'static str) -> Answer {
    let answer = http::Response::builder().status(code);
    answer.body(AxumBody::from(text)).unwrap()
}

#[tokio::test]
async fn failures_are_told_in_the_words_of_the_api() {
    let internal = || {
        failure(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "etcd is gone",
        )
    };
    assert_eq!(
        error_of(internal).await,
        "cannot list pods in namespace shop: etcd is gone (500 InternalError)"
    );
    assert_eq!(
        error_of(|| failure(StatusCode::FORBIDDEN, "Forbidden", "not you")).await,
        "may not list pods in namespace shop: not you"
    );
}

#[tokio::test]
async fn answers_of_something_else_are_told_too() {
    assert_eq!(
        error_of(|| page(StatusCode::BAD_GATEWAY, "\n<h1>nginx</h1>\n<p>")).await,
        "cannot list pods in namespace shop: <h1>nginx</h1> (502 Bad Gateway)"
    );
    assert_eq!(
        error_of(|| page(StatusCode::OK, "<html>log in")).await,
        "cannot list pods in namespace shop: the answer is not what the API describes"
    );
    assert_eq!(
        error_of(|| page(StatusCode::OK, "{\"items\": [")).await,
        "cannot list pods in namespace shop: the answer is not what the API describes"
    );
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let asked = AtomicU32::new(0);
    let cluster = cluster(move |_: &str, _: &str| {
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            failure(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "slow down",
            )
        } else {
            answer(StatusCode::OK, json!("served"))
        }
    });
    let served: Value = cluster.get(ASKED, "/").await.unwrap();
    assert_eq!(served, "served");
}

/// The time between the first two requests to a server that wants to be left alone for so long.
async fn pause(retry_after: &'static str) -> Duration {
    let asked = AtomicU32::new(0);
    let cluster = cluster(move |_: &str, _: &str| {
        let mut refused = failure(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "slow down",
        );
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let header = http::HeaderValue::from_static(retry_after);
                refused.headers_mut().insert("retry-after", header);
                refused
            }
            _ => answer(StatusCode::OK, json!("served")),
        }
    });
    let before = tokio::time::Instant::now();
    let _: Value = cluster.get(ASKED, "/").await.unwrap();
    before.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_for_how_long_is_left_alone_so_long_within_reason() {
    for (text, seconds) in [("2", 2.0), ("3600", 10.0), ("0", 0.25), ("soon", 0.25)] {
        let waited = pause(text).await.as_secs_f64();
        assert!((waited - seconds).abs() < 0.01, "{text}: {waited}");
    }
}

/// Requests for a write that is answered with `code` at first, and its outcome.
async fn written(code: StatusCode) -> (u32, bool) {
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let counter = std::sync::Arc::clone(&asked);
    let cluster = cluster(
        move |_: &str, _: &str| match counter.fetch_add(1, Ordering::Relaxed) {
            0 => failure(code, "", "not now"),
            _ => answer(StatusCode::OK, json!({})),
        },
    );
    let place = crate::cluster::write::Place {
        kind: crate::store::KIND,
        namespace: "shop",
        name: "web",
    };
    let change = crate::cluster::write::Change::Delete;
    let writing = crate::cluster::write::Writing {
        manager: "test",
        force: false,
        dry_run: false,
    };
    let outcome = cluster.write(&place, &change, &writing).await;
    (asked.load(Ordering::Relaxed), outcome.is_ok())
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_where_it_was_not_begun() {
    assert_eq!(written(StatusCode::TOO_MANY_REQUESTS).await, (2, true));
    for code in [500, 503, 504] {
        let code = StatusCode::from_u16(code).unwrap();
        assert_eq!(written(code).await, (1, false), "{code}");
    }
}

#[tokio::test]
async fn a_refusal_below_the_service_proxy_is_an_answer() {
    let cluster = cluster(|_: &str, _: &str| page(StatusCode::UNAUTHORIZED, "no org id"));
    let request = http::Request::get("/api/v1/namespaces/m/services/mimir:80/proxy/api/v1/query");
    let response = cluster.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_name_too_long_for_a_request_is_an_error() {
    let cluster = cluster(|_: &str, _: &str| answer(StatusCode::OK, json!({})));
    let path = format!("/{}", "a".repeat(70_000));
    let error = cluster.get::<Value>(ASKED, &path).await.unwrap_err();
    assert_eq!(error.code(), Some(414));
}

#[test]
fn whatever_was_typed_stays_one_segment() {
    let cases = [
        ("web-1.example", "web-1.example"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        ("sh op?x#y", "sh%20op%3Fx%23y"),
        ("ä", "%C3%A4"),
    ];
    for (name, expected) in cases {
        assert_eq!(segment(name), expected);
    }
}
