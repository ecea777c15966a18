mod laws;
mod strategic;

use serde_json::json;

use super::*;
use crate::sandbox::schema::Definitions;

/// A kind with a list of every sort, and one field that is replaced whole.
fn definitions() -> Definitions {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/io.x.{name}") });
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    let mut finalizers = texts.clone();
    finalizers["x-kubernetes-patch-strategy"] = json!("merge");
    let merged = |item: Value, key: &str| {
        json!({ "type": "array", "items": item, "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": key })
    };
    let mut selector = reference("Selector");
    selector["x-kubernetes-patch-strategy"] = json!("replace");
    let definitions = json!({
        "io.x.Pod": { "type": "object", "properties": {
            "labels": { "type": "object", "additionalProperties": text },
            "finalizers": finalizers, "args": texts, "selector": selector,
            "containers": merged(reference("Container"), "name"), "strategy": reference("Selector"),
        }, "x-kubernetes-group-version-kind": [{ "group": "", "kind": "Pod", "version": "v1" }] },
        "io.x.Container": { "type": "object", "properties": {
            "name": text, "image": text, "ports": merged(reference("Port"), "port"),
        } },
        "io.x.Port": { "type": "object", "properties": { "port": { "type": "integer" }, "name": text } },
        "io.x.Selector": { "type": "object", "properties": { "a": text, "b": text } },
    });
    definitions.as_object().unwrap().clone()
}

fn patched(object: &Value, body: &Value, patch_type: PatchType) -> Result<Value, Refusal> {
    let definitions = definitions();
    let schema = Schema::named("io.x.Pod", &definitions).unwrap();
    patch(object, body, patch_type, schema)
}

fn refusal(object: &Value, body: &Value, patch_type: PatchType) -> (u16, String) {
    let refusal = patched(object, body, patch_type).unwrap_err();
    (refusal.code, refusal.message)
}

#[test]
fn a_json_patch_takes_the_liberties_of_the_server() {
    let object = json!({ "a": { "b": 1 }, "l": [1, 2, 3] });
    let cases = [
        (json!(null), json!({ "a": { "b": 1 }, "l": [1, 2, 3] })),
        (
            json!([{ "op": "replace", "path": "/a/new", "value": 2 }]),
            json!({ "a": { "b": 1, "new": 2 }, "l": [1, 2, 3] }),
        ),
        (
            json!([{ "op": "add", "path": "/l/-1", "value": 9 }, { "op": "remove", "path": "/l/-4" }]),
            json!({ "a": { "b": 1 }, "l": [2, 3, 9] }),
        ),
        (
            json!([{ "op": "add", "path": "/l/-" }, { "op": "copy", "from": "/none", "path": "/a/b" }]),
            json!({ "a": { "b": null }, "l": [1, 2, 3, null] }),
        ),
        (
            json!([{ "op": "test", "path": "/none", "value": null },
                { "op": "test", "path": "", "value": object }]),
            object.clone(),
        ),
        (
            json!([{ "op": "move", "from": "/a/b", "path": "/x~1y~0z" }]),
            json!({ "a": {}, "l": [1, 2, 3], "x/y~z": 1 }),
        ),
        (
            json!([{ "op": "replace", "path": "", "value": {} }]),
            json!({}),
        ),
    ];
    for (body, expected) in cases {
        let result = patched(&object, &body, PatchType::Json);
        assert_eq!(result, Ok(expected), "{body}");
    }
}

#[test]
fn a_json_patch_that_does_not_fit_is_refused_without_a_reason() {
    let object = json!({ "a": { "b": 1 }, "l": [1, 2, 3] });
    for operation in [
        json!(null),
        json!({ "path": "/a" }),
        json!({ "op": "merge", "path": "/a" }),
        json!({ "op": "add", "value": 1 }),
        json!({ "op": "add", "path": "", "value": 1 }),
        json!({ "op": "add", "path": "/a/b/c", "value": 1 }),
        json!({ "op": "add", "path": "/l/4", "value": 1 }),
        json!({ "op": "add", "path": "/l/-5", "value": 1 }),
        json!({ "op": "add", "path": "/l/x", "value": 1 }),
        json!({ "op": "replace", "path": "", "value": 1 }),
        json!({ "op": "replace", "path": "/l/3", "value": 1 }),
        json!({ "op": "remove", "path": "/none" }),
        json!({ "op": "remove", "path": "/l/-9223372036854775808" }),
        json!({ "op": "move", "path": "/a" }),
        json!({ "op": "move", "from": "/none", "path": "/a" }),
        json!({ "op": "copy", "from": "/none/x", "path": "/a" }),
        json!({ "op": "test", "path": "/a/b", "value": 2 }),
        json!({ "op": "test", "path": "/a/b" }),
        json!({ "op": "test", "path": "/l/3", "value": null }),
    ] {
        let result = patched(&object, &json!([operation]), PatchType::Json);
        assert_eq!(result, Err(unfit()), "{operation}");
    }
}

#[test]
fn malformed_patches_are_named_after_what_they_are() {
    let (bad, to) = ("json: cannot unmarshal", "map[string]interface {}");
    for (body, patch_type, expected) in [
        (
            json!({}),
            PatchType::Json,
            format!(
                "error decoding patch: {bad} object into Go value of type []handlers.jsonPatchOp"
            ),
        ),
        (
            json!([3]),
            PatchType::Json,
            format!(
                "error decoding patch: {bad} number into Go value of type handlers.jsonPatchOp"
            ),
        ),
        (
            json!([{ "op": "add", "path": true }]),
            PatchType::Json,
            format!(
                "error decoding patch: {bad} bool into Go struct field jsonPatchOp.path of type string"
            ),
        ),
        (
            json!([]),
            PatchType::Merge,
            format!("error decoding patch: {bad} array into Go value of type {to}"),
        ),
        (
            json!(null),
            PatchType::Merge,
            "Invalid JSON Patch".to_owned(),
        ),
        (
            json!("x"),
            PatchType::Strategic,
            format!("{bad} string into Go value of type {to}"),
        ),
    ] {
        assert_eq!(refusal(&json!({}), &body, patch_type), (400, expected));
    }
}

#[test]
fn a_json_patch_has_its_limits() {
    let many = |count| vec![json!({ "op": "test", "path": "/a" }); count];
    assert!(patched(&json!({}), &json!(many(10_000)), PatchType::Json).is_ok());
    let (code, message) = refusal(&json!({}), &json!(many(10_001)), PatchType::Json);
    assert_eq!(code, 413);
    assert!(
        message.ends_with("in a JSON patch is 10000, got 10001"),
        "{message}"
    );
    let large = json!({ "a": "x".repeat(1024 * 1024) });
    let copies = |count| vec![json!({ "op": "copy", "from": "/a", "path": "/b" }); count];
    assert!(patched(&large, &json!(copies(2)), PatchType::Json).is_ok());
    assert_eq!(
        patched(&large, &json!(copies(3)), PatchType::Json),
        Err(unfit())
    );
    let nesting = vec![json!({ "op": "copy", "from": "/a", "path": "/a/b" }); 200];
    let nested = json!({ "a": { "b": {} } });
    assert_eq!(
        patched(&nested, &json!(nesting), PatchType::Json),
        Err(unfit())
    );
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let mut deep = json!(1);
    for _ in 0..MOST_LEVELS {
        deep = json!([deep]);
    }
    for patch_type in [PatchType::Json, PatchType::Merge, PatchType::Strategic] {
        let (code, message) = refusal(&json!({}), &json!({ "a": deep }), patch_type);
        assert_eq!((code, message.as_str()), (400, "exceeded max depth"));
    }
}

#[test]
fn a_merge_patch_drops_nulls() {
    let object = json!({ "a": 1, "o": { "x": 1, "y": 2 }, "l": [1] });
    let body = json!({ "a": null, "n": { "x": null }, "o": { "x": null, "z": [{ "q": null }, null] },
        "l": [{ "q": null, "r": 1 }] });
    let expected = json!({ "n": {}, "o": { "y": 2, "z": [{}, null] }, "l": [{ "r": 1 }] });
    assert_eq!(patched(&object, &body, PatchType::Merge), Ok(expected));
    // Only a list that takes the place of an object keeps them.
    let body = json!({ "o": [{ "q": null }] });
    let expected = json!({ "a": 1, "o": [{ "q": null }], "l": [1] });
    assert_eq!(patched(&object, &body, PatchType::Merge), Ok(expected));
}

fn pod() -> Value {
    json!({
        "labels": { "x": "1", "y": "2" }, "finalizers": ["a", "b"], "args": ["1", "2"],
        "selector": { "a": "1", "b": "2" }, "strategy": { "a": "1", "b": "2" },
        "containers": [
            { "name": "one", "image": "i", "ports": [{ "port": 80 }, { "port": 81 }] },
            { "name": "two", "image": "i" },
            { "name": "three", "image": "i" },
        ],
    })
}

/// The pod's fields after the patch, as far as they changed.
fn changed(body: &Value) -> Value {
    let after = patched(&pod(), body, PatchType::Strategic).unwrap();
    let after = after.as_object().unwrap().clone();
    let changed = after.into_iter().filter(|(key, it)| pod()[key] != *it);
    Value::Object(changed.collect())
}

fn names(containers: &Value) -> Vec<&str> {
    let names = containers.as_array().unwrap().iter();
    names.map(|it| it["name"].as_str().unwrap()).collect()
}
