//! The recommendations that a watch is about.

use tokio::time::timeout;

use super::tick::Watch;
use crate::cli::act::is_named;
use crate::cluster::Namespaces;
use crate::error::Error;
use crate::lifecycle::record::Record;
use crate::store::{Listed, Stored};

impl Watch<'_> {
    /// Those that are meant: all in scope, or those that are named.
    pub(super) async fn listed(&self) -> Result<Vec<Stored>, Error> {
        let namespace = self.session.namespace(&self.config.records.namespaces);
        Ok(self.meant(self.session.store.list(namespace).await?))
    }

    /// The same as they are kept now; `None` where they cannot be read, or not all are there.
    pub(super) async fn read_anew(&self) -> Option<Vec<Record>> {
        let namespace = self.session.namespace(&self.config.records.namespaces);
        let reading = self.session.store.list_anew(namespace);
        let read = match timeout(self.config.interval, reading).await {
            Ok(read) => read.map_err(Error::from),
            Err(_) => Err(Error::Late {
                what: "recommendations".to_owned(),
                limit: self.config.interval,
            }),
        };
        let records = read.and_then(|listed| {
            let meant = self.meant(listed).into_iter().map(|it| it.record);
            let records: Vec<Record> = meant.collect();
            self.check_names(&records).map(|()| records)
        });
        let told = |it: &Error| {
            let error = it.render();
            tracing::warn!(error = error.trim_end(), "cannot tell whether it is over");
        };
        records.inspect_err(told).ok()
    }

    fn meant(&self, listed: Listed) -> Vec<Stored> {
        for malformed in listed.malformed {
            tracing::warn!("left out {malformed}");
        }
        let mut records = listed.records;
        records.retain(|it| self.is_meant(&it.record));
        records
    }

    fn is_meant(&self, record: &Record) -> bool {
        let question = &self.config.analysis.question;
        let names = &self.config.records.names;
        let id = &record.autoscaler;
        let is_named = names.is_empty() || names.iter().any(|it| is_named(record, it));
        // The labels are those of autoscalers.
        let is_selected = question.scope.selector.is_none() || self.selected.contains(id);
        let is_watched = match &question.scope.namespaces {
            Namespaces::Several(namespaces) => namespaces.contains(&record.namespace),
            // No others were listed.
            Namespaces::Current | Namespaces::One(_) | Namespaces::All => true,
        };
        let is_part = question.shard.is_none_or(|it| it.has(id));
        is_named && is_selected && is_watched && is_part
    }

    /// Whether all that are named are there.
    pub(super) fn check_names(&self, records: &[Record]) -> Result<(), Error> {
        let namespace = self.session.namespace(&self.config.records.namespaces);
        let names = self.config.records.names.iter();
        let missing = names.filter(|name| !records.iter().any(|it| is_named(it, name)));
        let missing: Vec<String> = missing
            .map(|it| {
                format!(
                    "rec/{} in namespace {}",
                    it.name,
                    namespace.unwrap_or("any")
                )
            })
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Error::NoRecommendation {
                missing,
                place: self.session.store.place(),
            }),
        }
    }
}
