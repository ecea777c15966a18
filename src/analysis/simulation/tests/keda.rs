//! What may be asked of ScaledObjects.

use super::super::changes::{Knob, Value, changes};
use super::super::overrides::{KedaOverrides, Overrides};
use super::super::{Error, Known, Past, Wish, simulate};
use crate::analysis::settings::keda::Fallback;
use crate::analysis::testing::{DAY, Scene, scaled};
use crate::sim::score::Limit;
use crate::units::Replicas;
use serde_json::json;

fn keda(keda: KedaOverrides) -> Overrides {
    Overrides {
        keda,
        ..Overrides::default()
    }
}

#[test]
fn what_keda_has_can_be_other_and_is_told() {
    let before = scaled(json!({"triggers": [
        {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}},
        {"type": "rabbitmq", "name": "orders", "metadata": {"queueName": "q", "value": "50"}},
        {"type": "kafka", "metadata": {"topic": "t"}},
    ]}));
    let wish = keda(KedaOverrides {
        thresholds: vec![("orders".to_owned(), 12.5), ("2".to_owned(), 7.0)],
        cooldown_period: Some(60),
        polling_interval: Some(10),
        fallback_replicas: Some(4),
        fallback_after: None,
    });
    let after = wish.apply(&before).unwrap();
    let told: Vec<(Knob, Option<Value>)> = changes(&before, &after)
        .into_iter()
        .map(|it| (it.knob, it.to))
        .collect();
    let texts = [(1, "12.5".to_owned()), (2, "7".to_owned())].into();
    let fallback = Fallback {
        failure_threshold: 3,
        replicas: 4,
        behavior: None,
    };
    let expected = [
        (Knob::Thresholds, Some(Value::Thresholds(texts))),
        (Knob::CooldownPeriod, Some(Value::Number(60))),
        (Knob::PollingInterval, Some(Value::Number(10))),
        (Knob::Fallback, Some(Value::Fallback(fallback))),
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_not_there_cannot_be_other() {
    let object = scaled(json!({"triggers": [
        {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}},
    ]}));
    let refused = |wish: KedaOverrides| keda(wish).apply(&object).unwrap_err();
    for name in ["0", "1", "orders", "-1"] {
        let thresholds = vec![(name.to_owned(), 5.0)];
        let trigger = name.to_owned();
        let found = refused(KedaOverrides {
            thresholds,
            ..KedaOverrides::default()
        });
        assert_eq!(found, Error::NoThreshold { trigger });
    }
    let found = refused(KedaOverrides {
        fallback_after: Some(1),
        ..KedaOverrides::default()
    });
    assert_eq!(found, Error::NoFallback);
    let hpa = Scene::new(|_| 1.0, |_| 2.0).subject.autoscaler;
    let cooldown = keda(KedaOverrides {
        cooldown_period: Some(1),
        ..KedaOverrides::default()
    });
    assert_eq!(cooldown.apply(&hpa), Err(Error::NoKeda));
    let zero = Overrides {
        min: Some(Replicas(0)),
        ..Overrides::default()
    };
    assert_eq!(zero.apply(&hpa), Err(Error::ZeroMin));
    assert_eq!(zero.apply(&object).map(|it| it.min), Ok(Replicas(0)));
}

#[test]
fn steps_from_and_to_zero_are_decisions_of_the_loop() {
    let messages = |at: usize| {
        if (96..192).contains(&(at % DAY)) {
            30.0
        } else {
            0.0
        }
    };
    let scene = Scene::queue_of(json!({"minReplicaCount": 1}), messages);
    let overrides = Overrides {
        min: Some(Replicas(0)),
        ..Overrides::default()
    };
    let simulation = scene.ask(|case| {
        let past = Past {
            autoscaler: case.autoscaler(),
            workload: case.workload,
            history: case.history,
            load: case.load,
            replicas: Known::Observed,
        };
        let wish = Wish {
            overrides: overrides.clone(),
            ..Wish::default()
        };
        simulate(&past, &wish).unwrap()
    });
    let by_loop = simulation
        .simulated
        .decisions
        .iter()
        .filter(|it| it.because == Limit::Loop);
    let (up, down): (Vec<_>, Vec<_>) = by_loop.partition(|it| it.to > it.from);
    let counts = |all: &[&super::super::track::Decision]| {
        all.iter()
            .map(|it| (it.from.0, it.to.0))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&up), [(0, 1); 14]);
    // The pod that was there at first rests as well.
    assert_eq!(counts(&down), [(1, 0); 15]);
    assert!(
        simulation
            .today
            .decisions
            .iter()
            .all(|it| it.because != Limit::Loop)
    );
    assert!(simulation.simulated.totals.replica_hours < simulation.today.totals.replica_hours);
    assert_eq!(
        simulation.fidelity.map(|it| it.mean_absolute_error),
        Some(0.0)
    );
}
