//! Who wrote what, and whether they might: from the writes that the API server made, and from
//! nothing that the watches themselves say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::leader::LEASE_NAME;
use crate::sandbox::Written;

/// How long before the death of a leader nothing may have gone wrong for its followers to have seen
/// its renewals as they were made.
const SETTLED: SignedDuration = SignedDuration::from_secs(20);

/// The Lease as it is.
#[derive(Clone, Debug)]
struct Held {
    /// Empty where it was let go.
    holder: String,
    transitions: i64,
    /// When it was written last.
    renewed: Timestamp,
    lasts: SignedDuration,
}

/// What was made of one recommendation.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    applied: u32,
    reverted: u32,
}

/// The time from the death of a leader until the next one led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Takeover {
    pub(super) took: SignedDuration,
    /// Whether requests about the Lease went wrong meanwhile, as far as anybody meant them to.
    pub(super) is_disturbed: bool,
}

/// How much has happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) terms: u64,
    pub(super) renewals: u64,
    pub(super) deeds: u64,
    pub(super) applied: u64,
    pub(super) reverted: u64,
    pub(super) takeovers: Vec<Takeover>,
    /// Writes of other resources, such as Events.
    pub(super) others: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    lease: Option<Held>,
    /// Which process has which identity, as their own claims tell.
    agents: BTreeMap<String, String>,
    /// Who wrote in which term.
    writers: BTreeMap<(String, i64), BTreeSet<String>>,
    attempts: BTreeSet<String>,
    made: BTreeMap<String, Made>,
    died: Option<Timestamp>,
    /// Since when nothing is done to requests about the Lease; `None` where something is.
    undisturbed: Option<Timestamp>,
    pub(super) figures: Figures,
    pub(super) violations: Vec<String>,
}

/// What the journal of a target says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    id: String,
    recommendation: String,
}

impl Judge {
    pub(super) fn saw(&mut self, write: &Written) {
        match write.resource.as_str() {
            "leases.coordination.k8s.io" if write.after["metadata"]["name"] == LEASE_NAME => {
                self.lease(write);
            }
            "horizontalpodautoscalers.autoscaling" => {
                self.deed(write);
                self.target(write);
            }
            "scalingrecommendations.stepscale.io"
            | "scalingrecommendations.stepscale.io/status" => {
                self.deed(write);
            }
            other => *self.figures.others.entry(other.to_owned()).or_default() += 1,
        }
    }

    /// The process that holds the Lease.
    pub(super) fn leader(&self) -> Option<&str> {
        let held = self.lease.as_ref()?;
        self.agents.get(&held.holder).map(String::as_str)
    }

    /// Somebody has died, or is cut off; counts if it led.
    pub(super) fn gone(&mut self, agent: &str, at: Timestamp) {
        if self.leader() == Some(agent) {
            self.died = Some(at);
        }
    }

    /// From now on requests about the Lease go wrong, or do not.
    pub(super) fn disturbed(&mut self, is_disturbed: bool, at: Timestamp) {
        self.undisturbed = match is_disturbed {
            true => None,
            false => self.undisturbed.or(Some(at)),
        };
    }

    /// Since when nobody follows a leader that has died.
    pub(super) fn orphaned(&self) -> Option<Timestamp> {
        self.died
    }

    fn lease(&mut self, write: &Written) {
        let spec = &write.after["spec"];
        let now = Held {
            holder: spec["holderIdentity"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            transitions: spec["leaseTransitions"].as_i64().unwrap_or_default(),
            renewed: write.at,
            lasts: SignedDuration::from_secs(spec["leaseDurationSeconds"].as_i64().unwrap_or(0)),
        };
        let before = self.lease.replace(now.clone());
        let Some(before) = before else {
            return self.begins(&now, write);
        };
        if now.holder == before.holder || now.holder.is_empty() {
            return self.goes_on(&before, &now, write);
        }
        let held = write.at.duration_since(before.renewed);
        if !before.holder.is_empty() && held < before.lasts {
            self.breach(write, format!("takes the Lease {held:#} after its renewal"));
        }
        if now.transitions != before.transitions + 1 {
            self.breach(write, format!("{} changes of holder", now.transitions));
        }
        self.begins(&now, write);
    }

    /// A renewal, or the end of a term.
    fn goes_on(&mut self, before: &Held, now: &Held, write: &Written) {
        self.figures.renewals += 1;
        if self.agents.get(&before.holder) != Some(&write.agent) {
            self.breach(write, "writes the Lease of another one".to_owned());
        }
        if now.transitions != before.transitions {
            self.breach(write, "counts a change of holder that was none".to_owned());
        }
        if now.holder == before.holder {
            // Whoever was cut off is there again.
            self.died = None;
        }
    }

    fn begins(&mut self, now: &Held, write: &Written) {
        self.figures.terms += 1;
        let agent = self.agents.entry(now.holder.clone());
        if *agent.or_insert_with(|| write.agent.clone()) != write.agent {
            self.breach(write, "has the identity of another one".to_owned());
        }
        if let Some(died) = self.died.take() {
            // Whoever follows must have seen the last renewal in time.
            let since = self.undisturbed.map(|it| died.duration_since(it));
            self.figures.takeovers.push(Takeover {
                took: write.at.duration_since(died),
                is_disturbed: since.is_none_or(|it| it < SETTLED),
            });
        }
    }

    /// A write that only a leader may make.
    fn deed(&mut self, write: &Written) {
        self.figures.deeds += 1;
        let Some(held) = self.lease.clone() else {
            return self.breach(write, "writes before anybody leads".to_owned());
        };
        if self.agents.get(&held.holder) != Some(&write.agent) {
            self.breach(write, format!("writes while {:?} leads", held.holder));
        }
        let age = write.at.duration_since(held.renewed);
        if age >= held.lasts {
            self.breach(write, format!("writes {age:#} after its last renewal"));
        }
        let writers = self.writers.entry((held.holder, held.transitions));
        let writers = writers.or_default();
        writers.insert(write.agent.clone());
        if writers.len() > 1 {
            let writers = format!("is one of {writers:?} in one term");
            self.breach(write, writers);
        }
    }

    /// A write to an autoscaler: each change is made once, and taken back once.
    fn target(&mut self, write: &Written) {
        let (before, after) = (told(&write.before), told(&write.after));
        match (before, after) {
            (before, Some(after)) if before.as_ref() != Some(&after) => {
                if before.is_some() {
                    self.breach(write, "writes over a change in force".to_owned());
                }
                self.applied(&after, write);
            }
            (Some(before), None) => {
                self.figures.reverted += 1;
                let made = self.made.entry(before.recommendation).or_default();
                made.reverted += 1;
                if made.reverted > 1 || made.applied == 0 {
                    self.breach(write, "takes back what is not in force".to_owned());
                }
            }
            _ if write.before["spec"] != write.after["spec"] => {
                self.breach(write, "changes a spec without a journal".to_owned());
            }
            _ => {}
        }
    }

    fn applied(&mut self, told: &Told, write: &Written) {
        self.figures.applied += 1;
        if !self.attempts.insert(told.id.clone()) {
            self.breach(write, format!("applies attempt {} again", told.id));
        }
        let made = self.made.entry(told.recommendation.clone()).or_default();
        made.applied += 1;
        if made.applied > 1 {
            let again = format!("applies {} again", told.recommendation);
            self.breach(write, again);
        }
    }

    fn breach(&mut self, write: &Written, what: String) {
        let Written {
            agent,
            verb,
            resource,
            after,
            at,
            ..
        } = write;
        let name = after["metadata"]["name"].as_str().unwrap_or("?");
        let breach = format!("{at} {agent} {what}: {verb} {resource} {name}");
        self.violations.push(breach);
    }
}

fn told(object: &Value) -> Option<Told> {
    let text = object["metadata"]["annotations"]["stepscale.io/applied"].as_str()?;
    let journal: Value = serde_json::from_str(text).ok()?;
    let word = |key: &str| journal[key].as_str().unwrap_or_default().to_owned();
    Some(Told {
        id: word("id"),
        recommendation: word("recommendation"),
    })
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            terms,
            renewals,
            deeds,
            applied,
            reverted,
            takeovers,
            others,
        } = self;
        let longest = |disturbed: bool| {
            let some = takeovers.iter().filter(|it| it.is_disturbed == disturbed);
            let longest = some.clone().map(|it| it.took).max().unwrap_or_default();
            format!("{} of at most {:.1} s", some.count(), longest.as_secs_f64())
        };
        let (calm, disturbed) = (longest(false), longest(true));
        write!(
            f,
            "{terms} terms, {renewals} renewals, {deeds} deeds ({applied} applied, {reverted} taken \
             back), takeovers: {calm} in calm and {disturbed} in trouble, others {others:?}"
        )
    }
}

#[cfg(test)]
mod tests;
