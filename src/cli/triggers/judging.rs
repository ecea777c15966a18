//! From what was read to what is told of an object: the arithmetic, the winner, the differences.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::environment::Surroundings;
use super::looking::{Looked, LookedAt, Outcome};
use super::objects::{Scaled, Unreadable};
use crate::cluster::keda::Unfinished;
use crate::config::triggers::ScaledKind;
use crate::keda::evaluation::difference::{Measured, differences};
use crate::keda::evaluation::hpa_view::HpaView;
use crate::keda::evaluation::job::{self, Came, JobVote, jobs};
use crate::keda::evaluation::{
    Combined, FormulaInput, LivePod, Standing, Vote, Winner, asked, combined, decide, used,
};
use crate::keda::objects::{
    Condition, Health, HealthStatus, ScaledJob, ScaledJobSpec, ScaledObject, Trigger,
};
use crate::keda::trigger::metric::without_index;
use crate::keda::trigger::{HpaMetric, MetricSource, MetricTarget, Reading};
use crate::output::triggers::{
    Failing, FormulaRow, HpaMetricSays, HpaSays, Item, JobsNow, KedaSays, Row, Says, State,
};
use crate::sim::flags::Flags;
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::queue::{Calculation, Queue, Shown};
use crate::sim::keda::job::request::{Found, JobSettings};
use crate::sim::keda::job::strategy::Strategy;
use crate::sim::settings::Tolerance;
use crate::sim::totals::Scale;

/// What is told of an object at `now`.
pub(super) fn item(scaled: &Scaled, around: &Surroundings, looked: Looked, now: Timestamp) -> Item {
    match scaled {
        Scaled::Object(object) => of_object(object, around, looked, now),
        Scaled::Job(job) => of_job(job, around, &looked, now),
    }
}

fn of_object(object: &ScaledObject, around: &Surroundings, looked: Looked, now: Timestamp) -> Item {
    let spec = &object.spec;
    let bench = Bench::of(around, looked.pods, now);
    let mut rows: Vec<Row> = Vec::new();
    for (trigger, it) in spec.triggers.iter().zip(&looked.triggers) {
        rows.push(bench.row(trigger, it));
    }
    let formula = bench.formula(object, &looked.triggers);
    let votes: Vec<Vote> = spec.triggers.iter().zip(&rows).map(vote).collect();
    let value = formula.as_ref().and_then(|it| it.as_ref().ok());
    let decision = decide(object, &votes, value);
    let measured: Vec<Measured<'_>> = (votes.iter().zip(&spec.triggers))
        .zip(looked.triggers.iter().zip(&rows))
        .map(|((vote, trigger), (it, row))| Measured {
            vote: *vote,
            metric: it.metric.as_ref(),
            // What KEDA tells cannot differ from what it tells.
            value: row.value.filter(|_| row.via != Some("keda")),
            is_cached: trigger.use_cached_metrics,
        })
        .collect();
    let target = &spec.target;
    Item {
        target: format!("{}/{}", target.kind_or_default(), target.name),
        current_replicas: around.scale.as_ref().map(|it| it.scale.current),
        min_replicas: spec.min_or_default(),
        max_replicas: spec.max_or_default(),
        polling_interval: spec.polling_interval_or_default().as_secs(),
        triggers: rows,
        formula: formula.map(|it| formula_row(object, it)),
        winner: decision.winner.map(|it| match it {
            Winner::Trigger(index) => index.to_string(),
            Winner::Formula => "formula".to_owned(),
        }),
        desired_replicas: decision.replicas,
        active: decision.is_active,
        at_rest: decision.at_rest,
        keda: keda_says(&object.status.conditions, &object.status.health),
        hpa: around.hpa.as_ref().map(hpa_says),
        differences: differences(object, &measured, &decision, around.hpa.as_ref()),
        unread: bench.unread(around),
        ..bare(&Scaled::Object(Box::new(object.clone())))
    }
}

fn of_job(job: &ScaledJob, around: &Surroundings, looked: &Looked, now: Timestamp) -> Item {
    let spec = &job.spec;
    let bounds = Bounds::of(spec.min_replica_count, spec.max_replica_count);
    let rows: Vec<Row> = (spec.triggers.iter().zip(&looked.triggers))
        .map(|(trigger, it)| job_row(trigger, it, bounds.max))
        .collect();
    let votes: Vec<JobVote> = (spec.triggers.iter().zip(&looked.triggers))
        .filter(|(trigger, _)| !trigger.is_resource())
        .map(|(_, it)| job_vote(spec, it))
        .collect();
    let decision = job::decide(spec, &votes);
    let shown: Vec<Shown> = votes.iter().filter_map(|it| it.came.shown()).collect();
    let failed = rows.iter().any(|it| it.state == State::Failed);
    Item {
        target: "Job".to_owned(),
        jobs: around
            .jobs
            .map(|it| jobs_now(spec, &shown, it, failed, now)),
        min_replicas: spec.min_or_default(),
        max_replicas: spec.max_or_default(),
        polling_interval: spec.polling_interval_or_default().as_secs(),
        winner: decision.winner.map(|it| it.to_string()),
        desired_replicas: decision.jobs.and_then(|it| it.try_into().ok()),
        active: decision.is_active,
        keda: keda_says(&job.status.conditions, &BTreeMap::new()),
        unread: around.unread.clone(),
        triggers: rows,
        ..bare(&Scaled::Job(Box::new(job.clone())))
    }
}

/// What KEDA's next poll would do if it found the same.
fn jobs_now(
    spec: &ScaledJobSpec,
    shown: &[Shown],
    now: Unfinished,
    is_error: bool,
    at: Timestamp,
) -> JobsNow {
    let bounds = Bounds::of(spec.min_replica_count, spec.max_replica_count);
    let written = &spec.scaling_strategy;
    let share = written
        .running_job_percentage
        .as_deref()
        .unwrap_or_default();
    let strategy = Strategy::of(
        written.strategy_or_default().word(),
        share,
        written.queue_length_deduction,
    );
    let calculation = Calculation::of(written.multiple_scalers_or_default().word());
    let queue = Queue::of(shown, calculation, bounds);
    let found = Found {
        is_active: queue.is_active,
        is_error,
        was_active: queue.is_active,
        queue: queue.length,
        jobs: queue.jobs,
        running: now.running,
        pending: now.pending,
    };
    JobsNow {
        strategy: strategy.name(),
        wanted: queue.jobs,
        running: now.running,
        pending: now.pending,
        created: JobSettings { bounds, strategy }.request(&found, at).created,
    }
}

/// One of which nothing can be told but why.
pub(super) fn unreadable(it: Unreadable) -> Item {
    Item {
        message: Some(it.why),
        ..empty(it.kind, &it.namespace, &it.name)
    }
}

/// Names, and nothing that was found.
fn bare(scaled: &Scaled) -> Item {
    let metadata = scaled.metadata();
    empty(scaled.kind(), &metadata.namespace, &metadata.name)
}

fn empty(kind: ScaledKind, namespace: &str, name: &str) -> Item {
    Item {
        kind: kind.kind(),
        qualified: kind.qualified(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        message: None,
        target: String::new(),
        current_replicas: None,
        min_replicas: 0,
        max_replicas: 0,
        polling_interval: 0,
        triggers: vec![],
        formula: None,
        winner: None,
        desired_replicas: None,
        active: None,
        at_rest: None,
        jobs: None,
        keda: KedaSays::default(),
        hpa: None,
        differences: vec![],
        unread: vec![],
    }
}

/// What values are judged by.
struct Bench {
    standing: Standing,
    pods: Option<Result<Vec<LivePod>, String>>,
    now: Timestamp,
}

impl Bench {
    fn of(
        around: &Surroundings,
        pods: Option<Result<Vec<LivePod>, String>>,
        now: Timestamp,
    ) -> Self {
        let nobody = Scale {
            current: 0,
            observed: 0,
        };
        let live = pods.as_ref().and_then(|it| it.as_ref().ok());
        let ready = live.map(|all| all.iter().filter(|it| it.is_ready()).count());
        let standing = Standing {
            scale: around.scale.as_ref().map_or(nobody, |it| it.scale),
            tolerance: Tolerance::of(
                around.hpa.as_ref().map(|it| &it.behavior),
                &Flags::default(),
            ),
            ready: ready.and_then(|it| it.try_into().ok()),
        };
        Self {
            standing,
            pods,
            now,
        }
    }

    fn unread(&self, around: &Surroundings) -> Vec<String> {
        let pods = self.pods.as_ref().and_then(|it| it.as_ref().err());
        let pods = pods.map(|why| format!("pods: {why}"));
        around.unread.iter().cloned().chain(pods).collect()
    }

    fn row(&self, trigger: &Trigger, looked: &LookedAt) -> Row {
        let mut row = row(trigger, looked);
        match (&looked.outcome, &looked.metric) {
            (Outcome::Usage, Some(metric)) => self.measure(metric, &mut row),
            (Outcome::Read(Reading { milli, .. }), Some(metric))
            | (Outcome::Told { milli, .. }, Some(metric)) => {
                match asked(*milli, &metric.target, &self.standing) {
                    Ok(count) => row.replicas = Some(count.into()),
                    Err(why) => row.notes.push(why.to_string()),
                }
            }
            (
                Outcome::Usage
                | Outcome::Read(_)
                | Outcome::Told { .. }
                | Outcome::Failed(_)
                | Outcome::Refused(_)
                | Outcome::NotEvaluated(_),
                _,
            ) => {}
        }
        row
    }

    fn measure(&self, metric: &HpaMetric, row: &mut Row) {
        let Standing {
            scale, tolerance, ..
        } = self.standing;
        let found = match &self.pods {
            Some(Ok(pods)) => {
                used(metric, pods, scale, tolerance, self.now).map_err(|it| it.to_string())
            }
            Some(Err(why)) => Err(why.clone()),
            None => Err("the pods were not read".to_owned()),
        };
        match found {
            Ok(used) => {
                let average = used.average_milli.map(|it| it as f64 / 1000.0);
                row.value = used.utilization.map(f64::from).or(average);
                row.replicas = Some(used.replicas.into());
                row.active = Some(true);
                row.notes
                    .push("counts for activity only beside its own kind".to_owned());
            }
            Err(why) => {
                row.state = State::Failed;
                row.message = Some(why);
            }
        }
    }

    /// The formula on the values that the HPA would get, where the object has one.
    fn formula(
        &self,
        object: &ScaledObject,
        looked: &[LookedAt],
    ) -> Option<Result<Combined, String>> {
        let triggers = object.spec.triggers.iter().zip(looked);
        let external = triggers.filter(|(it, _)| !it.is_resource());
        let inputs = external.map(|(trigger, it)| FormulaInput {
            index: it.index,
            name: trigger.given_name(),
            reading: reading(&it.outcome),
            failures: failures(&object.status.health, it),
        });
        let inputs: Vec<FormulaInput<'_>> = inputs.collect();
        combined(&object.spec, &inputs, &self.standing).transpose()
    }
}

/// The failed reads in a row of the trigger's metric, as KEDA counts them.
fn failures(health: &BTreeMap<String, Health>, looked: &LookedAt) -> Option<i32> {
    let own = |name: &String| match looked.metric.as_ref().map(|it| &it.source) {
        Some(MetricSource::External { name: own }) => name == own,
        Some(MetricSource::Resource { .. } | MetricSource::ContainerResource { .. }) => false,
        None => without_index(looked.index, name).is_some(),
    };
    health.iter().find(|(name, _)| own(name))?.1.failures
}

fn job_vote(spec: &ScaledJobSpec, looked: &LookedAt) -> JobVote {
    let target = looked.metric.as_ref().map(|it| &it.target);
    let came = match (&looked.outcome, target) {
        (Outcome::Read(reading), Some(target)) => Came::read(reading, target, spec),
        (Outcome::Failed(_), _) => Came::Failed,
        (
            Outcome::Read(_)
            | Outcome::Told { .. }
            | Outcome::Usage
            | Outcome::Refused(_)
            | Outcome::NotEvaluated(_),
            _,
        ) => Came::Unknown,
    };
    let index = looked.index;
    JobVote { index, came }
}

fn reading(outcome: &Outcome) -> Option<Reading> {
    match outcome {
        Outcome::Read(reading) => Some(*reading),
        Outcome::Told { milli, is_active } => Some(Reading {
            value: *milli as f64 / 1000.0,
            milli: *milli,
            is_active: is_active.unwrap_or(false),
        }),
        Outcome::Usage | Outcome::Failed(_) | Outcome::Refused(_) | Outcome::NotEvaluated(_) => {
            None
        }
    }
}

/// A row without the arithmetic.
fn row(trigger: &Trigger, looked: &LookedAt) -> Row {
    let (state, message) = match &looked.outcome {
        Outcome::Read(_) | Outcome::Told { .. } | Outcome::Usage => (State::Read, None),
        Outcome::Failed(why) => (State::Failed, Some(why.clone())),
        Outcome::Refused(why) => (State::Refused, Some(why.clone())),
        Outcome::NotEvaluated(why) => (State::NotEvaluated, Some(format!("not evaluated: {why}"))),
    };
    let (value, active) = match &looked.outcome {
        Outcome::Read(it) => (Some(it.value), Some(it.is_active)),
        Outcome::Told { milli, is_active } => (Some(*milli as f64 / 1000.0), *is_active),
        Outcome::Usage | Outcome::Failed(_) | Outcome::Refused(_) | Outcome::NotEvaluated(_) => {
            (None, None)
        }
    };
    let target = looked.metric.as_ref().map(|it| held_at(&it.target));
    let latency = looked.latency.map(|it| it.as_millis());
    Row {
        index: looked.index,
        kind: trigger.kind.clone(),
        name: trigger.given_name().map(str::to_owned),
        metric: looked.metric.as_ref().map(|it| match &it.source {
            MetricSource::External { name } => name.clone(),
            MetricSource::Resource { resource } => resource.clone(),
            MetricSource::ContainerResource {
                resource,
                container,
            } => format!("{resource} of {container}"),
        }),
        state,
        value,
        threshold: target.as_ref().and_then(|it| it.0),
        metric_type: target.map(|it| it.1),
        activation_threshold: looked.activation,
        active,
        replicas: None,
        latency_ms: latency.and_then(|it| it.try_into().ok()),
        authentication: looked.authentication.clone(),
        via: looked.via,
        message,
        next_start: looked.window.and_then(|it| it.next_start),
        next_end: looked.window.and_then(|it| it.next_end),
        notes: looked.notes.clone(),
    }
}

/// What an HPA holds a metric at, and the word for it.
fn held_at(target: &MetricTarget) -> (Option<f64>, String) {
    let units = |milli: &i128| Some(*milli as f64 / 1000.0);
    match target {
        MetricTarget::AverageValue { milli } => (units(milli), "AverageValue".to_owned()),
        MetricTarget::Value { milli } => (units(milli), "Value".to_owned()),
        MetricTarget::Unknown { metric_type, milli } => {
            (milli.as_ref().and_then(units), metric_type.clone())
        }
        MetricTarget::Utilization { percent } => {
            (Some(f64::from(*percent)), "Utilization".to_owned())
        }
    }
}

fn job_row(trigger: &Trigger, looked: &LookedAt, most: i64) -> Row {
    let mut row = row(trigger, looked);
    if let Outcome::Usage = looked.outcome {
        row.state = State::NotEvaluated;
        row.message = Some("not evaluated: a ScaledJob does nothing by it".to_owned());
    }
    if let (Some(reading), Some(metric)) = (reading(&looked.outcome), &looked.metric) {
        match jobs(reading.milli, &metric.target, most) {
            Ok(count) => row.replicas = Some(count),
            Err(why) => row.notes.push(why.to_string()),
        }
    }
    row
}

fn vote((trigger, row): (&Trigger, &Row)) -> Vote {
    Vote {
        index: row.index,
        is_resource: trigger.is_resource(),
        is_active: row.active,
        replicas: row.replicas.and_then(|it| it.try_into().ok()),
        is_failed: row.state == State::Failed,
    }
}

fn formula_row(object: &ScaledObject, found: Result<Combined, String>) -> FormulaRow {
    let modifiers = object.spec.used_modifiers();
    let formula = modifiers.and_then(|it| it.given_formula());
    let (combined, message) = match found {
        Ok(combined) => (Some(combined), None),
        Err(why) => (None, Some(why)),
    };
    let combined = combined.as_ref();
    let count = combined.map(|it| it.replicas);
    let refused = count.and_then(|it| it.err()).map(|it| it.to_string());
    FormulaRow {
        formula: formula.unwrap_or_default().to_owned(),
        value: combined.map(|it| it.milli as f64 / 1000.0),
        target: combined.and_then(|it| held_at(&it.target).0),
        activation_target: combined.map(|it| it.activation),
        active: combined.map(|it| it.is_active),
        replicas: count.and_then(Result::ok),
        message: message.or(refused),
    }
}

fn keda_says(conditions: &[Condition], health: &BTreeMap<String, Health>) -> KedaSays {
    let says = |it: &Condition| Says {
        kind: word(it.kind.as_ref().map(|it| it.word())),
        status: word(it.status.as_ref().map(|it| it.word())),
        reason: it.reason.clone(),
        message: it.message.clone(),
    };
    let failing = health
        .iter()
        .filter(|(_, it)| it.status == Some(HealthStatus::Failing));
    KedaSays {
        conditions: conditions.iter().map(says).collect(),
        failing: failing
            .map(|(metric, it)| Failing {
                metric: metric.clone(),
                failures: it.failures.unwrap_or_default(),
            })
            .collect(),
    }
}

fn word(given: Option<&str>) -> String {
    given.unwrap_or_default().to_owned()
}

fn hpa_says(hpa: &HpaView) -> HpaSays {
    HpaSays {
        name: hpa.name.clone(),
        current_replicas: hpa.current,
        desired_replicas: hpa.desired,
        metrics: hpa
            .metrics
            .iter()
            .map(|it| HpaMetricSays {
                name: it.name.clone(),
                value: it.value.map(|it| it.as_f64()),
                average_value: it.average_value.map(|it| it.as_f64()),
                utilization: it.utilization,
            })
            .collect(),
    }
}
