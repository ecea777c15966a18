//! What is told of requests: each once, with how it ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use http::{Method, StatusCode};

use super::{at, numbered, recording};
use crate::metrics::prometheus::client::fake::{
    AT_ONCE, EMPTY_VECTOR, answer, client_with, json, options, proxied, serve,
};
use crate::metrics::prometheus::{Client, End, Observer, Options};

/// How requests ended, and how many bytes came.
type Told = Arc<Mutex<Vec<(String, u64)>>>;

fn observed() -> (Options, Told) {
    let told = Told::default();
    let log = Arc::clone(&told);
    let observer = Observer::new(move |it| {
        let end = match it.end {
            End::Answered => "answered".to_owned(),
            End::Failed(error) => {
                let words = format!("{error:?}");
                words.split(' ').next().unwrap_or_default().to_owned()
            }
            End::GivenUp => "given up".to_owned(),
        };
        log.lock().unwrap().push((end, it.bytes));
    });
    let options = Options {
        observer: Some(observer),
        ..options()
    };
    (options, told)
}

/// What was told, which is as many requests and bytes as the client has counted.
fn ends(client: &Client, told: &Told) -> Vec<String> {
    let told = told.lock().unwrap();
    let traffic = client.traffic();
    assert_eq!(told.len() as u64, traffic.requests, "{told:?}");
    let bytes: u64 = told.iter().map(|it| it.1).sum();
    assert_eq!(bytes, traffic.bytes, "{told:?}");
    told.iter().map(|it| it.0.clone()).collect()
}

#[tokio::test]
async fn tries_are_told_one_by_one() {
    let router = numbered(|n| match n {
        0 => answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "busy"),
        1 => answer(StatusCode::OK, "application/json", r#"{"status":"succ"#),
        _ => json(EMPTY_VECTOR),
    });
    let (options, told) = observed();
    let client = client_with(&serve(router).await, &options);
    client.instant("up", at(1)).await.unwrap();
    assert_eq!(
        ends(&client, &told),
        ["Unavailable", "Truncated", "answered"]
    );
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let forbidden = |_| answer(StatusCode::FORBIDDEN, "text/plain", "no");
    let (options, told) = observed();
    let client = client_with(&serve(numbered(forbidden)).await, &options);
    client.instant("up", at(1)).await.unwrap_err();
    assert_eq!(ends(&client, &told), ["Forbidden"]);
}

#[tokio::test]
async fn a_post_that_leads_to_a_get_is_an_answer_of_its_own() {
    let (router, _) = recording(&[], |method| match *method {
        Method::GET => json(EMPTY_VECTOR),
        _ => answer(StatusCode::FORBIDDEN, "application/json", "{}"),
    });
    let (options, told) = observed();
    let client = proxied(router, &options, AT_ONCE);
    client.instant("up", at(1)).await.unwrap();
    client.instant("up", at(1)).await.unwrap();
    assert_eq!(ends(&client, &told), ["answered"; 3]);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_told_when_the_time_is_over_or_nobody_waits() {
    let router = Router::new().fallback(any(std::future::pending::<()>));
    let (options, told) = observed();
    let options = Options {
        timeout: Duration::from_millis(50),
        ..options
    };
    let client = client_with(&serve(router).await, &options);
    client.instant("up", at(1)).await.unwrap_err();
    // One that has used up its time is tried once more.
    assert_eq!(ends(&client, &told), ["Timeout", "Timeout"]);
    let asked = tokio::time::timeout(Duration::ZERO, client.instant("up", at(1)));
    assert!(asked.await.is_err());
    let told = told.lock().unwrap();
    assert_eq!(told.last().unwrap().0, "given up");
}
