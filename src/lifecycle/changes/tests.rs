use super::*;
use proptest::prelude::*;
use serde_json::json;

mod apply;
mod laws;

use apply::{patched, written};

/// An HPA as an API server gives it.
fn hpa() -> Value {
    json!({
        "metadata": {"name": "web", "resourceVersion": "7"},
        "spec": {
            "minReplicas": 3, "maxReplicas": 12,
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 60}}},
                {"type": "External", "external": {"metric": {"name": "queue"},
                    "target": {"type": "AverageValue", "averageValue": "1500m"}}},
            ],
        },
        "status": {"desiredReplicas": 3},
    })
}

/// What a server makes of a scale-down window in an object without a behavior.
fn defaulted() -> Value {
    json!({
        "scaleDown": {"stabilizationWindowSeconds": 600, "selectPolicy": "Max",
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15}]},
    })
}

fn change(path: &str, from: Option<Value>, to: Option<Value>) -> Change {
    let path = path.to_owned();
    Change { path, from, to }
}

fn lost(path: &str, ours: Value, now: Option<Value>) -> Lost {
    let (path, ours) = (path.to_owned(), Some(ours));
    Lost { path, ours, now }
}

/// `hpa` with values at existing or new fields and items.
fn with(object: &Value, edits: &[(&str, Value)]) -> Value {
    let mut object = object.clone();
    for (path, value) in edits {
        let (parent, last) = path.rsplit_once('/').unwrap();
        match object.pointer_mut(parent).unwrap() {
            Value::Object(fields) => {
                fields.insert(last.to_owned(), value.clone());
            }
            Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("nothing below {parent}"),
        }
    }
    object
}

const CPU: &str = "/spec/metrics/0/resource/target/averageUtilization";
const QUEUE: &str = "/spec/metrics/1/external/target/averageValue";

#[test]
fn a_change_is_told_at_the_outermost_place_or_the_leaf_and_lists_whole() {
    let before = hpa();
    let edits = [
        ("/spec/behavior", defaulted()),
        ("/spec/minReplicas", json!(2)),
        (CPU, json!(70)),
        ("/spec/a~1b", json!(null)),
        ("/status/desiredReplicas", json!(9)),
    ];
    // Setting a key with a slash needs the key as it is.
    let mut after = with(&before, &edits);
    let odd = after["spec"].as_object_mut().unwrap().remove("a~1b");
    after["spec"]["a/b"] = odd.unwrap();
    after["spec"].as_object_mut().unwrap().remove("maxReplicas");
    let metrics = |it: &Value| Some(it["spec"]["metrics"].clone());
    let expected = [
        change("/spec/a~1b", None, Some(Value::Null)),
        change("/spec/behavior", None, Some(defaulted())),
        change("/spec/maxReplicas", Some(json!(12)), None),
        change("/spec/metrics", metrics(&before), metrics(&after)),
        change("/spec/minReplicas", Some(json!(3)), Some(json!(2))),
    ];
    assert_eq!(between(&before, &after, &["/spec"]), expected);
    let twice = between(&before, &after, &["/spec", "/spec/behavior/scaleUp"]);
    assert_eq!(twice, expected);
    assert_eq!(
        between(&before, &after, &["/spec/metrics/0"]),
        expected[3..4]
    );
    assert_eq!(between(&before, &after, &["/metadata", "no pointer"]), []);
    assert_eq!(between(&before, &after, &[""]).len(), 6);
}

#[test]
fn what_nobody_else_touched_is_as_before() {
    let before = hpa();
    let edits = [
        ("/spec/behavior", defaulted()),
        ("/spec/minReplicas", json!(2)),
        (CPU, json!(70)),
    ];
    let after = with(&before, &edits);
    let changes = between(&before, &after, &["/spec"]);
    assert!(are_in_force(&changes, &after));
    assert!(!are_in_force(&changes, &before));
    let back = take_back(&changes, &after);
    assert_eq!(
        back.operations,
        [
            json!({"op": "remove", "path": "/spec/behavior"}),
            json!({"op": "replace", "path": "/spec/metrics", "value": before["spec"]["metrics"]}),
            json!({"op": "replace", "path": "/spec/minReplicas", "value": 3}),
        ]
    );
    assert_eq!((patched(&after, &back), back.lost), (before, vec![]));
}

/// What happens to changes when others edit what they made: edits, what is lost, and what is
/// different from `before` in the end.
#[test]
fn what_others_made_stays_and_ours_goes() {
    let before = hpa();
    let ours = [
        ("/spec/behavior", defaulted()),
        ("/spec/minReplicas", json!(2)),
        (CPU, json!(70)),
    ];
    let after = with(&before, &ours);
    let changes = between(&before, &after, &["/spec"]);
    let policies = "/spec/behavior/scaleUp/policies";
    let slow = json!([{"type": "Pods", "value": 1, "periodSeconds": 60}]);
    let old_policies = defaulted()["scaleUp"]["policies"].clone();
    type Case<'a> = (Vec<(&'a str, Value)>, Vec<Lost>, Vec<(&'a str, Value)>);
    let table: [Case<'_>; 9] = [
        (
            vec![("/metadata/labels", json!({"a": "b"}))],
            vec![],
            vec![("/metadata/labels", json!({"a": "b"}))],
        ),
        (
            vec![("/spec/minReplicas", json!(5))],
            vec![lost("/spec/minReplicas", json!(2), Some(json!(5)))],
            vec![("/spec/minReplicas", json!(5))],
        ),
        // Taken back by somebody else: nothing left to do, nothing lost.
        (vec![("/spec/minReplicas", json!(3))], vec![], vec![]),
        (
            vec![(policies, slow.clone())],
            vec![lost(policies, old_policies, Some(slow.clone()))],
            vec![("/spec/behavior", json!({"scaleUp": {"policies": slow}}))],
        ),
        (
            vec![("/spec/behavior/scaleDown/tolerance", json!("50m"))],
            vec![],
            vec![("/spec/behavior", json!({"scaleDown": {"tolerance": "50m"}}))],
        ),
        // Parts of what we made were removed: what is left of it goes, and no empty object stays.
        (
            vec![(
                "/spec/behavior",
                json!({"scaleDown": {"selectPolicy": "Max"}}),
            )],
            vec![],
            vec![],
        ),
        (
            vec![("/spec/behavior", json!({"scaleDown": {}}))],
            vec![],
            vec![],
        ),
        // Another metric has another target: our number goes, theirs stays.
        (vec![(QUEUE, json!("2"))], vec![], vec![(QUEUE, json!("2"))]),
        (
            vec![(CPU, json!(65)), (QUEUE, json!("2"))],
            vec![lost(CPU, json!(70), Some(json!(65)))],
            vec![(CPU, json!(65)), (QUEUE, json!("2"))],
        ),
    ];
    for (edits, lost, left) in table {
        let live = with(&after, &edits);
        let back = take_back(&changes, &live);
        assert_eq!(back.lost, lost, "{edits:?}");
        assert_eq!(patched(&live, &back), with(&before, &left), "{edits:?}");
    }
}

#[test]
fn a_list_that_others_rebuilt_stays_as_they_made_it() {
    let before = hpa();
    let after = with(&before, &[(CPU, json!(70))]);
    let changes = between(&before, &after, &["/spec"]);
    let ours = &after["spec"]["metrics"];
    let longer = json!([ours[0], ours[1], {"type": "Pods"}]);
    let swapped = json!([ours[1], ours[0]]);
    let mut moved = ours[0].clone();
    moved["resource"]["name"] = json!("memory");
    let renamed = json!([moved, ours[1]]);
    let table = [
        (
            longer.clone(),
            lost("/spec/metrics", ours.clone(), Some(longer)),
        ),
        (
            json!([]),
            lost("/spec/metrics", ours.clone(), Some(json!([]))),
        ),
        (
            json!("x"),
            lost("/spec/metrics", ours.clone(), Some(json!("x"))),
        ),
        (swapped, lost(CPU, json!(70), None)),
        // Our number is there still, but of another metric.
        (
            renamed,
            lost("/spec/metrics/0", ours[0].clone(), Some(moved)),
        ),
    ];
    for (metrics, lost) in table {
        let live = with(&after, &[("/spec/metrics", metrics)]);
        let back = take_back(&changes, &live);
        assert_eq!((back.operations, back.lost), (vec![], vec![lost]));
        assert!(!are_in_force(&changes, &live));
    }
}

#[test]
fn what_we_removed_comes_back_where_there_is_still_a_place_for_it() {
    let before = with(&hpa(), &[("/spec/behavior", defaulted())]);
    let mut after = before.clone();
    let down = after.pointer_mut("/spec/behavior/scaleDown").unwrap();
    let policies = down.as_object_mut().unwrap().remove("policies").unwrap();
    let changes = between(&before, &after, &["/spec"]);
    let path = "/spec/behavior/scaleDown/policies";
    assert_eq!(changes, [change(path, Some(policies.clone()), None)]);

    let back = take_back(&changes, &after);
    let add = json!({"op": "add", "path": path, "value": policies});
    assert_eq!(back.operations, [add]);
    assert_eq!(patched(&after, &back), before);

    let back = take_back(&changes, &hpa());
    let gone = Lost {
        path: path.to_owned(),
        ours: None,
        now: None,
    };
    assert_eq!((back.operations, back.lost), (vec![], vec![gone]));
}

#[test]
fn nothing_of_what_we_made_is_lost_with_what_held_it() {
    let before = with(&hpa(), &[("/spec/behavior", json!({"scaleUp": {}}))]);
    let after = with(&before, &[("/spec/behavior/scaleDown", json!({"x": 1}))]);
    let changes = between(&before, &after, &["/spec"]);
    assert_eq!(take_back(&changes, &hpa()), TakenBack::default());
    // An object that was empty before stays so.
    assert_eq!(patched(&after, &take_back(&changes, &after)), before);
}

#[test]
fn changes_made_by_hand_name_no_place_twice_and_none_within_lists() {
    let live = hpa();
    let changes = [
        change("/spec/metrics/0", None, Some(json!(1))),
        change("/spec/minReplicas", Some(json!(4)), Some(json!(3))),
        change("/spec/minReplicas", Some(json!(5)), Some(json!(3))),
        change("/spec/minReplicas/deeper", Some(json!(5)), None),
        change("", Some(json!(5)), None),
    ];
    let back = take_back(&changes[..4], &live);
    let one = json!({"op": "replace", "path": "/spec/minReplicas", "value": 4});
    assert_eq!(back.operations, [one]);
    assert_eq!(take_back(&changes, &live).operations, Vec::<Value>::new());
}

#[test]
fn depth_has_no_end_but_looking_has() {
    let nested = |leaf: i32| {
        let mut value = json!({"x": leaf});
        for _ in 0..1_000 {
            value = json!({ "x": value, "y": 1 });
        }
        json!({ "spec": value })
    };
    let (before, after) = (nested(1), nested(2));
    let changes = between(&before, &after, &["/spec"]);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].path.len(), "/spec".len() + 2 * MOST_LEVELS);
    assert_eq!(patched(&after, &take_back(&changes, &after)), before);
    let absent = [change("/spec", None, Some(nested(3)))];
    assert_eq!(take_back(&absent, &after).operations, Vec::<Value>::new());
    assert!(!are_in_force(&absent, &after));
}

#[test]
fn what_others_add_beside_ours_leaves_it_in_force() {
    let before = hpa();
    let ours = [("/spec/behavior", defaulted()), (CPU, json!(70))];
    let after = with(&before, &ours);
    let changes = between(&before, &after, &["/spec"]);
    let table = [
        ("/spec/behavior/scaleDown/tolerance", json!("50m"), true),
        ("/spec/minReplicas", json!(1), true),
        (QUEUE, json!("2"), true),
        (CPU, json!(60), false),
        (CPU, json!(65), false),
        ("/spec/behavior/scaleUp", json!({}), false),
        ("/spec", json!({}), false),
    ];
    for (path, value, expected) in table {
        let live = with(&after, &[(path, value)]);
        assert_eq!(are_in_force(&changes, &live), expected, "{path}");
    }
    assert!(are_in_force(&[], &before));
}

#[test]
fn writing_the_changes_makes_after_of_before() {
    let before = hpa();
    let after = with(
        &before,
        &[("/spec/behavior", defaulted()), (CPU, json!(70))],
    );
    assert_eq!(written(&before, &between(&before, &after, &[""])), after);
}
