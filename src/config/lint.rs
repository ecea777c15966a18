//! What `lint` is to do.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cluster;
use crate::lint::{Code, Severity};

/// What `lint` is to do.
#[derive(Clone, Debug)]
pub enum LintConfig {
    /// Print every code.
    List,
    /// Print what a code means.
    Explain(Code),
    Check(Box<Check>),
}

/// What to check, and how to answer.
#[derive(Clone, Debug)]
pub struct Check {
    pub input: Input,
    /// Of objects that name none.
    pub namespace: Option<String>,
    pub disabled: BTreeSet<Code>,
    pub form: Form,
    /// The least severity that makes the exit code 1; `None` for no such.
    pub fail_on: Option<Severity>,
}

/// Where the objects come from.
#[derive(Clone, Debug)]
pub enum Input {
    Cluster {
        connection: cluster::Options,
        namespaces: cluster::Namespaces,
    },
    Files(Files),
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
}
