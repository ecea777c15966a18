use proptest::prelude::*;

use super::*;

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
