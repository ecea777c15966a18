//! The scale loop of a ScaledObject, pass by pass, and the reads of its metrics by an HPA.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::feed::{Triggers, of_schedule};
use super::object::{Fed, Feed, Parts};
use super::reconcile::tell;
use super::status::Status;
use super::words::{self, Step};
use super::{Known, Operator, health, hpa, kind_of};
use crate::autoscaler::Holds;
use crate::sandbox::faults::Faults;
use crate::sandbox::twin::events::Kind as EventKind;
use crate::sandbox::twin::fields::{count, items, stamp, text, time};
use crate::sandbox::twin::meter::Meter;
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sandbox::twin::timers::Due;
use crate::sandbox::twin::world::World;
use crate::sim::keda::condition::{Event, Kind};
use crate::sim::keda::fallback::{self, SourceError, Workload};
use crate::sim::keda::pass::{self, Found, HpaHealth, Pass};
use crate::sim::keda::source::Sources;
use crate::sim::keda::state::{COMPOSITE, ObjectState, Seen};
use crate::sim::keda::status::triggers_activity;
use crate::sim::numbers::after;
use crate::sim::pod::Phase;

/// The shortest polling interval that the API allows.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);

/// What values are read from.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) triggers: &'a Triggers,
    pub(super) faults: &'a Faults,
    pub(super) meter: &'a Meter,
    pub(super) world: &'a World,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    /// What the source of a trigger gives; `None` where it fails. A trigger of which nothing is
    /// told gives what `rest` knows.
    pub(super) fn value(
        self,
        object: &Name,
        fed: &Fed,
        rest: impl FnOnce() -> Option<f64>,
    ) -> Option<f64> {
        if self
            .faults
            .fails(&object.namespace, &object.name, fed.index, self.now)
        {
            return None;
        }
        match &fed.feed {
            Feed::Schedule(cron) => of_schedule(cron, self.now),
            Feed::Told => match self.triggers.told(object, fed.index, self.now) {
                Some(told) => told,
                None => rest(),
            },
        }
    }

    /// What all external triggers of a ScaledObject give.
    fn values(self, object: &Name, known: &Known, parts: &Parts) -> Vec<Option<f64>> {
        let all = parts.fed.iter().zip(&parts.externals);
        all.map(|(fed, external)| {
            self.value(object, fed, || self.of_load(known, parts, &external.metric))
        })
        .collect()
    }

    /// The load of the target that its history has for the HPA's metric of that name.
    fn of_load(self, known: &Known, parts: &Parts, metric: &str) -> Option<f64> {
        let hpa = self.world.get(Of::Hpa, &known.hpa.as_ref()?.name)?;
        let mut metrics = items(hpa, "/spec/metrics").iter();
        let place = metrics.position(|it| text(it, "/external/metric/name") == metric)?;
        let milli = self.meter.total(&parts.target, place)?;
        Some(milli as f64 / 1000.0)
    }
}

fn workload(world: &World, target: &(Of, Name)) -> Workload {
    let object = world.get(target.0, &target.1);
    let replicas = object.map(|it| count(it, "/spec/replicas").unwrap_or(1));
    let own = world.pods().filter(|it| {
        let is_up = it.phase == Phase::Running && it.is_ready();
        is_up && world.root(it) == Some(target)
    });
    Workload {
        replicas: replicas.ok_or(()),
        ready: Ok(own.count() as i64),
    }
}

impl Known {
    /// Lets `act` have the sources, with what they were and are left with.
    fn with_sources<T>(&mut self, parts: &Parts, act: impl FnOnce(&mut Sources<'_>) -> T) -> T {
        let kept = std::mem::take(&mut self.sources);
        let (done, kept) = parts.with_modifiers(|modifiers| {
            let fallback = parts.settings.fallback;
            let mut sources = Sources::resumed(&parts.externals, fallback, modifiers, kept);
            let done = act(&mut sources);
            (done, sources.kept())
        });
        self.sources = kept;
        done
    }

    /// Reads one metric for an HPA, in thousandths.
    ///
    /// # Errors
    /// When there is none of that name, or its source failed and nothing stood in for it.
    pub(super) fn request(
        &mut self,
        reader: Reader<'_>,
        object: &Name,
        metric: &str,
    ) -> Result<i64, SourceError> {
        // While no loop runs nobody answers.
        if self.next_poll.is_none() {
            return Err(SourceError);
        }
        let parts = self.parts.take().ok_or(SourceError)?;
        let values = reader.values(object, self, &parts);
        let workload = workload(reader.world, &parts.target);
        let read = self.with_sources(&parts, |sources| -> Result<i64, SourceError> {
            if metric == COMPOSITE && parts.formula.is_some() {
                return sources.composite(&values, workload)?.ok_or(SourceError);
            }
            let mut names = parts.externals.iter();
            let index = names.position(|it| it.metric.eq_ignore_ascii_case(metric));
            sources.metric(index.ok_or(SourceError)?, &values, workload)
        });
        self.parts = Some(parts);
        self.is_read = true;
        read
    }
}

/// What a pass saw.
struct Passed {
    state: ObjectState,
    seen: Vec<Seen>,
    pass: Pass,
    from: i32,
    to: Option<i32>,
}

impl Operator {
    /// Passes through the loop of an object, if that is due, and says when the next time is.
    pub(super) fn poll(&mut self, stage: &mut Stage, meter: &Meter, name: &Name) {
        let now = stage.now;
        let Some(mut known) = self.objects.remove(name) else {
            return;
        };
        let is_due = known.next_poll.is_some_and(|it| it <= now);
        let parts = known.parts.take();
        if let Some(parts) = parts.as_ref().filter(|_| is_due) {
            let interval = parts.settings.polling_interval.max(SHORTEST);
            let next = after(now, interval);
            known.next_poll = Some(next);
            let due = Due::Poll {
                of: Of::ScaledObject,
                name: name.clone(),
            };
            stage.timers.add(next, due);
            self.pass(stage, meter, name, &mut known, parts);
        }
        known.parts = parts;
        self.objects.insert(name.clone(), known);
    }

    fn pass(
        &self,
        stage: &mut Stage,
        meter: &Meter,
        name: &Name,
        known: &mut Known,
        parts: &Parts,
    ) {
        let Some(raw) = stage.world.get(Of::ScaledObject, name).cloned() else {
            return;
        };
        let mut status = Status::of(&raw);
        let reader = self.reader(&stage.world, meter, stage.now);
        let values = reader.values(name, known, parts);
        known.keep(&values);
        let workload = workload(&stage.world, &parts.target);
        let (state, seen) = known.with_sources(parts, |sources| {
            let state = sources.poll(&values, workload);
            (state, sources.seen().to_vec())
        });
        let pass = decide(stage, known, parts, &raw, state, workload.replicas);
        let (pass, to) = carry_out(stage, parts, pass);
        let passed = Passed {
            state,
            seen,
            pass,
            from: workload.replicas.unwrap_or(0),
            to,
        };
        tell_failures(stage, &raw, parts, &passed.seen);
        tell_pass(stage, &raw, parts, known.fell_back, &passed);
        show(&mut status, parts, &passed, known.failures == 0);
        health::show(parts, &known.sources, &mut status);
        known.fell_back = state.is_fallback;
        known.is_read = false;
        status.write(stage, Of::ScaledObject, name);
    }
}

fn decide(
    stage: &Stage,
    known: &Known,
    parts: &Parts,
    raw: &Value,
    state: ObjectState,
    replicas: Result<i32, ()>,
) -> Pass {
    let hpa = known.hpa.as_ref();
    let hpa = hpa.and_then(|it| stage.world.get(Of::Hpa, &it.name));
    let hpa = hpa.and_then(|it| hpa::health(it));
    let found = Found {
        replicas,
        is_active: state.is_active,
        is_error: state.is_error,
        created: time(raw, "/metadata/creationTimestamp").unwrap_or(stage.now),
        last_active: time(raw, "/status/lastActiveTime"),
        hpa: hpa.map(|(scales, reason)| HpaHealth { scales, reason }),
    };
    pass::decide(&parts.settings, &found, stage.now)
}

/// Writes the count of a pass; the pass as it then is, and the count that was meant.
fn carry_out(stage: &mut Stage, parts: &Parts, pass: Pass) -> (Pass, Option<i32>) {
    let Some(to) = pass.scale_to else {
        return (pass, None);
    };
    let (of, target) = &parts.target;
    let mut scaled = stage.world.scale(*of, target, to);
    if scaled.is_err() {
        // Somebody was faster; the server knows the count that is there now.
        stage.world.refresh();
        scaled = stage.world.scale(*of, target, to);
    }
    match scaled {
        Ok(()) => (pass, Some(to)),
        Err(_) => (pass.unwritten(), Some(to)),
    }
}

fn tell_failures(stage: &mut Stage, raw: &Value, parts: &Parts, seen: &[Seen]) {
    for ((fed, external), seen) in parts.fed.iter().zip(&parts.externals).zip(seen) {
        if seen.outcome == fallback::Outcome::Failed {
            let message = format!(
                "trigger {} ({}): the source of metric {} does not answer",
                fed.index, fed.kind, external.metric
            );
            tell(stage, raw, EventKind::Warning, "KEDAScalerFailed", &message);
        }
    }
}

fn tell_pass(stage: &mut Stage, raw: &Value, parts: &Parts, fell_back: bool, passed: &Passed) {
    let (of, target) = &parts.target;
    let place = format!("{} {}/{}", kind_of(*of), target.namespace, target.name);
    let named = parts.externals.iter().map(|it| it.metric.as_str());
    let named = named.zip(passed.seen.iter().copied());
    let active = passed.state.active(named, parts.formula.is_some());
    let step = Step {
        target: &place,
        from: passed.from,
        to: passed.to.unwrap_or(passed.from),
        active: &active,
    };
    let before = if fell_back { Holds::Yes } else { Holds::No };
    let replaced = fallback::event(before, passed.state.is_fallback);
    for event in replaced.into_iter().chain(passed.pass.event) {
        tell_event(stage, raw, event, &step);
    }
}

pub(super) fn tell_event(stage: &mut Stage, raw: &Value, event: Event, step: &Step<'_>) {
    let kind = match event.type_name() {
        "Warning" => EventKind::Warning,
        _ => EventKind::Normal,
    };
    tell(
        stage,
        raw,
        kind,
        event.name(),
        &words::of_event(event, step),
    );
}

/// Writes into the status what a pass sets; while a check fails, that is what Ready tells.
fn show(status: &mut Status, parts: &Parts, passed: &Passed, is_sound: bool) {
    let pass = &passed.pass;
    let conditions = [
        (Kind::Ready, Some(&pass.ready).filter(|_| is_sound)),
        (Kind::Active, pass.active.as_ref()),
        (Kind::Paused, pass.paused.as_ref()),
        (Kind::HpaActive, pass.hpa_active.as_ref()),
    ];
    for (kind, condition) in conditions {
        if let Some(condition) = condition {
            status.tell(kind, condition, &words::message(condition));
        }
    }
    if let Some(at) = pass.last_active {
        status.set("lastActiveTime", stamp(at));
    }
    let named: Vec<&str> = parts
        .externals
        .iter()
        .map(|it| it.metric.as_str())
        .collect();
    let seen = named.iter().copied().zip(passed.seen.iter().copied());
    let active = passed.state.active(seen, parts.formula.is_some());
    let activity = triggers_activity(&named, &active, None, &BTreeMap::new());
    status.set("triggersActivity", activity_of(&activity));
}

pub(super) fn activity_of(activity: &BTreeMap<String, bool>) -> Value {
    let entry =
        |(name, is_active): (&String, &bool)| (name.clone(), json!({ "isActive": is_active }));
    Value::Object(activity.iter().map(entry).collect())
}
