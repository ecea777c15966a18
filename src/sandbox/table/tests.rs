use super::*;

fn version(columns: Vec<Column>) -> Version {
    Version {
        name: "v1".to_owned(),
        is_served: true,
        is_stored: true,
        definition: String::new(),
        definitions: Arc::default(),
        has_status: false,
        scale: None,
        columns,
        deprecation: None,
    }
}

fn shown_by(columns: Vec<Column>, object: &Value, include: Include) -> Value {
    let now = "2026-01-01T02:00:00Z".parse().unwrap();
    table(&version(columns), &[Arc::new(object.clone())], include, now)
}

fn object() -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Thing",
        "metadata": { "name": "x", "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "text": "a", "whole": 7, "part": 1.5, "yes": true, "none": null, "list": [1, "b"],
            "date": "2026-01-01T01:59:30Z" },
    })
}

#[test]
fn custom_resources_show_their_name_and_age() {
    let table = shown_by(vec![], &object(), Include::Nothing);
    let names = |it: &Value| it["name"].as_str().unwrap().to_owned();
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    assert_eq!(columns.map(names).collect::<Vec<_>>(), ["Name", "Age"]);
    assert_eq!(
        table["rows"],
        json!([{ "cells": ["x", "120m"], "object": null }])
    );
}

#[test]
fn declared_columns_follow_the_name_and_show_what_fits_their_type() {
    let cell = |kind: &str, path: &str| {
        let columns = vec![column("C", kind, "", "", path)];
        let table = shown_by(columns, &object(), Include::Nothing);
        assert_eq!(table["columnDefinitions"][0]["format"], "name");
        table["rows"][0]["cells"][1].clone()
    };
    for (kind, path, expected) in [
        ("string", ".spec.text", json!("a")),
        ("string", ".spec.whole", json!("7")),
        ("string", ".spec.yes", json!("true")),
        ("string", ".spec.list", json!("[1,\"b\"]")),
        ("string", ".spec.none", json!("<no value>")),
        ("string", ".spec.missing", json!(null)),
        ("integer", ".spec.whole", json!(7)),
        ("integer", ".spec.part", json!(1)),
        ("integer", ".spec.text", json!(null)),
        ("number", ".spec.part", json!(1.5)),
        ("number", ".spec.yes", json!(null)),
        ("boolean", ".spec.yes", json!(true)),
        ("boolean", ".spec.whole", json!(null)),
        ("date", ".spec.date", json!("30s")),
        ("date", ".spec.text", json!("<invalid>")),
        ("date", ".spec.whole", json!(null)),
    ] {
        assert_eq!(cell(kind, path), expected, "{kind} {path}");
    }
}

#[test]
fn columns_end_before_one_whose_path_cannot_be_read() {
    let column = |path: &str| column("C", "string", "", "", path);
    let columns = vec![
        column(".spec.text"),
        column(".spec[\"a\"]"),
        column(".spec.text"),
    ];
    let table = shown_by(columns, &object(), Include::Nothing);
    assert_eq!(table["rows"][0]["cells"], json!(["x", "a"]));
    let description = table["columnDefinitions"][1]["description"].as_str();
    let expected = "Custom resource definition column (in JSONPath format): .spec.text";
    assert_eq!(description, Some(expected));
}

#[test]
fn rows_carry_as_much_of_their_object_as_was_asked_for() {
    let object = object();
    let carried = |include| shown_by(vec![], &object, include)["rows"][0]["object"].clone();
    assert_eq!(carried(Include::Nothing), Value::Null);
    assert_eq!(carried(Include::Object), object);
    let metadata = json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"] });
    assert_eq!(carried(Include::default()), metadata);
}

#[test]
fn pods_that_have_ended_say_so() {
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "status": { "phase": "Failed" } });
    let table = shown_by(
        crate::sandbox::columns::of("", "v1", "Pod"),
        &pod,
        Include::Nothing,
    );
    let condition = &table["rows"][0]["conditions"][0];
    assert_eq!(
        (&condition["type"], &condition["reason"]),
        (&json!("Completed"), &json!("Failed"))
    );
}
