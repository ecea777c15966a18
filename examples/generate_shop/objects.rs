//! The Kubernetes objects of the shop, as an API server would list them at the end.

use serde_json::{Value, json};
use stepscale::units::Cores;

use super::load::DAY;
use super::moment;
use super::shop::{Container, Hpa, Scaled, Service};
use super::simulation::{DAYS, Observed, Pod};

/// Everything that belongs to a service: autoscalers, workload, pods, disruption budget.
pub(crate) fn of(service: &Service, observed: &Observed) -> Vec<Value> {
    let mut all: Vec<Value> = (0..service.hpas.len())
        .map(|index| autoscaler(service, observed, index))
        .collect();
    if let Some(scaled) = &service.scaled {
        own(service, scaled, &mut all[0]);
        all.insert(0, scaled_by_cpu(service, scaled));
    }
    all.push(workload(service, observed));
    all.extend(observed.pods.iter().enumerate().map(|it| pod(service, it)));
    all.extend(
        service
            .budget
            .map(|least| disruption_budget(service, least)),
    );
    all
}

/// An HPA that belongs to KEDA, what KEDA made it from, and what both scale.
pub(crate) fn keda_worker() -> Vec<Value> {
    let (namespace, name) = ("orders", "email-worker");
    vec![
        scaled_object(namespace, name),
        keda_autoscaler(namespace, name),
        keda_deployment(namespace, name),
    ]
}

fn scaled_object(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata("ScaledObject", namespace, name),
        "spec": {
            "scaleTargetRef": {"name": name},
            "minReplicaCount": 0,
            "maxReplicaCount": 15,
            "triggers": [{
                "type": "rabbitmq",
                "metadata": {"queueName": "emails", "mode": "QueueLength", "value": "50"},
            }],
        },
    })
}

/// The ScaledObject of a service whose HPA is KEDA's.
fn scaled_by_cpu(service: &Service, scaled: &Scaled) -> Value {
    let (namespace, name) = (service.namespace, service.name);
    let hpa = &service.hpas[0];
    let query = format!(
        "sandbox_trigger_value{{namespace=\"{namespace}\",object=\"{name}\",trigger=\"1\"}}"
    );
    let mut object = json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata("ScaledObject", namespace, name),
        "spec": {
            "scaleTargetRef": {"name": name},
            "minReplicaCount": hpa.min,
            "maxReplicaCount": hpa.max,
            "triggers": [
                {
                    "type": "cpu",
                    "metricType": "Utilization",
                    "metadata": {"value": hpa.target.to_string()},
                },
                {
                    "type": "prometheus",
                    "name": "requests",
                    "metadata": {
                        "serverAddress": "http://prometheus.monitoring:9090",
                        "query": query,
                        "threshold": scaled.threshold.to_string(),
                        "ignoreNullValues": "false",
                    },
                },
            ],
        },
    });
    // A demo cluster tells series one by one, and knows no functions.
    let ignored = json!({"stepscale.io/lint-ignore": "query-without-aggregation"});
    object["metadata"]["annotations"] = ignored;
    if let Some(replicas) = scaled.fallback {
        object["spec"]["fallback"] = json!({"failureThreshold": 3, "replicas": replicas});
    }
    object
}

/// Makes an HPA one of KEDA's.
fn own(service: &Service, scaled: &Scaled, hpa: &mut Value) {
    let (namespace, name) = (service.namespace, service.name);
    let external = json!({
        "metric": {
            "name": "s1-prometheus",
            "selector": {"matchLabels": {"scaledobject.keda.sh/name": name}},
        },
        "target": {"type": "AverageValue", "averageValue": scaled.threshold.to_string()},
    });
    let metric = json!({"type": "External", "external": external});
    if let Some(metrics) = hpa["spec"]["metrics"].as_array_mut() {
        metrics.insert(0, metric);
    }
    hpa["metadata"]["ownerReferences"] = owner(namespace, name);
}

fn owner(namespace: &str, name: &str) -> Value {
    json!([{
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "name": name,
        "uid": uid(&format!("ScaledObject {namespace} {name}")),
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

fn keda_autoscaler(namespace: &str, name: &str) -> Value {
    let external = json!({
        "metric": {
            "name": "s0-rabbitmq-emails",
            "selector": {"matchLabels": {"scaledobject.keda.sh/name": name}},
        },
        "target": {"type": "AverageValue", "averageValue": "50"},
    });
    let kind = "HorizontalPodAutoscaler";
    let mut object = json!({
        "apiVersion": "autoscaling/v2",
        "kind": kind,
        "metadata": metadata(kind, namespace, &format!("keda-hpa-{name}")),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1,
            "maxReplicas": 15,
            "metrics": [{"type": "External", "external": external}],
        },
        "status": {
            "currentReplicas": 2,
            "desiredReplicas": 2,
            "conditions": [able(), active("external metric s0-rabbitmq-emails(nil)")],
        },
    });
    object["metadata"]["ownerReferences"] = owner(namespace, name);
    object
}

fn keda_deployment(namespace: &str, name: &str) -> Value {
    let labels = json!({"app": name});
    let app = json!({
        "name": "app",
        "image": format!("registry.example/{name}/app:3.1"),
        "resources": {"requests": {"cpu": "200m", "memory": "128Mi"}},
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata("Deployment", namespace, name),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [app]}},
        },
        "status": {"replicas": 2, "readyReplicas": 2},
    })
}

fn autoscaler(service: &Service, observed: &Observed, index: usize) -> Value {
    let hpa = &service.hpas[index];
    let mut object = json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata("HorizontalPodAutoscaler", service.namespace, hpa.name),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": service.kind,
                "name": service.name,
            },
            "minReplicas": hpa.min,
            "maxReplicas": hpa.max,
            "metrics": [{
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": hpa.target},
                },
            }],
        },
        "status": status(service, observed, index),
    });
    if let Some(behavior) = behavior(hpa) {
        object["spec"]["behavior"] = behavior;
    }
    object
}

fn behavior(hpa: &Hpa) -> Option<Value> {
    const DEFAULT_WINDOW: i64 = 300;
    if let Some((pods, period)) = hpa.up_policy {
        let policy = json!({"type": "Pods", "value": pods, "periodSeconds": period});
        return Some(json!({"scaleUp": {"policies": [policy]}}));
    }
    (hpa.down_window != DEFAULT_WINDOW)
        .then(|| json!({"scaleDown": {"stabilizationWindowSeconds": hpa.down_window}}))
}

fn status(service: &Service, observed: &Observed, index: usize) -> Value {
    let current = observed.pods.len();
    let Some(request) = service.request() else {
        let error = format!(
            "the HPA was unable to compute the replica count: failed to get cpu utilization: \
             missing request for cpu in container {} of Pod {}",
            service.main.name,
            pod_name(service, 0, &observed.pods[0]),
        );
        return json!({
            "currentReplicas": current,
            "desiredReplicas": 0,
            "currentMetrics": null,
            "conditions": [able(), condition("ScalingActive", false, "FailedGetResourceMetric", &error)],
        });
    };
    let wants = observed.wants[index];
    let hpa = &service.hpas[index];
    let utilization = (observed.usage_now / request * 100.0).round() as u32;
    let valid = "cpu resource utilization (percentage of request)";
    let mut status = json!({
        "currentReplicas": current,
        "desiredReplicas": wants,
        "currentMetrics": [{
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "current": {
                    "averageUtilization": utilization,
                    "averageValue": Cores(observed.usage_now).to_string(),
                },
            },
        }],
        "conditions": [able(), active(valid), limited(wants, hpa)],
    });
    if let Some(second) = observed.last_scale[index] {
        status["lastScaleTime"] = json!(moment(second));
    }
    status
}

fn able() -> Value {
    let message = "recommended size matches current size";
    condition("AbleToScale", true, "ReadyForNewScale", message)
}

fn active(metric: &str) -> Value {
    let message =
        format!("the HPA was able to successfully calculate a replica count from {metric}");
    condition("ScalingActive", true, "ValidMetricFound", &message)
}

fn limited(wants: usize, hpa: &Hpa) -> Value {
    let (holds, reason, message) = if wants == hpa.min {
        (
            true,
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
    } else if wants == hpa.max {
        (
            true,
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    } else {
        (
            false,
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
        )
    };
    condition("ScalingLimited", holds, reason, message)
}

fn condition(kind: &str, holds: bool, reason: &str, message: &str) -> Value {
    json!({
        "type": kind,
        "status": if holds { "True" } else { "False" },
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment(0),
    })
}

fn workload(service: &Service, observed: &Observed) -> Value {
    let replicas = observed.pods.len();
    let ready = observed.pods.iter().filter(|it| it.ready <= DAYS * DAY);
    let labels = json!({"app": service.name});
    json!({
        "apiVersion": "apps/v1",
        "kind": service.kind,
        "metadata": metadata(service.kind, service.namespace, service.name),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(service)},
        },
        "status": {"replicas": replicas, "readyReplicas": ready.count()},
    })
}

/// A pod with its place among its siblings.
fn pod(service: &Service, (place, pod): (usize, &Pod)) -> Value {
    let is_ready = pod.ready <= DAYS * DAY;
    let since = if is_ready { pod.ready } else { pod.created };
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata("Pod", service.namespace, &pod_name(service, place, pod)),
        "spec": pod_spec(service),
        "status": {
            "phase": "Running",
            "startTime": moment(pod.created),
            "conditions": [{
                "type": "Ready",
                "status": if is_ready { "True" } else { "False" },
                "lastTransitionTime": moment(since),
            }],
        },
    });
    let metadata = &mut object["metadata"];
    metadata["creationTimestamp"] = json!(moment(pod.created));
    metadata["labels"] = json!({"app": service.name});
    metadata["ownerReferences"] = json!([owner_of_pods(service)]);
    object
}

fn pod_name(service: &Service, place: usize, pod: &Pod) -> String {
    match service.kind {
        "StatefulSet" => format!("{}-{place}", service.name),
        _ => format!("{}-{}", replica_set(service), pod.suffix),
    }
}

fn owner_of_pods(service: &Service) -> Value {
    let (kind, name) = match service.kind {
        "StatefulSet" => (service.kind, service.name.to_owned()),
        _ => ("ReplicaSet", replica_set(service)),
    };
    let uid = uid(&format!("{kind} {} {name}", service.namespace));
    json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true})
}

/// The Deployment's only ReplicaSet.
fn replica_set(service: &Service) -> String {
    format!("{}-7d4b9c6f58", service.name)
}

fn pod_spec(service: &Service) -> Value {
    let mut spec = json!({"containers": [container(service, &service.main)]});
    if let Some(sidecar) = &service.sidecar {
        let mut sidecar = container(service, &sidecar.container);
        sidecar["restartPolicy"] = json!("Always");
        spec["initContainers"] = json!([sidecar]);
    }
    spec
}

fn container(service: &Service, container: &Container) -> Value {
    let mut requests = json!({"memory": "256Mi"});
    if let Some(cores) = container.request {
        requests["cpu"] = json!(Cores(cores).to_string());
    }
    let mut limits = json!({"memory": "512Mi"});
    if let Some(cores) = container.limit {
        limits["cpu"] = json!(Cores(cores).to_string());
    }
    json!({
        "name": container.name,
        "image": format!("registry.example/{}/{}:2.4", service.name, container.name),
        "resources": {"requests": requests, "limits": limits},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
    })
}

fn disruption_budget(service: &Service, least: &str) -> Value {
    let least: Value = least.parse::<u32>().map_or(json!(least), |it| json!(it));
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata("PodDisruptionBudget", service.namespace, service.name),
        "spec": {
            "minAvailable": least,
            "selector": {"matchLabels": {"app": service.name}},
        },
    })
}

fn metadata(kind: &str, namespace: &str, name: &str) -> Value {
    let uid = uid(&format!("{kind} {namespace} {name}"));
    json!({"namespace": namespace, "name": name, "uid": uid})
}

/// A UUID that belongs to `name`.
fn uid(name: &str) -> String {
    let mut random = super::random::Random::of(name);
    let (high, low) = (random.bits(), random.bits());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
