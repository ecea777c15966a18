//! `lint`: check autoscalers as they are written.

mod bundle;
mod choice;
mod files;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::context::Context;
use super::selected;
use crate::cluster::{self, Lintable};
use crate::config::form;
use crate::config::lint::{Check, Input, LintConfig};
use crate::error::{Error, Exit};
use crate::keda::admission::Kinds;
use crate::lint::{Code, Diagnostic, ObjectId, Seen, Setting, Severity, code, lint};
use crate::output::lint::{self as output, Checked, Report, Row};
use choice::Choice;
use files::Source;

/// Of objects that name none, where nothing else says.
const DEFAULT_NAMESPACE: &str = "default";

pub(super) async fn run(cx: Context, config: LintConfig) -> Result<Exit, Error> {
    match config {
        LintConfig::List => cx.print(|out| out.write_all(code::markdown().as_bytes()))?,
        LintConfig::Explain(code) => cx.print(|out| output::explain(out, code))?,
        LintConfig::Check(check) => return self::check(&cx, &check).await,
    }
    Ok(Exit::Clean)
}

async fn check(cx: &Context, check: &Check) -> Result<Exit, Error> {
    let (report, unread) = match &check.input {
        Input::Files(input) => {
            let sources = files::read(input)?;
            let namespace = check.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            (of_files(cx, check, &sources, namespace), Vec::new())
        }
        Input::Bundle {
            path,
            namespace,
            chosen,
        } => {
            let held = bundle::read(path, namespace.as_deref())?;
            let selector = chosen.selector.as_deref().map(cluster::selector);
            let (found, namespaces) = (&held.found, &held.namespaces);
            let current = held.current.as_str();
            let choice = Choice::of(chosen, selector.transpose()?, found, namespaces, current)?;
            let report = of_cluster(held.now, check, found, &choice);
            (report, held.found.unread)
        }
        Input::Cluster {
            connection,
            namespaces,
            chosen,
        } => {
            let selector = chosen
                .selector
                .as_deref()
                .map(cluster::selector)
                .transpose()?;
            let cluster = cluster::connect(connection).await?;
            let found = cluster.lintable(namespaces).await?;
            let choice = Choice::of(chosen, selector, &found, namespaces, cluster.namespace())?;
            let report = of_cluster(cx.now(), check, &found, &choice);
            (report, found.unread)
        }
    };
    present(cx, check, &report)?;
    cx.note(&report.closing());
    for (kind, why) in &unread {
        cx.note(&format!("warning: {kind} objects could not be read: {why}"));
    }
    Ok(exit(&report, check.fail_on, !unread.is_empty()))
}

fn present(cx: &Context, check: &Check, report: &Report) -> Result<(), Error> {
    match &check.form {
        form::Choice::Form(form) => {
            cx.print(|out| output::write(out, report, *form, (check.fail_on, &check.view)))
        }
        form::Choice::Selected(selection) => {
            let report = output::whole(report);
            selected::print(cx, selection, &report, !check.view.no_headers)
        }
    }
}

/// What was found comes first; a cluster that could not be read whole may have more.
fn exit(report: &Report, fail_on: Option<Severity>, is_partial: bool) -> Exit {
    let worst = report.rows.iter().map(|it| it.severity).max();
    match fail_on {
        Some(least) if worst >= Some(least) => Exit::Found,
        _ if is_partial => Exit::Unreachable,
        Some(_) | None => Exit::Clean,
    }
}

fn of_cluster(now: Timestamp, check: &Check, found: &Lintable, choice: &Choice<'_>) -> Report {
    let current = choice.current;
    let unread: BTreeSet<&str> = found.unread.iter().map(|it| it.0).collect();
    let has = |kinds: &[&str]| !kinds.iter().any(|it| unread.contains(it));
    let setting = Setting {
        namespace: current.to_owned(),
        now,
        seen: Seen {
            is_cluster: true,
            workloads: has(&["Deployment", "StatefulSet"]),
            limit_ranges: has(&["LimitRange"]),
            authentications: has(&["TriggerAuthentication", "ClusterTriggerAuthentication"]),
            all_namespaces: choice.is_everywhere && has(&["ScaledObject", "ScaledJob"]),
        },
        kinds: Kinds::NotAsked,
        disabled: check.disabled.clone(),
    };
    let told = lint(&found.objects, &setting).into_iter();
    let rows = told.filter(|it| choice.is_meant[it.object]).map(|it| {
        let id = ObjectId::of(&found.objects[it.object], current);
        row(it, None, Some(id))
    });
    let objects = found.objects.iter().zip(&choice.is_meant);
    Report {
        rows: rows.collect(),
        objects: objects
            .filter(|(_, is_meant)| **is_meant)
            .map(|(object, _)| Checked {
                file: None,
                object: ObjectId::of(object, current),
            })
            .collect(),
        files: None,
    }
}

/// One object of a file.
struct Found {
    source: usize,
    document: usize,
    /// The pointer to it within its document.
    prefix: String,
}

fn of_files(cx: &Context, check: &Check, sources: &[Source], namespace: &str) -> Report {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: Vec<Found> = Vec::new();
    let mut objects: Vec<Value> = Vec::new();
    for (source, it) in sources.iter().enumerate() {
        rows.extend(it.broken());
        for (document, prefix, object) in it.objects() {
            if is_object(object) {
                objects.push(object.clone());
                places.push(Found {
                    source,
                    document,
                    prefix,
                });
            } else if should_be_object(object, it.is_named) {
                rows.push(it.no_object(document, &prefix));
            }
        }
    }
    let setting = Setting {
        namespace: namespace.to_owned(),
        now: cx.now(),
        seen: Seen::default(),
        kinds: Kinds::NotAsked,
        disabled: check.disabled.clone(),
    };
    rows.extend(lint(&objects, &setting).into_iter().map(|it| {
        let place = &places[it.object];
        let id = ObjectId::of(&objects[it.object], namespace);
        let pointer = format!("{}{}", place.prefix, it.path.pointer());
        let position = sources[place.source].position(place.document, &pointer);
        let file = (sources[place.source].name.clone(), position);
        row(it, Some(file), Some(id))
    }));
    rows.retain(|it| !check.disabled.contains(&it.code));
    let file = |it: &Row| sources.iter().position(|source| it.is_in(&source.name));
    rows.sort_by_key(|it| (file(it), it.position(), it.code));
    Report {
        rows,
        objects: checked(&objects, &places, sources, namespace),
        files: Some(sources.len()),
    }
}

/// The objects with their files.
fn checked(
    objects: &[Value],
    places: &[Found],
    sources: &[Source],
    namespace: &str,
) -> Vec<Checked> {
    let all = objects.iter().zip(places);
    all.map(|(object, place)| Checked {
        file: Some(sources[place.source].name.clone()),
        object: ObjectId::of(object, namespace),
    })
    .collect()
}

/// Whether a document that is no object is told as one. Folders of manifests hold other YAML too:
/// kustomizations, and values of charts.
fn should_be_object(document: &Value, is_named: bool) -> bool {
    match document.get("kind").and_then(Value::as_str) {
        Some("Kustomization" | "Component") => false,
        Some(
            "HorizontalPodAutoscaler"
            | "ScaledObject"
            | "ScaledJob"
            | "TriggerAuthentication"
            | "ClusterTriggerAuthentication",
        ) => true,
        Some(_) | None => is_named,
    }
}

/// Whether it has what every object has.
fn is_object(object: &Value) -> bool {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let is_named = text("/metadata/name")
        .or(text("/metadata/generateName"))
        .is_some();
    text("/apiVersion").is_some() && text("/kind").is_some() && is_named
}

fn row(
    it: Diagnostic,
    file: Option<(String, crate::yaml::located::Position)>,
    object: Option<ObjectId>,
) -> Row {
    Row {
        code: it.code,
        severity: it.severity,
        file,
        object,
        path: it.path.pointer(),
        message: it.message,
        fix: it.fix,
    }
}

impl Source {
    /// What cannot be read of it.
    fn broken(&self) -> Vec<Row> {
        use crate::yaml::located::Why;
        let told = |it: &crate::yaml::located::Broken| {
            let (code, message, fix) = match &it.why {
                Why::Syntax(why) => (Code::Syntax, why.clone(), "correct the YAML or JSON"),
                Why::Tab => (
                    Code::Syntax,
                    "a line is indented with a tab, which YAML does not allow".to_owned(),
                    "indent with spaces",
                ),
                Why::Template(text) => (
                    Code::Template,
                    format!("this is a template that is not rendered: {text}"),
                    "render it first: helm template CHART | kubectl stepscale lint -f -",
                ),
                Why::DuplicateKey(key) => (
                    Code::DuplicateKey,
                    format!("the key `{key}` is there before"),
                    "remove one of the two",
                ),
            };
            self.row(code, it.at, message, fix)
        };
        match &self.documents {
            Ok(documents) => documents.broken().iter().map(told).collect(),
            Err(broken) => vec![told(broken)],
        }
    }

    fn no_object(&self, document: usize, prefix: &str) -> Row {
        let message = "this is no Kubernetes object: apiVersion, kind or metadata.name is missing";
        let at = self.position(document, prefix);
        let fix = "add what is missing, or remove the document";
        self.row(Code::NotAnObject, at, message.to_owned(), fix)
    }

    fn row(
        &self,
        code: Code,
        at: crate::yaml::located::Position,
        message: String,
        fix: &str,
    ) -> Row {
        Row {
            code,
            severity: code.severity(),
            file: Some((self.name.clone(), at)),
            object: None,
            path: String::new(),
            message,
            fix: fix.to_owned(),
        }
    }
}

/// The name of a file in messages.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    }
}
