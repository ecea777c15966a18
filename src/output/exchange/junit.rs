//! JUnit's XML, which pipelines show as test results.
//!
//! A suite for each namespace or file, a case for each autoscaler or object. A case fails for what
//! `--fail-on` counts, is an error where a gate would not pass on what it could not see, and is skipped
//! where nothing was judged; all else that is to be told of it is in its output.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::annotation::Level;
use super::notice::{self, Notice};
use crate::config::FailOn;
use crate::lint::Severity;
use crate::output::commands::Place;
use crate::output::lint::{Report, Row};
use crate::output::report::{AnalysisReport, Item, Outcome, UnreadRow};

/// What is of no namespace.
const CLUSTER: &str = "(cluster)";

/// Suites by name, so that their order does not hang on what was found first.
type Suites = BTreeMap<String, Vec<TestCase>>;

pub(super) fn of_analysis(
    out: &mut dyn Write,
    report: &AnalysisReport,
    fail_on: FailOn,
) -> io::Result<()> {
    let mut suites = Suites::new();
    for item in &report.items {
        let suite = suites.entry(item.namespace.clone()).or_default();
        suite.push(of_item(item, fail_on, &report.place));
    }
    if fail_on != FailOn::Never {
        for unread in &report.unread {
            let namespace = unread
                .permission
                .as_ref()
                .and_then(|it| it.namespace.as_ref());
            let suite = namespace.map_or(CLUSTER, |it| it.as_str()).to_owned();
            suites.entry(suite).or_default().extend(of_unread(unread));
        }
    }
    if !report.findings.is_empty() {
        let notices: Vec<Notice<'_>> = report.findings.iter().map(notice::of_fleet).collect();
        let counts = report.findings.iter().map(|it| fail_on.counts(it.severity));
        let case = case("fleet", "Cluster", &notices, counts.collect(), None);
        suites.entry(CLUSTER.to_owned()).or_default().push(case);
    }
    write(out, "stepscale analyze", suites)
}

fn of_item(item: &Item, fail_on: FailOn, place: &Place) -> TestCase {
    let notices = notice::of_item(item, place);
    let recommended =
        (item.outcome == Outcome::Recommended).then(|| fail_on.counts_recommendations());
    let findings = item.findings.iter().map(|it| fail_on.counts(it.severity));
    let counts = recommended.into_iter().chain(findings).collect();
    let reason = item.reason.clone().unwrap_or_default();
    let otherwise = match item.outcome {
        Outcome::Recommended | Outcome::NoChange | Outcome::Withheld => None,
        Outcome::Unreadable if fail_on != FailOn::Never => {
            Some(non_success(NonSuccessKind::Error, "unreadable", reason))
        }
        Outcome::NotEnoughHistory | Outcome::Skipped | Outcome::Unreadable => Some(skipped(reason)),
    };
    let name = format!("{}/{}", item.kind.short(), item.name);
    case(&name, item.kind.as_str(), &notices, counts, otherwise)
}

/// What may hide autoscalers is an error of a gate.
fn of_unread(unread: &UnreadRow) -> Option<TestCase> {
    let why = format!("{}: {}", unread.what, unread.why);
    let status = non_success(NonSuccessKind::Error, "unread", why);
    unread
        .hides_autoscalers()
        .then(|| TestCase::new(unread.what.as_str(), status))
}

/// A suite for each file, or of a cluster for each namespace.
pub(super) fn of_lint(
    out: &mut dyn Write,
    report: &Report,
    fail_on: Option<Severity>,
) -> io::Result<()> {
    let mut suites = Suites::new();
    for checked in &report.objects {
        let rows = report.rows.iter();
        let of_it = |it: &&Row| {
            it.object.as_ref() == Some(&checked.object)
                && it.file.as_ref().map(|it| &it.0) == checked.file.as_ref()
        };
        let rows: Vec<&Row> = rows.filter(of_it).collect();
        let name = format!("{}/{}", checked.object.kind, checked.object.name);
        let suite = match (&checked.file, checked.object.namespace.as_str()) {
            (Some(file), _) => file.clone(),
            (None, "") => CLUSTER.to_owned(),
            (None, namespace) => namespace.to_owned(),
        };
        let case = of_rows(&name, &checked.object.kind, &rows, fail_on);
        suites.entry(suite).or_default().push(case);
    }
    for row in report.rows.iter().filter(|it| it.object.is_none()) {
        let suite = row.file.as_ref().map_or(CLUSTER, |it| it.0.as_str());
        let line = row.position().map_or(0, |it| it.line);
        let case = of_rows(&format!("line {line}"), "Document", &[row], fail_on);
        suites.entry(suite.to_owned()).or_default().push(case);
    }
    write(out, "stepscale lint", suites)
}

fn of_rows(name: &str, class: &str, rows: &[&Row], fail_on: Option<Severity>) -> TestCase {
    let notices: Vec<Notice<'_>> = rows.iter().map(|it| notice::of_row(it)).collect();
    let counts = rows
        .iter()
        .map(|it| fail_on.is_some_and(|least| it.severity >= least));
    case(name, class, &notices, counts.collect(), None)
}

/// The case of one object. `counts` says which of the notices fail it; without any it is
/// `otherwise`, or passed.
fn case(
    name: &str,
    class: &str,
    notices: &[Notice<'_>],
    counts: Vec<bool>,
    otherwise: Option<TestCaseStatus>,
) -> TestCase {
    let (failing, others): (Vec<_>, Vec<_>) =
        notices.iter().zip(counts).partition(|(_, counts)| *counts);
    let text = |all: &[(&Notice<'_>, bool)]| {
        let lines: Vec<String> = all.iter().map(|(it, _)| line(it)).collect();
        lines.join("\n")
    };
    let status = match failing.first() {
        Some((first, _)) => {
            let mut status = non_success(NonSuccessKind::Failure, first.rule.id, line(first));
            status.set_description(text(&failing));
            status
        }
        None => otherwise.unwrap_or_else(TestCaseStatus::success),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if !others.is_empty() {
        case.set_system_out(text(&others));
    }
    case
}

/// `warning idle-window: message`, with the line where there is one.
fn line(notice: &Notice<'_>) -> String {
    let level = match notice.level {
        Level::Note => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let at = notice.file.map_or(String::new(), |(_, at)| {
        format!("{}:{}: ", at.line, at.column)
    });
    format!("{at}{level} {}: {}", notice.rule.id, notice.text)
}

fn non_success(kind: NonSuccessKind, word: &str, message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    status
}

fn skipped(reason: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(reason);
    status
}

fn write(out: &mut dyn Write, name: &str, suites: Suites) -> io::Result<()> {
    let mut report = Junit::new(name);
    for (name, cases) in suites {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(cases);
        report.add_test_suite(suite);
    }
    report.serialize(&mut *out).map_err(io::Error::other)
}
