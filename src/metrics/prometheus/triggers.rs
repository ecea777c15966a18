//! The history of KEDA's triggers: by their own queries, else as KEDA's operator told of them.
//!
//! Nothing here ends a reading: a trigger that cannot be read is one without values, with the
//! reason.

mod answers;
mod asked;
mod recorded;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

pub(super) use asked::{Memory, Queries};

use super::plan::Shard;
use super::shard::Session;
use crate::history::{History, Metric};
use crate::metrics::Wanted;
use crate::metrics::triggers::{Origin, Query, Trigger, Triggers};
use crate::series::Series;
use recorded::Recorded;

/// Own queries under way at once in a shard. They are not to take all the places that the reading
/// of the pods needs.
const AT_ONCE: usize = 2;

/// What of a subject's triggers is known, and why the rest is not.
type Known = BTreeMap<u32, Result<Series, String>>;

/// Values of the triggers of one shard, by subject.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<usize, Known>);

impl Told {
    /// Adds what is known to the history of `subject`.
    pub(super) fn add_to(&mut self, subject: usize, history: &mut History) {
        for (index, values) in self.0.remove(&subject).unwrap_or_default() {
            match values {
                Ok(series) => history.insert(Metric::Trigger(index), series),
                Err(why) => history.lack(Metric::Trigger(index), why),
            }
        }
    }
}

/// A trigger whose values a source may have.
struct Foreign<'a> {
    wanted: &'a Wanted,
    of: &'a Triggers,
    trigger: &'a Trigger,
}

impl Session {
    /// Reads the triggers of a shard.
    pub(super) async fn triggers(&self, shard: &Shard) -> Told {
        let all: Vec<Foreign<'_>> = shard.wanted.iter().flat_map(foreign).collect();
        let mut asking = vec![];
        for it in &all {
            asking.push(self.own(it));
        }
        let own = stream::iter(asking).buffered(AT_ONCE);
        let own: Vec<Result<Series, String>> = own.collect().await;
        let left = all.iter().zip(&own).filter(|it| it.1.is_err());
        let left: Vec<&Foreign<'_>> = left.map(|it| it.0).collect();
        let recorded = self.recorded(&left).await;
        let mut told = Told::default();
        for (it, own) in all.iter().zip(own) {
            let values = own.or_else(|why| as_recorded(it, why, &recorded));
            let known = told.0.entry(it.wanted.subject).or_default();
            known.insert(it.trigger.index, values);
        }
        told
    }

    /// By its own query; else why not.
    async fn own(&self, it: &Foreign<'_>) -> Result<Series, String> {
        match it.trigger.origin.query() {
            Ok(query) => self.queries.values(&self.client, query, self.grid).await,
            Err(why) => Err(why.to_owned()),
        }
    }

    /// What KEDA told of them, all at once.
    async fn recorded(&self, left: &[&Foreign<'_>]) -> Result<Recorded, String> {
        let (mut namespaces, mut objects) = (BTreeSet::new(), BTreeSet::new());
        for it in left {
            namespaces.insert(it.wanted.target.namespace.as_str());
            objects.insert(it.of.object.as_str());
        }
        let read = Recorded::read(self, &namespaces, &objects).await;
        read.map_err(|error| error.to_string())
    }
}

impl Origin {
    /// The query to ask; else why there is none.
    fn query(&self) -> Result<&Query, &str> {
        match self {
            Self::Query(query) => Ok(query),
            Self::Recorded { why } => Err(why),
            Self::Schedule(_) => Err("it needs no source"),
        }
    }
}

fn foreign(wanted: &Wanted) -> Vec<Foreign<'_>> {
    let Some(of) = &wanted.triggers else {
        return vec![];
    };
    let is_foreign = |it: &&Trigger| !matches!(it.origin, Origin::Schedule(_));
    let all = of.all.iter().filter(is_foreign);
    all.map(|trigger| Foreign {
        wanted,
        of,
        trigger,
    })
    .collect()
}

fn as_recorded(
    it: &Foreign<'_>,
    why: String,
    recorded: &Result<Recorded, String>,
) -> Result<Series, String> {
    let namespace = &it.wanted.target.namespace;
    let (kind, object) = (it.of.kind, &it.of.object);
    match recorded {
        Ok(recorded) => recorded
            .get(namespace, kind, object, it.trigger.index)
            .filter(|it| it.known().next().is_some())
            .cloned()
            .ok_or_else(|| {
                format!("{why}; no keda_scaler_metrics_value of it was recorded either")
            }),
        Err(error) => Err(format!(
            "{why}; what KEDA told of it cannot be read: {error}"
        )),
    }
}
