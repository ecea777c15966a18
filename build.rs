//! Tells the program which commit it is and of which Kubernetes its types are, for `--version`.

#[path = "build/commit.rs"]
mod commit;

use std::env;
use std::path::Path;

/// A commit that the one who builds knows better, as where there is no repository.
const GIVEN: &str = "STEPSCALE_COMMIT";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/commit.rs");
    println!("cargo:rerun-if-env-changed={GIVEN}");
    println!("cargo:rustc-env={GIVEN}={}", built_commit());
    println!(
        "cargo:rustc-env=STEPSCALE_KUBERNETES_TYPES={}",
        kubernetes()
    );
}

/// A build for development does not follow the repository: each commit would have all of it built anew.
fn built_commit() -> String {
    let given = env::var(GIVEN).ok();
    let is_release = env::var("PROFILE").is_ok_and(|it| it == "release");
    if !is_release && given.is_none() {
        return commit::UNKNOWN.to_owned();
    }
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    if let Some(folder) = commit::repository(root) {
        // It changes with every checkout and every commit.
        println!(
            "cargo:rerun-if-changed={}",
            folder.join("logs/HEAD").display()
        );
    }
    commit::commit(root, given.as_deref())
}

/// `1.33`, of `0x00_01_0021_00`: a byte, a byte and two bytes, as k8s-openapi hands it to builds.
fn kubernetes() -> String {
    let mut all = env::vars();
    let told =
        all.find(|(name, _)| name.starts_with("DEP_K8S_OPENAPI_") && name.ends_with("_VERSION"));
    let number = told.and_then(|(_, it)| {
        let digits = it.trim_start_matches("0x");
        u32::from_str_radix(digits, if digits == it { 10 } else { 16 }).ok()
    });
    match number {
        Some(number) => format!("{}.{}", number >> 16, (number >> 8) & 0xff),
        None => commit::UNKNOWN.to_owned(),
    }
}
