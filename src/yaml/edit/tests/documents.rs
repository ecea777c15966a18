//! Which object of a text is meant, and what becomes of the rest.

use super::*;

const TWO: &str = "\
%YAML 1.2
---
# The first.
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {a: \"{{ x }}\", b: 'y'}
--- # second
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: &meta
  name: web
spec:
  minReplicas: 1
...
---
";

#[test]
fn only_the_document_that_is_meant_changes() {
    let edits = [
        edit("/spec/minReplicas", json!(2)),
        edit("/spec/maxReplicas", json!(9)),
    ];
    let edited = set(TWO, &web(), &edits).unwrap();
    let wanted = TWO.replace("minReplicas: 1", "minReplicas: 2\n  maxReplicas: 9");
    assert_eq!(edited, wanted);
    assert_eq!(
        find(TWO, &web()).unwrap()["spec"],
        json!({"minReplicas": 1})
    );
}

#[test]
fn a_byte_order_mark_stays() {
    let text = format!("\u{feff}{HEAD}spec:\n  a: 1\n");
    let edited = set(&text, &web(), &[edit("/spec/b", json!(2))]).unwrap();
    assert_eq!(edited, format!("{text}  b: 2\n"));
}

#[test]
fn json_stays_json() {
    let text = r#"{"kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": {"a": 1, "l": [1]}}"#;
    let edits = [
        edit("/spec/a", json!("x")),
        edit("/spec/b/c", json!("y")),
        edit("/spec/l", json!(["z", 1])),
    ];
    let edited = set(text, &web(), &edits).unwrap();
    let value: Json = serde_json::from_str(&edited).unwrap();
    assert_eq!(
        value["spec"],
        json!({"a": "x", "l": ["z", 1], "b": {"c": "y"}})
    );
    assert!(edited.starts_with(&text[..60]), "{edited}");
}

#[test]
fn items_of_a_list_are_objects_too() {
    let item = |name: &str| {
        format!(
            "- kind: HorizontalPodAutoscaler\n  metadata:\n    name: {name}\n  spec:\n    minReplicas: 1\n"
        )
    };
    let text = format!("kind: List\nitems:\n{}{}", item("api"), item("web"));
    let edited = set(&text, &web(), &[edit("/spec/minReplicas", json!(2))]).unwrap();
    let wanted = format!(
        "kind: List\nitems:\n{}{}",
        item("api"),
        item("web").replace(": 1", ": 2")
    );
    assert_eq!(edited, wanted);
    assert_eq!(find(&text, &web()).unwrap()["spec"]["minReplicas"], 1);
}

#[test]
fn a_namespace_that_is_said_beats_one_that_is_not() {
    let other = HEAD.replace("  namespace: shop\n", "");
    let text = format!("{other}spec: {{a: 1}}\n---\n{HEAD}spec: {{a: 2}}\n");
    assert_eq!(find(&text, &web()).unwrap()["spec"]["a"], 2);
    let mut anywhere = web();
    anywhere.namespace = None;
    let several = Error::Several {
        object: "HorizontalPodAutoscaler web".to_owned(),
        lines: vec![2, 9],
    };
    assert_eq!(find(&text, &anywhere), Err(several));
    let mut elsewhere = web();
    elsewhere.namespace = Some("shop2".to_owned());
    assert_eq!(find(&text, &elsewhere).unwrap()["spec"]["a"], 1);
}
