//! Why settings are proposed, and what could go wrong with them.

use super::choice::{Choice, Gain};
use super::{Case, seconds};
use crate::analysis::assessment::{JobScores, Risk, RiskLevel};
use crate::analysis::fidelity::Fit;
use crate::analysis::settings::{Field, Settings};
use crate::keda::objects::RolloutStrategy;

/// Two weeks show every weekday twice; a part of a day is forgiven.
const FULL_HISTORY_DAYS: f64 = 13.0;

/// One sentence for each setting that changes, in their order.
pub(super) fn because(case: &Case<'_>, choice: &Choice) -> Vec<String> {
    let today = Settings::of(case.autoscaler);
    let scores = (choice.today.whole.scores(), choice.after.whole.scores());
    let fields = choice.proposed.changes(&today).into_iter();
    let mut told: Vec<String> = fields
        .map(|field| sentence(field, &today, choice, &scores))
        .collect();
    told.push(gain(case, choice.gain, &scores));
    told
}

fn sentence(
    field: Field,
    today: &Settings,
    choice: &Choice,
    (before, _): &(JobScores, JobScores),
) -> String {
    let to = &choice.proposed;
    match field {
        Field::MaxReplicas => format!(
            "maximum {} to {}: it kept back jobs in {:.0}% of the polls",
            today.max_replicas.0,
            to.max_replicas.0,
            100.0 * before.pinned_polls as f64 / before.polls.max(1) as f64
        ),
        Field::ScalingStrategy => {
            let word = |it: &Settings| it.scaling_strategy.clone().unwrap_or("default".to_owned());
            format!(
                "strategy {} to {}: jobs that run count against the queue in another way",
                word(today),
                word(to)
            )
        }
        Field::PollingInterval => {
            let word = |it: &Settings| seconds(it.polling_interval_s.unwrap_or(0).into());
            format!(
                "polling interval {} to {}: what arrives between two polls waits for the next",
                word(today),
                word(to)
            )
        }
        Field::MinReplicas
        | Field::TargetCpu
        | Field::ScaleDownCooldown
        | Field::ScaleUpPolicies
        | Field::ScaleDownPolicies
        | Field::TriggerThresholds
        | Field::CooldownPeriod
        | Field::Fallback
        | Field::Schedule => String::from("it is not changed for jobs"),
    }
}

fn gain(case: &Case<'_>, gain: Gain, (before, after): &(JobScores, JobScores)) -> String {
    let queue = match case.trials.shows_taken {
        true => "until they are done",
        false => "until a job takes them",
    };
    let hours = format!(
        "{:.1} job-hours instead of {:.1}",
        after.job_hours, before.job_hours
    );
    let wait = format!(
        "95% of the items wait {} instead of {}",
        after.p95(),
        before.p95()
    );
    match gain {
        Gain::Wait => format!("{wait}, for {hours}, if the queue shows items {queue}"),
        Gain::Hours => format!(
            "{hours}, with {} instead of {} jobs that find nothing, if the queue shows items {queue}",
            after.jobs_in_vain, before.jobs_in_vain
        ),
    }
}

/// The risk of the change: the highest level among the reasons, low where there is none.
pub(super) fn risk(case: &Case<'_>, choice: &Choice) -> Risk {
    let mut reasons = vec![];
    if case.fidelity.fit() != Fit::Good {
        reasons.push((
            RiskLevel::Medium,
            format!(
                "a replay of today's settings is within one job of what was observed {:.0}% of the \
                 time",
                (case.fidelity.within_one * 100.0).floor()
            ),
        ));
    }
    let (today, to) = (Settings::of(case.autoscaler), &choice.proposed);
    if to.max_replicas.0 >= today.max_replicas.0.saturating_mul(2) {
        reasons.push((
            RiskLevel::Medium,
            "twice as many jobs at once: what they use together has to bear that".to_owned(),
        ));
    }
    if case.rollout != RolloutStrategy::Gradual {
        reasons.push((
            RiskLevel::High,
            "its rollout is not gradual: KEDA deletes the jobs that run when its spec changes"
                .to_owned(),
        ));
    }
    if case.trials.held_days == 0 {
        reasons.push((
            RiskLevel::Medium,
            "no days were held back to check the choice on".to_owned(),
        ));
    }
    if case.days < FULL_HISTORY_DAYS {
        reasons.push((
            RiskLevel::Medium,
            format!("only {:.1} days of history", case.days),
        ));
    }
    let level = reasons.iter().map(|it| it.0).max();
    // Sorted by weight, then as listed.
    reasons.sort_by_key(|it| std::cmp::Reverse(it.0));
    Risk {
        level: level.unwrap_or(RiskLevel::Low),
        reasons: reasons.into_iter().map(|it| it.1).collect(),
    }
}
