//! Local history: what the metrics API said at each run, kept in one file per cluster.
//!
//! The metrics API knows only the present, so a history must be collected run by run. A file is
//! JSON Lines: a header, then one [`LocalSample`] a line, appended in one write under a lock, so
//! that runs at the same time do not mix. What is older than [`KEPT`] is dropped now and then.

mod store;

use std::collections::HashMap;
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
        for wanted in &request.wanted {
            each(Delivery {
                subject: wanted.subject,
                history: Ok(points.history(&wanted.target)),
            });
        }
        Ok(Reading {
            source: format!("local history {}", self.path().display()),
            way: format!("{} samples of the metrics API", points.count),
            warnings,
            ..Reading::default()
        })
    }
}

/// Samples by target, kept as they came: one a run is far less than a full grid.
struct Points<'r> {
    grid: Grid,
    of: HashMap<&'r TargetRef, Vec<Point>>,
    count: u64,
}

/// The columns of a [`Point`], in order.
const COLUMNS: [Metric; 4] = [
    Metric::CpuUsage,
    Metric::MemoryWorkingSet,
    Metric::ReadyReplicas,
    Metric::DesiredReplicas,
];

/// One sample on the grid, in the order of [`COLUMNS`].
struct Point {
    index: usize,
    values: [Option<f64>; 4],
}

impl<'r> Points<'r> {
    fn of(request: &'r HistoryRequest) -> Self {
        let targets = request.wanted.iter().map(|it| (&it.target, Vec::new()));
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
        if let Some(points) = self.of.get_mut(&sample.target) {
            points.push(Point {
                index,
                values: [
                    sample.cpu_usage_cores,
                    sample.memory_working_set_bytes,
                    sample.ready_replicas.map(f64::from),
                    sample.desired_replicas.map(f64::from),
                ],
            });
            self.count += 1;
        }
    }

    fn history(&self, target: &TargetRef) -> History {
        let mut history = History::default();
        let points = self.of.get(target).map_or(&[][..], Vec::as_slice);
        for (column, metric) in COLUMNS.into_iter().enumerate() {
            let mut series = Series::gaps(self.grid);
            for point in points {
                if let Some(value) = point.values[column] {
                    series.set(point.index, value);
                }
            }
            if series.known().next().is_some() {
                history.insert(metric, series);
            }
        }
        history
    }
}
