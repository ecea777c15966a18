//! The parameters of one trigger, each found in its place and read as its kind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::param::{Kind, Param, Place, Presence, Standing};
use super::problem::{Cause, Problem, Shown};
use super::{Secret, TriggerSource, duration, text};

/// What the parameters of a trigger are set to, by name; one that is optional and not given is
/// absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    all: BTreeMap<&'static str, Value>,
    of_variables: BTreeSet<&'static str>,
}

/// The value of one parameter. Texts may be credentials, so they show only that they are there.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Secret),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Duration(Duration),
    List(Vec<Secret>),
    Map(BTreeMap<String, Secret>),
}

impl Values {
    /// Reads all of `table`.
    ///
    /// # Errors
    /// Every parameter that is missing or cannot be read.
    pub fn read(table: &[Param], source: &TriggerSource) -> Result<Self, Vec<Problem>> {
        let mut values = Self::default();
        let mut problems = Vec::new();
        for param in table {
            match read(param, source) {
                Ok(Some(value)) => values.insert(param, value, source),
                Ok(None) => {}
                Err(cause) => problems.push(Problem::new(param.name, cause)),
            }
        }
        if problems.is_empty() {
            Ok(values)
        } else {
            Err(problems)
        }
    }

    fn insert(&mut self, param: &Param, value: Value, source: &TriggerSource) {
        if find(param, source).is_some_and(|(_, place)| place == Place::Env) {
            self.of_variables.insert(param.name);
        }
        self.all.insert(param.name, value);
    }

    /// Whether the value comes out of a variable of the container.
    pub(super) fn is_of_variable(&self, name: &str) -> bool {
        self.of_variables.contains(name)
    }

    /// The value of that parameter, if it is given or has a default.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }

    /// Which parameters are given or have defaults.
    pub fn names(&self) -> BTreeSet<&'static str> {
        self.all.keys().copied().collect()
    }

    pub(super) fn secret(&self, name: &str) -> Secret {
        match self.get(name) {
            Some(Value::Text(text)) => text.clone(),
            _ => Secret::default(),
        }
    }

    /// The text of a parameter that is no credential; empty if it is not given.
    pub(super) fn text(&self, name: &str) -> String {
        self.secret(name).expose().to_owned()
    }

    pub(super) fn integer(&self, name: &str) -> i64 {
        match self.get(name) {
            // The table says 64 bits or fewer.
            Some(Value::Integer(value)) => i64::try_from(*value).unwrap_or_default(),
            _ => 0,
        }
    }

    pub(super) fn float(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Float(value)) => *value,
            _ => 0.0,
        }
    }

    pub(super) fn boolean(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Boolean(true)))
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        match self.get(name) {
            Some(Value::Duration(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::List(list)) => list.iter().map(|it| it.expose().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn map(&self, name: &str) -> BTreeMap<String, Secret> {
        match self.get(name) {
            Some(Value::Map(map)) => map.clone(),
            _ => BTreeMap::new(),
        }
    }
}

fn read(param: &Param, source: &TriggerSource) -> Result<Option<Value>, Cause> {
    if let Standing::Ignored(_) = param.standing {
        return Ok(None);
    }
    let found = find(param, source);
    if let (Standing::Removed(instead), Some(_)) = (param.standing, found) {
        return Err(Cause::RemovedSetting { instead });
    }
    let (text, place) = match (found, param.presence) {
        (Some((text, place)), _) => (text, Some(place)),
        (None, Presence::Default(text)) => (text, None),
        (None, Presence::Optional) => return Ok(None),
        (None, Presence::Required) => {
            let places = param.places;
            return Err(Cause::Missing { places });
        }
    };
    let is_shown =
        place != Some(Place::Auth) && place != Some(Place::Env) && !param.may_be_secret();
    let shown = Shown(is_shown.then(|| text.to_owned()));
    choose(param, text, &shown)?;
    if param.kind == Kind::NullableFloat && text == "null" {
        return Ok(None);
    }
    value(param.kind, text, param.separator, shown).map(Some)
}

/// The first of the parameter's places that has something, trimmed.
pub(super) fn find<'a>(param: &Param, source: &'a TriggerSource) -> Option<(&'a str, Place)> {
    for place in param.places {
        for name in param.names() {
            let text = look_up(name, *place, source).map_or("", str::trim);
            if !text.is_empty() {
                return Some((text, *place));
            }
        }
    }
    None
}

fn look_up<'a>(name: &str, place: Place, source: &'a TriggerSource) -> Option<&'a str> {
    match place {
        Place::Metadata => source.metadata.get(name).map(String::as_str),
        Place::Auth => source.auth.get(name).map(Secret::expose),
        Place::Env => {
            let variable = source.metadata.get(&format!("{name}FromEnv"))?;
            source.env.get(variable).map(Secret::expose)
        }
    }
}

/// Whether each element is one of those allowed, and at most one is exclusive.
fn choose(param: &Param, text: &str, shown: &Shown) -> Result<(), Cause> {
    let elements = || text.split(param.separator).map(str::trim);
    let allowed = param.allowed;
    if !allowed.is_empty() && !elements().all(|it| allowed.contains(&it)) {
        let value = shown.clone();
        return Err(Cause::NotInEnum { value, allowed });
    }
    let exclusive = param.exclusive;
    if elements().filter(|it| exclusive.contains(it)).count() > 1 {
        return Err(Cause::ExclusiveValuesCombined { exclusive });
    }
    Ok(())
}

fn value(kind: Kind, text: &str, separator: char, shown: Shown) -> Result<Value, Cause> {
    let value = shown;
    Ok(match kind {
        Kind::Text => Value::Text(Secret::new(text)),
        Kind::Integer { bits } => match integer(text, -(1 << (bits - 1)), (1 << (bits - 1)) - 1) {
            Some(it) => Value::Integer(it),
            None => return Err(Cause::NotAnInteger { value }),
        },
        Kind::Unsigned { bits } => match unsigned(text, (1 << bits) - 1) {
            Some(it) => Value::Integer(it),
            None => return Err(Cause::NotAnInteger { value }),
        },
        Kind::Float | Kind::NullableFloat => match text::json_float(text) {
            Some(it) => Value::Float(it),
            None => return Err(Cause::NotANumber { value }),
        },
        Kind::Boolean => match text::boolean(text) {
            Some(it) => Value::Boolean(it),
            None => return Err(Cause::NotABoolean { value }),
        },
        Kind::Duration => match milliseconds_or_duration(text) {
            Some(nanoseconds) => match u64::try_from(nanoseconds) {
                Ok(it) => Value::Duration(Duration::from_nanos(it)),
                Err(_) => return Err(Cause::NegativeDuration { value }),
            },
            None => return Err(Cause::NotADuration { value }),
        },
        Kind::List => Value::List(elements(text, separator)),
        Kind::Integers { ranges } => match text
            .split(separator)
            .all(|it| is_integer(it.trim(), ranges))
        {
            true => Value::List(elements(text, separator)),
            false => return Err(Cause::NotAnInteger { value }),
        },
        Kind::Map => match pairs(text, separator) {
            Some(it) => Value::Map(it),
            None => return Err(Cause::NotKeyValueList { value }),
        },
        Kind::Query => match is_query(text) {
            true => Value::Text(Secret::new(text)),
            false => return Err(Cause::NotKeyValueList { value }),
        },
    })
}

fn integer(text: &str, min: i128, max: i128) -> Option<i128> {
    text::json_integer(text).filter(|it| (min..=max).contains(it))
}

/// Without a sign even before a zero.
fn unsigned(text: &str, max: i128) -> Option<i128> {
    integer(text, 0, max).filter(|_| !text.starts_with('-'))
}

fn is_integer(text: &str, ranges: bool) -> bool {
    let one = |it: &str| text::json_integer(it).is_some();
    match text.split_once('-') {
        // Each side is read as JSON, which allows blanks around a number.
        Some((from, to)) if ranges => one(from.trim()) && one(to.trim()),
        _ => one(text),
    }
}

/// Nanoseconds of a duration with units, or else of whole milliseconds; the longest duration
/// holds back what is longer.
fn milliseconds_or_duration(text: &str) -> Option<i64> {
    let milliseconds = || {
        text.parse::<i64>()
            .ok()
            .map(|it| it.saturating_mul(1_000_000))
    };
    duration::nanoseconds(text).or_else(milliseconds)
}

fn elements(text: &str, separator: char) -> Vec<Secret> {
    text.split(separator)
        .map(|it| Secret::new(it.trim()))
        .collect()
}

/// `key=value` with separators between; the last of equal keys holds.
fn pairs(text: &str, separator: char) -> Option<BTreeMap<String, Secret>> {
    let pair = |it: &str| {
        let (key, value) = it.split_once('=')?;
        let one_sign = !value.contains('=');
        one_sign.then(|| (key.trim().to_owned(), Secret::new(value.trim())))
    };
    text.split(separator).map(pair).collect()
}

/// Whether Go's `url.ParseQuery` reads the text: no semicolon, and two digits after each `%`.
fn is_query(text: &str) -> bool {
    let escapes = text.split('%').skip(1);
    let is_escape = |it: &str| {
        let digits = it.as_bytes().get(..2);
        digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    };
    !text.contains(';') && escapes.into_iter().all(is_escape)
}

#[cfg(test)]
mod tests;
