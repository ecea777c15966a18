//! Names in checks that stand for values known only while they run.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Values by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<String, Value>);

impl Variables {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// `text` with every `${name}` replaced.
    ///
    /// # Errors
    /// When a name has no value.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        self.replaced(text, |value| value)
    }

    /// A request, in whose query values are percent-encoded.
    pub(super) fn request(&self, text: &str) -> Result<String, String> {
        let Some((path, query)) = text.split_once('?') else {
            return self.text(text);
        };
        let query = self.replaced(query, |value| encoded(&value))?;
        Ok(format!("{}?{query}", self.text(path)?))
    }

    /// A body or an expectation. A text that is nothing but a name becomes the value with its type.
    pub(super) fn value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match self.whole(text) {
                Some(value) => value.clone(),
                None => Value::String(self.text(text)?),
            },
            Value::Array(items) => {
                let items: Result<_, _> = items.iter().map(|it| self.value(it)).collect();
                Value::Array(items?)
            }
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    Ok::<_, String>((self.text(name)?, self.value(value)?))
                };
                let fields: Result<_, _> = fields.iter().map(field).collect();
                Value::Object(fields?)
            }
            plain => plain.clone(),
        })
    }

    fn whole(&self, text: &str) -> Option<&Value> {
        let name = text.strip_prefix("${")?.strip_suffix('}')?;
        self.0.get(name)
    }

    fn replaced(&self, text: &str, form: fn(String) -> String) -> Result<String, String> {
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or(format!("`{text}` has no end"))?;
            let value = self.0.get(name).ok_or(format!("`{name}` is not known"))?;
            // A variable of a suite may itself name the namespace.
            let value = match value {
                Value::String(text) => self.text(text)?,
                other => other.to_string(),
            };
            whole += &form(value);
            whole += rest;
        }
        Ok(whole)
    }
}

/// A body that starts from a base: the merge patch of it.
pub(super) fn with_base(body: &Value, bases: &Map<String, Value>) -> Value {
    let Some(name) = body.get("$with").and_then(Value::as_str) else {
        return body.clone();
    };
    let base = bases.get(name);
    let mut whole = base.unwrap_or_else(|| panic!("no base `{name}`")).clone();
    let mut patch = body.clone();
    if let Some(fields) = patch.as_object_mut() {
        fields.remove("$with");
    }
    merge(&mut whole, &patch);
    whole
}

fn merge(into: &mut Value, patch: &Value) {
    let (Value::Object(fields), Value::Object(changes)) = (&mut *into, patch) else {
        *into = patch.clone();
        return;
    };
    for (name, change) in changes {
        match change {
            Value::Null => {
                fields.remove(name);
            }
            change => merge(fields.entry(name).or_insert(Value::Null), change),
        }
    }
}

/// Percent-encoded, except for what is safe anywhere in a URL.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let mut all = Variables::default();
        all.set("ns", json!("one"));
        all.set("pods", json!("/namespaces/${ns}/pods"));
        all.set("count", json!(3));
        all.set("token", json!("a/b="));
        all
    }

    #[test]
    fn names_become_values() {
        let all = variables();
        assert_eq!(
            all.text("GET ${pods}/x").unwrap(),
            "GET /namespaces/one/pods/x"
        );
        assert_eq!(
            all.request("${pods}?c=${token}").unwrap(),
            "/namespaces/one/pods?c=a%2Fb%3D"
        );
        let body = json!({ "${ns}": ["${count}", "n${count}"] });
        assert_eq!(all.value(&body).unwrap(), json!({ "one": [3, "n3"] }));
        assert_eq!(all.text("${other}").unwrap_err(), "`other` is not known");
    }

    #[test]
    fn a_base_is_patched() {
        let bases = json!({ "hpa": { "spec": { "min": 1, "max": 2 } } });
        let body = json!({ "$with": "hpa", "spec": { "min": null, "max": 3, "x": { "y": 1 } } });
        assert_eq!(
            with_base(&body, bases.as_object().unwrap()),
            json!({ "spec": { "max": 3, "x": { "y": 1 } } })
        );
    }
}
