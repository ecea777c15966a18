//! What the program answers in JSON is valid by the schemas of `docs/schema`.

use serde_json::Value;

use crate::rig::program::{Said, User};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop.jsonl.gz");
const LINT_FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lint/bad");

/// What is wrong with `answer` by the schema of its kind.
fn errors(name: &str, answer: &Value) -> Vec<String> {
    let all = stepscale::output::schema::all();
    let schema = all.iter().find(|it| it.0 == name).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema.1).unwrap();
    let errors = validator.iter_errors(answer);
    errors
        .map(|it| format!("{}: {it}", it.instance_path()))
        .collect()
}

fn answer(arguments: &[&str], code: i32) -> Value {
    Said::by(&mut User::new().stepscale(arguments)).report(code)
}

#[test]
fn what_is_answered_is_valid() {
    let analysis = answer(&["analyze", "--from", EXAMPLE, "-o", "json"], 0);
    assert!(analysis["items"].as_array().unwrap().len() > 10);
    let priced = [
        "--cpu-hour-price",
        "0.03",
        "--memory-gib-hour-price",
        "0.004",
    ];
    let arguments = [
        "simulate",
        "hpa/catalog",
        "--from",
        EXAMPLE,
        "--min",
        "2",
        "-o",
        "json",
    ];
    let cases = [
        ("AnalysisReport", analysis),
        (
            "AnalysisReport",
            answer(
                &[
                    &["analyze", "--from", EXAMPLE, "-o", "json", "-n", "shop"][..],
                    &priced,
                ]
                .concat(),
                0,
            ),
        ),
        (
            "Replay",
            answer(&[&arguments[..], &["--compare"]].concat(), 0),
        ),
        (
            "LintReport",
            answer(&["lint", "-f", LINT_FIXTURES, "-o", "json"], 1),
        ),
        (
            "LicenseReport",
            answer(&["license", "show", "-o", "json"], 0),
        ),
    ];
    for (name, answer) in &cases {
        let wrong = errors(name, answer);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        let mut broken = answer.clone();
        broken["kind"] = "Something".into();
        assert!(
            !errors(name, &broken).is_empty(),
            "{name} is held to nothing"
        );
    }
}
