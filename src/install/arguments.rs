//! How the program is called in a pod.

use super::pod::{CONFIG_FOLDER, PORT};
use super::{LEASE, Plan, Reach, Shape};

/// The arguments of the container. `$(…)` are variables of [`super::pod`], put in by the kubelet.
pub(super) fn of(plan: &Plan) -> Vec<String> {
    let mut arguments = vec!["watch".to_owned(), format!("--mode={}", plan.mode.as_str())];
    arguments.push(match plan.reach {
        Reach::Cluster => "--all-namespaces".to_owned(),
        Reach::Namespace => "--namespace=$(POD_NAMESPACE)".to_owned(),
    });
    arguments.extend(time_and_place(plan));
    arguments.push(format!("--config={CONFIG_FOLDER}/config.yaml"));
    arguments.push("--log-format=json".to_owned());
    arguments
}

fn time_and_place(plan: &Plan) -> Vec<String> {
    let mut arguments = match plan.shape {
        Shape::Job(_) => vec!["--once".to_owned()],
        Shape::Replicas(_) | Shape::Shards(_) => vec![
            format!("--interval={}", plan.interval_seconds),
            format!("--health-port={PORT}"),
            "--lease-namespace=$(POD_NAMESPACE)".to_owned(),
        ],
    };
    match plan.shape {
        Shape::Replicas(_) => arguments.push(format!("--lease-name={LEASE}")),
        Shape::Shards(count) => {
            arguments.push(format!("--lease-name={LEASE}-$(SHARD)"));
            arguments.push(format!("--shard=$(SHARD)/{count}"));
        }
        Shape::Job(count) => arguments.push(format!("--shard=$(SHARD)/{count}")),
    }
    arguments
}
