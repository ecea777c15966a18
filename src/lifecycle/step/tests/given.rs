//! Records, events and what they are made of.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::analysis::assessment::RiskLevel;
use crate::analysis::review::Standing;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::lifecycle::changes::{Change, Lost};
use crate::lifecycle::diff::{Key, Setting};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Applied, Attempt, Proposal, Record, Write};
use crate::lifecycle::schedule::review::Look;
use crate::lifecycle::schedule::{Carried, State};
use crate::lifecycle::step::{Check, Event, Policy, Verdict, step};
use crate::schedule::Plan;

pub(super) const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub(super) fn minutes(minutes: i64) -> Timestamp {
    START + SignedDuration::from_mins(minutes)
}

pub(super) fn proposal(from: u32, to: u32) -> Proposal {
    Proposal {
        uid: Some("u1".to_owned()),
        scales: None,
        analyzed_at: Some(START),
        risk: RiskLevel::Low,
        summary: "Fewer replicas.".to_owned(),
        saving_usd: Some(12.0),
        saving_share: Some(0.25),
        diff: vec![Setting {
            key: Key::MinReplicas,
            from: from.into(),
            to: to.into(),
        }],
        schedule: vec![],
        schedule_before: vec![],
        losses: None,
        evidence: json!({}),
        findings: json!([]),
    }
}

pub(super) fn new() -> Record {
    let id = AutoscalerId {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        kind: AutoscalerKind::HorizontalPodAutoscaler,
    };
    Record::propose(id, proposal(3, 2), START)
}

pub(super) fn changes() -> Vec<Change> {
    vec![Change {
        path: "/spec/minReplicas".to_owned(),
        from: Some(json!(3)),
        to: Some(json!(2)),
    }]
}

pub(super) fn lost() -> Vec<Lost> {
    vec![Lost {
        path: "/spec/minReplicas".to_owned(),
        ours: Some(json!(2)),
        now: Some(json!(7)),
    }]
}

pub(super) fn attempt(id: &str, what: Write) -> Attempt {
    Attempt {
        id: id.to_owned(),
        what,
        by: "ann".to_owned(),
        at: START,
    }
}

/// A record in a phase, as it commonly is there: applied at [`START`], no write under way.
pub(super) fn in_phase(phase: Phase) -> Record {
    let mut record = new();
    record.approved = !matches!(phase, Phase::Pending | Phase::Rejected | Phase::Superseded);
    if phase.is_in_force() || phase == Phase::RolledBack {
        record.status.applied = Some(Applied {
            id: Some("w1".to_owned()),
            by: "ann".to_owned(),
            at: START,
            changes: changes(),
        });
        record.status.probation_until = Some(minutes(45));
    }
    if matches!(phase, Phase::RolledBack | Phase::Rejected) {
        record.status.rejected_inputs = Some(record.proposal.inputs());
    }
    record.enter(phase, format!("as {phase}"), "ann", START);
    record
}

pub(super) fn judged(verdict: Verdict) -> Event {
    let measured = json!({ "cpu": 60 });
    Event::Judged(Check { verdict, measured })
}

pub(super) fn healthy() -> Event {
    let detail = "cpu is near its target".to_owned();
    judged(Verdict::Healthy { detail })
}

pub(super) fn degraded() -> Event {
    let detail = "cpu is above its target".to_owned();
    judged(Verdict::Degraded { detail })
}

pub(super) fn inconclusive() -> Event {
    let detail = "2 of 3 samples".to_owned();
    judged(Verdict::Inconclusive { detail })
}

pub(super) fn error() -> Event {
    let why = "timeout".to_owned();
    judged(Verdict::Error { why })
}

pub(super) fn text(it: &str) -> String {
    it.to_owned()
}

pub(super) fn approved() -> Event {
    Event::Approved { by: text("ann") }
}

pub(super) fn written(id: &str, at: Timestamp) -> Event {
    written_because("", id, at)
}

pub(super) fn written_because(why: &str, id: &str, at: Timestamp) -> Event {
    Event::Written {
        id: text(id),
        by: text("ann"),
        at,
        why: text(why),
        changes: changes(),
        schedule: Plan::default(),
    }
}

pub(super) fn reverted(lost: Vec<Lost>) -> Event {
    Event::Reverted {
        by: text("bob"),
        reason: text("cpu is above its target"),
        lost,
    }
}

/// Eight replicas from nine to eleven.
pub(super) fn morning() -> Plan {
    let window = json!([{ "startCron": "0 9 * * *", "durationMinutes": 120, "minReplicas": 8 }]);
    serde_json::from_value(window).unwrap()
}

pub(super) fn scheduled(state: State) -> Event {
    Event::Scheduled(Box::new(Carried {
        state,
        detail: format!("as {state}"),
        since: Some(START),
        ..Carried::begun(morning(), None)
    }))
}

/// What an analysis says of what [`scheduled`] carries out.
pub(super) fn reviewed(standing: Standing) -> Event {
    Event::Reviewed(Box::new(Look {
        windows: morning(),
        standing,
        detail: format!("as {standing}"),
        chosen: None,
        now: None,
    }))
}

pub(super) fn proposed(new: Proposal) -> Event {
    Event::Proposed(Box::new(new))
}

pub(super) const WITHOUT_ROLLBACK: Policy = Policy {
    probation: SignedDuration::from_mins(45),
    probation_max: SignedDuration::from_hours(26),
    rollback: false,
};

/// After events that are all possible, each with its minute.
#[track_caller]
pub(super) fn after(mut record: Record, policy: &Policy, events: &[(i64, Event)]) -> Record {
    for (minute, event) in events {
        let step = step(&record, event.clone(), policy, minutes(*minute));
        record = step.unwrap().record;
    }
    record
}

#[track_caller]
pub(super) fn detail(record: Record, minute: i64, event: Event) -> String {
    let events = [(minute, event)];
    after(record, &Policy::default(), &events).status.detail
}
