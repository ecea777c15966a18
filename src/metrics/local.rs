//! Local history: what the metrics API said at each run, kept in one file per cluster.
//!
//! The metrics API knows only the present, so a history must be collected run by run. A file is
//! JSON Lines: a header, then one [`LocalSample`] a line, appended in one write under a lock, so
//! that runs at the same time do not mix. What is older than [`KEPT`] is dropped now and then.

mod store;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Delivery, HistoryRequest, Reading};
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::series::{Grid, Series};

pub use store::Store;

/// How long samples are kept: twice the default window, so that a longer one can be asked for.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What one run saw of one scale target. `None` is unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalSample {
    pub at: Timestamp,
    pub target: TargetRef,
    /// Of all pods together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_usage_cores: Option<f64>,
    /// Of each container in all pods, where pods have more than one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub container_cpu_usage_cores: BTreeMap<String, f64>,
    /// Of all pods together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_working_set_bytes: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<u32>,
}

/// What went wrong with the local history. `path` is its file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot create the folder of the local history {path}")]
    CreateFolder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot lock the local history {path}")]
    Lock {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read the local history {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write the local history {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} is not a local history of version {}", store::API_VERSION)]
    NotOurs { path: PathBuf },
    #[error("the local history {path} is of another cluster: {found}")]
    OtherCluster { path: PathBuf, found: String },
    #[error("local history {path}, line {line}: not a sample: {why}")]
    Line {
        path: PathBuf,
        line: u64,
        why: String,
    },
}

/// Why nothing is known of a trigger but that of a schedule.
const NO_TRIGGERS: &str = "the metrics API tells nothing of triggers; pass --prometheus-url";

impl Store {
    /// Gives each wanted subject its history on the requested grid, in their order; an empty one
    /// where nothing was sampled.
    ///
    /// A sample stands for the step that it fell into, the last one of several; steps without
    /// one are gaps.
    pub fn deliver(
        &self,
        request: &HistoryRequest,
        mut each: impl FnMut(Delivery),
    ) -> Result<Reading, Error> {
        let mut points = Points::of(request);
        let warnings = self.each_sample(|sample| points.add(&sample))?;
        let mut samples = 0;
        for wanted in &request.wanted {
            let mut history = points.history(&wanted.target);
            wanted.complete(request.grid, &mut history, NO_TRIGGERS);
            let delivery = Delivery {
                subject: wanted.subject,
                history: Ok(history),
            };
            samples += delivery.samples();
            each(delivery);
        }
        Ok(Reading {
            source: format!("local history {}", self.path().display()),
            way: format!("{} samples of the metrics API", points.count),
            samples,
            warnings,
            ..Reading::default()
        })
    }
}

/// Samples by target, kept as they came: one a run is far less than a full grid.
struct Points<'r> {
    grid: Grid,
    of: HashMap<&'r TargetRef, Columns>,
    count: u64,
}

/// Known values and their places on the grid.
type Columns = BTreeMap<Metric, Vec<(usize, f64)>>;

impl<'r> Points<'r> {
    fn of(request: &'r HistoryRequest) -> Self {
        let targets = request.wanted.iter().map(|it| (&it.target, Columns::new()));
        Self {
            grid: request.grid,
            of: targets.collect(),
            count: 0,
        }
    }

    fn add(&mut self, sample: &LocalSample) {
        let Some(index) = self.grid.index_of(sample.at) else {
            return;
        };
        if let Some(columns) = self.of.get_mut(&sample.target) {
            for (metric, value) in sample.values() {
                columns.entry(metric).or_default().push((index, value));
            }
            self.count += 1;
        }
    }

    fn history(&self, target: &TargetRef) -> History {
        let mut history = History::default();
        for (metric, points) in self.of.get(target).into_iter().flatten() {
            let mut series = Series::gaps(self.grid);
            for (index, value) in points {
                series.set(*index, *value);
            }
            history.insert(metric.clone(), series);
        }
        history
    }
}

impl LocalSample {
    /// What is known.
    fn values(&self) -> impl Iterator<Item = (Metric, f64)> {
        let values = [
            (Metric::CpuUsage, self.cpu_usage_cores),
            (Metric::MemoryWorkingSet, self.memory_working_set_bytes),
            (Metric::ReadyReplicas, self.ready_replicas.map(f64::from)),
            (
                Metric::DesiredReplicas,
                self.desired_replicas.map(f64::from),
            ),
        ];
        let containers = self.container_cpu_usage_cores.iter();
        let containers =
            containers.map(|(name, cores)| (Metric::ContainerCpuUsage(name.clone()), *cores));
        let known = values
            .into_iter()
            .filter_map(|(it, value)| Some((it, value?)));
        known.chain(containers)
    }
}
