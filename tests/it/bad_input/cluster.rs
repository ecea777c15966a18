//! Kubeconfigs and API servers.

use std::fs;

use super::Messages;
use crate::rig::cluster::{Cluster, Options};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User};

fn server() -> Cluster {
    Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default())
}

#[test]
fn kubeconfigs_that_cannot_be_used() {
    let user = User::new();
    let mut messages = Messages::default();
    let mut add = |title, arguments: &[&str]| {
        let said = Said::by(&mut user.stepscale(arguments));
        messages.add(title, 2, &said);
    };
    add("no kubeconfig at all", &["analyze"]);
    add(
        "a kubeconfig that is not there",
        &["analyze", "--kubeconfig", "nowhere/config"],
    );
    let file = |name: &str, text: &str| {
        let path = user.path(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let broken = file("broken", "apiVersion: v1\nclusters: [{name: a\n");
    add(
        "a kubeconfig that is no YAML",
        &["analyze", "--kubeconfig", &broken],
    );
    let secret = file(
        "secret",
        "users:\n- name: me\n  user:\n    token: hunter2\n    : [\n",
    );
    add(
        "a broken line beside a token",
        &["analyze", "--kubeconfig", &secret],
    );
    let page = file("page", "<!DOCTYPE html><html></html>");
    add(
        "a kubeconfig that is a web page",
        &["analyze", "--kubeconfig", &page],
    );
    let empty = file("empty", "");
    add("an empty kubeconfig", &["analyze", "--kubeconfig", &empty]);
    add(
        "groups without a user",
        &["analyze", "--as-group", "admins", "--kubeconfig", &empty],
    );
    messages.assert_snapshot("kubeconfigs");
}

#[test]
fn clusters_that_do_not_answer() {
    let server = server();
    let config = server.kubeconfig();
    let user = User::new();
    let mut messages = Messages::default();
    let mut add = |title, code, arguments: &[&str]| {
        messages.add(title, code, &user.run(&config, arguments));
    };
    add(
        "a cluster that is not there",
        4,
        &["analyze", "--context", "unreachable"],
    );
    add(
        "a token that has expired",
        4,
        &["analyze", "--context", "expired"],
    );
    add(
        "another authority",
        4,
        &["analyze", "--context", "wrong-ca"],
    );
    add(
        "a context that is not there",
        2,
        &["analyze", "--context", "prod"],
    );
    add(
        "a cluster entry that is not there",
        2,
        &["analyze", "--cluster", "prod"],
    );
    add(
        "a user entry that is not there",
        2,
        &["analyze", "--user", "me"],
    );
    add(
        "an autoscaler that is not there",
        3,
        &["analyze", "hpa/nobody"],
    );
    add(
        "several that are not there",
        3,
        &["analyze", "nobody", "web", "noone", "-n", "media"],
    );
    add(
        "a selector of another language",
        2,
        &["analyze", "-l", "app=~web"],
    );
    add(
        "gather from nowhere",
        4,
        &["gather", "--context", "unreachable", "-o", "out.jsonl"],
    );
    messages.assert_snapshot("clusters");
}

#[test]
fn a_plugin_that_gives_no_credential() {
    let server = server();
    let user = User::new();
    let mut messages = Messages::default();
    let commands = [
        ("a plugin that is not there", "no-such-plugin", "null"),
        (
            "a plugin that fails",
            "sh",
            r#"["-c", "echo hunter2; echo login expired >&2; exit 3"]"#,
        ),
        (
            "a plugin that says something else",
            "sh",
            r#"["-c", "echo hunter2"]"#,
        ),
    ];
    for (title, command, arguments) in commands {
        let path = user.path("kubeconfig");
        fs::write(&path, kubeconfig(&server.url, command, arguments)).unwrap();
        messages.add(title, 4, &user.run(&path, &["analyze"]));
    }
    messages.assert_snapshot("plugins");
}

fn kubeconfig(url: &str, command: &str, arguments: &str) -> String {
    format!(
        r#"{{"apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{{"name": "it", "cluster": {{"server": "{url}", "insecure-skip-tls-verify": true}}}}],
        "users": [{{"name": "it", "user": {{"exec": {{
            "apiVersion": "client.authentication.k8s.io/v1", "command": "{command}",
            "args": {arguments}, "interactiveMode": "Never"}}}}}}],
        "contexts": [{{"name": "it", "context": {{"cluster": "it", "user": "it"}}}}]}}"#
    )
}
