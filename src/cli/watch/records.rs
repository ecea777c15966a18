//! The recommendations that a watch is about.

use std::collections::BTreeSet;

use tokio::time::timeout;

use super::tick::Watch;
use crate::autoscaler::AutoscalerId;
use crate::cli::act::is_named;
use crate::cluster::Namespaces;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::lifecycle::record::Record;
use crate::store::{Listed, Stored};

impl Watch<'_> {
    /// Those that are meant: all in scope, or those that are named.
    pub(super) async fn listed(&self) -> Result<Vec<Stored>, Error> {
        let namespace = self.session.namespace(&self.config.records.namespaces);
        Ok(self.meant(self.session.store.list(namespace).await?))
    }

    /// The same before the first tick, as records. Whom the labels do not select counts too, as long
    /// as that is not known: what is there already must never come as news.
    pub(super) async fn listed_at_first(&self) -> Result<Vec<Record>, Error> {
        let namespace = self.session.namespace(&self.config.records.namespaces);
        let listed = self.session.store.list(namespace).await?;
        let counts = |it: &Record| !self.knows_selected() || self.is_selected_by_labels(it);
        let meant = self.meant_where(listed, counts).into_iter();
        Ok(meant.map(|it| it.record).collect())
    }

    /// Learns whom the labels select before anything is judged by them.
    pub(super) async fn select_first(&mut self) {
        if self.config.analysis.question.scope.selector.is_none() {
            return;
        }
        self.ongoing.ready().await;
        if let Ok(fleet) = self.ongoing.fleet().await {
            self.select(&fleet);
        }
    }

    /// Takes from a fleet whom the labels select. That nobody is in it says nothing before it was read.
    pub(super) fn select(&mut self, fleet: &Fleet) {
        let is_read = self.selected.is_some() || self.ongoing.is_ready();
        if is_read || !fleet.subjects.is_empty() {
            let ids = fleet.subjects.iter().map(|it| it.autoscaler.id.clone());
            self.selected = Some(ids.collect());
        }
    }

    /// Whether it is known whom the labels select, if there are any.
    pub(super) fn knows_selected(&self) -> bool {
        self.config.analysis.question.scope.selector.is_none() || self.selected.is_some()
    }

    /// Whether the labels, if there are any, are those of its autoscaler.
    fn is_selected_by_labels(&self, record: &Record) -> bool {
        let selects = |it: &BTreeSet<AutoscalerId>| it.contains(&record.autoscaler);
        self.config.analysis.question.scope.selector.is_none()
            || self.selected.as_ref().is_some_and(selects)
    }

    /// The same as they are kept now; `None` where they cannot be read, or not all are there.
    pub(super) async fn read_anew(&self) -> Option<Vec<Record>> {
        if !self.knows_selected() {
            return None;
        }
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
        self.meant_where(listed, |it| self.is_selected_by_labels(it))
    }

    fn meant_where(&self, listed: Listed, is_selected: impl Fn(&Record) -> bool) -> Vec<Stored> {
        for malformed in listed.malformed {
            tracing::warn!("left out {malformed}");
        }
        let mut records = listed.records;
        records.retain(|it| self.is_meant(&it.record) && is_selected(&it.record));
        records
    }

    /// Whether names, namespaces and the shard have it, whatever the labels are.
    fn is_meant(&self, record: &Record) -> bool {
        let question = &self.config.analysis.question;
        let names = &self.config.records.names;
        let id = &record.autoscaler;
        let is_named = names.is_empty() || names.iter().any(|it| is_named(record, it));
        let is_watched = match &question.scope.namespaces {
            Namespaces::Several(namespaces) => namespaces.contains(&record.namespace),
            // No others were listed.
            Namespaces::Current | Namespaces::One(_) | Namespaces::All => true,
        };
        let is_part = question.shard.is_none_or(|it| it.has(id));
        is_named && is_watched && is_part
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
