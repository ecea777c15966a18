use super::*;

/// method, path, media type, body, code, message or nothing
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
);

async fn check(api: &Api, cases: &[Case]) {
    for (method, target, media, body, code, message) in cases {
        let response = api.answer(with_body(method, target, media, body)).await;
        let (found, answer) = whole(response).await;
        assert_eq!(found, *code, "{method} {target} {body}: {answer}");
        assert!(
            message.is_empty() || answer["message"] == *message,
            "{target} {body}: {answer}"
        );
    }
}

#[tokio::test]
async fn creations_are_checked() {
    const OTHER: &str = "/api/v1/namespaces/none/configmaps";
    let cases: [Case; 13] = [
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{"name":"a"},"data":{"a":"b"}}"#,
            201,
            "",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{"name":"a"}}"#,
            409,
            "configmaps \"a\" already exists",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{"name":"b","namespace":"other"}}"#,
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{}}"#,
            422,
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{"name":"b","resourceVersion":"5"}}"#,
            500,
            "resourceVersion should not be set on objects to be created",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"apiVersion":"v1""#,
            400,
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({\"apiVersion\":\"v1\")",
        ),
        (
            "POST",
            MAPS,
            JSON,
            "",
            400,
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
        ),
        ("POST", MAPS, "text/foo", "{}", 415, ""),
        (
            "POST",
            MAPS,
            "application/yaml",
            "metadata: {name: y1}",
            201,
            "",
        ),
        (
            "POST",
            MAPS,
            JSON,
            r#"{"metadata":{"name":7}}"#,
            400,
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        (
            "POST",
            OTHER,
            JSON,
            r#"{"metadata":{"name":"a"}}"#,
            404,
            "namespaces \"none\" not found",
        ),
        (
            "POST",
            "/api/v1/namespaces/default/configmaps?dryRun=All",
            JSON,
            r#"{"metadata":{"name":"dry"}}"#,
            201,
            "",
        ),
        (
            "GET",
            "/api/v1/namespaces/default/configmaps/dry",
            JSON,
            "",
            404,
            "configmaps \"dry\" not found",
        ),
    ];
    check(&api(), &cases).await;
}

#[tokio::test]
async fn unknown_and_doubled_fields_are_warned_of_or_refused() {
    let api = api();
    let body = r#"{"metadata":{"name":"NAME"},"foo":1,"data":{"a":"b"},"data":{"a":"c"}}"#;
    let ask = |name: &str, validation: &str| {
        let target = format!("{MAPS}?fieldValidation={validation}");
        with_body("POST", &target, JSON, &body.replace("NAME", name))
    };
    let response = api.answer(ask("warn", "Warn")).await;
    assert_eq!(
        response.warnings,
        ["unknown field \"foo\"", "duplicate field \"data\""]
    );
    let (_, object) = whole(response).await;
    assert_eq!(
        (object["data"]["a"].as_str(), object.get("foo")),
        (Some("c"), None)
    );
    assert!(
        api.answer(ask("ignore", "Ignore"))
            .await
            .warnings
            .is_empty()
    );
    let (code, status) = whole(api.answer(ask("strict", "Strict")).await).await;
    assert_eq!(code, 400);
    assert_eq!(
        status["message"],
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown \
         field \"foo\", duplicate field \"data\""
    );
}

#[tokio::test]
async fn updates_keep_to_the_object_and_its_version() {
    const A: &str = "/api/v1/namespaces/default/configmaps/a";
    const NONE: &str = "/api/v1/namespaces/default/configmaps/none";
    const MODIFIED: &str = "Operation cannot be fulfilled on configmaps \"a\": the object has been \
                            modified; please apply your changes to the latest version and try again";
    let cases: [Case; 12] = [
        ("POST", MAPS, JSON, r#"{"metadata":{"name":"a"}}"#, 201, ""),
        (
            "PUT",
            A,
            JSON,
            r#"{"metadata":{"name":"b"}}"#,
            400,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            "PUT",
            A,
            JSON,
            r#"{"metadata":{}}"#,
            400,
            "the name of the object (a based on URL) was undeterminable: name must be provided",
        ),
        (
            "PUT",
            A,
            JSON,
            r#"{"metadata":{"name":"a","resourceVersion":"1"}}"#,
            409,
            MODIFIED,
        ),
        (
            "PUT",
            A,
            JSON,
            r#"{"metadata":{"name":"a","resourceVersion":"zz"}}"#,
            500,
            "strconv.ParseUint: parsing \"zz\": invalid syntax",
        ),
        (
            "PUT",
            NONE,
            JSON,
            r#"{"metadata":{"name":"none"}}"#,
            404,
            "configmaps \"none\" not found",
        ),
        (
            "PUT",
            A,
            JSON,
            r#"{"metadata":{"name":"a"},"data":{"x":"y"}}"#,
            200,
            "",
        ),
        ("PATCH", A, JSON, "{}", 415, ""),
        (
            "PATCH",
            A,
            MERGE,
            r#"{"metadata":{"resourceVersion":"1"}}"#,
            409,
            MODIFIED,
        ),
        (
            "PATCH",
            A,
            MERGE,
            r#"{"data":"#,
            400,
            "error decoding patch: unexpected end of JSON input",
        ),
        (
            "PATCH",
            A,
            MERGE,
            "[]",
            400,
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        ("PATCH", A, MERGE, r#"{"data":{"z":"1"}}"#, 200, ""),
    ];
    let api = api();
    check(&api, &cases).await;
    let (_, object) = send(&api, "GET", A).await;
    assert_eq!(object["data"], json!({ "x": "y", "z": "1" }));
}

#[tokio::test]
async fn only_changes_count() {
    let api = api();
    let first = create(&api, DEPLOYMENTS, deployment("web")).await;
    let target = format!("{DEPLOYMENTS}/web");
    let patch = async |body: Value| {
        let (code, object) = send_body(&api, "PATCH", &target, MERGE, &body).await;
        assert_eq!(code, 200, "{object}");
        object
    };
    let same = patch(json!({ "spec": { "replicas": 2 } })).await;
    assert_eq!(
        same["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    let labeled = patch(json!({ "metadata": { "labels": { "a": "b" } } })).await;
    assert_eq!(labeled["metadata"]["generation"], 1);
    let scaled = patch(json!({ "spec": { "replicas": 3 }, "status": { "replicas": 9 } })).await;
    assert_eq!(scaled["metadata"]["generation"], 2);
    assert!(scaled["status"].get("replicas").is_none());
}

#[tokio::test]
async fn status_and_scale_are_written_apart() {
    let api = api();
    create(&api, DEPLOYMENTS, deployment("web")).await;
    let part = |it: &str| format!("{DEPLOYMENTS}/web/{it}");
    let body = json!({ "status": { "replicas": 2 }, "spec": { "replicas": 9 } });
    let (code, object) = send_body(&api, "PATCH", &part("status"), MERGE, &body).await;
    assert_eq!(code, 200, "{object}");
    assert_eq!(
        (&object["status"]["replicas"], &object["spec"]["replicas"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(object["metadata"]["generation"], 1);
    let body = json!({ "spec": { "replicas": 5 } });
    let (_, scale) = send_body(&api, "PATCH", &part("scale"), MERGE, &body).await;
    assert_eq!(scale["kind"], "Scale");
    assert_eq!(
        (&scale["spec"]["replicas"], &scale["status"]["selector"]),
        (&json!(5), &json!("app=web"))
    );
    let (_, object) = send(&api, "GET", &format!("{DEPLOYMENTS}/web")).await;
    assert_eq!(
        (
            &object["spec"]["replicas"],
            &object["metadata"]["generation"]
        ),
        (&json!(5), &json!(2))
    );
    let body = json!({ "metadata": { "name": "web" }, "spec": { "replicas": -4 } });
    let (code, status) = send_body(&api, "PUT", &part("scale"), JSON, &body).await;
    assert_eq!(code, 422);
    assert_eq!(
        status["message"],
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -4: must be greater than or \
         equal to 0"
    );
}

#[tokio::test]
async fn generated_names_differ_and_follow_from_the_seed() {
    let names = async || {
        let api = api();
        let body = json!({ "metadata": { "generateName": "x-" } });
        let one = create(&api, MAPS, body.clone()).await;
        let other = create(&api, MAPS, body).await;
        [one, other].map(|it| it["metadata"]["name"].as_str().unwrap().to_owned())
    };
    let [one, other] = names().await;
    assert!(
        one != other && one.starts_with("x-") && one.len() == 7,
        "{one} {other}"
    );
    assert_eq!(names().await, [one, other]);
}

#[tokio::test]
async fn what_is_loaded_is_dumped_as_it_was() {
    let api = api();
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a",
        "namespace": "shop", "uid": "u", "creationTimestamp": "2020-01-01T00:00:00Z" } });
    let unknown = json!({ "apiVersion": "none/v1", "kind": "None", "metadata": { "name": "a" } });
    api.load(vec![object.clone(), unknown, json!(1)]);
    let left_out =
        [("None.none", 1), ("without a kind", 1)].map(|(kind, it)| (kind.to_owned(), it));
    assert_eq!(api.left_out(), left_out.into());
    assert!(api.get("", "namespaces", "", "shop").is_some());
    let dumped = api
        .dump()
        .into_iter()
        .find(|it| it["metadata"]["namespace"] == "shop");
    let mut dumped = dumped.unwrap();
    assert!(
        dumped["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("resourceVersion")
            .is_some()
    );
    assert_eq!(dumped, object);
}

#[tokio::test]
async fn what_is_loaded_has_its_defaults() {
    let api = api();
    let object = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": { "name": "a", "namespace": "shop" },
        "spec": { "selector": { "matchLabels": { "app": "a" } }, "serviceName": "a", "template": {
            "metadata": { "labels": { "app": "a" } },
            "spec": { "containers": [{ "name": "a", "image": "a" }] } } } });
    api.load(vec![object]);
    let loaded = api.get("apps", "statefulsets", "shop", "a").unwrap();
    let template = loaded["spec"]["template"].clone();
    assert_eq!(template["spec"]["restartPolicy"], "Always");
    let mut changed = (*loaded).clone();
    changed["spec"]["replicas"] = json!(2);
    let changed = api.update("stepscale", changed).unwrap();
    assert_eq!(changed["spec"]["template"], template);
}

#[tokio::test]
async fn some_kinds_are_created_by_updates_and_insist_on_versions() {
    const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/x";
    let cases: [Case; 3] = [
        (
            "PUT",
            LEASE,
            JSON,
            r#"{"metadata":{"name":"x"},"spec":{}}"#,
            201,
            "",
        ),
        (
            "PUT",
            LEASE,
            JSON,
            r#"{"metadata":{"name":"x"},"spec":{"holderIdentity":"a"}}"#,
            422,
            "leases.coordination.k8s.io \"x\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update",
        ),
        (
            "PATCH",
            LEASE,
            MERGE,
            r#"{"spec":{"holderIdentity":"a"}}"#,
            200,
            "",
        ),
    ];
    check(&api(), &cases).await;
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const SHIPS: &str = "/apis/example.com/v1/namespaces/default/ships";

fn ships() -> Value {
    let integer = json!({ "type": "integer" });
    let spec = json!({ "type": "object", "required": ["size"],
        "properties": { "size": integer, "crew": { "type": "integer", "default": 2 } } });
    let status = json!({ "type": "object", "properties": { "crew": integer } });
    json!({ "metadata": { "name": "ships.example.com" }, "spec": { "group": "example.com",
        "scope": "Namespaced", "names": { "plural": "ships", "kind": "Ship" },
        "versions": [{ "name": "v1", "served": true, "storage": true,
            "subresources": { "status": {},
                "scale": { "specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew" } },
            "schema": { "openAPIV3Schema": { "type": "object",
                "properties": { "spec": spec, "status": status } } } }] } })
}

fn ship_of(name: &str, size: &Value) -> Value {
    json!({ "apiVersion": "example.com/v1", "kind": "Ship", "metadata": { "name": name },
        "spec": { "size": size } })
}

#[tokio::test]
async fn custom_objects_say_what_they_are() {
    let api = api();
    create(&api, DEFINITIONS, ships()).await;
    let cases = [
        (
            json!({ "metadata": { "name": "x" } }),
            400,
            "the object provided is unrecognized (must be of type Ship): Object 'Kind' is missing in \
             '{\"metadata\":{\"name\":\"x\"}}' ({\"metadata\":{\"name\":\"x\"}})",
        ),
        (
            json!({ "apiVersion": "v1", "kind": "Ship", "metadata": { "name": "x" } }),
            400,
            "the API version in the data (v1) does not match the expected API version (example.com/v1)",
        ),
        (
            json!({ "apiVersion": "example.com/v1", "kind": "Boat", "metadata": { "name": "x" } }),
            422,
            "Boat.example.com \"x\" is invalid: kind: Invalid value: \"Boat\": must be Ship",
        ),
    ];
    for (body, code, message) in cases {
        let (found, status) = send_body(&api, "POST", SHIPS, JSON, &body).await;
        assert_eq!((found, status["message"].as_str()), (code, Some(message)));
    }
    create(&api, SHIPS, ship_of("a", &json!(1))).await;
    let target = format!("{SHIPS}/a");
    let other = json!({ "apiVersion": "example.com/v2" });
    let (code, status) = send_body(&api, "PATCH", &target, MERGE, &other).await;
    assert_eq!((code, &status["details"]["kind"]), (422, &json!("Ship")));
    let strategic = "application/strategic-merge-patch+json";
    let (code, _) = send_body(&api, "PATCH", &target, strategic, &json!({})).await;
    assert_eq!(code, 415);
}

#[tokio::test]
async fn a_definition_waits_for_the_objects_of_its_kind() {
    let api = api();
    create(&api, DEFINITIONS, ships()).await;
    create(&api, SHIPS, ship_of("free", &json!(1))).await;
    let mut held = ship_of("held", &json!(1));
    held["metadata"]["finalizers"] = json!(["example.com/held"]);
    create(&api, SHIPS, held).await;
    let target = format!("{DEFINITIONS}/ships.example.com");
    let (code, definition) = send(&api, "DELETE", &target).await;
    let condition = &definition["status"]["conditions"][2];
    assert_eq!(
        (
            code,
            &definition["metadata"]["finalizers"],
            &condition["type"],
            &condition["reason"]
        ),
        (
            200,
            &json!(["customresourcecleanup.apiextensions.k8s.io"]),
            &json!("Terminating"),
            &json!("InstanceDeletionPending")
        )
    );
    assert_eq!(send(&api, "GET", &format!("{SHIPS}/free")).await.0, 404);
    let (_, definition) = send(&api, "GET", &target).await;
    let condition = &definition["status"]["conditions"][2];
    assert_eq!(condition["reason"], "InstanceDeletionInProgress");
    let late = ship_of("late", &json!(1));
    let (code, status) = send_body(&api, "POST", SHIPS, JSON, &late).await;
    assert_eq!(
        (code, status["message"].as_str()),
        (
            403,
            Some(
                "ships.example.com \"late\" is forbidden: create not allowed while custom resource \
                 definition is terminating"
            )
        )
    );
    let free = json!({ "metadata": { "finalizers": null } });
    send_body(&api, "PATCH", &format!("{SHIPS}/held"), MERGE, &free).await;
    assert_eq!(send(&api, "GET", &target).await.0, 404);
    assert_eq!(send(&api, "GET", SHIPS).await.0, 404);
}

#[tokio::test]
async fn patches_leave_identities_alone() {
    let api = api();
    create(&api, MAPS, map("a")).await;
    let target = format!("{MAPS}/a");
    let patch = json!({ "metadata": { "uid": "x" } });
    let (code, status) = send_body(&api, "PATCH", &target, MERGE, &patch).await;
    let message =
        "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"x\": field is immutable";
    assert_eq!((code, status["message"].as_str()), (422, Some(message)));
    let config = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "a", "uid": "x" } });
    let apply = format!("{target}?fieldManager=x");
    assert_eq!(
        send_body(&api, "PATCH", &apply, APPLY, &config).await.0,
        422
    );
    let null = json!({ "metadata": { "uid": null } });
    assert_eq!(send_body(&api, "PATCH", &target, MERGE, &null).await.0, 200);
}

#[tokio::test]
async fn bodies_of_other_kinds_are_refused() {
    let api = api();
    let of = |kind: &str| format!("{kind} in version \"v1\" cannot be handled as a ConfigMap: ");
    let cases = [
        (
            json!({ "apiVersion": "apps/v1", "kind": "Deployment" }),
            of("Deployment") + "converting (v1.Deployment) to (core.ConfigMap): unknown conversion",
        ),
        (
            json!({ "apiVersion": "v1", "kind": "ConfigMapList" }),
            of("ConfigMapList")
                + "converting (v1.ConfigMapList) to (core.ConfigMap): unknown conversion",
        ),
        (
            json!({ "kind": "Other" }),
            of("Other")
                + "no kind \"Other\" is registered for version \"v1\" in scheme \
                   \"pkg/api/legacyscheme/scheme.go:30\"",
        ),
    ];
    for (body, message) in cases {
        let (code, status) = send_body(&api, "POST", MAPS, JSON, &body).await;
        assert_eq!(
            (code, status["message"].as_str()),
            (400, Some(message.as_str()))
        );
    }
    create(&api, DEPLOYMENTS, deployment("web")).await;
    let scale = format!("{DEPLOYMENTS}/web/scale");
    let other = json!({ "metadata": { "name": "other" }, "spec": { "replicas": 1 } });
    assert_eq!(send_body(&api, "PUT", &scale, JSON, &other).await.0, 400);
    let (_, found) = send(&api, "GET", &scale).await;
    assert_eq!(
        (&found["kind"], &found["spec"]["replicas"]),
        (&json!("Scale"), &json!(2))
    );
}

#[tokio::test]
async fn a_definition_makes_a_kind_and_takes_it_away() {
    let api = api();
    assert_eq!(send(&api, "GET", SHIPS).await.0, 404);
    create(&api, DEFINITIONS, ships()).await;
    let (_, definition) = send(&api, "GET", &format!("{DEFINITIONS}/ships.example.com")).await;
    let conditions = definition["status"]["conditions"].as_array().unwrap();
    assert!(
        conditions
            .iter()
            .any(|it| it["type"] == "Established" && it["status"] == "True")
    );
    let ship = create(&api, SHIPS, ship_of("a", &json!(1))).await;
    assert_eq!(
        (&ship["spec"]["crew"], &ship["metadata"]["generation"]),
        (&json!(2), &json!(1))
    );
    let bad = ship_of("b", &json!("x"));
    let (code, status) = send_body(&api, "POST", SHIPS, JSON, &bad).await;
    assert_eq!(
        (code, status["reason"].as_str()),
        (422, Some("Invalid")),
        "{status}"
    );
    let scale = json!({ "spec": { "replicas": 7 } });
    let (code, scale) = send_body(&api, "PATCH", &format!("{SHIPS}/a/scale"), MERGE, &scale).await;
    assert_eq!((code, &scale["spec"]["replicas"]), (200, &json!(7)));
    let (code, _) = send(&api, "DELETE", &format!("{DEFINITIONS}/ships.example.com")).await;
    assert_eq!(code, 200);
    assert_eq!(send(&api, "GET", SHIPS).await.0, 404);
    assert!(api.list("example.com", "ships", "").is_empty());
}

const V2: &str = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
const V1: &str = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";

fn autoscaler(most: i32) -> Value {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "web" }, "spec": { "maxReplicas": most,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" } } })
}

#[tokio::test]
async fn fields_belong_to_those_who_apply_them() {
    let api = api();
    let path = format!("{V2}/web");
    let apply = async |manager: &str, most: i32, more: &str| {
        let target = format!("{path}?fieldManager={manager}{more}");
        send_body(&api, "PATCH", &target, APPLY, &autoscaler(most)).await
    };
    let (code, first) = apply("one", 5, "").await;
    assert_eq!(code, 201, "{first}");
    let (code, again) = apply("one", 5, "").await;
    assert_eq!((code, &again["metadata"]), (200, &first["metadata"]));
    let (code, status) = apply("two", 6, "").await;
    assert_eq!(
        (code, status["reason"].as_str()),
        (409, Some("Conflict")),
        "{status}"
    );
    assert_eq!(
        status["message"],
        "Apply failed with 1 conflict: conflict with \"one\": .spec.maxReplicas"
    );
    let (code, taken) = apply("two", 6, "&force=true").await;
    assert_eq!((code, &taken["spec"]["maxReplicas"]), (200, &json!(6)));
    let dry = json!({ "spec": { "maxReplicas": 9 } });
    let target = format!("{path}?dryRun=All");
    let (_, shown) = send_body(&api, "PATCH", &target, MERGE, &dry).await;
    assert_eq!(shown["spec"]["maxReplicas"], 9);
    let (_, kept) = send(&api, "GET", &path).await;
    assert_eq!(kept["spec"]["maxReplicas"], 6);
}

#[tokio::test]
async fn both_versions_of_autoscalers_are_one_object() {
    let api = api();
    create(&api, V2, autoscaler(5)).await;
    let (_, old) = send(&api, "GET", &format!("{V1}/web")).await;
    assert_eq!(old["apiVersion"], "autoscaling/v1");
    assert_eq!(old["spec"]["targetCPUUtilizationPercentage"], 80);
    let patch = json!({ "spec": { "targetCPUUtilizationPercentage": 60 } });
    let (code, _) = send_body(&api, "PATCH", &format!("{V1}/web"), MERGE, &patch).await;
    assert_eq!(code, 200);
    let (_, new) = send(&api, "GET", &format!("{V2}/web")).await;
    let target = &new["spec"]["metrics"][0]["resource"]["target"];
    assert_eq!(target["averageUtilization"], 60, "{new}");
}

#[tokio::test]
async fn a_scale_is_shown_in_columns_of_its_own() {
    let api = api();
    create(&api, DEPLOYMENTS, deployment("web")).await;
    let asked = Request {
        accept: "application/json;as=Table;v=v1;g=meta.k8s.io".to_owned(),
        ..request("GET", &format!("{DEPLOYMENTS}/web/scale"))
    };
    let (code, table) = whole(api.answer(asked).await).await;
    assert_eq!(code, 200, "{table}");
    let columns = table["columnDefinitions"].as_array().unwrap();
    let names: Vec<_> = columns.iter().map(|it| it["name"].as_str()).collect();
    let expected = ["Name", "Desired", "Available", "Age"].map(Some);
    assert_eq!(names, expected);
    assert_eq!(table["rows"][0]["cells"][1], 2);
}
