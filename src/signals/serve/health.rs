//! Whether the loop goes on, and whether it is of use.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What the loop has told of itself. A clone is told the same.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    progress: Instant,
    patience: Duration,
    analyzed: bool,
    /// Why the API cannot be reached; `None` while it can.
    api: Option<String>,
    is_ending: bool,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// Why it fails; `None` where it is well.
    pub problem: Option<String>,
}

impl fmt::Display for Check {
    /// `[+]loop ok`, `[-]loop failed: ` and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            None => write!(f, "[+]{} ok", self.name),
            Some(why) => write!(f, "[-]{} failed: {why}", self.name),
        }
    }
}

impl Health {
    /// A loop that begins now and is taken for stalled after `patience` without progress. That must
    /// be longer than the longest thing that it does without saying so.
    pub fn new(patience: Duration) -> Self {
        Self(Arc::new(Mutex::new(State {
            progress: Instant::now(),
            patience,
            analyzed: false,
            api: Some("nothing has been asked of it yet".to_owned()),
            is_ending: false,
        })))
    }

    /// The loop has done something, if only waited for the time to do more.
    pub fn progressed(&self) {
        self.state().progress = Instant::now();
    }

    /// An analysis of everything has got to its end.
    pub fn analyzed(&self) {
        self.state().analyzed = true;
    }

    /// Whether the Kubernetes API answers, as of the last request; if not, why.
    pub fn api(&self, answer: Result<(), String>) {
        self.state().api = answer.err();
    }

    /// The process is about to end: alive until then, and not ready any more.
    pub fn ends(&self) {
        self.state().is_ending = true;
    }

    /// Whether to leave the process alone.
    pub fn alive(&self) -> Vec<Check> {
        vec![self.state().progress()]
    }

    /// Whether it does what it is for.
    pub fn ready(&self) -> Vec<Check> {
        let state = self.state();
        let unless = |problem: bool, why: &str| problem.then(|| why.to_owned());
        vec![
            state.progress(),
            Check {
                name: "analysis",
                problem: unless(!state.analyzed, "the first analysis is not done yet"),
            },
            Check {
                name: "kubernetes-api",
                problem: state.api.clone(),
            },
            Check {
                name: "shutdown",
                problem: unless(state.is_ending, "the process is about to end"),
            },
        ]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn progress(&self) -> Check {
        let since = self.progress.elapsed();
        let problem = (since > self.patience).then(|| {
            format!(
                "no progress for {} s, and at most {} s are usual",
                since.as_secs(),
                self.patience.as_secs()
            )
        });
        Check {
            name: "loop",
            problem,
        }
    }
}
