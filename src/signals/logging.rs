//! Log lines of a long-running process: for people, or one JSON object each.
//!
//! Which spans and events there are is a matter of those who write them.

use std::fmt;
use std::io;
use std::str::FromStr;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What is logged unless somebody says otherwise. That a request failed is told by who made it, with
/// what to do about it, and not by the client too.
pub const DEFAULT: &str = "info,stepscale=debug,kube_client::client::builder=off";

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Human,
    Json,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == text).ok_or(())
    }
}

/// Sends log lines to standard error: those that `wanted` (the value of `RUST_LOG`) names, else those
/// of `default`. A value that cannot be read is told in the log and does not count.
///
/// # Errors
/// Where the process has a log already.
pub fn init(format: Format, default: &str, wanted: Option<&str>) -> Result<(), TryInitError> {
    let (filter, problem) = filter(default, wanted);
    subscriber(format, filter, io::stderr).try_init()?;
    if let Some(error) = problem {
        tracing::warn!(%error, "cannot read RUST_LOG; it does not count");
    }
    Ok(())
}

/// What is let through, and why it is not what was wanted.
fn filter(default: &str, wanted: Option<&str>) -> (EnvFilter, Option<ParseError>) {
    let usual = || EnvFilter::new(default);
    match wanted
        .filter(|it| !it.trim().is_empty())
        .map(EnvFilter::try_new)
    {
        None => (usual(), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (usual(), Some(error)),
    }
}

/// Times are in UTC, to the microsecond. No colors: what runs for long is read from a file.
fn subscriber<W>(format: Format, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // They would go to standard error, which is where writing has failed, and end in a panic.
        .log_internal_errors(false)
        .with_ansi(false);
    match format {
        Format::Human => Box::new(builder.finish()),
        Format::Json => Box::new(builder.json().flatten_event(true).finish()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, wanted: Option<&str>) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let (filter, _) = filter(DEFAULT, wanted);
        let subscriber = subscriber(format, filter, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "stepscale::watch", leader = true, "reconcile tick");
            tracing::debug!(target: "stepscale::watch", "a detail");
            tracing::debug!(target: "hyper", "noise");
        });
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn people_read_a_line_and_programs_an_object() {
        let human = logged(Format::Human, None);
        assert!(
            human.contains(" INFO stepscale::watch: reconcile tick leader=true\n"),
            "{human}"
        );
        let json = logged(Format::Json, None);
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!(first["message"], "reconcile tick");
        assert_eq!(first["leader"], true);
        assert_eq!(first["level"], "INFO");
        assert_eq!(first["target"], "stepscale::watch");
        first["timestamp"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
    }

    #[test]
    fn what_is_wanted_is_logged() {
        let count = |wanted| logged(Format::Human, wanted).lines().count();
        let cases = [
            (None, 2),
            (Some(""), 2),
            (Some(" "), 2),
            (Some("debug"), 3),
            (Some("stepscale=info"), 1),
            (Some("off"), 0),
            // Not readable: as if nothing were said.
            (Some("stepscale=loud"), 2),
        ];
        for (wanted, expected) in cases {
            assert_eq!(count(wanted), expected, "{wanted:?}");
        }
        assert!(filter(DEFAULT, Some("stepscale=loud")).1.is_some());
    }

    #[test]
    fn formats_read_back() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert_eq!("text".parse::<Format>(), Err(()));
    }
}
