//! OpenAPI v3 documents: what clients validate with, explain from and build patches by.
//!
//! There is a document for each group and version, with the definitions that its kinds reach and
//! no others. The OpenAPI v2 document is empty: `kubectl` from 1.30 to 1.37 only looks there for kinds
//! that v3 has not, and must be told that they are not there either.

mod paths;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::discovery::{VERSION, group_names, served, versions};
use super::kinds::{Kind, Version};
use super::schema::builtin::{API_VERSION, KIND, KINDS, OBJECT_META, definitions, list};
use super::schema::{Definitions, REFERENCE};

const TITLE: &str = "Kubernetes";

/// The document at `/openapi/v3`: where the others are, such as
/// `/openapi/v3/apis/apps/v1?hash=…`, with a hash that changes when they do.
pub(crate) fn index(kinds: &[Arc<Kind>]) -> Value {
    let mut paths = Map::new();
    for group in group_names(kinds) {
        for version in versions(kinds, group) {
            let path = root(group, version);
            let hash = hash(kinds, group, version);
            let url = format!("/openapi/v3/{path}?hash={hash:016X}");
            paths.insert(path, json!({ "serverRelativeURL": url }));
        }
    }
    json!({ "paths": paths })
}

/// The document of a version of a group; `None` if it is not served.
pub(crate) fn document(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    let served = served(kinds, group, version);
    if served.is_empty() {
        return None;
    }
    let mut schemas = Definitions::new();
    let mut paths = Map::new();
    for (kind, version) in served {
        define(kind, version, &mut schemas);
        paths::add(kind, version, &root(&kind.group, &version.name), &mut paths);
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": TITLE, "version": VERSION },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

/// `apis/apps/v1`, or `api/v1` for the group without a name.
fn root(group: &str, version: &str) -> String {
    match group {
        "" => format!("api/{version}"),
        group => format!("apis/{group}/{version}"),
    }
}

/// Of what a document is made of: the built-in definitions do not change.
fn hash(kinds: &[Arc<Kind>], group: &str, version: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (kind, version) in served(kinds, group, version) {
        (&kind.kind, &kind.plural, &kind.verbs, kind.is_namespaced).hash(&mut hasher);
        (version.has_status, version.scale.is_some()).hash(&mut hasher);
        if !is_built_in(version) {
            version.schema().node().to_string().hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn is_built_in(version: &Version) -> bool {
    Arc::ptr_eq(&version.definitions, &definitions())
}

const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// Adds a kind, its list, and all that its paths name.
fn define(kind: &Kind, version: &Version, schemas: &mut Definitions) {
    let of_lists = list_definition(kind, version);
    if !is_built_in(version) {
        let own = custom(kind, version);
        reach_within(&own, version, schemas);
        schemas.insert(version.definition.clone(), own);
        let mut list = list(&version.definition, &kind.list_kind);
        list[KINDS] = is(kind, version, &kind.list_kind);
        reach_within(&list, version, schemas);
        schemas.insert(of_lists.clone(), list);
    }
    let scale = version.scale.as_ref().map(|_| super::kinds::builtin::SCALE);
    let named = [
        version.definition.as_str(),
        &of_lists,
        STATUS,
        DELETE_OPTIONS,
    ];
    for name in named.into_iter().chain(scale) {
        reach(name, version, schemas);
    }
    let patch = json!({ "type": "object", "description": "A patch of any of the types that its content type may name." });
    schemas.insert(PATCH.to_owned(), patch);
}

/// The name of the definition of the list of a kind.
fn list_definition(kind: &Kind, version: &Version) -> String {
    match version.definition.rsplit_once('.') {
        Some((package, _)) => format!("{package}.{}", kind.list_kind),
        None => kind.list_kind.clone(),
    }
}

fn is(kind: &Kind, version: &Version, name: &str) -> Value {
    json!([{ "group": kind.group, "version": version.name, "kind": name }])
}

/// The schema of a custom resource with what every object has.
fn custom(kind: &Kind, version: &Version) -> Value {
    let mut schema = version.schema().node().clone();
    if let Some(node) = schema.as_object_mut() {
        let fields = node.entry("properties").or_insert_with(|| json!({}));
        if let Some(fields) = fields.as_object_mut() {
            let text = |says: &str| json!({ "type": "string", "description": says });
            fields.insert("apiVersion".to_owned(), text(API_VERSION));
            fields.insert("kind".to_owned(), text(KIND));
            let metadata = json!({
                "description": "The name of the object, and what else is known of every object.",
                "allOf": [{ "$ref": format!("{REFERENCE}{OBJECT_META}") }],
            });
            fields.insert("metadata".to_owned(), metadata);
        }
        node.insert(KINDS.to_owned(), is(kind, version, &kind.kind));
    }
    schema
}

/// Adds a definition and all that it refers to, unless it is there.
fn reach(name: &str, version: &Version, schemas: &mut Definitions) {
    if schemas.contains_key(name) {
        return;
    }
    let built_in = definitions();
    let found = version.definitions.get(name).or_else(|| built_in.get(name));
    if let Some(schema) = found {
        schemas.insert(name.to_owned(), schema.clone());
        reach_within(schema, version, schemas);
    }
}

fn reach_within(node: &Value, version: &Version, schemas: &mut Definitions) {
    match node {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|it| it.strip_prefix(REFERENCE)) {
                reach(name, version, schemas);
            }
            object
                .values()
                .for_each(|it| reach_within(it, version, schemas));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|it| reach_within(it, version, schemas)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The media type of the older description in its binary form, as clients ask for it.
pub(crate) const SECOND_BINARY: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// The same as it is answered: clients refuse an answer of a type with an `@` in it.
pub(crate) const SECOND_BINARY_ANSWER: &str =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The older description, which clients ask for kinds that the newer one has not: there are none.
pub(crate) fn second() -> Value {
    json!({
        "swagger": "2.0",
        "info": { "title": TITLE, "version": VERSION },
        "paths": {},
        "definitions": {},
    })
}

/// The same in its binary form.
pub(crate) fn second_binary() -> Vec<u8> {
    // Each is shorter than 128 bytes, so that one byte tells its length.
    let part = |field: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap_or(0);
        [&[field << 3 | 2, length], content].concat()
    };
    let info = [part(1, TITLE.as_bytes()), part(2, VERSION.as_bytes())].concat();
    [part(1, b"2.0"), part(2, &info)].concat()
}

#[cfg(test)]
mod tests;
