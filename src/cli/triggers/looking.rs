//! Reads the sources of all triggers of an object at once, each within its own time.

use std::time::Duration;

use futures_util::future::join_all;

use super::authentication::Resolved;
use super::environment::Surroundings;
use super::objects::Scaled;
use super::{Session, told};
use crate::keda::environment::Environment;
use crate::keda::evaluation::LivePod;
use crate::keda::objects::{ConditionKind, ConditionStatus, Trigger};
use crate::keda::trigger::cron::Window;
use crate::keda::trigger::kafka::read_lag;

use crate::keda::trigger::{
    Cron, HpaMetric, Kafka, MetricSource, PodIdentity, Problems, Prometheus, Reading, Settings,
    TriggerSource, read, remarks,
};
use crate::triggers::lag::Lags;
use crate::triggers::{self, Via, prometheus};

/// What came of all triggers.
pub(super) struct Looked {
    pub(super) triggers: Vec<LookedAt>,
    /// The pods of the target, where a trigger needs them.
    pub(super) pods: Option<Result<Vec<LivePod>, String>>,
}

/// What came of one trigger.
pub(super) struct LookedAt {
    pub(super) index: usize,
    pub(super) metric: Option<HpaMetric>,
    pub(super) activation: Option<f64>,
    pub(super) outcome: Outcome,
    pub(super) latency: Option<Duration>,
    pub(super) via: Option<&'static str>,
    pub(super) authentication: Option<String>,
    pub(super) window: Option<Window>,
    pub(super) notes: Vec<String>,
}

pub(super) enum Outcome {
    Read(Reading),
    /// A value of KEDA's own: what it means for activity is for KEDA to say.
    Told {
        milli: i128,
        is_active: Option<bool>,
    },
    /// A metric of the pods.
    Usage,
    Failed(String),
    Refused(String),
    NotEvaluated(String),
}

/// What all triggers of an object share.
struct Scene<'a> {
    scaled: &'a Scaled,
    around: &'a Surroundings,
}

impl LookedAt {
    fn of(index: usize) -> Self {
        Self {
            index,
            metric: None,
            activation: None,
            outcome: Outcome::NotEvaluated(String::new()),
            latency: None,
            via: None,
            authentication: None,
            window: None,
            notes: vec![],
        }
    }
}

impl<L: Lags> Session<'_, L> {
    pub(super) async fn triggers(&self, scaled: &Scaled, around: &Surroundings) -> Looked {
        let scene = Scene { scaled, around };
        let each = scaled.triggers().iter().enumerate();
        let each = each.map(|(index, it)| self.within(&scene, index, it));
        let (triggers, pods) = tokio::join!(join_all(each), self.pods(scaled, around));
        Looked { triggers, pods }
    }

    /// The pods, if some trigger is judged by them.
    async fn pods(
        &self,
        scaled: &Scaled,
        around: &Surroundings,
    ) -> Option<Result<Vec<LivePod>, String>> {
        let triggers = scaled.triggers();
        let is_measured = triggers.iter().any(Trigger::is_resource);
        let by_value = |it: &Trigger| it.metric_type.as_deref() == Some("Value");
        let Scaled::Object(object) = scaled else {
            return None;
        };
        let is_combined = object.spec.used_modifiers().is_some();
        if !is_measured && !is_combined && !triggers.iter().any(by_value) {
            return None;
        }
        let Some(scale) = &around.scale else {
            return Some(Err("the scale of the target is not known".to_owned()));
        };
        let namespace = &object.metadata.namespace;
        let read = async {
            match is_measured {
                true => self.cluster.measured_pods(namespace, &scale.selector).await,
                false => self.cluster.live_pods(namespace, &scale.selector).await,
            }
        };
        let late = |_| format!("no answer within {:.1} s", self.limit.as_secs_f64());
        let read = tokio::time::timeout(self.limit, read).await.map_err(late);
        Some(read.and_then(|it| it.map_err(told)))
    }

    /// Reads what the trigger needs, then its source, then what KEDA says, all in one time limit.
    async fn within(&self, scene: &Scene<'_>, index: usize, trigger: &Trigger) -> LookedAt {
        let until = self.cx.elapsed() + self.limit;
        let prepared = self.prepare(scene, index, trigger);
        let Ok((source, mut resolved)) = tokio::time::timeout(self.limit, prepared).await else {
            return LookedAt {
                outcome: Outcome::Failed(self.late("its authentication was not read")),
                ..LookedAt::of(index)
            };
        };
        let refusal = no_container(scene).or(resolved.refusal.take());
        let is_whole = resolved.notes.is_empty();
        let mut looked = LookedAt {
            authentication: resolved.label.clone(),
            notes: std::mem::take(&mut resolved.notes),
            ..LookedAt::of(index)
        };
        let remarks = remarks(&source);
        looked.notes.extend(remarks.iter().map(ToString::to_string));
        match (refusal, read(&source)) {
            (Some(why), _) => looked.outcome = Outcome::Refused(why),
            (None, Ok(found)) => {
                looked.metric = found.metric;
                self.ask(scene, &found.settings, &resolved, until, &mut looked)
                    .await;
            }
            (None, Err(problems)) => looked.outcome = refused(&problems, &resolved, is_whole),
        }
        if let Outcome::NotEvaluated(_) = looked.outcome {
            self.ask_keda(scene, until, &mut looked).await;
        }
        looked
    }

    fn late(&self, what: &str) -> String {
        let limit = self.limit.as_secs_f64();
        format!("{what} within {limit:.1} s; pass a longer --timeout")
    }

    /// What is left of the time of one trigger.
    fn left(&self, until: Duration) -> Duration {
        until.saturating_sub(self.cx.elapsed())
    }

    async fn prepare(
        &self,
        scene: &Scene<'_>,
        index: usize,
        trigger: &Trigger,
    ) -> (TriggerSource, Resolved) {
        let reference = trigger.authentication.as_ref();
        let mut resolved = self
            .authentication(scene.scaled, scene.around, reference)
            .await;
        let source = self.source(scene, index, trigger, &mut resolved).await;
        (source, resolved)
    }

    async fn source(
        &self,
        scene: &Scene<'_>,
        index: usize,
        trigger: &Trigger,
        resolved: &mut Resolved,
    ) -> TriggerSource {
        let names_variables = trigger.metadata.keys().any(|it| it.ends_with("FromEnv"));
        let env = match names_variables {
            true => {
                let variables = self.variables(scene.scaled, scene.around).await;
                resolved.notes.extend(variables.notes.iter().cloned());
                variables.values.clone()
            }
            false => Default::default(),
        };
        TriggerSource {
            kind: trigger.kind.clone(),
            metric_type: trigger.metric_type.clone(),
            metadata: trigger.metadata.clone(),
            auth: resolved.parameters.clone(),
            env,
            pod_identity: resolved.identity,
            is_metric_source: scene.scaled.has_formula(),
            index,
        }
    }

    async fn ask(
        &self,
        scene: &Scene<'_>,
        settings: &Settings,
        resolved: &Resolved,
        until: Duration,
        looked: &mut LookedAt,
    ) {
        let started = self.cx.elapsed();
        match settings {
            Settings::Prometheus(it) => self.ask_prometheus(it, resolved, until, looked).await,
            Settings::Kafka(it) => self.ask_kafka(scene, it, until, looked).await,
            Settings::Cron(it) => self.ask_clock(it, looked),
            Settings::Resource(_) => {
                looked.outcome = Outcome::Usage;
                looked.via = Some("metrics API");
                return;
            }
            Settings::Other(_) => {
                let note = "only KEDA reads triggers of this type".to_owned();
                looked.outcome = Outcome::NotEvaluated(note);
                return;
            }
        }
        if looked.via != Some("clock") {
            looked.latency = Some(self.cx.elapsed().saturating_sub(started));
        }
    }

    async fn ask_prometheus(
        &self,
        settings: &Prometheus,
        resolved: &Resolved,
        until: Duration,
        looked: &mut LookedAt,
    ) {
        looked.activation = Some(settings.activation_threshold);
        let modes: Vec<&str> = settings.auth.modes.iter().map(|it| it.name()).collect();
        if let (Some(label), false) = (&resolved.label, modes.is_empty()) {
            looked.authentication = Some(format!("{label} ({})", modes.join(", ")));
        }
        if modes.is_empty() && resolved.identity != PodIdentity::None {
            let note = "its pod identity works only inside the cluster".to_owned();
            looked.outcome = Outcome::NotEvaluated(note);
            return;
        }
        let (started, now) = (self.cx.elapsed(), self.cx.now());
        let asked = prometheus::read(settings, now, self.left(until), Some(&self.proxy)).await;
        match asked {
            Ok(answered) => {
                looked.outcome = Outcome::Read(answered.reading);
                looked.via = Some(match answered.via {
                    Via::Direct => "direct",
                    Via::Proxy => "proxy",
                });
                let took = self.cx.elapsed().saturating_sub(started);
                looked.notes.extend(patience(settings, took));
            }
            Err(error) => looked.outcome = failed(&error),
        }
    }

    async fn ask_kafka(
        &self,
        scene: &Scene<'_>,
        settings: &Kafka,
        until: Duration,
        looked: &mut LookedAt,
    ) {
        looked.activation = Some(settings.activation_lag_threshold as f64);
        let offsets = match self.lags.offsets(settings, self.left(until)).await {
            Ok(offsets) => offsets,
            Err(error) => {
                looked.outcome = failed(&error);
                return;
            }
        };
        looked.via = Some("direct");
        let metadata = scene.scaled.metadata();
        let key = (
            metadata.namespace.clone(),
            format!("{}/{}", scene.scaled.kind().short(), metadata.name),
            looked.index,
        );
        let mut memories = self.memories.lock().await;
        let memory = memories.entry(key).or_default();
        looked.outcome = match read_lag(settings, &offsets, memory) {
            Ok(reading) => Outcome::Read(reading),
            Err(error) => Outcome::Failed(error.to_string()),
        };
    }

    fn ask_clock(&self, settings: &Cron, looked: &mut LookedAt) {
        let now = self.cx.now();
        looked.via = Some("clock");
        let read = settings
            .reading(now)
            .and_then(|reading| Ok((reading, settings.window(now)?)));
        match read {
            Ok((reading, window)) => {
                looked.outcome = Outcome::Read(reading);
                looked.notes.push(times(settings, &window));
                looked.window = Some(window);
            }
            Err(error) => looked.outcome = Outcome::Failed(error.to_string()),
        }
    }

    /// What KEDA answers for the metric in place of the source. Where it answers nothing, the reason
    /// why nobody else was asked stays, with why KEDA did not answer.
    async fn ask_keda(&self, scene: &Scene<'_>, until: Duration, looked: &mut LookedAt) {
        let Scaled::Object(object) = scene.scaled else {
            return;
        };
        let external = looked.metric.as_ref().and_then(|it| match &it.source {
            MetricSource::External { name } => Some(name.clone()),
            MetricSource::Resource { .. } | MetricSource::ContainerResource { .. } => None,
        });
        let prefix = format!("s{}-", looked.index);
        let mut listed = object.status.external_metrics.iter();
        let listed = listed.find(|it| it.starts_with(&prefix)).cloned();
        let Some(name) = external.or(listed) else {
            return;
        };
        let Outcome::NotEvaluated(why) = &looked.outcome else {
            return;
        };
        let metadata = &object.metadata;
        let started = self.cx.elapsed();
        let asked = self
            .cluster
            .external_metric(&metadata.namespace, &name, &metadata.name);
        match tokio::time::timeout(self.left(until), asked).await {
            Ok(Ok(Some(value))) => {
                let activity = object.status.triggers_activity.get(&name);
                looked.notes.push(why.clone());
                let falls_back = object.status.condition(&ConditionKind::Fallback);
                if falls_back.is_some_and(|it| it.status == Some(ConditionStatus::True)) {
                    let note = "a fallback is in force: the value may be the fallback's";
                    looked.notes.push(note.to_owned());
                }
                looked.outcome = Outcome::Told {
                    milli: value.milli_value(),
                    is_active: activity.map(|it| it.is_active),
                };
                looked.via = Some("keda");
                looked.latency = Some(self.cx.elapsed().saturating_sub(started));
            }
            Ok(Ok(None)) => looked.notes.push("KEDA has no value for it".to_owned()),
            Ok(Err(error)) => looked.notes.push(format!("KEDA was asked: {error}")),
            Err(_) => looked.notes.push(self.late("KEDA did not answer")),
        }
        if looked.metric.is_none() {
            let target = scene
                .around
                .hpa
                .as_ref()
                .and_then(|it| it.targets.get(&name));
            looked.metric = target.map(|target| HpaMetric {
                source: MetricSource::External { name },
                target: target.clone(),
            });
        }
    }
}

/// KEDA makes no trigger at all where the container that is named is not among those of the target.
fn no_container(scene: &Scene<'_>) -> Option<String> {
    let found = Environment::of(scene.around.pods.as_ref()?, scene.scaled.container());
    let missing = found.err().filter(|it| !it.there.is_empty())?;
    Some(format!("`envSourceContainerName`: {missing}"))
}

/// KEDA refuses it; or it would not, had we what only KEDA can read, or may read.
fn refused(problems: &Problems, resolved: &Resolved, is_whole: bool) -> Outcome {
    let all: Vec<String> = problems.list.iter().map(ToString::to_string).collect();
    let all = all.join("; ");
    match resolved.only_keda.as_slice() {
        [] if is_whole => Outcome::Refused(all),
        [] => Outcome::Failed(all),
        sources => Outcome::NotEvaluated(format!(
            "its authentication comes from {}, which only KEDA can read: {all}",
            sources.join(" and ")
        )),
    }
}

fn failed(error: &triggers::Error) -> Outcome {
    match error.is_unasked() {
        true => Outcome::NotEvaluated(error.to_string()),
        false => Outcome::Failed(error.to_string()),
    }
}

/// How long KEDA itself waits for a Prometheus that says nothing of it.
const KEDAS_PATIENCE: Duration = Duration::from_secs(3);

/// What answers us may be too slow for KEDA.
fn patience(settings: &Prometheus, took: Duration) -> Option<String> {
    let limit = settings.timeout.unwrap_or(KEDAS_PATIENCE);
    (took > limit).then(|| {
        format!(
            "answered after {:.1} s; KEDA gives up after {:.1} s, see `timeout`",
            took.as_secs_f64(),
            limit.as_secs_f64()
        )
    })
}

/// When the trigger next stands otherwise.
fn times(settings: &Cron, window: &Window) -> String {
    let time = |it: Option<jiff::Timestamp>| match it {
        Some(at) => match at.in_tz(&settings.time_zone) {
            Ok(zoned) => zoned.strftime("%a %Y-%m-%d %H:%M %Z").to_string(),
            Err(_) => at.to_string(),
        },
        None => "never".to_owned(),
    };
    let (start, end) = (time(window.next_start), time(window.next_end));
    match window.is_inside {
        true => format!("inside until {end}; next start {start}"),
        false => format!("outside until {start}; next end {end}"),
    }
}
