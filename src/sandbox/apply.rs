//! Server-side apply: who owns which field, and what becomes of an object.
//!
//! The rules are those of Kubernetes (`structured-merge-diff`,
//! `apimachinery/pkg/util/managedfields`). Start reading at `ownership`, which says how fields change hands. Objects come here as they are
//! stored, defaults filled in; to fill in those of what an apply made is up to the caller.

mod cap;
mod collect;
mod compare;
mod conflict;
mod element;
mod fields;
mod items;
mod legacy;
mod managers;
mod merge;
mod named;
mod ownership;
mod place;
mod remove;
mod text;
mod times;
mod validate;
mod zero;

use jiff::Timestamp;
use serde_json::Value;

use self::conflict::Conflicts;
use self::managers::Managers;
use self::ownership::{Made, Write};
use self::validate::Strictness;
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

impl NotApplied {
    /// The answer to the request.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Conflicts(conflicts) => conflict::refusal(&conflicts),
            Self::Refused(refusal) => refusal,
        }
    }
}

/// The object after `config` was applied to `live`, with its `managedFields`.
///
/// Nulls of `config` are still in it, and defaults of what it adds are not: the caller treats it as
/// it treats a body, and then calls [`keep_times`]. Nothing is returned in place of an object that
/// is to be created; the caller names it and fills in what the server owns.
///
/// # Errors
/// When others own what it changes and `force` is not set, or it cannot be applied.
pub(crate) fn apply(
    live: Option<&Value>,
    config: &Value,
    typed: Typed<'_>,
    author: Author<'_>,
    force: bool,
) -> Result<Value, NotApplied> {
    let write = Write::new(typed, author);
    check(live, config, &write, author)?;
    let blank = write.blank(config);
    let stored = live.map(|it| write.as_written(it));
    let stored = stored.as_deref().unwrap_or(&blank);
    let managers = managers::decode(managers::of(stored));
    let managers =
        managers.map_err(|it| broken(format!("failed to decode managed fields: {it}")))?;
    check_stored(stored, &write)?;
    let bare = managers::without(stored);
    let managers = match managers.is_empty() {
        true => claim(&bare, &blank, typed, author),
        false => managers,
    };
    let (mut new, managers) = merged(&bare, config, managers, &write, author, force)?;
    if author.manager == legacy::KUBECTL {
        legacy::remember(&mut new, config);
    }
    managers::set(&mut new, &managers);
    keep_times(stored, &mut new);
    Ok(new)
}

fn merged(
    live: &Value,
    config: &Value,
    managers: Managers,
    write: &Write<'_, '_>,
    author: Author<'_>,
    force: bool,
) -> Result<Made, NotApplied> {
    let conflicts: Conflicts = match write.applied(live, config, managers.clone(), force) {
        Ok(made) => return Ok(made),
        Err(conflicts) if author.manager == legacy::KUBECTL => {
            legacy::without_own(conflicts, live, write)
        }
        Err(conflicts) => conflicts,
    };
    if !conflicts.is_empty() {
        return Err(conflict::told(conflicts));
    }
    let forced = write.applied(live, config, managers, true);
    forced.map_err(conflict::told)
}

/// Who owns an object of which nobody has kept account: one that stands for all who wrote it.
fn claim(bare: &Value, blank: &Value, typed: Typed<'_>, author: Author<'_>) -> Managers {
    let author = Author {
        manager: managers::Manager::BEFORE,
        ..author
    };
    Write::new(typed, author).updated(blank, bare, Managers::new())
}

fn check(
    live: Option<&Value>,
    config: &Value,
    write: &Write<'_, '_>,
    author: Author<'_>,
) -> Result<(), NotApplied> {
    let is_kind = live.is_none_or(|it| it["kind"] == config["kind"]) && write.is_of_kind(config);
    if config["apiVersion"] != author.api_version || !is_kind {
        let message = format!("invalid object type: {}", group_version_kind(config));
        return Err(NotApplied::Refused(Refusal::bad_request(message)));
    }
    if !managers::of(config).is_null() {
        let message = "metadata.managedFields must be nil";
        return Err(NotApplied::Refused(Refusal::bad_request(message)));
    }
    let problems = validate::problems(config, write.place(), Strictness::Configuration);
    refuse(config, "patch", &problems)
}

/// What is stored may be from before the schema was so.
fn check_stored(live: &Value, write: &Write<'_, '_>) -> Result<(), NotApplied> {
    let problems = validate::problems(live, write.place(), Strictness::Stored);
    refuse(live, "live", &problems)
}

fn refuse(object: &Value, which: &str, problems: &[validate::Problem]) -> Result<(), NotApplied> {
    if problems.is_empty() {
        return Ok(());
    }
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let kind = group_version_kind(object);
    let why = validate::message(problems);
    Err(broken(format!(
        "failed to create typed {which} object ({namespace}/{name}; {kind}): {why}"
    )))
}

fn broken(message: String) -> NotApplied {
    NotApplied::Refused(Refusal::plain(500, "", message))
}

/// `apps/v1, Kind=Deployment`; `/v1, Kind=Pod` in the group without a name.
fn group_version_kind(object: &Value) -> String {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let slash = match text("apiVersion").contains('/') {
        true => "",
        false => "/",
    };
    format!("{slash}{}, Kind={}", text("apiVersion"), text("kind"))
}

/// Sets the `managedFields` of `new`, which `author` made of `live` by anything but an apply.
///
/// For a change of the scale, `new` is the whole object and the author's version is its own.
pub(crate) fn track(live: Option<&Value>, new: &mut Value, typed: Typed<'_>, author: Author<'_>) {
    let write = Write::new(typed, author);
    let managers = sent_or_stored(live, new, typed, author);
    managers::clear(new);
    // What nobody has kept account of is not accounted for from the middle.
    if managers.is_empty() && live.is_some() {
        return;
    }
    let blank = write.blank(new);
    let stored = live.map(|it| write.as_written(it));
    let stored = stored.as_deref().unwrap_or(&blank);
    let bare = managers::without(stored);
    let is_sound = |it| validate::problems(it, write.place(), Strictness::Stored).is_empty();
    if !is_sound(&bare) || !is_sound(new) {
        return;
    }
    managers::set(new, &write.updated(&bare, new, managers));
    keep_times(stored, new);
}

/// The owners that a request names itself, which is how they are edited; else those of the object.
fn sent_or_stored(
    live: Option<&Value>,
    new: &Value,
    typed: Typed<'_>,
    author: Author<'_>,
) -> Managers {
    let stored = || live.and_then(|it| managers::decode(managers::of(it)).ok());
    if !author.subresource.is_empty() {
        return stored().unwrap_or_default();
    }
    let sent = managers::of(new);
    if managers::is_reset(sent, zero::has_zeros(typed.schema)) {
        return Managers::new();
    }
    let sent = managers::decode(sent).ok().filter(|it| !it.is_empty());
    sent.or_else(stored).unwrap_or_default()
}

/// Sets the times in the `managedFields` of `new` back where nothing else has changed since
/// `live`: a write that changes nothing is none.
///
/// [`apply`] and [`track`] do so themselves; it is called once more after defaults are filled in.
pub(crate) fn keep_times(live: &Value, new: &mut Value) {
    times::keep_times(live, new);
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
