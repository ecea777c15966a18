//! The formula of `advanced.scalingModifiers`: whether KEDA takes it, and what it gives.
//!
//! KEDA compiles formulas with expr-lang for Go, which checks types before anything runs. The
//! library of the same name that evaluates here does not, binds `??` otherwise, takes the name
//! `notify` for `not ify`, and has no bounds. Formulas come from objects that anybody may have
//! written. Therefore a formula is read and checked here, by Go's grammar and types
//! ([`parse`], [`check`]), and written anew for the library ([`emit`]) with every precedence in
//! parentheses, names of our own, and a bound on everything that repeats or grows ([`run`]).
//! What Go would take and this does not reckon with is told apart from what Go refuses.

mod check;
mod composite;
mod emit;
mod functions;
mod parse;
mod run;
mod token;
mod tree;

pub use composite::{Composite, CompositeError, CompositeReason, composite, trigger_input};

use std::collections::BTreeMap;

use run::{Outcome, RunError, Runner};
use tree::Type;

use crate::sim::numbers;

/// The value that stands for every trigger at admission.
const DUMMY: f64 = -1.0;

/// A formula that KEDA takes, ready to be evaluated.
#[derive(Debug)]
pub struct Formula {
    names: Vec<String>,
    result: ResultRule,
    runner: Runner,
}

/// A formula that cannot be evaluated, at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// KEDA refuses it.
    #[error("{0}")]
    Refused(String),
    /// KEDA may take it; this program does not reckon with such formulas.
    #[error("{0}, which is not evaluated here")]
    Unsupported(String),
}

/// A formula gives no value for these inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    #[error("the formula has no value for trigger `{0}`")]
    Missing(String),
    #[error("the formula fails: {0}")]
    Failed(String),
    /// Too many steps or too long a list: KEDA may go on.
    #[error("the formula is not evaluated here: {0}")]
    TooMuch(String),
    /// Division by zero: what KEDA makes of it depends on the machine.
    #[error("the formula gives no finite number")]
    NotFinite,
}

/// What KEDA does with the result of a formula, which depends on how its text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResultRule {
    /// It is wrapped in `float(…)`.
    Cast,
    /// The text begins with `float(` and is taken as it is, so that everything passes at
    /// admission, and what is no double, as of `float(a) > 2 ? 1 : 0`, fails later.
    AsIs,
    /// The text has `??`: it is wrapped, and nil is kept.
    KeepsNil,
}

impl ResultRule {
    /// Mirrors `castToFloatIfNecessary` (`apis/keda/v1alpha1/scaledobject_webhook.go`).
    fn of(text: &str) -> Self {
        let is_wrapped = text.starts_with("let _kedaCompositeResult = ");
        match (text.contains("??"), text.starts_with("float(")) {
            (true, _) if is_wrapped => Self::AsIs,
            (true, _) => Self::KeepsNil,
            (false, true) => Self::AsIs,
            (false, false) => Self::Cast,
        }
    }

    /// Whether a result of this type is possible.
    fn takes(self, found: &Type) -> bool {
        match found {
            Type::Float | Type::Int | Type::Number | Type::Text | Type::Any => true,
            Type::Nil => self != Self::Cast,
            Type::Bool | Type::List(_) => self == Self::AsIs,
        }
    }
}

impl Formula {
    /// Reads and checks a formula over triggers of these names, and runs it once with -1 for
    /// each, as KEDA does at admission.
    pub fn compile<'a>(
        text: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, CompileError> {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let tree = parse::parse(text, &names)?;
        let found = check::check(&tree)?;
        let result = ResultRule::of(text);
        if !result.takes(&found) {
            let message = format!("the formula gives {found} and has to give a number");
            return Err(CompileError::Refused(message));
        }
        let runner = Runner::of(&emit::emit(&tree)?)?;
        let formula = Self {
            names,
            result,
            runner,
        };
        formula.admit()?;
        Ok(formula)
    }

    /// What the formula gives; `None` for nil, which a trigger beyond its failure threshold is.
    ///
    /// Every trigger that the formula may name needs an entry.
    pub fn evaluate(
        &self,
        inputs: &BTreeMap<String, Option<f64>>,
    ) -> Result<Option<f64>, EvaluateError> {
        let read = |name: &String| {
            let input = inputs.get(name).copied();
            input.ok_or_else(|| EvaluateError::Missing(name.clone()))
        };
        let values = self.names.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        match self.number(self.run(&values)?)? {
            Some(it) if !it.is_finite() => Err(EvaluateError::NotFinite),
            it => Ok(it),
        }
    }

    /// The number that KEDA makes of the result; `None` for nil.
    fn number(&self, outcome: Outcome) -> Result<Option<f64>, EvaluateError> {
        let is_cast = self.result != ResultRule::AsIs;
        match outcome {
            Outcome::Float(it) => Ok(Some(it)),
            Outcome::Int(it) if is_cast => Ok(Some(it as f64)),
            Outcome::Text(it) if is_cast => number_in(&it).map(Some),
            Outcome::Nil if self.result != ResultRule::Cast => Ok(None),
            other if is_cast => Err(EvaluateError::Failed(format!("it gives {other}"))),
            other => Err(EvaluateError::Failed(format!(
                "it gives {other}; write `float(…)` around all of it"
            ))),
        }
    }

    /// Runs the formula as KEDA does at admission, where an infinite result passes.
    fn admit(&self) -> Result<(), CompileError> {
        let values = vec![Some(DUMMY); self.names.len()];
        let ran = self.run(&values).and_then(|it| match self.result {
            ResultRule::AsIs => Ok(()),
            ResultRule::Cast | ResultRule::KeepsNil => self.number(it).map(|_| ()),
        });
        ran.map_err(|err| match err {
            EvaluateError::TooMuch(why) => {
                CompileError::Unsupported(format!("in the formula, {why}"))
            }
            err => CompileError::Refused(format!("with -1 for every trigger, {err}")),
        })
    }

    fn run(&self, values: &[Option<f64>]) -> Result<Outcome, EvaluateError> {
        self.runner.run(values).map_err(|err| match err {
            RunError::Failed(why) => EvaluateError::Failed(why),
            RunError::TooMuch(why) => EvaluateError::TooMuch(why),
        })
    }
}

/// The number that a text is, as `float(…)` makes it.
fn number_in(text: &str) -> Result<f64, EvaluateError> {
    let failed = || EvaluateError::Failed(format!("the text {text:?} is no number"));
    numbers::float(text).ok_or_else(failed)
}

#[cfg(test)]
mod tests;
