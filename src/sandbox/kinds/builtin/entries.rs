//! The entries, group by group.

use super::{Entry, Group};

/// Without the names of the kind: namespaced, in `v1`, with all verbs.
const PLAIN: Entry = Entry {
    kind: "",
    plural: "",
    singular: None,
    versions: &["v1"],
    short_names: &[],
    categories: &[],
    is_namespaced: true,
    verbs: &[
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ],
    has_generation: false,
    has_status: false,
    has_scale: false,
    selectable: &[],
    deprecation: None,
};

/// With a status, and a generation that counts changes of the rest.
const OBSERVED: Entry = Entry {
    has_generation: true,
    has_status: true,
    ..PLAIN
};

/// With pods of its own, whose number can be set.
const SCALED: Entry = Entry {
    categories: &["all"],
    has_scale: true,
    ..OBSERVED
};

const CLUSTER_WIDE: Entry = Entry {
    is_namespaced: false,
    ..PLAIN
};

/// A question that is answered at once and kept nowhere.
const REVIEW: Entry = Entry {
    verbs: &["create"],
    ..CLUSTER_WIDE
};

/// What is measured elsewhere.
const MEASURED: Entry = Entry {
    singular: Some(""),
    versions: &["v1beta1"],
    verbs: &["get", "list"],
    ..PLAIN
};

pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "",
        package: "io.k8s.api.core",
        entries: CORE,
    },
    Group {
        name: "apps",
        package: "io.k8s.api.apps",
        entries: APPS,
    },
    Group {
        name: "authentication.k8s.io",
        package: "io.k8s.api.authentication",
        entries: AUTHENTICATION,
    },
    Group {
        name: "authorization.k8s.io",
        package: "io.k8s.api.authorization",
        entries: AUTHORIZATION,
    },
    Group {
        name: "autoscaling",
        package: "io.k8s.api.autoscaling",
        entries: AUTOSCALING,
    },
    Group {
        name: "batch",
        package: "io.k8s.api.batch",
        entries: BATCH,
    },
    Group {
        name: "policy",
        package: "io.k8s.api.policy",
        entries: POLICY,
    },
    Group {
        name: "rbac.authorization.k8s.io",
        package: "io.k8s.api.rbac",
        entries: RBAC,
    },
    Group {
        name: "apiextensions.k8s.io",
        package: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
        entries: EXTENSIONS,
    },
    Group {
        name: "coordination.k8s.io",
        package: "io.k8s.api.coordination",
        entries: COORDINATION,
    },
    Group {
        name: "discovery.k8s.io",
        package: "io.k8s.api.discovery",
        entries: DISCOVERY,
    },
    Group {
        name: "metrics.k8s.io",
        package: "io.k8s.metrics.pkg.apis.metrics",
        entries: METRICS,
    },
];

const CORE: &[Entry] = &[
    Entry {
        kind: "ConfigMap",
        plural: "configmaps",
        short_names: &["cm"],
        ..PLAIN
    },
    Entry {
        kind: "Endpoints",
        plural: "endpoints",
        short_names: &["ep"],
        singular: Some("endpoints"),
        deprecation: Some(
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        ..PLAIN
    },
    Entry {
        kind: "Event",
        plural: "events",
        short_names: &["ev"],
        selectable: &[
            "involvedObject.apiVersion",
            "involvedObject.fieldPath",
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.resourceVersion",
            "involvedObject.uid",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ..PLAIN
    },
    Entry {
        kind: "LimitRange",
        plural: "limitranges",
        short_names: &["limits"],
        ..PLAIN
    },
    Entry {
        kind: "Namespace",
        plural: "namespaces",
        short_names: &["ns"],
        has_status: true,
        verbs: &[
            "create", "delete", "get", "list", "patch", "update", "watch",
        ],
        selectable: &["status.phase"],
        ..CLUSTER_WIDE
    },
    Entry {
        kind: "Node",
        plural: "nodes",
        short_names: &["no"],
        has_status: true,
        selectable: &["spec.unschedulable"],
        ..CLUSTER_WIDE
    },
    Entry {
        kind: "Pod",
        plural: "pods",
        short_names: &["po"],
        categories: &["all"],
        selectable: &[
            "spec.hostNetwork",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.nominatedNodeName",
            "status.phase",
            "status.podIP",
            "status.podIPs",
        ],
        ..OBSERVED
    },
    Entry {
        kind: "ResourceQuota",
        plural: "resourcequotas",
        short_names: &["quota"],
        has_status: true,
        ..PLAIN
    },
    Entry {
        kind: "Secret",
        plural: "secrets",
        selectable: &["type"],
        ..PLAIN
    },
    Entry {
        kind: "ServiceAccount",
        plural: "serviceaccounts",
        short_names: &["sa"],
        ..PLAIN
    },
    Entry {
        kind: "Service",
        plural: "services",
        short_names: &["svc"],
        categories: &["all"],
        has_status: true,
        selectable: &["spec.clusterIP", "spec.type"],
        ..PLAIN
    },
];

const APPS: &[Entry] = &[
    Entry {
        kind: "ControllerRevision",
        plural: "controllerrevisions",
        ..PLAIN
    },
    Entry {
        kind: "DaemonSet",
        plural: "daemonsets",
        short_names: &["ds"],
        categories: &["all"],
        ..OBSERVED
    },
    Entry {
        kind: "Deployment",
        plural: "deployments",
        short_names: &["deploy"],
        ..SCALED
    },
    Entry {
        kind: "ReplicaSet",
        plural: "replicasets",
        short_names: &["rs"],
        ..SCALED
    },
    Entry {
        kind: "StatefulSet",
        plural: "statefulsets",
        short_names: &["sts"],
        ..SCALED
    },
];

const AUTHENTICATION: &[Entry] = &[Entry {
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    ..REVIEW
}];

const AUTHORIZATION: &[Entry] = &[
    Entry {
        kind: "LocalSubjectAccessReview",
        plural: "localsubjectaccessreviews",
        is_namespaced: true,
        ..REVIEW
    },
    Entry {
        kind: "SelfSubjectAccessReview",
        plural: "selfsubjectaccessreviews",
        ..REVIEW
    },
    Entry {
        kind: "SelfSubjectRulesReview",
        plural: "selfsubjectrulesreviews",
        ..REVIEW
    },
    Entry {
        kind: "SubjectAccessReview",
        plural: "subjectaccessreviews",
        ..REVIEW
    },
];

const AUTOSCALING: &[Entry] = &[Entry {
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    versions: &["v2", "v1"],
    short_names: &["hpa"],
    categories: &["all"],
    has_status: true,
    ..PLAIN
}];

const BATCH: &[Entry] = &[
    Entry {
        kind: "CronJob",
        plural: "cronjobs",
        short_names: &["cj"],
        categories: &["all"],
        ..OBSERVED
    },
    Entry {
        kind: "Job",
        plural: "jobs",
        categories: &["all"],
        ..OBSERVED
    },
];

const POLICY: &[Entry] = &[Entry {
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    short_names: &["pdb"],
    ..OBSERVED
}];

const RBAC: &[Entry] = &[
    Entry {
        kind: "ClusterRoleBinding",
        plural: "clusterrolebindings",
        ..CLUSTER_WIDE
    },
    Entry {
        kind: "ClusterRole",
        plural: "clusterroles",
        ..CLUSTER_WIDE
    },
    Entry {
        kind: "RoleBinding",
        plural: "rolebindings",
        ..PLAIN
    },
    Entry {
        kind: "Role",
        plural: "roles",
        ..PLAIN
    },
];

const EXTENSIONS: &[Entry] = &[Entry {
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    is_namespaced: false,
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    ..OBSERVED
}];

const COORDINATION: &[Entry] = &[Entry {
    kind: "Lease",
    plural: "leases",
    ..PLAIN
}];

const DISCOVERY: &[Entry] = &[Entry {
    kind: "EndpointSlice",
    plural: "endpointslices",
    has_generation: true,
    ..PLAIN
}];

const METRICS: &[Entry] = &[
    Entry {
        kind: "NodeMetrics",
        plural: "nodes",
        is_namespaced: false,
        ..MEASURED
    },
    Entry {
        kind: "PodMetrics",
        plural: "pods",
        ..MEASURED
    },
];
