use super::*;

fn owned(name: &str, owners: &[&Value]) -> Value {
    let reference = |it: &&Value| {
        json!({ "apiVersion": it["apiVersion"], "kind": it["kind"], "name": it["metadata"]["name"],
            "uid": it["metadata"]["uid"], "blockOwnerDeletion": true })
    };
    let owners: Vec<Value> = owners.iter().map(reference).collect();
    json!({ "metadata": { "name": name, "ownerReferences": owners } })
}

async fn names(api: &Api) -> Vec<String> {
    let (_, list) = send(api, "GET", MAPS).await;
    let items = list["items"].as_array().unwrap();
    let name = |it: &Value| it["metadata"]["name"].as_str().unwrap().to_owned();
    items.iter().map(name).collect()
}

async fn delete(api: &Api, name: &str, options: Value) -> (u16, Value) {
    send_body(api, "DELETE", &format!("{MAPS}/{name}"), JSON, &options).await
}

#[tokio::test]
async fn dependents_go_with_their_last_owner() {
    let api = api();
    let one = create(&api, MAPS, map("one")).await;
    let two = create(&api, MAPS, map("two")).await;
    let child = create(&api, MAPS, owned("child", &[&one, &two])).await;
    create(&api, MAPS, owned("grandchild", &[&child])).await;
    let (code, status) = delete(&api, "one", json!({})).await;
    assert_eq!(
        (code, &status["status"], &status["details"]["uid"]),
        (200, &json!("Success"), &one["metadata"]["uid"])
    );
    assert_eq!(names(&api).await, ["child", "grandchild", "two"]);
    delete(&api, "two", json!({})).await;
    assert!(names(&api).await.is_empty());
}

fn ghost() -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "ghost", "uid": "g" } })
}

#[tokio::test]
async fn what_names_only_owners_that_are_gone_is_collected() {
    let api = api();
    let owner = create(&api, MAPS, map("owner")).await;
    create(&api, MAPS, owned("stray", &[&ghost()])).await;
    create(&api, MAPS, owned("half", &[&ghost(), &owner])).await;
    let unknown = json!({ "apiVersion": "example.com/v1", "kind": "Ship",
        "metadata": { "name": "s", "uid": "s" } });
    create(&api, MAPS, owned("away", &[&unknown])).await;
    assert_eq!(names(&api).await, ["away", "half", "owner"]);
    let half = api.get("", "configmaps", "default", "half").unwrap();
    let references = half["metadata"]["ownerReferences"].as_array().unwrap();
    assert_eq!(references.len(), 1);
    let mut patch = owned("owner", &[&ghost()]);
    patch["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = json!(false);
    let (code, _) = send_body(&api, "PATCH", &format!("{MAPS}/owner"), MERGE, &patch).await;
    assert_eq!(code, 200);
    assert_eq!(names(&api).await, ["away"]);
}

#[tokio::test]
async fn loading_collects_what_is_gone_for_certain() {
    let api = api();
    let of = |kind: &str, name: &str, owner: Value| {
        json!({ "apiVersion": if kind == "ReplicaSet" { "apps/v1" } else { "v1" }, "kind": kind,
            "metadata": { "name": name, "namespace": "default", "ownerReferences": [owner] } })
    };
    let owner = |api_version: &str, kind: &str| json!({ "apiVersion": api_version, "kind": kind, "name": "ghost", "uid": "g" });
    let sets = owner("apps/v1", "ReplicaSet");
    let objects = vec![
        of("ConfigMap", "stray", owner("v1", "ConfigMap")),
        of("ReplicaSet", "kept", owner("apps/v1", "Deployment")),
        of("Pod", "kept", sets),
    ];
    api.load(objects);
    assert!(api.left_out().is_empty());
    assert!(api.list("", "configmaps", "").is_empty());
    assert_eq!(api.list("apps", "replicasets", "").len(), 1);
    assert_eq!(api.list("", "pods", "").len(), 1);
}

#[tokio::test]
async fn a_namespace_waits_for_the_finalizers_of_its_spec() {
    let api = api();
    create(&api, "/api/v1/namespaces", map("shop")).await;
    let target = "/api/v1/namespaces/shop";
    let body = |finalizers: Value| json!({ "metadata": { "name": "shop" }, "spec": { "finalizers": finalizers } });
    let (code, _) = send(&api, "GET", &format!("{target}/finalize")).await;
    assert_eq!(code, 405);
    let finalize = async |finalizers: Value| {
        let target = format!("{target}/finalize");
        send_body(&api, "PUT", &target, JSON, &body(finalizers)).await
    };
    let (code, object) = finalize(json!(["kubernetes", "example.com/held"])).await;
    assert_eq!(
        (code, &object["spec"]["finalizers"][1]),
        (200, &json!("example.com/held"))
    );
    let (_, object) = send_body(&api, "PUT", target, JSON, &body(json!([]))).await;
    assert_eq!(object["spec"]["finalizers"][1], "example.com/held");
    send(&api, "DELETE", target).await;
    let (_, object) = send(&api, "GET", target).await;
    assert_eq!(object["spec"]["finalizers"], json!(["example.com/held"]));
    let (code, object) = finalize(json!([])).await;
    assert_eq!((code, &object["spec"]), (200, &json!({})));
    assert_eq!(send(&api, "GET", target).await.0, 404);
}

#[tokio::test]
async fn orphans_stay_and_forget_their_owner() {
    let api = api();
    let owner = create(&api, MAPS, map("owner")).await;
    create(&api, MAPS, owned("child", &[&owner])).await;
    delete(&api, "owner", json!({ "propagationPolicy": "Orphan" })).await;
    let (_, child) = send(&api, "GET", &format!("{MAPS}/child")).await;
    assert!(child["metadata"].get("ownerReferences").is_none());
    assert_eq!(names(&api).await, ["child"]);
}

#[tokio::test]
async fn a_foreground_deletion_waits_for_what_holds_its_dependents() {
    let api = api();
    let owner = create(&api, MAPS, map("owner")).await;
    let mut child = owned("child", &[&owner]);
    child["metadata"]["finalizers"] = json!(["example.com/held"]);
    create(&api, MAPS, child).await;
    let (_, object) = delete(&api, "owner", json!({ "propagationPolicy": "Foreground" })).await;
    assert_eq!(
        object["metadata"]["finalizers"],
        json!(["foregroundDeletion"])
    );
    assert_eq!(names(&api).await, ["child", "owner"]);
    let free = json!({ "metadata": { "finalizers": null } });
    let (code, _) = send_body(&api, "PATCH", &format!("{MAPS}/child"), MERGE, &free).await;
    assert_eq!(code, 200);
    assert!(names(&api).await.is_empty());
}

#[tokio::test]
async fn long_chains_of_owners_and_rings_end() {
    let api = api();
    let mut objects = vec![];
    for index in 0..5_000 {
        let owner = json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": format!("m{}", index - 1),
            "uid": format!("u{}", index - 1) }]);
        let ring =
            json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "m4999", "uid": "u4999" }]);
        objects.push(
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": format!("m{index}"), "namespace": "default", "uid": format!("u{index}"),
            "ownerReferences": if index == 0 { ring } else { owner } } }),
        );
    }
    api.load(objects);
    delete(&api, "m0", json!({})).await;
    assert!(names(&api).await.is_empty());
}

#[tokio::test]
async fn preconditions_hold() {
    let api = api();
    let object = create(&api, MAPS, map("a")).await;
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let (code, status) = delete(&api, "a", json!({ "preconditions": { "uid": "x" } })).await;
    assert_eq!(code, 409);
    assert_eq!(
        status["message"],
        format!(
            "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (x) does not \
             match the UID in record ({uid}). The object might have been deleted and then recreated"
        )
    );
    let (code, _) = delete(
        &api,
        "a",
        json!({ "preconditions": { "resourceVersion": "1" } }),
    )
    .await;
    assert_eq!(code, 409);
    let (code, _) = delete(&api, "a", json!({ "preconditions": { "uid": uid } })).await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn a_namespace_takes_its_content_along() {
    let api = api();
    create(&api, "/api/v1/namespaces", map("shop")).await;
    let maps = "/api/v1/namespaces/shop/configmaps";
    create(&api, maps, map("free")).await;
    let held = json!({ "metadata": { "name": "held", "finalizers": ["example.com/held"] } });
    create(&api, maps, held).await;
    let (code, object) = send(&api, "DELETE", "/api/v1/namespaces/shop").await;
    assert_eq!(
        (code, &object["status"]["phase"]),
        (200, &json!("Terminating"))
    );
    assert_eq!(send(&api, "GET", &format!("{maps}/free")).await.0, 404);
    let (code, status) = send_body(&api, "POST", maps, JSON, &map("late")).await;
    assert_eq!(code, 403);
    assert_eq!(
        status["details"]["causes"][0]["reason"],
        "NamespaceTerminating"
    );
    let free = json!({ "metadata": { "finalizers": [] } });
    send_body(&api, "PATCH", &format!("{maps}/held"), MERGE, &free).await;
    assert_eq!(send(&api, "GET", "/api/v1/namespaces/shop").await.0, 404);
    let (code, status) = send(&api, "DELETE", "/api/v1/namespaces/default").await;
    assert_eq!(code, 403);
    assert_eq!(
        status["message"],
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[tokio::test]
async fn collections_are_deleted_as_selected() {
    let api = api();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let body = json!({ "metadata": { "name": name, "labels": { "l": label } } });
        create(&api, MAPS, body).await;
    }
    let target = format!("{MAPS}?labelSelector=l%3Dx");
    let (code, list) = send(&api, "DELETE", &format!("{target}&dryRun=All")).await;
    assert_eq!((code, list["items"].as_array().unwrap().len()), (200, 2));
    assert_eq!(names(&api).await, ["a", "b", "c"]);
    send(&api, "DELETE", &target).await;
    assert_eq!(names(&api).await, ["b"]);
}

#[tokio::test]
async fn pods_end_at_once_and_say_so() {
    let api = api();
    let pods = "/api/v1/namespaces/default/pods";
    let pod = json!({ "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    create(&api, pods, pod).await;
    let (code, ended) = send(&api, "DELETE", &format!("{pods}/p")).await;
    assert_eq!(code, 200);
    assert_eq!(ended["metadata"]["deletionGracePeriodSeconds"], 0);
    assert_eq!(send(&api, "GET", &format!("{pods}/p")).await.0, 404);
}
