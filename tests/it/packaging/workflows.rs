//! The workflows, as far as they can be held against the rest without running them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{PLATFORMS, in_repository, yaml};

const CI: &str = ".github/workflows/ci.yaml";
const RELEASE: &str = ".github/workflows/release.yaml";

/// Every step of every job.
fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|it| it["steps"].as_array().unwrap().clone())
        .collect()
}

/// What steps run, one after the other.
fn commands(workflow: &Value) -> String {
    let steps = steps(workflow);
    let lines = steps.iter().filter_map(|it| it["run"].as_str());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_others_have_written_is_pinned_and_may_read_alone() {
    for file in [CI, RELEASE] {
        let workflow = yaml(&in_repository(file));
        assert_eq!(
            workflow["permissions"].to_string(),
            r#"{"contents":"read"}"#,
            "{file}"
        );
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(
                job["timeout-minutes"].is_u64(),
                "{file}: {name} may run for ever"
            );
            let writes = job.get("permissions").is_some();
            assert!(
                !writes || (file, name.as_str()) == (RELEASE, "release"),
                "{file}: {name}"
            );
        }
        for step in steps(&workflow) {
            assert!(
                step["run"].is_string() != step["uses"].is_string(),
                "{file}: {step}"
            );
            let Some(action) = step["uses"].as_str() else {
                continue;
            };
            let (_, version) = action.split_once("@v").unwrap_or((action, ""));
            let numbers: Vec<&str> = version.split('.').collect();
            let is_exact = numbers.len() == 3 && numbers.iter().all(|it| it.parse::<u32>().is_ok());
            assert!(is_exact, "{file}: {action}");
            if action.starts_with("actions/checkout@") {
                assert_eq!(step["with"]["persist-credentials"], false, "{file}");
            }
        }
    }
}

#[test]
fn what_others_choose_is_no_part_of_a_command() {
    for file in [CI, RELEASE] {
        let commands = commands(&yaml(&in_repository(file)));
        for part in ["${{ github.", "${{ secrets.", "${{ inputs."] {
            assert!(!commands.contains(part), "{file} has {part} in a command");
        }
    }
}

#[test]
fn every_change_is_checked_and_dependencies_every_week() {
    let workflow = yaml(&in_repository(CI));
    let on = &workflow["on"];
    assert!(
        on.get("push").is_some() && on.get("pull_request").is_some(),
        "{on}"
    );
    assert!(on["schedule"][0]["cron"].is_string(), "{on}");
    assert!(commands(&workflow).contains(".ci/run"));
    for (job, command) in [
        ("dependencies", "check bans licenses sources"),
        ("advisories", "check advisories"),
    ] {
        let steps = &workflow["jobs"][job]["steps"];
        assert_eq!(steps[1]["with"]["command"], command, "{steps}");
    }
}

#[test]
fn a_release_is_built_for_every_platform_and_made_by_the_script() {
    let workflow = yaml(&in_repository(RELEASE));
    let matrix = &workflow["jobs"]["build"]["strategy"]["matrix"]["include"];
    let built: BTreeSet<String> = matrix
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["platform"].as_str().unwrap().to_owned())
        .collect();
    let expected = PLATFORMS.map(|(os, arch)| format!("{os}_{arch}"));
    assert_eq!(built, BTreeSet::from(expected.clone()));
    let script = fs::read_to_string(in_repository("scripts/release.sh")).unwrap();
    assert!(script.contains(&format!("PLATFORMS=({})", expected.join(" "))));

    let commands = commands(&workflow);
    let (_, call) = commands.split_once("scripts/release.sh ").unwrap();
    let call = call.replace("\\\n", " ");
    let words = call.lines().next().unwrap().split_whitespace();
    for word in words.filter(|it| it.starts_with("--")) {
        assert!(
            script.contains(&format!("    {word}) ")),
            "{word} is unknown to the script"
        );
    }
    assert!(commands.contains("--prerelease"), "a tag with a suffix");
}
