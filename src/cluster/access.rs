//! What the API server lets us do: what `kubectl auth can-i` asks.

use serde_json::{Value, json};

use super::call::Asked;
use super::{Cluster, Error};
use crate::fleet::Permission;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

impl Cluster {
    /// Whether whoever we are may do something; `object` is the only one of its kind that is meant.
    ///
    /// # Errors
    /// Where the server cannot be asked. Everybody whom it knows may ask, unless an administrator took
    /// that away.
    pub async fn may(&self, permission: &Permission, object: Option<&str>) -> Result<bool, Error> {
        let body = review(permission, object).to_string();
        let asked = Asked {
            verb: "create",
            resource: "selfsubjectaccessreviews.authorization.k8s.io",
            namespace: None,
        };
        let request = || {
            http::Request::post(REVIEWS)
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.clone().into_bytes())
                .ok()
        };
        let (answer, _): (Value, _) = self.dated(asked, request).await?;
        Ok(answer["status"]["allowed"] == true)
    }
}

fn review(permission: &Permission, object: Option<&str>) -> Value {
    let Permission {
        verb,
        resource,
        namespace,
    } = permission;
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
            // Empty for all of them.
            "namespace": namespace.as_deref().unwrap_or_default(),
            "name": object.unwrap_or_default(),
        } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{answer, cluster, forbidden};
    use http::StatusCode;

    fn permission(resource: &str) -> Permission {
        Permission {
            verb: "get".to_owned(),
            resource: resource.to_owned(),
            namespace: Some("shop".to_owned()),
        }
    }

    #[test]
    fn a_review_names_what_rbac_names() {
        let cases = [
            ("pods", ["", "pods", ""]),
            ("deployments.apps/scale", ["apps", "deployments", "scale"]),
            ("pods.metrics.k8s.io", ["metrics.k8s.io", "pods", ""]),
            ("*.*/scale", ["*", "*", "scale"]),
        ];
        for (resource, [group, plural, sub]) in cases {
            let review = review(&permission(resource), None);
            let expected = json!({ "verb": "get", "group": group, "resource": plural,
                "subresource": sub, "namespace": "shop", "name": "" });
            assert_eq!(review["spec"]["resourceAttributes"], expected, "{resource}");
        }
    }

    #[tokio::test]
    async fn the_servers_word_counts_and_nothing_else() {
        for (status, expected) in [
            (json!({ "allowed": true }), true),
            (json!({ "allowed": false, "reason": "RBAC: denied" }), false),
            (json!({}), false),
        ] {
            let cluster = cluster(move |path: &str, _: &str| {
                assert_eq!(path, REVIEWS);
                answer(StatusCode::CREATED, json!({ "status": status }))
            });
            assert_eq!(
                cluster.may(&permission("pods"), None).await.unwrap(),
                expected
            );
        }
        let silent = cluster(|_: &str, _: &str| forbidden("no reviews"));
        assert!(silent.may(&permission("pods"), None).await.is_err());
    }
}
