//! What changes in a file, as `diff -u` and Git write it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

const PLACE: Style = AnsiColor::Cyan.on_default();
const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// The unified diff of a file, with ANSI styles; empty where nothing changes. `git apply` takes it
/// where the name is relative to the top of the repository.
pub fn diff(name: &str, before: &str, after: &str) -> String {
    let mut text = String::new();
    let lines = TextDiff::from_lines(before, after);
    let mut unified = lines.unified_diff();
    let mut hunks = unified.context_radius(3).iter_hunks().peekable();
    if hunks.peek().is_some() {
        text = format!("--- a/{name}\n+++ b/{name}\n");
    }
    for hunk in hunks {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{PLACE}{}{PLACE:#}", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', OLD),
                ChangeTag::Insert => ('+', NEW),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = change.value();
            // Before the end of the line, lest a style runs into the next one.
            let end = line
                .strip_suffix('\n')
                .map_or(line, |it| it.trim_end_matches('\r'));
            let (line, end) = line.split_at(end.len());
            let _ = write!(text, "{style}{sign}{line}{style:#}{end}");
            if end.is_empty() {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> String {
        anstream::adapter::strip_str(&diff("hpa.yaml", before, after)).to_string()
    }

    #[test]
    fn lines_are_told_with_those_around_them() {
        let before = "a\nb\nc\nd\ne: 1 # x\nf\ng\nh\ni\n";
        let told = plain(before, &before.replace("e: 1", "e: 2"));
        let wanted = "--- a/hpa.yaml\n+++ b/hpa.yaml\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e: 1 # x\n\
                      +e: 2 # x\n f\n g\n h\n";
        assert_eq!(told, wanted);
        assert_eq!(plain(before, before), "");
    }

    #[test]
    fn line_ends_are_those_of_the_file() {
        let told = plain("a: 1\r\nb: 1", "a: 2\r\nb: 1");
        let wanted = "--- a/hpa.yaml\n+++ b/hpa.yaml\n@@ -1,2 +1,2 @@\n-a: 1\r\n+a: 2\r\n b: 1\n\
                      \\ No newline at end of file\n";
        assert_eq!(told, wanted);
    }
}
