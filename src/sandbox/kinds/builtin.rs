//! The kinds that every cluster has.

mod entries;

use super::{Kind, Scale, Version};
use crate::sandbox::schema::builtin::definitions;
use crate::sandbox::{columns, rules};

/// All of them, in the order in which discovery lists them.
pub(crate) fn all() -> Vec<Kind> {
    let groups = entries::GROUPS.iter();
    groups
        .flat_map(|group| group.entries.iter().map(|it| kind(group, it)))
        .collect()
}

/// Kinds that share a group and most of what is known of them.
struct Group {
    name: &'static str,
    /// The start of the names of their definitions, up to the version.
    package: &'static str,
    entries: &'static [Entry],
}

/// What is known of one kind.
struct Entry {
    kind: &'static str,
    plural: &'static str,
    singular: Option<&'static str>,
    /// The preferred one first, which is also the stored one.
    versions: &'static [&'static str],
    short_names: &'static [&'static str],
    categories: &'static [&'static str],
    is_namespaced: bool,
    verbs: &'static [&'static str],
    has_generation: bool,
    has_status: bool,
    has_scale: bool,
    selectable: &'static [&'static str],
    deprecation: Option<&'static str>,
}

fn kind(group: &Group, entry: &Entry) -> Kind {
    let singular = entry.singular.map(str::to_owned);
    let versions = entry.versions.iter().enumerate();
    Kind {
        group: group.name.to_owned(),
        versions: versions
            .map(|(index, name)| version(group, entry, name, index == 0))
            .collect(),
        kind: entry.kind.to_owned(),
        list_kind: format!("{}List", entry.kind),
        plural: entry.plural.to_owned(),
        singular: singular.unwrap_or_else(|| entry.kind.to_lowercase()),
        short_names: texts(entry.short_names),
        categories: texts(entry.categories),
        is_namespaced: entry.is_namespaced,
        verbs: entry.verbs.to_vec(),
        has_generation: entry.has_generation,
        selectable: texts(entry.selectable),
        rules: rules::of(group.name, entry.kind),
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

fn version(group: &Group, entry: &Entry, name: &str, is_stored: bool) -> Version {
    Version {
        name: name.to_owned(),
        is_served: true,
        is_stored,
        definition: format!("{}.{name}.{}", group.package, entry.kind),
        definitions: definitions(),
        has_status: entry.has_status,
        scale: entry.has_scale.then(scale),
        columns: columns::of(group.name, name, entry.kind),
        deprecation: entry.deprecation.map(str::to_owned),
    }
}

/// Where all built-in kinds that can be scaled have it.
fn scale() -> Scale {
    Scale {
        spec_replicas: "spec.replicas".to_owned(),
        status_replicas: "status.replicas".to_owned(),
        selector: Some("spec.selector".to_owned()),
    }
}

/// The definition of the scale subresource of every kind that has one.
pub(crate) const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_definitions_of_itself_and_its_list() {
        let definitions = definitions();
        assert!(definitions.contains_key(SCALE));
        for kind in all() {
            for version in &kind.versions {
                version.schema();
                let (package, _) = version.definition.rsplit_once('.').unwrap();
                let list = format!("{package}.{}", kind.list_kind);
                let is_listed = kind.verbs.contains(&"list");
                assert_eq!(definitions.contains_key(&list), is_listed, "{list}");
            }
        }
    }

    #[test]
    fn every_kind_has_one_stored_version_and_names_of_its_own() {
        let mut seen = HashSet::new();
        for kind in all() {
            let stored = kind.versions.iter().filter(|it| it.is_stored).count();
            assert_eq!(stored, 1, "{}", kind.kind);
            for name in kind.short_names.iter().chain([&kind.plural]) {
                let name = (kind.group.clone(), name.clone());
                assert!(seen.insert(name.clone()), "{name:?} twice");
            }
        }
    }

    /// Whether a path such as `spec.nodeName` is in the schema of the kind.
    fn leads(kind: &Kind, path: &str) -> bool {
        let root = Some(kind.stored().schema());
        let place = path.split('.').fold(root, |at, name| at?.field(name));
        place.is_some()
    }

    #[test]
    fn what_the_entries_say_is_in_the_schemas() {
        for kind in all() {
            for path in &kind.selectable {
                assert!(leads(&kind, path), "{} has no {path}", kind.kind);
            }
            for version in &kind.versions {
                if version.has_status {
                    assert!(leads(&kind, "status"), "{} has no status", kind.kind);
                }
                if let Some(scale) = &version.scale {
                    assert!(leads(&kind, &scale.spec_replicas), "{}", kind.kind);
                    assert!(leads(&kind, &scale.status_replicas), "{}", kind.kind);
                }
            }
        }
    }

    #[test]
    fn horizontal_pod_autoscalers_are_stored_as_v2_and_served_as_v1_too() {
        let all = all();
        let hpa = all
            .iter()
            .find(|it| it.kind == "HorizontalPodAutoscaler")
            .unwrap();
        assert_eq!(hpa.stored().name, "v2");
        assert!(hpa.served("v1").is_some());
        assert_eq!(hpa.versions[0].name, "v2");
    }
}
