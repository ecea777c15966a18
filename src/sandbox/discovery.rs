//! What the server serves, as documents for clients: kinds by group and version.

use std::cmp::Reverse;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use serde_json::{Value, json};

use super::kinds::{Kind, Version};

/// Which half of the API an aggregated document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// `/api`: the group without a name.
    Core,
    /// `/apis`: all other groups.
    Groups,
}

/// The version of Kubernetes that this is like.
pub(crate) const VERSION: &str = "v1.36.2+stepscale";

/// The document at `/version`.
pub(crate) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// The document at `/api`. `address` is the host and port at which clients find the server.
pub(crate) fn core(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": address }],
    })
}

/// The document at `/apis`.
pub(crate) fn groups(kinds: &[Arc<Kind>]) -> Value {
    let names = group_names(kinds).into_iter();
    let groups: Vec<Value> = names
        .filter(|it| !it.is_empty())
        .filter_map(|it| entry(kinds, it))
        .collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// The document at `/apis/GROUP`; `None` if there is no such group.
pub(crate) fn group(kinds: &[Arc<Kind>], group: &str) -> Option<Value> {
    let mut document = entry(kinds, group).filter(|_| !group.is_empty())?;
    document["kind"] = json!("APIGroup");
    document["apiVersion"] = json!("v1");
    Some(document)
}

/// The document at `/apis/GROUP/VERSION`, or `/api/v1`; `None` if there is no such version.
pub(crate) fn resources(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    let served = served(kinds, group, version);
    let first = served.first()?.0;
    let resources = served.iter().flat_map(|(kind, it)| listed(kind, it));
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": first.api_version(version),
        "resources": resources.collect::<Vec<Value>>(),
    }))
}

/// The aggregated document of one half, in a version of `apidiscovery.k8s.io`: `v2` or `v2beta1`.
pub(crate) fn aggregated(kinds: &[Arc<Kind>], half: Half, api_version: &str) -> Value {
    let names = group_names(kinds).into_iter();
    let groups = names.filter(|it| it.is_empty() == (half == Half::Core));
    let items = groups.map(|name| {
        let versions = versions(kinds, name).into_iter();
        let versions: Vec<Value> = versions
            .map(|it| aggregated_version(kinds, name, it))
            .collect();
        let metadata = match half {
            Half::Core => json!({}),
            Half::Groups => json!({ "name": name }),
        };
        json!({ "metadata": metadata, "versions": versions })
    });
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{api_version}"),
        "metadata": {},
        "items": items.collect::<Vec<Value>>(),
    })
}

/// The groups with a served version, each once, in the order of their first kinds.
pub(super) fn group_names(kinds: &[Arc<Kind>]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for kind in kinds
        .iter()
        .filter(|it| it.versions.iter().any(|it| it.is_served))
    {
        if !names.contains(&kind.group.as_str()) {
            names.push(&kind.group);
        }
    }
    names
}

/// The served versions of a group, the preferred one first.
pub(super) fn versions<'a>(kinds: &'a [Arc<Kind>], group: &str) -> Vec<&'a str> {
    let kinds = kinds.iter().filter(|it| it.group == group);
    let served = kinds.flat_map(|it| &it.versions).filter(|it| it.is_served);
    let mut names: Vec<&str> = served.map(|it| it.name.as_str()).collect();
    names.sort_by_key(|it| (Reverse(priority(it)), *it));
    names.dedup();
    names
}

/// How a version ranks: stable before beta before alpha before anything else, then by number.
fn priority(version: &str) -> (u8, u64, u64) {
    let parsed = || {
        let (major, rest) = number(version.strip_prefix('v')?)?;
        let (stage, rest) = match rest {
            "" => return Some((3, major, 0)),
            rest => match rest.strip_prefix("beta") {
                Some(rest) => (2, rest),
                None => (1, rest.strip_prefix("alpha")?),
            },
        };
        let (minor, rest) = number(rest)?;
        rest.is_empty().then_some((stage, major, minor))
    };
    parsed().unwrap_or((0, 0, 0))
}

/// The number at the start of a text, and what follows.
fn number(text: &str) -> Option<(u64, &str)> {
    let rest = text.trim_start_matches(|it: char| it.is_ascii_digit());
    let digits = text.strip_suffix(rest)?;
    Some((digits.parse().ok()?, rest))
}

/// The kinds that are served in a version of a group.
pub(super) fn served<'a>(
    kinds: &'a [Arc<Kind>],
    group: &str,
    version: &str,
) -> Vec<(&'a Kind, &'a Version)> {
    let kinds = kinds.iter().filter(|it| it.group == group);
    kinds
        .filter_map(|it| Some((it.as_ref(), it.served(version)?)))
        .collect()
}

fn entry(kinds: &[Arc<Kind>], group: &str) -> Option<Value> {
    let versions = versions(kinds, group).into_iter();
    let versions =
        versions.map(|it| json!({ "groupVersion": format!("{group}/{it}"), "version": it }));
    let versions: Vec<Value> = versions.collect();
    let preferred = versions.first()?.clone();
    Some(json!({ "name": group, "versions": versions, "preferredVersion": preferred }))
}

/// What may be done with every subresource that is served.
const SUBRESOURCE_VERBS: [&str; 3] = ["get", "patch", "update"];

/// Subresources of single kinds: the group, the plural, the name, the kind and the verbs.
const OTHERS: [(&str, &str, &str, &str, &[&str]); 3] = [
    ("", "namespaces", "finalize", "Namespace", &["update"]),
    ("", "pods", "log", "Pod", &["get"]),
    (
        "",
        "services",
        "proxy",
        "ServiceProxyOptions",
        &["create", "delete", "get", "patch", "update"],
    ),
];

/// The name, the kind and the verbs of the subresources that only this kind has.
fn others(
    kind: &Kind,
) -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])> {
    let of_kind = OTHERS
        .into_iter()
        .filter(|(group, plural, ..)| kind.group == *group && kind.plural == *plural);
    of_kind.map(|(_, _, name, of, verbs)| (name, of, verbs))
}

/// What tells clients that objects of a kind are kept in another version than before: a hash of
/// that version, as long as the API server's. `None` for kinds that are not kept.
fn storage_hash(kind: &Kind) -> Option<String> {
    let kept = ["create", "get", "watch"];
    let stored = kind.versions.iter().find(|it| it.is_stored)?;
    if !kept.iter().all(|it| kind.verbs.contains(it)) {
        return None;
    }
    let name = format!("{}/{}/{}", kind.group, stored.name, kind.kind);
    // The one implementation of SHA-256 that is at hand anyway is that of TLS.
    let rustls::SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
        return None;
    };
    let hash = suite.common.hash_provider.hash(name.as_bytes());
    let start = hash.as_ref().get(..8)?;
    Some(STANDARD.encode(start))
}

/// The paths that there are, sorted.
pub(crate) fn paths(kinds: &[Arc<Kind>]) -> Value {
    let fixed = [
        "/api",
        "/apis",
        "/apis/",
        "/healthz",
        "/healthz/ping",
        "/livez",
        "/livez/ping",
        "/openapi/v3",
        "/openapi/v3/",
        "/readyz",
        "/readyz/ping",
        "/version",
    ];
    let mut paths: Vec<String> = fixed.map(str::to_owned).to_vec();
    for group in group_names(kinds) {
        let versions = versions(kinds, group).into_iter();
        if group.is_empty() {
            paths.extend(versions.map(|it| format!("/api/{it}")));
        } else {
            paths.push(format!("/apis/{group}"));
            paths.extend(versions.map(|it| format!("/apis/{group}/{it}")));
        }
    }
    paths.sort();
    json!({ "paths": paths })
}

/// The resource of a kind with its subresources.
fn listed(kind: &Kind, version: &Version) -> Vec<Value> {
    let mut resource = json!({
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.is_namespaced,
        "kind": kind.kind, "verbs": kind.verbs,
    });
    add_names(&mut resource, kind);
    if let Some(hash) = storage_hash(kind) {
        resource["storageVersionHash"] = json!(hash);
    }
    let sub = |name: &str, of: &str, verbs: &[&str]| {
        json!({
            "name": format!("{}/{name}", kind.plural), "singularName": "",
            "namespaced": kind.is_namespaced, "kind": of, "verbs": verbs,
        })
    };
    let others = others(kind).map(|(name, of, verbs)| sub(name, of, verbs));
    let scale = version.scale.is_some().then(|| {
        let mut scale = sub("scale", "Scale", &SUBRESOURCE_VERBS);
        scale["group"] = json!("autoscaling");
        scale["version"] = json!("v1");
        scale
    });
    let status = version.has_status;
    let status = status.then(|| sub("status", &kind.kind, &SUBRESOURCE_VERBS));
    let all = [resource].into_iter().chain(others).chain(scale);
    all.chain(status).collect()
}

fn add_names(resource: &mut Value, kind: &Kind) {
    let names = [
        ("shortNames", &kind.short_names),
        ("categories", &kind.categories),
    ];
    for (key, names) in names.into_iter().filter(|(_, it)| !it.is_empty()) {
        resource[key] = json!(names);
    }
}

fn aggregated_version(kinds: &[Arc<Kind>], group: &str, version: &str) -> Value {
    let served = served(kinds, group, version).into_iter();
    let resources: Vec<Value> = served
        .map(|(kind, it)| aggregated_resource(kind, it))
        .collect();
    json!({ "version": version, "resources": resources, "freshness": "Current" })
}

fn aggregated_resource(kind: &Kind, version: &Version) -> Value {
    let is = |group: &str, version: &str, kind: &str| json!({ "group": group, "version": version, "kind": kind });
    let sub = |name: &str, of: Value, verbs: &[&str]| json!({ "subresource": name, "responseKind": of, "verbs": verbs });
    let others = others(kind).map(|(name, of, verbs)| sub(name, is("", "v1", of), verbs));
    let own = is(&kind.group, &version.name, &kind.kind);
    let scale = version.scale.as_ref();
    let scale = scale.map(|_| {
        sub(
            "scale",
            is("autoscaling", "v1", "Scale"),
            &SUBRESOURCE_VERBS,
        )
    });
    let status = version.has_status;
    let status = status.then(|| sub("status", own.clone(), &SUBRESOURCE_VERBS));
    let subresources: Vec<Value> = others.chain(scale).chain(status).collect();
    let mut resource = json!({
        "resource": kind.plural, "responseKind": own, "singularResource": kind.singular,
        "scope": if kind.is_namespaced { "Namespaced" } else { "Cluster" },
        "verbs": kind.verbs,
    });
    add_names(&mut resource, kind);
    if !subresources.is_empty() {
        resource["subresources"] = json!(subresources);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::kinds::builtin;

    fn kinds() -> Vec<Arc<Kind>> {
        builtin::all().into_iter().map(Arc::new).collect()
    }

    #[test]
    fn versions_rank_as_kubernetes_ranks_them() {
        let mut versions = [
            "foo1", "v1alpha1", "v2beta1", "v10", "v1", "v2", "v1beta2", "v3beta1", "v",
        ];
        versions.sort_by_key(|it| (Reverse(priority(it)), *it));
        let wanted = [
            "v10", "v2", "v1", "v3beta1", "v2beta1", "v1beta2", "v1alpha1", "foo1", "v",
        ];
        assert_eq!(versions, wanted);
    }

    #[test]
    fn a_group_names_its_versions_with_the_preferred_one_first() {
        let v2 = json!({ "groupVersion": "autoscaling/v2", "version": "v2" });
        let v1 = json!({ "groupVersion": "autoscaling/v1", "version": "v1" });
        let wanted = json!({
            "kind": "APIGroup", "apiVersion": "v1", "name": "autoscaling",
            "versions": [v2.clone(), v1], "preferredVersion": v2,
        });
        assert_eq!(group(&kinds(), "autoscaling"), Some(wanted));
        assert_eq!(group(&kinds(), "keda.sh"), None);
        assert_eq!(group(&kinds(), ""), None);
        let all = groups(&kinds());
        let names: Vec<&Value> = all["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["name"])
            .collect();
        assert!(
            names.contains(&&json!("apps")) && !names.contains(&&json!("")),
            "{names:?}"
        );
    }

    #[test]
    fn resources_are_listed_with_their_subresources() {
        let document = resources(&kinds(), "apps", "v1").unwrap();
        assert_eq!(document["groupVersion"], "apps/v1");
        let all = document["resources"].as_array().unwrap();
        let named = |name: &str| all.iter().find(|it| it["name"] == name);
        let verbs = [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ];
        let deployments = json!({
            "name": "deployments", "singularName": "deployment", "namespaced": true,
            "kind": "Deployment", "verbs": verbs, "shortNames": ["deploy"], "categories": ["all"],
            "storageVersionHash": "8aSe+NMegvE=",
        });
        let scale = json!({
            "name": "deployments/scale", "singularName": "", "namespaced": true, "kind": "Scale",
            "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"],
        });
        assert_eq!(named("deployments"), Some(&deployments));
        assert_eq!(named("deployments/scale"), Some(&scale));
        assert!(named("deployments/status").is_some());
        assert_eq!(named("controllerrevisions/status"), None);
        assert_eq!(resources(&kinds(), "apps", "v2"), None);
        assert_eq!(resources(&kinds(), "", "v1").unwrap()["groupVersion"], "v1");
    }

    #[test]
    fn what_is_kept_has_a_hash_of_its_version_and_what_is_not_has_none() {
        let all = kinds();
        let of = |kind: &str| storage_hash(all.iter().find(|it| it.kind == kind).unwrap());
        assert_eq!(of("ConfigMap").as_deref(), Some("qFsyl6wFWjQ="));
        assert_eq!(of("SubjectAccessReview"), None);
        assert_eq!(of("PodMetrics"), None);
    }

    #[test]
    fn the_root_names_every_document() {
        let document = paths(&kinds());
        let all = document["paths"].as_array().unwrap();
        for path in [
            "/api",
            "/api/v1",
            "/apis/apps",
            "/apis/autoscaling/v2",
            "/version",
        ] {
            assert!(all.contains(&json!(path)), "{path}");
        }
        assert!(all.is_sorted_by_key(|it| it.as_str()));
    }

    #[test]
    fn both_aggregated_halves_together_have_every_resource_of_the_single_documents() {
        let kinds = kinds();
        for half in [Half::Core, Half::Groups] {
            let document = aggregated(&kinds, half, "v2");
            assert_eq!(document["apiVersion"], "apidiscovery.k8s.io/v2");
            for item in document["items"].as_array().unwrap() {
                let group = item["metadata"]["name"].as_str().unwrap_or("");
                assert_eq!(group.is_empty(), half == Half::Core);
                for version in item["versions"].as_array().unwrap() {
                    let name = version["version"].as_str().unwrap();
                    let single = resources(&kinds, group, name).unwrap();
                    let count = |it: &Value| 1 + it["subresources"].as_array().map_or(0, Vec::len);
                    let of = version["resources"].as_array().unwrap().iter();
                    assert_eq!(
                        of.map(count).sum::<usize>(),
                        single["resources"].as_array().unwrap().len()
                    );
                }
            }
        }
        let groups = aggregated(&kinds, Half::Groups, "v2beta1");
        assert_eq!(
            groups["items"].as_array().unwrap().len(),
            group_names(&kinds).len() - 1
        );
        assert_eq!(groups["apiVersion"], "apidiscovery.k8s.io/v2beta1");
    }

    #[test]
    fn what_is_not_served_is_not_listed() {
        let mut all = builtin::all();
        all.retain(|it| it.group == "coordination.k8s.io");
        for version in all.iter_mut().flat_map(|it| &mut it.versions) {
            version.is_served = false;
        }
        let kinds: Vec<Arc<Kind>> = all.into_iter().map(Arc::new).collect();
        assert_eq!(groups(&kinds)["groups"], json!([]));
        assert_eq!(resources(&kinds, "coordination.k8s.io", "v1"), None);
        assert_eq!(aggregated(&kinds, Half::Groups, "v2")["items"], json!([]));
    }
}
