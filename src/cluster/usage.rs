//! What pods use right now, from the metrics API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::Resource;
use super::inventory::{Kept, Only, Reach, Reader};
use super::{Cluster, Error};
use crate::fleet::Unread;
use crate::units::{Cores, Quantity};

pub(super) const POD_METRICS: Resource<'_> = Resource {
    group: "metrics.k8s.io",
    version: "v1beta1",
    plural: "pods",
};

/// Pods of several namespaces and where they could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodMetrics {
    /// Sorted by namespace and pod.
    pub pods: Vec<PodUsage>,
    /// Sorted.
    pub unread: Vec<Unread>,
}

/// One pod's usage over the metrics server's last window, which is some seconds to a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct PodUsage {
    pub namespace: String,
    pub pod: String,
    /// The end of the window.
    pub at: Option<Timestamp>,
    /// In the order of the answer.
    pub containers: Vec<ContainerUsage>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ContainerUsage {
    pub name: String,
    pub cpu: Cores,
    pub memory_bytes: f64,
}

impl Cluster {
    /// The usage of every pod in `namespaces`.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`] where no metrics server is installed.
    pub async fn pod_metrics(
        &self,
        namespaces: impl IntoIterator<Item = String>,
    ) -> Result<PodMetrics, Error> {
        let reach = Reach::over(namespaces.into_iter().collect());
        let mut pods: BTreeMap<(String, String), PodUsage> = BTreeMap::new();
        let each = |it: Item| {
            let usage = usage(it);
            pods.insert((usage.namespace.clone(), usage.pod.clone()), usage);
        };
        let reader = Reader::of(self);
        let rows = reader
            .rows(POD_METRICS, &reach, Only::Everything, each)
            .await;
        let mut unread = rows.map_err(|it| self.not_served(it, POD_METRICS))?;
        unread.sort();
        Ok(PodMetrics {
            pods: pods.into_values().collect(),
            unread,
        })
    }
}

#[derive(Deserialize, Serialize)]
struct Item {
    metadata: ItemMeta,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    containers: Option<Vec<ItemContainer>>,
}

impl Kept for Item {}

#[derive(Deserialize, Serialize)]
struct ItemMeta {
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Deserialize, Serialize)]
struct ItemContainer {
    name: String,
    #[serde(default)]
    usage: BTreeMap<String, String>,
}

fn usage(item: Item) -> PodUsage {
    let containers = item.containers.into_iter().flatten();
    PodUsage {
        namespace: item.metadata.namespace,
        pod: item.metadata.name,
        at: item.timestamp,
        containers: containers.filter_map(container).collect(),
    }
}

/// `None` where CPU or memory is not told: a container that has just started.
fn container(item: ItemContainer) -> Option<ContainerUsage> {
    let amount = |resource: &str| -> Option<f64> {
        let quantity: Quantity = item.usage.get(resource)?.parse().ok()?;
        Some(quantity.as_f64())
    };
    Some(ContainerUsage {
        cpu: Cores(amount("cpu")?),
        memory_bytes: amount("memory")?,
        name: item.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{answer, cluster};
    use http::StatusCode;
    use serde_json::json;

    #[tokio::test]
    async fn usage_is_read_by_container() {
        let item = json!({"metadata": {"name": "web-1", "namespace": "shop"},
            "timestamp": "2026-11-01T00:00:00Z", "window": "30s", "containers": [
                {"name": "app", "usage": {"cpu": "125000000n", "memory": "64Mi"}},
                {"name": "new", "usage": {}}]});
        let cluster = cluster(move |path: &str, _: &str| match path {
            "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods" => {
                answer(StatusCode::OK, json!({"metadata": {}, "items": [item]}))
            }
            _ => answer(StatusCode::OK, json!({"items": null})),
        });
        let metrics = cluster
            .pod_metrics(["shop", "idle"].map(str::to_owned))
            .await;
        let app = ContainerUsage {
            name: "app".to_owned(),
            cpu: Cores(0.125),
            memory_bytes: 67_108_864.0,
        };
        let pod = PodUsage {
            namespace: "shop".to_owned(),
            pod: "web-1".to_owned(),
            at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            containers: vec![app],
        };
        let expected = PodMetrics {
            pods: vec![pod],
            unread: Vec::new(),
        };
        assert_eq!(metrics.unwrap(), expected);
    }

    #[tokio::test]
    async fn without_a_metrics_server_the_api_is_not_served() {
        let cluster =
            cluster(|_: &str, _: &str| answer(StatusCode::NOT_FOUND, json!("404 page not found")));
        let error = cluster.pod_metrics(["shop".to_owned()]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the API server https://fake does not serve metrics.k8s.io/v1beta1"
        );
    }
}
