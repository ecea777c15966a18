//! Kubernetes Events on the target: what `kubectl describe` shows.

mod series;

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Conductor;
use super::target::Target;
use crate::audit::event::new_id;
use crate::cluster::write::{Change, Kind, Place, WriteError, Writing};
use crate::lifecycle::record::Record;
use crate::lifecycle::{MANAGER, WATCH_MANAGER};
use series::{Key, Made, Series};

const EVENTS: Kind = Kind {
    group: "",
    version: "v1",
    plural: "events",
    kind: "Event",
    namespaced: true,
};

/// The longest that the API takes as `reportingInstance`.
const LONGEST_INSTANCE: usize = 128;

/// In whose name targets, records and Events are written.
#[derive(Debug)]
pub struct Reporter {
    manager: &'static str,
    instance: String,
    made: Mutex<Series>,
}

impl Reporter {
    /// Somebody at a command line of `host`.
    pub fn person(host: &str) -> Self {
        Self::new(MANAGER, host)
    }

    /// A `watch`; `instance` tells it from others.
    pub fn watch(instance: &str) -> Self {
        Self::new(WATCH_MANAGER, instance)
    }

    fn new(manager: &'static str, instance: &str) -> Self {
        Self {
            manager,
            instance: instance.chars().take(LONGEST_INSTANCE).collect(),
            made: Mutex::default(),
        }
    }

    /// Whose fields written ones are, and which component Events are of.
    pub fn manager(&self) -> &'static str {
        self.manager
    }

    /// Which process of the component it is.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    pub(super) fn writing(&self) -> Writing<'static> {
        Writing {
            manager: self.manager,
            force: false,
            dry_run: false,
        }
    }

    fn same(&self, key: &Key) -> Option<Made> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.same(key)
    }

    fn told(&self, key: Key, event: Made) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.told(key, event);
    }
}

/// What an Event says.
pub(super) struct Told<'a> {
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) is_warning: bool,
    pub(super) now: Timestamp,
}

impl Told<'_> {
    fn key(&self, target: &Place<'_>, uid: Option<&str>) -> Key {
        Key {
            namespace: target.namespace.to_owned(),
            about: [target.kind.kind, target.name, uid.unwrap_or_default()].map(str::to_owned),
            reason: self.reason.to_owned(),
            message: self.message.to_owned(),
            is_warning: self.is_warning,
        }
    }
}

impl Conductor<'_> {
    /// Tells it, if that is allowed: nothing hangs on it, so that a failure is only logged, and one of
    /// rights where a log is read: few people may create Events, and they need none. What this process
    /// has told before is counted, as long as the Event of then is kept.
    pub(super) async fn announce(&self, record: &Record, told: &Told<'_>) {
        let uid = record.proposal.uid.as_deref();
        self.announce_on(&Target::of(record).place(), uid, told)
            .await;
    }

    /// The same of an object that there may be no recommendation for.
    pub(super) async fn announce_on(&self, place: &Place<'_>, uid: Option<&str>, told: &Told<'_>) {
        let key = told.key(place, uid);
        let again = match self.reporter.same(&key) {
            Some(made) => self.told_again(place, made, told.now).await,
            None => None,
        };
        let made = match again {
            Some(made) => Ok(Some(made)),
            None => self.told_anew(place, uid, told).await,
        };
        match made {
            Ok(Some(made)) => self.reporter.told(key, made),
            Ok(None) => {}
            Err(error) => {
                let (reason, title) = (told.reason, super::audited::reference(place));
                match error.code() {
                    Some(403) => tracing::info!(%error, "no Event {reason} for {title}"),
                    Some(_) | None => tracing::debug!(%error, "no Event {reason} for {title}"),
                }
            }
        }
    }

    /// `None` where it is gone, or may not be changed.
    async fn told_again(&self, target: &Place<'_>, made: Made, now: Timestamp) -> Option<Made> {
        let count = made.count.saturating_add(1);
        let patch = json!({ "count": count, "lastTimestamp": now });
        let at = place(target, &made.name);
        let change = Change::MergePatch(&patch);
        let writing = self.reporter.writing();
        self.cluster.write(&at, &change, &writing).await.ok()?;
        Some(Made {
            count,
            last: now,
            ..made
        })
    }

    /// `None` where it cannot be named.
    async fn told_anew(
        &self,
        target: &Place<'_>,
        uid: Option<&str>,
        told: &Told<'_>,
    ) -> Result<Option<Made>, WriteError> {
        let Ok(id) = new_id() else { return Ok(None) };
        let name = named(target.name, &id);
        let event = event(self.reporter, target, uid, told, &name);
        let (at, change) = (place(target, &name), Change::Create(&event));
        self.cluster
            .write(&at, &change, &self.reporter.writing())
            .await?;
        Ok(Some(Made {
            name,
            count: 1,
            last: told.now,
        }))
    }
}

fn place<'a>(target: &Place<'a>, name: &'a str) -> Place<'a> {
    Place {
        kind: EVENTS,
        namespace: target.namespace,
        name,
    }
}

fn event(
    reporter: &Reporter,
    target: &Place<'_>,
    uid: Option<&str>,
    told: &Told<'_>,
    name: &str,
) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": name, "namespace": target.namespace },
        "involvedObject": { "apiVersion": target.kind.api_version(), "kind": target.kind.kind,
            "namespace": target.namespace, "name": target.name, "uid": uid },
        "reason": told.reason,
        "message": told.message,
        "type": if told.is_warning { "Warning" } else { "Normal" },
        "source": { "component": reporter.manager },
        "reportingComponent": reporter.manager,
        "reportingInstance": reporter.instance,
        "firstTimestamp": told.now,
        "lastTimestamp": told.now,
        "count": 1,
    })
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

    #[test]
    fn a_watch_is_another_than_a_person() {
        let person = Reporter::person("laptop");
        assert_eq!(
            (person.manager(), person.instance()),
            ("kubectl-stepscale", "laptop")
        );
        let watch = Reporter::watch(&"ä".repeat(200));
        assert_eq!(watch.manager(), "stepscale-watch");
        assert_eq!(watch.instance().chars().count(), LONGEST_INSTANCE);
    }
}
