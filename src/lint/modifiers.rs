//! Formulas that KEDA takes and that do something else than they look.

use std::collections::BTreeMap;

use super::code::Code;
use super::found::Findings;
use super::world::{Item, trigger_path};
use crate::keda::admission::check_triggers;
use crate::keda::formula::Formula;
use crate::keda::objects::{FieldPath, ScaledObject, ScalingModifiers};

pub(super) fn check(item: &Item<'_>, object: &ScaledObject, findings: &mut Findings) {
    let Some(modifiers) = object.spec.used_modifiers() else {
        return;
    };
    let root = FieldPath::of("spec.advanced.scalingModifiers");
    let index = item.index;
    if let Some(formula) = modifiers.given_formula() {
        let path = root.key("formula");
        if formula.starts_with("float(") && !formula.contains("??") && !is_wrapped(formula) {
            let message = format!(
                "{path} begins with `float(`, so that KEDA does not convert its result: a whole \
                 number fails when it runs"
            );
            let fix = "write `float(…)` around all of it, or begin it otherwise";
            findings.add(Code::FormulaFloatPrefix, index, path.clone(), message, fix);
        }
        if is_negative_at_rest(formula, object) {
            let message = format!("{path} is negative when every trigger is 0");
            let fix = "write max(0, …) around it";
            findings.add(Code::FormulaNegative, index, path, message, fix);
        }
    }
    fallback(item, object, modifiers, &root, findings);
    triggers(item, object, findings);
}

/// Whether the parenthesis of the first `float(` closes at the end.
fn is_wrapped(formula: &str) -> bool {
    let formula = formula.trim_end();
    let mut depth = 0_usize;
    for (at, it) in formula.char_indices() {
        match it {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1 == formula.len();
        }
    }
    false
}

fn is_negative_at_rest(formula: &str, object: &ScaledObject) -> bool {
    let names = crate::keda::admission::formula_names(&object.spec);
    if !check_triggers(&object.spec.triggers).is_empty() {
        return false;
    }
    let zeros: BTreeMap<String, Option<f64>> = names
        .iter()
        .map(|it| ((*it).to_owned(), Some(0.0)))
        .collect();
    let compiled = Formula::compile(formula, names.iter().copied());
    let value = compiled.ok().and_then(|it| it.evaluate(&zeros).ok());
    value.flatten().is_some_and(|it| it < 0.0)
}

/// KEDA keeps a fallback beside a formula only if the target is a whole number.
fn fallback(
    item: &Item<'_>,
    object: &ScaledObject,
    modifiers: &ScalingModifiers,
    root: &FieldPath,
    findings: &mut Findings,
) {
    let Some(target) = modifiers.given_target() else {
        return;
    };
    let is_whole = target.parse::<i64>().is_ok_and(|it| it > 0);
    if object.spec.fallback.is_none() || is_whole {
        return;
    }
    let path = root.key("target");
    let message = format!("{path} is {target:?}, no whole number, which switches the fallback off");
    let fix = "write a whole number, and scale the formula with it";
    findings.add(Code::FallbackIneffective, item.index, path, message, fix);
}

fn triggers(item: &Item<'_>, object: &ScaledObject, findings: &mut Findings) {
    for (at, trigger) in object.spec.triggers.iter().enumerate() {
        let container = trigger.metadata.get("containerName");
        let has_container = container.is_some_and(|it| !it.is_empty());
        if trigger.is_resource() && has_container {
            let path = trigger_path(at).key("metadata").key("containerName");
            let message = format!("{path} is set beside a formula, and KEDA drops the metric");
            let fix = "remove containerName, so that the metric is that of the pods";
            findings.add(Code::FormulaContainerMetric, item.index, path, message, fix);
        }
        if !trigger.is_resource() && trigger.given_name().is_none() {
            let path = trigger_path(at);
            let message = format!("{path} has no name, so that the formula cannot use it");
            let fix = "give it a name and use that in the formula, or remove the trigger";
            findings.add(Code::FormulaUnnamedTrigger, item.index, path, message, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_one_conversion_is_told_from_one_that_begins_with_it() {
        assert!(is_wrapped("float(a > 2 ? 1 : (0)) "));
        assert!(!is_wrapped("float(a) > 2 ? 1 : 0"));
        assert!(!is_wrapped("float(a"));
    }
}
