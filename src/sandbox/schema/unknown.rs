//! Fields that a schema does not name.

use serde_json::Value;

use super::builtin::{self, OBJECT_META};
use super::{REFERENCE, Schema};

/// Removes such fields and returns their paths, such as
/// `spec.template.spec.containers[0].imagee`.
///
/// `value` is an object with `apiVersion`, `kind` and `metadata`, which stay even if the schema of
/// a custom resource does not name them.
pub(crate) fn prune(value: &mut Value, schema: Schema<'_>) -> Vec<String> {
    let mut found = Vec::new();
    prune_object(value, schema, "", true, &mut found);
    found
}

fn prune_at(value: &mut Value, schema: Schema<'_>, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(_) => {
            let is_resource = schema.is_set("x-kubernetes-embedded-resource");
            prune_object(value, schema, path, is_resource, found);
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(schema) = schema.items() {
                    prune_at(item, schema, &format!("{path}[{index}]"), found);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn prune_object(
    value: &mut Value,
    schema: Schema<'_>,
    path: &str,
    is_resource: bool,
    found: &mut Vec<String>,
) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    let is_open = is_open(schema);
    object.retain(|name, it| {
        let path = below(path, name);
        match schema.field(name) {
            _ if is_resource && name == "metadata" => prune_metadata(it, schema, &path, found),
            Some(field) => prune_at(it, field, &path, found),
            None if is_open || is_resource && matches!(name.as_str(), "apiVersion" | "kind") => {}
            None => {
                found.push(path);
                return false;
            }
        }
        true
    });
}

/// The metadata of every object is the same, however little its schema says of it.
fn prune_metadata(value: &mut Value, schema: Schema<'_>, path: &str, found: &mut Vec<String>) {
    let own = schema.field("metadata").filter(|it| refers(*it));
    let known = own.or_else(|| Schema::named(OBJECT_META, builtin::all()));
    if let Some(schema) = known {
        prune_at(value, schema, path, found);
    }
}

/// Whether other fields than those named are kept.
fn is_open(schema: Schema<'_>) -> bool {
    if schema.keeps_unknown() || schema.keyword("additionalProperties") == Some(&Value::Bool(true))
    {
        return true;
    }
    let says_nothing = schema.keyword("properties").is_none() && schema.values().is_none();
    // A built-in type without fields holds any JSON; a custom resource has to say so.
    says_nothing && (refers(schema) || schema.keyword("type").is_none())
}

/// Whether the schema is one of the built-in definitions, which alone are referred to.
fn refers(schema: Schema<'_>) -> bool {
    let node = schema.node();
    let only = || node.get("allOf")?.get(0)?.get("$ref");
    let reference = node.get("$ref").or_else(only).and_then(Value::as_str);
    reference.is_some_and(|it| it.starts_with(REFERENCE))
}

pub(super) fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sandbox::schema::Definitions;

    fn custom() -> Value {
        json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": {
            "list": { "type": "array", "items": { "type": "object", "properties": {
                "name": { "type": "string" } } } },
            "map": { "type": "object", "additionalProperties": { "type": "object",
                "properties": { "a": { "type": "string" } } } },
            "closed": { "type": "object" },
            "open": { "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "properties": { "in": { "type": "object", "properties": {
                    "z": { "type": "string" } } } } },
            "pod": { "type": "object", "x-kubernetes-embedded-resource": true,
                "x-kubernetes-preserve-unknown-fields": true },
        } } } })
    }

    #[test]
    fn unknown_fields_go_and_are_told_with_their_paths() {
        let mut value = json!({
            "apiVersion": "a/v1", "kind": "A", "metadata": { "name": "a", "nam": "b" }, "status": 1,
            "spec": {
                "list": [{ "name": "x" }, { "name": "y", "n": 1 }],
                "map": { "k": { "a": "1", "b": "2" } },
                "closed": { "x": 1 },
                "open": { "q": { "r": 1 }, "in": { "z": "1", "y": 2 } },
                "pod": { "apiVersion": "v1", "metadata": { "foo": 1 }, "zz": 1 },
            },
        });
        let schema = custom();
        let mut found = prune(&mut value, Schema::of(&schema, &Definitions::new()));
        found.sort();
        let wanted = [
            "metadata.nam",
            "spec.closed.x",
            "spec.list[1].n",
            "spec.map.k.b",
            "spec.open.in.y",
            "spec.pod.metadata.foo",
            "status",
        ];
        assert_eq!(found, wanted);
        let kept = json!({
            "apiVersion": "a/v1", "kind": "A", "metadata": { "name": "a" },
            "spec": {
                "list": [{ "name": "x" }, { "name": "y" }],
                "map": { "k": { "a": "1" } },
                "closed": {},
                "open": { "q": { "r": 1 }, "in": { "z": "1" } },
                "pod": { "apiVersion": "v1", "metadata": {}, "zz": 1 },
            },
        });
        assert_eq!(value, kept);
    }

    #[test]
    fn built_in_objects_keep_labels_and_raw_values_of_any_kind() {
        let definitions = builtin::definitions();
        let schema = Schema::named("io.k8s.api.apps.v1.ControllerRevision", &definitions).unwrap();
        let given = json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1,
            "metadata": { "labels": { "a": "b" }, "managedFields": [{ "fieldsV1": { "f:data": {} } }] },
            "data": { "spec": { "any": [1] } },
        });
        let mut value = given.clone();
        assert_eq!(prune(&mut value, schema), Vec::<String>::new());
        assert_eq!(value, given);
    }

    proptest! {
        #[test]
        fn what_was_pruned_has_nothing_left_to_prune(keys in proptest::collection::vec("[a-e]|map|open|list", 0..6)) {
            let mut at = json!(1);
            for key in keys {
                at = json!({ key: [at.clone()], "spec": at });
            }
            let schema = custom();
            let schema = Schema::of(&schema, builtin::all());
            prune(&mut at, schema);
            let once = at.clone();
            prop_assert_eq!(prune(&mut at, schema), Vec::<String>::new());
            prop_assert_eq!(at, once);
        }
    }
}
