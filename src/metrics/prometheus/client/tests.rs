//! The client against servers: real HTTP, or an API server in memory.

mod answers;
mod authentication;
mod failures;
mod observed;
mod remote_read;
mod service_proxy;
mod tls;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use axum::{Router, body};
use http::Method;
use jiff::Timestamp;

use super::RangeQuery;
use crate::metrics::prometheus::{Client, Error};
use crate::units::Step;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn query() -> RangeQuery {
    RangeQuery {
        expr: "sum by (pod) (x{a=\"&+ü\"})".to_owned(),
        start: at(1_700_000_000),
        end: at(1_700_003_600),
        step: Step::FIVE_MINUTES,
    }
}

/// Series and samples of a range query, as text.
async fn series_of(client: &Client) -> Result<Vec<String>, Error> {
    client
        .range(
            &query(),
            Vec::new,
            |found: &mut Vec<String>, labels, samples| {
                let samples: Vec<_> = samples.iter().map(|it| (it.at_ms, it.value)).collect();
                found.push(format!("{labels} {samples:?}"));
            },
        )
        .await
}

type Asked = Arc<Mutex<Vec<String>>>;

/// A router that answers by method, and the requests that it got: method, path with query, body,
/// and the values of `headers`.
fn recording(
    headers: &'static [&'static str],
    answer: impl Fn(&Method) -> Response + Clone + Send + Sync + 'static,
) -> (Router, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let router = Router::new().fallback(any(move |request: Request| async move {
        let (head, body) = request.into_parts();
        let body = body::to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        let mut text = format!("{} {} {body}", head.method, head.uri);
        for name in headers {
            let value = head
                .headers
                .get(*name)
                .map_or("-", |it| it.to_str().unwrap());
            text += &format!(" {value}");
        }
        log.lock().unwrap().push(text);
        answer(&head.method)
    }));
    (router, asked)
}

/// A router that answers request number n, counted from 0, with `answer(n)`.
fn numbered(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) -> Router {
    let count = Arc::new(AtomicUsize::new(0));
    Router::new().fallback(any(move || {
        let response = answer(count.fetch_add(1, Ordering::SeqCst));
        async move { response }
    }))
}
