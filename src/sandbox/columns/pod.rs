//! Pods. Their status sums up what their containers do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::cells::{AGE, NAME, Row, count, list, moment, text, text_or};

pub(super) const PODS: &[Row] = &[
    NAME,
    Row(
        "Ready",
        "string",
        0,
        "How many containers are ready, of all.",
        |it, _| {
            let pod = Summary::of(it);
            json!(format!("{}/{}", pod.ready, pod.containers))
        },
    ),
    Row(
        "Status",
        "string",
        0,
        "What the containers do, in a word.",
        |it, _| json!(Summary::of(it).reason),
    ),
    Row(
        "Restarts",
        "string",
        0,
        "How often containers were restarted, and when last.",
        |it, now| json!(Summary::of(it).restarts(now)),
    ),
    AGE,
    Row("IP", "string", 1, "The address of the pod.", |it, _| {
        json!(text_or(it, "/status/podIPs/0/ip", "<none>"))
    }),
    Row("Node", "string", 1, "Where the pod runs.", |it, _| {
        json!(text_or(it, "/spec/nodeName", "<none>"))
    }),
    Row(
        "Nominated Node",
        "string",
        1,
        "Where the pod is to run once others have left.",
        |it, _| json!(text_or(it, "/status/nominatedNodeName", "<none>")),
    ),
    Row(
        "Readiness Gates",
        "string",
        1,
        "How many conditions hold, of those that readiness asks for besides.",
        |it, _| json!(gates(it)),
    ),
];

/// What is counted and said of a pod.
#[derive(Default)]
struct Summary {
    ready: usize,
    containers: usize,
    reason: String,
    restarted: Restarts,
}

#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count = self.count.saturating_add(count(status, "/restartCount"));
        self.last = self
            .last
            .max(moment(status, "/lastState/terminated/finishedAt"));
    }
}

impl Summary {
    fn of(pod: &Value) -> Self {
        let mut summary = Self {
            containers: list(pod, "/spec/containers").len() + sidecars(pod),
            reason: text_or(pod, "/status/reason", text(pod, "/status/phase")).to_owned(),
            ..Self::default()
        };
        let mut conditions = list(pod, "/status/conditions").iter();
        let gated = "SchedulingGated";
        if conditions.any(|it| it["type"] == "PodScheduled" && it["reason"] == gated) {
            summary.reason = gated.to_owned();
        }
        let of_sidecars = summary.initialize(pod);
        if let Some(restarted) = of_sidecars {
            summary.restarted = restarted;
            summary.run(pod);
        }
        summary.end(pod);
        summary
    }

    /// Looks at the init containers. Returns the restarts of sidecars, unless the pod is still
    /// initializing.
    fn initialize(&mut self, pod: &Value) -> Option<Restarts> {
        let mut of_sidecars = Restarts::default();
        let statuses = list(pod, "/status/initContainerStatuses");
        for (index, status) in statuses.iter().enumerate() {
            let is_sidecar = is_sidecar(pod, &status["name"]);
            self.restarted.add(status);
            if is_sidecar {
                of_sidecars.add(status);
            }
            let state = &status["state"]["terminated"];
            if state.is_object() && count(state, "/exitCode") == 0 {
                continue;
            }
            if is_sidecar && status["started"] == true {
                self.ready += usize::from(status["ready"] == true);
                continue;
            }
            let all = list(pod, "/spec/initContainers").len();
            self.reason = initializing(status).unwrap_or_else(|| format!("Init:{index}/{all}"));
            return holds(pod, "Initialized").then_some(of_sidecars);
        }
        Some(of_sidecars)
    }

    /// Looks at the containers: the first one that has something to say gives the reason.
    fn run(&mut self, pod: &Value) {
        let (mut has_running, mut failure) = (false, None);
        for status in list(pod, "/status/containerStatuses").iter().rev() {
            self.restarted.add(status);
            let state = &status["state"];
            if !text(state, "/waiting/reason").is_empty() {
                self.reason = text(state, "/waiting/reason").to_owned();
            } else if state["terminated"].is_object() {
                self.reason = terminated(&state["terminated"]);
                if count(state, "/terminated/exitCode") != 0 {
                    failure = Some(self.reason.clone());
                }
            } else if status["ready"] == true && state["running"].is_object() {
                has_running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" {
            self.reason = match failure {
                _ if has_running && holds(pod, "Ready") => "Running".to_owned(),
                Some(failure) => failure,
                None if has_running => "NotReady".to_owned(),
                None => "Completed".to_owned(),
            };
        }
    }

    fn end(&mut self, pod: &Value) {
        let is_over = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        if text(pod, "/metadata/deletionTimestamp").is_empty() {
            return;
        }
        if text(pod, "/status/reason") == "NodeLost" {
            self.reason = "Unknown".to_owned();
        } else if !is_over {
            self.reason = "Terminating".to_owned();
        }
    }

    fn restarts(&self, now: Timestamp) -> String {
        let Restarts { count, last } = self.restarted;
        match last {
            Some(last) if count != 0 => format!("{count} ({} ago)", age::since(last, now)),
            _ => count.to_string(),
        }
    }
}

/// How many init containers keep running beside the others.
fn sidecars(pod: &Value) -> usize {
    let all = list(pod, "/spec/initContainers").iter();
    all.filter(|it| it["restartPolicy"] == "Always").count()
}

fn is_sidecar(pod: &Value, name: &Value) -> bool {
    let mut all = list(pod, "/spec/initContainers").iter();
    all.any(|it| it["name"] == *name && it["restartPolicy"] == "Always")
}

/// Why initialization does not go on; `None` if it just takes its time.
fn initializing(status: &Value) -> Option<String> {
    let state = &status["state"];
    if state["terminated"].is_object() {
        return Some(format!("Init:{}", terminated(&state["terminated"])));
    }
    match text(state, "/waiting/reason") {
        "" | "PodInitializing" => None,
        reason => Some(format!("Init:{reason}")),
    }
}

fn terminated(state: &Value) -> String {
    match (text(state, "/reason"), count(state, "/signal")) {
        ("", 0) => format!("ExitCode:{}", count(state, "/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Whether the first condition of a type is true.
fn holds(pod: &Value, condition: &str) -> bool {
    let mut all = list(pod, "/status/conditions").iter();
    let found = all.find(|it| it["type"] == condition);
    found.is_some_and(|it| it["status"] == "True")
}

fn gates(pod: &Value) -> String {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates
        .iter()
        .filter(|it| holds(pod, text(it, "/conditionType")));
    format!("{}/{}", open.count(), gates.len())
}
