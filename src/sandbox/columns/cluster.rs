//! The kinds around the workloads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, Row, age_at, count, entries, list, moment, text, text_or};

pub(super) const NAMESPACES: &[Row] = &[
    NAME,
    Row(
        "Status",
        "string",
        0,
        "The phase of the namespace.",
        |it, _| json!(text(it, "/status/phase")),
    ),
    AGE,
];

pub(super) const SECRETS: &[Row] = &[
    NAME,
    Row("Type", "string", 0, "What the secret is for.", |it, _| {
        json!(text(it, "/type"))
    }),
    Row(
        "Data",
        "string",
        0,
        "How many entries there are.",
        |it, _| json!(entries(it, "/data")),
    ),
    AGE,
];

pub(super) const CONFIG_MAPS: &[Row] = &[
    NAME,
    Row(
        "Data",
        "string",
        0,
        "How many entries there are.",
        |it, _| json!(entries(it, "/data") + entries(it, "/binaryData")),
    ),
    AGE,
];

pub(super) const SERVICE_ACCOUNTS: &[Row] = &[NAME, AGE];

pub(super) const LEASES: &[Row] = &[
    NAME,
    Row("Holder", "string", 0, "Who holds the lease.", |it, _| {
        json!(text(it, "/spec/holderIdentity"))
    }),
    AGE,
];

pub(super) const NODES: &[Row] = &[
    NAME,
    Row(
        "Status",
        "string",
        0,
        "Whether the node takes pods.",
        |it, _| json!(node_status(it)),
    ),
    Row("Roles", "string", 0, "What the node is for.", |it, _| {
        json!(roles(it))
    }),
    AGE,
    Row(
        "Version",
        "string",
        0,
        "The version of its kubelet.",
        |it, _| json!(text(it, "/status/nodeInfo/kubeletVersion")),
    ),
    Row(
        "Internal-IP",
        "string",
        1,
        "Its address in the cluster.",
        |it, _| json!(address(it, "InternalIP")),
    ),
    Row(
        "External-IP",
        "string",
        1,
        "Its address outside.",
        |it, _| json!(address(it, "ExternalIP")),
    ),
    Row("OS-Image", "string", 1, "Its operating system.", |it, _| {
        json!(text_or(it, "/status/nodeInfo/osImage", UNKNOWN))
    }),
    Row("Kernel-Version", "string", 1, "Its kernel.", |it, _| {
        let kernel = text_or(it, "/status/nodeInfo/kernelVersion", UNKNOWN);
        json!(match text(it, "/status/nodeInfo/architecture") {
            "" => kernel.to_owned(),
            architecture => format!("{kernel} ({architecture})"),
        })
    }),
    Row(
        "Container-Runtime",
        "string",
        1,
        "What runs its containers.",
        |it, _| {
            json!(text_or(
                it,
                "/status/nodeInfo/containerRuntimeVersion",
                UNKNOWN
            ))
        },
    ),
];

const UNKNOWN: &str = "<unknown>";

fn node_status(node: &Value) -> String {
    let conditions = list(node, "/status/conditions").iter();
    let ready = conditions.rev().find(|it| it["type"] == "Ready");
    let ready = match ready.map(|it| text(it, "/status")) {
        None => "Unknown",
        Some("True") => "Ready",
        Some(_) => "NotReady",
    };
    match node.pointer("/spec/unschedulable") == Some(&json!(true)) {
        true => format!("{ready},SchedulingDisabled"),
        false => ready.to_owned(),
    }
}

fn roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let role = |(key, value): (&String, &Value)| match key.strip_prefix("node-role.kubernetes.io/")
    {
        Some(role) => Some(role.to_owned()),
        None if key == "kubernetes.io/role" => value.as_str().map(str::to_owned),
        None => None,
    };
    let roles = labels.into_iter().flatten().filter_map(role);
    let roles: BTreeSet<String> = roles.filter(|it| !it.is_empty()).collect();
    match roles.is_empty() {
        true => "<none>".to_owned(),
        false => roles.into_iter().collect::<Vec<_>>().join(","),
    }
}

fn address<'a>(node: &'a Value, kind: &str) -> &'a str {
    let mut all = list(node, "/status/addresses").iter();
    let found = all.find(|it| it["type"] == kind);
    found.map_or("<none>", |it| text(it, "/address"))
}

/// Of both groups that serve events: their fields differ in name.
pub(super) const EVENTS: &[Row] = &[
    Row(
        "Last Seen",
        "string",
        0,
        "When it happened last.",
        |it, now| json!(last_seen(it, now)),
    ),
    Row("Type", "string", 0, "Normal or Warning.", |it, _| {
        json!(text(it, "/type"))
    }),
    Row(
        "Reason",
        "string",
        0,
        "Why it happened, in a word.",
        |it, _| json!(text(it, "/reason")),
    ),
    Row("Object", "string", 0, "What it is about.", |it, _| {
        let about = about(it);
        let kind = text(about, "/kind").to_lowercase();
        json!(match text(about, "/name") {
            "" => kind,
            name => format!("{kind}/{name}"),
        })
    }),
    Row("Subobject", "string", 1, "Which part of that.", |it, _| {
        json!(text(about(it), "/fieldPath"))
    }),
    Row("Source", "string", 1, "Who reports it.", |it, _| {
        json!(source(it))
    }),
    Row("Message", "string", 0, "What happened.", |it, _| {
        json!(text_or(it, "/message", text(it, "/note")).trim())
    }),
    Row(
        "First Seen",
        "string",
        1,
        "When it happened first.",
        |it, now| json!(first_seen(it, now)),
    ),
    Row("Count", "string", 1, "How often it happened.", |it, _| {
        json!(match it["series"].is_object() {
            true => count(it, "/series/count"),
            false => count(it, "/count")
                .max(count(it, "/deprecatedCount"))
                .max(1),
        })
    }),
    Row("Name", "string", 1, "The name of the object.", |it, _| {
        json!(text(it, "/metadata/name"))
    }),
];

fn about(event: &Value) -> &Value {
    event.get("involvedObject").unwrap_or(&event["regarding"])
}

fn source(event: &Value) -> String {
    let first = |pointers: [&str; 4]| {
        let mut all = pointers.into_iter().map(|it| text(event, it));
        all.find(|it| !it.is_empty()).unwrap_or("")
    };
    let component = first([
        "/source/component",
        "/deprecatedSource/component",
        "/reportingComponent",
        "/reportingController",
    ]);
    let host = ["/source/host", "/deprecatedSource/host"];
    let instance = first([host[0], host[1], "/reportingInstance", "/reportingInstance"]);
    match instance {
        "" => component.to_owned(),
        instance => format!("{component}, {instance}"),
    }
}

fn first_seen(event: &Value, now: Timestamp) -> String {
    let first = ["/firstTimestamp", "/deprecatedFirstTimestamp"];
    let known = first.into_iter().find(|it| moment(event, it).is_some());
    age_at(event, known.unwrap_or("/eventTime"), now)
}

fn last_seen(event: &Value, now: Timestamp) -> String {
    if event["series"].is_object() {
        return age_at(event, "/series/lastObservedTime", now);
    }
    let last = ["/lastTimestamp", "/deprecatedLastTimestamp"];
    match last.into_iter().find(|it| moment(event, it).is_some()) {
        Some(pointer) => age_at(event, pointer, now),
        None => first_seen(event, now),
    }
}
