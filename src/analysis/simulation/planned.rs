//! Pods that do not exist yet.

use jiff::SignedDuration;

use super::Error;
use crate::analysis::load::counted_container;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::{Container, PodLevel, Workload};
use crate::units::Cores;

/// What they are to be like; what is `None` is as their template has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlannedPods {
    pub cpu_request: Option<Cores>,
    pub cpu_limit: Option<Cores>,
    /// From creation until they serve.
    pub startup: Option<SignedDuration>,
}

impl PlannedPods {
    /// The target of `autoscaler`, whose template may be known: pods of the one container that
    /// the CPU metric counts, or of one for all of them.
    ///
    /// # Errors
    ///
    /// Where the limit is below the request, which the API server refuses.
    pub fn workload(
        &self,
        autoscaler: &Autoscaler,
        template: Option<&Workload>,
    ) -> Result<Workload, Error> {
        let (request, limit) = self.cpu(autoscaler, template);
        if let (Some(request), Some(limit)) = (request, limit)
            && limit < request
        {
            return Err(Error::LimitBelowRequest { request, limit });
        }
        let container = Container {
            name: counted_container(autoscaler).unwrap_or("pod").to_owned(),
            cpu_request: request,
            cpu_limit: limit,
            ..Container::default()
        };
        let startup = self.startup.map(|it| vec![it.as_secs_f64()]);
        let probed = || template.map(|it| it.startup_seconds.clone());
        Ok(Workload {
            target: autoscaler.target.clone(),
            replicas: None,
            containers: vec![container],
            init_containers: Vec::new(),
            pod_level: PodLevel::default(),
            pods: 0,
            ready_pods: 0,
            startup_seconds: startup.or_else(probed).unwrap_or_default(),
            disruption_budget: None,
        })
    }

    fn cpu(
        &self,
        autoscaler: &Autoscaler,
        template: Option<&Workload>,
    ) -> (Option<Cores>, Option<Cores>) {
        let (request, limit) = match (template, counted_container(autoscaler)) {
            (Some(template), Some(name)) => {
                let container = template.container(name);
                let request = container.and_then(|it| it.cpu_request);
                (request, container.and_then(|it| it.cpu_limit))
            }
            (Some(template), None) => (template.cpu_request(), template.cpu_limit()),
            (None, _) => (None, None),
        };
        let limit = self.cpu_limit.or(limit);
        // A limit without a request stands for both.
        (self.cpu_request.or(request).or(limit), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, container};
    use crate::autoscaler::{Metric, Resource, Target};

    fn cores(request: Option<f64>, limit: Option<f64>) -> PlannedPods {
        PlannedPods {
            cpu_request: request.map(Cores),
            cpu_limit: limit.map(Cores),
            startup: None,
        }
    }

    fn planned(
        pods: PlannedPods,
        scene: &Scene,
        template: Option<&Workload>,
    ) -> (Option<f64>, Option<f64>) {
        let workload = pods.workload(&scene.subject.autoscaler, template).unwrap();
        let amount = |it: Option<Cores>| it.map(|it| it.0);
        (amount(workload.cpu_request()), amount(workload.cpu_limit()))
    }

    #[test]
    fn what_is_said_goes_before_the_template() {
        let scene = Scene::new(|_| 1.0, |_| 2.0)
            .containers(vec![container("app", 0.5, 1.0), container("log", 0.1, 0.2)]);
        let template = scene.subject.workload.as_ref().unwrap();
        let (none, said) = (cores(None, None), cores(Some(0.3), Some(2.0)));
        assert_eq!(
            planned(none, &scene, Some(template)),
            (Some(0.6), Some(1.2))
        );
        assert_eq!(
            planned(said, &scene, Some(template)),
            (Some(0.3), Some(2.0))
        );
        assert_eq!(planned(none, &scene, None), (None, None));
        let limit = cores(None, Some(0.4));
        assert_eq!(planned(limit, &scene, None), (Some(0.4), Some(0.4)));
        let counted = scene.clone().metrics(vec![Metric::ContainerResource {
            resource: Resource::Cpu,
            container: "log".to_owned(),
            target: Target::Utilization(70),
        }]);
        assert_eq!(
            planned(none, &counted, Some(template)),
            (Some(0.1), Some(0.2))
        );
    }

    #[test]
    fn a_limit_below_the_request_is_refused() {
        let scene = Scene::new(|_| 1.0, |_| 2.0);
        let refused = cores(Some(0.5), Some(0.2)).workload(&scene.subject.autoscaler, None);
        let expected = Error::LimitBelowRequest {
            request: Cores(0.5),
            limit: Cores(0.2),
        };
        assert_eq!(refused, Err(expected));
    }
}
