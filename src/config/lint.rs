//! What `lint` is to do.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use super::Named;
use super::form::Choice;
use crate::analysis::findings;
use crate::cluster;
use crate::lint::{Code, Severity};
use crate::output::View;

/// What `lint` is to do.
#[derive(Clone, Debug)]
pub enum LintConfig {
    /// Print every code.
    List,
    /// Print what a code means.
    Explain(Explainable),
    Check(Box<Check>),
}

/// A code to explain. Some are told by `lint` and by `analyze` alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explainable {
    pub of_lint: Option<Code>,
    pub of_analyze: Option<findings::Code>,
}

impl Explainable {
    /// The code of that name, `None` where there is none.
    pub fn named(text: &str) -> Option<Self> {
        let found = Self {
            of_lint: Code::named(text),
            of_analyze: text.parse().ok(),
        };
        (found.of_lint.is_some() || found.of_analyze.is_some()).then_some(found)
    }

    /// The name that is nearest to one that is none.
    pub fn nearest(text: &str) -> Option<&'static str> {
        let of_lint = Code::ALL.iter().map(|it| it.word());
        let of_analyze = findings::Code::ALL.into_iter().map(findings::Code::as_str);
        let likeness = |it: &&str| strsim::jaro_winkler(text, it);
        let all = of_lint.chain(of_analyze);
        let best = all.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
        (likeness(&best) > 0.8).then_some(best)
    }
}

/// What to check, and how to answer.
#[derive(Clone, Debug)]
pub struct Check {
    pub input: Input,
    /// Of objects that name none.
    pub namespace: Option<String>,
    pub disabled: BTreeSet<Code>,
    pub form: Choice<Form>,
    pub view: View,
    /// The least severity that makes the exit code 1; `None` for no such.
    pub fail_on: Option<Severity>,
}

/// Where the objects come from.
#[derive(Clone, Debug)]
pub enum Input {
    Cluster {
        connection: Box<cluster::Options>,
        namespaces: cluster::Namespaces,
        chosen: Chosen,
    },
    Files(Files),
    Bundle {
        path: PathBuf,
        /// `None` for all that the bundle has.
        namespace: Option<String>,
        chosen: Chosen,
    },
}

/// Which objects of a cluster are told of; those around them are read all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The only kind that is meant, where nothing is named.
    pub only: Option<LintKind>,
    /// Empty for all. A name alone is of whatever is called so.
    pub names: Vec<Named<LintKind>>,
    /// By their labels, in kubectl's syntax.
    pub selector: Option<String>,
}

/// The kinds that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintKind {
    HorizontalPodAutoscaler,
    ScaledObject,
    ScaledJob,
    TriggerAuthentication,
    ClusterTriggerAuthentication,
}

impl LintKind {
    pub const ALL: [Self; 5] = [
        Self::HorizontalPodAutoscaler,
        Self::ScaledObject,
        Self::ScaledJob,
        Self::TriggerAuthentication,
        Self::ClusterTriggerAuthentication,
    ];

    /// As objects have it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::ScaledObject => "ScaledObject",
            Self::ScaledJob => "ScaledJob",
            Self::TriggerAuthentication => "TriggerAuthentication",
            Self::ClusterTriggerAuthentication => "ClusterTriggerAuthentication",
        }
    }

    /// The short names of kubectl, the shortest first.
    pub fn short(self) -> &'static [&'static str] {
        match self {
            Self::HorizontalPodAutoscaler => &["hpa"],
            Self::ScaledObject => &["so"],
            Self::ScaledJob => &["sj"],
            Self::TriggerAuthentication => &["ta", "triggerauth"],
            Self::ClusterTriggerAuthentication => &["cta", "clustertriggerauth"],
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::HorizontalPodAutoscaler => "autoscaling",
            Self::ScaledObject
            | Self::ScaledJob
            | Self::TriggerAuthentication
            | Self::ClusterTriggerAuthentication => "keda.sh",
        }
    }

    fn is_called(self, resource: &str) -> bool {
        let kind = self.kind().to_ascii_lowercase();
        resource == kind
            || resource.strip_suffix('s') == Some(&kind)
            || self.short().contains(&resource)
    }
}

impl FromStr for LintKind {
    type Err = ();

    /// Every spelling that kubectl takes, with or without version and group.
    fn from_str(text: &str) -> Result<Self, ()> {
        let lower = text.to_ascii_lowercase();
        let (resource, group) = lower.split_once('.').unwrap_or((lower.as_str(), ""));
        let is_of = |it: &Self| {
            let of = it.group();
            let with_version =
                |rest: &str| rest.strip_suffix(of).is_some_and(|it| it.ends_with('.'));
            group.is_empty() || group == of || (group.starts_with('v') && with_version(group))
        };
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.is_called(resource) && is_of(it)).ok_or(())
    }
}

/// Files, folders, and folders that kubectl makes one stream of. `-` is standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub paths: Vec<PathBuf>,
    /// Whether folders are read with those below them.
    pub recursive: bool,
    pub kustomize: Option<PathBuf>,
}

/// The forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A line for each diagnostic, as compilers write them.
    #[default]
    Text,
    Json,
    /// Workflow commands, which GitHub shows at the lines of a change.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML: a suite for each file or namespace, a case for each object.
    Junit,
    /// RFC 4180, a row for each diagnostic.
    Csv,
    /// A line of JSON for each diagnostic, then one for the whole.
    Jsonl,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spelled_in_kubectls_ways() {
        for kind in LintKind::ALL {
            let lower = kind.kind().to_lowercase();
            let group = kind.group();
            for text in [
                kind.kind().to_owned(),
                kind.short()[0].to_owned(),
                format!("{lower}s"),
                format!("{lower}s.{group}"),
                format!("{lower}.v1alpha1.{group}"),
            ] {
                assert_eq!(text.parse(), Ok(kind), "{text}");
            }
        }
        for text in [
            "",
            "deploy",
            "so.apps",
            "hpa.keda.sh",
            "so.v1",
            "secret",
            "s",
        ] {
            assert_eq!(text.parse::<LintKind>(), Err(()), "{text}");
        }
    }
}
