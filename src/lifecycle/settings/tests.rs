use super::*;

mod keda;
mod laws;

const HPA: AutoscalerKind = AutoscalerKind::HorizontalPodAutoscaler;

/// Those that an HPA has.
const KEYS: [Key; 6] = [
    Key::MinReplicas,
    Key::MaxReplicas,
    Key::TargetCpuPct,
    Key::ScaleDownCooldownS,
    Key::ScaleUpPolicies,
    Key::ScaleDownPolicies,
];

fn setting(key: Key, from: Value, to: Value) -> Setting {
    Setting { key, from, to }
}

fn cpu(percent: i32) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": percent}}})
}

fn container(percent: i32) -> Value {
    json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app",
        "target": {"type": "Utilization", "averageUtilization": percent}}})
}

fn queue() -> Value {
    json!({"type": "External", "external": {"metric": {"name": "cpu"},
        "target": {"type": "AverageValue", "averageValue": "1500m", "averageUtilization": null}}})
}

fn cores() -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "AverageValue", "averageValue": "500m"}}})
}

fn hpa(spec: Value) -> Value {
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "7",
            "annotations": {"a": "b"}},
        "spec": spec, "status": {"desiredReplicas": 3}})
}

fn all_of(object: &Value) -> Vec<Value> {
    let read = |key| live(object, HPA, &setting(key, json!(1), json!(2))).unwrap();
    KEYS.into_iter().map(read).collect()
}

fn slowly() -> Value {
    json!({"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]})
}

#[test]
fn what_is_left_out_has_the_default_of_the_api() {
    let fast = json!({"selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]});
    let down = |rules: Value| json!({"maxReplicas": 9, "behavior": {"scaleDown": rules}});
    let null = Value::Null;
    let table = [
        (
            json!({"maxReplicas": 9, "minReplicas": null, "behavior": {}}),
            [
                json!(1),
                json!(9),
                json!(80),
                json!(300),
                null.clone(),
                null.clone(),
            ],
        ),
        (
            down(json!({"selectPolicy": "Max"})),
            [
                json!(1),
                json!(9),
                json!(80),
                json!(300),
                null.clone(),
                fast,
            ],
        ),
        (
            down(json!({"stabilizationWindowSeconds": 0, "tolerance": "50m"})),
            [
                json!(1),
                json!(9),
                json!(80),
                json!(0),
                null.clone(),
                null.clone(),
            ],
        ),
        (
            json!({"maxReplicas": "x", "minReplicas": -1, "metrics": [queue(), cores()],
                "behavior": {"scaleUp": slowly()}}),
            [
                json!(0),
                json!("x"),
                null.clone(),
                json!(300),
                slowly(),
                null.clone(),
            ],
        ),
        (
            json!({"maxReplicas": 9, "metrics": [queue(), cores(), container(60), cpu(70)]}),
            [
                json!(1),
                json!(9),
                json!(60),
                json!(300),
                null.clone(),
                null.clone(),
            ],
        ),
    ];
    for (spec, expected) in table {
        assert_eq!(all_of(&hpa(spec.clone())), expected, "{spec}");
    }
}

#[test]
fn what_is_applied_is_the_least_that_makes_the_change() {
    let object = hpa(json!({"minReplicas": 3, "maxReplicas": 12,
        "metrics": [queue(), container(60), cpu(70)],
        "behavior": {"scaleDown": {"tolerance": "50m"}}}));
    let one = [setting(Key::MinReplicas, json!(3), json!(2))];
    assert_eq!(
        configuration(&object, HPA, &one),
        Ok(
            json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "shop"}, "spec": {"minReplicas": 2}})
        )
    );
    let to = [
        json!(4),
        json!(4),
        json!(55),
        json!(3600),
        slowly(),
        slowly(),
    ];
    let all = KEYS.into_iter().zip(to);
    let all: Vec<Setting> = all.map(|(key, to)| setting(key, json!(0), to)).collect();
    let body = configuration(&object, HPA, &all).unwrap();
    let mut down = slowly();
    down["stabilizationWindowSeconds"] = json!(3600);
    assert_eq!(
        body["spec"],
        json!({"minReplicas": 4, "maxReplicas": 4,
            "metrics": [queue(), container(55), cpu(70)],
            "behavior": {"scaleUp": slowly(), "scaleDown": down}})
    );
}

#[test]
fn without_a_metric_the_one_by_default_is_written() {
    let target = [setting(Key::TargetCpuPct, json!(80), json!(60))];
    for metrics in [json!(null), json!([])] {
        let object = hpa(json!({"maxReplicas": 9, "metrics": metrics}));
        let body = configuration(&object, HPA, &target).unwrap();
        assert_eq!(body["spec"], json!({"metrics": [cpu(60)]}));
    }
    for metrics in [json!([queue(), cores()]), json!("odd"), json!([7])] {
        let object = hpa(json!({"maxReplicas": 9, "metrics": metrics}));
        let error = configuration(&object, HPA, &target);
        assert_eq!(error, Err(Error::NoCpuTarget));
    }
}

#[test]
fn what_the_api_refuses_is_not_sent() {
    let object = hpa(json!({"minReplicas": 3, "maxReplicas": 12, "metrics": [cpu(60)]}));
    let policy = |policy: Value| json!({"selectPolicy": "Max", "policies": [policy]});
    let table = [
        (Key::MinReplicas, json!(13)),
        (Key::MinReplicas, json!(-1)),
        (Key::MinReplicas, json!("2")),
        (Key::MinReplicas, json!(2.5)),
        (Key::MinReplicas, json!(null)),
        (Key::MaxReplicas, json!(2)),
        (Key::MaxReplicas, json!(0)),
        (Key::MaxReplicas, json!(1_u64 << 31)),
        (Key::TargetCpuPct, json!(0)),
        (Key::TargetCpuPct, json!(null)),
        (Key::ScaleDownCooldownS, json!(3601)),
        (Key::ScaleUpPolicies, json!(null)),
        (
            Key::ScaleUpPolicies,
            json!({"selectPolicy": "Max", "policies": []}),
        ),
        (Key::ScaleUpPolicies, json!({"policies": [{}]})),
        (
            Key::ScaleDownPolicies,
            policy(json!({"type": "Pods", "value": 1})),
        ),
        (
            Key::ScaleDownPolicies,
            policy(json!({"type": "Pods", "value": 0, "periodSeconds": 15})),
        ),
        (
            Key::ScaleDownPolicies,
            policy(json!({"type": "Pods", "value": 1, "periodSeconds": 1801})),
        ),
        (
            Key::ScaleDownPolicies,
            policy(json!({"type": "Cores", "value": 1, "periodSeconds": 15})),
        ),
        (
            Key::ScaleDownPolicies,
            policy(json!({"type": "Pods", "value": 1, "periodSeconds": 15, "x": 1})),
        ),
    ];
    for (key, to) in table {
        let diff = [setting(key, json!(1), to.clone())];
        let error = configuration(&object, HPA, &diff).unwrap_err();
        assert!(
            matches!(error, Error::BadValue { .. }),
            "{key} {to}: {error}"
        );
    }
    let above = [setting(Key::MinReplicas, json!(3), json!(13))];
    let error = configuration(&object, HPA, &above).unwrap_err();
    assert_eq!(
        error.to_string(),
        "min_replicas cannot be 13 while max_replicas is 12"
    );
    let window = [setting(Key::ScaleDownCooldownS, json!(300), json!(3601))];
    let error = configuration(&object, HPA, &window).unwrap_err();
    assert_eq!(error.to_string(), "scale_down_cooldown_s cannot be 3601");
}

#[test]
fn minimum_and_maximum_are_judged_as_they_will_be() {
    let object = hpa(json!({"minReplicas": 3, "maxReplicas": 12}));
    let both = [
        setting(Key::MinReplicas, json!(3), json!(20)),
        setting(Key::MaxReplicas, json!(12), json!(30)),
    ];
    assert!(configuration(&object, HPA, &both).is_ok());
    // An object that is odd already does not stand in the way of another change.
    let odd = hpa(json!({"minReplicas": 13, "maxReplicas": 12}));
    let window = [setting(Key::ScaleDownCooldownS, json!(300), json!(60))];
    assert!(configuration(&odd, HPA, &window).is_ok());
}

#[test]
fn odd_objects_are_no_reason_to_panic() {
    let odd = [
        json!(null),
        json!(7),
        json!([]),
        json!("x"),
        json!({"spec": []}),
    ];
    let specs = ["metrics", "behavior", "minReplicas"];
    let within = odd
        .iter()
        .flat_map(|odd| specs.map(|it| hpa(json!({it: odd}))));
    for object in odd.iter().cloned().chain(within) {
        assert_eq!(all_of(&object).len(), 6);
        for key in KEYS {
            let diff = [setting(key, json!(1), json!(2))];
            drop(configuration(&object, HPA, &diff));
        }
    }
}

#[test]
fn what_an_object_leaves_out_it_does_not_state() {
    let whole = json!({ "spec": { "minReplicas": 1, "metrics": [{ "type": "External" }],
        "behavior": { "scaleDown": { "stabilizationWindowSeconds": 300 },
            "scaleUp": { "selectPolicy": "Max" } } } });
    let nothing = json!({ "spec": { "minReplicas": null, "metrics": [],
        "behavior": { "scaleUp": { "stabilizationWindowSeconds": 0 } } } });
    for key in KEYS {
        let stated = !matches!(key, Key::MaxReplicas | Key::ScaleDownPolicies);
        assert_eq!(states(&whole, HPA, key), Ok(stated), "{key}");
        assert_eq!(states(&nothing, HPA, key), Ok(false), "{key}");
    }
}
