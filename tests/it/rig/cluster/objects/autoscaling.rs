//! HPAs and disruption budgets.

use serde_json::{Value, json};

use super::super::super::fleet::workload::Workload;

/// The HPA of a workload: from half to three times its average replicas, at 70 % of the request;
/// of the main container alone where there is a sidecar that is no init container.
pub(super) fn autoscaler(workload: &Workload, name: &str, now: i64) -> Value {
    let uid = super::uid(&["HorizontalPodAutoscaler", &workload.namespace, name]);
    let created = workload.start - 60 * 86_400;
    let mut metadata = super::metadata(&workload.namespace, name, &uid, created);
    metadata["labels"] = super::selector(workload);
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": {
            "scaleTargetRef": {
                "apiVersion": workload.kind.api_version(),
                "kind": workload.kind.name(),
                "name": workload.name,
            },
            "minReplicas": (workload.replicas / 2).max(1),
            "maxReplicas": workload.replicas * 3,
            "metrics": [metric(workload)],
        },
        "status": status(workload, now),
    })
}

fn metric(workload: &Workload) -> Value {
    let target = json!({ "type": "Utilization", "averageUtilization": 70 });
    let regular = workload.containers.iter().filter(|it| !it.native_sidecar);
    match regular.count() {
        1 => json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } }),
        _ => json!({
            "type": "ContainerResource",
            "containerResource": { "name": "cpu", "container": "app", "target": target },
        }),
    }
}

fn status(workload: &Workload, now: i64) -> Value {
    let since = super::time(workload.start);
    let has_requests = workload.containers.iter().all(|it| it.request.is_some());
    let condition = |kind: &str, holds: bool, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": if holds { "True" } else { "False" },
            "reason": reason,
            "message": message,
            "lastTransitionTime": since,
        })
    };
    let active = match has_requests {
        true => condition(
            "ScalingActive",
            true,
            "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from cpu resource \
             utilization (percentage of request)",
        ),
        false => condition(
            "ScalingActive",
            false,
            "FailedGetResourceMetric",
            "the HPA was unable to compute the replica count: failed to get cpu utilization: \
             missing request for cpu in container app",
        ),
    };
    let able = condition(
        "AbleToScale",
        true,
        "ReadyForNewScale",
        "recommended size matches current size",
    );
    let mut status = json!({
        "currentReplicas": workload.living(now).count(),
        "desiredReplicas": workload.desired_at(now),
        "lastScaleTime": super::time(now / 1000 - 3600),
        "conditions": [able, active],
    });
    if has_requests {
        status["currentMetrics"] = json!([current_metric(workload, now)]);
    }
    status
}

fn current_metric(workload: &Workload, now: i64) -> Value {
    let cores = workload.usage(now);
    let request: f64 = workload.containers.iter().filter_map(|it| it.request).sum();
    let current = json!({
        "averageUtilization": (cores / request * 100.0).round() as u32,
        "averageValue": format!("{}m", (cores * 1000.0).round() as u32),
    });
    json!({ "type": "Resource", "resource": { "name": "cpu", "current": current } })
}

/// One pod may be missing.
pub(super) fn disruption_budget(workload: &Workload, now: i64) -> Value {
    let uid = super::uid(&["PodDisruptionBudget", &workload.namespace, &workload.name]);
    let (namespace, name) = (&workload.namespace, &workload.name);
    let ready = workload.ready_at(now);
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": super::metadata(namespace, name, &uid, workload.start),
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": super::selector(workload) } },
        "status": {
            "currentHealthy": ready,
            "desiredHealthy": ready.saturating_sub(1),
            "disruptionsAllowed": 1,
            "expectedPods": ready,
        },
    })
}
