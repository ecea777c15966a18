use super::*;
use serde_json::{Value, json};

use crate::analysis::assessment::RiskLevel;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::lifecycle::diff::Setting;
use crate::lifecycle::owners::Who;
use crate::lifecycle::record::{Proposal, Status};

mod text;

fn record() -> Record {
    let minimum = Setting {
        key: Key::MinReplicas,
        from: json!(3),
        to: json!(2),
    };
    Record {
        namespace: "shop".to_owned(),
        name: "web-hpa".to_owned(),
        autoscaler: AutoscalerId {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        },
        proposal: Proposal {
            uid: Some("u1".to_owned()),
            scales: None,
            analyzed_at: None,
            risk: RiskLevel::Low,
            summary: String::new(),
            saving_usd: None,
            saving_share: None,
            diff: vec![minimum],
            schedule: vec![],
            schedule_before: vec![],
            losses: None,
            evidence: Value::Null,
            findings: Value::Null,
        },
        approved: true,
        status: Status::default(),
    }
}

fn target() -> Target {
    Target {
        uid: "u1".to_owned(),
        in_force: None,
        changed: vec![],
        schedule: None,
        owners: vec![],
        rollout: None,
        paused: None,
        replicas: Some(Replicas(4)),
        new_max: Some(Replicas(4)),
        new_min: Some(Replicas(2)),
        budget: Some(("web".to_owned(), Replicas(1))),
        metrics_age: Some(SignedDuration::from_mins(15)),
    }
}

fn facts() -> Facts {
    Facts {
        target: Some(target()),
        license: License::Grace { days_left: 1 },
        in_probation: 2,
        reverted: vec!["shop/api".to_owned()],
        now: Timestamp::UNIX_EPOCH,
    }
}

fn limits() -> Limits {
    Limits {
        max_in_probation: Some(3),
        ..Limits::default()
    }
}

fn owner() -> Owner {
    Owner {
        who: Who::ArgoCd {
            application: "shop".to_owned(),
        },
        proof: "label x is shop".to_owned(),
    }
}

fn changed() -> Vec<(Key, Value, Value)> {
    vec![
        (Key::MinReplicas, json!(3), json!(4)),
        (
            Key::ScaleUpPolicies,
            json!({"selectPolicy": "Max"}),
            json!(null),
        ),
    ]
}

/// One thing that stands in the way.
#[derive(Clone, Copy, Debug)]
enum Fault {
    NotApproved,
    Gone,
    Replaced,
    InForce,
    Changed,
    Owned,
    Rollout,
    Paused,
    Stale,
    Unlicensed,
    TooMany,
    Stopped,
    Max,
    Budget,
}

/// In the order of precedence, which is that of [`Refusal`].
const FAULTS: [Fault; 14] = [
    Fault::NotApproved,
    Fault::Gone,
    Fault::Replaced,
    Fault::InForce,
    Fault::Changed,
    Fault::Owned,
    Fault::Rollout,
    Fault::Paused,
    Fault::Stale,
    Fault::Unlicensed,
    Fault::TooMany,
    Fault::Stopped,
    Fault::Max,
    Fault::Budget,
];

struct Case {
    record: Record,
    facts: Facts,
    limits: Limits,
}

impl Case {
    fn good() -> Self {
        Self {
            record: record(),
            facts: facts(),
            limits: limits(),
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        check(&self.record, &self.facts, &self.limits)
    }

    fn with(mut self, fault: Fault) -> Self {
        match fault {
            Fault::NotApproved => self.record.approved = false,
            Fault::Gone => self.facts.target = None,
            Fault::Unlicensed => {
                let why = "no license".to_owned();
                self.facts.license = License::None { why };
            }
            Fault::TooMany => self.facts.in_probation = 3,
            Fault::Stopped => self.limits.stop_on_revert = true,
            fault => {
                if let Some(target) = &mut self.facts.target {
                    spoil(target, fault);
                }
            }
        }
        self
    }
}

fn spoil(target: &mut Target, fault: Fault) {
    match fault {
        Fault::Replaced => target.uid = "u2".to_owned(),
        Fault::InForce => target.in_force = Some("old".to_owned()),
        Fault::Changed => target.changed = changed(),
        Fault::Owned => target.owners = vec![owner()],
        Fault::Rollout => target.rollout = Some("1 of 4 pods updated".to_owned()),
        Fault::Paused => target.paused = Some("annotation x".to_owned()),
        Fault::Stale => target.metrics_age = Some(SignedDuration::from_secs(901)),
        Fault::Max => target.new_max = Some(Replicas(3)),
        Fault::Budget => target.budget = Some(("web".to_owned(), Replicas(2))),
        other => panic!("{other:?} is nothing of a target"),
    }
}

fn refusals() -> [Refusal; 14] {
    [
        Refusal::NotApproved,
        Refusal::TargetGone,
        Refusal::Replaced {
            was: "u1".to_owned(),
            is: "u2".to_owned(),
        },
        Refusal::InForce {
            recommendation: "old".to_owned(),
        },
        Refusal::ChangedSinceAnalyzed(changed()),
        Refusal::Owned(owner()),
        Refusal::RolloutInProgress("1 of 4 pods updated".to_owned()),
        Refusal::Paused("annotation x".to_owned()),
        Refusal::StaleMetrics {
            age: Some(SignedDuration::from_secs(901)),
        },
        Refusal::Unlicensed {
            why: "no license".to_owned(),
        },
        Refusal::TooManyInProbation { limit: 3 },
        Refusal::StoppedAfterRevert {
            reverted: vec!["shop/api".to_owned()],
        },
        Refusal::MaxBelowReplicas {
            max: Replicas(3),
            replicas: Replicas(4),
        },
        Refusal::BreaksBudget {
            budget: "web".to_owned(),
            needs: Replicas(2),
            min: Replicas(2),
        },
    ]
}

#[test]
fn each_fault_alone_is_a_refusal_of_its_own() {
    assert_eq!(Case::good().check(), Ok(()));
    for (fault, refusal) in FAULTS.into_iter().zip(refusals()) {
        assert_eq!(Case::good().with(fault).check(), Err(refusal), "{fault:?}");
    }
}

#[test]
fn of_two_faults_the_one_that_counts_more_is_told() {
    for (first, refusal) in refusals().into_iter().enumerate() {
        for second in FAULTS.into_iter().skip(first + 1) {
            let both = (FAULTS[first], second);
            let case = Case::good().with(both.1).with(both.0);
            assert_eq!(case.check(), Err(refusal.clone()), "{both:?}");
        }
    }
}

#[test]
fn an_owner_is_overruled_by_a_reason_and_by_nothing_less() {
    let mut case = Case::good().with(Fault::Owned);
    for (forced, expected) in [
        (None, Err(Refusal::Owned(owner()))),
        (Some(""), Err(Refusal::Owned(owner()))),
        (Some(" \n"), Err(Refusal::Owned(owner()))),
        (Some("incident 7"), Ok(())),
    ] {
        case.limits.forced = forced.map(str::to_owned);
        assert_eq!(case.check(), expected, "{forced:?}");
    }
    // Force is for owners alone.
    for fault in FAULTS {
        let mut case = Case::good().with(fault);
        case.limits.forced = Some("incident 7".to_owned());
        let is_owned = matches!(fault, Fault::Owned);
        assert_eq!(case.check().is_ok(), is_owned, "{fault:?}");
    }
}

#[test]
fn what_is_not_known_or_not_limited_refuses_nothing_but_for_metrics() {
    let mut case = Case::good();
    case.record.proposal.uid = None;
    case.limits.max_in_probation = None;
    case.facts.in_probation = usize::MAX;
    let target = case.facts.target.as_mut().unwrap();
    (target.replicas, target.new_max) = (None, Some(Replicas(1)));
    target.new_min = None;
    target.budget = Some(("web".to_owned(), Replicas(9)));
    // A clock that is behind the one of the metrics.
    target.metrics_age = Some(SignedDuration::from_mins(-5));
    assert_eq!(case.check(), Ok(()));
    case.facts.target.as_mut().unwrap().metrics_age = None;
    assert_eq!(case.check(), Err(Refusal::StaleMetrics { age: None }));
}

#[test]
fn a_budget_matters_where_the_minimum_is_lowered() {
    let setting = |key, from: Value, to: Value| Setting { key, from, to };
    let table = [
        (setting(Key::MinReplicas, json!(3), json!(2)), false),
        (setting(Key::MinReplicas, json!(1), json!(2)), true),
        (setting(Key::MinReplicas, json!(null), json!(2)), false),
        (setting(Key::MaxReplicas, json!(9), json!(8)), true),
    ];
    for (setting, expected) in table {
        let mut case = Case::good().with(Fault::Budget);
        case.record.proposal.diff = vec![setting.clone()];
        assert_eq!(case.check().is_ok(), expected, "{setting:?}");
    }
}
