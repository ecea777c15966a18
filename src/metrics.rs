//! History: what a metrics source knows of the fleet, brought into [`crate::history::History`].
//!
//! Three sources: a Prometheus (or its kin), the metrics API with a local history file, and a
//! snapshot. Each delivers one history after another, so that memory holds only a bounded number
//! of them; none of them knows the Kubernetes API types of `cluster/`. Beside them, [`csv`] reads
//! the load of a target that does not exist yet, and [`cache`] keeps what a source said, so that one
//! that asks again and again asks only for what is new.

pub mod cache;
pub mod csv;
mod input;
mod lines;
pub mod local;
pub mod prometheus;
pub mod snapshot;
pub mod triggers;
mod zstd;

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::autoscaler::target::TargetRef;
use crate::fleet::PodOwner;
use crate::history::History;
use crate::series::Grid;
use triggers::Triggers;

/// What is asked of a source: the same times for every scale target.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    pub grid: Grid,
    /// One entry for each subject to analyze; several may name the same target.
    pub wanted: Vec<Wanted>,
    /// Targets of live pods, for a source that does not know them itself.
    pub pod_owners: Arc<[PodOwner]>,
}

/// One scale target and what is to be known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Given back with the history; the subject's place in the fleet.
    pub subject: usize,
    pub target: TargetRef,
    /// Name of the HPA, whose desired replicas are asked for.
    pub hpa: String,
    /// The containers of a pod, where there is more than one: each then gets a series of its own.
    pub containers: Vec<String>,
    /// Those of them that are init containers which keep running.
    pub native_sidecars: Vec<String>,
    /// Init containers that end, none of `containers`: what they use is not the running pod's.
    pub init_containers: Vec<String>,
    /// Whether a metric of the autoscaler is memory.
    pub memory: bool,
    /// Whether a container has a CPU limit, without which nothing is throttled.
    pub cpu_limited: bool,
    /// Those of a ScaledObject or ScaledJob that are not on the pods' own resources.
    pub triggers: Option<Triggers>,
}

/// The history of one [`Wanted`].
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub subject: usize,
    /// Why it could not be read, where the others could.
    pub history: Result<History, String>,
}

impl Delivery {
    /// How many values of it are known, those of all series together.
    pub fn samples(&self) -> u64 {
        self.history.as_ref().map_or(0, History::samples)
    }
}

/// How the history was read, for the report and the closing line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// `Prometheus http://localhost:9090`, `snapshot shop.jsonl.gz`.
    pub source: String,
    /// How: `remote read (streamed chunks), pods assigned by kube_pod_owner`.
    pub way: String,
    pub queries: u64,
    /// Bytes received, as they came over the wire.
    pub bytes: u64,
    /// Known values of the histories that the source gave, all series together.
    pub samples: u64,
    /// What went wrong without ending the run, sorted, without repetitions.
    pub warnings: Vec<String>,
    /// What went wrong with what was asked beside the history.
    pub beside: Vec<Warning>,
}

/// Something that went wrong without ending a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    pub about: Topic,
    pub text: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    History,
    Prices,
    SecondOpinions,
}

impl Warning {
    pub fn of(about: Topic, text: String) -> Self {
        Self { about, text }
    }
}

/// Of the history.
impl From<String> for Warning {
    fn from(text: String) -> Self {
        Self::of(Topic::History, text)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// As its text, which is all that reports say.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Topic {
    /// At the beginning of a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::History => "History",
            Self::Prices => "Prices",
            Self::SecondOpinions => "Second opinions",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::History => "history",
            Self::Prices => "prices",
            Self::SecondOpinions => "second opinions",
        })
    }
}
