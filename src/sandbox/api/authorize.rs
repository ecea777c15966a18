//! Whether a request is allowed.

use std::sync::{Arc, Mutex, PoisonError};

use super::Inner;
use crate::sandbox::access::{Attributes, Policies, User};
use crate::sandbox::status::{Details, Named, Refusal};
use crate::sandbox::store::Store;

const ROLES: &str = "roles.rbac.authorization.k8s.io";
const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const ROLE_BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
const CLUSTER_ROLE_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// Keeps the policies until one of their objects is written.
#[derive(Debug, Default)]
pub(super) struct Authorizer(Mutex<Option<(u64, Arc<Policies>)>>);

impl Authorizer {
    pub(super) fn policies(&self, store: &Store) -> Arc<Policies> {
        let objects = [ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS];
        let written = objects.iter().map(|it| store.version_of(it)).max();
        let version = written.unwrap_or(0);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((at, policies)) if *at == version => Arc::clone(policies),
            _ => {
                let policies = Arc::new(read(store));
                *kept = Some((version, Arc::clone(&policies)));
                policies
            }
        }
    }
}

fn read(store: &Store) -> Policies {
    let all = |resource: &str| store.list(resource, "").objects;
    Policies {
        roles: all(ROLES),
        cluster_roles: all(CLUSTER_ROLES),
        role_bindings: all(ROLE_BINDINGS),
        cluster_role_bindings: all(CLUSTER_ROLE_BINDINGS),
    }
}

impl Inner {
    /// # Errors
    /// When the user may not do what is asked for.
    pub(super) fn authorize(&self, user: &User, asked: &Attributes) -> Result<(), Refusal> {
        let policies = self.authorizer.policies(&self.store);
        if policies.allow(user, asked).is_some() {
            return Ok(());
        }
        let why = asked.refused(user);
        if !asked.is_resource() {
            let message = format!("forbidden: {why}");
            return Err(Refusal::about(
                403,
                "Forbidden",
                message,
                Details::default(),
            ));
        }
        let named = Named {
            group: &asked.group,
            kind: "",
            plural: &asked.resource,
        };
        Err(Refusal::forbidden(named, &asked.name, &why))
    }
}
