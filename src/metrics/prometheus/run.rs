//! Reads the shards of a fleet side by side and delivers what they give in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::Error;
use super::owners::Assignment;
use super::plan::Shard;
use super::shard::{Session, ShardHistory};
use crate::history::{History, Metric};
use crate::metrics::Delivery;

/// Shards read at once. Two keep both sides busy, one decoding while the server prepares the
/// next; the third covers the differences between them.
const SHARDS_AT_ONCE: usize = 3;

/// Whether a server told anything of a target.
fn is_found(history: &History) -> bool {
    let is_trigger = |metric: &Metric| matches!(metric, Metric::Trigger(_));
    history.cpu().is_some() || history.iter().any(|(metric, _)| is_trigger(metric))
}

/// Shards under way and what they have given so far.
pub(super) struct Run {
    session: Session,
    /// Of every shard, by place.
    shards: Vec<Arc<Shard>>,
    reading: JoinSet<(usize, Result<ShardHistory, Error>)>,
    started: usize,
    /// Read before one that comes first.
    waiting: BTreeMap<usize, Result<ShardHistory, Error>>,
    delivered: usize,
    deliver: mpsc::Sender<Delivery>,
    /// Deliveries so far.
    counter: Arc<AtomicUsize>,
    pub(super) assignments: BTreeSet<Assignment>,
    pub(super) warnings: BTreeSet<String>,
    pub(super) found_any: bool,
    /// Known values that were delivered.
    pub(super) samples: u64,
    /// Triggers of which nothing is known, by the reason.
    pub(super) untold: BTreeMap<String, usize>,
    /// Of the shards that could not be read.
    pub(super) first_error: Option<Error>,
}

impl Run {
    pub(super) fn new(
        session: Session,
        shards: Vec<Shard>,
        deliver: mpsc::Sender<Delivery>,
        counter: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            session,
            shards: shards.into_iter().map(Arc::new).collect(),
            reading: JoinSet::new(),
            started: 0,
            waiting: BTreeMap::new(),
            delivered: 0,
            deliver,
            counter,
            assignments: BTreeSet::new(),
            warnings: BTreeSet::new(),
            found_any: false,
            samples: 0,
            untold: BTreeMap::new(),
            first_error: None,
        }
    }

    /// Reads and delivers everything.
    pub(super) async fn finish(&mut self) {
        self.start_more();
        while let Some(ended) = self.reading.join_next().await {
            let (place, history) = match ended {
                Ok(ended) => ended,
                // A panic of the task is one of ours: let it go on to the handler of the process.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            self.waiting.insert(place, history);
            while let Some(history) = self.waiting.remove(&self.delivered) {
                self.take(history).await;
            }
            self.start_more();
        }
    }

    /// Starts what may run beside the oldest shard that is not delivered yet, so that no more
    /// than that many are in memory.
    fn start_more(&mut self) {
        let end = self.shards.len().min(self.delivered + SHARDS_AT_ONCE);
        for place in self.started..end {
            let (session, shard) = (self.session.clone(), Arc::clone(&self.shards[place]));
            self.reading
                .spawn(async move { (place, session.read(&shard).await) });
            self.started = place + 1;
        }
    }

    async fn take(&mut self, history: Result<ShardHistory, Error>) {
        let shard = Arc::clone(&self.shards[self.delivered]);
        self.delivered += 1;
        let deliveries = match history {
            Ok(history) => {
                self.assignments.extend(history.assignments);
                self.warnings.extend(history.warnings);
                history.deliveries
            }
            Err(error) => self.failed(&shard, error),
        };
        for mut delivery in deliveries {
            self.found_any |= delivery.history.as_ref().is_ok_and(is_found);
            self.complete(&shard, &mut delivery);
            self.samples += delivery.samples();
            self.counter.fetch_add(1, Ordering::Relaxed);
            // Nobody listens any more: the rest of the run has been given up.
            if self.deliver.send(delivery).await.is_err() {
                self.shards.truncate(self.started);
                return;
            }
        }
    }

    /// Adds what no server needs to tell, and counts the triggers that none told of.
    fn complete(&mut self, shard: &Shard, delivery: &mut Delivery) {
        let mut wanted = shard.wanted.iter();
        let wanted = wanted.find(|it| it.subject == delivery.subject);
        if let (Some(wanted), Ok(history)) = (wanted, &mut delivery.history) {
            wanted.complete(self.session.grid, history, "it was not read");
            for (_, why) in history.missing() {
                *self.untold.entry(why.to_owned()).or_default() += 1;
            }
        }
    }

    fn failed(&mut self, shard: &Shard, error: Error) -> Vec<Delivery> {
        let why = error.to_string();
        self.first_error.get_or_insert(error);
        let one = |subject| Delivery {
            subject,
            history: Err(why.clone()),
        };
        shard.wanted.iter().map(|it| one(it.subject)).collect()
    }
}
