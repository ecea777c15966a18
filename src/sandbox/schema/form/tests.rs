use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::sandbox::schema::builtin::all;

fn schema(definition: &str) -> Schema<'static> {
    Schema::named(definition, all()).unwrap_or_else(|| panic!("{definition}"))
}

fn settled(definition: &str, mut value: Value) -> Value {
    let definition = format!("io.k8s.{definition}");
    settle(&mut value, schema(&definition), &definition);
    value
}

fn written(definition: &str, mut value: Value) -> Value {
    let definition = format!("io.k8s.{definition}");
    write(&mut value, schema(&definition), &definition);
    value
}

#[test]
fn every_word_of_the_table_names_a_field_that_exists() {
    let has = |definition: &str, field: &str| {
        let schema = Schema::named(definition, all());
        schema.is_some_and(|it| it.own(field).is_some())
    };
    let mut amiss: Vec<String> = zeros::all()
        .iter()
        .flat_map(|(definition, zeros)| zeros.names().map(move |it| (definition, it)))
        .filter(|(definition, field)| !has(definition, field))
        .map(|(definition, field)| format!("{definition}: {field}"))
        .collect();
    amiss.sort();
    assert_eq!(amiss, Vec::<String>::new());
}

#[test]
fn zeros_are_dropped_but_where_they_say_something() {
    let cases = [
        (
            "api.apps.v1.Deployment",
            json!({ "metadata": { "labels": {}, "annotations": { "a": "" }, "generation": 0 },
                "spec": { "replicas": 0, "minReadySeconds": 0, "paused": false,
                    "selector": { "matchLabels": {}, "matchExpressions": [] } } }),
            json!({ "metadata": { "annotations": { "a": "" } },
                "spec": { "replicas": 0, "selector": {} } }),
        ),
        (
            "api.core.v1.PodSpec",
            json!({ "hostNetwork": false, "automountServiceAccountToken": false, "nodeName": "",
                "volumes": [{ "name": "", "emptyDir": {} }], "tolerations": [],
                "securityContext": {}, "containers": [] }),
            json!({ "automountServiceAccountToken": false,
                "volumes": [{ "name": "", "emptyDir": {} }], "securityContext": {}, "containers": null }),
        ),
        (
            "api.core.v1.ConfigMap",
            json!({ "data": {}, "binaryData": null, "immutable": false }),
            json!({ "immutable": false }),
        ),
    ];
    for (definition, given, wanted) in cases {
        let found = written(definition, settled(definition, given));
        assert_eq!(found, wanted, "{definition}");
    }
    let empty = json!({ "policies": [], "stabilizationWindowSeconds": 0 });
    assert_eq!(
        settled("api.autoscaling.v2.HPAScalingRules", empty.clone()),
        empty
    );
}

#[test]
fn quantities_and_times_are_written_in_one_way() {
    let resources = json!({ "limits": { "cpu": 0.5, "memory": "0.5Gi", "x": true },
        "requests": { "cpu": "0.05", "memory": "no quantity" } });
    let wanted = json!({ "limits": { "cpu": "500m", "memory": "512Mi", "x": true },
        "requests": { "cpu": "50m", "memory": "no quantity" } });
    let definition = "api.core.v1.ResourceRequirements";
    assert_eq!(settled(definition, resources), wanted);
    let lease = json!({ "renewTime": "2026-05-01T12:00:00+02:00", "acquireTime": "soon" });
    let wanted = json!({ "renewTime": "2026-05-01T10:00:00.000000Z", "acquireTime": "soon" });
    assert_eq!(settled("api.coordination.v1.LeaseSpec", lease), wanted);
    let metadata = json!({ "creationTimestamp": "2026-05-01T10:00:00.9-01:00" });
    let wanted = json!({ "creationTimestamp": "2026-05-01T11:00:00Z" });
    let definition = "apimachinery.pkg.apis.meta.v1.ObjectMeta";
    assert_eq!(settled(definition, metadata), wanted);
}

#[test]
fn some_fields_are_written_with_nothing_in_them() {
    let event = written(
        "api.core.v1.Event",
        json!({ "firstTimestamp": "2026-05-01T10:00:00Z" }),
    );
    let wanted = json!({ "firstTimestamp": "2026-05-01T10:00:00Z", "lastTimestamp": null,
        "eventTime": null });
    assert_eq!(event, wanted);
    let role = written("api.rbac.v1.Role", json!({ "rules": [] }));
    assert_eq!(role, json!({ "rules": null }));
    let role = written(
        "api.rbac.v1.Role",
        json!({ "rules": [{ "resources": ["pods"] }] }),
    );
    let wanted = json!({ "rules": [{ "resources": ["pods"], "verbs": null }] });
    assert_eq!(role, wanted);
}

fn anything() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1..2).prop_map(Value::from),
        "(|0|1Gi|0\\.5|2026-05-01T10:00:00Z)".prop_map(Value::from),
    ];
    scalar.prop_recursive(6, 64, 4, |it| {
        let names = "(metadata|spec|template|containers|resources|limits|labels|status)";
        prop_oneof![
            proptest::collection::vec(it.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(names, it, 0..5)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_has_its_form_keeps_it(value in anything()) {
        let once = settled("api.apps.v1.Deployment", value);
        prop_assert_eq!(settled("api.apps.v1.Deployment", once.clone()), once.clone());
        let once = written("api.apps.v1.Deployment", once);
        prop_assert_eq!(written("api.apps.v1.Deployment", once.clone()), once);
    }
}
