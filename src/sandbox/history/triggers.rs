//! What was before the sandbox began: the past of the fleet, and of the sources of KEDA's triggers.

use jiff::Timestamp;
use serde_json::Value;

use super::past::Past;
use super::{Labels, Matcher, Sample, Samples, Span, Test};
use crate::keda::trigger::{self, MetricSource, TriggerSource};
use crate::sandbox::twin::keda::feed::{TOLD_EVERY, TriggerTrace};

/// The series of a trigger's value; its labels are `namespace`, `object` and `trigger`.
pub(crate) const SERIES: &str = "sandbox_trigger_value";

/// What KEDA's operator tells of a trigger's value.
pub(crate) const VALUES: &str = "keda_scaler_metrics_value";

/// A trigger as KEDA's operator tells of it, scraped by a Prometheus that keeps its own label
/// `namespace` for where it scrapes.
pub(crate) struct Told<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) object: &'a str,
    /// Its place among all triggers.
    pub(crate) index: &'a str,
    pub(crate) scaler: &'a str,
    pub(crate) metric: &'a str,
    /// `scaledobject` or `scaledjob`.
    pub(crate) kind: &'a str,
}

impl<'a> Told<'a> {
    pub(crate) fn labels(&self) -> [(&'static str, &'a str); 7] {
        [
            ("exported_namespace", self.namespace),
            ("metric", self.metric),
            ("namespace", "keda"),
            ("scaledObject", self.object),
            ("scaler", self.scaler),
            ("triggerIndex", self.index),
            ("type", self.kind),
        ]
    }
}

/// What selects the value of a trigger.
pub(crate) fn matchers(namespace: &str, object: &str, trigger: usize) -> Vec<Matcher> {
    let trigger = trigger.to_string();
    let all = [
        ("__name__", SERIES),
        ("namespace", namespace),
        ("object", object),
        ("trigger", &trigger),
    ];
    let equal = all.map(|(name, value)| Matcher::new(name, Test::Equal, value));
    // A test for equality needs no pattern, which alone could be refused.
    equal.into_iter().filter_map(Result::ok).collect()
}

/// All that was before `until`.
#[derive(Debug)]
pub(crate) struct Before {
    past: Past,
    traces: Vec<Traced>,
    until: Timestamp,
}

/// A trace with the series that tell it.
#[derive(Debug)]
struct Traced {
    trace: TriggerTrace,
    series: Vec<Labels>,
}

impl Before {
    /// `objects` are those of the fleet, which say what the triggers are; without KEDA nobody told
    /// of them in its words.
    pub(crate) fn new(
        past: Past,
        traces: Vec<TriggerTrace>,
        objects: &[Value],
        has_keda: bool,
        until: Timestamp,
    ) -> Self {
        let traced = |trace: TriggerTrace| {
            let by_keda = told_by_keda(&trace, objects).filter(|_| has_keda);
            let series = [Some(own(&trace)), by_keda].into_iter().flatten();
            Traced {
                series: series.collect(),
                trace,
            }
        };
        Self {
            past,
            traces: traces.into_iter().map(traced).collect(),
            until,
        }
    }
}

fn own(trace: &TriggerTrace) -> Labels {
    let trigger = trace.trigger.to_string();
    Labels::new([
        ("__name__", SERIES),
        ("namespace", &trace.namespace),
        ("object", &trace.object),
        ("trigger", &trigger),
    ])
}

/// The labels that KEDA gives the trigger; nothing for one that it refuses, or whose metric's name
/// is not known.
fn told_by_keda(trace: &TriggerTrace, objects: &[Value]) -> Option<Labels> {
    let is_it = |it: &&Value| {
        let text = |place: &str| it.pointer(place).and_then(Value::as_str);
        text("/apiVersion").is_some_and(|it| it.starts_with("keda.sh/"))
            && text("/metadata/namespace") == Some(&trace.namespace)
            && text("/metadata/name") == Some(&trace.object)
    };
    let object = objects.iter().find(is_it)?;
    let written = object.pointer(&format!("/spec/triggers/{}", trace.trigger))?;
    let kind = written.get("type")?.as_str()?;
    let source = TriggerSource {
        kind: kind.to_owned(),
        metadata: serde_json::from_value(written.get("metadata")?.clone()).ok()?,
        index: trace.trigger,
        ..TriggerSource::default()
    };
    let MetricSource::External { name } = trigger::read(&source).ok()?.metric?.source else {
        return None;
    };
    let told = Told {
        namespace: &trace.namespace,
        object: &trace.object,
        index: &trace.trigger.to_string(),
        scaler: &format!("{kind}Scaler"),
        metric: &name,
        kind: &object.get("kind")?.as_str()?.to_lowercase(),
    };
    Some(Labels::new(
        told.labels().into_iter().chain([("__name__", VALUES)]),
    ))
}

impl Samples for Before {
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        self.past.visit(matchers, span, each);
        for Traced { trace, series } in &self.traces {
            for labels in series.iter().filter(|it| it.matches(matchers)) {
                let samples = samples(trace, span, self.until);
                if !samples.is_empty() {
                    each(labels, &samples);
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
