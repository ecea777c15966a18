//! Server-side apply: who owns which field, and what becomes of an object.

mod collect;
mod compare;
mod element;
mod fields;
mod items;
mod merge;
mod named;
mod place;
mod remove;
mod text;
mod validate;
mod zero;

use jiff::Timestamp;
use serde_json::Value;

use super::schema::Schema;
use super::status::Refusal;

/// Who writes, as `managedFields` records it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    pub(crate) manager: &'a str,
    /// Of the object as it is written: `autoscaling/v2`.
    pub(crate) api_version: &'a str,
    /// `status`, `scale` or empty.
    pub(crate) subresource: &'a str,
    pub(crate) now: Timestamp,
}

/// What is known of the kind that is written.
#[derive(Clone, Copy)]
pub(crate) struct Typed<'a> {
    /// Of the version that is written.
    pub(crate) schema: Schema<'a>,
    /// Paths that this endpoint does not write, such as `["status"]`; nobody gets to own them here.
    pub(crate) reset: &'a [&'a [&'a str]],
    /// Turns an object into another `apiVersion`; `None` where that does not exist.
    pub(crate) convert: &'a Convert<'a>,
}

/// An object in another `apiVersion`, with that version's schema.
pub(crate) type Convert<'a> = dyn Fn(&Value, &str) -> Option<(Value, Schema<'a>)> + 'a;

/// Why an apply is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NotApplied {
    /// Fields that others own, with their owners.
    Conflicts(Vec<Conflict>),
    /// The configuration cannot be applied, whoever owns what.
    Refused(Refusal),
}

/// A field that somebody else owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// As messages say it: `"kubectl" using autoscaling/v2`.
    pub(crate) owner: String,
    /// `.spec.maxReplicas`.
    pub(crate) field: String,
}

/// The object after `config` was applied to `live`, with its `managedFields`.
///
/// # Errors
/// When others own what it changes and `force` is not set, or it cannot be applied.
pub(crate) fn apply(
    _live: Option<&Value>,
    config: &Value,
    _typed: Typed<'_>,
    _author: Author<'_>,
    _force: bool,
) -> Result<Value, NotApplied> {
    Ok(config.clone())
}

/// Sets the `managedFields` of `new`, which `author` made of `live` by anything but an apply.
pub(crate) fn track(
    _live: Option<&Value>,
    _new: &mut Value,
    _typed: Typed<'_>,
    _author: Author<'_>,
) {
}
