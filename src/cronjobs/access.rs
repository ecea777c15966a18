//! Who the jobs are, and what they may do.

use serde_json::json;

use super::{Names, Request, metadata};
use crate::install::Item;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

pub(super) fn items(request: &Request<'_>, names: &Names) -> [Item; 3] {
    [
        account(request, names),
        role(request, names),
        binding(request, names),
    ]
}

fn account(request: &Request<'_>, names: &Names) -> Item {
    Item {
        object: json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(request, names, &names.all),
            // The jobs ask for its token; other pods that are given this account do not get it by
            // accident.
            "automountServiceAccountToken": false,
        }),
        about: "Who the jobs are.",
        reasons: vec![],
    }
}

fn role(request: &Request<'_>, names: &Names) -> Item {
    Item {
        object: json!({
            "apiVersion": RBAC,
            "kind": "Role",
            "metadata": metadata(request, names, &names.all),
            "rules": [{
                "apiGroups": ["autoscaling"],
                "resources": ["horizontalpodautoscalers"],
                "resourceNames": [request.hpa],
                "verbs": ["get", "patch"],
            }],
        }),
        about: "What they may do: nothing to any other object.",
        reasons: vec![
            "get: minimum, maximum and what earlier jobs have done; patch: the minimum, and what was done",
        ],
    }
}

fn binding(request: &Request<'_>, names: &Names) -> Item {
    Item {
        object: json!({
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata(request, names, &names.all),
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": names.all,
            },
            "subjects": [{
                "kind": "ServiceAccount",
                "name": names.all,
                "namespace": request.namespace,
            }],
        }),
        about: "That they may do it.",
        reasons: vec![],
    }
}
