//! The definitions of `keda.sh`, as KEDA 2.20 has them in what matters to its users, in our words.

use std::sync::OnceLock;

use serde_json::Value;

/// ScaledObject, ScaledJob, TriggerAuthentication and ClusterTriggerAuthentication.
pub(crate) fn definitions() -> &'static [Value] {
    static ALL: OnceLock<Vec<Value>> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            include_str!("keda/scaledobjects.json"),
            include_str!("keda/scaledjobs.json"),
            include_str!("keda/triggerauthentications.json"),
            include_str!("keda/clustertriggerauthentications.json"),
        ]
        .into_iter()
        .map(|text| serde_json::from_str(text).expect("the definitions are JSON"))
        .collect()
    })
}
