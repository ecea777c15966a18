//! Where an inventory reads: from the API server, or from the memory of those who follow it. What
//! is read, in which order, and what becomes of refusals is one code for both.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Served;
use crate::cluster::call::{Asked, Listing, Resource};
use crate::cluster::follow::View;
use crate::cluster::{Cluster, Error};
use crate::fleet::{NoWorkload, Permission, Unread};

/// What is kept of an object: reading it drops the rest, and what was read can be written.
pub(in crate::cluster) trait Kept: DeserializeOwned + Serialize {
    /// Whether such objects decide what else is read.
    const LEADS: bool = false;

    /// What of it decides that, beside its being there.
    fn lead(&self) -> String {
        String::new()
    }
}

/// Where objects come from.
#[derive(Clone, Copy)]
pub(in crate::cluster) enum Source<'a> {
    Server,
    Memory(View<'a>),
}

/// Reads what belongs to an inventory.
#[derive(Clone, Copy)]
pub(in crate::cluster) struct Reader<'a> {
    pub(super) cluster: &'a Cluster,
    source: Source<'a>,
}

/// One object, or a part of one, that is read by its path.
#[derive(Clone, Copy, Debug)]
pub(in crate::cluster) struct Wanted<'a> {
    pub(in crate::cluster) asked: Asked<'a>,
    pub(in crate::cluster) path: &'a str,
    /// The object that it changes with: kind, namespace and name.
    pub(in crate::cluster) of: Option<(&'a Served, &'a str, &'a str)>,
}

impl<'a> Wanted<'a> {
    pub(super) fn alone(asked: Asked<'a>, path: &'a str) -> Self {
        let of = None;
        Self { asked, path, of }
    }
}

/// What came of reading one object.
pub(in crate::cluster) enum Part<T> {
    Read(T),
    Absent,
    Refused(Refusal),
}

/// What could not be read, while the rest can: RBAC refuses it, or memory does not have it yet.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cluster) struct Refusal {
    /// The one that is missing, where that is why.
    pub(in crate::cluster) permission: Option<Permission>,
    /// `None` for all namespaces.
    pub(in crate::cluster) namespace: Option<String>,
    pub(in crate::cluster) message: String,
}

impl Refusal {
    fn of(error: &Error) -> Option<Self> {
        let (permission, message) = error.refused()?;
        Some(Self {
            permission: Some(permission.clone()),
            namespace: permission.namespace.clone(),
            message: message.to_owned(),
        })
    }

    /// Whether asking for less may help.
    pub(super) fn is_by_rbac(&self) -> bool {
        self.permission.is_some()
    }

    pub(super) fn covers(&self, namespace: &str) -> bool {
        let refused = self.namespace.as_deref();
        refused.is_none_or(|it| it == namespace)
    }

    pub(super) fn no_workload(&self) -> NoWorkload {
        match &self.permission {
            Some(permission) => NoWorkload::Forbidden(permission.clone()),
            None => NoWorkload::Failed {
                why: self.message.clone(),
            },
        }
    }

    pub(in crate::cluster) fn into_unread(self, resource: Resource<'_>) -> Unread {
        let what = match &self.namespace {
            Some(namespace) => format!("{} in namespace {namespace}", resource.plural),
            None => format!("{} in all namespaces", resource.plural),
        };
        Unread {
            what,
            why: self.message,
            permission: self.permission,
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads from the API server.
    pub(in crate::cluster) fn of(cluster: &'a Cluster) -> Self {
        Self::from(cluster, Source::Server)
    }

    pub(in crate::cluster) fn from(cluster: &'a Cluster, source: Source<'a>) -> Self {
        Self { cluster, source }
    }

    pub(super) fn is_memory(&self) -> bool {
        matches!(self.source, Source::Memory(_))
    }

    /// Every item of a list, and what of it was refused.
    pub(super) async fn list<T: Kept>(
        &self,
        listing: &Listing<'_>,
        each: impl FnMut(T),
    ) -> Result<Vec<Refusal>, Error> {
        match self.source {
            Source::Server => match self.cluster.list(listing, each).await {
                Ok(()) => Ok(Vec::new()),
                Err(error) => Refusal::of(&error).map(|it| vec![it]).ok_or(error),
            },
            Source::Memory(memory) => memory.list(listing, each),
        }
    }

    pub(super) async fn get<T: Kept>(&self, wanted: &Wanted<'_>) -> Result<Part<T>, Error> {
        match self.source {
            Source::Server => match self.cluster.get(wanted.asked, wanted.path).await {
                Ok(part) => Ok(Part::Read(part)),
                Err(error) if error.code() == Some(404) => Ok(Part::Absent),
                Err(error) => Refusal::of(&error).map(Part::Refused).ok_or(error),
            },
            Source::Memory(memory) => memory.get(wanted),
        }
    }
}
