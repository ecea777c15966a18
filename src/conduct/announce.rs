//! Kubernetes Events on the target: what `kubectl describe` shows.

use jiff::Timestamp;
use serde_json::json;

use super::Conductor;
use super::target::Target;
use crate::audit::event::new_id;
use crate::cluster::write::{Change, Kind, Place, Writing};
use crate::lifecycle::MANAGER;
use crate::lifecycle::record::Record;

const EVENTS: Kind = Kind {
    group: "",
    version: "v1",
    plural: "events",
    kind: "Event",
    namespaced: true,
};

/// What an Event says.
pub(super) struct Told<'a> {
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) is_warning: bool,
    pub(super) now: Timestamp,
}

impl Conductor<'_> {
    /// Tells it, if that is allowed: nothing hangs on it, so that a refusal is only logged.
    pub(super) async fn announce(&self, record: &Record, told: &Told<'_>) {
        let target = Target::of(record);
        let place = target.place();
        let Ok(id) = new_id() else { return };
        let name = named(place.name, &id);
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": place.namespace },
            "involvedObject": { "apiVersion": place.kind.api_version(), "kind": place.kind.kind,
                "namespace": place.namespace, "name": place.name, "uid": record.proposal.uid },
            "reason": told.reason,
            "message": told.message,
            "type": if told.is_warning { "Warning" } else { "Normal" },
            "source": { "component": MANAGER },
            "reportingComponent": MANAGER,
            "firstTimestamp": told.now,
            "lastTimestamp": told.now,
            "count": 1,
        });
        let at = Place {
            kind: EVENTS,
            namespace: place.namespace,
            name: &name,
        };
        let writing = Writing {
            manager: MANAGER,
            force: false,
            dry_run: false,
        };
        if let Err(error) = self
            .cluster
            .write(&at, &Change::Create(&event), &writing)
            .await
        {
            tracing::debug!(%error, "no Event {} for {}", told.reason, target.title());
        }
    }
}

/// The name of an Event, which may not be longer than any other.
fn named(target: &str, id: &str) -> String {
    let stem = target.get(..200).unwrap_or(target);
    format!("{}.{}", stem.trim_end_matches(['-', '.']), &id[..18])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_are_names() {
        let id = "ffffffff-ffff-4fff-bfff-ffffffffffff";
        assert_eq!(named("web", id), "web.ffffffff-ffff-4fff");
        let long = format!("{}-{}", "a".repeat(199), "b".repeat(53));
        let expected = format!("{}.ffffffff-ffff-4fff", "a".repeat(199));
        assert_eq!(named(&long, id), expected);
    }
}
