use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

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
        milli: crate::keda::trigger::metric::milli(value),
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

#[test]
fn jobs_are_rounded_up_and_cut_at_the_most() {
    assert_eq!(jobs(41_000, &average(10), 100), Ok(5));
    assert_eq!(jobs(41_000, &average(10), 3), Ok(3));
    assert_eq!(jobs(41_000, &average(0), 3), Ok(0));
    assert_eq!(jobs(0, &average(10), 3), Ok(0));
}

#[test]
fn a_formula_stands_for_its_triggers() {
    let object = object(json!({ "advanced": { "scalingModifiers": {
        "formula": "a + b / 2", "target": "4", "activationTarget": "20" } } }));
    let readings = |b: Option<f64>| -> BTreeMap<String, Option<Reading>> {
        let pairs = [("a", Some(reading(10.0))), ("b", b.map(reading))];
        pairs.map(|(name, it)| (name.to_owned(), it)).into()
    };
    let standing = standing(1, None);
    let found = combined(&object.spec, &readings(Some(7.0)), &standing);
    let found = found.unwrap().unwrap();
    assert_eq!(found.milli, 13_500);
    assert_eq!((found.is_active, found.replicas), (false, Ok(4)));
    let failed = combined(&object.spec, &readings(None), &standing).unwrap_err();
    assert!(failed.contains("trigger b has no value"), "{failed}");
    let plain = ScaledObjectSpec::default();
    assert_eq!(combined(&plain, &readings(None), &standing), Ok(None));
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
