//! Who asks: bearer tokens, nobody in particular, and acting as somebody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::sandbox::access::{Attributes, Policies, User};
use crate::sandbox::status::{Details, Refusal};

/// Which token is whose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens(BTreeMap<String, User>);

/// Where the groups are that stand for uids and extras of users.
const AUTHENTICATION: &str = "authentication.k8s.io";
const EXTRA: &str = "impersonate-extra-";

impl Tokens {
    /// From tokens and the users they belong to; see [`User::known`].
    pub(crate) fn new(all: impl IntoIterator<Item = (String, User)>) -> Self {
        Self(all.into_iter().collect())
    }

    /// The user of the request's credential.
    ///
    /// # Errors
    /// When the token is nobody's.
    pub(super) fn user(&self, headers: &HeaderMap) -> Result<User, Refusal> {
        match token(headers) {
            None => Ok(User::anonymous()),
            Some(token) => self.0.get(token).cloned().ok_or_else(Refusal::unauthorized),
        }
    }
}

/// A token that cannot be guessed, of 128 random bits; `None` where the system has none to give.
pub(crate) fn secret() -> Option<String> {
    let mut bytes = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).ok()?;
    Some(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The bearer token, if there is one. Other credentials are overlooked, as the API server does.
fn token(headers: &HeaderMap) -> Option<&str> {
    let credential = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = credential.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whom the user acts as: somebody else if the headers say so.
///
/// # Errors
/// When the user may not, or nobody is named.
pub(super) fn acting(
    user: User,
    headers: &HeaderMap,
    policies: impl FnOnce() -> Arc<Policies>,
) -> Result<User, Refusal> {
    let asked = asked(headers);
    if asked.is_empty() {
        return Ok(user);
    }
    let groups = all(headers, "impersonate-group");
    let Some(name) = all(headers, "impersonate-user").into_iter().next() else {
        return Err(Refusal::bad_request(format!(
            "requested groups {groups:?} without impersonating a user name"
        )));
    };
    let policies = policies();
    for it in asked {
        if policies.allow(&user, &it).is_none() {
            return Err(forbidden(&user, &it));
        }
    }
    Ok(somebody(name, groups))
}

fn somebody(name: String, groups: Vec<String>) -> User {
    let anonymous = User::anonymous();
    if name != anonymous.name {
        return User::given(name, groups);
    }
    match groups.is_empty() {
        true => anonymous,
        false => User { name, groups },
    }
}

/// Every right that acting needs, in the order of the API server.
fn asked(headers: &HeaderMap) -> Vec<Attributes> {
    let mut rights = vec![];
    for name in all(headers, "impersonate-user") {
        rights.push(match User::account(&name) {
            Some((namespace, name)) => Attributes {
                namespace: namespace.to_owned(),
                ..right("", "serviceaccounts", name)
            },
            None => right("", "users", &name),
        });
    }
    for name in all(headers, "impersonate-group") {
        rights.push(right("", "groups", &name));
    }
    for uid in all(headers, "impersonate-uid") {
        rights.push(right(AUTHENTICATION, "uids", &uid));
    }
    for header in headers.keys() {
        let Some(key) = header.as_str().strip_prefix(EXTRA) else {
            continue;
        };
        rights.extend(
            all(headers, header.as_str())
                .iter()
                .map(|value| Attributes {
                    subresource: key.to_owned(),
                    ..right(AUTHENTICATION, "userextras", value)
                }),
        );
    }
    rights
}

fn right(group: &str, resource: &str, name: &str) -> Attributes {
    Attributes {
        verb: "impersonate".to_owned(),
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

fn forbidden(user: &User, asked: &Attributes) -> Refusal {
    let resource = match asked.group.as_str() {
        "" => asked.resource.clone(),
        group => format!("{}.{group}", asked.resource),
    };
    let why = asked.refused(user);
    let message = format!("{resource} \"{}\" is forbidden: {why}", asked.name);
    let details = Details {
        name: asked.name.clone(),
        group: asked.group.clone(),
        kind: asked.resource.clone(),
        ..Details::default()
    };
    Refusal::about(403, "Forbidden", message, details)
}

/// The values of a header that are text and not empty.
fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).into_iter();
    let texts = values.filter_map(|it| it.to_str().ok());
    texts
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = all
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        pairs.collect()
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let all: std::collections::BTreeSet<String> = (0..100).map(|_| secret().unwrap()).collect();
        assert_eq!(all.len(), 100);
        let is_hex = |it: &String| it.len() == 32 && it.chars().all(|c| c.is_ascii_hexdigit());
        assert!(all.iter().all(is_hex), "{all:?}");
    }

    /// The user `deputy` may act as eve, as the group ops and as accounts of `shop`.
    fn policies() -> Arc<Policies> {
        let rule = |resource: &str, names: &[&str]| {
            json!({ "verbs": ["impersonate"], "apiGroups": [""], "resources": [resource],
                "resourceNames": names })
        };
        let role = |name: &str, rules: serde_json::Value| {
            Arc::new(json!({ "metadata": { "name": name, "namespace": "shop" }, "rules": rules }))
        };
        let binding = |kind: &str| {
            Arc::new(json!({ "metadata": { "name": "b", "namespace": "shop" },
                "subjects": [{ "kind": "User", "name": "deputy" }],
                "roleRef": { "kind": kind, "name": "r" } }))
        };
        Arc::new(Policies {
            cluster_roles: vec![role(
                "r",
                json!([rule("users", &["eve"]), rule("groups", &["ops"])]),
            )],
            cluster_role_bindings: vec![binding("ClusterRole")],
            roles: vec![role("r", json!([rule("serviceaccounts", &[])]))],
            role_bindings: vec![binding("Role")],
        })
    }

    #[test]
    fn tokens_tell_users_and_unknown_ones_are_refused() {
        let eve = User::known("eve", vec![]);
        let tokens = Tokens::new([("secret".to_owned(), eve.clone())]);
        let cases = [
            (vec![], Ok(User::anonymous())),
            (vec![("authorization", "Bearer secret")], Ok(eve.clone())),
            (vec![("authorization", "bearer  secret ")], Ok(eve)),
            (vec![("authorization", "Bearer ")], Ok(User::anonymous())),
            (
                vec![("authorization", "Basic c2VjcmV0")],
                Ok(User::anonymous()),
            ),
            (
                vec![("authorization", "Bearer wrong")],
                Err(Refusal::unauthorized()),
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(tokens.user(&headers(&given)), expected, "{given:?}");
        }
    }

    #[test]
    fn acting_as_somebody_needs_every_right() {
        let user = ("impersonate-user", "eve");
        let no = |name: &str, what: &str, scope: &str| {
            Err(format!(
                "{name} is forbidden: User \"deputy\" cannot impersonate resource {what} in \
                         API group {scope}"
            ))
        };
        let cases = [
            (vec![], Ok("deputy [system:authenticated]")),
            (vec![user], Ok("eve [system:authenticated]")),
            (
                vec![user, ("impersonate-group", "ops")],
                Ok("eve [ops system:authenticated]"),
            ),
            (
                vec![("impersonate-user", "system:serviceaccount:shop:robot")],
                Ok("system:serviceaccount:shop:robot [system:serviceaccounts \
                    system:serviceaccounts:shop system:authenticated]"),
            ),
            (
                vec![("impersonate-user", "bob")],
                no("users \"bob\"", "\"users\"", "\"\" at the cluster scope"),
            ),
            (
                vec![
                    user,
                    ("impersonate-group", "ops"),
                    ("impersonate-group", "admins"),
                ],
                no(
                    "groups \"admins\"",
                    "\"groups\"",
                    "\"\" at the cluster scope",
                ),
            ),
            (
                vec![("impersonate-user", "system:serviceaccount:other:robot")],
                no(
                    "serviceaccounts \"robot\"",
                    "\"serviceaccounts\"",
                    "\"\" in the namespace \"other\"",
                ),
            ),
            (
                vec![user, ("impersonate-uid", "7")],
                no(
                    "uids.authentication.k8s.io \"7\"",
                    "\"uids\"",
                    "\"authentication.k8s.io\" at the cluster scope",
                ),
            ),
            (
                vec![user, ("impersonate-extra-team", "a")],
                no(
                    "userextras.authentication.k8s.io \"a\"",
                    "\"userextras/team\"",
                    "\"authentication.k8s.io\" at the cluster scope",
                ),
            ),
            (
                vec![("impersonate-group", "ops")],
                Err("requested groups [\"ops\"] without impersonating a user name".to_owned()),
            ),
        ];
        for (given, expected) in cases {
            let deputy = User::known("deputy", vec![]);
            let found = acting(deputy, &headers(&given), policies);
            let found = found.map(|it| format!("{} [{}]", it.name, it.groups.join(" ")));
            let expected = expected.map(str::to_owned);
            assert_eq!(found.map_err(|it| it.message), expected, "{given:?}");
        }
    }

    #[test]
    fn nobody_in_particular_is_in_no_known_group() {
        let masters = User::known("root", vec!["system:masters".to_owned()]);
        let given = headers(&[("impersonate-user", "system:anonymous")]);
        assert_eq!(acting(masters, &given, policies), Ok(User::anonymous()));
    }
}
