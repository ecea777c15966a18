use super::*;
use crate::cluster::fake::{answer, cluster, forbidden};
use http::StatusCode;
use serde_json::{Value, json};

fn service(namespace: &str, name: &str, labels: &Value, ports: &[(&str, u16)]) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|(name, port)| json!({"name": name, "port": port}))
        .collect();
    json!({"metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"clusterIP": "10.0.0.1", "ports": ports}})
}

async fn found(services: Vec<Value>) -> Option<PrometheusService> {
    let cluster = cluster(move |path: &str, _: &str| {
        assert_eq!(path, "/api/v1/services");
        answer(StatusCode::OK, json!({"items": services}))
    });
    cluster.find_prometheus().await.unwrap()
}

#[tokio::test]
async fn every_usual_installation_is_found_with_its_path() {
    let name = "app.kubernetes.io/name";
    let component = "app.kubernetes.io/component";
    let cases = [
        (
            service(
                "monitoring",
                "stack-kube-prom-prometheus",
                &json!({"app": "kube-prometheus-stack-prometheus"}),
                &[("reloader-web", 8080), ("http-web", 9090)],
            ),
            "/api/v1/namespaces/monitoring/services/stack-kube-prom-prometheus:9090/proxy",
        ),
        (
            service(
                "monitoring",
                "prometheus-operated",
                &json!({"operated-prometheus": "true"}),
                &[("web", 9090)],
            ),
            "/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy",
        ),
        (
            service(
                "prom",
                "prometheus-server",
                &json!({name: "prometheus", component: "server"}),
                &[("http", 80)],
            ),
            "/api/v1/namespaces/prom/services/prometheus-server:80/proxy",
        ),
        (
            service(
                "prom",
                "old-server",
                &json!({"app": "prometheus", "component": "server"}),
                &[("http", 80)],
            ),
            "/api/v1/namespaces/prom/services/old-server:80/proxy",
        ),
        (
            service(
                "thanos",
                "thanos-query-frontend",
                &json!({name: "thanos", component: "query-frontend"}),
                &[("http", 9090)],
            ),
            "/api/v1/namespaces/thanos/services/thanos-query-frontend:9090/proxy",
        ),
        (
            service(
                "openshift-monitoring",
                "thanos-querier",
                &json!({name: "thanos-query", component: "query-layer"}),
                &[("web", 9091), ("tenancy", 9092)],
            ),
            "/api/v1/namespaces/openshift-monitoring/services/https:thanos-querier:9091/proxy",
        ),
        (
            service(
                "mimir",
                "mimir-gateway",
                &json!({name: "mimir", component: "gateway"}),
                &[("http-metrics", 80)],
            ),
            "/api/v1/namespaces/mimir/services/mimir-gateway:80/proxy/prometheus",
        ),
        (
            service(
                "vm",
                "vmsingle-main",
                &json!({name: "vmsingle"}),
                &[("http", 8429)],
            ),
            "/api/v1/namespaces/vm/services/vmsingle-main:8429/proxy",
        ),
        (
            service(
                "vm",
                "vm-vmselect",
                &json!({name: "victoria-metrics-cluster", "app": "vmselect"}),
                &[("http", 8481)],
            ),
            "/api/v1/namespaces/vm/services/vm-vmselect:8481/proxy/select/0/prometheus",
        ),
    ];
    for (service, path) in cases {
        assert_eq!(found(vec![service]).await.unwrap().proxy_path(), path);
    }
}

#[tokio::test]
async fn layers_with_long_history_come_before_one_prometheus() {
    let name = "app.kubernetes.io/name";
    let stack = json!({"app": "kube-prometheus-stack-prometheus"});
    let operated = json!({"operated-prometheus": "true"});
    let mut headless = service("a", "prometheus-operated", &operated, &[("web", 9090)]);
    headless["spec"]["clusterIP"] = json!("None");
    let named = service("b", "stack-prometheus", &stack, &[("http-web", 9090)]);
    let thanos = json!({name: "thanos-query"});
    let thanos = service("c", "thanos-query", &thanos, &[("http", 9090)]);
    let best = found(vec![headless.clone(), named.clone(), thanos])
        .await
        .unwrap();
    assert_eq!(best.to_string(), "Thanos service c/thanos-query:9090");
    let best = found(vec![headless, named]).await.unwrap();
    assert_eq!(
        best.to_string(),
        "Prometheus service b/stack-prometheus:9090"
    );
}

#[tokio::test]
async fn relatives_that_answer_no_queries_are_passed_over() {
    let name = "app.kubernetes.io/name";
    let component = "app.kubernetes.io/component";
    let ports = [("http", 9090)];
    let relatives = vec![
        service(
            "x",
            "store",
            &json!({name: "thanos", component: "storegateway"}),
            &ports,
        ),
        service(
            "x",
            "ingester",
            &json!({name: "mimir", component: "ingester"}),
            &ports,
        ),
        service(
            "x",
            "vminsert",
            &json!({name: "victoria-metrics-cluster", "app": "vminsert"}),
            &ports,
        ),
        service(
            "x",
            "pushgateway",
            &json!({"app": "prometheus", "component": "pushgateway"}),
            &ports,
        ),
    ];
    assert_eq!(found(relatives).await, None);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let cluster = cluster(|_: &str, _: &str| forbidden("no services for you"));
    let error = cluster.find_prometheus().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "may not list services in all namespaces: no services for you"
    );
}
