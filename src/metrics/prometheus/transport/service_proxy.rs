//! A Prometheus behind the API server's service proxy.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::{Body, Request, Response, headers};
use crate::metrics::prometheus::Options;
use crate::metrics::prometheus::error::{Cause, Error, Phase, classify};

/// Asks a service of the cluster through its API server, with the rights that the kubeconfig
/// gives there.
#[derive(Clone)]
pub struct ServiceProxy {
    client: kube::Client,
    path: String,
    name: String,
    headers: HeaderMap,
}

impl ServiceProxy {
    pub(super) fn new(client: kube::Client, path: &str, options: &Options) -> Result<Self, Error> {
        if let Some(credential) = super::credentials(options).first().copied() {
            return Err(Error::CredentialsThroughProxy { credential });
        }
        let headers = headers(options)?;
        if headers.contains_key(AUTHORIZATION) {
            let credential = "the header Authorization";
            return Err(Error::CredentialsThroughProxy { credential });
        }
        if let Some(setting) = tls_setting(options) {
            return Err(Error::TlsThroughProxy { setting });
        }
        let path = format!("/{}", path.trim_matches('/'));
        Ok(Self {
            client,
            name: format!("{} through the API server", service_of(&path)),
            path,
            headers,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) async fn send(&self, request: Request<'_>) -> Result<Response, Error> {
        let answer = self
            .client
            .send(self.wrap(request)?)
            .await
            .map_err(|source| classify(&self.name, Phase::Asking, cause(source)))?;
        let (head, body) = answer.into_parts();
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body: Body::Proxied(body),
        })
    }

    fn wrap(&self, request: Request<'_>) -> Result<http::Request<kube::client::Body>, Error> {
        let query = request.query.map(|it| format!("?{it}")).unwrap_or_default();
        let mut wrapped = http::Request::builder()
            .method(request.method)
            .uri(format!("{}{}{query}", self.path, request.path))
            .body(kube::client::Body::from(request.body))
            .map_err(|source| Error::Setup {
                url: self.name.clone(),
                source: Box::new(source),
            })?;
        let headers = wrapped.headers_mut();
        headers.extend(self.headers.clone());
        headers.extend(request.headers);
        Ok(wrapped)
    }
}

/// The first setting that is about a TLS connection of our own.
fn tls_setting(options: &Options) -> Option<&'static str> {
    let settings = [
        (options.ca_file.is_some(), "a CA file"),
        (options.client_certificate.is_some(), "a client certificate"),
        (options.client_key.is_some(), "a client key"),
        (options.insecure, "accepting any certificate"),
    ];
    let given = settings.into_iter().find(|(is_given, _)| *is_given);
    given.map(|(_, name)| name)
}

/// `monitoring/prometheus:9090` of the path to its proxy; the whole path where it has another form.
fn service_of(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        [
            _,
            "api",
            "v1",
            "namespaces",
            namespace,
            "services",
            service,
            "proxy",
            ..,
        ] => {
            let service = service
                .trim_start_matches("https:")
                .trim_start_matches("http:");
            format!("{namespace}/{service}")
        }
        _ => path.to_owned(),
    }
}

/// The error below kube's own, whose text repeats its whole structure.
fn cause(error: kube::Error) -> Cause {
    match error {
        kube::Error::Service(source) => source,
        kube::Error::HyperError(source) => Box::new(source),
        other => Box::new(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_of_a_connection_of_our_own_are_refused() {
        let file = || Some("file.pem".into());
        let plain = Options::default;
        let table = [
            (
                Options {
                    ca_file: file(),
                    ..plain()
                },
                "a CA file",
            ),
            (
                Options {
                    client_certificate: file(),
                    client_key: file(),
                    ..plain()
                },
                "a client certificate",
            ),
            (
                Options {
                    client_key: file(),
                    ..plain()
                },
                "a client key",
            ),
            (
                Options {
                    insecure: true,
                    ..plain()
                },
                "accepting any certificate",
            ),
        ];
        for (options, setting) in table {
            let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
                Ok::<_, Cause>(http::Response::new(kube::client::Body::empty()))
            });
            let client = kube::Client::new(service, "default");
            let error = ServiceProxy::new(client, "/proxy", &options).err().unwrap();
            let expected = format!(
                "{setting} for Prometheus cannot take effect through the API server's service \
                 proxy, which makes the connection itself"
            );
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_service_is_named_by_what_its_path_says() {
        let table = [
            (
                "/api/v1/namespaces/mon/services/prom:9090/proxy",
                "mon/prom:9090",
            ),
            (
                "/api/v1/namespaces/mon/services/https:prom:web/proxy/x",
                "mon/prom:web",
            ),
            ("/elsewhere", "/elsewhere"),
        ];
        for (path, expected) in table {
            assert_eq!(service_of(path), expected);
        }
    }
}
