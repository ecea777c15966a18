//! The metrics of an autoscaler.

use serde_json::{Value, json};

use super::{VersionRule, amount, reference};
use crate::units::Quantity;
use crate::validation::FieldError;
use crate::validation::{names, place::Place, resources};

/// The types with the fields of their sources, in the order in which the real server looks at
/// them.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

const TYPES: [&str; 5] = [
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];

/// What an autoscaler without metrics gets.
pub(crate) fn default_cpu() -> Value {
    cpu(&json!(80))
}

/// A metric of the CPU utilization.
pub(crate) fn cpu(utilization: &Value) -> Value {
    let target = json!({ "type": "Utilization", "averageUtilization": utilization });
    json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } })
}

pub(crate) fn check(metric: &Place<'_>, rule: VersionRule) -> Vec<FieldError> {
    let kind = metric.at("type");
    let expected = SOURCES.iter().find(|it| it.0 == kind.text());
    let mut found = Vec::new();
    if kind.is_empty() {
        found.push(kind.required("must specify a metric source type"));
    }
    if expected.is_none() {
        found.push(kind.unsupported(&TYPES));
    }
    let given = || SOURCES.into_iter().filter(|it| metric.at(it.1).is_set());
    if let Some((kind, field)) = given().next() {
        found.extend(source(&metric.at(field), kind, rule));
    }
    match expected {
        None => found.push(kind.unsupported(&TYPES)),
        Some((_, field)) if metric.at(field).is_set() => {}
        Some((_, field)) => {
            let detail = "must populate information for the given metric source";
            found.push(metric.at(field).required(detail));
        }
    }
    // One source that is not the expected one is not reported as too much.
    if given().count() != 1 {
        let others = given().filter(|it| Some(it) != expected);
        let detail = "must populate the given metric source only";
        found.extend(others.map(|it| metric.at(it.1).forbidden(detail)));
    }
    found
}

fn source(source: &Place<'_>, kind: &str, rule: VersionRule) -> Vec<FieldError> {
    match kind {
        "Object" => object(source, rule),
        "External" => external(source),
        "Pods" => pods(source),
        "ContainerResource" => container(source),
        _ => resource(source),
    }
}

fn object(source: &Place<'_>, rule: VersionRule) -> Vec<FieldError> {
    let mut found = reference(&source.at("describedObject"), rule);
    found.extend(identifier(&source.at("metric.name")));
    let wanted = target(&source.at("target"));
    found.extend(wanted);
    if !has(source, "value") && !has(source, "averageValue") {
        let place = source.at("target.averageValue");
        found.push(place.required("must set either a target value or averageValue"));
    }
    found
}

fn external(source: &Place<'_>) -> Vec<FieldError> {
    let mut found = identifier(&source.at("metric.name"));
    found.extend(target(&source.at("target")));
    match (has(source, "value"), has(source, "averageValue")) {
        (false, false) => {
            let detail = "must set either a target value for metric or a per-pod target";
            found.push(source.at("target.averageValue").required(detail));
        }
        (true, true) => {
            let detail = "may not set both a target value for metric and a per-pod target";
            found.push(source.at("target.value").forbidden(detail));
        }
        _ => {}
    }
    found
}

fn pods(source: &Place<'_>) -> Vec<FieldError> {
    let mut found = identifier(&source.at("metric.name"));
    found.extend(target(&source.at("target")));
    if !has(source, "averageValue") {
        let place = source.at("target.averageValue");
        found.push(place.required("must specify a positive target averageValue"));
    }
    found
}

fn container(source: &Place<'_>) -> Vec<FieldError> {
    let (name, container) = (source.at("name"), source.at("container"));
    let mut found = match name.text() {
        "" => vec![name.required("must specify a resource name")],
        _ => resources::container_name(&name),
    };
    match container.text() {
        "" => found.push(container.required("must specify a container")),
        text => found.extend(container.invalid_text(names::label(text))),
    }
    found.extend(resource_target(source));
    found
}

fn resource(source: &Place<'_>) -> Vec<FieldError> {
    let name = source.at("name");
    let mut found = Vec::new();
    if name.is_empty() {
        found.push(name.required("must specify a resource name"));
    }
    found.extend(resource_target(source));
    found
}

fn resource_target(source: &Place<'_>) -> Vec<FieldError> {
    let mut found = target(&source.at("target"));
    match (
        has(source, "averageUtilization"),
        has(source, "averageValue"),
    ) {
        (false, false) => {
            let detail = "must set either a target raw value or a target utilization";
            found.push(source.at("target.averageUtilization").required(detail));
        }
        (true, true) => {
            let detail = "may not set both a target raw value and a target utilization";
            found.push(source.at("target.averageValue").forbidden(detail));
        }
        _ => {}
    }
    found
}

fn has(source: &Place<'_>, field: &str) -> bool {
    source.at("target").at(field).is_set()
}

fn identifier(name: &Place<'_>) -> Vec<FieldError> {
    match name.text() {
        "" => vec![name.required("must specify a metric name")],
        text => name.invalid_text(names::path_segment(text)),
    }
}

fn target(target: &Place<'_>) -> Vec<FieldError> {
    let kind = target.at("type");
    let mut found = Vec::new();
    if kind.is_empty() {
        found.push(kind.required("must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind.text()) {
        let detail = "must be either Utilization, Value, or AverageValue";
        found.push(kind.refuse(kind.text(), detail));
    }
    for field in ["value", "averageValue"] {
        let field = target.at(field);
        if amount(&field).is_some_and(|it| it <= Quantity::default()) {
            found.push(field.invalid("must be positive"));
        }
    }
    let utilization = target.at("averageUtilization");
    if utilization.integer().is_some_and(|it| it < 1) {
        found.push(utilization.invalid("must be greater than 0"));
    }
    found
}
