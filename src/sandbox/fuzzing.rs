//! The door for fuzzers: what reads bytes from anywhere, fed with bytes. Nothing may panic here.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::apply::{self, Author, Typed};
use super::kinds::{Kind, Rules};
use super::patch::{self, PatchType};
use super::schema::{Definitions, Schema};
use super::selectors::{FieldSelector, LabelSelector};
use super::table::path::Path;

/// Two JSON documents, one after the other: an object and a patch. Tries every kind of patch.
pub fn patches(bytes: &[u8]) {
    let Some([object, body]) = documents(bytes) else {
        return;
    };
    let definitions = definitions();
    let Some(schema) = Schema::named(DEFINITION, &definitions) else {
        return;
    };
    for patch_type in [PatchType::Json, PatchType::Merge, PatchType::Strategic] {
        let _ = patch::patch(&object, &body, patch_type, schema);
    }
}

/// Two JSON documents, one after the other: an object and a configuration to apply to it.
pub fn applies(bytes: &[u8]) {
    let Some([live, config]) = documents(bytes) else {
        return;
    };
    let definitions = definitions();
    let Some(schema) = Schema::named(DEFINITION, &definitions) else {
        return;
    };
    let typed = Typed {
        schema,
        reset: &[&["status"]],
        convert: &|_, _| None,
    };
    let author = Author {
        manager: "fuzzer",
        api_version: "v1",
        subresource: "",
        now: Timestamp::UNIX_EPOCH,
    };
    for force in [false, true] {
        let _ = apply::apply(Some(&live), &config, typed, author, force);
    }
    let _ = apply::apply(None, &config, typed, author, false);
    let mut new = config;
    apply::track(Some(&live), &mut new, typed, author);
}

/// The text of a selector.
pub fn selectors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let object = json!({ "metadata": { "name": text, "labels": { "a": text } } });
    if let Ok(selector) = LabelSelector::parse(text) {
        selector.matches(&object["metadata"]["labels"]);
        assert_eq!(LabelSelector::parse(&selector.to_string()), Ok(selector));
    }
    if let Ok(selector) = FieldSelector::parse(text, &kind()) {
        selector.matches(&object);
    }
}

/// A JSON path and, on the next line, a document to follow it in.
pub fn paths(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (path, document) = text.split_once('\n').unwrap_or((text, "{}"));
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    if let Some(path) = Path::parse(path) {
        let _ = path.first(&document);
    }
}

fn documents(bytes: &[u8]) -> Option<[Value; 2]> {
    let mut all = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    Some([all.next()?.ok()?, all.next()?.ok()?])
}

fn kind() -> Kind {
    Kind {
        group: String::new(),
        versions: vec![],
        kind: "Pod".to_owned(),
        list_kind: "PodList".to_owned(),
        plural: "pods".to_owned(),
        singular: "pod".to_owned(),
        short_names: vec![],
        categories: vec![],
        is_namespaced: true,
        verbs: vec![],
        has_generation: false,
        selectable: vec!["status.phase".to_owned()],
        rules: Rules::default(),
    }
}

const DEFINITION: &str = "Thing";

/// A kind that has every sort of list and map under names of one letter, so that fuzzers find them.
fn definitions() -> Definitions {
    let text = json!({ "type": "string" });
    let item = json!({ "$ref": "#/components/schemas/Item" });
    let definitions = json!({
        "Thing": { "type": "object", "properties": {
            "apiVersion": text, "kind": text, "metadata": { "type": "object", "properties": {
                "name": text,
                "labels": { "type": "object", "additionalProperties": text },
                "managedFields": { "type": "array", "items": { "type": "object" },
                    "x-kubernetes-list-type": "atomic" },
            } },
            "s": { "type": "array", "items": text, "x-kubernetes-list-type": "set",
                "x-kubernetes-patch-strategy": "merge" },
            "a": { "type": "array", "items": item, "x-kubernetes-list-type": "atomic" },
            "m": { "type": "array", "items": item, "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k", "n"],
                "x-kubernetes-patch-strategy": "merge,retainKeys",
                "x-kubernetes-patch-merge-key": "k" },
            "o": { "$ref": "#/components/schemas/Item" },
            "f": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            "status": { "type": "object", "properties": { "n": { "type": "integer" } } },
        } },
        "Item": { "type": "object", "properties": {
            "k": text, "n": { "type": "integer", "default": 1 },
            "m": { "type": "array", "items": item, "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"], "x-kubernetes-patch-strategy": "merge",
                "x-kubernetes-patch-merge-key": "k" },
            "x": { "x-kubernetes-int-or-string": true },
        } },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Definitions::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-1..3_i64).prop_map(Value::from),
            prop::sample::select(vec![
                "", "a", "add", "move", "/m/0", "/s/-", "delete", "replace"
            ])
            .prop_map(Value::from),
        ];
        let keys = vec![
            "metadata",
            "name",
            "labels",
            "s",
            "a",
            "m",
            "o",
            "f",
            "k",
            "n",
            "x",
            "status",
            "op",
            "path",
            "from",
            "value",
            "$patch",
            "$retainKeys",
            "$setElementOrder/m",
            "$setElementOrder/s",
            "$deleteFromPrimitiveList/s",
            "apiVersion",
            "kind",
        ];
        leaf.prop_recursive(5, 60, 5, move |inner| {
            let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..6)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_documents_panic(first in document(), second in document()) {
            let bytes = format!("{first}{second}");
            patches(bytes.as_bytes());
            applies(bytes.as_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            patches(&bytes);
            applies(&bytes);
            selectors(&bytes);
            paths(&bytes);
        }

        #[test]
        fn no_text_panics(text in "[a-c.\\[\\]?()@=!<>,:*'\" \\n{}0-9-]{0,30}") {
            selectors(text.as_bytes());
            paths(text.as_bytes());
        }
    }
}
