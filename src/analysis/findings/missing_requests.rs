//! `missing-requests`: a utilization is a share of the request, so without one the controller
//! cannot compute it and does not scale.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::autoscaler::workload::Container;
use crate::autoscaler::{Metric, Resource, Target};

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let (resource, names) = case.autoscaler().metrics.iter().find_map(|metric| {
        let names = without_request(&case.workload.containers, metric);
        let resource = utilization_of(metric)?.0;
        (!names.is_empty()).then(|| (resource.to_string(), names))
    })?;
    let list = names.join(", ");
    let (noun, verb) = if names.len() == 1 {
        ("container", "has")
    } else {
        ("containers", "have")
    };
    let message =
        format!("{noun} {list} {verb} no {resource} request, so utilization cannot be computed");
    let finding = Finding::new(Code::MissingRequests, Severity::Critical, message)
        .text("containers", list.clone())
        .text("resource", resource.clone())
        .fix(format!(
            "set resources.requests.{resource} on {noun} {list}"
        ));
    Some(finding)
}

/// The resource and container of a metric with a utilization target.
fn utilization_of(metric: &Metric) -> Option<(&Resource, Option<&str>)> {
    match metric {
        Metric::Resource {
            resource,
            target: Target::Utilization(_),
        } => Some((resource, None)),
        Metric::ContainerResource {
            resource,
            container,
            target: Target::Utilization(_),
        } => Some((resource, Some(container))),
        Metric::Resource { .. }
        | Metric::ContainerResource { .. }
        | Metric::Pods { .. }
        | Metric::Object { .. }
        | Metric::External { .. } => None,
    }
}

fn without_request(containers: &[Container], metric: &Metric) -> Vec<String> {
    let Some((resource, only)) = utilization_of(metric) else {
        return Vec::new();
    };
    let lacks = |it: &Container| match resource {
        Resource::Cpu => it.cpu_request.is_none(),
        Resource::Memory => it.memory_request.is_none(),
        // Requests of other resources are not read.
        Resource::Other(_) => false,
    };
    let counted = |it: &&Container| only.is_none_or(|name| it.name == name);
    let missing = containers.iter().filter(counted).filter(|it| lacks(it));
    missing.map(|it| it.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, container, cpu};

    fn scene(metric: Metric) -> Scene {
        let mut bare = container("proxy", 0.1, 0.1);
        bare.cpu_request = None;
        let containers = vec![container("app", 0.5, 1.0), bare];
        Scene::new(|_| 1.0, |_| 3.0)
            .metrics(vec![metric])
            .containers(containers)
    }

    fn of_container(name: &str) -> Metric {
        Metric::ContainerResource {
            resource: Resource::Cpu,
            container: name.to_owned(),
            target: Target::Utilization(70),
        }
    }

    #[test]
    fn every_container_that_counts_needs_a_request() {
        let average = Metric::Resource {
            resource: Resource::Cpu,
            target: Target::AverageValue("300m".parse().unwrap()),
        };
        let cases = [
            (cpu(70), true),
            (of_container("proxy"), true),
            (of_container("app"), false),
            (average, false),
        ];
        for (metric, expected) in cases {
            let found = scene(metric.clone()).ask(find);
            assert_eq!(found.is_some(), expected, "{metric}");
            let named = found.map(|it| it.message.contains("container proxy has no cpu request"));
            assert_ne!(named, Some(false), "{metric}");
        }
    }
}
