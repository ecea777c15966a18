use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::difference::{Measured, differences};
use super::hpa_view::HpaView;
use super::*;
use crate::autoscaler::Holds;
use crate::keda::trigger::{HpaMetric, MetricSource};
use crate::sim::pod::{Amounts, Container, Phase, Ready, Role, Template};

const TOLERANCE: Tolerance = Tolerance { up: 0.1, down: 0.1 };

fn standing(current: i32, ready: Option<i64>) -> Standing {
    Standing {
        scale: Scale {
            current,
            observed: current,
        },
        tolerance: TOLERANCE,
        ready,
    }
}

fn average(of: i128) -> MetricTarget {
    MetricTarget::AverageValue { milli: of * 1000 }
}

fn whole(of: i128) -> MetricTarget {
    MetricTarget::Value { milli: of * 1000 }
}

fn object(spec: serde_json::Value) -> ScaledObject {
    ScaledObject::read(&json!({ "metadata": { "name": "orders" }, "spec": spec })).unwrap()
}

fn reading(value: f64) -> Reading {
    Reading {
        value,
        milli: crate::units::thousandths::rounded(value),
        is_active: value > 0.0,
    }
}

#[test]
fn an_average_is_divided_and_a_value_multiplied() {
    let table = [
        // Within a tenth of ten for each of four, nothing changes.
        (43, average(10), standing(4, None), Ok(4)),
        (45, average(10), standing(4, None), Ok(5)),
        (1, average(10), standing(4, None), Ok(1)),
        (0, average(10), standing(4, None), Ok(0)),
        (45, average(10), standing(0, None), Ok(5)),
        (30, whole(20), standing(4, Some(4)), Ok(6)),
        (30, whole(20), standing(4, Some(2)), Ok(3)),
        (21, whole(20), standing(4, None), Ok(4)),
        (30, whole(20), standing(4, None), Err(NoCount::NoPods)),
        (30, whole(20), standing(0, None), Ok(2)),
        (30, average(0), standing(4, None), Err(NoCount::NotPositive)),
        (30, whole(-1), standing(4, None), Err(NoCount::NotPositive)),
        (
            30,
            MetricTarget::Utilization { percent: 5 },
            standing(4, None),
            Err(NoCount::UnknownType),
        ),
    ];
    for (value, target, standing, expected) in table {
        let found = asked(value * 1000, &target, &standing);
        assert_eq!(found, expected, "{value} by {target:?} at {standing:?}");
    }
}

fn input(name: Option<&'static str>, value: Option<f64>) -> FormulaInput<'static> {
    FormulaInput {
        index: 7,
        name,
        reading: value.map(reading),
        failures: None,
    }
}

fn formula(modifiers: Value, fallback: Value) -> ScaledObjectSpec {
    let spec = json!({ "advanced": { "scalingModifiers": modifiers }, "fallback": fallback });
    object(spec).spec
}

#[test]
fn a_formula_stands_for_its_triggers() {
    let spec = formula(
        json!({ "formula": "a + b / 2", "target": "4", "activationTarget": "20" }),
        Value::Null,
    );
    let (a, b) = (input(Some("a"), Some(10.0)), input(Some("b"), Some(7.0)));
    let standing = standing(1, None);
    let found = combined(&spec, &[a, b], &standing).unwrap().unwrap();
    assert_eq!(found.milli, 13_500);
    assert_eq!((found.is_active, found.replicas), (false, Ok(4)));
    let unnamed = input(None, Some(3.0));
    let beside = combined(&spec, &[a, b, unnamed], &standing).unwrap();
    assert_eq!(beside, Some(found));
    let plain = ScaledObjectSpec::default();
    let failed = input(Some("b"), None);
    assert_eq!(combined(&plain, &[a, failed], &standing), Ok(None));
}

#[test]
fn every_external_trigger_has_to_have_a_value_for_the_formula() {
    let modifiers = json!({ "formula": "a", "target": "4" });
    let a = input(Some("a"), Some(10.0));
    let fallback =
        |behavior: &str| json!({ "failureThreshold": 3, "replicas": 2, "behavior": behavior });
    let failed = |name, failures| FormulaInput {
        failures,
        ..input(name, None)
    };
    let table = [
        (
            Value::Null,
            failed(Some("b"), None),
            Some("trigger b has no value"),
        ),
        (
            Value::Null,
            failed(None, None),
            Some("trigger 7 has no value"),
        ),
        (
            fallback("static"),
            failed(None, Some(9)),
            Some("trigger 7 has no value"),
        ),
        (
            fallback("scalingModifiers"),
            failed(None, None),
            Some("trigger 7"),
        ),
        (
            fallback("scalingModifiers"),
            failed(Some("b"), Some(3)),
            Some("trigger b"),
        ),
        (
            fallback("scalingModifiers"),
            failed(Some("b"), Some(4)),
            None,
        ),
        (fallback("scalingModifiers"), failed(None, Some(4)), None),
    ];
    for (fallback, other, why) in table {
        let spec = formula(modifiers.clone(), fallback.clone());
        let found = combined(&spec, &[a, other], &standing(1, None));
        match (found, why) {
            (Ok(Some(found)), None) => assert_eq!(found.milli, 10_000),
            (Err(text), Some(why)) => assert!(text.contains(why), "{text}"),
            (found, _) => panic!("{found:?} under {fallback} beside {other:?}"),
        }
    }
}

#[test]
fn a_trigger_beyond_the_threshold_is_nil_in_the_formula() {
    let spec = formula(
        json!({ "formula": "a ?? 12", "target": "4" }),
        json!({ "failureThreshold": 3, "replicas": 2, "behavior": "scalingModifiers" }),
    );
    let milli = |failures, value| {
        let a = FormulaInput {
            failures,
            ..input(Some("a"), value)
        };
        let found = combined(&spec, &[a], &standing(1, None));
        found.map(|it| it.unwrap().milli).ok()
    };
    assert_eq!(milli(Some(4), None), Some(12_000));
    assert_eq!(milli(Some(3), None), None);
    // A read that succeeds ends the row of failures.
    assert_eq!(milli(Some(4), Some(5.0)), Some(5_000));
}

#[test]
fn numbers_of_a_formula_are_those_of_kedas_language() {
    let of = |target: &str, activation: &str, metric_type: &str| {
        let spec = formula(
            json!({ "formula": "a", "target": target, "activationTarget": activation,
                "metricType": metric_type }),
            Value::Null,
        );
        combined(&spec, &[input(Some("a"), Some(10.0))], &standing(1, None))
    };
    let target = |text: &str| of(text, "", "").map(|it| it.unwrap().target);
    assert_eq!(
        target("0.0019"),
        Ok(MetricTarget::AverageValue { milli: 1 })
    );
    assert!(target("1e999").is_err() && of("4", " 5", "").is_err());
    let named = of("4", "5", "Total").unwrap().unwrap();
    let metric_type = "Total".to_owned();
    let milli = None;
    assert_eq!(named.target, MetricTarget::Unknown { metric_type, milli });
    assert_eq!(
        (named.activation, named.replicas),
        (5.0, Err(NoCount::UnknownType))
    );
}

fn vote(index: usize, is_active: Option<bool>, replicas: Option<i32>) -> Vote {
    Vote {
        index,
        is_resource: false,
        is_active,
        replicas,
        is_failed: is_active.is_none(),
    }
}

#[test]
fn one_active_trigger_is_enough_and_the_most_wins() {
    let object = object(json!({ "minReplicaCount": 0, "maxReplicaCount": 6 }));
    let pods = Vote {
        is_resource: true,
        ..vote(0, Some(true), Some(3))
    };
    let table = [
        (vec![pods], Some(true), Some((0, 3))),
        (
            vec![pods, vote(1, Some(false), Some(0))],
            Some(false),
            Some((0, 3)),
        ),
        (
            vec![pods, vote(1, Some(true), Some(9))],
            Some(true),
            Some((1, 6)),
        ),
        (
            vec![vote(0, None, None), vote(1, Some(false), Some(2))],
            None,
            Some((1, 2)),
        ),
        (
            vec![vote(0, None, None), vote(1, Some(true), Some(0))],
            Some(true),
            Some((1, 1)),
        ),
        (
            vec![vote(0, Some(true), Some(2)), vote(1, Some(true), Some(2))],
            Some(true),
            Some((0, 2)),
        ),
        (vec![vote(0, None, None)], None, None),
    ];
    for (votes, is_active, most) in table {
        let found = decide(&object, &votes, None);
        assert_eq!(found.is_active, is_active, "{votes:?}");
        assert_eq!(
            found.winner,
            most.map(|it| Winner::Trigger(it.0)),
            "{votes:?}"
        );
        assert_eq!(found.replicas, most.map(|it| it.1), "{votes:?}");
        assert_eq!(found.at_rest, Some(0));
    }
}

#[test]
fn forced_activation_and_rest_are_those_of_the_object() {
    let mut forced = object(json!({ "minReplicaCount": 2 }));
    let votes = [vote(0, Some(false), Some(0))];
    let found = decide(&forced, &votes, None);
    assert_eq!((found.is_active, found.at_rest), (Some(false), None));
    assert_eq!(found.replicas, Some(2));
    let key = keys::FORCE_ACTIVATION.to_owned();
    forced.metadata.annotations.insert(key, "true".to_owned());
    assert_eq!(decide(&forced, &votes, None).is_active, Some(true));
    let idle = object(json!({ "minReplicaCount": 3, "idleReplicaCount": 0 }));
    assert_eq!(decide(&idle, &votes, None).at_rest, Some(0));
}

fn pod(request: &str, usage: &str) -> LivePod {
    let now: jiff::Timestamp = "2026-08-20T08:00:00Z".parse().unwrap();
    let requests = Amounts(vec![(
        crate::autoscaler::Resource::Cpu,
        request.parse().unwrap(),
    )]);
    let amounts = [("cpu".to_owned(), usage.parse().unwrap())].into();
    LivePod {
        template: Template {
            containers: vec![Container {
                name: "app".to_owned(),
                role: Role::Main,
                requests,
            }],
            ..Template::default()
        },
        phase: Phase::Running,
        is_deleted: false,
        started: Some(now - SignedDuration::from_hours(2)),
        ready: Some(Ready {
            holds: Holds::Yes,
            since: now - SignedDuration::from_hours(1),
        }),
        usage: Some(Usage {
            at: now,
            window: SignedDuration::from_secs(30),
            containers: [("app".to_owned(), amounts)].into(),
        }),
    }
}

fn cpu(container: Option<&str>, target: MetricTarget) -> HpaMetric {
    let resource = "cpu".to_owned();
    HpaMetric {
        source: match container {
            None => MetricSource::Resource { resource },
            Some(container) => MetricSource::ContainerResource {
                resource,
                container: container.to_owned(),
            },
        },
        target,
    }
}

#[test]
fn usage_is_judged_as_the_hpa_judges_it() {
    let now = "2026-08-20T08:00:10Z".parse().unwrap();
    let pods = [pod("100m", "150m"), pod("100m", "50m")];
    let scale = standing(2, None).scale;
    let percent = MetricTarget::Utilization { percent: 50 };
    let milli = MetricTarget::AverageValue { milli: 50 };
    for container in [None, Some("app")] {
        let by_share = used(
            &cpu(container, percent.clone()),
            &pods,
            scale,
            TOLERANCE,
            now,
        );
        let by_share = by_share.unwrap();
        assert_eq!((by_share.utilization, by_share.replicas), (Some(100), 4));
        let by_value = used(&cpu(container, milli.clone()), &pods, scale, TOLERANCE, now);
        let by_value = by_value.unwrap();
        assert_eq!((by_value.average_milli, by_value.replicas), (Some(100), 4));
    }
    let silent = [LivePod {
        usage: None,
        ..pod("1", "1")
    }];
    let found = used(&cpu(None, percent), &silent, scale, TOLERANCE, now);
    assert!(matches!(found, Err(NoUsage::Hpa(_))), "{found:?}");
}

fn told(status: serde_json::Value, value: Option<f64>, hpa: Option<&HpaView>) -> Vec<String> {
    let object = json!({ "metadata": { "name": "orders" }, "spec": {}, "status": status });
    let object = ScaledObject::read(&object).unwrap();
    let metric = HpaMetric {
        source: MetricSource::External {
            name: "s0-prometheus".to_owned(),
        },
        target: average(10),
    };
    let vote = vote(
        0,
        value.map(|it| it > 0.0),
        value.map(|it| (it / 10.0).ceil() as i32),
    );
    let measured = Measured {
        vote,
        metric: Some(&metric),
        value,
        is_cached: false,
    };
    let decision = decide(&object, &[vote], None);
    differences(&object, &[measured], &decision, hpa)
}

fn conditions(ready: &str, active: &str) -> serde_json::Value {
    json!([
        { "type": "Ready", "status": ready, "reason": "R", "message": "m" },
        { "type": "Active", "status": active, "reason": "A" },
    ])
}

#[test]
fn where_all_agree_nothing_is_told() {
    let hpa = json!({ "metadata": { "name": "h" }, "status": { "currentReplicas": 4,
        "desiredReplicas": 4, "currentMetrics": [{ "external": {
            "metric": { "name": "s0-prometheus" }, "current": { "averageValue": "10" } } }] } });
    let hpa = HpaView::read(&hpa).unwrap();
    let status = json!({ "conditions": conditions("True", "True"),
        "externalMetricNames": ["s0-prometheus"],
        "health": { "s0-prometheus": { "numberOfFailures": 0, "status": "Happy" } } });
    assert_eq!(told(status, Some(40.0), Some(&hpa)), Vec::<String>::new());
}

#[test]
fn each_difference_has_its_words() {
    let failing = json!({ "s0-prometheus": { "numberOfFailures": 5, "status": "Failing" } });
    let happy = json!({ "s0-prometheus": { "numberOfFailures": 0, "status": "Happy" } });
    let all = conditions("True", "True");
    let cases = [
        (json!({}), Some(4.0), "said nothing"),
        (
            json!({ "conditions": conditions("False", "True") }),
            Some(4.0),
            "R: m",
        ),
        (
            json!({ "conditions": conditions("True", "False") }),
            Some(4.0),
            "active here, inactive",
        ),
        (
            json!({ "conditions": all.clone() }),
            Some(0.0),
            "inactive here, active",
        ),
        (
            json!({ "conditions": all.clone(), "externalMetricNames": ["s0-kafka-a"] }),
            Some(4.0),
            "does not list metric s0-prometheus",
        ),
        (
            json!({ "conditions": all.clone(), "health": failing }),
            Some(4.0),
            "failed 5 times",
        ),
        (
            json!({ "conditions": all, "health": happy }),
            None,
            "KEDA reads it, only from here",
        ),
    ];
    for (status, value, part) in cases {
        let found = told(status.clone(), value, None);
        assert_eq!(found.len(), 1, "{status}: {found:?}");
        assert!(found[0].contains(part), "{status}: {found:?}");
    }
}

#[test]
fn what_the_hpa_sees_and_wants_is_compared() {
    let hpa = json!({ "metadata": { "name": "h" }, "status": { "currentReplicas": 2,
        "desiredReplicas": 2, "currentMetrics": [{ "external": {
            "metric": { "name": "s0-prometheus" }, "current": { "averageValue": "10" } } }] } });
    let hpa = HpaView::read(&hpa).unwrap();
    let found = told(
        json!({ "conditions": conditions("True", "True") }),
        Some(40.0),
        Some(&hpa),
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("40 here, 20 for the HPA"), "{found:?}");
    assert!(
        found[1].contains("ask for 4 replicas, the HPA for 2"),
        "{found:?}"
    );
}

proptest! {
    #[test]
    fn any_value_asks_for_something_or_says_why(
        value: i128, of: i128, current in 0..1000, observed in 0..1000, ready in 0..1000_i64,
    ) {
        let standing = Standing {
            scale: Scale { current, observed },
            tolerance: TOLERANCE,
            ready: Some(ready),
        };
        for target in [
            MetricTarget::AverageValue { milli: of },
            MetricTarget::Value { milli: of },
        ] {
            let found = asked(value, &target, &standing);
            prop_assert_eq!(found.is_err(), of <= 0, "{:?}", found);
        }
    }
}
