//! Which rights on the cluster are needed for what, from the one list that the roles of `install` are
//! made of.

use std::collections::BTreeSet;

use super::{Check, Fault, Judge, Purpose, State, Told, Trouble};
use crate::fleet;
use crate::install::{self, Lack, Needed, PERMISSIONS, Place};

/// A verb on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    pub permission: fleet::Permission,
    /// The only object that it is about.
    pub object: Option<&'static str>,
    pub reason: &'static str,
    /// For whom it is.
    pub of: &'static [Purpose],
    pub lack: Lack,
}

/// What the cluster has and what is asked of it, on which it depends what is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// `None` for all namespaces.
    pub namespace: Option<&'a str>,
    /// That of `watch`.
    pub own_namespace: &'a str,
    /// Whether a Prometheus of the cluster is looked for, and where it was found.
    pub prometheus: Discovery,
    /// The API groups that are served and not part of every cluster.
    pub served: BTreeSet<&'static str>,
}

/// How one comes to a Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// By its address, or not at all.
    NotNeeded,
    /// None was found in the cluster.
    Nowhere,
    /// By a service in this namespace.
    In(String),
}

/// What the API server says of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    pub reviewed: Vec<(Right, Result<bool, Trouble>)>,
}

/// API groups that a cluster may lack. What is not there needs no right.
pub const OPTIONAL: [&str; 3] = ["keda.sh", "metrics.k8s.io", "stepscale.io"];

const WRITES: &[Purpose] = &[Purpose::Apply];
const FOLLOWS: &[Purpose] = &[Purpose::Watch];
/// An analysis that cannot be kept is of use all the same.
const KEEPS: &[Purpose] = &[Purpose::Apply, Purpose::Watch];

/// Every right that any purpose needs, each once, in the order of the list.
pub fn needed(circumstances: &Circumstances<'_>) -> Vec<Right> {
    let mut rights: Vec<Right> = Vec::new();
    for permission in PERMISSIONS {
        for right in circumstances.rights(&permission) {
            let same = rights
                .iter()
                .any(|it| it.permission == right.permission && it.object == right.object);
            if !same {
                rights.push(right);
            }
        }
    }
    rights
}

impl Circumstances<'_> {
    fn rights(&self, permission: &install::Permission) -> Vec<Right> {
        let is_missing =
            OPTIONAL.contains(&permission.group) && !self.served.contains(permission.group);
        let Some(namespace) = self.namespace(permission).filter(|_| !is_missing) else {
            return vec![];
        };
        let mut rights = vec![];
        for resource in permission.resources {
            for verb in permission.verbs {
                rights.push(Right {
                    permission: fleet::Permission {
                        verb: (*verb).to_owned(),
                        resource: qualified(resource, permission.group),
                        namespace: namespace.clone(),
                    },
                    object: (permission.place == Place::OwnLeases).then_some(install::LEASE),
                    reason: permission.reason,
                    of: purposes(permission, verb),
                    lack: lack(permission, verb),
                });
            }
        }
        rights
    }

    /// Where a permission is needed: in all namespaces, or in one; `None` where it is not.
    fn namespace(&self, permission: &install::Permission) -> Option<Option<String>> {
        let of = |it: &str| Some(Some(it.to_owned()));
        match (permission.needed, permission.place) {
            (_, Place::Own | Place::OwnLeases) => of(self.own_namespace),
            (Needed::ToFindPrometheus, _) => match &self.prometheus {
                Discovery::NotNeeded => None,
                // It is looked for everywhere, and then asked where it is.
                Discovery::In(namespace) if is_proxy(permission) => of(namespace),
                Discovery::Nowhere if is_proxy(permission) => None,
                Discovery::In(_) | Discovery::Nowhere => Some(None),
            },
            (Needed::Always | Needed::ToApply | Needed::ToElect, Place::Watched) => {
                Some(self.namespace.map(str::to_owned))
            }
        }
    }
}

fn is_proxy(permission: &install::Permission) -> bool {
    permission.resources.contains(&"services/proxy")
}

/// `deployments.apps`, `scalingrecommendations.stepscale.io/status`, `*.*/scale`.
fn qualified(resource: &str, group: &str) -> String {
    let (resource, sub) = match resource.split_once('/') {
        Some((resource, sub)) => (resource, format!("/{sub}")),
        None => (resource, String::new()),
    };
    match group {
        "" => format!("{resource}{sub}"),
        group => format!("{resource}.{group}{sub}"),
    }
}

/// Only a process that stays follows objects and is elected.
fn purposes(permission: &install::Permission, verb: &str) -> &'static [Purpose] {
    match permission.needed {
        Needed::ToApply => WRITES,
        Needed::ToElect => FOLLOWS,
        Needed::Always if verb == "watch" || permission.resources.contains(&"events") => FOLLOWS,
        Needed::Always if permission.group == "stepscale.io" => KEEPS,
        Needed::Always | Needed::ToFindPrometheus => &Purpose::ALL,
    }
}

/// What is not told of is asked for again and again.
fn lack(permission: &install::Permission, verb: &str) -> Lack {
    match verb {
        "watch" => Lack::Lessens,
        _ => permission.lack,
    }
}

impl Judge<'_> {
    pub(super) fn rights(&self, told: &Told<Rights>) -> Vec<Check> {
        let Told::Known(rights) = told else {
            return vec![self.unknown(Check::new("permission"), told, &Purpose::ALL)];
        };
        let all = &rights.reviewed;
        match all.first() {
            // Where nobody answers, once is enough.
            Some((_, Err(trouble))) if all.iter().all(|it| it.1.is_err()) => {
                let told = Told::<()>::Failed(trouble.clone());
                vec![self.unknown(Check::new("permission"), &told, &Purpose::ALL)]
            }
            Some(_) | None => all
                .iter()
                .map(|(right, may)| self.right(right, may))
                .collect(),
        }
    }

    fn right(&self, right: &Right, may: &Result<bool, Trouble>) -> Check {
        let check = Check::of("permission", right.subject());
        match may {
            Ok(true) => check.seen(right.reason),
            Ok(false) => {
                let check = check
                    .seen(format!("missing; {}", right.reason))
                    .advised(Some(right.advice()));
                match right.lack {
                    Lack::Stops => self.failed(check, Fault::Refused, right.of),
                    Lack::Lessens => Check {
                        state: State::Warning,
                        ..check
                    },
                }
            }
            Err(trouble) => self.unknown(check, &Told::<()>::Failed(trouble.clone()), right.of),
        }
    }
}

impl Right {
    /// `list pods in namespace shop`.
    fn subject(&self) -> String {
        let fleet::Permission {
            verb,
            resource,
            namespace,
        } = &self.permission;
        let object = self.object.map(|it| format!(" {it}")).unwrap_or_default();
        match namespace {
            Some(namespace) => format!("{verb} {resource}{object} in namespace {namespace}"),
            None => format!("{verb} {resource}{object} in all namespaces"),
        }
    }

    fn advice(&self) -> String {
        let check = self.permission.check_command();
        match self.of {
            WRITES | FOLLOWS => format!(
                "`{check}` checks it; `kubectl stepscale install --mode apply` shows a role that has \
                 all of them"
            ),
            _ => format!(
                "`{check}` checks it; ask for `{}`",
                self.permission.grant_command()
            ),
        }
    }
}
