//! Kubernetes: connect, read the inventory, find a Prometheus. Objects of the API become values
//! of [`crate::autoscaler`] and [`crate::fleet`] here and go no further.

pub mod assemble;
pub mod convert;
pub mod objects;
pub mod selector;

use std::path::PathBuf;
use std::time::Duration;

/// What was asked of the connection, in kubectl's terms; `None` leaves it to the kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub impersonate: Option<String>,
    pub impersonate_groups: Vec<String>,
    /// For one request; `None` or zero waits as long as it takes.
    pub request_timeout: Option<Duration>,
}

/// Which autoscalers are meant.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub namespaces: Namespaces,
    /// In kubectl's syntax; selects autoscalers by their labels.
    pub selector: Option<String>,
    /// `hpa/web` or `web`; empty for all.
    pub names: Vec<NameArgument>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// The context's namespace, `default` where it has none.
    #[default]
    Current,
    One(String),
    All,
}

/// An object named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameArgument {
    pub kind: Option<crate::autoscaler::AutoscalerKind>,
    pub name: String,
}
