//! The way around: the API server's service proxy, with the rights of the kubeconfig.

use bytes::Bytes;
use http_body_util::BodyExt;
use kube::client::Body;

use super::address::Service;
use super::client::{header_name, header_value, headers};
use super::{Asked, MOST, Reply};
use crate::keda::trigger::Prometheus;
use crate::keda::trigger::auth::Mode;
use crate::triggers::{Error, innermost};

/// The API server, and the namespace in which KEDA looks up names without one.
#[derive(Clone)]
pub struct Proxy {
    client: kube::Client,
    namespace: String,
}

impl Proxy {
    /// `namespace` is KEDA's own.
    pub fn new(client: kube::Client, namespace: String) -> Self {
        Self { client, namespace }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Asks a service; nothing where the cluster has none of that name.
    pub(super) async fn get(
        &self,
        asked: &Asked<'_>,
        service: &Service,
    ) -> Result<Option<Reply>, Error> {
        if let Some(credential) = kept_back(asked.settings) {
            return Err(Error::OnlyInside {
                server: asked.server.to_owned(),
                credential,
            });
        }
        let request = request(asked.settings, service.path(asked.url))?;
        let broken = |why: String| Error::Unreachable {
            server: format!("{} through the API server", asked.server),
            why: asked.redaction.clean(&why),
        };
        let answer = self.client.send(request).await;
        let (head, body) = answer.map_err(|it| broken(innermost(&it)))?.into_parts();
        let body = read(body).await.map_err(broken)?;
        let reply = Reply {
            status: head.status.as_u16(),
            body,
        };
        match refusal(&reply) {
            None => Ok(Some(reply)),
            Some(_) if reply.status == 404 => Ok(None),
            Some(message) => Err(Error::ProxyRefused {
                server: asked.server.to_owned(),
                namespace: service.namespace.clone(),
                message: asked.redaction.clean(&message),
            }),
        }
    }
}

/// What the proxy would take for itself, or cannot use.
fn kept_back(settings: &Prometheus) -> Option<&'static str> {
    let auth = &settings.auth;
    let is_login = |name: &str| name.trim().eq_ignore_ascii_case("authorization");
    let table = [
        (auth.has(Mode::Bearer), "its bearer token"),
        (auth.has(Mode::Basic), "its user and password"),
        (auth.has(Mode::Tls), "its client certificate"),
        (
            auth.has(Mode::Custom) && is_login(auth.custom_header.expose())
                || settings.custom_headers.keys().any(|it| is_login(it)),
            "its header Authorization",
        ),
    ];
    let found = table.into_iter().find(|(is_given, _)| *is_given);
    found.map(|(_, name)| name)
}

fn request(settings: &Prometheus, path: String) -> Result<http::Request<Body>, Error> {
    let built = http::Request::get(path).body(Body::empty());
    let mut request = built.map_err(|it| Error::Address(it.to_string()))?;
    let all = request.headers_mut();
    all.extend(headers(settings)?);
    let auth = &settings.auth;
    if auth.has(Mode::Custom) {
        let name = header_name(auth.custom_header.expose())?;
        all.insert(name, header_value(auth.custom_value.expose())?);
    }
    Ok(request)
}

async fn read(mut body: Body) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    while all.len() < MOST {
        let Some(frame) = body.frame().await else {
            break;
        };
        let data: Result<Bytes, _> = frame.map_err(|it| innermost(&it))?.into_data();
        all.extend(data.unwrap_or_default());
    }
    Ok(all)
}

/// What the API server itself says, in place of the service.
fn refusal(reply: &Reply) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Status {
        kind: String,
        #[serde(default)]
        message: String,
    }
    if reply.status < 400 {
        return None;
    }
    let status: Status = serde_json::from_slice(&reply.body).ok()?;
    (status.kind == "Status").then_some(status.message)
}
