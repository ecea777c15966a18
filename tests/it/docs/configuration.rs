//! The keys of the configuration file: what is told of them, and that it is so.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::Command;
use stepscale::cli::FLAG_OF_KEY;
use stepscale::config::file::KEYS;
use stepscale::config::file::told::{Kind, TOLD, Told};

use super::commands::command;
use super::page::Page;
use super::reference::told as told_of_flag;
use crate::rig::program::{Said, User};

/// The table of all keys, in the order of the file.
pub(super) fn keys() -> String {
    let mut root = command();
    root.build();
    let mut text = String::from(
        "| Key | Type | Default | Flag | Variable | Meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for told in &TOLD {
        text += &row(&root, told);
    }
    text
}

fn row(root: &Command, told: &Told) -> String {
    let flags = FLAG_OF_KEY.iter().filter(|it| it.0 == told.key);
    let flags: Vec<&str> = flags.map(|it| it.1).collect();
    let arg = flags.first().map(|it| argument(root, it));
    let variable = arg.and_then(|it| it.get_env()?.to_str());
    let (meaning, default) = match (told.own, arg) {
        (Some((meaning, default)), _) => (meaning.to_owned(), default.to_owned()),
        (None, Some(arg)) => told_of_flag(arg),
        (None, None) => panic!("{}: no flag says what it means", told.key),
    };
    let shown = |all: &[String]| {
        all.iter()
            .map(|it| format!("`{it}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let flags: Vec<String> = flags.iter().map(|it| format!("--{it}")).collect();
    let variables: Vec<String> = variable.map(str::to_owned).into_iter().collect();
    format!(
        "| `{}` | {} | {default} | {} | {} | {meaning} |\n",
        told.key,
        told.kind.name(),
        shown(&flags),
        shown(&variables)
    )
}

/// The first option of that name, in the order of the help: everywhere it means the same.
fn argument<'a>(command: &'a Command, long: &str) -> &'a clap::Arg {
    let own = |command: &'a Command| {
        command
            .get_arguments()
            .find(|it| it.get_long() == Some(long))
    };
    let mut below = command.get_subcommands();
    let found = own(command).or_else(|| below.find_map(own));
    found.unwrap_or_else(|| panic!("no command has --{long}"))
}

/// A file with every key, grouped as they are in the list.
pub(super) fn example() -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = Vec::new();
    for told in &TOLD {
        let mut path: Vec<&str> = told.key.split('.').collect();
        let name = path.pop().unwrap_or_default();
        let common = groups.iter().zip(&path).take_while(|(a, b)| a == b).count();
        for (depth, group) in path.iter().enumerate().skip(common) {
            let _ = writeln!(text, "{}{group}:", "  ".repeat(depth));
        }
        let _ = writeln!(text, "{}{name}: {}", "  ".repeat(path.len()), told.example);
        groups = path;
    }
    format!("```yaml\n{text}```")
}

#[test]
fn every_key_is_told_of() {
    let told: Vec<&str> = TOLD.iter().map(|it| it.key).collect();
    assert_eq!(
        told, KEYS,
        "config/file/told.rs is to have the keys of config::file::KEYS"
    );
}

#[test]
fn the_examples_are_accepted_and_nonsense_is_refused_by_its_type() {
    let user = User::new();
    for told in &TOLD {
        let accepted = refusal(&user, &nested(told.key, told.example));
        assert_eq!(accepted, None, "{}", told.key);
        let refused = match told.kind {
            // Anything may be said there.
            Kind::Text | Kind::Path => continue,
            Kind::List => "x",
            Kind::Number | Kind::Share | Kind::Switch | Kind::Time | Kind::Word => "zzz",
            Kind::Mapping => "[x]",
        };
        let said = refusal(&user, &nested(told.key, refused));
        let said = said.unwrap_or_else(|| panic!("{}: {refused} is accepted", told.key));
        assert!(said.contains(told.key), "{said}");
    }
}

#[test]
fn files_that_the_page_shows_can_be_used() {
    let user = User::new();
    let page = Page::read("docs/configuration.md");
    let shown = page.blocks.iter().filter(|it| it.language == "yaml");
    assert!(shown.clone().count() > 1, "no example");
    for block in shown {
        let refused = refusal(&user, &block.text);
        // The file with every key says things that exclude each other.
        let is_whole = KEYS.iter().all(|it| block.text.contains(last(it)));
        let refused = refused.filter(|it| !is_whole || it.contains("unknown key"));
        assert_eq!(refused, None, "{}", page.place(block.line));
    }
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// `a.b` with a value, as a file.
fn nested(key: &str, value: &str) -> String {
    let open: String = key.split('.').map(|it| format!("{{{it}: ")).collect();
    format!("{open}{value}{}", "}".repeat(key.split('.').count()))
}

/// What the program has against a configuration file: of any command, since not every one reads all
/// keys. None gets beyond its configuration, for want of a cluster and of a snapshot.
fn refusal(user: &User, text: &str) -> Option<String> {
    let path = user.path("config.yaml");
    fs::write(&path, text).unwrap();
    let commands: [&[&str]; 4] = [
        &["analyze", "--from", "missing.jsonl"],
        &["watch", "--once"],
        &["apply", "web"],
        &["license", "show"],
    ];
    commands.iter().find_map(|it| refusal_of(user, &path, it))
}

fn refusal_of(user: &User, path: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = user.stepscale(arguments);
    let said = Said::by(command.arg("--config").arg(path).current_dir(user.home()));
    let is_refused = said.stderr.contains("configuration file");
    is_refused.then_some(said.stderr)
}
