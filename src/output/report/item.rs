//! One autoscaler of a report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rounded;
use crate::analysis::assessment::{
    self, Assessment, Cost, Days, Evidence, Risk, Settings, ShortfallChange,
};
use crate::analysis::findings::Finding;
use crate::analysis::projection::Shortfall;
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::target::TargetRef;
use crate::fleet::Fleet;
use crate::units::Replicas;

/// Everything that is said of one autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub namespace: String,
    pub name: String,
    pub kind: AutoscalerKind,
    pub target: Target,
    pub outcome: Outcome,
    /// Why nothing is recommended; absent for `recommended` and `noChange`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// As its status says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_replicas: Option<Replicas>,
    pub today: Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Settings>,
    /// What differs between the two, by the key of the contract.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config_diff: BTreeMap<&'static str, Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// Load not covered in the window: `minutes` in which it was not, and how much, in
    /// `coreMinutes`. Observed under today's settings, projected as a bound for the proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<ShortfallChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// Why each changed field has its value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    pub findings: Vec<Finding>,
    pub evidence: Evidence,
}

/// A scale target in the autoscaler's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Recommended,
    /// Its settings are as good as others; findings may call for another fix.
    NoChange,
    NotEnoughHistory,
    Skipped,
    Unreadable,
}

/// A field that a recommendation changes. `null` where the field is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub from: Option<u32>,
    pub to: Option<u32>,
}

/// What a month has on average, in hours.
const HOURS_PER_MONTH: f64 = 730.0;

/// Replica-hours of the window: as observed, and as the proposed settings would have needed.
///
/// Savings are negative where more is needed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Saving {
    pub observed_replica_hours: f64,
    pub projected_replica_hours: f64,
    /// The share of the observed that is saved, at most 1.
    pub share: f64,
    /// Replica-hours saved in a month of 730 hours that are like the known hours of the window.
    pub replica_hours_per_month: f64,
}

impl Saving {
    fn new(observed: f64, projected: f64, per_month: f64) -> Self {
        let share = if observed > 0.0 {
            1.0 - projected / observed
        } else {
            0.0
        };
        Self {
            observed_replica_hours: rounded(observed, 2),
            projected_replica_hours: rounded(projected, 2),
            share: rounded(share, 4),
            replica_hours_per_month: rounded(per_month, 2),
        }
    }

    /// All of them together; `None` without any. Their windows may differ in what is known.
    pub(super) fn total(all: impl Iterator<Item = Self>) -> Option<Self> {
        all.reduce(|a, b| {
            Self::new(
                a.observed_replica_hours + b.observed_replica_hours,
                a.projected_replica_hours + b.projected_replica_hours,
                a.replica_hours_per_month + b.replica_hours_per_month,
            )
        })
    }
}

impl From<Cost> for Saving {
    fn from(cost: Cost) -> Self {
        let (observed, projected) = (cost.observed.hours(), cost.projected.hours());
        let per_month = if cost.window_hours > 0.0 {
            (observed - projected) * HOURS_PER_MONTH / cost.window_hours
        } else {
            0.0
        };
        Self::new(observed, projected, per_month)
    }
}

impl Item {
    pub(super) fn new(assessment: Assessment, fleet: &Fleet) -> Self {
        let current_replicas = current_replicas(&assessment, fleet);
        let (outcome, reason) = outcome(&assessment.outcome);
        let mut item = Self {
            namespace: assessment.autoscaler.namespace,
            name: assessment.autoscaler.name,
            kind: assessment.autoscaler.kind,
            target: assessment.target.into(),
            outcome,
            reason,
            current_replicas,
            today: assessment.today,
            proposed: None,
            config_diff: BTreeMap::new(),
            saving: None,
            shortfall: None,
            risk: None,
            because: Vec::new(),
            findings: assessment.findings,
            evidence: tidy(assessment.evidence),
        };
        if let assessment::Outcome::Recommended(recommendation) = assessment.outcome {
            item.config_diff = config_diff(&item.today, &recommendation.proposed);
            item.proposed = Some(recommendation.proposed);
            item.saving = Some(recommendation.cost.into());
            item.shortfall = Some(tidy_shortfall(recommendation.shortfall));
            item.risk = Some(recommendation.risk);
            item.because = recommendation.because;
        }
        item
    }

    pub(super) fn sort_key(&self) -> (&str, &str, AutoscalerKind) {
        (&self.namespace, &self.name, self.kind)
    }
}

/// The fleet is sorted by autoscaler, so that a thousand look-ups stay cheap.
fn current_replicas(assessment: &Assessment, fleet: &Fleet) -> Option<Replicas> {
    let subjects = &fleet.subjects;
    let place = subjects.binary_search_by(|it| it.autoscaler.id.cmp(&assessment.autoscaler));
    subjects[place.ok()?].autoscaler.status.current
}

fn outcome(outcome: &assessment::Outcome) -> (Outcome, Option<String>) {
    match outcome {
        assessment::Outcome::Recommended(_) => (Outcome::Recommended, None),
        assessment::Outcome::NoChange => (Outcome::NoChange, None),
        assessment::Outcome::NotEnoughHistory { have, need } => {
            let reason = format!("not enough history: {have} of {}", of_days(*need));
            (Outcome::NotEnoughHistory, Some(reason))
        }
        assessment::Outcome::Skipped { why } => (Outcome::Skipped, Some(why.clone())),
        assessment::Outcome::Unreadable { why } => (Outcome::Unreadable, Some(why.clone())),
    }
}

fn of_days(days: Days) -> String {
    if days == Days(1.0) {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}

/// What differs, in the contract's words. Nothing appears whose value stays.
fn config_diff(today: &Settings, proposed: &Settings) -> BTreeMap<&'static str, Change> {
    let fields = |it: &Settings| {
        [
            ("min_replicas", Some(it.min_replicas.0)),
            ("max_replicas", Some(it.max_replicas.0)),
            ("target_cpu_pct", it.target_cpu_pct),
            ("scale_down_cooldown_s", Some(it.scale_down_cooldown_s)),
        ]
    };
    let pairs = fields(today).into_iter().zip(fields(proposed));
    pairs
        .filter(|((_, from), (_, to))| from != to)
        .map(|((key, from), (_, to))| (key, Change { from, to }))
        .collect()
}

fn tidy(evidence: Evidence) -> Evidence {
    Evidence {
        days: rounded(evidence.days, 2),
        coverage: rounded(evidence.coverage, 4),
        censored: rounded(evidence.censored, 4),
        ..evidence
    }
}

fn tidy_shortfall(change: ShortfallChange) -> ShortfallChange {
    let tidy = |it: Shortfall| Shortfall {
        minutes: rounded(it.minutes, 2),
        core_minutes: rounded(it.core_minutes, 2),
    };
    ShortfallChange {
        observed: tidy(change.observed),
        projected: tidy(change.projected),
    }
}

impl From<TargetRef> for Target {
    fn from(target: TargetRef) -> Self {
        Self {
            kind: target.kind,
            name: target.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::units::ReplicaHours;

    fn settings(min: u32, target: Option<u32>) -> Settings {
        Settings {
            min_replicas: Replicas(min),
            max_replicas: Replicas(10),
            target_cpu_pct: target,
            scale_down_cooldown_s: 300,
        }
    }

    #[test]
    fn only_what_differs_is_in_the_diff() {
        let diff = config_diff(&settings(6, Some(80)), &settings(3, Some(80)));
        let expected = Change {
            from: Some(6),
            to: Some(3),
        };
        assert_eq!(diff, BTreeMap::from([("min_replicas", expected)]));
        assert!(config_diff(&settings(1, None), &settings(1, None)).is_empty());
    }

    #[test]
    fn savings_add_up_by_hours_and_not_by_share() {
        let both = [
            Saving::new(100.0, 50.0, 60.0),
            Saving::new(300.0, 300.0, -10.0),
        ];
        let total = Saving::total(both.into_iter());
        assert_eq!(total, Some(Saving::new(400.0, 350.0, 50.0)));
        assert_eq!(total.map(|it| it.share), Some(0.125));
        assert_eq!(Saving::total(std::iter::empty()), None);
        assert_eq!(Saving::new(0.0, 5.0, 0.0).share, 0.0);
    }

    #[test]
    fn a_month_is_like_the_known_hours_of_the_window() {
        let per_month = |observed, projected, window_hours| {
            let hours = |replicas| ReplicaHours::of(Replicas(replicas), Duration::from_hours(1));
            let cost = Cost {
                observed: hours(observed),
                projected: hours(projected),
                window_hours,
            };
            Saving::from(cost).replica_hours_per_month
        };
        // Two replicas less at every one of 73 known hours.
        assert_eq!(per_month(438, 292, 73.0), 1460.0);
        assert_eq!(per_month(292, 438, 73.0), -1460.0);
        assert_eq!(per_month(1, 0, 336.0), 2.17);
        assert_eq!(per_month(0, 0, 0.0), 0.0);
    }
}
