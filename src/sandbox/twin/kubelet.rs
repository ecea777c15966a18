//! What becomes of a pod once it exists: scheduled, started, ready.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::events::{Kind, Source};
use super::fields::{self, stamp, text};
use super::nodes::Unschedulable;
use super::objects::{Name, Of};
use super::random;
use super::stage::Stage;
use super::timers::Due;
use crate::sim::numbers::after;

/// Containers start within this time: an image is pulled meanwhile.
const SLOWEST_START: SignedDuration = SignedDuration::from_secs(5);

/// Does what is to be done for a pod that is new or was changed by somebody.
pub(super) fn look(stage: &mut Stage, name: &Name) {
    let Some(pod) = stage.world.pod(name) else {
        return;
    };
    if pod.is_deleted {
        let deleted = stage.world.delete(Of::Pod, name);
        stage.or_retry(deleted, Of::Pod, name);
        return;
    }
    if pod.node.is_empty() {
        schedule(stage, name);
    } else if pod.started.is_none() && pod.is_active() {
        accept(stage, name);
    }
}

fn schedule(stage: &mut Stage, name: &Name) {
    let Some(pod) = stage.world.pod(name) else {
        return;
    };
    let mut object = (*pod.object).clone();
    match stage.world.nodes().choose(&pod.shape) {
        Ok(node) => {
            fields::set(&mut object, "/spec", "nodeName", json!(&*node));
            let bound = stage.world.update(Of::Pod, object);
            if let Some(pod) = stage.or_retry(bound, Of::Pod, name) {
                tell_of_place(stage, &pod);
                accept(stage, name);
            }
        }
        Err(Unschedulable(why)) => leave_pending(stage, object, why),
    }
}

fn tell_of_place(stage: &mut Stage, pod: &Value) {
    let word = |pointer: &str| text(pod, pointer);
    let (namespace, name) = (word("/metadata/namespace"), word("/metadata/name"));
    let node = word("/spec/nodeName");
    let message = format!("Successfully assigned {namespace}/{name} to {node}");
    stage.event(pod, Source::Scheduler, Kind::Normal, "Scheduled", message);
}

/// Tells why a pod is not scheduled, once.
fn leave_pending(stage: &mut Stage, mut pod: Value, why: String) {
    let known = fields::items(&pod, "/status/conditions");
    if known.iter().any(|it| text(it, "/message") == why) {
        return;
    }
    let condition = json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": why, "lastTransitionTime": stamp(stage.now) });
    if !pod.get("status").is_some_and(Value::is_object) {
        pod["status"] = json!({ "phase": "Pending" });
    }
    pod["status"]["conditions"] = json!([condition]);
    stage.event(
        &pod,
        Source::Scheduler,
        Kind::Warning,
        "FailedScheduling",
        why,
    );
    // It stays without a reason then, and is looked at with the next change of a node.
    let _ = stage.world.update_status(Of::Pod, pod);
}

/// The kubelet of the pod's node takes it: its containers start, and it becomes ready.
fn accept(stage: &mut Stage, name: &Name) {
    let Some(pod) = stage.world.pod(name) else {
        return;
    };
    let uid = pod.uid.to_string();
    let startup = stage.startup(stage.world.root(pod));
    let (now, created) = (stage.now, pod.created.min(stage.now));
    let mut object = (*pod.object).clone();
    write(stage, &mut object, Progress::Waiting);
    let start = SignedDuration::from_secs(startup.as_secs() / 4).min(SLOWEST_START);
    let later = |length| after(created, length).max(now);
    let (pod, starts) = (name.clone(), later(start));
    let due = Due::Starts {
        pod: pod.clone(),
        uid: uid.clone(),
    };
    stage.timers.add(starts, due);
    stage.timers.add(later(startup), Due::Ready { pod, uid });
}

/// The containers of a pod start, if it is still the same.
pub(super) fn start(stage: &mut Stage, name: &Name, uid: &str) {
    advance(stage, name, uid, Progress::Started);
}

/// A pod becomes ready, if it is still the same.
pub(super) fn become_ready(stage: &mut Stage, name: &Name, uid: &str) {
    advance(stage, name, uid, Progress::Ready);
}

fn advance(stage: &mut Stage, name: &Name, uid: &str, to: Progress) {
    let Some(pod) = stage.world.pod(name) else {
        return;
    };
    if *pod.uid == *uid && pod.is_active() && !pod.is_ready() {
        let mut object = (*pod.object).clone();
        write(stage, &mut object, to);
    }
}

/// How far a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Started,
    Ready,
}

/// Writes a pod's status, and again from what is there now if somebody was faster.
fn write(stage: &mut Stage, pod: &mut Value, to: Progress) {
    let now = stage.now;
    let name = Name::of(pod);
    let host = host_ip(stage, text(pod, "/spec/nodeName"));
    set_status(pod, to, &host, now);
    if stage.world.update_status(Of::Pod, pod.clone()).is_ok() {
        return;
    }
    stage.world.refresh();
    if let Some(newer) = stage.world.pod(&name) {
        let mut newer = (*newer.object).clone();
        set_status(&mut newer, to, &host, now);
        // A second refusal means that it is gone.
        let _ = stage.world.update_status(Of::Pod, newer);
    }
}

fn host_ip(stage: &Stage, node: &str) -> String {
    let node = stage.world.get(Of::Node, &Name::new("", node));
    let addresses = node.map(|it| fields::items(it, "/status/addresses"));
    let mut addresses = addresses.unwrap_or_default().iter();
    let internal = addresses.find(|it| text(it, "/type") == "InternalIP");
    internal.map_or_else(String::new, |it| text(it, "/address").to_owned())
}

fn set_status(pod: &mut Value, to: Progress, host: &str, now: Timestamp) {
    let runs = to != Progress::Waiting;
    let conditions: Vec<Value> = conditions(pod, to, now);
    let containers = container_statuses(pod, "/spec/containers", to, now);
    let inits = container_statuses(pod, "/spec/initContainers", to, now);
    let ip = ip(text(pod, "/metadata/uid"));
    if !pod.get("status").is_some_and(Value::is_object) {
        pod["status"] = json!({});
    }
    let started = fields::time(pod, "/status/startTime").unwrap_or(now);
    let status = &mut pod["status"];
    status["phase"] = json!(if runs { "Running" } else { "Pending" });
    status["conditions"] = json!(conditions);
    status["startTime"] = stamp(started);
    status["containerStatuses"] = json!(containers);
    if !inits.is_empty() {
        status["initContainerStatuses"] = json!(inits);
    }
    if !host.is_empty() {
        status["hostIP"] = json!(host);
        status["hostIPs"] = json!([{ "ip": host }]);
    }
    if runs {
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{ "ip": ip }]);
    }
}

/// The conditions in the kubelet's order; one that does not turn keeps its time.
fn conditions(pod: &Value, to: Progress, now: Timestamp) -> Vec<Value> {
    let runs = to != Progress::Waiting;
    let ready = to == Progress::Ready;
    let all = [
        ("PodReadyToStartContainers", runs),
        ("Initialized", runs || !has_init(pod)),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", true),
    ];
    let known = fields::items(pod, "/status/conditions");
    let condition = |(kind, holds): (&str, bool)| {
        let status = if holds { "True" } else { "False" };
        let before = known.iter().find(|it| text(it, "/type") == kind);
        let since = before.filter(|it| text(it, "/status") == status);
        let since = since.and_then(|it| it.get("lastTransitionTime").cloned());
        let mut condition = json!({ "type": kind, "status": status, "lastProbeTime": null,
            "lastTransitionTime": since.unwrap_or_else(|| stamp(now)) });
        if !holds && matches!(kind, "Ready" | "ContainersReady") {
            condition["reason"] = json!("ContainersNotReady");
            condition["message"] = json!(unready(pod));
        }
        condition
    };
    all.into_iter().map(condition).collect()
}

fn has_init(pod: &Value) -> bool {
    !fields::items(pod, "/spec/initContainers").is_empty()
}

fn unready(pod: &Value) -> String {
    let names = fields::items(pod, "/spec/containers").iter();
    let names: Vec<&str> = names.map(|it| text(it, "/name")).collect();
    format!("containers with unready status: [{}]", names.join(" "))
}

fn container_statuses(pod: &Value, pointer: &str, to: Progress, now: Timestamp) -> Vec<Value> {
    let uid = text(pod, "/metadata/uid");
    let started = fields::items(pod, "/status/containerStatuses").iter();
    let mut started = started.filter_map(|it| it.pointer("/state/running/startedAt"));
    let started = started.next().cloned().unwrap_or_else(|| stamp(now));
    let is_init = pointer.ends_with("initContainers");
    let status = |container: &Value| {
        let name = text(container, "/name");
        let image = text(container, "/image");
        let ends = is_init && text(container, "/restartPolicy") != "Always";
        let runs = to != Progress::Waiting;
        let id = format!(
            "containerd://{}",
            random::long_hash(&format!("{uid}{name}"))
        );
        let state = match (runs, ends) {
            (false, _) => json!({ "waiting": { "reason": waits(pod, is_init) } }),
            (true, false) => json!({ "running": { "startedAt": started } }),
            (true, true) => json!({ "terminated": { "exitCode": 0, "reason": "Completed",
                "startedAt": started, "finishedAt": started, "containerID": id } }),
        };
        let is_ready = if is_init { runs } else { to == Progress::Ready };
        let mut status = json!({ "name": name, "image": image, "imageID": "", "ready": is_ready,
            "restartCount": 0, "started": runs && !ends, "state": state, "lastState": {} });
        if runs {
            status["containerID"] = json!(id);
            status["imageID"] = json!(format!("{image}@sha256:{}", random::long_hash(image)));
        }
        status
    };
    fields::items(pod, pointer).iter().map(status).collect()
}

fn waits(pod: &Value, is_init: bool) -> &'static str {
    match has_init(pod) && !is_init {
        true => "PodInitializing",
        false => "ContainerCreating",
    }
}

/// An address of the pods' network that goes with a uid.
fn ip(uid: &str) -> String {
    let bytes = uid.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let [_, _, third, fourth] = bytes.to_be_bytes();
    format!("10.244.{third}.{}", fourth.max(1))
}
