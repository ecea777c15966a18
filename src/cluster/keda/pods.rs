//! The pods of one scale target with what they use, as an HPA looks at them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::autoscaler::{Holds, Resource as Amount};
use crate::cluster::call::{Listing, Resource};
use crate::cluster::{Cluster, Error};
use crate::keda::evaluation::{LivePod, Usage};
use crate::sim::pod::{Amounts, Container, Phase, Ready, Role, Template};
use crate::units::Quantity;

const PODS: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "pods",
};

const POD_METRICS: Resource<'_> = Resource {
    group: "metrics.k8s.io",
    version: "v1beta1",
    plural: "pods",
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodObject {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: String,
    #[serde(default)]
    deletion_timestamp: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    containers: Option<Vec<Contained>>,
    #[serde(default)]
    init_containers: Option<Vec<Contained>>,
    #[serde(default)]
    resources: Option<Resources>,
    #[serde(default)]
    overhead: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contained {
    name: String,
    #[serde(default)]
    restart_policy: Option<String>,
    #[serde(default)]
    resources: Option<Resources>,
}

#[derive(Default, Deserialize)]
struct Resources {
    #[serde(default)]
    requests: Option<BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    phase: String,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    last_transition_time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct PodMetrics {
    metadata: Meta,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    window: String,
    #[serde(default)]
    containers: Option<Vec<Measured>>,
}

#[derive(Deserialize)]
struct Measured {
    name: String,
    #[serde(default)]
    usage: BTreeMap<String, String>,
}

impl Cluster {
    /// The pods that a selector matches, without what they use.
    ///
    /// # Errors
    /// Where they may not be listed.
    pub async fn live_pods(&self, namespace: &str, selector: &str) -> Result<Vec<LivePod>, Error> {
        let pods = self.pods_of(namespace, selector).await?;
        Ok(pods.into_values().collect())
    }

    /// The pods that a selector matches, with what they use.
    ///
    /// # Errors
    /// Where they may not be listed, or no metrics server is installed.
    pub async fn measured_pods(
        &self,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<LivePod>, Error> {
        let mut pods = self.pods_of(namespace, selector).await?;
        let mut listing = Listing::of(POD_METRICS, Some(namespace));
        listing.selector = Some(selector);
        let each = |it: PodMetrics| {
            if let (Some(pod), Some(at)) = (pods.get_mut(&it.metadata.name), it.timestamp) {
                pod.usage = Some(usage(at, it));
            }
        };
        let listed = self.list(&listing, each).await;
        listed.map_err(|it| self.not_served(it, POD_METRICS))?;
        Ok(pods.into_values().collect())
    }

    async fn pods_of(
        &self,
        namespace: &str,
        selector: &str,
    ) -> Result<BTreeMap<String, LivePod>, Error> {
        let mut listing = Listing::of(PODS, Some(namespace));
        listing.selector = Some(selector);
        let mut pods = BTreeMap::new();
        let each = |it: PodObject| {
            pods.insert(it.metadata.name.clone(), live(&it));
        };
        self.list(&listing, each).await?;
        Ok(pods)
    }
}

fn usage(at: Timestamp, metrics: PodMetrics) -> Usage {
    let containers = metrics.containers.into_iter().flatten();
    Usage {
        at,
        // As the metrics server writes it; one that cannot be read counts as its default.
        window: metrics
            .window
            .parse()
            .unwrap_or(SignedDuration::from_secs(60)),
        containers: containers
            .map(|it| (it.name, quantities(it.usage)))
            .collect(),
    }
}

/// What is not a quantity has no value, as for the HPA.
fn quantities(amounts: BTreeMap<String, String>) -> BTreeMap<String, Quantity> {
    let parsed = |(name, text): (String, String)| Some((name, text.parse().ok()?));
    amounts.into_iter().filter_map(parsed).collect()
}

fn live(pod: &PodObject) -> LivePod {
    let conditions = pod.status.conditions.as_deref().unwrap_or_default();
    let ready = conditions.iter().find(|it| it.kind == "Ready");
    LivePod {
        template: template(&pod.spec),
        phase: phase(&pod.status.phase),
        is_deleted: pod.metadata.deletion_timestamp.is_some(),
        started: pod.status.start_time,
        ready: ready.and_then(|it| {
            Some(Ready {
                holds: holds(&it.status),
                since: it.last_transition_time.or(pod.status.start_time)?,
            })
        }),
        usage: None,
    }
}

fn phase(word: &str) -> Phase {
    match word {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    }
}

fn holds(word: &str) -> Holds {
    match word {
        "True" => Holds::Yes,
        "False" => Holds::No,
        _ => Holds::Unknown,
    }
}

fn template(spec: &Spec) -> Template {
    let init = spec.init_containers.iter().flatten().map(|it| {
        let stays = it.restart_policy.as_deref() == Some("Always");
        (it, if stays { Role::Sidecar } else { Role::Init })
    });
    let main = spec.containers.iter().flatten().map(|it| (it, Role::Main));
    Template {
        containers: init
            .chain(main)
            .map(|(it, role)| Container {
                name: it.name.clone(),
                role,
                requests: requests(it.resources.as_ref()),
            })
            .collect(),
        pod_level: requests(spec.resources.as_ref()),
        overhead: amounts(spec.overhead.as_ref()),
    }
}

fn requests(resources: Option<&Resources>) -> Amounts {
    amounts(resources.and_then(|it| it.requests.as_ref()))
}

fn amounts(given: Option<&BTreeMap<String, Value>>) -> Amounts {
    let amount = |(name, value): (&String, &Value)| {
        let quantity = match value {
            Value::String(text) => text.parse().ok()?,
            Value::Number(number) => number.to_string().parse().ok()?,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let resource = match name.as_str() {
            "cpu" => Amount::Cpu,
            "memory" => Amount::Memory,
            other => Amount::Other(other.to_owned()),
        };
        Some((resource, quantity))
    };
    Amounts(given.into_iter().flatten().filter_map(amount).collect())
}
