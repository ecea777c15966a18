use std::collections::BTreeSet;

use super::rights::{Circumstances, OPTIONAL, needed};
use super::*;
use crate::license::Unlicensed;

const NOW: &str = "2026-03-01T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn circumstances() -> Circumstances<'static> {
    Circumstances {
        namespace: Some("shop"),
        own_namespace: "ops",
        prometheus: Discovery::In("monitoring".to_owned()),
        served: BTreeSet::from(OPTIONAL),
    }
}

fn rights(missing: impl Fn(&Right) -> bool) -> Told<Rights> {
    let all = needed(&circumstances()).into_iter();
    Told::Known(Rights {
        reviewed: all.map(|it| (it.clone(), Ok(!missing(&it)))).collect(),
    })
}

fn trouble(what: &str) -> Trouble {
    Trouble {
        what: what.to_owned(),
        advice: Some("do something".to_owned()),
        fault: Fault::Unreachable,
    }
}

fn recorded(metric: &str, from: &'static str, absent: Absent, within: u64) -> Recorded {
    Recorded {
        metric: metric.to_owned(),
        from,
        without: "less can be said",
        absent,
        counted: Ok(Counted {
            within,
            anywhere: within,
        }),
    }
}

fn prometheus() -> PrometheusFound {
    PrometheusFound {
        name: "http://p:9090".to_owned(),
        way: "by its address",
        answers: Ok(Prometheus {
            product: None,
            version: Some("3.5.0".to_owned()),
            retention: Some("15d".to_owned()),
        }),
        series: vec![
            recorded("cpu", "cAdvisor", Absent::Stops, 40),
            recorded("owner", "kube-state-metrics", Absent::Lessens, 40),
            recorded("throttled", "cAdvisor", Absent::MayBe, 40),
            recorded("keda", "KEDA", Absent::WithKeda, 40),
        ],
        history: Ok(History {
            days: 14,
            wanted_days: 14,
        }),
        empty: None,
    }
}

/// A cluster with everything, and a user without a license.
fn healthy() -> Facts {
    let folder = Folder {
        path: Some("/state".to_owned()),
        problem: None,
    };
    Facts {
        kubeconfig: Told::Known(Kubeconfig {
            files: vec!["/kube/config".to_owned()],
            context: Some("kind".to_owned()),
            ..Kubeconfig::default()
        }),
        server: Told::Known(Server {
            endpoint: "https://api".to_owned(),
            version: Some("v1.33.2".to_owned()),
        }),
        rights: rights(|_| false),
        metrics_api: Told::Known(MetricsApi::Served {
            pods: 3,
            newest: Some(now()),
            at: now(),
        }),
        prometheus: Told::Known(Sought::Found(Box::new(prometheus()))),
        keda: Told::Known(None),
        definition: Told::Known(Definition::Present {
            by: Some("0.1.0".to_owned()),
            ours: "0.1.0",
        }),
        clocks: Told::Known(Clocks {
            here: now(),
            server: Some(now()),
            prometheus: Some(now()),
        }),
        license: Told::Known(License {
            state: crate::license::State::Unlicensed(Unlicensed::NoLicense),
            source: "none named".to_owned(),
        }),
        model: None,
        state: folder.clone(),
        audit: AuditLog::File(folder),
    }
}

/// Checks that are not fine, as `name state`.
fn troubles(facts: &Facts, purposes: &[Purpose]) -> Vec<String> {
    let checks = examine(facts, purposes, now());
    let bad = checks
        .iter()
        .filter(|it| matches!(it.state, State::Warning | State::Failed));
    bad.map(|it| format!("{} {}", it.name, it.state.as_str()))
        .collect()
}

#[test]
fn what_is_not_fine_says_what_to_do() {
    let mut facts = healthy();
    facts.rights = rights(|_| true);
    facts.definition = Told::Known(Definition::OtherVersions);
    facts.prometheus = Told::Known(Sought::None("none".to_owned()));
    facts.metrics_api = Told::Known(MetricsApi::NotServed);
    facts.server = Told::Failed(trouble("refused"));
    facts.state.problem = Some("read-only".to_owned());
    let checks = examine(&facts, &Purpose::ALL, now());
    let bad: Vec<&Check> = checks
        .iter()
        .filter(|it| matches!(it.state, State::Warning | State::Failed))
        .collect();
    assert!(bad.len() > 30, "{}", bad.len());
    for check in bad {
        assert!(check.advice.is_some(), "{check:?}");
        assert_eq!(
            check.fault.is_some(),
            check.state == State::Failed,
            "{check:?}"
        );
    }
}

#[test]
fn what_nobody_asks_about_warns() {
    let facts = healthy();
    assert_eq!(troubles(&facts, &[Purpose::Analyze]), ["license warning"]);
    assert_eq!(worst(&examine(&facts, &[Purpose::Analyze], now())), None);
    assert_eq!(troubles(&facts, &[Purpose::Apply]), ["license failed"]);
    let refused = worst(&examine(&facts, &[Purpose::Apply], now()));
    assert_eq!(refused, Some(Fault::Refused));
}

#[test]
fn a_right_that_is_missing_fails_for_whom_it_stops() {
    let cases = [
        ("list", "pods", [State::Warning; 3]),
        (
            "list",
            "horizontalpodautoscalers.autoscaling",
            [State::Failed; 3],
        ),
        (
            "patch",
            "horizontalpodautoscalers.autoscaling",
            [State::Warning, State::Failed, State::Warning],
        ),
        (
            "create",
            "scalingrecommendations.stepscale.io",
            [State::Warning, State::Failed, State::Failed],
        ),
        (
            "watch",
            "horizontalpodautoscalers.autoscaling",
            [State::Warning; 3],
        ),
        (
            "update",
            "leases.coordination.k8s.io",
            [State::Warning, State::Warning, State::Failed],
        ),
    ];
    for (verb, resource, expected) in cases {
        let mut facts = healthy();
        facts.rights =
            rights(|it| it.permission.verb == verb && it.permission.resource == resource);
        for (purpose, expected) in Purpose::ALL.into_iter().zip(expected) {
            let checks = examine(&facts, &[purpose], now());
            let missing: Vec<&Check> = checks
                .iter()
                .filter(|it| it.name == "permission" && it.state != State::Ok)
                .collect();
            assert_eq!(missing.len(), 1, "{verb} {resource}: {missing:?}");
            assert_eq!(missing[0].state, expected, "{verb} {resource} {purpose:?}");
            let advice = missing[0].advice.as_deref().unwrap();
            let command = format!("kubectl auth can-i {verb} {resource}");
            assert!(advice.contains(&command), "{advice}");
        }
    }
}

#[test]
fn rights_are_those_of_the_list_and_each_is_asked_for_once() {
    let all = needed(&circumstances());
    let mut seen = BTreeSet::new();
    for right in &all {
        assert!(
            seen.insert(format!("{:?} {:?}", right.permission, right.object)),
            "{right:?}"
        );
    }
    for permission in crate::install::PERMISSIONS {
        for verb in permission.verbs {
            let of = |it: &&Right| it.reason == permission.reason && it.permission.verb == *verb;
            assert!(
                all.iter().any(|it| of(&it)),
                "{verb} {:?}",
                permission.resources
            );
        }
    }
    let everywhere = Circumstances {
        namespace: None,
        ..circumstances()
    };
    let place = |right: &Right| right.permission.namespace.clone();
    let pods = |it: &&Right| it.permission.resource == "pods";
    assert_eq!(
        place(all.iter().find(pods).unwrap()).as_deref(),
        Some("shop")
    );
    assert_eq!(place(needed(&everywhere).iter().find(pods).unwrap()), None);
}

#[test]
fn what_is_not_there_needs_no_right() {
    let less = Circumstances {
        prometheus: Discovery::NotNeeded,
        served: BTreeSet::new(),
        ..circumstances()
    };
    let rights = needed(&less);
    for word in ["keda", "metrics.k8s.io", "stepscale.io", "services"] {
        let found = rights
            .iter()
            .find(|it| it.permission.resource.contains(word));
        assert_eq!(found, None);
    }
    let nowhere = Circumstances {
        prometheus: Discovery::Nowhere,
        ..circumstances()
    };
    let services: Vec<Right> = needed(&nowhere)
        .into_iter()
        .filter(|it| it.permission.resource.starts_with("services"))
        .collect();
    assert_eq!(services.len(), 1, "{services:?}");
    assert_eq!(services[0].permission.namespace, None);
}

#[test]
fn a_server_that_is_not_reached_is_one_failure_and_the_rest_is_skipped() {
    let why = || "the API server was not reached".to_owned();
    let facts = Facts {
        server: Told::Failed(trouble("connection refused")),
        rights: Told::Unasked(why()),
        metrics_api: Told::Unasked(why()),
        prometheus: Told::Unasked(why()),
        keda: Told::Unasked(why()),
        definition: Told::Unasked(why()),
        clocks: Told::Unasked(why()),
        ..healthy()
    };
    let expected = ["api-server failed", "license warning"];
    assert_eq!(troubles(&facts, &[Purpose::Analyze]), expected);
    // Without an answer nothing else is known.
    let checks = examine(&facts, &[Purpose::Apply], now());
    assert_eq!(worst(&checks), Some(Fault::Unreachable));
}

#[test]
fn where_no_review_is_answered_it_is_said_once() {
    let mut facts = healthy();
    let all = needed(&circumstances()).into_iter();
    let reviewed = all
        .map(|it| (it, Err(trouble("no answer within 10s"))))
        .collect();
    facts.rights = Told::Known(Rights { reviewed });
    let expected = ["permission failed", "license warning"];
    assert_eq!(troubles(&facts, &[Purpose::Analyze]), expected);
}

#[test]
fn series_weigh_what_goes_without_them() {
    let cases = [
        ("cpu", vec!["series failed"]),
        ("owner", vec!["series warning"]),
        ("throttled", vec![]),
        ("keda", vec![]),
    ];
    for (metric, mut expected) in cases {
        let mut found = prometheus();
        for series in found.series.iter_mut().filter(|it| it.metric == metric) {
            series.counted = Ok(Counted {
                within: 0,
                anywhere: 7,
            });
        }
        let mut facts = healthy();
        facts.prometheus = Told::Known(Sought::Found(Box::new(found)));
        expected.push("license warning");
        assert_eq!(troubles(&facts, &[Purpose::Analyze]), expected, "{metric}");
    }
}

#[test]
fn of_an_empty_namespace_nothing_is_expected_to_be_recorded() {
    let mut found = prometheus();
    for series in &mut found.series {
        series.counted = Ok(Counted {
            within: 0,
            anywhere: 7,
        });
    }
    found.history = Ok(History {
        days: 0,
        wanted_days: 14,
    });
    found.empty = Some("fresh".to_owned());
    let mut facts = healthy();
    facts.prometheus = Told::Known(Sought::Found(Box::new(found.clone())));
    assert_eq!(troubles(&facts, &[Purpose::Analyze]), ["license warning"]);
    let checks = examine(&facts, &[Purpose::Analyze], now());
    let skipped = |name| checks.iter().find(|it| it.name == name).unwrap();
    let why = "namespace fresh has no pods and no autoscalers (-A looks at all namespaces)";
    assert_eq!(skipped("history").state, State::Skipped);
    assert_eq!(skipped("history").seen, why);
    assert_eq!(skipped("series").state, State::Skipped);
    assert_eq!(
        skipped("series").seen,
        format!("{why}; 7 series of cAdvisor are of others")
    );
    // What no namespace has is missing all the same.
    found.series[0].counted = Ok(Counted {
        within: 0,
        anywhere: 0,
    });
    facts.prometheus = Told::Known(Sought::Found(Box::new(found)));
    let expected = ["series failed", "license warning"];
    assert_eq!(troubles(&facts, &[Purpose::Analyze]), expected);
}

#[test]
fn metrics_server_matters_where_there_is_no_prometheus() {
    let mut facts = healthy();
    facts.metrics_api = Told::Known(MetricsApi::NotServed);
    let first = |facts: &Facts| troubles(facts, &[Purpose::Analyze])[0].clone();
    assert_eq!(first(&facts), "metrics-server warning");
    facts.prometheus = Told::Known(Sought::NotWanted);
    assert_eq!(first(&facts), "metrics-server failed");
}

#[test]
fn thresholds_are_of_time() {
    let later = |minutes: i64| now() + jiff::SignedDuration::from_mins(minutes);
    let mut facts = healthy();
    let with_certificate = |until| {
        Told::Known(Kubeconfig {
            context: Some("kind".to_owned()),
            certificate_until: Some(until),
            ..Kubeconfig::default()
        })
    };
    for (until, expected) in [
        (later(-1), Some("kubeconfig failed")),
        (later(60), Some("kubeconfig warning")),
        (later(60 * 24 * 8), None),
    ] {
        facts.kubeconfig = with_certificate(until);
        let found = troubles(&facts, &[Purpose::Analyze]);
        let found = found.iter().find(|it| it.starts_with("kubeconfig"));
        assert_eq!(found.map(String::as_str), expected);
    }
    for (minutes, is_told) in [(0, false), (1, true), (-1, true)] {
        facts.clocks = Told::Known(Clocks {
            here: now(),
            server: Some(now()),
            prometheus: Some(later(minutes)),
        });
        let found = troubles(&facts, &[Purpose::Analyze]);
        assert_eq!(
            found.contains(&"clocks warning".to_owned()),
            is_told,
            "{minutes}"
        );
    }
    for (version, expected) in [
        ("v1.22.17", State::Failed),
        ("v1.23.0", State::Ok),
        ("v1.40.0", State::Ok),
    ] {
        facts.server = Told::Known(Server {
            endpoint: "https://api".to_owned(),
            version: Some(version.to_owned()),
        });
        let checks = examine(&facts, &[Purpose::Analyze], now());
        assert_eq!(checks[1].state, expected, "{version}");
        // What it does not serve is nothing that somebody refuses.
        let fault = (expected == State::Failed).then_some(Fault::Unreachable);
        assert_eq!(checks[1].fault, fault, "{version}");
    }
}

fn model(key: Key, known: Told<Models>) -> Check {
    let mut facts = healthy();
    facts.model = Some(Model {
        server: "ollama at http://o:11434".to_owned(),
        name: "llama3.2".to_owned(),
        is_pulled: key == Key::NotWanted,
        key,
        known,
    });
    let checks = examine(&facts, &Purpose::ALL, now());
    let mut found = checks.into_iter().filter(|it| it.name == "language-model");
    found.next().unwrap()
}

#[test]
fn a_model_that_is_there_is_told_with_the_variable_of_its_key() {
    for (key, known, expected) in [
        (
            Key::NotWanted,
            Models::Known,
            "ollama at http://o:11434 has llama3.2",
        ),
        (
            Key::Of("OPENAI_API_KEY"),
            Models::Known,
            "ollama at http://o:11434 has llama3.2, with the key of OPENAI_API_KEY",
        ),
        (
            Key::Unset("OPENAI_API_KEY"),
            Models::Untold,
            "ollama at http://o:11434 answers, without a key: OPENAI_API_KEY is not set, and does not tell \
             whether it has llama3.2",
        ),
    ] {
        let check = model(key, Told::Known(known));
        assert_eq!((check.state, &*check.seen), (State::Ok, expected));
    }
    let without = examine(&healthy(), &Purpose::ALL, now());
    assert!(without.iter().all(|it| it.name != "language-model"));
}

#[test]
fn a_model_that_is_not_there_warns_and_says_what_to_do() {
    let others = |all: &[&str]| {
        let all = all.iter().map(|it| (*it).to_owned()).collect();
        Told::Known(Models::Others(all))
    };
    let key = Key::Of("OPENAI_API_KEY");
    for (key, known, expected) in [
        (
            Key::Missing("OPENAI_API_KEY"),
            Told::Failed(trouble("OPENAI_API_KEY is not set")),
            "export OPENAI_API_KEY=…",
        ),
        (
            key,
            Told::Failed(trouble("cannot reach it")),
            "do something",
        ),
        (
            key,
            others(&["gpt-x", "llama3.3"]),
            "pass --llm-model llama3.3",
        ),
        (
            key,
            others(&["a", "b"]),
            "pass --llm-model with one that it has: a, b",
        ),
        (key, others(&[]), "pass another --llm-model"),
        (
            Key::NotWanted,
            others(&["llama3.3"]),
            "`ollama pull llama3.2`, or pass --llm-model llama3.3",
        ),
    ] {
        let check = model(key, known);
        assert_eq!(
            (check.state, check.fault),
            (State::Warning, None),
            "{check:?}"
        );
        assert_eq!(check.advice.as_deref(), Some(expected));
    }
}
