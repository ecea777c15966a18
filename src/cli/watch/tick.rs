//! One round: look at the fleet, then, where this process may write, keep what is recommended, apply
//! what is approved, and judge what is on probation.
//!
//! Each pass has its time, and within it everything its share. What fails is told, and does not keep
//! the others: neither one recommendation the next, nor one pass another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::analysis::unanswered;
use super::counting;
use super::goal::{self, Seen};
use super::notice::{News, Notice, Standing};
use super::reload::{Fixed, LicenseSeen, Reload};
use super::resume::Pauses;
use super::told::{self, Told};
use super::troubles::Troubles;
use super::turns::Late;
use super::warming::Warming;
use crate::autoscaler::AutoscalerId;
use crate::cli::act::Session;
use crate::cli::context::Context;
use crate::cli::opinions::Opinions;
use crate::cli::sources;
use crate::cli::sources::Ongoing;
use crate::conduct::Leave;
use crate::config::watch::{Form, WatchConfig};
use crate::error::{Error, Exit};
use crate::leader::{Gate, Term};
use crate::lifecycle::guard::License;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::output::report::AnalysisReport;
use crate::random;
use crate::signals::metrics::Probation;
use crate::signals::{Health, Metrics};

/// The loop.
pub(super) struct Watch<'a> {
    pub(super) cx: &'a Context,
    /// Never another one in the middle of a tick.
    pub(super) config: Arc<WatchConfig>,
    pub(super) session: &'a Session,
    pub(super) metrics: &'a Metrics,
    pub(super) health: &'a Health,
    pub(super) ongoing: Ongoing,
    /// Whose turn did not come in the last verify pass, and in the last apply pass.
    pub(super) unverified: Late,
    pub(super) unapplied: Late,
    /// The same of the schedule pass.
    pub(super) uncarried: Late,
    pub(super) pauses: Pauses,
    /// What a language model said, where one is asked.
    pub(super) opinions: Opinions,
    pub(super) reload: Reload,
    pub(super) fixed: Fixed,
    pub(super) notice: Notice,
    pub(super) license: LicenseSeen,
    /// What the license allows in this tick; `None` where that is not known.
    pub(super) allowance: Option<License>,
    stopped: watch::Receiver<bool>,
    told: Told,
    pub(super) troubles: Troubles,
    ticks: u64,
    started: Duration,
    pub(super) report: Option<AnalysisReport>,
    /// Whom the labels select, by the fleet as it was looked at last; `None` until it was read.
    pub(super) selected: Option<BTreeSet<AutoscalerId>>,
    /// `None` where they are not known.
    records: Option<Vec<Record>>,
    pub(super) is_saved: bool,
    has_degraded: bool,
    /// What was said last of history that is too short, and when.
    pub(super) warming: Option<(Warming, Timestamp)>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        cx: &'a Context,
        (config, reload): (Arc<WatchConfig>, Reload),
        session: &'a Session,
        metrics: &'a Metrics,
        health: &'a Health,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let (cluster, source) = (&session.cluster, &config.metrics);
        Ok(Self {
            ongoing: Ongoing::start(cluster, source, &config.analysis, config.interval)?,
            fixed: Fixed::of(&config),
            notice: Notice::new(&session.cluster.name().name, metrics),
            license: LicenseSeen::default(),
            allowance: None,
            cx,
            config,
            reload,
            session,
            metrics,
            health,
            unverified: Late::default(),
            unapplied: Late::default(),
            uncarried: Late::default(),
            pauses: Pauses::default(),
            opinions: Opinions::new(),
            stopped,
            told: Told::default(),
            troubles: Troubles::default(),
            ticks: 0,
            started: cx.elapsed(),
            report: None,
            selected: None,
            records: None,
            is_saved: false,
            has_degraded: false,
            warming: None,
        })
    }

    /// Ticks until it is over.
    pub(super) async fn run(&mut self, gate: Option<&Gate>) -> Result<Exit, Error> {
        self.select_first().await;
        // What there is already is no news.
        let records = self.listed_at_first().await?;
        self.check_names(&records)?;
        self.told.turns(&records);
        self.told.reviews(&records);
        self.told.changes(&records);
        match gate {
            // The first tick may be the last: it is not to be over before anybody was elected.
            Some(gate) => drop(timeout(self.at_most(self.config.interval), gate.settled()).await),
            None => self.metrics.leads(true),
        }
        loop {
            let began = Instant::now();
            self.reload();
            self.tick(gate).await;
            self.ticks += 1;
            self.metrics.ticked(began.elapsed());
            self.health.progressed();
            if let Some(exit) = self.is_over().await {
                return Ok(exit);
            }
            if self.is_stopped() || self.pause(began).await {
                return Ok(goal::interrupted(&self.config.end));
            }
            // Its time may have ended meanwhile.
            if let Some(exit) = self.is_over().await {
                return Ok(exit);
            }
        }
    }

    /// How it ends now, if it does. What a watch tells is of some moments ago: before it is over, what
    /// was waited for is read anew.
    async fn is_over(&mut self) -> Option<Exit> {
        let end = &self.config.end;
        goal::exit(end, &self.seen())?;
        if end.goal.is_some_and(goal::is_of_records) {
            self.records = self.read_anew().await;
        }
        let seen = self.seen();
        let exit = goal::exit(end, &seen)?;
        if exit != Exit::Clean
            && let Some(line) = goal::still_open(end, &seen)
        {
            self.cx.note(&line);
        }
        Some(exit)
    }

    /// The table of all records, where a workflow shows one.
    pub(super) async fn summary(&self) -> Result<(), Error> {
        if self.config.form != Form::Github {
            return Ok(());
        }
        let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") else {
            return Ok(());
        };
        let written = tokio::task::spawn_blocking({
            let (path, text) = (path.clone(), told::summary(self.records.as_deref()));
            move || {
                let mut file = std::fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(path)?;
                std::io::Write::write_all(&mut file, text.as_bytes())
            }
        });
        sources::finished(written.await).map_err(|source| Error::Write {
            flag: "GITHUB_STEP_SUMMARY",
            path: path.into(),
            source,
        })
    }

    /// Whether it was told to end meanwhile. Up to a tenth is added, so that instances do not ask all
    /// at once.
    async fn pause(&mut self, began: Instant) -> bool {
        let interval = self.config.interval + self.jitter();
        let rest = interval.saturating_sub(began.elapsed());
        let mut stopped = self.stopped.clone();
        tokio::select! {
            () = sleep(self.at_most(rest)) => false,
            _ = stopped.wait_for(|it| *it) => true,
        }
    }

    /// That time, or less where all of it is over before.
    fn at_most(&self, time: Duration) -> Duration {
        let timeout = self.config.end.timeout;
        timeout.map_or(time, |it| time.min(it.saturating_sub(self.passed())))
    }

    fn jitter(&self) -> Duration {
        // Without randomness all wait equally long.
        let fraction = random::fraction().unwrap_or_default();
        jitter(self.config.interval, fraction)
    }

    fn passed(&self) -> Duration {
        self.cx.elapsed().saturating_sub(self.started)
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            ticks: self.ticks,
            passed: self.passed(),
            report: self.report.as_ref(),
            records: self.records.as_deref(),
            is_saved: self.is_saved,
            has_degraded: self.has_degraded,
            fail_on: self.config.analysis.report.fail_on,
        }
    }

    async fn tick(&mut self, gate: Option<&Gate>) {
        let leads = gate.is_none_or(|it| it.term().is_some());
        let fleet = self.analyze(leads).await;
        self.health.progressed();
        self.read_license().await;
        self.health.progressed();
        self.follow_pauses().await;
        let term = gate.map(|gate| (gate, gate.term()));
        let leads = term.as_ref().is_none_or(|it| it.1.is_some());
        tracing::info!(
            tick = self.ticks + 1,
            license = self.license.word(),
            leader = leads,
            autoscalers = self.report.as_ref().map(|it| it.items.len()),
            recommendations = self.report.as_ref().map(|it| it.summary.recommended),
            "reconcile tick"
        );
        if leads {
            self.record_license().await;
        }
        match term {
            Some((_, None)) => {
                self.is_saved = false;
                tracing::debug!("not leader; skipping mutating pass");
            }
            Some((gate, Some(term))) => {
                let term: Term = term;
                let leave = Leave::Leader { gate, term: &term };
                self.is_saved = Box::pin(self.write(leave, fleet)).await;
            }
            None => self.is_saved = Box::pin(self.write(Leave::Always, fleet)).await,
        }
        self.tell(gate).await;
    }

    /// Tells what has changed since the last tick.
    async fn tell(&mut self, gate: Option<&Gate>) {
        self.records = None;
        let listed = match timeout(self.config.interval, self.listed()).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => {
                if let Some(why) = unanswered(&error) {
                    self.health.api(Err(why));
                }
                return tracing::warn!(
                    error = error.render().trim_end(),
                    "cannot list recommendations"
                );
            }
            Err(_) => return tracing::warn!("recommendations were not listed within an interval"),
        };
        if !self.knows_selected() {
            return tracing::warn!("it is not known yet whose labels are selected");
        }
        let records: Vec<Record> = listed.into_iter().map(|it| it.record).collect();
        let turns = self.told.turns(&records);
        let reviews = self.told.reviews(&records);
        let changes = self.told.changes(&records);
        let has_news = !changes.is_empty() || !turns.is_empty() || !reviews.is_empty();
        let now = self.time_for(has_news, &records).await;
        for change in &changes {
            let is_bad = matches!(
                change.record.status.phase,
                Phase::Degraded | Phase::RolledBack
            );
            self.has_degraded |= is_bad;
            let line = change.line(self.config.form, now);
            // A reader that went away has no use for it.
            let _ = self.cx.print(|out| writeln!(out, "{line}"));
        }
        let form = self.config.form;
        let turned = turns.iter().map(|it| it.line(form, now));
        for line in turned.chain(reviews.iter().map(|it| it.line(form, now))) {
            let _ = self.cx.print(|out| writeln!(out, "{line}"));
        }
        counting::savings(self.metrics, &records);
        counting::schedules(self.metrics, &records);
        let news = News {
            records: &records,
            changes: &changes,
            turns: &turns,
            reviews: &reviews,
            interval: self.config.interval,
            now,
        };
        self.notice.tell(standing(gate), &news);
        self.metrics
            .phases(records.iter().map(|it| it.status.phase));
        self.metrics.probations(probations(&records, now));
        match self.check_names(&records) {
            Ok(()) => self.records = Some(records),
            Err(error) => tracing::warn!(error = error.render().trim_end(), "not all are known"),
        }
    }

    /// The time, by the API server's clock where it matters.
    async fn time_for(&self, has_news: bool, records: &[Record]) -> Timestamp {
        let is_dated = |it: &Record| it.status.phase == Phase::Applied;
        if !has_news && !records.iter().any(is_dated) {
            return self.cx.now();
        }
        let now = self.session.decider().now().await;
        now.unwrap_or_else(|_| self.cx.now())
    }
}

/// Who tells others what has changed.
fn standing(gate: Option<&Gate>) -> Standing {
    match gate.map(Gate::term) {
        None => Standing::Alone,
        Some(None) => Standing::Follows,
        Some(Some(term)) => Standing::Leads(term),
    }
}

fn probations(records: &[Record], now: Timestamp) -> Vec<Probation> {
    let probation = |record: &Record| {
        let until = record.status.probation_until?;
        (record.status.phase == Phase::Applied).then(|| Probation {
            namespace: record.namespace.clone(),
            name: record.name.clone(),
            remaining: until.duration_since(now),
        })
    };
    records.iter().filter_map(probation).collect()
}

/// The longest time from the beginning of a tick to that of the next.
pub(super) fn longest_pause(interval: Duration) -> Duration {
    interval + jitter(interval, 1.0)
}

/// A fraction of a tenth of the interval.
fn jitter(interval: Duration, fraction: f64) -> Duration {
    interval.mul_f64(fraction / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_an_interval_and_up_to_a_tenth() {
        let interval = Duration::from_secs(3600);
        assert_eq!(jitter(interval, 0.0), Duration::ZERO);
        assert_eq!(jitter(interval, 0.5), Duration::from_secs(180));
        assert_eq!(longest_pause(interval), Duration::from_secs(3960));
    }
}
