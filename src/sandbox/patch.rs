//! JSON patch, merge patch and strategic merge patch, as the API server applies them.
//!
//! Their errors and their many small deviations from the standards are those of Kubernetes v1.36.
//! What is not here: whether the patched object is a valid one.

mod go;
mod json;
mod merge;
mod strategic;

use serde_json::Value;

use super::schema::Schema;
use super::status::{Details, Refusal};

/// What kind of patch a body is, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Json,
    Merge,
    Strategic,
}

/// How deep an object and a patch may be nested, which is how deep `serde_json` reads. Everything
/// that walks a value may therefore call itself.
const MOST_LEVELS: usize = 128;

/// The object after the patch.
///
/// # Errors
/// When the patch is not one of its type, or does not fit the object.
pub(crate) fn patch(
    object: &Value,
    patch: &Value,
    patch_type: PatchType,
    schema: Schema<'_>,
) -> Result<Value, Refusal> {
    if levels(object) > MOST_LEVELS || levels(patch) > MOST_LEVELS {
        return Err(Refusal::bad_request("exceeded max depth"));
    }
    match patch_type {
        PatchType::Json => json::patch(object, patch),
        PatchType::Merge => merge::patch(object, patch),
        PatchType::Strategic => strategic::patch(object, patch, schema),
    }
}

/// How deep a value is nested: 1 for a scalar and for an empty list. Does not call itself, so that
/// any value may be asked about.
fn levels(value: &Value) -> usize {
    let mut most = 0;
    let mut open = vec![(value, 1)];
    while let Some((value, level)) = open.pop() {
        most = most.max(level);
        match value {
            Value::Array(items) => open.extend(items.iter().map(|it| (it, level + 1))),
            Value::Object(fields) => open.extend(fields.values().map(|it| (it, level + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    most
}

/// The refusal of a JSON patch that does not fit; the server does not say why.
fn unfit() -> Refusal {
    let message = "the server rejected our request due to an error in our request";
    Refusal::about(422, "Invalid", message.to_owned(), Details::default())
}

#[cfg(test)]
mod tests;
