//! Everything that a lint of a cluster looks at: autoscalers with what they scale and refer to, whole
//! and as they are.

use serde_json::Value;

use super::call::{Listing, Resource};
use super::{Cluster, Error, Namespaces};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Lintable {
    /// By kind, namespace and name.
    pub objects: Vec<Value>,
    /// Kinds that could not be read, and why.
    pub unread: Vec<(&'static str, String)>,
}

/// A kind that is read.
struct Read {
    kind: &'static str,
    resource: Resource<'static>,
    is_of_cluster: bool,
}

const fn read(
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
) -> Read {
    Read {
        kind,
        resource: Resource {
            group,
            version,
            plural,
        },
        is_of_cluster: false,
    }
}

const KINDS: [Read; 8] = [
    read(
        "HorizontalPodAutoscaler",
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
    ),
    read("ScaledObject", "keda.sh", "v1alpha1", "scaledobjects"),
    read("ScaledJob", "keda.sh", "v1alpha1", "scaledjobs"),
    read(
        "TriggerAuthentication",
        "keda.sh",
        "v1alpha1",
        "triggerauthentications",
    ),
    Read {
        is_of_cluster: true,
        ..read(
            "ClusterTriggerAuthentication",
            "keda.sh",
            "v1alpha1",
            "clustertriggerauthentications",
        )
    },
    read("Deployment", "apps", "v1", "deployments"),
    read("StatefulSet", "apps", "v1", "statefulsets"),
    read("LimitRange", "", "v1", "limitranges"),
];

impl Cluster {
    /// The objects of the namespaces. Kinds that the cluster does not have are none, and those that
    /// may not be read are told.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub async fn lintable(&self, namespaces: &Namespaces) -> Result<Lintable, Error> {
        let mut found = Lintable::default();
        for kind in &KINDS {
            let wanted: Vec<Option<&str>> = match namespaces {
                _ if kind.is_of_cluster => vec![None],
                Namespaces::All => vec![None],
                Namespaces::Current => vec![Some(self.namespace())],
                Namespaces::One(it) => vec![Some(it)],
                Namespaces::Several(all) => all.iter().map(|it| Some(it.as_str())).collect(),
            };
            for namespace in wanted {
                self.read_kind(kind, namespace, &mut found).await?;
            }
        }
        let key = |it: &Value, pointer| it.pointer(pointer).map(Value::to_string);
        found.objects.sort_by_cached_key(|it| {
            ["/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| key(it, pointer))
        });
        Ok(found)
    }

    async fn read_kind(
        &self,
        kind: &Read,
        namespace: Option<&str>,
        found: &mut Lintable,
    ) -> Result<(), Error> {
        let version = kind.resource.api_version();
        let mut items = Vec::new();
        let each = |mut it: Value| {
            // Items of lists leave out what the list says.
            if let Some(fields) = it.as_object_mut() {
                fields.insert("apiVersion".to_owned(), version.clone().into());
                fields.insert("kind".to_owned(), kind.kind.into());
                items.push(it);
            }
        };
        match self
            .list(&Listing::of(kind.resource, namespace), each)
            .await
        {
            Ok(()) => found.objects.append(&mut items),
            Err(Error::Api { code: 404, .. }) => {}
            Err(error @ Error::Forbidden { .. }) => {
                found.unread.push((kind.kind, error.to_string()));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
