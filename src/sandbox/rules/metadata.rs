//! What every object's metadata must hold (`apimachinery/pkg/api/validation`, v1.36).

use serde_json::Value;

use super::names;
use super::place::Place;
use crate::sandbox::kinds::Kind;
use crate::sandbox::status::{Fault, FieldError};

/// All annotations of an object together, keys and values, in bytes.
const ANNOTATIONS: usize = 256 * 1024;

const FINALIZERS: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];

/// What is wrong with the metadata of a new object, or of one that replaces `old`.
///
/// Some errors come twice on updates, as those of the real server do: it looks once for every kind
/// and once more for the kind at hand. The identity of an object (name, namespace and UID) and its
/// version are preconditions of the request and not looked at.
pub(crate) fn metadata(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(new).at("metadata");
    let Some(old) = old else {
        return created(kind, new);
    };
    let old = Place::root(old).at("metadata");
    let mut found = named(&place, names::path_segment, str::to_owned);
    found.extend(common(&place, kind.is_namespaced));
    found.extend(updated(&place, &old));
    found.extend(updated(&place, &old));
    if is_built_in(kind) {
        found.extend(standard_finalizers(&place));
    }
    if is_judged_anew(kind) {
        found.extend(created(kind, new));
    }
    found
}

/// What is wrong with the metadata of an object that is created.
pub(crate) fn created(kind: &Kind, new: &Value) -> Vec<FieldError> {
    let place = Place::root(new).at("metadata");
    let mut found = named(
        &place,
        |name| names_of(kind, name, new),
        |prefix| match is_path_segment(kind) {
            true => prefix.to_owned(),
            false => names::masked(prefix),
        },
    );
    found.extend(common(&place, kind.is_namespaced));
    if is_built_in(kind) {
        found.extend(standard_finalizers(&place));
    }
    found
}

/// What is wrong with the metadata of a template.
pub(crate) fn of_template(metadata: &Place<'_>) -> Vec<FieldError> {
    let mut found = labels(&metadata.at("labels"));
    found.extend(annotations(&metadata.at("annotations")));
    found
}

fn named(
    place: &Place<'_>,
    check: impl Fn(&str) -> Vec<String>,
    as_name: impl Fn(&str) -> String,
) -> Vec<FieldError> {
    let (prefix, name) = (place.at("generateName"), place.at("name"));
    let mut found = Vec::new();
    if !prefix.is_empty() {
        found.extend(prefix.invalid_text(check(&as_name(prefix.text()))));
    }
    if name.is_empty() {
        if prefix.is_empty() {
            found.push(name.required("name or generateName is required"));
        }
    } else {
        found.extend(name.invalid_text(check(name.text())));
    }
    found
}

/// The messages about a name of this kind.
fn names_of(kind: &Kind, name: &str, object: &Value) -> Vec<String> {
    if is_path_segment(kind) {
        return names::path_segment(name);
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace" | "Service") | ("apps", "StatefulSet") => names::label(name),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(name, object),
        _ => names::subdomain(name),
    }
}

/// Kinds whose names may be anything that fits into a URL.
fn is_path_segment(kind: &Kind) -> bool {
    // Events are named after the objects that they are about.
    matches!(
        (kind.group.as_str(), kind.kind.as_str()),
        ("rbac.authorization.k8s.io", _) | ("" | "events.k8s.io", "Event")
    )
}

/// Kinds that the real server looks at on updates as if they were new, besides.
fn is_judged_anew(kind: &Kind) -> bool {
    matches!(
        (kind.group.as_str(), kind.kind.as_str()),
        ("", "ConfigMap" | "Secret" | "Service" | "Pod") | ("rbac.authorization.k8s.io", _)
    )
}

/// Kinds of Kubernetes itself, which know fewer finalizers.
fn is_built_in(kind: &Kind) -> bool {
    let group = kind.group.as_str();
    let is_definition = group == "apiextensions.k8s.io";
    !is_definition && (!group.contains('.') || group.ends_with(".k8s.io"))
}

fn definition(name: &str, object: &Value) -> Vec<String> {
    let spec = Place::root(object).at("spec");
    let (plural, group) = (spec.at("names.plural"), spec.at("group"));
    let mut found = names::subdomain(name);
    if name != format!("{}.{}", plural.text(), group.text()) {
        found.push("must be spec.names.plural+\".\"+spec.group".to_owned());
    }
    found
}

fn common(place: &Place<'_>, is_namespaced: bool) -> Vec<FieldError> {
    let mut found = namespace(&place.at("namespace"), is_namespaced);
    found.extend(place.at("generation").nonnegative());
    found.extend(labels(&place.at("labels")));
    found.extend(annotations(&place.at("annotations")));
    found.extend(owners(&place.at("ownerReferences")));
    found.extend(finalizers(&place.at("finalizers")));
    found
}

fn namespace(place: &Place<'_>, is_namespaced: bool) -> Vec<FieldError> {
    match (is_namespaced, place.text()) {
        (true, "") => vec![place.required("")],
        (true, name) => place.invalid_text(names::label(name)),
        (false, "") => vec![],
        (false, _) => vec![place.forbidden("not allowed on this type")],
    }
}

/// What is wrong with the labels at a place.
pub(crate) fn labels(place: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (key, value) in place.entries() {
        let faults = names::qualified(key).into_iter();
        found.extend(faults.map(|it| place.refuse(key, it)));
        let faults = names::label_value(value.text()).into_iter();
        found.extend(faults.map(|it| place.refuse(value.text(), it)));
    }
    found
}

fn annotations(place: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let mut size = 0;
    for (key, value) in place.entries() {
        let faults = names::qualified(&key.to_lowercase()).into_iter();
        found.extend(faults.map(|it| place.refuse(key, it)));
        size += key.len() + value.text().len();
    }
    if size > ANNOTATIONS {
        let most = format!("may not be more than {ANNOTATIONS} bytes");
        found.push(FieldError::new(&place.path, Fault::TooLong, most));
    }
    found
}

fn owners(place: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let mut controller: Option<String> = None;
    for owner in place.items() {
        // The real server does not say which owner it is.
        let owner = Place::new(&place.path, owner.value);
        found.extend(owned_by(&owner));
        if !owner.at("controller").flag() {
            continue;
        }
        let name = format!("{}/{}", owner.at("kind").text(), owner.at("name").text());
        match &controller {
            None => controller = Some(name),
            Some(first) => {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in \
                     references for {first} and {name}"
                );
                found.push(place.invalid_struct(&OWNER, detail));
            }
        }
    }
    found
}

/// The fields of an owner, in the order in which messages show them.
const OWNER: [&str; 6] = [
    "apiVersion",
    "kind",
    "name",
    "uid",
    "controller",
    "blockOwnerDeletion",
];

fn owned_by(owner: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let version = owner.at("apiVersion");
    if version.text().rsplit('/').next() == Some("") {
        found.push(version.refuse(version.text(), "version must not be empty"));
    }
    for field in ["kind", "name", "uid"] {
        let field = owner.at(field);
        if field.is_empty() {
            found.push(field.refuse("", "must not be empty"));
        }
    }
    if (version.text(), owner.at("kind").text()) == ("v1", "Event") {
        let detail = "/v1, Kind=Event is disallowed from being an owner";
        found.push(owner.invalid_struct(&OWNER, detail));
    }
    found
}

fn finalizers(place: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    for name in place.items() {
        let faults = names::qualified(name.text()).into_iter();
        found.extend(faults.map(|it| place.refuse(name.text(), it)));
    }
    let has = |wanted: &str| place.items().any(|it| it.text() == wanted);
    if has("orphan") && has("foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        found.push(place.invalid(detail));
    }
    found
}

fn standard_finalizers(place: &Place<'_>) -> Vec<FieldError> {
    let is_other = |it: &Place<'_>| !it.text().contains('/') && !FINALIZERS.contains(&it.text());
    let others = place.at("finalizers").items().filter(is_other);
    let detail = "name is neither a standard finalizer name nor is it fully qualified";
    others.map(|it| it.invalid(detail)).collect()
}

fn updated(new: &Place<'_>, old: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    if old.at("deletionTimestamp").is_set() {
        found.extend(added_finalizers(
            &new.at("finalizers"),
            &old.at("finalizers"),
        ));
    }
    // A write that leaves them out keeps them.
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        let (new, old) = (new.at(field), old.at(field));
        found.extend(new.unchanged(&old).filter(|_| new.is_set()));
    }
    found.extend(labels(&new.at("labels")));
    found.extend(annotations(&new.at("annotations")));
    found.extend(owners(&new.at("ownerReferences")));
    found
}

fn added_finalizers(new: &Place<'_>, old: &Place<'_>) -> Option<FieldError> {
    let is_added = |it: &Place<'_>| old.items().all(|old| old.text() != it.text());
    let mut added: Vec<String> = new
        .items()
        .filter(is_added)
        .map(|it| format!("{:?}", it.text()))
        .collect();
    added.sort();
    let list = added.join(", ");
    (!added.is_empty()).then(|| {
        new.forbidden(&format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{list}}}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::rules::testing;

    #[test]
    fn metadata_is_judged_as_by_the_real_server() {
        testing::run(include_str!("cases/metadata.json"));
    }

    #[test]
    fn annotations_have_room_for_256_kib() {
        let kind = testing::kind("", "ConfigMap", true);
        let held = "a".repeat(ANNOTATIONS);
        let config = |text: &str| {
            json!({ "metadata": { "name": "a", "namespace": "b",
                "annotations": { "k": text } } })
        };
        assert_eq!(metadata(&kind, &config(&held[1..]), None), vec![]);
        let found = metadata(&kind, &config(&held), None);
        assert_eq!(
            found[0].to_string(),
            "metadata.annotations: Too long: may not be more than 262144 bytes"
        );
    }

    #[test]
    fn an_object_that_is_deleted_gets_no_more_finalizers() {
        let kind = testing::kind("", "ConfigMap", true);
        let config = |finalizers: &[&str]| {
            json!({ "metadata": { "name": "a", "namespace": "b", "finalizers": finalizers,
                "deletionTimestamp": "2026-01-01T00:00:00Z" } })
        };
        let (old, new) = (config(&["a/b"]), config(&["a/b", "a/c"]));
        let found = metadata(&kind, &new, Some(&old));
        assert_eq!(
            found[0].to_string(),
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
             being deleted, found new finalizers []string{\"a/c\"}"
        );
        assert_eq!(metadata(&kind, &old, Some(&new)), vec![]);
    }
}
