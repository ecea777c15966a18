//! kubectl's `-o custom-columns=NAME:.name,MIN:.today.minReplicas`: a line for each object that an
//! answer lists.

use serde_json::Value;

use super::path::Path;
use super::{listed, printed};

/// What stands for nothing, as in kubectl.
const NONE: &str = "<none>";
/// Spaces between columns, as in kubectl.
const GAP: usize = 3;

/// Headers with their paths.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomColumns(Vec<(String, Path)>);

impl CustomColumns {
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let mut columns = Vec::new();
        let mut start = 0;
        for part in parts(source) {
            let Some((header, path)) = part.split_once(':').filter(|it| !it.0.is_empty()) else {
                return Err(format!(
                    "expected HEADER:PATH, such as NAME:.name, at character {} in place of `{part}`",
                    start + 1
                ));
            };
            let bare = path.trim_start_matches('{').trim_end_matches('}');
            let before = header.chars().count() + 1 + usize::from(path.starts_with('{'));
            columns.push((header.to_owned(), Path::parse(bare, start + before)?));
            start += part.chars().count() + 1;
        }
        Ok(Self(columns))
    }

    pub(super) fn filled(&self, answer: &Value, has_headers: bool) -> String {
        let mut lines: Vec<Vec<String>> = Vec::new();
        if has_headers {
            lines.push(self.0.iter().map(|it| it.0.clone()).collect());
        }
        for object in listed(answer) {
            lines.push(
                self.0
                    .iter()
                    .map(|it| cell(&it.1, answer, object))
                    .collect(),
            );
        }
        let width = |column: usize| {
            let cells = lines.iter().map(|it| it[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.0.len()).map(width).collect();
        let padded = |line: &Vec<String>| {
            let cells = line.iter().zip(&widths);
            let text: String = cells
                .map(|(cell, width)| format!("{cell:<0$}", width + GAP))
                .collect();
            format!("{}\n", text.trim_end())
        };
        lines.iter().map(padded).collect()
    }
}

/// The columns, which a comma parts where it is in no bracket and no quote.
fn parts(source: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (0_usize, None);
    for character in source.chars() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            (None | Some(_), _) => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts
}

fn cell(path: &Path, root: &Value, object: &Value) -> String {
    let values: Vec<String> = path.values(root, object).into_iter().map(printed).collect();
    match values.is_empty() {
        true => NONE.to_owned(),
        // A cell is one line.
        false => values.join(",").replace(['\r', '\n'], " "),
    }
}
