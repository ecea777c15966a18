//! Whatever an HPA says: a change and its way back leave it as it was, and touch nothing else.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use stepscale::conduct::{Applied, Reverted};
use stepscale::lifecycle::diff::{ConfigDiff, Key, Setting};
use stepscale::lifecycle::guard::Refusal;
use stepscale::lifecycle::journal;
use stepscale::lifecycle::settings;

use super::bench::Bench;
use super::hand::{Hand, KIND};
use crate::rig::control_plane::unique;

/// Enough for each kind of metric, way of making and setting to meet each other; `PROPTEST_CASES`
/// asks for more.
const CASES: u32 = 48;

/// The fields that a change may be about.
const FIELDS: [&str; 4] = [
    "/spec/minReplicas",
    "/spec/maxReplicas",
    "/spec/metrics",
    "/spec/behavior",
];

/// How an HPA comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Created,
    /// `kubectl apply`, which keeps what it applied in an annotation.
    AppliedByClient,
    AppliedByServer,
    /// Made by one, of which another one then applies some fields with the values that they have.
    Shared(&'static [&'static str]),
}

#[derive(Clone, Debug)]
struct Case {
    spec: Map<String, Value>,
    annotations: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    way: Way,
    to: Vec<(Key, Value)>,
}

fn quantity() -> impl Strategy<Value = Value> {
    select(vec!["1", "100m", "30", "2500m", "1k", "4Mi"]).prop_map(Value::from)
}

fn selector() -> impl Strategy<Value = Value> {
    let expression = json!({ "key": "a/b", "operator": "In", "values": ["x", "y"] });
    select(vec![
        Value::Null,
        json!({ "matchLabels": { "queue": "orders" } }),
        json!({ "matchExpressions": [expression] }),
    ])
}

/// What a metric is of, by its name.
fn named() -> impl Strategy<Value = Value> {
    (select(vec!["rps", "queue-length", "p99"]), selector()).prop_map(|(name, selector)| {
        match selector {
            Value::Null => json!({ "name": name }),
            selector => json!({ "name": name, "selector": selector }),
        }
    })
}

fn utilization() -> impl Strategy<Value = Value> {
    let percent = 1..=150_u32;
    prop_oneof![
        3 => percent.prop_map(|it| json!({ "type": "Utilization", "averageUtilization": it })),
        1 => quantity().prop_map(|it| json!({ "type": "AverageValue", "averageValue": it })),
    ]
}

fn metric() -> impl Strategy<Value = Value> {
    let average =
        || quantity().prop_map(|it| json!({ "type": "AverageValue", "averageValue": it }));
    let value = || quantity().prop_map(|it| json!({ "type": "Value", "value": it }));
    let resource = (select(vec!["cpu", "memory"]), utilization());
    let container = (select(vec!["cpu", "memory"]), utilization());
    let service = json!({ "apiVersion": "v1", "kind": "Service", "name": "front" });
    prop_oneof![
        2 => resource.prop_map(|(name, target)| json!({ "type": "Resource",
            "resource": { "name": name, "target": target } })),
        2 => container.prop_map(|(name, target)| json!({ "type": "ContainerResource",
            "containerResource": { "name": name, "container": "app", "target": target } })),
        1 => (named(), average()).prop_map(|(metric, target)| json!({ "type": "Pods",
            "pods": { "metric": metric, "target": target } })),
        1 => (named(), prop_oneof![value(), average()]).prop_map(move |(metric, target)| {
            json!({ "type": "Object", "object": { "metric": metric, "target": target,
                "describedObject": service } })
        }),
        1 => (named(), prop_oneof![value(), average()]).prop_map(|(metric, target)| {
            json!({ "type": "External", "external": { "metric": metric, "target": target } })
        }),
    ]
}

fn policies() -> impl Strategy<Value = Value> {
    let policy = (select(vec!["Pods", "Percent"]), 1..=100_u32, 1..=1800_u32);
    let policy = policy.prop_map(
        |(kind, value, period)| json!({ "type": kind, "value": value, "periodSeconds": period }),
    );
    vec(policy, 1..=3).prop_map(Value::from)
}

fn choice() -> impl Strategy<Value = Value> {
    select(vec!["Max", "Min", "Disabled"]).prop_map(Value::from)
}

fn rules() -> impl Strategy<Value = Value> {
    let tolerance = select(vec!["0", "50m", "0.05", "1"]).prop_map(Value::from);
    let fields = (
        option::of(policies()),
        option::of(choice()),
        option::of((0..=3600_u32).prop_map(Value::from)),
        option::weighted(0.2, tolerance),
    );
    fields.prop_map(|(policies, choice, window, tolerance)| {
        let fields = [
            ("policies", policies),
            ("selectPolicy", choice),
            ("stabilizationWindowSeconds", window),
            ("tolerance", tolerance),
        ];
        object(fields)
    })
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let set = fields.into_iter();
    let set = set.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(set.collect())
}

fn spec() -> impl Strategy<Value = Map<String, Value>> {
    let behavior = (option::of(rules()), option::of(rules()))
        .prop_map(|(up, down)| object([("scaleUp", up), ("scaleDown", down)]));
    let fields = (
        option::of(1..=5_u32),
        5..=20_u32,
        option::of(vec(metric(), 0..=4)),
        option::of(behavior),
    );
    fields.prop_map(|(min, max, metrics, behavior)| {
        let spec = object([
            ("minReplicas", min.map(Value::from)),
            ("maxReplicas", Some(max.into())),
            ("metrics", metrics.map(Value::from)),
            ("behavior", behavior),
        ]);
        spec.as_object().unwrap().clone()
    })
}

/// Of people and tools; some look like ours, or like those of owners that are none.
fn annotations() -> impl Strategy<Value = BTreeMap<String, String>> {
    let keys = select(vec![
        "team",
        "note/x",
        "stepscale.io/applied-by",
        "stepscale.io/appliedx",
        "stepscale.io/proposal",
        "meta.helm.sh/release-name",
        "a.b/c-d_e",
    ]);
    let values = select(vec![
        "",
        "shop",
        "a ~1 \"b\" ü\n",
        "{\"version\":1}",
        "false",
    ]);
    let keys = keys.prop_map(str::to_owned);
    btree_map(keys, values.prop_map(str::to_owned), 0..=4)
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let keys = select(vec![
        "app",
        "app.kubernetes.io/instance",
        "stepscale.io/applied",
        "tier",
    ]);
    let keys = keys.prop_map(str::to_owned);
    btree_map(
        keys,
        select(vec!["", "web", "A_1.b"]).prop_map(str::to_owned),
        0..=3,
    )
}

fn way() -> impl Strategy<Value = Way> {
    select(vec![
        Way::Created,
        Way::AppliedByClient,
        Way::AppliedByServer,
        Way::Shared(&["minReplicas"]),
        Way::Shared(&["metrics"]),
        Way::Shared(&["scaleTargetRef"]),
    ])
}

/// Some settings with other values.
fn to() -> impl Strategy<Value = Vec<(Key, Value)>> {
    let rules = || {
        (choice(), policies())
            .prop_map(|(choice, policies)| json!({ "selectPolicy": choice, "policies": policies }))
    };
    let all = (
        1..=5_u32,
        5..=30_u32,
        1..=200_u32,
        0..=3600_u32,
        rules(),
        rules(),
    );
    let all = all.prop_map(|(min, max, cpu, cooldown, up, down)| {
        vec![
            (Key::MinReplicas, json!(min)),
            (Key::MaxReplicas, json!(max)),
            (Key::TargetCpuPct, json!(cpu)),
            (Key::ScaleDownCooldownS, json!(cooldown)),
            (Key::ScaleUpPolicies, up),
            (Key::ScaleDownPolicies, down),
        ]
    });
    all.prop_flat_map(|all| subsequence(all, 1..=6))
}

fn case() -> impl Strategy<Value = Case> {
    let fields = (spec(), annotations(), labels(), way(), to());
    fields.prop_map(|(spec, annotations, labels, way, to)| Case {
        spec,
        annotations,
        labels,
        way,
        to,
    })
}

#[test]
fn any_change_and_its_way_back_leave_no_trace() {
    let Some(bench) = Bench::start() else { return };
    let hand = Hand::of(&bench, None);
    let cases = std::env::var("PROPTEST_CASES").ok();
    let config = ProptestConfig {
        cases: cases.and_then(|it| it.parse().ok()).unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&case(), |case| there_and_back(&hand, &case));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

fn there_and_back(hand: &Hand, case: &Case) -> Result<(), TestCaseError> {
    let name = format!("web-{}", unique());
    make(hand, &name, case);
    let before = hand.hpa(&name);
    let diff = diff(&before, case);
    if diff.is_empty() {
        return Ok(());
    }
    hand.approved(&name, diff.clone());
    apply(hand, &name, &before)?;

    let applied = hand.hpa(&name);
    for setting in &diff {
        let live = settings::live(&applied, KIND, setting);
        prop_assert_eq!(live.as_ref(), Ok(&setting.to), "{}", setting);
    }
    let (mut from, to) = (said(&before), without_journal(said(&applied)));
    if from["spec"]["behavior"].is_null() && !to["spec"]["behavior"].is_null() {
        from = with_defaults(from);
    }
    for path in differences(&from, &to) {
        let is_meant = diff.iter().any(|it| is_of(&path, it.key, &to));
        prop_assert!(is_meant, "{} differs: {}", path, applied);
    }

    let reverted = hand.revert(&name);
    let is_whole = matches!(&reverted, Ok(Reverted::Done(_, lost)) if lost.is_empty());
    prop_assert!(is_whole, "{:?}", reverted);
    let after = hand.hpa(&name);
    prop_assert_eq!(said(&after).to_string(), said(&before).to_string());
    Ok(())
}

/// Makes the HPA the way that is wanted.
#[track_caller]
fn make(hand: &Hand, name: &str, case: &Case) {
    hand.deployment(name);
    let (path, json) = (hand.hpas(), "application/json");
    let object = |spec: Value, metadata: Value| {
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata, "spec": spec })
    };
    let mut spec = case.spec.clone();
    let reference = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
    spec.insert("scaleTargetRef".to_owned(), reference);
    let mut metadata =
        json!({ "name": name, "annotations": case.annotations, "labels": case.labels });
    let apply = |manager: &str, object: &Value| {
        let path = format!("{path}/{name}?fieldManager={manager}");
        hand.done("PATCH", &path, "application/apply-patch+yaml", object);
    };
    match case.way {
        Way::Created => drop(hand.done("POST", &path, json, &object(spec.into(), metadata))),
        Way::AppliedByClient => {
            let text = object(spec.clone().into(), metadata.clone()).to_string();
            let key = "kubectl.kubernetes.io/last-applied-configuration";
            metadata["annotations"][key] = Value::from(text);
            let path = format!("{path}?fieldManager=kubectl-client-side-apply");
            hand.done("POST", &path, json, &object(spec.into(), metadata));
        }
        Way::AppliedByServer => apply("gitops", &object(spec.into(), metadata)),
        Way::Shared(fields) => {
            hand.done("POST", &path, json, &object(spec.into(), metadata));
            let live = hand.hpa(name);
            let some = fields.iter();
            let some = some.map(|it| ((*it).to_owned(), live["spec"][*it].clone()));
            let some = object(some.collect(), json!({ "name": name }));
            apply("another", &some);
        }
    }
    hand.fresh(name);
}

/// The settings that are wanted and would change something; the maximum stays above the minimum.
fn diff(live: &Value, case: &Case) -> ConfigDiff {
    let setting = |(key, to): &(Key, Value)| {
        let mut setting = Setting {
            key: *key,
            from: Value::Null,
            to: to.clone(),
        };
        setting.from = settings::live(live, KIND, &setting).unwrap();
        setting
    };
    let is_change = |it: &Setting| {
        // An HPA without a CPU utilization has none that could be another.
        let has_place = it.key != Key::TargetCpuPct || !it.from.is_null();
        it.from != it.to && has_place
    };
    case.to.iter().map(setting).filter(is_change).collect()
}

/// Puts the change in force; past an owner of the fields only for a reason.
fn apply(hand: &Hand, name: &str, before: &Value) -> Result<(), TestCaseError> {
    let mut applied = hand.apply(name, None);
    let is_owned = is_applied_by_others(before);
    if is_owned {
        let is_refused = matches!(&applied, Ok(Applied::Refused(_, Refusal::Owned(_))));
        prop_assert!(is_refused, "{:?}", applied);
        let untouched = hand.hpa(name);
        prop_assert_eq!(said(&untouched), said(before));
        applied = hand.apply(name, Some("a test"));
    }
    prop_assert!(matches!(applied, Ok(Applied::Done(_))), "{:?}", applied);
    Ok(())
}

/// Whether somebody applies one of the fields server-side.
fn is_applied_by_others(object: &Value) -> bool {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let mut applied = entries.iter().filter(|it| it["operation"] == "Apply");
    applied.any(|entry| {
        let fields = FIELDS.iter();
        let mut fields = fields.map(|it| it.replace("/spec/", "/f:spec/f:"));
        fields.any(|it| entry["fieldsV1"].pointer(&it).is_some())
    })
}

/// What an HPA says, without what every write of the server's changes, and its controller's.
fn said(object: &Value) -> Value {
    let mut said = object.clone();
    said.as_object_mut().unwrap().remove("status");
    let metadata = said["metadata"].as_object_mut().unwrap();
    for key in ["managedFields", "resourceVersion", "generation"] {
        metadata.remove(key);
    }
    said
}

/// The places at which two values differ.
fn differences(a: &Value, b: &Value) -> Vec<String> {
    match (a, b) {
        _ if a == b => vec![],
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            let null = Value::Null;
            let of = |key: &String| {
                let (a, b) = (x.get(key).unwrap_or(&null), y.get(key).unwrap_or(&null));
                below(key, differences(a, b))
            };
            keys.into_iter().flat_map(of).collect()
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let both = x.iter().zip(y).enumerate();
            let of = |(index, (a, b)): (usize, (&Value, &Value))| {
                below(&index.to_string(), differences(a, b))
            };
            both.flat_map(of).collect()
        }
        _ => vec![String::new()],
    }
}

fn below(key: &str, paths: Vec<String>) -> Vec<String> {
    let key = key.replace('~', "~0").replace('/', "~1");
    let paths = paths.into_iter();
    paths.map(|it| format!("/{key}{it}")).collect()
}

/// Whether a place is one of a setting.
fn is_of(path: &str, key: Key, object: &Value) -> bool {
    let is_rule = |direction: &str| {
        ["policies", "selectPolicy"]
            .iter()
            .any(|it| path.starts_with(&format!("/spec/behavior/{direction}/{it}")))
    };
    match key {
        Key::MinReplicas => path == "/spec/minReplicas",
        Key::MaxReplicas => path == "/spec/maxReplicas",
        Key::TargetCpuPct => {
            let source = path.strip_suffix("/target/averageUtilization");
            let source = source.filter(|it| it.starts_with("/spec/metrics/"));
            let source = source.and_then(|it| object.pointer(it));
            source.is_some_and(|it| it["name"] == "cpu")
        }
        Key::ScaleDownCooldownS => path == "/spec/behavior/scaleDown/stabilizationWindowSeconds",
        Key::ScaleUpPolicies => is_rule("scaleUp"),
        Key::ScaleDownPolicies => is_rule("scaleDown"),
        // An HPA has none of these.
        Key::TriggerThresholds
        | Key::CooldownPeriodS
        | Key::PollingIntervalS
        | Key::Fallback
        | Key::ScalingStrategy => false,
    }
}

/// What holds without a behavior, as the server fills it in where one comes to be.
fn with_defaults(mut object: Value) -> Value {
    let policy =
        |kind: &str, value: u32| json!({ "type": kind, "value": value, "periodSeconds": 15 });
    object["spec"]["behavior"] = json!({
        "scaleUp": { "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
            "policies": [policy("Pods", 4), policy("Percent", 100)] },
        "scaleDown": { "selectPolicy": "Max", "policies": [policy("Percent", 100)] },
    });
    object
}

/// Without our annotation, and without their map where it was the only one.
fn without_journal(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    let annotations = metadata["annotations"].as_object_mut().unwrap();
    annotations.remove(journal::ANNOTATION).unwrap();
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    object
}
