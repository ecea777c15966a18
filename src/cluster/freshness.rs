//! How new the newest value of the metrics API is.

use jiff::Timestamp;
use serde::Deserialize;

use super::call::Listing;
use super::usage::POD_METRICS;
use super::{Cluster, Error};

/// What the metrics API has of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    pub pods: usize,
    /// The end of the newest window.
    pub newest: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Item {
    timestamp: Option<Timestamp>,
}

impl Cluster {
    /// Of the pods in a namespace, or in all. A server keeps them in memory and knows no pages.
    ///
    /// # Errors
    /// [`Error::NotServed`] where no metrics server is installed.
    pub async fn freshness(&self, namespace: Option<&str>) -> Result<Freshness, Error> {
        let listing = Listing::of(POD_METRICS, namespace);
        let mut found = Freshness::default();
        let each = |it: Item| {
            found.pods += 1;
            found.newest = found.newest.max(it.timestamp);
        };
        let listed = self.list(&listing, each).await;
        listed.map_err(|it| self.not_served(it, POD_METRICS))?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{cluster, list, not_found};
    use serde_json::json;

    #[tokio::test]
    async fn the_newest_window_counts() {
        let cluster = cluster(|path: &str, _: &str| match path {
            "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods" => list([
                json!({ "timestamp": "2026-11-01T00:00:30Z" }),
                json!({ "timestamp": "2026-11-01T00:01:00Z" }),
                json!({}),
            ]),
            _ => not_found(),
        });
        let expected = Freshness {
            pods: 3,
            newest: Some("2026-11-01T00:01:00Z".parse().unwrap()),
        };
        assert_eq!(cluster.freshness(Some("shop")).await.unwrap(), expected);
        let missing = cluster.freshness(None).await;
        assert!(
            matches!(missing, Err(Error::NotServed { .. })),
            "{missing:?}"
        );
    }
}
