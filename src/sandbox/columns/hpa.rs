//! HorizontalPodAutoscalers.

use serde_json::{Value, json};

use super::cells::{AGE, NAME, Row, count, first, list, text};
use crate::sandbox::rules;
use crate::units::canonical;

pub(super) const V1: &[Row] = &[
    NAME,
    REFERENCE,
    Row("Targets", "string", 0, TARGETS, |it, _| {
        let convert = rules::of("autoscaling", "HorizontalPodAutoscaler").convert;
        let newest = convert.map(|convert| convert(it, "v2"));
        json!(targets(newest.as_ref().unwrap_or(it)))
    }),
    MIN,
    MAX,
    REPLICAS,
    AGE,
];

pub(super) const V2: &[Row] = &[
    NAME,
    REFERENCE,
    Row("Targets", "string", 0, TARGETS, |it, _| json!(targets(it))),
    MIN,
    MAX,
    REPLICAS,
    AGE,
];

const TARGETS: &str = "The metrics as they are and as they should be.";

const REFERENCE: Row = Row("Reference", "string", 0, "What is scaled.", |it, _| {
    let target = &it["spec"]["scaleTargetRef"];
    json!(format!(
        "{}/{}",
        text(target, "/kind"),
        text(target, "/name")
    ))
});

const MIN: Row = Row(
    "MinPods",
    "string",
    0,
    "As few pods as there may be.",
    |it, _| {
        json!(
            match it.pointer("/spec/minReplicas").and_then(Value::as_i64) {
                Some(replicas) => replicas.to_string(),
                None => "<unset>".to_owned(),
            }
        )
    },
);

const MAX: Row = Row(
    "MaxPods",
    "string",
    0,
    "As many pods as there may be.",
    |it, _| json!(count(it, "/spec/maxReplicas")),
);

const REPLICAS: Row = Row("Replicas", "string", 0, "The pods there are.", |it, _| {
    json!(count(it, "/status/currentReplicas"))
});

fn targets(hpa: &Value) -> String {
    let metrics = list(hpa, "/spec/metrics");
    if metrics.is_empty() {
        return "<none>".to_owned();
    }
    let now = list(hpa, "/status/currentMetrics");
    let each = metrics.iter().enumerate();
    let all: Vec<String> = each
        .map(|(index, it)| target(it, now.get(index).unwrap_or(&Value::Null)))
        .collect();
    first(&all, 2, ", ")
}

fn target(metric: &Value, now: &Value) -> String {
    let (source, is_resource) = match text(metric, "/type") {
        "External" => ("external", false),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let (metric, now) = (&metric[source], &now[source]["current"]);
    match is_resource {
        true => format!(
            "{}: {}",
            text(metric, "/name"),
            resource(&metric["target"], now)
        ),
        false => value(&metric["target"], now, source),
    }
}

fn resource(target: &Value, now: &Value) -> String {
    if let Some(average) = quantity(target, "averageValue") {
        return against(quantity(now, "averageValue"), &average);
    }
    let percent = |it: &Value| Some(format!("{}%", it["averageUtilization"].as_i64()?));
    let target = percent(target).unwrap_or_else(|| "<auto>".to_owned());
    against(percent(now), &target)
}

fn value(target: &Value, now: &Value, source: &str) -> String {
    match (quantity(target, "averageValue"), source) {
        (Some(average), "pods") => against(quantity(now, "averageValue"), &average),
        (Some(average), _) => {
            let shown = against(quantity(now, "averageValue"), &average);
            format!("{shown} (avg)")
        }
        (None, _) => {
            let whole = quantity(target, "value").unwrap_or_else(|| "0".to_owned());
            against(quantity(now, "value"), &whole)
        }
    }
}

fn against(now: Option<String>, target: &str) -> String {
    let now = now.unwrap_or_else(|| "<unknown>".to_owned());
    format!("{now}/{target}")
}

/// An amount as the server writes it; `None` where there is none.
fn quantity(value: &Value, field: &str) -> Option<String> {
    let text = match &value[field] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(canonical(&text).unwrap_or(text))
}
