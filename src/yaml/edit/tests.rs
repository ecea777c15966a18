mod documents;
mod random;
mod refused;

use serde_json::json;

use super::*;

fn web() -> DocumentSelector {
    DocumentSelector {
        kind: "HorizontalPodAutoscaler".to_owned(),
        namespace: Some("shop".to_owned()),
        name: "web".to_owned(),
    }
}

fn edit(path: &str, to: Json) -> Edit {
    let path = path.to_owned();
    Edit { path, to }
}

/// A manifest of the HPA with a `spec`, and it after an edit.
fn with(spec: &str, path: &str, to: Json) -> Result<String, Error> {
    let text = format!("{HEAD}{spec}");
    let edited = set(&text, &web(), &[edit(path, to)])?;
    Ok(edited.strip_prefix(HEAD).unwrap().to_owned())
}

const HEAD: &str = "\
# Owned by the shop team.
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web   # the front
  namespace: shop
";

#[test]
fn values_change_where_they_stand() {
    let cases = [
        (
            "a scalar keeps its comment",
            "spec:\n  minReplicas: 3  # for the night\n",
            "/spec/minReplicas",
            json!(4),
            "spec:\n  minReplicas: 4  # for the night\n",
        ),
        (
            "no line end at the end",
            "spec:\n  minReplicas: 3",
            "/spec/minReplicas",
            json!(4),
            "spec:\n  minReplicas: 4",
        ),
        (
            "single quotes stay",
            "spec:\n  value: '70'\n",
            "/spec/value",
            json!("75"),
            "spec:\n  value: '75'\n",
        ),
        (
            "double quotes stay",
            "spec:\n  value: \"70\" # %\n",
            "/spec/value",
            json!("a\"b"),
            "spec:\n  value: \"a\\\"b\" # %\n",
        ),
        (
            "what 1.1 misreads is quoted",
            "spec:\n  value: a\n",
            "/spec/value",
            json!("on"),
            "spec:\n  value: \"on\"\n",
        ),
        (
            "digits too",
            "spec:\n  value: a\n",
            "/spec/value",
            json!("1_000"),
            "spec:\n  value: \"1_000\"\n",
        ),
        (
            "several lines become one",
            "spec:\n  value: |  # why\n    a\n    b\n\n  b: 1\n",
            "/spec/value",
            json!("c\nd"),
            "spec:\n  value: \"c\\nd\"\n\n  b: 1\n",
        ),
        (
            "nothing becomes something",
            "spec:\n  minReplicas: # none\n  b: 1\n",
            "/spec/minReplicas",
            json!(4),
            "spec:\n  minReplicas: 4 # none\n  b: 1\n",
        ),
        (
            "in brackets",
            "spec: {minReplicas: 3, maxReplicas: 9} # x\n",
            "/spec/minReplicas",
            json!(4),
            "spec: {minReplicas: 4, maxReplicas: 9} # x\n",
        ),
        (
            "text in brackets",
            "spec: {a: b}\n",
            "/spec/a",
            json!("c, d"),
            "spec: {a: \"c, d\"}\n",
        ),
        (
            "what looks like more between brackets is quoted",
            "spec: [{a: b}]\n",
            "/spec/0/a",
            json!("?x"),
            "spec: [{a: \"?x\"}]\n",
        ),
        (
            "what looks like a template is quoted",
            "spec:\n  a: b\n",
            "/spec/a",
            json!("x {{ y }}"),
            "spec:\n  a: \"x {{ y }}\"\n",
        ),
        (
            "equal values stay as written",
            "spec:\n  a: 0x10\n",
            "/spec/a",
            json!(16),
            "spec:\n  a: 0x10\n",
        ),
        (
            "a path through a list",
            "spec:\n  metrics:\n  - type: Resource # cpu\n    target: {value: 70}\n",
            "/spec/metrics/0/target/value",
            json!(60),
            "spec:\n  metrics:\n  - type: Resource # cpu\n    target: {value: 60}\n",
        ),
        (
            "a list of as many items keeps its text",
            "spec:\n  l:\n  # first\n  - a: 1 # one\n    b: 2\n",
            "/spec/l",
            json!([{"a": 1, "b": 3}]),
            "spec:\n  l:\n  # first\n  - a: 1 # one\n    b: 3\n",
        ),
    ];
    for (name, spec, path, to, wanted) in cases {
        assert_eq!(with(spec, path, to).as_deref(), Ok(wanted), "{name}");
    }
}

#[test]
fn missing_keys_come_after_the_last_sibling() {
    let cases = [
        (
            "as deep as it",
            "spec:\n    maxReplicas: 9 # most\n# end\n",
            "/spec/minReplicas",
            json!(4),
            "spec:\n    maxReplicas: 9 # most\n    minReplicas: 4\n# end\n",
        ),
        (
            "without a line end",
            "spec:\n  maxReplicas: 9",
            "/spec/minReplicas",
            json!(4),
            "spec:\n  maxReplicas: 9\n  minReplicas: 4",
        ),
        (
            "with line ends of Windows",
            "spec:\r\n  maxReplicas: 9\r\n",
            "/spec/minReplicas",
            json!(4),
            "spec:\r\n  maxReplicas: 9\r\n  minReplicas: 4\r\n",
        ),
        (
            "after a list",
            "spec:\n  l:\n  - a\n  - b # c\n\nother: 1\n",
            "/spec/m",
            json!(4),
            "spec:\n  l:\n  - a\n  - b # c\n  m: 4\n\nother: 1\n",
        ),
        (
            "after lines of text",
            "spec:\n  t: |\n    a\n    b\n\n\nother: 1\n",
            "/spec/m",
            json!(4),
            "spec:\n  t: |\n    a\n    b\n  m: 4\n\n\nother: 1\n",
        ),
        (
            "after nothing",
            "spec:\n  t: # c\n",
            "/spec/m",
            json!(4),
            "spec:\n  t: # c\n  m: 4\n",
        ),
        (
            "with all on the way",
            "spec:\n  m: 4\n",
            "/spec/behavior/scaleDown/window",
            json!(60),
            "spec:\n  m: 4\n  behavior:\n    scaleDown:\n      window: 60\n",
        ),
        (
            "in brackets",
            "spec: {m: 4}\n",
            "/spec/k",
            json!(["a: b", 1]),
            "spec: {m: 4, k: [\"a: b\", 1]}\n",
        ),
        (
            "in brackets over lines",
            "spec: {\n  m: 4, # c\n  o: 5,\n}\n",
            "/spec/k",
            json!(1),
            "spec: {\n  m: 4, # c\n  o: 5, k: 1,\n}\n",
        ),
        (
            "in none",
            "spec: {} # c\n",
            "/spec/k",
            json!(1),
            "spec: # c\n  k: 1\n",
        ),
        (
            "in null",
            "spec:\n  b: ~\n  m: 1\n",
            "/spec/b/c",
            json!([]),
            "spec:\n  b:\n    c: []\n  m: 1\n",
        ),
        (
            "with dashes as the file has them",
            "spec:\n  l:\n  - a\n",
            "/spec/m",
            json!([{"a": 1, "b": ["x"]}]),
            "spec:\n  l:\n  - a\n  m:\n  - a: 1\n    b:\n    - x\n",
        ),
        (
            "with dashes indented",
            "spec:\n  l:\n    - a\n",
            "/spec/m",
            json!([["a", 1], "b"]),
            "spec:\n  l:\n    - a\n  m:\n    - - a\n      - 1\n    - b\n",
        ),
        (
            "in an item of a list",
            "spec:\n  l:\n    - a: 1 # c\n    - b: 2\n",
            "/spec/l/0/c",
            json!(3),
            "spec:\n  l:\n    - a: 1 # c\n      c: 3\n    - b: 2\n",
        ),
        (
            "with quotes where needed",
            "spec:\n  m: 1\n",
            "/spec/a~1b: c",
            json!("no"),
            "spec:\n  m: 1\n  \"a/b: c\": \"no\"\n",
        ),
    ];
    for (name, spec, path, to, wanted) in cases {
        assert_eq!(with(spec, path, to).as_deref(), Ok(wanted), "{name}");
    }
}

#[test]
fn collections_are_written_anew() {
    let cases = [
        (
            "a list",
            "spec:\n  l: # c\n  - a # gone\n  - b # gone\n  m: 1\n",
            json!(["c"]),
            "spec:\n  l: # c\n  - c\n  m: 1\n",
        ),
        (
            "an indented list",
            "spec:\n  l:\n\n    # c\n    - a: 1\n      b: 2\n\n  m: 1\n",
            json!([{"x": 1}, {"x": 2, "z": 3}]),
            "spec:\n  l:\n\n    # c\n    - x: 1\n    - x: 2\n      z: 3\n\n  m: 1\n",
        ),
        (
            "a list in brackets",
            "spec:\n  l: [a, b] # c\n",
            json!([{"x": 1}]),
            "spec:\n  l: [{x: 1}] # c\n",
        ),
        (
            "an empty list",
            "spec:\n  l: [] # c\n",
            json!([{"x": 1}]),
            "spec:\n  l: # c\n    - x: 1\n",
        ),
        (
            "a list to be empty",
            "spec:\n  l: # c\n    - x # gone\n    - y # gone\n  m: 1\n",
            json!([]),
            "spec:\n  l: [] # c\n  m: 1\n",
        ),
        (
            "a list to be a mapping",
            "spec:\n  l:\n  - x\n  m: 1\n",
            json!({"a": 1}),
            "spec:\n  l:\n    a: 1\n  m: 1\n",
        ),
        (
            "a mapping to be a list",
            "spec:\n  l:\n    a: 1\n",
            json!([1]),
            "spec:\n  l:\n    - 1\n",
        ),
        (
            "a mapping without a key",
            "spec:\n  l:\n    a: 1\n    b: 2 # gone\n  m: 1",
            json!({"b": 2}),
            "spec:\n  l:\n    b: 2\n  m: 1",
        ),
        (
            "a mapping to be a scalar",
            "spec:\n  l:\n    a: 1\n    b: 2\n",
            json!("x"),
            "spec:\n  l: x\n",
        ),
        (
            "a scalar to be a mapping",
            "spec:\n  l: x # c\n",
            json!({"a": {"b": 1}}),
            "spec:\n  l: # c\n    a:\n      b: 1\n",
        ),
        (
            "text to be a list",
            "spec:\n  l: >-\n    x\n    y\n",
            json!([1]),
            "spec:\n  l:\n    - 1\n",
        ),
    ];
    for (name, spec, to, wanted) in cases {
        assert_eq!(with(spec, "/spec/l", to).as_deref(), Ok(wanted), "{name}");
    }
}

#[test]
fn the_part_of_an_object_is_one_edit_for_each_leaf() {
    let part = json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "namespace": "b", "annotations": {"x/y": "z"}},
        "spec": {"l": [{"a": 1}], "e": {}, "n": 1}});
    let wanted = [
        edit("/metadata/annotations/x~1y", json!("z")),
        edit("/spec/e", json!({})),
        edit("/spec/l", json!([{"a": 1}])),
        edit("/spec/n", json!(1)),
    ];
    assert_eq!(Edit::all_of(&part), wanted);
}
