//! `install`: prints what `watch` needs in a cluster, or applies it.

use std::time::Duration;

use serde_json::Value;

use super::{Session, objects};
use crate::audit::Verb;
use crate::cli::context::Context;
use crate::cluster::write::{Change, Kind, Place, WriteError, Writing};
use crate::cluster::{self, Cluster};
use crate::config::install::{Delivery, InstallConfig, What};
use crate::error::{Error, Exit};
use crate::install::{self, Item, NAMESPACE, Name};
use crate::lifecycle::{MANAGER, Record};
use crate::output::manifests;
use crate::output::summary::counted;
use crate::store::{self, Files, KIND, Listed, Objects, Store};

/// How long a server may take to serve a new kind, or to forget a Job.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(100);

pub(in crate::cli) async fn run(cx: Context, config: InstallConfig) -> Result<Exit, Error> {
    let (items, stale, notes) = match &config.what {
        What::Definition => (vec![install::definition()], vec![], vec![]),
        What::Watch(plan) => (install::items(plan), install::stale(plan), plan.notes()),
    };
    match config.delivery {
        Delivery::Print => cx.print(|out| manifests::write(out, &items))?,
        Delivery::Apply { dry_run, force } => {
            let session = Session::open(&cx, &config.connection, &config.audit).await?;
            let writing = Writing {
                manager: MANAGER,
                force,
                dry_run,
            };
            let installation = Installation {
                cx: &cx,
                cluster: &session.cluster,
                session: &session,
                writing,
            };
            installation.carry_out(&items, &stale).await?;
        }
    }
    notes.iter().for_each(|it| cx.note(&format!("note: {it}")));
    Ok(Exit::Clean)
}

/// One that is under way.
struct Installation<'a> {
    cx: &'a Context,
    session: &'a Session,
    cluster: &'a Cluster,
    writing: Writing<'a>,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Created,
    Configured,
    Unchanged,
    /// It is there, and we may not change it.
    Left,
    /// By a dry run, since its namespace would only be made.
    Unchecked,
}

impl Installation<'_> {
    async fn carry_out(&self, items: &[Item], stale: &[Name]) -> Result<(), Error> {
        let has_namespace = self.namespace_exists(items).await?;
        self.check_kinds(items).await?;
        for name in stale {
            self.prune(name).await?;
        }
        for item in items {
            let name = item.name();
            let outcome = match (has_namespace, &name.namespace) {
                (false, Some(_)) if self.writing.dry_run => Outcome::Unchecked,
                _ => self.apply(item, &name).await?,
            };
            self.tell(&name, &outcome)?;
            if name.kind == "CustomResourceDefinition" && !self.writing.dry_run {
                served(self.cluster).await?;
                move_files(self.cx, self.cluster).await?;
            }
        }
        Ok(())
    }

    /// Whether the namespace of the objects is there. One that is not ours has to be.
    async fn namespace_exists(&self, items: &[Item]) -> Result<bool, Error> {
        let names = items.iter().map(Item::name);
        let Some(namespace) = names.filter_map(|it| it.namespace).next() else {
            return Ok(true);
        };
        let place = Place {
            kind: objects::NAMESPACES,
            namespace: "",
            name: &namespace,
        };
        match self.cluster.object(&place).await {
            Ok(answer) if answer.value.is_some() => Ok(true),
            Ok(_) if namespace == NAMESPACE => Ok(false),
            Ok(_) => Err(Error::NoNamespace { namespace }),
            // Whoever may write to a namespace need not be allowed to look at it.
            Err(cluster::Error::Forbidden { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Of the kinds that not every cluster has, before anything is written.
    async fn check_kinds(&self, items: &[Item]) -> Result<(), Error> {
        for item in items {
            let name = item.name();
            if name.kind == "ServiceMonitor" {
                require(self.cluster, &objects::place(&name).kind).await?;
            }
        }
        Ok(())
    }

    async fn apply(&self, item: &Item, name: &Name) -> Result<Outcome, Error> {
        let mut before = objects::read(self.cluster, name).await?;
        if name.kind == "Job" && before.is_some() && !self.writing.dry_run {
            self.forget(name).await?;
            before = None;
        }
        let change = Change::Apply(&item.object);
        let place = objects::place(name);
        let (audit, cluster) = (&self.session.audit, self.cluster);
        let written = audit.write(cluster, Verb::Install, &place, &change, &self.writing);
        match written.await? {
            Ok(answer) => Ok(Outcome::of(before.as_ref(), &answer.value)),
            Err(source) if may_stay(name, &source) && self.cluster.serves(&KIND).await? => {
                Ok(Outcome::Left)
            }
            Err(source) => Err(failed(name, source)),
        }
    }

    /// Deletes a Job, which cannot be run again, and waits until it is gone.
    async fn forget(&self, name: &Name) -> Result<(), Error> {
        let deleted = objects::delete(self.session, Verb::Install, name, false);
        deleted.await?.map_err(|source| failed(name, source))?;
        let mut waited = Duration::ZERO;
        while objects::read(self.cluster, name).await?.is_some() && waited < PATIENCE {
            tokio::time::sleep(GLANCE).await;
            waited += GLANCE;
        }
        Ok(())
    }

    /// Takes away what is ours and of no more use.
    async fn prune(&self, name: &Name) -> Result<(), Error> {
        let object = match objects::read(self.cluster, name).await {
            // Whoever installs into one namespace need not be allowed to look elsewhere.
            Err(cluster::Error::Forbidden { .. }) => return Ok(()),
            object => object?,
        };
        if !object.is_some_and(|it| install::is_ours(&it)) {
            return Ok(());
        }
        let dry_run = self.writing.dry_run;
        let deleted = objects::delete(self.session, Verb::Install, name, dry_run);
        deleted.await?.map_err(|source| failed(name, source))?;
        self.line(name, "pruned")
    }

    fn tell(&self, name: &Name, outcome: &Outcome) -> Result<(), Error> {
        match outcome {
            Outcome::Created => self.line(name, "created"),
            Outcome::Configured => self.line(name, "configured"),
            Outcome::Unchanged => self.line(name, "unchanged"),
            Outcome::Left => self.line(name, "left as it is: you may not change it"),
            Outcome::Unchecked => self.line(name, "created, not checked without its namespace"),
        }
    }

    fn line(&self, name: &Name, what: &str) -> Result<(), Error> {
        let how = if self.writing.dry_run {
            " (server dry run)"
        } else {
            ""
        };
        self.cx
            .print(|out| writeln!(out, "{} {what}{how}", name.title()))
    }
}

impl Outcome {
    fn of(before: Option<&Value>, after: &Value) -> Self {
        match before {
            None => Self::Created,
            Some(before) if content(before) == content(after) => Self::Unchanged,
            Some(_) => Self::Configured,
        }
    }
}

/// What we write of an object, and not what controllers do at the same time.
fn content(object: &Value) -> Value {
    let mut content = object.clone();
    content["status"] = Value::Null;
    content["metadata"] = object["metadata"]["labels"].clone();
    content
}

/// Whether it does that we may not write it: an administrator may have made the kind for everybody.
fn may_stay(name: &Name, error: &WriteError) -> bool {
    let is_forbidden = matches!(error, WriteError::Refused(it)
        if matches!(**it, cluster::Error::Forbidden { .. }));
    is_forbidden && name.kind == "CustomResourceDefinition"
}

fn failed(name: &Name, source: WriteError) -> Error {
    Error::Install {
        name: name.title(),
        source,
    }
}

async fn require(cluster: &Cluster, kind: &Kind) -> Result<(), Error> {
    match cluster.serves(kind).await? {
        true => Ok(()),
        false => Err(cluster::Error::NotServed {
            endpoint: cluster.endpoint().clone(),
            api: kind.api_version(),
        }
        .into()),
    }
}

/// Waits until recommendations can be asked for.
async fn served(cluster: &Cluster) -> Result<(), Error> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        if cluster.serves(&KIND).await? {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
        waited += GLANCE;
    }
    require(cluster, &KIND).await
}

/// Moves what is kept in files into the cluster: what is there already stays, and so does its file.
/// No file goes before all of them are there, so that a move that breaks off can be made again.
async fn move_files(cx: &Context, cluster: &Cluster) -> Result<(), Error> {
    let files = Store::Files(Files::of(cluster).await?);
    let objects = Store::Objects(Box::new(Objects::of(cluster.clone())));
    let Listed { records, malformed } = files.list(None).await?;
    for malformed in malformed {
        cx.note(&format!("warning: left out {malformed}"));
    }
    let (mut moved, mut kept) = (vec![], 0);
    for stored in records {
        match is_in(&objects, &stored.record).await {
            Ok(true) => moved.push(stored),
            Ok(false) => kept += 1,
            Err(error) if error.is_of_one() => cx.note(&format!("warning: left out {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    for stored in &moved {
        files.delete(stored).await?;
    }
    let (place, count) = (files.place(), |it| counted(it, "recommendation"));
    if !moved.is_empty() {
        cx.note(&format!("{} moved from {place}", count(moved.len())));
    }
    if kept > 0 {
        cx.note(&format!(
            "{} not moved from {place}: the cluster has others of their names",
            count(kept)
        ));
    }
    Ok(())
}

/// Whether a record is among the objects, made now or by a move that broke off.
async fn is_in(objects: &Store, record: &Record) -> Result<bool, store::Error> {
    let conflict = match objects.create(record).await {
        Ok(_) => return Ok(true),
        Err(error @ store::Error::Conflict { .. }) => error,
        Err(error) => return Err(error),
    };
    let there = objects.get(&record.namespace, &record.name).await?;
    let there = there.ok_or(conflict)?;
    let unapproved = Record {
        approved: false,
        ..record.clone()
    };
    if there.record == unapproved {
        // The approval is the last part that is written.
        objects.save(&there, record).await?;
        return Ok(true);
    }
    Ok(there.record == *record)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_controllers_write_is_no_change() {
        let object = |version: u32, label: &str, size: u32| {
            json!({ "kind": "Deployment", "spec": { "replicas": size },
                "metadata": { "labels": { "a": label }, "resourceVersion": version.to_string() },
                "status": { "replicas": version } })
        };
        let before = object(1, "x", 2);
        let outcome = |after: &Value| Outcome::of(Some(&before), after);
        assert_eq!(outcome(&object(2, "x", 2)), Outcome::Unchanged);
        assert_eq!(outcome(&object(2, "y", 2)), Outcome::Configured);
        assert_eq!(outcome(&object(2, "x", 3)), Outcome::Configured);
        assert_eq!(Outcome::of(None, &before), Outcome::Created);
    }

    #[test]
    fn only_the_kind_may_stay_as_an_administrator_made_it() {
        let permission = crate::fleet::Permission {
            verb: "patch".to_owned(),
            resource: "x".to_owned(),
            namespace: None,
        };
        let forbidden = WriteError::Refused(Box::new(cluster::Error::Forbidden {
            permission,
            message: String::new(),
        }));
        let conflict = WriteError::Conflict {
            message: String::new(),
        };
        let definition = install::definition().name();
        assert!(may_stay(&definition, &forbidden));
        assert!(!may_stay(&definition, &conflict));
        let account = Name::of("v1", "ServiceAccount", Some("shop"), "stepscale");
        assert!(!may_stay(&account, &forbidden));
    }
}
