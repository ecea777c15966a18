//! `status.conditions`: where a recommendation stands, for tools that know nothing of its phases, such
//! as `kubectl wait --for=condition=Verified`.

use serde_json::{Value, json};

use crate::analysis::review::Standing;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::State;
use crate::lifecycle::schedule::review::Review;

/// Whether the floor of a window is in effect; only where there is a schedule.
const SCHEDULED: &str = "Scheduled";

/// Whether that schedule does still what it was chosen for; only where an analysis has looked.
const PAYS: &str = "SchedulePays";

struct Condition {
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
}

/// The conditions of a record. Those of `before` that are of others are kept, and times stay where
/// the status of a condition has not changed.
pub(super) fn of(record: &Record, before: &Value, generation: &Value) -> Value {
    let before = before.as_array().map_or(&[][..], Vec::as_slice);
    let mut ours = vec![approved(record), applied(record), verified(record)];
    ours.extend(scheduled(record));
    ours.extend(pays(record));
    let is_ours = |it: &&Value| {
        let comes_and_goes = it["type"] == SCHEDULED || it["type"] == PAYS;
        comes_and_goes || ours.iter().any(|our| it["type"] == our.kind)
    };
    let theirs = before.iter().filter(|it| !is_ours(it)).cloned();
    let written = ours.iter().map(|it| write(it, record, before, generation));
    written.chain(theirs).collect()
}

fn approved(record: &Record) -> Condition {
    let (status, reason) = match (record.approved, record.status.phase) {
        (true, _) => ("True", "Approved"),
        (false, Phase::Rejected) => ("False", "Rejected"),
        (false, Phase::Superseded) => ("False", "Superseded"),
        (
            false,
            Phase::Pending
            | Phase::Approved
            | Phase::Applied
            | Phase::Verified
            | Phase::Degraded
            | Phase::RolledBack
            | Phase::Blocked
            | Phase::Failed,
        ) => ("False", "NotApproved"),
    };
    Condition {
        kind: "Approved",
        status,
        reason,
    }
}

fn applied(record: &Record) -> Condition {
    let (status, reason) = match record.status.phase {
        Phase::Applied | Phase::Verified | Phase::Degraded => ("True", "Applied"),
        Phase::Approved if record.status.attempt.is_some() => ("Unknown", "Applying"),
        Phase::Pending | Phase::Approved => ("False", "NotApplied"),
        Phase::RolledBack => ("False", "RolledBack"),
        Phase::Blocked => ("False", "Blocked"),
        Phase::Failed => ("False", "ApplyFailed"),
        Phase::Rejected => ("False", "Rejected"),
        Phase::Superseded => ("False", "Superseded"),
    };
    Condition {
        kind: "Applied",
        status,
        reason,
    }
}

fn verified(record: &Record) -> Condition {
    let (status, reason) = match record.status.phase {
        Phase::Applied => ("Unknown", "OnProbation"),
        Phase::Verified => ("True", "Healthy"),
        Phase::Degraded => ("False", "Degraded"),
        Phase::RolledBack => ("False", "RolledBack"),
        Phase::Pending
        | Phase::Approved
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => ("Unknown", "NotApplied"),
    };
    Condition {
        kind: "Verified",
        status,
        reason,
    }
}

fn scheduled(record: &Record) -> Option<Condition> {
    let state = record.status.schedule.as_ref()?.state;
    Some(Condition {
        kind: SCHEDULED,
        status: match state {
            State::Open => "True",
            State::Waiting | State::Withheld | State::Left | State::Retracted => "False",
        },
        reason: state.reason(),
    })
}

fn pays(record: &Record) -> Option<Condition> {
    let (status, reason) = match reviewed(record)?.standing {
        Standing::Steady => ("True", "ForecastHolds"),
        Standing::Kept => ("True", "StillPays"),
        Standing::Obsolete => ("False", "PaysNoMore"),
        Standing::Doubted => ("Unknown", "ForecastDoubted"),
    };
    Some(Condition {
        kind: PAYS,
        status,
        reason,
    })
}

fn reviewed(record: &Record) -> Option<&Review> {
    record.status.schedule.as_ref()?.review.as_ref()
}

fn write(condition: &Condition, record: &Record, before: &[Value], generation: &Value) -> Value {
    let mut written = json!({
        "type": condition.kind,
        "status": condition.status,
        "reason": condition.reason,
        "message": match (&record.status.schedule, condition.kind) {
            (Some(carried), SCHEDULED) => &carried.detail,
            (Some(_), PAYS) => reviewed(record).map_or("", |it| &it.detail),
            _ => &record.status.detail,
        },
    });
    let old = before.iter().find(|it| it["type"] == condition.kind);
    let kept = old
        .filter(|it| it["status"] == condition.status)
        .map(|it| it["lastTransitionTime"].clone())
        .filter(|it| it.is_string());
    if let Some(since) = kept.or_else(|| since(condition, record)) {
        written["lastTransitionTime"] = since;
    }
    if !generation.is_null() {
        written["observedGeneration"] = generation.clone();
    }
    written
}

/// When the condition became what it is, as far as the record knows: whether it is approved is decided
/// apart from its phase.
fn since(condition: &Condition, record: &Record) -> Option<Value> {
    let decided = record.status.decided.as_ref().map(|it| it.at);
    let decided = decided.filter(|_| condition.kind == "Approved");
    let carried = record.status.schedule.as_ref().and_then(|it| it.since);
    let carried = carried.filter(|_| condition.kind == SCHEDULED);
    let pays = reviewed(record).map(|it| it.since);
    let carried = carried.or(pays.filter(|_| condition.kind == PAYS));
    let since = decided.or(carried).or(record.status.since)?;
    Some(json!(since.to_string()))
}
