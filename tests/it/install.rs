//! `watch` put into a control plane and taken out again.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stepscale::install::{Needed, PERMISSIONS, Place};

use crate::rig::control_plane::{ANALYST, ControlPlane, unique};
use crate::rig::program::{Said, User, has_kubectl};

const DOCS: &str = include_str!("../../docs/install.md");

/// Plans that between them have every kind of object that the sandbox knows.
const PLANS: [&[&str]; 5] = [
    &[],
    &["--mode=apply", "--prometheus-url=http://prometheus:9090"],
    &["--namespace-scoped", "--mode=rules-only", "--replicas=1"],
    &["--shards=3", "--mode=apply", "--interval=60"],
    &["--shards=20", "--job"],
];

/// A namespace, an administrator, and kubectl.
struct Bench {
    plane: ControlPlane,
    user: User,
    namespace: String,
}

impl Bench {
    fn start() -> Option<Self> {
        if !has_kubectl() {
            return None;
        }
        let bench = Self {
            plane: ControlPlane::start(),
            user: User::new(),
            namespace: format!("install-{}", unique()),
        };
        bench.kubectl(&["create", "namespace", &bench.namespace]);
        Some(bench)
    }

    fn run_as(&self, user: &str, arguments: &[&str]) -> Said {
        let all = [arguments, &["-n", &self.namespace]].concat();
        let kubeconfig = self.plane.kubeconfig_of(user);
        self.user.run(&kubeconfig, &all)
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_as("admin", arguments)
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.stderr);
        said.stdout
    }

    #[track_caller]
    fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with(arguments, "")
    }

    #[track_caller]
    fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new("kubectl");
        command
            .env("KUBECONFIG", self.plane.kubeconfig())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
        drop(stdin);
        let said = Said::from(child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.stderr);
        said.stdout
    }

    /// Names of what is ours in the namespace, without what others make of it.
    fn ours(&self) -> Vec<String> {
        let kinds = "sa,role,rolebinding,cm,svc,pdb,deploy,sts,job,lease,clusterrole,\
                     clusterrolebinding";
        let label = "-l=app.kubernetes.io/managed-by=kubectl-stepscale";
        let all = self.kubectl(&["get", kinds, label, "-o=name", "-n", &self.namespace]);
        // Those of the whole cluster have the namespace in their name.
        let is_here = |it: &&str| !it.contains(':') || it.ends_with(&self.namespace);
        all.lines().filter(is_here).map(str::to_owned).collect()
    }

    /// An HPA whose target is scaled to none, and a recommendation for it.
    #[track_caller]
    fn recommend(&self, name: &str) {
        let labels = json!({ "app": name });
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": { "replicas": 0, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers":
                    [{ "name": "app", "image": "registry.example/app:1" }] } } } });
        let cpu = json!({ "type": "Resource", "resource": { "name": "cpu",
            "target": { "type": "Utilization", "averageUtilization": 40 } } });
        let hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": { "minReplicas": 6, "maxReplicas": 20, "metrics": [cpu], "scaleTargetRef":
                { "apiVersion": "apps/v1", "kind": "Deployment", "name": name } } });
        self.create(&deployment);
        self.create(&hpa);
        let active = json!({ "type": "ScalingActive", "status": "True", "message": "",
            "reason": "ValidMetricFound", "lastTransitionTime": "2026-01-01T00:00:00Z" });
        let status = json!({ "status": { "currentReplicas": 6, "desiredReplicas": 6,
            "conditions": [active] } });
        let patch = format!("-p={status}");
        let at = [
            "-n",
            &self.namespace,
            "--subresource=status",
            "--type=merge",
        ];
        self.kubectl(&[&["patch", "hpa", name, &patch], &at[..]].concat());
        let uid = [
            "get",
            "hpa",
            name,
            "-n",
            &self.namespace,
            "-o=jsonpath={.metadata.uid}",
        ];
        let uid = self.kubectl(&uid);
        self.create(
            &json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": name, "uid": uid },
                "riskLevel": "low", "summaryMd": "- a test",
                "configDiff": { "min_replicas": { "from": 6, "to": 2 } } } }),
        );
    }

    #[track_caller]
    fn create(&self, object: &Value) {
        self.kubectl_with(&["create", "-f", "-"], &object.to_string());
    }

    /// Lets a user of the rig do what `watch` may.
    #[track_caller]
    fn let_watch(&self, user: &str) {
        let role = format!("stepscale-watch:{}", self.namespace);
        self.create(
            &json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": format!("{user}-{}", self.namespace) },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }] }),
        );
    }

    /// A license and its key, as environment of a run.
    fn licensed(&self, command: &mut Command) {
        let run = |line: &str| {
            let arguments: Vec<&str> = line.split(' ').collect();
            let mut command = self.user.stepscale(&arguments);
            let said = Said::by(command.current_dir(self.user.home()));
            assert_eq!(said.code, Some(0), "{line}: {}", said.stderr);
        };
        if !self.user.path("license.json").exists() {
            run("license keygen --out-dir .");
            run(
                "license issue --private-key stepscale-license.key --customer test --plan team \
                 --days 30 --out license.json --signature license.json.sig",
            );
        }
        command
            .env("STEPSCALE_LICENSE", self.user.path("license.json"))
            .env(
                "STEPSCALE_LICENSE_PUBLIC_KEY",
                self.user.path("stepscale-license.pub"),
            );
    }

    fn apply_as(&self, user: &str, name: &str) -> Said {
        let mut command = self.user.stepscale(&["apply", name, "-n", &self.namespace]);
        self.licensed(&mut command);
        Said::by(command.env("KUBECONFIG", self.plane.kubeconfig_of(user)))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // On somebody else's cluster, the roles of the whole would stay.
        let _ = self.run(&["uninstall"]);
        let name = format!("{ANALYST}-{}", self.namespace);
        for object in [
            ["clusterrolebinding", &name],
            ["namespace", &self.namespace],
        ] {
            let mut command = Command::new("kubectl");
            command
                .env("KUBECONFIG", self.plane.kubeconfig())
                .args(["delete", "--wait=false", "--ignore-not-found"])
                .args(object);
            let _ = command.output();
        }
    }
}

#[test]
fn what_is_printed_is_accepted_by_kubectl() {
    let Some(bench) = Bench::start() else { return };
    for plan in PLANS {
        let yaml = bench.succeeds(&[&["install"], plan].concat());
        let checked = bench.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &yaml);
        let documents = yaml.matches("\nkind: ").count();
        assert_eq!(checked.lines().count(), documents, "{checked}");
        assert!(
            checked.lines().all(|it| it.contains("(server dry run)")),
            "{checked}"
        );
    }
    let yaml = bench.succeeds(&["install"]);
    let applied = bench.kubectl_with(&["apply", "-f", "-"], &yaml);
    assert!(
        applied.contains("deployment.apps/stepscale created"),
        "{applied}"
    );
    let again = bench.kubectl_with(&["apply", "-f", "-"], &yaml);
    // kubectl always replaces the selector of a budget, and calls that a change.
    let is_same = |it: &str| it.ends_with("unchanged") || it.starts_with("poddisruptionbudget");
    assert!(again.lines().all(is_same), "{again}");
    // Nothing that kubectl has set is something else to us.
    let ours = bench.succeeds(&["install", "--apply"]);
    assert!(ours.lines().all(|it| it.ends_with("unchanged")), "{ours}");
}

#[test]
fn each_plan_is_applied_told_and_applied_again_without_a_change() {
    let Some(bench) = Bench::start() else { return };
    for plan in PLANS {
        let install = [&["install", "--apply"], plan].concat();
        let checked = bench.succeeds(&[&install[..], &["--dry-run=server"]].concat());
        assert!(
            checked.lines().all(|it| it.ends_with("(server dry run)")),
            "{checked}"
        );
        let applied = bench.succeeds(&install);
        let is_new = applied.contains(" created") || applied.contains(" configured");
        assert!(is_new, "{applied}");
        let again = bench.succeeds(&install);
        // A Job is run once more.
        let is_settled = |it: &str| it.ends_with(" unchanged") || it.starts_with("job.batch/");
        assert!(again.lines().all(is_settled), "{again}");
    }
    let workloads = ["get", "deploy,sts,job", "-o=name", "-n", &bench.namespace];
    let workloads = bench.kubectl(&workloads);
    let workloads: Vec<&str> = workloads.lines().collect();
    let expected = ["statefulset.apps/stepscale", "job.batch/stepscale-analysis"];
    assert_eq!(
        workloads, expected,
        "each plan takes the place of the one before"
    );
}

#[test]
fn nothing_is_left_of_it_but_what_people_decided() {
    let Some(bench) = Bench::start() else { return };
    bench.succeeds(&["install", "--apply"]);
    bench.succeeds(&["install", "--apply", "--shards=2", "--job"]);
    bench.recommend("web");
    let secret = ["create", "secret", "generic", "stepscale-license"];
    bench.kubectl(
        &[
            &secret[..],
            &["--from-literal=license=x", "-n", &bench.namespace],
        ]
        .concat(),
    );
    let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata":
        { "name": "stepscale-autoscaler-leader", "namespace": bench.namespace }, "spec": {} });
    bench.create(&lease);

    let before = bench.ours();
    let told = bench.succeeds(&["uninstall", "--dry-run"]);
    assert!(
        told.contains("deployment.apps/stepscale deleted (dry run)"),
        "{told}"
    );
    bench.succeeds(&["uninstall", "--dry-run=server"]);
    assert_eq!(bench.ours(), before, "a dry run deletes nothing");

    let said = bench.run(&["uninstall"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stdout
            .contains("lease.coordination.k8s.io/stepscale-autoscaler-leader deleted")
    );
    assert!(
        said.stderr.contains("recommendations stay"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("the license stays"), "{}", said.stderr);
    assert_eq!(bench.ours(), Vec::<String>::new());
    for kept in ["scalerec/web", "secret/stepscale-license"] {
        bench.kubectl(&["get", kept, "-n", &bench.namespace]);
    }
    let again = bench.run(&["uninstall"]);
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (Some(0), ""),
        "{}",
        again.stderr
    );
}

#[test]
fn what_was_changed_is_told_and_keeps_the_recommendations() {
    let Some(bench) = Bench::start() else { return };
    bench.succeeds(&["install", "--apply"]);
    bench.recommend("web");
    let applied = bench.apply_as("admin", "web");
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    let revert = format!("kubectl stepscale revert web -n {}", bench.namespace);
    if bench.plane.is_sandbox() {
        let refused = bench.run(&["uninstall", "--purge"]);
        assert_eq!(refused.code, Some(5), "{}", refused.stderr);
        assert!(refused.stderr.contains(&revert), "{}", refused.stderr);
        assert!(!bench.ours().is_empty(), "what is refused deletes nothing");
    }
    let said = bench.run(&["uninstall"]);
    assert!(said.stderr.contains(&revert), "{}", said.stderr);
    // The rest would take away what other tests of the same cluster have.
    if bench.plane.is_sandbox() {
        let purged = bench.succeeds(&["uninstall", "--purge", "--force"]);
        assert!(
            purged.contains("scalingrecommendations.stepscale.io deleted"),
            "{purged}"
        );
        let said = bench.run(&["revert", "web"]);
        assert_eq!(said.code, Some(0), "the target is enough: {}", said.stderr);
    }
}

#[test]
fn what_others_made_under_our_names_stays() {
    let Some(bench) = Bench::start() else { return };
    bench.create(
        &json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "a": "b" },
        "metadata": { "name": "stepscale-config", "namespace": bench.namespace } }),
    );
    let said = bench.run(&["uninstall"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
    assert!(
        said.stderr.contains("configmap/stepscale-config stays"),
        "{}",
        said.stderr
    );
    bench.kubectl(&["get", "cm", "stepscale-config", "-n", &bench.namespace]);
}

#[test]
fn the_default_namespace_is_made_and_purged() {
    let Some(bench) = Bench::start() else { return };
    if !bench.plane.is_sandbox() {
        return;
    }
    let kubeconfig = bench.plane.kubeconfig();
    let run = |arguments: &[&str]| {
        let said = bench.user.run(&kubeconfig, arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.stderr);
        said.stdout
    };
    let checked = run(&["install", "--dry-run=server"]);
    assert!(
        checked.contains("not checked without its namespace"),
        "{checked}"
    );
    let applied = run(&["install", "--apply"]);
    assert!(
        applied.starts_with("namespace/stepscale-system created\n"),
        "{applied}"
    );
    assert!(!run(&["uninstall"]).contains("namespace/"));
    let purged = run(&["uninstall", "--purge"]);
    assert!(
        purged.ends_with("namespace/stepscale-system deleted\n"),
        "{purged}"
    );
}

#[test]
fn a_namespace_or_a_kind_that_is_missing_is_told_before_anything_is_written() {
    let Some(bench) = Bench::start() else { return };
    let kubeconfig = bench.plane.kubeconfig();
    let missing = bench
        .user
        .run(&kubeconfig, &["install", "--apply", "-n", "nowhere"]);
    assert_eq!(missing.code, Some(3), "{}", missing.stderr);
    assert!(
        missing.stderr.contains("kubectl create namespace nowhere"),
        "{}",
        missing.stderr
    );
    let unserved = bench.run(&["install", "--apply", "--service-monitor"]);
    assert_eq!(unserved.code, Some(4), "{}", unserved.stderr);
    assert!(
        unserved.stderr.contains("monitoring.coreos.com/v1"),
        "{}",
        unserved.stderr
    );
    assert_eq!(bench.ours(), Vec::<String>::new());
}

#[test]
fn fields_of_others_are_taken_only_on_demand() {
    let Some(bench) = Bench::start() else { return };
    bench.succeeds(&["install", "--apply"]);
    let patch = r#"-p={"spec":{"minAvailable":2}}"#;
    bench.kubectl(&["patch", "pdb", "stepscale", "-n", &bench.namespace, patch]);
    let refused = bench.run(&["install", "--apply"]);
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--force-conflicts"),
        "{}",
        refused.stderr
    );
    let forced = bench.succeeds(&["install", "--apply", "--force-conflicts"]);
    let budget = "poddisruptionbudget.policy/stepscale configured";
    assert!(forced.contains(budget), "{forced}");
}

#[test]
fn with_these_rights_alone_it_analyzes_and_applies_only_where_that_is_meant() {
    let Some(bench) = Bench::start() else { return };
    bench.succeeds(&["install", "--apply"]);
    bench.let_watch(ANALYST);
    bench.recommend("web");
    let analyze = ["analyze", "--no-prometheus", "-o=json"];
    let report = bench.run_as(ANALYST, &analyze).report(0);
    assert_eq!(report["unread"], json!([]), "{report}");

    let refused = bench.apply_as(ANALYST, "web");
    assert_ne!(refused.code, Some(0));
    let rule = "may not get horizontalpodautoscalers.autoscaling";
    assert!(refused.stderr.contains(rule), "{}", refused.stderr);

    bench.succeeds(&["install", "--apply", "--mode=apply"]);
    bench.recommend("api");
    let applied = bench.apply_as(ANALYST, "api");
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    let events = ["get", "events", "-o=name", "-n", &bench.namespace];
    assert!(bench.kubectl(&events).contains("api"), "told as an Event");
    let reverted = bench.run_as(ANALYST, &["revert", "api"]);
    assert_eq!(reverted.code, Some(0), "{}", reverted.stderr);
}

#[test]
fn the_documentation_has_every_permission_and_its_reason() {
    let mut table = String::from(
        "| Verbs | Resources | Where | Needed | For |\n| --- | --- | --- | --- | --- |\n",
    );
    for it in PERMISSIONS {
        let with_group = |resource: &&str| match it.group {
            "" | "*" => format!("`{resource}`"),
            group => format!("`{resource}.{group}`"),
        };
        let resources: Vec<String> = it.resources.iter().map(with_group).collect();
        let place = match it.place {
            Place::Watched => "what is watched",
            Place::Own => "own namespace",
            Place::OwnLeases => "own Leases",
        };
        let needed = match it.needed {
            Needed::Always => "always",
            Needed::ToApply => "`--mode apply`",
            Needed::ToFindPrometheus => "no `--prometheus-url`",
            Needed::ToElect => "not for `--job`",
        };
        let (verbs, resources) = (it.verbs.join(", "), resources.join(", "));
        let _ = writeln!(
            table,
            "| {verbs} | {resources} | {place} | {needed} | {} |",
            it.reason
        );
    }
    assert!(DOCS.contains(&table), "docs/install.md is to have\n{table}");
}
