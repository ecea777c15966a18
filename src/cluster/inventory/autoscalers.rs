//! Which autoscalers are in scope.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::{CONCURRENCY, Intake, Kept, Part, Reader, Refusal, Wanted};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::call::{Asked, Listing, Resource, segment};
use crate::cluster::objects::PodTemplate;
use crate::cluster::selector::{Labels, Selector};
use crate::cluster::{Error, Namespaces, Scope, convert};
use crate::fleet::Unread;
use crate::lifecycle::pause;
use crate::lifecycle::schedule;

const HPAS: Resource<'_> = Resource {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
};
/// The kinds of KEDA that scale, and how each is listed.
const KEDA: [(AutoscalerKind, Resource<'_>); 2] = [
    (AutoscalerKind::ScaledObject, keda("scaledobjects")),
    (AutoscalerKind::ScaledJob, keda("scaledjobs")),
];
const NAMESPACES: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
};

const fn keda(plural: &str) -> Resource<'_> {
    Resource {
        group: "keda.sh",
        version: "v1alpha1",
        plural,
    }
}

/// What was found in scope.
#[derive(Debug, Default)]
struct Found {
    ids: BTreeSet<AutoscalerId>,
    /// Whether something in scope could not be read, so that what was not found may yet exist.
    partly: bool,
}

/// An HPA without its managers and without annotations, which may hold anything, but for what tells of its
/// schedule.
#[derive(Serialize)]
#[serde(transparent)]
struct Hpa(HorizontalPodAutoscaler);

impl<'de> Deserialize<'de> for Hpa {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        HorizontalPodAutoscaler::deserialize(from).map(|it| Self(bare(it)))
    }
}

impl Kept for Hpa {
    const LEADS: bool = true;

    /// The labels, which select it, and its target.
    fn lead(&self) -> String {
        let target = self.0.spec.as_ref().map(|it| &it.scale_target_ref);
        json!([self.0.metadata.labels, target]).to_string()
    }
}

/// A ScaledObject or ScaledJob with no managers but those who paused it and no annotation but those
/// that KEDA goes by, the note of a pause, and what tells of its schedule. Of a template of jobs, nothing is kept that may be
/// secret.
#[derive(Serialize)]
#[serde(transparent)]
struct Scaled(Value);

/// What is kept of `spec.jobTargetRef` beside its template.
const OF_JOBS: [&str; 5] = [
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
];

impl<'de> Deserialize<'de> for Scaled {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut object = Value::deserialize(from)?;
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            let managed = metadata.remove("managedFields").unwrap_or_default();
            let managed = who_paused(&managed);
            if !managed.is_empty() {
                metadata.insert("managedFields".to_owned(), Value::Array(managed));
            }
            if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                let of_schedule = schedule::notes(annotations);
                annotations.retain(|key, _| key.contains("keda.sh/") || key == pause::ANNOTATION);
                annotations.extend(of_schedule);
            }
        }
        if let Some(jobs) = object.pointer_mut("/spec/jobTargetRef") {
            *jobs = without_secrets(jobs);
        }
        Ok(Self(object))
    }
}

/// Of what is said of managers, when each last wrote who has an annotation that pauses.
fn who_paused(managed: &Value) -> Vec<Value> {
    const PAUSES: &str = "f:autoscaling.keda.sh/paused";
    let entries = managed.as_array().into_iter().flatten();
    let pauses = entries.filter_map(|it| {
        let fields = it
            .pointer("/fieldsV1/f:metadata/f:annotations")?
            .as_object()?;
        let fields = fields.keys().filter(|key| key.starts_with(PAUSES));
        let fields: Map<String, Value> = fields.map(|key| (key.clone(), json!({}))).collect();
        let fields = Some(fields).filter(|it| !it.is_empty())?;
        let fields = json!({"f:metadata": {"f:annotations": fields}});
        Some(json!({"time": it.get("time")?, "fieldsV1": fields}))
    });
    pauses.collect()
}

/// A template of jobs, with those parts of its pods that a [`PodTemplate`] has.
fn without_secrets(jobs: &Value) -> Value {
    let mut kept = Map::new();
    for key in OF_JOBS {
        if let Some(value) = jobs.get(key) {
            kept.insert(key.to_owned(), value.clone());
        }
    }
    let template = jobs.get("template").cloned();
    let template = template.and_then(|it| serde_json::from_value::<PodTemplate>(it).ok());
    if let Some(template) = template {
        kept.insert("template".to_owned(), json!(template));
    }
    Value::Object(kept)
}

impl Kept for Scaled {
    const LEADS: bool = true;

    /// The labels, which select it, and its target.
    fn lead(&self) -> String {
        let Self(object) = self;
        json!([
            object["metadata"]["labels"],
            object["spec"]["scaleTargetRef"]
        ])
        .to_string()
    }
}

/// An object of which only the name matters.
#[derive(Serialize, Deserialize)]
struct Named {
    metadata: NameAlone,
}

#[derive(Serialize, Deserialize)]
struct NameAlone {
    name: String,
}

impl Kept for Named {
    const LEADS: bool = true;
}

impl Reader<'_> {
    pub(super) async fn read_autoscalers(
        &self,
        scope: &Scope,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let selector = scope.label_selector()?;
        let namespaces: Vec<Option<&str>> = match &scope.namespaces {
            Namespaces::Current => vec![Some(&self.cluster.namespace)],
            Namespaces::One(namespace) => vec![Some(namespace)],
            Namespaces::Several(namespaces) => namespaces.iter().map(|it| Some(&**it)).collect(),
            Namespaces::All => vec![None],
        };
        let mut hpas: Vec<Hpa> = Vec::new();
        let mut found = Found::default();
        for namespace in &namespaces {
            // All of them, whatever the selector says: a rival need not have the labels.
            let listing = Listing::of(HPAS, *namespace);
            let refused = self.list(&listing, |it| hpas.push(it)).await;
            let refused = refused.map_err(|it| self.cluster.not_served(it, HPAS))?;
            for refusal in refused {
                found.partly = true;
                self.read_around(refusal, listing, scope, &mut hpas, intake)
                    .await?;
            }
        }
        let namespace = match namespaces.as_slice() {
            [one] => *one,
            _ => None,
        };
        for Hpa(hpa) in &hpas {
            let is_selected = is_selected(hpa, selector.as_ref());
            take(hpa, is_selected, intake, &mut found);
        }
        let mut scaled = vec![];
        for (kind, resource) in KEDA {
            let of_kind = self.read_scaled(resource, &namespaces, intake, &mut found);
            let of_kind = of_kind.await?.into_iter();
            scaled.extend(of_kind.map(|object| (kind, object)));
        }
        for (kind, object) in &scaled {
            take_scaled(*kind, object, selector.as_ref(), intake, &mut found);
        }
        select(scope, namespace, &found, intake)?;
        show(&hpas, &scaled, intake);
        Ok(())
    }

    /// Those of one of KEDA's kinds, if the cluster has it.
    async fn read_scaled(
        &self,
        resource: Resource<'_>,
        namespaces: &[Option<&str>],
        intake: &mut Intake<'_>,
        found: &mut Found,
    ) -> Result<Vec<Scaled>, Error> {
        let mut scaled = Vec::new();
        for namespace in namespaces {
            let listing = Listing::of(resource, *namespace);
            let refused = match self.list(&listing, |it| scaled.push(it)).await {
                Err(error) if error.code() == Some(404) => return Ok(vec![]),
                refused => refused?,
            };
            // Who may not list them is told so whether there are any or not.
            let is_by_rbac = refused.iter().any(Refusal::is_by_rbac);
            if is_by_rbac && !self.serves_keda(resource).await? {
                return Ok(vec![]);
            }
            for refusal in refused {
                found.partly = true;
                intake.assembler.unread(refusal.into_unread(resource));
            }
        }
        Ok(scaled)
    }

    async fn serves_keda(&self, resource: Resource<'_>) -> Result<bool, Error> {
        let versions = self.versions(resource.group).await?;
        Ok(versions.is_ok_and(|it| it.iter().any(|it| it == resource.version)))
    }

    /// What can be had where the list itself is refused.
    async fn read_around(
        &self,
        refusal: Refusal,
        listing: Listing<'_>,
        scope: &Scope,
        hpas: &mut Vec<Hpa>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let is_by_rbac = refusal.is_by_rbac();
        intake.assembler.unread(refusal.into_unread(HPAS));
        match listing.namespace {
            _ if !is_by_rbac => Ok(()),
            None => self.read_each_namespace(hpas, intake).await,
            Some(namespace) => self.read_by_name(namespace, scope, hpas).await,
        }
    }

    async fn read_each_namespace(
        &self,
        hpas: &mut Vec<Hpa>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let namespaces = self.namespaces(intake).await?;
        let lists = namespaces.into_iter().map(|namespace| async move {
            self.collect(&Listing::of(HPAS, Some(&namespace))).await
        });
        let mut lists = stream::iter(lists).buffered(CONCURRENCY);
        while let Some((more, refused)) = lists.try_next().await? {
            hpas.extend(more);
            let rows = refused.into_iter().map(|it| it.into_unread(HPAS));
            rows.for_each(|it| intake.assembler.unread(it));
        }
        Ok(())
    }

    /// Every namespace; the context's own where they may not be listed.
    async fn namespaces(&self, intake: &mut Intake<'_>) -> Result<BTreeSet<String>, Error> {
        let listing = Listing::of(NAMESPACES, None);
        let (all, refused) = self.collect::<Named>(&listing).await?;
        let mut names: BTreeSet<String> = all.into_iter().map(|it| it.metadata.name).collect();
        for refusal in refused {
            if refusal.is_by_rbac() {
                names.insert(self.cluster.namespace.clone());
            }
            let mut row = refusal.into_unread(NAMESPACES);
            row.what = "namespaces".to_owned();
            intake.assembler.unread(row);
        }
        Ok(names)
    }

    /// Those that are named, for a role that may get but not list.
    async fn read_by_name(
        &self,
        namespace: &str,
        scope: &Scope,
        hpas: &mut Vec<Hpa>,
    ) -> Result<(), Error> {
        let resource = HPAS.with_group();
        let mut absent = Vec::new();
        for named in &scope.names {
            let asked = Asked {
                verb: "get",
                resource: &resource,
                namespace: Some(namespace),
            };
            let path = format!("{}/{}", HPAS.path(Some(namespace)), segment(&named.name));
            match self.get(&Wanted::alone(asked, &path)).await? {
                Part::Read(hpa) => hpas.push(hpa),
                Part::Refused(_) => {}
                Part::Absent => absent.push(named.describe(Some(namespace))),
            }
        }
        if absent.is_empty() {
            return Ok(());
        }
        Err(Error::NotFound { missing: absent })
    }
}

/// Leaves only what was selected and named as subjects.
fn select(
    scope: &Scope,
    namespace: Option<&str>,
    found: &Found,
    intake: &mut Intake<'_>,
) -> Result<(), Error> {
    if !found.partly {
        scope.require(namespace, |it| found.ids.iter().any(|id| it.names(id)))?;
    }
    let is_wanted = |id: &AutoscalerId| found.ids.contains(id) && scope.names(id);
    intake.assembler.focus(is_wanted);
    Ok(())
}

fn is_selected(hpa: &HorizontalPodAutoscaler, selector: Option<&Selector>) -> bool {
    let none = Labels::new();
    let labels = hpa.metadata.labels.as_ref().unwrap_or(&none);
    selector.is_none_or(|it| it.matches(labels))
}

fn take(
    hpa: &HorizontalPodAutoscaler,
    is_selected: bool,
    intake: &mut Intake<'_>,
    found: &mut Found,
) {
    let id = convert::id_of(&hpa.metadata);
    let what = format!("hpa/{} in namespace {}", id.name, id.namespace);
    if is_selected {
        found.ids.insert(id);
    }
    if let Err(error) = intake.assembler.add_hpa(hpa)
        && is_selected
    {
        intake.assembler.unread(Unread {
            what,
            why: error.to_string(),
            permission: None,
        });
    }
}

fn take_scaled(
    kind: AutoscalerKind,
    Scaled(object): &Scaled,
    selector: Option<&Selector>,
    intake: &mut Intake<'_>,
    found: &mut Found,
) {
    let labels: Labels =
        serde_json::from_value(object["metadata"]["labels"].clone()).unwrap_or_default();
    let is_selected = selector.is_none_or(|it| it.matches(&labels));
    let Some(id) = scaled_id(kind, object) else {
        return;
    };
    let what = id.to_string();
    if is_selected {
        found.ids.insert(id);
    }
    let added = match kind {
        AutoscalerKind::ScaledJob => intake.assembler.add_scaled_job(object),
        AutoscalerKind::ScaledObject | AutoscalerKind::HorizontalPodAutoscaler => {
            intake.assembler.add_scaled_object(object)
        }
    };
    if let Err(error) = added
        && is_selected
    {
        intake.assembler.unread(Unread {
            what,
            why: error.to_string(),
            permission: None,
        });
    }
}

fn scaled_id(kind: AutoscalerKind, object: &Value) -> Option<AutoscalerId> {
    let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
    Some(AutoscalerId {
        namespace: text("namespace")?,
        name: text("name")?,
        kind,
    })
}

/// Shows the subjects and their rivals: of the others, no target will be read.
fn show(hpas: &[Hpa], scaled: &[(AutoscalerKind, Scaled)], intake: &mut Intake<'_>) {
    if intake.tap.is_none() {
        return;
    }
    let targets = intake.assembler.targets();
    for Hpa(hpa) in hpas {
        let id = convert::id_of(&hpa.metadata);
        if intake.assembler.scales_any(&id, &targets) {
            intake.show(&written(hpa));
        }
    }
    for (kind, Scaled(object)) in scaled {
        if scaled_id(*kind, object).is_some_and(|it| intake.assembler.scales_any(&it, &targets)) {
            let mut object = object.clone();
            object["apiVersion"] = json!(keda("").api_version());
            object["kind"] = json!(kind.as_str());
            intake.show(&object);
        }
    }
}

fn bare(mut hpa: HorizontalPodAutoscaler) -> HorizontalPodAutoscaler {
    let from = std::mem::take(&mut hpa.metadata);
    hpa.metadata = ObjectMeta {
        name: from.name,
        namespace: from.namespace,
        uid: from.uid,
        labels: from.labels,
        creation_timestamp: from.creation_timestamp,
        owner_references: from.owner_references,
        annotations: from.annotations.and_then(|it| of_schedule(&it)),
        ..ObjectMeta::default()
    };
    hpa
}

fn of_schedule(annotations: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let all = annotations.iter();
    let all = all
        .map(|(name, text)| (name.clone(), json!(text)))
        .collect();
    let kept = schedule::notes(&all).into_iter();
    let kept = kept.filter_map(|(name, text)| Some((name, text.as_str()?.to_owned())));
    let kept: BTreeMap<String, String> = kept.collect();
    (!kept.is_empty()).then_some(kept)
}

fn written(hpa: &HorizontalPodAutoscaler) -> Value {
    let mut object = json!(hpa);
    object["apiVersion"] = json!(HPAS.api_version());
    object["kind"] = json!("HorizontalPodAutoscaler");
    object
}
