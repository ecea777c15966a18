use proptest::prelude::*;
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

#[test]
fn a_strategic_patch_merges_as_the_schema_says() {
    for (body, expected) in [
        (json!(null), json!({})),
        (
            json!({ "labels": { "x": null, "z": "3" } }),
            json!({ "labels": { "y": "2", "z": "3" } }),
        ),
        (json!({ "args": ["3"] }), json!({ "args": ["3"] })),
        (
            json!({ "finalizers": ["c", "b"] }),
            json!({ "finalizers": ["c", "a", "b"] }),
        ),
        (
            json!({ "$deleteFromPrimitiveList/finalizers": ["a", "z"] }),
            json!({ "finalizers": ["b"] }),
        ),
        (
            json!({ "$setElementOrder/finalizers": ["b", "a"] }),
            json!({ "finalizers": ["b", "a"] }),
        ),
        (
            json!({ "selector": { "a": "3" } }),
            json!({ "selector": { "a": "3" } }),
        ),
        (
            json!({ "strategy": { "a": "3", "$retainKeys": ["a"] } }),
            json!({ "strategy": { "a": "3" } }),
        ),
        (
            json!({ "strategy": { "$patch": "replace", "a": "3" } }),
            json!({ "strategy": { "a": "3" } }),
        ),
        (
            json!({ "strategy": { "$patch": "delete" } }),
            json!({ "strategy": {} }),
        ),
        (
            json!({ "other": { "a": null, "b": { "$patch": "delete" }, "c": [{ "$patch": "delete" }] } }),
            json!({ "other": { "c": [] } }),
        ),
        (
            json!({ "containers": [{ "$patch": "replace" }, { "name": "new" }] }),
            json!({ "containers": [{ "name": "new" }] }),
        ),
    ] {
        assert_eq!(changed(&body), expected, "{body}");
    }
}

#[test]
fn items_are_merged_by_key_at_every_level() {
    let body = json!({ "containers": [
        { "name": "three", "$patch": "delete" },
        { "name": "one", "image": null,
            "ports": [{ "port": 81, "name": "x" }, { "port": 80, "$patch": "delete" }] },
    ] });
    let expected = json!([
        { "name": "one", "ports": [{ "port": 81, "name": "x" }] },
        { "name": "two", "image": "i" },
    ]);
    assert_eq!(changed(&body), json!({ "containers": expected }));
}

#[test]
fn the_order_is_that_of_the_directive_then_the_patch_then_the_object() {
    let name = |it: &&str| json!({ "name": it });
    let all = |it: &[&str]| it.iter().map(name).collect::<Value>();
    for (order, items, expected) in [
        (
            None,
            &["new", "one"][..],
            &["new", "one", "two", "three"][..],
        ),
        (None, &["three", "one"], &["two", "three", "one"]),
        (Some(&["three", "one"][..]), &[], &["two", "three", "one"]),
        (
            Some(&["two", "new", "one"]),
            &["new"],
            &["two", "new", "one", "three"],
        ),
        // Nothing is said of "new": it overtakes.
        (
            Some(&[]),
            &["three", "new"],
            &["new", "one", "two", "three"],
        ),
    ] {
        let mut body = json!({});
        if let Some(order) = order {
            body["$setElementOrder/containers"] = all(order);
        }
        if !items.is_empty() {
            body["containers"] = all(items);
        }
        let after = patched(&pod(), &body, PatchType::Strategic).unwrap();
        assert_eq!(names(&after["containers"]), expected, "{body}");
    }
}

#[test]
fn a_strategic_patch_is_refused_in_the_words_of_the_server() {
    for (body, code, expected) in [
        (
            json!({ "$patch": "frob" }),
            500,
            "unknown patch type: frob in map: map[$patch:frob]",
        ),
        (
            json!({ "labels": { "$patch": 3, "a": null } }),
            500,
            "unknown patch type: %!s(int64=3) in map: map[$patch:3 a:<nil>]",
        ),
        (
            json!({ "containers": [{ "image": "x" }] }),
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            json!({ "containers": [{ "$patch": "delete" }] }),
            500,
            "map: map[$patch:delete] does not contain declared merge key: name",
        ),
        (
            json!({ "containers": [{ "name": "a", "$patch": "merge" }] }),
            500,
            "merging lists cannot yet be specified in the patch",
        ),
        (
            json!({ "finalizers": [3] }),
            500,
            "list element types are not identical: [[a b] [3]]",
        ),
        (
            json!({ "$setElementOrder/containers": [{ "name": "b" }], "containers": [{ "name": "a" }] }),
            500,
            "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n\
             [map[name:b]]\n",
        ),
        (
            json!({ "$setElementOrder/containers": 3 }),
            500,
            "expected a []interface {}, but received a int64",
        ),
        (
            json!({ "$setElementOrder/containers": [{ "x": 1 }] }),
            500,
            "map: map[x:1] does not contain declared merge key: name",
        ),
        (
            json!({ "$setElementOrder/containers": [3] }),
            500,
            "value for key 0 is not a map",
        ),
        (
            json!({ "$setElementOrder/none": [] }),
            500,
            "unable to find api field in struct Pod for the json field \"none\"",
        ),
        (
            json!({ "strategy": { "$setElementOrder/none": [] } }),
            500,
            "unable to find api field in struct Selector for the json field \"none\"",
        ),
        (
            json!({ "labels": { "$setElementOrder/none": [] } }),
            500,
            "merging an object in json but data type is not struct, instead is: map",
        ),
        (
            json!({ "$setElementOrdernone": [] }),
            400,
            "invalid patch format of setElementOrder list",
        ),
        (
            json!({ "$deleteFromPrimitiveListnone": [] }),
            400,
            "invalid patch format of primitive list",
        ),
        (
            json!({ "strategy": { "$retainKeys": ["a"], "b": "1" } }),
            400,
            "invalid patch format of retainKeys",
        ),
        (
            json!({ "strategy": { "$retainKeys": "a" } }),
            400,
            "invalid patch format of retainKeys",
        ),
    ] {
        let found = refusal(&pod(), &body, PatchType::Strategic);
        assert_eq!(found, (code, expected.to_owned()), "{body}");
    }
}

/// Objects and patches of the pod's fields; `words` are the keys that they may have besides.
fn pods(words: &'static [&'static str], leaf: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    const FIELDS: [&str; 10] = [
        "labels",
        "finalizers",
        "args",
        "selector",
        "containers",
        "name",
        "ports",
        "port",
        "a",
        "b",
    ];
    let keys: Vec<&str> = FIELDS.iter().chain(words).copied().collect();
    let value = leaf.prop_recursive(5, 40, 4, move |inner| {
        let key = prop::sample::select(keys.clone());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    });
    value.boxed()
}

fn scalars() -> BoxedStrategy<Value> {
    prop_oneof![
        (0..3).prop_map(Value::from),
        prop::sample::select(vec!["a", "b", "delete", "replace"]).prop_map(Value::from),
    ]
    .boxed()
}

fn scalars_and_null() -> BoxedStrategy<Value> {
    prop_oneof![Just(Value::Null), scalars()].boxed()
}

const DIRECTIVES: &[&str] = &[
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$setElementOrder/finalizers",
    "$deleteFromPrimitiveList/finalizers",
    "$deleteFromPrimitiveList/containers",
];

/// Pods as the schema has them. No item comes twice.
fn valid_pods() -> impl proptest::strategy::Strategy<Value = Value> {
    let texts = || prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..=4).prop_shuffle();
    let ports = prop::sample::subsequence(vec![1, 2, 3], 0..=3).prop_shuffle();
    let ports = ports.prop_map(|it| it.iter().map(|it| json!({ "port": it })).collect::<Value>());
    let container = (prop::option::of("[xy]"), prop::option::of(ports));
    let containers = prop::collection::btree_map("[a-d]", container, 0..4)
        .prop_map(|it| it.into_iter().collect::<Vec<_>>())
        .prop_shuffle();
    (
        texts(),
        texts(),
        prop::collection::btree_map("[a-c]", "[xy]", 0..3),
        containers,
    )
        .prop_map(|(finalizers, args, labels, containers)| {
            let containers: Vec<Value> = containers.into_iter().map(container_of).collect();
            json!({ "finalizers": finalizers, "args": args, "labels": labels,
                "containers": containers })
        })
}

fn container_of((name, (image, ports)): (String, (Option<String>, Option<Value>))) -> Value {
    let mut container = json!({ "name": name });
    if let Some(image) = image {
        container["image"] = json!(image);
    }
    if let Some(ports) = ports {
        container["ports"] = ports;
    }
    container
}

/// The merge patch that leads from one value to another that has no nulls.
fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (from, to) else {
        return to.clone();
    };
    let gone = old.keys().filter(|it| !new.contains_key(*it));
    let gone = gone.map(|it| (it.clone(), Value::Null));
    let kept = new.iter().map(|(key, it)| match old.get(key) {
        Some(old) => (key.clone(), difference(old, it)),
        None => (key.clone(), it.clone()),
    });
    Value::Object(gone.chain(kept).collect())
}

fn as_object(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields),
        other => json!({ "a": other }),
    }
}

proptest! {
    #[test]
    fn a_difference_leads_to_its_target(from in pods(&[], scalars()), to in pods(&[], scalars())) {
        let (from, to) = (as_object(from), as_object(to));
        let body = difference(&from, &to);
        prop_assert_eq!(patched(&from, &body, PatchType::Merge), Ok(to));
    }

    #[test]
    fn a_merge_patch_twice_is_one_once(from in pods(&[], scalars()), to in pods(&[], scalars())) {
        let (from, to) = (as_object(from), as_object(to));
        let body = difference(&from, &to);
        let once = patched(&to, &body, PatchType::Merge);
        prop_assert_eq!(once, Ok(to));
    }

    #[test]
    fn a_strategic_patch_without_directives_twice_is_one_once(
        object in valid_pods(), body in valid_pods(),
    ) {
        let once = patched(&object, &body, PatchType::Strategic).unwrap();
        prop_assert_eq!(patched(&once, &body, PatchType::Strategic), Ok(once));
    }

    #[test]
    fn an_order_moves_items_and_keeps_them(
        order in prop::collection::vec(prop::sample::select(vec!["one", "two", "three", "four"]), 0..6),
    ) {
        let order: Vec<Value> = order.iter().map(|it| json!({ "name": it })).collect();
        let body = json!({ "$setElementOrder/containers": order });
        let after = patched(&pod(), &body, PatchType::Strategic).unwrap();
        let mut names = names(&after["containers"]);
        names.sort_unstable();
        prop_assert_eq!(names, ["one", "three", "two"]);
    }

    #[test]
    fn no_patch_panics(
        object in pods(&[], scalars_and_null()), body in pods(DIRECTIVES, scalars_and_null()),
    ) {
        for patch_type in [PatchType::Json, PatchType::Merge, PatchType::Strategic] {
            let _ = patched(&object, &body, patch_type);
        }
    }

    #[test]
    fn no_operation_panics(
        object in pods(&[], scalars_and_null()),
        operations in prop::collection::vec((
            prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]),
            "(/(a|b|name|labels|args|-1|0|1|-|~0|~1)){0,4}",
            "(/(a|b|name|labels|args|-1|0|1|-)){0,4}",
            scalars_and_null(),
        ), 0..8),
    ) {
        let operation = |(op, path, from, value): &(&str, String, String, Value)| {
            json!({ "op": op, "path": path, "from": from, "value": value })
        };
        let body: Vec<Value> = operations.iter().map(operation).collect();
        let _ = patched(&object, &Value::Array(body), PatchType::Json);
    }
}
