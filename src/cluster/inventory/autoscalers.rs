//! Which autoscalers are in scope.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{CONCURRENCY, Intake, Linked, Refusal};
use crate::autoscaler::AutoscalerId;
use crate::cluster::call::{Asked, Listing, Resource, segment};
use crate::cluster::selector::{Labels, Selector};
use crate::cluster::{Cluster, Error, Namespaces, Scope, convert};
use crate::fleet::Unread;

const HPAS: Resource<'_> = Resource {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
};
const NAMESPACES: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
};

/// What was found in scope.
#[derive(Debug, Default)]
struct Found {
    ids: BTreeSet<AutoscalerId>,
    /// Whether something in scope could not be read, so that what was not found may yet exist.
    partly: bool,
}

impl Cluster {
    pub(super) async fn read_autoscalers(
        &self,
        scope: &Scope,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let selector = scope.label_selector()?;
        let namespace = match &scope.namespaces {
            Namespaces::Current => Some(self.namespace.as_str()),
            Namespaces::One(namespace) => Some(namespace.as_str()),
            Namespaces::All => None,
        };
        let mut hpas = Vec::new();
        // All of them, whatever the selector says: a rival need not have the labels.
        let listing = Listing::of(HPAS, namespace);
        let mut found = Found::default();
        match self.list(&listing, |it| hpas.push(it)).await {
            Ok(()) => {}
            Err(error) => match Refusal::of(&error) {
                Some(refusal) => {
                    found.partly = true;
                    self.read_around(refusal, listing, scope, &mut hpas, intake)
                        .await?;
                }
                None => return Err(self.not_served(error, HPAS)),
            },
        }
        let hpas: Vec<_> = hpas.into_iter().map(bare).collect();
        for hpa in &hpas {
            let is_selected = is_selected(hpa, selector.as_ref());
            take(hpa, is_selected, intake, &mut found);
        }
        select(scope, namespace, &found, intake)?;
        show(&hpas, intake);
        Ok(())
    }

    /// What can be had where the list itself is refused.
    async fn read_around(
        &self,
        refusal: Refusal,
        listing: Listing<'_>,
        scope: &Scope,
        hpas: &mut Vec<HorizontalPodAutoscaler>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        intake.assembler.unread(refusal.into_unread(HPAS));
        match listing.namespace {
            None => self.read_each_namespace(hpas, intake).await,
            Some(namespace) => self.read_by_name(namespace, scope, hpas).await,
        }
    }

    async fn read_each_namespace(
        &self,
        hpas: &mut Vec<HorizontalPodAutoscaler>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let namespaces = self.namespaces(intake).await?;
        let lists = namespaces.into_iter().map(|namespace| async move {
            self.collect(&Listing::of(HPAS, Some(&namespace))).await
        });
        let mut lists = stream::iter(lists).buffered(CONCURRENCY);
        while let Some(outcome) = lists.try_next().await? {
            match outcome {
                Ok(more) => hpas.extend(more),
                Err(refusal) => intake.assembler.unread(refusal.into_unread(HPAS)),
            }
        }
        Ok(())
    }

    /// Every namespace; the context's own where they may not be listed.
    async fn namespaces(&self, intake: &mut Intake<'_>) -> Result<BTreeSet<String>, Error> {
        match self
            .collect::<Linked>(&Listing::of(NAMESPACES, None))
            .await?
        {
            Ok(all) => Ok(all.into_iter().map(|it| it.metadata.name).collect()),
            Err(refusal) => {
                let mut row = refusal.into_unread(NAMESPACES);
                row.what = "namespaces".to_owned();
                intake.assembler.unread(row);
                Ok(BTreeSet::from([self.namespace.clone()]))
            }
        }
    }

    /// Those that are named, for a role that may get but not list.
    async fn read_by_name(
        &self,
        namespace: &str,
        scope: &Scope,
        hpas: &mut Vec<HorizontalPodAutoscaler>,
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
            match self.get(asked, &path).await {
                Ok(hpa) => hpas.push(hpa),
                Err(error) if error.refused().is_some() => {}
                Err(error) if error.code() == Some(404) => {
                    absent.push(Scope::describe(&named.name, Some(namespace)));
                }
                Err(error) => return Err(error),
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
    let names = scope.distinct_names();
    let exists = |name: &str| found.ids.iter().any(|it| it.name == name);
    if !found.partly {
        scope.require(namespace, exists)?;
    }
    let is_named = |id: &AutoscalerId| names.is_empty() || names.contains(id.name.as_str());
    let is_wanted = |id: &AutoscalerId| found.ids.contains(id) && is_named(id);
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

/// Shows the subjects and their rivals: of the others, no target will be read.
fn show(hpas: &[HorizontalPodAutoscaler], intake: &mut Intake<'_>) {
    let targets = intake.assembler.targets();
    for hpa in hpas {
        let id = convert::id_of(&hpa.metadata);
        if intake.assembler.scales_any(&id, &targets) {
            intake.show(&written(hpa));
        }
    }
}

/// The object without annotations, which may hold anything, and without its managers.
fn bare(mut hpa: HorizontalPodAutoscaler) -> HorizontalPodAutoscaler {
    let from = std::mem::take(&mut hpa.metadata);
    hpa.metadata = ObjectMeta {
        name: from.name,
        namespace: from.namespace,
        uid: from.uid,
        labels: from.labels,
        creation_timestamp: from.creation_timestamp,
        owner_references: from.owner_references,
        ..ObjectMeta::default()
    };
    hpa
}

fn written(hpa: &HorizontalPodAutoscaler) -> Value {
    let mut object = json!(hpa);
    object["apiVersion"] = json!(HPAS.api_version());
    object["kind"] = json!("HorizontalPodAutoscaler");
    object
}
