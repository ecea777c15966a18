use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::cluster::fake::{answer, cluster, forbidden, list, not_found, recorded};

fn orders(group: &str, plural: &str) -> Workload {
    Workload {
        group: group.to_owned(),
        version: "v1".to_owned(),
        plural: plural.to_owned(),
        namespace: "shop".to_owned(),
        name: "orders".to_owned(),
    }
}

#[tokio::test]
async fn keda_is_where_its_operator_is() {
    let (found, asked) = recorded(|_, _| {
        list(["openshift-keda", "keda"].map(|it| json!({ "metadata": { "namespace": it } })))
    });
    assert_eq!(found.keda_namespace().await, "keda");
    let asked = asked.lock().unwrap()[0].clone();
    assert!(asked.starts_with("/apis/apps/v1/deployments?"), "{asked}");
    assert!(asked.contains("app%3Dkeda-operator"), "{asked}");
    assert_eq!(cluster(|_, _| list([])).keda_namespace().await, "keda");
    let hidden = cluster(|_, _| forbidden("no"));
    assert_eq!(hidden.keda_namespace().await, "keda");
}

#[tokio::test]
async fn a_scale_and_a_workload_are_read_by_path() {
    let served = cluster(|path, _| match path {
        "/apis/apps/v1/namespaces/shop/deployments/orders/scale" => answer(
            StatusCode::OK,
            json!({ "spec": { "replicas": 3 }, "status": { "replicas": 2, "selector": "a=b" } }),
        ),
        _ => not_found(),
    });
    let workload = orders("apps", "deployments");
    let found = served.scale_now(&workload).await.unwrap().unwrap();
    let scale = Scale {
        current: 3,
        observed: 2,
    };
    assert_eq!((found.scale, found.selector.as_str()), (scale, "a=b"));
    assert_eq!(served.workload(&workload).await.unwrap(), None);
}

#[tokio::test]
async fn the_plural_of_a_kind_is_asked_for_where_it_is_not_known() {
    let served = cluster(|path, _| match path {
        "/apis/argoproj.io/v1alpha1" => answer(
            StatusCode::OK,
            json!({ "resources": [{ "name": "rollouts/scale", "kind": "Rollout" },
                { "name": "rollouts", "kind": "Rollout" }] }),
        ),
        _ => not_found(),
    });
    let plural = async |version: &str, kind: &str| served.plural(version, kind).await.unwrap();
    assert_eq!(
        plural("apps/v1", "StatefulSet").await.unwrap(),
        "statefulsets"
    );
    let rollouts = plural("argoproj.io/v1alpha1", "Rollout").await;
    assert_eq!(rollouts.as_deref(), Some("rollouts"));
    assert_eq!(plural("argoproj.io/v1alpha1", "Other").await, None);
    assert_eq!(plural("no.such/v1", "Other").await, None);
}

#[tokio::test]
async fn a_token_is_asked_for_and_not_shown() {
    let (served, asked) = recorded(|_, _| {
        answer(
            StatusCode::CREATED,
            json!({ "status": { "token": "hunter2" } }),
        )
    });
    let token = served
        .service_account_token("shop", "reader")
        .await
        .unwrap();
    assert_eq!(token.expose(), "hunter2");
    assert!(!format!("{token:?}").contains("hunter2"));
    let path = "/api/v1/namespaces/shop/serviceaccounts/reader/token?";
    assert_eq!(*asked.lock().unwrap(), [path]);
    let refused = cluster(|_, _| forbidden("no"));
    let error = refused.service_account_token("shop", "reader").await;
    assert!(matches!(error, Err(Error::Forbidden { .. })), "{error:?}");
}

#[tokio::test]
async fn kedas_own_value_is_the_sum_of_its_series() {
    let (served, asked) = recorded(|_, _| {
        let items = json!([{ "value": "1500m" }, { "value": "2" }]);
        answer(StatusCode::OK, json!({ "items": items }))
    });
    let value = served
        .external_metric("shop", "s0-rabbitmq-q", "orders")
        .await;
    assert_eq!(value.unwrap().unwrap().as_f64(), 3.5);
    let asked = asked.lock().unwrap()[0].clone();
    let path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/s0-rabbitmq-q?";
    assert!(asked.starts_with(path), "{asked}");
    assert!(
        asked.contains("scaledobject.keda.sh%2Fname%3Dorders"),
        "{asked}"
    );
}

fn pod(name: &str, phase: &str) -> Value {
    json!({ "metadata": { "name": name }, "spec": { "containers": [
            { "name": "app", "resources": { "requests": { "cpu": "100m" } } }] },
        "status": { "phase": phase, "startTime": "2026-08-20T08:00:00Z", "conditions": [
            { "type": "Ready", "status": "True", "lastTransitionTime": "2026-08-20T08:01:00Z" }] } })
}

#[tokio::test]
async fn pods_come_with_what_they_use_where_it_is_told() {
    let served = cluster(|path, query| {
        assert!(query.contains("labelSelector=app"), "{query}");
        match path {
            "/api/v1/namespaces/shop/pods" => list([pod("a", "Running"), pod("b", "Pending")]),
            _ => list([
                json!({ "metadata": { "name": "a" }, "timestamp": "2026-08-20T09:00:00Z",
                "window": "30s", "containers": [{ "name": "app", "usage": { "cpu": "50m" } }] }),
            ]),
        }
    });
    let pods = served.measured_pods("shop", "app=orders").await.unwrap();
    let ready: Vec<bool> = pods
        .iter()
        .map(crate::keda::evaluation::LivePod::is_ready)
        .collect();
    assert_eq!(ready, [true, false]);
    let usage = pods[0].usage.as_ref().unwrap();
    assert_eq!(usage.window, jiff::SignedDuration::from_secs(30));
    assert_eq!(usage.containers["app"]["cpu"].as_f64(), 0.05);
    assert_eq!(pods[1].usage, None);
}
