use proptest::prelude::*;

use super::*;
use crate::sim::keda::annotations::Annotations;
use crate::sim::keda::fallback::{Behavior, Fallback};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An object that was last active long ago.
fn found(replicas: i32, is_active: bool, is_error: bool) -> Found<'static> {
    Found {
        replicas: Ok(replicas),
        is_active,
        is_error,
        created: at(0),
        last_active: Some(at(1)),
        hpa: None,
    }
}

fn settings(min: i32, idle: Option<i32>) -> LoopSettings {
    LoopSettings {
        min,
        idle,
        ..LoopSettings::default()
    }
}

fn fallback(replicas: i32) -> Option<Fallback> {
    Some(Fallback {
        failure_threshold: 3,
        replicas,
        behavior: Behavior::Static,
    })
}

#[test]
fn each_pass_takes_the_first_rule_that_applies() {
    let table = [
        // min, idle, replicas, active, error; what decides, what is written
        (0, None, 0, true, false, Because::Activated, Some(1)),
        (3, None, 0, true, true, Because::Activated, Some(3)),
        (5, Some(0), 2, true, false, Because::Activated, Some(5)),
        // Without idle, an object below its minimum is left to the HPA while it is active.
        (5, None, 2, true, false, Because::Active, None),
        (0, None, 2, true, true, Because::ActivePartly, None),
        (0, None, 2, false, true, Because::Failed, None),
        (0, None, 2, false, false, Because::Deactivated, Some(0)),
        (5, Some(2), 7, false, false, Because::Deactivated, Some(2)),
        (5, Some(2), 2, false, false, Because::Inactive, None),
        // With a minimum of zero, anything that runs goes to idle, even upwards.
        (0, Some(3), 2, false, false, Because::Deactivated, Some(3)),
        (5, None, 2, false, false, Because::BelowMin, Some(5)),
        (2, None, 4, false, false, Because::Inactive, None),
        (0, None, 0, false, false, Because::Inactive, None),
    ];
    for (min, idle, replicas, is_active, is_error, because, written) in table {
        let found = found(replicas, is_active, is_error);
        let pass = decide(&settings(min, idle), &found, at(10_000));
        let what = format!("{min} {idle:?} {found:?}");
        assert_eq!((pass.because, pass.scale_to), (because, written), "{what}");
    }
}

#[test]
fn a_fallback_of_no_replicas_lets_a_broken_trigger_scale_down() {
    for (replicas, because) in [(4, Because::AwaitsFallback), (0, Because::Deactivated)] {
        let settings = LoopSettings {
            fallback: fallback(replicas),
            ..LoopSettings::default()
        };
        let pass = decide(&settings, &found(3, false, true), at(10_000));
        assert_eq!(pass.because, because, "{replicas}");
        assert_eq!(pass.ready, Condition::yes(Reason::ScaledObjectReady));
    }
}

#[test]
fn the_cooldown_is_over_strictly_after_it_and_the_initial_one_counts_once() {
    let settings = LoopSettings {
        cooldown: jiff::SignedDuration::from_secs(300),
        initial_cooldown: jiff::SignedDuration::from_secs(100),
        ..LoopSettings::default()
    };
    let table = [
        (Some(50), 350, Because::CoolingDown),
        (Some(50), 351, Because::Deactivated),
        (None, 100, Because::CoolingDown),
        (None, 101, Because::Deactivated),
    ];
    for (last_active, now, because) in table {
        let found = Found {
            last_active: last_active.map(at),
            ..found(3, false, false)
        };
        let pass = decide(&settings, &found, at(now));
        assert_eq!(pass.because, because, "{last_active:?} {now}");
    }
}

#[test]
fn pauses_stop_what_they_name() {
    let of = |annotations, replicas, is_active| {
        let settings = LoopSettings {
            annotations,
            ..LoopSettings::default()
        };
        decide(&settings, &found(replicas, is_active, false), at(10_000))
    };
    let out = Annotations {
        paused_scale_out: true,
        ..Annotations::default()
    };
    let blocked = of(out.clone(), 0, true);
    assert_eq!(blocked.because, Because::ActivationPaused);
    assert_eq!((blocked.scale_to, blocked.last_active), (None, None));
    assert_eq!(of(out, 3, false).scale_to, Some(0));
    let down = Annotations {
        paused_scale_in: true,
        ..Annotations::default()
    };
    assert_eq!(
        of(down.clone(), 3, false).because,
        Because::DeactivationPaused
    );
    assert_eq!(of(down, 0, true).scale_to, Some(1));
    let forced = Annotations {
        force_activation: true,
        ..Annotations::default()
    };
    assert_eq!(of(forced, 0, false).scale_to, Some(1));
    let whole = Annotations {
        paused: Some(true),
        ..Annotations::default()
    };
    let paused = of(whole, 0, true);
    assert_eq!((paused.scale_to, paused.active), (None, None));
    assert_eq!(
        paused.paused,
        Some(Condition::yes(Reason::ScaledObjectPaused))
    );
}

#[test]
fn what_could_not_be_written_leaves_a_warning_and_no_activity() {
    let pass = decide(&settings(0, None), &found(0, true, false), at(10_000)).unwritten();
    assert_eq!((pass.scale_to, pass.last_active), (None, None));
    assert_eq!(pass.event, Some(Event::ActivationFailed));
    let pass = decide(&settings(0, None), &found(2, false, false), at(10_000)).unwritten();
    assert_eq!(pass.event, Some(Event::DeactivationFailed));
    let pass = decide(&settings(0, None), &found(2, true, false), at(10_000)).unwritten();
    assert_eq!(pass.last_active, Some(at(10_000)));
}

#[test]
fn replicas_that_cannot_be_read_end_the_pass() {
    let found = Found {
        replicas: Err(()),
        ..found(0, true, false)
    };
    let pass = decide(&settings(0, None), &found, at(10_000));
    assert_eq!((pass.because, pass.scale_to), (Because::Unreadable, None));
    assert_eq!(
        pass.ready,
        Condition::no(Reason::ErrorGettingCurrentReplicas)
    );
}

#[test]
fn the_health_of_the_hpa_is_mirrored_and_off_at_zero_is_healthy() {
    let of_hpa = |reason: &str| Condition::no(Reason::OfHpa(reason.to_owned()));
    let table = [
        (
            Holds::Yes,
            "ValidMetricFound",
            Condition::yes(Reason::HpaActive),
        ),
        (
            Holds::No,
            "ScalingDisabled",
            Condition::yes(Reason::ScalingDisabled),
        ),
        (Holds::No, "FailedGetScale", of_hpa("FailedGetScale")),
        (
            Holds::Unknown,
            "",
            Condition::no(Reason::HpaMetricsUnavailable),
        ),
    ];
    for (scales, reason, expected) in table {
        let found = Found {
            hpa: Some(HpaHealth { scales, reason }),
            ..found(1, true, false)
        };
        let pass = decide(&settings(0, None), &found, at(10_000));
        assert_eq!(pass.hpa_active, Some(expected), "{reason}");
    }
}

proptest! {
    #[test]
    fn zero_is_written_only_while_inactive_and_a_broken_trigger_never_scales_down(
        (min, idle) in (0..5, proptest::option::of(0..5)),
        (replicas, is_active, is_error) in (0..9, any::<bool>(), any::<bool>()),
        fell_back in proptest::option::of(1..5),
        (last_active, now) in (proptest::option::of(0..1_000_i64), 0..2_000_i64),
    ) {
        let settings = LoopSettings {
            fallback: fell_back.and_then(fallback),
            ..settings(min, idle)
        };
        let found = Found {
            last_active: last_active.map(at),
            ..found(replicas, is_active, is_error)
        };
        let pass = decide(&settings, &found, at(now));
        let written = pass.scale_to.unwrap_or(replicas);
        if written < replicas {
            prop_assert!(!is_active && !is_error);
            prop_assert!(last_active.is_none_or(|it| it + 300 < now));
        }
        if pass.scale_to == Some(0) {
            prop_assert!(!is_active && settings.rest().replicas == 0);
        }
        // What is written at once is not written again, but for idle pods without a minimum.
        let again = Found { replicas: Ok(written), last_active: pass.last_active.or(found.last_active), ..found };
        let again = decide(&settings, &again, at(now));
        prop_assert!(again.scale_to.is_none_or(|it| it == written));
    }
}
