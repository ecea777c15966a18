//! Why each changed field has its value.

mod keda;

use crate::analysis::assessment::Proof;
use crate::analysis::case::Case;
use crate::analysis::forecast::Forecast;
use crate::analysis::load::quantile;
use crate::analysis::prospect::Tested;
use crate::analysis::review::Review;
use crate::analysis::settings::{Field, Settings};
use crate::autoscaler::behavior::Policies;
use crate::keda::objects::ScaledObject;
use crate::sim::score::Limit;

/// One sentence for each field that differs from today, in the order of the settings.
pub(super) fn sentences(
    case: &Case<'_>,
    to: &Settings,
    proof: &Proof,
    forecast: Option<&Forecast>,
) -> Vec<String> {
    let fields = to.changes(case.today);
    fields
        .iter()
        .map(|it| match (it, forecast) {
            (Field::Schedule, Some(forecast)) => {
                format!("{}; {}", sentence(case, to, proof, *it), Tested(forecast))
            }
            (it, _) => sentence(case, to, proof, *it),
        })
        .collect()
}

fn sentence(case: &Case<'_>, to: &Settings, proof: &Proof, field: Field) -> String {
    let today = case.today;
    match field {
        Field::MinReplicas => min(case, to, proof),
        Field::MaxReplicas => max(case, to, proof),
        Field::TargetCpu => target(case, to, proof),
        Field::ScaleDownCooldown => window(case, to, proof),
        Field::ScaleUpPolicies => format!(
            "scale-up policies {} to {}: pods came later than the load; usage was above the target \
             for {:.0} min, and would have been for {:.0} min",
            told(today.scale_up.as_ref()),
            told(to.scale_up.as_ref()),
            proof.today.breach_minutes,
            proof.proposed.breach_minutes
        ),
        Field::ScaleDownPolicies => format!(
            "scale-down policies {} to {}: they kept replicas after the window had let them go",
            told(today.scale_down.as_ref()),
            told(to.scale_down.as_ref())
        ),
        Field::TriggerThresholds
        | Field::CooldownPeriod
        | Field::PollingInterval
        | Field::Fallback => keda::sentence(case, to, proof, field),
        // Of jobs, which have sentences of their own.
        Field::ScalingStrategy => String::new(),
        Field::Schedule => schedule(case, to, proof),
    }
}

/// Why a schedule is to be taken away.
pub(super) fn ended(proof: &Proof, review: &Review) -> String {
    format!(
        "no schedule any more: {}; over the whole history {:.1} replica-hours a week less",
        review.detail(),
        -a_week(proof)
    )
}

fn min(case: &Case<'_>, to: &Settings, proof: &Proof) -> String {
    let (from, min) = (case.today.min_replicas, to.min_replicas);
    if min > from {
        return format!(
            "minimum {from} to {min}: what stands when load jumps serves it until more pods are \
             ready, {}",
            shortfall(proof)
        );
    }
    let share = 100.0 * limited(proof, Limit::Min) / proof.today.known_minutes.max(1.0);
    if share < 1.0 {
        return format!(
            "minimum {from} to {min}: with the other changes fewer than {from} replicas do at times"
        );
    }
    format!(
        "minimum {from} to {min}: {share:.0}% of the time only the minimum kept {from} replicas"
    )
}

fn max(case: &Case<'_>, to: &Settings, proof: &Proof) -> String {
    let (from, max) = (case.today.max_replicas, to.max_replicas);
    let (before, after) = (
        proof.today.max_pinned_minutes,
        proof.proposed.max_pinned_minutes,
    );
    format!(
        "maximum {from} to {max}: the metrics asked for more than {from} replicas for {before:.0} \
         min, and would have for {after:.0} min of more than {max}"
    )
}

fn target(case: &Case<'_>, to: &Settings, proof: &Proof) -> String {
    let from = case.today.target_cpu_pct.unwrap_or(0);
    let percent = to.target_cpu_pct.unwrap_or(0);
    let p95 = quantile(&case.load.utilizations(), 0.95).unwrap_or(0.0);
    let grows = proof.proposed.shortfall_minutes > proof.today.shortfall_minutes;
    if percent > from && grows {
        return format!(
            "target {from}% to {percent}%: pods used at most {p95:.0}% of their request 95% of the \
             time, and the budget allows {:.0} min of shortfall",
            proof.proposed.shortfall_minutes
        );
    }
    if percent > from {
        return format!(
            "target {from}% to {percent}%: pods used at most {p95:.0}% of their request 95% of the \
             time, and fewer of them would have served every peak as well"
        );
    }
    if proof.today.shortfall_minutes == 0.0 {
        return format!(
            "target {from}% to {percent}%: replicas are added earlier, which the other changes need \
             to leave no shortfall"
        );
    }
    format!(
        "target {from}% to {percent}%: replicas are added earlier, so that they serve when the load \
         arrives, {}",
        shortfall(proof)
    )
}

fn window(case: &Case<'_>, to: &Settings, proof: &Proof) -> String {
    let (from, seconds) = (case.today.scale_down_cooldown_s, to.scale_down_cooldown_s);
    if seconds < from {
        let held = limited(proof, Limit::Window);
        return format!(
            "scale-down window {from} s to {seconds} s: for {held:.0} min only the window kept \
             replicas that the load had left"
        );
    }
    let (before, after) = (proof.today.flaps, proof.proposed.flaps);
    format!(
        "scale-down window {from} s to {seconds} s: {after} of {before} reversals would have been \
         left"
    )
}

fn schedule(case: &Case<'_>, to: &Settings, proof: &Proof) -> String {
    let forecasting = &case.settings.forecasting;
    let lead = super::schedule::lead_minutes(case, forecasting);
    let early = match forecasting.lead {
        Some(_) => format!("windows begin {lead} min before the load rises, as was asked for"),
        None => format!(
            "pods take {:.0} s until they serve, so that windows begin {lead} min before the load rises",
            case.load.startup_seconds
        ),
    };
    let wakes = match case.autoscaler().keda.as_deref() {
        Some(scaled) if rests_below(scaled, to) => {
            "; while one is open the object is active, and wakes from where it rests"
        }
        Some(_) | None => "",
    };
    let a_week = a_week(proof);
    let cost = match a_week >= 0.0 {
        true => format!("{a_week:.1} replica-hours a week more"),
        false => format!(
            "with the other changes {:.1} replica-hours a week less",
            -a_week
        ),
    };
    format!(
        "schedule {}: {early}{wakes}; {cost}, {}",
        to.schedule,
        shortfall(proof)
    )
}

/// Replica-hours that are more in a week.
fn a_week(proof: &Proof) -> f64 {
    let weeks = proof.today.known_minutes / (7.0 * 24.0 * 60.0);
    let hours = proof.proposed.replica_hours.hours() - proof.today.replica_hours.hours();
    hours / weeks.max(f64::MIN_POSITIVE)
}

/// Whether there are times without as many pods as the minimum, or without any.
fn rests_below(scaled: &ScaledObject, to: &Settings) -> bool {
    to.min_replicas.0 == 0 || scaled.spec.idle_replica_count.is_some()
}

/// Minutes that `limit` decided under today's settings.
fn limited(proof: &Proof, limit: Limit) -> f64 {
    let minutes = proof.today.limited_minutes.get(&limit);
    minutes.copied().unwrap_or(0.0)
}

fn shortfall(proof: &Proof) -> String {
    let (before, after) = (&proof.today, &proof.proposed);
    if let (0.0, Some(now), Some(then)) = (before.shortfall_core_minutes, before.need, after.need) {
        return format!(
            "{:.0} of {:.0} min without enough pods for the triggers would have been left",
            then.shortfall_minutes, now.shortfall_minutes
        );
    }
    format!(
        "{:.0} of {:.0} core-minutes of shortfall would have been left",
        after.shortfall_core_minutes, before.shortfall_core_minutes
    )
}

fn told(policies: Option<&Policies>) -> String {
    policies.map_or_else(|| "by default".to_owned(), ToString::to_string)
}
