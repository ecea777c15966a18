//! From a snapshot file, without a cluster.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task;

use super::{Answered, Asked, finished};
use crate::cluster::{self, offline::Inventory};
use crate::config::{self, Question};
use crate::error::Error;
use crate::metrics::Delivery;
use crate::metrics::snapshot::Snapshot;
use crate::output::progress::{Progress, Stage};

pub(super) async fn ask<T, F>(
    snapshot: config::Snapshot,
    question: Question,
    progress: &Progress,
    open: F,
) -> Result<Answered<T>, Error>
where
    T: Send + 'static,
    F: FnOnce(&Asked) -> Result<(T, mpsc::Sender<Delivery>), Error> + Send + 'static,
{
    let progress = progress.clone();
    let read = move || read(&snapshot, &question, &progress, open);
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

fn read<T>(
    snapshot: &config::Snapshot,
    question: &Question,
    progress: &Progress,
    open: impl FnOnce(&Asked) -> Result<(T, mpsc::Sender<Delivery>), Error>,
) -> Result<Answered<T>, Error> {
    progress.at(&Stage::Inventory);
    let path = match snapshot {
        config::Snapshot::File(path) => path.clone(),
        config::Snapshot::Stdin => PathBuf::from("-"),
    };
    let mut inventory = Inventory::new(&question.scope)?;
    let mut objects = Vec::new();
    let mut snapshot = Snapshot::open(&path, |_, object| {
        if !question.scope.names.is_empty() && cluster::offline::is_autoscaler(&object) {
            objects.push(object.clone());
        }
        Ok(inventory.add(object)?)
    })?;
    let header = snapshot.header().clone();
    let now = question.now.unwrap_or(header.taken_at);
    let fleet = inventory.finish(header.cluster);
    let fleet = fleet.map_err(|it| not_found(it, &path))?;
    let asked = Asked::new(fleet, question.window, now);
    let (taker, sender) = open(&asked)?;
    // Whoever takes them ends only when all histories were sent: a failure to send is a panic of
    // theirs, which waiting for them brings up.
    let reading = snapshot.deliver(&asked.request, |it| drop(sender.blocking_send(it)));
    Ok(Answered {
        cluster: None,
        reading: reading.map_err(Error::from),
        taker,
        asked,
        objects,
    })
}
