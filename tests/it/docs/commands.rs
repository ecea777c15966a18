//! Every command of ours that the documentation shows can be typed, and every flag that it names is
//! there.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::error::ErrorKind;

use super::page::{Page, pages};

/// Flags of other programs that the text names.
const FLAGS_OF_OTHERS: [&str; 9] = [
    "--api-key",
    "--home",
    "--key",
    "--locked",
    "--manifest-url",
    "--no-default-features",
    "--password",
    "--storage.tsdb.retention.time",
    "--token",
];

#[test]
fn every_command_in_a_block_can_be_typed() {
    let mut count = 0;
    for (page, block) in pages().iter().flat_map(Page::scripts) {
        for arguments in ours(&block.script()) {
            count += 1;
            let parsed = command().try_get_matches_from(&arguments);
            let refused = parsed.err().filter(|it| it.use_stderr());
            let place = page.place(block.line);
            assert!(refused.is_none(), "{place}: {arguments:?}: {refused:?}");
        }
    }
    assert!(count > 80, "{count} commands were found");
}

#[test]
fn every_command_in_the_text_can_be_typed() {
    for page in pages() {
        for (line, span) in page.spans() {
            if span.contains(['…', '[']) {
                continue;
            }
            // Within a table a bar is written so.
            for arguments in ours(&span.replace("\\|", "|")) {
                let parsed = command().try_get_matches_from(&arguments);
                let refused = parsed.err().filter(|it| !is_of_a_sentence(it.kind()));
                assert!(refused.is_none(), "{}: {refused:?}", page.place(line));
            }
        }
    }
}

/// A sentence may name a command without all that it needs.
fn is_of_a_sentence(kind: ErrorKind) -> bool {
    use ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
        MissingRequiredArgument,
    };
    [
        DisplayHelp,
        DisplayHelpOnMissingArgumentOrSubcommand,
        DisplayVersion,
        MissingRequiredArgument,
    ]
    .contains(&kind)
}

#[test]
fn every_flag_in_the_text_is_there() {
    let mut known = flags(&command());
    known.extend(["--help", "--version"].map(str::to_owned));
    for page in pages() {
        for (line, span) in page.spans().filter(|it| is_of_ours(it.1)) {
            for flag in flags_in(span) {
                let is_known = known.contains(&flag) || FLAGS_OF_OTHERS.contains(&flag.as_str());
                assert!(is_known, "{}: {flag}", page.place(line));
            }
        }
    }
}

/// Whether the flags in it are to be ours: those of a span that begins with one, or that names us.
fn is_of_ours(span: &str) -> bool {
    span.starts_with("--") || span.contains("stepscale ")
}

pub(super) fn command() -> clap::Command {
    stepscale::cli::command(OsStr::new("kubectl-stepscale"))
}

/// Every long flag of a command and of those below it.
pub(super) fn flags(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().flat_map(|it| {
        let longs = it.get_long_and_visible_aliases().unwrap_or_default();
        longs.into_iter().map(|it| format!("--{it}"))
    });
    let below = command.get_subcommands().flat_map(flags);
    own.chain(below).collect()
}

pub(super) fn flags_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && !"-.".contains(it));
    let words = words.map(|it| it.trim_end_matches('.'));
    let flags = words.filter(|it| it.starts_with("--") && it.len() > 2 && !it.starts_with("---"));
    flags.map(str::to_owned).collect()
}

/// The arguments of each run of ours in a script, the name of the program first.
fn ours(script: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for words in simple_commands(script) {
        let words = without_assignments(&words);
        for word in words.iter().filter(|it| it.contains("kubectl stepscale ")) {
            found.extend(ours(word));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let rest = match words.as_slice() {
            ["kubectl", "stepscale", rest @ ..] | ["kubectl-stepscale", rest @ ..] => rest,
            ["cargo", "run", "--release", "--", rest @ ..] => rest,
            _ => continue,
        };
        let program = std::iter::once("kubectl-stepscale");
        found.push(
            program
                .chain(rest.iter().copied())
                .map(str::to_owned)
                .collect(),
        );
    }
    found
}

fn without_assignments(words: &[String]) -> &[String] {
    let is_assignment = |it: &String| {
        let name = it.split_once('=').map(|it| it.0);
        name.is_some_and(|it| it.chars().all(|it| it.is_ascii_uppercase() || it == '_'))
    };
    let first = words.iter().position(|it| !is_assignment(it));
    &words[first.unwrap_or(words.len())..]
}

/// The words of each simple command: quotes are taken off, redirections and comments left out. Enough
/// of a shell for what a page shows.
fn simple_commands(script: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    let text = script.replace("\\\n", " ");
    let mut letters = text.chars().peekable();
    while let Some(it) = letters.next() {
        match (reader.quote, it) {
            (Some(quote), it) if it == quote => reader.quote = None,
            (Some(_), it) => reader.push(it),
            (None, '\'' | '"') => {
                reader.quote = Some(it);
                reader.word.get_or_insert_default();
            }
            (None, '#') if reader.word.is_none() => {
                while letters.next_if(|it| *it != '\n').is_some() {}
            }
            (None, ' ' | '\t') => reader.end_word(),
            (None, '|' | ';' | '&' | '(' | ')' | '\n') => reader.end_command(),
            (None, '<' | '>') => reader.redirect(),
            (None, it) => reader.push(it),
        }
    }
    reader.end_command();
    reader.commands
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    quote: Option<char>,
    /// The next word is a file.
    is_redirected: bool,
}

impl Reader {
    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !std::mem::take(&mut self.is_redirected) {
            self.words.push(word);
        }
    }

    /// A number right before it is a descriptor.
    fn redirect(&mut self) {
        if self
            .word
            .as_ref()
            .is_some_and(|it| it.parse::<u8>().is_ok())
        {
            self.word = None;
        }
        self.end_word();
        self.is_redirected = true;
    }

    fn end_command(&mut self) {
        self.end_word();
        self.is_redirected = false;
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            self.commands.push(words);
        }
    }
}

#[test]
fn our_commands_are_found_in_scripts() {
    let script = "cd x && A=b kubectl stepscale analyze -A \\\n  -o json 2> err.txt | jq '.a | b'\n\
                  helm template . | kubectl stepscale lint -f - > out # kubectl stepscale no\n\
                  kubectl stepscale demo --exec 'kubectl stepscale status && true'\n";
    let found: Vec<String> = ours(script).iter().map(|it| it[1..].join(" ")).collect();
    let expected = [
        "analyze -A -o json",
        "lint -f -",
        "status",
        "demo --exec kubectl stepscale status && true",
    ];
    assert_eq!(found, expected);
}
