//! One recommendation and its story.

mod fingerprint;

use jiff::Timestamp;
use serde_json::Value;

use super::diff::ConfigDiff;
use super::phase::Phase;
use super::schedule::Carried;
use crate::analysis::assessment::RiskLevel;
use crate::autoscaler::AutoscalerId;
use crate::autoscaler::target::TargetRef;
use crate::schedule::Losses;

/// How many entries of its story a record keeps; the oldest go first.
pub const STORY: usize = 32;

/// A recommendation for one autoscaler of the same namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub namespace: String,
    /// That of the autoscaler, unless another one has it.
    pub name: String,
    pub autoscaler: AutoscalerId,
    pub proposal: Proposal,
    /// `spec.approved`.
    pub approved: bool,
    pub status: Status,
}

/// What an analysis proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Of the autoscaler when it was analyzed; `None` in what others wrote.
    pub uid: Option<String>,
    /// What the autoscaler scales.
    pub scales: Option<TargetRef>,
    pub analyzed_at: Option<Timestamp>,
    pub risk: RiskLevel,
    /// A few sentences in Markdown.
    pub summary: String,
    /// US dollars a month, projected.
    pub saving_usd: Option<f64>,
    /// The share of replica-hours saved, projected, at most 1; negative where more are needed.
    pub saving_share: Option<f64>,
    pub diff: ConfigDiff,
    /// `spec.schedule`, as it came.
    pub schedule: Vec<Value>,
    /// The windows in force of which these take the place; empty where there are none, or they stay.
    pub schedule_before: Vec<Value>,
    /// The error of the forecast that the windows were chosen with; `None` where nobody said.
    pub losses: Option<Losses>,
    /// As the report of `analyze` has them.
    pub evidence: Value,
    pub findings: Value,
}

/// What has become of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub phase: Phase,
    /// The last reason, for people.
    pub detail: String,
    /// When the phase became this one.
    pub since: Option<Timestamp>,
    /// Who said yes or no, or took it back, and when.
    pub decided: Option<Decision>,
    /// A write to the target that was begun and of whose end nothing is known yet. Saved before the
    /// write, so that whoever comes later can look for it.
    pub attempt: Option<Attempt>,
    /// The write that put the change in force.
    pub applied: Option<Applied>,
    pub probation_until: Option<Timestamp>,
    /// The schedule that is in force, be it of an earlier proposal.
    pub schedule: Option<Carried>,
    /// Checks in a row that could not measure anything.
    pub errors: u32,
    /// Checks in a row that measured it to be bad.
    pub failures: u32,
    /// The last check.
    pub measured: Option<Value>,
    /// A proposal that was taken back is not made again while its inputs are these, see
    /// [`Proposal::inputs`].
    pub rejected_inputs: Option<String>,
    /// [`Record::fingerprint`] when an analysis wrote the proposal; `None` in what others wrote.
    pub observed: Option<String>,
    /// Oldest first.
    pub story: Vec<Entry>,
}

/// Who decided something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub by: String,
    pub at: Timestamp,
    /// What they gave as a reason; empty where they gave none.
    pub reason: String,
}

/// A write that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Found in the journal of the target once the write is done.
    pub id: String,
    pub what: Write,
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    Apply,
    Revert,
}

/// A change that is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// That of its attempt; `None` where somebody else's write put it in force.
    pub id: Option<String>,
    pub by: String,
    /// By the clock of the API server.
    pub at: Timestamp,
    /// What was written and what was there before.
    pub changes: Vec<super::changes::Change>,
}

/// A step of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub phase: Phase,
    pub detail: String,
    /// Empty where nobody did it.
    pub by: String,
}

impl Status {
    /// Whether what is in force is a write of ours.
    pub fn is_ours(&self) -> bool {
        self.applied.as_ref().is_some_and(|it| it.id.is_some())
    }
}

impl Record {
    /// A new recommendation, named like its autoscaler.
    pub fn propose(autoscaler: AutoscalerId, proposal: Proposal, now: Timestamp) -> Self {
        let mut record = Self {
            namespace: autoscaler.namespace.clone(),
            name: autoscaler.name.clone(),
            autoscaler,
            proposal,
            approved: false,
            status: Status::default(),
        };
        record.status.observed = Some(record.fingerprint());
        record.enter(Phase::Pending, super::step::WAITING.to_owned(), "", now);
        record
    }

    /// Makes `phase` its phase, for the reason `detail`, and tells so in its story.
    pub(super) fn enter(&mut self, phase: Phase, detail: String, by: &str, now: Timestamp) {
        if self.status.phase != phase || self.status.since.is_none() {
            self.status.since = Some(now);
        }
        self.status.phase = phase;
        self.tell(detail.clone(), by, now);
        self.status.detail = detail;
    }

    /// Adds to its story what changes neither its phase nor the reason for it.
    pub(super) fn tell(&mut self, detail: String, by: &str, now: Timestamp) {
        let story = &mut self.status.story;
        story.push(Entry {
            at: now,
            phase: self.status.phase,
            detail,
            by: by.to_owned(),
        });
        story.drain(..story.len().saturating_sub(STORY));
    }

    /// `rec/web in namespace shop`, as messages name it.
    pub fn title(&self) -> String {
        format!("rec/{} in namespace {}", self.name, self.namespace)
    }

    /// `rec/web -n shop`, as commands take it.
    pub(super) fn argument(&self) -> String {
        format!("rec/{} -n {}", self.name, self.namespace)
    }
}
