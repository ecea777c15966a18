//! Everything that a lint of a cluster looks at: autoscalers with what they scale and refer to, whole
//! and as they are.

use serde_json::Value;

use super::gathering::KINDS;
use super::{Cluster, Error, Namespaces};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Lintable {
    /// By kind, namespace and name.
    pub objects: Vec<Value>,
    /// Kinds that could not be read, and why.
    pub unread: Vec<(&'static str, String)>,
}

impl Lintable {
    /// Objects in any order.
    pub fn of(mut objects: Vec<Value>, unread: Vec<(&'static str, String)>) -> Self {
        let key = |it: &Value, pointer| it.pointer(pointer).map(Value::to_string);
        objects.sort_by_cached_key(|it| {
            ["/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| key(it, pointer))
        });
        Self { objects, unread }
    }
}

impl Cluster {
    /// The objects of the namespaces. Kinds that the cluster does not have are none, and those that
    /// may not be read are told.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub async fn lintable(&self, namespaces: &Namespaces) -> Result<Lintable, Error> {
        let (mut objects, mut unread) = (Vec::new(), Vec::new());
        for kind in KINDS.iter().filter(|it| it.is_linted) {
            for namespace in self.to_list(kind, namespaces) {
                match self.items(kind, namespace, None).await {
                    Ok(items) => objects.extend(items),
                    Err(Error::Api { code: 404, .. }) => {}
                    Err(error @ Error::Forbidden { .. }) => {
                        unread.push((kind.kind, error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Lintable::of(objects, unread))
    }
}
