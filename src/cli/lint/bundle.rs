//! The objects of a support bundle, in place of those of a cluster.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::bundle::{self, manifest};
use crate::cluster::gathering::KINDS;
use crate::cluster::{Lintable, Namespaces};
use crate::error::Error;

/// What a bundle holds, as a cluster would have given it.
pub(super) struct Held {
    pub(super) found: Lintable,
    pub(super) namespaces: Namespaces,
    /// The namespace that was meant where none was named.
    pub(super) current: String,
    /// When it was taken.
    pub(super) now: Timestamp,
}

/// Reads all that the bundle has, or what it has of one namespace.
///
/// # Errors
/// Where it cannot be read, or was made of other namespaces.
pub(super) fn read(path: &Path, namespace: Option<&str>) -> Result<Held, Error> {
    let is_meant = |group: &str, plural: &str| {
        let mut kinds = KINDS.iter().filter(|it| it.is_linted);
        kinds.any(|it| it.group() == group && it.plural() == plural)
    };
    let content = bundle::read(path, is_meant)?;
    let manifest = content.manifest;
    let namespaces = namespaces(&manifest.scope, namespace, path)?;
    let mut objects = content.objects;
    if let Some(namespace) = namespace {
        objects.retain(|it| match it["metadata"]["namespace"].as_str() {
            Some(its) => its == namespace,
            None => true,
        });
    }
    let missing = manifest.missing.into_iter().filter_map(|it| {
        let kind = KINDS
            .iter()
            .find(|kind| Some(kind.kind) == it.kind.as_deref())?;
        kind.is_linted.then_some((kind.kind, it.why))
    });
    Ok(Held {
        found: Lintable::of(objects, missing.collect()),
        namespaces,
        current: match namespace {
            Some(it) => it.to_owned(),
            None => manifest.cluster.namespace,
        },
        now: manifest.taken_at,
    })
}

fn namespaces(
    scope: &manifest::Scope,
    wanted: Option<&str>,
    path: &Path,
) -> Result<Namespaces, Error> {
    let held = &scope.namespaces;
    match wanted {
        Some(it) if scope.all_namespaces || held.contains(it) => Ok(Namespaces::One(it.to_owned())),
        Some(it) => Err(Error::Content {
            flag: "--from",
            path: path.to_owned(),
            why: format!("it was made of {}, and not of namespace {it}", listed(held)),
        }),
        None if scope.all_namespaces => Ok(Namespaces::All),
        None => Ok(Namespaces::Several(held.clone())),
    }
}

fn listed(namespaces: &BTreeSet<String>) -> String {
    let all: Vec<String> = namespaces
        .iter()
        .map(|it| format!("namespace {it}"))
        .collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_looked_at_as_far_as_it_goes() {
        let path = Path::new("b.tar.gz");
        let all = manifest::Scope {
            all_namespaces: true,
            ..manifest::Scope::default()
        };
        let shop = manifest::Scope {
            namespaces: ["shop".to_owned()].into(),
            ..manifest::Scope::default()
        };
        let one = || Namespaces::One("shop".to_owned());
        assert_eq!(namespaces(&all, None, path).unwrap(), Namespaces::All);
        assert_eq!(namespaces(&all, Some("shop"), path).unwrap(), one());
        assert_eq!(namespaces(&shop, Some("shop"), path).unwrap(), one());
        let several = Namespaces::Several(["shop".to_owned()].into());
        assert_eq!(namespaces(&shop, None, path).unwrap(), several);
        let refused = namespaces(&shop, Some("mail"), path).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("made of namespace shop, and not of namespace mail")
        );
    }
}
