//! What a lint found, as lines and JSON; what other programs define is in [`super::exchange`].

use std::fmt::Write as _;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::picker::wrapped;
use super::summary::counted;
use super::{View, exchange};
use crate::analysis::findings;
use crate::config::lint::{Explainable, Form};
use crate::lint::{Code, ObjectId, Severity};
use crate::yaml::located::Position;

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of files and places, or of objects.
    pub rows: Vec<Row>,
    /// What was looked at.
    pub objects: Vec<Checked>,
    /// How many files were; `None` of a cluster.
    pub files: Option<usize>,
}

/// An object that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// `None` of a cluster.
    pub file: Option<String>,
    pub object: ObjectId,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub code: Code,
    pub severity: Severity,
    pub file: Option<(String, Position)>,
    pub object: Option<ObjectId>,
    /// A JSON pointer in the object.
    pub path: String,
    pub message: String,
    pub fix: String,
}

impl Row {
    pub fn is_in(&self, file: &str) -> bool {
        self.file.as_ref().is_some_and(|it| it.0 == file)
    }

    pub fn position(&self) -> Option<Position> {
        self.file.as_ref().map(|it| it.1)
    }

    /// The place as compilers write it, or the object of a cluster.
    fn place(&self) -> String {
        match (&self.file, &self.object) {
            (Some((file, at)), _) => format!("{file}:{}:{}", at.line, at.column),
            (None, Some(object)) => object.to_string(),
            (None, None) => "-".to_owned(),
        }
    }
}

impl Report {
    /// What came of it, in a line.
    pub fn closing(&self) -> String {
        let count = |severity| self.count(severity);
        let mut text = format!(
            "{}, {}, {} in {}",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Info), "info"),
            counted(self.objects.len(), "object")
        );
        if let Some(files) = self.files {
            // Writing to a string cannot fail.
            let _ = write!(text, " of {}", counted(files, "file"));
        }
        text
    }

    fn count(&self, severity: Severity) -> usize {
        let of_it = self.rows.iter().filter(|it| it.severity == severity);
        of_it.count()
    }
}

/// The columns of a form; `None` where it has none.
pub fn columns(form: Form) -> Option<Vec<&'static str>> {
    match form {
        Form::Csv => Some(exchange::lint_columns()),
        Form::Text | Form::Json | Form::Github | Form::Sarif | Form::Junit | Form::Jsonl => None,
    }
}

/// Writes a report; `fail_on` is what a form that knows failures counts as one.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    out: &mut dyn Write,
    report: &Report,
    form: Form,
    (fail_on, view): (Option<Severity>, &View),
) -> io::Result<()> {
    match form {
        Form::Text => report.rows.iter().try_for_each(|it| text(out, it)),
        Form::Json => super::json(out, &whole(report)),
        Form::Github => exchange::lint_annotations(out, report),
        Form::Sarif => exchange::lint_sarif(out, report),
        Form::Junit => exchange::lint_junit(out, report, fail_on),
        Form::Csv => exchange::lint_csv(out, report, view),
        Form::Jsonl => exchange::lint_lines(out, report),
    }
}

/// Columns of the explanations, which are read at a terminal.
const PAGE: usize = 80;

/// Writes what a code means, by `lint` and then by `analyze`.
///
/// # Errors
/// If `out` cannot be written.
pub fn explain(out: &mut dyn Write, code: Explainable) -> io::Result<()> {
    if let Some(it) = code.of_lint {
        writeln!(out, "{} ({})", it.word(), it.severity().word())?;
        paragraph(out, "", it.about())?;
    }
    if code.of_lint.is_some() && code.of_analyze.is_some() {
        writeln!(out)?;
    }
    code.of_analyze.map_or(Ok(()), |it| finding(out, it))
}

fn finding(out: &mut dyn Write, code: findings::Code) -> io::Result<()> {
    let it = code.explained();
    writeln!(out, "{code} (finding of analyze, {})", it.severity())?;
    paragraph(out, "", it.about)?;
    writeln!(out)?;
    paragraph(out, "Told when: ", it.when)?;
    paragraph(out, "Why it matters: ", it.why)?;
    paragraph(out, "What helps: ", it.fix)?;
    writeln!(out, "Evidence:")?;
    let longest = it.evidence.iter().map(|it| it.0.len()).max().unwrap_or(0);
    for (name, meaning) in it.evidence {
        writeln!(out, "  {name:longest$}   {meaning}")?;
    }
    Ok(())
}

fn paragraph(out: &mut dyn Write, title: &str, text: &str) -> io::Result<()> {
    let mut lines = wrapped(&format!("{title}{text}"), PAGE).into_iter();
    lines.try_for_each(|it| writeln!(out, "{it}"))
}

fn text(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let (place, severity, code) = (row.place(), row.severity.word(), row.code.word());
    writeln!(
        out,
        "{place}: {severity}[{code}]: {} (fix: {})",
        row.message, row.fix
    )
}

/// What `lint` answers, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "LintReport"))]
    pub kind: &'static str,
    /// How many were looked at.
    pub objects: usize,
    /// The same; `null` of a cluster.
    pub files: Option<usize>,
    /// In the order of files and places, or of objects.
    pub diagnostics: Vec<RowReport>,
}

/// One diagnostic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowReport {
    pub code: &'static str,
    pub severity: &'static str,
    /// A JSON pointer in the object; empty for all of it.
    pub path: String,
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// Absent of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Absent of what is no object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectReport>,
}

/// Which object it is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectReport {
    pub kind: String,
    /// Empty for objects of the whole cluster.
    pub namespace: String,
    pub name: String,
}

/// The last line of a report whose diagnostics have lines of their own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastLine {
    api_version: &'static str,
    kind: &'static str,
    objects: usize,
    files: Option<usize>,
    errors: usize,
    warnings: usize,
    infos: usize,
}

const API_VERSION: &str = "stepscale.io/v1alpha1";
const KIND: &str = "LintReport";

/// What programs are told.
pub fn whole(report: &Report) -> LintReport {
    LintReport {
        api_version: API_VERSION,
        kind: KIND,
        objects: report.objects.len(),
        files: report.files,
        diagnostics: report.rows.iter().map(one).collect(),
    }
}

pub(super) fn last_line(report: &Report) -> LastLine {
    LastLine {
        api_version: API_VERSION,
        kind: KIND,
        objects: report.objects.len(),
        files: report.files,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
    }
}

pub(super) fn one(row: &Row) -> RowReport {
    let position = row.position();
    RowReport {
        code: row.code.word(),
        severity: row.severity.word(),
        path: row.path.clone(),
        message: row.message.clone(),
        fix: row.fix.clone(),
        file: row.file.as_ref().map(|it| it.0.clone()),
        line: position.map(|it| it.line),
        column: position.map(|it| it.column),
        object: row.object.as_ref().map(|it| ObjectReport {
            kind: it.kind.clone(),
            namespace: it.namespace.clone(),
            name: it.name.clone(),
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::Value;

    use super::*;

    pub(crate) fn report() -> Report {
        let row = Row {
            code: Code::CooldownMisread,
            severity: Severity::Warning,
            file: Some(("a,b.yaml".to_owned(), Position { line: 3, column: 5 })),
            object: Some(ObjectId {
                kind: "ScaledObject".to_owned(),
                namespace: "shop".to_owned(),
                name: "orders".to_owned(),
            }),
            path: "/spec/cooldownPeriod".to_owned(),
            message: "50 %\nof it".to_owned(),
            fix: "remove it".to_owned(),
        };
        let checked = |file: Option<&str>| Checked {
            file: file.map(str::to_owned),
            object: row.object.clone().unwrap(),
        };
        Report {
            objects: vec![checked(Some("a,b.yaml")), checked(None)],
            rows: vec![row.clone(), Row { file: None, ..row }],
            files: Some(1),
        }
    }

    fn written(form: Form) -> String {
        let mut out = Vec::new();
        let how = (Some(Severity::Warning), &View::default());
        write(&mut out, &report(), form, how).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_says_where_what_and_what_to_do() {
        let text = written(Form::Text);
        assert!(text.starts_with(
            "a,b.yaml:3:5: warning[cooldown-misread]: 50 %\nof it (fix: remove it)\n\
             ScaledObject shop/orders: warning"
        ));
        let closing = "no errors, 2 warnings, no infos in 2 objects of 1 file";
        assert_eq!(report().closing(), closing);
    }

    #[test]
    fn github_reads_escaped_texts() {
        let text = written(Form::Github);
        let expected = "::warning file=a%2Cb.yaml,line=3,col=5,title=cooldown-misread::50 %25%0Aof it \
                        (fix: remove it)\n::warning title=cooldown-misread::shop/ScaledObject/orders: ";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn json_and_sarif_have_every_diagnostic() {
        let json: Value = serde_json::from_str(&written(Form::Json)).unwrap();
        assert_eq!(json["diagnostics"][0]["line"], 3);
        assert_eq!(json["diagnostics"][1]["object"]["name"], "orders");
        let sarif: Value = serde_json::from_str(&written(Form::Sarif)).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(run["results"][0]["ruleId"], "cooldown-misread");
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    }
}
