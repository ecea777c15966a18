//! The inventory kept up to date: every list that an inventory reads is read once and watched from
//! then on, so that a fleet can be assembled at any time without a request.
//!
//! What to follow is not decided here. The code of [`inventory`](super::inventory) reads from
//! [`memory::Memory`] as it reads from the API server; what it asks for there is followed, and what
//! it no longer asks for is dropped. So scope, targets, refused permissions and their ways around
//! are the same, and so is the fleet.
//!
//! Start reading at [`memory`], then [`feed`] for lists and watches and [`piece`] for what is read
//! by its path.

mod backoff;
mod feed;
mod health;
mod lines;
mod mark;
mod memory;
mod piece;
mod request;
mod shelf;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::call::Listing;
use super::inventory::{Kept, Reader, Source};
use super::write::Kind;
use super::{Cluster, Error, Scope};
use crate::fleet::{Fleet, Unread};
pub use health::{Counts, Held, Stale};
use mark::Marked;
use memory::{Memory, Task};
use view::Demand;
pub(super) use view::View;

/// A fleet that is kept up to date. Dropped, it stops.
#[derive(Debug)]
pub struct Following {
    memory: Arc<Memory>,
    scope: Scope,
    _supervisor: Task,
}

/// The objects of one kind, kept up to date. Dropped, it stops.
#[derive(Debug)]
pub struct FollowedObjects {
    memory: Arc<Memory>,
    kind: Kind,
    namespace: Option<String>,
    metadata_only: bool,
    _supervisor: Task,
}

impl Cluster {
    /// Begins to follow the autoscalers in `scope` with all that belongs to them, in the runtime
    /// of the caller. What is refused, or may be listed but not watched, is asked for again after
    /// each `poll`.
    ///
    /// # Errors
    ///
    /// Where the selector is not valid. Everything else is told by the fleet and by
    /// [`Following::staleness`].
    pub fn follow(&self, scope: &Scope, poll: Duration) -> Result<Following, Error> {
        scope.label_selector()?;
        let memory = Arc::new(Memory::of(self.clone(), poll));
        let supervisor = supervise_fleet(Arc::clone(&memory), scope.clone());
        Ok(Following {
            memory,
            scope: scope.clone(),
            _supervisor: Task::spawn(supervisor),
        })
    }

    /// Begins to follow every object of a kind, whole, in one namespace or in all; `poll` as for
    /// [`follow`](Self::follow).
    pub fn follow_objects(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        poll: Duration,
    ) -> FollowedObjects {
        self.follow_as::<Value>(kind, namespace, poll, false)
    }

    /// The same of nothing but which of them are paused or held: name, namespace and the annotations
    /// that tell it.
    pub fn follow_marks(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        poll: Duration,
    ) -> FollowedObjects {
        self.follow_as::<Marked>(kind, namespace, poll, true)
    }

    fn follow_as<T: Kept>(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        poll: Duration,
        metadata_only: bool,
    ) -> FollowedObjects {
        let memory = Arc::new(Memory::of(self.clone(), poll));
        let mut demand = Demand::default();
        let mut listing = Listing::of(kind.resource(), namespace);
        listing.metadata_only = metadata_only;
        demand.add_list::<T>(&listing);
        memory.adopt(demand);
        FollowedObjects {
            kind: *kind,
            namespace: namespace.map(str::to_owned),
            metadata_only,
            _supervisor: Task::spawn(supervise_objects(Arc::clone(&memory))),
            memory,
        }
    }
}

impl Following {
    /// Resolves when everything that the fleet needs has been read once. After a change that needs
    /// more to be read, such as an autoscaler in a namespace that had none, it waits again.
    pub async fn ready(&self) {
        self.memory.ready().await;
    }

    pub fn is_ready(&self) -> bool {
        self.memory.is_ready()
    }

    /// The fleet as it is known, which [`Cluster::inventory`] would find by reading. Sends no
    /// request and waits for nothing. What has not been read yet is a row of [`Fleet::unread`].
    ///
    /// # Errors
    ///
    /// Where a named autoscaler does not exist, or the cluster does not serve what is needed.
    pub async fn fleet(&self) -> Result<Fleet, Error> {
        let source = Source::Memory(View::of(&self.memory));
        let reader = Reader::from(self.memory.cluster(), source);
        reader.read(&self.scope, None).await
    }

    /// What may be out of date, since its watch is broken or not permitted; sorted.
    pub fn staleness(&self) -> Vec<Stale> {
        self.memory.staleness()
    }

    /// What was asked of the API server since the beginning, by resource.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        self.memory.counts()
    }

    /// What is kept in memory, by resource.
    pub fn held(&self) -> BTreeMap<String, Held> {
        self.memory.held()
    }
}

impl FollowedObjects {
    /// Resolves when they have been read once.
    pub async fn ready(&self) {
        self.memory.ready().await;
    }

    pub fn is_ready(&self) -> bool {
        self.memory.is_ready()
    }

    /// All of them as they are known, sorted by namespace and name, without a request.
    ///
    /// # Errors
    ///
    /// Why they are not known: not read yet, refused, or a kind that is not served.
    pub fn objects(&self) -> Result<Vec<Value>, Unread> {
        let resource = self.kind.resource();
        let mut listing = Listing::of(resource, self.namespace.as_deref());
        listing.metadata_only = self.metadata_only;
        let mut objects = Vec::new();
        let view = View::of(&self.memory);
        let refused = view.list(&listing, |it: Value| objects.push(it));
        match refused {
            Ok(refused) => match refused.into_iter().next() {
                Some(refusal) => Err(refusal.into_unread(resource)),
                None => Ok(objects),
            },
            Err(error) => Err(Unread {
                what: resource.plural.to_owned(),
                why: error.to_string(),
                permission: None,
            }),
        }
    }

    /// Whether they may be out of date.
    pub fn staleness(&self) -> Option<Stale> {
        self.memory.staleness().pop()
    }

    /// What was asked of the API server since the beginning.
    pub fn counts(&self) -> Counts {
        let counts = self.memory.counts().into_values().next();
        counts.unwrap_or_default()
    }
}

/// Follows what the inventory asks for, again whenever something changed that it depends on.
async fn supervise_fleet(memory: Arc<Memory>, scope: Scope) {
    loop {
        let view = View::planning(&memory);
        let reader = Reader::from(memory.cluster(), Source::Memory(view.view()));
        // What goes wrong is told by the fleet; what was asked for until then is followed.
        let _ = reader.read(&scope, None).await;
        memory.adopt(view.into_demand());
        memory.update_ready();
        memory.change().await;
    }
}

async fn supervise_objects(memory: Arc<Memory>) {
    loop {
        memory.update_ready();
        memory.change().await;
    }
}
