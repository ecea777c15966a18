//! What a lint found, as lines, JSON, annotations of GitHub or SARIF.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::picker::wrapped;
use crate::analysis::findings;
use crate::config::lint::{Explainable, Form};
use crate::lint::{Code, ObjectId, Severity};
use crate::yaml::located::Position;

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of files and places, or of objects.
    pub rows: Vec<Row>,
    /// How many were looked at.
    pub objects: usize,
    /// The same; `None` of a cluster.
    pub files: Option<usize>,
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
        let count = |severity| {
            self.rows
                .iter()
                .filter(|it| it.severity == severity)
                .count()
        };
        let mut text = format!(
            "{} errors, {} warnings, {} infos in {} objects",
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Info),
            self.objects
        );
        if let Some(files) = self.files {
            // Writing to a string cannot fail.
            let _ = write!(text, " of {files} files");
        }
        text
    }
}

/// Writes a report.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, report: &Report, form: Form) -> io::Result<()> {
    match form {
        Form::Text => report.rows.iter().try_for_each(|it| text(out, it)),
        Form::Json => super::json(out, &whole(report)),
        Form::Github => report.rows.iter().try_for_each(|it| github(out, it)),
        Form::Sarif => super::json(out, &sarif(report)),
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

fn whole(report: &Report) -> Value {
    let rows: Vec<Value> = report.rows.iter().map(one).collect();
    json!({
        "apiVersion": "stepscale.io/v1alpha1",
        "kind": "LintReport",
        "objects": report.objects,
        "files": report.files,
        "diagnostics": rows,
    })
}

fn one(row: &Row) -> Value {
    let mut value = json!({
        "code": row.code.word(),
        "severity": row.severity.word(),
        "path": row.path,
        "message": row.message,
        "fix": row.fix,
    });
    if let Some((file, at)) = &row.file {
        value["file"] = json!(file);
        value["line"] = json!(at.line);
        value["column"] = json!(at.column);
    }
    if let Some(object) = &row.object {
        let ObjectId {
            kind,
            namespace,
            name,
        } = object;
        value["object"] = json!({ "kind": kind, "namespace": namespace, "name": name });
    }
    value
}

/// A workflow command. Texts are escaped as GitHub reads them back.
fn github(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let command = match row.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = match &row.file {
        Some((file, at)) => format!(
            "file={},line={},col={},",
            escaped(file, true),
            at.line,
            at.column
        ),
        None => String::new(),
    };
    properties += &format!("title={}", row.code.word());
    let object = match (&row.file, &row.object) {
        (None, Some(object)) => format!("{object}: "),
        _ => String::new(),
    };
    let message = escaped(
        &format!("{object}{} (fix: {})", row.message, row.fix),
        false,
    );
    writeln!(out, "::{command} {properties}::{message}")
}

fn escaped(text: &str, is_property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    match is_property {
        true => text.replace(':', "%3A").replace(',', "%2C"),
        false => text,
    }
}

fn sarif(report: &Report) -> Value {
    let mut codes: Vec<Code> = report.rows.iter().map(|it| it.code).collect();
    codes.sort();
    codes.dedup();
    let rule = |it: &Code| {
        json!({ "id": it.word(), "shortDescription": { "text": it.about() },
            "defaultConfiguration": { "level": level(it.severity()) } })
    };
    let rules: Vec<Value> = codes.iter().map(rule).collect();
    let results: Vec<Value> = report.rows.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "kubectl-stepscale",
                "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(row: &Row) -> Value {
    let mut location = json!({});
    if let Some((file, at)) = &row.file {
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": file.replace('\\', "/") },
            "region": { "startLine": at.line, "startColumn": at.column },
        });
    }
    if let Some(object) = &row.object {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": object.to_string() }]);
    }
    json!({
        "ruleId": row.code.word(),
        "level": level(row.severity),
        "message": { "text": format!("{} (fix: {})", row.message, row.fix) },
        "locations": [location],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
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
        Report {
            rows: vec![row.clone(), Row { file: None, ..row }],
            objects: 2,
            files: Some(1),
        }
    }

    fn written(form: Form) -> String {
        let mut out = Vec::new();
        write(&mut out, &report(), form).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_says_where_what_and_what_to_do() {
        let text = written(Form::Text);
        assert!(text.starts_with(
            "a,b.yaml:3:5: warning[cooldown-misread]: 50 %\nof it (fix: remove it)\n\
             ScaledObject shop/orders: warning"
        ));
        let closing = "0 errors, 2 warnings, 0 infos in 2 objects of 1 files";
        assert_eq!(report().closing(), closing);
    }

    #[test]
    fn github_reads_escaped_texts() {
        let text = written(Form::Github);
        let expected = "::warning file=a%2Cb.yaml,line=3,col=5,title=cooldown-misread::50 %25%0Aof it \
                        (fix: remove it)\n::warning title=cooldown-misread::ScaledObject shop/orders: ";
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
