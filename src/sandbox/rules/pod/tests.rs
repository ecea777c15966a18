use serde_json::json;

use super::*;
use crate::sandbox::schema::form;

#[test]
fn classes_follow_from_requests_and_limits() {
    let pod = |resources: Value| json!({ "containers": [{ "resources": resources }] });
    let table = [
        (json!({}), "BestEffort"),
        (json!({ "requests": { "cpu": "0" } }), "BestEffort"),
        (json!({ "requests": { "cpu": "100m" } }), "Burstable"),
        (
            json!({ "requests": { "cpu": "100m", "memory": "1Gi" },
                "limits": { "cpu": "0.1", "memory": "1024Mi" } }),
            "Guaranteed",
        ),
        (
            json!({ "limits": { "cpu": "1", "memory": "1Gi" } }),
            "Guaranteed",
        ),
        (
            json!({ "requests": { "cpu": "1" }, "limits": { "cpu": "2", "memory": "1Gi" } }),
            "Burstable",
        ),
    ];
    for (resources, class) in table {
        assert_eq!(defaults::quality_of_service(&pod(resources)), class);
    }
}

#[test]
fn pods_are_completed_as_by_the_real_server() {
    let table: Value = serde_json::from_str(include_str!("../cases/completed.json")).unwrap();
    let cases = table.as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let mut object = case["object"].clone();
        let kinds = crate::sandbox::kinds::builtin::all();
        let kind = kinds.iter().find(|it| object["kind"] == it.kind.as_str());
        let (rules, version) = (kind.unwrap().rules, kind.unwrap().stored());
        form::settle(&mut object, version.schema(), &version.definition);
        rules.complete.unwrap()(&mut object);
        rules.prepare.unwrap()(&mut object, None);
        assert_eq!(object["spec"], case["spec"], "{}", case["what"]);
    }
}

#[test]
fn a_pod_may_get_new_images_but_nothing_else() {
    let pod = |image: &str, command: &str| {
        let mut pod = json!({ "spec": { "containers":
            [{ "name": "a", "image": image, "command": [command] }] } });
        complete(&mut pod);
        pod
    };
    let old = pod("web:1", "run");
    assert_eq!(check(&pod("web:2", "run"), Some(&old)), vec![]);
    let found = check(&pod("web:1", "walk"), Some(&old));
    assert_eq!((found.len(), found[0].field.as_str()), (1, "spec"));
    let mut bound = old.clone();
    bound["spec"]["nodeName"] = json!("node-1");
    assert_eq!(check(&bound, Some(&old)), vec![]);
}
