//! A trigger as an object writes it. What its metadata mean is told elsewhere, type by type.

use std::collections::BTreeMap;

use super::{AuthenticationKind, object};

object! {
    /// One entry of `spec.triggers`.
    Trigger {
        /// Which scaler: `prometheus`, `kafka`, `cron`. The webhook accepts any.
        kind: String = "type",
        /// Unique within its object where it is given; a formula names triggers by it.
        name: Option<String> = "name",
        metadata: BTreeMap<String, String> = "metadata",
        authentication: Option<AuthenticationRef> = "authenticationRef",
        /// As written, for KEDA passes on any text; `AverageValue` is taken for external metrics
        /// where it is unset or empty.
        metric_type: Option<String> = "metricType",
        /// Whether the HPA is answered from the last pass instead of from the source.
        use_cached_metrics: bool = "useCachedMetrics",
    }
}

object! {
    /// The authentication that a trigger uses.
    AuthenticationRef {
        name: String = "name",
        /// A `TriggerAuthentication` of the same namespace where it is unset.
        kind: Option<AuthenticationKind> = "kind",
    }
}

impl Trigger {
    /// Whether its metric is one of the pods' resources, which the HPA reads itself: such a
    /// trigger has no activation, no fallback, and no name in a formula.
    pub fn is_resource(&self) -> bool {
        matches!(self.kind.as_str(), "cpu" | "memory")
    }

    /// Its name, if it has one that is not empty.
    pub fn given_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|it| !it.is_empty())
    }
}

impl AuthenticationRef {
    pub fn kind_or_default(&self) -> AuthenticationKind {
        let default = AuthenticationKind::TriggerAuthentication;
        self.kind.clone().unwrap_or(default)
    }
}
