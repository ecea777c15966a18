//! The kinds that are served, and which of them a path means.

/// A kind of object.
#[derive(Debug)]
pub(super) struct Resource {
    /// Empty for the core.
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    pub(super) short: &'static [&'static str],
    pub(super) namespaced: bool,
    /// Whether there is a scale subresource.
    pub(super) scales: bool,
}

impl Resource {
    const fn new(group: &'static str, version: &'static str, plural: &'static str) -> Self {
        Self {
            group,
            version,
            plural,
            kind: "",
            short: &[],
            namespaced: true,
            scales: false,
        }
    }

    const fn kind(mut self, kind: &'static str, short: &'static [&'static str]) -> Self {
        self.kind = kind;
        self.short = short;
        self
    }

    const fn cluster_wide(mut self) -> Self {
        self.namespaced = false;
        self
    }

    const fn scales(mut self) -> Self {
        self.scales = true;
        self
    }

    /// `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `deployments.apps`, as messages of the real server name it.
    pub(super) fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Whether objects in a list say their kind, which only custom resources do.
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.group, "argoproj.io" | "metrics.k8s.io")
    }
}

pub(super) const ALL: [Resource; 12] = [
    Resource::new("", "v1", "namespaces")
        .kind("Namespace", &["ns"])
        .cluster_wide(),
    Resource::new("", "v1", "pods").kind("Pod", &["po"]),
    Resource::new("", "v1", "services").kind("Service", &["svc"]),
    Resource::new("apps", "v1", "daemonsets").kind("DaemonSet", &["ds"]),
    Resource::new("apps", "v1", "deployments")
        .kind("Deployment", &["deploy"])
        .scales(),
    Resource::new("apps", "v1", "replicasets")
        .kind("ReplicaSet", &["rs"])
        .scales(),
    Resource::new("apps", "v1", "statefulsets")
        .kind("StatefulSet", &["sts"])
        .scales(),
    Resource::new("argoproj.io", "v1alpha1", "rollouts")
        .kind("Rollout", &["ro"])
        .scales(),
    Resource::new("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
        .kind("SelfSubjectAccessReview", &[])
        .cluster_wide(),
    Resource::new("autoscaling", "v2", "horizontalpodautoscalers")
        .kind("HorizontalPodAutoscaler", &["hpa"]),
    Resource::new("metrics.k8s.io", "v1beta1", "pods").kind("PodMetrics", &[]),
    Resource::new("policy", "v1", "poddisruptionbudgets").kind("PodDisruptionBudget", &["pdb"]),
];

/// What a path asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
    /// What follows the subresource, with its leading slash.
    pub(super) rest: String,
}

impl Asked {
    /// `None` where no such resource is served.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let version = parts.next()?;
        let mut parts: Vec<&str> = parts.collect();
        let mut namespace = None;
        if parts.len() > 2 && parts[0] == "namespaces" {
            namespace = Some(parts[1].to_owned());
            parts.drain(..2);
        }
        let mut parts = parts.into_iter();
        let plural = parts.next()?;
        let resource = ALL
            .iter()
            .find(|it| (it.group, it.version, it.plural) == (group, version, plural))?;
        Some(Self {
            resource,
            namespace,
            name: parts.next().map(str::to_owned),
            subresource: parts.next().map(str::to_owned),
            rest: parts.map(|it| format!("/{it}")).collect(),
        })
    }
}
