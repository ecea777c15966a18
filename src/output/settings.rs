//! Settings with their origins: a versioned contract (`-o json`, `-o yaml`) and a table.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::layout::{Cell, Column, Layout, Row, Shrink};
use super::table::{HEADER, column};
use super::{json, yaml};
use crate::config::license::Form;
use crate::config::view::{Origin, Setting, ViewConfig};

/// What `config view` answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EffectiveConfig<'a> {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    api_version: &'static str,
    #[schemars(extend("const" = "EffectiveConfig"))]
    kind: &'static str,
    /// The configuration file, whether it exists or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    settings: Vec<Line<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    key: &'static str,
    value: Option<&'a str>,
    /// `flag`, `environment`, `file`, `default`.
    origin: &'static str,
    /// The flag or the variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

const COLUMNS: [Column; 3] = [
    column("KEY", Shrink::Never),
    column(
        "VALUE",
        Shrink::Text {
            comfortable: 24,
            least: 12,
        },
    ),
    column("ORIGIN", Shrink::Last { least: 16 }),
];

/// Writes settings to `out`, within `width` columns.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, config: &ViewConfig, width: usize) -> io::Result<()> {
    match config.form {
        Form::Json => json(out, &effective(config)),
        Form::Yaml => yaml(out, &effective(config)),
        Form::Table => {
            let rows: Vec<Row> = config.settings.iter().map(|it| row(it, config)).collect();
            Layout::new(&COLUMNS, &rows, width).write(out, HEADER)
        }
    }
}

fn effective(config: &ViewConfig) -> EffectiveConfig<'_> {
    EffectiveConfig {
        api_version: "stepscale.io/v1alpha1",
        kind: "EffectiveConfig",
        file: config.file.as_deref(),
        settings: config.settings.iter().map(line).collect(),
    }
}

fn line(setting: &Setting) -> Line<'_> {
    let (origin, name, line) = match &setting.origin {
        Origin::Flag(name) => ("flag", Some(name.as_str()), None),
        Origin::Environment(name) => ("environment", Some(name.as_str()), None),
        Origin::File(line) => ("file", None, Some(*line)),
        Origin::Default => ("default", None, None),
    };
    Line {
        key: setting.key,
        value: setting.value.as_deref(),
        origin,
        name,
        line,
    }
}

fn row(setting: &Setting, config: &ViewConfig) -> Row {
    let file = config.file.as_deref().unwrap_or_default();
    let origin = match &setting.origin {
        Origin::Flag(name) | Origin::Environment(name) => name.clone(),
        Origin::File(line) => format!("{file}:{line}"),
        Origin::Default => "default".to_owned(),
    };
    Row {
        cells: vec![
            Cell::plain(setting.key),
            Cell::plain(setting.value.as_deref().unwrap_or("-")),
            Cell::plain(origin),
        ],
        ..Row::default()
    }
}
