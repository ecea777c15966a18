//! Which namespaces there are.

use serde::Deserialize;

use super::call::{Listing, Resource};
use super::{Cluster, Error};

const NAMESPACES: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
};

#[derive(Deserialize)]
struct Item {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Cluster {
    /// The names of all, sorted.
    ///
    /// # Errors
    /// Where they may not be listed, which many may not.
    pub async fn namespaces(&self) -> Result<Vec<String>, Error> {
        let mut listing = Listing::of(NAMESPACES, None);
        listing.metadata_only = true;
        let mut names = Vec::new();
        self.list(&listing, |it: Item| names.push(it.metadata.name))
            .await?;
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::fake::{cluster, list};
    use serde_json::json;

    #[tokio::test]
    async fn names_are_sorted() {
        let cluster = cluster(|path: &str, _: &str| {
            assert_eq!(path, "/api/v1/namespaces");
            list(["shop", "default"].map(|it| json!({ "metadata": { "name": it } })))
        });
        assert_eq!(cluster.namespaces().await.unwrap(), ["default", "shop"]);
    }
}
