//! One list in memory: of each object only what an inventory reads, as compact text.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::health::{Broken, Held, Stale};
use super::lines::Head;
use super::request::Absent;
use crate::cluster::call::Listing;
use crate::cluster::inventory::{Kept, Refusal, Served};

/// Which list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShelfKey {
    pub(super) served: Served,
    /// `None` for all.
    pub(super) namespace: Option<String>,
    pub(super) metadata_only: bool,
}

/// How objects are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    keep: fn(&RawValue) -> serde_json::Result<Slip>,
    /// Whether such objects decide what else is read.
    leads: bool,
}

/// What is kept of one object.
struct Slip {
    text: Arc<str>,
    lead: u64,
}

/// One list.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) key: ShelfKey,
    form: Form,
    content: Mutex<Content>,
    /// Told when objects have become of use that were left out.
    pub(super) grown: Notify,
}

#[derive(Debug)]
struct Content {
    standing: Standing,
    objects: BTreeMap<ObjectName, Object>,
    /// Namespaces whose objects are kept; `None` for all.
    of_use: Option<BTreeSet<String>>,
    /// Those that the last whole list kept.
    covered: Option<BTreeSet<String>>,
    /// Counts lists.
    round: u32,
    broken: Option<Broken>,
}

/// Namespace and name.
pub(super) type ObjectName = (Box<str>, Box<str>);

#[derive(Debug)]
struct Object {
    text: Arc<str>,
    lead: u64,
    /// The list in which it was seen last.
    round: u32,
}

/// What is known.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// Nothing yet, and why.
    Unread(String),
    Refused(Refusal),
    Absent(Absent),
    Read,
}

/// What a reader finds.
pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) texts: Vec<Arc<str>>,
    /// Namespaces of use whose objects are still to be read.
    pub(super) missing: Vec<String>,
}

impl Standing {
    pub(super) fn unread() -> Self {
        Self::Unread("it has not been read yet".to_owned())
    }
}

impl ShelfKey {
    pub(super) fn of(listing: &Listing<'_>) -> Self {
        Self {
            served: Served::of(listing.resource),
            namespace: listing.namespace.map(str::to_owned),
            metadata_only: listing.metadata_only,
        }
    }

    pub(super) fn listing(&self) -> Listing<'_> {
        let mut listing = Listing::of(self.served.resource(), self.namespace.as_deref());
        listing.metadata_only = self.metadata_only;
        listing
    }
}

impl Form {
    pub(super) fn of<T: Kept>() -> Self {
        Self {
            keep: slip::<T>,
            leads: T::LEADS,
        }
    }

    /// What is kept of an object.
    pub(super) fn text(&self, object: &RawValue) -> serde_json::Result<Arc<str>> {
        (self.keep)(object).map(|it| it.text)
    }
}

fn slip<T: Kept>(object: &RawValue) -> serde_json::Result<Slip> {
    let object: T = serde_json::from_str(object.get())?;
    let mut hasher = DefaultHasher::new();
    object.lead().hash(&mut hasher);
    Ok(Slip {
        text: serde_json::to_string(&object)?.into(),
        lead: hasher.finish(),
    })
}

impl Shelf {
    pub(super) fn new(key: ShelfKey, form: Form, of_use: Option<BTreeSet<String>>) -> Self {
        let content = Content {
            standing: Standing::unread(),
            objects: BTreeMap::new(),
            of_use,
            covered: Some(BTreeSet::new()),
            round: 0,
            broken: None,
        };
        Self {
            key,
            form,
            content: Mutex::new(content),
            grown: Notify::new(),
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the objects of these namespaces from now on.
    pub(super) fn make_use(&self, of_use: Option<BTreeSet<String>>) {
        let mut content = self.content();
        if content.of_use == of_use {
            return;
        }
        content.of_use = of_use;
        content.drop_useless();
        if !content.missing().is_empty() || content.lacks_all() {
            self.grown.notify_one();
        }
    }

    /// Begins a list; gives its number.
    pub(super) fn begin(&self) -> u32 {
        let mut content = self.content();
        content.round = content.round.wrapping_add(1);
        content.round
    }

    /// Whether it has been listed before.
    pub(super) fn was_read(&self) -> bool {
        matches!(self.content().standing, Standing::Read)
    }

    /// Takes a page of the list in.
    pub(super) fn take(&self, items: &[&RawValue]) -> serde_json::Result<()> {
        for item in items {
            self.put(item)?;
        }
        Ok(())
    }

    /// Ends a list: what was not in it is no more.
    pub(super) fn close(&self, round: u32, covered: Option<BTreeSet<String>>) {
        let mut content = self.content();
        content.objects.retain(|_, it| it.round == round);
        content.covered = covered;
        content.standing = Standing::Read;
    }

    pub(super) fn of_use(&self) -> Option<BTreeSet<String>> {
        self.content().of_use.clone()
    }

    /// Takes an object in, as it is now. Tells whether what is to be read may have changed.
    pub(super) fn put(&self, object: &RawValue) -> serde_json::Result<bool> {
        let head = Head::of(object)?;
        let name = named(&head)?;
        if !self.content().is_of_use(&name.0) {
            return Ok(false);
        }
        // Reading it takes time, in which others may look.
        let slip = (self.form.keep)(object)?;
        let mut content = self.content();
        if !content.is_of_use(&name.0) {
            return Ok(false);
        }
        let round = content.round;
        let new = Object {
            text: slip.text,
            lead: slip.lead,
            round,
        };
        let lead = new.lead;
        let old = content.objects.insert(name, new);
        Ok(self.form.leads && old.is_none_or(|it| it.lead != lead))
    }

    pub(super) fn remove(&self, object: &RawValue) -> serde_json::Result<bool> {
        let head = Head::of(object)?;
        let old = self.content().objects.remove(&named(&head)?);
        Ok(self.form.leads && old.is_some())
    }

    /// Says why there is nothing to be read, which is an answer, and nothing broken.
    pub(super) fn settle(&self, standing: Standing) {
        let mut content = self.content();
        content.broken = None;
        content.objects.clear();
        content.covered = Some(BTreeSet::new());
        content.standing = standing;
    }

    /// Its watch is broken. What was read stays.
    pub(super) fn fail(&self, refusal: Refusal) {
        let mut content = self.content();
        if let Standing::Unread(message) = &mut content.standing {
            message.clone_from(&refusal.message);
        }
        Broken::note(&mut content.broken, refusal);
    }

    /// Its watch goes on.
    pub(super) fn mend(&self) {
        self.content().broken = None;
    }

    /// Whether it is read and up to date.
    pub(super) fn is_followed(&self) -> bool {
        let content = self.content();
        matches!(content.standing, Standing::Read) && content.broken.is_none()
    }

    /// Whether there is an answer, be it that it is refused.
    pub(super) fn is_settled(&self) -> bool {
        let content = self.content();
        match content.standing {
            Standing::Unread(_) => false,
            Standing::Refused(_) | Standing::Absent(_) => true,
            Standing::Read => content.missing().is_empty() && !content.lacks_all(),
        }
    }

    pub(super) fn look(&self, of_use: Option<&BTreeSet<String>>) -> Found {
        let content = self.content();
        let texts = content.objects.values();
        let is_missing = |it: &&String| !content.covers(it);
        let missing = of_use.into_iter().flatten().filter(is_missing);
        Found {
            standing: content.standing.clone(),
            texts: texts.map(|it| Arc::clone(&it.text)).collect(),
            missing: missing.cloned().collect(),
        }
    }

    pub(super) fn stale(&self) -> Option<Stale> {
        let content = self.content();
        let resource = self.key.served.resource();
        let broken = content.broken.as_ref()?;
        Some(broken.stale(|it| it.into_unread(resource)))
    }

    pub(super) fn held(&self) -> Held {
        let content = self.content();
        Held {
            objects: content.objects.len(),
            bytes: content.objects.values().map(|it| it.text.len()).sum(),
        }
    }

    pub(super) fn refusal(&self, message: String) -> Refusal {
        Refusal {
            permission: None,
            namespace: self.key.namespace.clone(),
            message,
        }
    }
}

impl Content {
    fn is_of_use(&self, namespace: &str) -> bool {
        let of_use = self.of_use.as_ref();
        of_use.is_none_or(|it| it.contains(namespace))
    }

    fn covers(&self, namespace: &str) -> bool {
        let covered = self.covered.as_ref();
        covered.is_none_or(|it| it.contains(namespace))
    }

    /// Namespaces of use that the last list left out.
    fn missing(&self) -> Vec<&String> {
        let of_use = self.of_use.iter().flatten();
        of_use.filter(|it| !self.covers(it)).collect()
    }

    /// Whether all is of use, but only some was kept.
    fn lacks_all(&self) -> bool {
        self.of_use.is_none() && self.covered.is_some()
    }

    fn drop_useless(&mut self) {
        let Some(of_use) = self.of_use.clone() else {
            return;
        };
        self.objects.retain(|(it, _), _| of_use.contains(&**it));
        self.covered = Some(match self.covered.take() {
            Some(covered) => covered.intersection(&of_use).cloned().collect(),
            None => of_use,
        });
    }
}

/// # Errors
/// Where there is no name, and so no object.
fn named(head: &Head<'_>) -> serde_json::Result<ObjectName> {
    use serde::de::Error;
    match head.metadata.name.is_empty() {
        true => Err(Error::custom("an object without a name")),
        false => Ok(name_of(head)),
    }
}

pub(super) fn name_of(head: &Head<'_>) -> ObjectName {
    let metadata = &head.metadata;
    (
        metadata.namespace.as_ref().into(),
        metadata.name.as_ref().into(),
    )
}
