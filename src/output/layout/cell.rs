//! Text of one style and where it is best broken if it is wider than its column.

use anstyle::Style;

use crate::output::words::printable;

/// Text of one style, in parts that stand side by side or else on a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Cell {
    parts: Vec<String>,
    pub(super) style: Style,
}

impl Cell {
    pub(in super::super) fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    pub(in super::super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            parts: vec![printable(&text.into())],
            style,
        }
    }

    pub(in super::super) fn list(parts: Vec<String>) -> Self {
        Self {
            parts,
            style: Style::new(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.parts.join(", ")
    }

    /// The cell with line feeds where that is better than where comfy-table would break it, which
    /// is after spaces, or anywhere in a word that is longer than `width`.
    pub(super) fn wrapped(&self, width: usize) -> String {
        let text = self.text();
        if characters(&text) <= width {
            return text;
        }
        let parts = self.parts.iter().map(|part| {
            let words: Vec<String> = part.split(' ').map(|it| hyphenated(it, width)).collect();
            words.join(" ")
        });
        parts.collect::<Vec<String>>().join("\n")
    }
}

pub(super) fn characters(text: &str) -> usize {
    text.chars().count()
}

/// `word` with line feeds after hyphens and slashes such that its lines have at most `width`
/// characters. Without either it stays as it is: comfy-table breaks it anywhere.
fn hyphenated(word: &str, width: usize) -> String {
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some((end, _)) = rest.char_indices().nth(width) {
        let Some(hyphen) = rest[..end].rfind(['-', '/']) else {
            break;
        };
        let (piece, after) = rest.split_at(hyphen + 1);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_fit_side_by_side_have_a_line_each() {
        let cell = Cell::list(["idle-window", "scale-lag"].map(str::to_owned).to_vec());
        assert_eq!(cell.wrapped(22), "idle-window, scale-lag");
        assert_eq!(cell.wrapped(21), "idle-window\nscale-lag");
        assert_eq!(cell.wrapped(10), "idle-\nwindow\nscale-lag");
    }

    #[test]
    fn words_break_at_hyphens_before_they_break_anywhere() {
        let cases = [
            (
                "two-autoscalers-one-target",
                16,
                "two-autoscalers-\none-target",
            ),
            ("deploy/cart-v2", 8, "deploy/\ncart-v2"),
            ("abcdef", 4, "abcdef"),
            ("abcdef-g", 4, "abcdef-g"),
            ("", 4, ""),
        ];
        for (word, width, expected) in cases {
            assert_eq!(hyphenated(word, width), expected, "{word}");
        }
    }
}
