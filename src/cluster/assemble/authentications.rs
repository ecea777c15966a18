//! Which authentications triggers refer to that do not exist, and which exist that none refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assembler, Scaling};
use crate::autoscaler::Autoscaler;
use crate::cluster::objects::Authentication;
use crate::fleet::{AuthenticationId, MissingAuthentication};
use crate::keda::objects::{AuthenticationKind, AuthenticationRef};

/// Of what all authentications are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) everywhere: bool,
    pub(crate) of_namespaces: BTreeSet<String>,
    pub(crate) of_cluster: bool,
    /// Whether everything in these namespaces is known that may refer to them.
    pub(crate) is_whole: bool,
}

/// The authentications of a cluster.
#[derive(Debug, Default)]
pub(super) struct Authentications {
    /// Whether KEDA says that something uses it.
    all: BTreeMap<AuthenticationId, bool>,
    listed: Listed,
}

impl Assembler {
    pub(crate) fn add_authentication(&mut self, object: &Authentication) {
        let id = AuthenticationId {
            namespace: object.metadata.namespace.clone(),
            name: object.metadata.name.clone(),
        };
        let status = &object.status;
        let is_used = !status.scaled_objects.is_empty() || !status.scaled_jobs.is_empty();
        self.authentications.all.insert(id, is_used);
    }

    /// Takes one of a file, in which all of a namespace are that has any.
    pub(super) fn add_gathered_authentication(&mut self, object: &Authentication) {
        self.add_authentication(object);
        let listed = &mut self.authentications.listed;
        match &object.metadata.namespace {
            Some(namespace) => {
                listed.of_namespaces.insert(namespace.clone());
            }
            None => listed.of_cluster = true,
        }
    }

    /// Says that all there are have been added.
    pub(crate) fn listed(&mut self, listed: Listed) {
        self.authentications.listed = listed;
    }

    /// Whether something that is wanted has triggers.
    pub(crate) fn has_triggers(&self) -> bool {
        let has_triggers = |it: &Autoscaler| it.keda.is_some() || it.jobs.is_some();
        self.wanted().any(|it| has_triggers(&it.autoscaler))
    }

    /// Whether something could not be read.
    pub(crate) fn lacks(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What no trigger refers to; nothing where not everything is known that may.
    pub(super) fn unused_authentications(&self) -> Vec<AuthenticationId> {
        let Authentications { all, listed } = &self.authentications;
        if !listed.is_whole {
            return vec![];
        }
        let used: BTreeSet<AuthenticationId> = self
            .autoscalers
            .values()
            .flat_map(|it| references(it).map(|(_, reference)| id(it, reference)))
            .collect();
        let is_known = |it: &AuthenticationId| match it.namespace {
            Some(_) => true,
            None => listed.everywhere,
        };
        let unused = all.iter().filter(|(id, is_used)| {
            let is_used = **is_used || used.contains(*id);
            !is_used && is_known(id)
        });
        unused.map(|(id, _)| id.clone()).collect()
    }
}

impl Authentications {
    /// What the triggers of one autoscaler refer to and is not there.
    pub(super) fn missing(&self, scaling: &Scaling) -> Vec<MissingAuthentication> {
        let missing = |(trigger, reference): (usize, &AuthenticationRef)| {
            let meant = id(scaling, reference);
            if self.all.contains_key(&meant) || !self.are_known(meant.namespace.as_deref()) {
                return None;
            }
            let (kind, other) = match meant.namespace {
                Some(_) => (NAMESPACED, OF_CLUSTER),
                None => (OF_CLUSTER, NAMESPACED),
            };
            let namespace = &scaling.autoscaler.id.namespace;
            let of_other = AuthenticationId {
                namespace: meant.namespace.is_none().then(|| namespace.clone()),
                name: meant.name.clone(),
            };
            let is_other = self.all.contains_key(&of_other);
            Some(MissingAuthentication {
                trigger,
                kind: kind.to_owned(),
                name: meant.name,
                other: is_other.then(|| other.to_owned()),
            })
        };
        references(scaling).filter_map(missing).collect()
    }

    /// Whether one that is not known does not exist.
    fn are_known(&self, namespace: Option<&str>) -> bool {
        match namespace {
            Some(it) => self.listed.everywhere || self.listed.of_namespaces.contains(it),
            None => self.listed.of_cluster,
        }
    }
}

const NAMESPACED: &str = "TriggerAuthentication";
const OF_CLUSTER: &str = "ClusterTriggerAuthentication";

/// What the triggers of an autoscaler refer to, with their index.
fn references(scaling: &Scaling) -> impl Iterator<Item = (usize, &AuthenticationRef)> {
    let Autoscaler { keda, jobs, .. } = &scaling.autoscaler;
    let of_object = keda.iter().flat_map(|it| it.spec.triggers.iter());
    let of_jobs = jobs.iter().flat_map(|it| it.spec.triggers.iter());
    let triggers = of_object.chain(of_jobs).enumerate();
    let references = triggers.filter_map(|(index, it)| Some((index, it.authentication.as_ref()?)));
    references.filter(|(_, it)| !it.name.is_empty())
}

/// What a reference means. A kind that KEDA does not know is looked for in the namespace.
fn id(scaling: &Scaling, reference: &AuthenticationRef) -> AuthenticationId {
    let namespace = &scaling.autoscaler.id.namespace;
    AuthenticationId {
        namespace: match reference.kind_or_default() {
            AuthenticationKind::ClusterTriggerAuthentication => None,
            AuthenticationKind::TriggerAuthentication | AuthenticationKind::Other(_) => {
                Some(namespace.clone())
            }
        },
        name: reference.name.clone(),
    }
}
