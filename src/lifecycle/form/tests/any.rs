//! Any record, as far as an object can say it.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::analysis::assessment::RiskLevel;
use crate::analysis::review::Standing;
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::lifecycle::changes::Change;
use crate::lifecycle::diff::{ConfigDiff, Key, Setting};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{
    Applied, Attempt, Decision, Entry, Proposal, Record, Status, Write,
};
use crate::lifecycle::schedule::{self, Carried, State, floor::Floor, review::Review};
use crate::schedule::Losses;

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(|it| Timestamp::from_millisecond(it).unwrap())
}

fn word() -> impl Strategy<Value = String> {
    "[a-zü:/ \"]{0,8}"
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,8}"
}

/// Any JSON that is an object, with nulls in it.
pub(super) fn open() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    let any = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            fields(inner),
        ]
    });
    fields(any)
}

fn fields(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let fields = proptest::collection::btree_map(name(), inner, 0..3);
    fields.prop_map(|it| Value::Object(it.into_iter().collect()))
}

fn policies() -> impl Strategy<Value = Value> {
    let policies = json!({ "selectPolicy": "Max", "policies": [
        { "type": "Pods", "value": 4, "periodSeconds": 15 } ] });
    select(vec![
        Value::Null,
        json!({ "selectPolicy": "Disabled" }),
        policies,
    ])
}

fn thresholds() -> impl Strategy<Value = Value> {
    let each = proptest::collection::btree_map("[0-9]", word().prop_map(Value::from), 1..3);
    each.prop_map(|it| Value::Object(it.into_iter().collect()))
}

fn diff() -> impl Strategy<Value = ConfigDiff> {
    let count = || proptest::option::weighted(0.9, 1..1000_i64).prop_map(|it| json!(it));
    let numbers = [
        Key::MinReplicas,
        Key::MaxReplicas,
        Key::TargetCpuPct,
        Key::ScaleDownCooldownS,
        Key::CooldownPeriodS,
        Key::PollingIntervalS,
    ];
    let strategy = || select(vec![json!("default"), json!("eager")]);
    let values = prop_oneof![
        (
            select(numbers.to_vec()),
            count(),
            (1..1000_i64).prop_map(Value::from)
        ),
        (
            select(vec![Key::ScaleUpPolicies, Key::ScaleDownPolicies]),
            policies(),
            policies()
        ),
        (
            Just(Key::TriggerThresholds),
            prop_oneof![Just(Value::Null), thresholds()],
            thresholds()
        ),
        (Just(Key::Fallback), open(), open()),
        (
            Just(Key::ScalingStrategy),
            prop_oneof![Just(Value::Null), strategy()],
            strategy()
        ),
    ];
    proptest::collection::vec(values, 0..4).prop_map(|it| {
        let one = |(key, from, to)| Setting { key, from, to };
        let mut settings: Vec<_> = it.into_iter().map(one).collect();
        settings.sort_by_key(|it| it.key);
        settings.dedup_by_key(|it| it.key);
        settings.retain(|it| it.from != it.to);
        settings
    })
}

fn proposal() -> impl Strategy<Value = Proposal> {
    use proptest::option::of;
    let risk = select(vec![RiskLevel::Low, RiskLevel::Medium, RiskLevel::High]);
    let target = (name(), name()).prop_map(|(kind, name)| TargetRef {
        namespace: "shop".to_owned(),
        name,
        kind,
    });
    let windows = || proptest::collection::vec(open(), 0..2);
    let findings = proptest::collection::vec(open(), 0..2).prop_map(Value::from);
    let who = (of(name()), of(target), of(time()), risk, word());
    let what = (
        of(-9..9_i32),
        of(-4..4_i32),
        diff(),
        (windows(), windows(), of(losses())),
        open(),
        findings,
    );
    (who, what).prop_map(
        |((uid, scales, analyzed_at, risk, summary), what)| Proposal {
            uid,
            scales,
            analyzed_at,
            risk,
            summary,
            saving_usd: what.0.map(|it| f64::from(it) / 8.0),
            saving_share: what.1.map(|it| f64::from(it) / 4.0),
            diff: what.2,
            schedule: what.3.0,
            schedule_before: what.3.1,
            losses: what.3.2,
            evidence: what.4,
            findings: what.5,
        },
    )
}

fn losses() -> impl Strategy<Value = Losses> {
    (0..300_u32, 0..300_u32, 0..=100_u32).prop_map(|it| Losses {
        median_percent: it.0,
        high_percent: it.1,
        covered_percent: it.2,
    })
}

fn review() -> impl Strategy<Value = Review> {
    use proptest::option::of;
    let parts = (
        select(&Standing::ALL[..]),
        word(),
        of(losses()),
        of(losses()),
        time(),
        time(),
    );
    parts.prop_map(|(standing, detail, chosen, now, since, at)| Review {
        standing,
        detail,
        chosen,
        now,
        since,
        at,
    })
}

fn change() -> impl Strategy<Value = Change> {
    use proptest::option::of;
    let path = name().prop_map(|it| format!("/spec/{it}"));
    let value = || prop_oneof![Just(Value::Null), Just(json!(3)), open()];
    let parts = (path, of(value()), of(value()));
    parts.prop_map(|(path, from, to)| Change { path, from, to })
}

fn applied() -> impl Strategy<Value = Applied> {
    let changes = proptest::collection::vec(change(), 0..3);
    let parts = (proptest::option::of(name()), word(), time(), changes);
    parts.prop_map(|(id, by, at, changes)| Applied {
        id,
        by,
        at,
        changes,
    })
}

fn carried() -> impl Strategy<Value = Carried> {
    use proptest::option::of;
    let written = (0..24_u32, 1..600_u32, 1..9_u32).prop_map(|(hour, minutes, min)| {
        json!({ "startCron": format!("0 {hour} * * 1-5"), "durationMinutes": minutes,
            "minReplicas": min, "timeZone": "Europe/Berlin" })
    });
    let windows = proptest::collection::vec(written, 0..3)
        .prop_map(|it| serde_json::from_value(Value::from(it)).unwrap());
    let floor = (name(), name(), word(), time(), 0..9_u32, 0..9_u32, time());
    let floor = floor.prop_map(|(id, recommendation, by, at, from, to, until)| Floor {
        id,
        recommendation,
        by,
        at,
        from,
        to,
        until,
    });
    let what = select(vec![schedule::Write::Raise, schedule::Write::Restore]);
    let attempt = (name(), what, word(), time());
    let attempt = attempt.prop_map(|(id, what, by, at)| schedule::Attempt { id, what, by, at });
    let state = select(&State::ALL[..]);
    let parts = (
        windows,
        state,
        word(),
        of(time()),
        of(floor),
        of(attempt),
        0..9_u32,
        of(time()),
        of(review()),
    );
    parts.prop_map(|it| Carried {
        windows: it.0,
        state: it.1,
        detail: it.2,
        since: it.3,
        floor: it.4,
        attempt: it.5,
        idle: it.6,
        left_until: it.7,
        review: it.8,
    })
}

fn status() -> impl Strategy<Value = Status> {
    use proptest::option::of;
    let decision = (word(), time(), word());
    let decision = decision.prop_map(|(by, at, reason)| Decision { by, at, reason });
    let attempt = (
        name(),
        select(vec![Write::Apply, Write::Revert]),
        word(),
        time(),
    );
    let attempt = attempt.prop_map(|(id, what, by, at)| Attempt { id, what, by, at });
    let phase = || select(&Phase::ALL[..]);
    let entry = (time(), phase(), word(), word());
    let entry = entry.prop_map(|(at, phase, detail, by)| Entry {
        at,
        phase,
        detail,
        by,
    });
    let story = proptest::collection::vec(entry, 0..4);
    let words = (phase(), word(), of(time()), of(decision), of(attempt));
    let facts = (
        applied(),
        any::<bool>(),
        of(time()),
        0..9_u32,
        0..9_u32,
        of(open()),
        of(carried()),
    );
    (words, facts, of(name()), of(name()), story).prop_map(
        |(words, facts, rejected_inputs, observed, story)| Status {
            applied: (facts.1 || words.0.is_in_force()).then_some(facts.0),
            phase: words.0,
            detail: words.1,
            since: words.2,
            decided: words.3,
            attempt: words.4,
            probation_until: facts.2,
            schedule: facts.6,
            errors: facts.3,
            failures: facts.4,
            measured: facts.5,
            rejected_inputs,
            observed,
            story,
        },
    )
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    (name(), proposal(), any::<bool>(), status()).prop_map(|(name, proposal, approved, status)| {
        Record {
            namespace: "shop".to_owned(),
            autoscaler: AutoscalerId {
                namespace: "shop".to_owned(),
                name: name.clone(),
                kind: AutoscalerKind::HorizontalPodAutoscaler,
            },
            name,
            proposal,
            approved,
            status,
        }
    })
}
