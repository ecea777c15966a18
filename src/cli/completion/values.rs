//! Which values an argument may have, beside the words that it lists itself.
//!
//! Arguments are known by what they are called, as users know them, so that a new flag for a namespace
//! or a file needs nothing here.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use clap::{ArgMatches, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::lookup::{self, Kinds};
use super::names;
use crate::cli::conflicts;
use crate::cluster::{self, Namespaces};
use crate::lint::Code;

/// The first word of a command line; any would do.
pub(super) const PROGRAM: &str = "kubectl-stepscale";

/// What was typed before the word that is completed.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) connection: cluster::Options,
    pub(super) namespaces: Namespaces,
    /// Objects named already.
    pub(super) names: Vec<String>,
    paths: AtomicU8,
}

/// Paths that the shell is to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    None = 0,
    Folders = 1,
    Files = 2,
}

/// What can stand for an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Contexts,
    Clusters,
    Users,
    Namespaces,
    Objects(Kinds),
    Codes,
    Paths(Paths),
}

impl Asked {
    /// Of what is typed wrong, or not yet whole, nothing counts.
    pub(super) fn of(command: &Command, before: &[OsString]) -> Self {
        let line = std::iter::once(OsString::from(PROGRAM)).chain(before.iter().cloned());
        let lenient = command.clone().ignore_errors(true);
        let matches = lenient.try_get_matches_from(line).unwrap_or_default();
        let (_, typed) = conflicts::innermost(&matches);
        let text = |id: &str| one::<String>(typed, id);
        let namespace = text("namespace").map_or(Namespaces::Current, Namespaces::One);
        let is_everywhere = one::<bool>(typed, "all_namespaces").unwrap_or(false);
        Self {
            connection: cluster::Options {
                kubeconfig: one::<PathBuf>(typed, "kubeconfig"),
                context: text("context"),
                cluster: text("cluster"),
                user: text("user"),
                impersonate: text("as"),
                impersonate_groups: all(typed, "as-group"),
                ..cluster::Options::default()
            },
            namespaces: if is_everywhere {
                Namespaces::All
            } else {
                namespace
            },
            names: all(typed, NAMES),
            paths: AtomicU8::new(Paths::None as u8),
        }
    }

    /// What the shell is to complete by itself.
    pub(super) fn paths(&self) -> Paths {
        match self.paths.load(Ordering::Relaxed) {
            0 => Paths::None,
            1 => Paths::Folders,
            _ => Paths::Files,
        }
    }

    fn find(&self, sought: Sought, current: &str) -> Vec<CompletionCandidate> {
        let begins = |it: &String| it.starts_with(current);
        let plain = |all: Vec<String>| -> Vec<CompletionCandidate> {
            let fitting = all.into_iter().filter(begins);
            fitting.map(CompletionCandidate::new).collect()
        };
        match sought {
            Sought::Contexts => plain(lookup::kubeconfig(&self.connection).contexts),
            Sought::Clusters => plain(lookup::kubeconfig(&self.connection).clusters),
            Sought::Users => plain(lookup::kubeconfig(&self.connection).users),
            Sought::Namespaces => plain(lookup::namespaces(&self.connection)),
            Sought::Objects(kinds) => {
                let found = lookup::objects(&self.connection, &self.namespaces, kinds);
                names::candidates(found, &self.names, current)
            }
            Sought::Codes => codes(current),
            Sought::Paths(paths) => {
                self.paths.store(paths as u8, Ordering::Relaxed);
                vec![]
            }
        }
    }
}

/// What arguments with objects are called in `cli/args`.
const NAMES: &str = "names";

fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    matches.try_get_one::<T>(id).ok().flatten().cloned()
}

fn all(matches: &ArgMatches, id: &str) -> Vec<String> {
    let found = matches.try_get_many::<String>(id).ok().flatten();
    found.into_iter().flatten().cloned().collect()
}

fn codes(current: &str) -> Vec<CompletionCandidate> {
    let all = Code::ALL.iter().filter(|it| it.word().starts_with(current));
    all.map(|it| CompletionCandidate::new(it.word()).help(Some(it.about().into())))
        .collect()
}

/// The command line with what completes each argument.
pub(super) fn completed(command: Command, asked: &Arc<Asked>) -> Command {
    let name = command.get_name().to_owned();
    command
        .mut_args(|arg| match sought(&name, &arg) {
            Some(sought) => {
                let asked = Arc::clone(asked);
                let find = move |current: &OsStr| match current.to_str() {
                    Some(current) => asked.find(sought, current),
                    None => vec![],
                };
                arg.add(ArgValueCompleter::new(find))
            }
            None => arg,
        })
        .mut_subcommands(|it| completed(it, asked))
}

/// What stands for an argument of the subcommand of that name.
fn sought(subcommand: &str, arg: &clap::Arg) -> Option<Sought> {
    if !arg.get_action().takes_values() {
        return None;
    }
    if arg.get_id() == NAMES {
        return Some(Sought::Objects(kinds(subcommand)));
    }
    match arg.get_long().unwrap_or_default() {
        "context" => return Some(Sought::Contexts),
        "cluster" => return Some(Sought::Clusters),
        "user" => return Some(Sought::Users),
        flag if flag.ends_with("namespace") || flag.ends_with("namespaces") => {
            return Some(Sought::Namespaces);
        }
        _ => {}
    }
    let is_path = arg.get_value_hint() == ValueHint::AnyPath;
    match arg.get_value_names().and_then(<[_]>::first)?.as_str() {
        "CODE" => Some(Sought::Codes),
        "DIR" => Some(Sought::Paths(Paths::Folders)),
        "FILE" => Some(Sought::Paths(Paths::Files)),
        _ if is_path => Some(Sought::Paths(Paths::Files)),
        _ => None,
    }
}

/// Which objects a subcommand takes.
fn kinds(subcommand: &str) -> Kinds {
    match subcommand {
        "approve" | "reject" | "apply" | "verify" | "revert" | "status" => Kinds::Recommendations,
        "triggers" => Kinds::OfKeda,
        "lint" => Kinds::Lintable,
        _ => Kinds::Autoscalers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Asked::of(&command, &words)
    }

    #[test]
    fn the_cluster_and_the_namespace_are_those_that_were_typed() {
        let asked = asked("--context c analyze -nshop --as=me --kubeconfig k hpa/web");
        assert_eq!(asked.connection.context.as_deref(), Some("c"));
        assert_eq!(asked.connection.impersonate.as_deref(), Some("me"));
        assert_eq!(asked.connection.kubeconfig, Some(PathBuf::from("k")));
        assert_eq!(asked.namespaces, Namespaces::One("shop".to_owned()));
        assert_eq!(asked.names, ["hpa/web"]);
    }

    #[test]
    fn what_is_wrong_with_the_line_takes_nothing_away_from_before() {
        let asked = asked("analyze -n shop --metrics-window-days 0 --nonsense");
        assert_eq!(asked.namespaces, Namespaces::One("shop".to_owned()));
        assert_eq!(super::tests::asked("status -A").namespaces, Namespaces::All);
    }

    /// As `cli/args` calls them; a subcommand that takes objects under another name offers none.
    #[test]
    fn every_subcommand_that_takes_objects_offers_some() {
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let mut offering = 0;
        for command in crate::cli::with_subcommands(&command) {
            for arg in command.get_positionals() {
                let names = arg.get_value_names().unwrap_or_default();
                if names.iter().any(|it| it.ends_with("NAME")) {
                    let sought = sought(command.get_name(), arg);
                    let is_object = matches!(sought, Some(Sought::Objects(_)));
                    assert!(is_object, "{} {arg}", command.get_name());
                    offering += 1;
                }
            }
        }
        assert!(offering > 8, "{offering}");
    }
}
