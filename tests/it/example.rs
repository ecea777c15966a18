//! The example shop: what its page says is planted is what the program finds, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use stepscale::analysis::findings::Code;

use crate::rig::program::{SHOP, Said, User};

const PAGE: &str = include_str!("../../examples/README.md");
const FORMATS: [&str; 5] = ["table", "wide", "json", "yaml", "name"];

fn analyze(format: &str) -> Command {
    User::new().stepscale(&["analyze", "--from", SHOP, "-o", format])
}

fn report() -> Value {
    Said::by(&mut analyze("json")).report(0)
}

/// The items of a report by namespace and name.
fn items(report: &Value) -> BTreeMap<String, Value> {
    let items = report["items"].as_array().unwrap().iter();
    let named = items.map(|it| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        (
            format!("{}/{}", text("namespace"), text("name")),
            it.clone(),
        )
    });
    named.collect()
}

fn codes(item: &Value) -> BTreeSet<String> {
    let findings = item["findings"].as_array().unwrap().iter();
    findings
        .map(|it| it["code"].as_str().unwrap().to_owned())
        .collect()
}

/// What the page's table says of each autoscaler: codes of findings, or a word.
fn planted() -> BTreeMap<String, BTreeSet<String>> {
    let mut planted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names = vec![];
    for row in PAGE.lines().filter(|it| it.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        // A row without a name goes on with the one above.
        if !cells[0].is_empty() {
            names = words(cells[0]);
        }
        for name in &names {
            planted
                .entry(name.clone())
                .or_default()
                .extend(words(cells[2]));
        }
    }
    planted
}

/// The words between commas, without backticks.
fn words(cell: &str) -> Vec<String> {
    let words = cell.split(',').map(|it| it.trim().trim_matches('`'));
    words.map(str::to_owned).collect()
}

/// What faults of others bring with them, as the page tells it after the table.
fn brought_along() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let brought = [
        ("shop/web", vec!["thrashing"]),
        ("shop/web-legacy", vec!["thrashing", "scale-lag"]),
        ("orders/orders-worker", vec!["scale-lag"]),
        ("shop/sessions", vec!["never-scales"]),
    ];
    brought
        .into_iter()
        .map(|(name, codes)| (name, codes.into_iter().collect()))
        .collect()
}

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    let report = report();
    let items = items(&report);
    let planted = planted();
    let planted_names: Vec<_> = planted.keys().collect();
    assert_eq!(items.keys().collect::<Vec<_>>(), planted_names);
    let brought = brought_along();
    for (name, mut expected) in planted {
        let item = &items[&name];
        if expected.remove("not enough history") {
            assert_eq!(item["outcome"], "notEnoughHistory", "{name}");
        }
        if expected.remove("none") {
            assert_eq!(item["outcome"], "noChange", "{name}");
            assert!(item.get("configDiff").is_none(), "{name}: {item}");
        }
        let also = brought.get(name.as_str()).into_iter().flatten();
        expected.extend(also.map(|it| (*it).to_owned()));
        assert_eq!(codes(item), expected, "{name}");
    }
}

/// The one ScaledObject reaches zero, so that its cooldown counts, and the shop is one without faults of
/// KEDA's. What comes late in it comes so every day, which `scale-lag` and `floor-too-low` say.
const NOT_PLANTED: [Code; 10] = [
    Code::CooldownMisread,
    Code::ActivationFlapping,
    Code::ThresholdUnreachable,
    Code::MaxAbovePartitions,
    Code::ScaleToZeroCandidate,
    Code::PollingTooSlow,
    Code::HpaBesideScaledobject,
    Code::PausedAndForgotten,
    Code::AuthUnusedOrMissing,
    Code::RecurringPeak,
];

#[test]
fn every_kind_of_finding_occurs() {
    let found: BTreeSet<String> = items(&report()).values().flat_map(codes).collect();
    let all = Code::ALL.iter().filter(|it| !NOT_PLANTED.contains(it));
    let all = all.map(|it| it.as_str().to_owned());
    assert_eq!(found, all.collect());
}

#[test]
fn the_report_is_of_the_version_that_was_promised() {
    let report = report();
    assert_eq!(report["apiVersion"], "stepscale.io/v1alpha1");
    assert_eq!(report["kind"], "AnalysisReport");
    let yaml = Said::by(&mut analyze("yaml")).stdout;
    let same: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(same, report);
}

#[test]
fn equal_input_gives_equal_bytes() {
    for format in FORMATS {
        let once = Said::by(&mut analyze(format));
        assert_eq!(once.code, Some(0), "{}", once.stderr);
        let again = Said::by(&mut analyze(format));
        assert_eq!(once.stdout, again.stdout, "-o {format}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn the_number_of_cores_makes_no_difference() {
    let Some(mut alone) = on_one_core("json") else {
        eprintln!("SKIPPED: taskset is not installed");
        return;
    };
    let together = Said::by(&mut analyze("json"));
    assert_eq!(together.stdout, Said::by(&mut alone).stdout);
}

/// The same run, which then sees a single core; `None` where that cannot be had.
fn on_one_core(format: &str) -> Option<Command> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status
        .lines()
        .find_map(|it| it.strip_prefix("Cpus_allowed_list:"))?;
    let first = allowed.trim().split([',', '-']).next()?;
    let whole = analyze(format);
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", first]).arg(whole.get_program());
    command.args(whole.get_args()).env_clear();
    command.output().is_ok().then_some(command)
}

#[test]
fn a_table_in_a_pipe_is_as_wide_as_columns_says() {
    let table = Said::by(analyze("table").env("COLUMNS", "80")).stdout;
    assert!(table.lines().count() > 13, "{table}");
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}
