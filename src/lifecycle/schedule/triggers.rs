//! The windows of a ScaledObject: `cron` triggers of ours beside those that others have written.

use serde_json::{Value, json};

use super::Unfit;
use crate::schedule::{Plan, TRIGGER, Window};

/// KEDA's maximum where an object says none.
const NO_MAXIMUM: u32 = 100;

/// Whether a trigger is one of ours.
pub fn is_ours(trigger: &Value) -> bool {
    let name = trigger["name"].as_str();
    trigger["type"] == "cron" && name.is_some_and(|it| it.starts_with(TRIGGER))
}

/// Whether an object has any of ours.
pub fn are_there(object: &Value) -> bool {
    items(object).iter().any(is_ours)
}

/// One trigger for each window, for `object`, whose maximum none of them asks to exceed.
///
/// # Errors
/// Where KEDA could not carry a window out.
pub fn made(plan: &Plan, object: &Value) -> Result<Vec<Value>, Unfit> {
    let formula = object["spec"]["advanced"]["scalingModifiers"]["formula"].as_str();
    if formula.is_some_and(|it| !it.trim().is_empty()) {
        return Err(Unfit::Formula);
    }
    let max = object["spec"]["maxReplicaCount"].as_u64();
    let max = max.and_then(|it| u32::try_from(it).ok());
    let max = max.unwrap_or(NO_MAXIMUM);
    let windows = plan.windows().iter().enumerate();
    windows.map(|(index, it)| trigger(index, it, max)).collect()
}

fn trigger(index: usize, window: &Window, max: u32) -> Result<Value, Unfit> {
    let written = window.written();
    // KEDA refuses a trigger that ends when it starts.
    let end = window.end_cron().filter(|it| *it != written.start_cron);
    let no_end = || Unfit::NoEnd {
        start: written.start_cron.clone(),
    };
    Ok(json!({
        "type": "cron",
        "name": format!("{TRIGGER}{}", index + 1),
        "metadata": {
            "timezone": written.time_zone,
            "start": written.start_cron,
            "end": end.ok_or_else(no_end)?,
            "desiredReplicas": window.min().0.min(max).to_string(),
        },
    }))
}

/// All triggers of `object`, ours last and as `plan` has them.
///
/// # Errors
/// As [`made`].
pub fn with(plan: &Plan, object: &Value) -> Result<Value, Unfit> {
    let theirs = items(object).iter().filter(|it| !is_ours(it)).cloned();
    let ours = made(plan, object)?;
    Ok(theirs.chain(ours).collect())
}

/// The operation of a JSON patch that takes ours away; `None` where there are none. Others keep their
/// order.
pub(super) fn taken_away(object: &Value) -> Option<Value> {
    let theirs = items(object).iter().filter(|it| !is_ours(it)).cloned();
    let theirs: Value = theirs.collect();
    let patch = json!({ "op": "replace", "path": "/spec/triggers", "value": theirs });
    are_there(object).then_some(patch)
}

fn items(object: &Value) -> &[Value] {
    object["spec"]["triggers"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}
