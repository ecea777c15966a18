//! The strategies of ScaledJobs and everything around them.

use jiff::Timestamp;
use serde_json::{Value, json};
use stepscale::sim::keda::job::Bounds;
use stepscale::sim::keda::job::history::{DEFAULT_LIMIT, FinishedJob, Limits, surplus};
use stepscale::sim::keda::job::pending::{Finished, JobPod, Told, is_pending};
use stepscale::sim::keda::job::queue::{Calculation, Queue, Shown, mean_target};
use stepscale::sim::keda::job::request::{Found, JobSettings};
use stepscale::sim::keda::job::strategy::{Jobs, Strategy};
use stepscale::sim::pod::Phase;

use super::{check, condition, count, decimal, flag, held, list, number, text};

#[test]
fn keda_vectors_of_job_strategies_agree() {
    check("scaledjob_strategies.json", |case| {
        let input = &case.input;
        let strategy = strategy(input);
        let room = strategy.room(&Jobs {
            wanted: whole(&input["maxScale"]),
            running: whole(&input["runningJobs"]),
            pending: whole(&input["pendingJobs"]),
            max: whole(&input["maxReplicaCount"]),
            queue: whole(&input["scaleTo"]),
        });
        let found = json!({
            "effectiveMaxScale": room.limit,
            "scaleTo": room.wanted,
            "strategyUsed": strategy.name(),
        });
        (found, case.expected.clone())
    });
}

#[test]
fn keda_vectors_of_job_pipeline_agree() {
    check("scaledjob_pipeline.json", |case| {
        let (input, expected) = (&case.input, case.expected.clone());
        let found = match case.kind.as_str() {
            "bounds" => {
                let Bounds { min, max } = bounds(input);
                json!({"effectiveMin": min, "effectiveMax": max})
            }
            "targetAverage" => {
                let targets: Vec<_> = list(&input["targets"]).iter().map(double).collect();
                let expected = json!({"average": decimal(&expected["average"])});
                return (json!({"average": mean_target(&targets)}), expected);
            }
            "multipleScalers" => {
                let mut expected = expected;
                expected["maxScaleExact"] = decimal(&expected["maxScaleExact"]);
                return (several(input), expected);
            }
            "pendingJobs" => pending(input),
            "decision" => decision(input),
            "request" => request(input),
            "finished" => {
                let how = Finished::of(&told(&input["jobConditions"]));
                json!({"finished": how.is_some(), "type": how.map_or("", Finished::name)})
            }
            "historyCleanup" => return history(input, &expected),
            other => panic!("{} is of a new kind {other}", case.id),
        };
        (found, expected)
    });
}

fn whole(value: &Value) -> i64 {
    number(value).unwrap_or(0)
}

fn double(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn bounds(input: &Value) -> Bounds {
    Bounds::of(
        count(&input["minReplicaCount"]),
        count(&input["maxReplicaCount"]),
    )
}

fn strategy(input: &Value) -> Strategy {
    let deduction = count(&input["customScalingQueueLengthDeduction"]);
    let running = text(&input["customScalingRunningJobPercentage"]);
    Strategy::of(text(&input["strategy"]), running, deduction)
}

fn several(input: &Value) -> Value {
    let bounds = bounds(input);
    let shown = list(&input["scalers"]).iter().map(|it| {
        let [queue, target] = ["queueLength", "targetAverageValue"].map(|key| double(&it[key]));
        Shown::of(queue, target, flag(&it["active"]), bounds)
    });
    let calculation = Calculation::of(text(&input["multipleScalersCalculation"]));
    let found = Queue::of(&shown.collect::<Vec<_>>(), calculation, bounds);
    json!({
        "active": found.is_active,
        "queueLength": found.length,
        "maxScale": found.jobs,
        "maxScaleExact": found.exact_jobs,
    })
}

fn found(input: &Value) -> Found {
    Found {
        is_active: input.get("active").is_none_or(flag),
        is_error: flag(&input["error"]),
        was_active: false,
        queue: whole(&input["queueLength"]),
        jobs: whole(&input["maxScale"]),
        running: whole(&input["runningJobs"]),
        pending: whole(&input["pendingJobs"]),
    }
}

fn settings(input: &Value) -> JobSettings {
    JobSettings {
        bounds: bounds(input),
        strategy: strategy(input),
    }
}

fn decision(input: &Value) -> Value {
    let settings = settings(input);
    let room = settings.room(&found(input));
    json!({
        "effectiveMinReplicas": settings.bounds.min,
        "effectiveMaxReplicas": settings.bounds.max,
        "effectiveMaxScale": room.limit,
        "scaleTo": room.wanted,
        "jobsCreatedWhenActive": settings.request(&found(input), Timestamp::UNIX_EPOCH).created,
    })
}

fn request(input: &Value) -> Value {
    let request = settings(input).request(&found(input), Timestamp::UNIX_EPOCH);
    json!({
        "jobsCreated": request.created,
        "lastActiveTimeUpdated": request.last_active.is_some(),
        "conditions": {"Ready": condition(&request.ready), "Active": condition(&request.active)},
    })
}

fn told(conditions: &Value) -> Vec<Told<'_>> {
    let all = list(conditions).iter();
    all.map(|it| Told {
        kind: text(&it["type"]),
        holds: held(text(&it["status"])),
    })
    .collect()
}

fn pending(input: &Value) -> Value {
    let awaited: Vec<_> = list(&input["pendingPodConditions"])
        .iter()
        .map(text)
        .collect();
    let pods = list(&input["podsOfTheJob"]);
    let conditions: Vec<Vec<_>> = pods.iter().map(by_type).collect();
    let pod = |(pod, conditions): (&Value, _)| JobPod {
        phase: match text(&pod["phase"]) {
            "Pending" => Phase::Pending,
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            _ => Phase::Unknown,
        },
        conditions,
    };
    let all = pods.iter().zip(conditions.iter().map(Vec::as_slice));
    let pods: Vec<_> = all.map(pod).collect();
    json!({"pendingJobs": i32::from(is_pending(&pods, &awaited))})
}

fn by_type(pod: &Value) -> Vec<Told<'_>> {
    let all = pod["conditions"].as_object().into_iter().flatten();
    let told = |(kind, status): (_, &Value)| Told {
        kind: String::as_str(kind),
        holds: held(text(status)),
    };
    all.map(told).collect()
}

/// Names are compared within each kind: where KEDA's own test asserts them, it says nothing of
/// which kind goes first.
fn history(input: &Value, expected: &Value) -> (Value, Value) {
    let limit = |key: &str| count(&input[key]).unwrap_or(DEFAULT_LIMIT);
    let jobs = list(&input["jobs"]).iter().filter_map(|it| {
        Some(FinishedJob {
            name: text(&it["name"]),
            how: match text(&it["condition"]) {
                "Complete" => Finished::Complete,
                "Failed" => Finished::Failed,
                _ => return None,
            },
            at: it["completionTime"].as_str().map(|it| it.parse().unwrap()),
        })
    });
    let jobs: Vec<_> = jobs.collect();
    let limits = Limits {
        complete: limit("successfulJobsHistoryLimit"),
        failed: limit("failedJobsHistoryLimit"),
    };
    let deleted = surplus(&jobs, limits);
    let found = |how| {
        deleted
            .iter()
            .filter(move |it| it.how == how)
            .map(|it| it.name)
    };
    let is_of = |name: &str, how| jobs.iter().any(|it| it.name == name && it.how == how);
    let wanted = |how| {
        let all = list(&expected["deleted"]).iter().map(text);
        all.filter(|it| is_of(it, how)).collect::<Vec<_>>()
    };
    let both = [Finished::Complete, Finished::Failed];
    (
        json!(both.map(|it| found(it).collect::<Vec<_>>())),
        json!(both.map(wanted)),
    )
}
