//! CustomResourceDefinitions: an object that makes a kind.

use serde_json::Value;

use super::kinds::{Kind, Rules};
use super::status::FieldError;

pub(crate) const RULES: Rules = Rules {
    complete: None,
    check: None,
    check_status: None,
    prepare: None,
    convert: None,
};

/// The kind that a definition makes.
///
/// # Errors
/// When the definition is not valid.
pub(crate) fn kind(_crd: &Value) -> Result<Kind, Vec<FieldError>> {
    Err(vec![])
}
