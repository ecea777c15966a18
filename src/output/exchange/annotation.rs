//! Workflow commands, which GitHub shows as annotations of a run or of a line in a change.
//!
//! Texts are escaped as `@actions/core` does it: a message ends at the end of its line, a property
//! also at `:` and `,`.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Note,
    Warning,
    Error,
}

/// One annotation. Displayed, it is the line that makes it.
#[derive(Clone, Debug)]
pub struct Annotation<'a> {
    pub level: Level,
    pub title: &'a str,
    pub message: &'a str,
    /// File, line and column, the last two from 1; `None` for the run as a whole.
    pub place: Option<(&'a str, usize, usize)>,
}

impl fmt::Display for Annotation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = match self.level {
            Level::Note => "notice",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        write!(f, "::{command} ")?;
        if let Some((file, line, column)) = self.place {
            write!(f, "file={},line={line},col={column},", property(file))?;
        }
        let (title, message) = (property(self.title), message(self.message));
        write!(f, "title={title}::{message}")
    }
}

fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_escaped_where_they_would_end_something() {
        let annotation = Annotation {
            level: Level::Error,
            title: "a: 50%, b",
            message: "a: 50%, b\r\nc::d",
            place: Some(("a,b:c.yaml", 3, 5)),
        };
        assert_eq!(
            annotation.to_string(),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=5,title=a%3A 50%25%2C b::a: 50%25, \
             b%0D%0Ac::d"
        );
        let without = Annotation {
            level: Level::Note,
            place: None,
            ..annotation
        };
        assert!(without.to_string().starts_with("::notice title=a%3A"));
    }

    /// As the runner reads it back.
    fn unescaped(text: &str) -> String {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    }

    proptest! {
        #[test]
        fn every_text_reads_back(title in "[a:,%\r\n]{0,12}", text in "[a:,%\r\n0AD]{0,12}") {
            let line = Annotation { level: Level::Warning, title: &title, message: &text, place: None }
                .to_string();
            prop_assert_eq!(line.lines().count(), 1);
            let rest = line.strip_prefix("::warning title=").unwrap();
            let (read_title, read_text) = rest.split_once("::").unwrap();
            prop_assert_eq!(unescaped(read_title), title);
            prop_assert_eq!(unescaped(read_text), text);
        }
    }
}
