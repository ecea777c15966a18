//! Evaluation by the library, with a bound on everything that repeats or grows.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use expr::{Context, Environment, Program, Value};

use super::CompileError;
use super::emit::{ADD, Emitted, ITEM, LIST, SPAN, TICK, trigger_name};

/// How often predicates may run in one evaluation, with what ranges and lists hold counted in:
/// about ten milliseconds. A formula over the triggers of an object needs a few dozen.
const MOST_TICKS: usize = 10_000;

/// The longest range; Go's own limit is a million for everything together.
const LONGEST_RANGE: usize = 1_000;

/// What a formula gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Int(i64),
    Float(f64),
    Text(String),
    Bool(bool),
    List,
    Nil,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(_) => f.write_str("a whole number"),
            Self::Float(_) => f.write_str("a number"),
            Self::Text(_) => f.write_str("a text"),
            Self::Bool(it) => write!(f, "{it}"),
            Self::List => f.write_str("more than one value"),
            Self::Nil => f.write_str("nil"),
        }
    }
}

/// Why a formula gives nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RunError {
    Failed(String),
    /// It takes more than is given to it here; Go may go on.
    TooMuch(String),
}

/// What one evaluation may still spend, and whether it wanted more.
#[derive(Debug)]
struct Budget {
    left: AtomicUsize,
    is_exceeded: AtomicBool,
}

/// A formula, ready to run.
#[derive(Debug)]
pub(super) struct Runner {
    program: Program,
    repeats: bool,
}

/// For formulas that repeat nothing, and spend nothing: what they cost is bounded by their length.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| environment(&Budget::of(0)));

impl Runner {
    pub(super) fn of(emitted: &Emitted) -> Result<Self, CompileError> {
        let program = expr::compile(&emitted.text);
        let program = program.map_err(|err| {
            let first = err
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            CompileError::Unsupported(format!("the formula is not understood: {first}"))
        })?;
        Ok(Self {
            program,
            repeats: emitted.repeats,
        })
    }

    /// What it gives for the values of the triggers, in the order of their names.
    pub(super) fn run(&self, values: &[Option<f64>]) -> Result<Outcome, RunError> {
        let mut context = Context::default();
        for (at, value) in values.iter().enumerate() {
            let value = value.map_or(Value::Nil, Value::Float);
            context.insert(trigger_name(at), value);
        }
        let value = if self.repeats {
            let budget = Budget::of(MOST_TICKS);
            let ran = environment(&budget).run(&self.program, &context);
            ran.map_err(|err| budget.error(err))?
        } else {
            let ran = ENVIRONMENT.run(&self.program, &context);
            ran.map_err(|err| RunError::Failed(err.to_string()))?
        };
        Ok(outcome(value))
    }
}

impl Budget {
    fn of(left: usize) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(left),
            is_exceeded: AtomicBool::new(false),
        })
    }

    fn spend(&self, cost: usize) -> Result<(), expr::Error> {
        let take = |left: usize| left.checked_sub(cost);
        let order = Ordering::Relaxed;
        let spent = self.left.fetch_update(order, order, take);
        spent.map(|_| ()).map_err(|_| {
            let message = format!("it takes more than {MOST_TICKS} steps to evaluate");
            self.exceeded(message)
        })
    }

    fn exceeded(&self, message: String) -> expr::Error {
        self.is_exceeded.store(true, Ordering::Relaxed);
        expr::Error::from(message)
    }

    fn error(&self, err: expr::Error) -> RunError {
        if self.is_exceeded.load(Ordering::Relaxed) {
            RunError::TooMuch(err.to_string())
        } else {
            RunError::Failed(err.to_string())
        }
    }
}

fn outcome(value: Value) -> Outcome {
    match value {
        Value::Integer(it) => Outcome::Int(it),
        Value::Float(it) => Outcome::Float(it),
        Value::String(it) => Outcome::Text(it),
        Value::Bool(it) => Outcome::Bool(it),
        Value::Nil => Outcome::Nil,
        Value::Array(_) | Value::Bytes(_) | Value::Map(_) | Value::KeyedMap(_) => Outcome::List,
    }
}

/// The functions of the library, and ours, which spend from `budget`.
fn environment(budget: &Arc<Budget>) -> Environment<'static> {
    let mut environment = Environment::new();
    let ticks = Arc::clone(budget);
    environment.add_function(TICK, move |call| {
        ticks.spend(1)?;
        one(call.args)
    });
    let spans = Arc::clone(budget);
    environment.add_function(SPAN, move |call| span(&call.args, &spans));
    environment.add_function(ITEM, |call| item(&call.args));
    environment.add_function(ADD, |call| add(&call.args));
    let lists = Arc::clone(budget);
    environment.add_function(LIST, move |call| {
        lists.spend(size(&call.args))?;
        Ok(Value::Array(call.args))
    });
    environment
}

/// How many values there are, those within lists counted in.
fn size(values: &[Value]) -> usize {
    let sizes = values.iter().map(|it| match it {
        Value::Array(items) => 1 + size(items),
        _ => 1,
    });
    sizes.sum()
}

fn add(values: &[Value]) -> Result<Value, expr::Error> {
    Ok(match values {
        [Value::Integer(left), Value::Integer(right)] => Value::Integer(left.wrapping_add(*right)),
        [Value::Float(left), Value::Float(right)] => Value::Float(left + right),
        [Value::Integer(left), Value::Float(right)] => Value::Float(*left as f64 + right),
        [Value::Float(left), Value::Integer(right)] => Value::Float(left + *right as f64),
        _ => return Err(expr::Error::from("only numbers can be added".to_owned())),
    })
}

fn one(mut values: Vec<Value>) -> Result<Value, expr::Error> {
    let value = values.pop();
    value.ok_or_else(|| expr::Error::from("nothing to give".to_owned()))
}

fn span(bounds: &[Value], budget: &Budget) -> Result<Value, expr::Error> {
    let [Value::Integer(from), Value::Integer(to)] = bounds else {
        let message = "a range goes from a whole number to another";
        return Err(expr::Error::from(message.to_owned()));
    };
    let length = to.saturating_sub(*from).saturating_add(1).max(0);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST_RANGE {
        let message = format!("a range has more than {LONGEST_RANGE} numbers");
        return Err(budget.exceeded(message));
    }
    budget.spend(length)?;
    Ok(Value::Array((*from..=*to).map(Value::Integer).collect()))
}

fn item(of: &[Value]) -> Result<Value, expr::Error> {
    let [Value::Array(list), Value::Integer(place)] = of else {
        let message = "only a list has items, at whole numbers";
        return Err(expr::Error::from(message.to_owned()));
    };
    // Places below zero count from the end.
    let from_end = || list.len().checked_sub(place.unsigned_abs() as usize);
    let at = if *place < 0 {
        from_end()
    } else {
        usize::try_from(*place).ok()
    };
    let found = at.and_then(|at| list.get(at)).cloned();
    found.ok_or_else(|| {
        let message = format!("a list of {} has no item at {place}", list.len());
        expr::Error::from(message)
    })
}
