//! What `completion` is to do.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::args::{CompletionCommand, CompletionInstallArgs};
use crate::config::completion::{CompletionConfig, Installation, Shell};
use crate::error::Error;
use crate::error::completion::Error as Failure;

pub(in crate::cli) fn completion(command: &CompletionCommand) -> Result<CompletionConfig, Error> {
    Ok(match command {
        CompletionCommand::Bash => CompletionConfig::Print(Shell::Bash),
        CompletionCommand::Zsh => CompletionConfig::Print(Shell::Zsh),
        CompletionCommand::Fish => CompletionConfig::Print(Shell::Fish),
        CompletionCommand::Powershell => CompletionConfig::Print(Shell::PowerShell),
        CompletionCommand::Install(args) => CompletionConfig::Install(installation(args)?),
    })
}

fn installation(args: &CompletionInstallArgs) -> Result<Installation, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = std::env::args_os().next().unwrap_or_default();
    let plugin = plugin(&program, &path).ok_or(Failure::NoPlugin)?;
    let folder = match &args.dir {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => plugin.parent().map(Path::to_owned).unwrap_or_default(),
    };
    Ok(Installation {
        is_in_path: std::env::split_paths(&path).any(|it| is_same(&it, &folder)),
        plugin,
        folder,
        takes_away: args.uninstall,
        dry_run: args.dry_run,
        shell: std::env::var_os("SHELL").and_then(|it| shell(&it)),
    })
}

/// The program as it was found: as it was typed where that is a path, else the first of that name in
/// `PATH`. Its own links stay, since what they lead to may have a version in its name, as krew's do.
fn plugin(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let typed = Path::new(program);
    if typed.components().count() > 1 {
        return std::path::absolute(typed).ok();
    }
    let found = std::env::split_paths(path).map(|it| it.join(typed));
    let found = found.filter(|it| it.is_absolute()).find(|it| it.is_file());
    found.or_else(|| std::env::current_exe().ok())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |it: &Path| it.canonicalize().ok();
    one == other || real(one).is_some_and(|it| Some(it) == real(other))
}

/// `/usr/bin/zsh` is zsh.
fn shell(program: &OsStr) -> Option<Shell> {
    let name = Path::new(program).file_stem()?.to_str()?;
    let name = if name == "pwsh" { "powershell" } else { name };
    Shell::ALL.into_iter().find(|it| it.word() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_known_by_the_name_of_its_program() {
        let cases = [
            ("/bin/bash", Some(Shell::Bash)),
            ("/usr/bin/pwsh", Some(Shell::PowerShell)),
            ("fish", Some(Shell::Fish)),
            ("/bin/dash", None),
            ("", None),
        ];
        for (program, expected) in cases {
            assert_eq!(shell(OsStr::new(program)), expected, "{program}");
        }
    }

    #[test]
    fn a_program_that_was_typed_by_name_is_looked_for_as_a_shell_does() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("kubectl-stepscale");
        std::fs::write(&program, "").unwrap();
        let path = std::env::join_paths([Path::new("relative"), folder.path()]).unwrap();
        let found = plugin(OsStr::new("kubectl-stepscale"), &path);
        assert_eq!(found, Some(program.clone()));
        let elsewhere = Path::new("/elsewhere/kubectl-stepscale");
        let typed = plugin(elsewhere.as_os_str(), &path);
        assert_eq!(typed.as_deref(), Some(elsewhere));
    }
}
