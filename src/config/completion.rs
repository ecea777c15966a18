//! What `completion` is to do, with everything decided.

use std::path::PathBuf;

/// What `completion` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompletionConfig {
    Print(Shell),
    Install(Installation),
}

/// A shell that we have a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    PowerShell,
}

impl Shell {
    pub const ALL: [Self; 4] = [Self::Bash, Self::Zsh, Self::Fish, Self::PowerShell];

    /// As `kubectl completion` names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::PowerShell => "powershell",
        }
    }
}

/// Where the program that kubectl asks is put, or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The plugin as kubectl finds it, links not followed.
    pub plugin: PathBuf,
    pub folder: PathBuf,
    pub takes_away: bool,
    pub dry_run: bool,
    /// Whether kubectl looks in `folder`.
    pub is_in_path: bool,
    /// The shell of the user, where it is one of ours.
    pub shell: Option<Shell>,
}
