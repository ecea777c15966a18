//! What the cluster has: autoscalers, their scale targets, pods and budgets.
//!
//! Everything is listed in bulk and handed to the assembler; nothing is asked for one autoscaler
//! at a time, save the scale of kinds that Kubernetes itself does not know. What may not be read
//! becomes a row of the fleet.

mod authentications;
mod autoscalers;
mod custom;
mod source;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assemble::{Assembler, ObjectKey};
use super::call::{Listing, Resource};
use super::objects::{DisruptionBudget, Meta, Pod, Scalable};
use super::{Cluster, Error, Scope};
use crate::fleet::{Fleet, Unread};
pub(super) use custom::Served;
pub(super) use source::{Kept, Part, Reader, Refusal, Source, Wanted};

pub(super) const PODS: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "pods",
};
const REPLICA_SETS: Resource<'_> = apps("replicasets");
const JOBS: Resource<'_> = Resource {
    group: "batch",
    version: "v1",
    plural: "jobs",
};
const BUDGETS: Resource<'_> = Resource {
    group: "policy",
    version: "v1",
    plural: "poddisruptionbudgets",
};

const fn apps(plural: &str) -> Resource<'_> {
    Resource {
        group: "apps",
        version: "v1",
        plural,
    }
}

/// Requests under way at once, where a list has to be read namespace by namespace.
const CONCURRENCY: usize = 8;

/// Up to as many namespaces are listed one by one; for more, one list of the whole cluster is
/// cheaper even where most of it is of no use.
const FEW_NAMESPACES: usize = 8;

impl Cluster {
    /// The autoscalers in `scope` with all that belongs to them.
    ///
    /// # Errors
    ///
    /// Where a named autoscaler does not exist, the selector is not valid, or the cluster does
    /// not answer. A missing permission is none: it is a row of [`Fleet::unread`].
    pub async fn inventory(&self, scope: &Scope) -> Result<Fleet, Error> {
        Reader::of(self).read(scope, None).await
    }

    /// The same, and gives every object that was read to `each`, without anything secret. An
    /// object may come twice; the later one counts.
    ///
    /// # Errors
    ///
    /// As [`inventory`](Self::inventory).
    pub async fn objects(
        &self,
        scope: &Scope,
        mut each: impl FnMut(Value) + Send,
    ) -> Result<Fleet, Error> {
        Reader::of(self).read(scope, Some(&mut each)).await
    }
}

impl Reader<'_> {
    pub(super) async fn read(&self, scope: &Scope, tap: Option<Tap<'_>>) -> Result<Fleet, Error> {
        let mut intake = Intake {
            assembler: Assembler::new(self.cluster.name.clone()),
            tap,
        };
        self.read_autoscalers(scope, &mut intake).await?;
        self.read_authentications(scope, &mut intake).await?;
        let targets = intake.assembler.targets();
        let namespaces = targets.iter().map(|it| it.namespace.clone());
        let reach = Reach::over(namespaces.collect());
        self.read_targets(&targets, &mut intake).await?;
        if !targets.is_empty() {
            self.read_jobs(&targets, &mut intake).await?;
            self.read_pods(&reach, &mut intake).await?;
        }
        Ok(intake.assembler.finish())
    }

    async fn read_targets(
        &self,
        targets: &BTreeSet<ObjectKey>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        for (kind, plural) in LISTED_KINDS {
            let of_kind = |it: &&ObjectKey| it.group == "apps" && it.kind == kind;
            let wanted: BTreeSet<&ObjectKey> = targets.iter().filter(of_kind).collect();
            if !wanted.is_empty() {
                self.read_kind(kind, plural, &wanted, intake).await?;
            }
        }
        let listed = |it: &&ObjectKey| {
            it.group == "apps" && LISTED_KINDS.iter().any(|(kind, _)| *kind == it.kind)
        };
        let others = targets
            .iter()
            .filter(|it| !listed(it) && !it.is_scaled_job());
        let others: Vec<&ObjectKey> = others.collect();
        self.read_custom(&others, intake).await
    }

    async fn read_kind(
        &self,
        kind: &str,
        plural: &str,
        wanted: &BTreeSet<&ObjectKey>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let namespaces = wanted.iter().map(|it| it.namespace.clone()).collect();
        let reach = Reach::over(namespaces);
        let resource = apps(plural);
        let refused = self
            .each_of(resource, &reach, Only::Everything, |mut it: Scalable| {
                it.api_version = resource.api_version();
                it.kind = kind.to_owned();
                if wanted.contains(&ObjectKey::of(&it)) {
                    intake.scalable(it);
                }
            })
            .await?;
        for refusal in refused {
            let hit = |it: &&&ObjectKey| refusal.covers(&it.namespace);
            for target in wanted.iter().filter(hit) {
                let why = refusal.no_workload();
                intake.assembler.refuse((*target).clone(), why);
            }
            intake.assembler.unread(refusal.into_unread(resource));
        }
        Ok(())
    }

    /// Whose the pods of ScaledJobs are, where there are any.
    async fn read_jobs(
        &self,
        targets: &BTreeSet<ObjectKey>,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let making = targets.iter().filter(|it| it.is_scaled_job());
        let namespaces: BTreeSet<String> = making.map(|it| it.namespace.clone()).collect();
        if namespaces.is_empty() {
            return Ok(());
        }
        let reach = Reach::over(namespaces);
        let jobs = self.rows(JOBS, &reach, Only::Metadata, |it: Linked| {
            intake.link(JOBS, "Job", it.metadata);
        });
        let refused = jobs.await?;
        refused
            .into_iter()
            .for_each(|it| intake.assembler.unread(it));
        Ok(())
    }

    /// The three long lists: at once, save where the order of the objects is to be the same on
    /// every run.
    async fn read_pods(&self, reach: &Reach, intake: &mut Intake<'_>) -> Result<(), Error> {
        let in_order = intake.tap.is_some();
        let shared = Mutex::new(&mut *intake);
        let sets = self.rows(REPLICA_SETS, reach, Only::Metadata, |it: Linked| {
            lock(&shared).link(REPLICA_SETS, "ReplicaSet", it.metadata);
        });
        let budgets = self.rows(BUDGETS, reach, Only::Everything, |it| {
            lock(&shared).budget(it);
        });
        let pods = self.rows(PODS, reach, Only::Everything, |it| lock(&shared).pod(it));
        let (sets, budgets, pods) = if in_order {
            (sets.await?, budgets.await?, pods.await?)
        } else {
            tokio::try_join!(sets, budgets, pods)?
        };
        let refused = sets.into_iter().chain(budgets).chain(pods);
        refused.for_each(|it| intake.assembler.unread(it));
        Ok(())
    }

    pub(super) async fn rows<T: Kept>(
        &self,
        resource: Resource<'_>,
        reach: &Reach,
        only: Only,
        each: impl FnMut(T),
    ) -> Result<Vec<Unread>, Error> {
        let refused = self.each_of(resource, reach, only, each).await?;
        let rows = refused.into_iter().map(|it| it.into_unread(resource));
        Ok(rows.collect())
    }

    /// Every object of a resource within reach, and where that was refused.
    async fn each_of<T: Kept>(
        &self,
        resource: Resource<'_>,
        reach: &Reach,
        only: Only,
        mut each: impl FnMut(T),
    ) -> Result<Vec<Refusal>, Error> {
        if reach.everywhere {
            let mut listing = Listing::of(resource, None);
            listing.metadata_only = only == Only::Metadata;
            listing.of_use = Some(&reach.namespaces);
            let refused = self.list(&listing, &mut each).await?;
            if !refused.iter().any(Refusal::is_by_rbac) {
                return Ok(refused);
            }
        }
        let namespaces = reach.namespaces.iter().cloned();
        let lists = namespaces.map(|namespace| async move {
            let mut listing = Listing::of(resource, Some(&namespace));
            listing.metadata_only = only == Only::Metadata;
            self.collect(&listing).await
        });
        let mut lists = stream::iter(lists).buffered(CONCURRENCY);
        let mut refused = Vec::new();
        while let Some((items, refusals)) = lists.try_next().await? {
            items.into_iter().for_each(&mut each);
            refused.extend(refusals);
        }
        Ok(refused)
    }

    /// A whole list at once, for those that are short, and what of it was refused.
    async fn collect<T: Kept>(
        &self,
        listing: &Listing<'_>,
    ) -> Result<(Vec<T>, Vec<Refusal>), Error> {
        let mut items = Vec::new();
        let refused = self.list(listing, |it| items.push(it)).await?;
        Ok((items, refused))
    }
}

/// Kinds whose scale is in their own `spec.replicas` and `spec.selector`.
const LISTED_KINDS: [(&str, &str); 3] = [
    ("Deployment", "deployments"),
    ("ReplicaSet", "replicasets"),
    ("StatefulSet", "statefulsets"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Everything,
    Metadata,
}

/// An object of which only the metadata was asked for.
#[derive(Serialize, Deserialize)]
pub(super) struct Linked {
    metadata: Meta,
}

impl Kept for Linked {}
impl Kept for Scalable {}
impl Kept for Pod {}
impl Kept for DisruptionBudget {}

/// Where to list.
#[derive(Debug)]
pub(super) struct Reach {
    /// Try one list of the whole cluster first.
    everywhere: bool,
    namespaces: BTreeSet<String>,
}

impl Reach {
    pub(super) fn over(namespaces: BTreeSet<String>) -> Self {
        Self {
            everywhere: namespaces.len() > FEW_NAMESPACES,
            namespaces,
        }
    }
}

fn lock<'a, T>(shared: &'a Mutex<T>) -> MutexGuard<'a, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) type Tap<'a> = &'a mut (dyn FnMut(Value) + Send);

/// Takes objects in: each goes to the assembler, and to the tap where there is one.
struct Intake<'a> {
    assembler: Assembler,
    tap: Option<Tap<'a>>,
}

impl Intake<'_> {
    fn show(&mut self, object: &impl Serialize) {
        if let Some(tap) = &mut self.tap {
            let written = serde_json::to_value(object);
            tap(written.expect("objects have text keys and finite numbers only"));
        }
    }

    fn scalable(&mut self, object: Scalable) {
        self.show(&object);
        self.assembler.add_scalable(object);
    }

    /// Takes what stands between a scale target and its pods.
    fn link(&mut self, resource: Resource<'_>, kind: &str, metadata: Meta) {
        let between = Scalable {
            api_version: resource.api_version(),
            kind: kind.to_owned(),
            metadata,
            ..Scalable::default()
        };
        self.scalable(between);
    }

    fn budget(&mut self, mut budget: DisruptionBudget) {
        budget.api_version = BUDGETS.api_version();
        budget.kind = "PodDisruptionBudget".to_owned();
        self.show(&budget);
        self.assembler.add_budget(&budget);
    }

    fn pod(&mut self, mut pod: Pod) {
        pod.api_version = PODS.api_version();
        pod.kind = "Pod".to_owned();
        self.show(&pod);
        self.assembler.add_pod(pod);
    }
}

#[cfg(test)]
mod tests;
