//! Rights beyond those of the request's own verb.

use super::*;

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

fn bob() -> User {
    User {
        name: "bob".to_owned(),
        groups: vec![],
    }
}

/// Gives bob these verbs on config maps and leases, and on nothing else.
async fn allow(api: &Api, verbs: &[&str]) {
    let role = json!({ "metadata": { "name": "bob" }, "rules": [
        { "apiGroups": ["", "coordination.k8s.io"], "resources": ["configmaps", "leases"],
          "verbs": verbs }] });
    let binding = json!({ "metadata": { "name": "bob" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "bob" },
        "subjects": [{ "kind": "User", "name": "bob", "apiGroup": "rbac.authorization.k8s.io" }] });
    create(api, &format!("{RBAC}/roles"), role).await;
    create(api, &format!("{RBAC}/rolebindings"), binding).await;
}

async fn send_as_bob(api: &Api, method: &str, target: &str, body: &Value) -> (u16, Value) {
    let media = if method == "PATCH" { APPLY } else { JSON };
    let request = Request {
        user: bob(),
        ..with_body(method, target, media, &body.to_string())
    };
    whole(api.answer(request).await).await
}

fn applied(value: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" },
        "data": { "key": value } })
}

fn lease(spec: Value) -> Value {
    json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "a" },
        "spec": spec })
}

#[tokio::test]
async fn an_apply_that_creates_needs_the_right_to_create() {
    let api = api();
    allow(&api, &["get", "patch"]).await;
    let target = format!("{MAPS}/a?fieldManager=bob");
    for target in [&target, &format!("{target}&dryRun=All")] {
        let (code, status) = send_as_bob(&api, "PATCH", target, &applied("1")).await;
        assert_eq!(code, 403, "{status}");
        assert_eq!(
            status["message"],
            "configmaps \"a\" is forbidden: User \"bob\" cannot create resource \"configmaps\" in \
             API group \"\" in the namespace \"default\""
        );
    }
    assert_eq!(send(&api, "GET", &format!("{MAPS}/a")).await.0, 404);
    create(&api, MAPS, map("a")).await;
    let (code, _) = send_as_bob(&api, "PATCH", &target, &applied("1")).await;
    assert_eq!(code, 200, "what is there is only patched");
}

#[tokio::test]
async fn an_update_that_creates_needs_the_right_to_create() {
    let api = api();
    allow(&api, &["get", "update"]).await;
    let target = format!("{LEASES}/a");
    let (code, status) = send_as_bob(&api, "PUT", &target, &lease(json!({}))).await;
    assert_eq!((code, &status["reason"]), (403, &json!("Forbidden")));
    // What is not valid is told before.
    let odd = lease(json!({ "leaseDurationSeconds": -1 }));
    assert_eq!(send_as_bob(&api, "PUT", &target, &odd).await.0, 422);
    let (code, _) = send_as_bob(&api, "PUT", &format!("{MAPS}/a"), &map("a")).await;
    assert_eq!(code, 404, "of a kind that no update creates");
}

#[tokio::test]
async fn who_may_create_creates_by_applies_and_updates() {
    let api = api();
    allow(&api, &["create", "patch", "update"]).await;
    let target = format!("{MAPS}/a?fieldManager=bob");
    let (code, _) = send_as_bob(&api, "PATCH", &target, &applied("1")).await;
    assert_eq!(code, 201);
    let (code, _) = send_as_bob(&api, "PUT", &format!("{LEASES}/a"), &lease(json!({}))).await;
    assert_eq!(code, 201);
}
