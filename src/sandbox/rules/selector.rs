//! Label selectors: what they may be made of, and what they select.

use serde_json::Value;

use super::metadata;
use super::names;
use super::place::Place;
use crate::sandbox::status::FieldError;

/// What is wrong with a label selector.
pub(crate) fn check(selector: &Place<'_>) -> Vec<FieldError> {
    let mut found = metadata::labels(&selector.at("matchLabels"));
    let all = selector.at("matchExpressions");
    found.extend(all.items().flat_map(|it| requirement(&it)));
    found
}

fn requirement(requirement: &Place<'_>) -> Vec<FieldError> {
    let (operator, values) = (requirement.at("operator"), requirement.at("values"));
    let mut found = Vec::new();
    match operator.text() {
        "In" | "NotIn" if values.is_empty() => {
            found.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            found.push(values.forbidden(detail));
        }
        "Exists" | "DoesNotExist" => {}
        other => found.push(operator.refuse(other, "not a valid selector operator")),
    }
    let key = requirement.at("key");
    found.extend(key.invalid_text(names::qualified(key.text())));
    let faults = |it: Place<'_>| it.invalid_text(names::label_value(it.text()));
    found.extend(values.items().flat_map(faults));
    found
}

/// Whether a label selector selects an object with these labels. One that says nothing selects
/// everything.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    let selector = Place::root(selector);
    let mut pairs = selector.at("matchLabels").entries();
    pairs.all(|(key, wanted)| labels.get(key) == Some(wanted.value))
        && selector
            .at("matchExpressions")
            .items()
            .all(|it| meets(&it, labels))
}

fn meets(requirement: &Place<'_>, labels: &Value) -> bool {
    let held = labels.get(requirement.at("key").text());
    let is_listed = || {
        let mut values = requirement.at("values").items();
        values.any(|it| Some(it.value) == held)
    };
    match requirement.at("operator").text() {
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        "Exists" => held.is_some(),
        "DoesNotExist" => held.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_select_by_labels_and_expressions() {
        let labels = json!({ "app": "web", "tier": "front" });
        let expression = |operator: &str, key: &str, values: &[&str]| {
            json!({ "matchLabels": { "app": "web" }, "matchExpressions":
                [{ "key": key, "operator": operator, "values": values }] })
        };
        let table = [
            (json!({}), true),
            (json!({ "matchLabels": { "app": "db" } }), false),
            (expression("In", "tier", &["front", "back"]), true),
            (expression("NotIn", "tier", &["front"]), false),
            (expression("NotIn", "other", &["front"]), true),
            (expression("Exists", "tier", &[]), true),
            (expression("DoesNotExist", "tier", &[]), false),
            (expression("Like", "tier", &[]), false),
        ];
        for (selector, expected) in table {
            assert_eq!(selects(&selector, &labels), expected, "{selector}");
        }
    }
}
