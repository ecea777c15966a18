//! Objects and lists as they are answered.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::exchange::{Body, Response};
use super::negotiate::{Form, Shape, Written};
use crate::sandbox::columns;
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;
use crate::sandbox::table::{of_columns, table};
use crate::yaml;

/// What stands beside the items of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct ListMeta {
    pub(super) version: u64,
    pub(super) token: Option<String>,
    pub(super) remaining: Option<usize>,
}

/// An object in the version that is asked for. Shares the allocation where nothing changes.
pub(super) fn in_version(served: &Served, object: &Arc<Value>) -> Arc<Value> {
    match converted(served, object) {
        Some(other) => Arc::new(other),
        None => Arc::clone(object),
    }
}

/// An object in another version; `None` if it is in that one already.
pub(super) fn converted(served: &Served, object: &Value) -> Option<Value> {
    let wanted = served.api_version();
    if object["apiVersion"] == wanted.as_str() {
        return None;
    }
    let convert = served.kind.rules.convert;
    let mut other = match convert {
        Some(convert) => convert(object, &served.version().name),
        None => object.clone(),
    };
    if let Some(fields) = other.as_object_mut() {
        fields.insert("apiVersion".to_owned(), wanted.into());
    }
    Some(other)
}

/// The answer that is one object.
///
/// # Errors
/// When a list is wanted.
pub(super) fn object(
    form: Form,
    code: u16,
    served: &Served,
    object: &Arc<Value>,
    now: Timestamp,
) -> Result<Response, Refusal> {
    let object = in_version(served, object);
    match form.shape {
        Shape::Whole => Ok(written(form.language, code, &*object)),
        Shape::Table(include) => {
            let mut table = table(
                served.version(),
                std::slice::from_ref(&object),
                include,
                now,
            );
            let version = &object["metadata"]["resourceVersion"];
            table["metadata"] = json!({ "resourceVersion": version });
            Ok(written(form.language, code, &table))
        }
        Shape::Partial => Ok(written(form.language, code, &partial(&object))),
        Shape::PartialList => {
            let kind = &served.kind.kind;
            let message = format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list \
                 ({kind})"
            );
            Err(Refusal::plain(406, "NotAcceptable", message))
        }
    }
}

/// The answer that is the scale of an object.
pub(super) fn scale(form: Form, scale: Value, now: Timestamp) -> Response {
    match form.shape {
        Shape::Table(include) => {
            let version = scale["metadata"]["resourceVersion"].clone();
            let columns = columns::of("autoscaling", "v1", "Scale");
            let mut table = of_columns(&columns, &[Arc::new(scale)], include, now);
            table["metadata"] = json!({ "resourceVersion": version });
            written(form.language, 200, &table)
        }
        Shape::Whole | Shape::Partial | Shape::PartialList => written(form.language, 200, &scale),
    }
}

/// The answer that is a list.
pub(super) fn list(
    form: Form,
    served: &Served,
    objects: &[Arc<Value>],
    meta: &ListMeta,
    now: Timestamp,
) -> Response {
    let objects: Vec<_> = objects.iter().map(|it| in_version(served, it)).collect();
    let metadata = meta.to_json();
    match form.shape {
        Shape::Whole => {
            let list = List {
                kind: &served.kind.list_kind,
                api_version: &served.api_version(),
                metadata: &metadata,
                items: objects.iter().map(|it| Item::of(served, it)).collect(),
            };
            written(form.language, 200, &list)
        }
        Shape::Table(include) => {
            let mut table = table(served.version(), &objects, include, now);
            table["metadata"] = metadata;
            written(form.language, 200, &table)
        }
        Shape::Partial | Shape::PartialList => {
            let items: Vec<Value> = objects.iter().map(|it| partial(it)).collect();
            let list = json!({ "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items });
            written(form.language, 200, &list)
        }
    }
}

/// The metadata of an object as an object of its own.
pub(super) fn partial(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata })
}

/// Any value as an answer.
pub(super) fn written<T: Serialize>(language: Written, code: u16, value: &T) -> Response {
    let json = match language {
        Written::Json => serde_json::to_vec(value),
        Written::Pretty => serde_json::to_vec_pretty(value),
        Written::Yaml => return written_as_yaml(code, value),
    };
    match json {
        Ok(body) => Response::json(code, body),
        Err(error) => Response::refused(&Refusal::internal(&error.to_string())),
    }
}

fn written_as_yaml<T: Serialize>(code: u16, value: &T) -> Response {
    match yaml::write(value) {
        Ok(text) => Response::of(code, "application/yaml", Body::Whole(text.into())),
        Err(error) => Response::refused(&Refusal::internal(&error.to_string())),
    }
}

impl ListMeta {
    fn to_json(&self) -> Value {
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if let Some(token) = &self.token {
            metadata["continue"] = json!(token);
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        metadata
    }
}

/// A list, written without copying its items.
#[derive(Serialize)]
struct List<'a> {
    kind: &'a str,
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    metadata: &'a Value,
    items: Vec<Item<'a>>,
}

/// An object in a list. Built-in kinds do not repeat there what the list says of them all.
struct Item<'a> {
    object: &'a Value,
    is_custom: bool,
}

impl<'a> Item<'a> {
    fn of(served: &Served, object: &'a Arc<Value>) -> Self {
        Self {
            object,
            is_custom: served.is_custom,
        }
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(fields) = self.object.as_object().filter(|_| !self.is_custom) else {
            return self.object.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in fields {
            if name != "kind" && name != "apiVersion" {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
