//! A small API server with the objects of a fleet at the end of its history.
//!
//! It answers what kube and kubectl ask when they read: discovery, lists in pages, single objects,
//! scale, metrics.k8s.io, access reviews and the service proxy. It stores nothing and has no
//! watch.

mod access;
mod discovery;
mod kubeconfig;
mod list;
mod objects;
mod proxy;
mod resources;
mod status;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::Response;
use serde_json::Value;

use super::certificates::Authority;
use super::fleet::Fleet;
use super::serve::Server;
use access::User;
pub(crate) use access::{Denied, Reach};
use objects::Objects;
pub(crate) use objects::SECRET;
use resources::{Asked, Resource};
use status::Refusal;

/// How the server differs from one that allows and has everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Where the service proxy leads: the URL of a Prometheus; nowhere if `None`.
    pub(crate) prometheus: Option<String>,
    /// What the user of the context `limited` may not do.
    pub(crate) denied: Vec<Denied>,
    /// Whether the second page of every list is refused with 410, as after a compaction.
    pub(crate) continue_expires: bool,
    /// Whether no service looks like a Prometheus.
    pub(crate) unmonitored: bool,
}

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct ApiServer {
    /// `https://127.0.0.1:41234`.
    pub(crate) url: String,
    /// The certificate of its authority, in PEM.
    pub(crate) authority: String,
    world: Arc<World>,
    directory: tempfile::TempDir,
    _server: Server,
}

/// The token of a user who may do everything; of the context `good`.
pub(crate) const TOKEN: &str = "good-token";
/// The token of the user to whom [`Options::denied`] applies; of the context `limited`.
pub(crate) const LIMITED_TOKEN: &str = "limited-token";

#[derive(Debug)]
struct World {
    objects: Objects,
    options: Options,
    http: reqwest::Client,
    /// Method, path and query of every request.
    requests: Mutex<Vec<String>>,
}

impl ApiServer {
    /// # Panics
    /// When it cannot listen.
    pub(crate) fn start(fleet: &Fleet, options: Options) -> Self {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().no_gzip().build();
        let world = Arc::new(World {
            objects: Objects::of(fleet, !options.unmonitored),
            options,
            http: http.expect("an HTTP client"),
            requests: Mutex::default(),
        });
        let authority = Authority::new();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&world));
        let server = Server::start(router, Some(authority.server_config()));
        Self {
            url: format!("https://{}", server.address),
            authority: authority.pem,
            world,
            directory: tempfile::tempdir().expect("a temporary directory"),
            _server: server,
        }
    }

    /// Writes a kubeconfig and returns its path. Contexts: `good` (the current one), `limited`,
    /// `expired` (401), `wrong-ca`, `unreachable`, `exec` (credential plugin).
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        kubeconfig::write(self.directory.path(), &self.url, &self.authority)
    }

    /// Method, path and query of every request so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.world.requests.lock().unwrap().clone()
    }
}

async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    world.requests.lock().unwrap().push(line);
    match respond(&world, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into(),
    }
}

async fn respond(world: &World, request: Request) -> Result<Response, Refusal> {
    let user = User::of(request.headers())?;
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept
        .and_then(|it| it.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let path = request.uri().path().to_owned();
    if let Some((document, content_type)) = discovery::document(&path, &accept) {
        return Ok(typed(&document, content_type));
    }
    let asked = Asked::parse(&path).ok_or_else(Refusal::not_found)?;
    if asked.resource.plural == "selfsubjectaccessreviews" {
        return access::review(user, &world.options.denied, request).await;
    }
    let verb = verb(request.method(), &asked);
    access::check(user, &world.options.denied, verb, &asked)?;
    match (asked.name.as_deref(), asked.subresource.as_deref()) {
        (Some(name), Some("proxy")) => proxy::forward(world, &asked, name, request).await,
        _ if request.method() != Method::GET => Err(Refusal::method_not_allowed()),
        (None, _) => {
            let query = request.uri().query().unwrap_or("");
            let list = list::list(&world.objects, &asked, query, &accept, &world.options)?;
            Ok(json(&list))
        }
        (Some(name), subresource) => {
            let object = world
                .objects
                .get(asked.resource, asked.namespace.as_deref(), name);
            let object = object.ok_or_else(|| Refusal::no_object(&asked, name))?;
            single(asked.resource, object, subresource, &accept)
        }
    }
}

fn single(
    resource: &Resource,
    object: &Value,
    subresource: Option<&str>,
    accept: &str,
) -> Result<Response, Refusal> {
    match subresource {
        Some("scale") if resource.scales => Ok(json(&objects::scale(object))),
        Some("status") | None if accept.contains("as=PartialObjectMetadata") => {
            Ok(json(&list::partial(object)))
        }
        Some("status") | None => Ok(json(object)),
        Some(_) => Err(Refusal::not_found()),
    }
}

/// The verb that RBAC knows the request by.
fn verb(method: &Method, asked: &Asked) -> &'static str {
    match (method.as_str(), &asked.name) {
        ("GET", None) => "list",
        ("GET", Some(_)) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        _ => "delete",
    }
}

fn json(value: &Value) -> Response {
    typed(value, "application/json")
}

fn typed(value: &Value, content_type: &str) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(value.to_string()))
        .expect("a response of constant parts")
}
