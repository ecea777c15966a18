//! Who owns which fields of an object, as its `managedFields` say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::fields::FieldSet;
use super::text;

/// One of those who write an object. An applier is the same whatever version it applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    pub(super) name: String,
    pub(super) operation: Operation,
    /// Empty for an applier.
    pub(super) api_version: String,
    pub(super) subresource: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

/// What one of them owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) fields: FieldSet,
    pub(super) api_version: String,
    /// When it last changed anything; whole seconds.
    pub(super) time: Option<Timestamp>,
}

pub(super) type Managers = BTreeMap<Manager, Entry>;

impl Manager {
    /// The owner of the fields that were there before anybody kept account of them.
    pub(super) const BEFORE: &'static str = "before-first-apply";
    /// The owner of what many others wrote long ago.
    pub(super) const ANCIENT: &'static str = "ancient-changes";

    pub(super) fn applier(name: &str, subresource: &str) -> Self {
        Self {
            name: named(name),
            operation: Operation::Apply,
            api_version: String::new(),
            subresource: subresource.to_owned(),
        }
    }

    pub(super) fn updater(name: &str, api_version: &str, subresource: &str) -> Self {
        Self {
            name: named(name),
            operation: Operation::Update,
            api_version: api_version.to_owned(),
            subresource: subresource.to_owned(),
        }
    }
}

fn named(name: &str) -> String {
    match name {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

/// The `managedFields` of an object, null if there are none.
pub(super) fn of(object: &Value) -> &Value {
    &object["metadata"]["managedFields"]
}

/// The object without them.
pub(super) fn without(object: &Value) -> Value {
    let mut bare = object.clone();
    clear(&mut bare);
    bare
}

pub(super) fn clear(object: &mut Value) {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.remove("managedFields");
    }
}

/// Sets the `managedFields` of an object, or removes them if nobody owns anything.
pub(super) fn set(object: &mut Value, managers: &Managers) {
    clear(object);
    let Some(object) = object.as_object_mut().filter(|_| !managers.is_empty()) else {
        return;
    };
    let metadata = object.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = json!({});
    }
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("managedFields".to_owned(), encode(managers));
    }
}

/// Whether `managedFields` are there only to say that there should be none.
///
/// An empty list says so for built-in kinds alone: with custom resources the real server loses it.
pub(super) fn is_reset(entries: &Value, is_built_in: bool) -> bool {
    let is_blank = |it: &Value| it.is_null() || it.as_str() == Some("");
    match entries.as_array().map(Vec::as_slice) {
        Some([]) => is_built_in,
        Some([Value::Object(only)]) => only.values().all(is_blank),
        _ => false,
    }
}

/// Reads `managedFields`; null is nobody.
///
/// # Errors
/// When they are not as they should be.
pub(super) fn decode(entries: &Value) -> Result<Managers, String> {
    let entries = match entries {
        Value::Null => return Ok(Managers::new()),
        Value::Array(entries) => entries,
        _ => return Err("managed fields are a list".to_owned()),
    };
    let entry = |(index, it)| decode_entry(index, it);
    entries.iter().enumerate().map(entry).collect()
}

fn decode_entry(index: usize, entry: &Value) -> Result<(Manager, Entry), String> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err("operation must be `Apply` or `Update`".to_owned()),
    };
    check_form(index, text("apiVersion"), text("fieldsType"))?;
    let fields = match &entry["fieldsV1"] {
        Value::Null => FieldSet::default(),
        fields => FieldSet::parse(fields).map_err(|it| format!("error decoding set: {it}"))?,
    };
    let manager = Manager {
        name: text("manager").to_owned(),
        operation,
        api_version: match operation {
            Operation::Apply => String::new(),
            Operation::Update => text("apiVersion").to_owned(),
        },
        subresource: text("subresource").to_owned(),
    };
    let entry = Entry {
        fields,
        api_version: text("apiVersion").to_owned(),
        time: text("time").parse().ok().map(whole_seconds),
    };
    Ok((manager, entry))
}

fn check_form(index: usize, api_version: &str, fields_type: &str) -> Result<(), String> {
    match (api_version, fields_type) {
        ("", _) => Err("apiVersion must not be empty".to_owned()),
        (_, "FieldsV1") => Ok(()),
        (_, "") => Err(format!(
            "missing fieldsType in managed fields entry {index}"
        )),
        (_, other) => Err(format!(
            "invalid fieldsType {} in managed fields entry {index}",
            text::quoted(other)
        )),
    }
}

/// `managedFields` tell no parts of a second.
pub(super) fn whole_seconds(time: Timestamp) -> Timestamp {
    let second = time.as_microsecond().div_euclid(1_000_000);
    Timestamp::from_second(second).unwrap_or(time)
}

fn encode(managers: &Managers) -> Value {
    let mut all: Vec<_> = managers.iter().collect();
    all.sort_by_key(|(manager, entry)| {
        let rest = (&manager.name, &entry.api_version, &manager.subresource);
        (manager.operation, seconds(entry), rest)
    });
    let entry = |(manager, entry)| encode_entry(manager, entry);
    all.into_iter().map(entry).collect()
}

fn encode_entry(manager: &Manager, entry: &Entry) -> Value {
    let operation = match manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut all = Map::new();
    let mut set = |key: &str, text: String| {
        if !text.is_empty() {
            all.insert(key.to_owned(), Value::String(text));
        }
    };
    set("manager", manager.name.clone());
    set("operation", operation.to_owned());
    set("apiVersion", entry.api_version.clone());
    set(
        "time",
        entry.time.map(|it| it.to_string()).unwrap_or_default(),
    );
    set("fieldsType", "FieldsV1".to_owned());
    set("subresource", manager.subresource.clone());
    all.insert("fieldsV1".to_owned(), entry.fields.to_json());
    Value::Object(all)
}

pub(super) fn seconds(entry: &Entry) -> i64 {
    entry.time.map_or(0, Timestamp::as_second)
}
