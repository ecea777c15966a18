//! The fleet and its history, read into a snapshot.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task;
use tokio::time::{Instant, timeout_at};

use super::live::{self, Sources};
use super::series::{self, Unread};
use super::source::Source;
use super::{Times, finished, request};
use crate::cluster::{Cluster, Scope};
use crate::config::{GatherConfig, Metrics};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::Reading;
use crate::metrics::prometheus::BuildInfo;
use crate::metrics::snapshot::{Header, Writer};
use crate::output::progress::{Progress, Stage};
use crate::redact::{self, Tally};

/// A cluster that a snapshot is made of.
pub(in crate::cli) struct Gathering<'a> {
    pub(in crate::cli) cluster: Cluster,
    config: &'a GatherConfig,
    progress: &'a Progress,
    times: Times,
}

/// What a snapshot that was written holds.
#[derive(Debug)]
pub(in crate::cli) struct Written {
    pub(in crate::cli) autoscalers: usize,
    pub(in crate::cli) reading: Option<Reading>,
    pub(in crate::cli) unread: Unread,
}

/// A snapshot whose objects are written, and whose history is as far as it could be read.
pub(in crate::cli) struct Drawn {
    writer: Writer,
    autoscalers: usize,
    reading: Result<Option<Reading>, Error>,
    unread: Unread,
    /// What was left out of the objects.
    pub(in crate::cli) tally: Tally,
}

/// When nothing more is waited for.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Limit {
    at: Instant,
    /// How long that was when it began.
    length: Duration,
}

impl Limit {
    pub(in crate::cli) fn of(length: Duration) -> Self {
        Self {
            at: Instant::now() + length,
            length,
        }
    }
}

/// What `asked` gives before it is too late.
///
/// # Errors
/// Those of `asked`, and that `what` did not come in time.
pub(in crate::cli) async fn within<T, E: Into<Error>>(
    limit: Option<Limit>,
    what: &str,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    let Some(Limit { at, length }) = limit else {
        return asked.await.map_err(Into::into);
    };
    match timeout_at(at, asked).await {
        Ok(given) => given.map_err(Into::into),
        Err(_) => Err(Error::Late {
            what: what.to_owned(),
            limit: length,
        }),
    }
}

impl Drawn {
    /// Completes a snapshot that is to be whole.
    ///
    /// # Errors
    /// Where its history could not be read, or it cannot be written; then there is none.
    pub(in crate::cli) fn whole(self) -> Result<Written, Error> {
        let reading = self.reading?;
        self.writer.finish()?;
        Ok(Written {
            autoscalers: self.autoscalers,
            reading,
            unread: self.unread,
        })
    }

    /// Completes it with as much history as there is, and gives why there is no more.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(in crate::cli) fn given_up(self) -> Result<(Written, Option<Error>), Error> {
        self.writer.finish()?;
        let (reading, failed) = match self.reading {
            Ok(reading) => (reading, None),
            Err(error) => (None, Some(error)),
        };
        let written = Written {
            autoscalers: self.autoscalers,
            reading,
            unread: self.unread,
        };
        Ok((written, failed))
    }
}

impl<'a> Gathering<'a> {
    /// # Errors
    /// Where the cluster cannot be reached.
    pub(in crate::cli) async fn begin(
        config: &'a GatherConfig,
        progress: &'a Progress,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let cluster = live::connected(&config.connection, progress).await?;
        let times = Times {
            clock: now,
            requested: config.now,
        };
        let times = times.by_the_clock_of(&cluster).await;
        Ok(Self {
            cluster,
            config,
            progress,
            times,
        })
    }

    /// The end of the window.
    pub(in crate::cli) fn now(&self) -> Timestamp {
        self.times.now()
    }

    /// Writes the objects and, if that is wanted, the history, as far as it comes within `limit`.
    ///
    /// # Errors
    /// Where the objects cannot be read, or nothing be written.
    pub(in crate::cli) async fn draw(
        &self,
        to: &Path,
        limit: Option<Limit>,
    ) -> Result<Drawn, Error> {
        self.progress.at(&Stage::Inventory);
        let header = Header {
            cluster: self.cluster.name().clone(),
            taken_at: self.now(),
        };
        let mut writer = Writer::create(to, &header)?;
        let mut tally = Tally::default();
        let fleet = self.objects(&self.config.scope, &mut writer, &mut tally);
        let fleet = within(limit, "autoscalers", fleet).await?;
        let autoscalers = fleet.subjects.len();
        let (writer, unread, reading) = match &self.config.history {
            Some(metrics) => self.history(metrics, &fleet, limit, writer).await?,
            None => (writer, Unread::new(), Ok(None)),
        };
        Ok(Drawn {
            writer,
            autoscalers,
            reading,
            unread,
            tally,
        })
    }

    async fn objects(
        &self,
        scope: &Scope,
        writer: &mut Writer,
        tally: &mut Tally,
    ) -> Result<Fleet, Error> {
        let mut outcome = Ok(());
        let write = |mut object| {
            if outcome.is_ok() {
                redact::manifest(&mut object, tally);
                outcome = writer.object(&object);
            }
        };
        let fleet = self.cluster.objects(scope, write).await?;
        outcome?;
        Ok(fleet)
    }

    async fn history(
        &self,
        metrics: &Metrics,
        fleet: &Fleet,
        limit: Option<Limit>,
        writer: Writer,
    ) -> Result<(Writer, Unread, Result<Option<Reading>, Error>), Error> {
        let request = request(fleet, self.config.window, self.now());
        let (sender, receiver) = mpsc::channel(1);
        let targets = request.clone();
        let writing = task::spawn_blocking(move || series::write(writer, &targets, receiver));
        let sources = Sources {
            cluster: &self.cluster,
            metrics,
            of_samples: self.times.of_samples(),
        };
        let read = sources.read(fleet, &request, sender, self.progress);
        let reading = within(limit, "history", read).await;
        let (writer, unread) = finished(writing.await)?;
        Ok((writer, unread, reading.map(Some)))
    }

    /// The Prometheus that history comes from, as it names itself; `None` where there is none.
    ///
    /// # Errors
    /// Where none can be looked for, or it does not answer.
    pub(in crate::cli) async fn prometheus(&self) -> Result<Option<(String, BuildInfo)>, Error> {
        let Some(metrics) = &self.config.history else {
            return Ok(None);
        };
        let Source::Prometheus(source) = Source::of(&self.cluster, metrics, self.progress).await?
        else {
            return Ok(None);
        };
        let told = source.build_info().await?;
        Ok(told.map(|it| (source.name().to_owned(), it)))
    }
}
