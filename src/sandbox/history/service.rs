//! How clients find the history: a Service with the labels of a Prometheus, reached through the
//! API server's service proxy.

use serde_json::{Value, json};

pub(crate) const NAMESPACE: &str = "monitoring";
pub(crate) const NAME: &str = "prometheus";
const PORT: u16 = 9090;

/// The Service, to be created with its namespace when the sandbox starts.
pub(crate) fn object() -> Value {
    json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": NAME, "namespace": NAMESPACE,
            "labels": { "app.kubernetes.io/name": "prometheus" } },
        "spec": { "ports": [{ "name": "http", "port": PORT, "protocol": "TCP",
            "targetPort": PORT }] } })
}

/// What is asked of the history by a path at the API server: `/api/v1/query`; none for the paths of
/// others.
pub(crate) fn asked(path: &str) -> Option<&str> {
    let services = path.strip_prefix("/api/v1/namespaces/")?;
    let (namespace, rest) = services.split_once("/services/")?;
    let (service, rest) = rest.split_once("/proxy")?;
    let is_path = rest.is_empty() || rest.starts_with('/');
    (namespace == NAMESPACE && is_ours(service) && is_path).then_some(rest)
}

/// A service in a proxy path is a name, or has a scheme before it and a port, or its name, behind.
fn is_ours(service: &str) -> bool {
    let service = service.replace("%3A", ":").replace("%3a", ":");
    let service = service.strip_prefix("http:").unwrap_or(&service);
    match service.split_once(':') {
        None => service == NAME,
        Some((name, port)) => {
            name == NAME && (matches!(port, "" | "http") || port.parse() == Ok(PORT))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_paths_lead_to_the_history() {
        let cases = [
            (
                "monitoring/services/prometheus:9090/proxy/api/v1/query",
                Some("/api/v1/query"),
            ),
            (
                "monitoring/services/prometheus/proxy/api/v1/read",
                Some("/api/v1/read"),
            ),
            (
                "monitoring/services/http:prometheus:http/proxy/-/ready",
                Some("/-/ready"),
            ),
            ("monitoring/services/prometheus%3A9090/proxy", Some("")),
            ("monitoring/services/https:prometheus:9090/proxy/x", None),
            ("monitoring/services/prometheus:9091/proxy/x", None),
            ("monitoring/services/other:9090/proxy/x", None),
            ("shop/services/prometheus:9090/proxy/x", None),
            ("monitoring/services/prometheus", None),
            ("monitoring/services/prometheus/proxying", None),
            ("monitoring/pods/prometheus/proxy/x", None),
        ];
        for (path, expected) in cases {
            let path = format!("/api/v1/namespaces/{path}");
            assert_eq!(asked(&path), expected, "{path}");
        }
        assert_eq!(asked("/apis/apps/v1"), None);
    }
}
