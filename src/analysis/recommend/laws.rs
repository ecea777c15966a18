//! Laws that hold for every recommendation, whatever the history and the settings.

use proptest::prelude::*;

use crate::analysis::Course;
use crate::analysis::assessment::Outcome;
use crate::analysis::findings;
use crate::analysis::testing::{DAY, Scene, cpu, daily, grid};
use crate::autoscaler::{Metric as Spec, Resource, Target};
use crate::history::Metric;
use crate::series::{Grid, Series};
use crate::sim::score::Totals;
use crate::units::Step;

#[derive(Clone, Debug)]
struct Odd {
    min: u32,
    more: u32,
    target: u32,
    window: u32,
    request: f64,
    base: f64,
    swing: f64,
    noise: Vec<f64>,
    replicas: Vec<f64>,
    gaps: usize,
    burst: f64,
    allow_single: bool,
    course: Course,
    holdout: f64,
}

prop_compose! {
    fn odd()(
        (min, more, target, window) in (0_u32..12, 0_u32..12, 1_u32..200, 0_u32..=3600),
        request in prop_oneof![1 => Just(0.0), 9 => 0.01..2.0],
        (base, swing) in (0.0..3.0, 0.0..8.0),
        noise in prop::collection::vec(0.5..1.5, 1..40),
        replicas in prop::collection::vec(0.0..1.0, 1..40),
        gaps in 1_usize..60,
        burst in 0.5..5.0,
        (allow_single, course) in (any::<bool>(), 0_usize..3),
        holdout in prop_oneof![Just(0.0), 0.1..0.9],
    ) -> Odd {
        Odd {
            min, more, target, window, request, base, swing, noise, replicas, gaps, burst,
            allow_single,
            course: [Course::Any, Course::OnlyRaise, Course::OnlyLower][course],
            holdout,
        }
    }
}

fn scene(odd: &Odd) -> Scene {
    let max = (odd.min + odd.more).max(1);
    let noise = |at: usize| odd.noise[at % odd.noise.len()];
    let usage = |at: usize| (odd.base + odd.swing * daily(at)) * noise(at);
    let share = |at: usize| odd.replicas[(at / 7) % odd.replicas.len()];
    let ready = |at| (f64::from(odd.min) + share(at) * f64::from(odd.more)).round();
    let mut scene = Scene::of_length(8 * DAY, usage, ready)
        .limits(odd.min, max)
        .metrics(vec![cpu(odd.target)])
        .window(odd.window);
    scene.insert(Metric::CpuBurst, DAY, |_| odd.burst);
    scene.workload().containers[0].cpu_request = Some(crate::units::Cores(odd.request));
    scene.settings.allow_single = odd.allow_single;
    scene.settings.course = odd.course;
    scene.settings.holdout = odd.holdout;
    let mut holed: Series = scene.history.cpu().unwrap().clone();
    (0..holed.len()).step_by(odd.gaps + 1).for_each(|at| {
        (at..at + odd.gaps / 8).for_each(|it| holed.set(it, f64::NAN));
    });
    scene.history.insert(Metric::CpuUsage, holed);
    scene
}

/// By time and by amount; rounding is of the sums.
fn no_worse(before: &Totals, after: &Totals) -> Result<(), TestCaseError> {
    let (from, to) = (before.shortfall_minutes, after.shortfall_minutes);
    prop_assert!(to <= from + 1e-6, "{from} {to}");
    let (from, to) = (before.shortfall_core_minutes, after.shortfall_core_minutes);
    prop_assert!(to <= from * (1.0 + 1e-6) + 1e-6, "{from} {to}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_recommendation_is_within_limits_and_no_worse_than_today(odd in odd()) {
        let scene = scene(&odd);
        let assessment = scene.assess();
        prop_assert_eq!(&assessment, &scene.assess(), "the same input, another output");
        if let Some(it) = scene.recommendation() {
            let (today, to) = (&assessment.today, &it.proposed);
            prop_assert_ne!(today, to);
            prop_assert!(to.min_replicas <= to.max_replicas);
            let kept = if odd.allow_single { 1 } else { 2 };
            prop_assert!(to.min_replicas.0 >= today.min_replicas.0.min(kept));
            prop_assert!(to.max_replicas >= today.max_replicas);
            let raised = to.min_replicas > today.min_replicas;
            prop_assert!(!raised || to.min_replicas < to.max_replicas);
            let target = to.target_cpu_pct.filter(|_| to.target_cpu_pct != today.target_cpu_pct);
            prop_assert!(target.is_none_or(|it| (30..=85).contains(&it)), "{:?}", target);
            prop_assert!(to.scale_down_cooldown_s <= 3600);
            let (before, after) = (&it.proof.today, &it.proof.proposed);
            no_worse(before, after)?;
            if let Some(held) = &it.proof.held_back {
                no_worse(&held.today, &held.proposed)?;
            }
            let pairs = [
                (to.min_replicas.0, today.min_replicas.0),
                (to.max_replicas.0, today.max_replicas.0),
                (to.scale_down_cooldown_s, today.scale_down_cooldown_s),
                // A lower target keeps more replicas.
                (today.target_cpu_pct.unwrap_or(0), to.target_cpu_pct.unwrap_or(0)),
            ];
            prop_assert!(match odd.course {
                Course::Any => true,
                Course::OnlyRaise => pairs.iter().all(|(to, from)| to >= from),
                Course::OnlyLower => pairs.iter().all(|(to, from)| to <= from),
            }, "{:?}", it.proposed);
            prop_assert!(before.replica_hours.hours().is_finite());
            prop_assert!(it.proof.frontier.len() <= 12);
            prop_assert!(it.proof.frontier.iter().any(|it| it.is_proposed));
            prop_assert_eq!(it.because.len(), to.changes(today).len());
        }
        for finding in &assessment.findings {
            for (name, fact) in &finding.evidence {
                let finite = !matches!(fact, findings::Fact::Number(it) if !it.is_finite());
                prop_assert!(finite, "{} {}", finding.code, name);
            }
        }
    }

    /// Series left out, cut off, empty, or on steps of their own: an answer, and no panic.
    #[test]
    fn any_part_of_a_history_may_be_missing(
        odd in odd(),
        present in prop::collection::vec(any::<bool>(), 8),
        len in prop_oneof![Just(0_usize), 1..3000_usize],
        step in prop_oneof![Just(1_u32), 15_u32..4000],
        counts_container: bool,
    ) {
        let mut scene = scene(&odd);
        let full = std::mem::take(&mut scene.history);
        let other = Grid::new(grid(1).start(), Step::from_seconds(step).unwrap(), len);
        let metrics = [
            (Metric::CpuUsage, full.cpu().unwrap().clone()),
            (Metric::ReadyReplicas, full.get(&Metric::ReadyReplicas).unwrap().clone()),
            (Metric::DesiredReplicas, Series::constant(other, 3.0)),
            (Metric::CpuRequest, Series::constant(other, odd.request)),
            (Metric::CpuThrottled, Series::constant(other, 0.3)),
            (Metric::CpuBurst, Series::constant(other, odd.burst)),
            (Metric::Startup, Series::constant(other, odd.base * 1000.0)),
            (Metric::ContainerCpuUsage("app".to_owned()), Series::constant(other, odd.base)),
        ];
        let kept = metrics.into_iter().zip(present).filter(|(_, it)| *it);
        kept.for_each(|((metric, series), _)| scene.history.insert(metric, series));
        if counts_container {
            scene = scene.metrics(vec![Spec::ContainerResource {
                resource: Resource::Cpu,
                container: "app".to_owned(),
                target: Target::Utilization(odd.target),
            }]);
        }
        let assessment = scene.assess();
        prop_assert!((0.0..=1.0).contains(&assessment.evidence.coverage));
        prop_assert!((0.0..=1.0).contains(&assessment.evidence.censored));
        if let Outcome::NotEnoughHistory { have, need } = assessment.outcome {
            prop_assert!(have < need);
            prop_assert_eq!(assessment.findings, vec![]);
        }
    }
}
