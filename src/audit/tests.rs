mod reading;

use std::fs;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::event::annotation;
use super::policy::{Level, Policy};
use super::*;
use crate::lifecycle::changes::Change;

const SERVER: &str = "https://10.0.0.1:6443";

fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T05:00:00.123456Z".parse().unwrap();
    start + SignedDuration::from_millis(millis)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|it| (*it).to_owned()).collect()
}

fn origin() -> Origin {
    Origin {
        os_user: "ann".to_owned(),
        user: Some(User {
            username: "ann@example.com".to_owned(),
            groups: texts(&["sre", "system:authenticated"]),
        }),
        impersonated: None,
        host: "laptop".to_owned(),
        pid: 4711,
        command: texts(&[
            "kubectl-stepscale",
            "apply",
            "rec/web",
            "--token",
            "hunter2",
        ]),
        user_agent: "kubectl-stepscale/0.1.0 (linux/x86_64)".to_owned(),
        cluster: "prod".to_owned(),
        server: SERVER.to_owned(),
    }
}

fn hpa(name: &str) -> ObjectRef {
    ObjectRef {
        resource: "horizontalpodautoscalers".to_owned(),
        api_group: "autoscaling".to_owned(),
        api_version: "v2".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        ..ObjectRef::default()
    }
}

fn apply() -> Action {
    Action {
        recommendation: Some(ObjectRef::recommendation("shop", "web")),
        target: Some(hpa("web")),
        why: "idle at night: \"4 is too many\"".to_owned(),
        forced: Some("Argo CD is paused".to_owned()),
        changes: vec![Change {
            path: "/spec/minReplicas".to_owned(),
            from: None,
            to: Some(json!(2)),
        }],
        request: Some(json!({"spec": {"minReplicas": 2}})),
        ..Action::new("6f1d0a52-2c53-4a4c-9d8b-0a3f5e7c1b9e", at(0), Verb::Apply)
    }
}

fn done() -> Answer {
    Answer {
        detail: "patched HPA".to_owned(),
        response: Some(json!({
            "metadata": {"name": "web", "managedFields": [{"manager": "kubectl"}]},
            "spec": {"minReplicas": 2},
        })),
        ..Answer::new(at(250), Outcome::Done)
    }
}

fn log(folder: &Path, settings: Settings) -> Log {
    Log::new(settings, origin(), Some(folder)).unwrap()
}

/// What a whole action leaves in the file.
fn written(settings: Settings, action: Action, answer: &Answer) -> String {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), settings);
    let begun = log.begin(action).unwrap();
    log.end(&begun, answer).unwrap();
    fs::read_to_string(folder.path().join(FILE_NAME)).unwrap_or_default()
}

fn at_level(level: Level) -> Settings {
    Settings {
        policy: Policy::of(level),
        ..Settings::default()
    }
}

fn events(text: &str) -> Vec<Value> {
    let events = text.lines().map(serde_json::from_str);
    events.collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_action_in_json() {
    let text = written(at_level(Level::RequestResponse), apply(), &done());
    insta::assert_snapshot!(text);
    let pretty = serde_json::to_string_pretty(&events(&text)[1]).unwrap();
    insta::assert_snapshot!(pretty);
}

#[test]
fn an_action_in_the_legacy_format() {
    let settings = Settings {
        log_format: Format::Legacy,
        ..Settings::default()
    };
    insta::assert_snapshot!(written(settings, apply(), &done()));
}

#[test]
fn levels_add_values_and_then_the_answer() {
    let parts = |level| {
        let events = events(&written(at_level(level), apply(), &done()));
        let of = |it: &Value| {
            [
                it["annotations"].get(annotation::CHANGES).is_some(),
                it.get("requestObject").is_some(),
                it.get("responseObject").is_some(),
                it.get("responseStatus").is_some(),
            ]
        };
        events.iter().map(of).collect::<Vec<_>>()
    };
    let cases = [
        (Level::None, vec![]),
        (
            Level::Metadata,
            vec![[false, false, false, false], [false, false, false, true]],
        ),
        (
            Level::Request,
            vec![[true, true, false, false], [true, true, false, true]],
        ),
        (
            Level::RequestResponse,
            vec![[true, true, false, false], [true, true, true, true]],
        ),
    ];
    for (level, expected) in cases {
        assert_eq!(parts(level), expected, "{level:?}");
    }
}

#[test]
fn managed_fields_and_stages_are_left_out_on_request() {
    let policy = json!({
        "rules": [{"level": "RequestResponse"}],
        "omitStages": ["RequestReceived"],
        "omitManagedFields": true,
    });
    let settings = Settings {
        policy: serde_json::from_value(policy).unwrap(),
        ..Settings::default()
    };
    let events = events(&written(settings, apply(), &done()));
    let stages: Vec<&Value> = events.iter().map(|it| &it["stage"]).collect();
    assert_eq!(stages, ["ResponseComplete"]);
    assert_eq!(
        events[0]["responseObject"]["metadata"],
        json!({"name": "web"})
    );
}

#[test]
fn every_outcome_is_told_with_its_status() {
    let refused = Outcome::Refused {
        reason: "ChangedSinceAnalyzed".to_owned(),
        message: "min_replicas is 4, was 3".to_owned(),
    };
    let failed = |code| Outcome::Failed {
        message: "GET https://me:hunter2@host: conflict".to_owned(),
        code,
    };
    let panicked = Outcome::Panicked {
        message: "index out of bounds".to_owned(),
    };
    let shown = "GET https://REDACTED@host: conflict";
    let cases = [
        (Outcome::Done, "ResponseComplete", "done", 200, ""),
        (
            refused,
            "ResponseComplete",
            "refused",
            403,
            "min_replicas is 4, was 3",
        ),
        (failed(Some(409)), "ResponseComplete", "failed", 409, shown),
        (failed(None), "ResponseComplete", "failed", 500, shown),
        (panicked, "Panic", "panicked", 500, "index out of bounds"),
    ];
    for (outcome, stage, result, code, message) in cases {
        let answer = Answer::new(at(1), outcome);
        let event = events(&written(Settings::default(), apply(), &answer)).remove(1);
        let status = &event["responseStatus"];
        assert_eq!(event["stage"], stage);
        assert_eq!(event["annotations"][annotation::RESULT], result);
        assert_eq!(status["code"], code);
        assert_eq!(
            status.get("message").map_or("", |it| it.as_str().unwrap()),
            message
        );
    }
}

#[test]
fn nothing_is_done_that_cannot_be_recorded_but_taking_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
    let omits = json!({"rules": [{"level": "Request"}], "omitStages": ["RequestReceived"]});
    let omits = Settings {
        policy: serde_json::from_value(omits).unwrap(),
        ..Settings::default()
    };
    for settings in [Settings::default(), omits] {
        let log = log(folder.path(), settings);
        for verb in Verb::ALL {
            let begun = log.begin(Action::new("1", at(0), verb));
            match begun {
                Err(Error::NotAFile { .. }) => assert!(verb.must_be_recorded(), "{verb}"),
                Ok(Begun {
                    unrecorded: Some(_),
                    ..
                }) => assert!(!verb.must_be_recorded(), "{verb}"),
                other => panic!("{verb}: {other:?}"),
            }
        }
    }
    let off = log(folder.path(), at_level(Level::None));
    let begun = off.begin(apply()).unwrap();
    assert!(begun.unrecorded.is_none());
    off.end(&begun, &done()).unwrap();
    assert!(!Verb::Revert.must_be_recorded() && Verb::Apply.must_be_recorded());
}

#[test]
fn standard_output_has_no_lifetime() {
    let settings = json!({"logFile": "-", "lifetime": {"maxBackup": "1"}});
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let error = Log::new(settings, origin(), Some(Path::new("/"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the audit log goes to standard output, which has no maxBackup"
    );
}

/// In every secret, and nowhere else.
const MARK: &str = "hunter2";

#[test]
fn without_a_place_nothing_goes_on_that_must_be_recorded() {
    let log = Log::new(Settings::default(), origin(), None).unwrap();
    assert!(matches!(log.begin(apply()), Err(Error::NoHome)));
    let revert = Action {
        verb: Verb::Revert,
        ..apply()
    };
    let begun = log.begin(revert).unwrap();
    assert!(matches!(begun.unrecorded, Some(Error::NoHome)));
    let off = Log::new(at_level(Level::None), origin(), None).unwrap();
    assert!(off.begin(apply()).unwrap().unrecorded.is_none());
}

#[test]
fn what_another_process_began_is_only_told_the_end_of() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), Settings::default());
    let begun = log.resumed(apply());
    log.end(&begun, &done()).unwrap();
    let text = fs::read_to_string(folder.path().join(FILE_NAME)).unwrap();
    let stages: Vec<Value> = events(&text).iter().map(|it| it["stage"].clone()).collect();
    assert_eq!(stages, ["ResponseComplete"]);
}

proptest! {
    #[test]
    fn a_legacy_line_reads_back_as_what_it_tells(
        why in "\\PC{0,20}",
        groups in prop::collection::vec("\\PC{0,9}", 0..3),
        message in any::<String>(),
        is_done in any::<bool>(),
        is_impersonated in any::<bool>(),
    ) {
        let user = User { username: "a=\"b\" c".to_owned(), groups };
        let origin = Origin {
            impersonated: is_impersonated.then_some(user.clone()),
            user: Some(user),
            ..origin()
        };
        let action = Action { why, ..apply() };
        let outcome = match is_done {
            true => Outcome::Done,
            false => Outcome::Failed { message, code: None },
        };
        let kept = Policy::of(Level::Request).kept(&origin, &action).unwrap();
        let event = event::answered(&origin, &action, &Answer::new(at(1), outcome), &kept);
        let line = legacy::line(&event);
        prop_assert!(!line.contains('\n'));
        let read = legacy::parse(&line).unwrap();
        prop_assert_eq!(legacy::line(&read), line);
        prop_assert_eq!(&read.annotations, &event.annotations);
        let expected = (&event.user, &event.impersonated_user, &event.response_status);
        prop_assert_eq!((&read.user, &read.impersonated_user, &read.response_status), expected);
    }

    #[test]
    fn json_reads_back_the_same(why in any::<String>(), host in any::<String>()) {
        let origin = Origin { host, ..origin() };
        let action = Action { why, ..apply() };
        let kept = Policy::of(Level::RequestResponse).kept(&origin, &action).unwrap();
        let event = event::answered(&origin, &action, &done(), &kept);
        let line = serde_json::to_string(&event).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }

    #[test]
    fn no_secret_is_ever_in_a_record(
        secret in "[A-Za-z0-9+/=_.~!$%^*-]{0,9}".prop_map(|it| format!("{it}{MARK}{it}")),
        place in 0..9,
        is_legacy in any::<bool>(),
    ) {
        let mut origin = origin();
        origin.command.clear();
        let mut action = apply();
        let mut answer = done();
        let url = format!("https://me:{secret}@10.0.0.1");
        match place {
            0 => origin.command = texts(&["--client-key", &secret]),
            1 => origin.server = url,
            2 => action.why = format!("Authorization: Bearer {secret}"),
            3 => action.forced = Some(format!("token={secret}")),
            4 => action.request = Some(json!({"kind": "Secret", "data": {"x": secret}})),
            5 => answer.response = Some(json!({"metadata": {"annotations": {"url": url}}})),
            6 => answer.detail = url,
            7 => answer.outcome = Outcome::Failed { message: format!("bearer {secret}"), code: None },
            _ => action.changes = vec![Change {
                path: "/spec/clientSecret/x".to_owned(),
                from: Some(json!(secret)),
                to: Some(json!([{"deep": secret}])),
            }],
        }
        let kept = Policy::of(Level::RequestResponse).kept(&origin, &action).unwrap();
        for event in [event::received(&origin, &action, &kept), event::answered(&origin, &action, &answer, &kept)] {
            let line = if is_legacy { legacy::line(&event) } else { serde_json::to_string(&event).unwrap() };
            prop_assert!(!line.contains(MARK), "{line}");
        }
    }
}
