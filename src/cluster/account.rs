//! Whom the API server takes us for: what `kubectl auth whoami` asks.

use serde_json::{Value, json};

use super::Cluster;
use super::write::{Change, Kind, Place, WriteError, Writing};

const REVIEWS: Kind = Kind {
    group: "authentication.k8s.io",
    version: "v1",
    plural: "selfsubjectreviews",
    kind: "SelfSubjectReview",
    namespaced: false,
};

/// An account of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub groups: Vec<String>,
}

impl Cluster {
    /// The account that our requests are taken to come from: with `--as`, the one that is
    /// impersonated. `None` where the server tells no name. `manager` is told as who asks.
    ///
    /// # Errors
    /// Where the server refuses, or is older than 1.28 and does not know the question.
    pub async fn account(&self, manager: &str) -> Result<Option<Account>, WriteError> {
        let review = json!({ "apiVersion": REVIEWS.api_version(), "kind": REVIEWS.kind });
        let place = Place {
            kind: REVIEWS,
            namespace: "",
            name: "",
        };
        let writing = Writing {
            manager,
            force: false,
            dry_run: false,
        };
        let change = Change::Create(&review);
        let answer = self.write(&place, &change, &writing).await?;
        Ok(read(&answer.value))
    }
}

fn read(review: &Value) -> Option<Account> {
    let user = &review["status"]["userInfo"];
    let name = user["username"].as_str().filter(|it| !it.is_empty())?;
    let groups = user["groups"].as_array().into_iter().flatten();
    Some(Account {
        name: name.to_owned(),
        groups: groups
            .filter_map(|it| Some(it.as_str()?.to_owned()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_name() {
        let user = json!({ "username": "ann", "groups": ["dev", 7], "uid": "1" });
        let expected = Account {
            name: "ann".to_owned(),
            groups: vec!["dev".to_owned()],
        };
        let review = |user: Value| json!({ "status": { "userInfo": user } });
        assert_eq!(read(&review(user)), Some(expected));
        assert_eq!(read(&review(json!({ "username": "" }))), None);
        assert_eq!(read(&json!({})), None);
    }
}
