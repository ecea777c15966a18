//! An autoscaler from a file of manifests, which no cluster has checked: what the API server would
//! refuse is refused here, with the document and the field.

mod check;
mod field;

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::assemble::Assembler;
use super::convert::ConvertError;
use super::objects::Scalable;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::fleet::ClusterName;
use crate::yaml;

/// What a file of manifests says of one autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub autoscaler: Autoscaler,
    /// Its scale target, if the file has that too.
    pub workload: Option<Workload>,
}

/// What went wrong with a file of manifests. `file` names it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {file}")]
    Read {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{file}, document {document}: not YAML")]
    Syntax {
        file: String,
        document: usize,
        #[source]
        source: yaml::ReadError,
    },
    #[error("{file}, {place}: {problem}")]
    Document {
        file: String,
        place: Place,
        problem: Box<Problem>,
    },
    #[error("{file} has no HorizontalPodAutoscaler")]
    NoAutoscaler { file: String },
    #[error("{file} has {} HorizontalPodAutoscalers: {}", names.len(), names.join(", "))]
    SeveralAutoscalers { file: String, names: Vec<String> },
}

/// Which object of a file, both numbers from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub document: usize,
    /// Within a document that is a List.
    pub item: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document)?;
        match self.item {
            Some(item) => write!(f, ", item {item}"),
            None => Ok(()),
        }
    }
}

/// What is wrong with an object. `path` is that of the field: `spec.minReplicas`.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("not a Kubernetes object")]
    NotAnObject,
    #[error("`{path}` is missing")]
    Missing { path: String },
    #[error("`{path}` must be {expected}, not {found}")]
    Wrong {
        path: String,
        expected: String,
        found: String,
    },
    #[error("`{path}` is not known")]
    Unknown {
        path: String,
        /// The known field that it may be meant to be.
        meant: Option<&'static str>,
    },
    #[error(transparent)]
    Convert(#[from] ConvertError),
}

/// Reads the file at `path`, `-` for stdin. Objects that name no namespace are in `namespace`.
///
/// # Errors
/// Where the file has no autoscaler or several, or one that an API server would refuse.
pub fn read(path: &Path, namespace: &str) -> Result<Manifest, Error> {
    let file = name_of(path);
    let text = text_of(path).map_err(|source| Error::Read {
        file: file.clone(),
        source,
    })?;
    parse(&file, &text, namespace)
}

fn text_of(path: &Path) -> std::io::Result<String> {
    if path != Path::new("-") {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// The name of a file in messages.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// An object of the file.
struct Found {
    place: Place,
    object: Value,
}

impl Found {
    fn text(&self, pointer: &str) -> &str {
        let value = self.object.pointer(pointer);
        value.and_then(Value::as_str).unwrap_or_default()
    }
}

fn parse(file: &str, text: &str, namespace: &str) -> Result<Manifest, Error> {
    let mut objects = objects(file, text)?;
    for it in &mut objects {
        let namespace = || namespace.to_owned().into();
        let given = it.object.pointer_mut("/metadata/namespace");
        match given {
            Some(Value::Null) | None => it.object["metadata"]["namespace"] = namespace(),
            Some(_) => {}
        }
    }
    let hpa = single_autoscaler(file, &objects)?;
    let failed = |place, problem| Error::Document {
        file: file.to_owned(),
        place,
        problem: Box::new(problem),
    };
    check::autoscaler(&hpa.object).map_err(|it| failed(hpa.place, it))?;
    let target = objects.iter().find(|it| is_target(hpa, it));
    if let Some(target) = target {
        check::target(&target.object).map_err(|it| failed(target.place, it))?;
    }
    let mut assembler = Assembler::new(ClusterName::default());
    for it in std::iter::once(hpa).chain(target) {
        let added = assembler.add(it.object.clone());
        added.map_err(|err| failed(it.place, err.into()))?;
    }
    let subject = assembler.finish().subjects.into_iter().next();
    let subject = subject.ok_or_else(|| Error::NoAutoscaler {
        file: file.to_owned(),
    })?;
    let workload = subject.workload.ok().map(|it| Workload {
        startup_seconds: target.and_then(ready_after).into_iter().collect(),
        ..it
    });
    Ok(Manifest {
        autoscaler: subject.autoscaler,
        workload,
    })
}

/// Every object of the file; those of a List one by one.
fn objects(file: &str, text: &str) -> Result<Vec<Found>, Error> {
    let documents = yaml::documents(text).map_err(|(document, source)| Error::Syntax {
        file: file.to_owned(),
        document,
        source,
    })?;
    let mut objects = Vec::new();
    let numbered = (1..).zip(documents).filter(|it| !it.1.is_null());
    for (document, value) in numbered {
        let place = Place {
            document,
            item: None,
        };
        let object = serde_json::to_value(value).unwrap_or_default();
        match object.get("items").and_then(Value::as_array) {
            Some(items) => objects.extend((1..).zip(items).map(|(item, object)| Found {
                place: Place {
                    document,
                    item: Some(item),
                },
                object: object.clone(),
            })),
            None => objects.push(Found { place, object }),
        }
    }
    match objects.iter().find(|it| !is_object(&it.object)) {
        Some(odd) => Err(Error::Document {
            file: file.to_owned(),
            place: odd.place,
            problem: Box::new(Problem::NotAnObject),
        }),
        None => Ok(objects),
    }
}

/// Whether it has what every object has.
fn is_object(object: &Value) -> bool {
    object.get("kind").is_some_and(Value::is_string)
        && object.get("metadata").is_some_and(Value::is_object)
}

fn single_autoscaler<'a>(file: &str, objects: &'a [Found]) -> Result<&'a Found, Error> {
    let is_hpa = |it: &&Found| it.text("/kind") == "HorizontalPodAutoscaler";
    let all: Vec<&Found> = objects.iter().filter(is_hpa).collect();
    match all.as_slice() {
        [single] => Ok(single),
        [] => Err(Error::NoAutoscaler {
            file: file.to_owned(),
        }),
        several => Err(Error::SeveralAutoscalers {
            file: file.to_owned(),
            names: several
                .iter()
                .map(|it| it.text("/metadata/name").to_owned())
                .collect(),
        }),
    }
}

fn is_target(hpa: &Found, other: &Found) -> bool {
    other.text("/kind") == hpa.text("/spec/scaleTargetRef/kind")
        && other.text("/metadata/name") == hpa.text("/spec/scaleTargetRef/name")
        && other.text("/metadata/namespace") == hpa.text("/metadata/namespace")
}

/// Seconds after which the pods of a template are asked whether they are ready: the least that
/// they take. `None` where no probe waits.
fn ready_after(target: &Found) -> Option<f64> {
    let target: Scalable = serde_json::from_value(target.object.clone()).ok()?;
    let containers = target.spec.template?.spec.containers.into_iter();
    let probes = containers.filter_map(|it| it.readiness_probe);
    let delays = probes.filter_map(|it| it.initial_delay_seconds);
    delays.max().filter(|it| *it > 0).map(f64::from)
}

#[cfg(test)]
mod tests;
