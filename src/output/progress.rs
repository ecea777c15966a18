//! Progress on standard error: one line that is rewritten, only on a terminal, and gone before
//! anything else is printed.

use std::mem::Discriminant;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::SignedDuration;

use super::summary::{counted, size};

/// How often the line moves while nothing is reported: enough to look alive.
const TICK: Duration = Duration::from_millis(120);

/// The target of the same in the log. A process that runs for long has its own lines.
pub(crate) const TARGET: &str = "progress";

/// The line. Cheap to clone; all clones write to the same one.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    last: Arc<Mutex<Option<Discriminant<Stage>>>>,
}

/// Whether there is a terminal to show progress on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Terminal,
    Nobody,
}

/// What is going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To the API server, or to a Prometheus, by name.
    Connect { to: String },
    /// Looking at what is needed.
    Checks,
    /// Reading autoscalers and their targets.
    Inventory,
    /// Reading history: what was received so far.
    History {
        done: usize,
        of: usize,
        queries: u64,
        bytes: u64,
    },
    /// Autoscalers judged so far.
    Analysis { done: usize, of: usize },
    /// Waiting for changes on probation.
    Probation {
        waiting: usize,
        /// Until the last of them may be over.
        left: Option<SignedDuration>,
    },
}

impl Progress {
    pub fn new(audience: Audience) -> Self {
        let target = match audience {
            Audience::Terminal => ProgressDrawTarget::stderr(),
            Audience::Nobody => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        // Not padded to the width: the ^C that a terminal echoes would begin a new line, and this
        // one would stay.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        if audience == Audience::Terminal {
            bar.enable_steady_tick(TICK);
        }
        Self {
            bar,
            last: Arc::default(),
        }
    }

    /// Shows `stage` from now on, and tells the log where another begins.
    pub fn at(&self, stage: &Stage) {
        let kind = std::mem::discriminant(stage);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(kind) != Some(kind) {
            tracing::debug!(target: TARGET, "{stage}");
        }
        drop(last);
        if self.is_shown() {
            self.bar.set_message(stage.to_string());
        }
    }

    /// Whether there is somebody to see it.
    pub fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Shows the line again after [`finish`](Self::finish).
    pub fn resume(&self) {
        if self.bar.is_finished() {
            self.bar.reset();
        }
    }

    /// Removes the line. Later calls of [`at`](Self::at) show nothing.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connect { to } => write!(f, "connecting to {to}"),
            Self::Checks => f.write_str("looking at what is needed"),
            Self::Inventory => f.write_str("reading autoscalers and their targets"),
            Self::History {
                done,
                of,
                queries,
                bytes,
            } => {
                let size = size(*bytes);
                write!(
                    f,
                    "reading history: {done} of {of} targets, {queries} queries, {size}"
                )
            }
            Self::Analysis { done, of } => write!(f, "analyzing: {done} of {of} autoscalers"),
            Self::Probation { waiting, left } => {
                write!(f, "{} on probation", counted(*waiting, "change"))?;
                match left.map(|it| it.as_secs()).filter(|it| *it > 0) {
                    Some(seconds) => write!(f, ", for {} min at least", (seconds + 59) / 60),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told_in_words() {
        let cases = [
            (
                Stage::Connect {
                    to: "shop".to_owned(),
                },
                "connecting to shop",
            ),
            (
                Stage::History {
                    done: 3,
                    of: 10,
                    queries: 7,
                    bytes: 2048,
                },
                "reading history: 3 of 10 targets, 7 queries, 2.0 KiB",
            ),
            (
                Stage::Analysis { done: 3, of: 10 },
                "analyzing: 3 of 10 autoscalers",
            ),
            (
                Stage::Probation {
                    waiting: 1,
                    left: Some(SignedDuration::from_secs(61)),
                },
                "1 change on probation, for 2 min at least",
            ),
            (
                Stage::Probation {
                    waiting: 2,
                    left: Some(SignedDuration::from_secs(-5)),
                },
                "2 changes on probation",
            ),
        ];
        for (stage, expected) in cases {
            assert_eq!(stage.to_string(), expected);
        }
    }

    #[test]
    fn nobody_is_shown_nothing() {
        let progress = Progress::new(Audience::Nobody);
        progress.at(&Stage::Inventory);
        assert!(progress.bar.is_hidden());
        progress.finish();
    }
}
