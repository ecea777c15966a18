//! What may follow on a command line, as kubectl's completion and our own scripts ask for it: words
//! come as arguments, the last of which is to be completed; candidates go to standard output, one a
//! line with its help after a tab, and a last line `:N` tells the shell how to go on.
//!
//! Nothing else is ever said: what cannot be found out has no candidates.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use clap_complete::engine::{self, CompletionCandidate};

use super::values::{self, Asked, Paths};
use crate::cli::context::Context;
use crate::config::Color;
use crate::error::Exit;

/// The name by which kubectl calls the program that it asks.
const COMPLETER: &str = "kubectl_complete-stepscale";
/// The same as a subcommand, by the name that others give it, too.
const SUBCOMMAND: &str = "__complete";

/// How the shell goes on, in the numbers of kubectl's library: complete nothing by itself, complete
/// folders, or whatever it completes otherwise.
const NO_FILES: u8 = 4;
const FOLDERS: u8 = 16;
const FILES: u8 = 0;

/// The words to complete, without the program's name, where that is what was asked.
pub(in crate::cli) fn asked(arguments: &[OsString]) -> Option<&[OsString]> {
    let (program, rest) = arguments.split_first()?;
    if Path::new(program).file_stem() == Some(OsStr::new(COMPLETER)) {
        return Some(rest);
    }
    let (first, rest) = rest.split_first()?;
    (first == SUBCOMMAND).then_some(rest)
}

/// Prints what may stand in place of the last word.
pub(in crate::cli) fn answer(command: clap::Command, words: &[OsString]) -> Exit {
    let text = candidates(command, words);
    // Whoever asked has no use for a complaint; that nobody listens any more is none either.
    let _ = Context::new(Color::Never, 0).print(|out| out.write_all(text.as_bytes()));
    Exit::Clean
}

fn candidates(command: clap::Command, words: &[OsString]) -> String {
    let (current, before) = match words.split_last() {
        Some((current, before)) => (current.clone(), before),
        None => (OsString::new(), words),
    };
    let asked = Arc::new(Asked::of(&command, before));
    let mut command = values::completed(command, &asked);
    let mut line = vec![OsString::from(values::PROGRAM)];
    line.extend(before.iter().filter(|it| !is_whole(&command, it)).cloned());
    line.push(current.clone());
    let last = line.len() - 1;
    let found = engine::complete(&mut command, line, last, None).unwrap_or_default();
    let found: Vec<_> = found
        .iter()
        .filter(|it| is_of_use(it, &current))
        .filter_map(written)
        .collect();
    let directive = match asked.paths() {
        Paths::None => NO_FILES,
        Paths::Folders => FOLDERS,
        Paths::Files => FILES,
    };
    format!("{}:{directive}\n", found.concat())
}

/// Whether a flag has its value only after `=`, so that the next word is not that. clap would take
/// it for one.
fn is_whole(command: &clap::Command, word: &OsStr) -> bool {
    let flag = word.to_str().and_then(|it| it.strip_prefix("--"));
    let is_it = |it: &clap::Arg| it.is_require_equals_set() && it.get_long() == flag;
    flag.is_some()
        && crate::cli::with_subcommands(command)
            .into_iter()
            .any(|it| it.get_arguments().any(is_it))
}

/// Flags are for those who have begun to type one: they are many.
fn is_of_use(candidate: &CompletionCandidate, current: &OsStr) -> bool {
    let is_flag = |it: &OsStr| it.as_encoded_bytes().starts_with(b"-");
    is_flag(current) || !is_flag(candidate.get_value())
}

/// `None` for what does not go into a line.
fn written(candidate: &CompletionCandidate) -> Option<String> {
    let value = candidate.get_value().to_str()?;
    if value.contains(['\n', '\t']) {
        return None;
    }
    let help = candidate.get_help().map(ToString::to_string);
    let help = help.as_deref().and_then(|it| it.lines().next());
    Some(match help.map(|it| it.replace('\t', " ")) {
        Some(help) if !help.is_empty() => format!("{value}\t{help}\n"),
        Some(_) | None => format!("{value}\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(line: &str) -> Vec<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let text = candidates(command, &words);
        text.lines().map(str::to_owned).collect()
    }

    fn values(line: &str) -> Vec<String> {
        let lines = answered(line).into_iter();
        lines
            .map(|it| it.split('\t').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn what_was_asked_is_known_by_the_name_or_the_first_word() {
        let words = |line: &str| -> Option<usize> {
            let all: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            asked(&all).map(<[OsString]>::len)
        };
        assert_eq!(words("/bin/kubectl_complete-stepscale analyze "), Some(2));
        assert_eq!(words("kubectl_complete-stepscale.exe "), Some(1));
        assert_eq!(words("kubectl-stepscale __complete apply --dry"), Some(2));
        assert_eq!(words("kubectl-stepscale analyze __complete"), None);
        assert_eq!(words("kubectl-stepscale"), None);
    }

    #[test]
    fn subcommands_come_with_their_help() {
        let found = answered("an");
        let help = "analyze\tRecommend changes to autoscaler settings";
        assert_eq!(found, [help, ":4"]);
        let all = values("");
        assert!(all.contains(&"license".to_owned()), "{all:?}");
        assert!(!all.iter().any(|it| it.starts_with('-')), "{all:?}");
        assert_eq!(values("license verify-"), ["verify-artifact", ":4"]);
    }

    #[test]
    fn flags_are_offered_to_those_who_type_one() {
        let found = answered("analyze --only-r");
        let help = "--only-raise\tPropose only changes that never take replicas away";
        assert_eq!(found, [help, ":4"]);
        assert!(values("analyze -").contains(&"-A".to_owned()));
    }

    #[test]
    fn words_of_a_flag_are_offered_after_it_and_after_an_equals_sign() {
        assert_eq!(values("analyze -o w"), ["wide", ":4"]);
        assert_eq!(values("analyze --output=w"), ["--output=wide", ":4"]);
        assert_eq!(values("completion po"), ["powershell", ":4"]);
    }

    #[test]
    fn a_value_that_needs_an_equals_sign_is_not_offered_as_a_word() {
        let found = values("apply --dry-run=");
        assert!(found.contains(&"--dry-run=server".to_owned()), "{found:?}");
        let next = values("apply --dry-run -f x s");
        assert_eq!(next, [":4"], "a name, for which there is no cluster");
    }

    #[test]
    fn codes_are_offered_one_after_the_other() {
        assert_eq!(
            values("lint --explain cooldown-m"),
            ["cooldown-misread", ":4"]
        );
        let second = values("lint --disable syntax,templ");
        assert_eq!(second, ["syntax,template", ":4"]);
    }

    #[test]
    fn files_are_left_to_the_shell() {
        assert_eq!(answered("lint -f "), [":0"]);
        assert_eq!(answered("analyze --from=sh"), [":0"]);
        assert_eq!(answered("lint -k ./"), [":16"]);
        assert_eq!(answered("license sign-artifact "), [":0"]);
        assert_eq!(answered("analyze --headroom "), [":4"]);
    }

    #[test]
    fn what_makes_no_sense_has_no_candidates() {
        for line in [
            "nonsense ",
            "analyze --nonsense=",
            "analyze -n Shop -- --",
            "--",
        ] {
            let found = answered(line);
            assert!(
                found.last().is_some_and(|it| it == ":4"),
                "{line}: {found:?}"
            );
        }
    }
}
