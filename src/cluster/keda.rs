//! What belongs to KEDA: its objects, and what their triggers need of the cluster. Objects come as
//! JSON, which [`crate::keda::objects`] reads; Secrets are read by name, never listed.

mod jobs;
mod parts;
mod pods;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

pub use jobs::Unfinished;
pub use parts::{Part, Parts};

use super::call::{Asked, Listing, NOT_STARTED, Resource, segment};
use super::write::{Kind, Place};
use super::{Cluster, Error};
use crate::keda::trigger::Secret;
use crate::sim::totals::Scale;
use crate::units::Quantity;

/// The API group and version of KEDA's objects.
pub const KEDA: (&str, &str) = ("keda.sh", "v1alpha1");

pub const SCALED_OBJECTS: Kind = keda("scaledobjects", "ScaledObject", true);
pub const SCALED_JOBS: Kind = keda("scaledjobs", "ScaledJob", true);
pub const AUTHENTICATIONS: Kind = keda("triggerauthentications", "TriggerAuthentication", true);
pub const CLUSTER_AUTHENTICATIONS: Kind = keda(
    "clustertriggerauthentications",
    "ClusterTriggerAuthentication",
    false,
);

pub const HPAS: Kind = Kind {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    kind: "HorizontalPodAutoscaler",
    namespaced: true,
};

const CONFIG_MAPS: Kind = Kind {
    group: "",
    version: "v1",
    plural: "configmaps",
    kind: "ConfigMap",
    namespaced: true,
};

const DEPLOYMENTS: Resource<'_> = Resource {
    group: "apps",
    version: "v1",
    plural: "deployments",
};

/// The label of KEDA's operator in its own manifests, its chart and OpenShift's operator.
const OPERATOR: &str = "app=keda-operator";

/// How long a token lasts that is asked for to make one request: the least that is granted.
const TOKEN_SECONDS: u32 = 600;

const fn keda(plural: &'static str, kind: &'static str, namespaced: bool) -> Kind {
    Kind {
        group: KEDA.0,
        version: KEDA.1,
        plural,
        kind,
        namespaced,
    }
}

/// A scale target as its kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub namespace: String,
    pub name: String,
}

/// What the scale subresource of a target says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleNow {
    pub scale: Scale,
    /// Of its pods.
    pub selector: String,
}

impl Workload {
    fn resource(&self) -> Resource<'_> {
        Resource {
            group: &self.group,
            version: &self.version,
            plural: &self.plural,
        }
    }

    fn path(&self) -> String {
        let collection = self.resource().path(Some(&self.namespace));
        format!("{collection}/{}", segment(&self.name))
    }
}

#[derive(Deserialize)]
struct ScaleObject {
    #[serde(default)]
    spec: Replicas,
    #[serde(default)]
    status: Replicas,
}

#[derive(Default, Deserialize)]
struct Replicas {
    #[serde(default)]
    replicas: i32,
    #[serde(default)]
    selector: String,
}

#[derive(Deserialize)]
struct ExternalValues {
    items: Option<Vec<ExternalValue>>,
}

#[derive(Deserialize)]
struct ExternalValue {
    #[serde(default)]
    value: String,
}

impl Cluster {
    /// # Errors
    /// [`Error::NotServed`] where the cluster has no KEDA.
    pub async fn require_keda(&self) -> Result<(), Error> {
        if self.serves(&SCALED_OBJECTS).await? {
            return Ok(());
        }
        Err(Error::NotServed {
            endpoint: self.endpoint.clone(),
            api: SCALED_OBJECTS.api_version(),
        })
    }

    /// The namespace of KEDA's operator; `keda` where none is found or may be looked for.
    pub async fn keda_namespace(&self) -> String {
        let mut listing = Listing::of(DEPLOYMENTS, None);
        listing.selector = Some(OPERATOR);
        listing.metadata_only = true;
        let mut found: Vec<String> = Vec::new();
        let each =
            |it: Value| found.extend(it["metadata"]["namespace"].as_str().map(str::to_owned));
        let listed = self.list(&listing, each).await;
        let first = found.into_iter().min();
        match (listed, first) {
            (Ok(()), Some(namespace)) => namespace,
            (Ok(()) | Err(_), _) => "keda".to_owned(),
        }
    }

    /// What a ConfigMap holds; `None` where there is none of that name.
    ///
    /// # Errors
    /// Where it may not be read, or the API server does not answer.
    pub async fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<BTreeMap<String, String>>, Error> {
        let place = Place {
            kind: CONFIG_MAPS,
            namespace,
            name,
        };
        let object = self.object(&place).await?.value;
        Ok(object.map(|it| {
            let pairs = it["data"].as_object().into_iter().flatten();
            let text =
                |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
            pairs.filter_map(text).collect()
        }))
    }

    /// How the kind of a scale target is served; `None` where it is not.
    ///
    /// # Errors
    /// Where the API server cannot be asked.
    pub async fn plural(&self, api_version: &str, kind: &str) -> Result<Option<String>, Error> {
        let known = match (api_version, kind) {
            ("apps/v1", "Deployment") => Some("deployments"),
            ("apps/v1", "StatefulSet") => Some("statefulsets"),
            ("apps/v1", "ReplicaSet") => Some("replicasets"),
            _ => None,
        };
        if let Some(plural) = known {
            return Ok(Some(plural.to_owned()));
        }
        let path = match api_version.contains('/') {
            true => format!("/apis/{api_version}"),
            false => format!("/api/{api_version}"),
        };
        let asked = Asked {
            verb: "get",
            resource: &path,
            namespace: None,
        };
        let served: Value = match self.get(asked, &path).await {
            Err(Error::Api { code: 404, .. }) => return Ok(None),
            other => other?,
        };
        let resources = served["resources"].as_array().into_iter().flatten();
        let mut names = resources
            .filter(|it| it["kind"] == kind)
            .filter_map(|it| it["name"].as_str());
        Ok(names.find(|it| !it.contains('/')).map(str::to_owned))
    }

    /// A scale target as JSON; `None` where there is none.
    ///
    /// # Errors
    /// Where it may not be read, or the API server does not answer.
    pub async fn workload(&self, workload: &Workload) -> Result<Option<Value>, Error> {
        self.named(workload, "", &workload.path()).await
    }

    /// Its replicas and its pods' selector; `None` where it has no scale.
    ///
    /// # Errors
    /// As [`Self::workload`].
    pub async fn scale_now(&self, workload: &Workload) -> Result<Option<ScaleNow>, Error> {
        let path = format!("{}/scale", workload.path());
        let scale: Option<ScaleObject> = self.named(workload, "/scale", &path).await?;
        Ok(scale.map(|it| ScaleNow {
            scale: Scale {
                current: it.spec.replicas,
                observed: it.status.replicas,
            },
            selector: it.status.selector,
        }))
    }

    async fn named<T: serde::de::DeserializeOwned>(
        &self,
        workload: &Workload,
        part: &str,
        path: &str,
    ) -> Result<Option<T>, Error> {
        let resource = format!("{}{part}", workload.resource().with_group());
        let asked = Asked {
            verb: "get",
            resource: &resource,
            namespace: Some(&workload.namespace),
        };
        match self.get(asked, path).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::Api { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A token of a service account, for the audience of the API server.
    ///
    /// # Errors
    /// Where none may be made.
    pub async fn service_account_token(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Secret, Error> {
        let asked = Asked {
            verb: "create",
            resource: "serviceaccounts/token",
            namespace: Some(namespace),
        };
        let path = format!(
            "/api/v1/namespaces/{}/serviceaccounts/{}/token",
            segment(namespace),
            segment(name)
        );
        let wish = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": { "expirationSeconds": TOKEN_SECONDS } });
        let request = || {
            http::Request::post(&path)
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(wish.to_string().into_bytes())
                .ok()
        };
        let reply = self.patiently(&NOT_STARTED, asked, request).await?;
        if !reply.code.is_success() {
            return Err(self.failure(asked, reply.code, &reply.body));
        }
        let answer: Value =
            serde_json::from_slice(&reply.body).map_err(|source| Error::Malformed {
                operation: asked.operation(),
                source,
            })?;
        Ok(Secret::new(
            answer["status"]["token"].as_str().unwrap_or_default(),
        ))
    }

    /// What KEDA itself answers for a metric of an object: the sum of its series.
    ///
    /// # Errors
    /// Where KEDA's metrics server is not reached, or refuses.
    pub async fn external_metric(
        &self,
        namespace: &str,
        metric: &str,
        scaled_object: &str,
    ) -> Result<Option<Quantity>, Error> {
        let resource = format!("{metric}.external.metrics.k8s.io");
        let asked = Asked {
            verb: "get",
            resource: &resource,
            namespace: Some(namespace),
        };
        let path = format!(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/{}/{}\
             ?labelSelector=scaledobject.keda.sh%2Fname%3D{}",
            segment(namespace),
            segment(metric),
            segment(scaled_object)
        );
        let values: ExternalValues = self.get(asked, &path).await?;
        let values = values.items.into_iter().flatten();
        let values = values.filter_map(|it| it.value.parse::<Quantity>().ok());
        Ok(values.reduce(|all, it| all + it))
    }
}

#[cfg(test)]
mod tests;
