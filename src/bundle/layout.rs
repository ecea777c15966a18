//! Where things are in a bundle: as `oc adm inspect` lays them out, so that tools for must-gather find
//! them, and below `stepscale/` what only we have.

use jiff::Timestamp;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SNAPSHOT: &str = "stepscale/snapshot.jsonl.gz";

/// The folder that everything is in.
pub(super) fn folder(at: Timestamp) -> String {
    format!("stepscale-gather-{}", at.strftime("%Y%m%dT%H%M%SZ"))
}

/// `namespaces/shop/apps/deployments.yaml`.
pub(super) fn of_namespace(namespace: &str, group: &str, plural: &str) -> String {
    let (namespace, group, plural) = (part(namespace), part(group), part(plural));
    format!("namespaces/{namespace}/{group}/{plural}.yaml")
}

/// `cluster-scoped-resources/keda.sh/clustertriggerauthentications/prometheus.yaml`.
pub(super) fn of_cluster(group: &str, plural: &str, name: &str) -> String {
    let (group, plural, name) = (part(group), part(plural), part(name));
    format!("cluster-scoped-resources/{group}/{plural}/{name}.yaml")
}

pub(super) fn pod(namespace: &str, pod: &str) -> String {
    let (namespace, pod) = (part(namespace), part(pod));
    format!("namespaces/{namespace}/pods/{pod}/{pod}.yaml")
}

/// The container's name stands twice, as `oc adm inspect` has it.
pub(super) fn log(namespace: &str, pod: &str, container: &str, is_previous: bool) -> String {
    let (namespace, pod, container) = (part(namespace), part(pod), part(container));
    let log = if is_previous { "previous" } else { "current" };
    format!("namespaces/{namespace}/pods/{pod}/{container}/{container}/logs/{log}.log")
}

/// A name as one part of a path, whatever somebody called a thing.
fn part(name: &str) -> String {
    let plain = |it: char| match it {
        '/' | '\\' | '\0' => '_',
        other => other,
    };
    let plain: String = name.chars().map(plain).collect();
    match plain.as_str() {
        "" | "." | ".." => "_".to_owned(),
        _ => plain,
    }
}

/// What a path below the folder of a bundle holds, if it is a list of objects of a namespace or an
/// object of the cluster: its group and plural.
pub(super) fn objects_at(path: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [_, "namespaces", _, group, file] => Some((group, file.strip_suffix(".yaml")?)),
        [_, "cluster-scoped-resources", group, plural, file] if file.ends_with(".yaml") => {
            Some((group, plural))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let path = format!("b/{}", of_namespace("shop", "keda.sh", "scaledobjects"));
        assert_eq!(objects_at(&path), Some(("keda.sh", "scaledobjects")));
        let path = format!(
            "b/{}",
            of_cluster("keda.sh", "clustertriggerauthentications", "p")
        );
        let expected = Some(("keda.sh", "clustertriggerauthentications"));
        assert_eq!(objects_at(&path), expected);
        assert_eq!(objects_at(&format!("b/{}", pod("shop", "web"))), None);
        assert_eq!(
            objects_at(&format!("b/{}", log("shop", "web", "app", true))),
            None
        );
        assert_eq!(objects_at("b/manifest.json"), None);
    }

    #[test]
    fn no_name_leaves_its_folder() {
        assert_eq!(pod("..", "a/../b"), "namespaces/_/pods/a_.._b/a_.._b.yaml");
    }
}
