//! HorizontalPodAutoscalers: validation, and the two versions of the API.

pub(crate) mod convert;
pub(crate) mod metric;

use serde_json::Value;

use super::FieldError;
use super::names;
use super::place::Place;
use crate::units::Quantity;

const LONGEST_PERIOD: i64 = 1800;
const LONGEST_WINDOW: i64 = 3600;

/// What is wrong with an autoscaler, of either version; the paths are those of v2, as the real
/// server has them.
pub(crate) fn check(new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let new = convert::convert(new, "v2");
    let old = old.map(|it| convert::convert(it, "v2"));
    let spec = Place::root(&new).at("spec");
    let old = old.as_ref().map(|it| Place::root(it).at("spec"));
    let mut found = bounds(&spec, old.as_ref());
    let target = spec.at("scaleTargetRef");
    found.extend(reference(&target, scale_target(&target, old.as_ref())));
    found.extend(metrics(&spec, object_version(old.as_ref())));
    for rules in ["behavior.scaleUp", "behavior.scaleDown"] {
        found.extend(scaling_rules(&spec.at(rules)));
    }
    found
}

/// How well the `apiVersion` of a reference must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionRule {
    Unchecked,
    /// It can be read.
    Readable,
    /// It names a group, too.
    WithGroup,
}

/// An update may keep a target that was accepted before the rule was.
fn scale_target(new: &Place<'_>, old: Option<&Place<'_>>) -> VersionRule {
    let old = old.map(|it| it.at("scaleTargetRef"));
    let is_same = |field| {
        let old = old.as_ref().map(|it| it.at(field));
        old.is_some_and(|it| it.text() == new.at(field).text())
    };
    if is_same("apiVersion") && is_same("kind") {
        VersionRule::Unchecked
    } else if new.at("kind").text() == "ReplicationController" {
        VersionRule::Readable
    } else {
        VersionRule::WithGroup
    }
}

fn object_version(old: Option<&Place<'_>>) -> VersionRule {
    let was_wrong = old.is_some_and(|it| {
        let mut all = it.at("metrics").items();
        all.any(|metric| {
            let version = metric.at("object.describedObject.apiVersion");
            version_fault(version.text(), VersionRule::Readable).is_some()
        })
    });
    match was_wrong {
        true => VersionRule::Unchecked,
        false => VersionRule::Readable,
    }
}

fn bounds(spec: &Place<'_>, old: Option<&Place<'_>>) -> Vec<FieldError> {
    let (min, max) = (spec.at("minReplicas"), spec.at("maxReplicas"));
    // Scaling to zero is an alpha feature; an autoscaler that does it already may go on.
    let was_zero = old.is_some_and(|it| it.at("minReplicas").integer() == Some(0));
    let least = i64::from(!was_zero);
    let mut found = Vec::new();
    if min.integer().is_some_and(|it| it < least) {
        found.push(min.invalid(format!("must be greater than or equal to {least}")));
    }
    match max.integer().unwrap_or(0) {
        0 => found.push(max.required("must be set and greater than 0")),
        ..0 => found.push(max.invalid("must be greater than or equal to 1")),
        _ => {}
    }
    if min.integer() > Some(max.integer().unwrap_or(0)) {
        let value = max.integer().unwrap_or(0);
        found.push(max.refuse(value, "must be greater than or equal to `minReplicas`"));
    }
    found
}

/// What is wrong with a reference to an object of another version.
fn reference(place: &Place<'_>, rule: VersionRule) -> Vec<FieldError> {
    let mut found = Vec::new();
    for field in ["kind", "name"] {
        let field = place.at(field);
        match field.text() {
            "" => found.push(field.required("")),
            name => found.extend(field.invalid_text(names::path_segment(name))),
        }
    }
    let version = place.at("apiVersion");
    let fault = version_fault(version.text(), rule);
    found.extend(fault.map(|it| version.refuse(version.text(), it)));
    found
}

fn version_fault(version: &str, rule: VersionRule) -> Option<String> {
    let parts: Vec<&str> = version.split('/').collect();
    let has_group = match (parts.as_slice(), rule) {
        (_, VersionRule::Unchecked) => return None,
        ([_], _) => false,
        ([group, _], _) => !group.is_empty(),
        _ => return Some(format!("unexpected GroupVersion string: {version}")),
    };
    let is_missing = rule == VersionRule::WithGroup && !has_group;
    is_missing.then(|| "apiVersion must specify API group".to_owned())
}

fn metrics(spec: &Place<'_>, rule: VersionRule) -> Vec<FieldError> {
    let all = spec.at("metrics");
    let mut found: Vec<FieldError> = all
        .items()
        .flat_map(|it| metric::check(&it, rule))
        .collect();
    let is_zero = spec.at("minReplicas").integer() == Some(0);
    let can_wake = |it: Place<'_>| ["Object", "External"].contains(&it.at("type").text());
    if is_zero && !all.items().any(can_wake) {
        found.push(all.forbidden(
            "must specify at least one Object or External metric to support scaling to zero \
             replicas",
        ));
    }
    found
}

fn scaling_rules(rules: &Place<'_>) -> Vec<FieldError> {
    if !rules.is_set() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let window = rules.at("stabilizationWindowSeconds");
    found.extend(bounded(&window, 0, LONGEST_WINDOW, "or equal to zero"));
    let select = rules.at("selectPolicy");
    if select.is_set() && !["Disabled", "Max", "Min"].contains(&select.text()) {
        found.push(select.unsupported(&["Disabled", "Max", "Min"]));
    }
    let policies = rules.at("policies");
    if policies.is_empty() {
        found.push(policies.required("must specify at least one Policy"));
    }
    found.extend(policies.items().flat_map(|it| policy(&it)));
    let tolerance = rules.at("tolerance");
    if amount(&tolerance).is_some_and(|it| it < Quantity::default()) {
        found.push(tolerance.invalid("must be greater than or equal to 0"));
    }
    found
}

fn policy(policy: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let kind = policy.at("type");
    if !["Percent", "Pods"].contains(&kind.text()) {
        found.push(kind.unsupported(&["Percent", "Pods"]));
    }
    found.extend(bounded(&policy.at("value"), 1, i64::MAX, "zero"));
    let period = policy.at("periodSeconds");
    found.extend(bounded(&period, 1, LONGEST_PERIOD, "zero"));
    found
}

/// That a number is not outside of its bounds.
fn bounded(place: &Place<'_>, least: i64, most: i64, than: &str) -> Option<FieldError> {
    let value = place.integer()?;
    if value < least {
        return Some(place.invalid(format!("must be greater than {than}")));
    }
    (value > most).then(|| place.invalid(format!("must be less than or equal to {most}")))
}

fn amount(place: &Place<'_>) -> Option<Quantity> {
    super::quantity::read(place.value)
}

/// What is wrong with the counts of a status.
pub(crate) fn check_status(new: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let status = Place::root(new).at("status");
    ["currentReplicas", "desiredReplicas"]
        .into_iter()
        .filter_map(|it| status.at(it).nonnegative())
        .collect()
}
