use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode::decode_error;
use super::*;
use crate::sandbox::schema::{Definitions, builtin};

/// The messages for one field `x` of the schema, as one text.
fn of(schema: Value, value: Value) -> String {
    let schema = json!({ "type": "object", "properties": { "x": schema } });
    let found = check(
        &json!({ "x": value }),
        Schema::of(&schema, &Definitions::new()),
    );
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

#[test]
fn scalars_are_checked_in_the_words_of_the_api_server() {
    let int32 = || json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 10 });
    let strict = || {
        json!({ "type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 10,
            "exclusiveMaximum": true, "multipleOf": 3 })
    };
    let text = || json!({ "type": "string", "minLength": 2, "maxLength": 5, "pattern": "^a+$" });
    let cases = [
        (
            json!({ "type": "integer" }),
            json!("x"),
            "x: Invalid value: \"string\": x in body must be of type integer: \"string\"",
        ),
        (json!({ "type": "integer" }), json!(1.0), ""),
        (
            json!({ "type": "integer" }),
            json!(1.5),
            "x: Invalid value: \"number\": x in body must be of type integer: \"number\"; <nil>: Invalid value: \"\": Checked value must be of type integer (default format) in x",
        ),
        (
            json!({ "type": "integer" }),
            json!(null),
            "x: Invalid value: \"null\": x in body must be of type integer: \"null\"",
        ),
        (
            json!({ "type": "string", "nullable": true }),
            json!(null),
            "",
        ),
        (
            int32(),
            json!(0),
            "x: Invalid value: 0: x in body should be greater than or equal to 1",
        ),
        (
            int32(),
            json!(11),
            "x: Invalid value: 11: x in body should be less than or equal to 10",
        ),
        (
            int32(),
            json!(4_294_967_296_i64),
            "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in x; x: Invalid value: 4294967296: x in body should be less than or equal to 10",
        ),
        (
            strict(),
            json!(1),
            "x: Invalid value: 1: x in body should be a multiple of 3; x: Invalid value: 1: x in body should be greater than 1",
        ),
        (
            strict(),
            json!(10),
            "x: Invalid value: 10: x in body should be a multiple of 3; x: Invalid value: 10: x in body should be less than 10",
        ),
        (
            json!({ "type": "number", "minimum": 0.5 }),
            json!(0.1),
            "x: Invalid value: 0.1: x in body should be greater than or equal to 0.5",
        ),
        (
            text(),
            json!("b"),
            "x: Invalid value: \"b\": x in body should be at least 2 chars long",
        ),
        (
            text(),
            json!("aaaaaa"),
            "x: Too long: may not be more than 5 bytes",
        ),
        (
            text(),
            json!("bbb"),
            "x: Invalid value: \"bbb\": x in body should match '^a+$'",
        ),
        (
            json!({ "type": "string", "enum": ["A", "B"] }),
            json!("C"),
            "x: Unsupported value: \"C\": supported values: \"A\", \"B\"",
        ),
        (
            json!({ "type": "integer", "enum": [1, 2] }),
            json!(5),
            "x: Unsupported value: 5: supported values: \"1\", \"2\"",
        ),
        (
            json!({ "type": "string", "format": "ipv4" }),
            json!("1.2"),
            "x: Invalid value: \"1.2\": x in body must be of type ipv4: \"1.2\"",
        ),
        (
            json!({ "x-kubernetes-int-or-string": true }),
            json!("50%"),
            "",
        ),
        (
            json!({ "x-kubernetes-int-or-string": true }),
            json!(true),
            "x: Invalid value: \"boolean\": x in body must be of type integer,string: \"boolean\"",
        ),
    ];
    for (schema, value, wanted) in cases {
        assert_eq!(
            of(schema.clone(), value.clone()),
            wanted,
            "{schema} {value}"
        );
    }
}

#[test]
fn lists_and_objects_are_checked_in_the_words_of_the_api_server() {
    let list =
        || json!({ "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "string" } });
    let map = json!({ "type": "array", "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"], "items": { "type": "object",
        "required": ["k"], "properties": { "k": { "type": "string" } } } });
    let set = json!({ "type": "array", "x-kubernetes-list-type": "set" });
    let object = || {
        json!({ "type": "object", "minProperties": 1, "maxProperties": 2,
        "additionalProperties": { "type": "integer" } })
    };
    let cases = [
        (
            list(),
            json!([]),
            "x: Invalid value: 0: x in body should have at least 1 items",
        ),
        (
            list(),
            json!(["a", "b", "c"]),
            "x: Too many: 3: must have at most 2 items",
        ),
        (
            list(),
            json!([1]),
            "x[0]: Invalid value: \"integer\": x[0] in body must be of type string: \"integer\"",
        ),
        (
            set,
            json!(["a", "b", "a", "a"]),
            "x[2]: Duplicate value: \"a\"",
        ),
        (
            map.clone(),
            json!([{ "k": "a" }, { "k": "a" }]),
            "x[1]: Duplicate value: {\"k\":\"a\"}",
        ),
        (map, json!([{}]), "x[0].k: Required value"),
        (
            object(),
            json!({}),
            "x: Invalid value: 0: x in body should have at least 1 properties",
        ),
        (
            object(),
            json!({ "a": 1, "b": 2, "c": 3 }),
            "x: Too many: 3: must have at most 2 items",
        ),
        (
            object(),
            json!({ "a": "x" }),
            "x.a: Invalid value: \"string\": x.a in body must be of type integer: \"string\"",
        ),
        (
            json!({ "type": "object", "x-kubernetes-embedded-resource": true }),
            json!({}),
            "x.apiVersion: Required value; x.kind: Required value",
        ),
    ];
    for (schema, value, wanted) in cases {
        assert_eq!(
            of(schema.clone(), value.clone()),
            wanted,
            "{schema} {value}"
        );
    }
}

#[test]
fn combined_schemas_say_how_they_combine() {
    let with = |keyword: &str| json!({ "type": "object", keyword: [{ "required": ["a"] }, { "required": ["b"] }] });
    let cases = [
        (
            with("oneOf"),
            json!({}),
            "<nil>: Invalid value: \"\": \"x\" must validate one and only one schema (oneOf). Found none valid; x.a: Required value",
        ),
        (
            with("oneOf"),
            json!({ "a": 1, "b": 1 }),
            "<nil>: Invalid value: \"\": \"x\" must validate one and only one schema (oneOf). Found 2 valid alternatives",
        ),
        (with("oneOf"), json!({ "a": 1 }), ""),
        (
            with("anyOf"),
            json!({}),
            "<nil>: Invalid value: \"\": \"x\" must validate at least one schema (anyOf); x.a: Required value",
        ),
        (with("anyOf"), json!({ "b": 1 }), ""),
        (
            with("allOf"),
            json!({}),
            "x.a: Required value; x.b: Required value; <nil>: Invalid value: \"\": \"x\" must validate all the schemas (allOf). None validated",
        ),
        (with("allOf"), json!({ "a": 1, "b": 1 }), ""),
        (
            json!({ "not": { "required": ["a"] } }),
            json!({ "a": 1 }),
            "<nil>: Invalid value: \"\": \"x\" must not validate the schema (not)",
        ),
    ];
    for (schema, value, wanted) in cases {
        assert_eq!(
            of(schema.clone(), value.clone()),
            wanted,
            "{schema} {value}"
        );
    }
}

/// Why an HPA cannot be read.
fn unread(hpa: Value) -> Option<String> {
    let definitions = builtin::definitions();
    let name = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler";
    decode_error(&hpa, Schema::named(name, &definitions).unwrap())
}

#[test]
fn built_in_objects_that_cannot_be_read_are_told_as_the_decoder_does() {
    let into = |found: &str, place: &str, wanted: &str| {
        format!("json: cannot unmarshal {found} into Go struct field {place} of type {wanted}")
    };
    let spec = "HorizontalPodAutoscalerSpec.spec";
    let quantity =
        json!({ "spec": { "metrics": [{ "resource": { "target": { "averageValue": "abc" } } }] } });
    let cases = [
        (json!({ "spec": { "maxReplicas": "x" } }), into("string", &format!("{spec}.maxReplicas"), "int32")),
        (json!({ "spec": { "maxReplicas": 1.5 } }), into("number 1.5", &format!("{spec}.maxReplicas"), "int32")),
        (json!({ "spec": { "maxReplicas": 5_000_000_000_i64 } }), into("number 5000000000", &format!("{spec}.maxReplicas"), "int32")),
        (json!({ "spec": { "metrics": {} } }), into("object", &format!("{spec}.metrics"), "[]v2.MetricSpec")),
        (json!({ "spec": { "metrics": ["x"] } }), into("string", &format!("{spec}.metrics"), "v2.MetricSpec")),
        (json!({ "spec": { "scaleTargetRef": { "kind": 5 } } }), into("number", "CrossVersionObjectReference.spec.scaleTargetRef.kind", "string")),
        (json!({ "spec": [] }), into("array", "HorizontalPodAutoscaler.spec", "v2.HorizontalPodAutoscalerSpec")),
        (json!({ "metadata": { "labels": { "a": 1 } } }), into("number", "ObjectMeta.metadata.labels", "string")),
        (json!({ "metadata": { "labels": "x" } }), into("string", "ObjectMeta.metadata.labels", "map[string]string")),
        (json!({ "metadata": { "creationTimestamp": 5 } }), into("number", "ObjectMeta.metadata.creationTimestamp", "string")),
        (json!({ "metadata": { "creationTimestamp": "x" } }), "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"".to_owned()),
        (quantity, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".to_owned()),
    ];
    for (given, wanted) in cases {
        assert_eq!(unread(given.clone()), Some(wanted), "{given}");
    }
    assert_eq!(
        unread(json!({ "spec": { "maxReplicas": 3, "minReplicas": null } })),
        None
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let field = "spec|metrics|type|metadata|labels|x|limits|template";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(field, inner, 0..4)
                .prop_map(|it| it.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_is_too_odd_to_be_checked(value in any_json(), text in "\\PC{0,12}") {
        let definitions = builtin::definitions();
        for name in ["io.k8s.api.apps.v1.Deployment", "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler"] {
            let schema = Schema::named(name, &definitions).unwrap();
            check(&value, schema);
            decode_error(&value, schema);
        }
        for form in ["date-time", "duration", "byte", "cidr", "uri", "email", "hostname"] {
            format::is(&text, form);
        }
        // What is wrong does not depend on how the object was written down.
        let schema = json!({ "type": "object", "required": ["spec"] });
        let schema = Schema::of(&schema, &definitions);
        let again: Value = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(check(&value, schema), check(&again, schema));
    }
}
