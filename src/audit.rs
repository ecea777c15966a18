//! The audit log: who decided or wrote what, from where, why, and what came of it.
//!
//! Every decision and every write is told twice: a record of stage `RequestReceived` before it is
//! done, and one of stage `ResponseComplete` (or `Panic`) after. A write whose first record cannot be
//! kept is not made, see [`Log::begin`]. Records are shaped as audit events of Kubernetes
//! (`audit.k8s.io/v1`), so that what reads those reads ours; what they have no field for are
//! annotations. The options are those of KEDA's `auditConfig`. `docs/audit.md` is for users.
//!
//! Start with [`Log`]; [`read`](fn@read) gives the records back. [`event`] is a record, [`policy`]
//! says how much of it is kept, [`redact`](crate::redact) what never is. `file` is the rotating file. Time,
//! identity and ids are arguments.

mod action;
pub mod event;
mod file;
mod legacy;
pub mod policy;
mod read;
pub mod settings;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use action::{Action, Answer, Origin, Outcome, Verb};
pub use event::{Event, ObjectRef, User};
pub use read::{Damaged, Records, Told, read};
pub use settings::{Format, Output, Settings};

use event::Stage;
use policy::Kept;

/// The file in the state directory that the log goes to unless the settings name another one.
pub const FILE_NAME: &str = "audit.log";

/// What went wrong with the audit log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot create the folder of the audit log {path}")]
    CreateFolder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot lock the audit log {path}")]
    Lock {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write to the audit log {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read the audit log {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the audit log {path} is not a file")]
    NotAFile { path: PathBuf },
    #[error("the audit log goes to standard output, which has no {setting}")]
    LifetimeOfStream { setting: &'static str },
    #[error("no home directory for the audit log")]
    NoHome,
}

/// The log of one run. Several processes may have the same file.
#[derive(Debug)]
pub struct Log {
    settings: Settings,
    origin: Origin,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    File(file::Appender),
    Stdout,
    /// There is no place for it, which only matters where something is to be kept.
    Nowhere,
}

/// An action that was begun, to be told the end of.
#[derive(Debug)]
#[must_use = "an action ends with `Log::end`"]
pub struct Begun {
    action: Action,
    kept: Option<Kept>,
    /// Why the beginning is not in the log, where the action may go on all the same. To be told as
    /// a warning.
    pub unrecorded: Option<Error>,
}

impl Log {
    /// The log that `settings` describe. Nothing is written yet. `state` is the state directory,
    /// which has the log unless the settings name a file; `None` where the user has none.
    ///
    /// # Errors
    /// [`Error::LifetimeOfStream`] where settings contradict each other.
    pub fn new(settings: Settings, origin: Origin, state: Option<&Path>) -> Result<Self, Error> {
        settings.check()?;
        let sink = match (&settings.log_file, settings.path(state)) {
            (Output::Stdout, _) => Sink::Stdout,
            (_, Some(path)) => Sink::File(file::Appender::new(path, settings.lifetime)),
            (_, None) => Sink::Nowhere,
        };
        Ok(Self {
            settings,
            origin,
            sink,
        })
    }

    /// Records that something is about to be done. To be called before it is.
    ///
    /// Where the policy leaves this stage out, the log is opened all the same, so that a folder
    /// that cannot be written to is known before.
    ///
    /// # Errors
    /// Where it cannot be recorded: then it must not be done. Taking a change back is exempt, see
    /// [`Verb::must_be_recorded`]; the reason is then in [`Begun::unrecorded`].
    pub fn begin(&self, action: Action) -> Result<Begun, Error> {
        let kept = self.settings.policy.kept(&self.origin, &action);
        let recorded = match &kept {
            None => Ok(()),
            Some(it) if it.omits(Stage::RequestReceived) => self.sink.check(),
            Some(it) => self.write(&event::received(&self.origin, &action, it)),
        };
        let unrecorded = match recorded {
            Err(error) if action.verb.must_be_recorded() => return Err(error),
            recorded => recorded.err(),
        };
        Ok(Begun {
            action,
            kept,
            unrecorded,
        })
    }

    /// An action whose beginning was recorded by another process, which died, so that only its end
    /// is left to tell.
    pub fn resumed(&self, action: Action) -> Begun {
        Begun {
            kept: self.settings.policy.kept(&self.origin, &action),
            action,
            unrecorded: None,
        }
    }

    /// Records how it ended.
    ///
    /// # Errors
    /// Where it cannot be recorded. What was done stays done; the error is for a warning.
    pub fn end(&self, begun: &Begun, answer: &Answer) -> Result<(), Error> {
        match &begun.kept {
            Some(kept) if !kept.omits(answer.stage()) => {
                let event = event::answered(&self.origin, &begun.action, answer, kept);
                self.write(&event)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn write(&self, event: &Event) -> Result<(), Error> {
        let mut line = match self.settings.log_format {
            Format::Json => serde_json::to_string(event).expect("a record has text for keys"),
            Format::Legacy => legacy::line(event),
        };
        line.push('\n');
        self.sink.append(line.as_bytes(), event.stage_timestamp)
    }
}

impl Sink {
    fn append(&self, line: &[u8], at: jiff::Timestamp) -> Result<(), Error> {
        match self {
            Self::File(file) => file.append(line, at),
            Self::Stdout => {
                let mut out = io::stdout().lock();
                let written = out.write_all(line).and_then(|()| out.flush());
                written.map_err(|source| Error::Write {
                    path: PathBuf::from("-"),
                    source,
                })
            }
            Self::Nowhere => Err(Error::NoHome),
        }
    }

    /// Whether a record could be written, as far as can be known without one.
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::File(file) => file.check(),
            Self::Stdout => Ok(()),
            Self::Nowhere => Err(Error::NoHome),
        }
    }
}

#[cfg(test)]
mod tests;
