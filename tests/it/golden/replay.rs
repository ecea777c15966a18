//! The traces once more, by the way that replays take: pods counted instead of listed, and syncs
//! skipped that cannot differ.

use stepscale::sim::demand::Segment;
use stepscale::sim::input::Input;
use stepscale::sim::replay::{Replay, Setup};

use super::compare;
use super::trace::Trace;

pub(super) fn check(trace: &Trace) -> (usize, Vec<String>) {
    let flags = trace.controller.flags();
    let settings = trace.hpa.spec.settings(&flags);
    let Some(shape) = trace.plant.shape().filter(|_| trace.is_quiet()) else {
        return (0, Vec::new());
    };
    let replicas = trace.plant.initial_replicas;
    let setup = Setup {
        settings: &settings,
        flags: &flags,
        pods: shape,
        inputs: &[Input::Demand],
        headroom: 0.0,
    };
    let mut replay = Replay::new(setup, replicas, trace.start);
    let mut current = Vec::with_capacity(trace.ticks);
    let mut recommended = Vec::with_capacity(trace.ticks);
    for segment in segments(trace) {
        replay.run(&segment, &[], |step| {
            let syncs = step.syncs as usize;
            current.extend(std::iter::repeat_n(step.plan.current, syncs));
            recommended.extend(std::iter::repeat_n(step.plan.recommendation, syncs));
        });
    }
    let mut differences = Vec::new();
    let expected = &trace.expected;
    let differs = (0..trace.ticks).find(|tick| {
        let found = (current[*tick], recommended[*tick]);
        found
            != (
                expected.current_replicas[*tick],
                expected.recommendation[*tick],
            )
    });
    compare(&mut differences, "first tick that differs", &differs, &None);
    (trace.ticks, differences)
}

/// Equal demand in a row as one segment, so that there is something to skip.
fn segments(trace: &Trace) -> Vec<Segment> {
    let idle = vec![0; trace.ticks];
    let demand = trace.series.cpu_millicores.as_ref().unwrap_or(&idle);
    let segment = |run: &[i64]| Segment {
        ticks: run.len() as u32,
        demand: Some(run[0]),
        peak: run[0],
    };
    demand.chunk_by(|a, b| a == b).map(segment).collect()
}
