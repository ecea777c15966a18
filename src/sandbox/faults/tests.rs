//! Which requests meet which trouble.

use super::*;

fn plan(text: &str) -> Plan {
    serde_json::from_str(text).unwrap()
}

fn asked(request: &str) -> Attributes {
    let (method, path) = request.split_once(' ').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Attributes::of(method, path, query)
}

/// What follows the question mark.
fn query(request: &str) -> &str {
    request.split_once('?').map_or("", |it| it.1)
}

const PATCH: &str = "PATCH /apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web";

fn refused(ending: Ending) -> Refusal {
    match ending {
        Ending::Refused(refusal) => refusal,
        Ending::Dropped => panic!("the connection breaks"),
    }
}

/// Which of ten requests are refused, each with its code.
fn codes(faults: &Faults, request: &str) -> Vec<u16> {
    let code = |_| {
        let trouble = faults.judge(&asked(request), query(request), "kubectl/1.36");
        assert_eq!(trouble.after, Hindrance::default());
        trouble.before.ending.map_or(0, |it| refused(it).code)
    };
    (0..10).map(code).collect()
}

#[test]
fn every_third_request_is_refused() {
    let text = r#"{ "rules": [{ "every": 3, "answer": "unavailable" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(codes(&faults, PATCH), [0, 0, 503, 0, 0, 503, 0, 0, 503, 0]);
}

#[test]
fn one_request_alone_is_struck() {
    let text = r#"{ "rules": [{ "nth": 3, "answer": "unavailable" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(codes(&faults, PATCH), [0, 0, 503, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn what_was_carried_out_meets_trouble_on_the_way_back() {
    let text = r#"{ "rules": [{ "latency": { "least": "1s" } },
        { "carriedOut": true, "latency": { "least": "2s" }, "answer": "dropped" },
        { "carriedOut": true, "latency": { "least": "3s" }, "answer": "unavailable" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    let trouble = faults.judge(&asked(PATCH), query(PATCH), "");
    let met = |seconds, ending| Hindrance {
        delay: Duration::from_secs(seconds),
        ending,
    };
    assert_eq!(trouble.before, met(1, None));
    assert_eq!(trouble.after, met(5, Some(Ending::Dropped)));
}

#[test]
fn a_share_is_kept_and_the_same_seed_strikes_the_same_requests() {
    let of = |seed: u64| {
        let text = format!(
            r#"{{ "seed": {seed}, "rules": [{{ "share": 0.3, "answer": "internalError" }}] }}"#
        );
        let faults = Faults::of(plan(&text), Timestamp::UNIX_EPOCH).unwrap();
        let struck = |_| {
            let trouble = faults.judge(&asked(PATCH), query(PATCH), "");
            trouble.before.ending.is_some()
        };
        (0..10_000).map(struck).collect::<Vec<bool>>()
    };
    let struck = of(7).into_iter().filter(|it| *it).count();
    assert!((2_850..3_150).contains(&struck), "{struck} of 10000");
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn rules_strike_what_they_are_about_alone() {
    let cases = [
        (r#"{ "verbs": ["patch"] }"#, true),
        (r#"{ "verbs": ["get", "update"] }"#, false),
        (r#"{ "resources": ["horizontalpodautoscalers"] }"#, true),
        (
            r#"{ "resources": ["horizontalpodautoscalers/status"] }"#,
            false,
        ),
        (r#"{ "namespaces": ["shop"] }"#, true),
        (r#"{ "namespaces": ["other"] }"#, false),
        (r#"{ "userAgent": "kubectl" }"#, true),
        (r#"{ "userAgent": "stepscale" }"#, false),
    ];
    for (when, expected) in cases {
        let text = format!(r#"{{ "rules": [{{ "when": {when}, "answer": "tooManyRequests" }}] }}"#);
        let faults = Faults::of(plan(&text), Timestamp::UNIX_EPOCH).unwrap();
        let code = if expected { 429 } else { 0 };
        assert_eq!(codes(&faults, PATCH)[0], code, "{when}");
    }
}

#[test]
fn only_updates_and_patches_conflict() {
    let text = r#"{ "rules": [{ "answer": "conflict" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    let trouble = faults.judge(&asked(PATCH), query(PATCH), "");
    assert_eq!(
        refused(trouble.before.ending.unwrap()).message,
        "Operation cannot be fulfilled on horizontalpodautoscalers.autoscaling \"web\": the object \
         has been modified; please apply your changes to the latest version and try again"
    );
    for request in [
        "GET /api/v1/pods",
        "POST /api/v1/namespaces",
        "DELETE /api/v1/nodes/a",
    ] {
        assert_eq!(codes(&faults, request)[0], 0, "{request}");
    }
}

#[test]
fn latencies_add_up_and_stay_in_their_range() {
    let text = r#"{ "rules": [{ "latency": { "least": "10ms", "most": "30ms" } },
        { "latency": { "least": "1s" } }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    let delays: Vec<Duration> = (0..100)
        .map(|_| faults.judge(&asked(PATCH), query(PATCH), "").before.delay)
        .collect();
    let range = Duration::from_millis(1010)..=Duration::from_millis(1030);
    assert!(delays.iter().all(|it| range.contains(it)), "{delays:?}");
    assert_ne!(delays[0], delays[1]);
}

#[test]
fn watches_alone_are_cut() {
    let text = r#"{ "rules": [{ "cut": { "afterEvents": 2 } }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    let cut = Cut {
        after_events: Some(2),
        after_seconds: None,
    };
    assert_eq!(
        faults
            .judge(
                &asked("GET /api/v1/pods?watch=1"),
                query("GET /api/v1/pods?watch=1"),
                ""
            )
            .cut,
        Some(cut)
    );
    assert_eq!(
        faults
            .judge(&asked("GET /api/v1/pods"), query("GET /api/v1/pods"), "")
            .cut,
        None
    );
}

#[test]
fn metrics_are_missing_within_gaps() {
    let text = r#"{ "clockSkew": "-90s", "metricsGaps": [{ "after": "10m", "lasts": "5m" },
        { "after": "1h", "lasts": "1m", "every": "1h" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(faults.clock_skew(), SignedDuration::from_secs(-90));
    let at = |second| Timestamp::from_second(second).unwrap();
    let cases = [
        (-1, true),
        (599, true),
        (600, false),
        (899, false),
        (900, true),
        (3_599, true),
        (3_600, false),
        (3_660, true),
        (7_259, false),
        (7_260, true),
    ];
    for (second, expected) in cases {
        assert_eq!(faults.has_metrics(at(second)), expected, "second {second}");
    }
    assert!(faults.has_metrics(Timestamp::MIN));
    let later = at(100_000);
    faults.set(plan(text), later).unwrap();
    for (second, expected) in cases {
        let found = faults.has_metrics(at(100_000 + second));
        assert_eq!(found, expected, "second {second} of another plan");
    }
}

#[test]
fn plans_without_sense_are_refused_and_change_nothing() {
    let faults = Faults::of(
        plan(r#"{ "rules": [{ "answer": "unavailable" }] }"#),
        Timestamp::UNIX_EPOCH,
    )
    .unwrap();
    let cases = [
        (
            r#"{ "rules": [{ "share": 1.5, "answer": "conflict" }] }"#,
            "share 1.5 of fault rule 1 is not between 0 and 1",
        ),
        (
            r#"{ "rules": [{ "every": 0, "answer": "conflict" }] }"#,
            "fault rule 1 strikes every 0 requests, which is never",
        ),
        (
            r#"{ "rules": [{ "nth": 0, "answer": "conflict" }] }"#,
            "fault rule 1 strikes the request number 0, and they are counted from 1",
        ),
        (
            r#"{ "rules": [{ "latency": { "least": "-1s" } }] }"#,
            "latency of fault rule 1 is negative, or its most is less than its least",
        ),
        (
            r#"{ "rules": [{ "latency": { "least": "50ms", "most": "300m" } }] }"#,
            "latency of fault rule 1 is 5h, longer than 5m",
        ),
        (
            r#"{ "rules": [{ "latency": { "least": "301s" } }] }"#,
            "latency of fault rule 1 is 5m 1s, longer than 5m",
        ),
        (
            r#"{ "rules": [{ "answer": "conflict" }, {}] }"#,
            "fault rule 2 does nothing: give it a latency, an answer or a cut",
        ),
        (
            r#"{ "metricsGaps": [{ "after": "0s", "lasts": "1h", "every": "1h" }] }"#,
            "metrics gap 1 does not last, or comes again before it is over",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            faults
                .set(plan(text), Timestamp::UNIX_EPOCH)
                .unwrap_err()
                .to_string(),
            expected
        );
    }
    assert_eq!(codes(&faults, PATCH)[0], 503);
    faults.set(Plan::default(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(codes(&faults, PATCH)[0], 0);
}

#[test]
fn words_that_are_not_known_are_refused() {
    for text in [
        r#"{ "rule": [] }"#,
        r#"{ "rules": [{ "answer": "teapot" }] }"#,
    ] {
        assert!(serde_json::from_str::<Plan>(text).is_err(), "{text}");
    }
}

#[test]
fn only_pages_after_the_first_expire() {
    let text = r#"{ "rules": [{ "answer": "expired" }] }"#;
    let faults = Faults::of(plan(text), Timestamp::UNIX_EPOCH).unwrap();
    let cases = [
        ("GET /api/v1/pods?limit=500", 0),
        ("GET /api/v1/pods?limit=500&continue=", 0),
        ("GET /api/v1/pods?limit=500&continue=abc", 410),
        ("GET /api/v1/pods?continue=abc&watch=1", 0),
        ("DELETE /api/v1/namespaces/a/pods?continue=abc", 0),
        (PATCH, 0),
    ];
    for (request, code) in cases {
        assert_eq!(codes(&faults, request)[0], code, "{request}");
    }
}

#[test]
fn sources_of_triggers_fail_for_those_that_are_meant() {
    let text = r#"{ "triggerFailures": [
        { "namespaces": ["shop"], "objects": ["orders"], "triggers": [1], "after": "10m", "lasts": "5m" },
        { "objects": ["mails"], "after": "1h", "lasts": "1m", "every": "1h" }] }"#;
    let start = Timestamp::from_second(100_000).unwrap();
    let faults = Faults::of(plan(text), start).unwrap();
    let table = [
        ("shop", "orders", 1, 600, true),
        ("shop", "orders", 1, 599, false),
        ("shop", "orders", 1, 900, false),
        ("shop", "orders", 0, 600, false),
        ("other", "orders", 1, 600, false),
        ("any", "mails", 3, 7_200, true),
        ("any", "mails", 3, 7_260, false),
    ];
    for (namespace, object, trigger, second, expected) in table {
        let now = start + SignedDuration::from_secs(second);
        let found = faults.fails(namespace, object, trigger, now);
        assert_eq!(
            found, expected,
            "{namespace}/{object} {trigger} at {second}"
        );
    }
    let endless = r#"{ "triggerFailures": [{ "after": "0s", "lasts": "0s" }] }"#;
    let refused = Faults::of(plan(endless), start).unwrap_err();
    assert_eq!(refused, PlanError::TriggerFailure { failure: 1 });
}
