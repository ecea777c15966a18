//! Which objects a list or a watch is about.

use serde_json::Value;

use crate::sandbox::query::Query;
use crate::sandbox::registry::Served;
use crate::sandbox::selectors::{FieldSelector, LabelSelector};
use crate::sandbox::status::Refusal;

/// The selectors of a request; what it does not select by is `None`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
}

impl Selection {
    /// # Errors
    /// When a selector cannot be read, or names a field by which nobody selects.
    pub(super) fn of(query: &Query, served: &Served) -> Result<Self, Refusal> {
        let text = |name: &str| Some(query.text(name).to_owned()).filter(|it| !it.is_empty());
        let labels = text("labelSelector").map(|it| LabelSelector::parse(&it));
        let fields = text("fieldSelector").map(|it| FieldSelector::parse(&it, &served.kind));
        Ok(Self {
            labels: labels.transpose()?,
            fields: fields.transpose()?,
        })
    }

    pub(super) fn is_everything(&self) -> bool {
        self.labels.is_none() && self.fields.is_none()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let has_labels = |it: &LabelSelector| it.matches(&object["metadata"]["labels"]);
        let has_fields = |it: &FieldSelector| it.matches(object);
        self.labels.as_ref().is_none_or(has_labels) && self.fields.as_ref().is_none_or(has_fields)
    }
}
