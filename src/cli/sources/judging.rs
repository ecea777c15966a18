//! Judges autoscalers as their histories arrive, on every core.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Asked;
use crate::analysis::assessment::Assessment;
use crate::analysis::{self, AnalysisSettings};
use crate::fleet::Fleet;
use crate::history::History;
use crate::metrics::Delivery;

/// Histories that wait for a judge; more would only take memory.
const WAITING: usize = 16;

/// What every judge needs.
#[derive(Clone)]
struct Case {
    fleet: Arc<Fleet>,
    settings: AnalysisSettings,
    now: Timestamp,
}

/// Threads that judge.
pub(super) struct Judges {
    threads: Vec<JoinHandle<Vec<Assessment>>>,
    case: Case,
    /// Subjects that a history will come for.
    expected: BTreeSet<usize>,
}

impl Judges {
    /// Starts them; what is sent must be for subjects that `asked` wants, each once.
    pub(super) fn start(
        asked: Asked,
        settings: AnalysisSettings,
    ) -> (Self, mpsc::Sender<Delivery>) {
        let Asked {
            fleet,
            request,
            now,
        } = asked;
        let case = Case {
            fleet,
            settings,
            now,
        };
        let (sender, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let count = thread::available_parallelism().map_or(1, usize::from);
        let judge = |_| {
            let (case, receiver) = (case.clone(), Arc::clone(&receiver));
            thread::spawn(move || case.judge(&receiver))
        };
        let judges = Self {
            threads: (0..count).map(judge).collect(),
            expected: request.wanted.iter().map(|it| it.subject).collect(),
            case,
        };
        (judges, sender)
    }

    /// Waits until everything that was sent is judged, and judges the rest of the fleet.
    pub(super) fn finish(self) -> Vec<Assessment> {
        let mut assessments = vec![];
        for thread in self.threads {
            match thread.join() {
                Ok(some) => assessments.extend(some),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        for subject in 0..self.case.fleet.subjects.len() {
            if !self.expected.contains(&subject) {
                assessments.push(self.case.assess(subject, Ok(History::default())));
            }
        }
        assessments
    }
}

impl Case {
    fn judge(&self, receiver: &Mutex<mpsc::Receiver<Delivery>>) -> Vec<Assessment> {
        let mut assessments = vec![];
        loop {
            let next = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .blocking_recv();
            let Some(delivery) = next else {
                return assessments;
            };
            assessments.push(self.assess(delivery.subject, delivery.history));
        }
    }

    fn assess(&self, subject: usize, history: Result<History, String>) -> Assessment {
        let subject = &self.fleet.subjects[subject];
        match history {
            Ok(history) => analysis::assess(subject, &history, &self.settings, self.now),
            Err(why) => analysis::without_history(subject, why, self.now),
        }
    }
}
