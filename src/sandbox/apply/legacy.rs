//! What `kubectl apply` without `--server-side` left behind.
//!
//! It wrote what it applied into an annotation. Fields that still are as the annotation says are
//! kubectl's own, whoever `managedFields` say owns them.

use serde_json::{Map, Value};

use super::conflict::Conflicts;
use super::ownership::Write;
use super::validate::{self, Strictness};
use super::{collect, compare, text};

/// The manager for which alone this is done.
pub(super) const KUBECTL: &str = "kubectl";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// All annotations of an object together are at most this long.
const LONGEST: usize = 256 * 1024;

fn last_applied(object: &Value) -> Option<&str> {
    let text = object["metadata"]["annotations"][LAST_APPLIED].as_str();
    text.filter(|it| !it.is_empty())
}

/// The conflicts without those that were kubectl's own all along; as they are if there is no
/// telling.
pub(super) fn without_own(conflicts: Conflicts, live: &Value, write: &Write<'_, '_>) -> Conflicts {
    let Some(last) = last_applied(live).and_then(|it| serde_json::from_str::<Value>(it).ok())
    else {
        return conflicts;
    };
    let place = write.place();
    let is_sound = validate::problems(&last, place, Strictness::Configuration).is_empty();
    if last["apiVersion"] != live["apiVersion"] || !is_sound {
        return conflicts;
    }
    let changed = compare::compare(&last, live, place);
    let own = collect::fields(&last, place)
        .difference(&changed.touched())
        .difference(&changed.removed);
    let others = conflicts
        .into_iter()
        .filter(|(_, path)| !own.has_path(path));
    others.collect()
}

/// Writes what is now applied into the annotation, if the object has it.
pub(super) fn remember(object: &mut Value, config: &Value) {
    if last_applied(object).is_none() {
        return;
    }
    let mut config = config.clone();
    if let Some(own) = annotations(&mut config) {
        own.remove(LAST_APPLIED);
    }
    let Some(all) = annotations(object) else {
        return;
    };
    let text = format!("{}\n", text::json(&config));
    all.insert(LAST_APPLIED.to_owned(), Value::String(text));
    let length = |(key, value): (&String, &Value)| key.len() + value.as_str().map_or(0, str::len);
    if all.iter().map(length).sum::<usize>() > LONGEST {
        all.remove(LAST_APPLIED);
    }
}

fn annotations(object: &mut Value) -> Option<&mut Map<String, Value>> {
    let metadata = object.get_mut("metadata")?;
    metadata.get_mut("annotations")?.as_object_mut()
}
