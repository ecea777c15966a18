//! The same requests to the sandbox and to a real API server, and what both must answer.
//!
//! The checks are data, in `tests/conformance/`; `data` says how they are written. Where the
//! sandbox differs, the check says why, and `docs/sandbox.md` lists it.
//! `STEPSCALE_CONFORMANCE=hpa` runs only the scenarios whose file or name contains `hpa`.

mod client;
mod data;
mod matching;
mod run;
mod variables;

use std::collections::BTreeSet;

use crate::rig::control_plane::ControlPlane;
use data::{Scenario, Suite};

#[test]
#[expect(clippy::print_stderr, reason = "says what was skipped")]
fn every_check_holds() {
    let plane = ControlPlane::start();
    let chosen = std::env::var("STEPSCALE_CONFORMANCE").unwrap_or_default();
    let report = run::all(&plane, &data::suites(), &chosen);
    eprintln!("{}", report.summary());
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.passed > 0, "no scenario is called `{chosen}`");
}

#[test]
fn there_are_many_checks_and_each_has_a_name_of_its_own() {
    let suites = data::suites();
    let mut names = BTreeSet::new();
    for (suite, scenario) in scenarios(&suites) {
        for check in scenario.steps.iter().filter_map(|it| it.check.as_ref()) {
            let name = format!("{} / {} / {check}", suite.file, scenario.name);
            assert!(names.insert(name.clone()), "twice: {name}");
        }
    }
    assert!(names.len() >= 160, "only {} checks", names.len());
}

#[test]
fn the_differences_are_listed_with_their_reasons() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sandbox.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, list) = text.split_once("## Where the sandbox differs").unwrap();
    let listed: BTreeSet<&str> = list.lines().filter(|it| it.starts_with("| `")).collect();
    let suites = data::suites();
    let differences: BTreeSet<String> = scenarios(&suites)
        .flat_map(|(suite, scenario)| scenario.differences(&suite.file))
        .collect();
    let differences: BTreeSet<&str> = differences.iter().map(String::as_str).collect();
    let missing: Vec<_> = differences.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&differences).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/sandbox.md lacks {missing:#?} and has {stale:#?}"
    );
}

fn scenarios(suites: &[Suite]) -> impl Iterator<Item = (&Suite, &Scenario)> {
    let each = |it| Suite::scenarios(it).map(move |scenario| (it, scenario));
    suites.iter().flat_map(each)
}
