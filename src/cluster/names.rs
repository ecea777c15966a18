//! Nothing but names: of what the kubeconfig has, and of objects, for those who complete a word.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::call::{Listing, Resource};
use super::connect::kubeconfig_of;
use super::objects::Meta;
use super::{Cluster, Error};

/// What a kubeconfig names, each sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubeconfig {
    pub contexts: Vec<String>,
    pub clusters: Vec<String>,
    pub users: Vec<String>,
    /// Of all contexts.
    pub namespaces: Vec<String>,
}

/// What `file` names, or the kubeconfig that kubectl would read.
///
/// # Errors
/// Where it cannot be read.
pub fn kubeconfig(file: Option<&Path>) -> Result<Kubeconfig, Error> {
    let Some(found) = kubeconfig_of(file)? else {
        return Ok(Kubeconfig::default());
    };
    let contexts = found.contexts.iter();
    let namespaces = contexts.filter_map(|it| it.context.as_ref()?.namespace.clone());
    Ok(Kubeconfig {
        namespaces: sorted(namespaces),
        contexts: sorted(found.contexts.into_iter().map(|it| it.name)),
        clusters: sorted(found.clusters.into_iter().map(|it| it.name)),
        users: sorted(found.auth_infos.into_iter().map(|it| it.name)),
    })
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let distinct: BTreeSet<String> = names.filter(|it| !it.is_empty()).collect();
    distinct.into_iter().collect()
}

/// A kind whose objects are listed by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    resource: Resource<'static>,
    is_of_cluster: bool,
}

impl Named {
    pub const NAMESPACES: Self = Self::of_cluster("", "v1", "namespaces");
    pub const PODS: Self = Self::of("", "v1", "pods");
    pub const HPAS: Self = Self::of("autoscaling", "v2", "horizontalpodautoscalers");
    pub const SCALED_OBJECTS: Self = Self::of("keda.sh", "v1alpha1", "scaledobjects");
    pub const SCALED_JOBS: Self = Self::of("keda.sh", "v1alpha1", "scaledjobs");
    pub const AUTHENTICATIONS: Self = Self::of("keda.sh", "v1alpha1", "triggerauthentications");
    pub const CLUSTER_AUTHENTICATIONS: Self =
        Self::of_cluster("keda.sh", "v1alpha1", "clustertriggerauthentications");

    const fn of(group: &'static str, version: &'static str, plural: &'static str) -> Self {
        Self {
            resource: Resource {
                group,
                version,
                plural,
            },
            is_of_cluster: false,
        }
    }

    const fn of_cluster(group: &'static str, version: &'static str, plural: &'static str) -> Self {
        Self {
            is_of_cluster: true,
            ..Self::of(group, version, plural)
        }
    }
}

#[derive(Deserialize)]
struct Item {
    metadata: Meta,
}

impl Cluster {
    /// The names of the objects of a kind in a namespace, or in all; of a kind that has no namespaces,
    /// all. The HPA that KEDA makes of a ScaledObject is no object of its own.
    ///
    /// # Errors
    /// Where they cannot be listed.
    pub async fn names(&self, kind: Named, namespace: Option<&str>) -> Result<Vec<String>, Error> {
        let namespace = namespace.filter(|_| !kind.is_of_cluster);
        let mut listing = Listing::of(kind.resource, namespace);
        listing.metadata_only = true;
        let mut names = vec![];
        let keep = |Item { metadata }: Item| {
            let owner = metadata.controller().map(|it| it.kind.as_str());
            if owner != Some("ScaledObject") {
                names.push(metadata.name);
            }
        };
        self.list(&listing, keep).await?;
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::{cluster, list};

    #[tokio::test]
    async fn namespaces_are_of_the_whole_cluster() {
        let cluster = cluster(|path: &str, _: &str| {
            assert_eq!(path, "/api/v1/namespaces");
            list(["default", "shop"].map(|it| json!({ "metadata": { "name": it } })))
        });
        let names = cluster.names(Named::NAMESPACES, Some("shop")).await;
        assert_eq!(names.unwrap(), ["default", "shop"]);
    }

    #[test]
    fn a_kubeconfig_is_what_it_names() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "contexts:\n\
            - {name: b, context: {cluster: k, user: u, namespace: shop}}\n\
            - {name: a, context: {cluster: k, namespace: shop}}\n\
            clusters: [{name: k, cluster: {server: https://k}}]\n\
            users: [{name: u, user: {}}]\n";
        std::fs::write(file.path(), text).unwrap();
        let expected = Kubeconfig {
            contexts: vec!["a".to_owned(), "b".to_owned()],
            clusters: vec!["k".to_owned()],
            users: vec!["u".to_owned()],
            namespaces: vec!["shop".to_owned()],
        };
        assert_eq!(kubeconfig(Some(file.path())).unwrap(), expected);
        assert!(kubeconfig(Some(Path::new("/nowhere"))).is_err());
    }
}
