//! `doctor` on clusters that have everything, that lack something, and that are not there.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::cluster::{Cluster, Denied, Options, Reach, SECRET};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User};
use crate::rig::prometheus::{self, Prometheus};

fn fleet() -> Fleet {
    Fleet::generate(&Parameters::small())
}

/// Without a Prometheus to be found.
fn unmonitored() -> Cluster {
    let options = Options {
        unmonitored: true,
        ..Options::default()
    };
    Cluster::start(&fleet(), options)
}

/// Where the user of the context `limited` may not do one thing, in any namespace.
fn denying(fleet: &Fleet, verb: &'static str, resource: &'static str) -> Cluster {
    let denied = vec![Denied {
        verb,
        resource,
        reach: Reach::Everywhere,
    }];
    let options = Options {
        denied,
        ..Options::default()
    };
    Cluster::start(fleet, options)
}

fn doctor(user: &User, kubeconfig: &Path, arguments: &[&str]) -> Said {
    let all = [&["doctor", "-o", "json"], arguments].concat();
    let said = user.run(kubeconfig, &all);
    assert!(
        !said.stdout.contains(SECRET) && !said.stderr.contains(SECRET),
        "{said:?}"
    );
    said
}

/// State and words of the only check of this name and subject.
#[track_caller]
fn check<'a>(report: &'a Value, name: &str, subject: &str) -> (&'a str, &'a Value) {
    let all = report["checks"].as_array().unwrap().iter();
    let found: Vec<&Value> = all
        .filter(|it| it["check"] == name && it["subject"].as_str().unwrap_or_default() == subject)
        .collect();
    assert_eq!(found.len(), 1, "{name} {subject}: {report:#}");
    (found[0]["state"].as_str().unwrap(), found[0])
}

/// Name, subject and state of whatever is neither fine nor skipped.
fn troubles(report: &Value) -> Vec<String> {
    let all = report["checks"].as_array().unwrap().iter();
    let bad = all.filter(|it| !matches!(it["state"].as_str(), Some("ok" | "skipped")));
    bad.map(|it| {
        assert!(it["advice"].is_string(), "{it}");
        let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("check"), text("subject"), text("state"))
    })
    .collect()
}

#[test]
fn without_a_prometheus_the_rest_is_looked_at() {
    let cluster = unmonitored();
    let user = User::new();
    let report = doctor(&user, &cluster.kubeconfig(), &["-n", "shop"]).report(0);
    assert_eq!(report["kind"], "DoctorReport");
    assert_eq!(report["for"], json!(["analyze"]));
    assert_eq!(check(&report, "kubeconfig", "").0, "ok");
    assert_eq!(check(&report, "api-server", "").0, "ok");
    assert_eq!(check(&report, "prometheus", "").0, "warning");
    assert_eq!(check(&report, "keda", "").0, "skipped");
    assert_eq!(check(&report, "state-directory", "").0, "ok");
    assert_eq!(check(&report, "audit-log", "").0, "ok");
    let (state, pods) = check(&report, "permission", "list pods in namespace shop");
    assert_eq!(state, "ok");
    assert!(
        pods["seen"].as_str().unwrap().starts_with("analyze:"),
        "{pods}"
    );
    // The only thing that is made is the answer.
    assert!(!user.path("state").exists());
    let writes = cluster
        .requests()
        .into_iter()
        .filter(|it| !it.starts_with("GET"));
    for write in writes {
        assert!(write.contains("/selfsubjectaccessreviews"), "{write}");
    }
}

#[test]
fn an_empty_namespace_has_a_way_out_and_lacks_nothing() {
    let user = User::new();
    let questions = "kubectl-stepscale doctor -n default -o json > doctor.json; echo $? > code; \
                     kubectl-stepscale analyze -n default 2> analyze.txt";
    let mut demo = user.stepscale(&["demo", "--exec", questions]);
    let said = Said::by(demo.current_dir(user.home()));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let text = |name: &str| std::fs::read_to_string(user.path(name)).unwrap();
    let report: Value = serde_json::from_str(&text("doctor.json")).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let of_the_past: Vec<&Value> = checks
        .filter(|it| it["check"] == "history" || it["seen"].as_str().unwrap().contains("cAdvisor"))
        .collect();
    assert!(of_the_past.len() > 1, "{report:#}");
    for check in of_the_past {
        assert_eq!(check["state"], "skipped", "{check}");
        let seen = check["seen"].as_str().unwrap();
        assert!(seen.starts_with("namespace default has no pods"), "{check}");
    }
    assert_eq!(text("code").trim(), "0", "{report:#}");
    let told = text("analyze.txt");
    assert!(told.contains("-A looks at all namespaces"), "{told}");
}

#[test]
fn each_right_that_is_taken_away_is_told_by_its_name() {
    let fleet = fleet();
    let cases = [
        ("list", "horizontalpodautoscalers.autoscaling", 5, "failed"),
        ("list", "deployments.apps", 5, "failed"),
        ("list", "pods", 0, "warning"),
        ("list", "poddisruptionbudgets.policy", 0, "warning"),
        ("list", "pods.metrics.k8s.io", 0, "warning"),
        (
            "patch",
            "horizontalpodautoscalers.autoscaling",
            0,
            "warning",
        ),
    ];
    for (verb, resource, code, state) in cases {
        let cluster = denying(&fleet, verb, resource);
        let user = User::new();
        let arguments = ["--context=limited", "-n", "shop", "--no-prometheus"];
        let said = doctor(&user, &cluster.kubeconfig(), &arguments);
        let report: Value = serde_json::from_str(&said.stdout).unwrap();
        let subject = format!("{verb} {resource} in namespace shop");
        let (found, check) = check(&report, "permission", &subject);
        assert_eq!(found, state, "{check}");
        let command = format!("kubectl auth can-i {verb} {resource} -n shop");
        assert!(
            check["advice"].as_str().unwrap().contains(&command),
            "{check}"
        );
        if resource == "pods.metrics.k8s.io" {
            // Without a Prometheus it is what history is made of.
            assert_eq!(said.code, Some(5), "{report:#}");
        } else {
            assert_eq!(said.code, Some(code), "{subject}: {report:#}");
        }
    }
}

#[test]
fn what_is_to_work_decides_what_fails() {
    let cluster = denying(&fleet(), "patch", "horizontalpodautoscalers.autoscaling");
    let user = User::new();
    let limited = ["--context=limited", "--no-prometheus"];
    let purposes = |purposes: &[&'static str]| {
        let said = doctor(
            &user,
            &cluster.kubeconfig(),
            &[&limited[..], purposes].concat(),
        );
        said.code
    };
    assert_eq!(purposes(&["--for=analyze"]), Some(0));
    assert_eq!(purposes(&["--for=apply"]), Some(5));
    assert_eq!(purposes(&["--for=analyze,apply"]), Some(5));
    assert_eq!(purposes(&["--for=analyze", "--for", "apply"]), Some(5));
}

#[test]
fn without_a_cluster_it_says_so_in_a_line() {
    let user = User::new();
    let mut narrow = user.stepscale(&["doctor"]);
    let narrow = narrow.env("KUBECONFIG", "/nowhere/config");
    let said = Said::by(narrow.env("COLUMNS", "80"));
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let report = doctor(&user, Path::new("/nowhere/config"), &[]).report(4);
    assert_eq!(check(&report, "kubeconfig", "").0, "failed");
    for name in [
        "api-server",
        "permission",
        "metrics-server",
        "prometheus",
        "recommendations",
    ] {
        assert_eq!(check(&report, name, "").0, "skipped", "{name}");
    }
    assert_eq!(check(&report, "state-directory", "").0, "ok");
    for row in said.stdout.lines() {
        assert!(row.chars().count() <= 80, "{row}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_one_failure() {
    let cluster = Cluster::start(&fleet(), Options::default());
    let user = User::new();
    for (context, part) in [
        ("unreachable", "cannot reach the API server"),
        ("wrong-ca", "unknown authority"),
        ("expired", "does not accept the credentials"),
    ] {
        let report = doctor(&user, &cluster.kubeconfig(), &["--context", context]).report(4);
        assert_eq!(
            troubles(&report),
            ["api-server  failed", "license  warning"],
            "{context}"
        );
        let (_, server) = check(&report, "api-server", "");
        assert!(server["seen"].as_str().unwrap().contains(part), "{server}");
    }
}

/// A listener that takes connections and says nothing.
#[test]
fn what_hangs_holds_up_nothing_else() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let cluster = Cluster::start(&fleet(), Options::default());
    let user = User::new();
    let arguments = ["--prometheus-url", &url, "--timeout=1s", "-n", "shop"];
    #[expect(clippy::disallowed_methods, reason = "measures another process")]
    let began = std::time::Instant::now();
    let report = doctor(&user, &cluster.kubeconfig(), &arguments).report(4);
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(check(&report, "prometheus", "").0, "failed");
    assert_eq!(check(&report, "api-server", "").0, "ok");
    assert_eq!(check(&report, "metrics-server", "").0, "ok");
    assert_eq!(
        check(&report, "permission", "list pods in namespace shop").0,
        "ok"
    );
}

#[test]
fn files_that_cannot_be_written_are_told() {
    let cluster = unmonitored();
    let user = User::new();
    let file = user.path("file");
    std::fs::write(&file, "").unwrap();
    let log = file.join("audit.log");
    let arguments = ["--audit-log", log.to_str().unwrap()];
    let report = doctor(&user, &cluster.kubeconfig(), &arguments).report(2);
    assert_eq!(check(&report, "audit-log", "").0, "failed");
    assert_eq!(check(&report, "state-directory", "").0, "ok");
}

#[test]
fn a_license_has_days() {
    let cluster = unmonitored();
    let user = User::new();
    user.issue_license();
    let kubeconfig = cluster.kubeconfig();
    let said = Said::by(&mut user.licensed(&kubeconfig, &["doctor", "-o", "json", "--for=apply"]));
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let (state, license) = check(&report, "license", "");
    assert_eq!(state, "ok", "{license}");
    assert!(
        license["seen"].as_str().unwrap().contains("29 days left"),
        "{license}"
    );
}

#[test]
fn series_are_counted_on_a_real_prometheus() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = fleet();
    let server = Prometheus::start(&fleet, &[]);
    let options = Options {
        prometheus: Some(server.url.clone()),
        ..Options::default()
    };
    let cluster = Cluster::start(&fleet, options);
    let user = User::new();
    let days = ["--window-days=3", "-n", "shop"];
    let by_url = [&days[..], &["--prometheus-url", &server.url]].concat();
    for arguments in [&by_url[..], &days] {
        let report = doctor(&user, &cluster.kubeconfig(), arguments).report(0);
        assert_eq!(check(&report, "history", "").0, "ok", "{report:#}");
        let (state, found) = check(&report, "prometheus", "");
        assert_eq!(state, "ok");
        let seen = found["seen"].as_str().unwrap();
        assert!(seen.contains("keeps 10y"), "{seen}");
        for metric in [
            "container_cpu_usage_seconds_total",
            "kube_pod_owner",
            "kube_horizontalpodautoscaler_status_desired_replicas",
        ] {
            assert_eq!(check(&report, "series", metric).0, "ok", "{report:#}");
        }
    }
    // A namespace that has nothing is told from a server that has nothing.
    let report = doctor(&user, &cluster.kubeconfig(), &["-n", "default"]).report(4);
    let (state, cpu) = check(&report, "series", "container_cpu_usage_seconds_total");
    assert_eq!(state, "failed");
    assert!(cpu["seen"].as_str().unwrap().contains("in others"), "{cpu}");
}
