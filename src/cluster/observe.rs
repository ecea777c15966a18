//! Tells of every request that goes to the API server and of its answer, for whoever counts them.
//!
//! The layer lies around the whole client and below our tries (see `call`), so that each try is a
//! request of its own, as it is for the server. What it is told as is what RBAC would call it.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, Uri};
use kube::client::{AuthError, Body};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

use super::error::chain;

/// What is asked for is no resource: `/version`.
const NONRESOURCE: &str = "nonresource";

/// Is told of requests. It is called while an answer is on its way, so it must not wait.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Exchange) + Send + Sync>);

/// A request, and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub verb: Verb,
    /// With group and subresource: `deployments.apps/scale`; `nonresource` for `/version` and such.
    pub resource: String,
    /// The status of the answer, whatever it says.
    pub answer: Result<StatusCode, Unanswered>,
    /// Until the head of the answer.
    pub took: Duration,
}

/// What is asked of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    /// Of one object or of a collection.
    Delete,
}

/// Why a request had no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Whoever asked gave it up, or there was no connection in time.
    Timeout,
    /// None could be made, or it broke.
    Connection,
    /// What came was no HTTP.
    Invalid,
}

impl Observer {
    pub fn new(observe: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }
}

/// Whoever listens, what is asked is the same.
impl PartialEq for Observer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Observer {}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Has the requests of a client told of.
#[derive(Clone, Debug)]
pub(super) struct Observing(pub(super) Observer);

impl<S> Layer<S> for Observing {
    type Service = Observed<S>;

    fn layer(&self, client: S) -> Self::Service {
        Observed {
            client,
            observer: self.0.clone(),
        }
    }
}

/// A client whose requests are told of.
#[derive(Clone, Debug)]
pub(super) struct Observed<S> {
    client: S,
    observer: Observer,
}

impl<S, B> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.client.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let underway = Underway::of(&self.observer, request.method(), request.uri());
        let answer = self.client.call(request);
        Box::pin(async move {
            let answer = answer.await;
            match &answer {
                Ok(answer) => underway.end(Ok(answer.status())),
                Err(error) => underway.failed(&**error),
            }
            answer
        })
    }
}

/// A request without an answer yet. Where it is dropped, nobody waits for one any more.
struct Underway {
    observer: Observer,
    verb: Verb,
    resource: String,
    began: Instant,
    is_told: bool,
}

impl Underway {
    fn of(observer: &Observer, method: &Method, uri: &Uri) -> Self {
        let (verb, resource) = asked(method, uri);
        Self {
            observer: observer.clone(),
            verb,
            resource,
            began: Instant::now(),
            is_told: false,
        }
    }

    fn end(mut self, answer: Result<StatusCode, Unanswered>) {
        self.tell(answer);
    }

    fn failed(mut self, error: &(dyn StdError + 'static)) {
        // Without credentials nothing was sent.
        self.is_told = chain(error).any(|it| it.is::<AuthError>());
        if !self.is_told {
            self.tell(Err(unanswered(error)));
        }
    }

    fn tell(&mut self, answer: Result<StatusCode, Unanswered>) {
        self.is_told = true;
        (self.observer.0)(&Exchange {
            verb: self.verb,
            resource: std::mem::take(&mut self.resource),
            answer,
            took: self.began.elapsed(),
        });
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(Err(Unanswered::Timeout));
        }
    }
}

fn unanswered(error: &(dyn StdError + 'static)) -> Unanswered {
    let is_late = |it: &std::io::Error| it.kind() == std::io::ErrorKind::TimedOut;
    if chain(error).any(|it| it.downcast_ref().is_some_and(is_late)) {
        return Unanswered::Timeout;
    }
    let is_strange = |it: &hyper::Error| it.is_parse();
    match chain(error).any(|it| it.downcast_ref().is_some_and(is_strange)) {
        true => Unanswered::Invalid,
        false => Unanswered::Connection,
    }
}

/// Verb and resource as the API server itself takes them from a request (`RequestInfoFactory`,
/// Kubernetes v1.36, `staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`).
fn asked(method: &Method, uri: &Uri) -> (Verb, String) {
    let place = Place::of(uri.path());
    let is_collection = place.as_ref().is_some_and(|it| it.is_collection);
    let verb = match method.as_str() {
        "POST" => Verb::Create,
        "PUT" => Verb::Update,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        _ if is_collection && is_watch(uri) => Verb::Watch,
        _ if is_collection => Verb::List,
        _ => Verb::Get,
    };
    let resource = place.map_or_else(|| NONRESOURCE.to_owned(), |it| it.resource);
    (verb, resource)
}

fn is_watch(uri: &Uri) -> bool {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    pairs.any(|it| matches!(it, "watch=true" | "watch=1"))
}

/// What a path leads to.
struct Place {
    resource: String,
    /// All objects of it, and not one by its name.
    is_collection: bool,
}

impl Place {
    /// `None` where it leads to no resource.
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _, rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return None,
        };
        let rest = match rest {
            // These two are of the namespace itself.
            ["namespaces", _, "status" | "finalize", ..] => rest,
            ["namespaces", _, within @ ..] if !within.is_empty() => within,
            _ => rest,
        };
        let (plural, rest) = rest.split_first()?;
        let mut resource = (*plural).to_owned();
        if !group.is_empty() {
            resource = format!("{resource}.{group}");
        }
        if let Some(subresource) = rest.get(1) {
            resource = format!("{resource}/{subresource}");
        }
        Some(Self {
            resource,
            is_collection: rest.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Told = Arc<Mutex<Vec<Exchange>>>;

    fn recording() -> (Observer, Told) {
        let told = Told::default();
        let log = Arc::clone(&told);
        let observer = Observer::new(move |it| log.lock().unwrap().push(it.clone()));
        (observer, told)
    }

    fn request(method: &str, uri: &str) -> Request<Body> {
        let request = Request::builder().method(method).uri(uri);
        request.body(Body::empty()).unwrap()
    }

    /// What is told of a request that `answer` answers.
    async fn told_of(answer: Result<StatusCode, BoxError>) -> Vec<Exchange> {
        let (observer, told) = recording();
        let answer = Mutex::new(Some(answer));
        let service = tower::service_fn(move |_: Request<Body>| {
            let answer = answer.lock().unwrap().take().unwrap();
            let answered = |status| Response::builder().status(status).body(()).unwrap();
            std::future::ready(answer.map(answered))
        });
        let _ = Observing(observer)
            .layer(service)
            .call(request("GET", "/api"))
            .await;
        told.lock().unwrap().clone()
    }

    #[test]
    fn a_request_is_told_as_the_api_server_takes_it() {
        let cases = [
            ("GET", "/api/v1/pods", "List pods"),
            ("GET", "/api/v1/pods?limit=500&watch=true", "Watch pods"),
            ("GET", "/api/v1/pods?watch=0", "List pods"),
            ("GET", "/api/v1/namespaces/shop/pods", "List pods"),
            ("GET", "/api/v1/namespaces/shop/pods/web-1", "Get pods"),
            ("GET", "/api/v1/namespaces", "List namespaces"),
            ("GET", "/api/v1/namespaces/shop", "Get namespaces"),
            (
                "PUT",
                "/api/v1/namespaces/shop/status",
                "Update namespaces/status",
            ),
            (
                "GET",
                "/apis/apps/v1/namespaces/shop/deployments/web/scale",
                "Get deployments.apps/scale",
            ),
            (
                "PATCH",
                "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web?force=true",
                "Patch horizontalpodautoscalers.autoscaling",
            ),
            (
                "POST",
                "/apis/coordination.k8s.io/v1/namespaces/shop/leases",
                "Create leases.coordination.k8s.io",
            ),
            (
                "POST",
                "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query",
                "Create services/proxy",
            ),
            ("DELETE", "/api/v1/namespaces/shop/pods", "Delete pods"),
            ("GET", "/version", "Get nonresource"),
            ("GET", "/apis", "Get nonresource"),
            ("GET", "/apis/apps/v1", "Get nonresource"),
            ("GET", "/api/v1/", "Get nonresource"),
            ("GET", "/", "Get nonresource"),
        ];
        for (method, uri, expected) in cases {
            let method = method.parse().unwrap();
            let (verb, resource) = asked(&method, &uri.parse().unwrap());
            assert_eq!(format!("{verb:?} {resource}"), expected, "{method} {uri}");
        }
    }

    #[tokio::test]
    async fn every_answer_counts_whatever_it_says() {
        for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
            let told = told_of(Ok(status)).await;
            let answers: Vec<_> = told.iter().map(|it| it.answer).collect();
            assert_eq!(answers, [Ok(status)]);
        }
    }

    #[tokio::test]
    async fn no_answer_has_a_reason() {
        let io = |kind: std::io::ErrorKind| -> BoxError { std::io::Error::from(kind).into() };
        let cases = [
            (io(std::io::ErrorKind::TimedOut), Unanswered::Timeout),
            (
                io(std::io::ErrorKind::ConnectionRefused),
                Unanswered::Connection,
            ),
            ("it broke".into(), Unanswered::Connection),
        ];
        for (error, expected) in cases {
            let told = told_of(Err(error)).await;
            let answers: Vec<_> = told.iter().map(|it| it.answer).collect();
            assert_eq!(answers, [Err(expected)]);
        }
    }

    #[tokio::test]
    async fn what_was_not_sent_for_want_of_credentials_is_no_request() {
        let error = kube::Error::Auth(AuthError::ExecPluginFailed);
        assert_eq!(told_of(Err(error.into())).await, []);
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_is_told_once() {
        let (observer, told) = recording();
        let service = tower::service_fn(|_: Request<Body>| {
            std::future::pending::<Result<Response<()>, BoxError>>()
        });
        let request = request("GET", "/api/v1/pods?watch=1");
        let asked = Observing(observer).layer(service).call(request);
        let given_up = tokio::time::timeout(Duration::ZERO, asked).await;
        assert!(given_up.is_err());
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].answer, Err(Unanswered::Timeout));
        assert_eq!(told[0].verb, Verb::Watch);
    }
}
