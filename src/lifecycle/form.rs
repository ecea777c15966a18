//! Records as ScalingRecommendation objects (`stepscale.io/v1alpha1`), those of the original product
//! included.

mod conditions;
mod definition;
mod fields;
mod read;
mod write;

use serde_json::Value;

use super::record::Record;

pub const GROUP: &str = "stepscale.io";
pub const VERSION: &str = "v1alpha1";
pub const KIND: &str = "ScalingRecommendation";
pub const PLURAL: &str = "scalingrecommendations";

/// Holds [`Record::fingerprint`] of what an analysis wrote, so that edits can be told. With the spec and
/// not in the status, since both must be written at once.
pub const ANNOTATION: &str = "stepscale.io/proposal";

/// Why an object is no recommendation that we can handle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {field}: {why}")]
pub struct Malformed {
    /// `rec/web in namespace shop`.
    pub name: String,
    /// `.spec.configDiff.min_replicas`.
    pub field: String,
    pub why: String,
}

/// The record that an object is.
///
/// # Errors
/// Where what it says cannot be relied on. Fields that nobody knows are ignored.
pub fn from_object(object: &Value) -> Result<Record, Malformed> {
    read::record(object)
}

/// The object of a record. What `before`, the object as it was read, has beside is kept.
///
/// Where spec and status are written apart, the spec goes first: a crash between them then leaves a
/// recommendation that nobody has approved, and the next analysis proposes anew.
pub fn to_object(record: &Record, before: Option<&Value>) -> Value {
    write::object(record, before)
}

/// The CustomResourceDefinition of these objects, with descriptions, validation and columns.
pub fn definition() -> Value {
    definition::definition()
}

#[cfg(test)]
mod tests;
