//! Watches: what happens to objects, told as it happens.
//!
//! A watch reads the store's log at its own pace, so one that nobody reads costs nothing and delays
//! nobody. When the log has moved past it, it says so and ends, as a real one does.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Sleep, sleep};

use super::exchange::{Body, Response};
use super::list::check_watch;
use super::negotiate::Shape;
use super::present;
use super::selection::Selection;
use super::{Api, Call};
use crate::sandbox::query::Query;
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;
use crate::sandbox::store::{Event, TooOld, set_version};
use crate::sandbox::table::table;

/// How often a watch that wants them gets a bookmark.
const BOOKMARKS: Duration = Duration::from_secs(60);

/// How long a watch lasts that does not say so. The API server draws between half an hour and an hour.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// The annotation of the bookmark that ends the initial events.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// What a watch is asked to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WatchOptions {
    /// The last version that is known already; `None` to begin with what there is.
    after: Option<u64>,
    has_bookmarks: bool,
    /// Ends the initial events with a bookmark.
    marks_initial: bool,
    timeout: Duration,
}

/// A watch that goes on.
struct Watch {
    api: Api,
    teller: Teller,
    resource: String,
    position: u64,
    changes: tokio::sync::watch::Receiver<u64>,
    end: Pin<Box<Sleep>>,
    bookmark: Option<Pin<Box<Sleep>>>,
    pending: VecDeque<Bytes>,
    is_over: bool,
}

/// Puts events into words.
struct Teller {
    served: Served,
    namespace: String,
    /// Only the object of this name; all if empty.
    name: String,
    selection: Selection,
    shape: Shape,
    /// The columns of a table are told once.
    has_told_columns: bool,
}

impl WatchOptions {
    fn of(query: &Query) -> Result<Self, Refusal> {
        check_watch(query)?;
        let seconds = query.integer("timeoutSeconds")?;
        let seconds = seconds.and_then(|it| u64::try_from(it).ok());
        let initial = query.optional_flag("sendInitialEvents");
        let known = match query.text("resourceVersion") {
            "" | "0" => None,
            text => Some(text.parse().map_err(|_| no_version(text))?),
        };
        let has_bookmarks = query.flag("allowWatchBookmarks");
        Ok(Self {
            after: match initial {
                Some(true) => None,
                Some(false) => Some(known.unwrap_or(u64::MAX)),
                None => known,
            },
            has_bookmarks,
            marks_initial: initial == Some(true) && has_bookmarks,
            timeout: seconds
                .filter(|it| *it > 0)
                .map_or(LONGEST, Duration::from_secs),
        })
    }
}

fn no_version(text: &str) -> Refusal {
    let message = format!(
        "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid \
         syntax"
    );
    Refusal::plain(500, "", message)
}

impl Api {
    /// # Errors
    /// When the options are not valid.
    pub(super) fn watch(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let options = WatchOptions::of(&call.query)?;
        let selection = Selection::of(&call.query, &call.served)?;
        let teller = Teller {
            served: call.served.clone(),
            namespace: call.namespace().to_owned(),
            name: call.asked.name.clone(),
            selection,
            shape: call.form.shape,
            has_told_columns: false,
        };
        let watch = Watch::begin(self, options, teller);
        let lines = stream::unfold(watch, |mut watch| async move {
            let line = watch.next().await?;
            Some((line, watch))
        });
        Ok(Response::of(
            200,
            "application/json",
            Body::Stream(lines.boxed()),
        ))
    }
}

impl Watch {
    fn begin(api: &Api, options: WatchOptions, teller: Teller) -> Self {
        // Before anything is read, so that nothing is missed between reading and waiting.
        let mut changes = api.0.store.changes();
        changes.mark_unchanged();
        let bookmark = options.has_bookmarks.then(|| Box::pin(sleep(BOOKMARKS)));
        let mut watch = Self {
            api: api.clone(),
            resource: teller.served.resource(),
            teller,
            position: 0,
            changes,
            end: Box::pin(sleep(options.timeout)),
            bookmark,
            pending: VecDeque::new(),
            is_over: false,
        };
        match options.after {
            Some(u64::MAX) => watch.position = api.0.store.version(),
            Some(version) => watch.position = version,
            None => watch.tell_all(options.marks_initial),
        }
        watch
    }

    fn tell_all(&mut self, is_marked: bool) {
        let listed = self
            .api
            .0
            .store
            .list(&self.resource, &self.teller.namespace);
        self.position = listed.version;
        let now = self.api.0.clock.now();
        for object in &listed.objects {
            if self.teller.is_about(object) {
                let line = self.teller.line("ADDED", object, now);
                self.pending.push_back(line);
            }
        }
        if is_marked {
            self.pending
                .push_back(self.teller.bookmark(self.position, true));
        }
    }

    /// The next line; `None` when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.pending.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            self.read();
            if self.pending.is_empty() && !self.is_over {
                self.wait().await;
            }
        }
    }

    /// Puts what happened since into words.
    fn read(&mut self) {
        let now = self.api.0.clock.now();
        match self.api.0.store.since(&self.resource, self.position) {
            Ok((events, version)) => {
                let lines = events.iter().filter_map(|it| self.teller.tell(it, now));
                self.pending.extend(lines);
                self.position = self.position.max(version);
                self.is_over |= self.is_withdrawn();
            }
            Err(TooOld { oldest }) => {
                let position = self.position;
                let message = format!("too old resource version: {position} ({oldest})");
                let status = Refusal::expired(message).to_json();
                self.pending.push_back(line("ERROR", &status));
                self.is_over = true;
            }
        }
    }

    /// Whether the definition that made the kind went.
    fn is_withdrawn(&self) -> bool {
        let served = &self.teller.served;
        let kind = &served.kind;
        let registry = self.api.0.registry();
        served.is_custom && registry.stored(&kind.group, &kind.plural).is_none()
    }

    async fn wait(&mut self) {
        tokio::select! {
            changed = self.changes.changed() => self.is_over |= changed.is_err(),
            () = &mut self.end => self.is_over = true,
            () = due(&mut self.bookmark) => {
                self.bookmark = Some(Box::pin(sleep(BOOKMARKS)));
                self.pending.push_back(self.teller.bookmark(self.position, false));
            }
        }
    }
}

/// Waits for a time, for ever if there is none.
async fn due(time: &mut Option<Pin<Box<Sleep>>>) {
    match time {
        Some(time) => time.await,
        None => std::future::pending().await,
    }
}

impl Teller {
    /// The line of an event; `None` for one that this watch is not about.
    fn tell(&mut self, event: &Event, now: Timestamp) -> Option<Bytes> {
        let matching = |it: &Option<Arc<Value>>| it.clone().filter(|it| self.is_about(it));
        match (matching(&event.before), matching(&event.after)) {
            (None, Some(after)) => Some(self.line("ADDED", &after, now)),
            (Some(_), Some(after)) => Some(self.line("MODIFIED", &after, now)),
            (Some(before), None) => {
                // As it was last, at the version at which it went.
                let mut gone = (*before).clone();
                set_version(&mut gone, event.version);
                Some(self.line("DELETED", &Arc::new(gone), now))
            }
            (None, None) => None,
        }
    }

    fn is_about(&self, object: &Value) -> bool {
        let is_here =
            self.namespace.is_empty() || object["metadata"]["namespace"] == self.namespace.as_str();
        let is_named = self.name.is_empty() || object["metadata"]["name"] == self.name.as_str();
        is_here && is_named && self.selection.matches(object)
    }

    fn line(&mut self, word: &str, object: &Arc<Value>, now: Timestamp) -> Bytes {
        let object = present::in_version(&self.served, object);
        match self.shape {
            Shape::Whole => line(word, &object),
            Shape::Partial | Shape::PartialList => line(word, &present::partial(&object)),
            Shape::Table(include) => {
                let version = self.served.version();
                let mut table = table(version, std::slice::from_ref(&object), include, now);
                table["metadata"] =
                    json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                if self.has_told_columns {
                    table["columnDefinitions"] = Value::Null;
                }
                self.has_told_columns = true;
                line(word, &table)
            }
        }
    }

    fn bookmark(&self, version: u64, ends_initial: bool) -> Bytes {
        let mut metadata = json!({ "resourceVersion": version.to_string() });
        if ends_initial {
            metadata["annotations"] = json!({ INITIAL_END: "true" });
        }
        let (kind, api_version) = match self.shape {
            Shape::Whole => (self.served.kind.kind.as_str(), self.served.api_version()),
            Shape::Table(_) => {
                let table = json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata, "columnDefinitions": null, "rows": [] });
                return line("BOOKMARK", &table);
            }
            Shape::Partial | Shape::PartialList => {
                ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned())
            }
        };
        let object = json!({ "kind": kind, "apiVersion": api_version, "metadata": metadata });
        line("BOOKMARK", &object)
    }
}

/// `{"type":"ADDED","object":{…}}` and a line break, without a copy of the object.
fn line(word: &str, object: &Value) -> Bytes {
    let text = format!("{{\"type\":\"{word}\",\"object\":{object}}}\n");
    Bytes::from(text)
}
