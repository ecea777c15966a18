//! From a snapshot file, without a cluster.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task;

use super::judging::{Case, Judges};
use super::{Gathered, finished, request};
use crate::cluster::{self, offline::Inventory};
use crate::config::{self, Config};
use crate::error::Error;
use crate::metrics::snapshot::Snapshot;
use crate::output::progress::{Progress, Stage};

pub(super) async fn assess(
    snapshot: config::Snapshot,
    config: Config,
    progress: &Progress,
) -> Result<Gathered, Error> {
    let progress = progress.clone();
    let read = move || read(&snapshot, &config, &progress);
    finished(task::spawn_blocking(read).await)
}

/// Whoever names what is not there is to look into the file, not at the cluster.
fn not_found(error: cluster::Error, path: &Path) -> Error {
    match error {
        cluster::Error::NotFound { missing } => Error::NotInSnapshot {
            snapshot: path.to_owned(),
            missing,
        },
        other => other.into(),
    }
}

fn read(
    snapshot: &config::Snapshot,
    config: &Config,
    progress: &Progress,
) -> Result<Gathered, Error> {
    progress.at(&Stage::Inventory);
    let path = match snapshot {
        config::Snapshot::File(path) => path.clone(),
        config::Snapshot::Stdin => PathBuf::from("-"),
    };
    let mut inventory = Inventory::new(&config.scope)?;
    let mut snapshot = Snapshot::open(&path, |_, object| Ok(inventory.add(object)?))?;
    let header = snapshot.header().clone();
    let now = config.now.unwrap_or(header.taken_at);
    let fleet = inventory.finish(header.cluster);
    let fleet = Arc::new(fleet.map_err(|it| not_found(it, &path))?);
    let request = request(&fleet, config.window, now);
    let case = Case {
        fleet: Arc::clone(&fleet),
        settings: config.analysis.clone(),
        now,
    };
    let (judges, sender) = Judges::start(case, &request);
    // Judges end only when all histories were sent: a failure to send is a panic of theirs, which
    // waiting for them brings up.
    let reading = snapshot.deliver(&request, |it| drop(sender.blocking_send(it)));
    drop(sender);
    let assessments = judges.finish();
    Ok(Gathered {
        fleet: Arc::unwrap_or_clone(fleet),
        assessments,
        reading: reading?,
        grid: request.grid,
        taken_at: now,
    })
}
