//! Settings that undo a finding, before anything is saved.

use super::super::findings::{self, Code, Finding};
use super::Path;
use super::{Case, HIGHEST_TARGET, LOWEST_TARGET, Projection, TARGET_STEP, candidate};
use crate::analysis::assessment::Settings;
use crate::units::Replicas;

/// Windows against flapping, in seconds; the API allows no more than an hour.
const WINDOWS: [u32; 4] = [600, 900, 1800, 3600];

/// A new minimum covers this share of the jumps; the highest few would set it for all.
const JUMPS_COVERED: f64 = 0.9;

/// What a repair of the target must leave of the shortfall at most.
const SHORTFALL_LEFT: f64 = 0.5;

/// Today's settings with every finding undone that settings can undo.
pub(super) fn repaired(
    case: &Case<'_>,
    findings: &[Finding],
    projection: &Projection<'_>,
) -> Settings {
    let has = |code| findings.iter().any(|it| it.code == code);
    let mut settings = case.today;
    if has(Code::PinnedAtMax) {
        settings.max_replicas = higher_max(case, projection);
    }
    if has(Code::FloorTooLow) {
        settings.min_replicas = higher_min(case, settings.max_replicas);
    }
    if has(Code::Thrashing) {
        settings.scale_down_cooldown_s = calmer_window(case, projection);
    }
    if has(Code::ScaleLag) && case.demand.unknown.is_empty() {
        settings.target_cpu_pct = earlier_target(case, projection, settings);
    }
    settings
}

/// What the load would have asked for at the busiest time.
fn higher_max(case: &Case<'_>, projection: &Projection<'_>) -> Replicas {
    let today = case.today;
    let path: Path = projection.path(today.target_cpu_pct, today.scale_down_cooldown_s);
    let peak = path.highest().unwrap_or(0.0);
    Replicas(today.max_replicas.0.max(peak as u32))
}

/// What most of the jumps would have found enough, below the maximum: an autoscaler without room
/// is none.
fn higher_min(case: &Case<'_>, max: Replicas) -> Replicas {
    let jumps = findings::floor_too_low::replicas_for_jumps(case);
    let wanted = super::super::load::quantile(&jumps, JUMPS_COVERED).unwrap_or(0.0);
    let today = case.today.min_replicas.0;
    let most = max.0.saturating_sub(1).max(today);
    Replicas((wanted as u32).clamp(today, most))
}

/// The shortest window that removes most of the reversals, today's where none does.
fn calmer_window(case: &Case<'_>, projection: &Projection<'_>) -> u32 {
    let today = case.today.scale_down_cooldown_s;
    let now = projection.flaps_held(0);
    let calmer = |seconds: u32| projection.flaps_held(seconds) * 2 < now;
    let longer = WINDOWS.into_iter().filter(|it| *it > today);
    longer.into_iter().find(|it| calmer(*it)).unwrap_or(today)
}

/// The highest lower target that halves the shortfall, today's where none does.
fn earlier_target(case: &Case<'_>, projection: &Projection<'_>, base: Settings) -> Option<u32> {
    let today = base.target_cpu_pct?;
    let observed = projection.observed().shortfall;
    // Less than a step a day is not told from the noise of the history.
    if observed.minutes < case.hours(1) * 60.0 * case.days() {
        return Some(today);
    }
    let below = today.min(HIGHEST_TARGET + 1);
    let mut lower = (LOWEST_TARGET..below).step_by(TARGET_STEP).rev();
    let found = lower.find(|percent| {
        let settings = Settings {
            target_cpu_pct: Some(*percent),
            ..base
        };
        let left = candidate(projection, settings).outlook.shortfall;
        left.within(&observed) && left.core_minutes <= observed.core_minutes * SHORTFALL_LEFT
    });
    found.or(Some(today))
}
