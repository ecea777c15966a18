//! The command that `demo --exec` runs, and what signals mean while it does.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::task;

use crate::cli::signals::{Signal, Signals};
use crate::cli::sources;
use crate::error::{Error, Exit};

/// How long a command may take to end once it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a command to its end, or tells it to end as we are told.
///
/// # Errors
/// When it cannot be started.
pub(super) async fn attend(
    mut command: Command,
    mut signals: Signals,
    is_interactive: bool,
) -> Result<Exit, Error> {
    let mut child = command.spawn().map_err(Error::Start)?;
    let id = child.id();
    let mut ended = task::spawn_blocking(move || child.wait());
    loop {
        let signal = tokio::select! {
            status = &mut ended => {
                return Ok(as_the_command(sources::finished(status).map_err(Error::Start)?));
            }
            signal = signals.next() => signal,
        };
        if is_for_the_command_alone(signal, is_interactive) {
            continue;
        }
        tell(id, signal.name()).await;
        if tokio::time::timeout(GRACE, &mut ended).await.is_err() {
            // An interactive shell does not end for this, and it would outlive its cluster.
            tell(id, "KILL").await;
            let _ = tokio::time::timeout(GRACE, &mut ended).await;
        }
        return Ok(signal.exit());
    }
}

/// Whether the terminal has sent the signal to the command as well, which may go on in spite of it
/// as shells do.
fn is_for_the_command_alone(signal: Signal, is_interactive: bool) -> bool {
    match signal {
        Signal::Interrupt => is_interactive,
        Signal::Terminate | Signal::Hangup => false,
    }
}

/// Sends a signal to the child with this id. One that is gone has no need of it.
async fn tell(id: u32, signal: &'static str) {
    let send = move || -> io::Result<ExitStatus> {
        killer(id, signal)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    // Where no shell starts any more there is nothing left to try.
    let _ = task::spawn_blocking(send).await;
}

#[cfg(not(windows))]
fn killer(id: u32, signal: &'static str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -s \"$0\" \"$1\"", signal, &id.to_string()]);
    command
}

/// Windows has no signals: a program is asked to close, or ended with those that it has started.
#[cfg(windows)]
fn killer(id: u32, signal: &'static str) -> Command {
    let mut command = Command::new("taskkill");
    command.args(["/T", "/PID", &id.to_string()]);
    if signal == "KILL" {
        command.arg("/F");
    }
    command
}

/// The number of the signal that ended it.
#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

fn as_the_command(status: ExitStatus) -> Exit {
    // Of a command that a signal ended, shells say 128 and its number.
    let signal = signal_of(status).map_or(1, |it| 128 + it);
    let code = status.code().unwrap_or(signal);
    match u8::try_from(code) {
        Ok(0) => Exit::Clean,
        Ok(code) => Exit::Command(code),
        Err(_) => Exit::Command(1),
    }
}
