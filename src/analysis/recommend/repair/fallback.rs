//! The fallback of a ScaledObject that has none.

use crate::analysis::case::Case;
use crate::analysis::load::quantile;
use crate::analysis::recommend::trials::Trials;
use crate::analysis::settings::Settings;
use crate::analysis::settings::keda::Fallback;
use crate::keda::objects::ScaledObjectSpec;

/// Failures in a row that are endured, as in KEDA's own examples: the fourth one is no accident.
const ENDURED: u32 = 3;

/// Replicas are enough for what was called for in this share of the time.
const ENOUGH: f64 = 0.95;

/// As many replicas as were called for nearly always, between the limits of `settings`; `None` where
/// KEDA would not take a fallback or make no use of it, or nobody knows what was called for.
pub(super) fn wanted(
    case: &Case<'_>,
    settings: &Settings,
    trials: &Trials<'_>,
) -> Option<Fallback> {
    let spec = &case.autoscaler().keda.as_ref()?.spec;
    if !is_taken(spec) {
        return None;
    }
    let needs: Vec<f64> = trials.needs(settings);
    let enough = quantile(&needs, ENOUGH)? as u32;
    let (least, most) = (settings.min_replicas.0.max(1), settings.max_replicas.0);
    Some(Fallback {
        failure_threshold: ENDURED,
        replicas: enough.min(most).max(least),
        behavior: None,
    })
}

/// Of resources alone the webhook refuses one; a formula whose target is no positive integer switches
/// it off without a word.
fn is_taken(spec: &ScaledObjectSpec) -> bool {
    match spec.used_modifiers() {
        Some(modifiers) => {
            let target = modifiers.given_target().unwrap_or_default();
            target.parse::<i64>().is_ok_and(|it| it > 0)
        }
        None => spec.triggers.iter().any(|it| !it.is_resource()),
    }
}
