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
    /// The text begins with `float(` and is taken as it is, so that a whole number, as
    /// `float(a) > 2 ? 1 : 0` gives, passes at admission and fails later.
    AsIs,
    /// The text has `??`, and nil is kept.
    KeepsNil,
}

impl ResultRule {
    fn of(text: &str) -> Self {
        if text.starts_with("float(") {
            Self::AsIs
        } else if text.contains("??") {
            Self::KeepsNil
        } else {
            Self::Cast
        }
    }

    /// Whether a result of this type is possible.
    fn takes(self, found: &Type) -> bool {
        match found {
            Type::Float | Type::Int | Type::Number | Type::Any => true,
            Type::Text => self == Self::Cast,
            Type::Nil => self == Self::KeepsNil,
            Type::Bool | Type::List(_) => false,
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
        let value = match (self.run(&values)?, self.result) {
            (Outcome::Int(_), ResultRule::AsIs) => {
                let message = "it gives a whole number; write `float(…)` around all of it";
                return Err(EvaluateError::Failed(message.to_owned()));
            }
            (Outcome::Int(it), ResultRule::Cast | ResultRule::KeepsNil) => Some(it as f64),
            (Outcome::Float(it), _) => Some(it),
            (Outcome::Text(it), _) => Some(number_in(&it)?),
            (Outcome::Nil, _) => None,
        };
        match value {
            Some(it) if !it.is_finite() => Err(EvaluateError::NotFinite),
            it => Ok(it),
        }
    }

    /// Runs the formula as KEDA does at admission, where an infinite result passes.
    fn admit(&self) -> Result<(), CompileError> {
        let values = vec![Some(DUMMY); self.names.len()];
        let ran = self.run(&values).and_then(|it| match it {
            Outcome::Text(text) => number_in(&text).map(|_| ()),
            Outcome::Int(_) | Outcome::Float(_) | Outcome::Nil => Ok(()),
        });
        ran.map_err(|err| match err {
            EvaluateError::TooMuch(why) => {
                CompileError::Unsupported(format!("in the formula, {why}"))
            }
            err => CompileError::Refused(format!("with -1 for every trigger, {err}")),
        })
    }

    fn run(&self, values: &[Option<f64>]) -> Result<Outcome, EvaluateError> {
        let outcome = self.runner.run(values).map_err(|err| match err {
            RunError::Failed(why) => EvaluateError::Failed(why),
            RunError::TooMuch(why) => EvaluateError::TooMuch(why),
        })?;
        match outcome {
            Outcome::Nil if self.result != ResultRule::KeepsNil => {
                Err(EvaluateError::Failed("it gives nil".to_owned()))
            }
            outcome => Ok(outcome),
        }
    }
}

/// The number that a text is, as `float(…)` makes it.
fn number_in(text: &str) -> Result<f64, EvaluateError> {
    let parsed = text.parse();
    parsed.map_err(|_| EvaluateError::Failed(format!("the text {text:?} is no number")))
}

#[cfg(test)]
mod tests;
