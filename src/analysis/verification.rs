//! What became of a workload after its autoscaler was changed: better, worse, or too early to say.
//!
//! [`verify`] is where to start. [`comparison`] measures the time since the change against a replay
//! of the old settings on the same load: that is also what was saved. [`quick`] are the checks of
//! the original product, [`peak`] tells whether a daily peak was among it, [`window`] what is known
//! at all.
//!
//! Only what the change can have caused speaks against it. A check that fails is therefore held
//! against the old settings: what they do in the replay, or where that explains nothing, what was
//! seen before the change. What was as bad under them is told as a note.

mod comparison;
pub mod measured;
pub(super) mod objectives;
mod peak;
mod quick;
mod window;

use jiff::{SignedDuration, Timestamp};

use super::settings::Settings;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::history::History;
use crate::lifecycle::slo::Reading;
use crate::lifecycle::step::{Check, Verdict};
use comparison::Comparison;
use measured::Measured;
use peak::Peak;
use window::Window;

/// A change that is in force, and what is known since.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// With the settings that are on probation.
    pub autoscaler: &'a Autoscaler,
    /// Those that it had before.
    pub old: &'a Settings,
    pub workload: &'a Workload,
    /// From days before the change until now.
    pub history: &'a History,
    pub applied: Timestamp,
    pub now: Timestamp,
    pub margins: Margins,
    pub objectives: &'a [Reading],
}

/// How much worse is still no harm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// The share of the request by which mean utilization may be above the target
    /// (`healthCpuMargin`). 0.15.
    pub cpu: f64,
    /// More shortfall than the old settings would have had, as a share of the known time and of
    /// the load. 0.01: a quarter of an hour a day.
    pub shortfall: f64,
}

impl Default for Margins {
    fn default() -> Self {
        Self {
            cpu: 0.15,
            shortfall: 0.01,
        }
    }
}

/// A judgement and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub verdict: Verdict,
    pub measured: Measured,
}

impl Verification {
    /// As the state machine takes it.
    pub fn check(&self) -> Check {
        let measured = serde_json::to_value(&self.measured);
        Check {
            verdict: self.verdict.clone(),
            // Plain numbers, lists and texts always have a JSON form.
            measured: measured.unwrap_or_default(),
        }
    }
}

/// Fewer samples than this say nothing of a change.
const FEWEST_SAMPLES: usize = 3;
/// Below this share of the time since the change it cannot be called healthy.
const LEAST_COVERAGE: f64 = 0.75;
/// A newest sample older than this, or than four steps, says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

/// Judges a change that is on probation.
pub fn verify(input: &Input<'_>) -> Verification {
    let window = Window::of(input);
    let comparison = Comparison::of(input, &window);
    let peak = Peak::of(input, &window);
    let mut findings = Findings::default();
    if window.known() >= FEWEST_SAMPLES {
        quick::check(
            &quick::Case::new(input, &window, &comparison),
            &mut findings,
        );
        comparison.check(&mut findings);
        objectives::check(input.objectives, &mut findings);
    }
    let verdict = verdict(input, &window, &findings, &peak);
    let measured = Measured::of(input, &window, comparison, peak, findings.notes);
    let verdict = match verdict {
        Ok(()) => Verdict::Healthy {
            detail: measured.to_string(),
        },
        Err(verdict) => verdict,
    };
    Verification { verdict, measured }
}

/// What was found, in the order of the checks.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// What speaks against the change.
    pub(super) harm: Vec<String>,
    /// Why something that had to be measured could not be.
    pub(super) errors: Vec<String>,
    /// What neither speaks against the change nor lets it pass.
    pub(super) doubts: Vec<String>,
    /// What was as bad under the old settings.
    notes: Vec<String>,
}

/// Whether the change is healthy.
///
/// # Errors
/// Any other verdict.
fn verdict(
    input: &Input<'_>,
    window: &Window,
    findings: &Findings,
    peak: &Peak,
) -> Result<(), Verdict> {
    if let Some(why) = window.unmeasurable(input) {
        return Err(Verdict::Error { why });
    }
    let inconclusive = |detail: String| Err(Verdict::Inconclusive { detail });
    if window.known() < FEWEST_SAMPLES {
        return inconclusive(window.awaiting());
    }
    if !findings.harm.is_empty() {
        let detail = findings.harm.join("; ");
        return Err(Verdict::Degraded { detail });
    }
    if !findings.errors.is_empty() {
        let why = findings.errors.join("; ");
        return Err(Verdict::Error { why });
    }
    let doubts = [window.thin(input.now), peak.why.clone()];
    let doubts = findings
        .doubts
        .iter()
        .cloned()
        .chain(doubts.into_iter().flatten());
    let doubts: Vec<String> = doubts.collect();
    if doubts.is_empty() {
        Ok(())
    } else {
        inconclusive(doubts.join("; "))
    }
}

#[cfg(test)]
mod tests;
