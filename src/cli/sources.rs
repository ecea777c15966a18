//! Where `analyze` and `gather` reach the outside: cluster, metrics sources, snapshots.
//!
//! Adapters know nothing of each other; what one needs from another passes through here.

mod judging;
mod live;
mod offline;
mod series;
mod source;
mod usage;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinError;

use crate::analysis::assessment::Assessment;
use crate::autoscaler::workload::{ContainerRole, Workload};
use crate::autoscaler::{Autoscaler, Metric, Resource};
use crate::config::{Config, GatherConfig, Input, Window};
use crate::error::Error;
use crate::fleet::{Fleet, Subject};
use crate::metrics::{HistoryRequest, Reading, Wanted};
use crate::output::progress::Progress;
use crate::series::Grid;
use series::Unread;

/// The autoscalers in scope, each judged on its history.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) fleet: Fleet,
    /// In any order.
    pub(super) assessments: Vec<Assessment>,
    pub(super) reading: Reading,
    pub(super) grid: Grid,
    /// The snapshot's time, `--now`, or `now`.
    pub(super) taken_at: Timestamp,
}

/// What a snapshot that was written holds.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) autoscalers: usize,
    pub(super) reading: Option<Reading>,
    pub(super) unread: Unread,
}

/// Reads the fleet and judges one autoscaler after another as its history arrives.
pub(super) async fn assess(
    config: &Config,
    progress: &Progress,
    now: Timestamp,
) -> Result<Gathered, Error> {
    match &config.input {
        Input::Cluster {
            connection,
            metrics,
        } => {
            let times = Times {
                clock: now,
                requested: config.now,
            };
            live::assess(connection, metrics, config, progress, times).await
        }
        Input::Snapshot(snapshot) => {
            offline::assess(snapshot.clone(), config.clone(), progress).await
        }
    }
}

/// Reads the fleet and its history into a snapshot.
pub(super) async fn write_snapshot(
    config: &GatherConfig,
    progress: &Progress,
    now: Timestamp,
) -> Result<Written, Error> {
    let times = Times {
        clock: now,
        requested: config.now,
    };
    live::write_snapshot(config, progress, times).await
}

/// When a run is, and when it is to be thought to be.
#[derive(Clone, Copy, Debug)]
struct Times {
    clock: Timestamp,
    /// `--now`.
    requested: Option<Timestamp>,
}

impl Times {
    /// The end of the window.
    fn now(self) -> Timestamp {
        self.requested.unwrap_or(self.clock)
    }

    /// The time of what is measured during this run; `None` for a run that is to look at another
    /// time, in which the present has no place.
    fn of_samples(self) -> Option<Timestamp> {
        self.requested.is_none().then_some(self.clock)
    }
}

/// What a task of ours gave; a panic in it goes on here.
fn finished<T>(ended: Result<T, JoinError>) -> T {
    match ended {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// What to ask a source for: the targets of all autoscalers that can be judged.
fn request(fleet: &Fleet, window: Window, now: Timestamp) -> HistoryRequest {
    let wanted = fleet.subjects.iter().enumerate();
    HistoryRequest {
        grid: Grid::ending_at(now, window.length(), window.step),
        wanted: wanted.filter_map(wanted_of).collect(),
        pod_owners: Arc::clone(&fleet.pod_owners),
    }
}

fn wanted_of((subject, it): (usize, &Subject)) -> Option<Wanted> {
    let workload = it.workload.as_ref().ok()?;
    if it.autoscaler.owner.is_some() {
        return None;
    }
    Some(Wanted {
        subject,
        target: it.autoscaler.target.clone(),
        hpa: it.autoscaler.id.name.clone(),
        containers: names(workload, |_| true),
        native_sidecars: names(workload, |role| role == ContainerRole::NativeSidecar),
        init_containers: workload.init_containers.clone(),
        memory: scales_on_memory(&it.autoscaler),
        cpu_limited: workload.containers.iter().any(|it| it.cpu_limit.is_some()),
    })
}

fn names(workload: &Workload, counts: impl Fn(ContainerRole) -> bool) -> Vec<String> {
    let containers = workload.containers.iter();
    containers
        .filter(|it| counts(it.role))
        .map(|it| it.name.clone())
        .collect()
}

fn scales_on_memory(autoscaler: &Autoscaler) -> bool {
    autoscaler.metrics.iter().any(|metric| match metric {
        Metric::Resource { resource, .. } | Metric::ContainerResource { resource, .. } => {
            *resource == Resource::Memory
        }
        Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => false,
    })
}
