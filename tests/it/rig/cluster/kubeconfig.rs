//! A kubeconfig with one context for each way that a connection may go.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::certificates::Authority;
use super::super::process::free_port;
use super::{LIMITED_TOKEN, TOKEN};

/// Writes it below `directory` in JSON, which is YAML too.
pub(super) fn write(directory: &Path, url: &str, authority: &str) -> PathBuf {
    let file = |name: &str, content: &str| {
        let path = directory.join(name);
        fs::write(&path, content).expect("a file in a temporary directory");
        path
    };
    let authority = file("authority.pem", authority);
    let stranger = file("stranger.pem", &Authority::new().pem);
    let plugin = file("credential.sh", &credential_script());
    let nowhere = format!("https://127.0.0.1:{}", free_port());
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "good",
        "clusters": [
            cluster("rig", url, &authority),
            cluster("wrong-ca", url, &stranger),
            cluster("unreachable", &nowhere, &authority),
        ],
        "users": [
            { "name": "good", "user": { "token": TOKEN } },
            { "name": "limited", "user": { "token": LIMITED_TOKEN } },
            { "name": "expired", "user": { "token": "expired-token" } },
            { "name": "exec", "user": { "exec": exec(&plugin) } },
        ],
        "contexts": [
            context("good", "rig", "good"),
            context("limited", "rig", "limited"),
            context("expired", "rig", "expired"),
            context("wrong-ca", "wrong-ca", "good"),
            context("unreachable", "unreachable", "good"),
            context("exec", "rig", "exec"),
        ],
    });
    file("kubeconfig", &config.to_string())
}

fn cluster(name: &str, url: &str, authority: &Path) -> Value {
    json!({ "name": name, "cluster": { "server": url, "certificate-authority": authority } })
}

fn context(name: &str, cluster: &str, user: &str) -> Value {
    let context = json!({ "cluster": cluster, "user": user, "namespace": "shop" });
    json!({ "name": name, "context": context })
}

fn exec(plugin: &Path) -> Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": [plugin],
        "interactiveMode": "Never",
    })
}

fn credential_script() -> String {
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "token": TOKEN },
    });
    format!("#!/bin/sh\ncat <<'END'\n{credential}\nEND\n")
}
