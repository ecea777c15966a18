//! Which kinds are served now: the built-in ones, and those that definitions make and take away.

use std::sync::Arc;

use super::kinds::{Kind, Version, builtin};

/// The kinds, in the order of discovery.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    kinds: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Arc<Kind>,
    is_custom: bool,
}

/// A kind in one of its versions.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) kind: Arc<Kind>,
    /// A definition made it.
    pub(crate) is_custom: bool,
    /// Of its versions.
    index: usize,
}

impl Registry {
    /// With the kinds that every cluster has.
    pub(crate) fn new() -> Self {
        let all = builtin::all().into_iter().map(|kind| Entry {
            kind: Arc::new(kind),
            is_custom: false,
        });
        Self {
            kinds: all.collect(),
        }
    }

    /// Every kind, in the order of discovery.
    pub(crate) fn kinds(&self) -> Vec<Arc<Kind>> {
        let each = self.kinds.iter().map(|it| Arc::clone(&it.kind));
        each.collect()
    }

    /// Whether any kind of the group is served in that version; in any one, if that is empty.
    pub(crate) fn has_group(&self, group: &str, version: &str) -> bool {
        let mut of_group = self.kinds.iter().filter(|it| it.kind.group == group);
        of_group.any(|it| version.is_empty() || it.kind.served(version).is_some())
    }

    /// The kind at `/apis/GROUP/VERSION/PLURAL`.
    pub(crate) fn resource(&self, group: &str, version: &str, plural: &str) -> Option<Served> {
        self.served(version, |it| it.group == group && it.plural == plural)
    }

    /// The kind that objects name by `apiVersion` and `kind`.
    pub(crate) fn kind(&self, api_version: &str, kind: &str) -> Option<Served> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.served(version, |it| it.group == group && it.kind == kind)
    }

    /// The kind of a resource in the version in which it is kept.
    pub(crate) fn stored(&self, group: &str, plural: &str) -> Option<Served> {
        let is_it = |it: &&Entry| it.kind.group == group && it.kind.plural == plural;
        let entry = self.kinds.iter().find(is_it)?;
        let index = entry.kind.versions.iter().position(|it| it.is_stored)?;
        Some(entry.in_version(index))
    }

    /// Adds a kind that a definition makes, in place of an earlier one of the same resource.
    pub(crate) fn define(&mut self, kind: Kind) {
        let entry = Entry {
            kind: Arc::new(kind),
            is_custom: true,
        };
        let is_same = |it: &Entry| {
            it.is_custom && it.kind.group == entry.kind.group && it.kind.plural == entry.kind.plural
        };
        match self.kinds.iter_mut().find(|it| is_same(it)) {
            Some(found) => *found = entry,
            None => self.kinds.push(entry),
        }
    }

    /// Takes away a kind that a definition made.
    pub(crate) fn forget(&mut self, group: &str, plural: &str) {
        let is_it = |it: &Entry| it.is_custom && it.kind.group == group && it.kind.plural == plural;
        self.kinds.retain(|it| !is_it(it));
    }

    fn served(&self, version: &str, is_it: impl Fn(&Kind) -> bool) -> Option<Served> {
        let entry = self.kinds.iter().find(|it| is_it(&it.kind))?;
        let mut versions = entry.kind.versions.iter();
        let index = versions.position(|it| it.is_served && it.name == version)?;
        Some(entry.in_version(index))
    }
}

impl Entry {
    fn in_version(&self, index: usize) -> Served {
        Served {
            kind: Arc::clone(&self.kind),
            is_custom: self.is_custom,
            index,
        }
    }
}

impl Served {
    pub(crate) fn version(&self) -> &Version {
        &self.kind.versions[self.index]
    }

    /// `autoscaling/v2`.
    pub(crate) fn api_version(&self) -> String {
        self.kind.api_version(&self.version().name)
    }

    /// What the store calls it: `deployments.apps`, or `pods`.
    pub(crate) fn resource(&self) -> String {
        resource(&self.kind.group, &self.kind.plural)
    }

    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.kind.verbs.contains(&verb)
    }

    /// The same kind as it is kept.
    pub(crate) fn stored(&self) -> Self {
        let mut versions = self.kind.versions.iter();
        let index = versions.position(|it| it.is_stored).unwrap_or(self.index);
        Self {
            index,
            ..self.clone()
        }
    }
}

/// What the store calls a resource.
pub(crate) fn resource(group: &str, plural: &str) -> String {
    match group {
        "" => plural.to_owned(),
        group => format!("{plural}.{group}"),
    }
}
