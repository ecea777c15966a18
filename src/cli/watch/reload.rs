//! What a watch reads again: the configuration file, and the license, when something else stands in
//! them than at the last tick.
//!
//! Kubernetes swaps whole folders of mounted files, so that what counts is what is read at a path, not
//! what happens to a file. What is broken is told once, and the configuration stays as it was.

use std::sync::Arc;

use clap::ArgMatches;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::counting;
use super::tick::Watch;
use crate::audit;
use crate::cli::args::{GlobalArgs, WatchArgs};
use crate::cli::decide::{self, Origin};
use crate::cli::license::{Papers, Resolved};
use crate::cluster;
use crate::config::file::{File, Text};
use crate::config::watch::WatchConfig;
use crate::error::Error;
use crate::install::Mode;
use crate::license::{State, Unlicensed};
use crate::lifecycle::guard::{self, Limits};
use crate::signals::Metrics;
use crate::signals::metrics::ConfigFile;

/// What was typed, to be decided on again with another file.
pub(in crate::cli) struct Reload {
    global: GlobalArgs,
    args: Box<WatchArgs>,
    typed: ArgMatches,
    /// What stood in the file at the last look, good or bad; `None` where it could not be read.
    looked: Option<Text>,
    /// The last one that was good.
    file: File,
    /// What was wrong at the last look.
    complaint: Option<String>,
}

/// A configuration that can be used.
struct Good {
    config: WatchConfig,
    /// Whether something else stands in the file than at the last look, or it was broken then.
    is_news: bool,
    /// The keys whose values are others.
    changed: Vec<&'static str>,
}

/// One that cannot.
struct Broken {
    why: String,
    /// Whether that was not told yet.
    is_news: bool,
}

impl Reload {
    /// The last are what the configuration of the start was made from.
    pub(in crate::cli) fn new(
        global: GlobalArgs,
        args: Box<WatchArgs>,
        typed: ArgMatches,
        (text, file): (Text, File),
    ) -> Self {
        Self {
            global,
            args,
            typed,
            looked: Some(text),
            file,
            complaint: None,
        }
    }

    /// Looks at the file, and at those that it names, as at the start.
    fn look(&mut self) -> Result<Good, Broken> {
        let (text, read) = match decide::config_text(self.global.config.as_deref()) {
            Ok(text) => {
                let file = text.parse().map_err(Error::from);
                (Some(text), file)
            }
            Err(error) => (None, Err(error)),
        };
        let is_other = text != self.looked;
        self.looked = text;
        match read.and_then(|file| Ok((self.decided(&file)?, file))) {
            Ok((config, file)) => {
                let changed = file.changed_since(&self.file);
                self.file = file;
                Ok(Good {
                    config,
                    is_news: self.complaint.take().is_some() || is_other,
                    changed,
                })
            }
            Err(error) => {
                let why = error.render().trim_end().to_owned();
                let before = self.complaint.replace(why.clone());
                Err(Broken {
                    is_news: is_other || before.as_ref() != Some(&why),
                    why,
                })
            }
        }
    }

    /// Flags and environment beat the file as at the start: nobody can have changed them since.
    fn decided(&self, file: &File) -> Result<WatchConfig, Error> {
        let origin = Origin::new(file, &self.typed);
        decide::watch(&self.global, &self.args, &origin)
    }
}

/// What was set up at the start for as long as the process lasts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fixed {
    connection: cluster::Options,
    audit: audit::Settings,
}

impl Fixed {
    pub(super) fn of(config: &WatchConfig) -> Self {
        Self {
            connection: config.records.connection.clone(),
            audit: config.records.audit.clone(),
        }
    }

    /// The keys of what `config` has otherwise.
    fn differing(&self, config: &WatchConfig) -> Vec<&'static str> {
        let now = Self::of(config);
        let keys = [
            (self.connection == now.connection, "cluster.requestTimeout"),
            (self.audit == now.audit, "audit"),
        ];
        let differing = keys.into_iter().filter(|it| !it.0);
        differing.map(|it| it.1).collect()
    }
}

/// What is known of the license.
#[derive(Default)]
pub(super) struct LicenseSeen {
    /// What was read last; inside, `None` for what could not be read.
    papers: Option<Option<Papers>>,
    complaint: Option<String>,
    /// The word for its state.
    word: &'static str,
    /// What the audit log was told last that it allows.
    recorded: Option<guard::License>,
}

impl LicenseSeen {
    /// `licensed`, `grace`, `unlicensed`; `unknown` where it was not read in time.
    pub(super) fn word(&self) -> &'static str {
        self.word
    }

    /// What a license allows that was read just now. Tells what users have to know of it, once.
    fn judged(
        &mut self,
        read: Result<Papers, Error>,
        now: Timestamp,
        grace: SignedDuration,
        metrics: &Metrics,
    ) -> guard::License {
        let resolved = read.as_ref().map(|it| it.resolved(now, grace));
        let (allowance, complaint) = match &resolved {
            Ok(resolved) => (resolved.allowance(), complaint(resolved)),
            // Recommendations wait for one that can be read.
            Err(error) => {
                let why = error.to_string();
                let complaint = error.render().trim_end().to_owned();
                (guard::License::None { why }, Some(complaint))
            }
        };
        let none = State::Unlicensed(Unlicensed::NoLicense);
        let state = resolved.as_ref().map_or(&none, |it| &it.state);
        self.word = state.word();
        metrics.license(state, now);
        let papers = read.ok();
        let is_other = self.papers.replace(papers.clone());
        let is_other = is_other.is_some_and(|before| before != papers);
        if is_other {
            let counts = !matches!(allowance, guard::License::None { .. });
            metrics.reloaded(ConfigFile::License, counts);
            tracing::info!(counts, "license read again");
        }
        if let Some(why) = &complaint
            && (is_other || self.complaint.as_ref() != Some(why))
        {
            tracing::warn!(why, "see to the license");
        }
        self.complaint = complaint;
        allowance
    }
}

/// What users have to know of a license; nothing where none is named.
fn complaint(resolved: &Resolved) -> Option<String> {
    match &resolved.state {
        State::Licensed(_) | State::Unlicensed(Unlicensed::NoLicense) => None,
        State::Grace { .. } => resolved.warning(),
        State::Unlicensed(why) => Some(format!(
            "the license ({}) does not count: {why}",
            resolved.source
        )),
    }
}

impl Watch<'_> {
    /// Looks at the configuration file, and goes by it from now on. Followers and leaders do alike.
    pub(super) fn reload(&mut self) {
        match self.reload.look() {
            Ok(good) => {
                if good.is_news {
                    self.metrics.reloaded(ConfigFile::Config, true);
                    tracing::info!(changed = ?good.changed, "configuration read again");
                    let late = self.fixed.differing(&good.config);
                    if !late.is_empty() {
                        let late = late.join(", ");
                        tracing::warn!("a new value of {late} counts from the next start on");
                    }
                }
                let mut config = good.config;
                counting::observe(&mut config, self.metrics);
                self.ongoing.take_from(&config.metrics);
                self.config = Arc::new(config);
            }
            Err(broken) => {
                if broken.is_news {
                    self.metrics.reloaded(ConfigFile::Config, false);
                    let error = broken.why;
                    tracing::warn!(
                        error,
                        "configuration not taken; the one before still counts"
                    );
                }
            }
        }
        self.notice.set(self.config.webhook.as_ref());
    }

    /// Records which license counts, where this process writes to targets and it is another one, or
    /// allows something else, than was recorded last.
    pub(super) async fn record_license(&mut self) {
        let Some(license) = self.allowance.clone() else {
            return;
        };
        if self.config.mode != Mode::Apply || self.license.recorded.as_ref() == Some(&license) {
            return;
        }
        let conductor = self.session.conductor(Limits::default(), license.clone());
        match conductor.tell_license().await {
            Ok(()) => self.license.recorded = Some(license),
            Err(error) => tracing::warn!(%error, "the license is not recorded"),
        }
    }

    /// Reads the license, of which nothing is known where that takes too long.
    pub(super) async fn read_license(&mut self) {
        let reading = Papers::read(Some(&self.session.cluster), &self.config.license);
        let read = timeout(self.config.interval, reading).await;
        self.allowance = match read {
            Ok(read) => {
                let (now, grace) = (self.cx.now(), self.config.license.grace);
                Some(self.license.judged(read, now, grace, self.metrics))
            }
            Err(_) => {
                tracing::warn!("the license was not read within an interval");
                self.license.word = "unknown";
                None
            }
        };
    }
}

#[cfg(test)]
mod tests;
