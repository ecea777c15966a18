//! The schemas of the built-in kinds.
//!
//! Types, descriptions and required fields come from `k8s-openapi`. What it does not know, such as
//! which lists are merged and what is filled in, stands in the tables of [`overlay`].

mod overlay;
mod roots;

use std::sync::{Arc, OnceLock};

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Definitions, REFERENCE};
use roots::Root;

/// Every definition that a built-in kind refers to.
pub(crate) fn definitions() -> Arc<Definitions> {
    Arc::clone(all())
}

/// The same, for as long as the process lives.
pub(super) fn all() -> &'static Arc<Definitions> {
    static ALL: OnceLock<Arc<Definitions>> = OnceLock::new();
    ALL.get_or_init(|| Arc::new(make()))
}

fn make() -> Definitions {
    let mut definitions = generated();
    for schema in definitions.values_mut() {
        shape(schema);
    }
    for root in roots::ROOTS {
        name_kinds(&mut definitions, root);
    }
    definitions.extend(roots::metrics());
    let amiss = overlay::lay(&mut definitions);
    debug_assert!(amiss.is_empty(), "lines that say nothing: {amiss:?}");
    definitions
}

/// What `k8s-openapi` says.
fn generated() -> Definitions {
    let settings = SchemaSettings::draft2020_12().with(|it| {
        it.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    for root in roots::ROOTS {
        (root.generate)(&mut generator);
    }
    generator.take_definitions(false)
}

/// Brings a schema and all within it into the form in which the API server publishes it.
fn shape(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else {
        return;
    };
    if let Some(reference) = node.remove("$ref") {
        refer(node, reference);
    }
    if node.get("type") == Some(&json!("array")) {
        node.insert("x-kubernetes-list-type".to_owned(), json!("atomic"));
    }
    for within in ["items", "additionalProperties"] {
        node.get_mut(within).into_iter().for_each(shape);
    }
    let fields = node.get_mut("properties").and_then(Value::as_object_mut);
    fields.into_iter().flat_map(Map::values_mut).for_each(shape);
}

/// A reference stands alone; beside other keywords it is the only one of `allOf`.
fn refer(node: &mut Map<String, Value>, reference: Value) {
    if node.is_empty() {
        node.insert("$ref".to_owned(), reference);
    } else {
        node.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
}

/// Says of which kind an object of this definition is, and defines the list of such objects.
fn name_kinds(definitions: &mut Definitions, root: &Root) {
    let name = (root.name)();
    let is = |kind: &str| json!([{ "group": root.group, "version": root.version, "kind": kind }]);
    if let Some(list_kind) = root.list_kind {
        let mut list = list(&name, list_kind);
        list[KINDS] = is(list_kind);
        let listed = name.rsplit_once('.').map_or("", |(package, _)| package);
        definitions.insert(format!("{listed}.{list_kind}"), list);
    }
    let schema = definitions.get_mut(&name).and_then(Value::as_object_mut);
    if let Some(schema) = schema.filter(|_| !root.kind.is_empty()) {
        schema.insert(KINDS.to_owned(), is(root.kind));
    }
}

/// A list of what `item` defines.
pub(crate) fn list(item: &str, list_kind: &str) -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let refer = |name: &str| format!("{REFERENCE}{name}");
    json!({
        "type": "object",
        "description": format!("{list_kind} is a list of objects."),
        "required": ["items"],
        "properties": {
            "apiVersion": text(API_VERSION),
            "kind": text(KIND),
            "metadata": {
                "description": "What is true of the list as a whole.",
                "default": {},
                "allOf": [{ "$ref": refer(LIST_META) }],
            },
            "items": {
                "type": "array",
                "description": "The objects.",
                "items": { "$ref": refer(item) },
            },
        },
    })
}

/// Where a definition says which kinds it is of.
pub(crate) const KINDS: &str = "x-kubernetes-group-version-kind";

/// The definition of the metadata of a list.
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// The definition of the metadata of an object.
pub(crate) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

pub(crate) const API_VERSION: &str = "The group and version of this form of the object.";

pub(crate) const KIND: &str = "What kind of object this is, in the singular and in CamelCase.";

#[cfg(test)]
mod tests;
