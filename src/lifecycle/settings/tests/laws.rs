//! What is read and written here is what the analysis reads and writes of the same autoscaler.

use super::*;
use proptest::prelude::*;

use crate::autoscaler::behavior::{Amount, Behavior, Policies, Policy, Rules, Select};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{Autoscaler, AutoscalerId, Metric, Resource, Status, Target};
use crate::schedule::Plan;
use crate::units::Replicas;

/// In the order of their keys.
const FIELDS: [Field; 6] = [
    Field::MinReplicas,
    Field::MaxReplicas,
    Field::TargetCpu,
    Field::ScaleDownCooldown,
    Field::ScaleUpPolicies,
    Field::ScaleDownPolicies,
];

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let amount = prop_oneof![
        (1..9_u32).prop_map(Amount::Pods),
        (1..200_u32).prop_map(Amount::Percent)
    ];
    let policy = (amount, 1..=1800_u32).prop_map(|(amount, period_seconds)| Policy {
        amount,
        period_seconds,
    });
    proptest::collection::vec(policy, 1..3)
}

fn select() -> impl Strategy<Value = Select> {
    prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)]
}

fn rules() -> impl Strategy<Value = Rules> {
    use proptest::option::of;
    let parts = (of(0..=3600_u32), of(select()), of(policies()));
    parts.prop_map(|(window_seconds, select, policies)| Rules {
        window_seconds,
        select,
        policies,
        tolerance: None,
    })
}

fn metric() -> impl Strategy<Value = Metric> {
    let target = prop_oneof![
        (1..200_u32).prop_map(Target::Utilization),
        Just(Target::AverageValue("1500m".parse().unwrap())),
    ];
    let resource = prop_oneof![Just(Resource::Cpu), Just(Resource::Memory)];
    (0..3, resource, target).prop_map(|(kind, resource, target)| match kind {
        0 => Metric::Resource { resource, target },
        1 => Metric::ContainerResource {
            resource,
            container: "app".to_owned(),
            target,
        },
        _ => Metric::External {
            name: "cpu".to_owned(),
            target,
        },
    })
}

fn autoscaler() -> impl Strategy<Value = Autoscaler> {
    use proptest::option::of;
    let behavior = (of(rules()), of(rules())).prop_map(|(scale_up, scale_down)| Behavior {
        scale_up,
        scale_down,
    });
    let metrics = proptest::collection::vec(metric(), 1..4);
    let parts = (0..9_u32, 9..99_u32, metrics, of(behavior));
    parts.prop_map(|(min, max, metrics, behavior)| Autoscaler {
        uid: None,
        id: AutoscalerId {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: HPA,
        },
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: "Deployment".to_owned(),
        },
        min: Replicas(min),
        max: Replicas(max),
        metrics,
        behavior,
        status: Status::default(),
        owner: None,
        keda: None,
        jobs: None,
        schedule: Plan::default(),
        losses: None,
    })
}

fn target_json(target: &Target) -> Value {
    match target {
        Target::Utilization(it) => json!({"type": "Utilization", "averageUtilization": it}),
        Target::AverageValue(it) => json!({"type": "AverageValue", "averageValue": it.to_string()}),
        Target::Value(it) => json!({"type": "Value", "value": it.to_string()}),
    }
}

fn metric_json(metric: &Metric) -> Value {
    match metric {
        Metric::Resource { resource, target } => json!({"type": "Resource", "resource": {
            "name": resource.to_string(), "target": target_json(target)}}),
        Metric::ContainerResource {
            resource,
            container,
            target,
        } => json!({"type": "ContainerResource", "containerResource": {
            "name": resource.to_string(), "container": container, "target": target_json(target)}}),
        Metric::Pods { name, target }
        | Metric::Object { name, target, .. }
        | Metric::External { name, target } => json!({"type": "External", "external": {
            "metric": {"name": name}, "target": target_json(target)}}),
    }
}

fn rules_json(rules: &Rules) -> Value {
    let mut json = json!({});
    if let Some(seconds) = rules.window_seconds {
        json["stabilizationWindowSeconds"] = json!(seconds);
    }
    if let Some(select) = rules.select {
        json["selectPolicy"] = json!(select);
    }
    if let Some(policies) = &rules.policies {
        json["policies"] = json!(policies);
    }
    json
}

/// The object that is read as `autoscaler`.
fn object_of(autoscaler: &Autoscaler) -> Value {
    let mut spec = json!({
        "minReplicas": autoscaler.min, "maxReplicas": autoscaler.max,
        "metrics": autoscaler.metrics.iter().map(metric_json).collect::<Vec<_>>(),
    });
    if let Some(behavior) = &autoscaler.behavior {
        spec["behavior"] = json!({});
        if let Some(up) = &behavior.scale_up {
            spec["behavior"]["scaleUp"] = rules_json(up);
        }
        if let Some(down) = &behavior.scale_down {
            spec["behavior"]["scaleDown"] = rules_json(down);
        }
    }
    hpa(spec)
}

fn proposed() -> impl Strategy<Value = Settings> {
    let policies = || {
        let parts = (select(), policies());
        parts.prop_map(|(select, policies)| Some(Policies { select, policies }))
    };
    let parts = (0..9_u32, 9..99_u32, 1..200_u32, 0..=3600_u32);
    (parts, policies(), policies()).prop_map(|((min, max, cpu, window), up, down)| Settings {
        min_replicas: Replicas(min),
        max_replicas: Replicas(max),
        target_cpu_pct: Some(cpu),
        scale_down_cooldown_s: window,
        scale_up: up,
        scale_down: down,
        keda: None,
        scaling_strategy: None,
        polling_interval_s: None,
        schedule: Plan::default(),
    })
}

/// What an API server makes of an applied body, as far as it matters here.
fn merged(object: &Value, body: &Value) -> Value {
    match (object, body) {
        (Value::Object(fields), Value::Object(applied)) => {
            let mut fields = fields.clone();
            for (key, value) in applied {
                let before = fields.get(key).cloned().unwrap_or_default();
                fields.insert(key.clone(), merged(&before, value));
            }
            Value::Object(fields)
        }
        (_, applied) => applied.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_read_of_the_object_is_what_is_read_of_the_autoscaler(autoscaler in autoscaler()) {
        let settings = Settings::of(&autoscaler);
        let expected: Vec<Value> = FIELDS.iter().map(|it| value(&settings, *it)).collect();
        prop_assert_eq!(all_of(&object_of(&autoscaler)), expected);
    }

    #[test]
    fn what_is_applied_is_what_is_read_back(autoscaler in autoscaler(), to in proposed()) {
        let today = Settings::of(&autoscaler);
        let target_cpu_pct = today.target_cpu_pct.and(to.target_cpu_pct);
        let to = Settings { target_cpu_pct, ..to };
        let changes = diff(&today, &to);
        let keys: Vec<Key> = changes.iter().map(|it| it.key).collect();
        prop_assert!(keys.is_sorted() && changes.iter().all(|it| it.from != it.to));

        let object = object_of(&autoscaler);
        for change in &changes {
            prop_assert_eq!(live(&object, HPA, change), Ok(change.from.clone()));
        }
        let body = configuration(&object, HPA, &changes).unwrap();
        let after = merged(&object, &body);
        let expected: Vec<Value> = FIELDS.iter().map(|it| value(&to, *it)).collect();
        prop_assert_eq!(all_of(&after), expected);
        prop_assert_eq!(after, object_of(&to.apply(&autoscaler)));
    }
}
