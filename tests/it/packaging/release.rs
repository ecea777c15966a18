//! `scripts/release.sh`, run on made-up programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::krew::problems;
use super::{PLATFORMS, in_repository, yaml};
use crate::rig::program::{Said, User};

const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const HOME: &str = "https://git.example/team/stepscale";

/// Programs for every platform, which are text.
fn made_up(user: &User) -> PathBuf {
    let folder = user.path("built");
    for (os, arch) in PLATFORMS {
        let folder = folder.join(format!("{os}_{arch}"));
        fs::create_dir_all(&folder).unwrap();
        let ending = if os == "windows" { ".exe" } else { "" };
        let program = folder.join(format!("kubectl-stepscale{ending}"));
        fs::write(program, format!("for {os} on {arch}\n")).unwrap();
    }
    folder
}

/// The script with what it needs; the key where there is one.
fn script(user: &User, out: &Path, version: &str) -> Command {
    let mut command = Command::new(in_repository("scripts/release.sh"));
    command
        .args(["--version", version, "--home", HOME])
        .arg("--binaries")
        .arg(user.path("built"))
        .arg("--out")
        .arg(out)
        .arg("--program")
        .arg(cargo_bin("kubectl-stepscale"))
        .env("CARGO", env!("CARGO"))
        .env("SOURCE_DATE_EPOCH", "1767225600");
    let key = user.path("stepscale-license.key");
    if key.exists() {
        command.arg("--key").arg(key);
    }
    command
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let said = Said::by(command);
    assert_eq!(said.code, Some(0), "{command:?}: {}", said.stderr);
    said.stdout
}

fn sum(path: &Path) -> String {
    let digest = Sha256::digest(fs::read(path).unwrap());
    digest.iter().map(|it| format!("{it:02x}")).collect()
}

/// The names of the files in an archive.
fn packed(archive: &Path) -> Vec<String> {
    let is_zip = archive.extension().is_some_and(|it| it == "zip");
    let listed = if is_zip {
        let program =
            "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')";
        succeeds(Command::new("python3").args(["-c", program]).arg(archive))
    } else {
        succeeds(Command::new("tar").arg("tzf").arg(archive))
    };
    listed.lines().map(str::to_owned).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    let mut names: Vec<String> = entries
        .map(|it| it.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_release_is_what_its_manifest_says_and_is_made_the_same_again() {
    let user = User::new();
    made_up(&user);
    user.issue_license();
    let out = user.path("out");
    succeeds(&mut script(&user, &out, VERSION));

    let manifest = yaml(&out.join("stepscale.yaml"));
    assert_eq!(problems("stepscale", &manifest), Vec::<String>::new());
    assert_eq!(manifest["spec"]["homepage"], HOME);
    let text = fs::read_to_string(out.join("stepscale.yaml")).unwrap();
    assert!(!text.contains("OWNER"), "{text}");
    for platform in manifest["spec"]["platforms"].as_array().unwrap() {
        assert_fits(platform, &out);
    }
    assert_signed(&user, &out);

    let again = user.path("again");
    succeeds(&mut script(&user, &again, VERSION));
    assert_eq!(names(&out), names(&again));
    for name in names(&out) {
        let (first, second) = (out.join(&name), again.join(&name));
        assert_eq!(sum(&first), sum(&second), "{name}");
    }
}

/// The archive that a platform names is there, and has what is to be installed of it.
fn assert_fits(platform: &Value, out: &Path) {
    let uri = platform["uri"].as_str().unwrap();
    let place = format!("{HOME}/releases/download/{VERSION}/");
    let archive = out.join(uri.strip_prefix(&place).unwrap());
    assert_eq!(platform["sha256"], sum(&archive), "{uri}");
    let packed = packed(&archive);
    for file in platform["files"].as_array().unwrap() {
        let from = file["from"].as_str().unwrap();
        assert!(packed.iter().any(|it| it == from), "{from} is not in {uri}");
    }
    for file in [
        "README.md",
        "completions/kubectl-stepscale.bash",
        "man/man1/kubectl-stepscale-analyze.1",
    ] {
        assert!(packed.iter().any(|it| it == file), "{file} is not in {uri}");
    }
    let mut sorted = packed.clone();
    sorted.sort();
    assert_eq!(packed, sorted);
}

/// Every file has a signature that our own program accepts, and is listed with its checksum.
fn assert_signed(user: &User, out: &Path) {
    let key = user.path("stepscale-license.pub");
    let listed = fs::read_to_string(out.join("checksums.txt")).unwrap();
    let mut signed = 0;
    for name in names(out).into_iter().filter(|it| !it.ends_with(".sig")) {
        let path = out.join(&name);
        let arguments = ["license", "verify-artifact", path.to_str().unwrap()];
        let mut command = user.stepscale(&arguments);
        succeeds(command.arg("--public-key").arg(&key));
        let line = format!("{}  {name}\n", sum(&path));
        assert!(name == "checksums.txt" || listed.contains(&line), "{line}");
        signed += 1;
    }
    assert_eq!(
        signed,
        PLATFORMS.len() + 3,
        "archives, SBOM, manifest, checksums"
    );
}

#[test]
fn the_list_of_what_is_built_in_is_that_of_the_lock_file() {
    let mut command = Command::new("python3");
    command
        .arg(in_repository("scripts/sbom.py"))
        .arg(VERSION)
        .env("CARGO", env!("CARGO"));
    let text = succeeds(&mut command);
    let bom: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(bom["bomFormat"], "CycloneDX");
    assert_eq!(bom["metadata"]["component"]["name"], "kubectl-stepscale");
    let components = bom["components"].as_array().unwrap();
    let lock = fs::read_to_string(in_repository("Cargo.lock")).unwrap();
    for it in components {
        let text = |key: &str| it[key].as_str().unwrap();
        let package = format!(
            "name = \"{}\"\nversion = \"{}\"\n",
            text("name"),
            text("version")
        );
        let (_, entry) = lock
            .split_once(&package)
            .unwrap_or_else(|| panic!("{package}"));
        let checksum = it["hashes"][0]["content"].as_str().unwrap();
        let entry = entry.split("\n\n").next().unwrap();
        assert!(entry.contains(checksum), "{package}");
        assert!(it["licenses"][0]["expression"].is_string(), "{package}");
    }
    let has = |name: &str| components.iter().any(|it| it["name"] == name);
    assert!(has("kube-client") && has("rustls"), "what is built in");
    assert!(!has("insta") && !has("criterion"), "what only tests use");
}

#[test]
fn what_is_missing_is_said_before_anything_is_made() {
    let user = User::new();
    let folder = made_up(&user);
    let out = user.path("out");
    let refused = |command: &mut Command| {
        let said = Said::by(command);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        said.stderr
    };
    let text = refused(&mut script(&user, &out, "1.0"));
    assert!(text.contains("--version is not one: '1.0'"), "{text}");
    let text = refused(&mut script(&user, &out, "v99.0.0"));
    assert!(text.contains("which is not v99.0.0"), "{text}");
    let missing = folder.join("windows_arm64/kubectl-stepscale.exe");
    fs::remove_file(&missing).unwrap();
    let text = refused(&mut script(&user, &out, VERSION));
    assert!(
        text.contains("windows_arm64/kubectl-stepscale.exe is missing"),
        "{text}"
    );
    fs::write(&missing, "").unwrap();
    let text = refused(&mut script(&user, &folder, VERSION));
    assert!(text.contains("has something in it"), "{text}");
}
