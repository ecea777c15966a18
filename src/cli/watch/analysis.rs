//! The look at the fleet that each tick begins with.

use tokio::time::{Instant, timeout};

use super::counting;
use super::tick::Watch;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::prometheus;
use crate::signals::metrics;
use crate::store;

impl Watch<'_> {
    /// Looks at the fleet; `None` where that failed. Of several instances one pays for second opinions,
    /// the one that `leads`.
    pub(super) async fn analyze(&mut self, leads: bool) -> Option<Fleet> {
        let began = Instant::now();
        let (progress, now) = (self.cx.progress(), self.cx.now());
        let assessing = self.ongoing.assess(&self.config.analysis, progress, now);
        let mut gathered = match timeout(self.config.analysis_budget, assessing).await {
            Ok(Ok(gathered)) => gathered,
            Ok(Err(error)) => {
                tracing::warn!(error = error.render().trim_end(), "{}", why_not(&error));
                self.metrics
                    .pass_failed(metrics::Pass::Analysis, began.elapsed());
                self.not_analyzed(Some(&error)).await;
                return None;
            }
            Err(_) => {
                tracing::warn!(
                    seconds = self.config.analysis_budget.as_secs(),
                    "analysis exceeded its time budget"
                );
                self.metrics
                    .overran(metrics::Pass::Analysis, began.elapsed());
                self.not_analyzed(None).await;
                return None;
            }
        };
        self.health.progressed();
        if let Some(llm) = self.config.analysis.llm.as_ref().filter(|_| leads) {
            let asked = (&mut *gathered.assessments, progress, now);
            let warnings = self.opinions.ask(llm, asked).await;
            gathered.reading.beside.extend(warnings);
        }
        let reading = &gathered.reading;
        let (queries, bytes) = (reading.queries, reading.bytes);
        self.metrics.read_samples(reading.samples);
        let held = self.ongoing.held();
        self.metrics.cache(held.bytes, held.targets);
        self.tell_warming(&gathered.assessments, gathered.taken_at);
        let report = gathered.report();
        let stale = self.ongoing.staleness();
        let warnings = &report.source.warnings;
        self.troubles.tell(&gathered.fleet, warnings, stale);
        let failed = report.unread.len() as u64;
        tracing::debug!(
            autoscalers = report.items.len(),
            queries,
            bytes,
            seconds = began.elapsed().as_secs_f64(),
            "analyzed"
        );
        self.metrics
            .passed(metrics::Pass::Analysis, began.elapsed());
        self.metrics.analyzed(gathered.taken_at, failed);
        counting::seen(self.metrics, &report);
        self.health.api(Ok(()));
        self.health.analyzed();
        self.select(&gathered.fleet);
        self.report = Some(report);
        Some(gathered.fleet)
    }

    /// Takes from the fleet what is to be known of it without an analysis: what is in force is
    /// verified all the same, and what is missing may be why it failed.
    async fn not_analyzed(&mut self, error: Option<&Error>) {
        self.report = None;
        let stale = self.ongoing.staleness();
        match error.and_then(unanswered) {
            Some(why) => self.health.api(Err(why)),
            // Its watches go on.
            None if self.ongoing.is_ready() && stale.is_empty() => self.health.api(Ok(())),
            None => {}
        }
        if let Ok(fleet) = self.ongoing.fleet().await {
            self.select(&fleet);
            self.troubles.tell(&fleet, &[], stale);
        }
    }
}

/// What is said of an analysis that failed, in words that people look for.
fn why_not(error: &Error) -> &'static str {
    match error {
        Error::Prometheus(prometheus::Error::NoSamples { .. }) => {
            "prometheus returned no points; check CPU requests/limits or PromQL templates"
        }
        _ => "analysis failed",
    }
}

/// Why the Kubernetes API does not answer as it should, where an error says that of it: Prometheus,
/// files and the rest say nothing of it.
pub(super) fn unanswered(error: &Error) -> Option<String> {
    let is_of_api = matches!(
        error,
        Error::Cluster(_) | Error::Store(store::Error::Cluster(_))
    );
    is_of_api.then(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster;

    #[test]
    fn only_what_the_cluster_says_is_said_of_its_api() {
        let of_cluster = || cluster::Error::Api {
            operation: "list pods".to_owned(),
            code: 500,
            reason: "InternalError".to_owned(),
            message: "no".to_owned(),
        };
        let of_prometheus = prometheus::Error::NoSamples {
            url: "http://prometheus".to_owned(),
            metric: "cpu",
            targets: 1,
        };
        let of_files = store::Error::NoHome;
        let cases = [
            (Error::from(of_cluster()), true),
            (Error::from(store::Error::Cluster(of_cluster())), true),
            (Error::from(of_prometheus), false),
            (Error::from(of_files), false),
        ];
        for (error, is_said) in cases {
            assert_eq!(unanswered(&error).is_some(), is_said, "{error}");
        }
    }
}
