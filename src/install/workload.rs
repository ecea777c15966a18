//! What runs the pods: a Deployment, a StatefulSet of shards, or a Job of shards.

use serde_json::json;

use super::{Item, Plan, Shape, metadata, pod, selector};

/// Until a first analysis is done, pods are not ready; of a large fleet it takes its time.
const PROGRESS_SECONDS: u32 = 1800;
/// Shards of a Job that run at once: more would only ask the API server and Prometheus more at once.
const PARALLEL: u32 = 8;
/// Tries of one shard beside the first; the others go on.
const RETRIES: u32 = 2;
/// A day, to read the logs.
const KEPT_SECONDS: u32 = 86_400;

pub(super) fn item(plan: &Plan) -> Item {
    match plan.shape {
        Shape::Replicas(count) => deployment(plan, count),
        Shape::Shards(count) => set(plan, count),
        Shape::Job(count) => job(plan, count),
    }
}

fn deployment(plan: &Plan, count: u32) -> Item {
    Item {
        object: json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata(plan, plan.names().app),
            "spec": {
                "replicas": count,
                "progressDeadlineSeconds": PROGRESS_SECONDS,
                "revisionHistoryLimit": 3,
                "selector": { "matchLabels": selector(plan) },
                "template": pod::template(plan),
            },
        }),
        about: "Pods that all look, of which one writes.",
        reasons: vec![],
    }
}

fn set(plan: &Plan, count: u32) -> Item {
    Item {
        object: json!({
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": metadata(plan, plan.names().app),
            "spec": {
                "replicas": count,
                "podManagementPolicy": "Parallel",
                "revisionHistoryLimit": 3,
                "serviceName": plan.names().app,
                "selector": { "matchLabels": selector(plan) },
                "template": pod::template(plan),
            },
        }),
        about: "Pods that each have a part of the fleet.",
        reasons: vec![],
    }
}

fn job(plan: &Plan, count: u32) -> Item {
    Item {
        object: json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": metadata(plan, plan.names().app),
            "spec": {
                "completionMode": "Indexed",
                "completions": count,
                "parallelism": count.min(PARALLEL),
                "backoffLimitPerIndex": RETRIES,
                "ttlSecondsAfterFinished": KEPT_SECONDS,
                "template": pod::template(plan),
            },
        }),
        about: "Pods that each analyze a part of the fleet, once.",
        reasons: vec![],
    }
}
