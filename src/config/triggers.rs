//! What `triggers` is to do.

use std::str::FromStr;
use std::time::Duration;

use super::form::Choice;
use super::{Format, Named};
use crate::cluster::{self, Namespaces};
use crate::output::View;

/// What `triggers` is to do.
#[derive(Clone, Debug)]
pub struct TriggersConfig {
    pub connection: cluster::Options,
    pub namespaces: Namespaces,
    /// The only kind that is meant, where nothing is named.
    pub only: Option<ScaledKind>,
    /// Empty for all of the namespaces. A name alone is of a ScaledObject, or else of a ScaledJob.
    pub names: Vec<Named<ScaledKind>>,
    /// For each trigger.
    pub timeout: Duration,
    /// Where cluster-wide authentications have their Secrets; `None` for the operator's namespace.
    pub keda_namespace: Option<String>,
    pub form: Choice<Format>,
    pub view: View,
    pub watching: Watching,
}

/// Whether to keep looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    No,
    /// `None` for the shortest polling interval of the objects.
    Every(Option<Duration>),
}

/// The kinds that have triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaledKind {
    ScaledObject,
    ScaledJob,
}

impl ScaledKind {
    /// The short name of kubectl.
    pub fn short(self) -> &'static str {
        match self {
            Self::ScaledObject => "so",
            Self::ScaledJob => "sj",
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Self::ScaledObject => "ScaledObject",
            Self::ScaledJob => "ScaledJob",
        }
    }

    /// With its group, as `kubectl get -o name` prints it.
    pub fn qualified(self) -> &'static str {
        match self {
            Self::ScaledObject => "scaledobject.keda.sh",
            Self::ScaledJob => "scaledjob.keda.sh",
        }
    }
}

impl FromStr for ScaledKind {
    type Err = ();

    /// Every spelling that kubectl takes, with or without group.
    fn from_str(text: &str) -> Result<Self, ()> {
        let lower = text.to_ascii_lowercase();
        let (resource, group) = lower.split_once('.').unwrap_or((lower.as_str(), ""));
        if !matches!(group, "" | "keda.sh" | "v1alpha1.keda.sh") {
            return Err(());
        }
        match resource {
            "so" | "scaledobject" | "scaledobjects" => Ok(Self::ScaledObject),
            "sj" | "scaledjob" | "scaledjobs" => Ok(Self::ScaledJob),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spelled_in_kubectls_ways() {
        for text in ["so", "ScaledObject", "scaledobjects.keda.sh"] {
            assert_eq!(text.parse(), Ok(ScaledKind::ScaledObject));
        }
        for text in ["sj", "scaledjob.v1alpha1.keda.sh"] {
            assert_eq!(text.parse(), Ok(ScaledKind::ScaledJob));
        }
        for text in ["hpa", "so.apps", ""] {
            assert_eq!(text.parse::<ScaledKind>(), Err(()));
        }
    }
}
