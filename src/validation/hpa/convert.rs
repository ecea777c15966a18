//! Between `autoscaling/v2` and `autoscaling/v1`, which keeps what it has no fields for in
//! annotations.

mod behavior;
mod written;

use serde_json::{Map, Value, json};

use super::metric;
use crate::validation::quantity;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// All that are dropped where nothing is to be kept in them; the last two are no longer written.
const ALL: [&str; 6] = [
    METRICS,
    CURRENT,
    CONDITIONS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// The fields of a metric's sources.
const SOURCES: [&str; 5] = [
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
];

/// The autoscaler in another version, or in its own as if it had been kept in between.
pub(crate) fn convert(object: &Value, version: &str) -> Value {
    if !object.is_object() {
        return object.clone();
    }
    let is_v1 = object["apiVersion"] == "autoscaling/v1";
    match (is_v1, version) {
        // What cannot be kept is lost here as well.
        (true, "v1") => to_v1(&to_v2(object)),
        (true, _) => to_v2(object),
        (false, "v1") => to_v1(object),
        (false, _) => without_annotations(object),
    }
}

fn without_annotations(object: &Value) -> Value {
    let mut object = object.clone();
    drop_annotations(&mut object);
    object
}

fn drop_annotations(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(held) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        held.retain(|key, _| !ALL.contains(&key.as_str()));
        if held.is_empty() {
            metadata.remove("annotations");
        }
    }
}

fn annotate(object: &mut Value, key: &str, value: &Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let held = metadata.entry("annotations").or_insert_with(|| json!({}));
    if let Some(held) = held.as_object_mut() {
        held.insert(key.to_owned(), json!(written::written(value)));
    }
}

fn part<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    object.get_mut(name).and_then(Value::as_object_mut)
}

fn take(object: &mut Value, part_name: &str, field: &str) -> Option<Value> {
    part(object, part_name)?.remove(field)
}

/// Items of a list that is there and not empty.
fn items(list: Option<Value>) -> Vec<Value> {
    match list {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn to_v1(object: &Value) -> Value {
    let mut out = without_annotations(object);
    out["apiVersion"] = json!("autoscaling/v1");
    let metrics = items(take(&mut out, "spec", "metrics"));
    let others: Vec<Value> = metrics
        .iter()
        .filter(|it| cpu_utilization(it).is_none())
        .map(|it| flat(it, Part::Spec))
        .collect();
    if let (Some(cpu), Some(spec)) = (
        metrics.iter().find_map(cpu_utilization),
        part(&mut out, "spec"),
    ) {
        spec.insert("targetCPUUtilizationPercentage".to_owned(), cpu.clone());
    }
    if !others.is_empty() {
        annotate(&mut out, METRICS, &Value::Array(others));
    }
    status_to_v1(&mut out);
    if let Some(behavior) = take(&mut out, "spec", "behavior") {
        annotate(&mut out, BEHAVIOR, &behavior::internal(&behavior));
    }
    out
}

fn status_to_v1(out: &mut Value) {
    let current = items(take(out, "status", "currentMetrics"));
    if let (Some(cpu), Some(status)) = (
        current.iter().find_map(current_cpu_utilization),
        part(out, "status"),
    ) {
        status.insert("currentCPUUtilizationPercentage".to_owned(), cpu.clone());
    }
    if let Some(status) = part(out, "status") {
        for field in ["currentReplicas", "desiredReplicas"] {
            status.entry(field).or_insert(json!(0));
        }
    }
    if !current.is_empty() {
        let flat: Vec<Value> = current.iter().map(|it| flat(it, Part::Status)).collect();
        annotate(out, CURRENT, &Value::Array(flat));
    }
    let conditions = items(take(out, "status", "conditions"));
    if !conditions.is_empty() {
        annotate(out, CONDITIONS, &Value::Array(conditions));
    }
}

fn cpu_utilization(metric: &Value) -> Option<&Value> {
    let resource = &metric["resource"];
    let is_cpu = metric["type"] == "Resource" && resource["name"] == "cpu";
    let utilization = resource["target"].get("averageUtilization")?;
    (is_cpu && !utilization.is_null()).then_some(utilization)
}

fn current_cpu_utilization(metric: &Value) -> Option<&Value> {
    let resource = &metric["resource"];
    let is_cpu = metric["type"] == "Resource" && resource["name"] == "cpu";
    let utilization = resource["current"].get("averageUtilization")?;
    (is_cpu && !utilization.is_null()).then_some(utilization)
}

/// Which of the two lists a metric is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Spec,
    Status,
}

/// A metric as v1 writes it, without `target` and `metric` in between.
fn flat(metric: &Value, part: Part) -> Value {
    let mut out = Map::new();
    out.insert("type".to_owned(), metric["type"].clone());
    for field in SOURCES {
        let source = &metric[field];
        if source.is_object() {
            out.insert(field.to_owned(), flat_source(source, field, part));
        }
    }
    Value::Object(out)
}

fn flat_source(source: &Value, field: &str, part: Part) -> Value {
    let mut out = Map::new();
    let values = match part {
        Part::Spec => &source["target"],
        Part::Status => &source["current"],
    };
    for (inner, outer) in names(field) {
        put(&mut out, outer, &source["metric"][*inner]);
    }
    for name in ["name", "container"] {
        put(&mut out, name, &source[name]);
    }
    if field == "object" {
        out.insert("target".to_owned(), source["describedObject"].clone());
    }
    for (inner, outer, is_always) in amounts(field, part) {
        match &values[*inner] {
            Value::Null if *is_always => {
                out.insert((*outer).to_owned(), json!("0"));
            }
            value => put(&mut out, outer, value),
        }
    }
    Value::Object(out)
}

fn put(out: &mut Map<String, Value>, key: &str, value: &Value) {
    if !value.is_null() {
        out.insert(key.to_owned(), value.clone());
    }
}

/// What a metric's identifier is called in v2 and v1.
fn names(field: &str) -> &'static [(&'static str, &'static str)] {
    match field {
        "object" | "pods" => &[("name", "metricName"), ("selector", "selector")],
        "external" => &[("name", "metricName"), ("selector", "metricSelector")],
        _ => &[],
    }
}

/// What the amounts are called in v2 and v1, and whether v1 writes them always.
fn amounts(field: &str, part: Part) -> &'static [(&'static str, &'static str, bool)] {
    match (field, part) {
        ("object", Part::Spec) => &[
            ("value", "targetValue", true),
            ("averageValue", "averageValue", false),
        ],
        ("object", Part::Status) => &[
            ("value", "currentValue", true),
            ("averageValue", "averageValue", false),
        ],
        ("pods", Part::Spec) => &[("averageValue", "targetAverageValue", true)],
        ("pods", Part::Status) => &[("averageValue", "currentAverageValue", true)],
        ("external", Part::Spec) => &[
            ("value", "targetValue", false),
            ("averageValue", "targetAverageValue", false),
        ],
        ("external", Part::Status) => &[
            ("value", "currentValue", true),
            ("averageValue", "currentAverageValue", false),
        ],
        (_, Part::Spec) => &[
            ("averageUtilization", "targetAverageUtilization", false),
            ("averageValue", "targetAverageValue", false),
        ],
        (_, Part::Status) => &[
            ("averageUtilization", "currentAverageUtilization", false),
            ("averageValue", "currentAverageValue", true),
        ],
    }
}

fn to_v2(object: &Value) -> Value {
    let mut out = without_annotations(object);
    out["apiVersion"] = json!("autoscaling/v2");
    let held = |key: &str| -> Option<Value> {
        let text = object["metadata"]["annotations"].get(key)?.as_str()?;
        serde_json::from_str(text).ok()
    };
    let cpu = take(&mut out, "spec", "targetCPUUtilizationPercentage");
    let mut metrics: Vec<Value> = items(held(METRICS))
        .iter()
        .map(|it| nested(it, Part::Spec))
        .collect();
    metrics.extend(cpu.iter().filter(|it| !it.is_null()).map(metric::cpu));
    if metrics.is_empty() {
        metrics.push(metric::default_cpu());
    }
    if let Some(spec) = part(&mut out, "spec") {
        spec.insert("metrics".to_owned(), Value::Array(metrics));
        let behavior = held(BEHAVIOR).map(|it| behavior::external(&it));
        let behavior = behavior.filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
        if let Some(behavior) = behavior {
            spec.insert("behavior".to_owned(), behavior);
        }
    }
    status_to_v2(&mut out, held(CURRENT), held(CONDITIONS));
    out
}

fn status_to_v2(out: &mut Value, current: Option<Value>, conditions: Option<Value>) {
    let cpu = take(out, "status", "currentCPUUtilizationPercentage");
    let plain = cpu.filter(|it| !it.is_null()).map(|cpu| {
        let current = json!({ "averageUtilization": cpu });
        vec![json!({ "type": "Resource", "resource": { "name": "cpu", "current": current } })]
    });
    let told = current.map(|it| items(Some(it)));
    let told = told.map(|all| all.iter().map(|it| nested(it, Part::Status)).collect());
    let Some(status) = out.get_mut("status").and_then(Value::as_object_mut) else {
        return;
    };
    // The annotation has more than the field. None at all is written as such.
    let metrics = told.or(plain).map_or(Value::Null, Value::Array);
    status.insert("currentMetrics".to_owned(), metrics);
    if status.get("currentReplicas") == Some(&json!(0)) {
        status.remove("currentReplicas");
    }
    if let Some(Value::Array(conditions)) = conditions {
        status.insert("conditions".to_owned(), Value::Array(conditions));
    }
}

/// A metric as v2 writes it.
fn nested(metric: &Value, part: Part) -> Value {
    let mut out = Map::new();
    put(&mut out, "type", &metric["type"]);
    for field in SOURCES {
        let source = &metric[field];
        if source.is_object() {
            out.insert(field.to_owned(), nested_source(source, field, part));
        }
    }
    Value::Object(out)
}

fn nested_source(source: &Value, field: &str, part: Part) -> Value {
    let mut out = Map::new();
    let mut identifier = Map::new();
    for (inner, outer) in names(field) {
        put(&mut identifier, inner, &source[*outer]);
    }
    if !names(field).is_empty() {
        out.insert("metric".to_owned(), Value::Object(identifier));
    }
    for name in ["name", "container"] {
        put(&mut out, name, &source[name]);
    }
    if field == "object" {
        out.insert("describedObject".to_owned(), source["target"].clone());
    }
    let mut values = Map::new();
    for (inner, outer, _) in amounts(field, part) {
        put(&mut values, inner, &source[*outer]);
    }
    match part {
        Part::Spec => {
            let kind = target_type(field, &values);
            // v1 cannot leave the value of an average out, and writes 0 instead.
            if field == "object"
                && kind == "AverageValue"
                && is_zero(values.get("value").unwrap_or(&Value::Null))
            {
                values.remove("value");
            }
            values.insert("type".to_owned(), json!(kind));
            out.insert("target".to_owned(), Value::Object(values));
        }
        Part::Status => {
            out.insert("current".to_owned(), Value::Object(values));
        }
    }
    Value::Object(out)
}

fn is_zero(value: &Value) -> bool {
    quantity::read(value).is_none_or(|it| it == crate::units::Quantity::default())
}

fn target_type(field: &str, values: &Map<String, Value>) -> &'static str {
    let has = |name: &str| values.contains_key(name);
    match field {
        "object" if !has("averageValue") => "Value",
        "external" if has("value") => "Value",
        "resource" | "containerResource" if has("averageUtilization") => "Utilization",
        _ => "AverageValue",
    }
}
