//! What may be typed after `completion` and `man`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Let the shell complete command lines
///
/// `kubectl stepscale` is completed by kubectl's own completion, which asks a program named
/// kubectl_complete-stepscale: `install` puts it in place. The scripts are for this program under its
/// own name, kubectl-stepscale.
#[derive(Subcommand, Debug)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) enum CompletionCommand {
    /// Print the script for bash
    ///
    /// In ~/.bashrc: source <(kubectl-stepscale completion bash)
    Bash,
    /// Print the script for zsh
    ///
    /// In ~/.zshrc, after compinit: source <(kubectl-stepscale completion zsh)
    Zsh,
    /// Print the script for fish
    ///
    /// In ~/.config/fish/config.fish: kubectl-stepscale completion fish | source
    Fish,
    /// Print the script for PowerShell
    ///
    /// In $PROFILE: kubectl-stepscale completion powershell | Out-String | Invoke-Expression
    Powershell,
    Install(CompletionInstallArgs),
}

/// Let kubectl complete `kubectl stepscale`
///
/// Links kubectl_complete-stepscale, which kubectl's completion looks for in PATH, to this program.
/// A file of that name that is somebody else's stays as it is.
#[derive(Args, Debug)]
pub(crate) struct CompletionInstallArgs {
    /// Folder of PATH to put it into [default: that of this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Take it away again
    #[arg(long)]
    pub(crate) uninstall: bool,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Write man pages, one for each subcommand
///
/// For packages. On a machine, `export MANPATH=":DIR"` lets man find those in DIR/man1.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Folder to write them into; it is made
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
}
