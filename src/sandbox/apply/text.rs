//! Values as the messages of the API server print them, which are those of Go.

use serde_json::Value;

/// JSON with the characters escaped that Go escapes for the sake of HTML.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A value within a path: `"a"`, `80`.
pub(super) fn readable(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(readable).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let pair = |(key, value): (&String, &Value)| format!("{key}={}", readable(value));
            fields.iter().map(pair).collect()
        }
        other => other.to_string(),
    }
}

/// Text in quotes, as `%q` prints it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// As `%v` prints it: `map[a:1]`, `[x y]`, `text`.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let pair = |(key, value): (&String, &Value)| format!("{key}:{}", plain(value));
            let pairs: Vec<String> = fields.iter().map(pair).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

/// As `%#v` prints it: `map[string]interface {}{"a":1}`.
pub(super) fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(syntax).collect();
            format!("{}{{{}}}", type_of(value), items.join(", "))
        }
        Value::Object(fields) => {
            let pair =
                |(key, value): (&String, &Value)| format!("{}:{}", quoted(key), syntax(value));
            let pairs: Vec<String> = fields.iter().map(pair).collect();
            format!("{}{{{}}}", type_of(value), pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// As `%T` prints it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_in_go() {
        let value = json!({ "a": [1, "x\n", true, null], "b": { "c": 1.5 } });
        assert_eq!(plain(&value), "map[a:[1 x\n true <nil>] b:map[c:1.5]]");
        assert_eq!(
            syntax(&value),
            "map[string]interface {}{\"a\":[]interface {}{1, \"x\\n\", true, interface {}(nil)}, \
             \"b\":map[string]interface {}{\"c\":1.5}}"
        );
        assert_eq!(quoted("a\u{7}\u{80}é\"\\"), "\"a\\x07\\u0080é\\\"\\\\\"");
        assert_eq!(json(&json!("<&>")), "\"\\u003c\\u0026\\u003e\"");
    }
}
