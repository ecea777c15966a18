//! What a request asks for, by its method, its path and its query.

use http::Method;

use super::query::{Query, percent_decoded};
use crate::sandbox::access::Attributes;

/// A request in the words of RBAC, whether or not there is such a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// `get`, `list`, `watch`, …; for a path that is no resource the method in small letters.
    pub(super) verb: String,
    pub(super) group: String,
    pub(super) version: String,
    /// The plural; empty for a path that is no resource.
    pub(super) resource: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) subresource: String,
    /// What follows the subresource, without a slash in front.
    pub(super) rest: String,
    /// The whole path, decoded.
    pub(super) path: String,
}

impl Asked {
    pub(super) fn of(method: &Method, path: &str, query: &Query) -> Self {
        let parts = path.split('/').filter(|it| !it.is_empty());
        let parts: Vec<String> = parts.map(percent_decoded).collect();
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut asked = Self {
            verb: method.as_str().to_ascii_lowercase(),
            path: percent_decoded(path),
            ..Self::default()
        };
        match words.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => {
                asked.resource("", version, rest, method, query);
            }
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                asked.resource(group, version, rest, method, query);
            }
            _ => {}
        }
        asked
    }

    fn resource(
        &mut self,
        group: &str,
        version: &str,
        rest: &[&str],
        method: &Method,
        query: &Query,
    ) {
        let (is_watch, rest) = match rest {
            ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
            rest => (false, rest),
        };
        self.group = group.to_owned();
        self.version = version.to_owned();
        self.place(rest);
        self.verb = self.verb_of(method, is_watch, query);
    }

    fn place(&mut self, words: &[&str]) {
        let words = match words {
            // These belong to the namespace itself; everything else is in it.
            ["namespaces", namespace, "status" | "finalize"] | ["namespaces", namespace] => {
                self.namespace = (*namespace).to_owned();
                words
            }
            ["namespaces", namespace, rest @ ..] => {
                self.namespace = (*namespace).to_owned();
                rest
            }
            words => words,
        };
        let word = |index: usize| words.get(index).copied().unwrap_or("").to_owned();
        self.resource = word(0);
        self.name = word(1);
        self.subresource = word(2);
        self.rest = words.get(3..).unwrap_or(&[]).join("/");
    }

    fn verb_of(&mut self, method: &Method, is_watch: bool, query: &Query) -> String {
        let verb = match (method.as_str(), self.name.is_empty()) {
            _ if is_watch => "watch",
            ("POST", _) => "create",
            ("GET" | "HEAD", false) => "get",
            ("GET" | "HEAD", true) if query.flag("watch") => "watch",
            ("GET" | "HEAD", true) => "list",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", false) => "delete",
            ("DELETE", true) => "deletecollection",
            (other, _) => return other.to_ascii_lowercase(),
        };
        if matches!(verb, "list" | "watch" | "deletecollection") && self.name.is_empty() {
            let only = query.get("fieldSelector").and_then(only_name);
            self.name = only.unwrap_or_default();
        }
        verb.to_owned()
    }

    pub(super) fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }

    pub(super) fn attributes(&self) -> Attributes {
        let path = if self.is_resource() {
            String::new()
        } else {
            self.path.clone()
        };
        Attributes {
            verb: self.verb.clone(),
            group: self.group.clone(),
            version: self.version.clone(),
            resource: self.resource.clone(),
            subresource: self.subresource.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            path,
        }
    }
}

/// The only name that a field selector lets through, which a role may allow by itself.
fn only_name(selector: &str) -> Option<String> {
    let of_name = |it: &str| {
        let value = it.trim().strip_prefix("metadata.name=")?;
        Some(value.strip_prefix('=').unwrap_or(value).to_owned())
    };
    selector.split(',').find_map(of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str, query: &str) -> Asked {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Asked::of(&method, path, &Query::parse(query))
    }

    /// verb, group, version, resource, namespace, name, subresource, rest
    type Words = [&'static str; 8];

    #[test]
    fn paths_are_read_as_kubernetes_reads_them() {
        let cases: [(&str, &str, &str, Words); 14] = [
            (
                "GET",
                "/api/v1/pods",
                "",
                ["list", "", "v1", "pods", "", "", "", ""],
            ),
            (
                "GET",
                "/api/v1/pods/",
                "watch",
                ["watch", "", "v1", "pods", "", "", "", ""],
            ),
            (
                "GET",
                "/api/v1/pods",
                "watch=0",
                ["list", "", "v1", "pods", "", "", "", ""],
            ),
            (
                "GET",
                "/api/v1/watch/pods",
                "",
                ["watch", "", "v1", "pods", "", "", "", ""],
            ),
            (
                "GET",
                "/api/v1/namespaces/a",
                "",
                ["get", "", "v1", "namespaces", "a", "a", "", ""],
            ),
            (
                "PUT",
                "/api/v1/namespaces/a/finalize",
                "",
                ["update", "", "v1", "namespaces", "a", "a", "finalize", ""],
            ),
            (
                "GET",
                "/api/v1/namespaces",
                "",
                ["list", "", "v1", "namespaces", "", "", "", ""],
            ),
            (
                "POST",
                "/api/v1/namespaces/a/pods",
                "",
                ["create", "", "v1", "pods", "a", "", "", ""],
            ),
            (
                "DELETE",
                "/api/v1/namespaces/a/pods",
                "",
                ["deletecollection", "", "v1", "pods", "a", "", "", ""],
            ),
            (
                "PATCH",
                "/apis/apps/v1/namespaces/a/deployments/x/scale",
                "",
                ["patch", "apps", "v1", "deployments", "a", "x", "scale", ""],
            ),
            (
                "GET",
                "/api/v1/namespaces/a/services/s:80/proxy/b/c",
                "",
                ["get", "", "v1", "services", "a", "s:80", "proxy", "b/c"],
            ),
            (
                "GET",
                "/api/v1/pods",
                "fieldSelector=metadata.name%3Dx",
                ["list", "", "v1", "pods", "", "x", "", ""],
            ),
            (
                "DELETE",
                "/api/v1/namespaces/a%2Db/pods/%78",
                "",
                ["delete", "", "v1", "pods", "a-b", "x", "", ""],
            ),
            (
                "GET",
                "/apis/apps/v1",
                "",
                ["get", "", "", "", "", "", "", ""],
            ),
        ];
        for (method, path, query, words) in cases {
            let it = asked(method, path, query);
            let found = [
                it.verb,
                it.group,
                it.version,
                it.resource,
                it.namespace,
                it.name,
                it.subresource,
                it.rest,
            ];
            assert_eq!(found, words, "{method} {path}?{query}");
        }
    }
}
