//! Requests in memory and what is answered.

mod lists;
mod removal;
mod rights;
mod watches;
mod writes;

use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::access::User;

pub(super) const JSON: &str = "application/json";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const APPLY: &str = "application/apply-patch+yaml";
pub(super) const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub(super) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub(super) fn api() -> Api {
    Api::remembering(1_000, clock(), 7)
}

pub(super) fn clock() -> Clock {
    Clock::at(Timestamp::from_second(1_767_225_600).unwrap())
}

pub(super) fn request(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: http::Method::from_bytes(method.as_bytes()).unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        accept: JSON.to_owned(),
        content_type: JSON.to_owned(),
        user_agent: "tests/1.0".to_owned(),
        headers: http::HeaderMap::new(),
        user: User {
            name: "admin".to_owned(),
            groups: vec!["system:masters".to_owned()],
        },
        body: Bytes::new(),
    }
}

pub(super) fn with_body(method: &str, target: &str, media: &str, body: &str) -> Request {
    Request {
        content_type: media.to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        ..request(method, target)
    }
}

pub(super) async fn whole(response: Response) -> (u16, Value) {
    let Body::Whole(bytes) = response.body else {
        panic!("a stream");
    };
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (response.code, value)
}

pub(super) async fn send(api: &Api, method: &str, target: &str) -> (u16, Value) {
    whole(api.answer(request(method, target)).await).await
}

pub(super) async fn send_body(
    api: &Api,
    method: &str,
    target: &str,
    media: &str,
    body: &Value,
) -> (u16, Value) {
    let request = with_body(method, target, media, &body.to_string());
    whole(api.answer(request).await).await
}

/// Creates what must be valid.
pub(super) async fn create(api: &Api, target: &str, body: Value) -> Value {
    let (code, object) = send_body(api, "POST", target, JSON, &body).await;
    assert_eq!(code, 201, "{object}");
    object
}

pub(super) fn map(name: &str) -> Value {
    json!({ "metadata": { "name": name } })
}

pub(super) fn deployment(name: &str) -> Value {
    json!({ "metadata": { "name": name }, "spec": { "replicas": 2,
        "selector": { "matchLabels": { "app": name } },
        "template": { "metadata": { "labels": { "app": name } },
            "spec": { "containers": [{ "name": "main", "image": "example.com/main" }] } } } })
}

/// The events that a watch has told when it ends.
pub(super) async fn events(api: &Api, target: &str) -> Vec<Value> {
    let response = api.answer(request("GET", target)).await;
    assert_eq!(response.code, 200);
    let Body::Stream(lines) = response.body else {
        panic!("no stream");
    };
    let lines: Vec<Bytes> = lines.collect().await;
    let value = |line: &Bytes| serde_json::from_slice(line).unwrap();
    lines.iter().map(value).collect()
}

/// The types of events and the names of their objects.
pub(super) fn told(events: &[Value]) -> Vec<String> {
    let word = |it: &Value| it.as_str().unwrap_or("").to_owned();
    let told = |it: &Value| {
        let name = word(&it["object"]["metadata"]["name"]);
        format!("{} {name}", word(&it["type"]))
    };
    events.iter().map(told).collect()
}

#[tokio::test]
async fn paths_lead_somewhere_or_nowhere() {
    let api = api();
    let cases = [
        ("GET", "/version", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz?verbose", 200),
        ("GET", "/livez/ping", 200),
        ("GET", "/healthzz", 404),
        ("GET", "/api", 200),
        ("GET", "/apis", 200),
        ("GET", "/apis/apps", 200),
        ("GET", "/apis/apps/v1/", 200),
        ("GET", "/apis/none/v1", 404),
        ("GET", "/openapi/v2", 200),
        ("GET", "/openapi/v3", 200),
        ("GET", "/openapi/v3/apis/apps/v1", 200),
        ("GET", "/nope", 404),
        ("GET", "/apis/none/v1/things", 404),
        ("GET", "/api/v1/things", 404),
        ("GET", "/api/v1/namespaces/default", 200),
        ("GET", "/api/v1/namespaces/none", 404),
        ("GET", "/api/v1/namespaces/none/pods", 200),
        ("GET", "/api/v1/namespaces/default/nodes", 404),
        ("GET", "/api/v1/pods/x", 404),
        ("GET", "/api/v1/namespaces/default/pods/x/log", 404),
        ("POST", "/api/v1/namespaces/default/pods/x/log", 405),
        (
            "GET",
            "/api/v1/namespaces/default/pods/x/exec?command=ls",
            501,
        ),
        ("POST", "/api/v1/namespaces/default/pods/x/portforward", 501),
        ("GET", "/api/v1/namespaces/default/configmaps/x/log", 404),
        ("POST", "/api/v1/pods", 405),
        ("PUT", MAPS, 405),
        ("POST", "/api/v1/namespaces/default/configmaps/x", 405),
        ("OPTIONS", MAPS, 405),
        ("DELETE", "/api/v1/namespaces", 405),
        ("GET", "/api/v1/namespaces/default/configmaps/x/scale", 404),
        ("GET", "/api/v1/namespaces/default/configmaps?limit=x", 400),
        ("GET", "/apis/metrics.k8s.io/v1beta1/nodes", 200),
    ];
    for (method, target, expected) in cases {
        let (code, body) = send(&api, method, target).await;
        assert_eq!(code, expected, "{method} {target}: {body}");
    }
}

#[tokio::test]
async fn aggregated_discovery_is_told_as_such() {
    let api = api();
    let wanted = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let accept = format!("{wanted},application/json");
    let asked = Request {
        accept,
        ..request("GET", "/apis")
    };
    let response = api.answer(asked).await;
    assert_eq!(response.content_type, wanted);
    let (_, document) = whole(response).await;
    assert_eq!(document["kind"], "APIGroupDiscoveryList");
    let (_, plain) = send(&api, "GET", "/apis").await;
    assert_eq!(plain["kind"], "APIGroupList");
}

#[tokio::test]
async fn the_older_description_is_of_a_type_that_clients_can_parse() {
    let accept = crate::sandbox::openapi::SECOND_BINARY.to_owned();
    let asked = Request {
        accept,
        ..request("GET", "/openapi/v2")
    };
    let response = api().answer(asked).await;
    let told = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    assert_eq!((response.code, &*response.content_type), (200, told));
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_in_the_words_of_the_server() {
    let api = api();
    let bob = User {
        name: "bob".to_owned(),
        groups: vec![],
    };
    let asked = Request {
        user: bob.clone(),
        ..request("GET", MAPS)
    };
    let (code, status) = whole(api.answer(asked).await).await;
    assert_eq!(code, 403);
    assert_eq!(
        status["message"],
        "configmaps is forbidden: User \"bob\" cannot list resource \"configmaps\" in API group \"\" in \
         the namespace \"default\""
    );
    let binding = json!({ "metadata": { "name": "bob" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "kind": "User", "name": "bob", "apiGroup": "rbac.authorization.k8s.io" }] });
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    create(&api, bindings, binding).await;
    let asked = Request {
        user: bob,
        ..request("GET", MAPS)
    };
    assert_eq!(whole(api.answer(asked).await).await.0, 200);
}

#[tokio::test]
async fn reviews_are_answered_and_not_kept() {
    let api = api();
    let review = json!({ "spec": { "resourceAttributes": { "verb": "get", "resource": "pods" } } });
    let target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answered = create(&api, target, review).await;
    assert_eq!(answered["status"]["allowed"], true);
    assert_eq!(send(&api, "GET", target).await.0, 405);
}

#[tokio::test]
async fn services_are_answered_by_whoever_says_so() {
    let api = api();
    let target = "/api/v1/namespaces/default/services/http:prom:9090/proxy/api/v1/query?query=up";
    assert_eq!(send(&api, "GET", target).await.0, 404);
    api.set_proxy(Arc::new(|_: &Api, it: Proxied| {
        let text = format!("{} {} {} {}", it.service, it.port, it.path, it.query);
        Box::pin(async move { Some(Response::text(200, &text)) })
    }));
    let (_, answer) = send(&api, "GET", target).await;
    assert_eq!(answer, "prom 9090 /api/v1/query query=up");
}

#[tokio::test]
async fn measured_objects_are_those_of_the_provider() {
    let api = api();
    api.set_metrics(Arc::new(|plural: &str| match plural {
        "pods" => vec![json!({ "metadata": { "name": "p", "namespace": "default" } })],
        _ => vec![],
    }));
    let pods = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods";
    let (_, list) = send(&api, "GET", pods).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(send(&api, "GET", &format!("{pods}/p")).await.0, 200);
    assert_eq!(send(&api, "GET", &format!("{pods}/q")).await.0, 404);
}
