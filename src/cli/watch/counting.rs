//! What the loop does and asks for, as counts: adapters and the conductor tell in their own words what
//! happens, and here it becomes metrics.

use std::collections::BTreeMap;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::autoscaler::AutoscalerKind;
use crate::cluster::{self, Unanswered};
use crate::conduct::{self, Deed, Reverted};
use crate::config::Metrics as Source;
use crate::config::watch::WatchConfig;
use crate::error::Error;
use crate::leader::State;
use crate::lifecycle::record::Record;
use crate::lifecycle::saving::{self, Saving};
use crate::lifecycle::step;
use crate::metrics::prometheus::{self, End};
use crate::output::report::{AnalysisReport, Outcome as Assessed};
use crate::signals::Metrics;
use crate::signals::metrics::{
    self, Action, Basis, Outcome, Query, QueryError, RequestError, Verb, Verdict,
};

/// Has every request to the API server and to Prometheus counted that is made as `config` says.
pub(super) fn observe(config: &mut WatchConfig, metrics: &Metrics) {
    let counting = metrics.clone();
    let observer = cluster::Observer::new(move |it| requested(&counting, it));
    config.records.connection.observer = Some(observer);
    let counting = metrics.clone();
    let observer = prometheus::Observer::new(move |it| counting.queried(query(it)));
    for source in [&mut config.metrics, &mut config.probation.metrics] {
        match source {
            Source::Prometheus(options) => options.observer = Some(observer.clone()),
            Source::MetricsApi => {}
        }
    }
}

/// Tells whether this process leads, until the election ends.
pub(super) async fn leads(mut election: watch::Receiver<State>, metrics: Metrics) {
    loop {
        metrics.leads(election.borrow_and_update().is_leading(Instant::now()));
        if election.changed().await.is_err() {
            return metrics.leads(false);
        }
    }
}

fn requested(metrics: &Metrics, exchange: &cluster::Exchange) {
    let verb = match exchange.verb {
        cluster::Verb::Get => Verb::Get,
        cluster::Verb::List => Verb::List,
        cluster::Verb::Watch => Verb::Watch,
        cluster::Verb::Create => Verb::Create,
        cluster::Verb::Update => Verb::Update,
        cluster::Verb::Patch => Verb::Patch,
        cluster::Verb::Delete => Verb::Delete,
    };
    let reason = match exchange.answer {
        Ok(code) => return metrics.requested(verb, &exchange.resource, code, exchange.took),
        Err(Unanswered::Timeout) => RequestError::Timeout,
        Err(Unanswered::Connection) => RequestError::Connection,
        Err(Unanswered::Invalid) => RequestError::Invalid,
    };
    metrics.request_failed(verb, reason, exchange.took);
}

fn query(exchange: &prometheus::Exchange<'_>) -> Query {
    Query {
        took: exchange.took,
        bytes: exchange.bytes,
        error: match exchange.end {
            End::Answered => None,
            End::Failed(error) => query_error(error),
            End::GivenUp => Some(QueryError::Timeout),
        },
    }
}

/// `None` where a server says that it cannot be asked in this way, which is an answer.
fn query_error(error: &prometheus::Error) -> Option<QueryError> {
    use prometheus::Error as It;
    match error {
        It::NotSupported { .. } => None,
        It::Timeout { .. } => Some(QueryError::Timeout),
        It::Unavailable { .. } => Some(QueryError::Unavailable),
        It::Unauthorized { .. } | It::Forbidden { .. } => Some(QueryError::Forbidden),
        It::TooMuch { .. } => Some(QueryError::TooMuch),
        // Some of these are found out before there is a connection, others instead of one.
        It::Unreachable { .. }
        | It::Tls { .. }
        | It::Url { .. }
        | It::Header { .. }
        | It::TwoCredentials { .. }
        | It::CredentialsThroughProxy { .. }
        | It::TlsThroughProxy { .. }
        | It::File { .. }
        | It::InvalidFile { .. }
        | It::NoCertificates { .. }
        | It::Setup { .. } => Some(QueryError::Unreachable),
        It::NotFound { .. }
        | It::Redirected { .. }
        | It::NotPrometheus { .. }
        | It::SeveralValues { .. }
        | It::Refused { .. }
        | It::Truncated { .. }
        | It::BadAnswer { .. }
        | It::NoSamples { .. } => Some(QueryError::Invalid),
    }
}

/// Counts what the conductor tells.
pub(super) fn count(metrics: &Metrics, deed: Deed<'_>) {
    match deed {
        Deed::Checked(verdict) => metrics.verified(match verdict {
            step::Verdict::Healthy { .. } => Verdict::Healthy,
            step::Verdict::Degraded { .. } => Verdict::Degraded,
            step::Verdict::Inconclusive { .. } => Verdict::Inconclusive,
            step::Verdict::Error { .. } => Verdict::Error,
        }),
        Deed::Reverted(outcome) => metrics.reverted(match outcome {
            Ok(Reverted::Done(..)) => Outcome::Succeeded,
            Ok(Reverted::Overtaken(..)) => Outcome::Overtaken,
            Ok(Reverted::Failed(..)) => Outcome::Failed,
            Err(error) => unmade(error),
        }),
        Deed::RevertGivenUp => metrics.reverted(Outcome::Abandoned),
    }
}

/// A write that is under way. Where it is dropped, it was given up.
pub(super) struct Writing<'a> {
    metrics: &'a Metrics,
    action: Action,
    is_counted: bool,
}

impl<'a> Writing<'a> {
    pub(super) fn begin(metrics: &'a Metrics, action: Action) -> Self {
        Self {
            metrics,
            action,
            is_counted: false,
        }
    }

    /// Counts what it turned out to be and what became of it, if there was anything to do.
    pub(super) fn end(mut self, ended: &Result<Option<(Action, Outcome)>, Error>) {
        self.is_counted = true;
        match ended {
            Ok(Some((action, outcome))) => self.metrics.wrote(*action, *outcome),
            Ok(None) => {}
            Err(error) => self.metrics.wrote(self.action, outcome(error)),
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_counted {
            self.metrics.wrote(self.action, Outcome::Abandoned);
        }
    }
}

/// What became of a write that ended with an error.
fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Conduct(error) => unmade(error),
        _ => Outcome::Failed,
    }
}

fn unmade(error: &conduct::Error) -> Outcome {
    match error {
        conduct::Error::NotLeader(_) => Outcome::Abandoned,
        conduct::Error::NotNow(_) => Outcome::Refused,
        conduct::Error::Store(_)
        | conduct::Error::Cluster(_)
        | conduct::Error::Journal(_)
        | conduct::Error::Floor(_)
        | conduct::Error::Settings { .. }
        | conduct::Error::Schedule { .. }
        | conduct::Error::NotUnderstood { .. }
        | conduct::Error::Write { .. }
        | conduct::Error::NoTime
        | conduct::Error::NoRandomness(_)
        | conduct::Error::Unrecorded { .. }
        | conduct::Error::Busy { .. } => Outcome::Failed,
    }
}

/// What all recommendations save now.
pub(super) fn savings(metrics: &Metrics, records: &[Record]) {
    let all = |of: fn(&Record) -> Option<Saving>| {
        let each = records.iter().filter_map(of);
        let each = each.map(|it| metrics::Saving::over(it.hours, it.over, it.usd_monthly));
        each.fold(metrics::Saving::default(), |sum, it| sum + it)
    };
    metrics.saving(Basis::Projected, all(saving::projected));
    metrics.saving(Basis::Measured, all(saving::measured));
}

/// How schedules stand, and what is raised for them.
pub(super) fn schedules(metrics: &Metrics, records: &[Record]) {
    let all = records.iter().filter_map(|it| it.status.schedule.as_ref());
    let floors = all.clone().filter_map(|it| it.floor.as_ref());
    let raised = floors.map(|it| u64::from(it.to.saturating_sub(it.from)));
    metrics.schedules(all.clone().map(|it| it.state), raised.sum());
    let reviews = all.filter_map(|it| it.review.as_ref());
    metrics.schedule_reviews(reviews.map(|it| it.standing));
}

/// What an analysis saw: how many autoscalers of which kind, and how much of their history.
pub(super) fn seen(metrics: &Metrics, report: &AnalysisReport) {
    let none = AutoscalerKind::HorizontalPodAutoscaler;
    let mut kinds = BTreeMap::from([(none, 0)]);
    for item in &report.items {
        *kinds.entry(item.kind).or_insert(0) += 1;
    }
    for (kind, count) in kinds {
        metrics.watches(kind.as_str(), count);
    }
    metrics.coverage(coverage(report));
    let opinions = report.items.iter().filter_map(|it| it.opinion.as_ref());
    metrics.opinions(opinions.map(|it| it.verdict));
}

/// The share of the window's steps that have a sample, as a mean over autoscalers that are judged by
/// their history or would be, if there were more of it.
fn coverage(report: &AnalysisReport) -> Option<f64> {
    let is_wanted = |it: &Assessed| match it {
        Assessed::Recommended
        | Assessed::NoChange
        | Assessed::Withheld
        | Assessed::NotEnoughHistory => true,
        Assessed::Skipped | Assessed::Unreadable => false,
    };
    let items = report.items.iter().filter(|it| is_wanted(&it.outcome));
    let share = |days: f64, coverage: f64| days * coverage / report.window.days;
    let shares = items.map(|it| share(it.evidence.days, it.evidence.coverage).clamp(0.0, 1.0));
    let shares: Vec<f64> = shares.filter(|it| it.is_finite()).collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::output::report::made_up;
    use crate::signals::metrics::{Form, page};

    /// Values of a family that are not zero, without its name.
    fn counted(metrics: &Metrics, family: &str) -> Vec<String> {
        let page = page(metrics, Form::Text);
        let lines = page.lines().filter_map(|it| it.strip_prefix(family));
        let lines = lines.filter(|it| !it.ends_with(" 0"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn what_becomes_of_a_write_is_counted_once() {
        let metrics = Metrics::new();
        let end = |it| Writing::begin(&metrics, Action::Apply).end(&it);
        end(Ok(None));
        end(Ok(Some((Action::Adopt, Outcome::Succeeded))));
        end(Err(conduct::Error::NoTime.into()));
        drop(Writing::begin(&metrics, Action::Apply));
        let mut found = counted(&metrics, "stepscale_writes_total");
        found.sort();
        assert_eq!(
            found,
            [
                "{action=\"adopt\",outcome=\"succeeded\"} 1",
                "{action=\"apply\",outcome=\"abandoned\"} 1",
                "{action=\"apply\",outcome=\"failed\"} 1",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_leads_is_told_when_it_changes_and_not_at_the_next_tick() {
        let metrics = Metrics::new();
        let (state, election) = watch::channel(State::Following { holder: None });
        let telling = tokio::spawn(leads(election, metrics.clone()));
        let shown = async || {
            tokio::task::yield_now().await;
            let leads = page(&metrics, Form::Text).contains("\nstepscale_leader 1\n");
            let transitions = counted(&metrics, "stepscale_leader_transitions_total");
            (leads, transitions.len())
        };
        assert_eq!(shown().await, (false, 0));
        state.send_replace(State::made_up(Instant::now() + Duration::from_secs(9)));
        assert_eq!(shown().await, (true, 1));
        state.send_replace(State::Following { holder: None });
        assert_eq!(shown().await, (false, 2));
        state.send_replace(State::made_up(Instant::now() + Duration::from_secs(9)));
        assert_eq!(shown().await, (true, 2));
        drop(state);
        telling.await.unwrap();
        assert_eq!(shown().await, (false, 2));
    }

    #[test]
    fn what_follows_from_a_check_is_counted() {
        let metrics = Metrics::new();
        let why = String::new();
        count(&metrics, Deed::Checked(&step::Verdict::Error { why }));
        count(&metrics, Deed::Reverted(&Err(conduct::Error::NoTime)));
        count(&metrics, Deed::RevertGivenUp);
        let verdicts = counted(&metrics, "stepscale_verifications_total");
        assert_eq!(verdicts, ["{verdict=\"error\"} 1"]);
        let mut writes = counted(&metrics, "stepscale_writes_total");
        writes.sort();
        assert_eq!(
            writes,
            [
                "{action=\"revert\",outcome=\"abandoned\"} 1",
                "{action=\"revert\",outcome=\"failed\"} 1",
            ]
        );
    }

    #[test]
    fn a_server_that_cannot_be_asked_in_one_way_has_answered() {
        let url = String::new;
        let cases = [
            (
                prometheus::Error::NotSupported {
                    url: url(),
                    feature: "x",
                    message: url(),
                },
                None,
            ),
            (
                prometheus::Error::Timeout {
                    url: url(),
                    after: Duration::ZERO,
                },
                Some(QueryError::Timeout),
            ),
            (
                prometheus::Error::Unauthorized {
                    url: url(),
                    message: url(),
                },
                Some(QueryError::Forbidden),
            ),
        ];
        for (error, expected) in cases {
            let exchange = prometheus::Exchange {
                end: End::Failed(&error),
                took: Duration::ZERO,
                bytes: 7,
            };
            assert_eq!(query(&exchange).error, expected, "{error}");
        }
    }

    #[test]
    fn coverage_is_of_the_whole_window() {
        let mut report = made_up::report();
        report
            .items
            .retain(|it| it.outcome == Assessed::Recommended);
        report.items.truncate(1);
        report.window.days = 10.0;
        let evidence = &mut report.items[0].evidence;
        (evidence.days, evidence.coverage) = (5.0, 0.5);
        assert_eq!(coverage(&report), Some(0.25));
        // One that waits for more history is wanted, too; one that is skipped is not.
        let mut other = report.items[0].clone();
        (other.outcome, other.evidence.days) = (Assessed::NotEnoughHistory, 0.0);
        report.items.push(other.clone());
        assert_eq!(coverage(&report), Some(0.125));
        other.outcome = Assessed::Skipped;
        report.items.push(other);
        assert_eq!(coverage(&report), Some(0.125));
        report.items.clear();
        assert_eq!(coverage(&report), None);
    }
}
