//! Whether the controller has heard of a pause, by what the objects say.
//!
//! An HPA is what it is set to. KEDA is asked for by its condition Paused, which it sets for every
//! kind of pause, and where nothing is to scale by the HPA, which it deletes. KEDA 2.10 has no such
//! condition and keeps the HPA with a minimum and a maximum that are the same.

use serde_json::Value;

use super::plan::annotation;
use super::{Kind, Way};
use crate::units::Replicas;

/// What is known of the HPA that KEDA makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hpa<'a> {
    Gone,
    There(&'a Value),
    /// It may not be read.
    Unknown,
}

/// Whether it has taken effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    InForce,
    /// Not yet, and what that may come from.
    Not {
        seen: String,
        /// What to look at.
        because: String,
    },
}

/// The name of the HPA that KEDA makes of a ScaledObject.
pub fn hpa_name(object: &Value) -> Option<String> {
    let told = &object["status"]["hpaName"];
    let advanced = &object["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"];
    let mut named = [told, advanced].into_iter().filter_map(Value::as_str);
    match named.find(|it| !it.is_empty()) {
        Some(name) => Some(name.to_owned()),
        None => Some(format!("keda-hpa-{}", object["metadata"]["name"].as_str()?)),
    }
}

/// Whether a pause of `object` is in force.
pub fn of_pause(kind: Kind, way: Way, object: &Value, hpa: Hpa<'_>) -> Effect {
    if !kind.is_of_keda() {
        return Effect::InForce;
    }
    if is_pinned(way, hpa) {
        return Effect::InForce;
    }
    match condition(object, "Paused") {
        Some("True") => {}
        other => return unheard(kind, way, object, other),
    }
    if let Way::At(Replicas(count)) = way
        && let Some(is) = object["status"]["pausedReplicaCount"].as_u64()
        && is != u64::from(count)
    {
        return Effect::Not {
            seen: format!("KEDA says that it holds {is} replicas"),
            because: "its operator may be behind: look at its log".to_owned(),
        };
    }
    let is_whole = matches!(way, Way::Whole | Way::At(_));
    match hpa {
        Hpa::There(hpa) if is_whole && kind == Kind::ScaledObject => Effect::Not {
            seen: format!(
                "KEDA says that it is paused, and its HPA {} is still there",
                hpa["metadata"]["name"].as_str().unwrap_or_default()
            ),
            because: "its operator may not delete HPAs: look at its log".to_owned(),
        },
        Hpa::There(_) | Hpa::Gone | Hpa::Unknown => Effect::InForce,
    }
}

/// Whether `object` scales again.
pub fn of_resumption(kind: Kind, object: &Value, hpa: Hpa<'_>) -> Effect {
    let because = || "look whether KEDA's operator runs, and at its log".to_owned();
    if !kind.is_of_keda() {
        return Effect::InForce;
    }
    if condition(object, "Paused") == Some("True") {
        let seen = "KEDA still says that it is paused".to_owned();
        return Effect::Not {
            seen,
            because: because(),
        };
    }
    match (kind, hpa) {
        (Kind::ScaledObject, Hpa::Gone) => Effect::Not {
            seen: "KEDA has not made its HPA again".to_owned(),
            because: because(),
        },
        (Kind::ScaledObject | Kind::ScaledJob | Kind::HorizontalPodAutoscaler, _) => {
            Effect::InForce
        }
    }
}

/// As KEDA 2.10 pauses: 0 is no minimum of an HPA.
fn is_pinned(way: Way, hpa: Hpa<'_>) -> bool {
    let (Way::At(Replicas(count)), Hpa::There(hpa)) = (way, hpa) else {
        return false;
    };
    let count = u64::from(count.max(1));
    let is_it = |key: &str| hpa["spec"][key].as_u64() == Some(count);
    is_it("minReplicas") && is_it("maxReplicas")
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = object["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|it| it["type"] == kind)?;
    found["status"].as_str()
}

fn unheard(kind: Kind, way: Way, object: &Value, paused: Option<&str>) -> Effect {
    let (key, _) = annotation(way);
    let since = since(kind, way);
    let conditions = object["status"]["conditions"].as_array();
    let seen = match (conditions.is_none_or(Vec::is_empty), paused) {
        (true, _) => "KEDA has told nothing of this object".to_owned(),
        (false, None) => "KEDA tells nothing of pauses of this object".to_owned(),
        (false, Some(status)) => format!("KEDA's condition Paused is {status}"),
    };
    let because = match conditions.is_none_or(Vec::is_empty) {
        true => "its operator does not run, or does not watch this namespace".to_owned(),
        false => {
            format!("its operator does not run, or is older than {since} and does not know {key}")
        }
    };
    Effect::Not { seen, because }
}

/// The version of KEDA that reads the annotation first.
fn since(kind: Kind, way: Way) -> &'static str {
    match (kind, way) {
        (Kind::ScaledJob, _) => "2.11",
        (Kind::ScaledObject | Kind::HorizontalPodAutoscaler, Way::Whole) => "2.12",
        (Kind::ScaledObject | Kind::HorizontalPodAutoscaler, Way::At(_)) => "2.10",
        (Kind::ScaledObject | Kind::HorizontalPodAutoscaler, Way::ScaleIn | Way::ScaleOut) => {
            "2.18"
        }
    }
}
