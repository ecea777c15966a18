//! One thing that was found, by whatever found it, as forms that list such things need it.

use super::annotation::{Annotation, Level};
use crate::analysis::findings::{self, Finding};
use crate::lint;
use crate::output::commands::{self, Place};
use crate::output::lint::{Report, Row};
use crate::output::report::{AnalysisReport, Item, Outcome};
use crate::yaml::located::Position;

/// One thing that was found.
#[derive(Clone, Debug)]
pub(super) struct Notice<'a> {
    pub(super) rule: Rule,
    pub(super) level: Level,
    /// With what to do about it at its end.
    pub(super) text: String,
    pub(super) file: Option<(&'a str, Position)>,
    pub(super) object: Option<Object<'a>>,
    /// A JSON pointer in the object; empty for all of it.
    pub(super) path: &'a str,
}

/// A kind of thing that can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) about: &'static str,
    /// How bad it is as a rule; `None` where it depends on what is found.
    pub(super) level: Option<Level>,
}

/// An object of a cluster or of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object<'a> {
    /// Empty for objects of the whole cluster.
    pub(super) namespace: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

/// A recommendation is told beside the findings; it weighs as much as a warning.
pub(super) const RECOMMENDATION: Rule = Rule {
    id: "recommendation",
    about: "Other settings would have served the same load at a lower cost, or better.",
    level: Some(Level::Warning),
};

/// What an analysis has found: of each autoscaler what is recommended, then its findings; what is
/// found of the fleet comes last.
pub(super) fn of_analysis(report: &AnalysisReport) -> Vec<Notice<'_>> {
    let items = report.items.iter();
    let items = items.flat_map(|it| of_item(it, &report.place));
    items.chain(report.findings.iter().map(of_fleet)).collect()
}

/// What is found of no autoscaler in particular.
pub(super) fn of_fleet(found: &Finding) -> Notice<'_> {
    finding(found, None)
}

pub(super) fn of_item<'a>(item: &'a Item, place: &Place) -> Vec<Notice<'a>> {
    let object = Some(Object {
        namespace: &item.namespace,
        kind: item.kind.as_str(),
        name: &item.name,
    });
    let recommended = (item.outcome == Outcome::Recommended).then(|| Notice {
        rule: RECOMMENDATION,
        level: if item.is_open() {
            Level::Warning
        } else {
            Level::Note
        },
        text: recommended(item, place),
        file: None,
        object,
        path: "",
    });
    let findings = item.findings.iter().map(|it| finding(it, object));
    recommended.into_iter().chain(findings).collect()
}

/// `min 6→3: 38% fewer replica-hours, risk low (fix: kubectl stepscale apply …)`; of a snapshot
/// `(see: kubectl stepscale explain …)`; of what was rejected or taken back `(refused before, …)`.
fn recommended(item: &Item, place: &Place) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(item.saving.map(|it| {
        let percent = (it.share * 100.0).round();
        let word = if percent < 0.0 { "more" } else { "fewer" };
        format!("{:.0}% {word} replica-hours", percent.abs())
    }));
    parts.extend(item.risk.map(|it| format!("risk {it}")));
    let next = match commands::explain(item, place) {
        Some(explain) => format!("see: {explain}"),
        None if item.is_refused => {
            let status = commands::line("status", item, "");
            format!("refused before, and not made again: {status}")
        }
        None => format!("fix: {}", commands::line("apply", item, "")),
    };
    format!("{}: {} ({next})", item.changes(), parts.join(", "))
}

fn finding<'a>(finding: &'a Finding, object: Option<Object<'a>>) -> Notice<'a> {
    Notice {
        rule: Rule {
            id: finding.code.as_str(),
            about: finding.code.about(),
            level: None,
        },
        level: match finding.severity {
            findings::Severity::Info => Level::Note,
            findings::Severity::Warning => Level::Warning,
            findings::Severity::Critical => Level::Error,
        },
        text: with_fix(&finding.message, finding.fix.as_deref()),
        file: None,
        object,
        path: "",
    }
}

/// What a lint has found, in its order.
pub(super) fn of_lint(report: &Report) -> Vec<Notice<'_>> {
    report.rows.iter().map(of_row).collect()
}

pub(super) fn of_row(row: &Row) -> Notice<'_> {
    Notice {
        rule: Rule {
            id: row.code.word(),
            about: row.code.about(),
            level: Some(level(row.code.severity())),
        },
        level: level(row.severity),
        text: with_fix(&row.message, Some(&row.fix)),
        file: row.file.as_ref().map(|it| (it.0.as_str(), it.1)),
        object: row.object.as_ref().map(|it| Object {
            namespace: &it.namespace,
            kind: &it.kind,
            name: &it.name,
        }),
        path: &row.path,
    }
}

fn level(severity: lint::Severity) -> Level {
    match severity {
        lint::Severity::Info => Level::Note,
        lint::Severity::Warning => Level::Warning,
        lint::Severity::Error => Level::Error,
    }
}

/// `message (fix: what to do)`.
fn with_fix(message: &str, fix: Option<&str>) -> String {
    match fix {
        Some(fix) => format!("{message} (fix: {fix})"),
        None => message.to_owned(),
    }
}

impl Object<'_> {
    /// `shop/HorizontalPodAutoscaler/web`.
    pub(super) fn path(&self) -> String {
        let parts = [self.namespace, self.kind, self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        parts.join("/")
    }
}

impl Notice<'_> {
    /// The line that makes GitHub show it. Where no file shows which object it is about, the text
    /// does.
    pub(super) fn annotation(&self) -> String {
        let object = self.object.filter(|_| self.file.is_none());
        let message = match object {
            Some(object) => format!("{}: {}", object.path(), self.text),
            None => self.text.clone(),
        };
        Annotation {
            level: self.level,
            title: self.rule.id,
            message: &message,
            place: self.file.map(|(file, at)| (file, at.line, at.column)),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::report::made_up;

    #[test]
    fn nobody_is_told_to_apply_what_was_refused() {
        let mut report = made_up::report();
        report.pass_over(|it| it.name == "cart");
        let told = of_analysis(&report);
        let of = |name: &str| {
            let mut all = told.iter().filter(|it| it.rule == RECOMMENDATION);
            all.find(|it| it.object.unwrap().name == name).unwrap()
        };
        let (refused, open) = (of("cart"), of("recommendations"));
        assert_eq!((refused.level, open.level), (Level::Note, Level::Warning));
        let said =
            "(refused before, and not made again: kubectl stepscale status hpa/cart -n shop)";
        assert!(refused.text.ends_with(said), "{}", refused.text);
        assert!(
            open.text.contains("(fix: kubectl stepscale apply "),
            "{}",
            open.text
        );
    }
}
