//! Kubernetes Events on the target: what `kubectl describe` shows.

use jiff::Timestamp;
use serde_json::json;

use super::Conductor;
use super::target::Target;
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
        let name = format!("{}.{}", place.name, &super::new_id()[..16]);
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
