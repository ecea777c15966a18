//! What a pod requests of a resource, as utilization is reckoned against it.

use super::numbers::{milli, sum};
use super::pod::{Container, Pod, Role, Template};
use super::proposal::MetricError;
use crate::autoscaler::Resource;
use crate::units::Quantity;

/// Whose request of what counts.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub resource: &'a Resource,
    /// The one container that counts; the whole pod where `None`.
    pub container: Option<&'a str>,
    /// Whether requests of whole pods are looked at (the gate `PodLevelResources`).
    pub pod_level: bool,
}

/// The request of `pod` in thousandths.
///
/// Mirrors `calculateRequests` (`replica_calculator.go`, v1.36).
///
/// # Errors
///
/// [`MetricError::ContainerNotFound`] and [`MetricError::MissingRequest`]: one such pod makes the
/// whole metric fail.
pub fn request_of(pod: &Pod<'_>, wanted: &Wanted<'_>) -> Result<i64, MetricError> {
    let template = pod.template;
    match wanted.container {
        Some(name) => of_container(template, name, wanted.resource),
        None if wanted.pod_level && has_pod_level(template) => {
            let request = of_whole_pod(template, wanted.resource);
            request.map(milli).ok_or(MetricError::MissingRequest)
        }
        None => of_containers(template, wanted.resource),
    }
}

/// The containers that run as long as the pod.
fn lasting(template: &Template) -> impl Iterator<Item = &Container> {
    let all = template.containers.iter();
    all.filter(|it| matches!(it.role, Role::Main | Role::Sidecar))
}

fn of_container(template: &Template, name: &str, resource: &Resource) -> Result<i64, MetricError> {
    let container = lasting(template)
        .find(|it| it.name == name)
        .ok_or(MetricError::ContainerNotFound)?;
    let request = container.requests.get(resource);
    request.map(milli).ok_or(MetricError::MissingRequest)
}

fn of_containers(template: &Template, resource: &Resource) -> Result<i64, MetricError> {
    let mut total: i64 = 0;
    for container in lasting(template) {
        let request = container.requests.get(resource);
        let request = request.ok_or(MetricError::MissingRequest)?;
        total = sum([total, milli(request)]);
    }
    Ok(total)
}

/// Whether the pod as a whole requests anything that may be requested so.
fn has_pod_level(template: &Template) -> bool {
    let mut requests = template.pod_level.0.iter();
    requests.any(|(resource, _)| is_pod_level(resource))
}

fn is_pod_level(resource: &Resource) -> bool {
    match resource {
        Resource::Cpu | Resource::Memory => true,
        Resource::Other(name) => name.starts_with("hugepages-"),
    }
}

/// The pod-level request, else what the scheduler reserves for the containers; with the overhead.
fn of_whole_pod(template: &Template, resource: &Resource) -> Option<Quantity> {
    let own = template.pod_level.get(resource);
    let own = own.filter(|_| is_pod_level(resource));
    let request = own.or_else(|| scheduled(template, resource));
    plus(request, template.overhead.get(resource))
}

/// What the scheduler reserves: all that run together, or an init container with the sidecars
/// that were started before it, whichever is more.
fn scheduled(template: &Template, resource: &Resource) -> Option<Quantity> {
    let mut together = None;
    let mut sidecars = None;
    let mut starting = None;
    for container in &template.containers {
        let request = container.requests.get(resource);
        match container.role {
            Role::Main => together = plus(together, request),
            Role::Sidecar => {
                together = plus(together, request);
                sidecars = plus(sidecars, request);
                starting = starting.max(sidecars);
            }
            Role::Init => starting = starting.max(plus(request, sidecars)),
        }
    }
    together.max(starting)
}

fn plus(a: Option<Quantity>, b: Option<Quantity>) -> Option<Quantity> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::pod::{Amounts, Phase};

    fn amounts(cpu: Option<&str>) -> Amounts {
        let cpu = cpu.map(|it| (Resource::Cpu, it.parse().unwrap()));
        Amounts(cpu.into_iter().collect())
    }

    fn template(containers: &[(&str, Role, Option<&str>)]) -> Template {
        let container = |(name, role, cpu): &(&str, Role, Option<&str>)| Container {
            name: (*name).to_owned(),
            role: *role,
            requests: amounts(*cpu),
        };
        Template {
            containers: containers.iter().map(container).collect(),
            ..Template::default()
        }
    }

    fn cpu_of(template: &Template, container: Option<&str>) -> Result<i64, MetricError> {
        let pod = Pod {
            template,
            phase: Phase::Running,
            is_deleted: false,
            started: None,
            ready: None,
        };
        let wanted = Wanted {
            resource: &Resource::Cpu,
            container,
            pod_level: true,
        };
        request_of(&pod, &wanted)
    }

    #[test]
    fn what_runs_as_long_as_the_pod_counts() {
        let template = template(&[
            ("init", Role::Init, Some("4")),
            ("proxy", Role::Sidecar, Some("100m")),
            ("app", Role::Main, Some("0.3")),
        ]);
        assert_eq!(cpu_of(&template, None), Ok(400));
        assert_eq!(cpu_of(&template, Some("proxy")), Ok(100));
        let not_found = Err(MetricError::ContainerNotFound);
        assert_eq!(cpu_of(&template, Some("init")), not_found);
    }

    #[test]
    fn one_container_without_a_request_spoils_the_pod() {
        let template = template(&[("app", Role::Main, Some("1")), ("log", Role::Main, None)]);
        assert_eq!(cpu_of(&template, None), Err(MetricError::MissingRequest));
        assert_eq!(cpu_of(&template, Some("app")), Ok(1000));
        let missing = Err(MetricError::MissingRequest);
        assert_eq!(cpu_of(&template, Some("log")), missing);
    }

    #[test]
    fn a_request_of_the_pod_goes_first_and_the_overhead_is_added() {
        let mut template = template(&[("app", Role::Main, None)]);
        template.pod_level = amounts(Some("2"));
        template.overhead = amounts(Some("250m"));
        assert_eq!(cpu_of(&template, None), Ok(2250));
        assert_eq!(
            cpu_of(&template, Some("app")),
            Err(MetricError::MissingRequest)
        );
    }

    #[test]
    fn a_pod_that_asks_for_memory_alone_gets_the_cpu_that_is_scheduled() {
        let mut template = template(&[
            ("proxy", Role::Sidecar, Some("100m")),
            ("init", Role::Init, Some("1")),
            ("app", Role::Main, Some("300m")),
        ]);
        template.pod_level = Amounts(vec![(Resource::Memory, "1Gi".parse().unwrap())]);
        assert_eq!(cpu_of(&template, None), Ok(1100));
    }
}
