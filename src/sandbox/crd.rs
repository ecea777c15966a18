//! CustomResourceDefinitions: an object that makes a kind.

use serde_json::Value;

use super::kinds::Kind;
use super::status::FieldError;

/// The kind that a definition makes.
///
/// # Errors
/// When the definition is not valid.
pub(crate) fn kind(_crd: &Value) -> Result<Kind, Vec<FieldError>> {
    Err(vec![])
}
