//! A place in an object that is read: its value, and its path for messages.

use jiff::Timestamp;
use serde_json::Value;

use super::Malformed;

/// A value and where it is. `null` is as good as nothing.
#[derive(Clone)]
pub(super) struct Place<'a> {
    object: &'a str,
    path: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    pub(super) fn root(object: &'a str, value: &'a Value) -> Self {
        Self {
            object,
            path: String::new(),
            value,
        }
    }

    pub(super) fn at(&self, key: &str) -> Self {
        Self {
            object: self.object,
            path: format!("{}.{key}", self.path),
            value: self.value.get(key).unwrap_or(&Value::Null),
        }
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    /// The value, unless there is none.
    pub(super) fn present(&self) -> Option<Value> {
        Some(self.value.clone()).filter(|it| !it.is_null())
    }

    pub(super) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    pub(super) fn malformed(&self, why: impl Into<String>) -> Malformed {
        Malformed {
            name: self.object.to_owned(),
            field: self.path.clone(),
            why: why.into(),
        }
    }

    /// What `read` makes of the value; `None` where there is none.
    pub(super) fn optional<T>(
        &self,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        if !self.is_set() {
            return Ok(None);
        }
        let found = read(self.value);
        let why = || self.malformed(format!("{} is not {wanted}", shortened(self.value)));
        found.map(Some).ok_or_else(why)
    }

    pub(super) fn text(&self) -> Result<Option<&'a str>, Malformed> {
        self.optional("a string", Value::as_str)
    }

    /// A text, empty where there is none.
    pub(super) fn words(&self) -> Result<String, Malformed> {
        Ok(self.text()?.unwrap_or_default().to_owned())
    }

    pub(super) fn owned(&self) -> Result<Option<String>, Malformed> {
        Ok(self.text()?.map(str::to_owned))
    }

    pub(super) fn required_text(&self) -> Result<&'a str, Malformed> {
        let text = self.text()?.filter(|it| !it.is_empty());
        text.ok_or_else(|| self.missing())
    }

    pub(super) fn flag(&self) -> Result<bool, Malformed> {
        let flag = self.optional("true or false", Value::as_bool)?;
        Ok(flag.unwrap_or_default())
    }

    pub(super) fn number(&self) -> Result<Option<f64>, Malformed> {
        self.optional("a number", Value::as_f64)
    }

    pub(super) fn count(&self) -> Result<u32, Malformed> {
        let read = |it: &Value| it.as_u64().and_then(|it| u32::try_from(it).ok());
        Ok(self.optional("a count", read)?.unwrap_or_default())
    }

    pub(super) fn time(&self) -> Result<Option<Timestamp>, Malformed> {
        let read = |it: &Value| it.as_str().and_then(|it| it.parse().ok());
        self.optional("a time such as 2026-01-31T12:00:00Z", read)
    }

    pub(super) fn required_time(&self) -> Result<Timestamp, Malformed> {
        self.time()?.ok_or_else(|| self.missing())
    }

    /// The items of a list, none where there is none.
    pub(super) fn items(&self) -> Result<Vec<Self>, Malformed> {
        let items = self.optional("a list", Value::as_array)?;
        let place = |(index, value)| Self {
            object: self.object,
            path: format!("{}[{index}]", self.path),
            value,
        };
        Ok(items.into_iter().flatten().enumerate().map(place).collect())
    }

    /// The names of its fields, none where there is none.
    pub(super) fn keys(&self) -> Result<Vec<&'a str>, Malformed> {
        let fields = self.optional("an object", Value::as_object)?;
        Ok(fields
            .into_iter()
            .flat_map(|it| it.keys())
            .map(String::as_str)
            .collect())
    }

    pub(super) fn missing(&self) -> Malformed {
        self.malformed("is missing")
    }
}

/// The beginning of a value, for messages.
fn shortened(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
