//! What `watch` asks of the API server, and why: the one list that roles and documentation are made
//! from.

use super::Plan;

/// Verbs on resources that belong together, because they are needed for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Empty for the core.
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub verbs: &'static [&'static str],
    /// Who needs it for what, as the comment of the rule says it.
    pub reason: &'static str,
    pub place: Place,
    pub needed: Needed,
    pub lack: Lack,
}

/// What is left without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Nothing of what it is for.
    Stops,
    /// Less: the rest goes on, and says what it could not see.
    Lessens,
}

/// Where it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where autoscalers are watched: in all namespaces or in one.
    Watched,
    /// In the namespace of `watch` itself.
    Own,
    /// The same, on the Leases of [`Plan::leases`] alone.
    OwnLeases,
}

/// When it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    Always,
    /// With `--mode apply`.
    ToApply,
    /// Without `--prometheus-url`.
    ToFindPrometheus,
    /// Where one of several writes.
    ToElect,
}

const FOLLOW: &[&str] = &["list", "watch"];

/// Discovery (`/api`, `/apis`, `/version`) is not in it: every cluster lets everybody who is known ask
/// for that.
pub const ALL: [Permission; 18] = [
    Permission {
        group: "autoscaling",
        resources: &["horizontalpodautoscalers"],
        verbs: FOLLOW,
        reason: "analyze: the autoscalers, what they are set to and what they decide",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Stops,
    },
    Permission {
        group: "keda.sh",
        resources: &["scaledjobs", "scaledobjects"],
        verbs: FOLLOW,
        reason: "analyze: the autoscalers of KEDA, where the cluster has it",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Stops,
    },
    Permission {
        group: "apps",
        resources: &["deployments", "replicasets", "statefulsets"],
        verbs: FOLLOW,
        reason: "analyze: what is scaled, and whose a pod is",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Stops,
    },
    Permission {
        group: "batch",
        resources: &["jobs"],
        verbs: FOLLOW,
        reason: "analyze: whose a pod of a ScaledJob is, where there are any",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "*",
        resources: &["*/scale"],
        verbs: &["get"],
        reason: "analyze: replicas and pods of what only this cluster knows, such as Argo Rollouts",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "",
        resources: &["pods"],
        verbs: FOLLOW,
        reason: "analyze: requests and limits of pods, and how long they take until they serve",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "policy",
        resources: &["poddisruptionbudgets"],
        verbs: FOLLOW,
        reason: "analyze, apply: how many pods have to stay",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "metrics.k8s.io",
        resources: &["pods"],
        verbs: &["list"],
        reason: "analyze: what pods use now, for history where no Prometheus has it",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "",
        resources: &["services"],
        verbs: &["list"],
        reason: "history: finds the Prometheus of the cluster; not needed with --prometheus-url",
        place: Place::Watched,
        needed: Needed::ToFindPrometheus,
        lack: Lack::Lessens,
    },
    Permission {
        group: "",
        resources: &["services/proxy"],
        verbs: &["create", "get"],
        reason: "history: queries that Prometheus (POST is create); not needed with --prometheus-url",
        place: Place::Watched,
        needed: Needed::ToFindPrometheus,
        lack: Lack::Stops,
    },
    Permission {
        group: "stepscale.io",
        resources: &["scalingrecommendations"],
        verbs: &["create", "get", "list", "update", "watch"],
        reason: "recommendations: proposes, refreshes and withdraws them, and sees approvals",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Stops,
    },
    Permission {
        group: "stepscale.io",
        resources: &["scalingrecommendations/status"],
        verbs: &["update"],
        reason: "recommendations: keeps where each stands, and why",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Stops,
    },
    Permission {
        group: "",
        resources: &["events"],
        verbs: &["create", "patch"],
        reason: "watch: tells what has changed as Events on the autoscaler, and counts what repeats",
        place: Place::Watched,
        needed: Needed::Always,
        lack: Lack::Lessens,
    },
    Permission {
        group: "autoscaling",
        resources: &["horizontalpodautoscalers"],
        verbs: &["get", "patch"],
        reason: "apply, verify: writes what was approved, and takes it back",
        place: Place::Watched,
        needed: Needed::ToApply,
        lack: Lack::Stops,
    },
    Permission {
        group: "keda.sh",
        resources: &["scaledjobs", "scaledobjects"],
        verbs: &["get", "patch"],
        reason: "apply, verify: the same for autoscalers of KEDA, where the cluster has it",
        place: Place::Watched,
        needed: Needed::ToApply,
        lack: Lack::Stops,
    },
    Permission {
        group: "apps",
        resources: &["deployments", "statefulsets"],
        verbs: &["get"],
        reason: "apply: whether a rollout is in progress right before the write",
        place: Place::Watched,
        needed: Needed::ToApply,
        lack: Lack::Stops,
    },
    Permission {
        group: "coordination.k8s.io",
        resources: &["leases"],
        verbs: &["get", "update"],
        reason: "leader election: holds, renews and releases the Lease of the one that writes",
        place: Place::OwnLeases,
        needed: Needed::ToElect,
        lack: Lack::Stops,
    },
    Permission {
        group: "coordination.k8s.io",
        resources: &["leases"],
        verbs: &["create"],
        reason: "leader election: makes that Lease; what is not there yet cannot be named in a rule",
        place: Place::Own,
        needed: Needed::ToElect,
        lack: Lack::Stops,
    },
];

/// Those that a plan needs.
pub fn permissions(plan: &Plan) -> impl Iterator<Item = &'static Permission> {
    let (applies, finds) = (plan.mode.writes(), plan.finds_prometheus());
    let elects = !plan.leases().is_empty();
    ALL.iter().filter(move |it| match it.needed {
        Needed::Always => true,
        Needed::ToApply => applies,
        Needed::ToFindPrometheus => finds,
        Needed::ToElect => elects,
    })
}
