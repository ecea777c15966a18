//! Answers as they come over the wire.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, LOCATION};
use tokio::net::TcpListener;

use super::{Error, Options, prices};
use crate::analysis::Prices;

/// What OpenCost answers of two namespaces at the list prices that it comes with, without fields about
/// labels, network and volumes. Its shape is OpenCost 1.108's; the amounts are made up.
const WHOLE: &str = r#"{"code":200,"data":[{
"kube-system":{"name":"kube-system","properties":{"cluster":"cluster-one","namespace":"kube-system"},
"window":{"start":"2024-01-15T00:00:00Z","end":"2024-01-29T00:00:00Z"},"start":"2024-01-15T00:00:00Z",
"end":"2024-01-29T00:00:00Z","minutes":20160,"cpuCores":0.95,"cpuCoreRequestAverage":0.95,
"cpuCoreUsageAverage":0.05184,"cpuCoreHours":319.2,"cpuCost":10.09023,"cpuCostAdjustment":0,
"cpuEfficiency":0.05457,"gpuCount":0,"gpuHours":0,"gpuCost":0,"gpuCostAdjustment":0,"pvs":null,
"ramBytes":304087040,"ramByteRequestAverage":304087040,"ramByteUsageAverage":512000000.5,
"ramByteHours":102173245440,"ramCost":0.40309,"ramCostAdjustment":0,"ramEfficiency":1.68373,
"externalCost":0,"sharedCost":0,"totalCost":10.49332,"totalEfficiency":0.11715,"lbAllocations":null},
"prometheus":{"name":"prometheus","minutes":20160,"cpuCores":0.00212,"cpuCoreHours":0.71232,
"cpuCost":0.02252,"cpuCostAdjustment":0,"cpuEfficiency":1,"ramBytes":2147483648,
"ramByteHours":721554505728,"ramCost":2.84662,"ramCostAdjustment":0,"totalCost":2.86914}}]}"#;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// What is made of this answer.
async fn of(status: u16, body: impl Into<Body>) -> Result<Prices, Error> {
    let response = Response::builder().status(status).body(body.into());
    let response = std::sync::Mutex::new(response.ok());
    let response = std::sync::Arc::new(response);
    let answer = move || {
        let response = response.lock().unwrap().take();
        async move { response.unwrap() }
    };
    let url = serve(Router::new().fallback(answer)).await;
    let list = prices(&Options::new(url), 14).await?;
    Ok(list.everywhere)
}

#[tokio::test]
async fn a_whole_answer_gives_the_list_prices_that_it_was_made_with() {
    let answer = |request: Request| async move {
        assert_eq!(
            request.uri().to_string(),
            "/model/allocation/compute?window=14d&aggregate=namespace&accumulate=true"
        );
        // `me:pw`
        assert_eq!(request.headers()[AUTHORIZATION], "Basic bWU6cHc=");
        WHOLE
    };
    let url = serve(Router::new().fallback(answer)).await;
    let url = url.replace("http://", "http://me:pw@") + "/model";
    let list = prices(&Options::new(url), 14).await.unwrap();
    let near = |price: Option<f64>, expected: f64| (price.unwrap() / expected - 1.0).abs() < 1e-3;
    for namespace in ["kube-system", "prometheus", "shop"] {
        let Prices { cpu_hour, gib_hour } = list.of(namespace);
        assert!(near(cpu_hour, 0.031611), "{namespace}: {cpu_hour:?}");
        assert!(near(gib_hour, 0.004237), "{namespace}: {gib_hour:?}");
    }
    assert_eq!(list.namespaces["prometheus"].cpu_hour, None);
}

#[tokio::test]
async fn what_is_no_answer_is_told_with_the_reason() {
    let cases = [
        (200, "", "not an answer of OpenCost's allocation API"),
        (
            200,
            "<html>Log in</html>",
            "not an answer of OpenCost's allocation API",
        ),
        (
            200,
            r#"{"code":200,"data":[]}"#,
            "knows of no namespace in this window",
        ),
        (
            200,
            r#"{"code":200,"data":[{"a":{"cpuCoreHours":9,"cpuCost":-1}}]}"#,
            "the CPU of namespace `a` has a negative cost",
        ),
        (
            200,
            r#"{"code":200,"data":[{"a":{"cpuCoreHours":9,"cpuCost":NaN}}]}"#,
            "not an answer of OpenCost's allocation API",
        ),
        (500, "oh no", "answered HTTP 500"),
        (
            500,
            r#"{"code":500,"data":null,"message":"Prometheus password=hunter2 is away"}"#,
            "answered HTTP 500: Prometheus password=REDACTED is away",
        ),
        (404, "404 page not found", "answered HTTP 404"),
        (
            302,
            "",
            "answered HTTP 302: redirects are not followed, give the last address",
        ),
    ];
    for (status, body, part) in cases {
        let told = of(status, body).await.unwrap_err().to_string();
        assert!(told.contains(part), "{body}: {told}");
        assert!(told.contains("http://127.0.0.1:"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_may_be_large_but_not_too_large() {
    let padded = |bytes: usize| WHOLE.to_owned() + &" ".repeat(bytes - WHOLE.len());
    assert!(of(200, padded(super::MOST_BYTES)).await.is_ok());
    let refused = of(200, padded(super::MOST_BYTES + 1)).await.unwrap_err();
    assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
    assert!(refused.to_string().ends_with("is larger than 10 MiB"));
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_left() {
    let never = || async {
        std::future::pending::<()>().await;
    };
    // The head comes, the rest does not.
    let halfway = || async {
        let pieces = futures_util::stream::once(async { Ok::<_, std::io::Error>("{") });
        let pieces = futures_util::StreamExt::chain(pieces, futures_util::stream::pending());
        Body::from_stream(pieces).into_response()
    };
    for router in [
        Router::new().fallback(never),
        Router::new().fallback(halfway),
    ] {
        let options = Options {
            timeout: Duration::from_millis(200),
            ..Options::new(serve(router).await)
        };
        let refused = prices(&options, 14).await.unwrap_err();
        assert!(matches!(refused, Error::Late { .. }), "{refused}");
    }
}

#[tokio::test]
async fn nobody_there_and_no_address_are_told_without_the_password() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = Options::new(format!("http://me:hunter2@{address}"));
    let refused = prices(&options, 14).await.unwrap_err();
    assert!(matches!(refused, Error::Unreachable { .. }), "{refused}");
    assert!(!format!("{refused:?}{refused}").contains("hunter2"));
    let refused = prices(&Options::new("me:hunter2@o".to_owned()), 14).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Address(_)), "{refused}");
    assert!(!refused.to_string().contains("hunter2"));
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let redirect = |request: Request| async move {
        assert_ne!(request.uri().path(), "/elsewhere");
        (StatusCode::FOUND, [(LOCATION, "/elsewhere")])
    };
    let url = serve(Router::new().fallback(redirect)).await;
    let refused = prices(&Options::new(url), 14).await.unwrap_err();
    assert!(
        matches!(refused, Error::Refused { status: 302, .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_broken_connection_is_no_answer() {
    let broken = || async {
        let pieces = [Ok("{"), Err(std::io::Error::other("gone"))];
        Body::from_stream(futures_util::stream::iter(pieces)).into_response()
    };
    let url = serve(Router::new().fallback(broken)).await;
    let refused = prices(&Options::new(url), 14).await.unwrap_err();
    assert!(matches!(refused, Error::BrokenOff { .. }), "{refused}");
}
