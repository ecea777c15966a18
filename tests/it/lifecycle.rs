//! Recommendations approved, applied and taken back on a control plane, whatever happens meanwhile.

mod again;
pub(crate) mod bench;
mod clocks;
mod cronjobs;
mod faults;
mod hand;
mod jobs;
mod licenses;
mod moving;
mod random;
mod rights;
mod saving;
mod scaled;

use std::process::Stdio;

use serde_json::{Value, json};

use bench::Bench;

/// Where a process may die on its way.
const APPLYING: [&str; 4] = [
    "apply-before-begin",
    "apply-before-write",
    "apply-after-write",
    "apply-after-save",
];
const REVERTING: [&str; 4] = [
    "revert-before-begin",
    "revert-before-write",
    "revert-after-write",
    "revert-after-save",
];

/// HPAs whose fields are written and left out in many ways.
fn specs() -> Vec<Value> {
    let cpu = json!({ "type": "Resource", "resource": { "name": "cpu",
        "target": { "type": "Utilization", "averageUtilization": 40 } } });
    let queue = json!({ "type": "External", "external": { "metric": { "name": "queue",
        "selector": { "matchLabels": { "a": "b" } } },
        "target": { "type": "AverageValue", "averageValue": "30" } } });
    let up = json!({ "policies": [{ "type": "Pods", "value": 3, "periodSeconds": 30 }],
        "selectPolicy": "Min" });
    let down = json!({ "stabilizationWindowSeconds": 120, "policies":
        [{ "type": "Percent", "value": 10, "periodSeconds": 60 }] });
    vec![
        json!({ "minReplicas": 6, "metrics": [cpu] }),
        json!({ "minReplicas": 6, "metrics": [queue, cpu] }),
        json!({ "minReplicas": 6, "metrics": [cpu, queue], "behavior": { "scaleUp": up } }),
        json!({ "minReplicas": 6, "metrics": [cpu],
            "behavior": { "scaleUp": up, "scaleDown": down } }),
    ]
}

#[test]
fn what_is_applied_and_taken_back_leaves_no_trace() {
    let Some(bench) = Bench::start() else { return };
    for (index, spec) in specs().iter().enumerate() {
        let name = format!("web-{index}");
        let window = spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"].as_i64();
        bench.hpa(&name, spec, &json!({ "team": "shop", "note/x": "a ~ b" }));
        let before = bench.object("hpa", &name);
        let diff = json!({ "min_replicas": { "from": 6, "to": 2 },
            "max_replicas": { "from": 20, "to": 12 },
            "target_cpu_pct": { "from": 40, "to": 65 },
            "scale_down_cooldown_s": { "from": window.unwrap_or(300), "to": 600 } });
        bench.recommend(&name, &diff);

        bench.succeeds(&["apply", &name]);
        let applied = bench.object("hpa", &name);
        assert_eq!(applied["spec"]["minReplicas"], 2);
        assert_eq!(applied["spec"]["maxReplicas"], 12);
        let down = &applied["spec"]["behavior"]["scaleDown"];
        assert_eq!(down["stabilizationWindowSeconds"], 600);
        let record = bench.object("scalerec", &name);
        assert_eq!(record["status"]["phase"], "applied");
        assert_eq!(record["spec"]["approved"], true);

        bench.succeeds(&["revert", &name, "--reason", "a test"]);
        let after = bench.object("hpa", &name);
        assert_eq!(after["spec"], before["spec"], "{name}");
        for part in ["annotations", "labels"] {
            assert_eq!(after["metadata"][part], before["metadata"][part], "{name}");
        }
        assert_eq!(bench.phase(&name), "rolledBack");
    }
}

#[test]
fn whoever_dies_on_the_way_leaves_something_to_go_on_with() {
    let Some(bench) = Bench::start() else { return };
    let spec = &specs()[2];
    for point in APPLYING.into_iter().chain(REVERTING) {
        bench.hpa(point, spec, &json!({}));
        let before = bench.object("hpa", point);
        bench.recommend(point, &json!({ "min_replicas": { "from": 6, "to": 2 } }));
        let crash = |verb: &str| {
            let mut command = bench.stepscale(&[verb, point]);
            let status = command.env("STEPSCALE_CRASH_AT", point).output().unwrap();
            assert_eq!(status.status.code(), None, "{point} of {verb} is passed");
        };
        if REVERTING.contains(&point) {
            bench.succeeds(&["apply", point]);
            crash("revert");
        } else {
            crash("apply");
            bench.succeeds(&["apply", point]);
            assert_eq!(
                bench.object("hpa", point)["spec"]["minReplicas"],
                2,
                "{point}"
            );
            assert_eq!(bench.phase(point), "applied", "{point}");
            assert_eq!(bench.written_from(point), 6, "{point}: one write");
        }
        if point != "revert-after-save" {
            bench.fresh(point);
            bench.succeeds(&["revert", point]);
        }
        assert_eq!(
            bench.object("hpa", point)["spec"],
            before["spec"],
            "{point}"
        );
        assert_eq!(bench.phase(point), "rolledBack", "{point}");
    }
}

#[test]
fn a_dry_run_refuses_what_an_apply_refuses() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let dry_run = ["apply", "web", "--dry-run=server"];
    let open = bench.run(&dry_run);
    assert_eq!(open.code, Some(0), "{}", open.stderr);
    assert!(open.stdout.contains("would apply"), "{}", open.stdout);
    bench.succeeds(&["apply", "web"]);
    bench.succeeds(&["revert", "web", "--reason", "a test"]);
    bench.fresh("web");

    let refused = bench.run(&dry_run);
    assert_eq!(refused.stdout, "", "{}", refused.stderr);
    let why = "the change was taken back and is not made again";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    let apply = bench.run(&["apply", "web"]);
    assert!(apply.stderr.contains(why), "{}", apply.stderr);
    assert_eq!(refused.code, apply.code, "{}", apply.stderr);
    assert_ne!(refused.code, Some(0));
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 6);
}

#[test]
fn of_two_who_apply_one_writes() {
    let Some(bench) = Bench::start() else { return };
    for round in 0..4 {
        let name = format!("web-{round}");
        bench.hpa(&name, &specs()[0], &json!({}));
        bench.recommend(&name, &json!({ "min_replicas": { "from": 6, "to": 2 } }));
        bench.succeeds(&["approve", &name]);
        let run = || {
            let mut command = bench.stepscale(&["apply", &name]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        for child in [run(), run()] {
            let out = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(0), "{said}");
        }
        assert_eq!(bench.phase(&name), "applied");
        assert_eq!(bench.written_from(&name), 6, "one write");
    }
}

#[test]
fn what_others_write_is_never_overwritten() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    let diff = json!({ "min_replicas": { "from": 6, "to": 2 },
        "max_replicas": { "from": 20, "to": 12 } });
    bench.recommend("web", &diff);
    bench.patch("web", &json!({ "spec": { "minReplicas": 5 } }));
    let said = bench.run(&["apply", "web"]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("changed since analyzed: min_replicas is 5, was 6"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 5);
    assert_eq!(bench.phase("web"), "blocked");

    bench.patch("web", &json!({ "spec": { "minReplicas": 6 } }));
    bench.fresh("web");
    bench.succeeds(&["apply", "web"]);
    bench.patch("web", &json!({ "spec": { "maxReplicas": 15 } }));
    let said = bench.run(&["revert", "web"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let lost = "left as it is: /spec/maxReplicas is 15, was written as 12";
    assert!(said.stderr.contains(lost), "{}", said.stderr);
    let spec = &bench.object("hpa", "web")["spec"];
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(6), &json!(15))
    );
}

#[test]
fn what_others_write_meanwhile_is_not_overwritten_either() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    // Another field: it is read again, and written.
    let said = bench.meanwhile(&["apply", "web"], "apply-before-write", || {
        bench.patch("web", &json!({ "spec": { "maxReplicas": 30 } }));
    });
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let said = bench.meanwhile(&["revert", "web"], "revert-before-write", || {
        bench.patch("web", &json!({ "spec": { "maxReplicas": 31 } }));
    });
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let spec = bench.object("hpa", "web")["spec"].clone();
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(6), &json!(31))
    );

    // The same field: it is theirs.
    bench.hpa("api", &specs()[0], &json!({}));
    bench.recommend("api", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let said = bench.meanwhile(&["apply", "api"], "apply-before-write", || {
        bench.patch("api", &json!({ "spec": { "minReplicas": 7 } }));
    });
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "api")["spec"]["minReplicas"], 7);
}

#[test]
fn the_target_alone_is_enough_to_take_a_change_back() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[1], &json!({}));
    let before = bench.object("hpa", "web")["spec"].clone();
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    bench.succeeds(&["apply", "web"]);
    bench.kubectl(&["delete", "scalerec", "web"]);
    // A new one of its name is not what is in force.
    bench.recommend("web", &json!({ "min_replicas": { "from": 2, "to": 1 } }));
    let said = bench.run(&["apply", "web"]);
    assert_eq!(said.code, Some(5), "{}{}", said.stdout, said.stderr);
    assert!(
        said.stderr.contains("the change of rec/web is in force"),
        "{}",
        said.stderr
    );
    bench.kubectl(&["delete", "scalerec", "web"]);
    bench.succeeds(&["revert", "web"]);
    assert_eq!(bench.object("hpa", "web")["spec"], before);
    assert_eq!(bench.run(&["revert", "web"]).code, Some(3));
}

#[test]
fn what_was_written_before_a_crash_can_be_taken_back_at_once() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[3], &json!({}));
    let before = bench.object("hpa", "web")["spec"].clone();
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let mut command = bench.stepscale(&["apply", "web"]);
    let status = command
        .env("STEPSCALE_CRASH_AT", "apply-after-write")
        .output();
    assert_eq!(status.unwrap().status.code(), None);
    bench.succeeds(&["revert", "web"]);
    assert_eq!(bench.object("hpa", "web")["spec"], before);
    assert_eq!(bench.phase("web"), "rolledBack");
}

#[test]
fn nothing_is_applied_without_a_license_and_all_is_taken_back() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let mut command = bench.stepscale(&["apply", "web"]);
    let said = bench::said(command.env_remove("STEPSCALE_LICENSE"));
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("unlicensed"), "{}", said.stderr);
    assert_eq!(bench.phase("web"), "blocked");
    bench.succeeds(&["apply", "web"]);
    let mut command = bench.stepscale(&["revert", "web"]);
    let said = bench::said(command.env_remove("STEPSCALE_LICENSE"));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 6);
}

#[test]
fn what_an_owner_manages_is_refused_until_it_is_forced() {
    let Some(bench) = Bench::start() else { return };
    let tracked = format!(
        "shop:autoscaling/HorizontalPodAutoscaler:{}/web",
        bench.namespace
    );
    let annotations = json!({ "argocd.argoproj.io/tracking-id": tracked });
    bench.hpa("web", &specs()[0], &annotations);
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let said = bench.run(&["apply", "web"]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(
        said.stderr.contains("the Argo CD application shop"),
        "{}",
        said.stderr
    );
    bench.succeeds(&["apply", "web", "--force", "--reason", "night shift"]);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 2);
}

#[test]
fn a_rehearsal_changes_nothing() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    bench.recommend(
        "web",
        &json!({ "min_replicas": { "from": 6, "to": 2 },
        "scale_down_cooldown_s": { "from": 300, "to": 600 } }),
    );
    let before = bench.object("hpa", "web")["spec"].clone();
    let said = bench.run(&["apply", "web", "--dry-run=client"]);
    assert!(
        said.stdout.contains("would apply"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    let said = bench.run(&["apply", "web", "--dry-run=server"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stdout.contains("/spec/minReplicas: 6 → 2"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("/spec/behavior: (nothing) → "),
        "{}",
        said.stdout
    );
    let patch = bench.run(&["apply", "web", "-o", "patch", "--patch-type=json"]);
    let operations: Value = serde_json::from_str(&patch.stdout).unwrap();
    assert_eq!(operations[0]["op"], "test", "{operations}");
    let manifest = bench.run(&["apply", "web", "-o", "manifest"]).stdout;
    assert!(manifest.contains("minReplicas: 2"), "{manifest}");
    let paused = json!({ "metadata": { "annotations": { "stepscale.io/paused": "sale" } } });
    bench.patch("web", &paused);
    let said = bench.run(&["apply", "web", "--dry-run=server"]);
    assert_eq!(said.code, Some(5), "{}", said.stdout);
    assert!(
        said.stderr.contains("would be refused: paused"),
        "{}",
        said.stderr
    );
    assert_eq!(bench.object("hpa", "web")["spec"], before);
    assert_eq!(bench.phase("web"), "pending");
}

#[test]
fn kubectl_shows_and_explains_recommendations() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &specs()[0], &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let shown = bench.kubectl(&["get", "scalerec"]);
    for header in ["TARGET", "RISK", "APPROVED", "PHASE", "SAVING", "AGE"] {
        assert!(shown.contains(header), "{shown}");
    }
    let explained = bench.kubectl(&["explain", "scalerec.spec"]);
    assert!(explained.contains("configDiff"), "{explained}");
    // A yes by kubectl is one.
    bench.kubectl(&[
        "patch",
        "scalerec",
        "web",
        "--type=merge",
        "-p",
        r#"{"spec":{"approved":true}}"#,
    ]);
    bench.succeeds(&["apply", "--yes"]);
    assert_eq!(bench.phase("web"), "applied");
    let told = bench.run(&["status", "web", "--history"]).stdout;
    assert!(told.contains("applied"), "{told}");
    let listed = bench.run(&["status"]).stdout;
    assert!(
        listed.contains("PHASE") && listed.contains("applied"),
        "{listed}"
    );
}
