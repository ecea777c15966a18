//! From a kubeconfig, found the way kubectl finds it, to a client.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::client::{AuthError, ClientBuilder};
use kube::config::{
    AuthInfo, Context, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError,
    NamedContext,
};
use serde::Deserialize;

use super::call::Asked;
use super::error::{Endpoint, Entry, Error, Unreachable, auth_words};
use super::observe::{Observer, Observing};
use super::{Cluster, Names, Options};
use crate::fleet::ClusterName;

/// Connects to the cluster that `options` and the kubeconfig name, and asks for its version.
///
/// Reads `--kubeconfig`, else the files of `KUBECONFIG` merged, else `~/.kube/config`, else the
/// service account of the pod that this runs in. Runs the context's credential plugin.
///
/// # Errors
///
/// Where there is no usable kubeconfig, no credential, or no API server that answers.
pub async fn connect(options: &Options) -> Result<Cluster, Error> {
    let mut origin = origin(options).await?;
    impersonate(&mut origin.config.auth_info, options)?;
    let mut cluster = build(origin, options).await?;
    cluster.name.version = cluster.version().await?;
    Ok(cluster)
}

/// The same without a word to anybody: a credential plugin has no terminal to ask at or to complain to.
/// Does not ask for the version.
///
/// # Errors
///
/// As [`connect`]; a plugin that needs a terminal fails.
pub async fn connect_quietly(options: &Options) -> Result<Cluster, Error> {
    let mut origin = origin(options).await?;
    let auth = &mut origin.config.auth_info;
    impersonate(auth, options)?;
    if let Some(exec) = &mut auth.exec {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    build(origin, options).await
}

/// A configuration and where it is from.
pub(super) struct Origin {
    config: Config,
    name: String,
    context: Option<String>,
    kubeconfig: Names,
}

async fn origin(options: &Options) -> Result<Origin, Error> {
    match kubeconfig_of(options.kubeconfig.as_deref())? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, options).await,
        None => in_cluster(),
    }
}

/// That of a file, or the one that kubectl would read; `None` where there is none.
pub(super) fn kubeconfig_of(file: Option<&Path>) -> Result<Option<Kubeconfig>, Error> {
    match file {
        Some(path) => read(path).map(Some),
        None => read_default(),
    }
}

/// That of the pod that this runs in.
///
/// # Errors
/// Where it runs in none.
pub(super) fn in_cluster() -> Result<Origin, Error> {
    let config = Config::incluster().map_err(|_| Error::NoKubeconfig {
        looked_at: candidates(),
    })?;
    Ok(Origin {
        config,
        name: "in-cluster".to_owned(),
        context: None,
        kubeconfig: Names::default(),
    })
}

/// The files that are read: `file`, or those that kubectl would read and that exist.
pub(super) fn files(file: Option<&Path>) -> Vec<PathBuf> {
    match file {
        Some(path) => vec![path.to_owned()],
        None => candidates().into_iter().filter(|it| it.exists()).collect(),
    }
}

/// The files that `KUBECONFIG` names, else the one in the home directory.
fn candidates() -> Vec<PathBuf> {
    let variable = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let mut named: Vec<PathBuf> = std::env::split_paths(&variable).collect();
    named.retain(|it| !it.as_os_str().is_empty());
    if named.is_empty() {
        named.extend(std::env::home_dir().map(|it| it.join(".kube").join("config")));
    }
    named
}

/// `None` where no candidate exists or all are empty, as after `kubectl config unset`.
fn read_default() -> Result<Option<Kubeconfig>, Error> {
    let merged = read_all(&candidates())?;
    let says_something = !merged.clusters.is_empty() || !merged.contexts.is_empty();
    Ok(says_something.then_some(merged))
}

/// Merges files: what the first one says of a name wins, and files that do not exist are skipped.
fn read_all(paths: &[PathBuf]) -> Result<Kubeconfig, Error> {
    let mut merged = Kubeconfig::default();
    for path in paths.iter().filter(|it| it.exists()) {
        merged = merged
            .merge(read(path)?)
            .map_err(|source| unreadable(path, source))?;
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Kubeconfig, Error> {
    let mut kubeconfig = Kubeconfig::read_from(path).map_err(|it| unreadable(path, it))?;
    // An empty name is none, and must not win over that of a later file.
    kubeconfig.current_context = kubeconfig.current_context.filter(|it| !it.is_empty());
    Ok(kubeconfig)
}

fn unreadable(path: &Path, error: KubeconfigError) -> Error {
    Error::ReadKubeconfig {
        path: path.to_owned(),
        source: match error {
            KubeconfigError::ReadConfig(source, _) => Box::new(source),
            KubeconfigError::Parse(source) => first_line(&source.to_string()).into(),
            other => Box::new(other),
        },
    }
}

/// What is wrong and where. An excerpt of the file follows, which may hold a token.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

async fn from_kubeconfig(mut kubeconfig: Kubeconfig, options: &Options) -> Result<Origin, Error> {
    let name = chosen_context(&mut kubeconfig, options)?;
    let context = context(&kubeconfig, &name);
    let cluster = options.cluster.as_ref().unwrap_or(&context.cluster);
    let clusters = kubeconfig.clusters.iter().map(|it| it.name.as_str());
    known(Entry::Cluster, cluster, clusters)?;
    // A context may name a user that is not there; kubectl then goes without credentials.
    if let Some(user) = &options.user {
        let users = kubeconfig.auth_infos.iter().map(|it| it.name.as_str());
        known(Entry::User, user, users)?;
    }
    let cluster = cluster.clone();
    let user = options.user.as_ref().or(context.user.as_ref());
    let names = Names {
        cluster: cluster.clone(),
        user: user.cloned().unwrap_or_default(),
    };
    let chosen = KubeConfigOptions {
        context: Some(name.clone()),
        cluster: Some(cluster.clone()),
        user: options.user.clone(),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &chosen).await;
    let config = config.map_err(|source| Error::UnusableKubeconfig {
        context: name.clone(),
        source: Box::new(source),
    })?;
    Ok(Origin {
        config,
        name: if options.cluster.is_some() {
            cluster
        } else {
            name.clone()
        },
        context: Some(name),
        kubeconfig: names,
    })
}

/// The context to use. `--cluster` alone will do where the kubeconfig sets none.
pub(super) fn chosen_context(
    kubeconfig: &mut Kubeconfig,
    options: &Options,
) -> Result<String, Error> {
    let existing = || {
        kubeconfig
            .contexts
            .iter()
            .map(|it| it.name.clone())
            .collect()
    };
    let named = options
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref());
    match (named, &options.cluster) {
        (Some(name), _) => {
            let contexts = kubeconfig.contexts.iter().map(|it| it.name.as_str());
            known(Entry::Context, name, contexts)?;
            Ok(name.clone())
        }
        (None, None) => Err(Error::NoCurrentContext {
            existing: existing(),
        }),
        (None, Some(cluster)) => {
            let context = Context {
                cluster: cluster.clone(),
                user: options.user.clone(),
                ..Context::default()
            };
            kubeconfig.contexts.insert(
                0,
                NamedContext {
                    name: cluster.clone(),
                    context: Some(context),
                    ..NamedContext::default()
                },
            );
            Ok(cluster.clone())
        }
    }
}

pub(super) fn context(kubeconfig: &Kubeconfig, name: &str) -> Context {
    let named = kubeconfig.contexts.iter().find(|it| it.name == name);
    named.and_then(|it| it.context.clone()).unwrap_or_default()
}

fn known<'a>(
    entry: Entry,
    name: &str,
    existing: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let existing: Vec<&str> = existing.collect();
    if existing.contains(&name) {
        return Ok(());
    }
    Err(Error::NotInKubeconfig {
        entry,
        name: name.to_owned(),
        existing: existing.into_iter().map(str::to_owned).collect(),
    })
}

fn impersonate(auth: &mut AuthInfo, options: &Options) -> Result<(), Error> {
    if let Some(user) = &options.impersonate {
        auth.impersonate = Some(user.clone());
    }
    if !options.impersonate_groups.is_empty() {
        auth.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    let groups = auth
        .impersonate_groups
        .as_ref()
        .is_some_and(|it| !it.is_empty());
    if groups && auth.impersonate.is_none() {
        return Err(Error::GroupsWithoutUser);
    }
    Ok(())
}

async fn build(origin: Origin, options: &Options) -> Result<Cluster, Error> {
    let Origin {
        mut config,
        name,
        context,
        kubeconfig,
    } = origin;
    // Its retries go on for minutes when a server is down; ours are in `call`.
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    let endpoint = Endpoint {
        server: server.trim_end_matches('/').to_owned(),
        context,
    };
    let request_timeout = options.request_timeout.filter(|it| !it.is_zero());
    if let Some(timeout) = request_timeout {
        let default = config.connect_timeout.unwrap_or(timeout);
        config.connect_timeout = Some(default.min(timeout));
    }
    let observer = options.observer.clone();
    let client = client(config, &endpoint, observer).await?;
    let name = ClusterName {
        name,
        version: None,
    };
    let mut cluster = Cluster::new(client, name, endpoint);
    cluster.kubeconfig = kubeconfig;
    cluster.request_timeout = request_timeout;
    Ok(cluster)
}

/// Makes the client on a thread of its own, since that waits for the credential plugin.
async fn client(
    config: Config,
    endpoint: &Endpoint,
    observer: Option<Observer>,
) -> Result<kube::Client, Error> {
    #[cfg(test)]
    if let Some(client) = super::fake::served(endpoint) {
        return Ok(client);
    }
    let auth = config.auth_info.clone();
    let runtime = tokio::runtime::Handle::current();
    let made = tokio::task::spawn_blocking(move || {
        let _inside = runtime.enter();
        let builder = ClientBuilder::try_from(config)?;
        Ok(match observer {
            Some(observer) => builder.with_layer(&Observing(observer)).build(),
            None => builder.build(),
        })
    });
    match made.await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(kube::Error::Auth(error))) => Err(auth_failure(&auth, error, endpoint)),
        Ok(Err(error)) => Err(Error::of_transport(endpoint, error)),
        Err(stopped) => Err(Error::Unreachable {
            endpoint: endpoint.clone(),
            source: Unreachable::Other(stopped.to_string()),
        }),
    }
}

fn auth_failure(auth: &AuthInfo, error: AuthError, endpoint: &Endpoint) -> Error {
    let endpoint = endpoint.clone();
    let why = auth_words(&error);
    match &auth.exec {
        Some(exec) => Error::Plugin {
            command: exec.command.clone().unwrap_or_default(),
            endpoint,
            why,
            install_hint: exec.install_hint.clone(),
        },
        None => Error::Credentials {
            endpoint,
            source: why.into(),
        },
    }
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: String,
}

impl Cluster {
    /// `v1.33.2`; `None` where asking for it is not allowed.
    async fn version(&self) -> Result<Option<String>, Error> {
        let asked = Asked {
            verb: "get",
            resource: "/version",
            namespace: None,
        };
        match self.get::<Version>(asked, "/version").await {
            Ok(version) => Ok(Some(version.git_version)),
            Err(error) if error.refused().is_some() || error.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
