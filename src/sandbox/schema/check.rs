//! Validation of values against their schema.

use serde_json::Value;

use super::Schema;
use crate::sandbox::status::FieldError;

/// Everything in which `value` is not as its schema says. Fields that the schema does not name are
/// not looked at.
pub(crate) fn check(_value: &Value, _schema: Schema<'_>) -> Vec<FieldError> {
    vec![]
}
