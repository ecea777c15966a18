use super::*;
use crate::lifecycle::diff::Key;

pub(in crate::signals::webhook) fn change() -> Change {
    Change {
        namespace: "shop".to_owned(),
        name: "web-rec".to_owned(),
        target: ("HorizontalPodAutoscaler".to_owned(), "web-hpa".to_owned()),
        what: What::Phase {
            before: Some(Phase::Approved),
            after: Phase::Applied,
            diff: vec![Setting {
                key: Key::MinReplicas,
                from: json!(3),
                to: json!(2),
            }],
            projected_usd_monthly: Some(120.5),
            measured_usd_monthly: None,
        },
        detail: "patched HPA web-hpa of <shop>".to_owned(),
        at: "2026-11-22T12:00:00Z".parse().unwrap(),
    }
}

fn phase(before: Option<Phase>, after: Phase) -> What {
    What::Phase {
        before,
        after,
        diff: vec![],
        projected_usd_monthly: None,
        measured_usd_monthly: None,
    }
}

fn raised() -> Change {
    Change {
        what: What::Schedule {
            before: Some(State::Waiting),
            after: State::Open,
            held: Some((2, 8)),
        },
        detail: "minReplicas is 8 instead of 2".to_owned(),
        ..change()
    }
}

fn reviewed() -> Change {
    Change {
        what: What::Review {
            before: Some(Standing::Steady),
            after: Standing::Obsolete,
        },
        detail: "it does not pay any more".to_owned(),
        ..change()
    }
}

#[test]
fn a_schedule_has_events_of_its_own() {
    let event = body(&raised(), &settings(Form::CloudEvents));
    assert_eq!(event["type"], "io.stepscale.schedule.open");
    let expected = json!({
        "namespace": "shop",
        "recommendation": "web-rec",
        "targetRef": { "kind": "HorizontalPodAutoscaler", "name": "web-hpa" },
        "before": "waiting",
        "after": "open",
        "detail": "minReplicas is 8 instead of 2",
        "minReplicas": { "from": 2, "to": 8 },
    });
    assert_eq!(event["data"], expected);
    let event = body(&reviewed(), &settings(Form::CloudEvents));
    assert_eq!(event["type"], "io.stepscale.schedule.reviewed");
    assert_eq!(
        (&event["data"]["before"], &event["data"]["after"]),
        (&json!("steady"), &json!("obsolete"))
    );
    let text = |change: &Change| body(change, &settings(Form::Slack))["text"].clone();
    assert_eq!(
        text(&raised()),
        "*shop/web-rec* (HorizontalPodAutoscaler web-hpa): schedule waiting → open: minReplicas is 8 \
         instead of 2"
    );
    assert_eq!(
        text(&reviewed()),
        "*shop/web-rec* (HorizontalPodAutoscaler web-hpa): schedule reviewed, steady → obsolete: it does \
         not pay any more"
    );
}

#[test]
fn events_of_a_schedule_tell_no_names_where_these_are_left_out() {
    let redacted = Settings {
        redact: true,
        ..settings(Form::CloudEvents)
    };
    for change in [raised(), reviewed()] {
        let text = body(&change, &redacted).to_string();
        for word in ["shop", "web-rec", "web-hpa", "instead", "any more"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(text.contains("io.stepscale.schedule."), "{text}");
    }
}

fn settings(form: Form) -> Settings {
    let url = "https://hooks.example.com/T0/secret".to_owned();
    Settings::new(url, form, "/clusters/prod".to_owned())
}

fn body(change: &Change, settings: &Settings) -> Value {
    serde_json::from_slice(&Event::of(change, settings).body).unwrap()
}

#[test]
fn a_cloud_event_has_what_the_specification_wants() {
    let event = Event::of(&change(), &settings(Form::CloudEvents));
    assert_eq!(
        event.content_type,
        "application/cloudevents+json; charset=utf-8"
    );
    let expected = json!({
        "specversion": "1.0",
        "type": "io.stepscale.recommendation.applied",
        "source": "/clusters/prod",
        "subject": "shop/web-rec",
        "id": event.id,
        "time": "2026-11-22T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "namespace": "shop",
            "recommendation": "web-rec",
            "targetRef": { "kind": "HorizontalPodAutoscaler", "name": "web-hpa" },
            "before": "approved",
            "after": "applied",
            "detail": "patched HPA web-hpa of <shop>",
            "configDiff": { "min_replicas": { "from": 3, "to": 2 } },
            "projectedSavingsUsdMonthly": 120.5,
        },
    });
    assert_eq!(body(&change(), &settings(Form::CloudEvents)), expected);
}

#[test]
fn a_chat_is_told_in_a_sentence() {
    let expected = "*shop/web-rec* (HorizontalPodAutoscaler web-hpa): approved → applied: patched HPA \
        web-hpa of &lt;shop&gt;\nmin 3→2\nUSD 120.50 a month saved, projected";
    assert_eq!(
        body(&change(), &settings(Form::Slack)),
        json!({ "text": expected })
    );
    let new = Change {
        what: phase(None, Phase::Pending),
        detail: String::new(),
        ..change()
    };
    let expected = "*shop/web-rec* (HorizontalPodAutoscaler web-hpa): pending";
    assert_eq!(
        body(&new, &settings(Form::Slack)),
        json!({ "text": expected })
    );
}

#[test]
fn an_id_is_of_the_change_and_of_nothing_else() {
    let id = |change: &Change, settings: &Settings| Event::of(change, settings).id;
    let (one, all) = (
        id(&change(), &settings(Form::CloudEvents)),
        settings(Form::CloudEvents),
    );
    assert_eq!(one.len(), 32);
    assert_eq!(id(&change(), &settings(Form::Slack)), one);
    let others = [
        Change {
            namespace: "shopw".to_owned(),
            name: "eb-rec".to_owned(),
            ..change()
        },
        Change {
            what: phase(Some(Phase::Approved), Phase::Failed),
            ..change()
        },
        Change {
            at: Timestamp::UNIX_EPOCH,
            ..change()
        },
        raised(),
        reviewed(),
    ];
    for other in &others {
        assert_ne!(id(other, &all), one, "{other:?}");
    }
    let elsewhere = Settings {
        source: "/clusters/test".to_owned(),
        ..settings(Form::CloudEvents)
    };
    assert_ne!(id(&change(), &elsewhere), one);
    // Another instance has not seen it approved.
    let other = Change {
        what: phase(Some(Phase::Pending), Phase::Applied),
        detail: String::new(),
        ..change()
    };
    assert_eq!(id(&other, &all), one);
}

#[test]
fn an_id_gives_no_names_away() {
    // Who knows everything but the key could otherwise try out names.
    let keyed = |key: &[u8]| Settings {
        key: Some(key.to_vec()),
        ..settings(Form::CloudEvents)
    };
    let id = |settings: &Settings| Event::of(&change(), settings).id;
    assert_ne!(id(&keyed(b"one")), id(&keyed(b"two")));
    assert_eq!(id(&keyed(b"one")), id(&keyed(b"one")));
}

#[test]
fn redacted_events_have_no_names() {
    for form in [Form::CloudEvents, Form::Slack] {
        let redacted = Settings {
            redact: true,
            ..settings(form)
        };
        let text = body(&change(), &redacted).to_string();
        for name in ["shop", "web-rec", "web-hpa", "patched"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        let told = match form {
            Form::CloudEvents => r#""min_replicas":{"from":3,"to":2}"#,
            Form::Slack => "min 3→2",
        };
        assert!(text.contains(told), "{text}");
        // The same name has the same code under one key, and another under another one.
        assert_eq!(body(&change(), &redacted).to_string(), text);
        let keyed = Settings {
            key: Some(b"other".to_vec()),
            ..redacted
        };
        assert_ne!(body(&change(), &keyed).to_string(), text);
    }
}

#[test]
fn settings_do_not_show_their_secrets() {
    let keyed = Settings {
        key: Some(b"hunter2".to_vec()),
        ..settings(Form::Slack)
    };
    let shown = format!("{keyed:?}");
    assert!(shown.contains("https://hooks.example.com"), "{shown}");
    assert!(
        !shown.contains("secret") && !shown.contains("hunter2"),
        "{shown}"
    );
}
