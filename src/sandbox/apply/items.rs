//! How the items of a list are told apart.

use serde_json::{Map, Value};

use super::element::{Atomic, Element};
use super::place::{ListRule, Rule};
use super::text;

/// The element of an item, in a list that is owned item by item.
///
/// # Errors
/// When the item has nothing that tells it apart.
pub(super) fn element(item: &Value, rule: &ListRule<'_>) -> Result<Element, String> {
    match rule.keys.as_deref() {
        None => Err("invalid indexing of non-associative list".to_owned()),
        Some([]) => of_set(item),
        Some(keys) => of_map(item, keys, rule),
    }
}

fn of_set(item: &Value) -> Result<Element, String> {
    let amiss = match item {
        Value::Object(_) => "associative list without keys has an element that's a map type",
        Value::Array(_) => "not supported: associative list with lists as elements",
        Value::Null => "associative list without keys has an element that's an explicit null",
        scalar => return Ok(Element::Value(Atomic::of(scalar))),
    };
    Err(amiss.to_owned())
}

fn of_map(item: &Value, keys: &[&str], rule: &ListRule<'_>) -> Result<Element, String> {
    let fields = match item {
        Value::Object(fields) => fields,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let found: Vec<_> = keys
        .iter()
        .filter_map(|it| pair(it, fields, rule))
        .collect();
    match found.as_slice() {
        [] => Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and \
             doesn't have default values for any key fields)",
            keys.iter()
                .map(|it| text::quoted(it))
                .collect::<Vec<_>>()
                .join(" ")
        )),
        _ => Ok(Element::keyed(found)),
    }
}

/// A key field and its value or its default. Without either it is left out of the key.
fn pair(key: &str, fields: &Map<String, Value>, rule: &ListRule<'_>) -> Option<(String, Atomic)> {
    let default = || match rule.items.rules().of(Some(&Value::Object(Map::new()))) {
        Rule::Map(map) => map.named(key)?.default(),
        Rule::Scalar(_) | Rule::List(_) => None,
    };
    let value = fields.get(key).or_else(default)?;
    Some((key.to_owned(), Atomic::of(value)))
}

/// The elements of all items that have one, in the order of the list.
pub(super) fn elements<'v>(items: &'v [Value], rule: &ListRule<'_>) -> Vec<(Element, &'v Value)> {
    let pair = |item: &'v Value| Some((element(item, rule).ok()?, item));
    items.iter().filter_map(pair).collect()
}
