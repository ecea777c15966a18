//! Help as the binary prints it, and the README beside it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

const README: &str = include_str!("../../README.md");

/// What `kubectl-stepscale` prints for `arguments`, wrapped as without a terminal.
fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(cargo_bin("kubectl-stepscale"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("STEPSCALE_") {
            command.env_remove(variable);
        }
    }
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(printed(&["--help"]));
}

#[test]
fn help_of_analyze() {
    insta::assert_snapshot!(printed(&["analyze", "--help"]));
}

#[test]
fn help_of_simulate() {
    insta::assert_snapshot!(printed(&["simulate", "--help"]));
}

#[test]
fn help_of_gather() {
    insta::assert_snapshot!(printed(&["gather", "--help"]));
}

#[test]
fn help_of_lint() {
    insta::assert_snapshot!(printed(&["lint", "--help"]));
}

#[test]
fn help_of_demo() {
    insta::assert_snapshot!(printed(&["demo", "--help"]));
}

#[test]
fn help_of_apply() {
    insta::assert_snapshot!(printed(&["apply", "--help"]));
}

#[test]
fn help_of_approve() {
    insta::assert_snapshot!(printed(&["approve", "--help"]));
}

#[test]
fn help_of_reject() {
    insta::assert_snapshot!(printed(&["reject", "--help"]));
}

#[test]
fn help_of_verify() {
    insta::assert_snapshot!(printed(&["verify", "--help"]));
}

#[test]
fn help_of_watch() {
    insta::assert_snapshot!(printed(&["watch", "--help"]));
}

#[test]
fn help_of_revert() {
    insta::assert_snapshot!(printed(&["revert", "--help"]));
}

#[test]
fn help_of_status() {
    insta::assert_snapshot!(printed(&["status", "--help"]));
}

#[test]
fn help_of_pause() {
    insta::assert_snapshot!(printed(&["pause", "--help"]));
}

#[test]
fn help_of_resume() {
    insta::assert_snapshot!(printed(&["resume", "--help"]));
}

#[test]
fn help_of_install() {
    insta::assert_snapshot!(printed(&["install", "--help"]));
}

#[test]
fn help_of_uninstall() {
    insta::assert_snapshot!(printed(&["uninstall", "--help"]));
}

#[test]
fn help_of_license() {
    insta::assert_snapshot!(printed(&["license", "--help"]));
}

#[test]
fn help_of_triggers() {
    insta::assert_snapshot!(printed(&["triggers", "--help"]));
}

#[test]
fn help_of_license_issue() {
    insta::assert_snapshot!(printed(&["license", "issue", "--help"]));
}

#[test]
fn help_of_license_show() {
    insta::assert_snapshot!(printed(&["license", "show", "--help"]));
}

#[test]
fn the_usage_follows_the_name_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("stepscale");
    std::os::unix::fs::symlink(cargo_bin("kubectl-stepscale"), &link).unwrap();
    let output = Command::new(link).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("Usage: stepscale [OPTIONS] <COMMAND>"),
        "{text}"
    );
    assert!(!text.contains("kubectl stepscale"), "{text}");
}

#[test]
fn the_version_is_that_of_the_crate() {
    let expected = concat!("stepscale ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(printed(&["--version"]), expected);
}

#[test]
fn the_readme_has_every_flag_and_no_other() {
    let mut known = BTreeSet::new();
    let command = stepscale::cli::command(OsStr::new("kubectl-stepscale"));
    for command in with_subcommands(&command) {
        known.extend(command.get_arguments().flat_map(longs));
    }
    let told = flags_in(section("## Options"));
    assert_eq!(told, known);
}

#[test]
fn the_readme_has_every_key_of_the_configuration_file() {
    let configuration = section("## Configuration");
    for key in stepscale::config::file::KEYS {
        assert!(configuration.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn the_readme_has_the_exit_codes_of_the_help() {
    let help = printed(&["--help"]);
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let row = format!("| {code} | {} |", meaning.trim());
        assert!(README.contains(&row), "{row}");
    }
}

/// The text from a heading of second order to the next one.
fn section(heading: &str) -> &'static str {
    let (_, after) = README.split_once(heading).unwrap();
    after.split("\n## ").next().unwrap()
}

fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    let inner = command.get_subcommands().flat_map(with_subcommands);
    std::iter::once(command).chain(inner).collect()
}

fn longs(arg: &clap::Arg) -> Vec<String> {
    let all = arg.get_long_and_visible_aliases().unwrap_or_default();
    all.into_iter().map(|it| format!("--{it}")).collect()
}

fn flags_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|it| it.starts_with("--") && it.len() > 2 && !it.starts_with("---"))
        .map(str::to_owned)
        .collect()
}
