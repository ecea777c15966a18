//! The scale subresource: the replicas of an object as an object of its own.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::sandbox::kinds::{Scale, builtin};
use crate::sandbox::registry::Served;
use crate::sandbox::schema::builtin::definitions;
use crate::sandbox::schema::{Definitions, Schema};
use crate::sandbox::status::{Fault, FieldError, Named, Refusal};

/// What errors call it.
pub(super) const SCALE: Named<'static> = Named {
    group: "autoscaling",
    kind: "Scale",
    plural: "Scale",
};

/// The version of every scale.
pub(super) const API_VERSION: &str = "autoscaling/v1";

/// The schema of a scale, whatever it is the scale of.
pub(super) fn schema() -> Schema<'static> {
    static DEFINITIONS: OnceLock<Arc<Definitions>> = OnceLock::new();
    let definitions = DEFINITIONS.get_or_init(definitions);
    Schema::named(builtin::SCALE, definitions).expect("a scale is among the definitions")
}

/// The scale of an object.
///
/// # Errors
/// When its kind has none.
pub(super) fn of(served: &Served, object: &Value) -> Result<Value, Refusal> {
    let paths = paths(served)?;
    let metadata = &object["metadata"];
    let kept = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ];
    let kept = kept.into_iter().filter_map(|it| {
        let value = metadata.get(it)?;
        Some((it.to_owned(), value.clone()))
    });
    let replicas = |path: &str| at(object, path).and_then(Value::as_i64).unwrap_or(0);
    let mut status = json!({ "replicas": replicas(&paths.status_replicas) });
    let selector = paths.selector.as_deref().and_then(|it| at(object, it));
    if let Some(selector) = selector.map(in_text).filter(|it| !it.is_empty()) {
        status["selector"] = json!(selector);
    }
    let mut spec = json!({});
    if replicas(&paths.spec_replicas) != 0 {
        spec["replicas"] = json!(replicas(&paths.spec_replicas));
    }
    Ok(json!({ "kind": "Scale", "apiVersion": API_VERSION,
        "metadata": Value::Object(kept.collect()), "spec": spec, "status": status }))
}

/// The scale of an object, as it is read. A custom object has one once it has replicas.
///
/// # Errors
/// When it has none.
pub(super) fn read(served: &Served, object: &Value) -> Result<Value, Refusal> {
    let path = &paths(served)?.spec_replicas;
    if served.is_custom && at(object, path).is_none() {
        let why = format!("the spec replicas field \".{path}\" does not exist");
        return Err(Refusal::internal(&why));
    }
    of(served, object)
}

/// The replicas that a scale asks for.
///
/// # Errors
/// When there are fewer than none.
pub(super) fn wanted(scale: &Value, name: &str) -> Result<i64, Refusal> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas >= 0 {
        return Ok(replicas);
    }
    let fault = Fault::Invalid(json!(replicas));
    let error = FieldError::new("spec.replicas", fault, "must be greater than or equal to 0");
    Err(Refusal::invalid(SCALE, name, &[error]))
}

/// Writes the replicas into an object of the kind.
///
/// # Errors
/// When its kind has no scale.
pub(super) fn set(served: &Served, object: &mut Value, replicas: i64) -> Result<(), Refusal> {
    let path = &paths(served)?.spec_replicas;
    let mut place = object;
    for name in path.split('.').filter(|it| !it.is_empty()) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = json!(replicas);
    Ok(())
}

fn paths(served: &Served) -> Result<&Scale, Refusal> {
    let scale = served.version().scale.as_ref();
    scale.ok_or_else(Refusal::no_such_path)
}

fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.').filter(|it| !it.is_empty());
    names.try_fold(object, |it, name| it.get(name))
}

/// A label selector as text: `app=web,tier in (a,b)`.
fn in_text(selector: &Value) -> String {
    if let Some(text) = selector.as_str() {
        return text.to_owned();
    }
    let labels = selector["matchLabels"].as_object().or_else(|| {
        // Old kinds have the labels themselves.
        let is_plain = selector.get("matchExpressions").is_none();
        selector.as_object().filter(|_| is_plain)
    });
    let labels = labels.into_iter().flatten();
    let labels = labels.map(|(name, it)| format!("{name}={}", it.as_str().unwrap_or("")));
    let expressions = selector["matchExpressions"].as_array();
    let expressions = expressions.into_iter().flatten().map(expression);
    let mut terms: Vec<String> = labels.chain(expressions).collect();
    terms.sort();
    terms.join(",")
}

fn expression(it: &Value) -> String {
    let key = it["key"].as_str().unwrap_or("");
    let values = it["values"].as_array().into_iter().flatten();
    let mut values: Vec<&str> = values.filter_map(Value::as_str).collect();
    values.sort_unstable();
    let values = values.join(",");
    match it["operator"].as_str().unwrap_or("") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    }
}
