//! Scale targets of kinds that only the cluster knows: Argo Rollouts, operators' resources, and
//! anything else with a scale subresource.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::autoscaling::v1::Scale;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResource, APIResourceList};

use super::{CONCURRENCY, Intake, Kept, Linked, Only, Part, Reach, Reader, Refusal, Wanted};
use crate::cluster::Error;
use crate::cluster::assemble::ObjectKey;
use crate::cluster::call::{Asked, Resource, segment};
use crate::cluster::objects::Scalable;
use crate::fleet::{NoWorkload, Unread};

/// How a kind is served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cluster) struct Served {
    pub(in crate::cluster) group: String,
    pub(in crate::cluster) version: String,
    pub(in crate::cluster) plural: String,
}

impl Kept for Scale {}
impl Kept for APIGroup {}
impl Kept for APIResourceList {}

impl Served {
    pub(in crate::cluster) fn of(resource: Resource<'_>) -> Self {
        Self {
            group: resource.group.to_owned(),
            version: resource.version.to_owned(),
            plural: resource.plural.to_owned(),
        }
    }

    pub(in crate::cluster) fn resource(&self) -> Resource<'_> {
        Resource {
            group: &self.group,
            version: &self.version,
            plural: &self.plural,
        }
    }
}

/// What came of reading one target.
struct Outcome {
    result: Result<Scalable, NoWorkload>,
    unread: Option<Unread>,
}

impl Outcome {
    fn refused(why: NoWorkload) -> Self {
        Self {
            result: Err(why),
            unread: None,
        }
    }
}

impl Reader<'_> {
    pub(super) async fn read_custom(
        &self,
        targets: &[&ObjectKey],
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let mut kinds: BTreeMap<(&str, &str), Vec<&ObjectKey>> = BTreeMap::new();
        for target in targets {
            let kind = (target.group.as_str(), target.kind.as_str());
            kinds.entry(kind).or_default().push(target);
        }
        for ((group, kind), targets) in kinds {
            match self.discover(group, kind).await? {
                Ok(served) => self.read_served(&served, &targets, intake).await?,
                Err(why) => {
                    for target in targets {
                        intake.assembler.refuse(target.clone(), why.clone());
                    }
                }
            }
        }
        Ok(())
    }

    async fn read_served(
        &self,
        served: &Served,
        targets: &[&ObjectKey],
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        let targets: Vec<ObjectKey> = targets.iter().copied().cloned().collect();
        if self.is_memory() {
            // What is read one by one is not watched so: the collection tells when to read again.
            let namespaces = targets.iter().map(|it| it.namespace.clone());
            let reach = Reach::over(namespaces.collect());
            self.each_of(served.resource(), &reach, Only::Metadata, |_: Linked| ())
                .await?;
        }
        let reads = targets.into_iter().map(|target| async move {
            let outcome = self.read_one(served, &target).await?;
            Ok::<_, Error>((target, outcome))
        });
        let mut reads = stream::iter(reads).buffered(CONCURRENCY);
        while let Some((target, outcome)) = reads.try_next().await? {
            match outcome.result {
                Ok(object) => intake.scalable(object),
                Err(NoWorkload::Missing) => {}
                Err(why) => intake.assembler.refuse(target, why),
            }
            if let Some(row) = outcome.unread {
                intake.assembler.unread(row);
            }
        }
        Ok(())
    }

    /// The object and its scale. Either will do: the scale has replicas and selector for every
    /// kind, the object a pod template for most.
    async fn read_one(&self, served: &Served, target: &ObjectKey) -> Result<Outcome, Error> {
        let scale = self.part::<Scale>(served, target, "scale").await?;
        let object = self.part::<Scalable>(served, target, "").await?;
        let (scale, refused) = match scale {
            Part::Read(scale) => (Some(scale), None),
            Part::Absent => (None, None),
            Part::Refused(refusal) if !refusal.is_by_rbac() => {
                return Ok(Outcome::refused(refusal.no_workload()));
            }
            Part::Refused(refusal) => (None, Some(refusal)),
        };
        let mut object = match object {
            Part::Read(object) => object,
            Part::Absent => return Ok(Outcome::refused(NoWorkload::Missing)),
            Part::Refused(refusal) if scale.is_none() || !refusal.is_by_rbac() => {
                // Of the two rights the lesser one is enough.
                let least = refused.filter(|_| refusal.is_by_rbac());
                return Ok(Outcome::refused(least.unwrap_or(refusal).no_workload()));
            }
            Part::Refused(_) => Scalable::default(),
        };
        complete(&mut object, scale, served, target);
        Ok(Outcome {
            result: Ok(object),
            unread: refused.map(|it| it.into_unread(served.resource())),
        })
    }

    async fn part<T: Kept>(
        &self,
        served: &Served,
        target: &ObjectKey,
        subresource: &str,
    ) -> Result<Part<T>, Error> {
        let resource = served.resource();
        let mut path = resource.path(Some(&target.namespace));
        path = format!("{path}/{}", segment(&target.name));
        let mut name = resource.with_group();
        if !subresource.is_empty() {
            path = format!("{path}/{subresource}");
            name = format!("{name}/{subresource}");
        }
        let asked = Asked {
            verb: "get",
            resource: &name,
            namespace: Some(&target.namespace),
        };
        let of = Some((served, target.namespace.as_str(), target.name.as_str()));
        let path = path.as_str();
        match self.get(&Wanted { asked, path, of }).await {
            // Such as an object without the replicas that its scale is made of.
            Err(error @ Error::Api { .. }) => Ok(Part::Refused(Refusal {
                permission: None,
                namespace: Some(target.namespace.clone()),
                message: error.to_string(),
            })),
            other => other,
        }
    }

    /// How `kind` is served: the preferred version of its group that has it.
    async fn discover(&self, group: &str, kind: &str) -> Result<Result<Served, NoWorkload>, Error> {
        let not_scalable = |why| Ok(Err(NoWorkload::NotScalable { why }));
        let versions = match self.versions(group).await? {
            Ok(versions) => versions,
            Err(why) => return Ok(Err(why)),
        };
        for version in versions {
            let resources = match self.resources(group, &version).await? {
                Ok(resources) => resources,
                Err(why) => return Ok(Err(why)),
            };
            let Some(found) = named(&resources, kind) else {
                continue;
            };
            let scale = format!("{}/scale", found.name);
            if !found.namespaced || !resources.iter().any(|it| it.name == scale) {
                return not_scalable(format!("{kind} has no scale subresource"));
            }
            return Ok(Ok(Served {
                group: group.to_owned(),
                version,
                plural: found.name.clone(),
            }));
        }
        not_scalable(format!(
            "the cluster serves no kind {kind} in API group `{group}`"
        ))
    }

    /// The versions of a group, the preferred one first.
    pub(super) async fn versions(
        &self,
        group: &str,
    ) -> Result<Result<Vec<String>, NoWorkload>, Error> {
        if group.is_empty() {
            return Ok(Ok(vec!["v1".to_owned()]));
        }
        let path = format!("/apis/{}", segment(group));
        let served: APIGroup = match self.discovered(group, &path).await? {
            Ok(served) => served,
            Err(why) => return Ok(Err(why)),
        };
        let preferred = served.preferred_version.map(|it| it.version);
        let mut versions: Vec<String> = preferred.into_iter().collect();
        for version in served.versions.into_iter().map(|it| it.version) {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        Ok(Ok(versions))
    }

    async fn resources(
        &self,
        group: &str,
        version: &str,
    ) -> Result<Result<Vec<APIResource>, NoWorkload>, Error> {
        let path = match group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{}/{}", segment(group), segment(version)),
        };
        let list = self.discovered::<APIResourceList>(group, &path).await?;
        Ok(list.map(|it| it.resources))
    }

    /// What discovery says. An API that is not there, or is broken, concerns only its own kinds.
    async fn discovered<T: Kept>(
        &self,
        group: &str,
        path: &str,
    ) -> Result<Result<T, NoWorkload>, Error> {
        match self.get(&Wanted::alone(discovery(path), path)).await {
            Ok(Part::Read(found)) => Ok(Ok(found)),
            Ok(Part::Absent) => Ok(Err(NoWorkload::NotScalable {
                why: format!("the cluster serves no API group `{group}`"),
            })),
            Ok(Part::Refused(refusal)) => Ok(Err(refusal.no_workload())),
            Err(Error::Api { message, .. }) => Ok(Err(NoWorkload::Failed { why: message })),
            Err(other) => Err(other),
        }
    }
}

fn discovery(path: &str) -> Asked<'_> {
    Asked {
        verb: "get",
        resource: path,
        namespace: None,
    }
}

fn named<'a>(resources: &'a [APIResource], kind: &str) -> Option<&'a APIResource> {
    let mut resources = resources.iter();
    resources.find(|it| it.kind == kind && !it.name.contains('/'))
}

/// What the scale says goes where the assembler looks for it, in snapshots too.
fn complete(object: &mut Scalable, scale: Option<Scale>, served: &Served, target: &ObjectKey) {
    object.api_version = served.resource().api_version();
    object.kind = target.kind.clone();
    object.metadata.name = target.name.clone();
    object.metadata.namespace = Some(target.namespace.clone());
    let Some(scale) = scale else { return };
    let replicas = scale.spec.and_then(|it| it.replicas).unwrap_or(0);
    object.spec.replicas = Some(replicas.max(0).unsigned_abs());
    let selector = scale.status.and_then(|it| it.selector);
    if selector.is_some() {
        object.status.selector = selector;
    }
}
