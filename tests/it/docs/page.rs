//! A page of Markdown: its headings, its blocks, and the text around them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// A page, by its path from the root of the repository: `docs/keda.md`.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
    /// The lines outside of blocks, with their numbers from 1.
    pub(super) prose: Vec<(usize, String)>,
}

/// A fenced block.
#[derive(Debug)]
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    pub(super) language: String,
    /// What stands behind the language: `exit=4`, or a word alone with an empty value.
    pub(super) words: BTreeMap<String, String>,
    pub(super) text: String,
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The README and all of `docs`, the README first.
pub(super) fn pages() -> Vec<Page> {
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|it| it.ends_with(".md"))
        .map(|it| format!("docs/{it}"))
        .collect();
    names.sort();
    names.insert(0, "README.md".to_owned());
    names.into_iter().map(Page::read).collect()
}

impl Page {
    pub(super) fn read(path: impl Into<String>) -> Self {
        let path = path.into();
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let mut page = Self {
            path,
            blocks: Vec::new(),
            prose: Vec::new(),
            text: String::new(),
        };
        let mut open: Option<Block> = None;
        for (at, line) in text.lines().enumerate() {
            match (open.take(), line.trim_start().strip_prefix("```")) {
                (None, Some(info)) => open = Some(Block::begun(at + 1, info)),
                (None, None) => page.prose.push((at + 1, line.to_owned())),
                (Some(block), Some(_)) => page.blocks.push(block),
                (Some(mut block), None) => {
                    block.text += line;
                    block.text.push('\n');
                    open = Some(block);
                }
            }
        }
        assert!(open.is_none(), "{}: a block has no end", page.path);
        page.text = text;
        page
    }

    /// The blocks of commands, each with its page.
    pub(super) fn scripts(&self) -> impl Iterator<Item = (&Self, &Block)> {
        let blocks = self.blocks.iter();
        let scripts = blocks.filter(|it| it.is_script());
        scripts.map(move |it| (self, it))
    }

    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// What a link may name behind `#`, as GitHub makes it of headings.
    pub(super) fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter_map(|(_, it)| {
            let text = it.trim_start_matches('#');
            (text.len() < it.len()).then(|| text.strip_prefix(' '))?
        });
        headings.map(anchor).collect()
    }

    /// What stands between backticks outside of blocks, with its line.
    pub(super) fn spans(&self) -> impl Iterator<Item = (usize, &str)> {
        self.prose.iter().flat_map(|(line, text)| {
            let inner = text.split('`').skip(1).step_by(2);
            inner.map(move |it| (*line, it))
        })
    }
}

impl Block {
    fn begun(line: usize, info: &str) -> Self {
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let words = words.map(|it| {
            let (name, value) = it.split_once('=').unwrap_or((it, ""));
            (name.to_owned(), value.to_owned())
        });
        Self {
            line,
            language,
            words: words.collect(),
            text: String::new(),
        }
    }

    pub(super) fn is_script(&self) -> bool {
        ["sh", "console"].contains(&self.language.as_str())
    }

    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.words.get(name).map(String::as_str)
    }

    /// The commands alone, as a shell reads them.
    pub(super) fn script(&self) -> String {
        self.lines_that_are(true)
    }

    /// What a console says to the commands.
    pub(super) fn said(&self) -> String {
        self.lines_that_are(false)
    }

    /// On a console, what is typed stands behind `$`, and what goes on behind a `\` too.
    fn lines_that_are(&self, typed: bool) -> String {
        let is_console = self.language == "console";
        let mut goes_on = false;
        let mut text = String::new();
        for line in self.text.lines() {
            let begun = line.strip_prefix("$ ");
            let is_typed = !is_console || begun.is_some() || goes_on;
            goes_on = is_typed && line.ends_with('\\');
            if is_typed == typed {
                text += begun.unwrap_or(line);
                text.push('\n');
            }
        }
        text
    }
}

/// The anchor of a heading: lower case, without punctuation, `-` for spaces.
pub(super) fn anchor(heading: &str) -> String {
    let kept = |it: &char| it.is_alphanumeric() || " -_".contains(*it);
    let text = heading.trim().to_lowercase();
    text.chars()
        .filter(kept)
        .map(|it| if it == ' ' { '-' } else { it })
        .collect()
}

#[test]
fn anchors_are_those_of_github() {
    for (heading, expected) in [
        (
            "`triggers`: what each measures",
            "triggers-what-each-measures",
        ),
        ("Files that change", "files-that-change"),
        ("In CI / CD", "in-ci--cd"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
}

#[test]
fn a_console_has_commands_and_answers() {
    let mut block = Block::begun(1, "console varies exit=6");
    block.text = "$ a \\\n    --b\nc\n$ d\n".to_owned();
    assert_eq!(block.script(), "a \\\n    --b\nd\n");
    assert_eq!(block.said(), "c\n");
    assert_eq!(
        (block.word("exit"), block.word("varies")),
        (Some("6"), Some(""))
    );
}
