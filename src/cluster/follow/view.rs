//! Memory as an inventory reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::memory::Memory;
use super::piece::{PieceKey, Said};
use super::shelf::{Form, ShelfKey, Standing};
use crate::cluster::Error;
use crate::cluster::call::Listing;
use crate::cluster::inventory::{Kept, Part, Refusal, Wanted};

impl Kept for Value {}

/// Reads from memory.
#[derive(Clone, Copy)]
pub(in crate::cluster) struct View<'a> {
    memory: &'a Memory,
    /// Notes what is asked for, and then gives only what leads to more.
    demand: Option<&'a Mutex<Demand>>,
}

/// What is to be followed.
#[derive(Default)]
pub(super) struct Demand {
    pub(super) lists: BTreeMap<ShelfKey, ListDemand>,
    pub(super) pieces: BTreeMap<PieceKey, Form>,
}

pub(super) struct ListDemand {
    pub(super) form: Form,
    /// Namespaces whose objects are of use; `None` for all.
    pub(super) of_use: Option<BTreeSet<String>>,
}

impl Demand {
    pub(super) fn add_list<T: Kept>(&mut self, listing: &Listing<'_>) {
        let demand = self.lists.entry(ShelfKey::of(listing));
        let demand = demand.or_insert_with(|| ListDemand {
            form: Form::of::<T>(),
            of_use: Some(BTreeSet::new()),
        });
        demand.of_use = match (demand.of_use.take(), listing.of_use) {
            (Some(some), Some(more)) => Some(&some | more),
            (None, _) | (_, None) => None,
        };
    }
}

/// Finds out what has to be followed.
pub(super) struct Planning<'a> {
    memory: &'a Memory,
    demand: Mutex<Demand>,
}

impl Planning<'_> {
    pub(super) fn view(&self) -> View<'_> {
        View {
            memory: self.memory,
            demand: Some(&self.demand),
        }
    }

    pub(super) fn into_demand(self) -> Demand {
        let demand = self.demand.into_inner();
        demand.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> View<'a> {
    pub(super) fn of(memory: &'a Memory) -> Self {
        let demand = None;
        Self { memory, demand }
    }

    pub(super) fn planning(memory: &'a Memory) -> Planning<'a> {
        let demand = Mutex::default();
        Planning { memory, demand }
    }

    fn demand(&self, add: impl FnOnce(&mut Demand)) {
        if let Some(demand) = self.demand {
            add(&mut demand.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Every object of a list, and what of it is not known.
    pub(in crate::cluster) fn list<T: Kept>(
        &self,
        listing: &Listing<'_>,
        mut each: impl FnMut(T),
    ) -> Result<Vec<Refusal>, Error> {
        self.demand(|it| it.add_list::<T>(listing));
        let refusal = |namespace: Option<&str>, message: String| Refusal {
            permission: None,
            namespace: namespace.map(str::to_owned),
            message,
        };
        let shelf = self.memory.shelf(&ShelfKey::of(listing));
        let found = shelf.map(|it| it.look(listing.of_use));
        let standing = found.as_ref().map(|it| it.standing.clone());
        match standing.unwrap_or_else(Standing::unread) {
            Standing::Unread(why) => return Ok(vec![refusal(listing.namespace, why)]),
            Standing::Refused(refusal) => return Ok(vec![refusal]),
            Standing::Absent(absent) => return Err(absent.error()),
            Standing::Read => {}
        }
        let Some(found) = found else {
            return Ok(vec![]);
        };
        if self.demand.is_none() || T::LEADS {
            for text in &found.texts {
                let kept = serde_json::from_str(text);
                each(kept.map_err(|it| malformed(listing.resource.plural, it))?);
            }
        }
        let missing = found.missing.iter();
        let why = || "they have not been read yet".to_owned();
        Ok(missing.map(|it| refusal(Some(it), why())).collect())
    }

    pub(in crate::cluster) fn get<T: Kept>(&self, wanted: &Wanted<'_>) -> Result<Part<T>, Error> {
        let key = PieceKey::of(wanted);
        self.demand(|it| {
            it.pieces.insert(key.clone(), Form::of::<T>());
        });
        let piece = self.memory.piece(&key);
        let said = piece.map_or_else(Said::unread, |it| it.said());
        let refused = |message: String| {
            Part::Refused(Refusal {
                permission: None,
                namespace: wanted.asked.namespace.map(str::to_owned),
                message,
            })
        };
        Ok(match said {
            Said::Unread(why) => refused(why),
            Said::Refused(refusal) => Part::Refused(refusal),
            Said::Absent => Part::Absent,
            Said::Text(text) => {
                let kept = serde_json::from_str(&text);
                Part::Read(kept.map_err(|it| malformed(wanted.path, it))?)
            }
        })
    }
}

fn malformed(what: &str, source: serde_json::Error) -> Error {
    Error::Malformed {
        operation: format!("read {what} from memory"),
        source,
    }
}
