//! `completion`: scripts for shells, and the program that kubectl's completion asks; and the answers
//! that all of these get ([`answer`]).
//!
//! The scripts know no subcommands and no flags: they ask the program, which knows its own.

mod answer;
mod install;
mod lookup;
mod names;
mod values;

use super::context::Context;
use crate::config::completion::{CompletionConfig, Shell};
use crate::error::{Error, Exit};
pub(super) use answer::{answer, asked};

pub(super) fn run(cx: &Context, config: &CompletionConfig) -> Result<Exit, Error> {
    match config {
        CompletionConfig::Print(shell) => {
            cx.print(|out| out.write_all(script(*shell).as_bytes()))?;
            Ok(Exit::Clean)
        }
        CompletionConfig::Install(installation) => install::run(cx, installation),
    }
}

/// The script of a shell, as packages have it.
fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../completions/kubectl-stepscale.bash"),
        Shell::Zsh => include_str!("../../completions/_kubectl-stepscale"),
        Shell::Fish => include_str!("../../completions/kubectl-stepscale.fish"),
        Shell::PowerShell => include_str!("../../completions/kubectl-stepscale.ps1"),
    }
}
