//! Exact agreement with KEDA's own functions.
//!
//! The data was produced by KEDA's compiled functions; its README, which lies beside it, defines
//! every field. The folder comes from `STEPSCALE_CONFORMANCE_DIR`, by default
//! `../shared/conformance` beside the repository; without it these tests say so and pass.

mod looping;
mod objects;
mod triggers;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::rig::say;

/// One case of any file.
#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    kind: String,
    input: Value,
    expected: Value,
}

/// Checks every case of `file` and says how many there were. `check` gives what was found, and
/// what was expected in the same form.
fn check(file: &str, check: impl Fn(&Case) -> (Value, Value)) {
    let Some(path) = path(file) else {
        return;
    };
    let text = std::fs::read_to_string(&path).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    let cases: Vec<Case> = serde_json::from_value(all["cases"].take()).unwrap();
    let differs = |case: &Case| {
        let (found, expected) = check(case);
        (found != expected).then(|| format!("{}: {found}, expected {expected}", case.id))
    };
    let differences: Vec<_> = cases.iter().filter_map(differs).collect();
    let (count, differing) = (cases.len(), differences.len());
    say(&format!(
        "keda {file}: {count} cases checked, {differing} differ"
    ));
    assert!(count > 0, "{file} has nothing to check");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where `file` lies; `None`, said loudly, if there is no data.
fn path(file: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let root = std::env::var_os("STEPSCALE_CONFORMANCE_DIR").map_or(default, PathBuf::from);
    let folder = root.join("keda");
    if folder.is_dir() {
        return Some(folder.join(file));
    }
    let folder = folder.display();
    say(&format!(
        "SKIPPED: keda {file}: no folder {folder}; set STEPSCALE_CONFORMANCE_DIR"
    ));
    None
}
