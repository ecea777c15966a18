//! The report of a simulation: a versioned contract (`-o json`, `-o yaml`) and what the table is
//! made from. Equal input gives an equal report, byte for byte.

pub mod closing;
pub(super) mod figures;
mod spec;
mod table;
mod tracks;
mod wide;
pub(super) mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::report::evidence::{tidy_fidelity, tidy_totals};
use super::report::{Cluster, Source, Window, item, rounded, window};
use crate::analysis::assessment;
use crate::analysis::fidelity::Fidelity;
use crate::analysis::simulation::changes::{Change, Knob, Value, changes};
use crate::analysis::simulation::track::{Pods, Track};
use crate::analysis::simulation::{self, ShapeFrom, Simulation};
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind};
use crate::config::Format;
use crate::fleet::ClusterName;
use crate::metrics::Reading;
use crate::sim::demand::Shape;
use crate::sim::score::Totals;
use spec::Spec;
pub use tracks::{Day, Decision, Observed, Series};

/// Everything that a simulation yields.
#[derive(Debug)]
pub struct Run {
    pub simulation: Simulation,
    pub base: Base,
    pub reading: Reading,
    /// `None` without a cluster.
    pub cluster: Option<ClusterName>,
    /// The end of the window that was asked for; `None` without one.
    pub taken_at: Option<Timestamp>,
    /// Other autoscalers of the same target.
    pub rivals: Vec<AutoscalerId>,
    /// Where an analysis of the same past ended, if there was one.
    pub proposal: Option<assessment::Outcome>,
}

/// What simulated settings are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Those in force.
    Today,
    /// Those of a manifest.
    Manifest,
}

/// The replays of a report, in the order of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Column {
    Today,
    Manifest,
    Simulated,
    Proposed,
}

/// What `simulate` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "Replay"))]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    pub object: Object,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub taken_at: Option<Timestamp>,
    /// The steps that were replayed.
    pub window: Window,
    pub source: Source,
    /// The share of the window that is known, 0 to 1.
    pub coverage: f64,
    /// What one pod is like, by replay.
    pub pods: BTreeMap<Column, Pod>,
    pub shape: Shape,
    pub shape_from: ShapeFrom,
    /// How well the settings of the first column explain what was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// Other autoscalers of the same target, which no replay knows: `hpa/web in namespace shop`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<String>,
    /// Metrics that were left out, since nothing is known of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What could not be said for want of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// As a manifest has them, by replay.
    pub settings: BTreeMap<Column, Spec>,
    /// In what the simulated settings differ from those of the first column.
    pub config_diff: BTreeMap<&'static str, Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    pub totals: BTreeMap<Column, Totals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    pub days: Vec<Day>,
    pub series: Series,
    /// Every change of the count under the simulated settings.
    pub decisions: Vec<Decision>,
    #[serde(skip)]
    tracks: BTreeMap<Column, Track>,
}

/// The autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Object {
    pub kind: AutoscalerKind,
    pub namespace: String,
    pub name: String,
    pub target: item::Target,
}

/// What one pod asks for, and how long it takes until it serves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pod {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_request_cores: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_limit_cores: Option<f64>,
    pub startup_seconds: i64,
}

/// What an analysis says of the same past.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    pub outcome: item::Outcome,
    /// Why it proposes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub config_diff: BTreeMap<&'static str, Change>,
}

impl Base {
    fn column(self) -> Column {
        match self {
            Self::Today => Column::Today,
            Self::Manifest => Column::Manifest,
        }
    }
}

impl Replay {
    pub fn new(run: Run) -> Self {
        let base = run.base.column();
        let Simulation {
            grid,
            shape,
            shape_from,
            ..
        } = run.simulation;
        let simulation = run.simulation;
        let tracks = by_column(base, &simulation);
        let today = &simulation.today;
        let config_diff = config_diff(today, &simulation.simulated);
        let proposal = run.proposal.map(|outcome| {
            let (outcome, reason) = item::outcome(&outcome);
            let proposed = simulation.proposed.as_ref();
            Proposal {
                outcome,
                reason,
                config_diff: proposed.map_or_else(BTreeMap::new, |it| self::config_diff(today, it)),
            }
        });
        Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "Replay",
            cluster: run.cluster.map(Cluster::from),
            object: Object::of(&today.autoscaler),
            taken_at: run.taken_at,
            window: window(grid),
            source: run.reading.into(),
            coverage: rounded(simulation.coverage, 4),
            pods: of_each(&tracks, |it| Pod::of(it.pods)),
            shape,
            shape_from,
            fidelity: simulation.fidelity.map(tidy_fidelity),
            rivals: run.rivals.iter().map(ToString::to_string).collect(),
            left_out: simulation.left_out.clone(),
            missing: simulation.missing.clone(),
            settings: of_each(&tracks, |it| Spec::of(&it.autoscaler)),
            config_diff,
            proposal,
            totals: of_each(&tracks, |it| tidy_totals(it.totals.clone())),
            observed: simulation.observation.as_ref().map(Observed::of),
            days: Day::of(&tracks),
            series: Series::of(&simulation, &tracks),
            decisions: Decision::of(&simulation.simulated),
            tracks,
        }
    }

    /// The replay that others are compared with.
    fn base(&self) -> Column {
        if self.tracks.contains_key(&Column::Manifest) {
            Column::Manifest
        } else {
            Column::Today
        }
    }

    /// The replays that differ from one another by their settings.
    fn shown(&self) -> Vec<Column> {
        let is_other = |it: &Column| *it != Column::Simulated || !self.config_diff.is_empty();
        self.tracks.keys().copied().filter(is_other).collect()
    }

    /// The replay that is set against the base: the simulated one, else the proposed one.
    fn other(&self) -> Option<Column> {
        self.shown().into_iter().find(|it| *it != self.base())
    }

    fn changes(&self, of: Column) -> Vec<Change> {
        let base = self.tracks.get(&self.base()).zip(self.tracks.get(&of));
        base.map_or_else(Vec::new, |(base, track)| all_changes(base, track))
    }
}

fn by_column(base: Column, simulation: &simulation::Simulation) -> BTreeMap<Column, Track> {
    let tracks = [
        (base, Some(&simulation.today)),
        (Column::Simulated, Some(&simulation.simulated)),
        (Column::Proposed, simulation.proposed.as_ref()),
    ];
    let known = tracks
        .into_iter()
        .filter_map(|(column, it)| Some((column, it?.clone())));
    known.collect()
}

fn of_each<T>(tracks: &BTreeMap<Column, Track>, of: impl Fn(&Track) -> T) -> BTreeMap<Column, T> {
    tracks
        .iter()
        .map(|(column, it)| (*column, of(it)))
        .collect()
}

/// What differs by the key of the contract.
fn config_diff(base: &Track, track: &Track) -> BTreeMap<&'static str, Change> {
    let changes = all_changes(base, track).into_iter();
    changes.map(|it| (it.knob.key(), it)).collect()
}

fn all_changes(base: &Track, track: &Track) -> Vec<Change> {
    let mut all = changes(&base.autoscaler, &track.autoscaler);
    let startup = |it: &Track| u32::try_from(it.pods.startup.as_secs()).unwrap_or(u32::MAX);
    if startup(base) != startup(track) {
        all.push(Change {
            knob: Knob::Startup,
            from: Some(Value::Number(startup(base))),
            to: Some(Value::Number(startup(track))),
        });
    }
    all
}

impl Object {
    fn of(autoscaler: &Autoscaler) -> Self {
        Self {
            kind: autoscaler.id.kind,
            namespace: autoscaler.id.namespace.clone(),
            name: autoscaler.id.name.clone(),
            target: autoscaler.target.clone().into(),
        }
    }
}

impl Pod {
    fn of(pods: Pods) -> Self {
        Self {
            cpu_request_cores: pods.request.map(|it| it.cores().0),
            cpu_limit_cores: pods.limit.map(|it| it.cores().0),
            startup_seconds: pods.startup.as_secs(),
        }
    }
}

/// Writes `replay` to `out`, with ANSI styles in the forms for people, for a terminal of `width`
/// columns.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, replay: &Replay, format: Format, width: usize) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, replay, width),
        Format::Wide => wide::write(out, replay, width),
        Format::Json => super::json(out, replay),
        Format::Yaml => super::yaml(out, replay),
        Format::Name => {
            let Object { kind, name, .. } = &replay.object;
            writeln!(out, "{}/{name}", kind.qualified())
        }
    }
}
