//! Which objects a list or a watch is about.

use serde_json::Value;

use super::query::Query;
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;

/// The selectors of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selection {
    fields: Vec<(String, bool, String)>,
}

impl Selection {
    pub(super) fn of(query: &Query, served: &Served) -> Result<Self, Refusal> {
        let mut fields = vec![];
        for term in query.text("fieldSelector").split(',') {
            let (name, is_equal, value) = match (term.split_once("!="), term.split_once('=')) {
                (Some((name, value)), _) => (name, false, value),
                (None, Some((name, value))) => (name, true, value.trim_start_matches('=')),
                (None, None) => continue,
            };
            let kind = &served.kind;
            let is_known = matches!(name, "metadata.name" | "metadata.namespace")
                || kind.selectable.iter().any(|it| it == name);
            if !is_known {
                let message = format!("field label not supported: {name}");
                return Err(Refusal::bad_request(message));
            }
            fields.push((name.to_owned(), is_equal, value.to_owned()));
        }
        Ok(Self { fields })
    }

    pub(super) fn is_everything(&self) -> bool {
        self.fields.is_empty()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.fields.iter().all(|(name, is_equal, value)| {
            let found = name.split('.').try_fold(object, |it, name| it.get(name));
            (found.and_then(Value::as_str).unwrap_or("") == value) == *is_equal
        })
    }
}
