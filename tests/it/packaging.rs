//! What a release is made of: the manifest for krew by krew's rules, archives of made-up programs that fit
//! it, and workflows that build what it lists.

mod krew;
mod release;
mod workflows;

use std::fs;
use std::path::Path;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Of the platforms that there are releases for, operating system and architecture as Go names them.
const PLATFORMS: [(&str, &str); 6] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
    ("windows", "arm64"),
];

/// A file of YAML, comments left out.
#[track_caller]
fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(ROOT).join(path)
}
