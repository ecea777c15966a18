//! How clients find the history: a Service with the labels of a Prometheus, reached through the
//! API server's service proxy.

use serde_json::{Value, json};

pub(crate) const NAMESPACE: &str = "monitoring";
pub(crate) const NAME: &str = "prometheus";
const PORT: u16 = 9090;

/// The namespace of the Service.
pub(crate) fn namespace() -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": NAMESPACE, "labels": { "kubernetes.io/metadata.name": NAMESPACE } },
        "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } })
}

/// The Service, to be created with its namespace when the sandbox starts.
pub(crate) fn object() -> Value {
    json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": NAME, "namespace": NAMESPACE,
            "labels": { "app.kubernetes.io/name": "prometheus" } },
        "spec": { "ports": [{ "name": "http", "port": PORT, "protocol": "TCP",
            "targetPort": PORT }] } })
}

/// Whether a request to this port of a service, by its number or its name or not said at all, is
/// one to the history.
pub(crate) fn is(namespace: &str, name: &str, port: &str) -> bool {
    let is_port = matches!(port, "" | "http") || port.parse() == Ok(PORT);
    namespace == NAMESPACE && name == NAME && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_port_of_one_service_is_the_history() {
        let cases = [
            ("monitoring", "prometheus", "9090", true),
            ("monitoring", "prometheus", "http", true),
            ("monitoring", "prometheus", "", true),
            ("monitoring", "prometheus", "9091", false),
            ("monitoring", "other", "9090", false),
            ("shop", "prometheus", "9090", false),
        ];
        for (namespace, name, port, expected) in cases {
            assert_eq!(
                is(namespace, name, port),
                expected,
                "{namespace}/{name}:{port}"
            );
        }
    }
}
