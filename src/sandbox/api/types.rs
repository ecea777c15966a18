//! Values of another type than the schema says, refused as a typed decoder refuses them.

use serde_json::Value;

use crate::sandbox::schema::{REFERENCE, Schema, Shape};

/// What the decoder of a Go server would say of the first value that does not fit, if any.
pub(super) fn mismatch(value: &Value, schema: Schema<'_>, kind: &str) -> Option<String> {
    let place = Place {
        owner: kind,
        path: String::new(),
    };
    place.check(value, schema)
}

/// Where a value stands.
struct Place<'a> {
    /// The type that has the field.
    owner: &'a str,
    /// Without the indices of lists.
    path: String,
}

impl Place<'_> {
    fn check(&self, value: &Value, schema: Schema<'_>) -> Option<String> {
        match (schema.shape(), value) {
            // A typed decoder takes null for nothing, wherever it stands.
            (_, Value::Null) | (Shape::Any, _) => None,
            (Shape::Struct | Shape::Map, Value::Object(fields)) => {
                let is_struct = schema.shape() == Shape::Struct;
                let owner = name_of(schema).unwrap_or(self.owner);
                fields.iter().find_map(|(name, value)| {
                    let inner = schema.field(name)?;
                    self.field(name, owner, is_struct).check(value, inner)
                })
            }
            (Shape::List, Value::Array(items)) => {
                let inner = schema.items()?;
                items.iter().find_map(|it| self.check(it, inner))
            }
            (Shape::IntOrString, Value::Number(number)) if number.is_i64() => None,
            (Shape::IntOrString | Shape::String, Value::String(_))
            | (Shape::Boolean, Value::Bool(_))
            | (Shape::Number, Value::Number(_)) => None,
            // Quantities are texts that may also be written as numbers.
            (Shape::String, Value::Number(_)) if is_quantity(schema) => None,
            (Shape::Integer, Value::Number(number)) if fits(schema, number) => None,
            _ => Some(self.wrong(value, schema)),
        }
    }

    fn field<'a>(&self, name: &str, owner: &'a str, is_struct: bool) -> Place<'a> {
        let path = match (self.path.as_str(), is_struct) {
            ("", _) => name.to_owned(),
            (path, true) => format!("{path}.{name}"),
            // The decoder does not name the keys of maps.
            (path, false) => path.to_owned(),
        };
        Place { owner, path }
    }

    fn wrong(&self, value: &Value, schema: Schema<'_>) -> String {
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(number) if schema.shape() == Shape::Integer => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        let wanted = go_type(schema);
        let Self { owner, path } = self;
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{path} of type {wanted}"
        )
    }
}

fn fits(schema: Schema<'_>, number: &serde_json::Number) -> bool {
    let Some(number) = number.as_i64() else {
        return false;
    };
    format_of(schema) != Some("int32") || i32::try_from(number).is_ok()
}

fn format_of<'a>(schema: Schema<'a>) -> Option<&'a str> {
    schema.keyword("format").and_then(Value::as_str)
}

fn is_quantity(schema: Schema<'_>) -> bool {
    full_name_of(schema).is_some_and(|it| it.ends_with(".Quantity"))
}

/// `io.k8s.api.core.v1.Container` of a place that refers to it.
fn full_name_of<'a>(schema: Schema<'a>) -> Option<&'a str> {
    let node = schema.node();
    let reference = node
        .get("$ref")
        .or_else(|| node.get("allOf")?.get(0)?.get("$ref"))?;
    reference.as_str()?.strip_prefix(REFERENCE)
}

/// `Container`.
fn name_of<'a>(schema: Schema<'a>) -> Option<&'a str> {
    full_name_of(schema)?.rsplit('.').next()
}

/// `int32`, `[]v1.Container`.
fn go_type(schema: Schema<'_>) -> String {
    let items = |inner: Option<Schema<'_>>| inner.map_or_else(String::new, go_type);
    match schema.shape() {
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => format_of(schema).unwrap_or("int64").to_owned(),
        Shape::Number => "float64".to_owned(),
        Shape::List => format!("[]{}", items(schema.items())),
        Shape::Map => format!("map[string]{}", items(schema.values())),
        Shape::IntOrString => "intstr.IntOrString".to_owned(),
        Shape::String | Shape::Struct | Shape::Any => {
            let mut parts = full_name_of(schema).unwrap_or("string").rsplit('.');
            match (parts.next(), parts.next()) {
                (Some(name), Some(package)) => format!("{package}.{name}"),
                (Some(name), None) => name.to_owned(),
                (None, _) => "string".to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_are_those_of_go() {
        let definitions = json!({
            "api.v1.Deployment": { "type": "object", "properties": {
                "spec": { "$ref": "#/components/schemas/api.v1.DeploymentSpec" },
            } },
            "api.v1.DeploymentSpec": { "type": "object", "properties": {
                "replicas": { "type": "integer", "format": "int32" },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "containers": { "type": "array", "items": { "$ref": "#/components/schemas/api.v1.Container" } },
            } },
            "api.v1.Container": { "type": "object", "properties": { "name": { "type": "string" } } },
        });
        let definitions = definitions.as_object().unwrap();
        let schema = Schema::named("api.v1.Deployment", definitions).unwrap();
        let cases = [
            (
                json!({ "spec": { "replicas": "x" } }),
                "string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({ "spec": { "replicas": 1.5 } }),
                "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({ "spec": { "replicas": 3_000_000_000_u32 } }),
                "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({ "spec": [] }),
                "array into Go struct field Deployment.spec of type v1.DeploymentSpec",
            ),
            (
                json!({ "spec": { "labels": { "a": 1 } } }),
                "number into Go struct field DeploymentSpec.spec.labels of type string",
            ),
            (
                json!({ "spec": { "containers": [{}, { "name": 1 }] } }),
                "number into Go struct field Container.spec.containers.name of type string",
            ),
            (
                json!({ "spec": { "containers": {} } }),
                "object into Go struct field DeploymentSpec.spec.containers of type []v1.Container",
            ),
        ];
        for (value, expected) in cases {
            let found = mismatch(&value, schema, "Deployment");
            assert_eq!(
                found,
                Some(format!("json: cannot unmarshal {expected}")),
                "{value}"
            );
        }
        let good = json!({ "spec": { "replicas": 1, "labels": null, "other": {} }, "more": 1 });
        assert_eq!(mismatch(&good, schema, "Deployment"), None);
    }
}
