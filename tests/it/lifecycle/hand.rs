//! The library's own hand on a control plane: deeds without a process for each.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use stepscale::analysis::assessment::RiskLevel;
use stepscale::audit;
use stepscale::autoscaler::{AutoscalerId, AutoscalerKind};
use stepscale::cluster::{self, Cluster, NameArgument, Namespaces, Scope};
use stepscale::conduct::{self, Applied, Audit, Conductor, Reporter, Reverted, Surroundings};
use stepscale::lifecycle::diff::ConfigDiff;
use stepscale::lifecycle::guard::{License, Limits};
use stepscale::lifecycle::journal;
use stepscale::lifecycle::record::{Proposal, Record};
use stepscale::lifecycle::step::{Event, Policy};
use stepscale::store::{self, Store, Stored};
use tokio::runtime::Runtime;

use super::bench::Bench;

pub(super) const KIND: AutoscalerKind = AutoscalerKind::HorizontalPodAutoscaler;

pub(super) struct Hand {
    runtime: Runtime,
    cluster: Cluster,
    pub(super) store: Store,
    audit: Audit,
    reporter: Reporter,
    namespace: String,
}

/// A log in the home of the bench's user.
fn audit(bench: &Bench) -> Audit {
    let settings = audit::Settings {
        log_file: audit::Output::File(bench.path("hand.log")),
        ..audit::Settings::default()
    };
    let log = audit::Log::new(settings, audit::Origin::default(), None).unwrap();
    let warn = |it: &str| panic!("{it}");
    Audit::new(log, || Timestamp::UNIX_EPOCH, warn)
}

impl Hand {
    /// An administrator's, whose requests may take so long.
    pub(super) fn of(bench: &Bench, request_timeout: Option<Duration>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let options = cluster::Options {
            kubeconfig: Some(bench.kubeconfig()),
            request_timeout,
            ..cluster::Options::default()
        };
        let cluster = runtime.block_on(cluster::connect(&options)).unwrap();
        let store = runtime.block_on(Store::of(&cluster)).unwrap();
        Self {
            runtime,
            cluster,
            store,
            reporter: Reporter::person("bench"),
            audit: audit(bench),
            namespace: bench.namespace.clone(),
        }
    }

    /// One request; the code and what was answered.
    pub(super) fn ask(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, kind)
            .body(body.to_string().into_bytes())
            .unwrap();
        let asked = self.cluster.client().request::<Value>(request);
        match self.runtime.block_on(asked) {
            Ok(value) => (200, value),
            Err(kube::Error::Api(status)) => (status.code, json!(status.message)),
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    #[track_caller]
    pub(super) fn done(&self, method: &str, path: &str, kind: &str, body: &Value) -> Value {
        let (code, answer) = self.ask(method, path, kind, body);
        assert_eq!(code, 200, "{method} {path} {body}: {answer}");
        answer
    }

    /// Other trouble from now on; what asks for it meets none.
    #[track_caller]
    pub(super) fn meet(&self, faults: &Value) {
        self.done("POST", "/twin/faults", "application/json", faults);
    }

    pub(super) fn hpas(&self) -> String {
        let namespace = &self.namespace;
        format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers")
    }

    #[track_caller]
    pub(super) fn hpa(&self, name: &str) -> Value {
        let path = format!("{}/{name}", self.hpas());
        self.done("GET", &path, "application/json", &Value::Null)
    }

    /// A Deployment of no pods, which an HPA of its name scales.
    #[track_caller]
    pub(super) fn deployment(&self, name: &str) {
        let labels = json!({ "app": name });
        let path = format!("/apis/apps/v1/namespaces/{}/deployments", self.namespace);
        let container = json!({ "name": "app", "image": "registry.example/app:1" });
        let object = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name },
            "spec": { "replicas": 0, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels },
                    "spec": { "containers": [container] } } } });
        self.done("POST", &path, "application/json", &object);
    }

    /// Lets an HPA know its metrics, as if its controller had just seen them.
    #[track_caller]
    pub(super) fn fresh(&self, name: &str) {
        let active = json!({ "type": "ScalingActive", "status": "True", "reason": "ValidMetricFound",
            "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" });
        let status = json!({ "status": { "currentReplicas": 0, "desiredReplicas": 0,
            "conditions": [active] } });
        let path = format!("{}/{name}/status", self.hpas());
        self.done("PATCH", &path, "application/merge-patch+json", &status);
    }

    /// An HPA with its Deployment, from 6 to 20 replicas.
    #[track_caller]
    pub(super) fn plain(&self, name: &str) {
        self.deployment(name);
        let reference = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
        let object = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": name },
            "spec": { "scaleTargetRef": reference, "minReplicas": 6, "maxReplicas": 20 } });
        self.done("POST", &self.hpas(), "application/json", &object);
        self.fresh(name);
    }

    fn conductor(&self, forced: Option<&str>) -> Conductor<'_> {
        Conductor {
            cluster: &self.cluster,
            store: &self.store,
            audit: &self.audit,
            policy: Policy::default(),
            limits: Limits {
                forced: forced.map(str::to_owned),
                ..Limits::default()
            },
            license: License::Valid,
            by: "tester".to_owned(),
            reason: String::new(),
            leave: conduct::Leave::Always,
            witness: conduct::Witness::default(),
            reporter: &self.reporter,
        }
    }

    /// Does something with a conductor.
    pub(super) fn conduct<T>(&self, deed: impl AsyncFnOnce(Conductor<'_>) -> T) -> T {
        self.runtime.block_on(deed(self.conductor(None)))
    }

    /// What tells the cluster from others.
    pub(super) fn identity(&self) -> String {
        self.wait(self.cluster.identity()).unwrap()
    }

    /// Does something with the store.
    pub(super) fn wait<T>(&self, deed: impl Future<Output = T>) -> T {
        self.runtime.block_on(deed)
    }

    /// A recommendation that somebody has approved.
    #[track_caller]
    pub(super) fn approved(&self, name: &str, diff: ConfigDiff) -> Stored {
        let hpa = self.hpa(name);
        let record = self.record(name, hpa["metadata"]["uid"].as_str(), diff);
        self.conduct(async |conductor| {
            let stored = conductor.store.create(&record).await.unwrap();
            let by = "tester".to_owned();
            let event = Event::Approved { by };
            conductor.happen(&stored, event).await.unwrap()
        })
    }

    pub(super) fn record(&self, name: &str, uid: Option<&str>, diff: ConfigDiff) -> Record {
        let id = AutoscalerId {
            namespace: self.namespace.clone(),
            name: name.to_owned(),
            kind: KIND,
        };
        let proposal = Proposal {
            uid: uid.map(str::to_owned),
            scales: None,
            analyzed_at: None,
            risk: RiskLevel::Low,
            summary: "- a test".to_owned(),
            saving_usd: None,
            saving_share: None,
            diff,
            schedule: vec![],
            schedule_before: vec![],
            losses: None,
            evidence: Value::Null,
            findings: Value::Null,
        };
        Record::propose(id, proposal, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    /// The record as it is kept.
    #[track_caller]
    pub(super) fn kept(&self, name: &str) -> Stored {
        let kept = self.wait(self.store.get(&self.namespace, name));
        kept.unwrap().expect("no record is ever lost")
    }

    /// What `apply` does with a recommendation that is approved.
    pub(super) fn apply(
        &self,
        name: &str,
        forced: Option<&str>,
    ) -> Result<Applied, Box<conduct::Error>> {
        let applied = self.runtime.block_on(async {
            let stored = self.store.get(&self.namespace, name).await?;
            let surroundings = self.surroundings(name).await?;
            let conductor = self.conductor(forced);
            conductor.apply(missing(stored)?, &surroundings).await
        });
        applied.map_err(Box::new)
    }

    pub(super) fn revert(&self, name: &str) -> Result<Reverted, Box<conduct::Error>> {
        let reverted = self.runtime.block_on(async {
            let stored = self.store.get(&self.namespace, name).await?;
            let conductor = self.conductor(None);
            conductor.revert(missing(stored)?, "a test").await
        });
        reverted.map_err(Box::new)
    }

    async fn surroundings(&self, name: &str) -> Result<Surroundings, conduct::Error> {
        let scope = Scope {
            namespaces: Namespaces::One(self.namespace.clone()),
            selector: None,
            names: vec![NameArgument {
                kind: Some(KIND),
                name: name.to_owned(),
            }],
        };
        let fleet = self.cluster.inventory(&scope).await?;
        Ok(Surroundings {
            subject: fleet.subjects.into_iter().next(),
            ..Surroundings::default()
        })
    }
}

fn missing(stored: Option<Stored>) -> Result<Stored, store::Error> {
    stored.ok_or_else(|| store::Error::Conflict {
        record: "which is lost".to_owned(),
    })
}

/// The journal of an object, as it is written; null where there is none.
pub(super) fn journal(object: &Value) -> Value {
    let annotation = object["metadata"]["annotations"][journal::ANNOTATION].as_str();
    annotation.map_or(Value::Null, |it| serde_json::from_str(it).unwrap())
}
