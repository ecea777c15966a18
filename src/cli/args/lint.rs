//! What may be typed after `lint`.

use std::path::PathBuf;

use clap::Args;

use super::{Choices, words};
use crate::config::form::Choice;
use crate::config::lint::{Explainable, Form};
use crate::config::values::{self, LINT_FAIL_ON, LINT_FORMS};
use crate::lint::{Code, Severity};

/// Check autoscalers as they are written
///
/// Finds in HPAs, ScaledObjects, ScaledJobs and TriggerAuthentications what the API server, KEDA's
/// webhook or KEDA itself would refuse, and what works in another way than it looks; with the line
/// and a fix. Needs no history, and with -f or -k no cluster. The annotation
/// `stepscale.io/lint-ignore: CODE,CODE` on an object keeps codes from being told of it.
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// Objects of the cluster: orders, so/orders, hpa/web, sj/mail, ta/kafka, cta/prometheus; all in
    /// the namespace if left out
    #[arg(value_name = "NAME", conflicts_with_all = ["filenames", "kustomize"])]
    pub(crate) names: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, help_heading = super::SCOPE)]
    pub(crate) all_namespaces: bool,
    /// Objects of the cluster with these labels, as kubectl selects them
    #[arg(short = 'l', long, value_name = "SELECTOR", conflicts_with_all = ["names", "filenames", "kustomize"], help_heading = super::SCOPE)]
    pub(crate) selector: Option<String>,
    /// Manifest or folder of manifests, YAML or JSON; may be repeated; `-` for standard input
    #[arg(short = 'f', long = "filename", id = "filenames", value_name = "FILE", help_heading = super::SCOPE)]
    pub(crate) filenames: Vec<PathBuf>,
    /// Read a support bundle, as `gather -o FILE.tar.gz` writes it, instead of a cluster; `-` for
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filenames", "kustomize", "all_namespaces"], help_heading = super::SCOPE)]
    pub(crate) from: Option<PathBuf>,
    /// Read folders given with -f with those below them
    #[arg(short = 'R', long, requires = "filenames", help_heading = super::SCOPE)]
    pub(crate) recursive: bool,
    /// Folder of a kustomization, built by kubectl; `-` for what it built, on standard input
    #[arg(short = 'k', long, value_name = "DIR", conflicts_with = "filenames", help_heading = super::SCOPE)]
    pub(crate) kustomize: Option<PathBuf>,
    /// Code not to tell; may be repeated
    #[arg(long = "disable", value_name = "CODE", value_delimiter = ',', value_parser = values::lint_code, help_heading = super::OUTPUT)]
    pub(crate) disabled: Vec<Code>,
    /// Form of the answer; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: text]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&LINT_FORMS), help_heading = super::OUTPUT)]
    pub(crate) form: Option<Choice<Form>>,
    #[command(flatten)]
    pub(crate) view: super::ViewArgs,
    /// Exit with 1 for diagnostics of this severity or above [default: error]
    #[arg(long = "fail-on", id = "lint_fail_on", value_name = "LEVEL", value_parser = words(&LINT_FAIL_ON), help_heading = super::OUTPUT)]
    pub(crate) fail_on: Option<LintFailOn>,
    /// Print all codes with their meaning
    #[arg(long, conflicts_with_all = ["names", "selector", "filenames", "kustomize", "all_namespaces", "from"], help_heading = super::OUTPUT)]
    pub(crate) list: bool,
    /// Print what a code means, also one of a finding of `analyze`
    #[arg(long, value_name = "CODE", value_parser = values::explainable, conflicts_with_all = ["names", "selector", "filenames", "kustomize", "all_namespaces", "from", "list"], help_heading = super::OUTPUT)]
    pub(crate) explain: Option<Explainable>,
}

/// A level that was typed; `None` for none at all, which is not the same as not typed.
pub(crate) type LintFailOn = std::option::Option<Severity>;
