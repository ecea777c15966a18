//! The sandbox from its start to its end.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

/// One workload with an autoscaler, in a hurry.
async fn running() -> Sandbox {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metadata = json!({ "name": "web", "namespace": "shop" });
    let container = json!({ "name": "app", "image": "app:1",
        "resources": { "requests": { "cpu": "100m" } } });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [container] } } } });
    let options = Options {
        seed: Seed {
            objects: vec![deployment],
            histories: vec![],
        },
        speed: 100,
        ..Options::at(Timestamp::from_second(1_767_225_600).unwrap())
    };
    Sandbox::start(options).await.unwrap()
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    client.build().unwrap()
}

async fn get(sandbox: &Sandbox, path: &str) -> reqwest::Response {
    let request = client().get(format!("{}{path}", sandbox.plain_url()));
    let response = request.bearer_auth(sandbox.token()).send().await.unwrap();
    response.error_for_status().unwrap()
}

/// Waits for what happens soon.
async fn soon(holds: impl AsyncFn() -> bool) -> bool {
    for _ in 0..200 {
        if holds().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn nothing_is_left_of_a_sandbox_that_is_dropped() {
    let sandbox = running().await;
    let address = sandbox.plain_url().replace("http://", "");
    let is_there = sandbox.core.api.witness();
    let clock = sandbox.core.clock.clone();
    // Connections in all states: idle, waiting, watching, and in the middle of a request.
    let pods = get(&sandbox, "/apis/metrics.k8s.io/v1beta1/pods").await;
    let pods: Value = serde_json::from_str(&pods.text().await.unwrap()).unwrap();
    assert_eq!(pods["items"].as_array().unwrap().len(), 2);
    let far = client().post(format!("{}/twin/clock", sandbox.plain_url()));
    let far = far.bearer_auth(sandbox.token());
    tokio::spawn(far.body(r#"{ "advanceSeconds": 1209600 }"#).send());
    let _watch = get(&sandbox, "/api/v1/pods?watch=true").await;
    let mut half = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = b"GET /version HTTP/1.1\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut half, head)
        .await
        .unwrap();
    assert!(is_there());

    drop(sandbox);
    assert!(
        soon(async || !is_there()).await,
        "the API server is still there"
    );
    let refuses = async || tokio::net::TcpStream::connect(&address).await.is_err();
    assert!(soon(refuses).await, "the port is still open");
    let now = clock.now();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(clock.now(), now, "time goes on");
}

#[tokio::test(flavor = "current_thread")]
async fn a_busy_twin_holds_up_nobody_who_does_not_ask_it() {
    let sandbox = running().await;
    let life = sandbox.life.clone().unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (tell, is_busy) = mpsc::channel();
    let busy = thread::spawn(move || {
        let _twin = life.twin();
        tell.send(()).unwrap();
        let _ = released.recv();
    });
    is_busy.recv().unwrap();
    let waiting = get(&sandbox, "/apis/metrics.k8s.io/v1beta1/nodes");
    let waiting = tokio::time::timeout(Duration::from_millis(200), waiting);
    assert!(waiting.await.is_err(), "measured without the twin");
    let patient = tokio::time::timeout(Duration::from_secs(10), get(&sandbox, "/api/v1/pods"));
    patient.await.expect("an answer");
    drop(release);
    busy.join().unwrap();
    get(&sandbox, "/apis/metrics.k8s.io/v1beta1/nodes").await;
}

#[tokio::test]
async fn gaps_of_faults_that_are_set_count_from_then() {
    let sandbox = running().await;
    let plan = r#"{ "metricsGaps": [{ "after": "10m", "lasts": "1h" }] }"#;
    let life = sandbox.life.as_ref().unwrap();
    life.advance(SignedDuration::from_hours(5));
    sandbox
        .set_faults(serde_json::from_str(plan).unwrap())
        .unwrap();
    life.advance(SignedDuration::from_mins(2));
    assert_eq!(life.metrics("pods").len(), 2);
    life.advance(SignedDuration::from_mins(15));
    assert!(life.metrics("pods").is_empty());
}

mod keda;
