//! A namespace with autoscalers, recommendations for them, and somebody with a license.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::control_plane::{ControlPlane, unique};
use crate::rig::program::{Said, User, has_kubectl};

pub(crate) struct Bench {
    plane: ControlPlane,
    user: User,
    pub(crate) namespace: String,
}

impl Bench {
    /// `None` where there is no kubectl to make objects with.
    pub(crate) fn start() -> Option<Self> {
        let bench = Self::without_definition()?;
        bench.succeeds(&["install", "--crd-only"]);
        Some(bench)
    }

    /// The same on a sandbox, whose requests can meet trouble; `None` on other control planes.
    pub(super) fn troubled() -> Option<Self> {
        Self::start().filter(|it| it.plane.is_sandbox())
    }

    /// Without the kind of recommendations, unless the cluster has it already.
    pub(super) fn without_definition() -> Option<Self> {
        if !has_kubectl() {
            return None;
        }
        let bench = Self {
            plane: ControlPlane::start(),
            user: User::new(),
            namespace: format!("lifecycle-{}", unique()),
        };
        bench.user.issue_license();
        bench.kubectl(&["create", "namespace", &bench.namespace]);
        Some(bench)
    }

    pub(super) fn is_sandbox(&self) -> bool {
        self.plane.is_sandbox()
    }

    /// Method, path and query of the requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.plane.requests()
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.plane.kubeconfig()
    }

    /// A path in the user's home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.user.path(name)
    }

    /// `kubectl-stepscale` in the namespace, licensed.
    pub(crate) fn stepscale(&self, arguments: &[&str]) -> Command {
        let kubeconfig = self.plane.kubeconfig();
        let mut command = self.user.licensed(kubeconfig.as_ref(), arguments);
        if arguments[0] != "install" {
            command.args(["-n", &self.namespace]);
        }
        command
    }

    /// The same as somebody else, who has the license too.
    pub(super) fn run_as(&self, user: &str, arguments: &[&str]) -> Said {
        let mut command = self.stepscale(arguments);
        Said::by(command.env("KUBECONFIG", self.plane.kubeconfig_of(user)))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.stepscale(arguments))
    }

    #[track_caller]
    pub(crate) fn succeeds(&self, arguments: &[&str]) {
        let said = self.run(arguments);
        assert_eq!(
            said.code,
            Some(0),
            "{arguments:?}: {}{}",
            said.stdout,
            said.stderr
        );
    }

    fn kubectl_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .env("KUBECONFIG", self.plane.kubeconfig())
            .args(arguments);
        command.args(["-n", &self.namespace]);
        command
    }

    #[track_caller]
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let said = Said::by(&mut self.kubectl_command(arguments));
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.stderr);
        said.stdout
    }

    /// Whatever becomes of it.
    pub(super) fn kubectl_said(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.kubectl_command(arguments))
    }

    /// What kubectl says where it is refused.
    #[track_caller]
    pub(super) fn kubectl_refused(&self, arguments: &[&str]) -> String {
        let said = self.kubectl_said(arguments);
        assert_eq!(said.code, Some(1), "{arguments:?}: {}", said.stdout);
        said.stderr
    }

    #[track_caller]
    pub(super) fn create(&self, object: &Value) {
        let path = self.user.path("object.json");
        std::fs::write(&path, object.to_string()).unwrap();
        self.kubectl(&["create", "-f", path.to_str().unwrap()]);
    }

    /// An HPA of at most 20 replicas, whose metrics are known. Its Deployment is scaled to none, so
    /// that a controller which comes by has nothing to measure and says so.
    #[track_caller]
    pub(crate) fn hpa(&self, name: &str, spec: &Value, annotations: &Value) {
        let labels = json!({ "app": name });
        self.create(&json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name },
            "spec": { "replicas": 0, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers":
                    [{ "name": "app", "image": "registry.example/app:1" }] } } } }));
        let mut spec = spec.clone();
        spec["maxReplicas"] = json!(20);
        spec["scaleTargetRef"] =
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
        self.create(
            &json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": name, "annotations": annotations }, "spec": spec }),
        );
        self.fresh(name);
    }

    /// Lets an HPA know its metrics, as if its controller had just seen them.
    #[track_caller]
    pub(crate) fn fresh(&self, name: &str) {
        let active = json!({ "type": "ScalingActive", "status": "True", "reason": "ValidMetricFound",
            "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" });
        let status = json!({ "status": { "currentReplicas": 6, "desiredReplicas": 6,
            "conditions": [active] } });
        let patch = status.to_string();
        self.kubectl(&[
            "patch",
            "hpa",
            name,
            "--subresource=status",
            "--type=merge",
            "-p",
            &patch,
        ]);
    }

    #[track_caller]
    pub(crate) fn patch(&self, name: &str, patch: &Value) {
        self.kubectl(&[
            "patch",
            "hpa",
            name,
            "--type=merge",
            "-p",
            &patch.to_string(),
        ]);
    }

    /// A recommendation as an analysis would make it.
    #[track_caller]
    pub(crate) fn recommend(&self, name: &str, diff: &Value) {
        let uid = self.object("hpa", name)["metadata"]["uid"].clone();
        self.create(
            &json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
            "metadata": { "name": name },
            "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": name, "uid": uid },
                "riskLevel": "low", "summaryMd": "- a test", "configDiff": diff } }),
        );
    }

    #[track_caller]
    pub(crate) fn object(&self, kind: &str, name: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", kind, name, "-o", "json"])).unwrap()
    }

    #[track_caller]
    pub(crate) fn phase(&self, name: &str) -> Value {
        match &self.object("scalerec", name)["status"]["phase"] {
            // As an analysis of the original product leaves it.
            Value::Null => json!("pending"),
            phase => phase.clone(),
        }
    }

    /// What the journal on an HPA has as its first minimum: a second write would have found another.
    #[track_caller]
    pub(crate) fn written_from(&self, name: &str) -> Value {
        let hpa = self.object("hpa", name);
        let text = hpa["metadata"]["annotations"]["stepscale.io/applied"].as_str();
        let journal: Value = serde_json::from_str(text.unwrap()).unwrap();
        journal["changes"][0]["from"].clone()
    }

    /// Runs a command that is held up at a point until `deed` is done.
    #[track_caller]
    pub(crate) fn meanwhile(&self, arguments: &[&str], point: &str, deed: impl FnOnce()) -> Said {
        let held = self
            .user
            .path(&format!("held-{}-{}", arguments[0], arguments[1]));
        let mut command = self.stepscale(arguments);
        command
            .env("STEPSCALE_PAUSE_AT", format!("{point}:{}", held.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        while !held.exists() {
            assert_eq!(child.try_wait().unwrap(), None, "it ends before {point}");
            std::thread::sleep(Duration::from_millis(5));
        }
        deed();
        std::fs::remove_file(&held).unwrap();
        child.wait_with_output().unwrap().into()
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    Said::by(command)
}

impl Drop for Bench {
    fn drop(&mut self) {
        let mut command = self.kubectl_command(&["delete", "namespace", &self.namespace]);
        let _ = command.arg("--wait=false").output();
    }
}
