//! Settings that undo a finding which neither cost nor shortfall shows, before anything is saved.

mod fallback;

use super::trials::Trials;
use crate::analysis::case::Case;
use crate::analysis::findings::{Code, Finding};
use crate::analysis::settings::Settings;
use crate::autoscaler::behavior::Policies;
use crate::units::Replicas;

/// Windows against flapping, in seconds; the API allows no more than an hour.
const WINDOWS: [u32; 4] = [600, 900, 1800, 3600];

/// A maximum is set for all but this share of the time: minutes a week, which are outliers.
const OUTLIERS: f64 = 0.001;

/// A maximum is a guard against runaway load as well; it is not raised further at once.
const MOST_AT_ONCE: u32 = 4;

/// Today's settings with every finding undone that settings can undo.
pub(super) fn repaired(case: &Case<'_>, findings: &[Finding], trials: &mut Trials<'_>) -> Settings {
    let has = |code| findings.iter().any(|it| it.code == code);
    let mut settings = case.today.clone();
    if has(Code::PinnedAtMax) {
        settings.max_replicas = higher_max(case, trials);
    }
    if has(Code::Thrashing) {
        settings.scale_down_cooldown_s = calmer_window(case, &settings, trials);
    }
    if has(Code::ScaleLag) && settings.scale_up.is_some() {
        settings.scale_up = quicker_policies(case, &settings, trials);
    }
    if has(Code::NoFallback)
        && let Some(fallback) = fallback::wanted(case, &settings, trials)
        && let Some(keda) = &mut settings.keda
    {
        keda.fallback = Some(fallback);
    }
    settings
}

/// The first faster policies under which usage is above the target for less than half of the
/// time, for no more than the minimum effect in replica-hours; today's where there are none.
fn quicker_policies(case: &Case<'_>, base: &Settings, trials: &mut Trials<'_>) -> Option<Policies> {
    let before = trials.exact(base).score;
    let dearest = before.replica_hours() * (1.0 + case.settings.minimum_effect);
    let mut quicker = super::moves::faster_policies(base).into_iter();
    let found = quicker.find(|it| {
        let score = trials.exact(it).score;
        score.breach_minutes() * 2.0 < before.breach_minutes() && score.replica_hours() <= dearest
    });
    found.map_or(base.scale_up.clone(), |it| it.scale_up)
}

/// What the metrics ask for where nothing caps them, with headroom.
fn higher_max(case: &Case<'_>, trials: &Trials<'_>) -> Replicas {
    let today = case.today.max_replicas.0;
    let most = today.saturating_mul(MOST_AT_ONCE);
    let open = Settings {
        max_replicas: Replicas(most),
        ..case.today.clone()
    };
    let highest = trials.highest(&open, OUTLIERS) as f64;
    let wanted = (highest * (1.0 + case.settings.headroom)).ceil() as u32;
    Replicas(wanted.clamp(today, most))
}

/// The shortest longer window that leaves less than half of the reversals, for no more than the
/// minimum effect in replica-hours; today's where there is none.
fn calmer_window(case: &Case<'_>, base: &Settings, trials: &mut Trials<'_>) -> u32 {
    let today = case.today.scale_down_cooldown_s;
    let before = trials.exact(base).score;
    let dearest = before.replica_hours() * (1.0 + case.settings.minimum_effect);
    let mut longer = WINDOWS.into_iter().filter(|it| *it > today);
    let found = longer.find(|seconds| {
        let held = trials.exact(&Settings {
            scale_down_cooldown_s: *seconds,
            ..base.clone()
        });
        held.score.flaps() * 2 < before.flaps() && held.score.replica_hours() <= dearest
    });
    found.unwrap_or(today)
}
