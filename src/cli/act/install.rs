//! `install --crd-only`: makes recommendations a kind of the cluster.

use std::time::Duration;

use super::Session;
use crate::audit::Verb;
use crate::cli::context::Context;
use crate::cluster::write::{Change, Kind, Place, Writing};
use crate::cluster::{self};
use crate::config::act::{DryRun, InstallConfig};
use crate::error::{Error, Exit};
use crate::lifecycle::{MANAGER, form};
use crate::store::{Files, KIND, Objects, Store};
use crate::yaml;

const DEFINITIONS: Kind = Kind {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
};

/// How long a server may take to serve a new kind.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(100);

pub(in crate::cli) async fn run(cx: Context, config: InstallConfig) -> Result<Exit, Error> {
    let definition = form::definition();
    if config.dry_run == DryRun::Client {
        let text =
            yaml::write(&definition).map_err(|it| Error::Output(std::io::Error::other(it)))?;
        cx.print(|out| out.write_all(text.as_bytes()))?;
        return Ok(Exit::Clean);
    }
    let session = Session::open(&cx, &config.connection, &config.audit).await?;
    let name = format!("{}.{}", form::PLURAL, form::GROUP);
    let place = Place {
        kind: DEFINITIONS,
        namespace: "",
        name: &name,
    };
    let dry_run = config.dry_run == DryRun::Server;
    let writing = Writing {
        manager: MANAGER,
        force: false,
        dry_run,
    };
    let change = Change::Apply(&definition);
    let audit = &session.audit;
    let applied = audit.write(&session.cluster, Verb::Install, &place, &change, &writing);
    applied.await?.map_err(|source| Error::Install {
        name: name.clone(),
        source,
    })?;
    let how = if dry_run {
        "applied (server dry run)"
    } else {
        "applied"
    };
    cx.print(|out| {
        writeln!(
            out,
            "customresourcedefinition.apiextensions.k8s.io/{name} {how}"
        )
    })?;
    if dry_run {
        return Ok(Exit::Clean);
    }
    served(&session.cluster).await?;
    move_files(&cx, &session).await?;
    Ok(Exit::Clean)
}

/// Waits until the kind can be asked for.
async fn served(cluster: &cluster::Cluster) -> Result<(), Error> {
    let mut waited = Duration::ZERO;
    while !cluster.serves(&KIND).await? && waited < PATIENCE {
        tokio::time::sleep(GLANCE).await;
        waited += GLANCE;
    }
    Ok(())
}

/// Moves what is kept in files into the cluster: what is there already stays, and so does its file.
async fn move_files(cx: &Context, session: &Session) -> Result<(), Error> {
    let files = Store::Files(Files::of(&session.cluster).await?);
    let objects = Store::Objects(Box::new(Objects::of(session.cluster.clone())));
    let (mut moved, mut kept) = (0, 0);
    for stored in files.list(None).await?.records {
        match objects.create(&stored.record).await {
            Ok(_) => {
                files.delete(&stored).await?;
                moved += 1;
            }
            Err(crate::store::Error::Conflict { .. }) => kept += 1,
            Err(error) => return Err(error.into()),
        }
    }
    if moved > 0 {
        cx.note(&format!(
            "{moved} recommendations moved from {}",
            files.place()
        ));
    }
    if kept > 0 {
        cx.note(&format!(
            "{kept} recommendations stay in {}: the cluster has others of their names",
            files.place()
        ));
    }
    Ok(())
}
