//! What a request asks for, read from its method and path.

use super::{Attributes, User};

impl Attributes {
    /// Reads a path as the API server does: `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/
    /// SUBRESOURCE`, each part still percent-encoded as it came.
    pub(crate) fn of(method: &str, path: &str, query: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Self::path(method, path),
        };
        let (watches, rest) = match rest {
            ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
            rest => (is_true(query, "watch"), rest),
        };
        let (namespace, rest) = within(rest);
        let at = |index: usize| rest.get(index).copied().unwrap_or_default();
        Self {
            verb: verb(method, !at(1).is_empty(), watches),
            group: group.to_owned(),
            version: version.to_owned(),
            resource: at(0).to_owned(),
            name: at(1).to_owned(),
            subresource: at(2).to_owned(),
            namespace: namespace.to_owned(),
            path: path.to_owned(),
        }
    }

    fn path(method: &str, path: &str) -> Self {
        Self {
            verb: method.to_ascii_lowercase(),
            path: path.to_owned(),
            ..Self::default()
        }
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

fn is_true(query: &str, key: &str) -> bool {
    let mut pairs = query
        .split('&')
        .map(|it| it.split_once('=').unwrap_or((it, "")));
    pairs.any(|(name, value)| name == key && matches!(value, "" | "1" | "true"))
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
