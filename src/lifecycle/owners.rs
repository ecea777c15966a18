//! Who else manages an object or fields of it, with the proof.
//!
//! A proof is something that only the manager itself writes, and that is about this very object:
//! - Argo CD: the tracking id that names this object. One copied along from another object does not
//!   count. Without any tracking id the label `argocd.argoproj.io/instance` counts, which nobody else
//!   writes; `app.kubernetes.io/instance` never does, since charts set it without any Argo CD.
//! - Flux: both labels of a Kustomization or HelmRelease. A Kustomization that is told to leave the
//!   object alone is none.
//! - Helm: its label together with its annotations. Charts that others render have the label alone.
//! - An owner reference that says controller. Below such an owner, labels count for nothing: they are
//!   most likely its own, handed down.
//! - An entry of `managedFields` that applies one of the fields, see [`fields`].

mod fields;

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

/// Somebody whose change a write would undo, or who would undo ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub who: Who,
    /// What says so: `annotation argocd.argoproj.io/tracking-id is shop:autoscaling/…`.
    pub proof: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The application that tracks this very object.
    ArgoCd { application: String },
    /// A Kustomization or HelmRelease.
    Flux {
        kind: String,
        /// With its namespace: `flux-system/apps`.
        name: String,
    },
    Helm {
        /// With its namespace where the object tells it: `shop/web`.
        release: String,
    },
    /// A controller that owns the object: `ScaledObject/orders`.
    Controller { owner: String },
    /// A field manager that applies the field server-side.
    Applier {
        manager: String,
        /// A JSON pointer.
        path: String,
    },
}

impl fmt::Display for Who {
    /// `the Argo CD application shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArgoCd { application } => write!(f, "the Argo CD application {application}"),
            Self::Flux { kind, name } => write!(f, "the Flux {kind} {name}"),
            Self::Helm { release } => write!(f, "the Helm release {release}"),
            Self::Controller { owner } => write!(f, "its controller {owner}"),
            Self::Applier { manager, path } => write!(f, "the field manager {manager} for {path}"),
        }
    }
}

impl fmt::Display for Owner {
    /// `the Argo CD application shop (annotation … is …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.who, self.proof)
    }
}

/// Who manages `object`, so that a write to the fields at `paths` (JSON pointers) would be undone or
/// fought over. Managers of updates are none: they wrote once. Those named in `ours` are we.
///
/// In the order of [`Who`], but for a controller, which goes before everybody whose labels it may
/// have handed down.
pub fn of(object: &Value, paths: &[&str], ours: &[&str]) -> Vec<Owner> {
    let mut owners: Vec<Owner> = argo_tracking(object).into_iter().collect();
    match controller(object) {
        Some(controller) => owners.push(controller),
        None => {
            owners.extend(argo_label(object));
            owners.extend(kustomization(object));
            owners.extend(helm_release(object));
            owners.extend(helm(object));
        }
    }
    owners.extend(fields::appliers(object, paths, ours));
    owners
}

/// Whose write made fields as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer<'a> {
    /// The field manager.
    pub manager: &'a str,
    pub at: Option<Timestamp>,
}

/// What of the `spec` of an object a manager applies, as it is now; null where it applies nothing.
///
/// An apply that leaves out what the same manager applied before takes that away.
pub fn applied(object: &Value, manager: &str) -> Value {
    fields::applied(object, manager)
}

/// Who last wrote one of the fields at `paths` (JSON pointers); `None` where `managedFields` does
/// not tell.
pub fn last_writer<'a>(object: &'a Value, paths: &[&str]) -> Option<Writer<'a>> {
    fields::last_writer(object, paths)
}

const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
const INSTANCE: &str = "argocd.argoproj.io/instance";

/// `application:group/kind:namespace/name`, written by Argo CD for each object that it applies.
fn argo_tracking(object: &Value) -> Option<Owner> {
    let id = annotation(object, TRACKING_ID)?;
    let mut parts = id.splitn(3, ':');
    let (application, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    let is_this = kind == group_and_kind(object)? && name == namespaced_name(object)?;
    let who = Who::ArgoCd {
        application: application.to_owned(),
    };
    (is_this && !application.is_empty()).then(|| Owner {
        who,
        proof: format!("annotation {TRACKING_ID} is {id}"),
    })
}

/// Where Argo CD tracks by a label of its own. It says nothing of which object it was written for,
/// but a tracking id beside it would, and then that one decides.
fn argo_label(object: &Value) -> Option<Owner> {
    let application = label(object, INSTANCE)?;
    if annotation(object, TRACKING_ID).is_some() {
        return None;
    }
    Some(Owner {
        who: Who::ArgoCd {
            application: application.to_owned(),
        },
        proof: format!("label {INSTANCE} is {application}"),
    })
}

/// `autoscaling/HorizontalPodAutoscaler`; `/Service` for the group without a name.
fn group_and_kind(object: &Value) -> Option<String> {
    let version = object["apiVersion"].as_str()?;
    let group = version.split_once('/').map_or("", |it| it.0);
    Some(format!("{group}/{}", object["kind"].as_str()?))
}

fn namespaced_name(object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or_default();
    Some(format!("{namespace}/{}", metadata["name"].as_str()?))
}

/// What tells a Kustomization to leave an object alone, as labels or annotations, in any case of
/// letters (`fluxcd/pkg/ssa`). `Merge` is none of these: it still applies the fields that it has.
const LEFT_ALONE: [(&str, &str); 3] = [
    ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
    ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"),
    ("kustomize.toolkit.fluxcd.io/ssa", "Ignore"),
];

fn kustomization(object: &Value) -> Option<Owner> {
    let is_left_alone = LEFT_ALONE.iter().any(|(key, value)| {
        let found = [label(object, key), annotation(object, key)];
        found
            .iter()
            .flatten()
            .any(|it| it.eq_ignore_ascii_case(value))
    });
    let owner = flux(object, "Kustomization", "kustomize.toolkit.fluxcd.io");
    owner.filter(|_| !is_left_alone)
}

/// One that only ignores drift still writes with its next release, so that nothing excepts it.
fn helm_release(object: &Value) -> Option<Owner> {
    flux(object, "HelmRelease", "helm.toolkit.fluxcd.io")
}

fn flux(object: &Value, kind: &str, group: &str) -> Option<Owner> {
    let name = label(object, &format!("{group}/name"))?;
    let namespace = label(object, &format!("{group}/namespace"))?;
    Some(Owner {
        who: Who::Flux {
            kind: kind.to_owned(),
            name: format!("{namespace}/{name}"),
        },
        proof: format!("labels {group}/name and {group}/namespace are {name} and {namespace}"),
    })
}

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

fn helm(object: &Value) -> Option<Owner> {
    label(object, MANAGED_BY).filter(|it| *it == "Helm")?;
    let name = annotation(object, RELEASE_NAME)?;
    let release = match annotation(object, RELEASE_NAMESPACE) {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    };
    Some(Owner {
        who: Who::Helm { release },
        proof: format!("annotation {RELEASE_NAME} is {name}, label {MANAGED_BY} is Helm"),
    })
}

fn controller(object: &Value) -> Option<Owner> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let controller = owners.iter().find(|it| it["controller"] == true)?;
    let text = |key: &str| controller[key].as_str().unwrap_or_default();
    let owner = format!("{}/{}", text("kind"), text("name"));
    Some(Owner {
        proof: format!("ownerReferences has {owner} as controller"),
        who: Who::Controller { owner },
    })
}

fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text_in(object, "labels", key)
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text_in(object, "annotations", key)
}

/// An empty text says nothing.
fn text_in<'a>(object: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    let text = object["metadata"][map].get(key)?.as_str()?;
    Some(text).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests;
