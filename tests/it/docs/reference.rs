//! The reference of all commands, from the definition of the command line.
//!
//! Groups of options that several commands have in common stand once, at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use clap::{Arg, Command};

use super::commands::{command, flags, flags_in};
use super::page::{Page, anchor};

/// A group has a place of its own from this many options on; smaller ones are repeated.
const SHARED: usize = 3;

/// Options below one heading of the help, as rows of a table.
type Group = (String, Vec<String>);

/// Groups that stand once: their rows, and the heading that they have in the reference.
type Shared = Vec<(Group, String)>;

#[test]
fn the_reference_has_every_flag_and_no_other() {
    let mut known = flags(&command());
    // Every command has it, and no table.
    known.remove("--help");
    let told = flags_in(&Page::read("docs/reference.md").text);
    let missing: Vec<&String> = known.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let stale: Vec<&String> = told.difference(&known).collect();
    assert!(
        stale.iter().all(|it| **it == "--help" || **it == "--test"),
        "{stale:?}"
    );
}

pub(super) fn markdown() -> String {
    let mut root = command();
    root.build();
    let commands = leaves(&root);
    let shared = shared(&commands);
    let mut text = String::from("## Everywhere\n\nBefore and after every command:\n\n");
    for group in groups(&root, true) {
        text += &table(&group);
    }
    for command in &commands {
        text += &section(command, &shared);
    }
    for ((_, rows), title) in &shared {
        let _ = write!(text, "## {title}\n\n{}", rows_of(rows));
    }
    text + &exit_codes(&root)
}

/// The commands that do something, in the order of the help.
fn leaves(root: &Command) -> Vec<&Command> {
    let below = root
        .get_subcommands()
        .flat_map(|it| match it.has_subcommands() {
            true => leaves(it),
            false => vec![it],
        });
    below.collect()
}

fn section(command: &Command, shared: &Shared) -> String {
    let name = name_of(command);
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut text = format!("## {name}\n\n{about}.");
    let long = command.get_long_about().map(ToString::to_string);
    if let Some(rest) = long.as_deref().and_then(|it| it.strip_prefix(&about)) {
        let _ = write!(text, " {}", in_a_line(rest.trim()));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = write!(text, "\n\n```text\n{usage}\n```\n\n");
    let mut elsewhere = Vec::new();
    for group in groups(command, false) {
        match shared.iter().find(|it| it.0 == group) {
            Some((_, title)) => elsewhere.push(format!("[{}](#{})", group.0, anchor(title))),
            None => text += &table(&group),
        }
    }
    if !elsewhere.is_empty() {
        let _ = write!(text, "And those of {}.\n\n", elsewhere.join(", "));
    }
    text
}

/// `kubectl stepscale license issue` without what all begin with.
fn name_of(command: &Command) -> String {
    let whole = command.get_bin_name().unwrap_or_else(|| command.get_name());
    whole.trim_start_matches("kubectl stepscale ").to_owned()
}

/// Groups that several commands have alike, in the order in which they first come.
fn shared(commands: &[&Command]) -> Shared {
    let mut all: Vec<(Group, Vec<String>)> = Vec::new();
    for command in commands {
        let mut groups = groups(command, false);
        groups.retain(|it| it.1.len() >= SHARED);
        for group in groups {
            match all.iter_mut().find(|it| it.0 == group) {
                Some((_, names)) => names.push(name_of(command)),
                None => all.push((group, vec![name_of(command)])),
            }
        }
    }
    let titled = all.into_iter().filter(|it| it.1.len() > 1);
    let titled = titled.map(|(group, names)| {
        let title = format!("{} of {}", group.0, names.join(", "));
        (group, title)
    });
    titled.collect()
}

/// The options of a command by the headings of its help: either those that every command has, or the
/// others.
fn groups(command: &Command, is_global: bool) -> Vec<Group> {
    let mut order: Vec<String> = Vec::new();
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let asked = |it: &&Arg| !["help", "version"].contains(&it.get_id().as_str());
    let arguments = command.get_arguments().filter(|it| !it.is_hide_set());
    for arg in arguments
        .filter(asked)
        .filter(|it| it.is_global_set() == is_global)
    {
        let heading = heading_of(arg);
        if !order.contains(&heading) {
            order.push(heading.clone());
        }
        rows.entry(heading).or_default().push(row(arg));
    }
    let with_rows = order.into_iter().map(|it| {
        let of_it = rows.remove(&it).unwrap_or_default();
        (it, of_it)
    });
    with_rows.collect()
}

fn heading_of(arg: &Arg) -> String {
    let none = if arg.is_positional() {
        "Arguments"
    } else {
        "Options"
    };
    arg.get_help_heading().unwrap_or(none).to_owned()
}

fn table((heading, rows): &Group) -> String {
    format!("**{heading}**\n\n{}", rows_of(rows))
}

fn rows_of(rows: &[String]) -> String {
    let head = "| Option | Default | Variable | Meaning |\n| --- | --- | --- | --- |";
    format!("{head}\n{}\n\n", rows.join("\n"))
}

fn row(arg: &Arg) -> String {
    let (meaning, default) = told(arg);
    let variable = arg.get_env().and_then(|it| it.to_str());
    let variable = variable.map(|it| format!("`{it}`")).unwrap_or_default();
    format!("| {} | {default} | {variable} | {meaning} |", spelled(arg))
}

/// `-n`, `--namespace NAMESPACE`.
fn spelled(arg: &Arg) -> String {
    let value = value_of(arg);
    if arg.is_positional() {
        return format!("`{value}`");
    }
    let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
    let mut names: Vec<String> = longs.into_iter().map(|it| format!("--{it}")).collect();
    if let Some(last) = names.last_mut().filter(|_| !value.is_empty()) {
        *last += &format!(" {value}");
    }
    let short = arg.get_short().map(|it| format!("-{it}"));
    let all: Vec<String> = short
        .into_iter()
        .chain(names)
        .map(|it| format!("`{it}`"))
        .collect();
    all.join(", ")
}

fn value_of(arg: &Arg) -> String {
    if !arg.get_action().takes_values() {
        return String::new();
    }
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(|it| it.replace('|', "\\|")).collect();
    names.join(" ")
}

/// What an option means, with the words that it takes, and its default; as cells of a table.
pub(super) fn told(arg: &Arg) -> (String, String) {
    let help = arg.get_long_help().or(arg.get_help());
    let help = sentences(&help.map(ToString::to_string).unwrap_or_default());
    let (mut meaning, default) = without_default(&help).unwrap_or_else(|| (help, own_default(arg)));
    let words = words_of(arg);
    // Many a help has them in its sentence.
    if !words.iter().all(|it| meaning.contains(it.as_str())) {
        let words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
        let _ = write!(meaning, ": {}", words.join(", "));
    }
    (cell(&meaning), cell(&default))
}

/// The help without its default, which help tells in brackets.
fn without_default(help: &str) -> Option<(String, String)> {
    let (before, rest) = help.split_once(" [default: ")?;
    let (default, after) = rest.split_once(']')?;
    Some((format!("{before}{after}"), default.to_owned()))
}

/// Values that clap itself fills in; a switch is off without being told so.
fn own_default(arg: &Arg) -> String {
    if !arg.get_action().takes_values() {
        return String::new();
    }
    let values = arg.get_default_values().iter();
    let values: Vec<&str> = values.filter_map(|it| it.to_str()).collect();
    values.join(" ")
}

/// The words that it takes, where these are not just those of a switch.
fn words_of(arg: &Arg) -> Vec<String> {
    let words = words_of_any(arg);
    if words == ["true", "false"] || !arg.get_action().takes_values() {
        vec![]
    } else {
        words
    }
}

fn words_of_any(arg: &Arg) -> Vec<String> {
    let words = arg.get_possible_values();
    words.iter().map(|it| it.get_name().to_owned()).collect()
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Paragraphs in one line. One that others follow ends with a full stop.
fn sentences(help: &str) -> String {
    let mut paragraphs: Vec<String> = help.split("\n\n").map(in_a_line).collect();
    let last = paragraphs.pop().unwrap_or_default();
    let ended = paragraphs.into_iter().map(|it| match it.ends_with('.') {
        true => it + " ",
        false => it + ". ",
    });
    ended.collect::<String>() + &last
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

fn exit_codes(root: &Command) -> String {
    let help = root
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let mut text = String::from("## Exit codes\n\n| Code | Meaning |\n| --- | --- |\n");
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let _ = writeln!(text, "| {code} | {} |", meaning.trim());
    }
    text
}

#[test]
fn headings_of_the_reference_are_told_apart() {
    let anchors = Page::read("docs/reference.md").anchors();
    let different: BTreeSet<&String> = anchors.iter().collect();
    assert_eq!(different.len(), anchors.len(), "{anchors:?}");
}
