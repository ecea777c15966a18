//! Pods, and the templates of pods that workloads have.

mod container;
mod defaults;

use serde_json::Value;

use super::place::Place;
use super::{metadata, names};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::{Fault, FieldError};

pub(super) use container::port_number;
pub(super) use defaults::complete_template;

pub(super) const RULES: Rules = Rules {
    complete: Some(complete),
    check: Some(check),
    check_status: None,
    prepare: Some(prepare),
    convert: None,
};

fn complete(pod: &mut Value) {
    if let Some(spec) = super::fields(pod, &["spec"]) {
        defaults::complete_pod(spec);
    }
}

/// A new pod is pending, of the class that its resources give it, and gets what admission adds.
fn prepare(pod: &mut Value, old: Option<&Value>) {
    if old.is_none() && pod.is_object() {
        if let Some(spec) = super::fields(pod, &["spec"]) {
            defaults::admit(spec);
        }
        let class = defaults::quality_of_service(&pod["spec"]);
        pod["status"] = serde_json::json!({ "phase": "Pending", "qosClass": class });
    }
}

fn check(pod: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(pod).at("spec");
    let mut found = spec(&place);
    if let Some(old) = old {
        found.extend(changes(&place, &Place::root(old).at("spec")));
    }
    found
}

/// What is wrong with the template at a place.
pub(super) fn template(template: &Place<'_>) -> Vec<FieldError> {
    // The real server leaves `metadata` out of the paths.
    let held = Place::new(&template.path, template.at("metadata").value);
    let mut found = metadata::of_template(&held);
    found.extend(spec(&template.at("spec")));
    found
}

fn spec(spec: &Place<'_>) -> Vec<FieldError> {
    let (mut found, volumes) = volumes(&spec.at("volumes"));
    found.extend(container::check_all(spec, &volumes));
    for (field, choices) in [
        ("restartPolicy", &["Always", "OnFailure", "Never"][..]),
        (
            "dnsPolicy",
            &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"][..],
        ),
    ] {
        found.extend(spec.at(field).choice(choices));
    }
    found.extend(metadata::labels(&spec.at("nodeSelector")));
    for field in ["serviceAccountName", "nodeName"] {
        found.extend(text(&spec.at(field), names::subdomain));
    }
    let deadline = spec.at("activeDeadlineSeconds");
    let range = 1..=i64::from(i32::MAX);
    if deadline.integer().is_some_and(|it| !range.contains(&it)) {
        found.push(deadline.invalid("must be between 1 and 2147483647, inclusive"));
    }
    for field in ["hostname", "subdomain"] {
        found.extend(text(&spec.at(field), names::label));
    }
    let class = spec.at("priorityClassName");
    found.extend(text(&class, names::subdomain));
    found
}

fn text(place: &Place<'_>, check: fn(&str) -> Vec<String>) -> Vec<FieldError> {
    match place.text() {
        "" => Vec::new(),
        text => place.invalid_text(check(text)),
    }
}

fn volumes<'a>(volumes: &Place<'a>) -> (Vec<FieldError>, Vec<&'a str>) {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for volume in volumes.items() {
        let name = volume.at("name");
        match name.text() {
            "" => found.push(name.required("")),
            text => match names::label(text) {
                faults if !faults.is_empty() => found.extend(name.invalid_text(faults)),
                _ if known.contains(&text) => found.push(name.duplicate()),
                _ => {}
            },
        }
        known.push(name.text());
    }
    (found, known)
}

/// What an update changes although it may not.
fn changes(new: &Place<'_>, old: &Place<'_>) -> Vec<FieldError> {
    for field in ["containers", "initContainers"] {
        if new.at(field).items().count() != old.at(field).items().count() {
            let detail = "pod updates may not add or remove containers";
            return vec![new.at(field).forbidden(detail)];
        }
    }
    let (deadline, was) = (
        new.at("activeDeadlineSeconds"),
        old.at("activeDeadlineSeconds"),
    );
    match (deadline.integer(), was.integer()) {
        (Some(new), Some(old)) if new > old => {
            let detail = format!("must be less than or equal to previous value {old}");
            return vec![deadline.invalid(detail)];
        }
        (None, Some(_)) => {
            let detail = "must not update from a positive integer to nil value";
            return vec![FieldError::new(
                &deadline.path,
                Fault::Invalid(Value::Null),
                detail,
            )];
        }
        _ => {}
    }
    if fixed_part(new.value, old.value) == fixed_part(old.value, old.value) {
        return Vec::new();
    }
    vec![new.forbidden(
        "pod updates may not change fields other than \
         `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
         `spec.tolerations` (only additions to existing tolerations),\
         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously \
         negative)",
    )]
}

/// The specification without what may change.
fn fixed_part(spec: &Value, old: &Value) -> Value {
    let mut spec = spec.clone();
    let Some(fields) = spec.as_object_mut() else {
        return spec;
    };
    for name in ["containers", "initContainers"] {
        for container in super::items(fields, name) {
            container.remove("image");
            container.remove("resources");
        }
    }
    fields.remove("activeDeadlineSeconds");
    let held = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (new, before) = (held(&spec["tolerations"]), held(&old["tolerations"]));
    if before.iter().all(|it| new.contains(it)) {
        spec["tolerations"] = Value::Null;
    }
    if old["nodeName"].is_null() || old["nodeName"] == "" {
        // Binding a pod to a node is an update here.
        spec["nodeName"] = Value::Null;
    }
    spec
}

#[cfg(test)]
mod tests;
