//! What triggers share of their object's surroundings: the target, its container's environment,
//! and what KEDA's HPA says.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::objects::Scaled;
use super::{Session, told};
use crate::cluster::keda::{HPAS, ScaleNow, Unfinished, Workload};
use crate::cluster::write::Place;
use crate::keda::environment::{Environment, Held, Holder};
use crate::keda::evaluation::hpa_view::HpaView;
use crate::keda::objects::{ScaledJob, ScaledObject};
use crate::keda::trigger::Secret;

/// The variables of a container, and what of them could not be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    pub(super) values: BTreeMap<String, Secret>,
    pub(super) notes: Vec<String>,
}

/// What is around an object.
pub(super) struct Surroundings {
    /// The spec of the pods, `None` where it is not known.
    pub(super) pods: Option<Value>,
    pub(super) scale: Option<ScaleNow>,
    pub(super) hpa: Option<HpaView>,
    /// The jobs of a ScaledJob.
    pub(super) jobs: Option<Unfinished>,
    pub(super) unread: Vec<String>,
    /// By container; read once somebody needs it.
    variables: OnceCell<Variables>,
}

impl<L> Session<'_, L> {
    pub(super) async fn surroundings(&self, scaled: &Scaled) -> Surroundings {
        let (mut unread, mut jobs) = (Vec::new(), None);
        let (pods, scale, hpa) = match scaled {
            Scaled::Job(it) => {
                jobs = kept(self.jobs(it).await, &mut unread);
                (Some(it.spec.job["template"]["spec"].clone()), None, None)
            }
            Scaled::Object(it) => {
                let (target, hpa) = tokio::join!(self.target(it), self.hpa(it));
                let (pods, scale) = kept(target, &mut unread).unwrap_or_default();
                (pods, scale, kept(hpa, &mut unread).flatten())
            }
        };
        Surroundings {
            pods,
            scale,
            hpa,
            jobs,
            unread,
            variables: OnceCell::new(),
        }
    }

    async fn target(
        &self,
        object: &ScaledObject,
    ) -> Result<(Option<Value>, Option<ScaleNow>), String> {
        let target = &object.spec.target;
        let (version, kind) = (target.api_version_or_default(), target.kind_or_default());
        let plural = self.cluster.plural(version, kind).await.map_err(told)?;
        let plural =
            plural.ok_or_else(|| format!("the cluster has no kind {kind} of {version}"))?;
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let workload = Workload {
            group: group.to_owned(),
            version: version.to_owned(),
            plural,
            namespace: object.metadata.namespace.clone(),
            name: target.name.clone(),
        };
        let read = self.cluster.workload(&workload);
        let (found, scale) = tokio::join!(read, self.cluster.scale_now(&workload));
        let found = found.map_err(told)?;
        let found = found.ok_or_else(|| format!("there is no {kind} {}", target.name))?;
        let pods = found["spec"]["template"]["spec"].clone();
        Ok(((!pods.is_null()).then_some(pods), scale.map_err(told)?))
    }

    async fn jobs(&self, job: &ScaledJob) -> Result<Unfinished, String> {
        let awaited = &job.spec.scaling_strategy.pending_pod_conditions;
        let metadata = &job.metadata;
        let found = self
            .cluster
            .unfinished_jobs(&metadata.namespace, &metadata.name, awaited);
        found.await.map_err(told)
    }

    async fn hpa(&self, object: &ScaledObject) -> Result<Option<HpaView>, String> {
        let name = object.status.hpa_name.clone().filter(|it| !it.is_empty());
        let name = name.unwrap_or_else(|| object.hpa_name());
        let place = Place {
            kind: HPAS,
            namespace: &object.metadata.namespace,
            name: &name,
        };
        let found = self.cluster.object(&place).await.map_err(told)?.value;
        let read = found.map(|it| HpaView::read(&it)).transpose();
        read.map_err(|it| format!("HPA {name}: {it}"))
    }

    /// The environment of the object's container.
    pub(super) async fn variables<'a>(
        &self,
        scaled: &Scaled,
        around: &'a Surroundings,
    ) -> &'a Variables {
        let read = || self.variables_of(scaled, around, scaled.container());
        around.variables.get_or_init(read).await
    }

    /// The environment of a container that an authentication names.
    pub(super) async fn variables_of(
        &self,
        scaled: &Scaled,
        around: &Surroundings,
        container: Option<&str>,
    ) -> Variables {
        let Some(pods) = &around.pods else {
            let note = "the environment of the target is not known".to_owned();
            return Variables {
                notes: vec![note],
                ..Variables::default()
            };
        };
        let environment = match Environment::of(pods, container) {
            Ok(environment) => environment,
            Err(error) => {
                return Variables {
                    notes: vec![error.to_string()],
                    ..Variables::default()
                };
            }
        };
        let (mut held, mut notes) = (Held::new(), Vec::new());
        for holder in environment.holders() {
            match self.held(&scaled.metadata().namespace, &holder).await {
                Ok(values) => drop(held.insert(holder, values)),
                Err(note) => notes.push(note),
            }
        }
        Variables {
            values: environment.resolve(&held),
            notes,
        }
    }

    /// What a Secret or ConfigMap holds.
    pub(super) async fn held(
        &self,
        namespace: &str,
        holder: &Holder,
    ) -> Result<BTreeMap<String, Secret>, String> {
        match holder {
            Holder::ConfigMap(name) => {
                let found = self.cluster.config_map(namespace, name).await;
                let found = found.map_err(told)?;
                let pairs = found.ok_or_else(|| absent("ConfigMap", name, namespace))?;
                let secret = |(key, value): (String, String)| (key, Secret::new(value));
                Ok(pairs.into_iter().map(secret).collect())
            }
            Holder::Secret(name) => {
                let found = self.cluster.secret(namespace, name).await;
                let found = found.map_err(told)?;
                let secret = found.ok_or_else(|| absent("Secret", name, namespace))?;
                Ok(secret
                    .iter()
                    .map(|(key, value)| {
                        let text = String::from_utf8_lossy(value).into_owned();
                        (key.to_owned(), Secret::new(text))
                    })
                    .collect())
            }
        }
    }
}

fn absent(kind: &str, name: &str, namespace: &str) -> String {
    format!("there is no {kind} {name} in namespace {namespace}")
}

/// What was read; why not goes to what is unread.
fn kept<T>(result: Result<T, String>, unread: &mut Vec<String>) -> Option<T> {
    match result {
        Ok(it) => Some(it),
        Err(why) => {
            unread.push(why);
            None
        }
    }
}
