//! A change as annotations have it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Change;

/// A value that is left out is one that was not there, which null is not. Unknown fields are ignored.
#[derive(Serialize, Deserialize)]
pub(in crate::lifecycle) struct WrittenChange {
    path: String,
    #[serde(default, deserialize_with = "present")]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl From<&Change> for WrittenChange {
    fn from(change: &Change) -> Self {
        Self {
            path: change.path.clone(),
            from: change.from.clone(),
            to: change.to.clone(),
        }
    }
}

impl From<WrittenChange> for Change {
    fn from(written: WrittenChange) -> Self {
        Self {
            path: written.path,
            from: written.from,
            to: written.to,
        }
    }
}
