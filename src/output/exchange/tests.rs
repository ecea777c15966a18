use quick_junit::{Report as Junit, TestCaseStatus};
use serde_json::Value;

use super::*;
use crate::config::FailOn;
use crate::config::lint::Form;
use crate::output::report::made_up;

const FAIL_ONS: [FailOn; 5] = [
    FailOn::Never,
    FailOn::Info,
    FailOn::Warning,
    FailOn::Critical,
    FailOn::Recommendation,
];

fn written(exchange: Exchange, fail_on: FailOn) -> String {
    let mut out = Vec::new();
    let asked = Asked {
        fail_on,
        ..Asked::default()
    };
    write(&mut out, &made_up::report(), exchange, &asked).unwrap();
    String::from_utf8(out).unwrap()
}

fn of_lint(report: &lint::Report, form: Form, fail_on: Option<Severity>) -> String {
    let mut out = Vec::new();
    lint::write(&mut out, report, form, (fail_on, &View::default())).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// That of OASIS; where it is from is told beside it. Of languages, which we name none of, it has
/// a pattern with a bracket too much.
fn sarif_schema() -> jsonschema::Validator {
    let mut schema = json(include_str!(
        "../../../tests/fixtures/sarif/sarif-schema-2.1.0.json"
    ));
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn fingerprints(log: &Value) -> Vec<&Value> {
    let results = log["runs"][0]["results"].as_array().unwrap();
    results
        .iter()
        .map(|it| &it["partialFingerprints"])
        .collect()
}

#[test]
fn sarif_is_valid_by_the_schema_of_oasis() {
    let schema = sarif_schema();
    let of_analysis = json(&written(Exchange::Sarif, FailOn::Never));
    let of_lint = json(&of_lint(&lint::tests::report(), Form::Sarif, None));
    for log in [&of_analysis, &of_lint] {
        let errors: Vec<String> = schema.iter_errors(log).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut broken = of_lint;
    broken["runs"][0]["results"][0]["level"] = "bad".into();
    assert!(!schema.is_valid(&broken), "the schema checks nothing");
}

#[test]
fn sarif_of_an_analysis_has_every_finding_of_every_autoscaler() {
    let log = json(&written(Exchange::Sarif, FailOn::Never));
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let summary = made_up::report().summary;
    assert_eq!(
        results.len(),
        summary.findings.total() + summary.recommended
    );
    let first = &results[0];
    assert_eq!(first["ruleId"], "recommendation");
    let place = &first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(place, "shop/HorizontalPodAutoscaler/cart");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(
            rules[index]["help"]["text"]
                .as_str()
                .unwrap()
                .ends_with('.')
        );
    }
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(
        invocation["toolExecutionNotifications"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn fingerprints_are_the_same_wherever_a_line_moves_and_whatever_is_said() {
    let report = lint::tests::report();
    let before = json(&of_lint(&report, Form::Sarif, None));
    let mut moved = report.clone();
    for row in &mut moved.rows {
        row.message = "60 % of it".to_owned();
        if let Some((_, at)) = &mut row.file {
            at.line += 7;
        }
    }
    let after = json(&of_lint(&moved, Form::Sarif, None));
    assert_eq!(fingerprints(&before), fingerprints(&after));
    assert_ne!(fingerprints(&before)[0], fingerprints(&before)[1]);
    let mut other = report;
    other.rows[0].path = "/spec/minReplicaCount".to_owned();
    let other = json(&of_lint(&other, Form::Sarif, None));
    assert_ne!(fingerprints(&before)[0], fingerprints(&other)[0]);
}

#[test]
fn sarif_names_files_as_references_to_the_checkout() {
    let mut report = lint::tests::report();
    let uri = |report: &lint::Report| {
        let log = json(&of_lint(report, Form::Sarif, None));
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].clone()
    };
    for (file, expected, base) in [
        (
            "./deploy/a b.yaml",
            "deploy/a%20b.yaml",
            Value::from("%SRCROOT%"),
        ),
        ("a:b.yaml", "a%3Ab.yaml", Value::from("%SRCROOT%")),
        ("<stdin>", "%3Cstdin%3E", Value::from("%SRCROOT%")),
        ("/tmp/ü.yaml", "file:///tmp/%C3%BC.yaml", Value::Null),
    ] {
        report.rows[0].file.as_mut().unwrap().0 = file.to_owned();
        assert_eq!(uri(&report)["uri"], expected);
        assert_eq!(uri(&report)["uriBaseId"], base, "{file}");
    }
}

fn cases(text: &str) -> Vec<(String, String, &'static str)> {
    let junit = Junit::deserialize_from_str(text).unwrap();
    let suites = junit.test_suites.iter();
    let cases = suites.flat_map(|suite| suite.test_cases.iter().map(move |it| (suite, it)));
    cases
        .map(|(suite, case)| {
            let status = match &case.status {
                TestCaseStatus::Success { .. } => "passed",
                TestCaseStatus::Skipped { .. } => "skipped",
                TestCaseStatus::NonSuccess { kind, .. } => match kind {
                    quick_junit::NonSuccessKind::Failure => "failed",
                    quick_junit::NonSuccessKind::Error => "error",
                },
            };
            (suite.name.to_string(), case.name.to_string(), status)
        })
        .collect()
}

#[test]
fn a_case_fails_exactly_where_a_gate_would() {
    let report = made_up::report();
    for fail_on in FAIL_ONS {
        let cases = cases(&written(Exchange::Junit, fail_on));
        let is_failed = cases.iter().any(|it| it.2 == "failed");
        assert_eq!(is_failed, report.reaches(fail_on), "{fail_on:?}");
        let is_error = cases.iter().any(|it| it.2 == "error");
        assert_eq!(is_error, fail_on != FailOn::Never, "{fail_on:?}");
    }
    let cases = cases(&written(Exchange::Junit, FailOn::Recommendation));
    let expected = [
        ("fulfilment", "hpa/orders", "skipped"),
        (
            "payments",
            "horizontalpodautoscalers in namespace payments",
            "error",
        ),
        ("shop", "hpa/cart", "failed"),
        ("shop", "hpa/import", "skipped"),
        ("shop", "hpa/mail", "passed"),
        ("shop", "hpa/recommendations", "failed"),
        ("shop", "hpa/reports", "passed"),
        ("shop", "hpa/search", "error"),
        ("shop", "hpa/web", "passed"),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|it| (it.0.as_str(), it.1.as_str(), it.2))
        .collect();
    assert_eq!(cases, expected);
}

#[test]
fn junit_of_a_lint_has_a_case_for_every_object() {
    let report = lint::tests::report();
    for (fail_on, expected) in [
        (Some(Severity::Warning), "failed"),
        (Some(Severity::Error), "passed"),
        (None, "passed"),
    ] {
        let cases = cases(&of_lint(&report, Form::Junit, fail_on));
        let name = "ScaledObject/orders".to_owned();
        assert_eq!(
            cases,
            [
                ("a,b.yaml".to_owned(), name.clone(), expected),
                ("shop".to_owned(), name, expected),
            ]
        );
    }
}

#[test]
fn annotations_name_the_autoscaler() {
    let text = written(Exchange::Github, FailOn::Never);
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with(
            "::warning title=recommendation::shop/HorizontalPodAutoscaler/cart: min 6→2"
        ),
        "{first}"
    );
    let summary = made_up::report().summary;
    let expected = summary.findings.total() + summary.recommended;
    assert_eq!(text.lines().count(), expected);
}

#[test]
fn a_csv_file_has_a_row_for_each_autoscaler() {
    let text = written(Exchange::Csv, FailOn::Never);
    let mut reader = csv::of_text(&text);
    let names: Vec<String> = reader
        .records()
        .map(|it| it.unwrap()[2].to_owned())
        .collect();
    let expected: Vec<String> = made_up::report()
        .items
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, expected);
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn lines_hold_what_the_json_report_holds() {
    let mut out = Vec::new();
    super::super::json(&mut out, &made_up::report()).unwrap();
    let mut whole = json(&String::from_utf8(out).unwrap());
    let text = written(Exchange::Jsonl, FailOn::Never);
    let mut lines: Vec<Value> = text.lines().map(json).collect();
    let last = lines.pop().unwrap();
    let items = whole.as_object_mut().unwrap().remove("items").unwrap();
    assert_eq!(Value::from(lines), items);
    assert_eq!(last, whole);
}

#[test]
fn the_page_for_prometheus_is_the_same_every_time() {
    let page = written(Exchange::Prometheus, FailOn::Never);
    for _ in 0..5 {
        assert_eq!(written(Exchange::Prometheus, FailOn::Never), page);
    }
    insta::assert_snapshot!(page);
}
