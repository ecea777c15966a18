//! Why each changed setting of KEDA has its value.

use crate::analysis::assessment::Proof;
use crate::analysis::case::Case;
use crate::analysis::settings::keda::KedaSettings;
use crate::analysis::settings::{Field, Settings};

/// Nothing for a field that is none of KEDA's.
pub(super) fn sentence(case: &Case<'_>, to: &Settings, proof: &Proof, field: Field) -> String {
    let (Some(from), Some(to)) = (&case.today.keda, &to.keda) else {
        return String::new();
    };
    match field {
        Field::TriggerThresholds => thresholds(from, to, proof),
        Field::CooldownPeriod => cooldown(from, to, proof),
        Field::PollingInterval => polling(from, to, proof),
        Field::Fallback => fallback(to),
        Field::MinReplicas
        | Field::MaxReplicas
        | Field::TargetCpu
        | Field::ScaleDownCooldown
        | Field::ScaleUpPolicies
        | Field::ScaleDownPolicies
        | Field::ScalingStrategy
        | Field::Schedule => String::new(),
    }
}

fn thresholds(from: &KedaSettings, to: &KedaSettings, proof: &Proof) -> String {
    let changed = to.trigger_thresholds.iter().filter_map(|(index, text)| {
        let before = from
            .trigger_thresholds
            .get(index)
            .filter(|it| *it != text)?;
        Some(format!("threshold of trigger {index} {before} to {text}"))
    });
    let changed: Vec<String> = changed.collect();
    let rises = to
        .trigger_thresholds
        .keys()
        .any(|it| to.threshold(*it) > from.threshold(*it));
    let why = match rises {
        true => "pods used little of what they request, and fewer would have served every peak as \
                 well"
            .to_owned(),
        false => format!("replicas are added earlier, {}", waiting(proof)),
    };
    format!("{}: {why}", changed.join(", "))
}

fn cooldown(from: &KedaSettings, to: &KedaSettings, proof: &Proof) -> String {
    let (before, after) = (from.cooldown_period_s, to.cooldown_period_s);
    let why = match after < before {
        true => "pods rest earlier after the last activity, and no more load would have waited"
            .to_owned(),
        false => format!("fewer activations start without a pod, {}", waiting(proof)),
    };
    format!("cooldown period {before} s to {after} s: {why}")
}

fn polling(from: &KedaSettings, to: &KedaSettings, proof: &Proof) -> String {
    let (before, after) = (from.polling_interval_s, to.polling_interval_s);
    format!(
        "polling interval {before} s to {after} s: load that finds no pod is seen earlier, {}",
        waiting(proof)
    )
}

fn fallback(to: &KedaSettings) -> String {
    let Some(fallback) = &to.fallback else {
        return "fallback left out".to_owned();
    };
    format!(
        "fallback of {} replicas after {} failures: enough for what was called for 95% of the time; \
         without it nothing scales while a source cannot be read",
        fallback.replicas, fallback.failure_threshold
    )
}

fn waiting(proof: &Proof) -> String {
    match (proof.today.need, proof.proposed.need) {
        (Some(before), Some(after)) => format!(
            "{:.0} of {:.0} min without enough pods for the triggers would have been left",
            after.shortfall_minutes, before.shortfall_minutes
        ),
        _ => super::shortfall(proof),
    }
}
