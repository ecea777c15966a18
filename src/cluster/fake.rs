//! An API server in memory for tests: answers below the client, so that everything above the
//! transport is the real thing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Cluster, Endpoint};
use crate::fleet::ClusterName;

pub(crate) type Answer = Response<Body>;

pub(crate) fn answer(code: StatusCode, body: Value) -> Answer {
    let body = Body::from(body.to_string());
    Response::builder().status(code).body(body).unwrap()
}

/// A page that is the whole list.
pub(crate) fn list(items: impl IntoIterator<Item = Value>) -> Answer {
    let items: Vec<Value> = items.into_iter().collect();
    answer(StatusCode::OK, json!({"metadata": {}, "items": items}))
}

pub(crate) fn failure(code: StatusCode, reason: &str, message: &str) -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
        "code": code.as_u16(), "reason": reason, "message": message});
    answer(code, status)
}

pub(crate) fn forbidden(message: &str) -> Answer {
    failure(StatusCode::FORBIDDEN, "Forbidden", message)
}

pub(crate) fn not_found() -> Answer {
    failure(StatusCode::NOT_FOUND, "NotFound", "not found")
}

/// A cluster whose answers are `serve(path, query)`, the query decoded.
pub(crate) fn cluster(serve: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Cluster {
    recorded(serve).0
}

/// The same, with every path and query that was asked for.
pub(crate) fn recorded(
    serve: impl Fn(&str, &str) -> Answer + Send + Sync + 'static,
) -> (Cluster, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let serve = Arc::new(serve);
    let router = Router::new().fallback(move |request: Request| {
        let (serve, log) = (Arc::clone(&serve), Arc::clone(&log));
        async move {
            let uri = request.uri();
            let query = uri.query().unwrap_or_default();
            log.lock().unwrap().push(format!("{}?{query}", uri.path()));
            serve(uri.path(), query)
        }
    });
    let service = router.map_request(|it: http::Request<kube::client::Body>| it.map(Body::new));
    let name = ClusterName {
        name: "fake".to_owned(),
        version: None,
    };
    let endpoint = Endpoint {
        server: "https://fake".to_owned(),
        context: None,
    };
    let client = kube::Client::new(service, "shop");
    let cluster = Cluster::new(client, name, endpoint);
    (cluster, asked)
}

thread_local! {
    /// Clients by the server that they are for, on this thread.
    static SERVED: RefCell<BTreeMap<String, kube::Client>> = RefCell::default();
}

/// Lets whoever connects to `server` on this thread use `client`, so that all above the transport
/// begins with a kubeconfig as ever.
pub(crate) fn serve(server: &str, client: kube::Client) {
    SERVED.with_borrow_mut(|it| it.insert(server.to_owned(), client));
}

/// Forgets it.
pub(crate) fn no_longer_serve(server: &str) {
    SERVED.with_borrow_mut(|it| it.remove(server));
}

pub(super) fn served(endpoint: &Endpoint) -> Option<kube::Client> {
    SERVED.with_borrow(|it| it.get(&endpoint.server).cloned())
}
