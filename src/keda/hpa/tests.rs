use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn object(changes: Value) -> ScaledObject {
    let mut object = json!({
        "metadata": { "name": "orders", "namespace": "shop" },
        "spec": { "scaleTargetRef": { "name": "orders" } },
    });
    json_patch::merge(&mut object, &changes);
    ScaledObject::read(&object).unwrap()
}

fn external(name: &str) -> HpaMetric {
    HpaMetric {
        source: MetricSource::External {
            name: name.to_owned(),
        },
        target: MetricTarget::AverageValue { milli: 5000 },
    }
}

fn cpu(container: Option<&str>) -> HpaMetric {
    let resource = "cpu".to_owned();
    let source = match container {
        Some(container) => MetricSource::ContainerResource {
            resource,
            container: container.to_owned(),
        },
        None => MetricSource::Resource { resource },
    };
    HpaMetric {
        source,
        target: MetricTarget::Utilization { percent: 60 },
    }
}

fn kinds(hpa: &GeneratedHpa) -> Vec<&'static str> {
    hpa.spec.metrics.iter().map(|it| it.source.kind()).collect()
}

#[test]
fn bounds_come_from_the_object_and_idle_does_not() {
    let table = [
        (json!({}), (1, 100)),
        (
            json!({ "minReplicaCount": 0, "maxReplicaCount": 7 }),
            (1, 7),
        ),
        (
            json!({ "minReplicaCount": 3, "idleReplicaCount": 1 }),
            (3, 100),
        ),
    ];
    for (spec, expected) in table {
        let object = object(json!({ "spec": spec }));
        let hpa = generate(&object, vec![external("s0-kafka")], "2.20.2").unwrap();
        let found = (hpa.spec.min_replicas, hpa.spec.max_replicas);
        assert_eq!(found, expected, "{spec}");
    }
}

#[test]
fn metrics_are_sorted_by_source_and_stay_in_the_order_of_triggers() {
    let metrics = vec![
        cpu(None),
        external("s1-b"),
        cpu(Some("main")),
        external("s0-a"),
    ];
    let hpa = generate(&object(json!({})), metrics, "v").unwrap();
    assert_eq!(
        kinds(&hpa),
        ["ContainerResource", "External", "External", "Resource"]
    );
    assert_eq!(hpa.spec.metrics[1], external("s1-b"));
    assert_eq!(hpa.status.external_metrics, ["s1-b", "s0-a"]);
    assert_eq!(hpa.status.resource_metrics, ["cpu"]);
}

#[test]
fn a_formula_replaces_external_metrics_and_drops_those_of_containers() {
    let modifiers = json!({ "formula": "a", "target": "2.5", "metricType": "Value" });
    let object = object(json!({ "spec": { "advanced": { "scalingModifiers": modifiers } } }));
    let metrics = vec![external("s0-a"), cpu(Some("main")), cpu(None)];
    let hpa = generate(&object, metrics, "v").unwrap();
    let composite = HpaMetric {
        source: MetricSource::External {
            name: "composite-metric".to_owned(),
        },
        target: MetricTarget::Value { milli: 2500 },
    };
    assert_eq!(hpa.spec.metrics, [composite, cpu(None)]);
    assert_eq!(hpa.status.external_metrics, ["s0-a"]);
    assert_eq!(
        hpa.status.composite_scaler.as_deref(),
        Some("composite-metric")
    );
}

#[test]
fn no_hpa_is_made_without_metrics_or_with_two_of_one_name() {
    let plain = object(json!({}));
    let path = FieldPath::of("spec.triggers");
    assert_eq!(
        generate(&plain, Vec::new(), "v"),
        Err(NoHpa::NoMetric { path })
    );
    let name = "s0-a".to_owned();
    let double = generate(&plain, vec![external("s0-a"), external("s0-a")], "v");
    assert_eq!(double, Err(NoHpa::DoubleMetric { name }));
    let modifiers = json!({ "scalingModifiers": { "formula": "a", "target": "ten" } });
    let object = object(json!({ "spec": { "advanced": modifiers } }));
    let found = generate(&object, vec![external("s0-a")], "v");
    assert!(matches!(found, Err(NoHpa::BadTarget { .. })), "{found:?}");
}

#[test]
fn labels_of_the_object_beat_ours_except_the_excluded() {
    let object = object(json!({ "metadata": {
        "labels": {
            "team": "shop", "app.kubernetes.io/version": "7", "secret": "x", "spaced": "y",
        },
        "annotations": { "scaledobject.keda.sh/hpa-excluded-labels": "secret, spaced" },
    }}));
    let hpa = generate(&object, vec![external("s0-a")], "2.20.2").unwrap();
    let found: Vec<_> = hpa
        .labels
        .iter()
        .map(|it| (it.0.as_str(), it.1.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("app.kubernetes.io/managed-by", "keda-operator"),
            ("app.kubernetes.io/name", "keda-hpa-orders"),
            ("app.kubernetes.io/part-of", "orders"),
            ("app.kubernetes.io/version", "7"),
            ("spaced", "y"),
            ("team", "shop"),
        ]
    );
}

#[test]
fn held_directions_override_the_policy_and_nothing_else() {
    let behavior = json!({ "scaleDown": {
        "selectPolicy": "Min", "stabilizationWindowSeconds": 60, "policies": [],
    }});
    let object = object(json!({
        "metadata": { "annotations": {
            "autoscaling.keda.sh/paused-scale-in": "yes",
            "autoscaling.keda.sh/paused-scale-out": "",
        }},
        "spec": { "advanced": { "horizontalPodAutoscalerConfig": { "behavior": behavior } } },
    }));
    let hpa = generate(&object, vec![external("s0-a")], "v").unwrap();
    let expected = json!({
        "scaleDown": {
            "selectPolicy": "Disabled", "stabilizationWindowSeconds": 60, "policies": [],
        },
        "scaleUp": { "selectPolicy": "Disabled" },
    });
    assert_eq!(hpa.spec.behavior, Some(expected));
}

#[test]
fn the_behavior_of_a_paused_object_is_the_one_that_comes_back() {
    let object = object(json!({ "metadata": { "annotations": {
        "autoscaling.keda.sh/paused": "true",
        "autoscaling.keda.sh/paused-scale-in": "true",
    }}}));
    let hpa = generate(&object, vec![external("s0-a")], "v").unwrap();
    assert_eq!(hpa.spec.behavior, None);
}

#[test]
fn rendered_metrics_are_those_of_the_api() {
    let hpa = generate(
        &object(json!({})),
        vec![external("s0-a"), cpu(Some("main"))],
        "v",
    )
    .unwrap();
    let rendered = hpa.to_json();
    assert_eq!(
        rendered["spec"]["metrics"],
        json!([
            {
                "type": "ContainerResource",
                "containerResource": {
                    "name": "cpu",
                    "container": "main",
                    "target": { "type": "Utilization", "averageUtilization": 60 },
                },
            },
            {
                "type": "External",
                "external": {
                    "metric": {
                        "name": "s0-a",
                        "selector": { "matchLabels": { "scaledobject.keda.sh/name": "orders" } },
                    },
                    "target": { "type": "AverageValue", "averageValue": "5000m" },
                },
            },
        ])
    );
}

#[test]
fn targets_of_formulas_are_cut_to_thousandths() {
    let table = [
        ("2.5", Some(2500)),
        ("1e3", Some(1_000_000)),
        ("0.0019", Some(1)),
        ("0.0625", Some(62)),
        ("inf", None),
        ("1e300", None),
        ("1e999", None),
        ("-1", None),
        ("ten", None),
    ];
    for (text, expected) in table {
        assert_eq!(milli(text), expected, "{text}");
    }
}

#[test]
fn a_type_that_is_not_known_is_passed_on() {
    let rendered = |metric: HpaMetric| {
        let hpa = generate(&object(json!({})), vec![metric], "v").unwrap();
        hpa.to_json()["spec"]["metrics"][0]["external"]["target"].clone()
    };
    let of_trigger = HpaMetric {
        target: MetricTarget::Unknown {
            metric_type: "value".to_owned(),
            milli: Some(5000),
        },
        ..external("s0-a")
    };
    assert_eq!(
        rendered(of_trigger),
        json!({ "type": "value", "value": "5000m" })
    );
    let with = |metric_type: &str| {
        object(json!({ "spec": { "advanced": { "scalingModifiers": {
            "formula": "a", "target": "2", "metricType": metric_type } } } }))
    };
    let hpa = generate(&with("Total"), vec![external("s0-a")], "v").unwrap();
    let target = &hpa.to_json()["spec"]["metrics"][0]["external"]["target"];
    assert_eq!(*target, json!({ "type": "Total" }));
    let refused = generate(&with("Utilization"), vec![external("s0-a")], "v").unwrap_err();
    assert!(matches!(refused, NoHpa::Utilization { .. }), "{refused}");
}

proptest! {
    #[test]
    fn the_name_label_is_a_label_and_a_beginning_of_the_name(name in "[a-z0-9.-]{0,90}|\\PC{0,90}") {
        let label = label_of(&name);
        prop_assert!(name.starts_with(label));
        prop_assert!(label.len() <= 63 || name.len() <= 63);
        let ends_well = label.ends_with(|it: char| it.is_ascii_alphanumeric());
        prop_assert!(label.is_empty() || ends_well || label == name);
    }
}
