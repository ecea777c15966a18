//! Everything that is followed: lists, and single objects that are read by their path. Who follows
//! them holds no more than a weak reference, so that all ends with whoever holds the memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::feed::Feed;
use super::health::{Counts, Held, Stale};
use super::piece::{Errand, ObjectAt, Piece, PieceKey};
use super::shelf::{ObjectName, Shelf, ShelfKey};
use super::view::Demand;
use crate::cluster::Cluster;

/// How long changes are gathered before it is looked at what they change.
const GATHER: Duration = Duration::from_millis(20);

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Task(AbortHandle);

impl Task {
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is known of a cluster.
#[derive(Debug)]
pub(in crate::cluster) struct Memory {
    cluster: Cluster,
    /// How often to ask for what cannot be watched.
    poll: Duration,
    entries: Mutex<Entries>,
    counts: Mutex<BTreeMap<String, Counts>>,
    /// Told when what is to be followed may be something else.
    changed: Notify,
    ready: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Entries {
    shelves: BTreeMap<ShelfKey, Running<Shelf>>,
    pieces: BTreeMap<PieceKey, Running<Piece>>,
}

/// Something that is followed, and the task that does it.
#[derive(Debug)]
struct Running<T> {
    entry: Arc<T>,
    _task: Task,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    pub(super) fn of(cluster: Cluster, poll: Duration) -> Self {
        Self {
            cluster,
            poll,
            entries: Mutex::default(),
            counts: Mutex::default(),
            changed: Notify::new(),
            ready: watch::Sender::new(false),
        }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(super) fn shelf(&self, key: &ShelfKey) -> Option<Arc<Shelf>> {
        let entries = lock(&self.entries);
        entries.shelves.get(key).map(|it| Arc::clone(&it.entry))
    }

    pub(super) fn piece(&self, key: &PieceKey) -> Option<Arc<Piece>> {
        let entries = lock(&self.entries);
        entries.pieces.get(key).map(|it| Arc::clone(&it.entry))
    }

    /// Follows what is demanded, and nothing else.
    pub(super) fn adopt(self: &Arc<Self>, demand: Demand) {
        let mut entries = lock(&self.entries);
        let Entries { shelves, pieces } = &mut *entries;
        shelves.retain(|key, _| demand.lists.contains_key(key));
        pieces.retain(|key, _| demand.pieces.contains_key(key));
        for (key, demand) in demand.lists {
            match shelves.get(&key) {
                Some(running) => running.entry.make_use(demand.of_use),
                None => {
                    let shelf = Shelf::new(key.clone(), demand.form, demand.of_use);
                    shelves.insert(key, self.feed(shelf));
                }
            }
        }
        for (key, form) in demand.pieces {
            let piece = || self.errand(Piece::new(key.clone(), form));
            pieces.entry(key.clone()).or_insert_with(piece);
        }
    }

    fn feed(self: &Arc<Self>, shelf: Shelf) -> Running<Shelf> {
        let entry = Arc::new(shelf);
        let feed = Feed {
            cluster: self.cluster.clone(),
            poll: self.poll,
            memory: Arc::downgrade(self),
            shelf: Arc::clone(&entry),
        };
        Running {
            entry,
            _task: Task::spawn(feed.run()),
        }
    }

    fn errand(self: &Arc<Self>, piece: Piece) -> Running<Piece> {
        let entry = Arc::new(piece);
        let errand = Errand {
            cluster: self.cluster.clone(),
            poll: self.poll,
            memory: Arc::downgrade(self),
            piece: Arc::clone(&entry),
        };
        Running {
            entry,
            _task: Task::spawn(errand.run()),
        }
    }

    /// Waits until what is to be followed may be something else.
    pub(super) async fn change(&self) {
        self.changed.notified().await;
        tokio::time::sleep(GATHER).await;
    }

    pub(super) fn note_change(&self) {
        self.changed.notify_one();
    }

    /// An object changed: what is read of it by its path is read again.
    pub(super) fn poke(&self, key: &ShelfKey, (namespace, name): &ObjectName) {
        let of = ObjectAt {
            served: key.served.clone(),
            namespace: namespace.to_string(),
            name: name.to_string(),
        };
        let first = PieceKey::first_of(of.clone());
        let entries = lock(&self.entries);
        let pieces = entries.pieces.range(first..);
        pieces
            .take_while(|(key, _)| key.of.as_ref() == Some(&of))
            .for_each(|(_, it)| it.entry.outdated.notify_one());
    }

    /// A whole list was read anew, in which any object may have changed.
    pub(super) fn poke_all(&self, of: &ShelfKey) {
        let is_of = |it: &ObjectAt| {
            let namespace = of.namespace.as_ref();
            it.served == of.served && namespace.is_none_or(|is| *is == it.namespace)
        };
        let entries = lock(&self.entries);
        let pieces = entries.pieces.iter();
        pieces
            .filter(|(key, _)| key.of.as_ref().is_some_and(is_of))
            .for_each(|(_, it)| it.entry.outdated.notify_one());
    }

    /// Whether changes of an object are told by a watch.
    pub(super) fn is_followed(&self, object: &ObjectAt) -> bool {
        let is_within = |key: &ShelfKey| {
            let namespace = key.namespace.as_ref();
            key.served == object.served && namespace.is_none_or(|it| *it == object.namespace)
        };
        let entries = lock(&self.entries);
        let mut shelves = entries.shelves.iter();
        shelves.any(|(key, it)| is_within(key) && it.entry.is_followed())
    }

    pub(super) fn update_ready(&self) {
        let entries = lock(&self.entries);
        let has_lists = entries.shelves.values().all(|it| it.entry.is_settled());
        let has_pieces = entries.pieces.values().all(|it| it.entry.is_settled());
        drop(entries);
        self.ready.send_replace(has_lists && has_pieces);
    }

    pub(super) fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    pub(super) async fn ready(&self) {
        let mut ready = self.ready.subscribe();
        // It fails only where the sender is gone, which is ours.
        let _ = ready.wait_for(|it| *it).await;
    }

    pub(super) fn count(&self, resource: &str, add: impl FnOnce(&mut Counts)) {
        let mut counts = lock(&self.counts);
        match counts.get_mut(resource) {
            Some(counts) => add(counts),
            None => add(counts.entry(resource.to_owned()).or_default()),
        }
    }

    pub(super) fn counts(&self) -> BTreeMap<String, Counts> {
        lock(&self.counts).clone()
    }

    pub(super) fn held(&self) -> BTreeMap<String, Held> {
        let entries = lock(&self.entries);
        let mut held: BTreeMap<String, Held> = BTreeMap::new();
        for (key, running) in &entries.shelves {
            let resource = key.served.resource().with_group();
            let (sum, more) = (held.entry(resource).or_default(), running.entry.held());
            sum.objects += more.objects;
            sum.bytes += more.bytes;
        }
        held
    }

    pub(super) fn staleness(&self) -> Vec<Stale> {
        let entries = lock(&self.entries);
        let shelves = entries.shelves.values().filter_map(|it| it.entry.stale());
        let pieces = entries.pieces.values().filter_map(|it| it.entry.stale());
        let mut stale: Vec<Stale> = shelves.chain(pieces).collect();
        stale.sort();
        stale
    }
}
