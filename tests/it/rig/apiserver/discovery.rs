//! Which groups, versions and resources there are: the older documents and the aggregated one.

use serde_json::{Value, json};

use super::resources::{ALL, Resource};

/// The version that the server says it is.
pub(super) const VERSION: &str = "v1.33.2";

/// The document at `path` and its content type; `None` where there is none.
pub(super) fn document(path: &str, accept: &str) -> Option<(Value, &'static str)> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    // Clients tell the aggregated documents by their content type alone.
    let aggregated = AGGREGATED.iter().find(|it| accept.contains(*it));
    if let (["api" | "apis"], Some(content_type)) = (parts.as_slice(), aggregated) {
        return Some((all_groups(parts[0] == "api", content_type), content_type));
    }
    plain(&parts).map(|it| (it, "application/json"))
}

/// Content types of the aggregated documents, the newer first.
const AGGREGATED: [&str; 2] = [
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
];

fn plain(parts: &[&str]) -> Option<Value> {
    match parts {
        ["version"] => Some(version()),
        ["api"] => Some(json!({ "kind": "APIVersions", "versions": ["v1"] })),
        ["apis"] => {
            let groups: Vec<Value> = groups().into_iter().map(group).collect();
            Some(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
        }
        ["api", "v1"] => Some(resource_list("", "v1")),
        ["apis", name] => groups().contains(name).then(|| group(name)),
        ["apis", name, version] => {
            let served = |it: &Resource| it.group == *name && it.version == *version;
            ALL.iter().any(served).then(|| resource_list(name, version))
        }
        _ => None,
    }
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "33",
        "gitVersion": VERSION,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2025-06-17T18:32:07Z",
        "goVersion": "go1.24.4",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// Named groups, without the core.
fn groups() -> Vec<&'static str> {
    let mut groups: Vec<_> = ALL
        .iter()
        .map(|it| it.group)
        .filter(|it| !it.is_empty())
        .collect();
    groups.dedup();
    groups
}

fn of(group: &str) -> impl Iterator<Item = &'static Resource> {
    ALL.iter().filter(move |it| it.group == group)
}

fn group_version(group: &str) -> &'static str {
    of(group).next().map_or("v1", |it| it.version)
}

fn group(name: &str) -> Value {
    let version = group_version(name);
    let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": [version],
        "preferredVersion": version,
    })
}

fn verbs(resource: &Resource) -> Value {
    match resource.plural {
        "selfsubjectaccessreviews" => json!(["create"]),
        _ => json!(["get", "list"]),
    }
}

fn singular(resource: &Resource) -> String {
    resource.kind.to_ascii_lowercase()
}

fn resource_list(group: &str, version: &str) -> Value {
    let mut resources = Vec::new();
    for it in of(group) {
        resources.push(json!({
            "name": it.plural,
            "singularName": singular(it),
            "namespaced": it.namespaced,
            "kind": it.kind,
            "shortNames": it.short,
            "verbs": verbs(it),
        }));
        if it.scales {
            resources.push(json!({
                "name": format!("{}/scale", it.plural),
                "singularName": "",
                "namespaced": true,
                "group": "autoscaling",
                "version": "v1",
                "kind": "Scale",
                "verbs": ["get"],
            }));
        }
    }
    let group_version = match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    })
}

fn all_groups(core: bool, content_type: &str) -> Value {
    let names = if core { vec![""] } else { groups() };
    let items: Vec<Value> = names.into_iter().map(aggregated_group).collect();
    let version = if content_type == AGGREGATED[0] {
        "v2"
    } else {
        "v2beta1"
    };
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    })
}

fn aggregated_group(name: &str) -> Value {
    let resources: Vec<Value> = of(name).map(aggregated_resource).collect();
    json!({
        "metadata": { "name": name, "creationTimestamp": null },
        "versions": [{
            "version": group_version(name),
            "resources": resources,
            "freshness": "Current",
        }],
    })
}

fn aggregated_resource(it: &Resource) -> Value {
    let kind = json!({ "group": it.group, "version": it.version, "kind": it.kind });
    let scale = json!([{
        "subresource": "scale",
        "responseKind": { "group": "autoscaling", "version": "v1", "kind": "Scale" },
        "verbs": ["get"],
    }]);
    json!({
        "resource": it.plural,
        "responseKind": kind,
        "scope": if it.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": singular(it),
        "verbs": verbs(it),
        "shortNames": it.short,
        "subresources": if it.scales { scale } else { json!([]) },
    })
}
