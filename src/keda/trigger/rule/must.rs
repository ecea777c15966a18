//! What rules demand.

use super::{Facts, Names};
use crate::keda::trigger::PodIdentity;
use crate::keda::trigger::param::Presence;
use crate::keda::trigger::problem::{Cause, Problem};
use crate::keda::trigger::shape::Shape;

/// What a rule demands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Must {
    Give(Count, Names),
    Number(&'static str, Bound),
    Text(&'static str, Form),
    TakeIdentity(&'static [PodIdentity]),
    /// For what only one type has.
    Pass(fn(&Facts<'_>) -> Option<Problem>),
}

/// How many of some parameters are given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    All,
    AtLeastOne,
    ExactlyOne,
    AtMostOne,
    AllOrNone,
    None,
}

/// What a number must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Positive,
    NotNegative,
    NotZero,
    /// Other than the default, which stands for nothing.
    Set,
    Within(i64, i64),
}

/// What a text must be, if it is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    OneOf(Names),
    /// In any case of its letters.
    Named(Names),
    Shaped(Shape),
}

impl Must {
    pub(super) fn check(self, facts: &Facts<'_>) -> Vec<Problem> {
        let one = match self {
            Self::Give(count, names) => return count.check(names, facts),
            Self::Number(name, bound) => bound.check(name, facts),
            Self::Text(name, form) => form.check(name, facts),
            Self::TakeIdentity(allowed) => {
                let is_taken = allowed.contains(&facts.source.pod_identity);
                let cause = Cause::IdentityNotTaken { allowed };
                (!is_taken).then(|| Problem::new("podIdentity", cause))
            }
            Self::Pass(check) => check(facts),
        };
        one.into_iter().collect()
    }
}

impl Count {
    fn check(self, names: Names, facts: &Facts<'_>) -> Vec<Problem> {
        let (given, lacking): (Vec<_>, Vec<_>) = names.iter().partition(|it| facts.is_given(it));
        let of = |names: &[&str], cause| vec![Problem::new(names.join("+"), cause)];
        match self {
            Self::All => lacking.into_iter().map(|it| facts.missing(it)).collect(),
            Self::AtLeastOne if given.is_empty() => of(names, Cause::AtLeastOneOf),
            Self::ExactlyOne if given.len() != 1 => of(names, Cause::ExactlyOneOf),
            Self::AtMostOne if given.len() > 1 => of(&given, Cause::MutuallyExclusive),
            Self::AllOrNone if !given.is_empty() => {
                let other = given[0];
                let cause = || Cause::MissingWithOther { other };
                lacking
                    .into_iter()
                    .map(|it| Problem::new(it, cause()))
                    .collect()
            }
            Self::None => given.into_iter().map(|it| facts.not_allowed(it)).collect(),
            Self::AtLeastOne | Self::ExactlyOne | Self::AtMostOne | Self::AllOrNone => Vec::new(),
        }
    }
}

impl Bound {
    fn check(self, name: &'static str, facts: &Facts<'_>) -> Option<Problem> {
        let number = facts.number(name);
        let (is_right, cause) = match self {
            Self::Positive => (number > 0.0, Cause::MustBePositive),
            Self::NotNegative => (number >= 0.0, Cause::MustNotBeNegative),
            Self::NotZero => (number != 0.0, Cause::MustNotBeZero),
            Self::Set => return unset(name, facts),
            Self::Within(least, most) => {
                let is_within = (least as f64..=most as f64).contains(&number);
                (is_within, Cause::NotWithin { least, most })
            }
        };
        if is_right {
            None
        } else if facts.values.get(name).is_none() {
            Some(facts.missing(name))
        } else {
            Some(Problem::new(name, cause))
        }
    }
}

impl Form {
    fn check(self, name: &'static str, facts: &Facts<'_>) -> Option<Problem> {
        let text = facts.values.text(name);
        let other = |allowed| {
            let value = facts.shown(name);
            Problem::new(name, Cause::NotInEnum { value, allowed })
        };
        match self {
            _ if text.is_empty() => None,
            Self::OneOf(allowed) => (!allowed.contains(&text.as_str())).then(|| other(allowed)),
            Self::Named(allowed) => {
                let mut same = allowed.iter().filter(|it| it.eq_ignore_ascii_case(&text));
                same.next().is_none().then(|| other(allowed))
            }
            Self::Shaped(shape) => {
                (!(shape.has)(&text)).then(|| facts.misshapen(name, shape.wanted))
            }
        }
    }
}

/// A parameter whose default stands for nothing.
fn unset(name: &'static str, facts: &Facts<'_>) -> Option<Problem> {
    let Some(Presence::Default(nothing)) = facts.param(name).map(|it| it.presence) else {
        return None;
    };
    let nothing: f64 = nothing.parse().ok()?;
    if facts.number(name) != nothing {
        return None;
    }
    if facts.is_written(name) {
        let wanted = "a target; write another number";
        return Some(facts.misshapen(name, wanted));
    }
    Some(facts.missing(name))
}
