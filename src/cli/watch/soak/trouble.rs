//! What goes wrong, one kind for a while, then another one.

use serde_json::{Value, json};

use super::random::Random;
use crate::sandbox::Faults;

/// Kinds of trouble, with what happens to which requests.
fn kinds() -> Vec<(&'static str, Value)> {
    let writes = json!({ "verbs": ["create", "update", "patch"] });
    let history = json!({ "resources": ["services/proxy"] });
    let all = json!({});
    let watched = json!({ "verbs": ["watch"] });
    let rule = |when: &Value, share: f64, what: Value| {
        let mut rule = json!({ "when": when, "share": share });
        let fields = what.as_object().unwrap().clone();
        rule.as_object_mut().unwrap().extend(fields);
        rule
    };
    let errors = rule(&all, 0.1, json!({ "answer": "internalError" }));
    let busy = rule(
        &all,
        0.15,
        json!({ "answer": "tooManyRequests", "retryAfterSeconds": 1 }),
    );
    let lost = rule(
        &writes,
        0.15,
        json!({ "answer": "dropped", "carriedOut": true }),
    );
    let cut = rule(
        &watched,
        1.0,
        json!({ "cut": { "afterEvents": 25, "afterSeconds": 70 } }),
    );
    let conflicts = rule(&writes, 0.2, json!({ "answer": "conflict" }));
    let slow = rule(
        &all,
        0.3,
        json!({ "latency": { "least": "0s", "most": "6s" } }),
    );
    let late = rule(
        &writes,
        0.3,
        json!({ "latency": { "least": "0s", "most": "20s" }, "carriedOut": true }),
    );
    let down = rule(&history, 1.0, json!({ "answer": "unavailable" }));
    let rules = |all: &[&Value]| json!({ "rules": all });
    vec![
        ("calm", json!({})),
        ("api-5xx", rules(&[&errors])),
        ("api-429", rules(&[&busy])),
        ("lost-answers", rules(&[&lost])),
        ("watch-cuts", rules(&[&cut])),
        ("conflicts", rules(&[&conflicts])),
        ("slow", rules(&[&slow])),
        ("late-answers", rules(&[&late])),
        ("prometheus-down", rules(&[&down])),
        (
            "blind-controllers",
            json!({ "metricsGaps": [{ "after": "0s", "lasts": "3m", "every": "7m" }] }),
        ),
        ("clock-of-the-server", json!({ "clockSkew": "5s" })),
        (
            "all-at-once",
            rules(&[&errors, &lost, &cut, &conflicts, &slow, &down]),
        ),
    ]
}

/// Kinds that leave the requests of an election alone.
const HARMLESS_TO_LEASES: [&str; 5] = [
    "calm",
    "watch-cuts",
    "prometheus-down",
    "blind-controllers",
    "clock-of-the-server",
];

/// What goes wrong for a while.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    pub(super) plan: Faults,
    pub(super) disturbs_leases: bool,
}

/// The next kind.
pub(super) fn next(random: &mut Random) -> Trouble {
    let mut kinds = kinds();
    let (name, mut plan) = kinds.swap_remove(random.next() as usize % kinds.len());
    plan["seed"] = json!(random.next() >> 1);
    Trouble {
        name,
        plan: serde_json::from_value(plan).unwrap(),
        disturbs_leases: !HARMLESS_TO_LEASES.contains(&name),
    }
}

#[test]
fn every_kind_is_a_plan() {
    for (name, plan) in kinds() {
        let plan = serde_json::from_value::<Faults>(plan);
        assert!(plan.is_ok(), "{name}: {plan:?}");
    }
}
