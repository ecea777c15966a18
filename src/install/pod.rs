//! The pods of `watch`: without privileges, and with nothing to write to but a folder of their own.

use serde_json::{Value, json};

use super::{
    GRACE_SECONDS, LICENSE_SECRET, Plan, Shape, WEBHOOK_SECRET, arguments, labels, selector,
};

/// Of metrics and probes.
pub(super) const PORT: u16 = 8080;
/// Its name.
pub(super) const PORT_NAME: &str = "metrics";
pub(super) const CONFIG_FOLDER: &str = "/etc/stepscale/config";
pub(super) const LICENSE_FOLDER: &str = "/etc/stepscale/license";
const WEBHOOK_FOLDER: &str = "/etc/stepscale/webhook";
const STATE_FOLDER: &str = "/var/lib/stepscale";
/// Nobody's, as images without users have it.
const USER: u32 = 65_532;
/// Where it says which shard a pod is: set by the controllers of StatefulSets and of Jobs.
const INDEX_OF_SET: &str = "metadata.labels['apps.kubernetes.io/pod-index']";
const INDEX_OF_JOB: &str = "metadata.annotations['batch.kubernetes.io/job-completion-index']";

/// The `template` of the workload.
pub(super) fn template(plan: &Plan) -> Value {
    let mut metadata = json!({ "labels": labels(plan.names().app) });
    if serves(plan) && !plan.service_monitor {
        metadata["annotations"] = json!({
            "prometheus.io/scrape": "true",
            "prometheus.io/port": PORT.to_string(),
            "prometheus.io/path": "/metrics",
        });
    }
    let mut spec = json!({
        "serviceAccountName": plan.names().app,
        "automountServiceAccountToken": true,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [container(plan)],
        "volumes": volumes(plan),
    });
    match plan.shape {
        Shape::Job(_) => spec["restartPolicy"] = json!("Never"),
        Shape::Replicas(_) | Shape::Shards(_) => {
            spec["topologySpreadConstraints"] = json!([
                spread(plan, "kubernetes.io/hostname"),
                spread(plan, "topology.kubernetes.io/zone"),
            ]);
        }
    }
    json!({ "metadata": metadata, "spec": spec })
}

/// Whether pods live long enough to be asked.
fn serves(plan: &Plan) -> bool {
    !matches!(plan.shape, Shape::Job(_))
}

/// Where nodes or zones are few, two in one place are better than one.
fn spread(plan: &Plan, topology: &str) -> Value {
    json!({
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": { "matchLabels": selector(plan) },
    })
}

fn container(plan: &Plan) -> Value {
    let mut container = json!({
        "name": "watch",
        "image": plan.image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments::of(plan),
        "env": environment(plan),
        "resources": {
            "requests": { "cpu": "100m", "memory": "128Mi" },
            "limits": { "cpu": "1", "memory": "512Mi" },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts(plan),
    });
    if serves(plan) {
        container["ports"] = json!([{ "name": PORT_NAME, "containerPort": PORT }]);
        container["livenessProbe"] = probe("/healthz", 20, 3);
        container["readinessProbe"] = probe("/readyz", 10, 3);
    }
    container
}

fn probe(path: &str, period_seconds: u32, failures: u32) -> Value {
    json!({
        "httpGet": { "path": path, "port": PORT_NAME },
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    })
}

fn environment(plan: &Plan) -> Vec<Value> {
    // With the default written out: kubectl keeps it as a part of what it has set.
    let field = |name: &str, path: &str| {
        let reference = json!({ "apiVersion": "v1", "fieldPath": path });
        json!({ "name": name, "valueFrom": { "fieldRef": reference } })
    };
    let mut variables = vec![
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
        json!({ "name": "HOME", "value": STATE_FOLDER }),
        json!({ "name": "TMPDIR", "value": STATE_FOLDER }),
        json!({ "name": "XDG_STATE_HOME", "value": STATE_FOLDER }),
    ];
    match plan.shape {
        Shape::Replicas(_) => {}
        Shape::Shards(_) => variables.push(field("SHARD", INDEX_OF_SET)),
        Shape::Job(_) => variables.push(field("SHARD", INDEX_OF_JOB)),
    }
    variables
}

fn mounts(plan: &Plan) -> Vec<Value> {
    let read =
        |name: &str, path: &str| json!({ "name": name, "mountPath": path, "readOnly": true });
    let mut mounts = vec![
        read("config", CONFIG_FOLDER),
        json!({ "name": "state", "mountPath": STATE_FOLDER }),
        read("webhook", WEBHOOK_FOLDER),
    ];
    if plan.mode.writes() {
        mounts.push(read("license", LICENSE_FOLDER));
    }
    mounts
}

/// One that people may make later: a license, until which nothing is applied, or the URL of a webhook.
fn secret(name: &str, secret: &str) -> Value {
    json!({ "name": name, "secret": { "secretName": secret, "optional": true } })
}

fn volumes(plan: &Plan) -> Vec<Value> {
    let mut volumes = vec![
        json!({ "name": "config", "configMap": { "name": plan.names().config } }),
        json!({ "name": "state", "emptyDir": { "sizeLimit": "1Gi" } }),
        secret("webhook", WEBHOOK_SECRET),
    ];
    if plan.mode.writes() {
        volumes.push(secret("license", LICENSE_SECRET));
    }
    volumes
}
