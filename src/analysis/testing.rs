//! Scenes for the tests of the analysis: an autoscaler, its workload and two weeks of load.

mod controller;
mod scaled;

pub(crate) use controller::controlled;
pub(crate) use scaled::scaled;

use jiff::Timestamp;

use super::assessment::{Assessment, Outcome, Recommendation};
use super::case::Case;
use super::findings::{Code, Finding};
use super::load::Load;
use super::needed::Demand;
use super::settings::Settings;
use super::{AnalysisSettings, assess};
use crate::autoscaler::behavior::{Behavior, Rules};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::workload::{Container, PodLevel, Workload};
use crate::autoscaler::{
    Autoscaler, AutoscalerId, AutoscalerKind, Metric as Spec, Resource, Status, Target,
};
use crate::fleet::Subject;
use crate::history::{History, Metric};
use crate::schedule::{Plan, Window, Written};
use crate::series::{Grid, Series};
use crate::units::{Cores, Replicas, Step};

/// Samples of a day at five minutes.
pub(crate) const DAY: usize = 288;
pub(crate) const TWO_WEEKS: usize = 14 * DAY;
/// Cores that a pod of a scene asks for, and that it may use.
pub(crate) const REQUEST: f64 = 0.5;
pub(crate) const LIMIT: f64 = 1.0;

/// One autoscaler with everything that an analysis reads, to be changed by a test.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) subject: Subject,
    pub(crate) history: History,
    pub(crate) settings: AnalysisSettings,
    pub(crate) now: Timestamp,
}

impl Scene {
    /// `hpa/web`: 2 to 10 replicas at 70 % of 500m with a limit of one core, bursts of 10 %, and
    /// two weeks of `usage` cores on `ready` replicas, by the sample's number.
    pub(crate) fn new(usage: impl Fn(usize) -> f64, ready: impl Fn(usize) -> f64) -> Self {
        Self::of_length(TWO_WEEKS, usage, ready)
    }

    pub(crate) fn of_length(
        len: usize,
        usage: impl Fn(usize) -> f64,
        ready: impl Fn(usize) -> f64,
    ) -> Self {
        let grid = grid(len);
        let mut scene = Self {
            subject: subject(),
            history: History::default(),
            settings: AnalysisSettings::default(),
            now: grid.end(),
        };
        scene.insert(Metric::CpuUsage, len, usage);
        scene.insert(Metric::ReadyReplicas, len, ready);
        scene.insert(Metric::CpuBurst, len.min(2 * DAY), |_| 1.1);
        scene
    }

    /// The same autoscaler as a good controller would have moved it between `min` and `max`.
    pub(crate) fn followed(min: u32, max: u32, usage: impl Fn(usize) -> f64) -> Self {
        let needed = |at: usize| (usage(at) / (REQUEST * 0.7) - 1e-6).ceil();
        let held = |at: usize| needed(at).max(needed(at.saturating_sub(1)));
        let ready = |at: usize| held(at).clamp(f64::from(min), f64::from(max));
        Self::new(&usage, ready).limits(min, max)
    }

    pub(crate) fn insert(&mut self, metric: Metric, len: usize, value: impl Fn(usize) -> f64) {
        let values = (0..len).map(|at| Some(value(at)));
        self.history
            .insert(metric, Series::from_values(grid(len), values));
    }

    pub(crate) fn limits(mut self, min: u32, max: u32) -> Self {
        self.subject.autoscaler.min = Replicas(min);
        self.subject.autoscaler.max = Replicas(max);
        self
    }

    pub(crate) fn metrics(mut self, metrics: Vec<Spec>) -> Self {
        self.subject.autoscaler.metrics = metrics;
        self
    }

    pub(crate) fn target(self, percent: u32) -> Self {
        self.metrics(vec![cpu(percent)])
    }

    pub(crate) fn window(mut self, seconds: u32) -> Self {
        let scale_down = Some(Rules {
            window_seconds: Some(seconds),
            ..Rules::default()
        });
        self.subject.autoscaler.behavior = Some(Behavior {
            scale_up: None,
            scale_down,
        });
        self
    }

    pub(crate) fn workload(&mut self) -> &mut Workload {
        self.subject.workload.as_mut().unwrap()
    }

    pub(crate) fn containers(mut self, containers: Vec<Container>) -> Self {
        self.workload().containers = containers;
        self
    }

    pub(crate) fn assess(&self) -> Assessment {
        assess(&self.subject, &self.history, &self.settings, self.now)
    }

    pub(crate) fn find(&self, code: Code) -> Option<Finding> {
        self.assess()
            .findings
            .into_iter()
            .find(|it| it.code == code)
    }

    pub(crate) fn recommendation(&self) -> Option<Recommendation> {
        match self.assess().outcome {
            Outcome::Recommended(recommendation) => Some(*recommendation),
            Outcome::NoChange
            | Outcome::Withheld { .. }
            | Outcome::NotEnoughHistory { .. }
            | Outcome::Skipped { .. }
            | Outcome::Unreadable { .. } => None,
        }
    }

    pub(crate) fn load(&self) -> Load {
        let (autoscaler, workload) = self.parts();
        Load::derive(
            autoscaler,
            workload,
            &self.history,
            self.settings.window,
            self.now,
        )
    }

    /// Calls `ask` with the case that the scene makes.
    pub(crate) fn ask<T>(&self, ask: impl Fn(&Case<'_>) -> T) -> T {
        let (autoscaler, workload) = self.parts();
        let load = self.load();
        let headroom = self.settings.headroom;
        let demand = Demand::of(autoscaler, workload, &self.history, &load, headroom);
        ask(&Case {
            subject: &self.subject,
            workload,
            history: &self.history,
            load: &load,
            demand: &demand,
            today: &Settings::of(autoscaler),
            settings: &self.settings,
            now: self.now,
        })
    }

    fn parts(&self) -> (&Autoscaler, &Workload) {
        (
            &self.subject.autoscaler,
            self.subject.workload.as_ref().unwrap(),
        )
    }
}

/// Windows of a start, minutes and replicas, by the clock of UTC.
pub(crate) fn plan(windows: &[(&str, u32, u32)]) -> Plan {
    let window = |it: &(&str, u32, u32)| {
        let written = Written {
            start_cron: it.0.to_owned(),
            duration_minutes: it.1,
            min_replicas: it.2,
            time_zone: "Etc/UTC".to_owned(),
        };
        Window::try_from(written).unwrap()
    };
    Plan::new(windows.iter().map(window).collect())
}

/// A day's share of load, 0 at midnight UTC and 1 at noon, without jumps.
pub(crate) fn daily(at: usize) -> f64 {
    let angle = at as f64 / DAY as f64 * std::f64::consts::TAU;
    (1.0 - angle.cos()) / 2.0
}

pub(crate) fn grid(len: usize) -> Grid {
    let start = Timestamp::from_second(1_700_006_700).unwrap();
    Grid::new(start, Step::FIVE_MINUTES, len)
}

pub(crate) fn cpu(percent: u32) -> Spec {
    Spec::Resource {
        resource: Resource::Cpu,
        target: Target::Utilization(percent),
    }
}

pub(crate) fn container(name: &str, request: f64, limit: f64) -> Container {
    Container {
        name: name.to_owned(),
        cpu_request: Some(Cores(request)),
        cpu_limit: Some(Cores(limit)),
        memory_request: Some(1e9),
        has_readiness_probe: true,
        ..Container::default()
    }
}

fn subject() -> Subject {
    let target = TargetRef {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        kind: "Deployment".to_owned(),
    };
    Subject {
        autoscaler: Autoscaler {
            uid: None,
            id: AutoscalerId {
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
                kind: AutoscalerKind::HorizontalPodAutoscaler,
            },
            target: target.clone(),
            min: Replicas(2),
            max: Replicas(10),
            metrics: vec![cpu(70)],
            behavior: None,
            status: Status::default(),
            owner: None,
            keda: None,
            jobs: None,
            schedule: Plan::default(),
            losses: None,
        },
        workload: Ok(Workload {
            target,
            replicas: Some(Replicas(2)),
            containers: vec![container("app", REQUEST, LIMIT)],
            init_containers: Vec::new(),
            pods: 2,
            ready_pods: 2,
            startup_seconds: vec![20.0],
            pod_level: PodLevel::default(),
            disruption_budget: None,
        }),
        rivals: Vec::new(),
        missing_authentications: Vec::new(),
    }
}
