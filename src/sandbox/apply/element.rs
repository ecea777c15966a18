//! One step of a path to a field, as `managedFields` and messages write it.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

use super::text;

/// How a field or an item is found in what contains it.
///
/// The order is the one in which `FieldsV1` and conflicts list them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    /// A field of a struct, or a key of a map.
    Field(String),
    /// The item of a list whose fields have these values, in the order of their names.
    Key(Vec<(String, Atomic)>),
    /// The item of a set that has this value.
    Value(Atomic),
    /// The item of an atomic list at this index; only messages have it.
    Index(i64),
}

/// A value with an order, by which it can be looked up.
#[derive(Clone, Debug)]
pub(super) struct Atomic(Value);

impl Atomic {
    pub(super) fn of(value: &Value) -> Self {
        Self(match value {
            Value::Number(number) => Value::Number(whole(number)),
            other => other.clone(),
        })
    }
}

/// `80.0` is the same as `80` and is written so.
fn whole(number: &Number) -> Number {
    // Beyond this a float no longer tells neighboring integers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

impl Element {
    pub(super) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// Reads `f:name`, `k:{…}`, `v:…` or `i:…`; `None` for a type that nobody knows yet.
    ///
    /// # Errors
    /// When it is not of this form.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let Some((word, rest)) = text.split_once(':') else {
            return Err(format!("missing colon: {text}"));
        };
        let json = |rest: &str| serde_json::from_str::<Value>(rest).map_err(|it| it.to_string());
        Ok(Some(match word {
            "f" => Self::field(rest),
            "v" => Self::Value(Atomic::of(&json(rest)?)),
            "k" => Self::key(&json(rest)?)?,
            "i" => Self::Index(rest.parse().map_err(|_| format!("no index: {rest}"))?),
            _ => return Ok(None),
        }))
    }

    fn key(fields: &Value) -> Result<Self, String> {
        let fields = fields.as_object().ok_or("a key is an object")?;
        let pairs = fields.iter();
        Ok(Self::keyed(
            pairs.map(|(name, value)| (name.clone(), Atomic::of(value))),
        ))
    }

    /// The item with these fields, in whatever order they come.
    pub(super) fn keyed(fields: impl IntoIterator<Item = (String, Atomic)>) -> Self {
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort();
        Self::Key(fields)
    }

    /// As `FieldsV1` writes it.
    pub(super) fn to_key(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                let pair = |(name, value): &(String, Atomic)| {
                    format!(
                        "{}:{}",
                        text::json(&Value::from(name.as_str())),
                        text::json(&value.0)
                    )
                };
                let pairs: Vec<String> = fields.iter().map(pair).collect();
                format!("k:{{{}}}", pairs.join(","))
            }
            Self::Value(value) => format!("v:{}", text::json(&value.0)),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

/// As messages write it: `.spec`, `[name="web"]`, `[="a"]`, `[0]`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                let pair = |(name, value): &(String, Atomic)| {
                    format!("{name}={}", text::readable(&value.0))
                };
                let pairs: Vec<String> = fields.iter().map(pair).collect();
                write!(f, "[{}]", pairs.join(","))
            }
            Self::Value(value) => write!(f, "[={}]", text::readable(&value.0)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Whether two values are the same; `1` and `1.0` are.
pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    order(left, right) == Ordering::Equal
}

/// An order of all values: numbers, strings, booleans, lists, maps, null.
fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => order_numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| order(a, b));
            first_difference(pairs).then(a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let pairs = a.iter().zip(b);
            let each = pairs.map(|((p, a), (q, b))| p.cmp(q).then_with(|| order(a, b)));
            first_difference(each).then(a.len().cmp(&b.len()))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

fn first_difference(mut all: impl Iterator<Item = Ordering>) -> Ordering {
    all.find(|it| it.is_ne()).unwrap_or(Ordering::Equal)
}

fn order_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        // JSON has no NaN, so that every number is a float that compares.
        _ => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .unwrap_or(Ordering::Equal),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

impl Ord for Atomic {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Atomic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Atomic {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Atomic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_reads_back_as_it_is_written() {
        let cases = [
            ("f:a:b", ".a:b"),
            ("f:", "."),
            (
                "k:{\"containerPort\":80,\"protocol\":\"TCP\"}",
                "[containerPort=80,protocol=\"TCP\"]",
            ),
            ("v:\"a\\u003cb\"", "[=\"a<b\"]"),
            ("v:true", "[=true]"),
            ("v:null", "[=null]"),
            ("i:3", "[3]"),
        ];
        for (key, shown) in cases {
            let element = Element::parse(key).unwrap().unwrap();
            assert_eq!(
                (element.to_key().as_str(), &*element.to_string()),
                (key, shown)
            );
        }
    }

    #[test]
    fn a_key_is_the_same_in_whatever_order_and_form_its_fields_come() {
        let parse = |text| Element::parse(text).unwrap().unwrap();
        let port = parse("k:{\"protocol\":\"TCP\",\"containerPort\":80.0}");
        assert_eq!(
            port.to_key(),
            "k:{\"containerPort\":80,\"protocol\":\"TCP\"}"
        );
        assert_eq!(parse("v:1"), parse("v:1.0"));
    }

    #[test]
    fn what_is_no_element_is_refused_and_types_of_the_future_are_passed_over() {
        for text in [
            "",
            "f",
            "v:",
            "v:{",
            "k:[]",
            "k:",
            "i:x",
            "i:99999999999999999999",
        ] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
        assert_eq!(Element::parse("x:1"), Ok(None));
    }

    #[test]
    fn fields_come_before_keys_and_keys_before_values() {
        let parse = |text| Element::parse(text).unwrap().unwrap();
        let mut all = ["i:0", "v:1", "v:\"a\"", "k:{\"a\":1}", "f:z", "f:a"].map(parse);
        all.sort();
        let keys = all.map(|it| it.to_key());
        assert_eq!(keys, ["f:a", "f:z", "k:{\"a\":1}", "v:1", "v:\"a\"", "i:0"]);
    }
}
