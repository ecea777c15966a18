//! Runs a command until it ends or a signal does, and turns panics into an apology.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::time::Duration;

use super::context::Context;
use super::signals::Signals;
use crate::error::{Error, Exit};

/// How long a run that was cut short may take to clean up after itself: to remove a file that it
/// had begun, to leave a lock.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Of each thread, four times the usual: builds without optimization need it for what a release
/// does in a fraction. Only what is used is taken from the system.
pub(super) const STACK: usize = 8 << 20;

/// Runs `work` to its end, or until the first SIGINT or SIGTERM.
///
/// The work has a task of its own, so that a signal is answered even while it computes or waits
/// for the reader of standard output. What it had under way is abandoned.
///
/// # Errors
/// What `work` returns, or that the system refuses threads or signals.
pub(super) fn run(
    cx: &Context,
    work: impl Future<Output = Result<Exit, Error>> + Send + 'static,
) -> Result<Exit, Error> {
    run_attended(cx, |mut signals| async move {
        tokio::select! {
            // A panic has ended the process before it could arrive here.
            done = tokio::spawn(Box::pin(work)) => done.unwrap_or(Ok(Exit::Bug)),
            signal = signals.next() => Ok(signal.exit()),
        }
    })
}

/// Runs work that answers signals itself.
///
/// # Errors
/// As [`run`].
pub(super) fn run_attended<F>(cx: &Context, work: impl FnOnce(Signals) -> F) -> Result<Exit, Error>
where
    F: Future<Output = Result<Exit, Error>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .map_err(Error::Start)?;
    let result = runtime.block_on(async {
        let signals = Signals::listen()?;
        work(signals).await
    });
    cx.progress().finish();
    // What was under way is dropped, with what it had begun. Blocking work, such as a read from a
    // pipe, must not hold up the end of the process for ever.
    runtime.shutdown_timeout(LAST_WORDS);
    result
}

/// Makes every panic, on whatever thread, end the process as a bug with exit code 70.
pub(super) fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        let mut stderr = std::io::stderr();
        let over_progress = if stderr.is_terminal() { "\r\x1b[K" } else { "" };
        // There is nowhere left to complain if that fails.
        let _ = write!(stderr, "{over_progress}{}", apology(panic));
        std::process::exit(Exit::Bug.code().into());
    }));
}

fn apology(panic: &PanicHookInfo<'_>) -> String {
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic
        .location()
        .map_or_else(String::new, |it| format!(" at {it}"));
    let mut text = format!(
        "error: internal error{place}: {what}\n\
         This is a bug in stepscale {}.\n\
         hint: run it again with RUST_BACKTRACE=1 and report the output with the command that you typed\n",
        env!("CARGO_PKG_VERSION")
    );
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&backtrace.to_string());
    }
    text
}
