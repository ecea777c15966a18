//! Help as the binary prints it. The pages that are made of it are in `docs`.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;

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
fn help_of_explain() {
    insta::assert_snapshot!(printed(&["explain", "--help"]));
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
fn help_of_completion() {
    insta::assert_snapshot!(printed(&["completion", "--help"]));
}

#[test]
fn help_of_completion_install() {
    insta::assert_snapshot!(printed(&["completion", "install", "--help"]));
}

#[test]
fn help_of_triggers() {
    insta::assert_snapshot!(printed(&["triggers", "--help"]));
}

#[test]
fn help_of_doctor() {
    insta::assert_snapshot!(printed(&["doctor", "--help"]));
}

#[test]
fn help_of_config_view() {
    insta::assert_snapshot!(printed(&["config", "view", "--help"]));
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
