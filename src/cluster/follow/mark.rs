//! What is kept of an object of which only the marks of a pause and of a floor matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::cluster::inventory::Kept;
use crate::lifecycle::pause::ANNOTATION;
use crate::lifecycle::schedule::floor;

/// The annotations that are kept.
const MARKS: [&str; 2] = [ANNOTATION, floor::ANNOTATION];

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
    #[serde(deserialize_with = "marks", skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, Value>,
}

impl Kept for Marked {}

/// Go writes `null` for empty maps.
fn marks<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Value>, D::Error> {
    let all: Option<BTreeMap<String, Value>> = Option::deserialize(from)?;
    let mut all = all.unwrap_or_default();
    all.retain(|key, _| MARKS.contains(&key.as_str()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_marks_are_kept() {
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
            "annotations": { ANNOTATION: "{}", floor::ANNOTATION: "{}" } } });
        let annotations = json!({ "a": "b", ANNOTATION: "{}", floor::ANNOTATION: "{}" });
        assert_eq!(kept(annotations), marked);
    }
}
