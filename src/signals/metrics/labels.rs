//! The words that labels take.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::family::Family;

/// One label whose name is known here.
pub(super) type One<V> = [(&'static str, V); 1];

/// A word that can be a label's value.
pub(super) trait Word: Copy + 'static {
    const ALL: &'static [Self];
}

/// Makes an enum of words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// As labels have it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                EncodeLabelValue::encode(&self.as_str(), encoder)
            }
        }
    )+ };
}

words! {
    /// A part of a tick.
    Pass {
        Analysis = "analysis",
        Apply = "apply",
        Verify = "verify",
        Schedule = "schedule",
    }

    /// What a write to a target is for.
    Action {
        Apply = "apply",
        Revert = "revert",
        /// What others have put in force is taken over; nothing is written.
        Adopt = "adopt",
        /// The minimum of an HPA, since a window is open.
        Raise = "raise",
        /// The same once it is over.
        Restore = "restore",
        /// A schedule is taken away whose peak does not come.
        Retract = "retract",
    }

    /// What became of it.
    Outcome {
        Succeeded = "succeeded",
        /// Not allowed, and not tried.
        Refused = "refused",
        Failed = "failed",
        /// Somebody else had changed the target, or it was gone.
        Overtaken = "overtaken",
        /// Given up before the write: out of time, or no longer the leader.
        Abandoned = "abandoned",
    }

    /// What a check of a change said.
    Verdict {
        Healthy = "healthy",
        Degraded = "degraded",
        Inconclusive = "inconclusive",
        /// Nothing could be measured.
        Error = "error",
    }

    /// How a saving is known.
    Basis {
        Projected = "projected",
        Measured = "measured",
    }

    /// A file that is read again when it changes.
    ConfigFile {
        Config = "config",
        License = "license",
    }

    /// Why Prometheus gave no answer that counts.
    QueryError {
        Timeout = "timeout",
        /// No connection.
        Unreachable = "unreachable",
        /// 429, or 5xx.
        Unavailable = "unavailable",
        /// 401 or 403.
        Forbidden = "forbidden",
        /// More samples or series than it gives.
        TooMuch = "too_much",
        /// Not what was asked for, or not readable.
        Invalid = "invalid",
    }

    /// Why a request to the Kubernetes API had no answer at all.
    RequestError {
        Timeout = "timeout",
        /// None could be made, or it broke.
        Connection = "connection",
        /// It was no answer of an API server.
        Invalid = "invalid",
    }

    /// What is asked of the Kubernetes API.
    Verb {
        Get = "get",
        List = "list",
        Watch = "watch",
        Create = "create",
        Update = "update",
        Patch = "patch",
        Delete = "delete",
    }

    /// What became of an event for the webhook.
    Delivery {
        Delivered = "delivered",
        /// The receiver does not want it.
        Rejected = "rejected",
        /// All tries failed.
        Exhausted = "exhausted",
        /// The queue was full, and it was the oldest.
        Dropped = "dropped",
        /// Still waiting at the end of the process.
        Abandoned = "abandoned",
    }
}

/// Makes every series of a family with one label, so that none begins with its first count.
pub(super) fn make_all<V, M, C>(family: &Family<One<V>, M, C>, label: &'static str)
where
    V: Word + std::hash::Hash + Eq,
    C: prometheus_client::metrics::family::MetricConstructor<M>,
{
    for word in V::ALL {
        drop(family.get_or_create(&[(label, *word)]));
    }
}
