//! Who `watch` is, and what it may do.

use serde_json::{Value, json};

use super::permissions::{Permission, Place, permissions};
use super::{Item, Names, Plan, Reach, labels, metadata};

pub(super) const RBAC: &str = "rbac.authorization.k8s.io/v1";
/// The name of what the whole cluster shares: several namespaces may have a `watch` of their own.
pub(super) fn cluster_role(names: &Names, namespace: &str) -> String {
    format!("{}:{namespace}", names.role)
}

pub(super) fn items(plan: &Plan) -> Vec<Item> {
    let (watched, own): (Vec<&Permission>, Vec<&Permission>) =
        permissions(plan).partition(|it| it.place == Place::Watched);
    let mut items = vec![account(plan)];
    items.extend(match plan.reach {
        Reach::Cluster => for_cluster(plan, &watched),
        Reach::Namespace => for_namespace(plan, plan.names().role, &watched),
    });
    if !own.is_empty() {
        items.extend(for_namespace(plan, plan.names().leader, &own));
    }
    items
}

fn account(plan: &Plan) -> Item {
    Item {
        object: json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(plan, plan.names().app),
            // The pods of `watch` ask for its token; others that are given this account do not get it
            // by accident.
            "automountServiceAccountToken": false,
        }),
        about: "Who watch is.",
        reasons: vec![],
    }
}

fn for_cluster(plan: &Plan, permissions: &[&Permission]) -> [Item; 2] {
    let names = plan.names();
    let role = cluster_role(names, &plan.namespace);
    let metadata = json!({ "name": role, "labels": labels(names.app) });
    pair(plan, "Cluster", &metadata, permissions)
}

fn for_namespace(plan: &Plan, name: &str, permissions: &[&Permission]) -> [Item; 2] {
    pair(plan, "", &metadata(plan, name), permissions)
}

/// A role and its binding.
fn pair(plan: &Plan, prefix: &str, metadata: &Value, permissions: &[&Permission]) -> [Item; 2] {
    let kind = format!("{prefix}Role");
    let rules: Vec<Value> = permissions.iter().map(|it| rule(plan, it)).collect();
    let role = Item {
        object: json!({ "apiVersion": RBAC, "kind": kind, "metadata": metadata, "rules": rules }),
        about: "What watch may do. Each rule says what it is for.",
        reasons: permissions.iter().map(|it| it.reason).collect(),
    };
    let binding = Item {
        object: json!({
            "apiVersion": RBAC,
            "kind": format!("{kind}Binding"),
            "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": kind,
                "name": metadata["name"],
            },
            "subjects": [{
                "kind": "ServiceAccount",
                "name": plan.names().app,
                "namespace": plan.namespace,
            }],
        }),
        about: "That watch may do it.",
        reasons: vec![],
    };
    [role, binding]
}

fn rule(plan: &Plan, permission: &Permission) -> Value {
    let mut rule = json!({
        "apiGroups": [permission.group],
        "resources": permission.resources,
        "verbs": permission.verbs,
    });
    if permission.place == Place::OwnLeases {
        rule["resourceNames"] = json!(plan.leases());
    }
    rule
}
