//! The roles and bindings that every cluster has.
//!
//! What is not here: the roles of controllers and nodes that the sandbox does not run, and of kinds
//! that it does not serve.

use std::sync::Arc;

use serde_json::{Value, json};

use super::roles;

const VERSION: &str = "rbac.authorization.k8s.io/v1";

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const ALL: &str = "create delete deletecollection get list patch update watch";

/// A cluster role.
struct Role {
    name: &'static str,
    /// The roles that gather it, such as `view edit`.
    part_of: &'static str,
    content: Content,
    /// The groups it is bound to.
    groups: &'static [&'static str],
}

enum Content {
    Rules(&'static [Rule]),
    /// The rules of the roles that say that they are part of this one.
    Gathered(&'static str),
}

/// A rule, its words separated by spaces.
enum Rule {
    Resources(&'static [&'static str], &'static str, &'static str),
    /// Paths and verbs.
    Paths(&'static str, &'static str),
}

use Rule::{Paths, Resources};

const EVERYBODY: &[&str] = &["system:authenticated", "system:unauthenticated"];
const KNOWN: &[&str] = &["system:authenticated"];

const ROLES: &[Role] = &[
    Role {
        name: "cluster-admin",
        part_of: "",
        content: Content::Rules(&[Resources(&["*"], "*", "*"), Paths("*", "*")]),
        groups: &["system:masters"],
    },
    gathered("admin", "admin", ""),
    gathered("edit", "edit", "admin"),
    gathered("view", "view", "edit"),
    Role {
        name: "system:aggregate-to-admin",
        part_of: "admin",
        content: Content::Rules(ADMIN),
        groups: &[],
    },
    Role {
        name: "system:aggregate-to-edit",
        part_of: "edit",
        content: Content::Rules(EDIT),
        groups: &[],
    },
    Role {
        name: "system:aggregate-to-view",
        part_of: "view",
        content: Content::Rules(VIEW),
        groups: &[],
    },
    // It comes with the metrics server.
    Role {
        name: "system:aggregated-metrics-reader",
        part_of: "admin edit view",
        content: Content::Rules(&[Resources(&["metrics.k8s.io"], "nodes pods", READ)]),
        groups: &[],
    },
    Role {
        name: "system:auth-delegator",
        part_of: "",
        content: Content::Rules(&[
            Resources(&["authentication.k8s.io"], "tokenreviews", "create"),
            Resources(&["authorization.k8s.io"], "subjectaccessreviews", "create"),
        ]),
        groups: &[],
    },
    Role {
        name: "system:basic-user",
        part_of: "",
        content: Content::Rules(BASIC),
        groups: KNOWN,
    },
    Role {
        name: "system:controller:horizontal-pod-autoscaler",
        part_of: "",
        content: Content::Rules(AUTOSCALER),
        groups: &[],
    },
    Role {
        name: "system:discovery",
        part_of: "",
        content: Content::Rules(&[Paths(
            "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version \
             /version/",
            "get",
        )]),
        groups: KNOWN,
    },
    Role {
        name: "system:monitoring",
        part_of: "",
        content: Content::Rules(&[
            Paths(
                "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*",
                "get",
            ),
            Resources(&[""], "nodes/metrics", "get"),
        ]),
        groups: &["system:monitoring"],
    },
    Role {
        name: "system:public-info-viewer",
        part_of: "",
        content: Content::Rules(&[Paths("/healthz /livez /readyz /version /version/", "get")]),
        groups: EVERYBODY,
    },
];

const ADMIN: &[Rule] = &[
    Resources(
        &["authorization.k8s.io"],
        "localsubjectaccessreviews",
        "create",
    ),
    Resources(&["rbac.authorization.k8s.io"], "rolebindings roles", ALL),
];

const EDIT: &[Rule] = &[
    Resources(
        &[""],
        "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
        READ,
    ),
    Resources(&[""], "serviceaccounts", "impersonate"),
    Resources(
        &[""],
        "pods pods/attach pods/exec pods/portforward pods/proxy",
        WRITE,
    ),
    Resources(&[""], "pods/eviction", "create"),
    Resources(
        &[""],
        "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale \
         secrets serviceaccounts services services/proxy",
        WRITE,
    ),
    Resources(&[""], "serviceaccounts/token", "create"),
    Resources(&["", "events.k8s.io"], "events", WRITE),
    Resources(
        &["apps"],
        "daemonsets deployments deployments/rollback deployments/scale replicasets \
         replicasets/scale statefulsets statefulsets/scale",
        WRITE,
    ),
    Resources(&["autoscaling"], "horizontalpodautoscalers", WRITE),
    Resources(&["batch"], "cronjobs jobs", WRITE),
    Resources(&["policy"], "poddisruptionbudgets", WRITE),
    Resources(&["networking.k8s.io"], "ingresses networkpolicies", WRITE),
    Resources(&["coordination.k8s.io"], "leases", ALL),
];

const VIEW: &[Rule] = &[
    Resources(
        &[""],
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods \
         replicationcontrollers replicationcontrollers/scale serviceaccounts services \
         services/status",
        READ,
    ),
    Resources(
        &[""],
        "bindings limitranges namespaces/status pods/log pods/status \
         replicationcontrollers/status resourcequotas resourcequotas/status",
        READ,
    ),
    Resources(&[""], "namespaces", READ),
    Resources(&["", "events.k8s.io"], "events", READ),
    Resources(&["discovery.k8s.io"], "endpointslices", READ),
    Resources(
        &["apps"],
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale \
         deployments/status replicasets replicasets/scale replicasets/status statefulsets \
         statefulsets/scale statefulsets/status",
        READ,
    ),
    Resources(
        &["autoscaling"],
        "horizontalpodautoscalers horizontalpodautoscalers/status",
        READ,
    ),
    Resources(
        &["batch"],
        "cronjobs cronjobs/status jobs jobs/status",
        READ,
    ),
    Resources(
        &["policy"],
        "poddisruptionbudgets poddisruptionbudgets/status",
        READ,
    ),
    Resources(
        &["networking.k8s.io"],
        "ingresses ingresses/status networkpolicies",
        READ,
    ),
];

const BASIC: &[Rule] = &[
    Resources(
        &["authorization.k8s.io"],
        "selfsubjectaccessreviews selfsubjectrulesreviews",
        "create",
    ),
    Resources(&["authentication.k8s.io"], "selfsubjectreviews", "create"),
];

const AUTOSCALER: &[Rule] = &[
    Resources(&["autoscaling"], "horizontalpodautoscalers", READ),
    Resources(
        &["autoscaling"],
        "horizontalpodautoscalers/status",
        "update",
    ),
    Resources(&["*"], "*/scale", "get update"),
    Resources(&[""], "pods", "list watch"),
    Resources(&["metrics.k8s.io"], "pods", "list watch"),
    Resources(&["custom.metrics.k8s.io"], "*", READ),
    Resources(&["external.metrics.k8s.io"], "*", READ),
    Resources(&["", "events.k8s.io"], "events", "create patch update"),
];

const fn gathered(name: &'static str, from: &'static str, part_of: &'static str) -> Role {
    Role {
        name,
        part_of,
        content: Content::Gathered(from),
        groups: &[],
    }
}

/// The cluster roles, those that gather others with the rules that they gather.
pub(crate) fn cluster_roles() -> Vec<Value> {
    let all: Vec<Arc<Value>> = ROLES.iter().map(|it| Arc::new(it.to_json())).collect();
    let filled = all.iter().map(|role| {
        let rules = roles::gathered(role, &all).into_iter().cloned().collect();
        let mut role = Value::clone(role);
        role["rules"] = rules;
        role
    });
    filled.collect()
}

/// The bindings of these roles.
pub(crate) fn cluster_role_bindings() -> Vec<Value> {
    let bound = ROLES.iter().filter(|it| !it.groups.is_empty());
    bound.map(Role::binding).collect()
}

impl Role {
    fn to_json(&self) -> Value {
        let mut role = self.head("ClusterRole");
        for whole in self.part_of.split_whitespace() {
            role["metadata"]["labels"][label(whole)] = json!("true");
        }
        match &self.content {
            Content::Rules(rules) => role["rules"] = rules.iter().map(Rule::to_json).collect(),
            Content::Gathered(from) => {
                let selector = json!({ "matchLabels": { label(from): "true" } });
                role["aggregationRule"] = json!({ "clusterRoleSelectors": [selector] });
            }
        }
        role
    }

    fn binding(&self) -> Value {
        let mut binding = self.head("ClusterRoleBinding");
        let group = "rbac.authorization.k8s.io";
        binding["roleRef"] = json!({ "apiGroup": group, "kind": "ClusterRole", "name": self.name });
        let subject = |name| json!({ "apiGroup": group, "kind": "Group", "name": name });
        binding["subjects"] = self.groups.iter().map(subject).collect();
        binding
    }

    fn head(&self, kind: &str) -> Value {
        json!({ "apiVersion": VERSION, "kind": kind, "metadata": {
            "name": self.name,
            "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" },
            "annotations": { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        } })
    }
}

impl Rule {
    fn to_json(&self) -> Value {
        match self {
            Self::Resources(groups, resources, verbs) => {
                json!({ "verbs": words(verbs), "apiGroups": groups, "resources": words(resources) })
            }
            Self::Paths(paths, verbs) => {
                json!({ "verbs": words(verbs), "nonResourceURLs": words(paths) })
            }
        }
    }
}

fn label(whole: &str) -> String {
    format!("rbac.authorization.k8s.io/aggregate-to-{whole}")
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
