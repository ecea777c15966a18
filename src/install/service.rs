//! What stands around the pods: their configuration, their metrics, and how many may be missing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::pod::{LICENSE_FOLDER, PORT, PORT_NAME};
use super::{Item, Plan, Reach, Shape, metadata, selector};

pub(super) fn config(plan: &Plan) -> Item {
    Item {
        object: json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(plan, plan.names().config),
            "data": { "config.yaml": configuration(plan) },
        }),
        about: "The configuration file. It is read again when it changes.",
        reasons: vec![],
    }
}

fn configuration(plan: &Plan) -> String {
    let mut text =
        "# Keys as in docs/configuration.md; flags of the container go before them.\n".to_owned();
    // A JSON string is one of YAML too. Writing to a string cannot fail.
    match &plan.prometheus_url {
        Some(url) => {
            let _ = writeln!(text, "prometheus:\n  url: {}", Value::from(url.as_str()));
        }
        None if plan.reach == Reach::Namespace => text += "prometheus:\n  enabled: false\n",
        None => {}
    }
    if plan.mode.writes() {
        let _ = writeln!(
            text,
            "license:\n  file: {LICENSE_FOLDER}/license\n  signature: {LICENSE_FOLDER}/signature\n  \
             publicKey: {LICENSE_FOLDER}/public-key"
        );
    }
    text
}

/// Headless, since each pod has metrics of its own.
pub(super) fn service(plan: &Plan) -> Item {
    Item {
        object: json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(plan, plan.names().app),
            "spec": {
                "clusterIP": "None",
                // What is not ready has metrics that say why.
                "publishNotReadyAddresses": true,
                "selector": selector(plan),
                "ports": [{ "name": PORT_NAME, "port": PORT, "targetPort": PORT_NAME }],
            },
        }),
        about: "Where metrics are.",
        reasons: vec![],
    }
}

/// `None` where it would only keep nodes from being drained.
pub(super) fn budget(plan: &Plan) -> Option<Item> {
    let (field, about) = match plan.shape {
        Shape::Replicas(2..) => (
            "minAvailable",
            "While nodes are drained, one pod stays to take over.",
        ),
        Shape::Shards(2..) => (
            "maxUnavailable",
            "While nodes are drained, one part at a time is not watched.",
        ),
        Shape::Replicas(_) | Shape::Shards(_) | Shape::Job(_) => return None,
    };
    Some(Item {
        object: json!({
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata(plan, plan.names().app),
            "spec": { field: 1, "selector": { "matchLabels": selector(plan) } },
        }),
        about,
        reasons: vec![],
    })
}

/// For the Prometheus operator, where it is asked for.
pub(super) fn monitor(plan: &Plan) -> Option<Item> {
    plan.service_monitor.then(|| Item {
        object: json!({
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": metadata(plan, plan.names().app),
            "spec": {
                "selector": { "matchLabels": selector(plan) },
                "endpoints": [{ "port": PORT_NAME, "path": "/metrics" }],
            },
        }),
        about: "Lets the Prometheus operator gather the metrics.",
        reasons: vec![],
    })
}
