//! The subcommands that decide on recommendations and carry them out, and what they share: the
//! cluster, the store, who is asking.

pub(super) mod apply;
pub(super) mod decide;
mod history;
pub(super) mod install;
mod objects;
pub(super) mod origin;
pub(super) mod pause;
pub(super) mod probation;
pub(super) mod save;
pub(super) mod status;
pub(super) mod uninstall;
pub(super) mod verify;

use super::context::Context;
use crate::audit::{self, Log};
use crate::autoscaler::AutoscalerKind;
use crate::cluster::{self, Cluster, NameArgument, Namespaces};
use crate::conduct::{Audit, Conductor, Leave, Reporter, Witness};
use crate::config::act::Records;
use crate::error::Error;
use crate::lifecycle::guard::{License, Limits};
use crate::lifecycle::record::Record;
use crate::lifecycle::step::Policy;
use crate::output::progress::Stage;
use crate::state;
use crate::store::{Listed, Store, Stored};

/// A cluster with its recommendations.
pub(super) struct Session {
    pub(super) cluster: Cluster,
    pub(super) store: Store,
    pub(super) audit: Audit,
    pub(super) reporter: Reporter,
    by: String,
}

impl Session {
    pub(super) async fn open(
        cx: &Context,
        options: &cluster::Options,
        settings: &audit::Settings,
    ) -> Result<Self, Error> {
        let to = "the cluster".to_owned();
        cx.progress().at(&Stage::Connect { to });
        let cluster = cluster::connect(options).await?;
        Self::with(cx, cluster, options, settings).await
    }

    /// The recommendations of a cluster that is connected already.
    pub(super) async fn with(
        cx: &Context,
        cluster: Cluster,
        options: &cluster::Options,
        settings: &audit::Settings,
    ) -> Result<Self, Error> {
        let impersonated = options.impersonate.as_deref();
        let (store, origin) = tokio::join!(Store::of(&cluster), origin::of(&cluster, impersonated));
        let store = store?;
        let by = origin::name(&origin);
        let log = Log::new(settings.clone(), origin, state::folder().as_deref())?;
        let (clock, teller) = (cx.clone(), cx.clone());
        let audit = Audit::new(log, move || clock.now(), move |it| teller.note(it));
        Ok(Self {
            store,
            audit,
            reporter: Reporter::person(&origin::host()),
            by,
            cluster,
        })
    }

    /// The same for a `watch`, so that what it writes says so; `instance` tells it from others.
    pub(super) fn of_watch(self, instance: &str) -> Self {
        let reporter = Reporter::watch(instance);
        Self {
            store: self.store.written_by(reporter.manager()),
            reporter,
            ..self
        }
    }

    /// Whoever carries out deeds in the name of this user.
    pub(super) fn conductor(&self, limits: Limits, license: License) -> Conductor<'_> {
        Conductor {
            cluster: &self.cluster,
            store: &self.store,
            audit: &self.audit,
            policy: Policy::default(),
            limits,
            license,
            by: self.by.clone(),
            reason: String::new(),
            leave: Leave::Always,
            witness: Witness::default(),
            reporter: &self.reporter,
        }
    }

    /// One that only decides, for which nobody needs a license.
    pub(super) fn decider(&self) -> Conductor<'_> {
        let why = "not asked for".to_owned();
        self.conductor(Limits::default(), License::None { why })
    }

    /// The recommendations that are meant, as they are kept.
    ///
    /// # Errors
    /// Where a name is none's.
    pub(super) async fn chosen(
        &self,
        cx: &Context,
        records: &Records,
    ) -> Result<Vec<Stored>, Error> {
        let namespace = self.namespace(&records.namespaces);
        if records.names.is_empty() {
            return self.all(cx, namespace).await;
        }
        let namespace = namespace.unwrap_or_else(|| self.cluster.namespace());
        let (mut found, mut missing) = (vec![], vec![]);
        for argument in &records.names {
            match self.named(namespace, argument).await? {
                Some(stored) => found.push(stored),
                None => missing.push(missed(argument, namespace)),
            }
        }
        match missing.is_empty() {
            true => Ok(found),
            false => Err(Error::NoRecommendation {
                missing,
                place: self.store.place(),
            }),
        }
    }

    /// One that is named by itself, or by its autoscaler.
    ///
    /// # Errors
    /// Where it cannot be read or relied on.
    pub(super) async fn named(
        &self,
        namespace: &str,
        argument: &NameArgument,
    ) -> Result<Option<Stored>, Error> {
        let found = self.store.get(namespace, &argument.name).await;
        if argument.kind.is_none() {
            return Ok(found?);
        }
        let is_meant = |it: &Stored| is_named(&it.record, argument);
        // Nearly always it has the name of its autoscaler.
        if let Ok(Some(stored)) = &found
            && is_meant(stored)
        {
            return Ok(found?);
        }
        let listed = self.store.list(Some(namespace)).await?;
        match listed.records.into_iter().find(is_meant) {
            Some(stored) => Ok(Some(stored)),
            None => Ok(found.map(|_| None)?),
        }
    }

    async fn all(&self, cx: &Context, namespace: Option<&str>) -> Result<Vec<Stored>, Error> {
        let Listed { records, malformed } = self.store.list(namespace).await?;
        for malformed in malformed {
            cx.note(&format!("warning: left out {malformed}"));
        }
        Ok(records)
    }

    /// `None` for all, and for several, of which those who ask choose.
    pub(super) fn namespace<'a>(&'a self, namespaces: &'a Namespaces) -> Option<&'a str> {
        match namespaces {
            Namespaces::All | Namespaces::Several(_) => None,
            Namespaces::One(namespace) => Some(namespace),
            Namespaces::Current => Some(self.cluster.namespace()),
        }
    }
}

/// Whether a name is that of a recommendation or, with a kind, of its autoscaler.
pub(super) fn is_named(record: &Record, name: &NameArgument) -> bool {
    match name.kind {
        Some(kind) => record.autoscaler.kind == kind && record.autoscaler.name == name.name,
        None => record.name == name.name,
    }
}

/// `rec/web in namespace shop`, or the same of an autoscaler.
fn missed(argument: &NameArgument, namespace: &str) -> String {
    let kind = argument.kind.map_or("rec", AutoscalerKind::short);
    format!("{kind}/{} in namespace {namespace}", argument.name)
}
