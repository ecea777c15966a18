//! `--version`, and how a build comes to its commit.

use std::fs;
use std::path::Path;

use crate::rig::program::{Said, User};

#[path = "../../build/commit.rs"]
mod commit;

const HEX: &str = "0123456789abcdef0123456789abcdef01234567";
const SHORT: &str = "0123456789ab";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn found(files: &[(&str, &str)], given: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    commit::commit(&folder.path().join("root"), given)
}

#[test]
fn a_commit_is_found_wherever_it_is_written() {
    let head = ("root/.git/HEAD", "ref: refs/heads/main\n");
    let packed = format!("# pack-refs with: peeled\n{HEX} refs/heads/main\n");
    let package = format!(r#"{{"git":{{"sha1":"{HEX}"}},"path_in_vcs":""}}"#);
    let line = format!("{HEX}\n");
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, &'a str);
    let cases: [Case<'_>; 9] = [
        (&[head, ("root/.git/refs/heads/main", &line)], None, SHORT),
        (&[head, ("root/.git/packed-refs", &packed)], None, SHORT),
        (&[("root/.git/HEAD", &line)], None, SHORT),
        (
            &[
                ("root/.git", "gitdir: ../main/.git/worktrees/w\n"),
                ("main/.git/worktrees/w/HEAD", "ref: refs/heads/w\n"),
                ("main/.git/worktrees/w/commondir", "../..\n"),
                ("main/.git/refs/heads/w", &line),
            ],
            None,
            SHORT,
        ),
        (&[("root/.cargo_vcs_info.json", &package)], None, SHORT),
        (&[head], Some(HEX), SHORT),
        (&[head], None, commit::UNKNOWN),
        (&[("root/.git/HEAD", "nonsense")], None, commit::UNKNOWN),
        (&[], Some("dev"), commit::UNKNOWN),
    ];
    for (files, given, expected) in cases {
        assert_eq!(found(files, given), expected, "{files:?} {given:?}");
    }
}

#[test]
fn the_version_names_what_is_read_and_written() {
    let printed = |flag: &str| {
        let said = Said::by(&mut User::new().stepscale(&[flag]));
        assert_eq!(said.code, Some(0));
        said.stdout
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(printed("-V"), format!("stepscale {version}\n"));
    let long = printed("--version");
    let mut lines = long.lines();
    assert_eq!(lines.next(), Some(format!("stepscale {version}").as_str()));
    assert!(lines.next().unwrap().starts_with("commit: "), "{long}");
    for part in [
        "stepscale.io/v1alpha1",
        "Kubernetes types: 1.",
        "keda.sh/v1alpha1",
    ] {
        assert!(long.contains(part), "{long}");
    }
}
