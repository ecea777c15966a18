//! What runs pods, and what limits their disruption.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::cells::{
    AGE, CONTAINERS, IMAGES, NAME, Row, SELECTOR, age_at, containers_of, count, labels, list,
    moment, selector, text, text_or,
};

pub(super) const DEPLOYMENTS: &[Row] = &[
    NAME,
    READY,
    Row(
        "Up-to-date",
        "string",
        0,
        "Pods of the newest template.",
        |it, _| json!(count(it, "/status/updatedReplicas")),
    ),
    Row(
        "Available",
        "string",
        0,
        "Pods that have been ready for long enough.",
        |it, _| json!(count(it, "/status/availableReplicas")),
    ),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const STATEFUL_SETS: &[Row] = &[NAME, READY, AGE, CONTAINERS, IMAGES];

const READY: Row = Row(
    "Ready",
    "string",
    0,
    "Ready pods, of those wanted.",
    |it, _| {
        let (ready, wanted) = (
            count(it, "/status/readyReplicas"),
            count(it, "/spec/replicas"),
        );
        json!(format!("{ready}/{wanted}"))
    },
);

pub(super) const REPLICA_SETS: &[Row] = &[
    NAME,
    Row("Desired", "integer", 0, "Pods wanted.", |it, _| {
        json!(count(it, "/spec/replicas"))
    }),
    Row("Current", "integer", 0, "Pods there are.", |it, _| {
        json!(count(it, "/status/replicas"))
    }),
    Row("Ready", "integer", 0, "Pods that are ready.", |it, _| {
        json!(count(it, "/status/readyReplicas"))
    }),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const SCALES: &[Row] = &[
    NAME,
    Row("Desired", "integer", 0, "Pods wanted.", |it, _| {
        json!(count(it, "/spec/replicas"))
    }),
    Row("Available", "integer", 0, "Pods there are.", |it, _| {
        json!(count(it, "/status/replicas"))
    }),
    AGE,
];

pub(super) const DAEMON_SETS: &[Row] = &[
    NAME,
    Row(
        "Desired",
        "integer",
        0,
        "Nodes that should run a pod.",
        |it, _| json!(count(it, "/status/desiredNumberScheduled")),
    ),
    Row("Current", "integer", 0, "Nodes that run a pod.", |it, _| {
        json!(count(it, "/status/currentNumberScheduled"))
    }),
    Row(
        "Ready",
        "integer",
        0,
        "Nodes whose pod is ready.",
        |it, _| json!(count(it, "/status/numberReady")),
    ),
    Row(
        "Up-to-date",
        "integer",
        0,
        "Nodes whose pod is of the newest template.",
        |it, _| json!(count(it, "/status/updatedNumberScheduled")),
    ),
    Row(
        "Available",
        "integer",
        0,
        "Nodes whose pod has been ready for long enough.",
        |it, _| json!(count(it, "/status/numberAvailable")),
    ),
    Row(
        "Node Selector",
        "string",
        0,
        "The labels of the nodes.",
        |it, _| json!(labels(&it["spec"]["template"]["spec"]["nodeSelector"])),
    ),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const JOBS: &[Row] = &[
    NAME,
    Row("Status", "string", 0, "How far the job is.", |it, _| {
        json!(job_status(it))
    }),
    Row(
        "Completions",
        "string",
        0,
        "Pods that succeeded, of those wanted.",
        |it, _| json!(completions(it)),
    ),
    Row(
        "Duration",
        "string",
        0,
        "How long the job took.",
        |it, now| json!(duration(it, now)),
    ),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const CRON_JOBS: &[Row] = &[
    NAME,
    Row(
        "Schedule",
        "string",
        0,
        "When jobs start, as Cron has it.",
        |it, _| json!(text(it, "/spec/schedule")),
    ),
    Row(
        "Timezone",
        "string",
        0,
        "The time zone of the schedule.",
        |it, _| {
            json!(
                it.pointer("/spec/timeZone")
                    .and_then(Value::as_str)
                    .unwrap_or("<none>")
            )
        },
    ),
    Row(
        "Suspend",
        "boolean",
        0,
        "Whether no jobs start.",
        |it, _| {
            // Text, although the column says that it is a boolean.
            json!(match it.pointer("/spec/suspend").and_then(Value::as_bool) {
                Some(true) => "True",
                Some(false) => "False",
                None => "<unset>",
            })
        },
    ),
    Row("Active", "integer", 0, "Jobs that run now.", |it, _| {
        json!(list(it, "/status/active").len())
    }),
    Row(
        "Last Schedule",
        "string",
        0,
        "When a job started last.",
        |it, now| {
            json!(match it.pointer("/status/lastScheduleTime") {
                None | Some(Value::Null) => "<none>".to_owned(),
                Some(_) => age_at(it, "/status/lastScheduleTime", now),
            })
        },
    ),
    AGE,
    Row(
        "Containers",
        "string",
        1,
        "The names of the containers.",
        |it, _| containers_of(&it["spec"]["jobTemplate"]["spec"]["template"], "name"),
    ),
    Row(
        "Images",
        "string",
        1,
        "The images of the containers.",
        |it, _| containers_of(&it["spec"]["jobTemplate"]["spec"]["template"], "image"),
    ),
    Row(
        "Selector",
        "string",
        1,
        "The labels of the pods that belong to it.",
        |it, _| json!(selector(&it["spec"]["jobTemplate"]["spec"]["selector"])),
    ),
];

pub(super) const BUDGETS: &[Row] = &[
    NAME,
    Row(
        "Min Available",
        "string",
        0,
        "Pods that have to stay.",
        |it, _| json!(amount(it, "/spec/minAvailable")),
    ),
    Row(
        "Max Unavailable",
        "string",
        0,
        "Pods that may be away.",
        |it, _| json!(amount(it, "/spec/maxUnavailable")),
    ),
    Row(
        "Allowed Disruptions",
        "integer",
        0,
        "Pods that may be evicted now.",
        |it, _| json!(count(it, "/status/disruptionsAllowed")),
    ),
    AGE,
];

/// A number or a percentage.
fn amount(budget: &Value, pointer: &str) -> String {
    match budget.pointer(pointer) {
        Some(Value::Number(count)) => count.to_string(),
        _ => text_or(budget, pointer, "N/A").to_owned(),
    }
}

fn job_status(job: &Value) -> &'static str {
    let holds = |condition: &str| {
        let mut all = list(job, "/status/conditions").iter();
        all.any(|it| it["type"] == condition && it["status"] == "True")
    };
    let is_deleted = !text(job, "/metadata/deletionTimestamp").is_empty();
    let states = [
        ("Complete", holds("Complete")),
        ("Failed", holds("Failed")),
        ("Terminating", is_deleted),
        ("Suspended", holds("Suspended")),
        ("FailureTarget", holds("FailureTarget")),
        ("SuccessCriteriaMet", holds("SuccessCriteriaMet")),
    ];
    let found = states.into_iter().find(|(_, holds)| *holds);
    found.map_or("Running", |(state, _)| state)
}

fn completions(job: &Value) -> String {
    let succeeded = count(job, "/status/succeeded");
    let wanted = job.pointer("/spec/completions").and_then(Value::as_i64);
    match (wanted, count(job, "/spec/parallelism")) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallel @ 2..) => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> String {
    let Some(start) = moment(job, "/status/startTime") else {
        return String::new();
    };
    let end = moment(job, "/status/completionTime").unwrap_or(now);
    age::since(start, end)
}
