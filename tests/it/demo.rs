//! `demo`: the whole product on a cluster in memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::rig::program::{SHOP, Said, User, has_kubectl, interrupt};

/// A demo that runs one command.
fn demo(user: &User, arguments: &[&str], command: &str) -> Said {
    let arguments = [&["demo"], arguments, &["--exec", command]].concat();
    Said::by(&mut user.stepscale(&arguments))
}

#[test]
fn a_command_runs_against_it_and_its_exit_code_is_ours() {
    let user = User::new();
    let said = demo(
        &user,
        &[],
        "echo $KUBECONFIG; test -f $KUBECONFIG || exit 1; exit 7",
    );
    assert_eq!(said.code, Some(7), "{}", said.stderr);
    let kubeconfig = said.stdout.trim();
    assert!(
        !fs::exists(kubeconfig).unwrap(),
        "{kubeconfig} is left behind"
    );
    let clean = demo(&user, &[], "true");
    assert_eq!(
        (clean.code, clean.stdout.as_str()),
        (Some(0), ""),
        "{}",
        clean.stderr
    );
}

#[test]
fn its_fleet_is_analyzed_from_the_history_that_it_serves() {
    let user = User::new();
    let analyzed = |command: &str| demo(&user, &[], command).report(0);
    let live = analyzed("kubectl-stepscale analyze -A -o json");
    let command = format!("kubectl-stepscale analyze --from {SHOP} -o json");
    let example = analyzed(&command);
    assert_eq!(
        live["source"]["name"],
        "Prometheus monitoring/prometheus:9090 through the API server"
    );
    let named = |report: &Value| -> Vec<String> {
        let items = report["items"].as_array().unwrap().iter();
        items
            .map(|it| format!("{}/{}", it["namespace"], it["name"]))
            .collect()
    };
    assert_eq!(named(&live), named(&example));
    for item in live["items"].as_array().unwrap() {
        let outcome = item["outcome"].as_str().unwrap();
        let is_owned = item["name"] == "keda-hpa-email-worker";
        assert_eq!(outcome == "skipped", is_owned, "{item}");
        if !is_owned {
            let coverage = item["evidence"]["coverage"].as_f64().unwrap();
            // The example has a planted gap.
            assert!(coverage > 0.9, "{item}");
        }
    }
    let items = live["items"].as_array().unwrap().iter();
    let recommended = items.filter(|it| it["outcome"] == "recommended").count();
    assert!(recommended >= 5, "{recommended}");
}

#[test]
fn kubectl_sees_pods_that_serve_and_usage_by_which_autoscalers_scale() {
    if !has_kubectl() {
        return;
    }
    let user = User::new();
    // Two minutes of its time, in which every autoscaler is synced.
    let pass =
        r#"echo '{"advanceSeconds":120}' | kubectl create --raw /twin/clock -f - >/dev/null"#;
    let list = "kubectl get hpa,deploy,pods -n shop -o json";
    let said = demo(&user, &["--speed", "0"], &format!("{pass} && {list}"));
    let list = said.report(0);
    let items = list["items"].as_array().unwrap();
    let of = |kind: &'static str| items.iter().filter(move |it| it["kind"] == kind);
    let hpa = of("HorizontalPodAutoscaler").find(|it| it["metadata"]["name"] == "catalog");
    let used = &hpa.unwrap()["status"]["currentMetrics"][0]["resource"]["current"];
    assert!(used["averageUtilization"].is_i64(), "{hpa:?}");
    for deployment in of("Deployment") {
        let (wanted, ready) = (
            &deployment["spec"]["replicas"],
            &deployment["status"]["readyReplicas"],
        );
        assert_eq!(wanted, ready, "{deployment}");
    }
    assert!(of("Pod").count() > 10, "{}", said.stdout);
    assert!(of("Pod").all(|it| it["status"]["phase"] == "Running"));
}

#[test]
fn it_says_what_to_try_analyzes_and_stays_until_it_is_interrupted() {
    let user = User::new();
    let mut command = user.stepscale(&["demo"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let last = errors.find(|it| it.as_ref().unwrap().contains("until Ctrl-C"));
    assert!(last.is_some(), "it ended by itself");
    let (said, after) = interrupt(child, "INT");
    assert_eq!(said.code, Some(130));
    assert!(after < Duration::from_secs(3), "{after:?}");
    let kubeconfig = said.stdout.split_once("KUBECONFIG=").unwrap().1;
    let kubeconfig = kubeconfig.split_whitespace().next().unwrap();
    assert!(
        !fs::exists(kubeconfig).unwrap(),
        "{kubeconfig} is left behind"
    );
    assert!(
        said.stdout.contains("kubectl get hpa -A"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("NAMESPACE"), "{}", said.stdout);
}

#[test]
fn what_it_cannot_use_is_refused_with_a_way_out() {
    let user = User::new();
    let faults = user.path("faults.yaml");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let cases = [
        (vec!["--snapshot", "missing.jsonl"], "", "missing.jsonl"),
        (
            vec!["--faults", faults.to_str().unwrap()],
            "rules: [{every: 0}]",
            "every 0 requests",
        ),
        (
            vec!["--faults", faults.to_str().unwrap()],
            "rulez: []",
            "rulez",
        ),
        (
            vec!["--context", "prod"],
            "",
            "--context leads to another cluster",
        ),
        (vec!["--port", &port], "", "cannot listen on port"),
    ];
    for (arguments, content, expected) in cases {
        fs::write(&faults, content).unwrap();
        let said = demo(&user, &arguments, "true");
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    }
}

#[test]
fn trouble_is_made_on_purpose() {
    let user = User::new();
    let faults = user.path("faults.yaml");
    let text = "rules:\n- when: {verbs: [list], resources: [horizontalpodautoscalers]}\n  answer: internalError\n";
    fs::write(&faults, text).unwrap();
    let arguments = ["--faults", faults.to_str().unwrap()];
    let said = demo(&user, &arguments, "kubectl-stepscale analyze -A");
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(said.stderr.contains("500"), "{}", said.stderr);
}
