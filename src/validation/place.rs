//! A place in an object together with its path, so that what is wrong there can name it.

use serde_json::Value;

use crate::validation::{Fault, FieldError};

static NOTHING: Value = Value::Null;

/// A place in an object. Places that the object does not have hold null.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) path: String,
    pub(crate) value: &'a Value,
}

impl<'a> Place<'a> {
    /// The object itself.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self::new("", value)
    }

    pub(crate) fn new(path: &str, value: &'a Value) -> Self {
        let path = path.to_owned();
        Self { path, value }
    }

    /// The field at a path below, such as `spec.template`.
    pub(crate) fn at(&self, below: &str) -> Self {
        let path = match self.path.as_str() {
            "" => below.to_owned(),
            path => format!("{path}.{below}"),
        };
        let step = |value: &'a Value, name| value.get(name).unwrap_or(&NOTHING);
        let value = below.split('.').fold(self.value, step);
        Self { path, value }
    }

    /// The value at a key of a map.
    pub(crate) fn key(&self, key: &str) -> Self {
        let path = format!("{}[{key}]", self.path);
        let value = self.value.get(key).unwrap_or(&NOTHING);
        Self { path, value }
    }

    /// The items of a list; none if this is no list.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let path = self.path.clone();
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(move |(index, value)| Self {
            path: format!("{path}[{index}]"),
            value,
        })
    }

    /// The keys of a map with their values; none if this is no map.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let path = self.path.clone();
        let entries = self.value.as_object().into_iter().flatten();
        entries.map(move |(key, value)| {
            let path = format!("{path}[{key}]");
            (key.as_str(), Self { path, value })
        })
    }

    pub(crate) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether this is a list or a map without anything in it, or nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The text; empty if this is none.
    pub(crate) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or("")
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        self.value.as_i64()
    }

    pub(crate) fn flag(&self) -> bool {
        self.value.as_bool().unwrap_or(false)
    }

    pub(crate) fn required(&self, detail: &str) -> FieldError {
        FieldError::new(&self.path, Fault::Required, detail)
    }

    pub(crate) fn forbidden(&self, detail: &str) -> FieldError {
        FieldError::new(&self.path, Fault::Forbidden, detail)
    }

    pub(crate) fn duplicate(&self) -> FieldError {
        FieldError::new(&self.path, Fault::Duplicate(self.value.clone()), "")
    }

    /// What is here is invalid.
    pub(crate) fn invalid(&self, detail: impl Into<String>) -> FieldError {
        self.refuse(self.value.clone(), detail)
    }

    /// `value` is invalid here, which is what the message shows.
    pub(crate) fn refuse(&self, value: impl Into<Value>, detail: impl Into<String>) -> FieldError {
        FieldError::new(&self.path, Fault::Invalid(value.into()), detail)
    }

    /// What is here, a struct or a list of them, is invalid. The message shows its fields in the
    /// order of their type.
    pub(crate) fn invalid_struct(&self, order: &[&str], detail: impl Into<String>) -> FieldError {
        let shown = in_order(self.value, order);
        FieldError::new(&self.path, Fault::InvalidStruct(shown), detail)
    }

    /// One error for each of the messages about the text that is here.
    pub(crate) fn invalid_text(&self, messages: Vec<String>) -> Vec<FieldError> {
        let error = |it| self.refuse(self.text(), it);
        messages.into_iter().map(error).collect()
    }

    /// The text that is here is not among `choices`.
    pub(crate) fn unsupported(&self, choices: &[&str]) -> FieldError {
        let choices = choices.iter().map(|&it| it.to_owned()).collect();
        let fault = Fault::NotSupported(self.text().into(), choices);
        FieldError::new(&self.path, fault, "")
    }

    /// That the number is not negative; a missing one is not.
    pub(crate) fn nonnegative(&self) -> Option<FieldError> {
        let is_negative = self.integer().is_some_and(|it| it < 0);
        is_negative.then(|| self.invalid("must be greater than or equal to 0"))
    }

    /// That this is what it was.
    pub(crate) fn unchanged(&self, old: &Place<'_>) -> Option<FieldError> {
        let is_same = self.value == old.value || self.is_empty() && old.is_empty();
        (!is_same).then(|| self.invalid("field is immutable"))
    }

    /// That text is there and among `choices`.
    pub(crate) fn choice(&self, choices: &[&str]) -> Option<FieldError> {
        match self.text() {
            "" => Some(self.required("")),
            text if choices.contains(&text) => None,
            _ => Some(self.unsupported(choices)),
        }
    }
}

/// As JSON, at every depth with the fields of `order` in that order before all others.
pub(crate) fn in_order(value: &Value, order: &[&str]) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|it| in_order(it, order)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let rank = |name: &String| {
                let position = order.iter().position(|it| it == name);
                position.unwrap_or(order.len())
            };
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| rank(name));
            let field = |(name, it)| {
                format!(
                    "{}:{}",
                    Value::from(String::as_str(name)),
                    in_order(it, order)
                )
            };
            let fields: Vec<String> = fields.into_iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_know_their_paths() {
        let object = json!({ "spec": { "ports": [{ "port": 1 }], "labels": { "a": "b" } } });
        let root = Place::root(&object);
        let port = root.at("spec.ports").items().next().unwrap();
        assert_eq!(port.at("port").path, "spec.ports[0].port");
        assert_eq!(port.at("port").integer(), Some(1));
        let labels = root.at("spec.labels");
        assert_eq!(labels.key("a").text(), "b");
        let entries: Vec<_> = labels.entries().map(|(_, it)| it.path).collect();
        assert_eq!(entries, ["spec.labels[a]"]);
    }

    #[test]
    fn structs_are_shown_in_their_order() {
        let value = json!([{ "a": [{ "b": "\"", "z": {} }], "b": 1, "z": null }, 2]);
        let shown = r#"[{"z":null,"b":1,"a":[{"z":{},"b":"\""}]},2]"#;
        assert_eq!(in_order(&value, &["z", "b"]), shown);
    }

    #[test]
    fn places_that_are_not_there_are_empty() {
        let object = json!({ "spec": 1 });
        let missing = Place::root(&object).at("spec.a.b");
        assert!(!missing.is_set() && missing.is_empty());
        assert_eq!(missing.items().count(), 0);
        assert_eq!(missing.text(), "");
    }
}
