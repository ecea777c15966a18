//! The surroundings of a run: clock, streams, terminal. Nothing else reads them.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::config::Color;
use crate::error::Error;
use crate::output::charset::Charset;
use crate::output::progress::{Audience, Progress};

/// Columns of a page that is no terminal.
const DEFAULT_WIDTH: usize = 80;

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

    /// Columns of the terminal that standard output is, or a default.
    pub(crate) fn width(&self) -> usize {
        terminal_size::terminal_size_of(io::stdout())
            .map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
    }

    /// Columns of the terminal that standard error is, or a default.
    pub(crate) fn width_of_notes(&self) -> usize {
        terminal_size::terminal_size_of(io::stderr())
            .map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
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

    /// Writes a line for people to standard error.
    pub(crate) fn note(&self, line: &str) {
        self.progress.finish();
        if self.is_silent {
            return;
        }
        let charset = self.charset();
        let line = charset.shown(line);
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
