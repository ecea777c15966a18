//! Histories of a ScaledJob whose arrivals are known.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::analysis::assessment::Assessment;
use crate::analysis::jobs::model::Model;
use crate::analysis::settings::Settings;
use crate::analysis::{AnalysisSettings, assess};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::workload::{PodLevel, Workload};
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind, Metric, Status, Target};
use crate::fleet::Subject;
use crate::history::{self, History};
use crate::keda::objects::ScaledJob;
use crate::schedule::Plan;
use crate::series::{Grid, Series};
use crate::sim::keda::job::replay::{Arrivals, Replay, Setup};
use crate::sim::keda::job::work::{JobShape, OnEmpty};
use crate::units::{Replicas, Step};

/// Samples of a day, five minutes apart.
pub(super) const DAY: usize = 288;

/// Each job starts in 30 s, which a replay takes where no pod tells, and works for 90 s.
const STARTUP: i64 = 30;
const WORK: i64 = 90;

pub(super) fn autoscaler(spec: &Value) -> Autoscaler {
    let object = json!({ "metadata": { "name": "mail", "namespace": "shop" }, "spec": spec });
    let read = ScaledJob::read(&object).unwrap();
    let id = AutoscalerId {
        namespace: "shop".to_owned(),
        name: "mail".to_owned(),
        kind: AutoscalerKind::ScaledJob,
    };
    let metric = |_: &_| Metric::External {
        name: "s0-prometheus".to_owned(),
        target: Target::AverageValue("1".parse().unwrap()),
    };
    Autoscaler {
        uid: None,
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: "mail".to_owned(),
            kind: "ScaledJob".to_owned(),
        },
        min: Replicas(0),
        max: Replicas(read.spec.max_or_default().unsigned_abs()),
        metrics: read.spec.triggers.iter().map(metric).collect(),
        behavior: None,
        status: Status::default(),
        owner: None,
        id,
        keda: None,
        jobs: Some(Arc::new(read)),
        schedule: Plan::default(),
        losses: None,
    }
}

pub(super) fn spec(max: u32, polling: u32, strategy: &str) -> Value {
    json!({ "maxReplicaCount": max, "pollingInterval": polling, "jobTargetRef": {},
        "scalingStrategy": { "strategy": strategy },
        "triggers": [{ "type": "prometheus", "metadata": { "threshold": "1" } }] })
}

/// What happened to a ScaledJob.
pub(super) struct Scene {
    pub(super) autoscaler: Autoscaler,
    pub(super) history: History,
    pub(super) settings: AnalysisSettings,
    pub(super) start: Timestamp,
    pub(super) now: Timestamp,
}

impl Scene {
    /// Three days under `spec`, in which `items` arrive in each five minutes by their place.
    pub(super) fn new(spec: &Value, shows_taken: bool, items: impl Fn(usize) -> f64) -> Self {
        let autoscaler = autoscaler(spec);
        Self::of_all(autoscaler.clone(), 3 * DAY, shows_taken, items, |_| {
            autoscaler.clone()
        })
    }

    /// The same where what holds may change from sample to sample; `autoscaler` is the one of now.
    pub(super) fn of_all(
        autoscaler: Autoscaler,
        len: usize,
        shows_taken: bool,
        items: impl Fn(usize) -> f64,
        held: impl Fn(usize) -> Autoscaler,
    ) -> Self {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, len);
        let (mut queue, mut running) = (Series::gaps(grid), Series::gaps(grid));
        let mut replay = Replay::new(setup(&held(0), shows_taken), 0, start);
        let mut now_held = held(0);
        for at in 0..len {
            let next = held(at);
            if next != now_held {
                // Work that is under way is left behind: what follows is of the new settings.
                replay = Replay::new(setup(&next, shows_taken), replay.queued(), grid.time(at));
                now_held = next;
            }
            queue.set(at, replay.shown() as f64);
            running.set(at, replay.jobs() as f64);
            replay.run(&Arrivals::of(300, Some(items(at) / 300.0)), |_| {});
        }
        let mut history = History::default();
        history.insert(history::Metric::Trigger(0), queue);
        history.insert(history::Metric::ReadyReplicas, running);
        let lifetime = Series::constant(grid, (STARTUP + WORK) as f64);
        history.insert(history::Metric::JobDuration, lifetime);
        Self {
            autoscaler,
            history,
            settings: AnalysisSettings {
                min_history: SignedDuration::from_hours(48),
                ..AnalysisSettings::default()
            },
            start,
            now: grid.end(),
        }
    }

    pub(super) fn without(mut self, metric: &history::Metric) -> Self {
        self.history = self.history.only(|it| it != metric);
        self
    }

    pub(super) fn assess(&self) -> Assessment {
        let subject = Subject {
            autoscaler: self.autoscaler.clone(),
            workload: Ok(workload()),
            rivals: vec![],
            missing_authentications: vec![],
        };
        assess(&subject, &self.history, &self.settings, self.now)
    }
}

pub(super) fn workload() -> Workload {
    Workload {
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: "mail".to_owned(),
            kind: "ScaledJob".to_owned(),
        },
        replicas: None,
        containers: vec![],
        init_containers: vec![],
        pod_level: PodLevel::default(),
        pods: 0,
        ready_pods: 0,
        startup_seconds: vec![],
        disruption_budget: None,
    }
}

fn setup(autoscaler: &Autoscaler, shows_taken: bool) -> Setup {
    let model = Model::of(autoscaler).unwrap();
    let (settings, polling_interval) = model.settings(&Settings::of(autoscaler));
    Setup {
        settings,
        polling_interval,
        is_paused: false,
        target: 1.0,
        activation: 0.0,
        shape: JobShape {
            startup: SignedDuration::from_secs(STARTUP),
            duration: SignedDuration::from_secs(WORK),
            items: 1,
            empty: OnEmpty::Ends,
        },
        shows_taken,
    }
}
