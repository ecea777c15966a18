//! What is known already of changes on probation that are looked at again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync;

use super::Ongoing;
use crate::autoscaler::AutoscalerId;
use crate::fleet::Fleet;
use crate::metrics::cache::{HistoryCache, Limits};

/// Histories of the namespaces with changes on probation. Each namespace has its own, so that one
/// whose history does not come keeps nobody waiting.
#[derive(Default)]
pub(super) struct Looks(Mutex<BTreeMap<String, Shared>>);

type Shared = Arc<sync::Mutex<Look>>;

/// The histories of a namespace.
pub(super) struct Look {
    /// Of the window; a longer one is read whole.
    pub(super) days: u32,
    pub(super) cache: HistoryCache,
}

/// A fleet and its source, for looks at parts of it.
pub(in crate::cli) struct Known<'a> {
    pub(super) ongoing: &'a Ongoing,
    fleet: Fleet,
}

impl Looks {
    pub(super) fn of(&self, namespace: &str) -> Shared {
        let begun = || Arc::new(sync::Mutex::new(Look::new()));
        let mut all = self.all();
        let look = all.entry(namespace.to_owned()).or_insert_with(begun);
        Arc::clone(look)
    }

    /// Forgets all other namespaces.
    pub(super) fn only(&self, namespaces: &BTreeSet<String>) {
        self.all().retain(|it, _| namespaces.contains(it));
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    fn new() -> Self {
        Self {
            days: 0,
            // A verdict on what was known some looks ago would be none.
            cache: HistoryCache::new(Limits {
                // Some 1,900 plain targets with 9 days at 300 s.
                bytes: 64 << 20,
                patience: 0,
                ..Limits::default()
            }),
        }
    }
}

impl<'a> Known<'a> {
    /// `fleet` is all that is followed.
    pub(super) fn new(ongoing: &'a Ongoing, fleet: Fleet) -> Self {
        Self { ongoing, fleet }
    }

    /// Keeps history of these namespaces alone.
    pub(in crate::cli) fn only(&self, namespaces: &BTreeSet<String>) {
        self.ongoing.looks.only(namespaces);
    }

    /// The fleet of some autoscalers; `None` where one of them is not known.
    pub(in crate::cli) fn part(&self, ids: &[&AutoscalerId]) -> Option<Fleet> {
        let all = self.fleet.subjects.iter();
        let subjects = all.filter(|it| ids.contains(&&it.autoscaler.id));
        let subjects: Vec<_> = subjects.cloned().collect();
        let is_known = |id: &&&AutoscalerId| subjects.iter().any(|it| it.autoscaler.id == ***id);
        ids.iter().all(|id| is_known(&id)).then(|| Fleet {
            cluster: self.fleet.cluster.clone(),
            unused_authentications: Vec::new(),
            unread: self.fleet.unread.clone(),
            pod_owners: Arc::clone(&self.fleet.pod_owners),
            subjects,
        })
    }
}
