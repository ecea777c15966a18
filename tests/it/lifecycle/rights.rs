//! Somebody who may not do everything is told what to ask for.

use std::process::Command;

use serde_json::json;

use super::bench::Bench;
use crate::rig::program::Said;

const READER: &str = "reader";

/// What reading takes.
const READ: [&str; 3] = [
    "--verb=get,list --resource=horizontalpodautoscalers.autoscaling,deployments.apps",
    "--verb=get,list --resource=replicasets.apps,pods,poddisruptionbudgets.policy",
    "--verb=get,list --resource=scalingrecommendations.stepscale.io",
];
const KEEP: [&str; 2] = [
    "--verb=update --resource=scalingrecommendations.stepscale.io",
    "--verb=update --resource=scalingrecommendations.stepscale.io/status",
];
const WRITE: &str = "--verb=patch --resource=horizontalpodautoscalers.autoscaling";
const TELL: &str = "--verb=create --resource=events";

/// A bench with a recommendation to lower a minimum, and a reader with these rights.
fn bench(rights: &[&str]) -> Option<Bench> {
    let bench = Bench::start()?;
    bench.hpa("web", &json!({ "minReplicas": 6 }), &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    for (index, right) in rights.iter().enumerate() {
        let role = format!("role-{index}");
        let rule: Vec<&str> = right.split(' ').collect();
        bench.kubectl(&[&["create", "role", &role][..], &rule].concat());
        bind(&bench, &role);
    }
    Some(bench)
}

fn bind(bench: &Bench, role: &str) {
    let (role_flag, user) = (format!("--role={role}"), format!("--user={READER}"));
    bench.kubectl(&["create", "rolebinding", role, &role_flag, &user]);
}

#[track_caller]
fn is_told(said: &Said, code: i32, parts: &[&str]) {
    assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
    for part in parts {
        assert!(
            said.stderr.contains(part),
            "{part} is not in {}",
            said.stderr
        );
    }
}

/// The command of the hint that makes a role, without what calls kubectl.
#[track_caller]
fn hinted(said: &Said) -> Vec<String> {
    let command = said
        .stderr
        .split('`')
        .find(|it| it.starts_with("kubectl create "));
    let command = command.unwrap_or_else(|| panic!("no role in {}", said.stderr));
    command.split(' ').skip(1).map(str::to_owned).collect()
}

#[test]
fn who_may_only_read_is_told_which_role_to_ask_for() {
    let Some(bench) = bench(&READ) else { return };
    let before = bench.object("hpa", "web")["spec"].clone();
    let said = bench.run_as(READER, &["apply", "web"]);
    let namespace = &bench.namespace;
    let right = "scalingrecommendations.stepscale.io in namespace ";
    let hint = format!(
        "hint: ask for `kubectl create role stepscale --verb=update \
         --resource=scalingrecommendations.stepscale.io -n {namespace}` and a rolebinding of it to \
         you; `kubectl auth can-i update scalingrecommendations.stepscale.io -n {namespace}`"
    );
    is_told(
        &said,
        5,
        &[&format!("may not update {right}{namespace}: "), &hint],
    );
    assert_eq!(bench.object("hpa", "web")["spec"], before);
    assert_eq!(bench.phase("web"), "pending");
    // What only looks works.
    let said = bench.run_as(READER, &["status"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let said = bench.run_as(READER, &["apply", "web", "--dry-run=client"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn whoever_gets_the_roles_that_were_named_gets_on() {
    let Some(bench) = bench(&READ) else { return };
    let mut missing = vec![];
    for round in 0..5 {
        let said = bench.run_as(READER, &["apply", "web"]);
        if said.code == Some(0) {
            break;
        }
        assert_eq!(said.code, Some(5), "{}", said.stderr);
        let mut command = hinted(&said);
        let name = format!("asked-{round}");
        assert_eq!(command[..3], ["create", "role", "stepscale"]);
        command[2].clone_from(&name);
        // The bench names the namespace itself.
        command.truncate(command.len() - 2);
        missing.push(command[3..].join(" "));
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        bench.kubectl(&words);
        bind(&bench, &name);
        bench.fresh("web");
    }
    assert_eq!(missing, [KEEP[0], KEEP[1], WRITE]);
    assert_eq!(bench.phase("web"), "applied");
    assert_eq!(bench.written_from("web"), 6);
}

#[test]
fn who_may_not_write_the_autoscaler_is_told_so_and_the_record_tells_it_too() {
    let rights = [&READ[..], &KEEP, &[TELL]].concat();
    let Some(bench) = bench(&rights) else { return };
    let said = bench.run_as(READER, &["apply", "web"]);
    let right = "may not patch horizontalpodautoscalers.autoscaling in namespace";
    let role = "kubectl create role stepscale --verb=patch \
                --resource=horizontalpodautoscalers.autoscaling -n ";
    is_told(
        &said,
        5,
        &["web in namespace", "was not applied", right, role],
    );
    assert_eq!(bench.phase("web"), "failed");
    let detail = bench.object("scalerec", "web")["status"]["detail"].clone();
    assert!(detail.as_str().unwrap().contains(right), "{detail}");
    // Somebody who may, goes on from there.
    bench.succeeds(&["apply", "web"]);
    let said = bench.run_as(READER, &["revert", "web"]);
    is_told(&said, 5, &["was not reverted", right, role]);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 2);
    assert_eq!(bench.phase("web"), "applied");
}

#[test]
fn who_may_not_see_recommendations_is_told_so() {
    let Some(bench) = bench(&READ[..2]) else {
        return;
    };
    let said = bench.run_as(READER, &["apply", "web"]);
    let right = "may not get scalingrecommendations.stepscale.io in namespace";
    let role = "kubectl create role stepscale --verb=get \
                --resource=scalingrecommendations.stepscale.io -n ";
    is_told(&said, 4, &[right, role]);
    let said = bench.run_as(READER, &["status"]);
    is_told(
        &said,
        4,
        &[
            "may not list scalingrecommendations.stepscale.io",
            "--verb=list",
        ],
    );
}

#[test]
fn who_may_not_see_the_license_is_told_so() {
    let rights = [&READ[..], &KEEP, &[WRITE, TELL]].concat();
    let Some(bench) = bench(&rights) else { return };
    let secret = format!("{}/license", bench.namespace);
    let said = bench.run_as(READER, &["apply", "web", "--license-secret", &secret]);
    let role = "kubectl create role stepscale --verb=get --resource=secrets --resource-name=NAME";
    is_told(&said, 4, &["may not get secrets in namespace", role]);
    assert_eq!(bench.phase("web"), "pending");
}

#[test]
fn who_may_not_tell_events_applies_without_them() {
    let rights = [&READ[..], &KEEP, &[WRITE]].concat();
    let Some(bench) = bench(&rights) else { return };
    let said = bench.run_as(READER, &["apply", "web"]);
    is_told(&said, 0, &[]);
    assert_eq!(bench.phase("web"), "applied");
    let said = bench.run_as(READER, &["revert", "web"]);
    is_told(&said, 0, &[]);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 6);
    let ours = "--field-selector=source=kubectl-stepscale";
    let events = bench.kubectl(&["get", "events", ours, "-o", "name"]);
    assert_eq!(events, "");
}

/// Whether the server knows of a user what these tests take for granted.
#[test]
fn a_reader_may_do_nothing_unasked() {
    let Some(bench) = bench(&[]) else { return };
    let mut command = Command::new("kubectl");
    command.env("KUBECONFIG", bench.kubeconfig());
    let who = format!("--as={READER}");
    let said = Said::by(command.args(["auth", "can-i", "patch", "hpa", &who]));
    assert_eq!(said.stdout.trim(), "no", "{}", said.stderr);
}
