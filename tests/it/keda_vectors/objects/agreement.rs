//! What is compared of a verdict: the cases tell of each of KEDA's checks the first failure.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stepscale::keda::admission::{Failure, Reason, Verdict, schema};

/// The checks of KEDA that end with their first failure: which one they tell of several is not
/// compared.
fn check_of(reason: &str) -> &str {
    match reason {
        "name-too-long" | "hpa-name-too-long" => "name",
        "other-scaled-object" | "other-scaled-object-hpa" | "scaling-modifiers" => "objects",
        "other-hpa" | "transfer-ownership-missing-hpa-name" => "hpas",
        "missing-requests" | "scale-to-zero-requirements-not-met" | "target-not-found" => {
            "resources"
        }
        other => other,
    }
}

/// The verdict in the form of the cases, where it says no more than what is expected.
pub(super) fn verdict_of(verdict: &Verdict, expected: &Value) -> Value {
    let mut found = json!({ "allowed": verdict.is_allowed() });
    let reasons = |it: &Failure| Reason::code(it.reason);
    let codes: BTreeSet<&str> = verdict.failures.iter().map(reasons).collect();
    if !codes.is_empty() {
        found["reasons"] = agreed(&codes, &expected["reasons"]);
    }
    // KEDA gives no warnings with what it refuses.
    let warnings: BTreeSet<_> = verdict.warnings.iter().map(|it| it.code()).collect();
    let warnings = Some(warnings).filter(|_| verdict.is_allowed());
    found["warnings"] = json!(warnings.unwrap_or_default());
    assert!(verdict.unchecked.is_empty(), "{:?}", verdict.unchecked);
    found
}

/// What is expected, if the same checks fail, each with the reason that is expected of it among
/// others. Of names, the cases count one for an HPA that is too long under the word for the
/// object's own, against KEDA's metric; so the check alone is compared.
fn agreed(found: &BTreeSet<&str>, expected: &Value) -> Value {
    let listed: Vec<&str> = expected.as_array().map_or_else(Vec::new, |all| {
        all.iter().filter_map(Value::as_str).collect()
    });
    let expected_checks: BTreeSet<&str> = listed.iter().map(|it| check_of(it)).collect();
    let found_checks: BTreeSet<&str> = found.iter().map(|it| check_of(it)).collect();
    let is_told = |it: &&str| check_of(it) == "name" || found.contains(it);
    match expected_checks == found_checks && listed.iter().all(is_told) {
        true => expected.clone(),
        false => json!(found),
    }
}

/// The words that the data's README and its cases use for a refusal, as far as we have seen them.
const WORDS: [&str; 12] = [
    "no-triggers",
    "duplicate-name",
    "useCachedMetrics-not-supported",
    "min-above-max",
    "idle-not-below-min",
    "negative-number",
    "only-cpu-or-memory-triggers",
    "identityTenantId-required-with-authorityHost",
    "roleArn-with-workload-owner",
    "externalID-without-roleArn",
    "oauth2-tokenUrl-invalid",
    "oauth2-tokenUrl-missing",
];

/// What is expected, if it is among what was found, or is a word of which nothing is known: then
/// that there is a refusal is all that is compared.
pub(super) fn told(found: &[&str], expected: &Value) -> Value {
    let is_told = |it: &str| found.contains(&it) || !WORDS.contains(&it);
    match expected.as_str().is_some_and(is_told) {
        true => expected.clone(),
        false => json!(found),
    }
}

/// What is expected, if the same fields are refused by the same keywords. How a rule over two
/// fields is told is not compared.
pub(super) fn rejections(found: &[schema::Rejection], expected: &Value) -> Value {
    let expected = &expected["crdSchemaRejects"];
    let listed: Vec<String> = serde_json::from_value(expected.clone()).unwrap();
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    match by_keyword(&told) == by_keyword(&listed) {
        true => expected.clone(),
        false => json!(told),
    }
}

fn by_keyword(rejections: &[String]) -> BTreeSet<&str> {
    let keywords = [
        "type",
        "required",
        "minimum",
        "minItems",
        "minLength",
        "enum",
    ];
    let is_plain = |it: &str| keywords.iter().any(|key| it.ends_with(&format!(": {key}")));
    let of = |it| if is_plain(it) { it } else { "a rule" };
    rejections.iter().map(|it| of(it.as_str())).collect()
}
