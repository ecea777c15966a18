//! One autoscaler of a report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::evidence::Evidence;
use super::foretold::{Foretold, not_foretold};
use super::overview::Cost;
use super::reviewed::Reviewed;
use super::{Window, rounded};
use crate::analysis::assessment::{self, Assessment, Days, Proof, Recommendation, RiskLevel};
use crate::analysis::findings::Finding;
use crate::analysis::opinion::Opinion;
use crate::analysis::portrait::Portrait;
use crate::analysis::prices::PriceList;
use crate::analysis::settings::Settings;
use crate::analysis::trend::Trend;
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::target::TargetRef;
use crate::fleet::{Fleet, Subject};
use crate::lifecycle::diff::{Setting, one_line};
use crate::lifecycle::schedule::NONE_ANY_MORE;
use crate::lifecycle::settings;
use crate::schedule::Plan;
use crate::units::Replicas;

/// Everything that is said of one autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
    /// What its pods cost now; absent where the target or the count of its replicas is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// How much could go wrong; the reasons are in the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskLevel>,
    /// Why each changed field has its value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// What the coming week is expected to be; absent where nothing can be foretold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Foretold>,
    /// Why there is no forecast, so that no schedule could be looked for; told by `explain` alone.
    #[serde(skip)]
    pub not_foretold: Option<String>,
    /// Whether the schedule that is in force does still what it was chosen for; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Reviewed>,
    /// What a language model said of it, or why nothing; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinion>,
    pub findings: Vec<Finding>,
    pub evidence: Evidence,
    /// The past as it can be drawn, where the form of the report does; in no contract.
    #[serde(skip)]
    pub portrait: Option<Box<Portrait>>,
    /// How the load ran of late, for tables; in no contract.
    #[serde(skip)]
    pub trend: Option<Trend>,
    /// Whether what is recommended was rejected or taken back before, so that it is not made again; in no
    /// contract.
    #[serde(skip)]
    pub is_refused: bool,
}

/// A scale target in the autoscaler's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Recommended,
    /// Its settings are as good as others; findings may call for another fix.
    NoChange,
    /// What is known does not bear a recommendation.
    Withheld,
    NotEnoughHistory,
    Skipped,
    Unreadable,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Recommended,
        Self::NoChange,
        Self::Withheld,
        Self::NotEnoughHistory,
        Self::Skipped,
        Self::Unreadable,
    ];

    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::NoChange => "noChange",
            Self::Withheld => "withheld",
            Self::NotEnoughHistory => "notEnoughHistory",
            Self::Skipped => "skipped",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A setting that a recommendation changes: a number, or policies as the API has them; `null` where
/// it is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    pub from: Value,
    pub to: Value,
}

/// Replica-hours of the window's known time, replayed under today's and the proposed settings.
///
/// Savings are projected, and negative where more is needed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Saving {
    pub today_replica_hours: f64,
    pub proposed_replica_hours: f64,
    /// The share of today's that is saved, at most 1.
    pub share: f64,
    /// Replica-hours saved in a month of 730 hours that are like the known hours of the window.
    pub replica_hours_per_month: f64,
    /// What these cost, in US dollars; absent without prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_month: Option<f64>,
}

impl Saving {
    fn new(today: f64, proposed: f64, per_month: f64, usd: Option<f64>) -> Self {
        Self {
            today_replica_hours: rounded(today, 2),
            proposed_replica_hours: rounded(proposed, 2),
            share: rounded(assessment::share_saved(today, proposed), 4),
            replica_hours_per_month: rounded(per_month, 2),
            usd_per_month: usd.map(|it| rounded(it, 2)),
        }
    }

    /// All of them together; `None` without any. Their windows may differ in what is known, and
    /// money is of those that have a price.
    pub(in crate::output) fn total(all: impl Iterator<Item = Self>) -> Option<Self> {
        all.reduce(|a, b| {
            let usd = a.usd_per_month.into_iter().chain(b.usd_per_month);
            Self::new(
                a.today_replica_hours + b.today_replica_hours,
                a.proposed_replica_hours + b.proposed_replica_hours,
                a.replica_hours_per_month + b.replica_hours_per_month,
                usd.reduce(|a, b| a + b),
            )
        })
    }

    fn of(proof: &Proof, usd: Option<f64>) -> Self {
        Self::new(
            proof.today.replica_hours.hours(),
            proof.proposed.replica_hours.hours(),
            crate::analysis::saved_per_month(proof).hours(),
            usd,
        )
    }
}

impl Item {
    pub(super) fn new(
        assessment: Assessment,
        (fleet, prices): (&Fleet, &PriceList),
        window: Window,
    ) -> Self {
        let subject = subject(&assessment, fleet);
        let current_replicas = subject.and_then(|it| it.autoscaler.status.current);
        let cost = subject.and_then(|it| cost(&assessment, it, prices));
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
            cost,
            saving: None,
            risk: None,
            because: Vec::new(),
            forecast: Foretold::of(assessment.prospect.as_deref()),
            not_foretold: assessment.prospect.as_deref().and_then(not_foretold),
            review: assessment.review.as_deref().map(Reviewed::of),
            opinion: assessment.opinion,
            findings: assessment.findings,
            evidence: Evidence::new(assessment.evidence, window),
            portrait: assessment.portrait,
            trend: assessment.trend,
            is_refused: false,
        };
        if let assessment::Outcome::Recommended(recommendation) = assessment.outcome {
            item.recommend(*recommendation);
        }
        item
    }

    fn recommend(&mut self, recommendation: Recommendation) {
        let Recommendation {
            proposed,
            proof,
            risk,
            because,
            usd_per_month,
        } = recommendation;
        self.config_diff = config_diff(&self.today, &proposed);
        self.proposed = Some(proposed);
        self.saving = Some(Saving::of(&proof, usd_per_month));
        self.risk = Some(risk.level);
        self.because = because;
        self.evidence = self.evidence.clone().with_proof(proof, risk.reasons);
    }

    /// What is to change, in one line and in the order of settings: `min 6→3`.
    pub fn changes(&self) -> String {
        let changes = self.config_diff.iter();
        let mut settings: Vec<Setting> = changes
            .filter_map(|(key, Change { from, to })| {
                let (from, to) = (from.clone(), to.clone());
                let key = key.parse().ok()?;
                Some(Setting { key, from, to })
            })
            .collect();
        settings.sort_by_key(|it| it.key);
        let settings = Some(one_line(&settings)).filter(|it| !it.is_empty());
        let schedule = self.schedule().map(|it| match it.is_empty() {
            true => NONE_ANY_MORE.to_owned(),
            false => format!("schedule {it}"),
        });
        let all: Vec<String> = settings.into_iter().chain(schedule).collect();
        all.join(", ")
    }

    /// Whether there is something to apply.
    pub fn is_open(&self) -> bool {
        self.outcome == Outcome::Recommended && !self.is_refused
    }

    /// The schedule that is proposed, if it is another than today's; empty where that is to end.
    pub fn schedule(&self) -> Option<&Plan> {
        let proposed = self.proposed.as_ref()?;
        let differs = proposed.schedule != self.today.schedule;
        differs.then_some(&proposed.schedule)
    }

    pub(in crate::output) fn sort_key(&self) -> (&str, &str, AutoscalerKind) {
        (&self.namespace, &self.name, self.kind)
    }
}

/// The fleet is sorted by autoscaler, so that a thousand look-ups stay cheap.
fn subject<'a>(assessment: &Assessment, fleet: &'a Fleet) -> Option<&'a Subject> {
    let subjects = &fleet.subjects;
    let place = subjects.binary_search_by(|it| it.autoscaler.id.cmp(&assessment.autoscaler));
    Some(&subjects[place.ok()?])
}

/// By the mean of the replicas that were observed, which a replay of today's settings was compared
/// with; else by what the status says.
fn cost(assessment: &Assessment, subject: &Subject, prices: &PriceList) -> Option<Cost> {
    let workload = subject.workload.as_ref().ok()?;
    let current = subject.autoscaler.status.current;
    let observed = assessment.evidence.fidelity.map(|it| it.mean_replicas);
    let replicas = observed.or(current.map(|it| f64::from(it.0)))?;
    let prices = prices.of(&assessment.autoscaler.namespace);
    Some(Cost::of(replicas, workload, &prices))
}

/// Where an analysis ended, and why it proposes nothing; no reason if there is nothing to say.
pub(crate) fn outcome(outcome: &assessment::Outcome) -> (Outcome, Option<String>) {
    match outcome {
        assessment::Outcome::Recommended(_) => (Outcome::Recommended, None),
        assessment::Outcome::NoChange => (Outcome::NoChange, None),
        assessment::Outcome::Withheld { why } => (Outcome::Withheld, Some(why.clone())),
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

/// What differs, as recommendations list it.
pub(crate) fn config_diff(today: &Settings, proposed: &Settings) -> BTreeMap<&'static str, Change> {
    let diff = settings::diff(today, proposed).into_iter();
    diff.map(|Setting { key, from, to }| (key.as_str(), Change { from, to }))
        .collect()
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
    use super::*;

    fn settings(min: u32, target: Option<u32>) -> Settings {
        Settings {
            min_replicas: Replicas(min),
            max_replicas: Replicas(10),
            target_cpu_pct: target,
            scale_down_cooldown_s: 300,
            scale_up: None,
            scale_down: None,
            keda: None,
            scaling_strategy: None,
            polling_interval_s: None,
            schedule: Plan::default(),
        }
    }

    #[test]
    fn only_what_differs_is_in_the_diff() {
        let diff = config_diff(&settings(6, Some(80)), &settings(3, Some(80)));
        let expected = Change {
            from: 6.into(),
            to: 3.into(),
        };
        assert_eq!(diff, BTreeMap::from([("min_replicas", expected)]));
        assert!(config_diff(&settings(1, None), &settings(1, None)).is_empty());
    }

    #[test]
    fn outcomes_are_words_as_in_json() {
        for outcome in Outcome::ALL {
            let json = serde_json::to_value(outcome).unwrap();
            assert_eq!(json, outcome.as_str());
        }
    }

    #[test]
    fn savings_add_up_by_hours_and_not_by_share() {
        let both = [
            Saving::new(100.0, 50.0, 60.0, Some(6.0)),
            Saving::new(300.0, 300.0, -10.0, None),
        ];
        let total = Saving::total(both.into_iter());
        assert_eq!(total, Some(Saving::new(400.0, 350.0, 50.0, Some(6.0))));
        assert_eq!(total.map(|it| it.share), Some(0.125));
        assert_eq!(Saving::total(std::iter::empty()), None);
        assert_eq!(Saving::new(0.0, 5.0, 0.0, None).share, 0.0);
    }

    #[test]
    fn a_schedule_is_a_change_though_no_setting_of_the_diff() {
        let mut item = super::super::made_up::report().items[1].clone();
        let mut proposed = item.today.clone();
        let window = serde_json::json!({"startCron": "50 7 * * 1-5", "durationMinutes": 130,
            "minReplicas": 6, "timeZone": "Etc/UTC"});
        proposed.schedule = serde_json::from_value(serde_json::json!([window])).unwrap();
        item.config_diff.clear();
        item.proposed = Some(proposed);
        let told = "schedule at least 6 on Mon-Fri 07:50 for 2 h 10 min (Etc/UTC)";
        assert_eq!(item.changes(), told);
        let json = serde_json::to_value(&item).unwrap();
        assert_eq!(json["proposed"]["schedule"], serde_json::json!([window]));
        assert!(json["today"].get("schedule").is_none());
        assert!(json.get("forecast").is_none());
    }
}
