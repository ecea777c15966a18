//! Whether an answer has what a check expects.
//!
//! An object has at least the expected fields; a list has exactly the expected items. Texts and
//! objects that start with a sign ask for something else:
//! - `"$any"` is anything that is there, `"$absent"` nothing;
//! - `"$string"`, `"$number"`, `"$boolean"`, `"$object"` and `"$list"` are types;
//! - `"~ regex"` is a text with a match;
//! - `{$contains: […]}` is a list with a match of each, in any order;
//! - `{$lacks: […]}` is a list, or nothing, without a match of any;
//! - `{$starts: […]}` is a list that starts with these;
//! - `{$length: n}` is a list of `n` items;
//! - `{$exactly: …}` is equal in every field.

use regex_lite::Regex;
use serde_json::Value;

/// Every difference, each a line that starts with where it is.
pub(super) fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(Some(found), expected, "", &mut lines);
    lines
}

fn compare(found: Option<&Value>, expected: &Value, at: &str, lines: &mut Vec<String>) {
    match expected {
        Value::Object(fields) if fields.keys().any(|it| it.starts_with('$')) => {
            for (word, argument) in fields {
                operator(found, word, argument, at, lines);
            }
        }
        Value::Object(fields) => match found {
            Some(Value::Object(of)) => {
                for (name, value) in fields {
                    compare(of.get(name), value, &format!("{at}.{name}"), lines);
                }
            }
            other => differs(other, expected, at, lines),
        },
        Value::Array(items) => match found {
            Some(Value::Array(of)) if of.len() == items.len() => {
                for (index, (one, item)) in of.iter().zip(items).enumerate() {
                    compare(Some(one), item, &format!("{at}[{index}]"), lines);
                }
            }
            other => differs(other, expected, at, lines),
        },
        Value::String(text) if !is_met(found, text) => differs(found, expected, at, lines),
        Value::String(_) => {}
        plain if !is_equal(found, plain) => differs(found, expected, at, lines),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a value is what a text, possibly with a sign, asks for.
fn is_met(found: Option<&Value>, text: &str) -> bool {
    if let Some(pattern) = text.strip_prefix("~ ") {
        let pattern = Regex::new(pattern).unwrap_or_else(|it| panic!("{pattern}: {it}"));
        return matches!(found, Some(Value::String(it)) if pattern.is_match(it));
    }
    match (text, found) {
        ("$absent", found) => found.is_none(),
        (_, None) => false,
        ("$any", Some(_)) => true,
        ("$string", Some(it)) => it.is_string(),
        ("$number", Some(it)) => it.is_number(),
        ("$boolean", Some(it)) => it.is_boolean(),
        ("$object", Some(it)) => it.is_object(),
        ("$list", Some(it)) => it.is_array(),
        (text, _) if text.starts_with('$') => panic!("no matcher is called `{text}`"),
        (text, Some(it)) => it == text,
    }
}

fn operator(
    found: Option<&Value>,
    word: &str,
    argument: &Value,
    at: &str,
    lines: &mut Vec<String>,
) {
    let items = found.and_then(Value::as_array);
    let wanted = argument.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let has = |it: &Value| items.is_some_and(|all| all.iter().any(|one| is_match(one, it)));
    let is_ok = match word {
        "$contains" => items.is_some() && wanted.iter().all(has),
        "$lacks" => !wanted.iter().any(has),
        "$starts" => items.is_some_and(|all| {
            all.len() >= wanted.len() && all.iter().zip(wanted).all(|(one, it)| is_match(one, it))
        }),
        "$length" => items.is_some_and(|it| argument.as_u64() == Some(it.len() as u64)),
        "$exactly" => found == Some(argument),
        other => panic!("no matcher is called `{other}`"),
    };
    if !is_ok {
        differs(found, &serde_json::json!({ word: argument }), at, lines);
    }
}

fn is_match(found: &Value, expected: &Value) -> bool {
    differences(found, expected).is_empty()
}

fn is_equal(found: Option<&Value>, expected: &Value) -> bool {
    match (found.and_then(Value::as_f64), expected.as_f64()) {
        (Some(found), Some(expected)) => found == expected,
        _ => found == Some(expected),
    }
}

fn differs(found: Option<&Value>, expected: &Value, at: &str, lines: &mut Vec<String>) {
    let found = found.map_or("nothing".to_owned(), shortened);
    let at = if at.is_empty() { "." } else { at };
    lines.push(format!("{at} is {found}, not {}", shortened(expected)));
}

/// As JSON, cut where it gets too long to read.
pub(super) fn shortened(value: &Value) -> String {
    const MOST: usize = 3000;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_expected_is_found() {
        let found = json!({ "a": 1, "b": ["x", { "c": true }], "d": "text", "e": null });
        let cases = [
            json!({ "a": 1.0, "d": "text", "e": null }),
            json!({ "a": "$number", "b": "$list", "d": "$string", "z": "$absent", "e": "$any" }),
            json!({ "b": ["x", { "c": "$boolean" }], "d": "~ ^t.x" }),
            json!({ "b": { "$contains": [{ "c": true }] } }),
            json!({ "b": { "$lacks": ["y"] }, "z": { "$lacks": ["y"] } }),
            json!({ "b": { "$starts": ["x"], "$length": 2 } }),
            json!({ "b": [{ "$exactly": "x" }, "$object"] }),
        ];
        for expected in cases {
            assert_eq!(
                differences(&found, &expected),
                [] as [&str; 0],
                "{expected}"
            );
        }
    }

    #[test]
    fn what_differs_is_named_with_its_place() {
        let found = json!({ "a": 1, "b": ["x", { "c": true }], "d": "text" });
        let cases = [
            (json!({ "a": 2 }), ".a is 1, not 2"),
            (json!({ "a": "$absent" }), ".a is 1, not \"$absent\""),
            (json!({ "z": "$any" }), ".z is nothing, not \"$any\""),
            (json!({ "d": "~ ^x" }), ".d is \"text\", not \"~ ^x\""),
            (json!({ "b": ["x", { "c": 1 }] }), ".b[1].c is true, not 1"),
            (json!({ "a": {} }), ".a is 1, not {}"),
            (json!({ "a": "$list" }), ".a is 1, not \"$list\""),
            (
                json!([]),
                ". is {\"a\":1,\"b\":[\"x\",{\"c\":true}],\"d\":\"text\"}, not []",
            ),
        ];
        for (expected, line) in cases {
            assert_eq!(differences(&found, &expected), [line]);
        }
        for operator in [
            json!({ "$contains": ["y"] }),
            json!({ "$lacks": ["x"] }),
            json!({ "$starts": [{ "c": true }] }),
            json!({ "$length": 1 }),
            json!({ "$exactly": ["x"] }),
        ] {
            assert_eq!(differences(&found, &json!({ "b": operator })).len(), 1);
        }
        for operator in ["$contains", "$starts", "$exactly", "$length"] {
            let expected = json!({ "z": { operator: [1] } });
            assert_eq!(differences(&found, &expected).len(), 1, "{operator}");
        }
    }
}
