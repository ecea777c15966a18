//! Which ScaledObjects and ScaledJobs are meant, as one kind of value.

use serde_json::Value;

use crate::cluster::keda::{SCALED_JOBS, SCALED_OBJECTS};
use crate::cluster::write::{Kind, Place};
use crate::cluster::{self, Cluster, Namespaces};
use crate::config::Named;
use crate::config::triggers::{ScaledKind, TriggersConfig};
use crate::error::Error;
use crate::keda::objects::{FieldErrors, Metadata, ScaledJob, ScaledObject, Trigger};

/// One that the API server should not have taken.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    pub(super) kind: ScaledKind,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) why: String,
}

/// What was read, or why it was not.
pub(super) type Chosen = Result<Scaled, Unreadable>;

/// Either kind.
#[derive(Clone, Debug)]
pub(super) enum Scaled {
    Object(Box<ScaledObject>),
    Job(Box<ScaledJob>),
}

impl Scaled {
    fn read(kind: ScaledKind, value: &Value) -> Result<Self, FieldErrors> {
        Ok(match kind {
            ScaledKind::ScaledObject => Self::Object(Box::new(ScaledObject::read(value)?)),
            ScaledKind::ScaledJob => Self::Job(Box::new(ScaledJob::read(value)?)),
        })
    }

    pub(super) fn kind(&self) -> ScaledKind {
        match self {
            Self::Object(_) => ScaledKind::ScaledObject,
            Self::Job(_) => ScaledKind::ScaledJob,
        }
    }

    pub(super) fn metadata(&self) -> &Metadata {
        match self {
            Self::Object(it) => &it.metadata,
            Self::Job(it) => &it.metadata,
        }
    }

    pub(super) fn triggers(&self) -> &[Trigger] {
        match self {
            Self::Object(it) => &it.spec.triggers,
            Self::Job(it) => &it.spec.triggers,
        }
    }

    /// Whether a formula joins the triggers, so that they need no targets.
    pub(super) fn has_formula(&self) -> bool {
        match self {
            Self::Object(it) => it.spec.used_modifiers().is_some(),
            Self::Job(_) => false,
        }
    }

    /// The container whose environment triggers read.
    pub(super) fn container(&self) -> Option<&str> {
        match self {
            Self::Object(it) => it.spec.target.env_source_container.as_deref(),
            Self::Job(it) => it.spec.env_source_container.as_deref(),
        }
    }
}

/// Those that are named, or all of the namespaces.
///
/// # Errors
/// Where a name is nobody's, or the cluster cannot be asked.
pub(super) async fn chosen(
    cluster: &Cluster,
    config: &TriggersConfig,
) -> Result<Vec<Chosen>, Error> {
    let namespace = match &config.namespaces {
        Namespaces::All | Namespaces::Several(_) => None,
        Namespaces::One(namespace) => Some(namespace.as_str()),
        Namespaces::Current => Some(cluster.namespace()),
    };
    if config.names.is_empty() {
        return all(cluster, namespace, config.only).await;
    }
    let namespace = namespace.unwrap_or_else(|| cluster.namespace());
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in &config.names {
        match named(cluster, namespace, name).await? {
            Some(scaled) => found.push(scaled),
            None => {
                let kind = name.kind.unwrap_or(ScaledKind::ScaledObject).short();
                missing.push(format!("{kind}/{} in namespace {namespace}", name.name));
            }
        }
    }
    match missing.is_empty() {
        true => Ok(found),
        false => Err(Error::NoScaled { missing }),
    }
}

fn collection(kind: ScaledKind) -> Kind {
    match kind {
        ScaledKind::ScaledObject => SCALED_OBJECTS,
        ScaledKind::ScaledJob => SCALED_JOBS,
    }
}

async fn all(
    cluster: &Cluster,
    namespace: Option<&str>,
    only: Option<ScaledKind>,
) -> Result<Vec<Chosen>, Error> {
    let mut found = Vec::new();
    for kind in [ScaledKind::ScaledObject, ScaledKind::ScaledJob] {
        if only.is_some_and(|it| it != kind) {
            continue;
        }
        let mut values = Vec::new();
        let collection = collection(kind);
        let listed = cluster.all(&collection, namespace, |it| values.push(it));
        listed.await?;
        found.extend(values.iter().map(|it| read(kind, it)));
    }
    Ok(found)
}

async fn named(
    cluster: &Cluster,
    namespace: &str,
    name: &Named<ScaledKind>,
) -> Result<Option<Chosen>, Error> {
    let kinds = match name.kind {
        Some(kind) => vec![kind],
        None => vec![ScaledKind::ScaledObject, ScaledKind::ScaledJob],
    };
    for kind in kinds {
        let place = Place {
            kind: collection(kind),
            namespace,
            name: &name.name,
        };
        let answer: Result<_, cluster::Error> = cluster.object(&place).await;
        if let Some(value) = answer?.value {
            return Ok(Some(read(kind, &value)));
        }
    }
    Ok(None)
}

fn read(kind: ScaledKind, value: &Value) -> Chosen {
    let text = |key: &str| value["metadata"][key].as_str().unwrap_or_default();
    Scaled::read(kind, value).map_err(|source| Unreadable {
        kind,
        namespace: text("namespace").to_owned(),
        name: text("name").to_owned(),
        why: format!(
            "cannot be read: {source}; correct it with `kubectl edit {}/{} -n {}`",
            kind.short(),
            text("name"),
            text("namespace")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_that_cannot_be_read_is_told_with_the_way_out() {
        let spec = json!({ "scaleTargetRef": { "name": "a" }, "pollingInterval": "often" });
        let object = json!({ "metadata": { "namespace": "shop", "name": "orders" }, "spec": spec });
        let unreadable = read(ScaledKind::ScaledObject, &object).unwrap_err();
        for part in ["pollingInterval", "`kubectl edit so/orders -n shop`"] {
            assert!(unreadable.why.contains(part), "{}", unreadable.why);
        }
    }
}
