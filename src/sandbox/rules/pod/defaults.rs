//! What a pod gets that does not say otherwise (`pkg/apis/core/v1/defaults.go`, v1.36).

use serde_json::{Map, Value, json};

use crate::sandbox::rules::quantity::read;
use crate::sandbox::rules::{fields, items, set_default};
use crate::units::Quantity;

type Fields = Map<String, Value>;

/// Completes the pod template of a workload.
pub(in crate::sandbox::rules) fn complete_template(template: &mut Value) {
    if let Some(spec) = fields(template, &["spec"]) {
        complete_spec(spec);
    }
    if let Some(template) = template.as_object_mut() {
        set_default(template, "metadata", json!({}));
    }
}

/// Completes a pod. It asks for what limits it; a template does not.
pub(super) fn complete_pod(spec: &mut Fields) {
    complete_spec(spec);
    set_default(spec, "enableServiceLinks", json!(true));
    for name in ["containers", "initContainers"] {
        items(spec, name).for_each(request_limits);
    }
}

/// What admission adds to a new pod: the account, and how long a lost node is tolerated.
pub(super) fn admit(spec: &mut Fields) {
    set_default(spec, "serviceAccountName", json!("default"));
    set_default(spec, "serviceAccount", spec["serviceAccountName"].clone());
    set_default(spec, "priority", json!(0));
    set_default(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
    tolerate(spec);
}

fn tolerate(spec: &mut Fields) {
    set_default(spec, "tolerations", json!([]));
    let Some(all) = spec.get_mut("tolerations").and_then(Value::as_array_mut) else {
        return;
    };
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let covers = |it: &Value| {
            let is_key = it["key"] == key || it["key"].is_null() && it["operator"] == "Exists";
            is_key && (it["effect"] == "NoExecute" || it["effect"].is_null())
        };
        if !all.iter().any(covers) {
            all.push(
                json!({ "key": key, "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 300 }),
            );
        }
    }
}

fn complete_spec(spec: &mut Fields) {
    set_default(spec, "dnsPolicy", json!("ClusterFirst"));
    set_default(spec, "restartPolicy", json!("Always"));
    set_default(spec, "securityContext", json!({}));
    set_default(spec, "terminationGracePeriodSeconds", json!(30));
    set_default(spec, "schedulerName", json!("default-scheduler"));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        set_default(spec, "serviceAccount", account);
    }
    items(spec, "volumes").for_each(volume);
    for name in ["containers", "initContainers"] {
        items(spec, name).for_each(container);
    }
}

fn container(container: &mut Fields) {
    set_default(
        container,
        "terminationMessagePath",
        json!("/dev/termination-log"),
    );
    set_default(container, "terminationMessagePolicy", json!("File"));
    set_default(container, "resources", json!({}));
    let image = container.get("image").and_then(Value::as_str).unwrap_or("");
    let policy = pull_policy(image);
    set_default(container, "imagePullPolicy", json!(policy));
    for port in items(container, "ports") {
        set_default(port, "protocol", json!("TCP"));
    }
    for variable in items(container, "env") {
        let reference = variable.get_mut("valueFrom");
        let reference = reference.and_then(|it| fields(it, &["fieldRef"]));
        if let Some(reference) = reference {
            set_default(reference, "apiVersion", json!("v1"));
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(it) = container.get_mut(name).and_then(Value::as_object_mut) {
            probe(it);
        }
    }
}

/// An image that may change under its tag is pulled each time.
fn pull_policy(image: &str) -> &'static str {
    if image.contains('@') {
        return "IfNotPresent";
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':') {
        None | Some((_, "latest")) => "Always",
        Some(_) => "IfNotPresent",
    }
}

fn probe(probe: &mut Fields) {
    set_default(probe, "timeoutSeconds", json!(1));
    set_default(probe, "periodSeconds", json!(10));
    set_default(probe, "successThreshold", json!(1));
    set_default(probe, "failureThreshold", json!(3));
    if let Some(get) = probe.get_mut("httpGet").and_then(Value::as_object_mut) {
        set_default(get, "path", json!("/"));
        set_default(get, "scheme", json!("HTTP"));
    }
    if let Some(call) = probe.get_mut("grpc").and_then(Value::as_object_mut) {
        set_default(call, "service", json!(""));
    }
}

fn volume(volume: &mut Fields) {
    const MODES: [&str; 4] = ["configMap", "secret", "projected", "downwardAPI"];
    let is_bare = volume.keys().all(|it| it == "name");
    if is_bare {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    for name in MODES {
        if let Some(source) = volume.get_mut(name).and_then(Value::as_object_mut) {
            set_default(source, "defaultMode", json!(420));
        }
    }
    if let Some(path) = volume.get_mut("hostPath").and_then(Value::as_object_mut) {
        set_default(path, "type", json!(""));
    }
}

fn request_limits(container: &mut Fields) {
    let Some(resources) = container
        .get_mut("resources")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned() else {
        return;
    };
    set_default(resources, "requests", json!({}));
    if let Some(Value::Object(requests)) = resources.get_mut("requests") {
        for (name, limit) in limits {
            set_default(requests, &name, limit);
        }
    }
}

/// How the kubelet would rank the pod when memory is short.
pub(super) fn quality_of_service(spec: &Value) -> &'static str {
    let all = || {
        let lists = ["containers", "initContainers"];
        let lists = lists.into_iter().filter_map(|it| spec[it].as_array());
        lists.flatten()
    };
    let has = |amount: &Value| read(amount).is_some_and(|it| it > Quantity::default());
    let is_set = |it: &Value, part: &str, name: &str| has(&it["resources"][part][name]);
    let names = ["cpu", "memory"];
    let asks = |it: &Value| {
        let parts = ["limits", "requests"];
        let mut pairs = parts.iter().flat_map(|part| names.map(|name| (part, name)));
        pairs.any(|(part, name)| is_set(it, part, name))
    };
    // What is limited and asks for nothing asks for its limit.
    let is_bound = |it: &Value| {
        let limits = &it["resources"]["limits"];
        let requests = &it["resources"]["requests"];
        names.iter().all(|name| {
            let (limit, asked) = (read(&limits[name]), read(&requests[name]));
            has(&limits[name]) && (asked.is_none() || asked == limit)
        })
    };
    if !all().any(asks) {
        return "BestEffort";
    }
    match all().all(is_bound) {
        true => "Guaranteed",
        false => "Burstable",
    }
}
