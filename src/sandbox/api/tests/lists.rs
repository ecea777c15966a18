use std::time::Duration;

use super::*;

#[tokio::test]
async fn pages_are_of_one_version_and_meet() {
    let api = api();
    for name in ["a", "b", "c", "d", "e"] {
        create(&api, MAPS, map(name)).await;
    }
    let (_, first) = send(&api, "GET", &format!("{MAPS}?limit=2")).await;
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    let token = first["metadata"]["continue"].as_str().unwrap();
    send(&api, "DELETE", &format!("{MAPS}/d")).await;
    create(&api, MAPS, map("cc")).await;
    let (_, rest) = send(&api, "GET", &format!("{MAPS}?limit=9&continue={token}")).await;
    let names: Vec<&str> = rest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["c", "d", "e"]);
    assert_eq!(
        rest["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    assert!(rest["metadata"].get("continue").is_none());
}

#[tokio::test]
async fn a_page_of_a_forgotten_version_says_how_to_go_on() {
    let api = Api::remembering(3, clock(), 1);
    for name in ["a", "b", "c"] {
        create(&api, MAPS, map(name)).await;
    }
    let (_, first) = send(&api, "GET", &format!("{MAPS}?limit=1")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    for name in ["d", "e", "f", "g"] {
        create(&api, MAPS, map(name)).await;
    }
    let (code, status) = send(&api, "GET", &format!("{MAPS}?continue={token}")).await;
    assert_eq!((code, status["reason"].as_str()), (410, Some("Expired")));
    let token = status["metadata"]["continue"].as_str().unwrap();
    let (code, rest) = send(&api, "GET", &format!("{MAPS}?continue={token}")).await;
    assert_eq!((code, rest["items"].as_array().unwrap().len()), (200, 6));
}

#[tokio::test]
async fn options_that_do_not_go_together_are_refused() {
    let api = api();
    let forbidden = "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: ";
    let cases = [
        ("resourceVersionMatch=Exact", 422, format!("{forbidden}resourceVersionMatch is forbidden unless resourceVersion is provided")),
        ("resourceVersion=0&resourceVersionMatch=Exact", 422, format!("{forbidden}resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")),
        ("resourceVersion=1&resourceVersionMatch=Foo", 422, "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"Foo\": supported values: \"Exact\", \"NotOlderThan\", \"\"".to_owned()),
        ("sendInitialEvents=true", 422, "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list".to_owned()),
        ("watch=true&sendInitialEvents=true", 422, format!("{forbidden}sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")),
        ("resourceVersion=abc", 400, "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax".to_owned()),
        ("watch=1&resourceVersion=abc", 500, "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax".to_owned()),
        ("fieldSelector=spec.foo%3D1", 400, "\"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"".to_owned()),
        ("labelSelector=a%3D%3D%3D", 400, "unable to parse requirement: found '=', expected: identifier".to_owned()),
        ("resourceVersion=1&resourceVersionMatch=Exact", 200, String::new()),
    ];
    for (query, code, message) in cases {
        let (found, status) = send(&api, "GET", &format!("{MAPS}?{query}")).await;
        assert_eq!(found, code, "{query}: {status}");
        assert!(
            code == 200 || status["message"] == message.as_str(),
            "{query}: {status}"
        );
    }
    let (code, status) = send(&api, "GET", &format!("{MAPS}?resourceVersion=99999")).await;
    assert_eq!(
        (code, status["details"]["retryAfterSeconds"].as_i64()),
        (504, Some(1))
    );
}

#[tokio::test]
async fn answers_come_in_the_form_that_is_asked_for() {
    let api = api();
    create(&api, MAPS, map("a")).await;
    let ask = |accept: &str, path: &str| Request {
        accept: accept.to_owned(),
        ..request("GET", path)
    };
    let (_, list) = whole(api.answer(ask(JSON, MAPS)).await).await;
    assert_eq!(list["kind"], "ConfigMapList");
    assert!(list["items"][0].get("kind").is_none());
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, table) = whole(api.answer(ask(table, MAPS)).await).await;
    assert_eq!(table["kind"], "Table");
    let partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    let one = format!("{MAPS}/a");
    let (_, partial) = whole(api.answer(ask(partial, &one)).await).await;
    assert_eq!(partial["kind"], "PartialObjectMetadata");
    assert!(partial.get("data").is_none());
    let list = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    assert_eq!(whole(api.answer(ask(list, &one)).await).await.0, 406);
    assert_eq!(whole(api.answer(ask("text/html", &one)).await).await.0, 406);
    let yaml = api.answer(ask("application/yaml", &one)).await;
    assert_eq!(yaml.content_type, "application/yaml");
}

/// Not exact, and far above what it takes, so that a slow machine does not fail it.
#[tokio::test]
async fn a_fleet_is_listed_soon() {
    let api = api();
    let each = |name: usize| {
        let mut object = deployment(&format!("web-{name}"));
        object["apiVersion"] = json!("apps/v1");
        object["kind"] = json!("Deployment");
        object
    };
    api.load((0..1000).map(each).collect());
    let listed = tokio::time::timeout(Duration::from_secs(5), send(&api, "GET", DEPLOYMENTS)).await;
    let (_, list) = listed.unwrap();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1000));
}
