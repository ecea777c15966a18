//! What is kept of an object of which only the mark of a pause matters.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::cluster::inventory::Kept;
use crate::lifecycle::pause::ANNOTATION;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Marked {
    metadata: Metadata,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(deserialize_with = "mark", skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, Value>,
}

impl Kept for Marked {}

/// Go writes `null` for empty maps.
fn mark<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Value>, D::Error> {
    let all: Option<BTreeMap<String, Value>> = Option::deserialize(from)?;
    let mut all = all.unwrap_or_default();
    all.retain(|key, _| key == ANNOTATION);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_mark_is_kept() {
        let kept = |annotations: Value| {
            let object = json!({ "kind": "PartialObjectMetadata", "metadata": { "name": "orders",
                "namespace": "shop", "uid": "7", "annotations": annotations } });
            let marked: Marked = serde_json::from_value(object).unwrap();
            serde_json::to_value(marked).unwrap()
        };
        let bare = json!({ "metadata": { "name": "orders", "namespace": "shop" } });
        assert_eq!(kept(Value::Null), bare);
        assert_eq!(kept(json!({ "a": "b" })), bare);
        let marked = json!({ "metadata": { "name": "orders", "namespace": "shop",
            "annotations": { ANNOTATION: "{}" } } });
        assert_eq!(kept(json!({ "a": "b", ANNOTATION: "{}" })), marked);
    }
}
