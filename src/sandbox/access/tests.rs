//! Decisions on the default roles and on bindings of all kinds.

use serde_json::json;

use super::*;

fn arcs(all: Vec<Value>) -> Vec<Arc<Value>> {
    all.into_iter().map(Arc::new).collect()
}

/// The defaults, and in the namespace `shop`: eve and an account view, bob has a role, joe is bound
/// to what is missing.
pub(super) fn policies() -> Policies {
    let role = json!({ "metadata": { "name": "scaler", "namespace": "shop" }, "rules": [
        { "verbs": ["get", "patch"], "apiGroups": ["*"], "resources": ["*/scale"] }] });
    let subject = |kind: &str, name: &str| json!({ "kind": kind, "name": name });
    let bind = |name: &str, kind: &str, role: &str, subjects: Value| {
        json!({ "metadata": { "name": name, "namespace": "shop" }, "subjects": subjects,
            "roleRef": { "kind": kind, "name": role } })
    };
    let viewers = json!([subject("User", "eve"), subject("ServiceAccount", "robot")]);
    Policies {
        roles: arcs(vec![role]),
        cluster_roles: arcs(defaults::cluster_roles()),
        role_bindings: arcs(vec![
            bind("viewers", "ClusterRole", "view", viewers),
            bind(
                "scalers",
                "Role",
                "scaler",
                json!([subject("Group", "ops")]),
            ),
            bind("lost", "Role", "none", json!([subject("User", "joe")])),
            bind(
                "lost-too",
                "ClusterRole",
                "none",
                json!([subject("User", "joe")]),
            ),
            bind(
                "lost-again",
                "ClusterRole",
                "none",
                json!([subject("User", "joe")]),
            ),
        ]),
        cluster_role_bindings: arcs(defaults::cluster_role_bindings()),
    }
}

fn known(name: &str, groups: &[&str]) -> User {
    User::known(name, groups.iter().map(|&it| it.to_owned()).collect())
}

#[test]
fn decisions_carry_the_reasons_of_the_real_authorizer() {
    let robot = "system:serviceaccount:shop:robot";
    let via = |binding: &str| Verdict::Allowed(format!("RBAC: allowed by {binding}"));
    let no = || Verdict::Denied(String::new());
    let cases = [
        (
            known("root", &["system:masters"]),
            "DELETE /api/v1/nodes",
            Verdict::Allowed(String::new()),
        ),
        (
            known("eve", &[]),
            "GET /api/v1/namespaces/shop/pods",
            via("RoleBinding \"viewers/shop\" of ClusterRole \"view\" to User \"eve\""),
        ),
        (
            known("eve", &[]),
            "GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods",
            via("RoleBinding \"viewers/shop\" of ClusterRole \"view\" to User \"eve\""),
        ),
        (
            known("eve", &[]),
            "GET /api/v1/namespaces/shop/secrets",
            no(),
        ),
        (known("eve", &[]), "GET /api/v1/namespaces/other/pods", no()),
        (known("eve", &[]), "GET /api/v1/pods", no()),
        (
            known(robot, &[]),
            "GET /api/v1/namespaces/shop/pods",
            via(
                "RoleBinding \"viewers/shop\" of ClusterRole \"view\" to ServiceAccount \"robot/shop\"",
            ),
        ),
        (
            known("system:serviceaccount:other:robot", &[]),
            "GET /api/v1/namespaces/shop/pods",
            no(),
        ),
        (
            known("bob", &["ops"]),
            "PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale",
            via("RoleBinding \"scalers/shop\" of Role \"scaler\" to Group \"ops\""),
        ),
        (
            known("bob", &["ops"]),
            "PATCH /apis/apps/v1/namespaces/shop/deployments/web",
            no(),
        ),
        (
            known("joe", &[]),
            "GET /api/v1/namespaces/shop/pods",
            Verdict::Denied(
                "RBAC: [clusterrole.rbac.authorization.k8s.io \"none\" not found, \
             role.rbac.authorization.k8s.io \"none\" not found]"
                    .to_owned(),
            ),
        ),
        (
            known("joe", &[]),
            "GET /apis/apps/v1",
            via(
                "ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \
             \"system:authenticated\"",
            ),
        ),
        (User::anonymous(), "GET /apis/apps/v1", no()),
        (
            User::anonymous(),
            "GET /readyz",
            via(
                "ClusterRoleBinding \"system:public-info-viewer\" of ClusterRole \
             \"system:public-info-viewer\" to Group \"system:unauthenticated\"",
            ),
        ),
        (
            known("joe", &[]),
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            via(
                "ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to Group \
             \"system:authenticated\"",
            ),
        ),
    ];
    let policies = policies();
    for (user, request, expected) in cases {
        let (method, path) = request.split_once(' ').unwrap();
        let asked = Attributes::of(method, path, "");
        assert_eq!(
            policies.judge(&user, &asked),
            expected,
            "{} {request}",
            user.name
        );
    }
}

#[test]
fn what_edit_and_admin_gather_is_in_their_rules() {
    let roles = defaults::cluster_roles();
    let rules = |name: &str| {
        let role = roles.iter().find(|it| text(it, "name") == name).unwrap();
        role["rules"].as_array().unwrap().clone()
    };
    for (smaller, larger) in [("view", "edit"), ("edit", "admin")] {
        let larger = rules(larger);
        assert!(
            rules(smaller).iter().all(|it| larger.contains(it)),
            "{smaller}"
        );
    }
    assert!(rules("admin").len() > rules("edit").len());
}

#[test]
fn accounts_are_in_the_groups_of_their_namespace() {
    let groups = known("system:serviceaccount:a:b", &["ops"]).groups;
    let expected = [
        "ops",
        "system:serviceaccounts",
        "system:serviceaccounts:a",
        AUTHENTICATED,
    ];
    assert_eq!(groups, expected);
    assert_eq!(
        known("system:serviceaccount:a:b:c", &[]).groups,
        [AUTHENTICATED]
    );
}

#[test]
fn bindings_of_another_shape_grant_nothing() {
    let odd = [
        json!(null),
        json!({ "subjects": 7 }),
        json!({ "subjects": [null, {}] }),
        json!({ "subjects": [{ "kind": "User", "name": "eve" }] }),
    ];
    for binding in odd {
        let policies = Policies {
            cluster_role_bindings: vec![Arc::new(binding)],
            ..Policies::default()
        };
        let asked = Attributes::of("GET", "/api/v1/pods", "");
        assert_eq!(policies.allow(&known("eve", &[]), &asked), None);
    }
}
