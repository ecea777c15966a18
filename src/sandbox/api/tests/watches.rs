use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_matches_and_what_no_longer_does() {
    let api = api();
    let labeled = |label: &str| json!({ "metadata": { "name": "a", "labels": { "l": label } } });
    create(&api, MAPS, labeled("x")).await;
    let version = api.version();
    let path = format!("{MAPS}/a");
    for label in ["y", "x", "x2"] {
        let (code, body) = send_body(&api, "PATCH", &path, MERGE, &labeled(label)).await;
        assert_eq!(code, 200, "{body}");
    }
    send(&api, "DELETE", &path).await;
    let watch = |query: &str| format!("{MAPS}?watch=true&timeoutSeconds=1&{query}");
    let all = events(&api, &watch(&format!("resourceVersion={version}"))).await;
    assert_eq!(
        told(&all),
        ["MODIFIED a", "MODIFIED a", "MODIFIED a", "DELETED a"]
    );
    let gone = &all[3]["object"]["metadata"]["resourceVersion"];
    assert_eq!(gone.as_str(), Some(api.version().to_string().as_str()));
    let selected = watch(&format!("resourceVersion={version}&labelSelector=l%3Dx"));
    let selected = events(&api, &selected).await;
    assert_eq!(told(&selected), ["DELETED a", "ADDED a", "DELETED a"]);
    assert_eq!(selected[0]["object"]["metadata"]["labels"]["l"], "x");
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_a_version_begins_with_what_there_is() {
    let api = api();
    create(&api, MAPS, map("a")).await;
    let target = format!("{MAPS}?watch=true&timeoutSeconds=1");
    assert_eq!(told(&events(&api, &target).await), ["ADDED a"]);
    let streaming = format!(
        "{target}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let streamed = events(&api, &streaming).await;
    assert_eq!(told(&streamed), ["ADDED a", "BOOKMARK "]);
    let annotations = &streamed[1]["object"]["metadata"]["annotations"];
    assert_eq!(annotations["k8s.io/initial-events-end"], "true");
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_each_minute_to_those_who_want_them() {
    let api = api();
    let target = format!("{MAPS}?watch=true&resourceVersion=1&timeoutSeconds=150");
    assert!(events(&api, &target).await.is_empty());
    let marked = events(&api, &format!("{target}&allowWatchBookmarks=true")).await;
    assert_eq!(told(&marked), ["BOOKMARK ", "BOOKMARK "]);
    let version = &marked[0]["object"]["metadata"]["resourceVersion"];
    assert_eq!(version.as_str(), Some(api.version().to_string().as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_comes_too_late_is_told_so() {
    let api = Api::remembering(2, clock(), 1);
    for name in ["a", "b", "c", "d"] {
        create(&api, MAPS, map(name)).await;
    }
    let target = format!("{MAPS}?watch=true&resourceVersion=1");
    let told = events(&api, &target).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["type"], &told[0]["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
}

#[tokio::test]
async fn what_is_written_while_watching_is_told_at_once() {
    let api = api();
    let response = api
        .answer(request("GET", &format!("{MAPS}?watch=true")))
        .await;
    let Body::Stream(mut lines) = response.body else {
        panic!("no stream");
    };
    let writer = api.clone();
    tokio::spawn(async move { create(&writer, MAPS, map("late")).await });
    let line = lines.next().await.unwrap();
    let event: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(told(&[event]), ["ADDED late"]);
}

/// A write by its kind and the name it is about.
fn writes() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0_u8..7, 0_u8..4), 0..40)
}

async fn perform(api: &Api, (what, which): (u8, u8)) {
    let (name, value) = (format!("m{which}"), format!("v{}", what % 3));
    let path = format!("{MAPS}/{name}");
    let body =
        json!({ "metadata": { "name": name, "labels": { "l": value } }, "data": { "k": value } });
    let dry = format!("{path}?dryRun=All");
    let (code, _) = match what {
        0 => send_body(api, "POST", MAPS, JSON, &body).await,
        1 => send_body(api, "PUT", &path, JSON, &body).await,
        2 | 3 => send_body(api, "PATCH", &path, MERGE, &body).await,
        4 => {
            send_body(
                api,
                "PATCH",
                &dry,
                MERGE,
                &json!({ "data": { "dry": "run" } }),
            )
            .await
        }
        5 => send_body(api, "DELETE", &dry, JSON, &json!({})).await,
        _ => send(api, "DELETE", &path).await,
    };
    assert!(code < 500, "{what} {name}: {code}");
}

/// What somebody knows who believes what a watch tells.
fn believe(known: &mut BTreeMap<String, Value>, events: &[Value]) {
    for event in events {
        let object = event["object"].clone();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        match event["type"].as_str().unwrap() {
            "ADDED" => assert!(known.insert(name, object).is_none(), "added twice"),
            "MODIFIED" => assert!(
                known.insert(name, object).is_some(),
                "modified, never added"
            ),
            "DELETED" => assert!(known.remove(&name).is_some(), "deleted, never added"),
            other => panic!("{other}"),
        }
    }
}

async fn selected(api: &Api) -> BTreeMap<String, Value> {
    let (_, list) = send(api, "GET", &format!("{MAPS}?labelSelector=l%3Dv1")).await;
    let named = |it: &Value| {
        let mut object = it.clone();
        object["kind"] = json!("ConfigMap");
        object["apiVersion"] = json!("v1");
        (
            object["metadata"]["name"].as_str().unwrap().to_owned(),
            object,
        )
    };
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(named)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_watch_from_any_version_ends_where_the_list_is(writes in writes(), from in 0_usize..40) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let api = api();
            let split = from.min(writes.len());
            for write in &writes[..split] {
                perform(&api, *write).await;
            }
            let (mut known, version) = (selected(&api).await, api.version());
            for write in &writes[split..] {
                perform(&api, *write).await;
            }
            let query = format!("watch=1&timeoutSeconds=1&resourceVersion={version}");
            let told = events(&api, &format!("{MAPS}?{query}&labelSelector=l%3Dv1")).await;
            believe(&mut known, &told);
            assert_eq!(known, selected(&api).await);
        });
    }
}
