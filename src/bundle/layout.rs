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

/// A list of objects of a namespace, or an object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectsAt<'p> {
    /// The folder of the bundle; empty where it was packed without one.
    pub(super) root: String,
    /// `core` for the core.
    pub(super) group: &'p str,
    pub(super) plural: &'p str,
}

/// What a path holds, if it is objects. Which folder is the bundle's is for the manifest to say: others
/// pack bundles from within it, or below more folders.
pub(super) fn objects_at(path: &str) -> Option<ObjectsAt<'_>> {
    let parts: Vec<&str> = path.split('/').collect();
    let (root, group, plural) = match parts.as_slice() {
        [root @ .., "namespaces", _, group, file] => (root, group, file.strip_suffix(".yaml")?),
        [root @ .., "cluster-scoped-resources", group, plural, file] if is_yaml(file) => {
            (root, group, *plural)
        }
        _ => return None,
    };
    Some(ObjectsAt {
        root: root.join("/"),
        group,
        plural,
    })
}

/// What macOS packs beside a file begins with `._`, whatever its ending.
fn is_yaml(file: &str) -> bool {
    file.ends_with(".yaml") && !file.starts_with("._")
}

/// The folder of the bundle that has its manifest at `path`; `None` where it is something else.
pub(super) fn manifest_root(path: &str) -> Option<&str> {
    match path.strip_suffix(MANIFEST)? {
        "" => Some(""),
        above => above.strip_suffix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let at = |root: &str, plural| {
            let root = root.to_owned();
            let group = "keda.sh";
            Some(ObjectsAt {
                root,
                group,
                plural,
            })
        };
        let list = of_namespace("shop", "keda.sh", "scaledobjects");
        let one = of_cluster("keda.sh", "clustertriggerauthentications", "p");
        for (folder, root) in [("b/", "b"), ("", ""), ("var/tmp/b/", "var/tmp/b")] {
            let found = format!("{folder}{list}");
            assert_eq!(objects_at(&found), at(root, "scaledobjects"));
            let found = format!("{folder}{one}");
            assert_eq!(
                objects_at(&found),
                at(root, "clustertriggerauthentications")
            );
            assert_eq!(manifest_root(&format!("{folder}{MANIFEST}")), Some(root));
        }
        for path in [
            pod("shop", "web"),
            log("shop", "web", "app", true),
            MANIFEST.to_owned(),
            "cluster-scoped-resources/keda.sh/clustertriggerauthentications/._p.yaml".to_owned(),
        ] {
            assert_eq!(objects_at(&format!("b/{path}")), None, "{path}");
        }
        assert_eq!(manifest_root("b/._manifest.json"), None);
        assert_eq!(manifest_root("b/timestamp"), None);
    }

    #[test]
    fn no_name_leaves_its_folder() {
        assert_eq!(pod("..", "a/../b"), "namespaces/_/pods/a_.._b/a_.._b.yaml");
    }
}
