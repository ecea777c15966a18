//! What is read by its path: objects of kinds that only the cluster knows, with their scale, and
//! what discovery says of these kinds. Where the collection of an object is watched, it is read
//! again when that tells of a change; otherwise from time to time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::backoff::{Backoff, poll};
use super::health::{Broken, Stale};
use super::memory::Memory;
use super::request::{Trouble, whole};
use super::shelf::Form;
use crate::cluster::Cluster;
use crate::cluster::call::Asked;
use crate::cluster::inventory::{Refusal, Served, Wanted};
use crate::fleet::Unread;

/// How long what is watched over, or seldom changes, is taken for granted.
const RESYNC: Duration = Duration::from_secs(600);

/// An object of a kind that only the cluster knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectAt {
    pub(super) served: Served,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PieceKey {
    /// The object that it changes with; `None` for what discovery says.
    pub(super) of: Option<ObjectAt>,
    path: String,
    /// With group and subresource: `rollouts.argoproj.io/scale`.
    resource: String,
    namespace: Option<String>,
}

impl PieceKey {
    pub(super) fn of(wanted: &Wanted<'_>) -> Self {
        let object = wanted.of.map(|(served, namespace, name)| ObjectAt {
            served: served.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
        Self {
            of: object,
            path: wanted.path.to_owned(),
            resource: wanted.asked.resource.to_owned(),
            namespace: wanted.asked.namespace.map(str::to_owned),
        }
    }

    /// What sorts before every piece of an object.
    pub(super) fn first_of(object: ObjectAt) -> Self {
        Self {
            of: Some(object),
            path: String::new(),
            resource: String::new(),
            namespace: None,
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            verb: "get",
            resource: &self.resource,
            namespace: self.namespace.as_deref(),
        }
    }

    /// Under which it is counted. Paths of discovery are many, and no resources.
    fn counted(&self) -> &str {
        match self.of {
            Some(_) => &self.resource,
            None => "discovery",
        }
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct Piece {
    key: PieceKey,
    form: Form,
    state: Mutex<State>,
    /// Told when it may be something else.
    pub(super) outdated: Notify,
}

#[derive(Debug)]
struct State {
    said: Said,
    broken: Option<Broken>,
}

/// The last answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// None yet, and why.
    Unread(String),
    Refused(Refusal),
    Absent,
    /// What is kept of it.
    Text(Arc<str>),
}

impl Said {
    pub(super) fn unread() -> Self {
        Self::Unread("it has not been read yet".to_owned())
    }
}

impl Piece {
    pub(super) fn new(key: PieceKey, form: Form) -> Self {
        let (said, broken) = (Said::unread(), None);
        Self {
            key,
            form,
            state: Mutex::new(State { said, broken }),
            outdated: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn said(&self) -> Said {
        self.state().said.clone()
    }

    fn is_read(&self) -> bool {
        !matches!(self.state().said, Said::Unread(_))
    }

    /// Whether it was asked for. One object that cannot be read is a row of the fleet, and holds
    /// nothing back.
    pub(super) fn is_settled(&self) -> bool {
        let state = self.state();
        state.broken.is_some() || !matches!(state.said, Said::Unread(_))
    }

    /// Keeps an answer. Tells whether it is another than before.
    fn settle(&self, said: Said) -> bool {
        let mut state = self.state();
        state.broken = None;
        let is_new = state.said != said;
        state.said = said;
        is_new
    }

    /// It cannot be read for the moment. What was read stays.
    fn fail(&self, message: String) {
        let mut state = self.state();
        if let Said::Unread(why) = &mut state.said {
            why.clone_from(&message);
        }
        let refusal = Refusal {
            permission: None,
            namespace: self.key.namespace.clone(),
            message,
        };
        Broken::note(&mut state.broken, refusal);
    }

    pub(super) fn stale(&self) -> Option<Stale> {
        let state = self.state();
        let broken = state.broken.as_ref()?;
        Some(broken.stale(|refusal| Unread {
            what: self.key.path.clone(),
            why: refusal.message,
            permission: refusal.permission,
        }))
    }
}

/// Keeps a piece up to date.
pub(super) struct Errand {
    pub(super) cluster: Cluster,
    /// How often to ask for what cannot be watched.
    pub(super) poll: Duration,
    pub(super) memory: Weak<Memory>,
    pub(super) piece: Arc<Piece>,
}

impl Errand {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            match self.fetch().await {
                Ok(said) => {
                    backoff.reset();
                    self.settle(said);
                    self.rest().await;
                }
                Err((message, wait)) => {
                    self.piece.fail(message);
                    self.tell(Memory::note_change);
                    let pause = backoff.next(wait);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn fetch(&self) -> Result<Said, (String, Option<Duration>)> {
        self.count(false);
        let key = &self.piece.key;
        let request = http::Request::get(&key.path).body(Vec::new()).ok();
        let trouble = match whole(&self.cluster, key.asked(), request).await {
            Ok(body) => match self.text(&body) {
                Ok(text) => return Ok(Said::Text(text)),
                Err(error) => Trouble::malformed(key.asked(), error),
            },
            Err(trouble) => trouble,
        };
        self.count(true);
        match trouble {
            Trouble::Refused(refusal) => Ok(Said::Refused(refusal)),
            Trouble::Absent(_) => Ok(Said::Absent),
            Trouble::Expired => Err(("it is no longer there (410)".to_owned(), None)),
            Trouble::Passing { message, wait } => Err((message, wait)),
        }
    }

    fn text(&self, body: &[u8]) -> serde_json::Result<Arc<str>> {
        let object: &RawValue = serde_json::from_slice(body)?;
        self.piece.form.text(object)
    }

    fn settle(&self, said: Said) {
        let was_read = self.piece.is_read();
        let is_new = self.piece.settle(said);
        // Of objects it matters only whether they are known; discovery leads to more.
        if is_new && (!was_read || self.piece.key.of.is_none()) {
            self.tell(Memory::note_change);
        }
    }

    /// Until it is to be read again.
    async fn rest(&self) {
        let since = Instant::now();
        tokio::select! {
            () = self.piece.outdated.notified() => {}
            () = async {
                while { poll(self.poll).await; self.is_taken_for_granted() && since.elapsed() < RESYNC } {}
            } => {}
        }
    }

    fn is_taken_for_granted(&self) -> bool {
        match &self.piece.key.of {
            None => matches!(self.piece.said(), Said::Text(_)),
            Some(object) => {
                let memory = self.memory.upgrade();
                memory.is_some_and(|it| it.is_followed(object))
            }
        }
    }

    fn count(&self, has_failed: bool) {
        let key = self.piece.key.counted();
        self.tell(|memory| {
            memory.count(key, |it| match has_failed {
                true => it.failures += 1,
                false => it.gets += 1,
            });
        });
    }

    fn tell(&self, what: impl FnOnce(&Memory)) {
        if let Some(memory) = self.memory.upgrade() {
            what(&memory);
        }
    }
}
