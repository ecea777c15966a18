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
