//! Which settings of KEDA are worth a replay.

use super::{DELIBERATE_TARGET, HIGHEST_TARGET, HIGHEST_TARGET_BLIND};
use crate::analysis::case::Case;
use crate::analysis::load::quantile;
use crate::analysis::settings::Settings;
use crate::analysis::settings::keda::KedaSettings;
use crate::keda::trigger::threshold;

/// By what a threshold may be multiplied where pods are over-provisioned. No more than twice at once:
/// that pods use little CPU does not say that each of them can take any number of messages.
const HIGHER: [f64; 3] = [1.25, 1.5, 2.0];

/// By what a threshold may be multiplied where pods come too late or are too few.
const LOWER: [f64; 3] = [0.8, 0.65, 0.5];

/// Cooldown periods that may replace a longer one, in seconds; shorter ones would be within what a
/// scale-down window waits anyway.
const SHORTER_COOLDOWNS: [u32; 3] = [300, 600, 900];
/// Cooldown periods that may replace a shorter one: load that comes back every so often.
const LONGER_COOLDOWNS: [u32; 4] = [600, 900, 1800, 3600];
/// Polling intervals that may replace a longer one; every poll asks every source.
const SHORTER_POLLING: [u32; 3] = [15, 10, 5];

/// `from` with one of these changed so that more load may be served.
pub(super) fn mending(case: &Case<'_>, from: &Settings) -> Vec<Settings> {
    let Some(keda) = &from.keda else {
        return Vec::new();
    };
    let mut all = scaled_thresholds(case, from, &LOWER);
    if rests(case, from) {
        let longer = LONGER_COOLDOWNS
            .iter()
            .filter(|it| **it > keda.cooldown_period_s);
        all.extend(longer.map(|it| with(from, |keda| keda.cooldown_period_s = *it)));
        let shorter = SHORTER_POLLING
            .iter()
            .filter(|it| **it < keda.polling_interval_s);
        all.extend(shorter.map(|it| with(from, |keda| keda.polling_interval_s = *it)));
    }
    all
}

/// `from` with shorter cooldown periods, where it rests below its minimum of pods at all.
pub(super) fn cooldowns(case: &Case<'_>, from: &Settings) -> Vec<Settings> {
    let Some(keda) = from.keda.as_ref().filter(|_| rests(case, from)) else {
        return Vec::new();
    };
    let shorter = SHORTER_COOLDOWNS
        .iter()
        .filter(|it| **it < keda.cooldown_period_s);
    shorter
        .map(|it| with(from, |keda| keda.cooldown_period_s = *it))
        .collect()
}

/// `from` with higher thresholds, as far as what pods used says that each can do more: to the
/// utilization up to which targets are raised, and only where they stay below what operators leave
/// on purpose.
pub(super) fn higher_thresholds(case: &Case<'_>, from: &Settings) -> Vec<Settings> {
    let Some(usual) = quantile(&case.load.utilizations(), 0.95) else {
        return Vec::new();
    };
    let highest = f64::from(match case.load.bursts_known {
        true => HIGHEST_TARGET,
        false => HIGHEST_TARGET_BLIND,
    });
    if usual >= f64::from(DELIBERATE_TARGET) {
        return Vec::new();
    }
    let by: Vec<f64> = HIGHER
        .into_iter()
        .filter(|it| usual * it <= highest)
        .collect();
    scaled_thresholds(case, from, &by)
}

/// `from` with all thresholds multiplied by each of `by`. One whose setting is today's already; a
/// formula has a target of its own, which the thresholds do not change.
fn scaled_thresholds(case: &Case<'_>, from: &Settings, by: &[f64]) -> Vec<Settings> {
    let Some((keda, spec)) = from.keda.as_ref().zip(case.autoscaler().keda.as_deref()) else {
        return Vec::new();
    };
    let spec = &spec.spec;
    let today = case.today.keda.as_ref().map(|it| &it.trigger_thresholds);
    if spec.used_modifiers().is_some() || today != Some(&keda.trigger_thresholds) {
        return Vec::new();
    }
    let scaled = |by: &f64| {
        let mut to = keda.trigger_thresholds.clone();
        for (index, text) in &mut to {
            let trigger = spec.triggers.get(*index)?;
            let threshold = threshold::of(&trigger.kind, &trigger.metadata)?;
            *text = threshold.written(threshold.value()? * by)?;
        }
        let is_other = to != keda.trigger_thresholds;
        is_other.then(|| with(from, |keda| keda.trigger_thresholds = to))
    };
    by.iter().filter_map(scaled).collect()
}

/// Whether there are times without as many pods as the minimum, which polls and cooldown decide on.
fn rests(case: &Case<'_>, settings: &Settings) -> bool {
    let spec = case.autoscaler().keda.as_ref().map(|it| &it.spec);
    let is_idle = spec.is_some_and(|it| it.idle_replica_count.is_some());
    is_idle || settings.min_replicas.0 == 0
}

fn with(from: &Settings, change: impl FnOnce(&mut KedaSettings)) -> Settings {
    let mut settings = from.clone();
    if let Some(keda) = &mut settings.keda {
        change(keda);
    }
    settings
}
