//! Whether the names of a definition are free, and what it is called then.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::rules::place::Place;

/// The version in which objects are kept.
pub(super) fn storage_version(crd: &Value) -> Option<&str> {
    let mut versions = crd["spec"]["versions"].as_array()?.iter();
    versions.find(|it| it["storage"] == true)?["name"].as_str()
}

/// The status of a definition among all the others, itself left out or not.
///
/// Names that another definition of the group has already are not taken over; it is established
/// once all names are.
pub(crate) fn status<'a>(
    crd: &Value,
    others: impl Iterator<Item = &'a Value>,
    now: Timestamp,
) -> Value {
    let taken = Taken::of(crd, others);
    let (wanted, held) = (&crd["spec"]["names"], &crd["status"]["acceptedNames"]);
    let mut accepted = held.as_object().cloned().unwrap_or_default();
    let mut conflict = None;
    for (name, reason) in NAMES {
        let used = match name {
            "kind" | "listKind" => &taken.kinds,
            _ => &taken.resources,
        };
        match free(&wanted[name], &held[name], used) {
            Ok(()) if wanted[name].is_null() => {
                accepted.remove(name);
            }
            Ok(()) => {
                accepted.insert(name.to_owned(), wanted[name].clone());
            }
            Err(message) => conflict = Some((reason, message)),
        }
    }
    match &wanted["categories"] {
        Value::Null => accepted.remove("categories"),
        categories => accepted.insert("categories".to_owned(), categories.clone()),
    };
    let held = &crd["status"]["conditions"];
    let mut conditions = conditions(held, conflict, now);
    let others = held.as_array().into_iter().flatten();
    let others = others.filter(|it| it["type"] != "NamesAccepted" && it["type"] != "Established");
    conditions.extend(others.cloned());
    json!({ "acceptedNames": accepted, "conditions": conditions,
        "storedVersions": stored_versions(crd) })
}

/// In the order in which they are looked at: of several conflicts the last one is told.
const NAMES: [(&str, &str); 5] = [
    ("plural", "PluralConflict"),
    ("singular", "SingularConflict"),
    ("shortNames", "ShortNamesConflict"),
    ("kind", "KindConflict"),
    ("listKind", "ListKindConflict"),
];

/// The names that are in use within the group.
struct Taken<'a> {
    resources: BTreeSet<&'a str>,
    kinds: BTreeSet<&'a str>,
}

impl<'a> Taken<'a> {
    fn of(crd: &Value, others: impl Iterator<Item = &'a Value>) -> Self {
        let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        let is_other = |it: &&Value| {
            it["spec"]["group"] == crd["spec"]["group"]
                && it["metadata"]["name"] != crd["metadata"]["name"]
        };
        for other in others.filter(is_other) {
            let names = Place::root(other).at("status.acceptedNames");
            resources.extend([names.at("plural").text(), names.at("singular").text()]);
            resources.extend(names.at("shortNames").items().map(|it| it.text()));
            kinds.extend([names.at("kind").text(), names.at("listKind").text()]);
        }
        resources.remove("");
        kinds.remove("");
        Self { resources, kinds }
    }
}

/// That a name, or every name of a list, is held already or not in use.
fn free(wanted: &Value, held: &Value, used: &BTreeSet<&str>) -> Result<(), String> {
    let texts = |value: &'_ Value| -> Vec<String> {
        let list = match value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        let texts = list.into_iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let held = texts(held);
    let is_taken = |it: &String| !held.contains(it) && used.contains(it.as_str());
    let taken: Vec<String> = texts(wanted).into_iter().filter(is_taken).collect();
    let told: Vec<String> = taken
        .iter()
        .map(|it| format!("{it:?} is already in use"))
        .collect();
    match told.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        all => Err(format!("[{}]", all.join(", "))),
    }
}

fn conditions(
    held: &Value,
    conflict: Option<(&'static str, String)>,
    now: Timestamp,
) -> Vec<Value> {
    let is_free = conflict.is_none();
    let (reason, message) =
        conflict.unwrap_or_else(|| ("NoConflicts", "no conflicts found".to_owned()));
    let named = condition(held, "NamesAccepted", is_free, (reason, &message), now);
    let before = find(held, "Established");
    // What was established once stays so.
    if let Some(before) = before.filter(|it| it["status"] == "True") {
        return vec![named, before.clone()];
    }
    let why = match is_free {
        true => (
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        false => ("NotAccepted", "not all names are accepted"),
    };
    vec![named, condition(held, "Established", is_free, why, now)]
}

fn find<'a>(conditions: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut all = conditions.as_array()?.iter();
    all.find(|it| it["type"] == kind)
}

fn condition(
    held: &Value,
    kind: &str,
    is_true: bool,
    (reason, message): (&str, &str),
    now: Timestamp,
) -> Value {
    let status = if is_true { "True" } else { "False" };
    let before = find(held, kind).filter(|it| it["status"] == status);
    let since = before.map(|it| it["lastTransitionTime"].clone());
    let now = || json!(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({ "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since.unwrap_or_else(now) })
}

fn stored_versions(crd: &Value) -> Vec<Value> {
    let held = crd["status"]["storedVersions"].as_array();
    let mut all = held.cloned().unwrap_or_default();
    if let Some(stored) = storage_version(crd).map(Value::from)
        && !all.contains(&stored)
    {
        all.push(stored);
    }
    all
}
