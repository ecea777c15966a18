//! Tells another system of changes of state, where this process leads.
//!
//! [`due`] says what is to be told; a [`Webhook`] sends it, beside the loop. What it is made from, and
//! the files that have its secrets, are looked at again at each tick.

mod due;

use std::fs;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::webhook::{self, Secret};
use crate::error::Error;
use crate::signals::Metrics;
use crate::signals::webhook::{Deliveries, Settings, Webhook};
use due::Due;
pub(super) use due::{News, Standing};

/// How long what waits for a webhook that is no longer wanted may take.
const LAST_EVENTS: Duration = Duration::from_secs(10);

/// Whom changes are told, if anybody.
pub(super) struct Notice {
    metrics: Metrics,
    /// Of the cluster, where no source is given.
    source: String,
    running: Option<Running>,
    due: Due,
    /// What was wrong at the last look.
    complaint: Option<String>,
}

struct Running {
    made_of: Made,
    webhook: Webhook,
    deliveries: Deliveries,
}

/// All that a webhook is made from.
#[derive(Clone, PartialEq)]
struct Made {
    settings: Settings,
    /// What stands in the file of the authorities.
    authorities: Option<Vec<u8>>,
}

impl Notice {
    pub(super) fn new(cluster: &str, metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            source: webhook::source_of(cluster),
            running: None,
            due: Due::default(),
            complaint: None,
        }
    }

    /// Tells whom `wanted` says from now on. Where that cannot be, it is told once, and whoever was
    /// told before is told still.
    pub(super) fn set(&mut self, wanted: Option<&webhook::Webhook>) {
        let set = match wanted {
            Some(wanted) => self.start(wanted),
            None => {
                self.retire();
                Ok(())
            }
        };
        let complaint = set.err().map(|it| it.render().trim_end().to_owned());
        if let Some(error) = &complaint
            && self.complaint.as_ref() != Some(error)
        {
            let what = match self.running {
                Some(_) => "the webhook stays as it was",
                None => "no events are sent",
            };
            tracing::warn!(error, "{what}");
        }
        self.complaint = complaint;
    }

    fn start(&mut self, wanted: &webhook::Webhook) -> Result<(), Error> {
        let made_of = Made::of(wanted, &self.source)?;
        match &mut self.running {
            Some(running) if running.made_of == made_of => {}
            Some(running) => {
                running.webhook.set(made_of.settings.clone())?;
                running.made_of = made_of;
                let webhook = running.webhook.name();
                tracing::info!(webhook, "events are sent as newly configured");
            }
            None => {
                let settings = made_of.settings.clone();
                let (webhook, deliveries) = Webhook::start(settings, self.metrics.clone())?;
                tracing::info!(webhook = webhook.name(), "events are sent");
                self.running = Some(Running {
                    made_of,
                    webhook,
                    deliveries,
                });
            }
        }
        Ok(())
    }

    /// Beside the loop, which does not wait for it.
    fn retire(&mut self) {
        if let Some(running) = self.running.take() {
            tracing::info!(webhook = running.webhook.name(), "no more events are sent");
            tokio::spawn(running.end(LAST_EVENTS, pending()));
        }
    }

    /// Tells what is due, as soon as it can be sent. Never waits.
    pub(super) fn tell(&mut self, standing: Standing, news: &News<'_>) {
        let Some(running) = &self.running else {
            return;
        };
        for change in self.due.of(standing, news) {
            running.webhook.tell(&change);
        }
    }

    /// Sends what waits, for as long as `patience` lasts and nobody is `hurried`.
    pub(super) async fn end(&mut self, patience: Duration, hurried: impl Future<Output = ()>) {
        if let Some(running) = self.running.take() {
            running.end(patience, hurried).await;
        }
    }
}

impl Running {
    async fn end(self, patience: Duration, hurried: impl Future<Output = ()>) {
        let left = self.deliveries.shutdown_unless(patience, hurried).await;
        if left > 0 {
            let webhook = self.webhook.name();
            tracing::warn!(webhook, left, "events were not delivered");
        }
    }
}

impl Made {
    fn of(wanted: &webhook::Webhook, source: &str) -> Result<Self, Error> {
        let url = read(&wanted.url, "--webhook-url-file")?;
        // What is no text is no URL either, and is told so.
        let url = String::from_utf8_lossy(&url).into_owned();
        let key = wanted.key.as_ref();
        let key = key.map(|it| read(it, "--webhook-key-file")).transpose()?;
        let source = wanted.source.clone().unwrap_or_else(|| source.to_owned());
        let authorities = wanted.ca_file.as_deref();
        let authorities = authorities.map(|it| contents(it, "--webhook-ca-file"));
        Ok(Self {
            authorities: authorities.transpose()?,
            settings: Settings {
                key,
                redact: wanted.redact,
                ca_file: wanted.ca_file.clone(),
                timeout: wanted.timeout,
                ..Settings::new(url, wanted.form, source)
            },
        })
    }
}

/// A secret without the end of line that editors put behind it. An empty one would be none.
fn read(secret: &Secret, flag: &'static str) -> Result<Vec<u8>, Error> {
    let path = match secret {
        Secret::Given(text) => return Ok(text.clone().into_bytes()),
        Secret::File(path) => path,
    };
    let bytes = contents(path, flag)?;
    let secret = bytes.trim_ascii_end();
    match secret.is_empty() {
        false => Ok(secret.to_vec()),
        true => Err(Error::Usage {
            message: format!("{} given with {flag} is empty", path.display()),
            hint: Some("put the secret into it, and nothing else".to_owned()),
        }),
    }
}

fn contents(path: &Path, flag: &'static str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read {
        flag,
        path: PathBuf::from(path),
        source,
    })
}

#[cfg(test)]
mod tests;
