//! The surroundings of a run: clock, streams, terminal. Nothing else reads them.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use terminal_size::{Height, Width, terminal_size_of};
use tokio::time::Instant;

use crate::config::Color;
use crate::error::Error;
use crate::output::charset::Charset;
use crate::output::lines::{ENDLESS, continued};
use crate::output::progress::{Audience, Progress};

/// Columns of a terminal that does not tell.
const DEFAULT_WIDTH: usize = 80;
/// Fewer columns than these are no page.
const NARROWEST: usize = 20;

/// Cheap to clone; clones share the progress line.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    color: Color,
    progress: Progress,
    clock: Clock,
    started: Instant,
    is_silent: bool,
}

/// Something that shows the time.
pub(crate) type Clock = fn() -> Timestamp;

/// What this machine's clock shows.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub(crate) fn wall_clock() -> Timestamp {
    Timestamp::now()
}

impl Context {
    pub(crate) fn new(color: Color, verbose: u8) -> Self {
        // Log lines would tear the progress line.
        let audience = if io::stderr().is_terminal() && verbose == 0 {
            Audience::Terminal
        } else {
            Audience::Nobody
        };
        Self {
            color,
            progress: Progress::new(audience),
            clock: wall_clock,
            started: Instant::now(),
            is_silent: false,
        }
    }

    /// One with a clock of its own, whose results nobody reads.
    #[cfg(test)]
    pub(crate) fn silent(clock: Clock) -> Self {
        Self {
            color: Color::Never,
            progress: Progress::new(Audience::Nobody),
            clock,
            started: Instant::now(),
            is_silent: true,
        }
    }

    pub(crate) fn with_color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// For those who go on by themselves.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Since the start of the program.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Columns of the terminal that standard output is; [`ENDLESS`] where it is none and nobody says
    /// `COLUMNS`.
    pub(crate) fn width(&self) -> usize {
        let stdout = io::stdout();
        width_of(stdout.is_terminal(), terminal_size_of(&stdout))
    }

    /// The same of standard error.
    pub(crate) fn width_of_notes(&self) -> usize {
        let stderr = io::stderr();
        width_of(stderr.is_terminal(), terminal_size_of(&stderr))
    }

    /// Which characters the locale of the process has.
    pub(crate) fn charset(&self) -> Charset {
        // Consoles of Windows have no locale of this kind and all characters.
        if cfg!(windows) {
            return Charset::Unicode;
        }
        let names = ["LC_ALL", "LC_CTYPE", "LANG"];
        let mut set = names
            .iter()
            .filter_map(std::env::var_os)
            .filter(|it| !it.is_empty());
        let locale = set.next().unwrap_or_default();
        Charset::of_locale(&locale.to_string_lossy())
    }

    /// Whether what goes to standard error may have styles.
    pub(crate) fn styles_notes(&self) -> bool {
        self.choice(AutoStream::choice(&io::stderr())) != ColorChoice::Never
    }

    /// Whether results go to a terminal.
    pub(crate) fn prints_to_terminal(&self) -> bool {
        !self.is_silent && io::stdout().is_terminal()
    }

    /// Whether somebody types at a terminal.
    pub(crate) fn is_interactive(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// Writes a result to standard output, once the progress line is gone.
    ///
    /// # Errors
    /// If it cannot be written; a reader that went away is [`Error::is_silent`].
    pub(crate) fn print(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        self.progress.finish();
        if self.is_silent {
            return write(&mut io::sink()).map_err(Error::Output);
        }
        let stdout = io::stdout();
        let choice = self.choice(AutoStream::choice(&stdout));
        let mut out = BufWriter::new(AutoStream::new(stdout.lock(), choice));
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(Error::Output)
    }

    /// The same for a text that people read: in a locale of ASCII alone, with what it has for arrows
    /// and the like.
    ///
    /// # Errors
    /// As [`print`](Self::print).
    pub(crate) fn print_text(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        let charset = self.charset();
        if charset == Charset::Unicode {
            return self.print(write);
        }
        let mut text = Vec::new();
        write(&mut text).map_err(Error::Output)?;
        let text = String::from_utf8_lossy(&text);
        self.print(|out| out.write_all(charset.shown(&text).as_bytes()))
    }

    /// Writes a line for people to standard error, broken between words where it is a terminal.
    pub(crate) fn note(&self, line: &str) {
        self.progress.finish();
        if self.is_silent {
            return;
        }
        let charset = self.charset();
        let lines = broken(line, self.width_of_notes());
        let line = charset.shown(&lines);
        let stderr = io::stderr();
        let choice = self.choice(AutoStream::choice(&stderr));
        // There is nowhere left to complain if that fails.
        let _ = writeln!(AutoStream::new(stderr.lock(), choice), "{line}");
    }

    fn choice(&self, auto: ColorChoice) -> ColorChoice {
        match self.color {
            Color::Auto => auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// Columns of a page that is a stream.
fn width_of(is_terminal: bool, size: Option<(Width, Height)>) -> usize {
    match is_terminal {
        true => size.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0)),
        false => columns(std::env::var("COLUMNS").ok().as_deref()),
    }
}

/// Of what is no terminal: what `COLUMNS` says, where it is a number that leaves room for words.
fn columns(said: Option<&str>) -> usize {
    let said = said.and_then(|it| it.parse().ok());
    said.filter(|it| *it >= NARROWEST).unwrap_or(ENDLESS)
}

/// `note` on lines of at most `width` characters, but for what is not prose.
fn broken(note: &str, width: usize) -> String {
    let lines = note.split('\n').flat_map(|it| match is_prose(it) {
        true => continued(it, width),
        false => vec![it.to_owned()],
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Not a line of a diff, of an object or of a table.
fn is_prose(line: &str) -> bool {
    line.trim_start().starts_with("caused by: ") || !line.starts_with([' ', '+', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_has_no_end_unless_somebody_says_so() {
        let said = [None, Some(""), Some("wide"), Some("0"), Some("120")];
        let expected = [ENDLESS, ENDLESS, ENDLESS, ENDLESS, 120];
        assert_eq!(said.map(columns), expected);
    }

    #[test]
    fn what_is_copied_is_not_broken() {
        let note = "error: one two\n  caused by: three\n+  a: b\nhint: kubectl get pods";
        let lines = "error: one\n  two\n  caused by:\n    three\n+  a: b\nhint: kubectl get pods";
        assert_eq!(broken(note, 12), lines);
        assert_eq!(broken(note, ENDLESS), note);
    }
}
