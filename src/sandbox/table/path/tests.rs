use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object() -> Value {
    json!({
        "metadata": { "annotations": { "a.b/c": "note" } },
        "spec": {
            "a": "x", "list": ["p", "q", 3], "map": { "y": 1, "x": "two" }, "none": null, "f": 1.5,
            "conds": [
                { "type": "Other", "status": "No", "n": 1, "sub": { "x": "1" } },
                { "type": "Ready", "status": "True", "n": 2, "ok": true },
                { "type": "Third)", "n": 3 },
            ],
        },
    })
}

/// All of these were tried on a server.
#[test]
fn paths_lead_where_the_server_finds_them() {
    for (path, expected) in [
        (".spec.a", json!("x")),
        ("..type", json!("Other")),
        (".spec..type", json!("Other")),
        (".spec.list[0]", json!("p")),
        (".spec.list[*]", json!("p")),
        (".spec.list[-1]", json!(3)),
        (".spec.list[1:]", json!("q")),
        (".spec.list[0:2]", json!("p")),
        (".spec.list[:1]", json!("p")),
        (".spec.list[::2]", json!("p")),
        (".spec.list[-2:]", json!("q")),
        (".spec.list[1,0]", json!("q")),
        (".spec.none", json!(null)),
        (".spec.map.*", json!("two")),
        (".spec.map['x']", json!("two")),
        (".spec.map['y','x']", json!(1)),
        (".metadata.annotations.a\\.b/c", json!("note")),
        (".spec.conds[*].sub.x", json!("1")),
        (".spec.conds[0,2].n", json!(1)),
        (".spec.conds[-1:].n", json!(3)),
        (".spec.conds[?(@.type==\"Ready\")].status", json!("True")),
        (".spec.conds[?(@.type=='Ready')].status", json!("True")),
        (".spec.conds[?(@.type=='Third)')].n", json!(3)),
        (".spec.conds[?(@.type!=\"Other\")].n", json!(2)),
        (".spec.conds[?(@.type>\"P\")].n", json!(2)),
        (".spec.conds[?(@.type==@.type)].n", json!(1)),
        (".spec.conds[?(@.n>1)].n", json!(2)),
        (".spec.conds[?(@.n>=3)].n", json!(3)),
        (".spec.conds[?(@.n<2)].n", json!(1)),
        (".spec.conds[?(@.n<=2)].n", json!(1)),
        (".spec.conds[?(2==@.n)].n", json!(2)),
        (".spec.conds[?(@.ok==true)].n", json!(2)),
        (".spec.conds[?(@.ok)].n", json!(2)),
        (".spec.conds[?(@.sub.x==\"1\")].n", json!(1)),
    ] {
        let path_read = Path::parse(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(path_read.first(&object()), Some(&expected), "{path}");
    }
}

#[test]
fn paths_that_lead_nowhere_find_nothing() {
    for path in [
        ".",
        ".none",
        ".spec.a.b",
        ".spec.a[0]",
        ".spec.list[7]",
        ".spec.list[-9]",
        ".spec.list[2:1]",
        ".spec.list[::0]",
        ".spec.list.0",
        ".spec.conds.type",
        ".metadata.annotations['a.b/c']",
        ".spec.conds[?(@.type==\"None\")].status",
        ".spec.conds[?(@.type==1)].status",
        ".spec.conds[?(@.n==1.0)].status",
        ".spec.conds[?(@.none>1)].status",
        ".spec.map[?(@.x)]",
    ] {
        let path_read = Path::parse(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(path_read.first(&object()), None, "{path}");
    }
}

#[test]
fn what_is_no_path_is_none() {
    for path in [
        ".a[",
        ".a[x]",
        ".a[\"x\"]",
        ".a[1:2:3:4]",
        ".a[?(@.b==1)",
        ".a[?(@.b=~1)]",
        ".a[?(@.b==\"1)]",
        "....a",
        ".a[9223372036854775807]",
        "a",
        "{.a}",
    ] {
        assert_eq!(Path::parse(path), None, "{path}");
    }
}

proptest! {
    #[test]
    fn no_path_panics(text in "(\\.|\\.\\.|a|spec|list|\\*|\\[|\\]|\\?|\\(|\\)|@|=|<|'|\"|-?[0-9]|:|,|\\\\|é){0,14}") {
        if let Some(path) = Path::parse(&text) {
            let _ = path.first(&object());
        }
    }
}
