//! `demo`: the whole product on a cluster in memory.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
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
        let reaches_zero = item["name"] == "email-worker";
        assert_eq!(outcome == "notEnoughHistory", reaches_zero, "{item}");
        if !reaches_zero {
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
    // One may just be scaled: what serves are the pods that say so, whenever one looks.
    let mut settled = 0;
    for deployment in of("Deployment") {
        let (name, status) = (&deployment["metadata"]["name"], &deployment["status"]);
        let its = of("Pod").filter(|it| it["metadata"]["labels"]["app"] == *name);
        let ready = its.filter(is_ready).count() as u64;
        let count = |it: &Value| it.as_u64().unwrap_or(0);
        assert_eq!(count(&status["readyReplicas"]), ready, "{deployment}");
        let all = count(&status["replicas"]);
        assert_eq!(
            ready + count(&status["unavailableReplicas"]),
            all,
            "{deployment}"
        );
        settled += usize::from(deployment["spec"]["replicas"].as_u64() == Some(ready));
    }
    assert!(settled >= of("Deployment").count() / 2, "{}", said.stdout);
    assert!(of("Pod").count() > 10, "{}", said.stdout);
    assert!(
        of("Pod")
            .filter(is_ready)
            .all(|it| it["status"]["phase"] == "Running")
    );
}

fn is_ready(pod: &&Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == "True")
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

/// A demo that runs a command, once that has said on standard error that it is up, and what else it
/// said there.
fn running(user: &User, command: &str) -> (Child, String) {
    let mut demo = user.stepscale(&["demo", "--exec", command]);
    demo.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = demo.spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let up = errors.find_map(|it| it.unwrap().strip_prefix("up ").map(str::to_owned));
    (child, up.expect("a command that comes up"))
}

#[test]
fn a_signal_reaches_the_command_and_ends_the_demo() {
    let user = User::new();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 143)] {
        let command = format!(
            "trap 'echo told; exit 9' {signal}; echo up $KUBECONFIG >&2; while :; do sleep 0.05; done"
        );
        let (child, kubeconfig) = running(&user, &command);
        let (said, after) = interrupt(child, signal);
        assert_eq!((said.code, said.stdout.as_str()), (Some(code), "told\n"));
        assert!(after < Duration::from_secs(2), "{signal}: {after:?}");
        assert!(
            !fs::exists(&kubeconfig).unwrap(),
            "{kubeconfig} is left behind"
        );
    }
}

#[test]
fn a_command_that_does_not_end_when_told_is_killed() {
    let user = User::new();
    let command =
        "trap '' TERM; echo up $$ >&2; exec >/dev/null 2>&1; while :; do sleep 0.05; done";
    let (child, command) = running(&user, command);
    let (said, after) = interrupt(child, "TERM");
    assert_eq!(said.code, Some(143));
    assert!(after < Duration::from_secs(6), "{after:?}");
    let alive = Command::new("kill").args(["-0", &command]).output();
    assert!(!alive.unwrap().status.success(), "it is still there");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn ctrl_c_at_a_terminal_is_for_the_command() {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("util-linux")) {
        eprintln!("SKIPPED: not installed: script (Debian: apt-get install bsdutils)");
        return;
    }
    let user = User::new();
    let wait = "trap caught=1 INT; echo up; while [ -z \"$caught\" ]; do sleep 0.05; done; \
                echo went on; exit 5";
    fs::write(user.path("wait.sh"), wait).unwrap();
    let demo = user.stepscale(&[]);
    let line = format!(
        // A shell that waits would end of the signal itself.
        "exec '{}' demo --exec 'exec sh {}'",
        demo.get_program().display(),
        user.path("wait.sh").display()
    );
    let mut terminal = Command::new("script");
    let surroundings = demo.get_envs().filter_map(|(name, it)| Some((name, it?)));
    terminal.env_clear().envs(surroundings);
    terminal.args(["-qec", &line, "/dev/null"]);
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut terminal = terminal.spawn().unwrap();
    let mut said = BufReader::new(terminal.stdout.take().unwrap()).lines();
    let mut find = |word: &str| said.any(|it| it.unwrap().contains(word));
    assert!(find("up"), "it does not come up");
    let mut keys = terminal.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    assert!(find("went on"), "the demo has ended under the command");
    assert_eq!(terminal.wait().unwrap().code(), Some(5));
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
fn what_a_snapshot_has_beyond_the_demo_is_told() {
    let user = User::new();
    let snapshot = user.path("fleet.jsonl");
    let rollout = r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"web","namespace":"shop"}}"#;
    let lines = format!(
        "{}\n{{\"kind\":\"Object\",\"object\":{rollout}}}\n",
        r#"{"kind":"Snapshot","apiVersion":"stepscale.io/v1alpha1","cluster":{"name":"c"},"takenAt":"2026-01-01T00:00:00Z"}"#
    );
    fs::write(&snapshot, lines).unwrap();
    let said = demo(&user, &["--snapshot", snapshot.to_str().unwrap()], "true");
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (
            Some(0),
            "the demo leaves out 1 object of kinds that it does not serve: Rollout.argoproj.io\n"
        )
    );
    let said = demo(&user, &[], "true");
    assert_eq!(said.stderr, "", "the example has all that it needs");
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
