//! The two CronJobs of a window.

use serde_json::{Value, json};

use super::{Names, Request, Turns, labels, metadata};
use crate::install::Item;
use crate::schedule::Window;

/// The key of the script in its ConfigMap, and so its file.
pub(super) const FILE: &str = "floor.sh";
const FOLDER: &str = "/etc/stepscale";
/// Nobody's, as images without users have it.
const USER: u32 = 65_532;
/// A job is done within seconds, once its image is there.
const LONGEST_RUN_SECONDS: i64 = 600;
/// A window that has closed so long ago may as well wait for its next end.
const LATEST_RESTORE_SECONDS: i64 = 8 * 3600;

/// What a job does to the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Raise,
    Restore,
}

impl Deed {
    fn as_str(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Restore => "restore",
        }
    }
}

/// When a job begins, and within which time it is over or not made at all.
struct Times<'a> {
    cron: &'a str,
    /// From its time until it is not begun any more.
    deadline_seconds: i64,
    run_seconds: i64,
}

/// The jobs of the window of that number, counted from 1.
pub(super) fn pair(
    request: &Request<'_>,
    names: &Names,
    number: usize,
    window: &Window,
    turns: &Turns,
) -> [Item; 2] {
    // One that begins late raises for what is left of the window, and is over before its end; one
    // that ends it late is over before it opens again.
    let times = |cron, room: i64, most: i64| Times {
        cron,
        deadline_seconds: (room / 2).min(most),
        run_seconds: (room / 2).min(LONGEST_RUN_SECONDS),
    };
    let length = window.length().as_secs();
    let raise = times(turns.start.as_str(), length, length);
    let restore = times(&turns.end, turns.closed.as_secs(), LATEST_RESTORE_SECONDS);
    let item = |deed, times, about| Item {
        object: cron_job(request, names, number, window, deed, times),
        about,
        reasons: vec![],
    };
    [
        item(
            Deed::Raise,
            &raise,
            "A window opens: minReplicas rises to its floor, where it is lower, and not above maxReplicas.",
        ),
        item(
            Deed::Restore,
            &restore,
            "It closes: minReplicas goes back, unless another window is open or somebody has changed it.",
        ),
    ]
}

fn cron_job(
    request: &Request<'_>,
    names: &Names,
    number: usize,
    window: &Window,
    deed: Deed,
    times: &Times<'_>,
) -> Value {
    let mut metadata = metadata(request, names, &names.job(number, deed.as_str()));
    metadata["annotations"]["stepscale.io/window"] =
        json!(serde_json::to_string(window).expect("texts and numbers"));
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {
            "schedule": times.cron,
            "timeZone": window.written().time_zone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": times.deadline_seconds,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "metadata": { "labels": labels(names) },
                "spec": {
                    "backoffLimit": 3,
                    "activeDeadlineSeconds": times.run_seconds,
                    "template": template(request, names, number, window, deed),
                },
            },
        },
    })
}

fn template(
    request: &Request<'_>,
    names: &Names,
    number: usize,
    window: &Window,
    deed: Deed,
) -> Value {
    json!({
        "metadata": { "labels": labels(names) },
        "spec": {
            "serviceAccountName": names.all,
            "automountServiceAccountToken": true,
            "enableServiceLinks": false,
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "floor",
                "image": request.image,
                "imagePullPolicy": "IfNotPresent",
                "command": command(request, number, window, deed),
                "resources": {
                    "requests": { "cpu": "10m", "memory": "64Mi" },
                    "limits": { "cpu": "1", "memory": "128Mi" },
                },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [{ "name": "script", "mountPath": FOLDER, "readOnly": true }],
            }],
            "volumes": [{ "name": "script", "configMap": { "name": names.all } }],
        },
    })
}

fn command(request: &Request<'_>, number: usize, window: &Window, deed: Deed) -> Vec<String> {
    let script = format!("{FOLDER}/{FILE}");
    let mut words = vec!["sh".to_owned(), script];
    words.extend([request.namespace, request.hpa, deed.as_str()].map(str::to_owned));
    words.push(number.to_string());
    if deed == Deed::Raise {
        let written = window.written();
        words.extend([written.min_replicas, written.duration_minutes].map(|it| it.to_string()));
    }
    words
}
