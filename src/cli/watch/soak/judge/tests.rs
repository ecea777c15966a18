use std::sync::Arc;

use serde_json::json;

use super::*;

/// What is written by whom, seconds after the beginning.
fn write(seconds: i64, agent: &str, resource: &str, before: Value, after: Value) -> Written {
    Written {
        agent: agent.to_owned(),
        verb: "patch".to_owned(),
        resource: resource.to_owned(),
        before: Arc::new(before),
        after,
        at: Timestamp::from_second(seconds).unwrap(),
    }
}

fn lease(seconds: i64, agent: &str, holder: &str, transitions: i64) -> Written {
    let after = json!({ "metadata": { "name": LEASE_NAME }, "spec": { "holderIdentity": holder,
        "leaseTransitions": transitions, "leaseDurationSeconds": 90 } });
    write(
        seconds,
        agent,
        "leases.coordination.k8s.io",
        Value::Null,
        after,
    )
}

fn record(seconds: i64, agent: &str) -> Written {
    let after = json!({ "metadata": { "name": "web" } });
    let resource = "scalingrecommendations.stepscale.io/status";
    write(seconds, agent, resource, Value::Null, after)
}

/// An autoscaler with a maximum, and the journal of an attempt for a recommendation.
fn hpa(max: u32, journal: Option<(&str, &str)>) -> Value {
    let mut object = json!({ "metadata": { "name": "web" }, "spec": { "maxReplicas": max } });
    if let Some((id, recommendation)) = journal {
        let journal = json!({ "id": id, "recommendation": recommendation }).to_string();
        object["metadata"]["annotations"] = json!({ "stepscale.io/applied": journal });
    }
    object
}

fn target(seconds: i64, before: Value, after: Value) -> Written {
    let resource = "horizontalpodautoscalers.autoscaling";
    write(seconds, "a", resource, before, after)
}

fn judged(writes: &[Written]) -> Vec<String> {
    let mut judge = Judge::default();
    writes.iter().for_each(|it| judge.saw(it));
    judge.violations
}

#[test]
fn one_writer_after_another_is_as_it_should_be() {
    let writes = [
        lease(0, "a", "a-1", 0),
        record(1, "a"),
        lease(60, "a", "a-1", 0),
        record(149, "a"),
        lease(150, "b", "b-1", 1),
        record(151, "b"),
        lease(160, "b", "", 1),
        lease(161, "a", "a-1", 2),
        record(162, "a"),
    ];
    assert_eq!(judged(&writes), Vec::<String>::new());
}

#[test]
fn every_breach_of_the_election_is_seen() {
    let cases: [(&str, &[Written]); 7] = [
        ("before anybody leads", &[record(0, "a")]),
        (
            "while \"a-1\" leads",
            &[lease(0, "a", "a-1", 0), record(1, "b")],
        ),
        (
            "after its last renewal",
            &[lease(0, "a", "a-1", 0), record(90, "a")],
        ),
        (
            "while \"\" leads",
            &[
                lease(0, "a", "a-1", 0),
                lease(1, "a", "", 0),
                record(2, "a"),
            ],
        ),
        (
            "takes the Lease",
            &[lease(0, "a", "a-1", 0), lease(89, "b", "b-1", 1)],
        ),
        (
            "the Lease of another one",
            &[lease(0, "a", "a-1", 0), lease(1, "b", "a-1", 0)],
        ),
        (
            "the identity of another one",
            &[
                lease(0, "a", "a-1", 0),
                lease(100, "b", "b-1", 1),
                lease(200, "b", "a-1", 2),
            ],
        ),
    ];
    for (expected, writes) in cases {
        let found = judged(writes);
        assert!(
            found.iter().any(|it| it.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

#[test]
fn two_writers_in_one_term_are_seen() {
    let found = judged(&[lease(0, "a", "a-1", 0), record(1, "a"), record(2, "b")]);
    assert!(
        found.iter().any(|it| it.contains("in one term")),
        "{found:?}"
    );
}

#[test]
fn every_double_write_is_seen() {
    let (free, first) = (|| hpa(10, None), || hpa(12, Some(("1", "web-1"))));
    let cases: [(&str, &[Written]); 5] = [
        (
            "applies attempt 1 again",
            &[target(1, free(), first()), target(2, free(), first())],
        ),
        (
            "applies web-1 again",
            &[
                target(1, free(), first()),
                target(2, free(), hpa(12, Some(("2", "web-1")))),
            ],
        ),
        (
            "over a change in force",
            &[target(1, first(), hpa(14, Some(("2", "web-2"))))],
        ),
        ("takes back what is not", &[target(1, first(), free())]),
        ("without a journal", &[target(1, free(), hpa(11, None))]),
    ];
    for (expected, writes) in cases {
        let writes: Vec<Written> = std::iter::once(lease(0, "a", "a-1", 0))
            .chain(writes.iter().cloned())
            .collect();
        let found = judged(&writes);
        assert!(
            found.iter().any(|it| it.contains(expected)),
            "{expected}: {found:?}"
        );
    }
    let good = [
        lease(0, "a", "a-1", 0),
        target(1, free(), first()),
        target(2, first(), free()),
    ];
    assert_eq!(judged(&good), Vec::<String>::new());
}
