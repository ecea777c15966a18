//! What was before the sandbox began: the past of the fleet, and of the sources of KEDA's triggers.

use jiff::Timestamp;

use super::past::Past;
use super::{Labels, Matcher, Sample, Samples, Span};
use crate::sandbox::twin::keda::feed::{TOLD_EVERY, TriggerTrace};

/// The series of a trigger's value; its labels are `namespace`, `object` and `trigger`.
pub(crate) const SERIES: &str = "sandbox_trigger_value";

/// All that was before `until`.
#[derive(Debug)]
pub(crate) struct Before {
    pub(crate) past: Past,
    pub(crate) triggers: Vec<TriggerTrace>,
    pub(crate) until: Timestamp,
}

impl Samples for Before {
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        self.past.visit(matchers, span, each);
        for trace in &self.triggers {
            let trigger = trace.trigger.to_string();
            let labels = Labels::new([
                ("__name__", SERIES),
                ("namespace", &trace.namespace),
                ("object", &trace.object),
                ("trigger", &trigger),
            ]);
            if labels.matches(matchers) {
                let samples = samples(trace, span, self.until);
                if !samples.is_empty() {
                    each(&labels, &samples);
                }
            }
        }
    }
}

/// The values of a trace as it was given, every minute.
fn samples(trace: &TriggerTrace, span: Span, until: Timestamp) -> Vec<Sample> {
    let grid = trace.values.grid();
    if grid.is_empty() {
        return vec![];
    }
    let every = TOLD_EVERY.as_secs();
    let begun = grid.start().as_second() - i64::from(grid.step().seconds());
    let end = grid
        .end()
        .as_second()
        .min(until.as_second().saturating_sub(1));
    // Only as far as is asked for, on whole minutes from the beginning.
    let first = span.first.div_euclid(1000).max(begun);
    let skipped = (first - begun).div_euclid(every);
    let last = span.last.div_euclid(1000).min(end);
    let times = (0..).map(|it| begun + (skipped + it) * every);
    let times = times.take_while(|it| *it <= last);
    let sample = |second: i64| {
        let value = trace.at(Timestamp::from_second(second).ok()?)?;
        let at = second.saturating_mul(1000);
        (at >= span.first).then_some((at, value))
    };
    times.filter_map(sample).collect()
}
