//! The Dockerfile, as far as it can be held against the rest without building it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::rig::program::{Said, User};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DOCKERFILE: &str = include_str!("../../Dockerfile");
const IGNORED: &str = include_str!("../../.dockerignore");
const MANIFEST: &str = include_str!("../../Cargo.toml");

/// Instructions with their arguments, each in one line.
fn instructions() -> Vec<(String, String)> {
    let lines = DOCKERFILE
        .lines()
        .filter(|it| !it.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let instructions = text.lines().filter_map(|it| it.trim().split_once(' '));
    let owned = |(name, rest): (&str, &str)| {
        let words: Vec<&str> = rest.split_whitespace().collect();
        (name.to_owned(), words.join(" "))
    };
    instructions.map(owned).collect()
}

#[track_caller]
fn only(name: &str) -> String {
    let all = instructions().into_iter().filter(|it| it.0 == name);
    let mut all: Vec<String> = all.map(|it| it.1).collect();
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    all.remove(0)
}

#[test]
fn what_the_image_runs_is_what_the_build_made_and_understands() {
    let started: Vec<String> = serde_json::from_str(&only("ENTRYPOINT")).unwrap();
    let [program] = started.as_slice() else {
        panic!("{started:?}");
    };
    let copied = instructions().into_iter().filter(|it| it.0 == "COPY");
    let copied: Vec<String> = copied.map(|it| it.1).collect();
    let (from, to) = ("/image/kubectl-stepscale", program);
    assert!(
        copied.contains(&format!("--from=build {from} {to}")),
        "{copied:?}"
    );
    let run = instructions().into_iter().filter(|it| it.0 == "RUN");
    let build = run
        .map(|it| it.1)
        .find(|it| it.contains("cargo build"))
        .unwrap();
    for part in [
        "cargo build --release --locked --bin kubectl-stepscale",
        "install -D -m 0755 target/release/kubectl-stepscale /image/kubectl-stepscale",
    ] {
        assert!(build.contains(part), "{part} is not in {build}");
    }
    assert!(MANIFEST.contains("[[bin]]\nname = \"kubectl-stepscale\""));

    let arguments: Vec<String> = serde_json::from_str(&only("CMD")).unwrap();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = Said::by(&mut User::new().stepscale(&arguments));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn the_image_is_who_and_where_install_says() {
    let printed = Said::by(&mut User::new().stepscale(&["install"])).stdout;
    let user = only("USER");
    let user = user.split(':').next().unwrap();
    assert!(printed.contains(&format!("runAsUser: {user}")), "{printed}");
    let environment = only("ENV");
    let home = environment
        .split(' ')
        .find_map(|it| it.strip_prefix("HOME="));
    assert!(
        printed.contains(&format!("mountPath: {}", home.unwrap())),
        "{printed}"
    );
    let certificates = environment
        .split(' ')
        .find_map(|it| it.strip_prefix("SSL_CERT_FILE="));
    let certificates = format!(
        "/etc/ssl/certs/ca-certificates.crt {}",
        certificates.unwrap()
    );
    assert!(DOCKERFILE.contains(&certificates));
}

#[test]
fn the_build_has_the_compiler_that_the_manifest_wants() {
    let field = |key: &str| {
        let line = MANIFEST.lines().find_map(|it| it.strip_prefix(key));
        line.unwrap().trim_matches([' ', '=', '"']).to_owned()
    };
    let wanted = field("rust-version");
    assert!(
        DOCKERFILE.contains(&format!("FROM rust:{wanted}-alpine AS build")),
        "{wanted}"
    );
}

/// Names in the root of the repository that the build does not get.
fn ignored() -> BTreeSet<&'static str> {
    let lines = IGNORED.lines().map(str::trim);
    lines
        .filter(|it| !it.is_empty() && !it.starts_with('#'))
        .collect()
}

#[test]
fn nothing_that_the_program_is_built_from_is_left_out() {
    let ignored = ignored();
    for needed in [
        "Cargo.toml",
        "Cargo.lock",
        "askama.toml",
        "src",
        "benches",
        "examples",
    ] {
        assert!(Path::new(ROOT).join(needed).exists(), "{needed}");
        assert!(!ignored.contains(needed), "{needed}");
    }
    let mut sources = vec![];
    below(&Path::new(ROOT).join("src"), &mut sources);
    assert!(sources.len() > 100);
    let mut included = 0;
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for macro_name in ["include_str!(\"", "include_bytes!(\""] {
            for part in text.split(macro_name).skip(1) {
                let path = part.split('"').next().unwrap();
                let root = first(&source.parent().unwrap().join(path));
                assert!(
                    !ignored.contains(root.as_str()),
                    "{} in {}",
                    path,
                    source.display()
                );
                included += 1;
            }
        }
    }
    assert!(included > 10, "{included}");
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => below(&path, found),
            false if path.extension().is_some_and(|it| it == "rs") => found.push(path),
            false => {}
        }
    }
}

/// What a path in the repository begins with, seen from its root.
fn first(path: &Path) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.strip_prefix(ROOT).unwrap().components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_str().unwrap()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts[0].to_owned()
}
