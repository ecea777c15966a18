//! HorizontalPodAutoscalers: the rules of their API, and what works in another way than it looks.

pub(super) mod schema;

use serde_json::{Value, json};

use super::code::Code;
use super::found::{Diagnostic, Findings, Severity};
use super::world::{Item, Parsed, World};
use crate::keda::admission::{ExistingHpa, TargetId};
use crate::keda::objects::FieldPath;
use crate::validation::{self, FieldError, quantity};

/// An HPA that a ScaledObject owns is KEDA's: what is wrong with it is wrong there.
pub(super) fn check(item: &Item<'_>, world: &World<'_>, findings: &mut Findings) {
    let Parsed::Hpa(hpa) = &item.parsed else {
        return;
    };
    if hpa
        .metadata
        .owners
        .iter()
        .any(|it| it.kind == "ScaledObject")
    {
        return;
    }
    // Others are told by the schema.
    if !["autoscaling/v1", "autoscaling/v2"].contains(&item.text("/apiVersion")) {
        return;
    }
    let v2 = validation::hpa::convert::convert(&item.quoted, "v2");
    rules(item, &v2, findings);
    counts(item, &v2, findings);
    same_target(item, hpa, world, findings);
    requests(item, hpa, &v2, world, findings);
}

/// What the API server refuses beyond the schema.
fn rules(item: &Item<'_>, v2: &Value, findings: &mut Findings) {
    let mut completed = v2.clone();
    complete_policies(&mut completed, "/spec/behavior");
    for error in validation::hpa::check(&completed, None) {
        let code = match error.field.strip_prefix("spec.") {
            Some(field) if field.starts_with("scaleTargetRef") => Code::HpaTarget,
            Some(field) if field.starts_with("metrics") => Code::HpaMetric,
            Some(field) if field.starts_with("behavior") => Code::HpaBehavior,
            Some(_) | None => Code::HpaBounds,
        };
        refuse(item, code, FieldPath::of(&error.field), &error, findings);
    }
}

/// The API server fills in policies before it checks them; only an empty list is refused.
fn complete_policies(object: &mut Value, behavior: &str) {
    for rules in ["scaleUp", "scaleDown"] {
        let rules = object.pointer_mut(&format!("{behavior}/{rules}"));
        if let Some(rules) = rules.and_then(Value::as_object_mut)
            && rules.get("policies").is_none_or(Value::is_null)
        {
            let policy = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
            rules.insert("policies".to_owned(), json!([policy]));
        }
    }
}

fn refuse(
    item: &Item<'_>,
    code: Code,
    path: FieldPath,
    error: &FieldError,
    findings: &mut Findings,
) {
    // The schema may have said it already, of the field or of what it is in.
    let says = |it: &Diagnostic| {
        let is_around = [Code::MissingField, Code::WrongType].contains(&it.code)
            && path.segments().starts_with(it.path.segments());
        it.object == item.index && (it.path == path || is_around)
    };
    if findings.all.iter().any(says) {
        return;
    }
    let message = format!("{path}: {}", error.body());
    findings.add(code, item.index, path, message, fix(code));
}

fn fix(code: Code) -> &'static str {
    match code {
        Code::HpaTarget => "write apiVersion, kind and name of the workload",
        Code::HpaMetric => "`kubectl explain hpa.spec.metrics` tells what each type needs",
        Code::HpaBehavior => {
            "windows are 0 to 3600 s, periods 1 to 1800 s, and a list of policies is not empty"
        }
        _ => "set 1 <= minReplicas <= maxReplicas",
    }
}

/// The behavior of an HPA within an object of KEDA's.
pub(super) fn behavior(item: &Item<'_>, at: &FieldPath, findings: &mut Findings) {
    let Some(written) = item.quoted.pointer(&at.pointer()) else {
        return;
    };
    schema::behavior(item, at, findings);
    let mut hpa = json!({
        "apiVersion": "autoscaling/v2",
        "spec": {
            "maxReplicas": 1,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "any" },
            "behavior": written,
        },
    });
    complete_policies(&mut hpa, "/spec/behavior");
    for error in validation::hpa::check(&hpa, None) {
        if let Some(below) = error.field.strip_prefix("spec.behavior") {
            let path = FieldPath::of(&format!("{at}{below}"));
            refuse(item, Code::HpaBehavior, path, &error, findings);
        }
    }
    scale_down(item, at, written, findings);
}

fn scale_down(item: &Item<'_>, at: &FieldPath, behavior: &Value, findings: &mut Findings) {
    let policy = behavior.pointer("/scaleDown/selectPolicy");
    if policy.and_then(Value::as_str) == Some("Disabled") {
        let path = at.key("scaleDown").key("selectPolicy");
        let message = format!("{path} is Disabled: the replicas only ever grow");
        let fix = "remove it, or set a slow policy, such as 1 pod in 600 s";
        findings.add(Code::HpaScaleDownDisabled, item.index, path, message, fix);
    }
}

fn counts(item: &Item<'_>, v2: &Value, findings: &mut Findings) {
    let spec = FieldPath::of("spec");
    let number = |key| v2.pointer(&format!("/spec/{key}")).and_then(Value::as_i64);
    let (min, max) = (number("minReplicas").unwrap_or(1), number("maxReplicas"));
    if max == Some(min) && min > 0 {
        let path = spec.key("maxReplicas");
        let message = format!("{path} is {min}, as the minimum is: nothing is scaled");
        let fix = "raise maxReplicas or lower minReplicas";
        findings.add(Code::MinEqualsMax, item.index, path, message, fix);
    }
    let metrics = v2.pointer("/spec/metrics").and_then(Value::as_array);
    if metrics.is_none_or(Vec::is_empty) {
        let message = "spec.metrics is not set, which means 80 % CPU utilization";
        let fix = "write the metrics that are meant";
        findings.add(Code::HpaNoMetrics, item.index, spec.clone(), message, fix);
    }
    if let Some(behavior) = v2.pointer("/spec/behavior") {
        scale_down(item, &spec.key("behavior"), behavior, findings);
    }
}

fn same_target(item: &Item<'_>, hpa: &ExistingHpa, world: &World<'_>, findings: &mut Findings) {
    let target = TargetId::of(&hpa.target);
    let before = world
        .beside(&item.id.namespace)
        .find(|it| match &it.parsed {
            Parsed::Hpa(other) => {
                it.index < item.index
                    && it.id.name != item.id.name
                    && !target.name.is_empty()
                    && TargetId::of(&other.target) == target
                    && !other
                        .metadata
                        .owners
                        .iter()
                        .any(|it| it.kind == "ScaledObject")
            }
            _ => false,
        });
    if let Some(before) = before {
        let path = FieldPath::of("spec.scaleTargetRef");
        let message = format!("{path} is {target}, which {} scales too", before.id);
        let fix = "put the metrics of both into one HPA";
        findings.add(Code::HpaSameTarget, item.index, path, message, fix);
    }
}

/// Utilization is relative to what each container requests; a limit counts as the request where
/// there is none.
fn requests(
    item: &Item<'_>,
    hpa: &ExistingHpa,
    v2: &Value,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let target = TargetId::of(&hpa.target);
    let workload = world.workload(&item.id.namespace, &target);
    let Some(Parsed::Workload(workload)) = workload.map(|it| &it.parsed) else {
        return;
    };
    let metrics = v2.pointer("/spec/metrics").and_then(Value::as_array);
    for (at, metric) in metrics.into_iter().flatten().enumerate() {
        let Some((resource, only)) = utilization(metric) else {
            continue;
        };
        for container in &workload.containers {
            let is_meant = only.is_none_or(|it| it == container.name);
            let amounts = [&container.resources.requests, &container.resources.limits];
            if !is_meant
                || amounts
                    .iter()
                    .any(|it| quantity::is_above_zero(it.get(resource)))
            {
                continue;
            }
            let path = FieldPath::of("spec.metrics").index(at);
            let message = format!(
                "{path} is relative to {resource} requests, and container {} of {target} has none",
                container.name
            );
            let fix = format!("give container {} a {resource} request", container.name);
            let severity = match world.setting.seen.limit_ranges {
                true => Severity::Error,
                // One of the namespace may give it.
                false => Severity::Warning,
            };
            findings.add_as(
                Code::MissingRequests,
                severity,
                item.index,
                path,
                message,
                fix,
            );
        }
    }
}

/// The resource of a metric of utilization, and the only container that counts, if there is one.
fn utilization(metric: &Value) -> Option<(&str, Option<&str>)> {
    let text = |pointer| metric.pointer(pointer).and_then(Value::as_str);
    let source = match text("/type")? {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return None,
    };
    let wanted = metric.pointer(&format!("/{source}/target/averageUtilization"));
    wanted.filter(|it| !it.is_null())?;
    let source = metric.get(source)?;
    let field = |key| source.get(key).and_then(Value::as_str);
    Some((field("name")?, field("container")))
}
