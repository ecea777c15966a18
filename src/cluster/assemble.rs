//! From plain objects to a fleet: which pods, budgets and rivals belong to which autoscaler.
//!
//! The one way for objects of a live cluster and of a snapshot. Objects may come in any order,
//! and one that comes again replaces the former, so that a list can be read anew. Pods are folded
//! away as they come: of each remains its name, whether it is ready and how long it took.

mod authentications;
mod pods;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::convert::{self, ConvertError, PodShape};
use super::objects::{Authentication, DisruptionBudget, Meta, Owner, Pod, Scalable};
use super::selector::{Labels, Selector};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::workload::{self, Workload};
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind};
use crate::cronjobs::note;
use crate::fleet::{ClusterName, Fleet, NoWorkload, PodOwner, Subject, Unread};
use crate::lifecycle::schedule::{self, floor};
use crate::units::Replicas;
use authentications::Authentications;
pub(crate) use authentications::Listed;
use pods::{Crew, Pods};

/// An object of the cluster. The version is left out: `apps/v1` and `apps/v1beta2` are views of
/// one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    pub namespace: String,
    pub group: String,
    pub kind: String,
    pub name: String,
}

impl ObjectKey {
    pub(crate) fn of(object: &Scalable) -> Self {
        Self {
            namespace: object.metadata.namespace().to_owned(),
            group: group_of(&object.api_version, &object.kind),
            kind: object.kind.clone(),
            name: object.metadata.name.clone(),
        }
    }

    /// What `owner` names, which is in the namespace of what it owns.
    fn of_owner(owner: &Owner, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            group: group_of(&owner.api_version, &owner.kind),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        }
    }

    /// What `autoscaler` scales, in the group of this `apiVersion`.
    fn of_target(autoscaler: &Autoscaler, version: &str) -> Self {
        let target = &autoscaler.target;
        Self {
            namespace: target.namespace.clone(),
            group: group_of(version, &target.kind),
            kind: target.kind.clone(),
            name: target.name.clone(),
        }
    }

    /// What sorts before every object of a namespace.
    fn first_in(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            group: String::new(),
            kind: String::new(),
            name: String::new(),
        }
    }

    /// Whether it makes jobs, and is read as an autoscaler and nothing else.
    pub(super) fn is_scaled_job(&self) -> bool {
        self.group == "keda.sh" && self.kind == "ScaledJob"
    }

    fn target(&self) -> TargetRef {
        TargetRef {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
        }
    }
}

/// Of the kinds that belong to KEDA.
const KEDA: &str = "keda.sh/v1alpha1";

/// The API group of a kind. References that were written long ago say `extensions/v1beta1`, or
/// nothing, for what is in `apps` today.
pub(crate) fn group_of(api_version: &str, kind: &str) -> String {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let moved = matches!(group, "" | "extensions");
    if moved
        && matches!(
            kind,
            "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet"
        )
    {
        return "apps".to_owned();
    }
    group.to_owned()
}

/// Collects objects and makes a [`Fleet`] of them.
#[derive(Debug, Default)]
pub struct Assembler {
    cluster: ClusterName,
    autoscalers: BTreeMap<AutoscalerId, Scaling>,
    scalables: BTreeMap<ObjectKey, Facts>,
    /// What controls each object that was read, pods apart; `None` for nothing.
    controllers: BTreeMap<ObjectKey, Option<ObjectKey>>,
    pods: Pods,
    budgets: BTreeMap<(String, String), Budget>,
    authentications: Authentications,
    refusals: BTreeMap<ObjectKey, NoWorkload>,
    unread: BTreeSet<Unread>,
}

#[derive(Debug)]
struct Scaling {
    autoscaler: Autoscaler,
    target: ObjectKey,
    /// Whether it becomes a subject; otherwise it is only a possible rival.
    wanted: bool,
}

/// What remains of a possible scale target.
#[derive(Debug)]
struct Facts {
    replicas: Option<Replicas>,
    selector: Option<Selector>,
    shape: PodShape,
    /// Of the pods that it makes.
    labels: Option<Labels>,
}

#[derive(Debug)]
struct Budget {
    budget: workload::DisruptionBudget,
    selector: Selector,
}

impl Assembler {
    pub fn new(cluster: ClusterName) -> Self {
        Self {
            cluster,
            ..Self::default()
        }
    }

    /// Takes one object of any kind. One that is of no use is ignored.
    ///
    /// # Errors
    ///
    /// Where an object of a known kind does not have the shape of its kind.
    pub fn add(&mut self, object: Value) -> Result<(), ConvertError> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = text("kind").to_owned();
        if kind.is_empty() {
            return Err(ConvertError::NoKind);
        }
        let group = group_of(text("apiVersion"), &kind);
        match (group.as_str(), kind.as_str()) {
            ("autoscaling", "HorizontalPodAutoscaler") => {
                self.add_hpa(&shaped(&kind, in_version_two(object))?)
            }
            ("keda.sh", "ScaledObject") => self.add_scaled_object(&object),
            ("keda.sh", "TriggerAuthentication" | "ClusterTriggerAuthentication") => {
                self.add_gathered_authentication(&shaped::<Authentication>(&kind, object)?);
                Ok(())
            }
            ("keda.sh", "ScaledJob") => self.add_scaled_job(&object),
            ("", "Pod") => {
                self.add_pod(shaped(&kind, object)?);
                Ok(())
            }
            ("policy", "PodDisruptionBudget") => {
                self.add_budget(&shaped(&kind, object)?);
                Ok(())
            }
            _ => {
                self.add_scalable(shaped(&kind, object)?);
                Ok(())
            }
        }
    }

    pub(crate) fn add_hpa(&mut self, hpa: &HorizontalPodAutoscaler) -> Result<(), ConvertError> {
        let mut autoscaler = convert::autoscaler(hpa)?;
        // A floor of ours is no setting: it goes with its window.
        let annotations = &json!(hpa.metadata.annotations);
        let text = |name: &str| annotations[name].as_str();
        let below = floor::minimum_below(text(floor::ANNOTATION), autoscaler.min.0);
        let below = note::minimum_below(text(note::ANNOTATION), below);
        autoscaler.min = Replicas(below);
        let noted = json!({ "metadata": { "annotations": annotations } });
        autoscaler.schedule = schedule::in_force(&noted);
        autoscaler.losses = schedule::losses(&noted);
        let reference = hpa.spec.as_ref().map(|it| &it.scale_target_ref);
        let version = reference.and_then(|it| it.api_version.as_deref());
        let target = ObjectKey::of_target(&autoscaler, version.unwrap_or_default());
        self.scale(autoscaler, target);
        Ok(())
    }

    pub(crate) fn add_scaled_object(&mut self, object: &Value) -> Result<(), ConvertError> {
        // Triggers of ours are the schedule that they carry out, and no others beside it.
        let plain = schedule::without(object, AutoscalerKind::ScaledObject);
        let mut autoscaler = convert::scaled_object(&plain)?;
        if plain != *object {
            autoscaler.schedule = schedule::in_force(object);
            autoscaler.losses = schedule::losses(object);
        }
        let version = autoscaler.keda.as_ref();
        let version = version.map(|it| it.spec.target.api_version_or_default());
        let target = ObjectKey::of_target(&autoscaler, version.unwrap_or_default());
        self.scale(autoscaler, target);
        Ok(())
    }

    /// A ScaledJob is what it scales, too: its template is that of all its pods.
    pub(crate) fn add_scaled_job(&mut self, object: &Value) -> Result<(), ConvertError> {
        let autoscaler = convert::scaled_job(object)?;
        let target = ObjectKey::of_target(&autoscaler, KEDA);
        let shape = autoscaler.jobs.as_deref().map(convert::job_shape);
        let facts = Facts {
            replicas: None,
            selector: None,
            shape: shape.unwrap_or_default(),
            labels: None,
        };
        self.scalables.insert(target.clone(), facts);
        self.scale(autoscaler, target);
        Ok(())
    }

    fn scale(&mut self, autoscaler: Autoscaler, target: ObjectKey) {
        let id = autoscaler.id.clone();
        let scaling = Scaling {
            autoscaler,
            target,
            wanted: true,
        };
        self.autoscalers.insert(id, scaling);
    }

    /// Gives every ScaledObject what its HPA reports; the HPA is no autoscaler of its own then.
    fn join_hpas(&mut self) {
        let scaled = self.autoscalers.keys();
        let scaled = scaled.filter(|it| it.kind == AutoscalerKind::ScaledObject);
        for id in scaled.cloned().collect::<Vec<_>>() {
            let owner = format!("ScaledObject/{}", id.name);
            let is_its = |(other, it): (&AutoscalerId, &Scaling)| {
                let is_owned = it.autoscaler.owner.as_deref() == Some(&owner);
                (is_owned && other.namespace == id.namespace).then(|| other.clone())
            };
            let hpa = self.autoscalers.iter().find_map(is_its);
            let Some(hpa) = hpa.and_then(|it| self.autoscalers.remove(&it)) else {
                continue;
            };
            if let Some(scaling) = self.autoscalers.get_mut(&id) {
                convert::with_hpa(&mut scaling.autoscaler, &hpa.autoscaler);
            }
        }
    }

    pub(crate) fn add_pod(&mut self, pod: Pod) {
        self.pods.add(pod);
    }

    pub(crate) fn add_budget(&mut self, budget: &DisruptionBudget) {
        // Without a selector, a budget covers no pod.
        let selector = budget.spec.selector.as_ref();
        let Some(selector) = selector.and_then(Selector::from_object) else {
            return;
        };
        let metadata = &budget.metadata;
        let key = (metadata.namespace().to_owned(), metadata.name.clone());
        let budget = convert::disruption_budget(budget);
        self.budgets.insert(key, Budget { budget, selector });
    }

    pub(crate) fn add_scalable(&mut self, object: Scalable) {
        let key = ObjectKey::of(&object);
        self.add_controller(&key, &object.metadata);
        if object.spec.replicas.is_some() || object.spec.template.is_some() {
            self.scalables.insert(key, facts(object));
        }
    }

    /// Notes who controls an object of which no more is known.
    pub(crate) fn add_controller(&mut self, key: &ObjectKey, metadata: &Meta) {
        let owner = metadata.controller();
        let controller = owner.map(|it| ObjectKey::of_owner(it, metadata.namespace()));
        self.controllers.insert(key.clone(), controller);
    }

    /// Says why a scale target is not among the objects.
    pub fn refuse(&mut self, target: ObjectKey, why: NoWorkload) {
        self.refusals.insert(target, why);
    }

    pub fn unread(&mut self, unread: Unread) {
        self.unread.insert(unread);
    }

    /// Keeps the other autoscalers only as rivals of those that are wanted.
    pub(crate) fn focus(&mut self, is_wanted: impl Fn(&AutoscalerId) -> bool) {
        for (id, it) in &mut self.autoscalers {
            it.wanted = is_wanted(id);
        }
    }

    /// Every scale target that a wanted autoscaler names, sorted.
    pub(crate) fn targets(&self) -> BTreeSet<ObjectKey> {
        self.wanted().map(|it| it.target.clone()).collect()
    }

    /// Whether an autoscaler scales one of `targets`, as a subject or a rival.
    pub(crate) fn scales_any(&self, id: &AutoscalerId, targets: &BTreeSet<ObjectKey>) -> bool {
        let scaling = self.autoscalers.get(id);
        scaling.is_some_and(|it| targets.contains(&it.target))
    }

    fn wanted(&self) -> impl Iterator<Item = &Scaling> {
        self.autoscalers.values().filter(|it| it.wanted)
    }

    /// Joins what was added.
    pub fn finish(mut self) -> Fleet {
        self.join_hpas();
        let targets = self.targets();
        let rivalries = self.rivalries();
        let unused_authentications = self.unused_authentications();
        // A large fleet is mostly this: nothing is to be there twice, nor room for twice as many.
        let mut subjects = Vec::with_capacity(self.wanted().count());
        let autoscalers = std::mem::take(&mut self.autoscalers);
        let crews = self.crews(&targets);
        let wanted = autoscalers.into_values().filter(|it| it.wanted);
        subjects.extend(wanted.map(|it| Subject {
            workload: self.workload(&it.target, &crews),
            rivals: rivals(&it, &rivalries),
            missing_authentications: self.authentications.missing(&it),
            autoscaler: it.autoscaler,
        }));
        Fleet {
            subjects,
            pod_owners: pod_owners(&crews),
            unused_authentications,
            unread: self.unread.into_iter().collect(),
            cluster: self.cluster,
        }
    }

    fn workload(
        &self,
        target: &ObjectKey,
        crews: &BTreeMap<ObjectKey, Crew>,
    ) -> Result<Workload, NoWorkload> {
        let Some(facts) = self.scalables.get(target) else {
            let refusal = self.refusals.get(target).cloned();
            return Err(refusal.unwrap_or(NoWorkload::Missing));
        };
        let nobody = Crew::default();
        let crew = crews.get(target).unwrap_or(&nobody);
        let labels = facts.labels.as_ref().or(crew.labels());
        // What runs is what the controller measures: it has the defaults of LimitRanges and the
        // containers that webhooks inject, neither of which the template shows.
        let shape = crew.shape().unwrap_or(&facts.shape);
        Ok(Workload {
            target: target.target(),
            replicas: facts.replicas,
            containers: shape.containers.clone(),
            init_containers: shape.init_containers.clone(),
            pod_level: shape.pod_level,
            pods: crew.pods(),
            ready_pods: crew.ready(),
            startup_seconds: crew.startup_seconds(),
            disruption_budget: labels.and_then(|it| self.budget(&target.namespace, it)),
        })
    }

    /// The first by name of the budgets that cover pods with these labels.
    fn budget(&self, namespace: &str, labels: &Labels) -> Option<workload::DisruptionBudget> {
        let first = (namespace.to_owned(), String::new());
        let (_, found) = self
            .budgets
            .range(first..)
            .take_while(|((of, _), _)| of == namespace)
            .find(|(_, it)| it.selector.matches(labels))?;
        Some(found.budget.clone())
    }

    /// Which autoscalers name the targets that several do, sorted.
    fn rivalries(&self) -> BTreeMap<ObjectKey, Vec<AutoscalerId>> {
        let mut claims: BTreeMap<&ObjectKey, Vec<&AutoscalerId>> = BTreeMap::new();
        for (id, it) in &self.autoscalers {
            claims.entry(&it.target).or_default().push(id);
        }
        let several = claims.into_iter().filter(|(_, ids)| ids.len() > 1);
        several
            .map(|(target, ids)| (target.clone(), ids.into_iter().cloned().collect()))
            .collect()
    }
}

fn rivals(
    scaling: &Scaling,
    rivalries: &BTreeMap<ObjectKey, Vec<AutoscalerId>>,
) -> Vec<AutoscalerId> {
    let all = rivalries.get(&scaling.target).into_iter().flatten();
    let others = all.filter(|it| **it != scaling.autoscaler.id);
    others.cloned().collect()
}

/// An HPA of autoscaling/v1 has one target, beside `metrics`; later versions have the shape of v2.
fn in_version_two(mut hpa: Value) -> Value {
    let percent = match hpa.get("apiVersion").and_then(Value::as_str) {
        Some("autoscaling/v1") => hpa.pointer("/spec/targetCPUUtilizationPercentage"),
        _ => None,
    };
    if let Some(percent) = percent.cloned() {
        hpa["spec"]["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": percent}}}]);
    }
    hpa["apiVersion"] = json!("autoscaling/v2");
    hpa
}

fn shaped<T: DeserializeOwned>(kind: &str, object: Value) -> Result<T, ConvertError> {
    let name = object.pointer("/metadata/name").and_then(Value::as_str);
    let name = name.unwrap_or("without a name").to_owned();
    serde_json::from_value(object).map_err(|source| ConvertError::Shape {
        kind: kind.to_owned(),
        name,
        source,
    })
}

fn facts(object: Scalable) -> Facts {
    let spec = object.spec;
    let from_status = object.status.selector.as_deref();
    let selector = from_status
        .and_then(Selector::from_text)
        .or_else(|| spec.selector.as_ref().and_then(Selector::from_object));
    let template = spec.template.as_ref();
    let shape = template.map(|it| convert::template_shape(&it.spec));
    Facts {
        replicas: spec.replicas.map(Replicas),
        selector,
        shape: shape.unwrap_or_default(),
        labels: template
            .map(|it| it.metadata.labels.clone())
            .filter(|it| !it.is_empty()),
    }
}

fn pod_owners(crews: &BTreeMap<ObjectKey, Crew>) -> Arc<[PodOwner]> {
    let mut owners: Vec<PodOwner> = crews
        .iter()
        .flat_map(|(target, crew)| {
            crew.names().map(|pod| PodOwner {
                pod: pod.to_owned(),
                target: target.target(),
            })
        })
        .collect();
    owners
        .sort_unstable_by(|a, b| (&a.target.namespace, &a.pod).cmp(&(&b.target.namespace, &b.pod)));
    owners.into()
}

#[cfg(test)]
mod tests;
