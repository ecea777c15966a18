//! What KEDA's annotations mean.

use super::Metadata;
use crate::sim::keda::annotations::Annotations;
pub use crate::sim::keda::annotations::is_true as is_on;

/// The annotations and labels that KEDA reads or writes.
pub mod keys {
    pub use crate::sim::keda::annotations::{
        FORCE_ACTIVATION, PAUSED, PAUSED_REPLICAS, PAUSED_SCALE_IN, PAUSED_SCALE_OUT,
    };

    pub const TRANSFER_HPA_OWNERSHIP: &str = "scaledobject.keda.sh/transfer-hpa-ownership";
    pub const HPA_EXCLUDED_LABELS: &str = "scaledobject.keda.sh/hpa-excluded-labels";
    pub const JOB_EXCLUDED_LABELS: &str = "scaledjob.keda.sh/job-excluded-labels";
    /// On an HPA: with the exact text `false`, the webhook does not look at it.
    pub const HPA_OWNERSHIP: &str = "validations.keda.sh/hpa-ownership";
    /// A label, which external metrics are selected by.
    pub const SCALED_OBJECT_NAME: &str = "scaledobject.keda.sh/name";
    pub const FINALIZER: &str = "finalizer.keda.sh";
}

/// How an object is paused by its annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// It scales, except where one direction is held.
    Runs(OneWay),
    /// Nothing scales: the loop is stopped, and KEDA has deleted the HPA.
    Full(PausedReplicas),
}

/// Directions that are held while the rest goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneWay {
    /// No pods are taken away, and no step to zero or idle is made.
    pub scale_in: bool,
    /// No pods are added, and no activation is made.
    pub scale_out: bool,
}

/// The count that a fully paused object is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PausedReplicas {
    /// The replicas stay what they are.
    Frozen,
    /// They are set to this. KEDA parses negative counts too.
    Set(i32),
    /// The text is no 32-bit integer: the loop is stopped and the HPA is gone all the same, and
    /// then Ready becomes False.
    Invalid(String),
}

impl Pause {
    /// The presence of `paused-replicas` pauses, whatever `paused` says.
    pub(super) fn of_scaled_object(metadata: &Metadata) -> Self {
        let all = annotations(metadata);
        if let Some(count) = &all.paused_replicas {
            let text = metadata.annotation(keys::PAUSED_REPLICAS);
            let invalid = || PausedReplicas::Invalid(text.unwrap_or_default().to_owned());
            let count = count.as_ref().ok().copied();
            return Self::Full(count.map_or_else(invalid, PausedReplicas::Set));
        }
        if all.stop_object() {
            return Self::Full(PausedReplicas::Frozen);
        }
        Self::Runs(OneWay {
            scale_in: all.paused_scale_in,
            scale_out: all.paused_scale_out,
        })
    }

    pub(super) fn of_scaled_job(metadata: &Metadata) -> Self {
        match annotations(metadata).stop_job() {
            true => Self::Full(PausedReplicas::Frozen),
            false => Self::Runs(OneWay::default()),
        }
    }

    /// Whether nothing scales.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full(_) => true,
            Self::Runs(_) => false,
        }
    }

    /// Whether KEDA's condition Paused is True, which one held direction is enough for.
    pub fn is_shown(&self) -> bool {
        match self {
            Self::Full(_) => true,
            Self::Runs(held) => held.scale_in || held.scale_out,
        }
    }

    /// The directions that are held; both where nothing scales.
    pub fn held(&self) -> OneWay {
        match self {
            Self::Full(_) => OneWay {
                scale_in: true,
                scale_out: true,
            },
            Self::Runs(held) => *held,
        }
    }
}

fn annotations(metadata: &Metadata) -> Annotations {
    let all = metadata.annotations.iter();
    Annotations::of(all.map(|(key, value)| (key.as_str(), value.as_str())))
}

/// Whether a boolean annotation is on; absent is off.
pub fn boolean(metadata: &Metadata, key: &str) -> bool {
    metadata.annotation(key).is_some_and(is_on)
}
