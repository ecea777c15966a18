//! Who may do what: RBAC over Role, ClusterRole and their bindings.
//!
//! [`Policies::judge`] decides as the API server does, down to the texts of its reasons. Nothing
//! keeps a user from granting more than they have, and nothing knows nodes apart from others.

pub(crate) mod asked;
pub(crate) mod defaults;
pub(crate) mod review;
mod roles;
mod rule;
mod subject;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

/// The group that may do everything, whatever RBAC says.
const MASTERS: &str = "system:masters";
const AUTHENTICATED: &str = "system:authenticated";

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// What is asked for, in the words of RBAC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) version: String,
    /// The plural; empty for a path that is no resource.
    pub(crate) resource: String,
    pub(crate) subresource: String,
    /// Empty for all, and for cluster-wide kinds.
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// The whole path, decoded; of requests for a resource only those that came by one have it.
    pub(crate) path: String,
}

/// The RBAC objects of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) roles: Vec<Arc<Value>>,
    pub(crate) cluster_roles: Vec<Arc<Value>>,
    pub(crate) role_bindings: Vec<Arc<Value>>,
    pub(crate) cluster_role_bindings: Vec<Arc<Value>>,
}

/// What the authorizer says, with its reason, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed(String),
    Denied(String),
}

/// A binding that is about the user.
struct Grant<'a> {
    binding: &'a Value,
    subject: &'a Value,
    /// Empty for one of the whole cluster.
    namespace: &'a str,
}

impl User {
    /// Somebody with a credential: in the groups given and in those that come with the name.
    pub(crate) fn known(name: impl Into<String>, mut groups: Vec<String>) -> Self {
        let name = name.into();
        groups.extend(subject::service_account_groups(&name));
        Self::authenticated(name, groups)
    }

    /// Somebody whom another acts as: groups that are given take the place of an account's own.
    pub(crate) fn given(name: String, groups: Vec<String>) -> Self {
        match groups.is_empty() {
            true => Self::known(name, groups),
            false => Self::authenticated(name, groups),
        }
    }

    fn authenticated(name: String, mut groups: Vec<String>) -> Self {
        if !groups.iter().any(|it| it == AUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Self { name, groups }
    }

    /// The namespace and name of the service account that a user of this name is.
    pub(crate) fn account(name: &str) -> Option<(&str, &str)> {
        subject::service_account(name)
    }

    /// Somebody without a credential.
    pub(crate) fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
        }
    }
}

impl Policies {
    /// The reason why it is allowed; `None` if it is not.
    pub(crate) fn allow(&self, user: &User, asked: &Attributes) -> Option<String> {
        match self.judge(user, asked) {
            Verdict::Allowed(reason) => Some(reason),
            Verdict::Denied(_) => None,
        }
    }

    /// Whether `user` may do what is asked for.
    ///
    /// The reason of a denial names the roles that a binding of the user looks for in vain.
    pub(crate) fn judge(&self, user: &User, asked: &Attributes) -> Verdict {
        if user.groups.iter().any(|it| it == MASTERS) {
            return Verdict::Allowed(String::new());
        }
        let mut missing = BTreeSet::new();
        for grant in self.grants(user, &asked.namespace) {
            match self.rules(&grant) {
                Ok(rules) if rules.iter().any(|it| rule::allows(it, asked)) => {
                    return Verdict::Allowed(format!("RBAC: allowed by {}", grant.described()));
                }
                Ok(_) => {}
                Err(role) => drop(missing.insert(role)),
            }
        }
        let missing: Vec<String> = missing.into_iter().collect();
        Verdict::Denied(match missing.is_empty() {
            true => String::new(),
            false => format!("RBAC: {}", joined(&missing)),
        })
    }

    /// The bindings of the whole cluster, then those of the namespace, that name the user.
    fn grants<'a>(&'a self, user: &User, namespace: &'a str) -> Vec<Grant<'a>> {
        let everywhere = self.cluster_role_bindings.iter().map(|it| (it, ""));
        let here = self.role_bindings.iter();
        let here = here.filter(|it| !namespace.is_empty() && text(it, "namespace") == namespace);
        let all = everywhere.chain(here.map(|it| (it, namespace)));
        let about = all.filter_map(|(binding, namespace)| {
            let subject = subject::naming(binding, user, namespace)?;
            Some(Grant {
                binding,
                subject,
                namespace,
            })
        });
        about.collect()
    }

    /// The rules of the role of a binding.
    ///
    /// # Errors
    /// What to say when there is no such role.
    fn rules(&self, grant: &Grant<'_>) -> Result<Vec<&Value>, String> {
        let role = &grant.binding["roleRef"];
        let name = role["name"].as_str().unwrap_or_default();
        match role["kind"].as_str().unwrap_or_default() {
            "ClusterRole" => roles::cluster_role(&self.cluster_roles, name),
            "Role" => roles::role(&self.roles, grant.namespace, name),
            other => Err(format!("unsupported role reference kind: \"{other}\"")),
        }
    }
}

impl Grant<'_> {
    fn described(&self) -> String {
        let role = &self.binding["roleRef"];
        let word = |key| role[key].as_str().unwrap_or_default();
        let name = text(self.binding, "name");
        let binding = match self.namespace {
            "" => format!("ClusterRoleBinding \"{name}\""),
            namespace => format!("RoleBinding \"{name}/{namespace}\""),
        };
        let subject = subject::described(self.subject, self.namespace);
        let (kind, role) = (word("kind"), word("name"));
        format!("{binding} of {kind} \"{role}\" to {subject}")
    }
}

/// The text in the metadata of an object, empty if none.
fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"][key].as_str().unwrap_or_default()
}

/// Several texts as Go's aggregated errors print them.
fn joined(texts: &[String]) -> String {
    match texts {
        [only] => only.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

#[cfg(test)]
mod tests;
