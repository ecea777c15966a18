//! One Secret, asked for by its name: nothing here lists Secrets.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::call::{Asked, Resource, segment};
use super::{Cluster, Error};

const SECRETS: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "secrets",
};

/// What a Secret holds. Shows the names of its keys and nothing else.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret {
    #[serde(default, deserialize_with = "decoded")]
    data: BTreeMap<String, Vec<u8>>,
}

impl Secret {
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.data.get(key).map(Vec::as_slice)
    }

    /// Keys with their values, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let pairs = self.data.iter();
        pairs.map(|(key, value)| (key.as_str(), value.as_slice()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.data.keys()).finish()
    }
}

impl Cluster {
    /// The Secret of that name; `None` where there is none.
    ///
    /// # Errors
    /// Where it may not be read, or the API server does not answer.
    pub async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, Error> {
        let asked = Asked {
            verb: "get",
            resource: SECRETS.plural,
            namespace: Some(namespace),
        };
        let path = format!("{}/{}", SECRETS.path(Some(namespace)), segment(name));
        match self.get(asked, &path).await {
            Ok(secret) => Ok(Some(secret)),
            Err(err) if err.code() == Some(404) => Ok(None),
            Err(err) => Err(err),
        }
    }
}

fn decoded<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
    let data: Option<BTreeMap<String, String>> = Deserialize::deserialize(from)?;
    let decode = |(key, value): (String, String)| match STANDARD.decode(value) {
        Ok(value) => Ok((key, value)),
        // Nothing of the value goes into the message.
        Err(_) => Err(serde::de::Error::custom(format!("{key} is not base64"))),
    };
    data.unwrap_or_default().into_iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::super::fake::{answer, forbidden, not_found, recorded};
    use super::*;

    async fn read(body: Value) -> Result<Option<Secret>, Error> {
        let (cluster, asked) = recorded(move |_, _| answer(StatusCode::OK, body.clone()));
        let read = cluster.secret("ops", "license").await;
        let asked = asked.lock().unwrap();
        assert_eq!(*asked, ["/api/v1/namespaces/ops/secrets/license?"]);
        read
    }

    #[tokio::test]
    async fn values_are_decoded_and_not_shown() {
        let body = json!({"metadata": {}, "data": {"license": "e30K", "signature": ""}});
        let secret = read(body).await.unwrap().unwrap();
        assert_eq!(secret.get("license"), Some(&b"{}\n"[..]));
        assert_eq!(secret.get("signature"), Some(&b""[..]));
        assert_eq!(secret.get("other"), None);
        assert_eq!(format!("{secret:?}"), r#"{"license", "signature"}"#);
    }

    #[tokio::test]
    async fn a_secret_may_be_empty() {
        for body in [json!({"metadata": {}}), json!({"data": null})] {
            let secret = read(body).await.unwrap().unwrap();
            assert_eq!(secret.get("license"), None);
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_without_the_value() {
        let body = json!({"data": {"license": "hunter2!"}});
        let refused = read(body).await.unwrap_err();
        assert!(matches!(refused, Error::Malformed { .. }), "{refused:?}");
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }

    #[tokio::test]
    async fn a_missing_secret_is_none_and_a_hidden_one_an_error() {
        let (cluster, _) = recorded(|_, _| not_found());
        assert_eq!(cluster.secret("ops", "license").await.unwrap(), None);
        let (cluster, _) = recorded(|_, _| forbidden("no"));
        let refused = cluster.secret("ops", "license").await.unwrap_err();
        let Error::Forbidden { permission, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            permission.check_command(),
            "kubectl auth can-i get secrets -n ops"
        );
    }
}
