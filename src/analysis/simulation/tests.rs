mod keda;

use proptest::prelude::*;

use super::overrides::RuleOverrides;
use super::*;
use crate::analysis::testing::{DAY, REQUEST, Scene, cpu, daily};
use crate::autoscaler::behavior::{Amount, Policy, Select};
use crate::autoscaler::{Metric, Target};
use crate::sim::score::Limit;
use crate::units::Quantity;

/// Three days of a scene's past.
fn scene() -> Scene {
    let usage = |at| 0.6 + 2.6 * daily(at);
    Scene::of_length(3 * DAY, usage, move |at| {
        (usage(at) / (REQUEST * 0.7)).ceil().max(2.0)
    })
}

fn simulated(scene: &Scene, wish: &Wish) -> Result<Simulation, Error> {
    let workload = scene.subject.workload.as_ref().unwrap();
    let load = scene.load();
    simulate(
        &Past {
            autoscaler: &scene.subject.autoscaler,
            workload,
            history: &scene.history,
            load: &load,
            replicas: Known::Observed,
        },
        wish,
    )
}

fn wish(overrides: Overrides) -> Wish {
    Wish {
        overrides,
        ..Wish::default()
    }
}

fn limits(min: u32, max: u32) -> Overrides {
    Overrides {
        min: Some(Replicas(min)),
        max: Some(Replicas(max)),
        ..Overrides::default()
    }
}

#[test]
fn the_replicas_of_every_step_follow_from_the_decisions() {
    let simulation = simulated(&scene(), &wish(limits(1, 20))).unwrap();
    let track = &simulation.simulated;
    assert_eq!(simulation.load.len(), track.replicas.len());
    assert_eq!(track.ready.len(), track.replicas.len());
    let mut decisions = track.decisions.iter().peekable();
    let mut count = decisions.peek().unwrap().from;
    for (at, replicas) in track.replicas.iter().enumerate() {
        while let Some(it) = decisions.next_if(|it| it.at < simulation.grid.time(at)) {
            assert_eq!(it.from, count);
            count = it.to;
        }
        assert_eq!(*replicas, count, "step {at}");
        assert!(track.ready[at] <= *replicas);
    }
    assert_eq!(decisions.next(), None);
    assert_eq!(track.decisions.len(), track.totals.scale_events as usize);
}

#[test]
fn days_add_up_to_the_whole() {
    let track = simulated(&scene(), &Wish::default()).unwrap().today;
    assert_eq!(track.days.len(), 3);
    let hours: f64 = track
        .days
        .iter()
        .map(|it| it.totals.replica_hours.hours())
        .sum();
    assert!((hours - track.totals.replica_hours.hours()).abs() < 1e-9);
    let events: u32 = track.days.iter().map(|it| it.totals.scale_events).sum();
    assert_eq!(events, track.totals.scale_events);
}

#[test]
fn a_decision_says_what_limited_it_and_which_metric_asked() {
    let overrides = Overrides {
        scale_up: RuleOverrides {
            policies: vec![Policy {
                amount: Amount::Pods(1),
                period_seconds: 600,
            }],
            ..RuleOverrides::default()
        },
        ..limits(1, 20)
    };
    let jump = |at| if at < DAY / 2 { 0.6 } else { 4.0 };
    let scene = Scene::of_length(DAY, jump, |_| 2.0);
    let track = simulated(&scene, &wish(overrides)).unwrap().simulated;
    let ups = || track.decisions.iter().filter(|it| it.to > it.from);
    assert!(ups().any(|it| it.because == Limit::Policy));
    assert!(ups().all(|it| it.to.0 == it.from.0 + 1));
    let asked = track.decisions.iter().map(|it| it.metric.as_deref());
    assert!(asked.eq(track.decisions.iter().map(|_| Some("cpu"))));
}

#[test]
fn pods_that_start_slower_are_those_of_the_simulation_alone() {
    let slow = Wish {
        startup: Some(SignedDuration::from_secs(400)),
        ..Wish::default()
    };
    let simulation = simulated(&scene(), &slow).unwrap();
    assert_eq!(simulation.today.pods.startup.as_secs(), 20);
    assert_eq!(simulation.simulated.pods.startup.as_secs(), 400);
    assert_ne!(simulation.today.ready, simulation.simulated.ready);
}

#[test]
fn a_shape_that_was_asked_for_is_taken() {
    for (asked, from) in [
        (Some(Shape::Held), ShapeFrom::Asked),
        (None, ShapeFrom::BestFit),
    ] {
        let wish = Wish {
            shape: asked,
            ..Wish::default()
        };
        let simulation = simulated(&scene(), &wish).unwrap();
        let fidelity = simulation.fidelity.unwrap();
        assert_eq!(simulation.shape_from, from);
        assert_eq!(simulation.shape, asked.unwrap_or(fidelity.shape));
        assert_eq!(simulation.shape, fidelity.shape);
    }
}

#[test]
fn what_was_observed_elsewhere_or_nowhere_is_told_apart() {
    let scene = scene();
    let workload = scene.subject.workload.as_ref().unwrap();
    let autoscaler = &scene.subject.autoscaler;
    let usage = scene.history.cpu().unwrap();
    let load = Load::unserved(autoscaler, workload, usage);
    let past = |replicas| Past {
        autoscaler,
        workload,
        history: &scene.history,
        load: &load,
        replicas: Known::Elsewhere(replicas),
    };
    let unseen = simulate(&past(None), &Wish::default()).unwrap();
    assert_eq!((unseen.observation.as_ref(), unseen.fidelity), (None, None));
    assert_eq!(unseen.shape_from, ShapeFrom::Default);
    // 0.6 cores at midnight, of which a pod takes 0.35 at the target.
    assert_eq!(unseen.today.replicas[0], Replicas(2));
    // With a minimum of five of its own, and no change in the first sync.
    let more = Wish {
        overrides: limits(5, 20),
        ..Wish::default()
    };
    let raised = simulate(&past(None), &more).unwrap().simulated;
    assert_eq!(raised.replicas[0], Replicas(5));
    assert!(
        raised
            .decisions
            .first()
            .is_none_or(|it| it.from == Replicas(5))
    );
    let burst = Wish {
        shape: Some(Shape::Burst),
        ..Wish::default()
    };
    assert_eq!(simulate(&past(None), &burst), Err(Error::NoBursts));
    let elsewhere = Series::constant(usage.grid(), 7.0);
    let seen = simulate(&past(Some(&elsewhere)), &Wish::default()).unwrap();
    let observation = seen.observation.unwrap();
    assert!(
        observation
            .replicas
            .iter()
            .all(|it| *it == Some(Replicas(7)))
    );
    assert_eq!(observation.replica_hours, Some(7.0 * 72.0));
    assert!(seen.fidelity.is_some());
    let mut partly = Series::gaps(usage.grid());
    partly.set(5, 4.0);
    let seen = simulate(&past(Some(&partly)), &Wish::default()).unwrap();
    assert_eq!(seen.observation.unwrap().replica_hours, None);
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let memory = Overrides {
        memory: Some(80),
        ..Overrides::default()
    };
    let resource = Resource::Memory;
    let high = Overrides {
        min: Some(Replicas(11)),
        ..Overrides::default()
    };
    let (min, max) = (Replicas(11), Replicas(10));
    let cases = [
        (memory, Error::NoTarget { resource }),
        (high, Error::MinAboveMax { min, max }),
    ];
    for (overrides, expected) in cases {
        assert_eq!(simulated(&scene(), &wish(overrides)), Err(expected));
    }
    let idle = Scene::new(|_| 1.0, |_| 0.0);
    let refused = simulated(&idle, &Wish::default());
    assert_eq!(refused, Err(Error::Unreplayable(Unreplayable::NoLoad)));
}

#[test]
fn every_setting_can_be_changed_and_is_told() {
    let direction = |window| RuleOverrides {
        window_seconds: Some(window),
        select: Some(Select::Min),
        policies: vec![Policy {
            amount: Amount::Percent(50),
            period_seconds: 60,
        }],
        tolerance: Some("50m".parse::<Quantity>().unwrap()),
    };
    let overrides = Overrides {
        cpu: Some(65),
        memory: Some(80),
        scale_up: direction(30),
        scale_down: direction(600),
        ..limits(3, 12)
    };
    let memory = Metric::Resource {
        resource: Resource::Memory,
        target: Target::Utilization(70),
    };
    let today = scene().metrics(vec![cpu(70), memory]).subject.autoscaler;
    let changed = overrides.apply(&today).unwrap();
    let knobs: Vec<_> = changes::changes(&today, &changed)
        .iter()
        .map(|it| it.knob)
        .collect();
    use changes::Knob;
    let expected = [
        Knob::Min,
        Knob::Max,
        Knob::Cpu,
        Knob::Memory,
        Knob::ScaleUpWindow,
        Knob::ScaleUpPolicies,
        Knob::ScaleUpTolerance,
        Knob::ScaleDownWindow,
        Knob::ScaleDownPolicies,
        Knob::ScaleDownTolerance,
    ];
    assert_eq!(knobs, expected);
    assert_eq!(overrides.apply(&changed), Ok(changed.clone()));
    assert_eq!(changes::changes(&changed, &changed), []);
    assert_eq!(Overrides::default().apply(&today), Ok(today));
}

fn scenes() -> impl Strategy<Value = Scene> {
    let limits = (1_u32..6, 0_u32..12);
    let noise = proptest::collection::vec(0.5_f64..1.5, DAY);
    (limits, 20_u32..120, 0.1_f64..6.0, noise).prop_map(|((min, more), target, most, noise)| {
        let usage = |at: usize| (0.2 + most * daily(at)) * noise[at % DAY];
        let ready = move |at: usize| 1.0 + 4.0 * daily(at);
        Scene::of_length(2 * DAY, usage, ready)
            .limits(min, min + more)
            .target(target)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_changed_is_today(scene in scenes(), is_said in any::<bool>()) {
        let autoscaler = &scene.subject.autoscaler;
        // Saying what is so already changes nothing either.
        let overrides = match is_said {
            true => Overrides {
                cpu: autoscaler.utilization(&Resource::Cpu),
                ..limits(autoscaler.min.0, autoscaler.max.0)
            },
            false => Overrides::default(),
        };
        let simulation = simulated(&scene, &wish(overrides)).unwrap();
        prop_assert_eq!(simulation.today, simulation.simulated);
    }

    #[test]
    fn replicas_stay_within_what_is_simulated(scene in scenes(), min in 1_u32..5, more in 0_u32..9) {
        let max = min + more;
        let simulation = simulated(&scene, &wish(limits(min, max))).unwrap();
        let all = simulation.simulated.replicas.iter();
        // The first step may begin with what was observed.
        for replicas in all.skip(1) {
            prop_assert!((min..=max).contains(&replicas.0), "{replicas}");
        }
    }
}
