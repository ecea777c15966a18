//! What else of the cluster has to do with autoscaling: KEDA, and the kind of recommendations.

use super::{Check, Judge, Purpose, Told};

/// What KEDA consists of, where the cluster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keda {
    /// The kinds that are not served of those that it should have.
    pub missing_kinds: Vec<&'static str>,
    /// Whether it serves external metrics to HPAs; `None` where that could not be seen.
    pub serves_metrics: Option<bool>,
    /// `Err` where Deployments may not be listed, with why.
    pub operator: Result<Option<Part>, String>,
    pub metrics_server: Result<Option<Part>, String>,
}

/// A Deployment of KEDA's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `keda/keda-operator`.
    pub name: String,
    pub version: Option<String>,
    pub ready: i64,
    pub wanted: i64,
}

/// The CustomResourceDefinition of recommendations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    Absent,
    /// It is there without the version that is ours.
    OtherVersions,
    Present {
        /// Of the program that installed it, where it can be seen.
        by: Option<String>,
        ours: &'static str,
    },
}

impl Judge<'_> {
    pub(super) fn keda(&self, told: &Told<Option<Keda>>) -> Vec<Check> {
        let check = Check::new("keda");
        match told {
            Told::Known(None) => {
                vec![check.skipped("not installed: keda.sh/v1alpha1 is not served")]
            }
            Told::Failed(_) | Told::Unasked(_) => vec![self.unknown(check, told, &[])],
            Told::Known(Some(keda)) => {
                let is_served = keda.serves_metrics == Some(true);
                let operator = Check::of("keda", "operator");
                let server = Check::of("keda", "metrics server");
                let lacks = [
                    "no ScaledObject is acted on",
                    "HPAs of ScaledObjects have no metrics",
                ];
                vec![
                    kinds(keda),
                    part(operator, &keda.operator, is_served, lacks[0]),
                    part(server, &keda.metrics_server, is_served, lacks[1]),
                ]
            }
        }
    }

    pub(super) fn definition(&self, told: &Told<Definition>) -> Check {
        let check = Check::new("recommendations");
        let Told::Known(definition) = told else {
            return self.unknown(check, told, &[Purpose::Apply, Purpose::Watch]);
        };
        let install = "`kubectl stepscale install --crd-only | kubectl apply -f -`";
        match definition {
            Definition::Absent => check.skipped(format!(
                "no kind ScalingRecommendation: they are kept in files of this user; {install} makes it"
            )),
            Definition::OtherVersions => check
                .seen("ScalingRecommendation is there, stepscale.io/v1alpha1 is not served of it")
                .warning(format!("{install} brings it up to date")),
            Definition::Present { by: None, .. } => {
                check.seen("ScalingRecommendation is served; who installed it cannot be seen")
            }
            Definition::Present { by: Some(by), ours } => {
                let check = check.seen(format!("ScalingRecommendation, installed by {by}"));
                match release(by).cmp(&release(ours)) {
                    std::cmp::Ordering::Less => check.warning(format!(
                        "this is {ours}: {install} brings the definition up to date"
                    )),
                    std::cmp::Ordering::Greater => check.warning(format!(
                        "this is {ours}, older than what installed it: upgrade the plugin"
                    )),
                    std::cmp::Ordering::Equal => check,
                }
            }
        }
    }
}

fn kinds(keda: &Keda) -> Check {
    let check = Check::new("keda");
    if !keda.missing_kinds.is_empty() {
        return check
            .seen(format!(
                "kinds that are not served: {}",
                keda.missing_kinds.join(", ")
            ))
            .warning("apply the CustomResourceDefinitions of KEDA's release");
    }
    match keda.serves_metrics {
        Some(false) => check
            .seen("keda.sh/v1alpha1 is served, external.metrics.k8s.io/v1beta1 is not")
            .warning("`kubectl get apiservice v1beta1.external.metrics.k8s.io` says why"),
        Some(true) => check.seen("keda.sh/v1alpha1 and external.metrics.k8s.io/v1beta1 are served"),
        None => check.seen("keda.sh/v1alpha1 is served"),
    }
}

/// `is_served`: whether HPAs are answered, by whomever.
fn part(check: Check, told: &Result<Option<Part>, String>, is_served: bool, lack: &str) -> Check {
    match told {
        Err(why) => check.skipped(why),
        Ok(None) if is_served => check
            .skipped("no Deployment with its label, and external metrics are served all the same"),
        Ok(None) => check
            .seen(format!(
                "no Deployment with its label: {lack}, unless it is called otherwise"
            ))
            .warning("`kubectl get deployments -A -l app.kubernetes.io/part-of=keda-operator`"),
        Ok(Some(part)) => {
            let version = part.version.as_deref().unwrap_or("of an untold version");
            let Part {
                name,
                ready,
                wanted,
                ..
            } = part;
            let check = check.seen(format!("{name} {version}, {ready} of {wanted} ready"));
            match (*ready, name.split_once('/')) {
                (0, Some((namespace, name))) => check.warning(format!(
                    "{lack}: `kubectl -n {namespace} logs deploy/{name}`"
                )),
                _ => check,
            }
        }
    }
}

/// Numbers of a version, which compare as releases follow each other.
fn release(version: &str) -> Vec<u64> {
    let parts = version.trim_start_matches('v').split(['.', '-', '+']);
    parts.map_while(|it| it.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        for (older, newer) in [("0.9.0", "0.10.0"), ("v1.2", "1.2.1"), ("", "0.1.0")] {
            assert!(release(older) < release(newer), "{older} {newer}");
        }
        assert_eq!(release("0.1.0"), release("v0.1.0"));
    }
}
