//! Which settings are chosen for scenes with one fault each, and which are left alone.

mod keda;

use super::Settings;
use crate::analysis::Course;
use crate::analysis::assessment::{Outcome, Recommendation, RiskLevel};
use crate::analysis::testing::{DAY, Scene, controlled, cpu, daily};
use crate::autoscaler::behavior::{Amount, Behavior, Policies, Policy, Rules, Select};
use crate::autoscaler::{Metric as Spec, Resource, Target};
use crate::history::Metric;
use jiff::SignedDuration;

/// Minimum, maximum, target and window.
type Numbers = (u32, u32, Option<u32>, u32);

fn numbers(to: &Settings) -> Numbers {
    let (min, max) = (to.min_replicas.0, to.max_replicas.0);
    (min, max, to.target_cpu_pct, to.scale_down_cooldown_s)
}

fn proposed(scene: &Scene) -> Option<Numbers> {
    scene.recommendation().map(|it| numbers(&it.proposed))
}

fn recommended(scene: &Scene) -> Recommendation {
    scene.recommendation().unwrap()
}

/// A minimum of eight for a load of one to four replicas.
fn high_min() -> Scene {
    controlled((8, 10), 70, |at| 0.4 + 0.8 * daily(at), 0.03, 1)
}

/// A target that keeps four times the pods that the load fills.
fn low_target() -> Scene {
    controlled((2, 60), 20, |at| 1.0 + 3.0 * daily(at), 0.05, 1)
}

/// A maximum that every day's peak runs into.
fn low_max() -> Scene {
    controlled((2, 5), 70, |at| 0.4 + 2.4 * daily(at), 0.05, 7)
}

#[test]
fn a_minimum_that_load_never_needs_is_lowered_as_far_as_its_jumps_allow() {
    let scene = high_min();
    assert_eq!(proposed(&scene), Some((2, 10, Some(70), 300)));
    let it = recommended(&scene);
    assert!(it.proof.saving() > 0.5, "{}", it.proof.saving());
    let interval = it.proof.saving_interval.unwrap();
    assert!(interval.low <= it.proof.saving() && it.proof.saving() <= interval.high);
    assert_eq!(it.because.len(), 1);
    let days = it.proof.held_back.as_ref().map(|it| it.days);
    assert_eq!((it.proof.training_days, days), (10, Some(4)));
}

#[test]
fn two_replicas_become_one_only_when_allowed() {
    let mut scene = Scene::followed(2, 10, |at| 0.1 + 0.05 * daily(at));
    assert_eq!(proposed(&scene), None);
    scene.settings.allow_single = true;
    assert_eq!(proposed(&scene).map(|it| it.0), Some(1));
    assert_eq!(recommended(&scene).risk.level, RiskLevel::High);
}

#[test]
fn a_saving_below_the_minimum_effect_is_not_proposed() {
    let mut scene = high_min();
    scene.settings.minimum_effect = 0.9;
    assert_eq!(proposed(&scene), None);
}

#[test]
fn a_low_target_is_raised_as_far_as_bursts_are_known() {
    let mut scene = low_target();
    let target = |scene: &Scene| proposed(scene).and_then(|it| it.2);
    assert!(target(&scene) > Some(60), "{:?}", target(&scene));
    scene.insert(Metric::CpuBurst, 0, |_| 1.0);
    assert_eq!(target(&scene), Some(70));
}

#[test]
fn a_target_that_leaves_room_on_purpose_is_not_raised() {
    let scene = controlled((2, 40), 50, |at| 2.0 + 3.0 * daily(at), 0.05, 1);
    assert_eq!(proposed(&scene), None);
}

#[test]
fn a_maximum_that_load_runs_into_is_raised_to_what_is_asked_for_with_headroom() {
    let it = recommended(&low_max());
    // 2.8 cores at the peak, and noise, on 0.35 cores a pod: nine, with headroom and a ceiling ten.
    let max = it.proposed.max_replicas.0;
    assert!((9..=12).contains(&max), "{max}");
    let (before, after) = (&it.proof.today, &it.proof.proposed);
    assert!(after.max_pinned_minutes * 10.0 < before.max_pinned_minutes);
    assert!(after.replica_hours > before.replica_hours);
}

#[test]
fn lag_behind_slow_policies_loosens_them() {
    let mut scene = controlled((2, 20), 60, |_| 1.0, 0.0, 1);
    let slow = Policy {
        amount: Amount::Pods(1),
        period_seconds: 900,
    };
    let scale_up = Some(Rules {
        policies: Some(vec![slow]),
        ..Rules::default()
    });
    scene.subject.autoscaler.behavior = Some(Behavior {
        scale_up,
        scale_down: None,
    });
    // Every noon three times the load comes within ten minutes and stays for hours.
    let busy = |at: usize| (144..216).contains(&(at % DAY));
    let usage = |at| if busy(at) { 3.6 } else { 1.2 };
    let ready = |at: usize| match at % DAY {
        0..144 | 222.. => 4.0,
        late if late >= 216 => 12.0,
        rising => (4.0 + ((rising - 144) / 3) as f64).min(12.0),
    };
    scene.insert(Metric::CpuUsage, 14 * DAY, usage);
    scene.insert(Metric::ReadyReplicas, 14 * DAY, ready);
    scene.insert(Metric::DesiredReplicas, 14 * DAY, ready);
    scene.insert(Metric::CpuBurst, 2 * DAY, |_| 1.02);
    let it = recommended(&scene);
    assert!(it.proposed.scale_up.is_some(), "{:?}", it.proposed);
    let (before, after) = (&it.proof.today, &it.proof.proposed);
    assert!(after.breach_minutes < before.breach_minutes / 2.0);
    assert_eq!(it.proposed.min_replicas.0, 2);
}

#[test]
fn a_window_that_keeps_replicas_long_after_every_peak_is_shortened() {
    // A peak every two hours, after which replicas stay for one.
    let usage = |at: usize| 0.6 + 2.4 * daily(at * 12).powi(6);
    let needed = |at: usize| (usage(at) / 0.35 - 1e-6).ceil();
    let ready = |at: usize| (at.saturating_sub(12)..=at).map(needed).fold(2.0, f64::max);
    let scene = Scene::new(usage, ready).window(3600);
    let window = proposed(&scene).map(|it| it.3);
    assert!(window.is_some_and(|it| it <= 900), "{window:?}");
}

#[test]
fn slow_policies_of_scaling_down_are_dropped() {
    let usage = |at: usize| 0.6 + 2.4 * daily(at * 12).powi(6);
    let needed = |at: usize| (usage(at) / 0.35 - 1e-6).ceil();
    // One pod every fifteen minutes.
    let mut count = 0.0_f64;
    let replicas: Vec<f64> = (0..14 * DAY)
        .map(|at| {
            let lowest = if at % 3 == 0 { count - 1.0 } else { count };
            count = needed(at).max(lowest).max(2.0);
            count
        })
        .collect();
    let mut scene = Scene::new(usage, |at| replicas[at]);
    scene.subject.autoscaler.behavior = Some(Behavior {
        scale_up: None,
        scale_down: Some(Rules {
            policies: Some(vec![Policy {
                amount: Amount::Pods(1),
                period_seconds: 900,
            }]),
            ..Rules::default()
        }),
    });
    let to = recommended(&scene).proposed;
    let told = to.scale_down.map(|it| it.to_string());
    assert_eq!(told.as_deref(), Some("100%/15s"));
}

#[test]
fn nothing_is_cut_on_the_strength_of_hidden_demand_or_of_what_is_unknown() {
    let queue = Spec::External {
        name: "queue".to_owned(),
        target: Target::AverageValue("5".parse().unwrap()),
    };
    assert_eq!(proposed(&high_min().metrics(vec![cpu(70), queue])), None);
    let mut throttled = high_min();
    throttled.insert(Metric::CpuThrottled, 14 * DAY, |at| {
        if at % DAY < 36 { 0.5 } else { 0.0 }
    });
    assert_eq!(proposed(&throttled), None);
}

#[test]
fn what_has_to_be_repaired_first_gets_no_other_settings() {
    let mut rivals = high_min();
    let rival = rivals.subject.autoscaler.id.clone();
    rivals.subject.rivals.push(rival);
    assert_eq!(rivals.assess().outcome, Outcome::NoChange);
    let mut bare = high_min();
    bare.workload().containers[0].cpu_request = None;
    assert_eq!(bare.assess().outcome, Outcome::NoChange);
}

#[test]
fn memory_that_needs_the_replicas_keeps_them() {
    let memory = Spec::Resource {
        resource: Resource::Memory,
        target: Target::Utilization(80),
    };
    let mut scene = high_min().metrics(vec![cpu(70), memory]);
    scene.insert(Metric::MemoryWorkingSet, 14 * DAY, |_| 6.0e9);
    assert_eq!(proposed(&scene), None);
}

#[test]
fn only_the_course_that_was_asked_for_is_proposed() {
    let with = |mut scene: Scene, course| {
        scene.settings.course = course;
        proposed(&scene).is_some()
    };
    assert!(!with(high_min(), Course::OnlyRaise));
    assert!(with(high_min(), Course::OnlyLower));
    assert!(!with(low_max(), Course::OnlyLower));
    assert!(with(low_max(), Course::OnlyRaise));
}

#[test]
fn more_headroom_never_allows_a_higher_target() {
    let target = |headroom| {
        let mut scene = low_target();
        // A limit at the request makes every burst count.
        scene.workload().containers[0].cpu_limit = scene.workload().containers[0].cpu_request;
        scene.settings.headroom = headroom;
        proposed(&scene).and_then(|it| it.2)
    };
    let (little, much) = (target(0.0), target(0.5));
    assert!(much < little, "{much:?} {little:?}");
}

#[test]
fn a_budget_allows_what_today_would_not_and_no_more() {
    let mut savings = Vec::new();
    for minutes in [0, 5, 60] {
        let mut scene = low_target();
        // Pods without a limit can give what they request.
        scene.workload().containers[0].cpu_limit = None;
        scene.settings.shortfall_budget = SignedDuration::from_mins(minutes);
        let proof = recommended(&scene).proof;
        let accepted = (minutes * 14) as f64;
        let (before, after) = (&proof.today, &proof.proposed);
        assert!(after.shortfall_minutes <= before.shortfall_minutes.max(accepted));
        savings.push(proof.saving());
    }
    assert!(
        savings[0] < savings[1] && savings[1] < savings[2],
        "{savings:?}"
    );
}

#[test]
fn faster_policies_are_faster_and_what_is_switched_off_stays_off() {
    let policies = |select, amount, period_seconds| Policies {
        select,
        policies: vec![Policy {
            amount,
            period_seconds,
        }],
    };
    let faster = |scale_up: Option<Policies>| {
        let today = Settings {
            scale_up,
            ..Settings::of(&high_min().subject.autoscaler)
        };
        let all = super::moves::faster_policies(&today);
        let told = all
            .iter()
            .map(|it| it.scale_up.as_ref().unwrap().to_string());
        told.collect::<Vec<_>>()
    };
    let default = "the most of 4 pods/15s, 100%/15s";
    let fastest = "the most of 300%/15s, 10 pods/15s";
    let slow = policies(Select::Max, Amount::Pods(1), 60);
    assert_eq!(faster(Some(slow)), [default, fastest]);
    assert_eq!(faster(None), [fastest]);
    let fast = policies(Select::Max, Amount::Percent(900), 15);
    assert_eq!(faster(Some(fast)), [] as [&str; 0]);
    let off = policies(Select::Disabled, Amount::Pods(1), 60);
    assert_eq!(faster(Some(off)), [] as [&str; 0]);
}

#[test]
fn what_fails_on_the_days_held_back_is_withheld_with_the_reason() {
    // Jumps that nothing before them hinted at, on the last two days.
    let late = |at: usize| at > 12 * DAY && (at % 36) < 2;
    let usage = |at: usize| if late(at) { 7.5 } else { 0.4 };
    let mut scene = Scene::new(usage, |_| 8.0).limits(8, 10);
    // Pods that start for minutes come too late for any of them.
    scene.workload().startup_seconds = vec![400.0];
    scene.insert(Metric::CpuBurst, 2 * DAY, |_| 1.0);
    match scene.assess().outcome {
        Outcome::Withheld { why } => assert!(
            why.starts_with(
                "what was best on the first 10 days failed: on the 4 days held back it would have \
                 left"
            ),
            "{why}"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_days_held_back_the_choice_is_unchecked() {
    let mut scene = high_min();
    scene.settings.holdout = 0.0;
    let it = recommended(&scene);
    assert_eq!(it.proof.training_days, 14);
    assert_eq!(it.proof.held_back, None);
    let untested = "no days were held back to check the choice".to_owned();
    assert!(it.risk.reasons.contains(&untested));
}

#[test]
fn replicas_that_today_s_settings_do_not_explain_withhold_everything() {
    let scene = Scene::new(|_| 0.5, |at| if at / 20 % 4 == 0 { 3.0 } else { 9.0 });
    match scene.assess().outcome {
        Outcome::Withheld { why } => assert!(why.contains("cannot be judged"), "{why}"),
        other => panic!("{other:?}"),
    }
}
