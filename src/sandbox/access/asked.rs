//! What a request asks for, read from its method and path.

use super::{Attributes, User};
use crate::sandbox::query::{Query, percent_decoded};

impl Attributes {
    /// Reads a path as the API server does: `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/
    /// SUBRESOURCE`, each part decoded. What follows the subresource is left out.
    pub(crate) fn of(method: &str, path: &str, query: &str) -> Self {
        let parts = path.split('/').filter(|it| !it.is_empty());
        let parts: Vec<String> = parts.map(percent_decoded).collect();
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match words.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Self::path(method, path),
        };
        let query = Query::parse(query);
        let (watches, rest) = match rest {
            ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
            rest => (false, rest),
        };
        let (namespace, rest) = within(rest);
        let at = |index: usize| rest.get(index).copied().unwrap_or_default();
        let is_named = !at(1).is_empty();
        let watches = watches || !is_named && query.flag("watch");
        let verb = verb(method, is_named, watches);
        let is_of_many = matches!(verb.as_str(), "list" | "watch" | "deletecollection");
        let only = query.get("fieldSelector").and_then(only_name);
        let name = match at(1) {
            "" if is_of_many => only.unwrap_or_default(),
            name => name.to_owned(),
        };
        Self {
            verb,
            group: group.to_owned(),
            version: version.to_owned(),
            resource: at(0).to_owned(),
            name,
            subresource: at(2).to_owned(),
            namespace: namespace.to_owned(),
            path: percent_decoded(path),
        }
    }

    fn path(method: &str, path: &str) -> Self {
        Self {
            verb: method.to_ascii_lowercase(),
            path: percent_decoded(path),
            ..Self::default()
        }
    }

    pub(crate) fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }

    /// What a refusal says that the user may not do.
    pub(crate) fn refused(&self, user: &User) -> String {
        let (user, verb) = (&user.name, &self.verb);
        if self.resource.is_empty() {
            return format!("User \"{user}\" cannot {verb} path \"{}\"", self.path);
        }
        let resource = match self.subresource.as_str() {
            "" => self.resource.clone(),
            sub => format!("{}/{sub}", self.resource),
        };
        let scope = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let group = &self.group;
        format!(
            "User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}"
        )
    }
}

/// The namespace and what is asked for in it. A namespace itself is in itself.
fn within<'a, 'b>(rest: &'b [&'a str]) -> (&'a str, &'b [&'a str]) {
    match rest {
        ["namespaces", namespace, "status" | "finalize"] | ["namespaces", namespace] => {
            (*namespace, rest)
        }
        ["namespaces", namespace, inner @ ..] => (*namespace, inner),
        _ => ("", rest),
    }
}

fn verb(method: &str, is_named: bool, watches: bool) -> String {
    let verb = match (method, is_named) {
        ("GET" | "HEAD", _) if watches => "watch",
        ("GET" | "HEAD", true) => "get",
        ("GET" | "HEAD", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => return method.to_ascii_lowercase(),
    };
    verb.to_owned()
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

    #[test]
    fn paths_read_as_the_api_server_reads_them() {
        let cases = [
            ("GET /api/v1/pods", "list  pods   "),
            ("GET /api/v1/pods?watch=true", "watch  pods   "),
            ("GET /api/v1/pods?watch=0", "list  pods   "),
            ("GET /api/v1/watch/pods", "watch  pods   "),
            ("GET /api/v1/namespaces/a/pods/b/log", "get  pods log a b"),
            ("GET /api/v1/namespaces/a", "get  namespaces  a a"),
            (
                "PUT /api/v1/namespaces/a/status",
                "update  namespaces status a a",
            ),
            ("GET /api/v1/namespaces", "list  namespaces   "),
            (
                "POST /apis/apps/v1/namespaces/a/deployments",
                "create apps deployments  a ",
            ),
            (
                "PATCH /apis/apps/v1/namespaces/a/deployments/b",
                "patch apps deployments  a b",
            ),
            (
                "DELETE /apis/apps/v1/namespaces/a/deployments",
                "deletecollection apps deployments  a ",
            ),
            ("GET /api/v1/pods?watch=false", "list  pods   "),
            ("GET /api/v1/pods/?watch", "watch  pods   "),
            ("GET /api/v1/namespaces/a/pods/b?watch=1", "get  pods  a b"),
            (
                "PUT /api/v1/namespaces/a/finalize",
                "update  namespaces finalize a a",
            ),
            (
                "GET /api/v1/namespaces/a/services/s:80/proxy/b/c",
                "get  services proxy a s:80",
            ),
            (
                "GET /api/v1/pods?fieldSelector=metadata.name%3Dx",
                "list  pods   x",
            ),
            (
                "DELETE /api/v1/namespaces/a%2Db/pods/%78",
                "delete  pods  a-b x",
            ),
            ("GET /apis/apps/v1", "get     "),
            ("POST /healthz", "post     "),
        ];
        for (request, expected) in cases {
            let (method, target) = request.split_once(' ').unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let it = Attributes::of(method, path, query);
            let (sub, within) = (&it.subresource, &it.namespace);
            let found = format!(
                "{} {} {} {sub} {within} {}",
                it.verb, it.group, it.resource, it.name
            );
            assert_eq!(found, expected, "{request}");
        }
    }

    #[test]
    fn refusals_name_the_scope() {
        let user = User {
            name: "bob".to_owned(),
            groups: vec![],
        };
        let cases = [
            (
                "/api/v1/pods",
                "list resource \"pods\" in API group \"\" at the cluster scope",
            ),
            (
                "/apis/apps/v1/namespaces/a/deployments/b/scale",
                "get resource \"deployments/scale\" in API group \"apps\" in the namespace \"a\"",
            ),
            ("/metrics", "get path \"/metrics\""),
        ];
        for (path, expected) in cases {
            let refused = Attributes::of("GET", path, "").refused(&user);
            assert_eq!(refused, format!("User \"bob\" cannot {expected}"));
        }
    }
}
