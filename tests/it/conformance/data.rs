//! How checks are written down.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One file of scenarios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    /// The name of the file without its ending.
    #[serde(skip)]
    pub(super) file: String,
    /// Texts that requests and bodies name as `${name}`, such as the path of a collection.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    /// Objects that bodies start from: `{$with: name, …}` is a merge patch of one.
    #[serde(default)]
    pub(super) bases: Map<String, Value>,
    scenarios: Vec<Scenario>,
}

/// Requests that follow each other, in a namespace of their own called `${ns}`.
///
/// `${run}` is a word that no other run uses, for objects outside of namespaces.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    /// The server that alone has what is checked.
    #[serde(default)]
    pub(super) only: Option<Only>,
    /// Paths to delete at the end, beside the namespace.
    #[serde(default)]
    pub(super) cleanup: Vec<String>,
    pub(super) steps: Vec<Step>,
}

/// What a scenario cannot be checked without.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Need {
    /// Garbage collection and the life cycle of namespaces.
    Controllers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Only {
    pub(super) on: Server,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Server {
    Sandbox,
    Real,
}

/// One request and its answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    /// What the answer shows; none for a step that only prepares others.
    pub(super) check: Option<String>,
    /// Method, path and query, as in `GET /api/v1/namespaces/${ns}/pods?limit=1`.
    pub(super) request: String,
    /// Who asks, if not the administrator.
    pub(super) user: Option<String>,
    /// The content type, or one of the words of [`content_type`].
    #[serde(rename = "type")]
    pub(super) content_type: Option<String>,
    /// What is accepted, or one of the words of [`accepted`].
    pub(super) accept: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<Value>,
    /// The body where it is not to be JSON.
    pub(super) text: Option<String>,
    /// A request that is sent while this one is being answered.
    pub(super) meanwhile: Option<Box<Step>>,
    /// Whether the answer may take a while to come about.
    pub(super) eventually: bool,
    pub(super) code: u16,
    /// What the answer must have, as `matching` reads it. The answer to a watch is the list of its
    /// events.
    pub(super) expect: Option<Value>,
    /// The whole body as text.
    pub(super) says: Option<String>,
    /// All texts of `Warning` headers.
    pub(super) warnings: Option<Vec<String>>,
    /// Headers of the answer.
    pub(super) sends: BTreeMap<String, Value>,
    /// Variables for later steps, each with the JSON pointer of its value.
    pub(super) save: BTreeMap<String, String>,
    /// Where the sandbox differs.
    pub(super) sandbox: Option<Difference>,
}

/// How the answer of the sandbox differs, and why that is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    pub(super) why: String,
    #[serde(default)]
    pub(super) skip: bool,
    #[serde(default)]
    pub(super) code: Option<u16>,
    #[serde(default)]
    pub(super) expect: Option<Value>,
}

impl Suite {
    pub(super) fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter()
    }
}

impl Scenario {
    /// The lines of `docs/sandbox.md` about it.
    pub(super) fn differences(&self, file: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(only) = &self.only {
            lines.push(format!("| `{file}` | {} | {} |", self.name, only.why));
        }
        for step in &self.steps {
            if let Some(difference) = &step.sandbox {
                let check = step.check.as_ref().unwrap_or(&step.request);
                let name = format!("{}: {check}", self.name);
                lines.push(format!("| `{file}` | {name} | {} |", difference.why));
            }
        }
        lines
    }
}

impl Step {
    /// The step as the sandbox is to pass it; `None` if it need not.
    pub(super) fn on_sandbox(&self) -> Option<Self> {
        let Some(difference) = &self.sandbox else {
            return Some(self.clone());
        };
        let mut step = self.clone();
        step.code = difference.code.unwrap_or(self.code);
        if let Some(expect) = &difference.expect {
            step.expect = Some(expect.clone());
        }
        (!difference.skip).then_some(step)
    }
}

/// Every file below `tests/conformance/`, by name.
pub(super) fn suites() -> Vec<Suite> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
    let files = fs::read_dir(folder).expect("the folder of the checks");
    let mut paths: Vec<_> = files.map(|it| it.unwrap().path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let suite: Result<Suite, _> = serde_yaml::from_str(&text);
        let mut suite = suite.unwrap_or_else(|it| panic!("{}: {it}", path.display()));
        suite.file = path.file_stem().unwrap().to_string_lossy().into_owned();
        suite
    };
    paths.into_iter().map(read).collect()
}

/// The content type that a word stands for.
pub(super) fn content_type(word: &str) -> &str {
    match word {
        "merge" => "application/merge-patch+json",
        "json" => "application/json-patch+json",
        "strategic" => "application/strategic-merge-patch+json",
        "apply" => "application/apply-patch+yaml",
        other => other,
    }
}

/// The `Accept` header that a word stands for.
pub(super) fn accepted(word: &str) -> &str {
    match word {
        "table" => "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
        "metadata" => "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        "metadata list" => "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "aggregated" => {
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        }
        other => other,
    }
}
