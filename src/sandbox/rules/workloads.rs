//! Deployments, ReplicaSets, StatefulSets and DaemonSets.

mod complete;
mod status;

use serde_json::{Value, json};

use super::place::Place;
use super::{names, pod, selector};
use crate::sandbox::kinds::{Check, Rules};
use crate::sandbox::status::{Fault, FieldError};

const fn rules(complete: fn(&mut Value), check: Check, check_status: Option<Check>) -> Rules {
    Rules {
        complete: Some(complete),
        check: Some(check),
        check_status,
        prepare: Some(super::clear_status),
        convert: None,
    }
}

pub(super) const DEPLOYMENT: Rules = rules(
    complete::deployment,
    check_deployment,
    Some(status::deployment),
);
pub(super) const REPLICA_SET: Rules = rules(
    complete::replica_set,
    check_replica_set,
    Some(status::replica_set),
);
pub(super) const STATEFUL_SET: Rules = rules(complete::stateful_set, check_stateful_set, None);
pub(super) const DAEMON_SET: Rules = rules(complete::daemon_set, check_daemon_set, None);

fn check_deployment(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(object).at("spec");
    let mut found: Vec<FieldError> = spec.at("replicas").nonnegative().into_iter().collect();
    found.extend(selected(&spec, "deployment", "ReplicaSet"));
    found.extend(deployment_strategy(&spec.at("strategy")));
    for field in ["minReadySeconds", "revisionHistoryLimit"] {
        found.extend(spec.at(field).nonnegative());
    }
    let deadline = spec.at("progressDeadlineSeconds");
    found.extend(deadline.nonnegative());
    let ready = spec.at("minReadySeconds").integer().unwrap_or(0);
    if deadline.integer().is_some_and(|it| it <= ready) {
        found.push(deadline.invalid("must be greater than minReadySeconds"));
    }
    found.extend(same_selector(&spec, old));
    found
}

fn same_selector(spec: &Place<'_>, old: Option<&Value>) -> Option<FieldError> {
    let old = Place::root(old?).at("spec.selector");
    spec.at("selector").unchanged(&old)
}

/// What is wrong with the selector, the template, and both together.
fn selected(spec: &Place<'_>, kind: &str, within: &str) -> Vec<FieldError> {
    let (wanted, template) = (spec.at("selector"), spec.at("template"));
    let mut found = Vec::new();
    if wanted.is_set() {
        found.extend(selector::check(&wanted));
        if wanted.at("matchLabels").is_empty() && wanted.at("matchExpressions").is_empty() {
            let detail = format!("empty selector is invalid for {kind}");
            found.push(wanted.invalid(detail));
        }
    } else {
        found.push(wanted.required(""));
    }
    if found.iter().any(|it| it.field.contains(".match")) {
        found.push(wanted.invalid("invalid label selector"));
    } else {
        found.extend(matches(&wanted, &template));
    }
    found.extend(pod::template(&template));
    found.extend(runs_always(&template, within));
    found
}

fn matches(wanted: &Place<'_>, template: &Place<'_>) -> Option<FieldError> {
    let labels = template.at("metadata.labels");
    // A selector that is missing selects nothing.
    let fits = wanted.is_set() && selector::selects(wanted.value, labels.value);
    let detail = "`selector` does not match template `labels`";
    (!fits).then(|| labels.invalid(detail))
}

fn runs_always(template: &Place<'_>, within: &str) -> Vec<FieldError> {
    let restart = template.at("spec.restartPolicy");
    let deadline = template.at("spec.activeDeadlineSeconds");
    let mut found = Vec::new();
    if restart.text() != "Always" {
        found.push(restart.unsupported(&["Always"]));
    }
    if deadline.is_set() {
        let detail = format!("activeDeadlineSeconds in {within} is not Supported");
        found.push(deadline.forbidden(&detail));
    }
    found
}

fn deployment_strategy(strategy: &Place<'_>) -> Vec<FieldError> {
    let rolling = strategy.at("rollingUpdate");
    match strategy.at("type").text() {
        "Recreate" if rolling.is_set() => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            vec![rolling.forbidden(detail)]
        }
        "Recreate" => vec![],
        "RollingUpdate" if !rolling.is_set() => {
            vec![rolling.required("this should be defaulted and never be nil")]
        }
        "RollingUpdate" => rolling_update(&rolling),
        _ => vec![unsupported_strategy(
            strategy,
            &["Recreate", "RollingUpdate"],
        )],
    }
}

/// A strategy as the server's own type has it, whole.
fn internal_strategy(strategy: &Place<'_>) -> Value {
    json!({ "Type": strategy.at("type").text(),
        "RollingUpdate": strategy.at("rollingUpdate").value })
}

fn unsupported_strategy(strategy: &Place<'_>, choices: &[&str]) -> FieldError {
    let choices = choices.iter().map(|&it| it.to_owned()).collect();
    let fault = Fault::NotSupported(internal_strategy(strategy), choices);
    FieldError::new(&strategy.path, fault, "")
}

fn rolling_update(rolling: &Place<'_>) -> Vec<FieldError> {
    let (unavailable, surge) = (rolling.at("maxUnavailable"), rolling.at("maxSurge"));
    let mut found = whole_or_percent(&unavailable);
    found.extend(whole_or_percent(&surge));
    if is_zero(&unavailable) && is_zero(&surge) {
        found.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
    }
    found.extend(up_to_all(&unavailable));
    found
}

/// That a value is a count, or a share such as `25%`.
pub(super) fn whole_or_percent(place: &Place<'_>) -> Vec<FieldError> {
    match place.value {
        Value::String(text) if percent(text).is_none() => vec![place.invalid(
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. \
             '1%',  or '93%', regex used for validation is '[0-9]+%')",
        )],
        Value::Number(_) => place.nonnegative().into_iter().collect(),
        _ => vec![],
    }
}

/// That a share is not more than all.
pub(super) fn up_to_all(place: &Place<'_>) -> Option<FieldError> {
    let is_more = percent(place.text()).is_some_and(|it| it > 100);
    is_more.then(|| place.invalid("must not be greater than 100%"))
}

fn percent(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    // A number too large to hold is too large in any case.
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn is_zero(place: &Place<'_>) -> bool {
    match place.value {
        Value::String(text) => percent(text) == Some(0),
        Value::Number(number) => number.as_i64() == Some(0),
        _ => true,
    }
}

fn check_replica_set(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(object).at("spec");
    let mut found = Vec::new();
    for field in ["replicas", "minReadySeconds"] {
        found.extend(spec.at(field).nonnegative());
    }
    found.extend(selected(&spec, "deployment", "ReplicaSet"));
    found.extend(same_selector(&spec, old));
    found
}

fn check_stateful_set(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(object).at("spec");
    let mut found = Vec::new();
    let policy = spec.at("podManagementPolicy");
    match policy.text() {
        "" => found.push(policy.required("")),
        "OrderedReady" | "Parallel" => {}
        _ => found.push(policy.invalid("must be 'OrderedReady' or 'Parallel'")),
    }
    found.extend(stateful_strategy(&spec.at("updateStrategy")));
    for field in ["replicas", "minReadySeconds"] {
        found.extend(spec.at(field).nonnegative());
    }
    let service = spec.at("serviceName");
    if old.is_none() && !service.is_empty() {
        found.extend(service.invalid_text(names::label(service.text())));
    }
    found.extend(selected(&spec, "statefulset", "StatefulSet"));
    found.extend(old.and_then(|old| stateful_change(&spec, old)));
    found
}

fn stateful_strategy(strategy: &Place<'_>) -> Vec<FieldError> {
    let rolling = strategy.at("rollingUpdate");
    match strategy.at("type").text() {
        "" => vec![strategy.required("")],
        "OnDelete" if rolling.is_set() => {
            let value = json!({ "Partition": rolling.at("partition").value,
                "MaxUnavailable": rolling.at("maxUnavailable").value });
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            vec![rolling.refuse(value, detail)]
        }
        "OnDelete" => vec![],
        "RollingUpdate" => rolling.at("partition").nonnegative().into_iter().collect(),
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            vec![strategy.refuse(internal_strategy(strategy), detail)]
        }
    }
}

/// The fields of a StatefulSet that may change.
const CHANGEABLE: [&str; 8] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "podManagementPolicy",
];

fn stateful_change(spec: &Place<'_>, old: &Value) -> Option<FieldError> {
    let fixed = |spec: &Value| {
        let mut fixed = spec.clone();
        if let Some(fields) = fixed.as_object_mut() {
            let is_free = |it: &str| CHANGEABLE.contains(&it) && it != "podManagementPolicy";
            fields.retain(|name, value| !is_free(name) && !value.is_null());
        }
        fixed
    };
    (fixed(spec.value) != fixed(&old["spec"])).then(|| {
        spec.forbidden(
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
             'template', 'updateStrategy', 'revisionHistoryLimit', \
             'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        )
    })
}

fn check_daemon_set(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(object).at("spec");
    let mut found = selected(&spec, "daemonset", "DaemonSet");
    found.extend(spec.at("minReadySeconds").nonnegative());
    found.extend(daemon_strategy(&spec.at("updateStrategy")));
    found.extend(spec.at("revisionHistoryLimit").nonnegative());
    found.extend(same_selector(&spec, old));
    found
}

fn daemon_strategy(strategy: &Place<'_>) -> Vec<FieldError> {
    let rolling = strategy.at("rollingUpdate");
    match strategy.at("type").text() {
        "OnDelete" => vec![],
        "RollingUpdate" if !rolling.is_set() => vec![rolling.required("")],
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.at("maxUnavailable"), rolling.at("maxSurge"));
            let mut found = whole_or_percent(&unavailable);
            found.extend(whole_or_percent(&surge));
            match (is_zero(&unavailable), is_zero(&surge)) {
                (true, true) => {
                    found.push(unavailable.required("cannot be 0 when maxSurge is 0"));
                }
                (false, false) => {
                    let detail = "may not be set when maxUnavailable is non-zero";
                    found.push(surge.invalid(detail));
                }
                _ => {}
            }
            found.extend(up_to_all(&unavailable));
            found.extend(up_to_all(&surge));
            found
        }
        _ => vec![unsupported_strategy(
            strategy,
            &["RollingUpdate", "OnDelete"],
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn workloads_are_judged_as_by_the_real_server() {
        testing::run(include_str!("cases/workloads.json"));
    }
}
