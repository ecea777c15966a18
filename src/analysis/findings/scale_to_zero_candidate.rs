//! `scale-to-zero-candidate`: for hours of most days nothing is there to do, and pods are kept all the
//! same.

use super::past::Past;
use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::Sample;
use crate::autoscaler::{AutoscalerKind, Metric as Spec};
use crate::history::Metric;
use crate::keda::objects::Trigger;
use crate::lint::query::selects_pods_of;

/// Usage of a pod in percent of its request that a program has for being there: probes, garbage
/// collection, looking for work.
const RESTING: f64 = 5.0;
/// A shorter pause is over before the cooldown and the next start are worth it.
const PAUSE_HOURS: f64 = 1.0;
/// A quarter of the day: a night, without its edges.
const HOURS_A_DAY: f64 = 6.0;
/// Days with so many hours. Weekends alone are four of two weeks, and rather for a schedule.
const DAYS: usize = 5;
/// Requests per second that are none: a probe every minute or so.
const NO_REQUESTS: f64 = 0.02;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let min = case.today.min_replicas.0;
    // Who wants pods to stay while nodes are drained wants them to be there.
    if min == 0 || case.workload.disruption_budget.is_some() {
        return None;
    }
    let resting = match case.autoscaler().id.kind {
        AutoscalerKind::ScaledObject => without_triggers(case)?,
        AutoscalerKind::HorizontalPodAutoscaler => without_work(case)?,
        AutoscalerKind::ScaledJob => return None,
    };
    let days = hours_by_day(case, &resting);
    let long: Vec<f64> = days.into_iter().filter(|it| *it >= HOURS_A_DAY).collect();
    if long.len() < DAYS {
        return None;
    }
    let hours: f64 = long.iter().sum();
    let (a_day, all) = (hours / long.len() as f64, case.days().round());
    let count = long.len();
    let message = format!(
        "nothing to do for {a_day:.0} h a day on {count} of {all} days, in which {min} {} kept all \
         the same",
        if min == 1 { "pod is" } else { "pods are" }
    );
    let finding = Finding::new(Code::ScaleToZeroCandidate, Severity::Info, message)
        .count("restingDays", count)
        .number("restingHoursPerDay", a_day)
        .number("restingPercentOfRequest", RESTING)
        .count("minReplicas", min as usize)
        .number(
            "replicaHoursSavedPerDay",
            hours * f64::from(min) / case.days(),
        )
        .fix(fix(case));
    Some(finding)
}

fn fix(case: &Case<'_>) -> String {
    if case.autoscaler().keda.is_some() {
        return "set minReplicaCount to 0, or keep it and set idleReplicaCount to 0; the first \
                work after a pause then waits for a poll and a pod"
            .to_owned();
    }
    let of_work = "a metric of what waits for it, such as a queue or an ingress: a pod that is not \
                   there has no usage";
    format!(
        "if nobody needs an answer in these hours: make it a ScaledObject with minReplicaCount 0 and \
         {of_work}; on Kubernetes 1.37 and later minReplicas 0 with an Object or External metric does \
         it too"
    )
}

/// Samples of the load in which no trigger was active and the pods did nothing else either. `None`
/// where the triggers cannot start a pod at zero, or are not known.
fn without_triggers(case: &Case<'_>) -> Option<Vec<bool>> {
    let (settings, history) = (case.settings, case.history);
    let past = Past::of(case.subject, history, Some(case.load), settings, case.now)?;
    let target = &past.scaled.spec.target.name;
    let wakes = |it: &Trigger| it.kind != "cron" && !is_own(it, target);
    let mut triggers = past.triggers.iter().map(|it| it.written);
    if past.reaches_zero() || past.has_formula() || !triggers.any(wakes) {
        return None;
    }
    let active = past.active();
    let is_quiet = |at: usize| {
        let time = case.load.grid.time(at);
        let place = past.grid.index_of(time)?.checked_sub(past.window.start)?;
        active.get(place).copied().flatten().map(|it| !it)
    };
    let rests = |it: &Sample| it.utilization().is_some_and(|it| it <= RESTING);
    Some(resting(case, |at, sample| {
        rests(sample) && is_quiet(at) == Some(true)
    }))
}

/// Whether a trigger reads what the pods themselves report, which is nothing at zero.
fn is_own(trigger: &Trigger, target: &str) -> bool {
    let query = trigger.metadata.get("query");
    query.is_some_and(|it| selects_pods_of(it, target).is_some())
}

/// Samples in which all pods together used next to nothing of what one requests, and whatever else is
/// measured was zero. `None` where a metric is not known.
fn without_work(case: &Case<'_>) -> Option<Vec<bool>> {
    let mut others = vec![];
    for (index, metric) in case.autoscaler().metrics.iter().enumerate() {
        match metric {
            Spec::Resource { .. } | Spec::ContainerResource { .. } => {}
            Spec::Pods { .. } | Spec::Object { .. } | Spec::External { .. } => {
                let index = u32::try_from(index).ok()?;
                others.push((case.history.get(&Metric::Trigger(index))?, 0.0));
            }
        }
    }
    let requests = case.history.get(&Metric::RequestsPerSecond);
    others.extend(requests.map(|it| (it, NO_REQUESTS)));
    let rests = |it: &Sample| {
        let request = it.request.unwrap_or(0.0);
        it.usage * 100.0 <= RESTING * request && it.seen_peak() < request
    };
    Some(resting(case, |at, sample| {
        let time = case.load.grid.time(at);
        let is_none = |(series, most): &(&crate::series::Series, f64)| {
            series.at(time).is_some_and(|it| it <= *most)
        };
        rests(sample) && others.iter().all(is_none)
    }))
}

fn resting(case: &Case<'_>, rests: impl Fn(usize, &Sample) -> bool) -> Vec<bool> {
    let samples = case.load.samples.iter().enumerate();
    samples
        .map(|(at, it)| it.as_ref().is_some_and(|it| rests(at, it)))
        .collect()
}

/// The hours of each day, in UTC, that are in pauses worth a start. A sample stands for the step
/// before it.
fn hours_by_day(case: &Case<'_>, resting: &[bool]) -> Vec<f64> {
    let grid = case.load.grid;
    let mut days = std::collections::BTreeMap::new();
    let mut start = 0;
    for run in resting.chunk_by(|a, b| a == b) {
        if run[0] && case.hours(run.len()) >= PAUSE_HOURS {
            for at in start..start + run.len() {
                let begin = grid.time(at).as_second() - i64::from(grid.step().seconds());
                *days.entry(begin.div_euclid(86_400)).or_insert(0_usize) += 1;
            }
        }
        start += run.len();
    }
    days.into_values().map(|it| case.hours(it)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::analysis::testing::{DAY, REQUEST, Scene};
    use crate::autoscaler::workload::DisruptionBudget;
    use crate::autoscaler::{Resource, Target};

    /// Asleep for `hours` of each of the first `days`, with `percent` of one request used then.
    fn hpa(hours: usize, days: usize, percent: f64) -> Scene {
        let usage = move |at| {
            if rests(at, hours, days) {
                REQUEST * percent / 100.0
            } else {
                1.3
            }
        };
        Scene::new(
            usage,
            move |at| if rests(at, hours, days) { 2.0 } else { 4.0 },
        )
    }

    fn rests(at: usize, hours: usize, days: usize) -> bool {
        at / DAY < days && at % DAY < hours * 12
    }

    #[test]
    fn an_hpa_with_idle_nights_is_a_candidate() {
        let table = [
            (6, 14, 4.9, true),
            (6, 5, 4.9, true),
            (6, 4, 4.9, false),
            (5, 14, 4.9, false),
            (6, 14, 5.1, false),
        ];
        for (hours, days, percent, expected) in table {
            let found = hpa(hours, days, percent).find(Code::ScaleToZeroCandidate);
            assert_eq!(found.is_some(), expected, "{hours} {days} {percent}");
            assert!(found.is_none_or(|it| it.severity == Severity::Info));
        }
    }

    #[test]
    fn it_says_what_is_kept_for_nothing() {
        let found = hpa(7, 14, 1.0).find(Code::ScaleToZeroCandidate).unwrap();
        assert_eq!(
            found.message,
            "nothing to do for 7 h a day on 14 of 14 days, in which 2 pods are kept all the same"
        );
    }

    #[test]
    fn whoever_needs_its_pods_is_none() {
        let mut guarded = hpa(8, 14, 1.0);
        guarded.workload().disruption_budget = Some(DisruptionBudget {
            name: "web".to_owned(),
            min_available: Some("1".to_owned()),
            max_unavailable: None,
        });
        assert_eq!(guarded.find(Code::ScaleToZeroCandidate), None);
        let mut asked = hpa(8, 14, 1.0);
        asked.insert(Metric::RequestsPerSecond, asked.len(), |_| 0.1);
        assert_eq!(asked.find(Code::ScaleToZeroCandidate), None);
        asked.insert(Metric::RequestsPerSecond, asked.len(), |_| 0.0);
        assert!(asked.find(Code::ScaleToZeroCandidate).is_some());
        let queue = Spec::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("10".parse().unwrap()),
        };
        let cpu = Spec::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(70),
        };
        let mut unknown = hpa(8, 14, 1.0).metrics(vec![cpu, queue]);
        assert_eq!(unknown.find(Code::ScaleToZeroCandidate), None);
        unknown.insert(Metric::Trigger(1), unknown.len(), |at| {
            if rests(at, 8, 14) { 0.0 } else { 30.0 }
        });
        assert!(unknown.find(Code::ScaleToZeroCandidate).is_some());
    }

    /// A queue that is empty for eight hours a day.
    fn scaled(spec: Value) -> Scene {
        let work = |at| if rests(at, 8, 14) { 0.0 } else { 30.0 };
        let mut scene = Scene::triggered(spec, work);
        let usage = |at| if rests(at, 8, 14) { 0.02 } else { 1.0 };
        scene.insert(Metric::CpuUsage, scene.len(), usage);
        scene
    }

    #[test]
    fn a_scaled_object_that_could_wake_by_its_triggers_is_a_candidate() {
        let own = || {
            let mut trigger = Scene::trigger("10", "0");
            trigger["metadata"]["query"] = json!("sum(rate(requests{app=\"web\"}[2m]))");
            trigger
        };
        let cron = json!({"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *",
            "end": "0 18 * * *", "desiredReplicas": "3"}});
        let table = [
            (json!({"minReplicaCount": 1}), true),
            (json!({"minReplicaCount": 2}), true),
            (json!({"minReplicaCount": 0}), false),
            (json!({"minReplicaCount": 1, "idleReplicaCount": 0}), false),
            (json!({"minReplicaCount": 1, "triggers": [own()]}), false),
            (json!({"minReplicaCount": 1, "triggers": [cron]}), false),
        ];
        for (spec, expected) in table {
            let found = scaled(spec.clone()).find(Code::ScaleToZeroCandidate);
            assert_eq!(found.is_some(), expected, "{spec}");
        }
    }

    #[test]
    fn pods_that_work_without_their_triggers_stay() {
        let mut scene = scaled(json!({"minReplicaCount": 1}));
        scene.insert(Metric::CpuUsage, scene.len(), |_| 0.3);
        assert_eq!(scene.find(Code::ScaleToZeroCandidate), None);
    }
}
