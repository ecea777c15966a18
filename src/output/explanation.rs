//! All of one autoscaler on one screen: a versioned contract (`-o json`, `-o yaml`) and what the
//! screen is made from. Equal input gives an equal explanation, byte for byte.
//!
//! [`Explanation::new`] is where to start; [`page`] is the screen of an autoscaler, [`decisions`] and
//! [`polls`] those of a part of its past, [`plot`] the drawing, and [`next`] says what to do.

mod decisions;
mod fold;
mod managed;
mod next;
mod now;
mod page;
mod past;
mod plot;
mod polls;
mod settings;
mod text;

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::charset::Charset;
pub use super::commands::Place;
use super::report::evidence::{tidy_fidelity, tidy_totals};
use super::report::{AnalysisReport, Cluster, Item, Source, Window, rounded};
use super::triggers::TriggersReport;
use crate::analysis::assessment::{Point, share_saved};
use crate::analysis::portrait::{Figures, Portrait};
use crate::autoscaler::Autoscaler;
use crate::config::explain::Form;
use crate::fleet::Subject;
pub use decisions::Decisions;
pub use managed::Managed;
pub use now::Now;
pub use past::Event;
pub use polls::Polled;
pub use settings::Setting;

/// Everything that there is to explain of one autoscaler.
#[derive(Debug)]
pub struct Run<'a> {
    /// Of this autoscaler alone.
    pub report: AnalysisReport,
    pub subject: &'a Subject,
    pub portrait: Option<Portrait>,
    /// How much of the portrait is shown to people; `None` for all.
    pub view: Option<SignedDuration>,
    /// The object as it is written.
    pub written: Option<&'a Value>,
    /// The HPA that scales, as it is written; the same for an HPA.
    pub hpa: Option<&'a Value>,
    pub triggers: Option<Triggers>,
    pub decisions: Option<Decisions>,
    pub polls: Option<Polled>,
    pub place: Place,
}

/// What triggers measure now.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Triggers {
    /// As `triggers` tells it.
    Measured(TriggersReport),
    /// Why nobody was asked.
    NotAsked(String),
}

/// What `explain` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "Explanation"))]
    pub kind: &'static str,
    pub cluster: Cluster,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub taken_at: Timestamp,
    pub window: Window,
    pub source: Source,
    /// As in an `AnalysisReport`.
    pub autoscaler: Item,
    /// Other autoscalers of the same target: `hpa/web in namespace shop`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<String>,
    pub managed: Managed,
    /// What is in force, the defaults of API and controller included.
    pub settings: Vec<Setting>,
    pub now: Now,
    /// Of a ScaledObject or ScaledJob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers: Option<Triggers>,
    /// The past; absent where nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portrait: Option<Portrait>,
    /// Decisions of the part of the past that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Decisions>,
    /// The same of a ScaledJob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polls: Option<Polled>,
    /// Commands to run next, the first one first.
    pub next: Vec<next::Step>,
    #[serde(skip)]
    scaled: Autoscaler,
    #[serde(skip)]
    view: Option<SignedDuration>,
}

impl Explanation {
    /// `None` where the report has nothing of the autoscaler.
    pub fn new(run: Run<'_>) -> Option<Self> {
        let Run {
            mut report,
            subject,
            written,
            ..
        } = run;
        let item = (!report.items.is_empty()).then(|| report.items.remove(0))?;
        let autoscaler = &subject.autoscaler;
        let managed = Managed::of(written, autoscaler);
        let now = Now::of(autoscaler, run.hpa, report.taken_at);
        let next = next::steps(&item, autoscaler, &managed, &run.place);
        Some(Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "Explanation",
            cluster: report.cluster,
            taken_at: report.taken_at,
            window: report.window,
            source: report.source,
            rivals: subject.rivals.iter().map(ToString::to_string).collect(),
            settings: settings::of(autoscaler, written),
            autoscaler: item,
            managed,
            now,
            triggers: run.triggers,
            portrait: run.portrait.map(tidy),
            decisions: run.decisions,
            polls: run.polls,
            next,
            scaled: autoscaler.clone(),
            view: run.view,
        })
    }

    /// The part of the past that is to be shown.
    fn viewed(&self) -> Option<Portrait> {
        let whole = self.portrait.as_ref()?;
        match self.view {
            None => Some(whole.clone()),
            Some(view) => {
                let end = whole.end();
                whole.between(end.checked_sub(view).unwrap_or(end), end)
            }
        }
    }

    /// The share of replica-hours that is saved, where something is proposed.
    fn saving(&self) -> Option<f64> {
        let figures = self.portrait.as_ref()?.figures.as_ref()?;
        let proposed = figures.proposed.as_ref()?;
        Some(share_saved(
            figures.today.replica_hours.hours(),
            proposed.replica_hours.hours(),
        ))
    }
}

/// A portrait without the noise of the last bits.
pub fn tidy(portrait: Portrait) -> Portrait {
    let figures = |it: Figures| Figures {
        today: tidy_totals(it.today),
        proposed: it.proposed.map(tidy_totals),
        jobs: it.jobs,
    };
    let point = |it: Point| Point {
        replica_hours: rounded(it.replica_hours, 2),
        shortfall: crate::sim::score::Shortfall {
            minutes: rounded(it.shortfall.minutes, 2),
            core_minutes: rounded(it.shortfall.core_minutes, 2),
        },
        ..it
    };
    Portrait {
        figures: portrait.figures.map(figures),
        frontier: portrait.frontier.into_iter().map(point).collect(),
        fidelity: portrait.fidelity.map(tidy_fidelity),
        ..portrait
    }
}

/// How an explanation for people is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Columns of the terminal; [`ENDLESS`](super::lines::ENDLESS) where there is none.
    pub width: usize,
    pub charset: Charset,
}

/// Writes `explanation` to `out`, with ANSI styles in the form for people.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    out: &mut dyn Write,
    explanation: &Explanation,
    form: Form,
    sheet: Sheet,
) -> io::Result<()> {
    match form {
        Form::Json => super::json(out, explanation),
        Form::Yaml => super::yaml(out, explanation),
        Form::Text => match (&explanation.decisions, &explanation.polls) {
            (Some(decisions), _) => decisions::write(out, explanation, decisions, sheet),
            (None, Some(polls)) => polls::write(out, explanation, polls, sheet),
            (None, None) => page::write(out, explanation, sheet),
        },
    }
}
