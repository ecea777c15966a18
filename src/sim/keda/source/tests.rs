use super::*;
use crate::autoscaler::Target;
use crate::sim::keda::fallback::Behavior;
use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget};

const WORKLOAD: Workload = Workload {
    replicas: Ok(2),
    ready: Ok(2),
};

fn trigger(is_cached: bool) -> External {
    External {
        metric: "s0-queue".to_owned(),
        target: Target::AverageValue("10".parse().unwrap()),
        activation: 5.0,
        is_cached,
    }
}

fn fallback(behavior: Behavior) -> Option<Fallback> {
    Some(Fallback {
        failure_threshold: 2,
        replicas: 6,
        behavior,
    })
}

#[test]
fn activity_is_that_of_the_value_as_the_source_gives_it() {
    let trigger = trigger(false);
    let mut sources = Sources::new([&trigger], None, None);
    for (value, is_active) in [(Some(5.0), false), (Some(5.0001), true), (None, false)] {
        let state = sources.poll(&[value], WORKLOAD);
        assert_eq!(
            (state.is_active, state.is_error),
            (is_active, value.is_none())
        );
    }
}

#[test]
fn reads_of_the_loop_and_of_the_hpa_count_alike() {
    let trigger = trigger(false);
    let mut sources = Sources::new([&trigger], fallback(Behavior::Static), None);
    assert!(sources.poll(&[None], WORKLOAD).is_error);
    assert_eq!(sources.metric(0, &[None], WORKLOAD), Err(SourceError));
    assert_eq!(sources.metric(0, &[None], WORKLOAD), Ok(60_000));
    let state = sources.poll(&[None], WORKLOAD);
    assert!(state.is_active && state.is_fallback && !state.is_error);
    assert!(sources.all().all(Source::is_replaced));
    assert_eq!(sources.metric(0, &[Some(20.0)], WORKLOAD), Ok(20_000));
    assert!(sources.all().all(|it| it.health() == Health::default()));
}

#[test]
fn a_cached_value_is_what_the_last_poll_read() {
    let trigger = trigger(true);
    let mut sources = Sources::new([&trigger], None, None);
    // Nothing is stored yet.
    assert_eq!(sources.metric(0, &[Some(1.0)], WORKLOAD), Ok(1_000));
    sources.poll(&[Some(2.0)], WORKLOAD);
    assert_eq!(sources.metric(0, &[Some(3.0)], WORKLOAD), Ok(2_000));
    sources.poll(&[None], WORKLOAD);
    assert_eq!(sources.metric(0, &[Some(3.0)], WORKLOAD), Err(SourceError));
}

#[test]
fn a_cached_fallback_counts_as_a_success_so_that_failures_start_over() {
    let trigger = trigger(true);
    let mut sources = Sources::new([&trigger], fallback(Behavior::Static), None);
    let failures = |sources: &Sources<'_>| sources.all().next().unwrap().health().failures;
    sources.poll(&[None], WORKLOAD);
    assert_eq!(sources.metric(0, &[None], WORKLOAD), Err(SourceError));
    assert_eq!(failures(&sources), 2);
    assert!(sources.poll(&[None], WORKLOAD).is_fallback);
    assert_eq!(sources.metric(0, &[None], WORKLOAD), Ok(60_000));
    assert_eq!(failures(&sources), 0);
    assert!(sources.poll(&[None], WORKLOAD).is_error);
}

fn modifiers(formula: &super::super::formula::Function) -> Modifiers<'_> {
    Modifiers {
        formula: Formula(formula),
        target: FormulaTarget::of("2", false).unwrap(),
        activation: 0.0,
    }
}

fn sum(values: &[Option<f64>]) -> Result<Option<f64>, EvaluationError> {
    let sum = values.iter().copied().sum::<Option<f64>>();
    sum.map(Some).ok_or(EvaluationError)
}

#[test]
fn a_composite_metric_needs_every_trigger_or_a_fallback() {
    let both = [trigger(false), trigger(false)];
    let modifiers = modifiers(&sum);
    let mut sources = Sources::new(&both, fallback(Behavior::Static), Some(modifiers));
    let half = [Some(3.0), None];
    assert_eq!(
        sources.composite(&[Some(3.0), Some(4.0)], WORKLOAD),
        Ok(Some(7_000))
    );
    assert_eq!(sources.composite(&half, WORKLOAD), Err(SourceError));
    assert_eq!(sources.composite(&half, WORKLOAD), Err(SourceError));
    // 6 replicas at the formula's target.
    assert_eq!(sources.composite(&half, WORKLOAD), Ok(Some(12_000)));
    let state = sources.poll(&half, WORKLOAD);
    assert!(state.is_active && state.is_fallback);
}

#[test]
fn a_trigger_is_nil_in_the_formula_only_if_it_is_not_cached() {
    let first = |values: &[Option<f64>]| Ok(values[0].or(Some(99.0)));
    let modifiers = modifiers(&first);
    for (is_cached, value) in [(false, 99_000), (true, -1_000)] {
        let trigger = [trigger(is_cached)];
        let mut sources = Sources::new(
            &trigger,
            fallback(Behavior::ScalingModifiers),
            Some(modifiers),
        );
        for _ in 0..3 {
            sources.poll(&[None], WORKLOAD);
        }
        assert_eq!(
            sources.composite(&[None], WORKLOAD),
            Ok(Some(value)),
            "{is_cached}"
        );
    }
}

#[test]
fn a_cached_fallback_of_a_formula_is_not_found_by_the_formula() {
    let trigger = [trigger(true)];
    let modifiers = modifiers(&sum);
    let mut sources = Sources::new(&trigger, fallback(Behavior::Static), Some(modifiers));
    for _ in 0..3 {
        sources.poll(&[None], WORKLOAD);
    }
    assert!(sources.all().all(Source::is_replaced));
    assert_eq!(sources.composite(&[None], WORKLOAD), Ok(None));
}

#[test]
fn sources_that_were_kept_go_on_as_if_nothing_had_been() {
    let trigger = trigger(true);
    let fallback = fallback(Behavior::Static);
    let reads = [Some(1.0), None, None, None, Some(7.0), None, None];
    let mut whole = Sources::new([&trigger], fallback, None);
    let mut kept = Vec::new();
    for value in reads {
        let mut cut = Sources::resumed([&trigger], fallback, None, kept);
        assert_eq!(whole.poll(&[value], WORKLOAD), cut.poll(&[value], WORKLOAD));
        let asked = |sources: &mut Sources<'_>| sources.metric(0, &[value], WORKLOAD);
        assert_eq!(asked(&mut whole), asked(&mut cut));
        kept = cut.kept();
    }
    let health = Health {
        failures: 3,
        is_failing: true,
    };
    let source = Source::new(&trigger, fallback, None).faring(health);
    assert!(source.is_replaced());
}
