//! Kubernetes: connect, read the inventory, find a Prometheus. Objects of the API become values
//! of [`crate::autoscaler`] and [`crate::fleet`] here and go no further.

mod access;
mod account;
pub mod assemble;
mod call;
mod connect;
pub mod convert;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod follow;
mod freshness;
pub mod gathering;
mod inventory;
pub mod keda;
pub mod kubeconfig;
mod lintable;
pub mod manifest;
mod names;
pub mod objects;
mod observe;
pub mod offline;
mod secret;
pub mod selector;
mod services;
mod usage;
pub mod write;

pub use account::Account;
pub use connect::{connect, connect_quietly};
pub use error::{Endpoint, Entry, Error, TlsProblem, Unreachable};
pub use follow::{Counts, FollowedObjects, Following, Held, Stale};
pub use freshness::Freshness;
pub use lintable::Lintable;
pub use names::{Kubeconfig, Named, kubeconfig};
pub use observe::{Exchange, Observer, Unanswered, Verb};
pub use secret::Secret;
pub use services::{Flavor, PrometheusService, Scheme};
pub use usage::{ContainerUsage, PodMetrics, PodUsage};

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::fleet::ClusterName;
use selector::Selector;

/// What was asked of the connection, in kubectl's terms; `None` leaves it to the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub impersonate: Option<String>,
    pub impersonate_groups: Vec<String>,
    /// For one request; `None` or zero waits as long as it takes.
    pub request_timeout: Option<Duration>,
    /// Is told of every request.
    pub observer: Option<Observer>,
}

/// A connection to the API server.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    name: ClusterName,
    /// Of the context, `default` where it has none.
    namespace: String,
    endpoint: Endpoint,
    kubeconfig: Names,
    request_timeout: Option<Duration>,
}

/// What the kubeconfig calls things; empty where there is none, as inside a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub cluster: String,
    pub user: String,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the cluster at {}", self.endpoint)
    }
}

impl Cluster {
    /// A cluster behind `client`, without a limit on the time of a request.
    pub fn new(client: kube::Client, name: ClusterName, endpoint: Endpoint) -> Self {
        Self {
            namespace: client.default_namespace().to_owned(),
            client,
            name,
            endpoint,
            kubeconfig: Names::default(),
            request_timeout: None,
        }
    }

    pub fn name(&self) -> &ClusterName {
        &self.name
    }

    /// For requests that are not about objects, such as those to a service behind the API server.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// The namespace that is meant where none is named.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What the kubeconfig calls the cluster and the user.
    pub fn kubeconfig(&self) -> &Names {
        &self.kubeconfig
    }

    /// Where requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

/// Reads a selector in kubectl's syntax.
///
/// # Errors
/// [`Error::BadSelector`] where it is none.
pub fn selector(text: &str) -> Result<Selector, Error> {
    Selector::from_text(text).ok_or_else(|| Error::BadSelector {
        selector: text.to_owned(),
        message: "expected something like app=web,tier in (front, back)".to_owned(),
    })
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

impl Scope {
    /// The selector, ready to match.
    ///
    /// # Errors
    /// [`Error::BadSelector`] where it is none.
    fn label_selector(&self) -> Result<Option<Selector>, Error> {
        self.selector.as_deref().map(selector).transpose()
    }

    /// Whether an autoscaler is named; without names, all are.
    fn names(&self, id: &AutoscalerId) -> bool {
        self.names.is_empty() || self.names.iter().any(|it| it.names(id))
    }

    /// # Errors
    /// [`Error::NotFound`] with everything named that does not exist in `namespace`, or in any.
    fn require(
        &self,
        namespace: Option<&str>,
        exists: impl Fn(&NameArgument) -> bool,
    ) -> Result<(), Error> {
        let missing = self.names.iter().filter(|it| !exists(it));
        let missing: BTreeSet<String> = missing.map(|it| it.describe(namespace)).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            let missing = missing.into_iter().collect();
            Err(Error::NotFound { missing })
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// The context's namespace, `default` where it has none.
    #[default]
    Current,
    One(String),
    Several(BTreeSet<String>),
    All,
}

/// An object named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameArgument {
    pub kind: Option<AutoscalerKind>,
    pub name: String,
}

impl NameArgument {
    fn names(&self, id: &AutoscalerId) -> bool {
        self.name == id.name && self.kind.is_none_or(|it| it == id.kind)
    }

    /// `hpa/web in namespace shop`; without a kind, an HPA is the likeliest.
    fn describe(&self, namespace: Option<&str>) -> String {
        let kind = self.kind.unwrap_or(AutoscalerKind::HorizontalPodAutoscaler);
        let name = format!("{}/{}", kind.short(), self.name);
        match namespace {
            Some(namespace) => format!("{name} in namespace {namespace}"),
            None => format!("{name} in any namespace"),
        }
    }
}
