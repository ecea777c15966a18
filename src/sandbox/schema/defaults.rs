//! Values that a schema gives to what was left out.

use serde_json::{Map, Value};

use super::Schema;

/// Fills in the defaults, also within what they brought. A null counts as left out where the schema
/// does not allow one: it gives way to the default, or goes.
pub(crate) fn fill(value: &mut Value, schema: Schema<'_>) {
    match value {
        Value::Object(object) => fill_object(object, schema),
        Value::Array(items) => {
            if let Some(schema) = schema.items() {
                items.iter_mut().for_each(|it| fill(it, schema));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fill_object(object: &mut Map<String, Value>, schema: Schema<'_>) {
    object.retain(|name, it| !it.is_null() || schema.field(name).is_none_or(|it| it.is_nullable()));
    for (name, field) in schema.fields() {
        let default = || field.keyword("default").filter(|it| !it.is_null());
        if !object.contains_key(name)
            && let Some(default) = default()
        {
            object.insert(name.to_owned(), default.clone());
        }
    }
    for (name, it) in object.iter_mut() {
        if let Some(field) = schema.field(name) {
            fill(it, field);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sandbox::schema::{Definitions, builtin};

    fn filled(mut value: Value, schema: &Value) -> Value {
        fill(&mut value, Schema::of(schema, &Definitions::new()));
        value
    }

    fn schema() -> Value {
        json!({ "type": "object", "properties": {
            "one": { "type": "integer", "default": 1 },
            "deep": { "type": "object", "default": {}, "properties": {
                "two": { "type": "integer", "default": 2 } } },
            "null": { "type": "string", "nullable": true, "default": "x" },
            "list": { "type": "array", "items": { "type": "object", "properties": {
                "three": { "type": "integer", "default": 3 } } } },
            "map": { "type": "object", "additionalProperties": {
                "type": "object", "properties": { "four": { "type": "integer", "default": 4 } } } },
            "open": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        } })
    }

    #[test]
    fn what_was_left_out_gets_its_default_at_every_depth() {
        let cases = [
            (
                json!({}),
                json!({ "one": 1, "deep": { "two": 2 }, "null": "x" }),
            ),
            (
                json!({ "one": null, "deep": null, "null": null, "open": { "a": null } }),
                json!({ "one": 1, "deep": { "two": 2 }, "null": null, "open": { "a": null } }),
            ),
            (
                json!({ "one": 7, "deep": { "two": 8 }, "null": "y", "list": [{}, { "three": 9 }], "map": { "a": {}, "b": null } }),
                json!({ "one": 7, "deep": { "two": 8 }, "null": "y", "list": [{ "three": 3 }, { "three": 9 }], "map": { "a": { "four": 4 } } }),
            ),
            (json!("no object"), json!("no object")),
        ];
        for (given, wanted) in cases {
            assert_eq!(filled(given, &schema()), wanted);
        }
    }

    #[test]
    fn a_deployment_gets_what_the_api_server_gives_it() {
        let mut deployment = json!({ "metadata": { "name": "web" }, "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "spec": { "containers": [{
                "name": "web", "image": "web:1", "ports": [{ "containerPort": 80 }],
                "livenessProbe": { "httpGet": { "port": 80 } },
            }] } },
        } });
        let definitions = builtin::definitions();
        let schema = Schema::named("io.k8s.api.apps.v1.Deployment", &definitions).unwrap();
        fill(&mut deployment, schema);
        let wanted = json!({ "metadata": { "name": "web" }, "status": {}, "spec": {
            "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
            "strategy": { "type": "RollingUpdate" },
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": {}, "spec": {
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst",
                "schedulerName": "default-scheduler",
                "containers": [{
                    "name": "web", "image": "web:1", "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "ports": [{ "containerPort": 80, "protocol": "TCP" }],
                    "livenessProbe": {
                        "httpGet": { "port": 80, "path": "/", "scheme": "HTTP" },
                        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
                        "failureThreshold": 3,
                    },
                }],
            } },
        } });
        assert_eq!(deployment, wanted);
    }

    proptest! {
        #[test]
        fn filling_twice_is_filling_once(one in proptest::option::of(0..5), two in any::<bool>()) {
            let mut given = json!({ "one": one, "list": [{}] });
            if two {
                given["deep"] = json!({ "other": [1, null] });
            }
            let once = filled(given, &schema());
            prop_assert_eq!(filled(once.clone(), &schema()), once);
        }
    }
}
