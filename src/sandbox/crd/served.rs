//! The kind that a valid definition makes.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::sandbox::kinds::{Cell, Column, Kind, Rules, Scale, Version};
use crate::sandbox::rules::place::Place;
use crate::sandbox::schema::{Definitions, REFERENCE, builtin};

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Everything that can be done with a custom resource, in the order of discovery.
const VERBS: [&str; 8] = [
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

pub(super) fn kind(crd: &Value) -> Kind {
    let spec = Place::root(crd).at("spec");
    let names = spec.at("names");
    let (group, kind) = (spec.at("group").text(), names.at("kind").text());
    let mut versions: Vec<Version> = spec
        .at("versions")
        .items()
        .map(|it| version(&it, group, kind))
        .collect();
    versions.sort_by_cached_key(|it| Reverse(priority(&it.name)));
    let text = |name: &str| names.at(name).text().to_owned();
    Kind {
        group: group.to_owned(),
        versions,
        kind: kind.to_owned(),
        list_kind: text("listKind"),
        plural: text("plural"),
        singular: text("singular"),
        short_names: texts(&names.at("shortNames")),
        categories: texts(&names.at("categories")),
        is_namespaced: spec.at("scope").text() == "Namespaced",
        verbs: VERBS.to_vec(),
        has_generation: true,
        selectable: selectable(&spec),
        rules: Rules::default(),
    }
}

fn texts(list: &Place<'_>) -> Vec<String> {
    list.items().map(|it| it.text().to_owned()).collect()
}

/// The fields that selectors may use in any version.
fn selectable(spec: &Place<'_>) -> Vec<String> {
    let mut all: Vec<String> = spec
        .at("versions")
        .items()
        .flat_map(|it| it.at("selectableFields").items())
        .map(|it| bare(it.at("jsonPath").text()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// A path without its first dot.
fn bare(path: &str) -> String {
    path.trim_start_matches('.').to_owned()
}

/// What sorts versions as Kubernetes prefers them: `v2`, `v1`, `v1beta1`, `v1alpha2`, and names
/// of other forms after these.
fn priority(name: &str) -> (u8, u32, u32, Reverse<String>) {
    let parts = || -> Option<(u8, u32, u32)> {
        let rest = name.strip_prefix('v')?;
        let end = rest.find(|it: char| !it.is_ascii_digit());
        let (major, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let major = major.parse().ok()?;
        let (stage, minor) = match rest {
            "" => return Some((3, major, 0)),
            rest if rest.starts_with("beta") => (2, &rest["beta".len()..]),
            rest => (1, rest.strip_prefix("alpha")?),
        };
        Some((stage, major, minor.parse().ok()?))
    };
    match parts() {
        Some((stage, major, minor)) => (stage, major, minor, Reverse(String::new())),
        None => (0, 0, 0, Reverse(name.to_owned())),
    }
}

fn version(version: &Place<'_>, group: &str, kind: &str) -> Version {
    let name = version.at("name").text();
    let definition = definition_name(group, name, kind);
    let schema = version.at("schema.openAPIV3Schema").value;
    let gvk = json!([{ "group": group, "version": name, "kind": kind }]);
    let definitions = definitions(&definition, schema, &gvk);
    Version {
        name: name.to_owned(),
        is_served: version.at("served").flag(),
        is_stored: version.at("storage").flag(),
        columns: columns(&version.at("additionalPrinterColumns"), &definitions),
        definition,
        definitions: Arc::new(definitions),
        has_status: version.at("subresources.status").is_set(),
        scale: scale(&version.at("subresources.scale")),
        deprecation: deprecation(version, group, kind),
    }
}

/// `com.example.v1.Boat` for a group `example.com`.
fn definition_name(group: &str, version: &str, kind: &str) -> String {
    let mut parts: Vec<&str> = group.rsplit('.').collect();
    parts.extend([version, kind]);
    parts.join(".")
}

fn deprecation(version: &Place<'_>, group: &str, kind: &str) -> Option<String> {
    let told = version.at("deprecationWarning");
    let name = version.at("name").text();
    version.at("deprecated").flag().then(|| match told.text() {
        "" => format!("{group}/{name} {kind} is deprecated"),
        text => text.to_owned(),
    })
}

fn scale(scale: &Place<'_>) -> Option<Scale> {
    let path = |name: &str| bare(scale.at(name).text());
    let selector = Some(path("labelSelectorPath")).filter(|it| !it.is_empty());
    scale.is_set().then(|| Scale {
        spec_replicas: path("specReplicasPath"),
        status_replicas: path("statusReplicasPath"),
        selector,
    })
}

/// The columns that are declared; the age if none are.
fn columns(columns: &Place<'_>, definitions: &Definitions) -> Vec<Column> {
    if columns.is_empty() {
        return vec![age(definitions)];
    }
    columns.items().map(|it| column(&it)).collect()
}

fn column(column: &Place<'_>) -> Column {
    let text = |name: &str| column.at(name).text().to_owned();
    let path = text("jsonPath");
    let description = match column.at("description").text() {
        "" => format!("Custom resource definition column (in JSONPath format): {path}"),
        text => text.to_owned(),
    };
    let priority = column.at("priority").integer().unwrap_or(0);
    Column {
        name: text("name"),
        kind: text("type"),
        format: text("format"),
        description,
        priority: i32::try_from(priority).unwrap_or(i32::MAX),
        cell: Cell::Path(path),
    }
}

fn age(definitions: &Definitions) -> Column {
    let field = definitions
        .get(METADATA)
        .map(|it| &it["properties"]["creationTimestamp"]["description"]);
    Column {
        name: "Age".to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: field.and_then(Value::as_str).unwrap_or("").to_owned(),
        priority: 0,
        cell: Cell::Path(".metadata.creationTimestamp".to_owned()),
    }
}

/// The schema with what every object has, and the definitions that it refers to.
fn definitions(name: &str, schema: &Value, gvk: &Value) -> Definitions {
    let known = builtin::definitions();
    let mut schema = schema.clone();
    with_metadata(&mut schema, &known);
    embed(&mut schema, &known);
    schema["x-kubernetes-group-version-kind"] = gvk.clone();
    let mut all = Map::new();
    add_referred(METADATA, &known, &mut all);
    all.insert(name.to_owned(), schema);
    all
}

/// Adds a definition and all that it refers to.
fn add_referred(name: &str, known: &Definitions, all: &mut Definitions) {
    let Some(definition) = known.get(name).filter(|_| !all.contains_key(name)) else {
        return;
    };
    all.insert(name.to_owned(), definition.clone());
    let mut open = vec![definition];
    while let Some(node) = open.pop() {
        match node {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            Value::String(text) => {
                if let Some(name) = text.strip_prefix(REFERENCE) {
                    add_referred(name, known, all);
                }
            }
            _ => {}
        }
    }
}

fn with_metadata(schema: &mut Value, known: &Definitions) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    crate::sandbox::rules::set_default(schema, "properties", json!({}));
    let Some(properties) = schema["properties"].as_object_mut() else {
        return;
    };
    for name in ["apiVersion", "kind", "metadata"] {
        properties.insert(name.to_owned(), described(name, known));
    }
}

/// A field that every object has, as any of the known kinds describes it.
fn described(name: &str, known: &Definitions) -> Value {
    let told = known.values().find_map(|it| {
        let properties = &it["properties"];
        let metadata = &properties["metadata"];
        let reference = metadata
            .get("$ref")
            .unwrap_or(&metadata["allOf"][0]["$ref"]);
        let is_object = reference.as_str().is_some_and(|it| it.ends_with(METADATA));
        let field = is_object.then(|| properties.get(name).cloned());
        field.flatten()
    });
    // Custom resources without metadata do not get any.
    let told = told.map(|mut it| {
        it.as_object_mut().map(|it| it.remove("default"));
        it
    });
    told.unwrap_or_else(|| match name {
        "metadata" => json!({ "allOf": [{ "$ref": format!("{REFERENCE}{METADATA}") }] }),
        _ => json!({ "type": "string" }),
    })
}

/// Completes whole objects within the schema in the same way.
fn embed(schema: &mut Value, known: &Definitions) {
    if schema["x-kubernetes-embedded-resource"] == true {
        with_metadata(schema, known);
    }
    for part in ["properties", "items", "additionalProperties"] {
        match (part, schema.get_mut(part)) {
            ("properties", Some(Value::Object(fields))) => {
                fields.values_mut().for_each(|it| embed(it, known));
            }
            (_, Some(inner @ Value::Object(_))) => embed(inner, known),
            _ => {}
        }
    }
}
