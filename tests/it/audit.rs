//! What the audit log has of decisions and writes, and what is not done where it cannot have it.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::lifecycle::bench::{Bench, said};
use crate::rig::program::Said;

fn spec() -> Value {
    json!({ "minReplicas": 6, "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
        "target": { "type": "Utilization", "averageUtilization": 40 } } }] })
}

/// An HPA with a recommendation to lower its minimum.
#[track_caller]
fn recommended(bench: &Bench, name: &str) {
    bench.hpa(name, &spec(), &json!({}));
    bench.recommend(name, &json!({ "min_replicas": { "from": 6, "to": 2 } }));
}

fn log(bench: &Bench) -> PathBuf {
    bench.path("state/stepscale/audit.log")
}

/// The records that are in the log.
#[track_caller]
fn records(bench: &Bench) -> Vec<Value> {
    let text = std::fs::read_to_string(log(bench)).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Those of a verb on the recommendation `name`, or on none where it is empty.
#[track_caller]
fn of(bench: &Bench, verb: &str, name: &str) -> Vec<Value> {
    let mut all = records(bench);
    all.retain(|it| it["verb"] == verb && it["objectRef"]["name"].as_str().unwrap_or("") == name);
    all
}

fn note<'a>(record: &'a Value, name: &str) -> &'a str {
    let note = &record["annotations"][format!("stepscale.io/{name}")];
    note.as_str().unwrap_or("")
}

fn changes(record: &Value) -> Value {
    serde_json::from_str(note(record, "changes")).unwrap_or_default()
}

/// How each record of an action ended: its result, empty at its beginning.
fn results(records: &[Value]) -> Vec<&str> {
    records.iter().map(|it| note(it, "result")).collect()
}

#[track_caller]
fn succeeds(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

#[test]
fn decisions_and_writes_are_told_before_and_after() {
    let Some(bench) = Bench::start() else { return };
    assert_eq!(results(&records(&bench)), ["", "done"], "of the install");
    let install = &records(&bench)[0];
    assert_eq!(install["verb"], "install");
    assert_eq!(
        install["objectRef"]["resource"],
        "customresourcedefinitions"
    );

    recommended(&bench, "web");
    bench.succeeds(&["approve", "web"]);
    let approved = of(&bench, "approve", "web");
    assert_eq!(results(&approved), ["", "done"]);
    assert_eq!(
        changes(&approved[1])[0],
        json!({ "path": "/spec/approved", "from": false, "to": true })
    );
    // A yes to what is approved decides nothing.
    bench.succeeds(&["approve", "web"]);
    assert_eq!(of(&bench, "approve", "web").len(), 2);

    bench.succeeds(&["apply", "web", "--reason", "idle at night"]);
    let hpa = bench.object("hpa", "web");
    let journal = hpa["metadata"]["annotations"]["stepscale.io/applied"].as_str();
    let journal: Value = serde_json::from_str(journal.unwrap()).unwrap();
    let applied = of(&bench, "apply", "web");
    assert_eq!(results(&applied), ["", "done"]);
    for record in &applied {
        assert_eq!(record["auditID"], journal["id"]);
        assert_eq!(
            changes(record),
            json!([{ "path": "/spec/minReplicas", "from": 6, "to": 2 }])
        );
        assert_eq!(record["requestObject"]["spec"]["minReplicas"], 2);
        assert_eq!(note(record, "why"), "idle at night");
        assert!(note(record, "command").contains("apply web --reason"));
        assert!(!note(record, "host").is_empty() && !note(record, "server").is_empty());
        assert_eq!(
            note(record, "target"),
            format!(
                "horizontalpodautoscalers.autoscaling/{}/web",
                bench.namespace
            )
        );
    }
    // Whom the cluster takes us for has decided, in the log as in the record.
    let user = applied[0]["user"]["username"].as_str().unwrap();
    assert_eq!(journal["by"], user);
    let record = bench.object("scalerec", "web");
    let story = record["status"].to_string();
    assert!(story.contains("reason: idle at night"), "{story}");
    let license = of(&bench, "license", "");
    assert_eq!(note(&license[1], "detail"), "licensed");

    bench.succeeds(&["revert", "web", "--reason", "too few"]);
    let reverted = of(&bench, "revert", "web");
    assert_eq!(results(&reverted), ["", "done"]);
    assert_eq!(
        changes(&reverted[1]),
        json!([{ "path": "/spec/minReplicas", "from": 2, "to": 6 }])
    );
    assert_eq!(note(&reverted[1], "why"), "too few");
    assert_eq!(bench.run(&["approve", "web"]).code, Some(5));
    let refused = of(&bench, "approve", "web");
    assert_eq!(results(&refused), ["", "done", "", "refused"]);
    let story = bench.object("scalerec", "web")["status"].to_string();
    assert!(story.contains("reason: idle at night"), "{story}");
}

#[test]
fn refusals_and_overruled_owners_are_told() {
    let Some(bench) = Bench::start() else { return };
    recommended(&bench, "web");
    bench.patch("web", &json!({ "spec": { "minReplicas": 5 } }));
    assert_eq!(bench.run(&["apply", "web"]).code, Some(5));
    let refused = of(&bench, "apply", "web");
    assert_eq!(results(&refused), ["", "refused"]);
    let status = &refused[1]["responseStatus"];
    assert_eq!(status["reason"], "ChangedSinceAnalyzed");
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .contains("min_replicas is 5, was 6")
    );

    let tracked = format!(
        "shop:autoscaling/HorizontalPodAutoscaler:{}/api",
        bench.namespace
    );
    bench.hpa(
        "api",
        &spec(),
        &json!({ "argocd.argoproj.io/tracking-id": tracked }),
    );
    bench.recommend("api", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    assert_eq!(bench.run(&["apply", "api"]).code, Some(5));
    succeeds(&bench.run(&["apply", "api", "--force", "--reason", "night shift"]));
    let applied = of(&bench, "apply", "api");
    assert_eq!(results(&applied), ["", "refused", "", "done"]);
    assert_eq!(note(&applied[1], "forced"), "");
    assert_eq!(note(&applied[3], "forced"), "night shift");

    recommended(&bench, "job");
    succeeds(&bench.run(&["reject", "job", "--reason", "on holiday"]));
    assert_eq!(note(&of(&bench, "reject", "job")[1], "why"), "on holiday");
    let before = records(&bench).len();
    succeeds(&bench.run(&["status"]));
    bench.run(&["apply", "job", "--dry-run=server"]);
    assert_eq!(records(&bench).len(), before, "what writes nothing");
}

#[test]
fn a_write_that_another_process_finds_is_told_the_end_of_under_its_id() {
    let Some(bench) = Bench::start() else { return };
    for (point, expected) in [
        ("apply-after-write", "done"),
        ("apply-before-write", "failed"),
    ] {
        recommended(&bench, point);
        let mut command = bench.stepscale(&["apply", point]);
        assert_eq!(said(command.env("STEPSCALE_CRASH_AT", point)).code, None);
        let begun = of(&bench, "apply", point);
        assert_eq!(results(&begun), [""], "{point}");
        bench.succeeds(&["apply", point]);
        let all = of(&bench, "apply", point);
        assert_eq!(all[1]["auditID"], begun[0]["auditID"], "{point}");
        assert_eq!(note(&all[1], "result"), expected, "{point}");
        assert_ne!(note(&all[1], "pid"), note(&begun[0], "pid"));
        assert!(note(&all[1], "detail").starts_with("found out later"));
        // What was not made is made under an id of its own.
        let rest = all[2..].iter().map(|it| &it["auditID"]);
        assert!(rest.clone().all(|it| *it != begun[0]["auditID"]));
        assert_eq!(rest.count(), if expected == "done" { 0 } else { 2 });
    }
}

#[test]
fn a_write_that_meets_another_one_fails_and_is_made_under_another_id() {
    let Some(bench) = Bench::start() else { return };
    recommended(&bench, "web");
    for (verb, most) in [("apply", 30), ("revert", 31)] {
        let point = format!("{verb}-before-write");
        let said = bench.meanwhile(&[verb, "web"], &point, || {
            bench.patch("web", &json!({ "spec": { "maxReplicas": most } }));
        });
        succeeds(&said);
        let all = of(&bench, verb, "web");
        assert_eq!(results(&all), ["", "failed", "", "done"], "{verb}");
        let id = |at: usize| &all[at]["auditID"];
        assert!(id(0) == id(1) && id(2) == id(3) && id(1) != id(2), "{verb}");
    }
}

#[test]
fn what_cannot_be_recorded_is_not_done_and_is_taken_back_all_the_same() {
    let Some(bench) = Bench::start() else { return };
    recommended(&bench, "web");
    recommended(&bench, "api");
    bench.succeeds(&["apply", "api"]);
    // Nobody, whoever they are, makes a folder in a file.
    std::fs::write(bench.path("file"), "").unwrap();
    let place = bench.path("file/audit.log");
    let place = place.to_str().unwrap();
    let before = bench.object("hpa", "web");
    for verb in ["approve", "reject", "apply"] {
        let said = bench.run(&[verb, "web", "--audit-log", place]);
        assert_eq!(said.code, Some(5), "{verb}: {}", said.stderr);
        for told in [
            "since it cannot be recorded",
            "cannot create the folder of the audit log",
            "--audit-log",
            "audit.logFile",
        ] {
            assert!(said.stderr.contains(told), "{verb}: {}", said.stderr);
        }
    }
    assert_eq!(bench.object("hpa", "web"), before);
    assert_eq!(bench.phase("web"), "pending");
    let said = bench.run(&["revert", "api", "--audit-log", place]);
    succeeds(&said);
    assert!(said.stderr.contains("is not recorded"), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "api")["spec"]["minReplicas"], 6);

    // Who keeps no records needs no place for them.
    let config = bench.path("none.yaml");
    std::fs::write(&config, "audit: {policy: {rules: [{level: None}]}}\n").unwrap();
    let config = config.to_str().unwrap();
    let said = bench.run(&["apply", "web", "--audit-log", place, "--config", config]);
    succeeds(&said);
    assert!(!said.stderr.contains("record"), "{}", said.stderr);
}

#[test]
fn a_policy_says_how_much_is_kept() {
    let Some(bench) = Bench::start() else { return };
    let cases = [
        ("None", [false, false, false]),
        ("Metadata", [false, false, false]),
        ("Request", [true, true, false]),
        ("RequestResponse", [true, true, true]),
    ];
    for (level, expected) in cases {
        let name = format!("web-{}", level.to_lowercase());
        recommended(&bench, &name);
        let config = bench.path("audit.yaml");
        let text = format!("audit: {{policy: {{rules: [{{level: {level}}}]}}}}\n");
        std::fs::write(&config, text).unwrap();
        succeeds(&bench.run(&["apply", &name, "--config", config.to_str().unwrap()]));
        let applied = of(&bench, "apply", &name);
        if level == "None" {
            assert_eq!(applied, Vec::<Value>::new());
            continue;
        }
        let record = &applied[1];
        assert_eq!(record["level"], level);
        let parts = [
            record["annotations"].get("stepscale.io/changes").is_some(),
            record.get("requestObject").is_some(),
            record.get("responseObject").is_some(),
        ];
        assert_eq!(parts, expected, "{level}");
    }
    let config = bench.path("legacy.yaml");
    let text = "audit:\n  logFormat: legacy\n  logFile: ";
    let path = bench.path("legacy.log");
    std::fs::write(&config, format!("{text}{}\n", path.display())).unwrap();
    recommended(&bench, "old");
    let config = config.to_str().unwrap();
    succeeds(&bench.run(&["apply", "old", "--config", config]));
    let text = std::fs::read_to_string(&path).unwrap();
    let applied = text.lines().filter(|it| it.contains("method=\"apply\""));
    let stages = applied.map(|it| it.contains("stage=\"ResponseComplete\""));
    assert_eq!(stages.collect::<Vec<_>>(), [false, true], "{text}");
    let told = bench.run(&["status", "old", "--history", "--config", config]);
    assert!(told.stdout.contains("apply       done"), "{}", told.stdout);
}

#[test]
fn no_secret_is_in_the_log() {
    let Some(bench) = Bench::start() else { return };
    recommended(&bench, "web");
    let reasons = [
        "see https://me:hunter2@wiki",
        "with Authorization: Bearer hunter2",
        "token=hunter2",
    ];
    for reason in reasons {
        bench.fresh("web");
        succeeds(&bench.run(&["apply", "web", "--reason", reason]));
        succeeds(&bench.run(&["revert", "web", "--reason", reason]));
        bench.kubectl(&["delete", "scalerec", "web"]);
        bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    }
    let text = std::fs::read_to_string(log(&bench)).unwrap();
    assert!(
        text.contains("REDACTED") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn processes_at_once_write_whole_lines() {
    let Some(bench) = Bench::start() else { return };
    let names: Vec<String> = (0..6).map(|it| format!("web-{it}")).collect();
    names.iter().for_each(|it| recommended(&bench, it));
    let children = names.iter().map(|name| {
        let mut command = bench.stepscale(&["apply", name]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    let children: Vec<_> = children.collect();
    for child in children {
        succeeds(&child.wait_with_output().unwrap().into());
    }
    for name in &names {
        // A controller may write to the same object, and then there is another try.
        let told = of(&bench, "apply", name);
        let results = results(&told);
        let (tries, last) = results.split_at(results.len().saturating_sub(2));
        assert_eq!(last, ["", "done"], "{name}");
        let failed = |it: &[_]| it == ["", "failed"];
        assert!(tries.chunks(2).all(failed), "{name}: {results:?}");
    }
}

#[test]
fn a_history_is_told_also_of_what_is_gone() {
    let Some(bench) = Bench::start() else { return };
    recommended(&bench, "web");
    bench.succeeds(&["apply", "web"]);
    bench.kubectl(&["delete", "scalerec", "web"]);
    bench.succeeds(&["revert", "web"]);
    let mut text = std::fs::read_to_string(log(&bench)).unwrap();
    text.insert_str(0, "half a line\n");
    std::fs::write(log(&bench), text).unwrap();
    let told = bench.run(&["status", "web", "--history"]);
    succeeds(&told);
    for part in [
        "not kept any more",
        "approve     done",
        "apply       done",
        "revert      done",
        "why: taken back on request",
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    assert!(
        told.stderr.contains("warning: left out audit log"),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("line 1"), "{}", told.stderr);
    let said = bench.run(&["status", "nobody", "--history"]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
}
