//! The objects, read once, and how they find each other.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::code::Code;
use super::found::Findings;
use super::{Setting, ignored_words};
use crate::keda::admission::{ExistingHpa, LimitRange, TargetId, Workload};
use crate::keda::objects::{
    AuthenticationKind, FieldPath, Metadata, ScaledJob, ScaledObject, Segment,
    TriggerAuthentication,
};

/// Which object, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    pub kind: String,
    /// Empty for objects of the whole cluster.
    pub namespace: String,
    pub name: String,
}

impl ObjectId {
    /// That of an object; `namespace` is of those that name none.
    pub fn of(object: &Value, namespace: &str) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let kind = text("/kind").unwrap_or_default().to_owned();
        let is_of_cluster = kind == AuthenticationKind::ClusterTriggerAuthentication.word();
        let given = text("/metadata/namespace").filter(|it| !it.is_empty());
        Self {
            namespace: match is_of_cluster {
                true => String::new(),
                false => given.unwrap_or(namespace).to_owned(),
            },
            name: text("/metadata/name").unwrap_or_default().to_owned(),
            kind,
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{} {}", self.kind, self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// All objects.
pub(super) struct World<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) setting: &'a Setting,
}

/// One object.
pub(super) struct Item<'a> {
    pub(super) index: usize,
    pub(super) id: ObjectId,
    pub(super) raw: &'a Value,
    /// The same with texts where numbers and booleans stand in the place of texts.
    pub(super) quoted: Value,
    /// The places of these.
    pub(super) unquoted: Vec<FieldPath>,
    pub(super) parsed: Parsed,
}

/// What an object is, as far as it can be read.
pub(super) enum Parsed {
    ScaledObject(Box<ScaledObject>),
    ScaledJob(Box<ScaledJob>),
    Authentication(Box<TriggerAuthentication>),
    Hpa(Box<ExistingHpa>),
    Workload(Box<Workload>),
    LimitRange(Box<LimitRange>),
    /// Of another kind, or not readable as what it says it is.
    Other,
}

impl<'a> World<'a> {
    pub(super) fn of(objects: &'a [Value], setting: &'a Setting, findings: &mut Findings) -> Self {
        let read = |(index, raw)| Item::of(index, raw, &setting.namespace);
        let items: Vec<Item<'a>> = objects.iter().enumerate().map(read).collect();
        let mut seen: BTreeMap<(String, ObjectId), usize> = BTreeMap::new();
        for item in &items {
            item.check_itself(findings);
            let key = (item.group().to_owned(), item.id.clone());
            if item.id.name.is_empty() {
                continue;
            }
            if seen.insert(key, item.index).is_some() {
                findings.add(
                    Code::DuplicateObject,
                    item.index,
                    FieldPath::of("metadata.name"),
                    format!("{} is there before", item.id),
                    "remove one of the two",
                );
            }
        }
        Self { items, setting }
    }

    /// The objects of a namespace.
    pub(super) fn beside<'w>(&'w self, namespace: &str) -> impl Iterator<Item = &'w Item<'a>> {
        let namespace = namespace.to_owned();
        self.items
            .iter()
            .filter(move |it| it.id.namespace == namespace)
    }

    /// The workload that is scaled, if it is among the objects.
    pub(super) fn workload(&self, namespace: &str, target: &TargetId) -> Option<&Item<'a>> {
        self.beside(namespace).find(|it| {
            matches!(it.parsed, Parsed::Workload(_))
                && it.id.kind == target.kind
                && it.id.name == target.name
        })
    }

    /// The authentication of that name.
    pub(super) fn authentication(
        &self,
        kind: &AuthenticationKind,
        namespace: &str,
        name: &str,
    ) -> Option<(&Item<'a>, &TriggerAuthentication)> {
        self.items.iter().find_map(|it| match &it.parsed {
            Parsed::Authentication(found) if found.kind == *kind && it.id.name == name => {
                let is_beside = it.id.namespace.is_empty() || it.id.namespace == namespace;
                is_beside.then_some((it, found.as_ref()))
            }
            _ => None,
        })
    }
}

impl<'a> Item<'a> {
    fn of(index: usize, raw: &'a Value, namespace: &str) -> Self {
        let id = ObjectId::of(raw, namespace);
        let (quoted, unquoted) = quoted(raw);
        let parsed = Parsed::of(&quoted, &id);
        Self {
            index,
            id,
            raw,
            quoted,
            unquoted,
            parsed,
        }
    }

    /// The group of its API version.
    pub(super) fn group(&self) -> &str {
        let version = self.text("/apiVersion");
        version.split_once('/').map_or("", |it| it.0)
    }

    pub(super) fn text(&self, pointer: &str) -> &str {
        let value = self.raw.pointer(pointer);
        value.and_then(Value::as_str).unwrap_or_default()
    }

    fn check_itself(&self, findings: &mut Findings) {
        for word in ignored_words(self.raw).filter(|it| Code::named(it).is_none()) {
            let path = FieldPath::of("metadata.annotations").key(super::IGNORE);
            let fix = match Code::nearest(word) {
                Some(code) => format!("`{}` was meant?", code.word()),
                None => "`kubectl stepscale lint --list` has all codes".to_owned(),
            };
            let message = format!("`{word}` is no code");
            findings.add(Code::UnknownCode, self.index, path, message, fix);
        }
    }
}

impl Parsed {
    fn of(value: &Value, id: &ObjectId) -> Self {
        let version = value.get("apiVersion").and_then(Value::as_str);
        let group = version
            .and_then(|it| it.split_once('/'))
            .map_or("", |it| it.0);
        match (group, id.kind.as_str()) {
            ("keda.sh", "ScaledObject") => {
                placed(ScaledObject::read(value).ok(), id, |it| &mut it.metadata)
                    .map_or(Self::Other, Self::ScaledObject)
            }
            ("keda.sh", "ScaledJob") => {
                placed(ScaledJob::read(value).ok(), id, |it| &mut it.metadata)
                    .map_or(Self::Other, Self::ScaledJob)
            }
            ("keda.sh", "TriggerAuthentication" | "ClusterTriggerAuthentication") => {
                let read = TriggerAuthentication::read(value).ok();
                placed(read, id, |it| &mut it.metadata).map_or(Self::Other, Self::Authentication)
            }
            ("autoscaling", "HorizontalPodAutoscaler") => {
                placed(ExistingHpa::read(value).ok(), id, |it| &mut it.metadata)
                    .map_or(Self::Other, Self::Hpa)
            }
            ("apps", kind @ ("Deployment" | "StatefulSet")) => {
                placed(Workload::read(kind, value).ok(), id, |it| &mut it.metadata)
                    .map_or(Self::Other, Self::Workload)
            }
            ("", "LimitRange") => placed(LimitRange::read(value).ok(), id, |it| &mut it.metadata)
                .map_or(Self::Other, Self::LimitRange),
            _ => Self::Other,
        }
    }
}

/// With the namespace that it is in.
fn placed<T>(
    read: Option<T>,
    id: &ObjectId,
    metadata: impl Fn(&mut T) -> &mut Metadata,
) -> Option<Box<T>> {
    let mut read = read?;
    metadata(&mut read).namespace = id.namespace.clone();
    Some(Box::new(read))
}

/// Writes what stands unquoted in the metadata of triggers, in annotations and in labels as texts.
fn quoted(raw: &Value) -> (Value, Vec<FieldPath>) {
    let mut value = raw.clone();
    let mut places = Vec::new();
    let triggers = raw.pointer("/spec/triggers").and_then(Value::as_array);
    let triggers = 0..triggers.map_or(0, Vec::len);
    let list = FieldPath::of("spec.triggers");
    let maps = triggers.map(|at| list.index(at).key("metadata"));
    let own = ["metadata.annotations", "metadata.labels"].map(FieldPath::of);
    for map in maps.chain(own) {
        let fields = value.pointer_mut(&map.pointer());
        let Some(fields) = fields.and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, field) in fields {
            if field.is_number() || field.is_boolean() {
                *field = Value::String(field.to_string());
                places.push(map.key(key));
            }
        }
    }
    (value, places)
}

/// The path of a field below the trigger at `at`.
pub(super) fn trigger_path(at: usize) -> FieldPath {
    FieldPath::of("spec.triggers").index(at)
}

/// The last key of a path.
pub(super) fn last_key(path: &FieldPath) -> &str {
    match path.segments().last() {
        Some(Segment::Key(key)) => key,
        Some(Segment::Index(_)) | None => "",
    }
}
