//! Fields that a schema does not name.

use serde_json::Value;

use super::Schema;

/// Removes such fields and returns their paths, such as `spec.template.spec.containers[0].imagee`.
pub(crate) fn prune(_value: &mut Value, _schema: Schema<'_>) -> Vec<String> {
    vec![]
}
