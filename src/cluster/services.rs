//! Which service of the cluster is its Prometheus, by the labels that the usual installations
//! give it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::call::{Listing, Resource, segment};
use super::objects::Meta;
use super::{Cluster, Error};

const SERVICES: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "services",
};

/// One request each. A label that few installations share comes without values to choose from.
const SELECTORS: [&str; 3] = [
    "app.kubernetes.io/name in (prometheus,thanos,thanos-query,thanos-querier,mimir,vmsingle,\
     vmselect,victoria-metrics-single,victoria-metrics-cluster)",
    "app in (kube-prometheus-stack-prometheus,prometheus-operator-prometheus,prometheus,\
     thanos-query,vmsingle,vmselect)",
    "operated-prometheus=true",
];

/// What answers the queries. Sorts by how much history it is likely to have: layers that query
/// long-term storage and every replica first, then one Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavor {
    Thanos,
    Mimir,
    VictoriaMetrics,
    Prometheus,
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thanos => "Thanos",
            Self::Mimir => "Mimir",
            Self::VictoriaMetrics => "VictoriaMetrics",
            Self::Prometheus => "Prometheus",
        })
    }
}

/// A service that speaks the Prometheus API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusService {
    pub namespace: String,
    pub name: String,
    pub port: u16,
    pub scheme: Scheme,
    /// What comes before `/api/v1`: empty or `/prometheus`.
    pub path_prefix: &'static str,
    pub flavor: Flavor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl PrometheusService {
    /// The path at the API server below which the service answers; `/api/v1/query` goes after it.
    pub fn proxy_path(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "",
            Scheme::Https => "https:",
        };
        let (namespace, name) = (segment(&self.namespace), segment(&self.name));
        let Self {
            port, path_prefix, ..
        } = self;
        format!("/api/v1/namespaces/{namespace}/services/{scheme}{name}:{port}/proxy{path_prefix}")
    }
}

impl fmt::Display for PrometheusService {
    /// `Thanos service monitoring/thanos-query:9090`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            namespace,
            name,
            port,
            flavor,
            ..
        } = self;
        write!(f, "{flavor} service {namespace}/{name}:{port}")
    }
}

impl Cluster {
    /// The service to take history from; `None` where no service has the labels of one.
    ///
    /// Of several, the first by [`Flavor`], then one with an address of its own before a headless
    /// one (`prometheus-operated`), then by namespace and name.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] where services may not be listed in all namespaces.
    pub async fn find_prometheus(&self) -> Result<Option<PrometheusService>, Error> {
        let mut found: Vec<(Rank, PrometheusService)> = Vec::new();
        for selector in SELECTORS {
            let mut listing = Listing::of(SERVICES, None);
            listing.selector = Some(selector);
            self.list(&listing, |it: Service| found.extend(candidate(&it)))
                .await?;
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found.into_iter().next().map(|(_, service)| service))
    }
}

type Rank = (Flavor, bool, String, String);

#[derive(Deserialize)]
struct Service {
    metadata: Meta,
    #[serde(default)]
    spec: ServiceSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServiceSpec {
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    #[serde(default)]
    name: Option<String>,
    port: u16,
    #[serde(default)]
    app_protocol: Option<String>,
}

fn candidate(service: &Service) -> Option<(Rank, PrometheusService)> {
    // Without pods of its own, the API server has nothing to proxy to.
    if service.spec.kind.as_deref() == Some("ExternalName") {
        return None;
    }
    let (flavor, path_prefix) = flavor(&service.metadata.labels)?;
    let namespace = service.metadata.namespace().to_owned();
    let name = service.metadata.name.clone();
    let port = best_port(service.spec.ports.as_deref().unwrap_or_default(), flavor)?;
    let headless = service.spec.cluster_ip.as_deref() == Some("None");
    let rank = (flavor, headless, namespace.clone(), name.clone());
    let found = PrometheusService {
        scheme: scheme(&namespace, port),
        port: port.port,
        namespace,
        name,
        path_prefix,
        flavor,
    };
    Some((rank, found))
}

/// What a service with these labels is, and where its Prometheus API begins.
fn flavor(labels: &BTreeMap<String, String>) -> Option<(Flavor, &'static str)> {
    let label = |key: &str| labels.get(key).map_or("", String::as_str);
    let name = match label("app.kubernetes.io/name") {
        "" => label("app"),
        name => name,
    };
    let component = match label("app.kubernetes.io/component") {
        "" => label("component"),
        component => component,
    };
    let part = match component {
        "" => label("app"),
        part => part,
    };
    match (name, part) {
        ("thanos-query" | "thanos-querier", _) => Some((Flavor::Thanos, "")),
        ("thanos", "query" | "query-frontend" | "querier") => Some((Flavor::Thanos, "")),
        ("mimir", "gateway" | "nginx" | "query-frontend") => Some((Flavor::Mimir, "/prometheus")),
        ("vmsingle" | "victoria-metrics-single", _) => Some((Flavor::VictoriaMetrics, "")),
        ("vmselect", _) | ("victoria-metrics-cluster", "vmselect") => {
            Some((Flavor::VictoriaMetrics, "/select/0/prometheus"))
        }
        ("kube-prometheus-stack-prometheus" | "prometheus-operator-prometheus", _) => {
            Some((Flavor::Prometheus, ""))
        }
        // `prometheus` alone may also be an exporter or an Alertmanager of the same chart.
        ("prometheus", "server" | "prometheus" | "") => Some((Flavor::Prometheus, "")),
        _ if label("operated-prometheus") == "true" => Some((Flavor::Prometheus, "")),
        _ => None,
    }
}

/// The port by its usual names, then by its usual number, then the first.
fn best_port(ports: &[Port], flavor: Flavor) -> Option<&Port> {
    let usual = match flavor {
        Flavor::Thanos | Flavor::Prometheus => 9090,
        Flavor::Mimir => 8080,
        Flavor::VictoriaMetrics => 8428,
    };
    let named = |name: &'static str| {
        let same = move |it: &&Port| it.name.as_deref() == Some(name);
        ports.iter().find(same)
    };
    ["http-web", "web", "http", "http-metrics"]
        .into_iter()
        .find_map(named)
        .or_else(|| ports.iter().find(|it| it.port == usual))
        .or_else(|| ports.first())
}

/// OpenShift serves TLS on a port that is called `web`.
fn scheme(namespace: &str, port: &Port) -> Scheme {
    let name = port.name.as_deref().unwrap_or_default();
    let protocol = port.app_protocol.as_deref().unwrap_or_default();
    if name.starts_with("https") || protocol == "https" || namespace == "openshift-monitoring" {
        Scheme::Https
    } else {
        Scheme::Http
    }
}

#[cfg(test)]
mod tests;
