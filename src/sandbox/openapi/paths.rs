//! The paths of a kind and what may be asked for there.

use serde_json::{Map, Value, json};

use super::{DELETE_OPTIONS, PATCH, STATUS, is_built_in, list_definition};
use crate::sandbox::kinds::builtin::SCALE;
use crate::sandbox::kinds::{Kind, Version};
use crate::sandbox::schema::REFERENCE;

/// Adds the paths of a kind below `root`, such as `apis/apps/v1`.
pub(super) fn add(kind: &Kind, version: &Version, root: &str, paths: &mut Map<String, Value>) {
    let plural = &kind.plural;
    let everywhere = format!("/{root}/{plural}");
    let all = match kind.is_namespaced {
        true => format!("/{root}/namespaces/{{namespace}}/{plural}"),
        false => everywhere.clone(),
    };
    let place = Place::of(kind, version);
    let mut put = |path: String, item: Map<String, Value>| {
        if !item.is_empty() {
            paths.insert(path.clone(), with_parameters(&path, item));
        }
    };
    if kind.is_namespaced {
        put(everywhere, place.operations(&[("get", "list", "list")]));
    }
    put(format!("{all}/{{name}}"), place.operations(&ONE));
    if version.has_status {
        put(
            format!("{all}/{{name}}/status"),
            place.operations(&SUBRESOURCE),
        );
    }
    if version.scale.is_some() {
        put(
            format!("{all}/{{name}}/scale"),
            place.of_scale().operations(&SUBRESOURCE),
        );
    }
    put(all, place.operations(&ALL));
}

/// Method, action and the verb that allows it.
type Operation = (&'static str, &'static str, &'static str);

const ALL: [Operation; 3] = [
    ("get", "list", "list"),
    ("post", "post", "create"),
    ("delete", "deletecollection", "deletecollection"),
];

const ONE: [Operation; 4] = [
    ("get", "get", "get"),
    ("put", "put", "update"),
    ("patch", "patch", "patch"),
    ("delete", "delete", "delete"),
];

const SUBRESOURCE: [Operation; 3] = [ONE[0], ONE[1], ONE[2]];

/// What is read and written at a path.
#[derive(Clone)]
struct Place<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    definition: &'a str,
    list: String,
    verbs: &'a [&'static str],
    is_built_in: bool,
}

impl<'a> Place<'a> {
    fn of(kind: &'a Kind, version: &'a Version) -> Self {
        Self {
            group: &kind.group,
            version: &version.name,
            kind: &kind.kind,
            definition: &version.definition,
            list: list_definition(kind, version),
            verbs: &kind.verbs,
            is_built_in: is_built_in(version),
        }
    }

    fn of_scale(&self) -> Self {
        Self {
            group: "autoscaling",
            version: "v1",
            kind: "Scale",
            definition: SCALE,
            ..self.clone()
        }
    }

    /// Those of the operations that the kind allows.
    fn operations(&self, all: &[Operation]) -> Map<String, Value> {
        let allowed = all.iter().filter(|(_, _, verb)| self.verbs.contains(verb));
        allowed
            .map(|(method, action, _)| ((*method).to_owned(), self.operation(action)))
            .collect()
    }

    fn operation(&self, action: &str) -> Value {
        let answer = match action {
            "list" => &self.list,
            "delete" | "deletecollection" => STATUS,
            _ => self.definition,
        };
        let mut operation = json!({
            "responses": { "200": { "description": "OK", "content": json_of(answer) } },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {
                "group": self.group, "version": self.version, "kind": self.kind,
            },
        });
        let parameters = parameters(action);
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        if let Some(content) = self.body(action) {
            operation["requestBody"] = json!({ "content": content });
        }
        operation
    }

    fn body(&self, action: &str) -> Option<Value> {
        match action {
            "post" | "put" => Some(json!({ "*/*": schema_of(self.definition) })),
            "delete" | "deletecollection" => Some(json!({ "*/*": schema_of(DELETE_OPTIONS) })),
            "patch" => Some(self.patches()),
            _ => None,
        }
    }

    /// By each content type that a patch may have. Clients take from it whether a strategic merge
    /// patch is understood, which for custom resources it is not.
    fn patches(&self) -> Value {
        let strategic = self
            .is_built_in
            .then_some("application/strategic-merge-patch+json");
        let types = [
            "application/apply-patch+yaml",
            "application/json-patch+json",
            "application/merge-patch+json",
        ];
        let types = types.into_iter().chain(strategic);
        types
            .map(|it| (it.to_owned(), schema_of(PATCH)))
            .collect::<Map<_, _>>()
            .into()
    }
}

fn schema_of(definition: &str) -> Value {
    json!({ "schema": { "$ref": format!("{REFERENCE}{definition}") } })
}

fn json_of(definition: &str) -> Value {
    json!({ "application/json": schema_of(definition) })
}

/// Adds the parameters that the path itself names.
fn with_parameters(path: &str, mut item: Map<String, Value>) -> Value {
    let named = ["name", "namespace"].into_iter();
    let named = named.filter(|it| path.contains(&format!("{{{it}}}")));
    let parameters: Vec<Value> = named
        .map(|it| {
            let schema = json!({ "type": "string", "uniqueItems": true });
            json!({ "name": it, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if !parameters.is_empty() {
        item.insert("parameters".to_owned(), json!(parameters));
    }
    item.into()
}

const LIST: [(&str, &str, &str); 7] = [
    (
        "allowWatchBookmarks",
        "boolean",
        "Events of a watch that tell no more than how far it is.",
    ),
    (
        "continue",
        "string",
        "Where the last page of the list ended, as its metadata told.",
    ),
    ("fieldSelector", "string", "Only objects with these fields."),
    ("labelSelector", "string", "Only objects with these labels."),
    ("limit", "integer", "The most objects of a page."),
    (
        "resourceVersion",
        "string",
        "The list as of this version, or changes since then.",
    ),
    (
        "watch",
        "boolean",
        "Changes as they happen, instead of a list.",
    ),
];

const WRITE: [(&str, &str, &str); 3] = [
    (
        "dryRun",
        "string",
        "`All` for an answer as if it were written, without writing.",
    ),
    (
        "fieldManager",
        "string",
        "Who writes, for the record of who set which field.",
    ),
    (
        "fieldValidation",
        "string",
        "What becomes of unknown fields: `Ignore`, `Warn` or `Strict`.",
    ),
];

const FORCE: (&str, &str, &str) = (
    "force",
    "boolean",
    "Applies also where others own the fields.",
);

const DELETE: [(&str, &str, &str); 3] = [
    WRITE[0],
    (
        "gracePeriodSeconds",
        "integer",
        "How long the object may take to end.",
    ),
    (
        "propagationPolicy",
        "string",
        "What becomes of dependents: `Orphan`, `Background` or `Foreground`.",
    ),
];

fn parameters(action: &str) -> Vec<Value> {
    let selects = LIST
        .iter()
        .filter(|(name, _, _)| name.ends_with("Selector"));
    let all: Vec<_> = match action {
        "list" => LIST.iter().collect(),
        "post" | "put" => WRITE.iter().collect(),
        "patch" => WRITE.iter().chain([&FORCE]).collect(),
        "delete" => DELETE.iter().collect(),
        "deletecollection" => DELETE.iter().chain(selects).collect(),
        _ => vec![],
    };
    all.into_iter().map(parameter).collect()
}

fn parameter((name, kind, says): &(&str, &str, &str)) -> Value {
    let schema = json!({ "type": kind, "uniqueItems": true });
    json!({ "name": name, "in": "query", "description": says, "schema": schema })
}
