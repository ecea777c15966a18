//! What became of workloads whose autoscalers were changed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::live::Sources;
use super::looks::Known;
use super::ongoing::through;
use super::source::Source;
use super::{request, usage};
use crate::autoscaler::AutoscalerId;
use crate::cluster::{Cluster, NameArgument, Namespaces, Scope};
use crate::config::{Metrics, Window};
use crate::error::Error;
use crate::fleet::{Fleet, Subject};
use crate::history::History;
use crate::lifecycle::slo::{Reading, Slo, Whose};
use crate::metrics::Delivery;
use crate::output::progress::{Progress, Stage};
use crate::units::Step;

/// Days before a change that tell what is usual: one of every weekday, and a part of another one.
const DAYS_BEFORE: u32 = 8;

/// Whom to ask, and how.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Asking<'a> {
    pub(in crate::cli) cluster: &'a Cluster,
    pub(in crate::cli) metrics: &'a Metrics,
    pub(in crate::cli) step: Step,
    /// By the API server's clock.
    pub(in crate::cli) now: Timestamp,
    /// For whoever looks again and again.
    pub(in crate::cli) known: Option<&'a Known<'a>>,
}

/// Autoscalers of a namespace with what is known of them until now.
pub(in crate::cli) struct Observed {
    source: Source,
    fleet: Fleet,
    /// By the place in the fleet.
    histories: BTreeMap<usize, Result<History, String>>,
}

/// One of them.
pub(in crate::cli) struct Seen {
    pub(in crate::cli) subject: Subject,
    /// # Errors
    /// Why it could not be read.
    pub(in crate::cli) history: Result<History, String>,
}

/// Reads autoscalers of one namespace that are there, with their history from days before `since`.
/// Whoever looks again and again asks for no object, and for what is new of the history.
///
/// # Errors
/// Where one is gone, or nothing can be read.
pub(in crate::cli) async fn observe(
    asking: &Asking<'_>,
    namespace: &str,
    ids: &[&AutoscalerId],
    since: Timestamp,
    progress: &Progress,
) -> Result<Observed, Error> {
    let fleet = asking.fleet(namespace, ids, progress).await?;
    let source = match asking.known {
        Some(known) => known.ongoing.sought.apart(progress).await?,
        None => Source::of(asking.cluster, asking.metrics, progress).await?,
    };
    let days = days(asking.now, since);
    let mut histories = BTreeMap::new();
    let (sender, mut receiver) = mpsc::channel(1);
    let collecting = async {
        while let Some(Delivery { subject, history }) = receiver.recv().await {
            histories.insert(subject, history);
        }
    };
    let reading = asking.read(namespace, &fleet, &source, days, sender, progress);
    let (reading, ()) = tokio::join!(reading, collecting);
    reading?;
    Ok(Observed {
        source,
        fleet,
        histories,
    })
}

impl Asking<'_> {
    /// Autoscalers of a namespace: as they are followed, else as they are read.
    async fn fleet(
        &self,
        namespace: &str,
        ids: &[&AutoscalerId],
        progress: &Progress,
    ) -> Result<Fleet, Error> {
        if let Some(fleet) = self.known.and_then(|it| it.part(ids)) {
            return Ok(fleet);
        }
        let named = |id: &&AutoscalerId| NameArgument {
            kind: Some(id.kind),
            name: id.name.clone(),
        };
        let scope = Scope {
            namespaces: Namespaces::One(namespace.to_owned()),
            selector: None,
            names: ids.iter().map(named).collect(),
        };
        progress.at(&Stage::Inventory);
        Ok(self.cluster.inventory(&scope).await?)
    }

    /// Reads the last days, or what of them is not known.
    async fn read(
        &self,
        namespace: &str,
        fleet: &Fleet,
        source: &Source,
        days: u32,
        deliver: mpsc::Sender<Delivery>,
        progress: &Progress,
    ) -> Result<(), Error> {
        let step = self.step;
        let of_days = |days| request(fleet, Window { days, step }, self.now);
        if of_days(days).wanted.is_empty() {
            return Ok(());
        }
        match (self.known, source) {
            (Some(known), Source::Prometheus(prometheus)) => {
                let look = known.ongoing.looks.of(namespace);
                let mut look = look.lock().await;
                look.days = look.days.max(days);
                let request = of_days(look.days);
                through(&mut look.cache, prometheus, &request, deliver).await?;
            }
            // The analysis has just added its sample.
            (Some(_), Source::MetricsApi { .. }) => {
                usage::read(self.cluster, fleet, &of_days(days), None, deliver).await?;
            }
            (None, source) => {
                let sources = Sources {
                    cluster: self.cluster,
                    metrics: self.metrics,
                    of_samples: Some(self.now),
                };
                let request = of_days(days);
                let reading = sources.read_from(source, fleet, &request, deliver, progress);
                reading.await?;
            }
        }
        Ok(())
    }
}

/// Whole days from what is usual before `since` until `now`.
fn days(now: Timestamp, since: Timestamp) -> u32 {
    let passed = now.duration_since(since).max(SignedDuration::ZERO);
    let days = passed.as_secs() / 86_400 + 1;
    DAYS_BEFORE.saturating_add(u32::try_from(days).unwrap_or(u32::MAX))
}

impl Observed {
    /// Takes one out; `None` where it is not among them.
    pub(in crate::cli) fn take(&mut self, id: &AutoscalerId) -> Option<Seen> {
        let mut subjects = self.fleet.subjects.iter();
        let place = subjects.position(|it| it.autoscaler.id == *id)?;
        let unasked = || Err("nothing was asked for".to_owned());
        Some(Seen {
            subject: self.fleet.subjects[place].clone(),
            history: self.histories.remove(&place).unwrap_or_else(unasked),
        })
    }

    /// What the objectives say now, and what they said when the change came.
    pub(in crate::cli) async fn readings(
        &self,
        objectives: &[Slo],
        whose: &Whose<'_>,
        applied: Timestamp,
        now: Timestamp,
    ) -> Vec<Reading> {
        let mut readings = vec![];
        for slo in objectives {
            let query = slo.filled(whose);
            readings.push(Reading {
                value: self.value(&query, now).await,
                before: self.value(&query, applied).await.ok().flatten(),
                slo: slo.clone(),
            });
        }
        readings
    }

    async fn value(&self, query: &str, at: Timestamp) -> Result<Option<f64>, String> {
        match &self.source {
            Source::Prometheus(source) => {
                let value = source.value(query, at).await;
                value.map_err(|it| it.to_string())
            }
            Source::MetricsApi { why } => Err(match why {
                Some(why) => why.clone(),
                None => "there is no Prometheus to ask".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_before_a_change_is_always_among_it() {
        let since = Timestamp::from_second(1_767_225_600).unwrap();
        let after = |hours| since + SignedDuration::from_hours(hours);
        for (hours, expected) in [(-1, 9), (0, 9), (1, 9), (24, 10), (26, 10), (49, 11)] {
            assert_eq!(days(after(hours), since), expected, "{hours} h");
        }
    }
}
