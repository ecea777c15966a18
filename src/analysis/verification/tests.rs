//! Changes that are good, bad, or neither, and what is said of them.

mod keda;

use super::measured::rounded;
use super::*;
use crate::analysis::testing::{DAY, Scene, TWO_WEEKS, controlled, cpu, daily};
use crate::autoscaler::{Metric as Spec, Target};
use crate::history::Metric;
use crate::series::Series;
use crate::units::Replicas;

/// Ten in the morning of the last day of a scene.
const MORNING: usize = 13 * DAY + 120;
/// Samples of the usual probation of 45 minutes.
const PROBATION: usize = 9;

/// A change at the end of sample `at`, judged `steps` samples later.
struct Trial {
    scene: Scene,
    old: Settings,
    at: usize,
    steps: usize,
    objectives: Vec<Reading>,
}

impl Trial {
    /// Nothing was changed.
    fn of(scene: Scene, at: usize, steps: usize) -> Self {
        Self {
            old: Settings::of(&scene.subject.autoscaler),
            scene,
            at,
            steps,
            objectives: Vec::new(),
        }
    }

    fn limits_were(mut self, min: u32, max: u32) -> Self {
        self.old.min_replicas = Replicas(min);
        self.old.max_replicas = Replicas(max);
        self
    }

    fn target_was(mut self, percent: u32) -> Self {
        self.old.target_cpu_pct = Some(percent);
        self
    }

    fn objective(
        mut self,
        text: &str,
        value: Result<Option<f64>, &str>,
        before: Option<f64>,
    ) -> Self {
        let slo = text.parse().unwrap();
        let value = value.map_err(str::to_owned);
        self.objectives.push(Reading { slo, value, before });
        self
    }

    /// Nothing is known of `metric` at these places.
    fn gap(mut self, metric: &Metric, places: std::ops::Range<usize>) -> Self {
        let mut series = self.scene.history.get(metric).unwrap().clone();
        places.for_each(|at| series.set(at, f64::NAN));
        self.scene.history.insert(metric.clone(), series);
        self
    }

    fn verify(&self) -> Verification {
        let grid = self.scene.history.grid().unwrap();
        verify(&Input {
            autoscaler: &self.scene.subject.autoscaler,
            old: &self.old,
            workload: self.scene.subject.workload.as_ref().unwrap(),
            history: &self.scene.history,
            applied: grid.time(self.at),
            now: grid.time(self.at + self.steps),
            margins: Margins::default(),
            objectives: &self.objectives,
        })
    }

    /// One letter for the verdict, and what is said.
    fn said(&self) -> (char, String) {
        match self.verify().verdict {
            Verdict::Healthy { detail } => ('H', detail),
            Verdict::Degraded { detail } => ('D', detail),
            Verdict::Inconclusive { detail } => ('I', detail),
            Verdict::Error { why } => ('E', why),
        }
    }
}

/// A level load of 1.05 cores on three pods, which is 70 %, and since the morning of the last day
/// what `usage` and `ready` say, by the number of the sample since.
fn since(usage: impl Fn(usize) -> f64, ready: impl Fn(usize) -> f64) -> Scene {
    let by = |since: &dyn Fn(usize) -> f64, before: f64, at: usize| match at > MORNING {
        true => since(at - MORNING - 1),
        false => before,
    };
    Scene::new(|at| by(&usage, 1.05, at), |at| by(&ready, 3.0, at))
}

/// A controller with the old limits and target until `at`, and with the new ones from there.
fn switched(
    old: ((u32, u32), u32),
    new: ((u32, u32), u32),
    usage: impl Fn(usize) -> f64,
    at: usize,
) -> Trial {
    let before = controlled(old.0, old.1, &usage, 0.05, 3);
    let mut scene = controlled(new.0, new.1, &usage, 0.05, 3);
    for (metric, series) in before.history.iter() {
        let after = scene.history.get(metric).unwrap().clone();
        let values = (0..series.len()).map(|it| match it <= at {
            true => series.get(it),
            false => after.get(it),
        });
        let joined = Series::from_values(series.grid(), values);
        scene.history.insert(metric.clone(), joined);
    }
    let ((min, max), percent) = old;
    Trial::of(scene, at, PROBATION)
        .limits_were(min, max)
        .target_was(percent)
}

fn workday(at: usize) -> f64 {
    1.0 + 2.5 * daily(at)
}

#[test]
fn utilization_far_above_the_target_degrades() {
    for (share, expected) in [(0.84, 'H'), (0.87, 'D')] {
        let trial = Trial::of(since(|_| share * 1.5, |_| 3.0), MORNING, PROBATION);
        let (verdict, said) = trial.said();
        assert_eq!(verdict, expected, "{said}");
        if expected == 'D' {
            let text = "mean CPU utilization since the change is 87 %, more than 15 points above \
                        the target of 70 %; 65 % under the old settings on the same load";
            assert_eq!(said, text);
        }
    }
}

#[test]
fn what_the_old_settings_could_not_do_better_is_a_note() {
    let scene = since(|_| 1.4, |_| 3.0).limits(2, 3);
    let found = Trial::of(scene, MORNING, PROBATION).verify();
    assert!(
        matches!(found.verdict, Verdict::Healthy { .. }),
        "{found:?}"
    );
    let notes = found.measured.notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("93 % under the old settings"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("at the maximum of 3 in 100 %"),
        "{notes:?}"
    );
}

#[test]
fn replicas_at_a_maximum_that_was_cut_degrade() {
    for (free, expected) in [(4, 'H'), (3, 'D')] {
        let is_free = |at: usize| at >= 20 - free;
        let usage = |at| if is_free(at) { 0.7 } else { 1.2 };
        let ready = |at| if is_free(at) { 2.0 } else { 3.0 };
        let scene = since(usage, ready).limits(2, 3);
        let (verdict, said) = Trial::of(scene, MORNING, 20).limits_were(2, 10).said();
        assert_eq!(verdict, expected, "{said}");
        let pinned = said.starts_with("replicas are at the maximum of 3 in 85 % of the time");
        assert_eq!(pinned, expected == 'D', "{said}");
    }
}

#[test]
fn replicas_that_have_to_be_at_their_maximum_are_fine() {
    let scene = since(|_| 1.05, |_| 3.0).limits(3, 3);
    let (verdict, said) = Trial::of(scene, MORNING, PROBATION)
        .limits_were(3, 4)
        .said();
    assert_eq!(verdict, 'H', "{said}");
}

#[test]
fn replicas_that_go_up_and_down_more_than_before_degrade() {
    let counts = [
        ([3, 4, 3, 4, 3, 4, 4, 4, 4], 'D'),
        ([3, 4, 3, 4, 4, 4, 4, 4, 4], 'H'),
        // On its way to where the new settings want it.
        ([3, 4, 5, 6, 7, 8, 9, 9, 9], 'H'),
    ];
    for (counts, expected) in counts {
        let scene = since(|_| 1.2, |at| f64::from(counts[at.min(8)]));
        let (verdict, said) = Trial::of(scene, MORNING, PROBATION).said();
        assert_eq!(verdict, expected, "{counts:?} {said}");
        let restless = |at: usize| 3.0 + (at % 2) as f64;
        let ready = |at: usize| match at > MORNING {
            true => f64::from(counts[(at - MORNING - 1).min(8)]),
            false => restless(at),
        };
        let scene = Scene::new(|_| 1.2, ready);
        let (verdict, said) = Trial::of(scene, MORNING, PROBATION).said();
        assert_eq!(verdict, 'H', "they were as restless before: {said}");
    }
}

/// Three pods, or as many as `max` allows, and a queue of which each may have ten messages.
fn queue(max: u32, length: impl Fn(usize) -> f64) -> Trial {
    let spec = Spec::External {
        name: "queue".to_owned(),
        target: Target::AverageValue("10".parse().unwrap()),
    };
    let mut scene = since(|_| 1.05, |_| 3.0)
        .limits(2, max)
        .metrics(vec![cpu(70), spec]);
    scene.insert(Metric::Trigger(1), TWO_WEEKS, |at| match at > MORNING {
        true => length(at - MORNING - 1),
        false => 29.0,
    });
    Trial::of(scene, MORNING, PROBATION)
}

#[test]
fn a_queue_that_rises_degrades_where_the_old_settings_had_more_pods() {
    let thirds = |first: f64, last: f64| move |at: usize| if at < 6 { first } else { last };
    let cases = [
        (10, 30.0, 50.0, 'D'),
        (10, 30.0, 44.0, 'H'),
        // It is still as short as it should be.
        (10, 10.0, 32.0, 'H'),
        // The old settings had no more.
        (3, 30.0, 50.0, 'H'),
    ];
    for (max, first, last, expected) in cases {
        let trial = queue(max, thirds(first, last));
        let (verdict, said) = trial.said();
        assert_eq!(verdict, expected, "{max} {first} {last}: {said}");
        let begins = "external metric queue rose from 30.0";
        assert_eq!(said.starts_with(begins), expected == 'D', "{said}");
    }
}

#[test]
fn a_maximum_that_is_too_low_degrades() {
    let mut trial = switched(((2, 12), 70), ((2, 3), 70), workday, MORNING);
    trial.steps = 24;
    let (verdict, said) = trial.said();
    assert_eq!(verdict, 'D', "{said}");
    assert!(said.contains("replicas are at the maximum of 3"), "{said}");
    assert!(said.contains("shortfall was"), "{said}");
}

#[test]
fn a_target_that_is_too_high_degrades() {
    let mut trial = switched(((2, 12), 70), ((2, 12), 195), workday, MORNING);
    trial.steps = 24;
    let (verdict, said) = trial.said();
    assert_eq!(verdict, 'D', "{said}");
    assert!(said.starts_with("shortfall was"), "{said}");
}

#[test]
fn a_shortfall_that_is_as_long_but_deeper_degrades() {
    let mut scene = Scene::new(|_| 2.8, |at| if at > MORNING { 3.0 } else { 5.0 })
        .limits(2, 10)
        .target(180);
    scene.insert(Metric::CpuBurst, 2 * DAY, |_| 2.0);
    let (verdict, said) = Trial::of(scene.clone(), MORNING, PROBATION)
        .limits_were(5, 10)
        .said();
    // Bursts of 5.6 cores for 45 minutes, on three pods instead of five; 1 % of the load and the
    // worst step are allowed.
    let expected = "shortfall was 117.0 core-minutes since the change and would have been 27.0 \
                    core-minutes under the old settings on the same load, which is more than the \
                    11.3 core-minutes that is allowed";
    assert_eq!((verdict, said.as_str()), ('D', expected));
    // With five pods before and since there is nothing to tell.
    scene.insert(Metric::ReadyReplicas, TWO_WEEKS, |_| 5.0);
    let same = Trial::of(scene.limits(5, 10), MORNING, PROBATION).said();
    assert_eq!(same.0, 'H', "{}", same.1);
}

#[test]
fn shortfall_that_the_replay_never_told_is_no_harm() {
    // Two pods fail at ten in the morning, for a quarter of an hour.
    let failing = |at: usize| (122..125).contains(&(at % DAY));
    let scene = |first: usize| {
        let ready = move |at| if failing(at) && at > first { 3.0 } else { 5.0 };
        let usage = move |at| f64::min(3.0, ready(at));
        Scene::new(usage, ready).limits(5, 10).target(180)
    };
    for (first, expected, allowed) in [(0, 'H', 20.0), (MORNING, 'D', 5.0)] {
        let trial = Trial::of(scene(first), MORNING, PROBATION);
        let (verdict, said) = trial.said();
        assert_eq!(verdict, expected, "{said}");
        let found = trial.verify().measured.allowed_extra_shortfall_minutes;
        assert_eq!(found, Some(allowed));
    }
}

/// Load that leaps from half a core to six at ten in the morning for two hours, on pods that take
/// ten minutes to start; a minimum of eight until the midnight before, of two from there.
fn leaping() -> Trial {
    let changed = 13 * DAY;
    let leaps = |at: usize| (120..144).contains(&(at % DAY));
    let ready = move |at: usize| match (at > changed, leaps(at), at % DAY) {
        (false, _, _) => 8.0,
        (true, true, 120 | 121) => 2.0,
        (true, true, 122 | 123) => 6.0,
        (true, true, _) => 9.0,
        (true, false, _) => 2.0,
    };
    let load = |at: usize| if leaps(at) { 5.4 } else { 0.5 };
    let mut scene = Scene::new(move |at| f64::min(load(at), ready(at)), ready).limits(2, 10);
    scene.workload().startup_seconds = vec![600.0];
    Trial::of(scene, changed, 144).limits_were(8, 10)
}

#[test]
fn a_minimum_cut_below_a_peak_degrades_when_the_peak_comes() {
    let mut trial = leaping();
    let (verdict, said) = trial.said();
    assert_eq!(verdict, 'D', "{said}");
    assert!(said.contains("shortfall was"), "{said}");
    let measured = trial.verify().measured;
    assert!(measured.saturated_minutes >= 10.0, "{measured:?}");
    // Before it comes nothing speaks against it, nor for it.
    trial.steps = 100;
    let (verdict, said) = trial.said();
    assert_eq!(verdict, 'I', "{said}");
    assert!(said.starts_with("no daily peak was seen yet"), "{said}");
}

#[test]
fn a_minimum_that_was_too_high_is_verified_with_what_it_saves() {
    let mut trial = switched(
        ((8, 12), 70),
        ((2, 12), 70),
        |at| 0.4 + 1.4 * daily(at),
        MORNING,
    );
    trial.steps = 36;
    let found = trial.verify();
    let Verdict::Healthy { detail } = &found.verdict else {
        panic!("{found:?}");
    };
    let measured = &found.measured;
    let saving = measured.saving.unwrap();
    let old = measured.old_settings.as_ref().unwrap();
    // Eight pods for three hours.
    assert_eq!(old.replica_hours.hours(), 24.0);
    let observed = measured.observed.replica_hours.hours();
    assert!((15.0..19.0).contains(&observed), "{observed}");
    assert_eq!(saving.replica_hours.hours(), rounded(24.0 - observed));
    let said = format!(
        "instead of 24.00 under the old settings on the same load ({:.0} % saved",
        100.0 * saving.share
    );
    assert!(detail.contains(&said), "{detail}");
    let check = found.check();
    assert_eq!(check.measured["saving"]["basis"], "measured");
    assert_eq!(check.measured["oldSettings"]["replicaHours"], 24.0);
    assert_eq!(check.verdict, found.verdict);
}

#[test]
fn nothing_is_verified_before_a_peak_was_seen_or_a_day_has_passed() {
    // From ten in the evening of a day that is as any other, or of one without a peak.
    let evening = 12 * DAY + 264;
    let lower = |at: usize| 0.6 + if at > evening { 1.0 } else { 2.0 } * daily(at);
    let scene = || Scene::followed(2, 10, lower);
    let cases = [(PROBATION, 'I'), (240, 'I'), (287, 'I'), (288, 'H')];
    for (steps, expected) in cases {
        let (verdict, said) = Trial::of(scene(), evening, steps).said();
        assert_eq!(verdict, expected, "{steps} {said}");
    }
    let usual = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
    // 90 % of 2.6 cores at twenty to ten.
    for (steps, expected) in [(135, 'I'), (146, 'H')] {
        let (verdict, said) = Trial::of(usual.clone(), evening, steps).said();
        assert_eq!(verdict, expected, "{steps} {said}");
    }
}

#[test]
fn too_few_samples_are_waited_for() {
    for (steps, expected) in [(0, 'I'), (2, 'I'), (3, 'H')] {
        let (verdict, said) = Trial::of(since(|_| 1.05, |_| 3.0), MORNING, steps).said();
        assert_eq!(verdict, expected, "{steps} {said}");
    }
    let two = Trial::of(since(|_| 1.05, |_| 3.0), MORNING, 2).said().1;
    assert_eq!(two, "2 of 3 samples");
    let down = Trial::of(since(|_| 0.0, |_| 0.0), MORNING, PROBATION).said();
    let said = "0 of 3 samples, and no pod was ready in 9 more";
    assert_eq!(down, ('I', said.to_owned()));
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let trial = || Trial::of(since(|_| 1.05, |_| 3.0), MORNING, PROBATION);
    let gap = trial()
        .gap(&Metric::CpuUsage, MORNING + 1..TWO_WEEKS)
        .said();
    let said = "nothing is known of the 45 min since hpa/web in namespace shop was changed";
    assert_eq!(gap, ('E', said.to_owned()));
    let mut none = trial();
    none.scene.history = History::default();
    none.scene.insert(Metric::CpuUsage, TWO_WEEKS, |_| 1.0);
    let said = "no sample of the load of hpa/web in namespace shop is known \
                (ready_replicas: utilization and cost cannot be told)";
    assert_eq!(none.said(), ('E', said.to_owned()));
    // Three samples may yet come.
    let mut soon = trial().gap(&Metric::CpuUsage, MORNING + 1..TWO_WEEKS);
    soon.steps = 3;
    assert_eq!(soon.said().0, 'I');
}

#[test]
fn nothing_is_verified_on_half_of_the_samples_or_on_old_ones() {
    let trial = || Trial::of(since(|_| 1.05, |_| 3.0), MORNING, 36);
    let first = MORNING + 1;
    for (gap, expected) in [(10, 'I'), (9, 'H')] {
        let (verdict, said) = trial().gap(&Metric::CpuUsage, first..first + gap).said();
        assert_eq!(verdict, expected, "{gap} {said}");
    }
    for (gap, expected) in [(5, 'I'), (4, 'H')] {
        let (verdict, said) = trial()
            .gap(&Metric::CpuUsage, first + 36 - gap..TWO_WEEKS)
            .said();
        assert_eq!(verdict, expected, "{gap} {said}");
    }
}

#[test]
fn a_history_that_ends_early_is_known_to_miss_samples() {
    let mut trial = Trial::of(since(|_| 1.05, |_| 3.0), TWO_WEEKS - 10, 60);
    let (verdict, said) = trial.said();
    assert_eq!(
        (verdict, said.as_str()),
        ('I', "only 15 % of the time since the change is known")
    );
    trial.at = TWO_WEEKS + 40;
    let (verdict, said) = trial.said();
    assert_eq!(verdict, 'E', "{said}");
}

#[test]
fn replicas_that_nobody_can_explain_are_not_compared() {
    // Six pods by day and nine by night, whatever the load; two since.
    let odd = |at: usize| match (at > MORNING, at % DAY < 144) {
        (true, _) => 2.0,
        (false, true) => 6.0,
        (false, false) => 9.0,
    };
    let scene = Scene::new(|at| if at > MORNING { 1.6 } else { 1.0 }, odd).target(150);
    let trial = Trial::of(scene, MORNING, PROBATION);
    let found = trial.verify();
    let why = found.measured.not_compared.clone().unwrap();
    assert!(
        why.starts_with("a replay of the old settings does not explain"),
        "{why}"
    );
    assert_eq!(found.measured.old_settings, None);
    let Verdict::Healthy { detail } = found.verdict else {
        panic!("{found:?}");
    };
    assert!(
        detail.contains("by the quick checks alone: a replay"),
        "{detail}"
    );
}

#[test]
fn without_a_day_before_the_quick_checks_alone_decide() {
    let young = |usage: f64| {
        let usage = move |at: usize| if at > 100 { usage } else { 1.05 };
        Trial::of(Scene::of_length(DAY, usage, |_| 3.0), 100, PROBATION)
    };
    let (verdict, said) = young(1.4).said();
    assert_eq!(verdict, 'D', "{said}");
    assert!(said.ends_with("; 70 % before the change"), "{said}");
    let found = young(1.1).verify();
    let said = "only 8.4 h before the change are known, of 24 h";
    assert_eq!(found.measured.not_compared.as_deref(), Some(said));
    // Nor is it known what a peak is.
    assert!(matches!(found.verdict, Verdict::Inconclusive { .. }));
}

#[test]
fn objectives_decide_with_the_rest() {
    let trial = |value, before| {
        Trial::of(since(|_| 1.05, |_| 3.0), MORNING, PROBATION).objective(
            "p99=x < 0.3",
            value,
            before,
        )
    };
    let cases = [
        (Ok(Some(0.2)), None, 'H', "in 45 min since"),
        (
            Ok(Some(0.4)),
            None,
            'D',
            "SLO p99 is not met: 0.4 is not < 0.3",
        ),
        (
            Ok(Some(0.4)),
            Some(0.2),
            'D',
            "SLO p99 is not met: 0.4 is not < 0.3",
        ),
        (
            Ok(Some(0.4)),
            Some(0.35),
            'D',
            "SLO p99 is not met: 0.4 is not < 0.3",
        ),
        (
            Ok(Some(0.4)),
            Some(0.4),
            'I',
            "SLO p99 is not met: 0.4 is not < 0.3, nor was it before with 0.4",
        ),
        (Ok(None), None, 'I', "SLO p99 has no data"),
        (Ok(Some(f64::NAN)), None, 'I', "SLO p99 has no data"),
        (
            Err("status 503"),
            None,
            'E',
            "SLO p99 could not be measured: status 503",
        ),
    ];
    for (value, before, verdict, said) in cases {
        let found = trial(value, before).said();
        assert_eq!(found.0, verdict, "{said}");
        assert!(found.1.starts_with(said), "{}", found.1);
    }
    // What was measured to be bad is bad, whatever could not be measured.
    let both = trial(Err("status 503"), None).objective("up=y >= 1", Ok(Some(0.0)), None);
    assert_eq!(
        both.said(),
        ('D', "SLO up is not met: 0 is not >= 1".to_owned())
    );
}

#[test]
fn the_same_settings_are_never_harm() {
    let mut compared = 0;
    for (limits, target, noise) in [
        ((2, 12), 70, 0.05),
        ((2, 12), 85, 0.1),
        ((2, 5), 70, 0.08),
        ((3, 16), 160, 0.08),
        // Saturated every noon.
        ((2, 3), 70, 0.05),
    ] {
        for seed in 1..3 {
            let scene = controlled(limits, target, workday, noise, seed);
            for (at, steps) in [(9, 9), (100, 60), (130, 9), (150, 24), (240, 250)] {
                let trial = Trial::of(scene.clone(), 10 * DAY + at, steps);
                let found = trial.verify();
                compared += usize::from(found.measured.old_settings.is_some());
                let is_degraded = matches!(found.verdict, Verdict::Degraded { .. });
                let case = format!("{limits:?} {target} {noise} {seed} {at} {steps}");
                assert!(!is_degraded, "{case}: {found:?}");
            }
        }
    }
    // The comparison was not left out.
    assert_eq!(compared, 50);
}

#[test]
fn nothing_is_judged_in_the_step_in_which_the_change_came() {
    let mut trial = Trial::of(since(|_| 1.05, |_| 3.0), MORNING, PROBATION);
    let grid = trial.scene.history.grid().unwrap();
    let second = SignedDuration::from_secs(1);
    let samples = |trial: &Trial, applied| {
        let now = grid.time(MORNING + PROBATION);
        let input = Input {
            autoscaler: &trial.scene.subject.autoscaler,
            old: &trial.old,
            workload: trial.scene.subject.workload.as_ref().unwrap(),
            history: &trial.scene.history,
            applied,
            now,
            margins: Margins::default(),
            objectives: &[],
        };
        let window = Window::of(&input);
        (window.before.end, window.since)
    };
    let at = grid.time(MORNING);
    trial.steps = PROBATION;
    let end = MORNING + PROBATION + 1;
    assert_eq!(samples(&trial, at), (MORNING + 1, MORNING + 1..end));
    assert_eq!(
        samples(&trial, at + second),
        (MORNING + 1, MORNING + 2..end)
    );
    assert_eq!(samples(&trial, at - second), (MORNING, MORNING + 1..end));
}

proptest::proptest! {
    #[test]
    fn any_time_and_any_history_is_judged(
        values in proptest::collection::vec(proptest::option::of(-1.0..20.0_f64), 0..40),
        ready in proptest::collection::vec(proptest::option::of(0.0..9.0_f64), 0..40),
        applied in proptest::num::i32::ANY,
        now in -20_000..20_000_i64,
    ) {
        let mut trial = Trial::of(since(|_| 1.0, |_| 3.0), 0, 0);
        let grid = crate::analysis::testing::grid(values.len());
        let start = grid.start();
        trial.scene.history = History::default();
        let series = Series::from_values(grid, values);
        trial.scene.history.insert(Metric::CpuUsage, series);
        let grid = crate::analysis::testing::grid(ready.len());
        trial.scene.history.insert(Metric::ReadyReplicas, Series::from_values(grid, ready));
        let found = verify(&Input {
            autoscaler: &trial.scene.subject.autoscaler,
            old: &trial.old,
            workload: trial.scene.subject.workload.as_ref().unwrap(),
            history: &trial.scene.history,
            applied: start + SignedDuration::from_secs(i64::from(applied) % 20_000),
            now: start + SignedDuration::from_secs(now),
            margins: Margins::default(),
            objectives: &[],
        });
        proptest::prop_assert!(found.measured.coverage <= 1.0);
        proptest::prop_assert!(found.check().measured.is_object());
    }
}
