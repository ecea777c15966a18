use super::*;
use serde_json::json;

use crate::analysis::settings::Settings;
use crate::autoscaler::behavior::Policies;
use crate::lifecycle::settings::{diff, live};
use crate::schedule::Plan;

fn read(hpa: Value) -> Result<Autoscaler, ConvertError> {
    autoscaler(&serde_json::from_value(hpa).unwrap())
}

fn hpa(spec: Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
}

fn target() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"})
}

#[test]
fn what_an_hpa_leaves_out_is_as_the_api_defaults_it() {
    let read = read(hpa(json!({"scaleTargetRef": target(), "maxReplicas": 9}))).unwrap();
    assert_eq!((read.min, read.max), (Replicas(1), Replicas(9)));
    assert_eq!(read.cpu_target().unwrap().percent, 80);
    assert_eq!(read.behavior, None);
    assert_eq!(read.status, Status::default());
    assert_eq!(read.id.to_string(), "hpa/web in namespace shop");
    assert_eq!(read.target.to_string(), "Deployment/web");
}

#[test]
fn every_kind_of_metric_is_read_in_order() {
    let name = |name: &str| json!({"name": name});
    let read = read(hpa(
        json!({"scaleTargetRef": target(), "maxReplicas": 9, "metrics": [
            {"type": "Resource", "resource": {"name": "memory",
                "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app",
                "target": {"type": "Utilization", "averageUtilization": 60}}},
            {"type": "Pods", "pods": {"metric": name("rps"),
                "target": {"type": "AverageValue", "averageValue": "1k"}}},
            {"type": "Object", "object": {"metric": name("hits"), "describedObject":
                {"kind": "Ingress", "name": "front"}, "target": {"type": "Value", "value": "10"}}},
            {"type": "External", "external": {"metric": name("lag"),
                "target": {"type": "Value", "value": "500m"}}},
        ]}),
    ))
    .unwrap();
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    let expected = [
        Metric::Resource {
            resource: Resource::Memory,
            target: Target::AverageValue(quantity("1Gi")),
        },
        Metric::ContainerResource {
            resource: Resource::Cpu,
            container: "app".to_owned(),
            target: Target::Utilization(60),
        },
        Metric::Pods {
            name: "rps".to_owned(),
            target: Target::AverageValue(quantity("1k")),
        },
        Metric::Object {
            name: "hits".to_owned(),
            described: "Ingress/front".to_owned(),
            target: Target::Value(quantity("10")),
        },
        Metric::External {
            name: "lag".to_owned(),
            target: Target::Value(quantity("500m")),
        },
    ];
    assert_eq!(read.metrics, expected);
}

#[test]
fn behavior_keeps_what_is_said_apart_from_what_is_not() {
    let read = read(hpa(json!({"scaleTargetRef": target(), "maxReplicas": 9, "behavior": {
        "scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": "Min", "tolerance": "50m",
            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60},
                {"type": "Percent", "value": 10, "periodSeconds": 15}]},
    }})))
    .unwrap();
    let policy = |amount, period_seconds| Policy {
        amount,
        period_seconds,
    };
    let down = Rules {
        window_seconds: Some(0),
        select: Some(Select::Min),
        policies: Some(vec![
            policy(Amount::Pods(2), 60),
            policy(Amount::Percent(10), 15),
        ]),
        tolerance: Some("0.05".parse().unwrap()),
    };
    let expected = Behavior {
        scale_up: None,
        scale_down: Some(down),
    };
    assert_eq!(read.behavior, Some(expected));
}

#[test]
fn status_and_owner_are_read() {
    let read = read(json!({
        "metadata": {"name": "keda-hpa-orders", "namespace": "shop", "ownerReferences": [
            {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "orders",
                "uid": "1", "controller": true}]},
        "spec": {"scaleTargetRef": target(), "maxReplicas": 9, "minReplicas": 2},
        "status": {"currentReplicas": 3, "desiredReplicas": 4,
            "lastScaleTime": "2026-11-01T00:00:00Z",
            "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu",
                "current": {"averageValue": "125m", "averageUtilization": 50}}}],
            "conditions": [{"type": "ScalingActive", "status": "False",
                "reason": "FailedGetResourceMetric", "message": "no metrics"}]},
    }))
    .unwrap();
    assert_eq!(read.owner.as_deref(), Some("ScaledObject/orders"));
    let condition = Condition {
        kind: "ScalingActive".to_owned(),
        holds: Holds::No,
        reason: "FailedGetResourceMetric".to_owned(),
        message: "no metrics".to_owned(),
        since: None,
    };
    let expected = Status {
        current: Some(Replicas(3)),
        desired: Some(Replicas(4)),
        last_scale: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        conditions: vec![condition],
        cpu_per_pod: Some(Cores(0.125)),
    };
    assert_eq!(read.status, expected);
}

#[test]
fn what_cannot_be_read_is_named() {
    let metric = |metric: Value| {
        hpa(json!({"scaleTargetRef": target(), "maxReplicas": 9, "metrics": [metric]}))
    };
    let cases = [
        (json!({"metadata": {"name": "web"}}), "hpa/web has no spec"),
        (
            metric(json!({"type": "Psychic"})),
            "hpa/web has metric type `Psychic`, which is not known",
        ),
        (
            metric(json!({"type": "Pods"})),
            "hpa/web has no source for one of its metrics",
        ),
        (
            metric(json!({"type": "Pods", "pods": {"metric": {"name": "rps"},
                "target": {"type": "AverageValue", "averageValue": "many"}}})),
            "hpa/web has `averageValue` that is not a quantity",
        ),
    ];
    for (hpa, message) in cases {
        assert_eq!(read(hpa).unwrap_err().to_string(), message);
    }
}

/// What a change is compared with and what it was reckoned from must be the same.
#[test]
fn settings_read_of_an_object_are_those_read_of_the_autoscaler() {
    let cpu = |target: Value| {
        json!({"type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": "app", "target": target}})
    };
    let queue = json!({"type": "External", "external": {"metric": {"name": "cpu"},
        "target": {"type": "AverageValue", "averageValue": "1500m"}}});
    let policy = json!({"type": "Pods", "value": 1, "periodSeconds": 60});
    let specs = [
        json!({"maxReplicas": 9}),
        json!({"maxReplicas": 9, "minReplicas": null, "metrics": [], "behavior": {}}),
        json!({"maxReplicas": 9, "minReplicas": 0, "metrics": [queue]}),
        json!({"maxReplicas": 9, "minReplicas": -1, "metrics": [queue,
            cpu(json!({"type": "AverageValue", "averageValue": "1"})),
            cpu(json!({"type": "Value", "averageUtilization": 60, "value": "1"}))]}),
        json!({"maxReplicas": 9, "behavior": {"scaleUp": {"selectPolicy": "Disabled"},
            "scaleDown": {"policies": [policy], "stabilizationWindowSeconds": 0}}}),
        json!({"maxReplicas": 9, "behavior": {"scaleUp": {"policies": [policy]},
            "scaleDown": {"tolerance": "50m", "selectPolicy": null}}}),
    ];
    for mut spec in specs {
        spec["scaleTargetRef"] = target();
        let object = hpa(spec);
        let settings = Settings::of(&read(object.clone()).unwrap());
        // Every field differs from these, so that each is listed with its value today.
        let other = Settings {
            min_replicas: Replicas(77),
            max_replicas: Replicas(77),
            target_cpu_pct: Some(77),
            scale_down_cooldown_s: 77,
            scale_up: Some(other_policies()),
            scale_down: Some(other_policies()),
            keda: None,
            scaling_strategy: None,
            polling_interval_s: None,
            schedule: Plan::default(),
        };
        let diff = diff(&settings, &other);
        assert_eq!(diff.len(), 6);
        for setting in diff {
            let live = live(&object, AutoscalerKind::HorizontalPodAutoscaler, &setting);
            assert_eq!(live, Ok(setting.from), "{} of {object}", setting.key);
        }
    }
}

fn other_policies() -> Policies {
    Policies {
        select: Select::Min,
        policies: vec![],
    }
}
