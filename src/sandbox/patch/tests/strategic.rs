use super::*;

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
