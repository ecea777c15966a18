//! A recommendation in the forms that Git and kubectl take: patches and manifests.
//!
//! What is to change comes as an apply configuration: the least object with the fields that change,
//! lists whole. Everything here is text made from that and the live object; nothing is read or sent.

mod body;
pub mod file;
mod manifest;
pub mod unified;

use serde_json::{Map, Value};

use crate::yaml;

/// The form of a patch, by the names of kubectl and kustomize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Strategic,
    Merge,
    /// Operations (RFC 6902) that fail where a value is no longer what it was.
    Json,
    /// An entry of `patches` for each, in one `kustomization.yaml`.
    Kustomize,
}

/// What is to change in one object.
#[derive(Clone, Copy, Debug)]
pub struct Proposed<'a> {
    /// Name of the recommendation.
    pub recommendation: &'a str,
    /// The object as the API gives it.
    pub live: &'a Value,
    /// The apply configuration.
    pub configuration: &'a Value,
}

/// Why there is no text for a recommendation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("recommendation {recommendation} is for an object without apiVersion, kind or name")]
    Nameless { recommendation: String },
    #[error("recommendation {recommendation} changes {configured}, but the object is {live}")]
    OtherObject {
        recommendation: String,
        configured: String,
        live: String,
    },
    #[error("{object} is of a custom resource, which has no strategic merge patches")]
    NotStrategic { object: String },
    #[error("{object} cannot be written")]
    Write {
        object: String,
        #[source]
        source: yaml::WriteError,
    },
    #[error("patches cannot be written")]
    WriteAll(#[source] yaml::WriteError),
}

/// Patches for all of `proposed`, in the order of their objects.
///
/// For kubectl a document for each, below a comment with the command that takes it; a single patch
/// of operations is plain JSON. For kustomize one document with all of them.
///
/// # Errors
/// If an object has no name, is another than the one configured, or takes no such patch.
pub fn patches(proposed: &[Proposed<'_>], patch_type: PatchType) -> Result<String, Error> {
    let targets = targets(proposed)?;
    match patch_type {
        PatchType::Strategic => stream(&targets, body::strategic),
        PatchType::Merge => stream(&targets, body::merge),
        PatchType::Json => match targets.as_slice() {
            [one] => Ok(body::operations(one)),
            several => stream(several, body::commented_operations),
        },
        PatchType::Kustomize => body::kustomization(&targets),
    }
}

/// The objects with the changes made, without what the API server adds, as they are kept in Git.
///
/// # Errors
/// If an object has no name or is another than the one configured.
pub fn manifests(proposed: &[Proposed<'_>]) -> Result<String, Error> {
    stream(&targets(proposed)?, |it| it.write(&manifest::manifest(it)))
}

/// What is to change, with the names of its object.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Names<'a> {
    namespace: Option<&'a str>,
    kind: &'a str,
    name: &'a str,
    api_version: &'a str,
}

struct Target<'a> {
    names: Names<'a>,
    proposed: Proposed<'a>,
}

impl<'a> Names<'a> {
    fn of(object: &'a Value) -> Option<Self> {
        let metadata = &object["metadata"];
        Some(Self {
            namespace: metadata["namespace"].as_str(),
            kind: object["kind"].as_str()?,
            name: metadata["name"].as_str()?,
            api_version: object["apiVersion"].as_str()?,
        })
    }

    /// API group and version; the group of core kinds is empty.
    fn group_version(&self) -> (&'a str, &'a str) {
        self.api_version
            .split_once('/')
            .unwrap_or(("", self.api_version))
    }

    /// Whether the API server itself knows the kind. Groups of custom resources have a dot in
    /// them, and of those with a dot only these are Kubernetes' own.
    fn is_built_in(&self) -> bool {
        let (group, _) = self.group_version();
        !group.contains('.') || group.ends_with(".k8s.io")
    }

    /// `-n shop`, if it has a namespace.
    fn namespace_flag(&self) -> String {
        self.namespace
            .map_or_else(String::new, |it| format!(" -n {it}"))
    }
}

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl<'a> Target<'a> {
    fn of(proposed: Proposed<'a>) -> Result<Self, Error> {
        let recommendation = || proposed.recommendation.to_owned();
        let names = Names::of(proposed.live);
        let configured = Names::of(proposed.configuration);
        let (Some(names), Some(configured)) = (names, configured) else {
            return Err(Error::Nameless {
                recommendation: recommendation(),
            });
        };
        if names != configured {
            return Err(Error::OtherObject {
                recommendation: recommendation(),
                configured: configured.to_string(),
                live: names.to_string(),
            });
        }
        Ok(Self { names, proposed })
    }

    /// The configuration without what only names its object, and without a spec that changes nothing.
    fn change(&self) -> Map<String, Value> {
        let fields = self.proposed.configuration.as_object();
        let mut change = fields.cloned().unwrap_or_default();
        change.retain(|key, value| key != "apiVersion" && key != "kind" && !value.is_null());
        if let Some(Value::Object(metadata)) = change.get_mut("metadata") {
            metadata.retain(|key, _| key != "name" && key != "namespace");
            if metadata.is_empty() {
                change.remove("metadata");
            }
        }
        change
    }

    fn write(&self, value: &Value) -> Result<String, Error> {
        yaml::write(value).map_err(|source| Error::Write {
            object: self.names.to_string(),
            source,
        })
    }
}

fn targets<'a>(proposed: &[Proposed<'a>]) -> Result<Vec<Target<'a>>, Error> {
    let targets = proposed.iter().copied().map(Target::of);
    let mut targets: Vec<_> = targets.collect::<Result<_, _>>()?;
    targets.sort_by(|a, b| {
        let names = a.names.cmp(&b.names);
        names.then_with(|| a.proposed.recommendation.cmp(b.proposed.recommendation))
    });
    Ok(targets)
}

/// A document for each.
fn stream<'a>(
    targets: &[Target<'a>],
    document: impl Fn(&Target<'a>) -> Result<String, Error>,
) -> Result<String, Error> {
    let documents: Vec<String> = targets.iter().map(document).collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

#[cfg(test)]
mod tests;
