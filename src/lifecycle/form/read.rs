//! Objects become records.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fields::Place;
use super::{ANNOTATION, GROUP, KIND, Malformed, VERSION};
use crate::analysis::assessment::RiskLevel;
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::lifecycle::changes::Change;
use crate::lifecycle::diff::{ConfigDiff, Key, Setting};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{
    Applied, Attempt, Decision, Entry, Proposal, Record, STORY, Status, Write,
};

pub(super) fn record(object: &Value) -> Result<Record, Malformed> {
    let title = title(object);
    let root = Place::root(&title, object);
    is_ours(&root)?;
    let (metadata, spec) = (root.at("metadata"), root.at("spec"));
    let namespace = metadata.at("namespace").required_text()?.to_owned();
    if !spec.is_set() {
        return Err(spec.missing());
    }
    spec.keys()?;
    let mut status = status(&root.at("status"))?;
    status.observed = metadata.at("annotations").at(ANNOTATION).owned()?;
    Ok(Record {
        name: metadata.at("name").required_text()?.to_owned(),
        autoscaler: autoscaler(&spec.at("targetRef"), &namespace)?,
        proposal: proposal(&spec, &namespace)?,
        approved: spec.at("approved").flag()?,
        status,
        namespace,
    })
}

fn title(object: &Value) -> String {
    let of = |key: &str| object["metadata"][key].as_str().unwrap_or("?").to_owned();
    format!("rec/{} in namespace {}", of("name"), of("namespace"))
}

fn is_ours(root: &Place<'_>) -> Result<(), Malformed> {
    let (kind, version) = (root.at("kind"), root.at("apiVersion"));
    if kind.required_text()? != KIND {
        return Err(kind.malformed(format!("is not {KIND}")));
    }
    let wanted = format!("{GROUP}/{VERSION}");
    if version.required_text()? != wanted {
        let why = format!("is not {wanted}, the version that this kubectl-stepscale knows");
        return Err(version.malformed(why));
    }
    Ok(())
}

fn autoscaler(reference: &Place<'_>, namespace: &str) -> Result<AutoscalerId, Malformed> {
    let kind = reference.at("kind");
    let known = kind.required_text()?.parse::<AutoscalerKind>();
    Ok(AutoscalerId {
        namespace: namespace.to_owned(),
        name: reference.at("name").required_text()?.to_owned(),
        kind: known.map_err(|()| kind.malformed("is no kind of autoscaler that can be changed"))?,
    })
}

fn proposal(spec: &Place<'_>, namespace: &str) -> Result<Proposal, Malformed> {
    let windows = |key: &str| -> Result<Vec<Value>, Malformed> {
        let windows = spec.at(key).items()?;
        Ok(windows.iter().map(|it| it.value().clone()).collect())
    };
    Ok(Proposal {
        uid: spec.at("targetRef").at("uid").owned()?,
        scales: scales(&spec.at("scaleTargetRef"), namespace)?,
        analyzed_at: spec.at("analyzedAt").time()?,
        risk: risk(&spec.at("riskLevel"))?,
        summary: spec.at("summaryMd").words()?,
        saving_usd: spec.at("projectedSavingsUsdMonthly").number()?,
        saving_share: spec.at("projectedSavingsShare").number()?,
        diff: diff(&spec.at("configDiff"))?,
        schedule: windows("schedule")?,
        schedule_before: windows("scheduleBefore")?,
        losses: as_written(&spec.at("forecast"))?,
        evidence: spec.at("evidence").value().clone(),
        findings: spec.at("findings").value().clone(),
    })
}

fn scales(place: &Place<'_>, namespace: &str) -> Result<Option<TargetRef>, Malformed> {
    if !place.is_set() {
        return Ok(None);
    }
    Ok(Some(TargetRef {
        namespace: namespace.to_owned(),
        name: place.at("name").required_text()?.to_owned(),
        kind: place.at("kind").required_text()?.to_owned(),
    }))
}

/// The risk; high where nobody has said.
fn risk(place: &Place<'_>) -> Result<RiskLevel, Malformed> {
    let read = |it: &Value| match it.as_str()?.to_ascii_lowercase().as_str() {
        "low" => Some(RiskLevel::Low),
        "medium" => Some(RiskLevel::Medium),
        "high" => Some(RiskLevel::High),
        _ => None,
    };
    let risk = place.optional("low, medium or high", read)?;
    Ok(risk.unwrap_or(RiskLevel::High))
}

/// The settings that change. The original product lists some that do not: these are left out.
fn diff(place: &Place<'_>) -> Result<ConfigDiff, Malformed> {
    for key in place.keys()? {
        if key.parse::<Key>().is_err() {
            let why = "is no setting that this kubectl-stepscale can change";
            return Err(place.at(key).malformed(why));
        }
    }
    let mut settings = Vec::new();
    for key in Key::ALL {
        let entry = place.at(key.as_str());
        if entry.is_set() {
            entry.keys()?;
            settings.push(setting(key, &entry)?);
        }
    }
    settings.retain(|it| it.from != it.to);
    Ok(settings)
}

fn setting(key: Key, entry: &Place<'_>) -> Result<Setting, Malformed> {
    let (from, to) = (entry.at("from"), entry.at("to"));
    match key {
        Key::MinReplicas
        | Key::MaxReplicas
        | Key::TargetCpuPct
        | Key::ScaleDownCooldownS
        | Key::CooldownPeriodS
        | Key::PollingIntervalS => Ok(Setting {
            key,
            from: whole(&from)?.map_or(Value::Null, Value::from),
            to: whole(&to)?.ok_or_else(|| to.missing())?.into(),
        }),
        Key::ScalingStrategy => Ok(Setting {
            key,
            from: from.owned()?.map_or(Value::Null, Value::from),
            to: to.required_text()?.into(),
        }),
        Key::TriggerThresholds => {
            for side in [&from, &to] {
                for index in side.keys()? {
                    side.at(index).text()?;
                }
            }
            Ok(Setting {
                key,
                from: from.value().clone(),
                to: to.value().clone(),
            })
        }
        Key::ScaleUpPolicies | Key::ScaleDownPolicies | Key::Fallback => {
            from.keys()?;
            to.keys()?;
            Ok(Setting {
                key,
                from: from.value().clone(),
                to: to.value().clone(),
            })
        }
    }
}

/// A count that the API can hold; 3.0 is 3.
fn whole(place: &Place<'_>) -> Result<Option<u32>, Malformed> {
    let read = |it: &Value| {
        let most = f64::from(i32::MAX);
        let number = it.as_f64()?;
        let fits = number.fract() == 0.0 && (0.0..=most).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole and within bounds"
        )]
        fits.then_some(number as u32)
    };
    place.optional("a whole number of at most 2147483647", read)
}

fn status(place: &Place<'_>) -> Result<Status, Malformed> {
    place.keys()?;
    let phase = phase(&place.at("phase"))?;
    Ok(Status {
        phase,
        detail: place.at("detail").words()?,
        since: place.at("since").time()?,
        decided: decided(&place.at("decided"))?,
        attempt: attempt(&place.at("attempt"))?,
        applied: applied(place, phase)?,
        probation_until: place.at("probationUntil").time()?,
        schedule: as_written(&place.at("schedule"))?,
        errors: place.at("errors").count()?,
        failures: place.at("failures").count()?,
        measured: place.at("measured").present(),
        rejected_inputs: place.at("rejectedInputs").owned()?,
        observed: None,
        story: story(&place.at("story"))?,
    })
}

/// The phase; pending where there is none yet.
fn phase(place: &Place<'_>) -> Result<Phase, Malformed> {
    let known = Phase::ALL.map(Phase::as_str).join(", ");
    let read = |it: &Value| it.as_str()?.parse().ok();
    let phase = place.optional(&format!("one of {known}"), read)?;
    Ok(phase.unwrap_or_default())
}

fn decided(place: &Place<'_>) -> Result<Option<Decision>, Malformed> {
    if !place.is_set() {
        return Ok(None);
    }
    Ok(Some(Decision {
        by: place.at("by").words()?,
        at: place.at("at").required_time()?,
        reason: place.at("reason").words()?,
    }))
}

fn attempt(place: &Place<'_>) -> Result<Option<Attempt>, Malformed> {
    if !place.is_set() {
        return Ok(None);
    }
    let what = place.at("what");
    let read = |it: &Value| match it.as_str()? {
        "apply" => Some(Write::Apply),
        "revert" => Some(Write::Revert),
        _ => None,
    };
    Ok(Some(Attempt {
        id: place.at("id").required_text()?.to_owned(),
        what: what
            .optional("apply or revert", read)?
            .ok_or_else(|| what.missing())?,
        by: place.at("by").words()?,
        at: place.at("at").required_time()?,
    }))
}

/// What is in force. The original product says only when it was applied.
fn applied(status: &Place<'_>, phase: Phase) -> Result<Option<Applied>, Malformed> {
    let (at, place) = (status.at("appliedAt"), status.at("applied"));
    if !at.is_set() && (phase.is_in_force() || place.is_set()) {
        return Err(at.malformed(format!("is missing, though the phase is {phase}")));
    }
    let changes = place.at("changes").items()?;
    let (id, by) = (place.at("id").owned()?, place.at("by").words()?);
    let changes = changes.iter().map(change).collect::<Result<_, _>>()?;
    Ok(at.time()?.map(|at| Applied {
        id,
        by,
        at,
        changes,
    }))
}

/// What is kept as it is written.
fn as_written<T: DeserializeOwned>(place: &Place<'_>) -> Result<Option<T>, Malformed> {
    let written = place.present().map(serde_json::from_value);
    written
        .transpose()
        .map_err(|it: serde_json::Error| place.malformed(it.to_string()))
}

fn change(place: &Place<'_>) -> Result<Change, Malformed> {
    place.keys()?;
    Ok(Change {
        path: place.at("path").required_text()?.to_owned(),
        from: place.value().get("from").cloned(),
        to: place.value().get("to").cloned(),
    })
}

fn story(place: &Place<'_>) -> Result<Vec<Entry>, Malformed> {
    let entries = place.items()?;
    let latest = entries.len().saturating_sub(STORY);
    let entry = |it: &Place<'_>| {
        Ok(Entry {
            at: it.at("at").required_time()?,
            phase: phase(&it.at("phase"))?,
            detail: it.at("detail").words()?,
            by: it.at("by").words()?,
        })
    };
    entries[latest..].iter().map(entry).collect()
}
