//! Why each changed field has its value.

use super::{Case, Projection, Settings};
use crate::analysis::load::quantile;

/// One sentence for each field that differs from today, in the order of the settings.
pub(super) fn sentences(case: &Case<'_>, to: Settings, projection: &Projection<'_>) -> Vec<String> {
    let today = case.today;
    let mut because = Vec::new();
    if to.min_replicas != today.min_replicas {
        because.push(min(case, to));
    }
    if to.max_replicas != today.max_replicas {
        because.push(max(case, to));
    }
    if let (Some(from), Some(percent)) = (today.target_cpu_pct, to.target_cpu_pct)
        && from != percent
    {
        because.push(target(case, from, percent));
    }
    let (from, seconds) = (today.scale_down_cooldown_s, to.scale_down_cooldown_s);
    if from != seconds {
        because.push(window(projection, from, seconds));
    }
    because
}

fn min(case: &Case<'_>, to: Settings) -> String {
    let (from, min) = (case.today.min_replicas, to.min_replicas);
    if min > from {
        return format!(
            "minimum {from} to {min}: with {min} nine of ten jumps that overran {from} replicas \
             would have been served"
        );
    }
    let needed = case.demand.needed(to.target_cpu_pct);
    let below = share(&needed, |it| it < f64::from(from.0));
    let typical = quantile(&needed, 0.5).unwrap_or(0.0);
    format!(
        "minimum {from} to {min}: the load asked for fewer than {from} replicas {below:.0}% of the \
         time ({typical:.0} at the median, headroom included)"
    )
}

fn max(case: &Case<'_>, to: Settings) -> String {
    let (from, max) = (case.today.max_replicas, to.max_replicas);
    let needed = case.demand.needed(to.target_cpu_pct);
    let above = share(&needed, |it| it > f64::from(from.0));
    format!(
        "maximum {from} to {max}: the load asked for more than {from} replicas {above:.1}% of the \
         time, up to {max} with headroom"
    )
}

fn target(case: &Case<'_>, from: u32, to: u32) -> String {
    let p95 = quantile(&case.load.utilizations(), 0.95).unwrap_or(0.0);
    if to > from {
        return format!(
            "target {from}% to {to}%: pods used at most {p95:.0}% of their request 95% of the time, \
             and fewer of them would have served every peak as well"
        );
    }
    format!(
        "target {from}% to {to}%: replicas are added earlier, so that they serve when the load \
         arrives"
    )
}

fn window(projection: &Projection<'_>, from: u32, to: u32) -> String {
    if to < from {
        return format!(
            "scale-down window {from} s to {to} s: replicas were kept long after the load had gone"
        );
    }
    let (now, then) = (projection.flaps_held(0), projection.flaps_held(to));
    format!("scale-down window {from} s to {to} s: {then} of {now} reversals would have been left")
}

/// Percent of the known `values` of which `holds` is true.
fn share(values: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    let known: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    let hits = known.iter().filter(|it| holds(**it)).count();
    100.0 * hits as f64 / known.len().max(1) as f64
}
