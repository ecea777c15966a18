//! KEDA as clients of the sandbox meet it.

use super::*;
use crate::sandbox::TriggerTrace;
use crate::series::{Grid, Series};
use crate::units::Step;

const OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const METRIC: &str = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/s0-prometheus";

/// A Deployment without pods and a ScaledObject whose trigger gives 25 from an hour before on.
async fn with_keda(operator: bool) -> Sandbox {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let start = Timestamp::from_second(1_767_225_600).unwrap();
    let metadata = json!({ "name": "orders", "namespace": "shop" });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "replicas": 0, "selector": { "matchLabels": { "app": "orders" } },
            "template": { "metadata": { "labels": { "app": "orders" } },
                "spec": { "containers": [{ "name": "app", "image": "app:1" }] } } } });
    let step = Step::ONE_MINUTE;
    let grid = Grid::new(after(start, -SignedDuration::from_mins(59)), step, 60);
    let options = Options {
        seed: Seed {
            objects: vec![deployment, scaled_object("orders", 1)],
            histories: vec![],
        },
        speed: 0,
        keda: true,
        keda_operator: operator,
        triggers: vec![TriggerTrace {
            namespace: "shop".to_owned(),
            object: "orders".to_owned(),
            trigger: 0,
            values: Series::constant(grid, 25.0),
        }],
        ..Options::at(start)
    };
    Sandbox::start(options).await.unwrap()
}

fn scaled_object(name: &str, triggers: usize) -> Value {
    let trigger = json!({ "type": "prometheus", "metadata": { "serverAddress": "http://p",
        "query": "q", "threshold": "10" } });
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "scaleTargetRef": { "name": "orders" }, "triggers": vec![trigger; triggers] } })
}

async fn send(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", sandbox.plain_url());
    let method = http::Method::from_bytes(method.as_bytes()).unwrap();
    let request = client().request(method, url).bearer_auth(sandbox.token());
    let request = request.header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    let code = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn text(sandbox: &Sandbox, path: &str) -> String {
    get(sandbox, path).await.text().await.unwrap()
}

#[tokio::test]
async fn the_metrics_server_tells_what_the_hpa_is_told() {
    let sandbox = with_keda(true).await;
    let groups: Value = serde_json::from_str(&text(&sandbox, "/apis").await).unwrap();
    let names = groups["groups"].as_array().unwrap().iter();
    let names: Vec<&Value> = names.map(|it| &it["name"]).collect();
    assert!(names.contains(&&json!("external.metrics.k8s.io")));
    let list = text(&sandbox, "/apis/external.metrics.k8s.io/v1beta1").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["resources"][0]["name"], "externalmetrics");
    assert_eq!(list["resources"][0]["verbs"], json!(["get"]));
    let selected = format!("{METRIC}?labelSelector=scaledobject.keda.sh%2Fname%3Dorders");
    let (code, values) = send(&sandbox, "GET", &selected, &Value::Null).await;
    assert_eq!(
        (code, &values["kind"]),
        (200, &json!("ExternalMetricValueList"))
    );
    assert_eq!(values["items"][0]["value"], "25");
    let (code, refused) = send(&sandbox, "GET", METRIC, &Value::Null).await;
    assert_eq!((code, &refused["reason"]), (500, &json!("InternalError")));
    let told = json!({ "namespace": "shop", "object": "orders", "value": 42.5 });
    assert_eq!(send(&sandbox, "POST", "/twin/triggers", &told).await.0, 200);
    let (_, values) = send(&sandbox, "GET", &selected, &Value::Null).await;
    assert_eq!(values["items"][0]["value"], "42500m");
}

#[tokio::test]
async fn the_past_of_a_trigger_is_told_up_to_now() {
    let sandbox = with_keda(true).await;
    let moved = send(
        &sandbox,
        "POST",
        "/twin/clock",
        &json!({ "advanceSeconds": 300 }),
    )
    .await;
    assert_eq!(moved.0, 200);
    let history = text(&sandbox, "/twin/backfill").await;
    let series = "sandbox_trigger_value{namespace=\"shop\",object=\"orders\",trigger=\"0\"} 25 ";
    let times = history.lines().filter_map(|it| it.strip_prefix(series));
    let times: Vec<f64> = times.map(|it| it.parse().unwrap()).collect();
    assert!(times.windows(2).all(|it| it[0] < it[1]), "{times:?}");
    assert!((60..=70).contains(&times.len()), "{times:?}");
}

#[tokio::test]
async fn keda_tells_what_its_triggers_measured_and_their_queries_give_it() {
    let sandbox = with_keda(true).await;
    let further = json!({ "advanceSeconds": 300 });
    assert_eq!(send(&sandbox, "POST", "/twin/clock", &further).await.0, 200);
    let history = text(&sandbox, "/twin/backfill").await;
    let series = "keda_scaler_metrics_value{exported_namespace=\"shop\",metric=\"s0-prometheus\",\
        namespace=\"keda\",scaledObject=\"orders\",scaler=\"prometheusScaler\",triggerIndex=\"0\",\
        type=\"scaledobject\"} 25 ";
    let times = history.lines().filter_map(|it| it.strip_prefix(series));
    let times: Vec<f64> = times.map(|it| it.parse().unwrap()).collect();
    assert!(times.windows(2).all(|it| it[0] < it[1]), "{times:?}");
    assert!((60..=70).contains(&times.len()), "{times:?}");
    let service = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy";
    for (query, expected) in [("q", json!("25")), ("nobody_asks_this", Value::Null)] {
        let path = format!("{service}/api/v1/query?query={query}");
        let answer: Value = serde_json::from_str(&text(&sandbox, &path).await).unwrap();
        assert_eq!(answer["status"], "success");
        assert_eq!(answer["data"]["result"][0]["value"][1], expected, "{query}");
    }
}

#[tokio::test]
async fn without_its_operator_nobody_tells_in_its_words() {
    let sandbox = with_keda(false).await;
    let history = text(&sandbox, "/twin/backfill").await;
    assert!(history.contains("sandbox_trigger_value{"));
    assert!(!history.contains("keda_scaler_metrics_value"));
}

#[tokio::test]
async fn the_webhook_refuses_as_keda_does() {
    let sandbox = with_keda(true).await;
    let (code, refused) = send(&sandbox, "POST", OBJECTS, &scaled_object("second", 1)).await;
    assert_eq!((code, &refused["reason"]), (403, &json!("Forbidden")));
    let message = refused["message"].as_str().unwrap();
    let begins = "admission webhook \"vscaledobject.kb.io\" denied the request: ";
    assert!(message.starts_with(begins), "{message}");
    let path = format!("{OBJECTS}/orders");
    let patch = json!({ "spec": { "idleReplicaCount": 2 } });
    let url = format!("{}{path}", sandbox.plain_url());
    let request = client().patch(url).bearer_auth(sandbox.token());
    let request = request.header("content-type", "application/merge-patch+json");
    let answer = request.body(patch.to_string()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
    // Deletion is nobody's to refuse.
    let (code, _) = send(&sandbox, "DELETE", &path, &json!({})).await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn without_the_operator_objects_are_only_kept() {
    let sandbox = with_keda(false).await;
    let (code, _) = send(&sandbox, "POST", OBJECTS, &scaled_object("second", 1)).await;
    assert_eq!(code, 201);
    let (_, object) = send(&sandbox, "GET", &format!("{OBJECTS}/orders"), &Value::Null).await;
    assert_eq!(
        (&object["status"], &object["metadata"]["finalizers"]),
        (&Value::Null, &Value::Null)
    );
    let (code, _) = send(&sandbox, "GET", METRIC, &Value::Null).await;
    assert_eq!(code, 404);
}
