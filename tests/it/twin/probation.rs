//! Changes judged by what became of workloads that a twin runs: kept, or taken back.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use stepscale::lifecycle::form;
use stepscale::sandbox::{Account, Options, Seed};

use super::moved::Moved;
use super::workload::Workload;
use super::{options, runtime};
use crate::rig::program::{Said, User};

/// Half an hour of little load, half an hour of much, all day long: every hour has the peak.
pub(super) fn busy(at: f64) -> f64 {
    if is_quiet(at) { 0.9 } else { 3.6 }
}

/// The same with next to no difference.
pub(super) fn calm(at: f64) -> f64 {
    if is_quiet(at) { 0.6 } else { 0.9 }
}

fn is_quiet(at: f64) -> bool {
    ((at * 48.0) as usize).is_multiple_of(2)
}

/// Who a `watch` in the cluster is, and has no rights until `install` gives some.
pub(super) const ACCOUNT: &str = "system:serviceaccount:shop:stepscale";

/// More requests than any test makes.
const LOG: usize = 100_000;

fn account() -> Account {
    Account {
        name: ACCOUNT.to_owned(),
        groups: vec![],
        token: "a-token-of-the-account".to_owned(),
    }
}

fn recommendation(namespace: &str, name: &str, diff: &Value, approved: bool) -> Value {
    json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": name },
            "approved": approved, "riskLevel": "low", "configDiff": diff } })
}

pub(super) struct Scene {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) moved: Moved,
    pub(super) user: User,
    pub(super) kubeconfig: PathBuf,
}

impl Scene {
    /// Workloads with a day and more of their own behind them, at the beginning of a quiet half hour.
    pub(super) fn start(all: &[Workload], min: u32) -> Self {
        Self::of(Workload::seed(all), min)
    }

    /// The same with workloads as `seed` has them.
    pub(super) fn of(mut seed: Seed, min: u32) -> Self {
        for object in &mut seed.objects {
            if object["kind"] == "HorizontalPodAutoscaler" {
                object["spec"]["minReplicas"] = json!(min);
            }
        }
        // How many pods there were before is not known: the history begins with the twin.
        for (_, history) in &mut seed.histories {
            let usage = history
                .iter()
                .find(|it| it.0.to_string() == "cpu_usage_cores");
            let (metric, series) = usage.map(|it| (it.0.clone(), it.1.clone())).unwrap();
            *history = stepscale::history::History::default();
            history.insert(metric, series);
        }
        let options = Options {
            seed,
            keda_operator: false,
            ..options(&[])
        };
        Self::begun(options, 25 * 60 + 15)
    }

    /// A cluster with KEDA's kinds, some minutes after its start.
    pub(super) fn begun(mut options: Options, minutes: i64) -> Self {
        options.seed.objects.push(form::definition());
        let runtime = runtime();
        let moved = runtime.block_on(async {
            let moved = Moved::start(Options {
                users: vec![account()],
                log: LOG,
                keda: true,
                ..options
            })
            .await;
            moved.pass(60 * minutes).await;
            moved
        });
        let user = User::new();
        user.issue_license();
        let kubeconfig = user.path("kubeconfig");
        moved.sandbox.write_kubeconfig(&kubeconfig).unwrap();
        Self {
            runtime,
            moved,
            user,
            kubeconfig,
        }
    }

    pub(super) fn pass(&self, minutes: i64) {
        self.runtime.block_on(self.moved.pass(60 * minutes));
    }

    /// Method, path and query of every request so far, in order.
    pub(super) fn requests(&self) -> Vec<String> {
        self.moved.sandbox.requests()
    }

    pub(super) fn set_faults(&self, plan: &Value) {
        let plan = serde_json::from_value(plan.clone()).unwrap();
        self.moved.sandbox.set_faults(plan).unwrap();
    }

    /// Where the sandbox is reached, and the token of its administrator.
    pub(super) fn address(&self) -> (String, String) {
        let sandbox = &self.moved.sandbox;
        (sandbox.plain_url(), sandbox.token().to_owned())
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let arguments = [arguments, &["-n", "shop"]].concat();
        self.anywhere(&arguments)
    }

    /// The same without a namespace.
    pub(super) fn anywhere(&self, arguments: &[&str]) -> Command {
        self.user.licensed(&self.kubeconfig, arguments)
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.command(arguments))
    }

    /// A path in the user's home.
    pub(super) fn home(&self, name: &str) -> PathBuf {
        self.user.path(name)
    }

    #[track_caller]
    pub(super) fn exits(&self, code: i32, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(
            said.code,
            Some(code),
            "{arguments:?}: {}{}",
            said.stdout,
            said.stderr
        );
        said
    }

    pub(super) fn record(&self, name: &str) -> Value {
        let said = self.exits(0, &["status", name, "-o", "json"]);
        let list: Value = serde_json::from_str(&said.stdout).unwrap();
        list["items"][0].clone()
    }

    pub(super) fn phase(&self, name: &str) -> String {
        self.record(name)["status"]["phase"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(super) fn object(&self, path: &str) -> Value {
        serde_json::from_str(&self.runtime.block_on(self.moved.text(path))).unwrap()
    }

    pub(super) fn hpa(&self, name: &str) -> Value {
        self.object(&format!(
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/{name}"
        ))
    }

    /// What somebody has approved already.
    pub(super) fn recommend(&self, name: &str, diff: &Value) {
        self.propose(name, diff, true);
    }

    pub(super) fn propose(&self, name: &str, diff: &Value, approved: bool) {
        self.propose_with(name, diff, approved, &json!({}));
    }

    /// The same, with more in its `spec`.
    pub(super) fn propose_with(&self, name: &str, diff: &Value, approved: bool, more: &Value) {
        let mut object = recommendation("shop", name, diff, approved);
        for (key, value) in more.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        self.post_recommendation("shop", &object);
    }

    pub(super) fn propose_in(&self, namespace: &str, name: &str, diff: &Value, approved: bool) {
        let object = recommendation(namespace, name, diff, approved);
        self.post_recommendation(namespace, &object);
    }

    fn post_recommendation(&self, namespace: &str, object: &Value) {
        let path =
            format!("/apis/stepscale.io/v1alpha1/namespaces/{namespace}/scalingrecommendations");
        self.runtime.block_on(self.moved.post(&path, object));
    }
}

#[test]
fn what_proves_itself_is_verified_and_what_does_harm_is_taken_back() {
    let bad = Workload {
        containers: vec![("app", 500, Some(500))],
        ..Workload::new("bad", 300, busy)
    };
    let scene = Scene::start(&[Workload::new("good", 300, calm), bad], 4);
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    scene.recommend(
        "bad",
        &json!({ "min_replicas": { "from": 4, "to": 2 },
        "max_replicas": { "from": 25, "to": 4 }, "target_cpu_pct": { "from": 70, "to": 95 } }),
    );
    let before = scene.hpa("bad")["spec"].clone();
    scene.exits(0, &["apply", "good", "bad"]);
    let said = scene.exits(0, &["verify"]);
    assert!(
        said.stderr
            .contains("awaiting post-apply data: 0 of 3 samples"),
        "{}",
        said.stderr
    );

    scene.pass(50);
    let said = scene.exits(6, &["verify"]);
    assert!(
        said.stderr
            .contains("rec/bad in namespace shop is rolledBack: "),
        "{}",
        said.stderr
    );
    assert_eq!(scene.phase("bad"), "rolledBack");
    assert_eq!(scene.hpa("bad")["spec"], before);
    let good = scene.record("good");
    assert_eq!(good["status"]["phase"], "verified", "{good}");
    assert_eq!(good["status"]["detail"], "healthy after probation");
    let saving = &good["status"]["measured"]["saving"];
    assert_eq!(saving["basis"], "measured");
    assert!(saving["share"].as_f64().unwrap() > 0.1, "{saving}");
    assert_eq!(scene.hpa("good")["spec"]["minReplicas"], 2);

    // A pipeline that comes later hears the same.
    scene.exits(0, &["verify", "good", "--wait"]);
    scene.exits(6, &["verify", "bad", "--wait"]);
    let said = scene.exits(0, &["verify"]);
    assert!(
        said.stderr.contains("nothing is on probation"),
        "{}",
        said.stderr
    );
}

#[test]
fn what_a_gitops_controller_syncs_is_adopted_and_left_to_it() {
    let bad = Workload {
        containers: vec![("app", 500, Some(500))],
        ..Workload::new("bad", 300, busy)
    };
    let scene = Scene::start(&[bad], 4);
    scene.recommend("bad", &json!({ "max_replicas": { "from": 25, "to": 4 } }));
    let said = scene.exits(7, &["verify", "bad", "--adopt"]);
    let waiting = "rec/bad in namespace shop is not synced yet: max_replicas is to be 4";
    assert!(said.stderr.contains(waiting), "{}", said.stderr);
    assert_eq!(scene.phase("bad"), "pending");

    let path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/bad";
    let git = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "bad" }, "spec": { "maxReplicas": 4 } });
    let synced = scene.moved.apply(path, "argocd-controller", &git);
    scene.runtime.block_on(synced);
    scene.pass(10);
    scene.exits(0, &["verify", "bad", "--adopt"]);
    let record = scene.record("bad");
    assert_eq!(record["status"]["phase"], "applied");
    let applied_at = record["status"]["appliedAt"].as_str().unwrap();
    assert!(applied_at.starts_with("2026-03-03T01:15:"), "{applied_at}");
    let story = scene.exits(0, &["status", "bad", "--history"]).stdout;
    assert!(
        story.contains("found in HPA, written by argocd-controller"),
        "{story}"
    );

    scene.pass(45);
    let said = scene.exits(6, &["verify"]);
    assert!(
        said.stderr
            .contains("rec/bad in namespace shop is degraded: "),
        "{}",
        said.stderr
    );
    assert_eq!(scene.hpa("bad")["spec"]["maxReplicas"], 4);
    scene.exits(0, &["revert", "bad"]);
    assert_eq!(scene.hpa("bad")["spec"]["maxReplicas"], 25);
}

#[test]
fn an_objective_that_is_broken_takes_a_change_back() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    scene.exits(0, &["apply", "good"]);
    scene.pass(20);
    let pods =
        r#"kube_deployment_status_replicas_ready{namespace="{namespace}",deployment="{target}"}"#;
    let (met, many) = (format!("pods={pods} > 1"), format!("pods={pods} > 1e"));
    let said = scene.exits(2, &["verify", "good", "--slo", &many]);
    assert!(said.stderr.contains("pods="), "{}", said.stderr);
    scene.exits(0, &["verify", "good", "--slo", &met]);
    assert_eq!(scene.phase("good"), "applied");
    let broken = format!("pods={pods} >= 4");
    let said = scene.exits(6, &["verify", "good", "--slo", &broken]);
    assert!(
        said.stderr.contains("SLO pods is not met: 3 is not >= 4"),
        "{}",
        said.stderr
    );
    assert_eq!(scene.phase("good"), "rolledBack");
}
