//! Where `analyze`, `gather` and `simulate` reach the outside: cluster, metrics sources, snapshots.
//!
//! Adapters know nothing of each other; what one needs from another passes through here.

mod explained;
mod judging;
mod live;
mod looks;
mod offline;
mod one;
mod ongoing;
mod prices;
mod probation;
mod seed;
mod series;
mod snapshot;
mod sought;
mod source;
mod triggers;
mod usage;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::{self, JoinError};

use crate::analysis::assessment::Assessment;
use crate::analysis::prices::PriceList;
use crate::autoscaler::workload::{ContainerRole, Workload};
use crate::autoscaler::{Autoscaler, Metric, Resource};
use crate::cluster::Cluster;
use crate::config::{Config, Input, Question, Snapshot, Window};
use crate::error::Error;
use crate::fleet::{Fleet, Subject};
use crate::metrics::{Delivery, HistoryRequest, Reading, Wanted};
use crate::output::progress::Progress;
use crate::output::report::{AnalysisReport, Place, Run};
use crate::series::Grid;
pub(super) use explained::{Explained, explained};
use judging::Judges;
pub(super) use looks::Known;
pub(super) use one::{one, replayable, workload};
pub(super) use ongoing::Ongoing;
pub(super) use prices::{Priced, priced};
pub(super) use probation::{Asking, Observed, Seen, observe};
pub(super) use seed::seed;
pub(super) use snapshot::{Gathering, Limit, Written, within};

/// The autoscalers in scope, each judged on its history.
#[derive(Debug)]
pub(super) struct Gathered {
    /// `None` for a snapshot.
    pub(super) cluster: Option<Cluster>,
    pub(super) fleet: Fleet,
    /// In any order.
    pub(super) assessments: Vec<Assessment>,
    /// Its warnings are also those about prices.
    pub(super) reading: Reading,
    pub(super) grid: Grid,
    /// What it was judged by.
    pub(super) prices: PriceList,
    /// The snapshot's time, `--now`, or `now`.
    pub(super) taken_at: Timestamp,
    pub(super) place: Place,
}

impl Gathered {
    /// The report of what was judged, which is no longer here then.
    pub(super) fn report(&mut self) -> AnalysisReport {
        AnalysisReport::new(Run {
            fleet: &self.fleet,
            assessments: std::mem::take(&mut self.assessments),
            reading: std::mem::take(&mut self.reading),
            grid: self.grid,
            taken_at: self.taken_at,
            prices: &self.prices,
            place: self.place.clone(),
        })
    }
}

/// Reads the fleet and judges one autoscaler after another as its history arrives.
pub(super) async fn assess(
    config: &Config,
    progress: &Progress,
    now: Timestamp,
) -> Result<Gathered, Error> {
    let priced = priced(&config.analysis, config.opencost.as_ref(), progress).await;
    let settings = priced.settings.clone();
    let judge = move |asked: &Asked| Ok(Judges::start(asked.clone(), settings));
    let answered = ask(&config.question, progress, now, judge).await?;
    judged(answered, priced, place(&config.question.input)).await
}

/// Where what is told of `input` comes from.
pub(super) fn place(input: &Input) -> Place {
    match input {
        Input::Cluster { .. } => Place::Cluster,
        Input::Snapshot(Snapshot::File(path)) => Place::Snapshot(path.display().to_string()),
        Input::Snapshot(Snapshot::Stdin) => Place::Snapshot("-".to_owned()),
    }
}

async fn judged(
    answered: Answered<Judges>,
    priced: Priced,
    place: Place,
) -> Result<Gathered, Error> {
    let judges = answered.taker;
    let assessments = finished(task::spawn_blocking(|| judges.finish()).await);
    let Asked {
        fleet,
        request,
        now,
    } = answered.asked;
    let mut reading = answered.reading?;
    reading.beside.extend(priced.warning);
    Ok(Gathered {
        cluster: answered.cluster,
        fleet: Arc::unwrap_or_clone(fleet),
        assessments,
        reading,
        grid: request.grid,
        prices: priced.settings.prices,
        taken_at: now,
        place,
    })
}

/// What a source is asked for, and about whom.
#[derive(Clone, Debug)]
struct Asked {
    fleet: Arc<Fleet>,
    request: HistoryRequest,
    now: Timestamp,
}

impl Asked {
    /// The history of `fleet` in the window before `now`.
    fn new(fleet: Fleet, window: Window, now: Timestamp) -> Self {
        Self {
            request: request(&fleet, window, now),
            fleet: Arc::new(fleet),
            now,
        }
    }
}

/// What came of it: every history went to `taker`.
struct Answered<T> {
    /// `None` for a snapshot.
    cluster: Option<Cluster>,
    asked: Asked,
    taker: T,
    reading: Result<Reading, Error>,
    /// The autoscalers of a snapshot as they are written, where some are named; empty for a cluster,
    /// which can be asked for them.
    objects: Vec<Value>,
}

/// Reads the fleet, lets `open` say who takes the histories, and sends each there as it arrives.
async fn ask<T, F>(
    question: &Question,
    progress: &Progress,
    now: Timestamp,
    open: F,
) -> Result<Answered<T>, Error>
where
    T: Send + 'static,
    F: FnOnce(&Asked) -> Result<(T, mpsc::Sender<Delivery>), Error> + Send + 'static,
{
    match &question.input {
        Input::Cluster {
            connection,
            metrics,
        } => {
            let times = Times {
                clock: now,
                requested: question.now,
            };
            live::ask(connection, metrics, question, progress, times, open).await
        }
        Input::Snapshot(snapshot) => {
            offline::ask(snapshot.clone(), question.clone(), progress, open).await
        }
    }
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
pub(super) fn finished<T>(ended: Result<T, JoinError>) -> T {
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
        hpa: it.autoscaler.hpa(),
        containers: names(workload, |_| true),
        native_sidecars: names(workload, |role| role == ContainerRole::NativeSidecar),
        init_containers: workload.init_containers.clone(),
        memory: scales_on_memory(&it.autoscaler),
        cpu_limited: workload.containers.iter().any(|it| it.cpu_limit.is_some()),
        triggers: triggers::of(&it.autoscaler),
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
