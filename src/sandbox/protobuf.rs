//! Bodies in the binary form of the API server, which the typed clients of Go send.
//!
//! Field numbers stand in `numbers.txt`, what the fields are in the schemas. Only requests are read:
//! every client takes JSON for an answer.

mod numbers;
mod wire;

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::schema::builtin::{self, KINDS};
use super::schema::{Definitions, REFERENCE, Schema, Shape};
use numbers::{Field, Message};
use wire::{Fields, Raw, bytes, integer, text};

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";

const NO_MAGIC: &str =
    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";

/// Reads a body as the object that it would be in JSON.
///
/// # Errors
/// When it is cut off, or of a kind that is not built in.
pub(crate) fn decode(body: &[u8]) -> Result<Value, String> {
    let envelope = body.strip_prefix(MAGIC).ok_or(NO_MAGIC)?;
    let about = bytes(envelope, 1)?;
    let (api_version, kind) = (text(bytes(about, 1)?), text(bytes(about, 2)?));
    let definitions: Arc<Definitions> = builtin::definitions();
    let found = definition(&definitions, &api_version, &kind)
        .and_then(|it| Some((Message::of(it)?, Schema::named(it, &definitions)?)));
    let (message, schema) = found
        .ok_or_else(|| format!("no kind \"{kind}\" is registered for version \"{api_version}\""))?;
    let mut object = Map::new();
    fields(&mut object, bytes(envelope, 2)?, message, &schema)?;
    object.insert("apiVersion".to_owned(), json!(api_version));
    object.insert("kind".to_owned(), json!(kind));
    Ok(object.into())
}

/// The name of the definition of a kind.
fn definition<'a>(
    definitions: &'a Definitions,
    api_version: &str,
    kind: &str,
) -> Option<&'a String> {
    let is_it = |it: &Value| {
        let word = |field: &str| it[field].as_str().unwrap_or("");
        let found = match word("group") {
            "" => word("version").to_owned(),
            group => format!("{group}/{}", word("version")),
        };
        word("kind") == kind && (found == api_version || kind == "DeleteOptions")
    };
    let is_named = |schema: &Value| {
        let kinds = schema.get(KINDS).and_then(Value::as_array);
        kinds.is_some_and(|it| it.iter().any(is_it))
    };
    let found = definitions.iter().find(|(_, schema)| is_named(schema));
    found.map(|it| it.0)
}

/// Adds the fields of a message to `object`. Goes no deeper than the schemas, which do not recur.
fn fields(
    object: &mut Map<String, Value>,
    bytes: &[u8],
    message: &Message,
    schema: &Schema<'_>,
) -> Result<(), String> {
    for field in Fields::of(bytes) {
        let (number, raw) = field?;
        match (message.field(number), raw) {
            (Some(Field::Inlined(message)), Raw::Bytes(bytes)) => {
                fields(object, bytes, message, schema)?;
            }
            (Some(Field::Named { name, keeps_zero }), raw) => {
                if let Some(schema) = schema.field(name) {
                    add(object, name, raw, &schema, keeps_zero)?;
                }
            }
            (Some(Field::Inlined(_)) | None, _) => {}
        }
    }
    Ok(())
}

/// Adds one occurrence of a field: an item of a list, an entry of a map, or all of it.
fn add(
    object: &mut Map<String, Value>,
    name: &str,
    raw: Raw<'_>,
    schema: &Schema<'_>,
    keeps_zero: bool,
) -> Result<(), String> {
    match (schema.shape(), raw) {
        (Shape::List, raw) => {
            let items = schema.items().map(|it| value(raw, &it)).transpose()?;
            let list = object.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut()
                .into_iter()
                .for_each(|it| it.extend(items.clone()));
        }
        (Shape::Map, Raw::Bytes(entry)) => {
            let key = text(bytes(entry, 1)?);
            let values = schema
                .values()
                .map(|it| entry_value(entry, &it))
                .transpose()?;
            let map = object.entry(name).or_insert_with(|| json!({}));
            if let Some(map) = map.as_object_mut() {
                map.insert(key, values.unwrap_or_default());
            }
        }
        (Shape::Map, _) => return Err(format!("field {name} is no map")),
        (_, raw) => {
            let value = value(raw, schema)?;
            if !value.is_null() && (keeps_zero || !is_zero(&value)) {
                object.insert(name.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// The value of an entry of a map; a list there is a message of its own.
fn entry_value(entry: &[u8], schema: &Schema<'_>) -> Result<Value, String> {
    let raw = Raw::Bytes(bytes(entry, 2)?);
    match (schema.shape(), schema.items()) {
        (Shape::List, Some(items)) => {
            let Raw::Bytes(list) = raw else {
                return Ok(json!([]));
            };
            let items = Fields::of(list).map(|it| value(it?.1, &items));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        _ => value(raw, schema),
    }
}

/// A single value; null for the zero time.
fn value(raw: Raw<'_>, schema: &Schema<'_>) -> Result<Value, String> {
    let bytes = match raw {
        Raw::Number(number) if schema.shape() == Shape::Boolean => return Ok(json!(number != 0)),
        Raw::Number(number) => return Ok(json!(number.cast_signed())),
        Raw::Fixed => return Ok(Value::Null),
        Raw::Bytes(bytes) => bytes,
    };
    let name = definition_of(schema);
    match name.rsplit('.').next().unwrap_or_default() {
        "Time" => time(bytes, 0),
        "MicroTime" => time(bytes, 6),
        "Quantity" => Ok(json!(text(wire::bytes(bytes, 1)?))),
        "IntOrString" => match integer(bytes, 1)? {
            0 => Ok(json!(integer(bytes, 2)?)),
            _ => Ok(json!(text(wire::bytes(bytes, 3)?))),
        },
        "FieldsV1" | "RawExtension" => {
            let text = wire::bytes(bytes, 1)?;
            serde_json::from_slice(text).map_err(|error| error.to_string())
        }
        _ => match (Message::of(name), schema.keyword("format")) {
            (Some(message), _) => {
                let mut object = Map::new();
                fields(&mut object, bytes, message, schema)?;
                Ok(object.into())
            }
            (None, Some(format)) if format == "byte" => Ok(json!(BASE64_STANDARD.encode(bytes))),
            // A message without fields, or text.
            (None, _) if name.is_empty() => Ok(json!(text(bytes))),
            (None, _) => Ok(json!({})),
        },
    }
}

/// The name of the definition that a place refers to; empty if it refers to none.
fn definition_of<'a>(schema: &Schema<'a>) -> &'a str {
    let node = schema.node();
    let reference = node.get("$ref").or_else(|| node.pointer("/allOf/0/$ref"));
    let reference = reference.and_then(Value::as_str).unwrap_or_default();
    reference.strip_prefix(REFERENCE).unwrap_or_default()
}

/// Seconds and nanoseconds, to so many digits after the second.
fn time(message: &[u8], digits: usize) -> Result<Value, String> {
    if message.is_empty() {
        return Ok(Value::Null);
    }
    let nanos = i32::try_from(integer(message, 2)?).unwrap_or(0);
    let at = Timestamp::new(integer(message, 1)?, nanos).map_err(|error| error.to_string())?;
    Ok(json!(match digits {
        0 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
    }))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests;
