//! Services that lead to a server beside the sandbox, and a seed that stays as it is.

use axum::Router;
use axum::extract::Request;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::sandbox::{Options, Sandbox, Seed};

/// Tells what it was asked, compressed as it says.
async fn echo(request: Request) -> impl axum::response::IntoResponse {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        let value = head.headers.get(name).map(|it| it.to_str().unwrap());
        value.map(str::to_owned)
    };
    let told = json!({ "method": head.method.as_str(), "target": head.uri.to_string(),
        "authorization": header("authorization"), "encoding": header("content-encoding"),
        "type": header("content-type"), "impersonated": header("impersonate-user"),
        "extra": header("impersonate-extra-a"), "hop": header("x-hop"), "body": String::from_utf8_lossy(&body) });
    let headers = [
        ("content-type", "application/x-told"),
        ("content-encoding", "identity"),
    ];
    (StatusCode::IM_A_TEAPOT, headers, told.to_string())
}

/// The URL of a server that [`echo`]es.
async fn listen() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = axum::serve(listener, Router::new().fallback(echo));
    tokio::spawn(serving.into_future());
    format!("http://{address}/below/")
}

fn upstream(service: &str, url: &str) -> Upstream {
    Upstream {
        namespace: "monitoring".to_owned(),
        service: service.to_owned(),
        url: url.to_owned(),
    }
}

async fn sandbox(upstreams: Vec<Upstream>) -> Sandbox {
    let service = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": name, "namespace": "monitoring" },
            "spec": { "ports": [{ "name": "web", "port": 9090 }, { "name": "grpc", "port": 9091 }] } })
    };
    let metadata = json!({ "name": "web-1", "namespace": "shop", "ownerReferences": [
        { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u" }] });
    let objects = vec![
        service("prometheus"),
        service("nowhere"),
        service("down"),
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata }),
        json!({ "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
            "metadata": { "name": "web-1", "namespace": "shop" }, "containers": [] }),
    ];
    let options = Options {
        seed: Seed {
            objects,
            histories: vec![],
        },
        twin: false,
        upstreams,
        log: 100,
        ..Options::at(Timestamp::UNIX_EPOCH)
    };
    Sandbox::start(options).await.unwrap()
}

async fn get(sandbox: &Sandbox, path: &str) -> (StatusCode, Value) {
    let request = client(LIMITS.patience)
        .unwrap()
        .get(format!("{}{path}", sandbox.plain_url()));
    let response = request.bearer_auth(sandbox.token()).send().await.unwrap();
    let code = response.status();
    let text = response.text().await.unwrap();
    (
        code,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

const SERVICES: &str = "/api/v1/namespaces/monitoring/services";

#[tokio::test]
async fn a_request_is_passed_on_without_what_is_for_the_api_server() {
    let url = listen().await;
    let sandbox = sandbox(vec![upstream("prometheus", &url)]).await;
    let path = format!("{SERVICES}/prometheus:web/proxy/api/v1/read?a=%20");
    let request = client(LIMITS.patience)
        .unwrap()
        .post(format!("{}{path}", sandbox.plain_url()));
    let request = request
        .bearer_auth(sandbox.token())
        .header("content-type", "a/b")
        .header("content-encoding", "snappy")
        .header("impersonate-user", "eve")
        .header("impersonate-group", "system:masters")
        .header("impersonate-extra-a", "b")
        .header("connection", "close, X-Hop")
        .header("x-hop", "1");
    let response = request.body("hello").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(response.headers()["content-type"], "application/x-told");
    assert_eq!(response.headers()["content-encoding"], "identity");
    let told: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let expected = json!({ "method": "POST", "target": "/below/api/v1/read?a=%20",
        "authorization": null, "encoding": "snappy", "type": "a/b", "impersonated": null,
        "extra": null, "hop": null, "body": "hello" });
    assert_eq!(told, expected);
    assert_eq!(sandbox.requests(), [format!("POST {path}")]);
}

/// A request by which the upstream at `url` is asked for `path`.
async fn asked(url: &str, path: &str, limits: Limits) -> (u16, String) {
    let asked = Proxied {
        namespace: "monitoring".to_owned(),
        service: "prometheus".to_owned(),
        port: String::new(),
        method: http::Method::GET,
        path: path.to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let http = client(limits.patience).unwrap();
    let to = upstream("prometheus", url);
    match forward(&http, &to, &asked, limits.largest).await {
        Ok(response) => (response.code, String::new()),
        Err(trouble) => (trouble.response().code, trouble.to_string()),
    }
}

#[tokio::test]
async fn an_upstream_has_limits() {
    let url = listen().await;
    let patient = Limits {
        largest: 100_000,
        ..LIMITS
    };
    assert_eq!(asked(&url, "/", patient).await.0, 418);
    let strict = Limits {
        largest: 50,
        ..LIMITS
    };
    let (code, why) = asked(&url, "/", strict).await;
    assert_eq!(code, 502);
    assert!(why.contains("more than 50 bytes"), "{why}");
    // It takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let hasty = Limits {
        patience: Duration::from_millis(50),
        ..LIMITS
    };
    assert_eq!(asked(&silent_url, "/", hasty).await.0, 504);
}

#[tokio::test]
async fn services_lead_somewhere_only_where_there_is_something() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let upstreams = vec![
        upstream("prometheus", &listen().await),
        upstream("absent", &listen().await),
        upstream("down", &nobody),
    ];
    let sandbox = sandbox(upstreams).await;
    let cases = [
        ("prometheus:9090", 418),
        ("http:prometheus:web", 418),
        // Which of its two ports is not said.
        ("prometheus", 503),
        ("prometheus:8080", 503),
        ("nowhere:9090", 503),
        ("down:9090", 503),
        ("absent:9090", 404),
    ];
    for (name, code) in cases {
        let (found, body) = get(&sandbox, &format!("{SERVICES}/{name}/proxy/x")).await;
        assert_eq!(found.as_u16(), code, "{name}: {body}");
    }
}

#[tokio::test]
async fn without_a_twin_a_seed_stays_as_it_is() {
    let sandbox = sandbox(vec![]).await;
    let (_, pods) = get(&sandbox, "/api/v1/pods").await;
    assert_eq!(pods["items"][0]["metadata"]["name"], "web-1");
    let (_, usage) = get(&sandbox, "/apis/metrics.k8s.io/v1beta1/pods").await;
    assert_eq!(usage["items"][0]["metadata"]["name"], "web-1");
    let (_, nodes) = get(&sandbox, "/api/v1/nodes").await;
    assert_eq!(nodes["items"], json!([]));
    let (code, _) = get(&sandbox, "/twin/clock").await;
    assert_eq!(code, StatusCode::NOT_FOUND);
    assert_eq!(sandbox.now(), Timestamp::UNIX_EPOCH);
}

#[tokio::test]
async fn an_upstream_has_to_be_a_plain_server() {
    for url in ["prometheus:9090", "https://prometheus", "http://a/?b", ""] {
        let options = Options {
            upstreams: vec![upstream("prometheus", url)],
            ..Options::at(Timestamp::UNIX_EPOCH)
        };
        let error = Sandbox::start(options).await.unwrap_err();
        assert!(matches!(error, Error::Upstream { .. }), "{url}: {error}");
    }
}
