//! The Deployments that KEDA consists of.

use serde_json::Value;

use super::{DEPLOYMENTS, OPERATOR};
use crate::cluster::call::Listing;
use crate::cluster::{Cluster, Error};

/// The label of KEDA's metrics server, in the same places as that of the operator.
const METRICS_SERVER: &str = "app=keda-operator-metrics-apiserver";

/// One of the Deployments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub namespace: String,
    pub name: String,
    /// By its label, else by the tag of its image.
    pub version: Option<String>,
    pub ready: i64,
    pub wanted: i64,
}

/// The two without which nothing scales.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub operator: Option<Part>,
    pub metrics_server: Option<Part>,
}

impl Cluster {
    /// # Errors
    /// Where Deployments may not be listed in all namespaces, or the server does not answer.
    pub async fn keda_parts(&self) -> Result<Parts, Error> {
        Ok(Parts {
            operator: self.part(OPERATOR).await?,
            metrics_server: self.part(METRICS_SERVER).await?,
        })
    }

    /// The first with a label.
    async fn part(&self, selector: &str) -> Result<Option<Part>, Error> {
        let mut listing = Listing::of(DEPLOYMENTS, None);
        listing.selector = Some(selector);
        let mut found: Vec<Part> = Vec::new();
        self.list(&listing, |it: Value| found.extend(part(&it)))
            .await?;
        Ok(found
            .into_iter()
            .min_by(|a, b| a.namespace.cmp(&b.namespace)))
    }
}

fn part(deployment: &Value) -> Option<Part> {
    let metadata = &deployment["metadata"];
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let label = &metadata["labels"]["app.kubernetes.io/version"];
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    Some(Part {
        namespace: text(&metadata["namespace"])?,
        name: text(&metadata["name"])?,
        version: text(label).or_else(|| tag(image.as_str()?)),
        ready: deployment["status"]["readyReplicas"].as_i64().unwrap_or(0),
        wanted: deployment["spec"]["replicas"].as_i64().unwrap_or(1),
    })
}

/// `2.17.2` of `ghcr.io/kedacore/keda:2.17.2@sha256:…`.
fn tag(image: &str) -> Option<String> {
    let name = image.split('@').next()?.rsplit('/').next()?;
    Some(name.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{cluster, list};
    use serde_json::json;

    #[test]
    fn a_version_is_that_of_the_label_or_of_the_image() {
        let cases = [
            ("ghcr.io/kedacore/keda:2.17.2", Some("2.17.2")),
            ("registry:5000/keda:2.17.2@sha256:abc", Some("2.17.2")),
            ("registry:5000/keda", None),
            ("keda@sha256:abc", None),
        ];
        for (image, expected) in cases {
            assert_eq!(tag(image).as_deref(), expected, "{image}");
        }
    }

    #[tokio::test]
    async fn each_part_is_found_by_its_label() {
        let cluster = cluster(|path: &str, query: &str| {
            assert_eq!(path, "/apis/apps/v1/deployments");
            match query.contains("metrics-apiserver") {
                true => list([]),
                false => list([json!({
                    "metadata": { "name": "keda-operator", "namespace": "keda",
                        "labels": { "app.kubernetes.io/version": "2.17.2" } },
                    "spec": { "replicas": 2 }, "status": { "readyReplicas": 1 } })]),
            }
        });
        let operator = Part {
            namespace: "keda".to_owned(),
            name: "keda-operator".to_owned(),
            version: Some("2.17.2".to_owned()),
            ready: 1,
            wanted: 2,
        };
        let expected = Parts {
            operator: Some(operator),
            metrics_server: None,
        };
        assert_eq!(cluster.keda_parts().await.unwrap(), expected);
    }
}
