//! Keeps one list up to date: lists it page by page, then watches from there. As client-go's
//! reflectors, it goes on from the last version that it heard of when a watch ends, and lists again
//! only when the server no longer knows that version.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use kube::api::WatchParams;
use kube::core::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::backoff::{Backoff, poll, spread};
use super::health::Counts;
use super::lines::{Head, Line, Lines, Page};
use super::memory::Memory;
use super::request::{Trouble, open, whole};
use super::shelf::{Shelf, Standing, name_of};
use crate::cluster::Cluster;
use crate::cluster::call::Asked;

/// How long the server is asked to watch. It varies, so that not all watches end together.
const LONGEST: Duration = Duration::from_secs(290);
const SHORTEST: Duration = Duration::from_secs(240);

/// How long after its time a watch is taken for dead.
const GRACE: Duration = Duration::from_secs(10);

/// A watch that lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(5);

/// Keeps a list up to date.
pub(super) struct Feed {
    pub(super) cluster: Cluster,
    /// How often to ask for what cannot be watched.
    pub(super) poll: Duration,
    pub(super) memory: Weak<Memory>,
    pub(super) shelf: Arc<Shelf>,
}

/// What is to be done next.
enum Step {
    List,
    Watch {
        /// The last version that is known.
        version: String,
        /// Whether it is the list's, read just now.
        is_fresh: bool,
    },
}

/// How a watch went that was begun.
#[derive(Default)]
struct Watched {
    events: u64,
    /// Why it did not merely end.
    trouble: Option<Trouble>,
}

/// How many times more seldom a kind is asked for that is not served: rights come back sooner than a
/// kind is installed.
const SELDOM: u32 = 12;

/// The object of an event of type `ERROR`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    code: u16,
    message: String,
}

impl Feed {
    pub(super) async fn run(self) {
        let mut step = Step::List;
        let mut backoff = Backoff::default();
        loop {
            step = tokio::select! {
                next = self.take(step, &mut backoff) => next,
                () = self.shelf.grown.notified() => Step::List,
            };
        }
    }

    /// Does one step, waits if need be, and says what is next.
    async fn take(&self, step: Step, backoff: &mut Backoff) -> Step {
        match step {
            Step::List => match self.list().await {
                Ok(version) => self.listed(version).await,
                Err(trouble) => {
                    self.count(|it| it.failures += 1);
                    self.not_listed(trouble, backoff).await;
                    Step::List
                }
            },
            Step::Watch { version, is_fresh } => self.watch_from(version, is_fresh, backoff).await,
        }
    }

    async fn listed(&self, version: Option<String>) -> Step {
        let is_fresh = true;
        match version {
            Some(version) => Step::Watch { version, is_fresh },
            None => {
                let message = "the server gives its lists no version to watch from".to_owned();
                self.shelf.fail(self.shelf.refusal(message));
                poll(self.poll).await;
                Step::List
            }
        }
    }

    async fn not_listed(&self, trouble: Trouble, backoff: &mut Backoff) {
        match trouble {
            Trouble::Refused(refusal) => {
                self.settle(Standing::Refused(refusal));
                poll(self.poll).await;
            }
            Trouble::Absent(absent) => {
                self.settle(Standing::Absent(absent));
                poll(self.poll * SELDOM).await;
            }
            Trouble::Expired => sleep(backoff.next(None)).await,
            Trouble::Passing { message, wait } => {
                self.shelf.fail(self.shelf.refusal(message));
                sleep(backoff.next(wait)).await;
            }
        }
    }

    fn settle(&self, standing: Standing) {
        self.shelf.settle(standing);
        self.tell(|it, _| it.note_change());
    }

    /// Lists all, in pages, so that no more than one of them is in memory at once. Gives the
    /// version to watch from.
    async fn list(&self) -> Result<Option<String>, Trouble> {
        let is_again = self.shelf.was_read();
        self.count(|it| {
            it.lists += 1;
            it.relists += u64::from(is_again);
        });
        let (round, of_use) = (self.shelf.begin(), self.shelf.of_use());
        let mut token: Option<String> = None;
        loop {
            let (version, next) = self.page(token).await?;
            token = next.filter(|it| !it.is_empty());
            if token.is_none() {
                self.close(round, of_use);
                return Ok(version.filter(|it| !it.is_empty()));
            }
        }
    }

    /// One page: the version of the list, and the token of the next page.
    async fn page(
        &self,
        token: Option<String>,
    ) -> Result<(Option<String>, Option<String>), Trouble> {
        let (listing, resource) = (self.shelf.key.listing(), self.resource());
        let asked = self.asked("list", &resource);
        let body = whole(&self.cluster, asked, listing.request(token)).await?;
        let malformed = |it| Trouble::malformed(asked, it);
        let page: Page<'_> = serde_json::from_slice(&body).map_err(malformed)?;
        let items = page.items.unwrap_or_default();
        self.shelf.take(&items).map_err(malformed)?;
        Ok((page.metadata.resource_version, page.metadata.token))
    }

    fn close(&self, round: u32, of_use: Option<BTreeSet<String>>) {
        self.shelf.close(round, of_use);
        self.tell(|memory, shelf| {
            memory.note_change();
            if shelf.key.metadata_only {
                memory.poke_all(&shelf.key);
            }
        });
    }

    /// Watches from a version on, for as long as it goes well.
    async fn watch_from(&self, mut version: String, is_fresh: bool, backoff: &mut Backoff) -> Step {
        let since = Instant::now();
        let watched = self.watch(&mut version).await;
        if watched.events > 0 || since.elapsed() >= GOOD {
            backoff.reset();
        }
        let again = Step::Watch {
            version,
            is_fresh: false,
        };
        let Some(trouble) = watched.trouble else {
            // A server that ends every watch at once is not asked without a pause.
            sleep(backoff.next(None)).await;
            return again;
        };
        self.count(|it| it.failures += 1);
        match trouble {
            Trouble::Expired => {
                sleep(backoff.next(None)).await;
                Step::List
            }
            Trouble::Refused(refusal) => {
                self.shelf.fail(refusal);
                self.list_later(is_fresh).await
            }
            Trouble::Absent(absent) => {
                self.shelf
                    .fail(self.shelf.refusal(absent.message().to_owned()));
                self.list_later(is_fresh).await
            }
            Trouble::Passing { message, wait } => {
                self.shelf.fail(self.shelf.refusal(message));
                sleep(backoff.next(wait)).await;
                again
            }
        }
    }

    /// What may not be watched is listed from time to time; at once where that may not be either.
    async fn list_later(&self, is_fresh: bool) -> Step {
        if is_fresh {
            poll(self.poll).await;
        }
        Step::List
    }

    async fn watch(&self, version: &mut String) -> Watched {
        self.count(|it| it.watches += 1);
        let length = spread(SHORTEST, LONGEST - SHORTEST);
        let resource = self.resource();
        let asked = self.asked("watch", &resource);
        let body = match open(&self.cluster, asked, self.request(version, length)).await {
            Ok(answer) => answer.into_body(),
            Err(trouble) => {
                let trouble = Some(trouble);
                return Watched { events: 0, trouble };
            }
        };
        self.shelf.mend();
        let mut watched = Watched::default();
        let told = self.hear(Lines::of(body), version, &mut watched.events);
        // What is overdue has lost its connection without a word.
        let outcome = tokio::time::timeout(length + GRACE, told).await;
        watched.trouble = outcome.unwrap_or(Ok(())).err();
        watched
    }

    async fn hear(
        &self,
        mut lines: Lines,
        version: &mut String,
        events: &mut u64,
    ) -> Result<(), Trouble> {
        while let Some(line) = lines.next().await {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let malformed = |it| self.malformed(it);
            let line: Line<'_> = serde_json::from_slice(&line).map_err(malformed)?;
            if line.kind == "ERROR" {
                return Err(failed(line.object));
            }
            let head = Head::of(line.object).map_err(malformed)?;
            if line.kind != "BOOKMARK" {
                *events += 1;
                self.change(&line, &head).map_err(malformed)?;
            }
            let now = &head.metadata.resource_version;
            if !now.is_empty() {
                version.clear();
                version.push_str(now);
            }
        }
        Ok(())
    }

    /// What cannot be understood would come again in the next watch, so that all is listed anew.
    fn malformed(&self, error: serde_json::Error) -> Trouble {
        let message = format!("an event of the watch is not what the API describes: {error}");
        self.shelf.fail(self.shelf.refusal(message));
        Trouble::Expired
    }

    fn change(&self, line: &Line<'_>, head: &Head<'_>) -> serde_json::Result<()> {
        let leads = match &*line.kind {
            "DELETED" => self.shelf.remove(line.object)?,
            "ADDED" | "MODIFIED" => self.shelf.put(line.object)?,
            // A later API may tell of more; what it means for the object is unknown.
            _ => return Ok(()),
        };
        self.count(|it| it.events += 1);
        self.tell(|memory, shelf| {
            if leads {
                memory.note_change();
            }
            if shelf.key.metadata_only {
                memory.poke(&shelf.key, &name_of(head));
            }
        });
        Ok(())
    }

    fn request(&self, version: &str, length: Duration) -> Option<http::Request<Vec<u8>>> {
        let params = WatchParams {
            timeout: u32::try_from(length.as_secs()).ok(),
            bookmarks: true,
            ..WatchParams::default()
        };
        let key = &self.shelf.key;
        let path = key.served.resource().path(key.namespace.as_deref());
        let request = Request::new(path);
        let built = match key.metadata_only {
            true => request.watch_metadata(&params, version),
            false => request.watch(&params, version),
        };
        built.ok()
    }

    fn resource(&self) -> String {
        self.shelf.key.served.resource().with_group()
    }

    fn asked<'a>(&'a self, verb: &'a str, resource: &'a str) -> Asked<'a> {
        Asked {
            verb,
            resource,
            namespace: self.shelf.key.namespace.as_deref(),
        }
    }

    fn count(&self, add: impl FnOnce(&mut Counts)) {
        self.tell(|memory, _| memory.count(&self.resource(), add));
    }

    fn tell(&self, what: impl FnOnce(&Memory, &Shelf)) {
        if let Some(memory) = self.memory.upgrade() {
            what(&memory, &self.shelf);
        }
    }
}

/// Why the server ends a watch.
fn failed(status: &RawValue) -> Trouble {
    let failure: Failure = serde_json::from_str(status.get()).unwrap_or_default();
    match failure.code {
        410 => Trouble::Expired,
        code => Trouble::Passing {
            message: format!("the watch failed: {} ({code})", failure.message),
            wait: None,
        },
    }
}
