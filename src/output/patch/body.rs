//! What is in a patch of each type.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Error, Target};
use crate::yaml;

/// Lists of autoscalers are replaced whole by both kinds of merges, so that these have one body.
pub(super) fn strategic(target: &Target<'_>) -> Result<String, Error> {
    if !target.names.is_built_in() {
        return Err(Error::NotStrategic {
            object: target.names.to_string(),
        });
    }
    with_command(target, "strategic", &body(target)?)
}

pub(super) fn merge(target: &Target<'_>) -> Result<String, Error> {
    with_command(target, "merge", &body(target)?)
}

fn body(target: &Target<'_>) -> Result<String, Error> {
    target.write(&Value::Object(target.change()))
}

/// The operations as a document of a stream.
pub(super) fn commented_operations(target: &Target<'_>) -> Result<String, Error> {
    with_command(target, "json", &operations(target))
}

fn with_command(target: &Target<'_>, patch_type: &str, body: &str) -> Result<String, Error> {
    let recommendation = target.proposed.recommendation;
    let resource = resource(target);
    let namespace = target.names.namespace_flag();
    Ok(format!(
        "# {recommendation}: kubectl patch {resource}{namespace} --type={patch_type} --patch-file=FILE\n{body}"
    ))
}

/// The object as kubectl names it: `hpa web`.
fn resource(target: &Target<'_>) -> String {
    let names = &target.names;
    let (group, version) = names.group_version();
    match (group, names.kind) {
        ("autoscaling", "HorizontalPodAutoscaler") => format!("hpa {}", names.name),
        ("", kind) => format!("{} {}", kind.to_lowercase(), names.name),
        (group, kind) => format!("{}.{version}.{group} {}", kind.to_lowercase(), names.name),
    }
}

/// A JSON patch, one operation a line: first all tests, so that nothing is half done where the
/// patch is applied by a tool that stops in the middle.
pub(super) fn operations(target: &Target<'_>) -> String {
    let mut tests = vec![];
    let mut writes = vec![];
    for (key, value) in target.change() {
        let path = format!("/{}", escaped(&key));
        compare(
            target.proposed.live.get(&key),
            &value,
            path,
            &mut |path, from, to| {
                // For the API server a field that is missing tests as null.
                tests.push(json!({ "op": "test", "path": path, "value": from }));
                let op = if from.is_some() { "replace" } else { "add" };
                writes.push(json!({ "op": op, "path": path, "value": to }));
            },
        );
    }
    tests.append(&mut writes);
    let lines: Vec<String> = tests.iter().map(|it| format!("  {it}")).collect();
    if lines.is_empty() {
        return "[]\n".to_owned();
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Tells every place where `live` is not what `wanted` says: the outermost that is missing, lists
/// as a whole.
fn compare<'v>(
    live: Option<&'v Value>,
    wanted: &'v Value,
    path: String,
    tell: &mut impl FnMut(String, Option<&'v Value>, &'v Value),
) {
    match (live, wanted) {
        (Some(Value::Object(live)), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                compare(
                    live.get(key),
                    wanted,
                    format!("{path}/{}", escaped(key)),
                    tell,
                );
            }
        }
        (live, wanted) if live != Some(wanted) => tell(path, live, wanted),
        _ => {}
    }
}

/// A key in a JSON pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What a kustomization says above its patches.
const ABOUT_NAMESPACES: &str = "\
# kustomize looks for `namespace` in the manifests themselves: leave it out of target and patch where they do
# not say it.
";

/// One kustomization with a patch for each, since a file of that name holds one.
pub(super) fn kustomization(targets: &[Target<'_>]) -> Result<String, Error> {
    let head = yaml::write(&Head {
        api_version: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
    });
    let patches = targets.iter().map(KustomizePatch::of);
    let patches = patches.collect::<Result<_, _>>()?;
    let patches = yaml::write(&Patches { patches }).map_err(Error::WriteAll)?;
    let head = head.map_err(Error::WriteAll)?;
    Ok(format!("{head}{ABOUT_NAMESPACES}{patches}"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: &'static str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Patches<'a> {
    patches: Vec<KustomizePatch<'a>>,
}

#[derive(Serialize)]
struct KustomizePatch<'a> {
    target: Selector<'a>,
    patch: String,
}

/// Which object kustomize is to patch.
#[derive(Serialize)]
struct Selector<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    /// A regular expression.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

impl<'a> KustomizePatch<'a> {
    fn of(target: &Target<'a>) -> Result<Self, Error> {
        let names = &target.names;
        let (group, version) = names.group_version();
        let patch = target.write(target.proposed.configuration)?;
        let target = Selector {
            group,
            version,
            kind: names.kind,
            // Of what names may have, only dots mean something else.
            name: names.name.replace('.', "\\."),
            namespace: names.namespace,
        };
        Ok(Self { target, patch })
    }
}
