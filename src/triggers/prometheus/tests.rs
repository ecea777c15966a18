use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::*;
use crate::keda::trigger::{Secret, Settings, TriggerSource, read as read_trigger};

const LIMIT: Duration = Duration::from_secs(60);

/// Answers what `serve` makes of the path and the headers, on a port of this machine.
async fn server(
    serve: impl Fn(&str, &HeaderMap) -> (StatusCode, String) + Clone + Send + Sync + 'static,
) -> String {
    let router = Router::new().fallback(move |request: Request| {
        let serve = serve.clone();
        async move {
            let uri = request.uri().to_string();
            serve(&uri, request.headers())
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

pub(super) fn settings(url: &str, metadata: &[(&str, &str)], auth: &[(&str, &str)]) -> Prometheus {
    let pairs = |list: &[(&str, &str)]| {
        let pairs = list.iter();
        let pairs = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        pairs.collect::<Vec<_>>()
    };
    let own = [("serverAddress", url), ("query", "up"), ("threshold", "10")];
    let source = TriggerSource {
        kind: "prometheus".to_owned(),
        metadata: pairs(&[&own[..], metadata].concat()).into_iter().collect(),
        auth: pairs(auth)
            .into_iter()
            .map(|(key, value)| (key, Secret::new(value)))
            .collect(),
        ..TriggerSource::default()
    };
    match read_trigger(&source).unwrap().settings {
        Settings::Prometheus(settings) => settings,
        other => panic!("not a prometheus trigger: {other:?}"),
    }
}

fn now() -> Timestamp {
    "2026-08-20T08:00:00Z".parse().unwrap()
}

async fn value(settings: &Prometheus) -> Result<f64, Error> {
    let answered = read(settings, now(), LIMIT, None).await?;
    assert_eq!(answered.via, Via::Direct);
    Ok(answered.reading.value)
}

fn vector(values: &[&str]) -> String {
    let result: Vec<_> = values
        .iter()
        .map(|it| json!({ "metric": {}, "value": [1, it] }))
        .collect();
    json!({ "status": "success", "data": { "resultType": "vector", "result": result } }).to_string()
}

/// Metadata or parameters, as they are written.
type Pairs = &'static [(&'static str, &'static str)];

/// What an API server makes of a request that it is to pass on.
type Way = fn(&str) -> (u16, String);

#[tokio::test]
async fn each_way_to_log_in_is_sent_as_keda_sends_it() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let url = server(move |uri, headers| {
        let header = |name: &str| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
        let found = ["authorization", "x-token", "x-scope-orgid"].map(header);
        let found: Vec<String> = found.into_iter().flatten().collect();
        log.lock()
            .unwrap()
            .push(format!("{uri} {}", found.join("|")));
        (StatusCode::OK, vector(&["4"]))
    })
    .await;
    const CUSTOM: Pairs = &[("customAuthHeader", "X-Token"), ("customAuthValue", "t")];
    let cases: [(Pairs, Pairs, &str); 5] = [
        (&[], &[("bearerToken", "off")], ""),
        (
            &[("authModes", "bearer")],
            &[("bearerToken", "abc")],
            "Bearer abc",
        ),
        (
            &[("authModes", "basic")],
            &[("username", "me"), ("password", "pw")],
            "Basic bWU6cHc=",
        ),
        (&[("authModes", "custom")], CUSTOM, "t"),
        (
            &[
                ("customHeaders", "X-Scope-OrgID=shop"),
                ("namespace", "n"),
                ("queryParameters", "a=b"),
            ],
            &[],
            "shop",
        ),
    ];
    for (metadata, auth, expected) in cases {
        assert_eq!(value(&settings(&url, metadata, auth)).await, Ok(4.0));
        let line = seen.lock().unwrap().pop().unwrap();
        assert!(
            line.starts_with("/api/v1/query?query=up&time=2026-08-20T08:00:00Z"),
            "{line}"
        );
        assert!(line.ends_with(&format!(" {expected}")), "{line}");
        let has_parameters = line.contains("&namespace=n&a=b");
        assert_eq!(has_parameters, metadata.len() == 3, "{line}");
    }
}

#[tokio::test]
async fn whatever_is_answered_the_row_says_what_is_wrong() {
    let cases = [
        (200, vector(&["NaN"]), "the value is NaN"),
        (200, vector(&[]), "the query gives no value"),
        (200, vector(&["1", "2", "3"]), "the query gives 3 series"),
        (
            200,
            "<html>Sign in</html>".to_owned(),
            "not what Prometheus answers",
        ),
        (200, "x".repeat(10 << 20), "not what Prometheus answers"),
        (
            200,
            vector(&["1"; 200_000]),
            "the query gives 200000 series",
        ),
        (
            200,
            format!("\"{}\"", "x".repeat(17 << 20)),
            "longer than 16 MiB",
        ),
        (401, String::new(), "HTTP status 401"),
        (
            400,
            json!({ "error": "parse error at a" }).to_string(),
            "400: parse error at a",
        ),
    ];
    for (status, body, part) in cases {
        let code = StatusCode::from_u16(status).unwrap();
        let url = server(move |_, _| (code, body.clone())).await;
        let strict = settings(&url, &[("ignoreNullValues", "false")], &[]);
        let error = value(&strict).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(
            error.starts_with(&format!("{url}: ")) && error.len() < 400,
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_credential_that_is_sent_back_is_not_told() {
    let url = server(|_, headers| {
        let sent = headers["authorization"].to_str().unwrap();
        let body = json!({ "error": format!("no such token: {sent}") });
        (StatusCode::BAD_REQUEST, body.to_string())
    })
    .await;
    let asked = settings(
        &url,
        &[("authModes", "bearer")],
        &[("bearerToken", "hunter2")],
    );
    let error = value(&asked).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no such token: Bearer <redacted>"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let router = Router::new().fallback(std::future::pending::<String>);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let limit = Duration::from_millis(200);
    let error = read(&settings(&url, &[], &[]), now(), limit, None).await;
    let expected = Error::Late { server: url, limit };
    assert_eq!(error, Err(expected));
}

#[tokio::test]
async fn nobody_there_is_told_by_the_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://me:hunter2@{address}");
    let error = value(&settings(&url, &[], &[]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("cannot reach http://{address}: ")),
        "{error}"
    );
    assert!(
        error.contains("refused") && !error.contains("hunter2"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_address_or_certificate_is_told() {
    let error = value(&settings("prometheus", &[], &[])).await.unwrap_err();
    assert!(matches!(error, Error::Address(_)), "{error}");
    let tls = [("cert", "hunter2"), ("key", "hunter2")];
    let asked = settings("https://127.0.0.1:1", &[("authModes", "tls")], &tls);
    let error = value(&asked).await.unwrap_err().to_string();
    assert!(error.contains("not a certificate and its key"), "{error}");
    let auth = [("ca", "hunter2"), ("username", "me")];
    let asked = settings("https://127.0.0.1:1", &[("authModes", "basic")], &auth);
    let error = value(&asked).await.unwrap_err().to_string();
    assert!(
        error.contains("`ca` cannot be sent: it holds no certificate"),
        "{error}"
    );
}

/// An API server that passes on to services of `monitoring`, or refuses.
fn proxy(answer: fn(&str) -> (u16, String)) -> (Proxy, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let path = request.uri().to_string();
        let (status, body) = answer(&path);
        log.lock().unwrap().push(path);
        let answer = http::Response::builder().status(status);
        std::future::ready(Ok::<_, std::io::Error>(
            answer.body(Body::from(body)).unwrap(),
        ))
    });
    let client = kube::Client::new(service, "default");
    (Proxy::new(client, "keda".to_owned()), seen)
}

/// A name that no resolver knows, as one of a cluster's services is elsewhere.
const INSIDE: &str = "http://prometheus.monitoring.svc.invalid:9090";

#[tokio::test]
async fn a_service_of_the_cluster_is_asked_through_the_api_server() {
    let (proxy, seen) = proxy(|_| (200, vector(&["7"])));
    let answered = read(&settings(INSIDE, &[], &[]), now(), LIMIT, Some(&proxy)).await;
    let answered = answered.unwrap();
    assert_eq!((answered.reading.value, answered.via), (7.0, Via::Proxy));
    let path = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=up";
    assert!(seen.lock().unwrap()[0].starts_with(path), "{seen:?}");
}

#[tokio::test]
async fn the_way_around_has_its_own_ends() {
    let cases: [(Way, &str); 2] = [
        (
            |_| {
                (
                    403,
                    json!({ "kind": "Status", "message": "services is forbidden" }).to_string(),
                )
            },
            "refuses to pass the request on: services is forbidden",
        ),
        (
            |_| {
                (
                    404,
                    json!({ "kind": "Status", "message": "not found" }).to_string(),
                )
            },
            "cannot reach http://prometheus.monitoring.svc.invalid:9090: ",
        ),
    ];
    for (answer, part) in cases {
        let (proxy, _) = proxy(answer);
        let error = read(&settings(INSIDE, &[], &[]), now(), LIMIT, Some(&proxy)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let (proxy, seen) = proxy(|_| (200, vector(&["7"])));
    let asked = settings(
        INSIDE,
        &[("authModes", "bearer")],
        &[("bearerToken", "hunter2")],
    );
    let error = read(&asked, now(), LIMIT, Some(&proxy)).await.unwrap_err();
    assert!(matches!(error, Error::OnlyInside { .. }), "{error}");
    assert!(seen.lock().unwrap().is_empty());
}
