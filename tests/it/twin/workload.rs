//! Workloads with a day of load behind them, for a sandbox and for `simulate`.

use std::fmt::Write as _;
use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stepscale::autoscaler::target::TargetRef;
use stepscale::history::{History, Metric};
use stepscale::sandbox::Seed;
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use super::moved::{Change, time};
use crate::rig::program::{Said, User};

pub(super) const DAY: i64 = 86_400;

/// Monday, on a whole step of any length.
pub(super) fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// One HPA with its Deployment and the load of the day before [`start`].
#[derive(Clone)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    /// Seconds.
    pub(super) step: u32,
    /// Cores in each step of the day; `None` is a gap.
    pub(super) load: Vec<Option<f64>>,
    /// How many pods there were at the end of the day.
    pub(super) replicas: u32,
    pub(super) target: u32,
    pub(super) behavior: Value,
    /// Containers with their requests and limits, in millicores.
    pub(super) containers: Vec<(&'static str, u32, Option<u32>)>,
    /// What pods were seen to take until they were ready; else their probe tells.
    pub(super) startup: Option<u32>,
    /// How `simulate` is told that the load ran within a step.
    pub(super) shape: &'static str,
}

impl Workload {
    pub(super) fn new(name: &'static str, step: u32, load: impl Fn(f64) -> f64) -> Self {
        let steps = DAY as u32 / step;
        let load = (0..steps).map(|it| Some(load(f64::from(it) / f64::from(steps))));
        Self {
            name,
            step,
            load: load.collect(),
            replicas: 3,
            target: 70,
            behavior: Value::Null,
            containers: vec![("app", 500, Some(1000))],
            startup: None,
            // A step of a minute is one piece.
            shape: if step <= 60 { "held" } else { "linear" },
        }
    }

    pub(super) fn seed(all: &[Self]) -> Seed {
        Seed {
            objects: all.iter().flat_map(Self::objects).collect(),
            histories: all.iter().map(Self::history).collect(),
        }
    }

    pub(super) fn target(&self) -> TargetRef {
        TargetRef {
            namespace: "shop".to_owned(),
            kind: "Deployment".to_owned(),
            name: self.name.to_owned(),
        }
    }

    pub(super) fn objects(&self) -> [Value; 2] {
        let name = self.name;
        let metadata = json!({ "name": name, "namespace": "shop" });
        let labels = json!({ "app": name });
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": metadata,
            "spec": { "replicas": self.replicas, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels },
                    "spec": { "containers": self.containers() } } } });
        let mut hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata,
            "spec": { "minReplicas": 2, "maxReplicas": 25,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": self.target } } }] } });
        if !self.behavior.is_null() {
            hpa["spec"]["behavior"] = self.behavior.clone();
        }
        [deployment, hpa]
    }

    fn containers(&self) -> Vec<Value> {
        let container = |(name, request, limit): &(&str, u32, Option<u32>)| {
            let mut resources = json!({ "requests": { "cpu": format!("{request}m") } });
            if let Some(limit) = limit {
                resources["limits"] = json!({ "cpu": format!("{limit}m") });
            }
            json!({ "name": name, "image": "registry.example/app:1", "resources": resources,
                "readinessProbe": { "httpGet": { "path": "/", "port": 80 },
                    "initialDelaySeconds": 25 } })
        };
        self.containers.iter().map(container).collect()
    }

    fn grid(&self) -> Grid {
        let step = Step::from_seconds(self.step).unwrap();
        Grid::ending_at(start(), SignedDuration::from_secs(DAY), step)
    }

    fn history(&self) -> (TargetRef, History) {
        let grid = self.grid();
        let mut history = History::default();
        let load = self.load.iter().copied();
        history.insert(Metric::CpuUsage, Series::from_values(grid, load));
        // As many as any load needs, so that no usage is taken for less than was asked for.
        let last = grid.len() - 1;
        let ready = (0..grid.len()).map(|it| match it == last {
            true => Some(f64::from(self.replicas)),
            false => Some(50.0),
        });
        history.insert(Metric::ReadyReplicas, Series::from_values(grid, ready));
        if let Some(startup) = self.startup {
            let series = Series::constant(grid, f64::from(startup));
            history.insert(Metric::Startup, series);
        }
        (self.target(), history)
    }

    /// What `simulate` decides for the same day once more.
    pub(super) fn simulated(&self) -> Vec<Change> {
        let user = User::new();
        let (manifest, load) = (user.path("hpa.yaml"), user.path("load.csv"));
        let objects = self.objects().map(|it| it.to_string());
        fs::write(&manifest, objects.join("\n---\n")).unwrap();
        fs::write(&load, self.csv()).unwrap();
        let (manifest, load) = (manifest.display().to_string(), load.display().to_string());
        let shape = format!("--shape={}", self.shape);
        let startup = self.startup.map(|it| format!("--startup={it}s"));
        let mut arguments = vec![
            "simulate", "-f", &manifest, "--load", &load, &shape, "-ojson",
        ];
        arguments.extend(startup.as_deref());
        let report = Said::by(&mut user.stepscale(&arguments)).report(0);
        let decisions = report["decisions"].as_array().unwrap().iter();
        let count = |it: &Value| it.as_i64().unwrap();
        decisions
            .map(|it| Change {
                at: time(&it["at"]),
                from: count(&it["from"]),
                to: count(&it["to"]),
            })
            .collect()
    }

    /// The load of the day that begins at [`start`].
    fn csv(&self) -> String {
        let mut text = "timestamp,value,replicas\n".to_owned();
        for (at, value) in self.load.iter().enumerate() {
            let Some(value) = value else { continue };
            let end = start().as_second() + i64::from(self.step) * (at as i64 + 1);
            let replicas = match at {
                0 => self.replicas.to_string(),
                _ => String::new(),
            };
            let _ = writeln!(text, "{end},{value},{replicas}");
        }
        text
    }
}
