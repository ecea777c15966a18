//! The plugin as the real kubectl runs it, against the sandbox and a real Prometheus.
//!
//! A real API server has neither the fleet's pods, whose history the Prometheus has, nor a service
//! that leads there; what can be asked of both is in `inventory`.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::rig::cluster::{Cluster, Denied, Options, Reach};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User, has_kubectl};
use crate::rig::prometheus::{self, Prometheus};

/// The end of every fleet's history, and a window that it fills.
const WINDOW: [&str; 6] = [
    "--now=2026-01-01T00:00:00Z",
    "--window-days=3",
    "--min-history-days=2",
    "--request-timeout=30s",
    "-o",
    "json",
];

/// `kubectl stepscale analyze` with a kubeconfig.
fn analyze(user: &User, kubeconfig: &PathBuf, arguments: &[&str]) -> Command {
    let all = [&["analyze"], arguments, &WINDOW].concat();
    let mut command = user.kubectl(&all);
    command.env("KUBECONFIG", kubeconfig);
    command
}

/// `namespace/name` of every item.
fn names(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().unwrap().iter();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    items
        .map(|it| format!("{}/{}", text(&it["namespace"]), text(&it["name"])))
        .collect()
}

#[test]
fn prometheus_by_its_url_and_through_the_service_proxy() {
    if !has_kubectl() || !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let prometheus = Prometheus::start(&fleet, &[]);
    let options = Options {
        prometheus: Some(prometheus.url.clone()),
        ..Options::default()
    };
    let server = Cluster::start(&fleet, options);
    let (user, config) = (User::new(), server.kubeconfig());
    let by_url = ["-A", "--prometheus-url", &prometheus.url];
    let mut by_url = Said::by(&mut analyze(&user, &config, &by_url)).report(0);
    let mut discovered = Said::by(&mut analyze(&user, &config, &["-A"])).report(0);
    assert_eq!(
        by_url["source"]["name"],
        format!("Prometheus {}", prometheus.url)
    );
    assert_eq!(
        discovered["source"]["name"],
        "Prometheus monitoring/kube-prometheus-stack-prometheus:9090 through the API server"
    );
    for report in [&mut by_url, &mut discovered] {
        report.as_object_mut().unwrap().remove("source").unwrap();
    }
    assert_eq!(by_url, discovered);
    assert_judged(&fleet, &by_url);
}

/// Every autoscaler of the fleet has a history that was read whole.
fn assert_judged(fleet: &Fleet, report: &Value) {
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), fleet.scaled().count());
    assert_eq!(report["unread"], json!([]));
    for item in items {
        let outcome = item["outcome"].as_str().unwrap();
        assert!(["recommended", "noChange"].contains(&outcome), "{item}");
        let coverage = item["evidence"]["coverage"].as_f64().unwrap();
        assert!(coverage > 0.95, "{item}");
    }
}

#[test]
fn contexts_and_users_are_chosen_as_in_kubectl() {
    if !has_kubectl() {
        return;
    }
    // Of the rig's kubeconfig, which leads to the sandbox alone: others need not have such users.
    let server = Cluster::start(&Fleet::generate(&Parameters::small()), Options::default());
    let (user, config) = (User::new(), server.kubeconfig());
    let listed = |arguments: &[&str]| {
        let arguments = [arguments, &["--no-prometheus"]].concat();
        names(&Said::by(&mut analyze(&user, &config, &arguments)).report(0))
    };
    let media = listed(&["-n", "media"]);
    assert!(!media.is_empty());
    let cases: [&[&str]; 2] = [
        &["--context", "exec", "-n", "media"],
        &["--context=expired", "--user=good", "-n", "media"],
    ];
    for arguments in cases {
        assert_eq!(listed(arguments), media, "{arguments:?}");
    }
}

#[test]
fn a_kubeconfig_may_be_several_files() {
    if !has_kubectl() {
        return;
    }
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let whole = std::fs::read(server.kubeconfig()).unwrap();
    let mut whole: Value = serde_json::from_slice(&whole).unwrap();
    let users = whole.as_object_mut().unwrap().remove("users").unwrap();
    let second = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "unreachable",
        "users": users });
    let paths = [("first", &whole), ("second", &second)].map(|(name, content)| {
        let path = user.path(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path
    });
    let missing = user.path("missing");
    let variable = std::env::join_paths([&missing, &paths[0], &paths[1]]).unwrap();
    let arguments = ["--no-prometheus"];
    let said = Said::by(&mut analyze(&user, &variable.into(), &arguments));
    assert!(!names(&said.report(0)).is_empty());
}

#[test]
fn what_is_refused_everywhere_is_said_without_a_report_of_success() {
    if !has_kubectl() {
        return;
    }
    let denied = ["get", "list"].map(|verb| Denied {
        verb,
        resource: "horizontalpodautoscalers.autoscaling",
        reach: Reach::Everywhere,
    });
    let options = Options {
        denied: denied.to_vec(),
        ..Options::default()
    };
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), options);
    let (user, config) = (User::new(), server.kubeconfig());
    let said = Said::by(&mut analyze(&user, &config, &["-A", "--context=limited"]));
    let report = said.report(4);
    assert_eq!(report["items"], json!([]));
    let permission = &report["unread"][0]["permission"];
    assert_eq!(permission["verb"], "list");
    assert_eq!(
        permission["resource"],
        "horizontalpodautoscalers.autoscaling"
    );
    let check = "kubectl auth can-i list horizontalpodautoscalers.autoscaling -A";
    assert!(said.stderr.contains(check), "{}", said.stderr);
}

#[test]
fn a_list_that_expires_between_its_pages_is_read_anew() {
    // More pods than a page has, and few of everything else.
    let fleet = Fleet::generate(&Parameters {
        workloads: 2,
        mean_pods: 400.0,
        hours: 1,
        ..Parameters::small()
    });
    let user = User::new();
    let report = |continue_expires| {
        let options = Options {
            continue_expires,
            ..Options::default()
        };
        let server = Cluster::start(&fleet, options);
        let arguments = [&["analyze", "-A", "--no-prometheus"], &WINDOW[..]].concat();
        let said = user.run(&server.kubeconfig(), &arguments);
        let paged = |it: &&String| it.contains("/pods?") && it.contains("continue=");
        (said, server.requests().iter().filter(paged).count())
    };
    let (whole, pages) = report(false);
    assert!(pages > 0, "the list has one page");
    assert_eq!(whole.report(0)["summary"]["autoscalers"], 2);
    let (expired, _) = report(true);
    assert_eq!(expired.report(0)["items"], whole.report(0)["items"]);
}
