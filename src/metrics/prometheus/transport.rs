//! The ways to a Prometheus: directly by its URL, or through the API server's service proxy.

mod address;
mod direct;
mod service_proxy;
mod tls;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;

use super::error::{Cause, Error};
use super::server::Server;
use super::{Compression, Options};

pub use direct::Direct;
pub use service_proxy::ServiceProxy;

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

/// How to reach a Prometheus. Cheap to clone.
#[derive(Clone)]
pub enum Transport {
    Direct(Direct),
    ServiceProxy(ServiceProxy),
}

/// A request to an endpoint.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// `/api/v1/…`
    pub(super) path: &'a str,
    /// Without the question mark.
    pub(super) query: Option<&'a str>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The head of an answer whose body is still to come.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// A body that is read as it arrives.
pub(super) enum Body {
    Direct(Box<reqwest::Response>),
    Proxied(kube::client::Body),
}

impl Transport {
    /// To the Prometheus at `url`, which may hold a path, a user and a password.
    ///
    /// # Errors
    /// If the URL, a header, or a file that `options` name is not valid, or if there are no CA
    /// certificates to verify an https server with.
    pub fn direct(url: &str, options: &Options) -> Result<Self, Error> {
        Direct::new(url, options).map(Self::Direct)
    }

    /// Through the API server: `path` is
    /// `/api/v1/namespaces/monitoring/services/prometheus:9090/proxy`, with the path prefix of
    /// that Prometheus behind it, if any.
    ///
    /// The client should not retry by itself (`Config::default_retry`), since this module does.
    ///
    /// # Errors
    /// If `options` ask for credentials, which the API server would take for its own, for TLS
    /// settings, which only it could use, or for a header that is not valid.
    pub fn service_proxy(
        client: kube::Client,
        path: &str,
        options: &Options,
    ) -> Result<Self, Error> {
        ServiceProxy::new(client, path, options).map(Self::ServiceProxy)
    }

    /// What to call the server in messages: its URL without secrets, or the service behind the
    /// API server.
    pub fn name(&self) -> &str {
        match self {
            Self::Direct(direct) => direct.name(),
            Self::ServiceProxy(proxy) => proxy.name(),
        }
    }

    /// Which server it leads to; `None` where its address has no form that tells.
    pub(super) fn server(&self) -> Option<Server> {
        match self {
            Self::Direct(direct) => Server::of_url(direct.name()),
            Self::ServiceProxy(proxy) => Server::of_proxy(proxy.path()),
        }
    }

    /// The encodings to ask for.
    ///
    /// A kube client unpacks gzip by itself and hides how many bytes came; it passes deflate on
    /// untouched, which Prometheus speaks as well. Where a server knows gzip only, the bytes
    /// counted behind the proxy are those after unpacking.
    pub(super) fn encodings(&self, compression: Compression) -> &'static str {
        let near = match self {
            Self::Direct(direct) => direct.is_near(),
            // The API server is as far as the laptop is; where it is not, the user can say so.
            Self::ServiceProxy(_) => false,
        };
        match (compression, self) {
            (Compression::Off, _) => "identity",
            (Compression::Auto, _) if near => "identity",
            (Compression::Auto | Compression::On, Self::Direct(_)) => "gzip",
            (Compression::Auto | Compression::On, Self::ServiceProxy(_)) => "deflate, gzip",
        }
    }

    /// Whether `status` may mean that queries are to be sent by GET instead of POST.
    ///
    /// A POST through the service proxy needs the right to `create` services/proxy, a GET only
    /// `get`, which is what people who may only look have.
    pub(super) fn refuses_post(&self, status: StatusCode) -> bool {
        let through_proxy = matches!(self, Self::ServiceProxy(_));
        match status {
            StatusCode::METHOD_NOT_ALLOWED => true,
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => through_proxy,
            _ => false,
        }
    }

    pub(super) async fn send(&self, request: Request<'_>) -> Result<Response, Error> {
        match self {
            Self::Direct(direct) => direct.send(request).await,
            Self::ServiceProxy(proxy) => proxy.send(request).await,
        }
    }
}

impl Body {
    /// The next piece; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Cause> {
        match self {
            Self::Direct(answer) => {
                Ok(answer.chunk().await.map_err(reqwest::Error::without_url)?)
            }
            Self::Proxied(body) => loop {
                match body.frame().await.transpose()? {
                    None => return Ok(None),
                    Some(frame) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                }
            },
        }
    }
}

/// The credentials that were given, by the name of their option.
fn credentials(options: &Options) -> Vec<&'static str> {
    [
        (options.bearer_token.is_some(), "a bearer token"),
        (options.bearer_token_file.is_some(), "a bearer token file"),
        (options.basic_auth.is_some(), "a user and password"),
    ]
    .into_iter()
    .filter_map(|(given, name)| given.then_some(name))
    .collect()
}

/// The headers to send with every request.
fn headers(options: &Options) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &options.headers {
        let wrong = |problem: &str| Error::Header {
            name: name.clone(),
            problem: problem.to_owned(),
        };
        let header = HeaderName::try_from(name.trim())
            .map_err(|_| wrong("its name has characters that no header may have"))?;
        let mut value = HeaderValue::try_from(value.trim())
            .map_err(|_| wrong("its value has characters that no header may have"))?;
        // It may well be a key to somebody's tenant.
        value.set_sensitive(true);
        headers.append(header, value);
    }
    Ok(headers)
}
