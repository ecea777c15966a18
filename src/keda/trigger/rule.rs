//! Rules across the parameters of a type of trigger, as data: when a rule holds, and what then must
//! be. Parameters are named as in the type's table.
//!
//! A parameter counts as given unless it has Go's zero value, which is what KEDA compares with: an
//! empty text, 0, `false`.

mod facts;
mod must;
mod when;

use super::param::Param;
use super::problem::Problem;
use super::shape::Shape;
use super::{PodIdentity, TriggerSource, Values};
pub(super) use facts::Facts;
use must::{Bound, Count, Form, Must};
pub use when::When;

type Names = &'static [&'static str];

/// One rule of a type of trigger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    when: When,
    must: Must,
}

/// All of these are needed.
pub(super) const fn give(names: Names) -> Rule {
    Rule::new(Must::Give(Count::All, names))
}

/// At least one of these is needed.
pub(super) const fn give_some(names: Names) -> Rule {
    Rule::new(Must::Give(Count::AtLeastOne, names))
}

/// Exactly one of these is needed.
pub(super) const fn give_one(names: Names) -> Rule {
    Rule::new(Must::Give(Count::ExactlyOne, names))
}

/// Not more than one of these may be given.
pub(super) const fn exclusive(names: Names) -> Rule {
    Rule::new(Must::Give(Count::AtMostOne, names))
}

/// Either all of these or none.
pub(super) const fn together(names: Names) -> Rule {
    Rule::new(Must::Give(Count::AllOrNone, names))
}

/// None of these may be given.
pub(super) const fn refuse(names: Names) -> Rule {
    Rule::new(Must::Give(Count::None, names))
}

/// It is above 0; without a default it is needed.
pub(super) const fn positive(name: &'static str) -> Rule {
    Rule::new(Must::Number(name, Bound::Positive))
}

/// It is 0 or above.
pub(super) const fn not_negative(name: &'static str) -> Rule {
    Rule::new(Must::Number(name, Bound::NotNegative))
}

/// It is not 0; without a default it is needed.
pub(super) const fn not_zero(name: &'static str) -> Rule {
    Rule::new(Must::Number(name, Bound::NotZero))
}

/// It is not its default.
pub(super) const fn set(name: &'static str) -> Rule {
    Rule::new(Must::Number(name, Bound::Set))
}

/// It is a number from `least` to `most`.
pub(super) const fn within(name: &'static str, least: i64, most: i64) -> Rule {
    Rule::new(Must::Number(name, Bound::Within(least, most)))
}

/// It is one of these, if it is given.
pub(super) const fn one_of(name: &'static str, allowed: Names) -> Rule {
    Rule::new(Must::Text(name, Form::OneOf(allowed)))
}

/// The same in any case of its letters.
pub(super) const fn named(name: &'static str, allowed: Names) -> Rule {
    Rule::new(Must::Text(name, Form::Named(allowed)))
}

/// It has this shape, if it is given.
pub(super) const fn shaped(name: &'static str, shape: Shape) -> Rule {
    Rule::new(Must::Text(name, Form::Shaped(shape)))
}

/// The trigger's identity is one of these.
pub(super) const fn identity(allowed: &'static [PodIdentity]) -> Rule {
    Rule::new(Must::TakeIdentity(allowed))
}

/// The function finds nothing wrong.
pub(super) const fn pass(check: fn(&Facts<'_>) -> Option<Problem>) -> Rule {
    Rule::new(Must::Pass(check))
}

impl Rule {
    const fn new(must: Must) -> Self {
        let when = When::Always;
        Self { when, must }
    }

    /// The same, but it holds only then.
    pub(super) const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// The same, but it holds only if that parameter is given.
    pub(super) const fn with(self, name: &'static str) -> Self {
        self.when(When::Given(name))
    }

    /// The same, but only for a metric of the HPA: a variable of a formula needs no target.
    pub(super) const fn for_target(self) -> Self {
        self.when(When::IsTarget)
    }

    fn check(&self, facts: &Facts<'_>) -> Vec<Problem> {
        if !facts.hold(self.when) {
            return Vec::new();
        }
        let said = |mut it: Problem| {
            it.when = self.when;
            it
        };
        self.must.check(facts).into_iter().map(said).collect()
    }
}

/// What the rules of a type say of a trigger whose parameters were read one by one.
///
/// # Errors
/// Everything that breaks a rule.
pub(super) fn check(
    rules: &[Rule],
    table: &'static [Param],
    values: &Values,
    source: &TriggerSource,
) -> Result<(), Vec<Problem>> {
    let facts = Facts {
        table,
        values,
        source,
    };
    let problems: Vec<Problem> = rules.iter().flat_map(|it| it.check(&facts)).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}
