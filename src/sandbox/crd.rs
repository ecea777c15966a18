//! CustomResourceDefinitions: an object that makes a kind.
//!
//! [`RULES`] judges definitions, [`kind`] makes the kind of one, and [`status`] says whether its
//! names are free. Rules in CEL (`x-kubernetes-validations`) are kept and not evaluated, and
//! objects are converted between versions by their `apiVersion` alone.

mod check;
mod defaults;
pub(crate) mod keda;
mod keywords;
mod served;
mod status;
mod structural;

use serde_json::{Value, json};

use super::kinds::{Kind, Rules};
use super::rules::{fields, set_default};
use super::status::FieldError;

pub(crate) use status::status;

pub(crate) const RULES: Rules = Rules {
    complete: Some(complete),
    check: Some(check::check),
    check_status: None,
    prepare: Some(prepare),
    convert: None,
};

/// The kind that a definition makes.
///
/// # Errors
/// When the definition is not valid.
pub(crate) fn kind(crd: &Value) -> Result<Kind, Vec<FieldError>> {
    let mut crd = crd.clone();
    complete(&mut crd);
    prepare(&mut crd, None);
    let found = check::check(&crd, None);
    if found.is_empty() {
        return Ok(served::kind(&crd));
    }
    Err(found)
}

fn complete(crd: &mut Value) {
    let Some(spec) = fields(crd, &["spec"]) else {
        return;
    };
    set_default(spec, "conversion", json!({ "strategy": "None" }));
    let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) else {
        return;
    };
    let kind = names.get("kind").and_then(Value::as_str).unwrap_or("");
    if kind.is_empty() {
        return;
    }
    let (singular, list) = (kind.to_lowercase(), format!("{kind}List"));
    for (name, value) in [("singular", singular), ("listKind", list)] {
        if names.get(name).is_none_or(|it| it.is_null() || it == "") {
            names.insert(name.to_owned(), json!(value));
        }
    }
}

/// A new definition has no names yet; one that is updated keeps its status. Both store the
/// version that they say.
fn prepare(crd: &mut Value, old: Option<&Value>) {
    let mut status = match old {
        Some(old) if old["status"].is_object() => old["status"].clone(),
        _ => json!({ "conditions": null, "acceptedNames": { "plural": "", "kind": "" },
            "storedVersions": [] }),
    };
    // A definition that the cluster began with says of no version that it was ever stored.
    if !status["storedVersions"].is_array() {
        status["storedVersions"] = json!([]);
    }
    let stored = status::storage_version(crd).map(str::to_owned);
    if let (Some(stored), Some(known)) = (stored, status["storedVersions"].as_array_mut()) {
        let stored = json!(stored);
        if !known.contains(&stored) {
            known.push(stored);
        }
    }
    if let Some(crd) = crd.as_object_mut() {
        crd.insert("status".to_owned(), status);
    }
}

#[cfg(test)]
mod tests;
