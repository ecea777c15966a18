//! Reviews and what they answer.

use super::*;
use crate::sandbox::access::tests::policies;

fn answer(kind: &str, user: &User, spec: Value) -> Result<Value, String> {
    let policies = policies();
    let by = Asker {
        user,
        namespace: "shop",
        policies: &policies,
        now: Timestamp::UNIX_EPOCH,
    };
    let review = Review::of(kind).unwrap();
    let answered = review.answer(json!({ "kind": kind, "spec": spec }), &by);
    answered
        .map(|it| it["status"].clone())
        .map_err(|it| it.message)
}

fn eve() -> User {
    User::known("eve", vec![])
}

fn pods(verb: &str, namespace: &str) -> Value {
    json!({ "verb": verb, "resource": "pods", "namespace": namespace })
}

#[test]
fn access_reviews_say_why() {
    let reason = "RBAC: allowed by RoleBinding \"viewers/shop\" of ClusterRole \"view\" to User \
                  \"eve\"";
    let allowed = json!({ "allowed": true, "reason": reason });
    let denied = json!({ "allowed": false });
    let mine = "SelfSubjectAccessReview";
    let cases = [
        (
            mine,
            json!({ "resourceAttributes": pods("list", "shop") }),
            allowed.clone(),
        ),
        (
            mine,
            json!({ "resourceAttributes": pods("delete", "shop") }),
            denied.clone(),
        ),
        (
            mine,
            json!({ "resourceAttributes": pods("list", "") }),
            denied.clone(),
        ),
        (
            mine,
            json!({ "nonResourceAttributes": { "path": "/x", "verb": "get" } }),
            denied.clone(),
        ),
        (
            "SubjectAccessReview",
            json!({ "user": "eve", "resourceAttributes": pods("list", "shop") }),
            allowed.clone(),
        ),
        (
            "SubjectAccessReview",
            json!({ "user": "bob", "resourceAttributes": pods("list", "shop") }),
            denied,
        ),
        (
            "LocalSubjectAccessReview",
            json!({ "user": "eve", "resourceAttributes": pods("list", "shop") }),
            allowed,
        ),
    ];
    for (kind, spec, expected) in cases {
        assert_eq!(
            answer(kind, &eve(), spec.clone()),
            Ok(expected),
            "{kind} {spec}"
        );
    }
}

#[test]
fn reviews_that_ask_for_nothing_or_too_much_are_refused() {
    let head = ".authorization.k8s.io \"\" is invalid: ";
    let path = json!({ "path": "/x", "verb": "get" });
    let nothing = "spec.resourceAttributes: Invalid value: null: exactly one of \
                   nonResourceAttributes or resourceAttributes must be specified";
    let nobody = "spec.user: Invalid value: \"\": at least one of user or group must be specified";
    let cases = [
        ("SelfSubjectAccessReview", json!({}), nothing.to_owned()),
        ("SelfSubjectAccessReview",
            json!({ "resourceAttributes": {}, "nonResourceAttributes": path }),
            "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: cannot \
             be specified in combination with resourceAttributes".to_owned()),
        ("SubjectAccessReview", json!({}), format!("[{nothing}, {nobody}]")),
        ("LocalSubjectAccessReview", json!({ "user": "eve", "nonResourceAttributes": path }),
            "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: \
             disallowed on this kind of request".to_owned()),
        ("LocalSubjectAccessReview",
            json!({ "user": "eve", "resourceAttributes": pods("get", "x") }),
            "spec.resourceAttributes.namespace: Invalid value: \"x\": must match \
             metadata.namespace".to_owned()),
    ];
    for (kind, spec, expected) in cases {
        let found = answer(kind, &eve(), spec.clone());
        assert_eq!(found, Err(format!("{head}{expected}")), "{kind} {spec}");
    }
}

#[test]
fn the_list_of_rules_has_all_roles_of_the_user() {
    let status = answer(
        "SelfSubjectRulesReview",
        &eve(),
        json!({ "namespace": "shop" }),
    )
    .unwrap();
    let has = |list: &str, key: &str, word: &str| {
        let rules = status[list].as_array().unwrap();
        rules
            .iter()
            .any(|it| it[key].as_array().unwrap().contains(&json!(word)))
    };
    assert!(has(
        "resourceRules",
        "resources",
        "horizontalpodautoscalers"
    ));
    assert!(has("resourceRules", "resources", "selfsubjectreviews"));
    assert!(has("nonResourceRules", "nonResourceURLs", "/openapi/*"));
    assert!(!has("resourceRules", "resources", "secrets"));
    assert_eq!(status["incomplete"], json!(false));
    assert_eq!(status.get("evaluationError"), None);
}

#[test]
fn the_list_of_rules_names_missing_roles_and_needs_a_namespace() {
    let joe = User::known("joe", vec![]);
    let status = answer(
        "SelfSubjectRulesReview",
        &joe,
        json!({ "namespace": "shop" }),
    )
    .unwrap();
    assert_eq!(
        status["evaluationError"],
        "[role.rbac.authorization.k8s.io \"none\" not found, \
         clusterrole.rbac.authorization.k8s.io \"none\" not found]"
    );
    let refused = answer("SelfSubjectRulesReview", &joe, json!({}));
    assert_eq!(refused, Err("no namespace on request".to_owned()));
}

#[test]
fn a_user_learns_who_they_are() {
    let status = answer("SelfSubjectReview", &eve(), json!(null)).unwrap();
    let expected = json!({ "username": "eve", "groups": ["system:authenticated"] });
    assert_eq!(status, json!({ "userInfo": expected }));
}

#[test]
fn an_object_of_another_shape_does_no_harm() {
    let policies = policies();
    let user = eve();
    let by = Asker {
        user: &user,
        namespace: "shop",
        policies: &policies,
        now: Timestamp::UNIX_EPOCH,
    };
    for object in [json!(null), json!([]), json!("x"), json!({ "spec": [] })] {
        let answered = Review::SelfSubject.answer(object.clone(), &by).unwrap();
        assert_eq!(
            answered["metadata"]["creationTimestamp"],
            "1970-01-01T00:00:00Z"
        );
        assert!(Review::SubjectAccess.answer(object, &by).is_err());
    }
}
