//! Puts the program that kubectl's completion asks beside the plugin: on Unix a link to it, which
//! knows by its name what it is asked; on Windows, where links need rights, a script that calls it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::config::completion::{Installation, Shell};
use crate::error::completion::Error;
use crate::error::{self, Exit};

/// What kubectl looks for in `PATH`.
#[cfg(not(windows))]
const FILE: &str = "kubectl_complete-stepscale";
#[cfg(windows)]
const FILE: &str = "kubectl_complete-stepscale.cmd";

/// What links and scripts that are ours lead to.
const MARK: &str = "kubectl-stepscale";
/// Of a script that was made here.
const FIRST_LINE: &str = "@echo off\r\n";

pub(super) fn run(cx: &Context, installation: &Installation) -> Result<Exit, error::Error> {
    let path = installation.folder.join(FILE);
    let found = found(&path, &installation.plugin);
    let done = match (found, installation.takes_away) {
        (Found::Foreign, _) | (Found::Packaged, true) => {
            return Err(Error::Foreign { path }.into());
        }
        (Found::Nothing, true) => "not there",
        (Found::Ours | Found::Stale, true) => {
            if !installation.dry_run {
                fs::remove_file(&path).map_err(|it| unwritable(&path, it))?;
            }
            "removed"
        }
        (Found::Ours | Found::Packaged, false) => "already there",
        (found @ (Found::Nothing | Found::Stale), false) => {
            if !installation.dry_run {
                put(&path, &installation.plugin, found).map_err(|it| unwritable(&path, it))?;
            }
            "installed"
        }
    };
    let dry_run = if installation.dry_run {
        " (dry run)"
    } else {
        ""
    };
    cx.print(|out| writeln!(out, "{} {done}{dry_run}", path.display()))?;
    if !installation.takes_away {
        advise(cx, installation);
    }
    Ok(Exit::Clean)
}

/// What is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// It leads to this plugin.
    Ours,
    /// It led to a plugin of ours that is another one, or gone.
    Stale,
    /// A script that does the same, as packages have it.
    Packaged,
    Foreign,
}

fn found(path: &Path, plugin: &Path) -> Found {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Found::Nothing;
    };
    if metadata.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default();
        return match path.canonicalize() {
            Ok(real) if plugin.canonicalize().is_ok_and(|it| it == real) => Found::Ours,
            _ if is_named_as_ours(&target) => Found::Stale,
            _ => Found::Foreign,
        };
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    match text.contains(MARK) && text.contains("__complete") {
        true if text == script(plugin) => Found::Ours,
        true if text.starts_with(FIRST_LINE) => Found::Stale,
        true => Found::Packaged,
        false => Found::Foreign,
    }
}

fn is_named_as_ours(target: &Path) -> bool {
    let name = target.file_name().and_then(|it| it.to_str());
    name.is_some_and(|it| it.starts_with(MARK))
}

/// Fails where something else has come into being there since it was looked.
fn put(path: &Path, plugin: &Path, found: Found) -> io::Result<()> {
    if found == Found::Stale {
        fs::remove_file(path)?;
    }
    match path.parent() {
        // Beside the plugin, so that both may be moved together.
        Some(folder) if plugin.parent() == Some(folder) => make(
            path,
            Path::new(plugin.file_name().unwrap_or_default()),
            plugin,
        ),
        _ => make(path, plugin, plugin),
    }
}

#[cfg(unix)]
fn make(path: &Path, target: &Path, _plugin: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn make(path: &Path, _target: &Path, plugin: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    io::Write::write_all(&mut file, script(plugin).as_bytes())
}

/// A script that asks the plugin, for where there are no links.
fn script(plugin: &Path) -> String {
    format!("{FIRST_LINE}\"{}\" __complete %*\r\n", plugin.display())
}

fn unwritable(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        ErrorKind::AlreadyExists => Error::Foreign {
            path: path.to_owned(),
        },
        _ => Error::Write {
            path: path.to_owned(),
            source,
        },
    }
}

fn advise(cx: &Context, installation: &Installation) {
    if !installation.is_in_path {
        let folder: &PathBuf = &installation.folder;
        cx.note(&format!(
            "warning: {} is not in PATH, where kubectl looks for it",
            folder.display()
        ));
    }
    let shells = match &installation.shell {
        Some(shell) => std::slice::from_ref(shell),
        None => &Shell::ALL,
    };
    cx.note("where kubectl's own completion is not on yet, add:");
    for shell in shells {
        cx.note(&format!("  {}", line(*shell)));
    }
}

/// What turns kubectl's completion on, and where it belongs.
fn line(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "to ~/.bashrc: source <(kubectl completion bash)",
        Shell::Zsh => "to ~/.zshrc, after compinit: source <(kubectl completion zsh)",
        Shell::Fish => "to ~/.config/fish/config.fish: kubectl completion fish | source",
        Shell::PowerShell => {
            "to $PROFILE: kubectl completion powershell | Out-String | Invoke-Expression"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGED: &str = include_str!("../../../completions/kubectl_complete-stepscale");

    #[test]
    fn a_script_of_ours_is_known_by_what_it_calls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubectl_complete-stepscale.cmd");
        let plugin = Path::new("/bin/kubectl-stepscale");
        assert_eq!(found(&path, plugin), Found::Nothing);
        let cases = [
            (script(plugin), Found::Ours),
            (script(Path::new("/old/kubectl-stepscale")), Found::Stale),
            (
                "@echo off\r\nother __complete %*\r\n".to_owned(),
                Found::Foreign,
            ),
            (PACKAGED.to_owned(), Found::Packaged),
            (String::new(), Found::Foreign),
        ];
        for (text, expected) in cases {
            fs::write(&path, &text).unwrap();
            assert_eq!(found(&path, plugin), expected, "{text}");
        }
    }
}
