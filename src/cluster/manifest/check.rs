//! What the API server refuses of an HPA, and of what its target asks for.
//!
//! `ValidateHorizontalPodAutoscaler` (`pkg/apis/autoscaling/validation/validation.go`, v1.36).
//! Fields that are not known are refused too, as kubectl does.

use serde_json::Value;

use super::Problem;
use super::field::{Field, Least};

/// The longest stabilization window and policy period, in seconds.
const LONGEST_WINDOW: i32 = 3600;
const LONGEST_PERIOD: i32 = 1800;

pub(super) fn autoscaler(object: &Value) -> Result<(), Problem> {
    let root = Field::root(object);
    root.knows(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let version = root.get("apiVersion").required()?;
    let version = version.one_of(&["autoscaling/v2", "autoscaling/v1"])?;
    root.get("metadata").get("name").required()?.text()?;
    let spec = root.get("spec").required()?;
    match version {
        Some("autoscaling/v1") => {
            // What v1 has no fields for is kept in annotations, which nobody writes by hand.
            for name in ["behavior", "metrics"] {
                let annotations = root.get("metadata").get("annotations");
                let kept = annotations.get(&format!("autoscaling.alpha.kubernetes.io/{name}"));
                if kept.is_present() {
                    return Err(kept.wrong("written as autoscaling/v2 has it"));
                }
            }
            spec.knows(&[
                "scaleTargetRef",
                "minReplicas",
                "maxReplicas",
                "targetCPUUtilizationPercentage",
            ])?;
            spec.get("targetCPUUtilizationPercentage")
                .whole(1..=i32::MAX)?;
        }
        Some(_) | None => {
            spec.knows(&[
                "scaleTargetRef",
                "minReplicas",
                "maxReplicas",
                "metrics",
                "behavior",
            ])?;
            spec.get("metrics").entries()?.iter().try_for_each(metric)?;
            behavior(&spec.get("behavior"))?;
        }
    }
    limits(&spec)
}

fn limits(spec: &Field<'_>) -> Result<(), Problem> {
    let target = spec.get("scaleTargetRef").required()?;
    target.knows(&["apiVersion", "kind", "name"])?;
    target.get("kind").required()?.text()?;
    target.get("name").required()?.text()?;
    let max = spec.get("maxReplicas").required()?.whole(1..=i32::MAX)?;
    // Down to zero needs a feature gate that is off everywhere but where somebody set it.
    let most = max.unwrap_or(i32::MAX);
    spec.get("minReplicas").whole(1..=most)?;
    Ok(())
}

fn metric(metric: &Field<'_>) -> Result<(), Problem> {
    let sources = [
        "resource",
        "containerResource",
        "pods",
        "object",
        "external",
    ];
    metric.knows(&[
        "type",
        "resource",
        "containerResource",
        "pods",
        "object",
        "external",
    ])?;
    let kinds = [
        "Resource",
        "ContainerResource",
        "Pods",
        "Object",
        "External",
    ];
    let kind = metric.get("type").required()?.one_of(&kinds)?;
    let place = kinds.iter().position(|it| Some(*it) == kind).unwrap_or(0);
    let source = metric.get(sources[place]).required()?;
    let target = source.get("target").required()?;
    match sources[place] {
        "resource" => {
            source.knows(&["name", "target"])?;
            source.get("name").required()?.text()?;
            of_resource(&target)
        }
        "containerResource" => {
            source.knows(&["container", "name", "target"])?;
            source.get("name").required()?.text()?;
            source.get("container").required()?.text()?;
            of_resource(&target)
        }
        "pods" => {
            source.knows(&["metric", "target"])?;
            named(&source)?;
            aims(&target)?;
            target.get("averageValue").required().map(drop)
        }
        _ => {
            source.knows(&["metric", "target", "describedObject"])?;
            named(&source)?;
            aims(&target)?;
            if target.get("averageValue").is_present() {
                return Ok(());
            }
            target.get("value").required().map(drop)
        }
    }
}

fn named(source: &Field<'_>) -> Result<(), Problem> {
    let metric = source.get("metric").required()?;
    metric.knows(&["name", "selector"])?;
    metric.get("name").required()?.text()?;
    Ok(())
}

fn of_resource(target: &Field<'_>) -> Result<(), Problem> {
    aims(target)?;
    let average = target.get("averageValue");
    if average.is_present() {
        return match target.get("averageUtilization").is_present() {
            true => Err(average.wrong("alone, without averageUtilization")),
            false => Ok(()),
        };
    }
    target.get("averageUtilization").required().map(drop)
}

fn aims(target: &Field<'_>) -> Result<(), Problem> {
    target.knows(&["type", "averageUtilization", "averageValue", "value"])?;
    let kinds = ["Utilization", "AverageValue", "Value"];
    target.get("type").required()?.one_of(&kinds)?;
    target.get("averageUtilization").whole(1..=i32::MAX)?;
    target.get("averageValue").quantity(Least::AboveZero)?;
    target.get("value").quantity(Least::AboveZero)?;
    Ok(())
}

fn behavior(behavior: &Field<'_>) -> Result<(), Problem> {
    behavior.knows(&["scaleUp", "scaleDown"])?;
    rules(&behavior.get("scaleUp"))?;
    rules(&behavior.get("scaleDown"))
}

fn rules(rules: &Field<'_>) -> Result<(), Problem> {
    rules.knows(&[
        "stabilizationWindowSeconds",
        "selectPolicy",
        "policies",
        "tolerance",
    ])?;
    rules
        .get("stabilizationWindowSeconds")
        .whole(0..=LONGEST_WINDOW)?;
    rules
        .get("selectPolicy")
        .one_of(&["Max", "Min", "Disabled"])?;
    rules.get("tolerance").quantity(Least::Zero)?;
    let policies = rules.get("policies");
    let entries = policies.entries()?;
    if policies.is_present() && entries.is_empty() {
        return Err(policies.wrong("a list of at least one"));
    }
    for policy in entries {
        policy.knows(&["type", "value", "periodSeconds"])?;
        policy
            .get("type")
            .required()?
            .one_of(&["Pods", "Percent"])?;
        policy.get("value").required()?.whole(1..=i32::MAX)?;
        policy
            .get("periodSeconds")
            .required()?
            .whole(1..=LONGEST_PERIOD)?;
    }
    Ok(())
}

/// Of the target only what its containers ask for is looked at.
pub(super) fn target(object: &Value) -> Result<(), Problem> {
    let pod = Field::root(object).get("spec").get("template").get("spec");
    requests(&pod)?;
    for list in ["containers", "initContainers"] {
        pod.get(list).entries()?.iter().try_for_each(requests)?;
    }
    Ok(())
}

fn requests(of: &Field<'_>) -> Result<(), Problem> {
    for kind in ["requests", "limits"] {
        let amounts = of.get("resources").get(kind);
        for resource in ["cpu", "memory"] {
            amounts.get(resource).quantity(Least::Zero)?;
        }
    }
    Ok(())
}
