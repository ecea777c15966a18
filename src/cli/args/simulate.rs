//! What may be typed after `simulate`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::forecast::ForecastArgs;
use super::{Choices, HistoryArgs, PrometheusArgs, words};
use crate::autoscaler::behavior::{Policy, Select};
use crate::config::Format;
use crate::config::form::Choice;
use crate::config::values::{self, FORMATS, SELECTS, SHAPES, schedule};
use crate::schedule::Window;
use crate::sim::demand::Shape;
use crate::units::{Cores, Quantity, Replicas};

const SETTINGS: &str = "Settings to replay";
const REPLAY: &str = "Replay";
const PLANNED: &str = "An autoscaler that does not exist yet";
const OUTPUT: &str = "Output";

/// Replay the past of an autoscaler under other settings
///
/// Runs the HPA controller's own algorithm over the load that there was, once with the settings of
/// today and once with those given by flags, and prints what each would have cost and left
/// uncovered. What no flag says stays as it is. With -f the autoscaler is one of a manifest and the
/// load that of a CSV file; no cluster is asked then. Changes nothing in the cluster.
#[derive(Args, Debug)]
pub(crate) struct SimulateArgs {
    /// Autoscaler: web, hpa/web, or hpa web
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Read a snapshot or a support bundle instead of a cluster; `-` for standard input
    #[arg(long, value_name = "FILE", help_heading = super::SCOPE)]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) replay: ReplayArgs,
    #[command(flatten)]
    pub(crate) planned: PlannedArgs,
    #[command(flatten)]
    pub(crate) forecast: ForecastArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// Form of the answer; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: table]
    ///
    /// `wide` adds what decided and every day, `json` and `yaml` the replicas of every step and
    /// every decision; `name` is that of the autoscaler.
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&FORMATS), help_heading = OUTPUT)]
    pub(crate) form: Option<Choice<Format>>,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Settings in place of those that the autoscaler has, within what the API server admits.
#[derive(Args, Debug)]
#[command(next_help_heading = SETTINGS)]
pub(crate) struct SettingsArgs {
    /// Minimum of replicas, at least 1; of a ScaledObject also 0
    #[arg(long, value_name = "REPLICAS", value_parser = values::minimum)]
    pub(crate) min: Option<Replicas>,
    /// Maximum of replicas, at least the minimum
    #[arg(long, value_name = "REPLICAS", value_parser = values::replicas)]
    pub(crate) max: Option<Replicas>,
    /// Target CPU utilization, in place of the one that there is: 65%
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    pub(crate) cpu: Option<u32>,
    /// Target memory utilization, in place of the one that there is: 80%
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    pub(crate) memory: Option<u32>,
    /// Stabilization window for scaling down: 600s, 10m; 0 to 3600s
    #[arg(long, value_name = "DURATION", value_parser = values::stabilization_window)]
    pub(crate) scale_down_window: Option<u32>,
    /// Stabilization window for scaling up; 0 to 3600s
    #[arg(long, value_name = "DURATION", value_parser = values::stabilization_window)]
    pub(crate) scale_up_window: Option<u32>,
    /// Policy for scaling down, such as 1pod/60s or 10%/1m; may be repeated; replaces all there are
    #[arg(long = "scale-down-policy", value_name = "POLICY", value_parser = values::policy)]
    pub(crate) scale_down_policies: Vec<Policy>,
    /// Policy for scaling up, such as 4pods/15s or 100%/15s; may be repeated; replaces all there are
    #[arg(long = "scale-up-policy", value_name = "POLICY", value_parser = values::policy)]
    pub(crate) scale_up_policies: Vec<Policy>,
    /// Which policy counts when scaling down: the one that allows the most, the least, or none
    #[arg(long, value_name = "WHICH", value_parser = words(&SELECTS))]
    pub(crate) scale_down_select: Option<Select>,
    /// Which policy counts when scaling up
    #[arg(long, value_name = "WHICH", value_parser = words(&SELECTS))]
    pub(crate) scale_up_select: Option<Select>,
    /// How far below the target usage may be without scaling down: 0.1 or 10%
    #[arg(long, value_name = "SHARE", value_parser = values::tolerance)]
    pub(crate) tolerance_down: Option<Quantity>,
    /// How far above the target usage may be without scaling up: 0.1 or 10%
    #[arg(long, value_name = "SHARE", value_parser = values::tolerance)]
    pub(crate) tolerance_up: Option<Quantity>,
    /// What one replica is for, of the trigger of that name or at that place from 0: orders=50,
    /// 0=50; may be repeated
    #[arg(long = "threshold", value_name = "TRIGGER=NUMBER", value_parser = values::threshold)]
    pub(crate) thresholds: Vec<(String, f64)>,
    /// Time from a ScaledObject's last activity until it goes to zero or idle: 300s, 5m
    #[arg(long, value_name = "DURATION", value_parser = values::cooldown_period)]
    pub(crate) cooldown_period: Option<u32>,
    /// Time between two looks at the triggers of a ScaledObject: 30s; at least 1s
    #[arg(long, value_name = "DURATION", value_parser = values::polling_interval)]
    pub(crate) polling_interval: Option<u32>,
    /// Replicas while a trigger of a ScaledObject cannot be read
    #[arg(long, value_name = "REPLICAS", value_parser = values::minimum)]
    pub(crate) fallback_replicas: Option<Replicas>,
    /// Failures in a row that are endured until the fallback steps in [default: as it is, else 3]
    #[arg(long, value_name = "FAILURES")]
    pub(crate) fallback_after: Option<u16>,
    /// Keep more replicas at times: start in cron, length, replicas and time zone, such as
    /// '50 7 * * 1-5,130m,6,Europe/Berlin'; may be repeated; replaces the schedule there is
    ///
    /// While a window is open an HPA has its minimum raised, as a `watch` would; a ScaledObject has a
    /// `cron` trigger, which also wakes it from zero. The zone is Etc/UTC where it is left out.
    #[arg(long = "schedule", value_name = "WINDOW", value_parser = schedule::window)]
    pub(crate) schedule: Vec<Window>,
}

/// How to replay.
#[derive(Args, Debug)]
#[command(next_help_heading = REPLAY)]
pub(crate) struct ReplayArgs {
    /// Time from a pod's creation until it serves: 40s, 2m [default: as measured]
    ///
    /// It is a part of what is simulated: the replay of today's settings keeps what was measured.
    /// With -f it holds for both, in place of the initial delay of the readiness probe, else 30s.
    #[arg(long, value_name = "DURATION", value_parser = values::startup)]
    pub(crate) startup: Option<SignedDuration>,
    /// How the load ran within a step: at its mean, on a line through the steps, or with the
    /// measured burst [default: what fits the observation best]
    #[arg(long, value_name = "SHAPE", value_parser = words(&SHAPES))]
    pub(crate) shape: Option<Shape>,
    /// Extra load, as a share of it, for the reserve in the scores: 0.1 or 10% [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    pub(crate) headroom: Option<f64>,
    /// Show what was observed, and replay what `analyze` proposes too
    #[arg(long)]
    pub(crate) compare: bool,
}

/// Files in place of a cluster.
#[derive(Args, Debug)]
#[command(next_help_heading = PLANNED)]
pub(crate) struct PlannedArgs {
    /// Manifest with one HPA, and its Deployment or StatefulSet if you like; `-` for standard input
    #[arg(short = 'f', long, value_name = "FILE", requires = "load")]
    pub(crate) filename: Option<PathBuf>,
    /// Load as CSV, which may be compressed: the columns timestamp, value and, if known, replicas
    ///
    /// Timestamps are Unix seconds or as 2026-03-01T12:00:00Z, evenly apart and in their order; a
    /// missing row is a gap. A value is the mean of the cores in use, of all pods together, in the
    /// step that ends at its timestamp. `-` for standard input.
    #[arg(long, value_name = "FILE", requires = "filename")]
    pub(crate) load: Option<PathBuf>,
    /// CPU that one pod requests: 500m [default: that of the manifest]
    #[arg(long, value_name = "CPU", value_parser = values::cores, requires = "filename")]
    pub(crate) pod_cpu_request: Option<Cores>,
    /// CPU that one pod may use: 1 [default: that of the manifest]
    #[arg(long, value_name = "CPU", value_parser = values::cores, requires = "filename")]
    pub(crate) pod_cpu_limit: Option<Cores>,
}
