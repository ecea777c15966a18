//! Namespaces whose answers do not come, beside others whose do.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use stepscale::sandbox::Seed;

use super::probation::{Scene, calm};
use super::workload::Workload;
use crate::rig::program::Said;
use crate::rig::serve::Server;

/// The service of the sandbox that leads to its own Prometheus.
const SERVICE: &str = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy";

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(3600);

/// The workload in a namespace of its own.
fn placed(namespace: &str) -> Seed {
    let workload = Workload::new("web", 300, calm);
    let mut seed = Workload::seed(&[workload]);
    for object in &mut seed.objects {
        object["metadata"]["namespace"] = json!(namespace);
    }
    for (target, _) in &mut seed.histories {
        target.namespace = namespace.to_owned();
    }
    seed
}

fn scene(namespaces: &[&str]) -> Scene {
    let mut seed = Seed::default();
    for namespace in namespaces {
        let placed = placed(namespace);
        seed.objects.extend(placed.objects);
        seed.histories.extend(placed.histories);
    }
    Scene::of(seed, 4)
}

fn smaller() -> Value {
    json!({ "min_replicas": { "from": 4, "to": 2 } })
}

fn ran(scene: &Scene, arguments: &[&str]) -> Said {
    Said::by(&mut scene.anywhere(arguments))
}

#[track_caller]
fn applied(scene: &Scene, namespace: &str) {
    scene.propose_in(namespace, "web", &smaller(), true);
    let said = ran(scene, &["apply", "web", "-n", namespace]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

fn status(scene: &Scene, namespace: &str) -> Value {
    let path =
        format!("/apis/stepscale.io/v1alpha1/namespaces/{namespace}/scalingrecommendations/web");
    scene.object(&path)["status"].clone()
}

/// Gives on to the Prometheus of the sandbox, but for what is about the namespace `slow`.
async fn give_on(State(to): State<Arc<(String, String)>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = format!("{} {}", head.uri, String::from_utf8_lossy(&body));
    if asked.contains("slow") {
        tokio::time::sleep(NEVER).await;
    }
    let (url, token) = &*to;
    let url = format!("{url}{SERVICE}{}", head.uri);
    let mut headers = head.headers;
    headers.remove("host");
    headers.remove("content-length");
    let client = reqwest::Client::new();
    let request = client.request(head.method, url).headers(headers);
    let answer = request.bearer_auth(token).body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "content-length" {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.unwrap();
    response.body(Body::from(body)).unwrap()
}

#[test]
fn a_namespace_whose_history_does_not_come_keeps_no_other_from_its_verdict() {
    let scene = scene(&["shop", "slow"]);
    applied(&scene, "slow");
    applied(&scene, "shop");
    scene.pass(50);
    let router = Router::new()
        .fallback(give_on)
        .with_state(Arc::new(scene.address()));
    let server = Server::start(router, None);
    let url = format!("--prometheus-url=http://{}", server.address);
    let tick = [
        "watch",
        "-A",
        "--once",
        "--mode=apply",
        "--interval=60",
        // It asks about all namespaces, and never comes to its end.
        "--analysis-budget-seconds=3",
        &url,
    ];
    let said = ran(&scene, &tick);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr.contains("analysis exceeded its time budget"),
        "{}",
        said.stderr
    );
    let quick = status(&scene, "shop");
    assert_eq!(quick["phase"], "verified", "{quick} {}", said.stderr);
    let slow = status(&scene, "slow");
    assert_eq!(slow["phase"], "applied", "{slow}");
    let detail = slow["detail"].as_str().unwrap();
    let expected = "history of namespace slow: no answer within";
    assert!(detail.contains(expected), "{detail}");
}

#[test]
fn an_autoscaler_without_an_answer_delays_neither_verdicts_nor_applies() {
    let scene = scene(&["aside", "open", "shop", "slow"]);
    applied(&scene, "slow");
    applied(&scene, "shop");
    for namespace in ["aside", "open"] {
        scene.propose_in(namespace, "web", &smaller(), true);
    }
    scene.pass(50);
    let rule = json!({ "when": { "verbs": ["get"], "resources": ["horizontalpodautoscalers"],
        "namespaces": ["aside", "slow"] }, "latency": { "least": "5m" } });
    scene.set_faults(&json!({ "rules": [rule] }));
    let tick = ["watch", "-A", "--once", "--mode=apply", "--interval=40"];
    let said = ran(&scene, &tick);
    scene.set_faults(&json!({}));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let phases: Vec<Value> = ["aside", "open", "shop", "slow"]
        .map(|it| status(&scene, it)["phase"].clone())
        .to_vec();
    assert_eq!(
        phases,
        ["approved", "applied", "verified", "applied"],
        "{}",
        said.stderr
    );
    for told in [
        "rec/web in namespace slow was not verified in time; it comes first in the next tick",
        "rec/web in namespace aside was not applied within",
        "mutating pass exceeded its time budget; aborting",
    ] {
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
    }
    // Once the answers come, all is made up for.
    let said = ran(&scene, &tick);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(status(&scene, "slow")["phase"], "verified");
    assert_eq!(status(&scene, "aside")["phase"], "applied");
}
