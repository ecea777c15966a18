//! `sidecar-skew`: the pod's utilization is not that of the container that does the work.

use super::{Code, Finding, Severity};
use crate::analysis::case::Case;
use crate::analysis::load::quantile;
use crate::autoscaler::workload::{Container, ContainerRole};
use crate::history::Metric;
use crate::series::Series;
use crate::units::Cores;

/// Percentage points by which the two differ when busy. Less moves the replica count by less than
/// a fifth at the usual targets.
const POINTS: f64 = 15.0;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let counts_pod = case.autoscaler().cpu_target()?.container.is_none();
    if !counts_pod || case.workload.containers.len() < 2 {
        return None;
    }
    let (main, request, usage) = busiest(case)?;
    let (of_main, of_pod) = utilizations(case, request, &usage);
    let main_p95 = quantile(&of_main, 0.95)?;
    let pod_p95 = quantile(&of_pod, 0.95)?;
    if (main_p95 - pod_p95).abs() < POINTS {
        return None;
    }
    let name = &main.name;
    let effect = if main_p95 > pod_p95 {
        "too late"
    } else {
        "too early"
    };
    let message = format!(
        "container {name} is at {main_p95:.0}% of its request when the pod is at {pod_p95:.0}%, so \
         replicas come {effect}"
    );
    let finding = Finding::new(Code::SidecarSkew, Severity::Warning, message)
        .text("container", name)
        .number("containerP95Percent", main_p95)
        .number("podP95Percent", pod_p95)
        .number("containerRequestMillicores", request.0 * 1000.0)
        .fix(format!(
            "use a ContainerResource metric for container {name} instead of the pod's"
        ));
    Some(finding)
}

/// The main container that uses most, with its request and usage.
fn busiest<'a>(case: &Case<'a>) -> Option<(&'a Container, Cores, Series)> {
    let mains = case.workload.containers.iter();
    let mains = mains.filter(|it| it.role == ContainerRole::Main);
    let known = mains.filter_map(|it| {
        let usage = case
            .history
            .get(&Metric::ContainerCpuUsage(it.name.clone()))?;
        let request = it.cpu_request.filter(|it| it.0 > 0.0)?;
        Some((it, request, usage.mean()?, usage.on(case.load.grid)))
    });
    let busiest = known.max_by(|a, b| a.2.total_cmp(&b.2))?;
    Some((busiest.0, busiest.1, busiest.3))
}

/// Utilization of the container and of its pod where both are known.
fn utilizations(case: &Case<'_>, request: Cores, usage: &Series) -> (Vec<f64>, Vec<f64>) {
    let both = case.load.known().filter_map(|(at, sample)| {
        let of_main = 100.0 * usage.get(at)? / (sample.ready * request.0);
        Some((of_main, sample.utilization()?))
    });
    both.unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, TWO_WEEKS, container};
    use crate::autoscaler::{Metric as Spec, Resource, Target};

    /// Four pods of an app at `percent` of its 400m and an idle proxy that asks for 100m.
    fn scene(percent: f64) -> Scene {
        let used = 4.0 * 0.4 * percent / 100.0;
        let containers = vec![container("app", 0.4, 0.8), container("proxy", 0.1, 0.2)];
        let mut scene = Scene::new(|_| used, |_| 4.0).containers(containers);
        let app = Metric::ContainerCpuUsage("app".to_owned());
        scene.insert(app, TWO_WEEKS, |_| used);
        let proxy = Metric::ContainerCpuUsage("proxy".to_owned());
        scene.insert(proxy, TWO_WEEKS, |_| 0.0);
        scene
    }

    #[test]
    fn a_container_far_from_its_pods_utilization_is_told() {
        // The pod shows four fifths of the container's utilization.
        assert!(scene(76.0).find(Code::SidecarSkew).is_some());
        assert_eq!(scene(74.0).find(Code::SidecarSkew), None);
        let found = scene(80.0).find(Code::SidecarSkew).unwrap();
        assert_eq!(
            found.message,
            "container app is at 80% of its request when the pod is at 64%, so replicas come too \
             late"
        );
    }

    #[test]
    fn a_metric_of_the_container_is_not_skewed() {
        let scene = scene(80.0).metrics(vec![Spec::ContainerResource {
            resource: Resource::Cpu,
            container: "app".to_owned(),
            target: Target::Utilization(70),
        }]);
        assert_eq!(scene.find(Code::SidecarSkew), None);
    }
}
