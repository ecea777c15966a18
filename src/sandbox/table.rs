//! Objects as the rows of a table, as `kubectl get` asks for them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Version;

/// How much of each object goes with its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    #[default]
    Metadata,
    Object,
}

/// A `Table` of `meta.k8s.io/v1`, without the metadata of the list.
pub(crate) fn table(
    _version: &Version,
    _objects: &[Arc<Value>],
    _include: Include,
    _now: Timestamp,
) -> Value {
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": [], "rows": [] })
}
