//! Reads through the cache as one reads from the source itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::plan::Ask;
use super::{HistoryCache, Stale, Taken};
use crate::metrics::{Delivery, HistoryRequest, Reading};

/// What is said of a target that a source passed over.
const PASSED_OVER: &str = "the source gave no answer for it";

impl HistoryCache {
    /// Answers `request` as `source` would, asking it only for what is not known: the same
    /// deliveries, in another order, and with queries and bytes of all that was asked.
    ///
    /// The parts are asked for one after the other. A part by itself uses all the requests at
    /// once that the source allows, and what it cost is known by itself.
    ///
    /// A history that could not be extended is delivered as it was known, with a warning in the
    /// reading. Whoever gives up listening ends the reading; nothing that was merged is lost.
    ///
    /// # Errors
    /// The source's first one, if it failed in everything and what is known has no CPU usage
    /// either, or is too old.
    pub async fn read<S, F, E>(
        &mut self,
        source: S,
        request: &HistoryRequest,
        deliver: mpsc::Sender<Delivery>,
    ) -> Result<Reading, E>
    where
        S: Fn(HistoryRequest, mpsc::Sender<Delivery>) -> F,
        F: Future<Output = Result<Reading, E>>,
        E: Display,
    {
        let mut run = Run::new(deliver);
        for ask in self.plan(request) {
            run.ask(self, &source, &ask).await;
            if run.is_given_up {
                break;
            }
        }
        run.finish(&mut self.source)
    }
}

/// The parts of a request that were asked for so far.
struct Run<E> {
    deliver: mpsc::Sender<Delivery>,
    reading: Reading,
    has_answered: bool,
    has_cpu: bool,
    /// Nobody listens any more.
    is_given_up: bool,
    first_error: Option<E>,
    warnings: BTreeSet<String>,
    /// Targets by why and since when they could not be read.
    stale: BTreeMap<Stale, usize>,
}

impl<E: Display> Run<E> {
    fn new(deliver: mpsc::Sender<Delivery>) -> Self {
        Self {
            deliver,
            reading: Reading::default(),
            has_answered: false,
            has_cpu: false,
            is_given_up: false,
            first_error: None,
            warnings: BTreeSet::new(),
            stale: BTreeMap::new(),
        }
    }

    async fn ask<S, F>(&mut self, cache: &mut HistoryCache, source: &S, ask: &Ask)
    where
        S: Fn(HistoryRequest, mpsc::Sender<Delivery>) -> F,
        F: Future<Output = Result<Reading, E>>,
    {
        let mut left: BTreeSet<usize> = ask.subjects().collect();
        let (sender, receiver) = mpsc::channel(1);
        let reading = source(ask.request.clone(), sender);
        let (reading, ()) = tokio::join!(reading, self.receive(cache, ask, receiver, &mut left));
        let why = match reading {
            Ok(reading) => {
                self.add(reading);
                PASSED_OVER.to_owned()
            }
            Err(error) => {
                let why = error.to_string();
                self.first_error.get_or_insert(error);
                why
            }
        };
        if self.is_given_up {
            return;
        }
        for subject in left {
            let history = Err(why.clone());
            let failed = Delivery { subject, history };
            self.pass(cache.take(ask, failed)).await;
        }
    }

    /// Gives on what the source delivers; ends, and with it the channel, when nobody listens.
    async fn receive(
        &mut self,
        cache: &mut HistoryCache,
        ask: &Ask,
        mut receiver: mpsc::Receiver<Delivery>,
        left: &mut BTreeSet<usize>,
    ) {
        while let Some(delivery) = receiver.recv().await {
            left.remove(&delivery.subject);
            self.pass(cache.take(ask, delivery)).await;
            if self.is_given_up {
                return;
            }
        }
    }

    async fn pass(&mut self, taken: Taken) {
        let history = taken.delivery.history.as_ref();
        self.has_cpu |= history.is_ok_and(|it| it.cpu().is_some());
        if let Some(stale) = taken.stale {
            *self.stale.entry(stale).or_default() += 1;
        }
        self.is_given_up |= self.deliver.send(taken.delivery).await.is_err();
    }

    fn add(&mut self, reading: Reading) {
        self.has_answered = true;
        self.reading.source = reading.source;
        self.reading.way = reading.way;
        self.reading.queries += reading.queries;
        self.reading.bytes += reading.bytes;
        self.reading.samples += reading.samples;
        self.warnings.extend(reading.warnings);
    }

    fn finish(mut self, source: &mut (String, String)) -> Result<Reading, E> {
        if let Some(error) = self.first_error.take()
            && !self.has_answered
            && !self.has_cpu
        {
            return Err(error);
        }
        if self.has_answered {
            source.clone_from(&(self.reading.source.clone(), self.reading.way.clone()));
        } else {
            (self.reading.source, self.reading.way) = source.clone();
        }
        let stale = self.stale.iter().map(|(stale, count)| told(stale, *count));
        self.warnings.extend(stale);
        self.reading.warnings = self.warnings.into_iter().collect();
        Ok(self.reading)
    }
}

fn told(stale: &Stale, count: usize) -> String {
    let minutes = stale.age.as_mins();
    let rest = stale.age - SignedDuration::from_mins(minutes);
    let age = match (minutes, rest.as_secs()) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, _) => format!("{minutes} min"),
    };
    let targets = if count == 1 { "target" } else { "targets" };
    format!("history of {count} {targets} ends {age} ago: {}", stale.why)
}
