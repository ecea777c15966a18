//! Whole syncs worked by hand from the controller's rules.

use super::*;
use crate::autoscaler::{Resource, Target};
use crate::sim::proposal::Reported;
use crate::sim::settings::{Pace, Tolerance};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn cpu() -> Metric {
    Metric::Resource {
        resource: Resource::Cpu,
        target: Target::Utilization(50),
    }
}

fn queue() -> Metric {
    Metric::External {
        name: "queue".to_owned(),
        target: Target::AverageValue("10".parse().unwrap()),
    }
}

fn settings(min: i32, max: i32, metrics: &[Metric]) -> Settings {
    Settings {
        min,
        max,
        metrics: metrics.to_vec(),
        tolerance: Tolerance { up: 0.1, down: 0.1 },
        pace: None,
    }
}

fn found(current: i32) -> Found {
    Found {
        scale: Ok(Scale {
            current,
            observed: current,
        }),
        selector: Ok(()),
    }
}

type Wish = Result<i32, MetricError>;

/// One sync in which each metric proposes what `wishes` says; its plan and how it ended.
fn sync(
    settings: &Settings,
    flags: &Flags,
    state: &mut State,
    found: Found,
    wishes: &[Wish],
    now: Timestamp,
) -> (Plan, Result<(), SyncError>) {
    let propose = |index: usize| {
        wishes[index].map(|replicas| Proposal {
            replicas,
            reported: Reported::default(),
        })
    };
    let plan = plan(settings, flags, state, found, now, propose);
    let ended = settle(settings, flags, state, &plan, Written::Done, now);
    (plan, ended)
}

fn reason(state: &State, kind: Kind) -> Option<(Holds, Reason)> {
    let condition = state.status.conditions.get(kind);
    condition.map(|it| (it.holds, it.reason))
}

#[test]
fn a_failing_metric_blocks_the_way_down_and_not_the_way_up() {
    let settings = settings(1, 20, &[cpu(), queue()]);
    let broken = Err(MetricError::MetricsApi);
    let failed = Err(SyncError::Metric {
        index: 0,
        source: MetricError::MetricsApi,
    });
    // The other metric's wish, the count that is written, what was recommended.
    let table = [
        (Ok(3), None, None),
        (Ok(5), None, Some(5)),
        (Ok(9), Some(9), Some(9)),
        (broken, None, None),
    ];
    for (wish, scale_to, recommendation) in table {
        let mut state = State::default();
        let wishes = [broken, wish];
        let (plan, ended) = sync(
            &settings,
            &Flags::default(),
            &mut state,
            found(5),
            &wishes,
            at(0),
        );
        assert_eq!(
            (plan.scale_to(), plan.recommendation),
            (scale_to, recommendation),
            "{wish:?}"
        );
        assert_eq!(ended, failed);
        let active = match recommendation {
            Some(_) => (Holds::Yes, Reason::ValidMetricFound),
            None => (Holds::No, Reason::FailedGetResourceMetric),
        };
        assert_eq!(reason(&state, Kind::ScalingActive), Some(active));
    }
}

#[test]
fn the_highest_proposal_wins_and_gives_the_reason() {
    let settings = settings(1, 20, &[cpu(), queue()]);
    let mut state = State::default();
    let flags = Flags::default();
    let (plan, _) = sync(
        &settings,
        &flags,
        &mut state,
        found(5),
        &[Ok(6), Ok(8)],
        at(0),
    );
    let explained = Explained {
        reason: plan.reason,
        metrics: &settings.metrics,
    };
    let expected = "external metric queue(nil) above target";
    assert_eq!(
        (plan.scale_to(), explained.to_string().as_str()),
        (Some(8), expected)
    );
    let able = (Holds::Yes, Reason::SucceededRescale);
    assert_eq!(reason(&state, Kind::AbleToScale), Some(able));
    assert_eq!((state.status.current, state.status.desired), (5, 8));
    assert_eq!(state.status.last_scale, Some(at(0)));
}

#[test]
fn an_older_recommendation_may_scale_without_a_reason() {
    let settings = settings(1, 20, &[cpu()]);
    let mut state = State::default();
    let flags = Flags::default();
    // 9 is wished from 2, but 4 is all that one step allows; at 4 the wish is 4.
    let (first, _) = sync(&settings, &flags, &mut state, found(2), &[Ok(9)], at(0));
    let (second, _) = sync(&settings, &flags, &mut state, found(4), &[Ok(4)], at(15));
    assert_eq!((first.scale_to(), second.scale_to()), (Some(4), Some(8)));
    assert_eq!(second.reason, RescaleReason::None);
}

#[test]
fn a_count_out_of_range_is_corrected_without_looking_at_metrics() {
    let mut settings = settings(3, 10, &[cpu()]);
    let flags = Flags::default();
    settings.pace = Some(Pace::of(&Default::default(), &flags));
    for (current, desired, because) in [(12, 10, Because::AboveMax), (1, 3, Because::BelowMin)] {
        let mut state = State::default();
        let (plan, ended) = sync(&settings, &flags, &mut state, found(current), &[], at(0));
        assert_eq!((plan.scale_to(), plan.because), (Some(desired), because));
        assert_eq!((plan.recommendation, ended), (None, Ok(())));
        assert_eq!(reason(&state, Kind::ScalingActive), None);
        let memory = &state.memory;
        assert_eq!(memory.scale_ups.len() + memory.scale_downs.len(), 1);
    }
}

#[test]
fn a_first_sync_holds_what_it_found_for_the_window() {
    let settings = settings(1, 20, &[cpu()]);
    let flags = Flags::default();
    let mut state = State::default();
    for (second, desired) in [(0, 9), (300, 9), (301, 2)] {
        let (plan, _) = sync(
            &settings,
            &flags,
            &mut state,
            found(9),
            &[Ok(2)],
            at(second),
        );
        assert_eq!(plan.desired, Some(desired), "{second}");
    }
}

#[test]
fn zero_is_left_alone_unless_the_hpa_went_there_by_itself() {
    let settings = settings(0, 10, &[queue()]);
    let mut flags = Flags::default();
    let mut state = State::default();
    let (plan, _) = sync(&settings, &flags, &mut state, found(0), &[], at(0));
    assert_eq!((plan.because, plan.desired), (Because::Disabled, Some(0)));
    flags.scale_to_zero = true;
    let (plan, _) = sync(&settings, &flags, &mut state, found(0), &[], at(15));
    assert_eq!(plan.because, Because::Disabled);

    let mut state = State::default();
    let (held, _) = sync(&settings, &flags, &mut state, found(1), &[Ok(0)], at(0));
    assert_eq!(held.scale_to(), None);
    let (down, _) = sync(&settings, &flags, &mut state, found(1), &[Ok(0)], at(301));
    assert_eq!(down.scale_to(), Some(0));
    let asleep = (Holds::Yes, Reason::ScaledToZero);
    assert_eq!(reason(&state, Kind::ScaledToZero), Some(asleep));
    let (up, _) = sync(&settings, &flags, &mut state, found(0), &[Ok(7)], at(316));
    assert_eq!(up.scale_to(), Some(4));
    let awake = (Holds::No, Reason::NotScaledToZero);
    assert_eq!(reason(&state, Kind::ScaledToZero), Some(awake));
}

#[test]
fn on_the_way_up_from_zero_the_minimum_is_reached_whatever_the_pace_allows() {
    let flags = Flags {
        scale_to_zero: true,
        ..Flags::default()
    };
    let mut state = State::default();
    let conditions = &mut state.status.conditions;
    conditions.set(Kind::ScaledToZero, true, Reason::ScaledToZero, at(0));
    let mut settings = settings(3, 10, &[queue()]);
    settings.pace = Some(Pace::of(&Default::default(), &flags));
    let (plan, _) = sync(&settings, &flags, &mut state, found(0), &[Ok(0)], at(15));
    assert_eq!(
        (plan.scale_to(), plan.reason),
        (Some(3), RescaleReason::BelowMin)
    );
}

#[test]
fn what_cannot_be_read_or_told_ends_the_sync() {
    let settings = settings(1, 10, &[cpu()]);
    let flags = Flags::default();
    let mut state = State::default();
    let unreadable = Found {
        scale: Err(()),
        ..found(3)
    };
    let (_, ended) = sync(&settings, &flags, &mut state, unreadable, &[], at(0));
    assert_eq!(ended, Err(SyncError::GetScale));
    let failed = (Holds::No, Reason::FailedGetScale);
    assert_eq!(reason(&state, Kind::AbleToScale), Some(failed));
    assert_eq!(state.memory, Memory::default());

    let ambiguous = Found {
        selector: Err(SelectorError::Ambiguous),
        ..found(3)
    };
    let (_, ended) = sync(&settings, &flags, &mut state, ambiguous, &[], at(15));
    assert_eq!(ended, Err(SyncError::Selector(SelectorError::Ambiguous)));
    let inactive = (Holds::No, Reason::AmbiguousSelector);
    assert_eq!(reason(&state, Kind::ScalingActive), Some(inactive));
}

#[test]
fn a_count_that_could_not_be_written_leaves_no_event() {
    let mut settings = settings(1, 10, &[cpu()]);
    let flags = Flags::default();
    settings.pace = Some(Pace::of(&Default::default(), &flags));
    let mut state = State::default();
    let propose = |_| {
        Ok(Proposal {
            replicas: 5,
            reported: Reported::default(),
        })
    };
    let plan = plan(&settings, &flags, &mut state, found(3), at(0), propose);
    let ended = settle(&settings, &flags, &mut state, &plan, Written::Failed, at(0));
    assert_eq!(ended, Err(SyncError::UpdateScale));
    let unable = (Holds::No, Reason::FailedUpdateScale);
    assert_eq!(reason(&state, Kind::AbleToScale), Some(unable));
    assert_eq!(
        (state.memory.scale_ups.len(), state.status.last_scale),
        (0, None)
    );
}

#[test]
fn metrics_are_named_as_events_name_them() {
    let share = "utilization (percentage of request)";
    let milli = Target::AverageValue("1".parse().unwrap());
    let object = |target| Metric::Object {
        name: "hits".to_owned(),
        described: "Ingress/main".to_owned(),
        target,
    };
    let container = |target| Metric::ContainerResource {
        resource: Resource::Memory,
        container: "app".to_owned(),
        target,
    };
    let table = [
        (cpu(), format!("cpu resource {share}")),
        (
            container(Target::Utilization(1)),
            format!("memory container resource {share}"),
        ),
        (container(milli), "memory resource".to_owned()),
        (object(milli), "external metric hits(nil)".to_owned()),
        (
            object(Target::Value("1".parse().unwrap())),
            "Ingress metric hits".to_owned(),
        ),
    ];
    for (metric, name) in table {
        let explained = Explained {
            reason: RescaleReason::AboveTarget { metric: 0 },
            metrics: &[metric],
        };
        assert_eq!(explained.to_string(), format!("{name} above target"));
    }
}
