//! The services of the namespace `monitoring`, as kube-prometheus-stack makes them.

use serde_json::{Value, json};

/// Two services of one Prometheus, and one that is something else.
pub(super) fn services() -> Vec<Value> {
    let prometheus = json!({ "app.kubernetes.io/name": "prometheus" });
    let stack = json!({
        "app": "kube-prometheus-stack-prometheus",
        "app.kubernetes.io/instance": "kube-prometheus-stack",
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/part-of": "kube-prometheus-stack",
        "release": "kube-prometheus-stack",
        "self-monitor": "true",
    });
    let operated = json!({
        "managed-by": "prometheus-operator",
        "operated-prometheus": "true",
    });
    let alertmanager = json!({ "app": "kube-prometheus-stack-alertmanager" });
    let ports = json!([
        { "name": "http-web", "port": 9090, "protocol": "TCP", "targetPort": 9090 },
        { "name": "reloader-web", "port": 8080, "protocol": "TCP", "targetPort": "reloader-web" },
    ]);
    let operated_ports =
        json!([{ "name": "http-web", "port": 9090, "protocol": "TCP", "targetPort": "http-web" }]);
    let other_ports =
        json!([{ "name": "http-web", "port": 9093, "protocol": "TCP", "targetPort": 9093 }]);
    let other = json!({ "app.kubernetes.io/name": "alertmanager" });
    vec![
        service(
            "kube-prometheus-stack-prometheus",
            &stack,
            &ports,
            &prometheus,
        ),
        service(
            "prometheus-operated",
            &operated,
            &operated_ports,
            &prometheus,
        ),
        service(
            "kube-prometheus-stack-alertmanager",
            &alertmanager,
            &other_ports,
            &other,
        ),
    ]
}

fn service(name: &str, labels: &Value, ports: &Value, selector: &Value) -> Value {
    let uid = super::uid(&["Service", name]);
    let mut metadata = super::metadata("monitoring", name, &uid, 1_735_689_600);
    metadata["labels"] = labels.clone();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": { "type": "ClusterIP", "clusterIP": "10.96.0.90", "ports": ports, "selector": selector },
        "status": { "loadBalancer": {} },
    })
}
