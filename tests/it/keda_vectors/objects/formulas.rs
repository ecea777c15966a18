//! What formulas give, and what triggers contribute to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stepscale::keda::formula::{CompileError, Formula, composite, trigger_input};
use stepscale::keda::objects::{Fallback, FallbackBehavior, ScalingModifiers};

use super::super::{Case, check};
use super::read;

#[test]
fn keda_vectors_of_formulas_agree() {
    check("scaling_modifiers.json", |case| match case.kind.as_str() {
        "triggerInput" => trigger_input_of(case),
        "" => formula_of(case),
        other => panic!("unknown kind {other}"),
    });
}

fn trigger_input_of(case: &Case) -> (Value, Value) {
    let input = &case.input;
    let behavior = input["behavior"].as_str().map(FallbackBehavior::of);
    let fallback = Fallback {
        failure_threshold: whole(&input["failureThreshold"]).unwrap_or_default(),
        replicas: 0,
        behavior,
    };
    let fallback = (input["fallbackConfigured"] == true).then_some(&fallback);
    let failures = whole(&input["consecutiveFailures"]);
    let found = trigger_input(input["metricValue"].as_f64().unwrap(), failures, fallback);
    let expected = case.expected["formulaInput"].as_f64();
    (json!(found), json!(expected))
}

fn formula_of(case: &Case) -> (Value, Value) {
    let input = &case.input;
    let mut expected = case.expected.clone();
    let text = |key: &str| input[key].as_str().map(str::to_owned);
    let modifiers = ScalingModifiers {
        formula: text("formula"),
        target: text("target"),
        ..ScalingModifiers::default()
    };
    let values: BTreeMap<String, Option<f64>> =
        serde_json::from_value(input["triggerValues"].clone()).unwrap();
    let names = values.keys().map(String::as_str);
    let formula = match Formula::compile(modifiers.formula.as_deref().unwrap_or_default(), names) {
        Ok(formula) => formula,
        Err(CompileError::Refused(_)) => {
            return (json!(false), expected["valid"].take());
        }
        Err(CompileError::Unsupported(why)) => return (json!(why), expected),
    };
    let object = read(&json!({ "spec": { "fallback": input["fallback"] } }));
    let fallback = object.spec.fallback.as_ref();
    let inputs = values.into_iter().map(|(name, value)| {
        let failures = whole(&input["consecutiveFailures"][&name]);
        let value = value.and_then(|it| trigger_input(it, failures, fallback));
        (name, value)
    });
    let inputs = inputs.collect();
    let mut found = json!({ "valid": true });
    match composite(&formula, &modifiers, fallback, &inputs) {
        Ok(value) => found["compositeMilli"] = json!(value.milli),
        // What a conversion of infinity gives is not compared.
        Err(_) if expected["note"].is_string() => return (found, json!({ "valid": true })),
        Err(_) => found["evaluationError"] = json!("fails"),
    }
    if expected["evaluationError"].is_string() {
        expected["evaluationError"] = json!("fails");
    }
    (found, expected)
}

fn whole(value: &Value) -> Option<i32> {
    Some(i32::try_from(value.as_i64()?).unwrap())
}
