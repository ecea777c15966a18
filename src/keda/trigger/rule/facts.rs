//! What rules know of a trigger.

use super::When;
use crate::keda::trigger::param::{Param, Place};
use crate::keda::trigger::problem::{Cause, Problem, Shown};
use crate::keda::trigger::{TriggerSource, Value, Values, shape, values};

/// A trigger to the rules of its type.
pub(in crate::keda::trigger) struct Facts<'a> {
    pub(super) table: &'static [Param],
    pub(in crate::keda::trigger) values: &'a Values,
    pub(in crate::keda::trigger) source: &'a TriggerSource,
}

impl Facts<'_> {
    /// Whether a parameter has other than Go's zero value.
    pub(in crate::keda::trigger) fn is_given(&self, name: &str) -> bool {
        match self.values.get(name) {
            None => false,
            Some(Value::Text(text)) => !text.is_empty(),
            Some(Value::Integer(number)) => *number != 0,
            Some(Value::Float(number)) => *number != 0.0,
            Some(Value::Boolean(is_on)) => *is_on,
            Some(Value::Duration(length)) => !length.is_zero(),
            Some(Value::List(list)) => !list.is_empty(),
            Some(Value::Map(map)) => !map.is_empty(),
        }
    }

    pub(in crate::keda::trigger) fn hold(&self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Given(name) => self.is_given(name),
            When::Is(name, texts) => texts.contains(&self.word(name).as_str()),
            When::IsNamed(name, text) => self.word(name).eq_ignore_ascii_case(text),
            When::HasScheme(name, schemes) => {
                let scheme = shape::scheme(&self.values.text(name));
                scheme.is_some_and(|it| schemes.contains(&it.as_str()))
            }
            When::As(identity) => self.source.pod_identity == identity,
            When::IsTarget => !self.source.is_metric_source,
            When::Not(when) => !self.hold(*when),
            When::All(list) => list.iter().all(|it| self.hold(*it)),
            When::Any(list) => list.iter().any(|it| self.hold(*it)),
        }
    }

    fn word(&self, name: &str) -> String {
        match self.values.get(name) {
            Some(Value::Boolean(is_on)) => is_on.to_string(),
            _ => self.values.text(name),
        }
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        match self.values.get(name) {
            Some(Value::Integer(number)) => *number as f64,
            Some(Value::Float(number)) => *number,
            Some(Value::Duration(length)) => length.as_secs_f64(),
            _ => 0.0,
        }
    }

    /// That a parameter is missing, with the places where KEDA looks for it.
    pub(in crate::keda::trigger) fn missing(&self, name: &'static str) -> Problem {
        let places = self.param(name).map_or(&[][..], |it| it.places);
        Problem::new(name, Cause::Missing { places })
    }

    /// That a parameter is not what it must be.
    pub(in crate::keda::trigger) fn misshapen(
        &self,
        name: &'static str,
        wanted: &'static str,
    ) -> Problem {
        let value = self.shown(name);
        Problem::new(name, Cause::Misshapen { value, wanted })
    }

    /// That a parameter cannot be given here.
    pub(in crate::keda::trigger) fn not_allowed(&self, name: &'static str) -> Problem {
        Problem::new(name, Cause::NotAllowedHere)
    }

    /// That two are given of which KEDA takes one.
    pub(in crate::keda::trigger) fn excluding(
        &self,
        name: &'static str,
        other: &'static str,
    ) -> Problem {
        Problem::new(format!("{name}+{other}"), Cause::MutuallyExclusive)
    }

    /// The text of a parameter for a message, unless it may be a credential.
    pub(in crate::keda::trigger) fn shown(&self, name: &str) -> Shown {
        let found = self.param(name).filter(|it| !it.may_be_secret());
        let found = found.and_then(|it| values::find(it, self.source));
        Shown(found.and_then(|(text, place)| (place == Place::Metadata).then(|| text.to_owned())))
    }

    pub(super) fn param(&self, name: &str) -> Option<&'static Param> {
        let mut named = self.table.iter().filter(|it| it.name == name);
        // A removed key may stand before the one that is read under the same name.
        named.next_back()
    }

    pub(super) fn is_written(&self, name: &str) -> bool {
        let found = self
            .param(name)
            .and_then(|it| values::find(it, self.source));
        found.is_some()
    }
}
