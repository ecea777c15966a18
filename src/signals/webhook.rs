//! Tells another system of each change of a recommendation's phase, and of how its schedule stands.
//!
//! [`Webhook::tell`] never waits: what cannot be sent at once stands in a bounded queue, and one task
//! sends it, in order, each event until it arrives, is refused, or its tries are used up. [`event`] makes
//! the bodies, [`sending`] a request of one, [`retry`] says when to try again. What waits is a change, not
//! yet a body, so that [`Webhook::set`] can send it elsewhere, or in another form.

mod event;
mod queue;
mod retry;
mod sending;
mod signature;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::metrics::{Delivery, Metrics};
use crate::web;
use event::Event;
pub use event::{Change, What};
use queue::{Pushed, Queue};
pub use retry::Backoff;
use sending::{Answer, Sender};

/// For one try, from the connection to the head of the answer, unless something else is said.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether events can be posted to it.
pub fn is_url(text: &str) -> bool {
    web::address(text).is_some()
}

/// Of which form the events are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CloudEvents 1.0 in JSON, in structured mode.
    CloudEvents,
    /// `{"text": …}`, as Slack, Mattermost and others take it.
    Slack,
}

/// What a webhook is to be.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// May hold a secret, and is never shown beyond its host.
    pub url: String,
    pub form: Form,
    /// Which cluster it is, as `source` of a CloudEvent: a URI or a path.
    pub source: String,
    /// With which bodies are signed; `None` for no signature.
    pub key: Option<Vec<u8>>,
    /// Whether names of namespaces, recommendations and targets, and texts that may have them, are
    /// left out.
    pub redact: bool,
    /// PEM of the authorities to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// For one try, from the connection to the head of the answer.
    pub timeout: Duration,
    pub backoff: Backoff,
    /// How many events may wait.
    pub queue: usize,
}

impl Settings {
    /// A webhook at `url` with the usual limits.
    pub fn new(url: String, form: Form, source: String) -> Self {
        Self {
            url,
            form,
            source,
            key: None,
            redact: false,
            ca_file: None,
            timeout: TIMEOUT,
            backoff: Backoff::default(),
            queue: 1000,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &sending::shown(&self.url))
            .field("form", &self.form)
            .field("redact", &self.redact)
            .finish_non_exhaustive()
    }
}

/// Why there is no webhook.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL itself is not told, since a secret may be in it.
    #[error("the URL of the webhook is not one of http or https")]
    Url,
    #[error("cannot read {} with the authorities of the webhook", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("no PEM certificate is in {}, which names the authorities of the webhook", path.display())]
    Certificate { path: PathBuf },
    #[error("cannot set up TLS for the webhook")]
    Setup(#[source] reqwest::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Url => "give a whole URL, such as https://hooks.example.com/services/…",
            Self::File { .. } => "check the path, and that this process may read the file",
            Self::Certificate { .. } => {
                "give a file with certificates between -----BEGIN CERTIFICATE----- lines"
            }
            Self::Setup(_) => {
                "install the CA certificates of the system, or name a file with the authority"
            }
        }
    }
}

/// Where changes are told. A clone tells the same one.
#[derive(Clone)]
pub struct Webhook {
    target: watch::Sender<Arc<Target>>,
    queue: Queue,
    metrics: Metrics,
}

/// Whom events are sent to, and as what.
struct Target {
    settings: Settings,
    sender: Sender,
}

impl Target {
    fn new(settings: Settings) -> Result<Arc<Self>, Error> {
        let sender = Sender::new(&settings)?;
        Ok(Arc::new(Self { settings, sender }))
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.target.borrow().sender.name())
    }
}

/// The task that sends what a [`Webhook`] is told.
#[derive(Debug)]
pub struct Deliveries {
    queue: Queue,
    task: JoinHandle<()>,
    metrics: Metrics,
}

impl Webhook {
    /// Starts the task that sends.
    ///
    /// # Errors
    /// Where the settings make no client. Nothing is asked of the receiver.
    pub fn start(settings: Settings, metrics: Metrics) -> Result<(Self, Deliveries), Error> {
        let (queue, backoff) = (Queue::new(settings.queue), settings.backoff);
        let (target, targets) = watch::channel(Target::new(settings)?);
        let task = tokio::spawn(deliver(targets, backoff, queue.clone(), metrics.clone()));
        let webhook = Self {
            target,
            queue: queue.clone(),
            metrics: metrics.clone(),
        };
        let deliveries = Deliveries {
            queue,
            task,
            metrics,
        };
        Ok((webhook, deliveries))
    }

    /// Sends as `settings` say from now on, also what waits already. Backoff and the length of the queue
    /// stay as they are.
    ///
    /// # Errors
    /// Where the settings make no client; nothing has changed then.
    pub fn set(&self, settings: Settings) -> Result<(), Error> {
        self.target.send_replace(Target::new(settings)?);
        Ok(())
    }

    /// What logs call the receiver: nothing of its URL but the host.
    pub fn name(&self) -> String {
        self.target.borrow().sender.name().to_owned()
    }

    /// Tells of a change, as soon as those before it are told. Where too many wait, the oldest goes.
    pub fn tell(&self, change: &Change) {
        match self.queue.push(change.clone()) {
            Pushed::Waits => {}
            Pushed::ForOldest => {
                self.metrics.delivered(Delivery::Dropped);
                tracing::warn!("too many events wait for the webhook: dropped the oldest");
            }
            Pushed::TooLate => self.metrics.delivered(Delivery::Abandoned),
        }
        self.metrics.deliveries_waiting(self.queue.len());
    }
}

impl Deliveries {
    /// Takes no more events, and sends those that wait; at most `patience`. Returns how many are left,
    /// which are lost.
    pub async fn shutdown(self, patience: Duration) -> usize {
        self.shutdown_unless(patience, std::future::pending()).await
    }

    /// The same, and no longer than until `hurried`.
    pub async fn shutdown_unless(
        mut self,
        patience: Duration,
        hurried: impl Future<Output = ()>,
    ) -> usize {
        self.queue.close();
        let is_sent = tokio::select! {
            biased;
            _ = &mut self.task => true,
            () = hurried => false,
            () = tokio::time::sleep(patience) => false,
        };
        if !is_sent {
            self.task.abort();
            // An event that was under way ends with it.
            let _ = (&mut self.task).await;
        }
        let left = self.queue.abandon();
        for _ in 0..left {
            self.metrics.delivered(Delivery::Abandoned);
        }
        self.metrics.deliveries_waiting(0);
        left
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends one event after another until the queue is closed and empty.
async fn deliver(
    mut targets: watch::Receiver<Arc<Target>>,
    backoff: Backoff,
    queue: Queue,
    metrics: Metrics,
) {
    while let Some(change) = queue.next().await {
        let outcome = deliver_one(&mut targets, backoff, &change, &metrics).await;
        queue.done();
        metrics.delivered(outcome);
        metrics.deliveries_waiting(queue.len());
    }
}

async fn deliver_one(
    targets: &mut watch::Receiver<Arc<Target>>,
    backoff: Backoff,
    change: &Change,
    metrics: &Metrics,
) -> Delivery {
    let mut done = 0;
    loop {
        let target = targets.borrow_and_update().clone();
        let event = Event::of(change, &target.settings);
        let (webhook, id) = (target.sender.name(), &event.id);
        let answer = target.sender.send(&event).await;
        done += 1;
        let (why, asked) = match answer {
            Answer::Taken => return Delivery::Delivered,
            Answer::Refused(why) => {
                tracing::warn!(webhook, id, "event refused: {why}");
                return Delivery::Rejected;
            }
            Answer::Later { why, asked } => (why, asked),
        };
        let Some(wait) = backoff.wait(done, asked, retry::chance()) else {
            tracing::warn!(webhook, id, tries = done, "event given up: {why}");
            return Delivery::Exhausted;
        };
        tracing::debug!(webhook, id, ?wait, "event not taken yet: {why}");
        metrics.delivery_retried();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // Another receiver, or the same one with what was wrong put right.
            Ok(()) = targets.changed() => done = 0,
        }
    }
}

#[cfg(test)]
mod tests;
