//! Which service of the cluster an address names, if it names one.

use std::net::IpAddr;

use reqwest::Url;

/// A service as the API server's proxy takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) namespace: String,
    pub(super) name: String,
    port: u16,
    is_https: bool,
}

impl Service {
    /// The service that the host of `url` may name: `prometheus`, `prometheus.monitoring`,
    /// `prometheus.monitoring.svc` or the same in a cluster's domain. A name alone is looked up in
    /// the namespace of whoever asks, which is KEDA's.
    pub(super) fn of(url: &Url, namespace: &str) -> Option<Self> {
        let host = url.host_str()?.trim_end_matches('.');
        let is_address = host.parse::<IpAddr>().is_ok() || host.starts_with('[');
        if is_address || host == "localhost" {
            return None;
        }
        let labels: Vec<&str> = host.split('.').collect();
        let (name, namespace) = match labels.as_slice() {
            [name] => (*name, namespace),
            [name, namespace] | [name, namespace, "svc", ..] => (*name, *namespace),
            _ => return None,
        };
        Some(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            port: url.port_or_known_default()?,
            is_https: url.scheme() == "https",
        })
    }

    /// The path at the API server under which `url` is asked. A host has no characters that a path
    /// would need to have encoded.
    pub(super) fn path(&self, url: &Url) -> String {
        let Self {
            namespace,
            name,
            port,
            is_https,
        } = self;
        let scheme = if *is_https { "https:" } else { "" };
        let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
        format!(
            "/api/v1/namespaces/{namespace}/services/{scheme}{name}:{port}/proxy{}{query}",
            url.path()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> Option<String> {
        let url = Url::parse(url).unwrap();
        Service::of(&url, "keda").map(|it| it.path(&url))
    }

    #[test]
    fn a_service_is_named_in_each_of_the_clusters_ways() {
        let of = |namespace: &str, service: &str, rest: &str| {
            let root = format!("/api/v1/namespaces/{namespace}/services");
            Some(format!("{root}/{service}/proxy{rest}"))
        };
        let cases = [
            (
                "http://p:9090/x?query=a%2B1",
                of("keda", "p:9090", "/x?query=a%2B1"),
            ),
            ("http://p.mon/x", of("mon", "p:80", "/x")),
            ("https://p.mon.svc/", of("mon", "https:p:443", "/")),
            ("http://p.mon.svc.cluster.local:1/", of("mon", "p:1", "/")),
            ("http://p.mon.svc.my.domain.:1/", of("mon", "p:1", "/")),
        ];
        for (url, expected) in cases {
            assert_eq!(path(url), expected, "{url}");
        }
    }

    #[test]
    fn other_hosts_are_no_services() {
        for url in [
            "http://prometheus.example.com",
            "http://10.0.0.1:9090",
            "http://[::1]:9090",
            "http://localhost:9090",
        ] {
            assert_eq!(path(url), None, "{url}");
        }
    }
}
