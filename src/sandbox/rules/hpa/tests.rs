use proptest::prelude::*;

use super::*;
use crate::sandbox::rules::testing;

#[test]
fn autoscalers_are_judged_as_by_the_real_server() {
    testing::run(include_str!("../cases/hpa.json"));
}

fn table(text: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(text).unwrap();
    table.as_array().unwrap().clone()
}

#[test]
fn autoscalers_are_completed_and_converted_as_by_the_real_server() {
    let cases = table(include_str!("../cases/hpa_versions.json"));
    assert!(!cases.is_empty());
    for case in cases {
        let mut object = case["object"].clone();
        complete(&mut object);
        if object.get("status").is_none() {
            prepare(&mut object, None);
        }
        for version in ["v1", "v2"] {
            let found = convert::convert(&object, version);
            for part in ["spec", "status"] {
                assert_eq!(
                    found[part], case[version][part],
                    "{} in {version}",
                    case["what"]
                );
            }
            let annotations = |it: &Value| it["metadata"]["annotations"].clone();
            assert_eq!(
                annotations(&found),
                annotations(&case[version]),
                "{} in {version}",
                case["what"]
            );
        }
    }
}

#[test]
fn what_v1_has_no_fields_for_survives_it() {
    for case in table(include_str!("../cases/hpa_versions.json")) {
        let object = case["v2"].clone();
        let back = convert::convert(&convert::convert(&object, "v1"), "v2");
        assert_eq!(back["spec"]["behavior"], object["spec"]["behavior"]);
        assert_eq!(back["status"], object["status"], "{}", case["what"]);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "spec",
        "metrics",
        "type",
        "Resource",
        "resource",
        "target",
        "behavior",
        "scaleUp",
        "policies",
        "metadata",
        "annotations",
        "status",
        "currentMetrics",
        "object",
        "name",
    ];
    let word = proptest::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let key = word.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_is_judged_by_every_rule(object in any_json(), old in any_json()) {
        let kinds = [
            ("autoscaling", "HorizontalPodAutoscaler"), ("apps", "Deployment"),
            ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"),
            ("batch", "Job"), ("batch", "CronJob"), ("", "Pod"), ("", "Service"),
            ("", "ConfigMap"), ("", "Secret"), ("", "Namespace"), ("", "Node"), ("", "Event"),
            ("", "Endpoints"), ("coordination.k8s.io", "Lease"),
            ("policy", "PodDisruptionBudget"), ("rbac.authorization.k8s.io", "Role"),
            ("rbac.authorization.k8s.io", "RoleBinding"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ];
        for (group, name) in kinds {
            let kind = testing::kind(group, name, true);
            let mut new = object.clone();
            if let Some(complete) = kind.rules.complete {
                complete(&mut new);
                let once = new.clone();
                complete(&mut new);
                prop_assert_eq!(&new, &once, "{} completed twice", name);
            }
            for old in [None, Some(&old)] {
                if let Some(prepare) = kind.rules.prepare {
                    prepare(&mut new, old);
                }
                crate::sandbox::rules::metadata(&kind, &new, old);
                for check in [kind.rules.check, kind.rules.check_status].into_iter().flatten() {
                    check(&new, old);
                }
            }
            if let Some(convert) = kind.rules.convert {
                convert(&new, "v1");
                convert(&new, "v2");
            }
        }
    }
}
