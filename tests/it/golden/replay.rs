//! The traces once more, by the way that replays take: pods counted instead of listed, and syncs
//! skipped that cannot differ.

mod expressed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use stepscale::autoscaler::{Metric, Target};
use stepscale::sim::demand::Segment;
use stepscale::sim::replay::{Replay, Setup, Step};
use stepscale::sim::settings::Settings;
use stepscale::sim::sync::Explained;

use self::expressed::{Expressed, Loads};
use super::compare;
use super::trace::{Trace, named};

/// How many traces were replayed, by each kind of metric, and how many were not, by the reason.
#[derive(Default)]
pub(super) struct Coverage(Mutex<BTreeMap<String, usize>>);

impl Coverage {
    pub(super) fn lines(&self) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let line = |(what, traces): (&String, &usize)| format!("{traces} traces {what}");
        all.iter().map(line).collect()
    }

    fn add(&self, what: String) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    fn add_replayed(&self, settings: &Settings, ticks: usize, all: usize) {
        let kinds: BTreeSet<_> = settings.metrics.iter().map(kind).collect();
        for kind in kinds {
            self.add(format!("replayed with {kind}"));
        }
        if ticks < all {
            self.add("replayed up to their first event".to_owned());
        }
    }
}

fn kind(metric: &Metric) -> String {
    let (source, target) = match metric {
        Metric::Resource { resource, target } => (resource.to_string(), target),
        Metric::ContainerResource {
            resource, target, ..
        } => (format!("{resource} of a container"), target),
        Metric::Pods { target, .. } => ("a Pods metric".to_owned(), target),
        Metric::Object { target, .. } => ("an Object metric".to_owned(), target),
        Metric::External { target, .. } => ("an External metric".to_owned(), target),
    };
    let target = match target {
        Target::Utilization(_) => "utilization",
        Target::AverageValue(_) => "average value",
        Target::Value(_) => "value",
    };
    format!("{source}, {target}")
}

/// What one sync decided.
#[derive(Debug, PartialEq)]
struct Decided {
    current: i32,
    recommendation: Option<i32>,
    reason: Option<String>,
    is_error: bool,
}

pub(super) fn check(trace: &Trace, coverage: &Coverage) -> (usize, Vec<String>) {
    let flags = trace.controller.flags();
    let settings = trace.hpa.spec.settings(&flags);
    let expressed = match Expressed::of(trace, &settings, &flags) {
        Ok(expressed) => expressed,
        Err(why) => {
            coverage.add(format!("left out for {why}"));
            return (0, Vec::new());
        }
    };
    coverage.add_replayed(&settings, expressed.ticks, trace.ticks);
    let setup = Setup {
        settings: &settings,
        flags: &flags,
        pods: expressed.pods,
        inputs: &expressed.inputs,
        floors: &[],
        headroom: 0.0,
    };
    let replay = Replay::new(setup, trace.plant.initial_replicas, trace.start);
    let mut differences = Vec::new();
    let slow = by_sync(replay.clone(), trace, &expressed, &mut differences);
    agree(trace, &slow, "sync by sync", &mut differences);
    // What a queue holds depends on the pods, so that no two syncs are known to be alike.
    if !trace.plant.has_queue() {
        let fast = by_run(replay, trace, &expressed);
        agree(trace, &fast, "with syncs skipped", &mut differences);
    }
    (expressed.ticks, differences)
}

fn agree(trace: &Trace, found: &[Decided], way: &str, differences: &mut Vec<String>) {
    let expected = &trace.expected;
    let differing = found.iter().enumerate().find_map(|(tick, found)| {
        let expected = Decided {
            current: expected.current_replicas[tick],
            recommendation: expected.recommendation[tick],
            reason: named(&expected.reason_table, expected.reasons[tick]).map(str::to_owned),
            is_error: expected.errors[tick] >= 0,
        };
        (*found != expected).then(|| format!("{way}, tick {tick}: {found:?}, not {expected:?}"))
    });
    differences.extend(differing);
}

/// Every sync on its own, with how many pods serve.
fn by_sync(
    mut replay: Replay<'_>,
    trace: &Trace,
    expressed: &Expressed,
    differences: &mut Vec<String>,
) -> Vec<Decided> {
    let settings = trace_settings(trace);
    let mut backlog = 0;
    let mut serving = Vec::with_capacity(expressed.ticks);
    let mut found = Vec::with_capacity(expressed.ticks);
    for tick in 0..expressed.ticks {
        serving.push(replay.serving());
        if let Some(service) = trace.plant.queue_service_per_pod_per_tick {
            backlog += trace.series.at(tick).arrivals;
            backlog -= backlog.min(replay.serving() * service);
        }
        let loads = expressed.loads(trace, tick, backlog);
        replay.run(&segment(&loads, 1), &loads.others, |step| {
            found.push(decided(step, &settings));
        });
    }
    let mut expected = serving.iter().zip(&trace.expected.ready_pods);
    let differs = expected.position(|(found, expected)| found != expected);
    compare(
        differences,
        "first tick with other serving pods",
        &differs,
        &None,
    );
    found
}

/// Equal loads in a row as one segment, so that there is something to skip.
fn by_run(mut replay: Replay<'_>, trace: &Trace, expressed: &Expressed) -> Vec<Decided> {
    let settings = trace_settings(trace);
    let loads = (0..expressed.ticks).map(|tick| expressed.loads(trace, tick, 0));
    let loads: Vec<_> = loads.collect();
    let mut found = Vec::with_capacity(expressed.ticks);
    for run in loads.chunk_by(|a, b| a == b) {
        let ticks = u32::try_from(run.len()).unwrap();
        replay.run(&segment(&run[0], ticks), &run[0].others, |step| {
            found.extend((0..step.syncs).map(|_| decided(step, &settings)));
        });
    }
    found
}

fn trace_settings(trace: &Trace) -> Settings {
    trace.hpa.spec.settings(&trace.controller.flags())
}

fn segment(loads: &Loads, ticks: u32) -> Segment {
    Segment {
        ticks,
        demand: loads.demand,
        peak: loads.demand.unwrap_or(0),
    }
}

fn decided(step: &Step, settings: &Settings) -> Decided {
    let explained = Explained {
        reason: step.plan.reason,
        metrics: &settings.metrics,
    };
    let reason = step.plan.scale_to().map(|_| explained.to_string());
    Decided {
        current: step.plan.current,
        recommendation: step.plan.recommendation,
        reason,
        is_error: step.plan.error.is_some(),
    }
}
