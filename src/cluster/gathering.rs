//! Objects as they are, and logs of pods: what a support bundle is made of.
//!
//! Secrets are not among the kinds, and nothing here asks for one.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::call::{Asked, BUSY, Listing, Resource, segment};
use super::{Cluster, Error, Namespaces};

/// A kind that is read whole.
#[derive(Debug)]
pub struct Kind {
    pub kind: &'static str,
    resource: Resource<'static>,
    pub is_of_cluster: bool,
    /// Whether a lint looks at it.
    pub is_linted: bool,
}

const fn kind(
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
) -> Kind {
    Kind {
        kind,
        resource: Resource {
            group,
            version,
            plural,
        },
        is_of_cluster: false,
        is_linted: false,
    }
}

const fn linted(
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
) -> Kind {
    Kind {
        is_linted: true,
        ..kind(name, group, version, plural)
    }
}

/// Autoscalers, what they scale and refer to, what bounds them, and what was said of all that.
pub const KINDS: [Kind; 12] = [
    linted(
        "HorizontalPodAutoscaler",
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
    ),
    linted("ScaledObject", "keda.sh", "v1alpha1", "scaledobjects"),
    linted("ScaledJob", "keda.sh", "v1alpha1", "scaledjobs"),
    linted(
        "TriggerAuthentication",
        "keda.sh",
        "v1alpha1",
        "triggerauthentications",
    ),
    Kind {
        is_of_cluster: true,
        ..linted(
            "ClusterTriggerAuthentication",
            "keda.sh",
            "v1alpha1",
            "clustertriggerauthentications",
        )
    },
    linted("Deployment", "apps", "v1", "deployments"),
    linted("StatefulSet", "apps", "v1", "statefulsets"),
    linted("LimitRange", "", "v1", "limitranges"),
    kind("ResourceQuota", "", "v1", "resourcequotas"),
    kind(
        "PodDisruptionBudget",
        "policy",
        "v1",
        "poddisruptionbudgets",
    ),
    kind(
        "ScalingRecommendation",
        "stepscale.io",
        "v1alpha1",
        "scalingrecommendations",
    ),
    kind("Event", "", "v1", "events"),
];

/// The services that answer for metrics, beside the API server's own.
const METRICS_APIS: [&str; 3] = [
    "v1beta1.metrics.k8s.io",
    "v1beta1.custom.metrics.k8s.io",
    "v1beta1.external.metrics.k8s.io",
];

const API_SERVICES: Resource<'_> = Resource {
    group: "apiregistration.k8s.io",
    version: "v1",
    plural: "apiservices",
};

const PODS: Resource<'_> = super::inventory::PODS;

impl Kind {
    pub fn plural(&self) -> &'static str {
        self.resource.plural
    }

    /// `core` for the core, as must-gather names its folder.
    pub fn group(&self) -> &'static str {
        match self.resource.group {
            "" => "core",
            group => group,
        }
    }

    pub fn api_version(&self) -> String {
        self.resource.api_version()
    }

    /// `list events`, as messages say it.
    pub fn operation(&self) -> String {
        format!("list {}", self.resource.with_group())
    }
}

/// Which log of a pod.
#[derive(Clone, Copy, Debug)]
pub struct LogOf<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    pub container: &'a str,
    /// That of the container before it was restarted.
    pub is_previous: bool,
    /// How far back from now.
    pub since: Duration,
}

/// The last lines that are asked for, and the most bytes of them.
const LINES: u32 = 50_000;
const BYTES: u32 = 8 << 20;

impl Cluster {
    /// All objects of a kind in the namespaces, by namespace and name; `None` where the cluster does not
    /// have the kind.
    ///
    /// # Errors
    /// Where they may not be read, or the cluster does not answer.
    pub async fn all_of(
        &self,
        kind: &Kind,
        namespaces: &Namespaces,
    ) -> Result<Option<Vec<Value>>, Error> {
        let mut found = Vec::new();
        for namespace in self.to_list(kind, namespaces) {
            match self.items(kind, namespace, None).await {
                Ok(items) => found.extend(items),
                Err(Error::Api { code: 404, .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(by_name(found)))
    }

    pub(super) fn to_list<'a>(
        &'a self,
        kind: &Kind,
        namespaces: &'a Namespaces,
    ) -> Vec<Option<&'a str>> {
        match namespaces {
            _ if kind.is_of_cluster => vec![None],
            Namespaces::All => vec![None],
            Namespaces::Current => vec![Some(self.namespace())],
            Namespaces::One(it) => vec![Some(it)],
            Namespaces::Several(all) => all.iter().map(|it| Some(it.as_str())).collect(),
        }
    }

    /// The items of one list, each with what the list says of all.
    pub(super) async fn items(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: Option<&str>,
    ) -> Result<Vec<Value>, Error> {
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
        let mut listing = Listing::of(kind.resource, namespace);
        listing.selector = selector;
        self.list(&listing, each).await?;
        Ok(items)
    }

    /// The pods with these labels, by namespace and name: of all namespaces where they may be listed,
    /// else of `otherwise`.
    ///
    /// # Errors
    /// Where they may not be read, or the cluster does not answer.
    pub async fn pods(&self, selector: &str, otherwise: &[&str]) -> Result<Vec<Value>, Error> {
        let pods = kind("Pod", "", "v1", "pods");
        let refused = match self.items(&pods, None, Some(selector)).await {
            Err(error @ Error::Forbidden { .. }) => error,
            found => return found.map(by_name),
        };
        let mut found = Vec::new();
        let mut is_refused = true;
        for namespace in otherwise {
            match self.items(&pods, Some(namespace), Some(selector)).await {
                Ok(items) => {
                    is_refused = false;
                    found.extend(items);
                }
                Err(Error::Forbidden { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match is_refused {
            true => Err(refused),
            false => Ok(by_name(found)),
        }
    }

    /// The services that answer for metrics, as far as there are any, by name.
    ///
    /// # Errors
    /// Where they may not be read, or the cluster does not answer.
    pub async fn metrics_apis(&self) -> Result<BTreeMap<&'static str, Value>, Error> {
        let mut found = BTreeMap::new();
        for name in METRICS_APIS {
            let resource = API_SERVICES.with_group();
            let asked = Asked {
                verb: "get",
                resource: &resource,
                namespace: None,
            };
            let path = format!("{}/{}", API_SERVICES.path(None), segment(name));
            match self.get::<Value>(asked, &path).await {
                Ok(service) => {
                    found.insert(name, service);
                }
                Err(error) if error.code() == Some(404) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The end of a log; `None` where there is no such log (any more).
    ///
    /// # Errors
    /// Where it may not be read, or nobody answers.
    pub async fn log(&self, of: LogOf<'_>) -> Result<Option<Bytes>, Error> {
        let asked = Asked {
            verb: "get",
            resource: "pods/log",
            namespace: Some(of.namespace),
        };
        let path = format!("{}/{}/log", PODS.path(Some(of.namespace)), segment(of.pod));
        let query = format!(
            "container={}&previous={}&sinceSeconds={}&timestamps=true&tailLines={LINES}&limitBytes={BYTES}",
            segment(of.container),
            of.is_previous,
            of.since.as_secs().max(1)
        );
        let request = || {
            http::Request::get(format!("{path}?{query}"))
                .body(Vec::new())
                .ok()
        };
        let reply = self.patiently(&BUSY, asked, request).await?;
        match reply.code.as_u16() {
            200 => Ok(Some(reply.body)),
            // The container has not begun, or has not been restarted; the pod is gone.
            400 | 404 => Ok(None),
            _ => Err(self.failure(asked, reply.code, &reply.body)),
        }
    }
}

fn by_name(mut objects: Vec<Value>) -> Vec<Value> {
    let text = |it: &Value, name: &str| it["metadata"][name].as_str().map(str::to_owned);
    objects.sort_by_cached_key(|it| (text(it, "namespace"), text(it, "name")));
    objects
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::super::fake::{answer, forbidden, not_found, recorded};
    use super::*;

    const LOG: LogOf<'_> = LogOf {
        namespace: "keda",
        pod: "keda-operator-1",
        container: "operator",
        is_previous: true,
        since: Duration::from_secs(3600),
    };

    #[test]
    fn secrets_are_not_among_the_kinds() {
        assert!(KINDS.iter().all(|it| it.plural() != "secrets"));
    }

    #[tokio::test]
    async fn a_kind_that_the_cluster_does_not_have_is_told_from_none() {
        let (cluster, _) = recorded(|path, _| match path.contains("keda.sh") {
            true => not_found(),
            false => answer(
                StatusCode::OK,
                json!({"items": [
                {"metadata": {"namespace": "b", "name": "x"}},
                {"metadata": {"namespace": "a", "name": "y"}}]}),
            ),
        });
        assert_eq!(
            cluster.all_of(&KINDS[1], &Namespaces::All).await.unwrap(),
            None
        );
        let found = cluster.all_of(&KINDS[0], &Namespaces::All).await.unwrap();
        let names = found.unwrap();
        let names: Vec<&str> = names
            .iter()
            .filter_map(|it| it["metadata"]["name"].as_str())
            .collect();
        assert_eq!(names, ["y", "x"]);
    }

    #[tokio::test]
    async fn pods_are_looked_for_where_they_may_be_listed() {
        let (cluster, asked) = recorded(|path, _| match path {
            "/api/v1/namespaces/keda/pods" => answer(
                StatusCode::OK,
                json!({"items": [{"metadata": {"name": "a"}}]}),
            ),
            _ => forbidden("no"),
        });
        let found = cluster
            .pods("app=keda-operator", &["stepscale", "keda"])
            .await;
        assert_eq!(found.unwrap().len(), 1);
        assert_eq!(asked.lock().unwrap().len(), 3);
        assert!(cluster.pods("app=keda-operator", &["other"]).await.is_err());
    }

    #[tokio::test]
    async fn a_log_that_is_not_there_is_none_and_one_that_may_not_be_read_is_an_error() {
        let (cluster, asked) = recorded(|_, _| answer(StatusCode::BAD_REQUEST, json!({})));
        assert_eq!(cluster.log(LOG).await.unwrap(), None);
        let asked = asked.lock().unwrap().join("");
        let expected = "/api/v1/namespaces/keda/pods/keda-operator-1/log?container=operator&previous=true\
                        &sinceSeconds=3600&timestamps=true&tailLines=50000&limitBytes=8388608";
        assert_eq!(asked, expected);
        let (cluster, _) = recorded(|_, _| forbidden("no"));
        let refused = cluster.log(LOG).await.unwrap_err().to_string();
        assert!(refused.contains("pods/log"), "{refused}");
    }
}
