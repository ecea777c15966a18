//! What can go wrong between us and a Prometheus.
//!
//! Every variant names the URL, never with a password in it. Advice is in [`crate::error`] only.

mod cause;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub(super) use cause::{Phase, classify};

/// A cause of whatever type the layer below has.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Prometheus URL {url:?} {problem}")]
    Url { url: String, problem: UrlProblem },

    /// Name or value of a header that was asked for.
    #[error("header {name:?} for Prometheus is not valid: {problem}")]
    Header { name: String, problem: String },

    #[error("more than one way to authenticate to Prometheus: {first} and {second}")]
    TwoCredentials {
        first: &'static str,
        second: &'static str,
    },

    /// Behind the service proxy the `Authorization` header is for the API server, which does not
    /// pass it on.
    #[error(
        "{credential} cannot reach Prometheus through the API server's service proxy, \
         which takes the Authorization header for itself"
    )]
    CredentialsThroughProxy { credential: &'static str },

    /// Behind the service proxy the connection is the API server's own.
    #[error(
        "{setting} for Prometheus cannot take effect through the API server's service proxy, \
         which makes the connection itself"
    )]
    TlsThroughProxy { setting: &'static str },

    #[error("cannot read the Prometheus {file} {}", path.display())]
    File {
        file: File,
        path: PathBuf,
        source: io::Error,
    },

    #[error("Prometheus {file} {} is not valid: {problem}", path.display())]
    InvalidFile {
        file: File,
        path: PathBuf,
        problem: String,
    },

    /// Neither the system nor the options name a CA to trust.
    #[error("no CA certificates to verify {url} with: none given and none found on this machine")]
    NoCertificates { url: String, source: Cause },

    #[error("cannot set up the HTTP client for {url}")]
    Setup { url: String, source: Cause },

    #[error("cannot reach Prometheus at {url}: {problem}")]
    Unreachable {
        url: String,
        problem: Reach,
        /// Where `problem` does not tell everything.
        source: Option<Cause>,
    },

    #[error("no secure connection to Prometheus at {url}: {problem}")]
    Tls {
        url: String,
        problem: TlsProblem,
        /// Where `problem` does not tell everything.
        source: Option<Cause>,
    },

    #[error("Prometheus at {url} did not finish its answer within {} s", after.as_secs_f64())]
    Timeout { url: String, after: Duration },

    /// Status 401.
    #[error("Prometheus at {url} does not know who is asking (401): {message}")]
    Unauthorized { url: String, message: String },

    /// Status 403.
    #[error("not allowed to query Prometheus at {url} (403): {message}")]
    Forbidden { url: String, message: String },

    /// Status 404.
    #[error("no Prometheus API at {url} (404): {message}")]
    NotFound { url: String, message: String },

    /// Often to a login page; not followed, since a query must not lose its body on the way.
    #[error("{url} redirects to {to}")]
    Redirected { url: String, to: String },

    /// A web page or something else that is not the API.
    #[error("{url} is not a Prometheus API: it answers with {what}")]
    NotPrometheus { url: String, what: String },

    /// Of a query that is to give one number.
    #[error("Prometheus at {url} answers with {found} values where one is expected")]
    SeveralValues { url: String, found: usize },

    #[error("Prometheus at {url} does not support {feature}: {message}")]
    NotSupported {
        url: String,
        feature: &'static str,
        message: String,
    },

    /// The answer is `status: error`, for a query that is refused whenever it is asked.
    #[error("Prometheus at {url} refused the query ({kind}): {message}")]
    Refused {
        url: String,
        kind: String,
        message: String,
    },

    /// The same question over less time or fewer series can be answered.
    #[error("the query is too large for Prometheus at {url}: {message}")]
    TooMuch { url: String, message: String },

    /// Status 429 or 5xx, after several tries.
    #[error("Prometheus at {url} cannot answer now ({status}): {message}")]
    Unavailable {
        url: String,
        status: u16,
        message: String,
        /// How long to wait, where the server says.
        retry_after: Option<Duration>,
    },

    #[error("the answer of Prometheus at {url} is truncated")]
    Truncated { url: String, source: Cause },

    #[error("cannot understand the answer of Prometheus at {url}")]
    BadAnswer { url: String, source: Cause },

    /// Everything was answered, with nothing in it.
    #[error("Prometheus at {url} has no {metric} for any of {targets} scale targets")]
    NoSamples {
        url: String,
        metric: &'static str,
        targets: usize,
    },
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlProblem {
    NoScheme,
    /// Neither http nor https.
    OtherScheme,
    NoHost,
    Malformed,
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "has no scheme: it must begin with http:// or https://",
            Self::OtherScheme => "must begin with http:// or https://",
            Self::NoHost => "names no host",
            Self::Malformed => "is malformed",
        })
    }
}

/// A file that the options name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    BearerToken,
    CertificateAuthority,
    ClientCertificate,
    ClientKey,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BearerToken => "bearer token file",
            Self::CertificateAuthority => "CA file",
            Self::ClientCertificate => "client certificate",
            Self::ClientKey => "client key",
        })
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing listens there.
    Refused,
    /// The host's name is not known.
    UnknownHost,
    /// No answer within the time for connecting.
    TimedOut,
    /// The connection was closed before an answer came.
    Reset,
    NoRoute,
    /// What answers is no HTTP, as a server that wants TLS.
    NotHttp,
    Other,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::UnknownHost => "the host name is unknown",
            Self::TimedOut => "no connection in time",
            Self::Reset => "the connection was closed before an answer came",
            Self::NoRoute => "no route to the host",
            Self::NotHttp => "it does not speak plain HTTP",
            Self::Other => "the connection failed",
        })
    }
}

/// Why a connection is not trusted, or we are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsProblem {
    UnknownAuthority,
    Expired,
    NotYetValid,
    WrongName,
    /// Any other fault of the server's certificate.
    BadCertificate,
    /// The server wants a client certificate, or another one.
    ClientCertificate,
    /// The server does not speak TLS at all.
    NotTls,
    Other,
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownAuthority => "its certificate is signed by an unknown authority",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::WrongName => "its certificate is for another name",
            Self::BadCertificate => "its certificate is not valid",
            Self::ClientCertificate => "it does not accept our client certificate or wants one",
            Self::NotTls => "it does not speak TLS",
            Self::Other => "the handshake failed",
        })
    }
}

impl Error {
    /// Whether the same request may succeed a moment later.
    ///
    /// A refused connection passes only for a server that has `answered` before: until then it
    /// is more likely that the URL is wrong.
    pub(super) fn is_passing(&self, answered: bool) -> bool {
        match self {
            Self::Unreachable { problem, .. } => match problem {
                Reach::Refused | Reach::UnknownHost | Reach::NoRoute | Reach::Other => answered,
                Reach::NotHttp => false,
                Reach::TimedOut | Reach::Reset => true,
            },
            Self::Timeout { .. } | Self::Unavailable { .. } | Self::Truncated { .. } => true,
            Self::Url { .. }
            | Self::Header { .. }
            | Self::TwoCredentials { .. }
            | Self::CredentialsThroughProxy { .. }
            | Self::TlsThroughProxy { .. }
            | Self::File { .. }
            | Self::InvalidFile { .. }
            | Self::NoCertificates { .. }
            | Self::Setup { .. }
            | Self::Tls { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Redirected { .. }
            | Self::NotPrometheus { .. }
            | Self::NotSupported { .. }
            | Self::Refused { .. }
            | Self::TooMuch { .. }
            | Self::NoSamples { .. }
            | Self::SeveralValues { .. }
            | Self::BadAnswer { .. } => false,
        }
    }

    /// Whether the same samples may still be had by another way of reading: the server is there,
    /// but this kind of request or its answer is not.
    pub(super) fn leaves_another_way(&self) -> bool {
        match self {
            // Through a service proxy, one who may not POST may still GET.
            Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::NotPrometheus { .. }
            | Self::NotSupported { .. }
            | Self::Refused { .. }
            | Self::TooMuch { .. }
            | Self::Timeout { .. }
            | Self::Truncated { .. }
            | Self::BadAnswer { .. } => true,
            Self::Url { .. }
            | Self::Header { .. }
            | Self::TwoCredentials { .. }
            | Self::CredentialsThroughProxy { .. }
            | Self::TlsThroughProxy { .. }
            | Self::File { .. }
            | Self::InvalidFile { .. }
            | Self::NoCertificates { .. }
            | Self::Setup { .. }
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Unauthorized { .. }
            | Self::Redirected { .. }
            | Self::Unavailable { .. }
            | Self::SeveralValues { .. }
            | Self::NoSamples { .. } => false,
        }
    }
}
