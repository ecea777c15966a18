//! Why the cluster could not be asked, or would not answer.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use kube::client::AuthError;
use kube::core::Status;

use crate::fleet::Permission;

type Source = Box<dyn StdError + Send + Sync>;

/// Where requests go, as messages name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://10.0.0.1:6443`.
    pub server: String,
    /// The kubeconfig's context; `None` inside a cluster.
    pub context: Option<String>,
}

impl fmt::Display for Endpoint {
    /// `https://10.0.0.1:6443 (context kind)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Some(context) => write!(f, "{} (context {context})", self.server),
            None => f.write_str(&self.server),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no kubeconfig found, nor does this run inside a cluster; looked at {}",
        paths(looked_at)
    )]
    NoKubeconfig { looked_at: Vec<PathBuf> },
    #[error("cannot read kubeconfig {}", path.display())]
    ReadKubeconfig {
        path: PathBuf,
        #[source]
        source: Source,
    },
    #[error("the kubeconfig sets no current context; it has {}", names(existing))]
    NoCurrentContext { existing: Vec<String> },
    #[error("the kubeconfig has no {entry} `{name}`; it has {}", names(existing))]
    NotInKubeconfig {
        entry: Entry,
        name: String,
        existing: Vec<String>,
    },
    #[error("cannot use the kubeconfig's context {context}")]
    UnusableKubeconfig {
        context: String,
        #[source]
        source: Source,
    },
    #[error("cannot impersonate groups without a user")]
    GroupsWithoutUser,
    /// A credential plugin could not be run or gave no credential.
    #[error("credential plugin `{command}` of {endpoint} failed: {why}")]
    Plugin {
        command: String,
        endpoint: Endpoint,
        why: String,
        /// What the kubeconfig says on how to install it.
        install_hint: Option<String>,
    },
    /// A token file or another source of credentials that is no plugin.
    #[error("cannot load the credentials for {endpoint}")]
    Credentials {
        endpoint: Endpoint,
        #[source]
        source: Source,
    },
    #[error("cannot reach the API server {endpoint}")]
    Unreachable {
        endpoint: Endpoint,
        #[source]
        source: Unreachable,
    },
    #[error("no trusted connection to the API server {endpoint}")]
    Tls {
        endpoint: Endpoint,
        #[source]
        source: TlsProblem,
    },
    /// 401: the credentials are wrong or have expired.
    #[error("the API server {endpoint} does not accept the credentials: {message}")]
    Unauthorized { endpoint: Endpoint, message: String },
    #[error("{permission}: {message}")]
    Forbidden {
        permission: Permission,
        message: String,
    },
    /// Objects that were named and do not exist: `hpa/web in namespace shop`.
    #[error("not found: {}", names(missing))]
    NotFound { missing: Vec<String> },
    #[error("label selector `{selector}` is not valid: {message}")]
    BadSelector { selector: String, message: String },
    /// The cluster lacks a whole API: `autoscaling/v2`, `metrics.k8s.io/v1beta1`.
    #[error("the API server {endpoint} does not serve {api}")]
    NotServed { endpoint: Endpoint, api: String },
    /// Any other answer that is no success.
    #[error("cannot {operation}: {message} ({code} {reason})")]
    Api {
        operation: String,
        code: u16,
        reason: String,
        message: String,
    },
    #[error("cannot {operation}: the answer is not what the API describes")]
    Malformed {
        operation: String,
        #[source]
        source: serde_json::Error,
    },
}

/// A part of a kubeconfig that is referred to by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Context,
    Cluster,
    User,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context => "context",
            Self::Cluster => "cluster",
            Self::User => "user",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("connection refused")]
    Refused,
    #[error("no answer within {} s", .after.as_secs_f64())]
    NoAnswer { after: Duration },
    #[error("connecting timed out")]
    ConnectTimedOut,
    /// An unknown host, a broken connection, …: the innermost cause.
    #[error("{0}")]
    Other(String),
}

#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    #[error("its certificate is signed by an unknown authority")]
    UnknownAuthority,
    #[error("its certificate has expired")]
    Expired,
    #[error("its certificate is for another name")]
    OtherName,
    #[error("this machine has no root certificates and the kubeconfig names none: {0}")]
    NoRoots(String),
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// What went wrong before there was an answer.
    pub(super) fn of_transport(endpoint: &Endpoint, error: kube::Error) -> Self {
        let endpoint = endpoint.clone();
        if let kube::Error::Auth(source) = error {
            let source = auth_words(&source).into();
            return Self::Credentials { endpoint, source };
        }
        if let Some(source) = tls_problem(&error) {
            return Self::Tls { endpoint, source };
        }
        if let Some(source) = auth_problem(&error) {
            return Self::Credentials { endpoint, source };
        }
        let source = unreachable(&error);
        Self::Unreachable { endpoint, source }
    }

    /// What an API server's failure means, where it is not about the request's own permission.
    pub(super) fn of_status(endpoint: &Endpoint, operation: String, status: Status) -> Self {
        if status.code == 401 {
            return Self::Unauthorized {
                endpoint: endpoint.clone(),
                message: status.message,
            };
        }
        Self::Api {
            operation,
            code: status.code,
            reason: status.reason,
            message: status.message,
        }
    }

    /// The refused permission and what the server said, if that is what this is.
    pub(super) fn refused(&self) -> Option<(&Permission, &str)> {
        match self {
            Self::Forbidden {
                permission,
                message,
            } => Some((permission, message)),
            _ => None,
        }
    }

    /// The HTTP status of the answer; `None` where there was none.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::NotFound { .. } | Self::NotServed { .. } => Some(404),
            Self::Api { code, .. } => Some(*code),
            Self::NoKubeconfig { .. }
            | Self::ReadKubeconfig { .. }
            | Self::NoCurrentContext { .. }
            | Self::NotInKubeconfig { .. }
            | Self::UnusableKubeconfig { .. }
            | Self::GroupsWithoutUser
            | Self::Plugin { .. }
            | Self::Credentials { .. }
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::BadSelector { .. }
            | Self::Malformed { .. } => None,
        }
    }

    /// The HTTP status of an answer that has no variant of its own.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Api { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// An error and what caused it, outermost first.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |it| beneath(*it))
}

/// The next cause. An I/O error that only wraps another hides it from `source`.
fn beneath<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    wrapped
        .map(|it| it as &(dyn StdError + 'static))
        .or_else(|| error.source())
}

fn unreachable(error: &kube::Error) -> Unreachable {
    use std::io::ErrorKind;
    let io = chain(error).find_map(|it| it.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => Unreachable::Refused,
        Some(ErrorKind::TimedOut) => Unreachable::ConnectTimedOut,
        _ => Unreachable::Other(innermost(error)),
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn tls_problem(error: &kube::Error) -> Option<TlsProblem> {
    if let kube::Error::RustlsTls(source) = error {
        return Some(TlsProblem::NoRoots(innermost(source)));
    }
    let tls = chain(error).find_map(|it| it.downcast_ref::<rustls::Error>())?;
    let rustls::Error::InvalidCertificate(problem) = tls else {
        return Some(TlsProblem::Other(tls.to_string()));
    };
    use rustls::CertificateError as Problem;
    Some(match problem {
        // A cluster that was made anew has another authority of the same name, whose signature
        // then does not fit.
        Problem::UnknownIssuer | Problem::BadSignature => TlsProblem::UnknownAuthority,
        Problem::Expired | Problem::ExpiredContext { .. } => TlsProblem::Expired,
        Problem::NotValidForName | Problem::NotValidForNameContext { .. } => TlsProblem::OtherName,
        other => TlsProblem::Other(other.to_string()),
    })
}

/// A token that could not be refreshed, which happens below the client.
fn auth_problem(error: &kube::Error) -> Option<Source> {
    let auth = chain(error).find_map(|it| it.downcast_ref::<AuthError>())?;
    Some(auth_words(auth).into())
}

/// Why there is no credential. The client's own words would show what a plugin wrote to its
/// output, which may be a token.
pub(super) fn auth_words(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(source) => source.to_string(),
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let last = said.lines().map(str::trim).rfind(|it| !it.is_empty());
            match last {
                Some(line) => format!("{}: {line}", out.status),
                None => out.status.to_string(),
            }
        }
        AuthError::AuthExecParse(_) => "its output is no ExecCredential".to_owned(),
        AuthError::ExecPluginFailed => "its output has no status".to_owned(),
        AuthError::ReadTokenFile(source, path) => format!("{}: {source}", path.display()),
        other => innermost(other),
    }
}

/// `a, b, c`, or that there is none.
fn names(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn paths(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
    names(&shown)
}
