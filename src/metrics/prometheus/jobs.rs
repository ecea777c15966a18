//! What kube-state-metrics records of the jobs of ScaledJobs: how many were there, how long one
//! worked, and how many failed.
//!
//! A job is known to be of a ScaledJob by `kube_job_owner`. Three expressions answer for all objects
//! of a shard. One that was finished counts until it is cleaned up, so that zero is told apart from
//! not known as long as the history limits keep one.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Way;
use super::bulk::{Fetch, Source};
use super::error::Error;
use super::labels::Labels;
use super::plan::Shard;
use super::remote_read::MatchKind;
use super::selector::Selector;
use super::shard::Session;
use super::sums::Absorb;
use crate::history::{History, Metric};
use crate::metrics::{Delivery, Wanted};
use crate::series::{Grid, Series};

const KIND: &str = "ScaledJob";

/// Over which time it is looked for whether any job is known at all; of a longer one there may be
/// hundreds of thousands.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// What is asked of each object's jobs, and what it becomes.
const PARTS: [(Part, Metric); 3] = [
    (Part::Running, Metric::ReadyReplicas),
    (Part::Duration, Metric::JobDuration),
    (Part::Failed, Metric::FailedJobs),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Running,
    Duration,
    Failed,
}

/// Adds to the histories of ScaledJobs what is recorded of their jobs.
///
/// # Errors
/// Where the server does not answer.
pub(super) async fn add(
    session: &Session,
    shard: &Shard,
    deliveries: &mut [Delivery],
) -> Result<(), Error> {
    let wanted: Vec<&Wanted> = of_jobs(shard).collect();
    if wanted.is_empty() || !are_recorded(session, &wanted).await? {
        return Ok(());
    }
    for (part, metric) in PARTS {
        let fetch = Fetch {
            source: Source::Expression {
                promql: part.expression(&wanted),
                scale: 1.0,
            },
            grid: session.grid,
        };
        let begin = || ByOwner::new(session.grid);
        let found = fetch.run(session, Way::PodRates, begin).await?;
        for it in &wanted {
            let key = (it.target.namespace.clone(), it.target.name.clone());
            let Some(series) = found.get(&key) else {
                continue;
            };
            for delivery in deliveries.iter_mut().filter(|to| to.subject == it.subject) {
                put(delivery, &metric, series);
            }
        }
    }
    Ok(())
}

fn put(delivery: &mut Delivery, metric: &Metric, series: &Series) {
    if let Ok(history) = &mut delivery.history {
        History::insert(history, metric.clone(), series.clone());
    }
}

/// Whether there was a job of theirs that somebody told of, lately: finished ones are told of as
/// long as they are kept.
async fn are_recorded(session: &Session, wanted: &[&Wanted]) -> Result<bool, Error> {
    let lately = session.grid.tail(LATELY, session.grid.step());
    let matchers = [owners(wanted).to_string()];
    let (start, end) = (lately.start(), lately.end());
    let client = &session.client;
    let found = client.series(&matchers, start, end, || false, |any, _| *any = true);
    found.await
}

/// Whether the target makes jobs.
pub(super) fn is_of_jobs(wanted: &Wanted) -> bool {
    wanted.target.kind == KIND
}

fn of_jobs(shard: &Shard) -> impl Iterator<Item = &Wanted> {
    shard.wanted.iter().filter(|it| is_of_jobs(it))
}

fn owners(wanted: &[&Wanted]) -> Selector {
    within(Selector::of("kube_job_owner"), wanted)
        .with("owner_kind", MatchKind::Equal, KIND)
        .one_of(
            "owner_name",
            wanted.iter().map(|it| it.target.name.as_str()),
        )
}

impl Part {
    /// The expression, by namespace and name of the ScaledJob.
    fn expression(self, wanted: &[&Wanted]) -> String {
        let gauge = |metric: &str| {
            let selector = within(Selector::of(metric), wanted);
            format!("max by (namespace,job_name) ({selector})")
        };
        let (sum, each) = match self {
            Self::Running => (
                "sum",
                format!("({} > bool 0)", gauge("kube_job_status_active")),
            ),
            // Most jobs that failed have no time of completion.
            Self::Duration => (
                "avg",
                format!(
                    "({} - {})",
                    gauge("kube_job_status_completion_time"),
                    gauge("kube_job_status_start_time")
                ),
            ),
            Self::Failed => (
                "sum",
                format!("({} > bool 0)", gauge("kube_job_status_failed")),
            ),
        };
        let owner = owners(wanted);
        format!(
            "{sum} by (namespace,owner_name) ({each} \
             * on (namespace,job_name) group_left(owner_name) \
             max by (namespace,job_name,owner_name) ({owner}))"
        )
    }
}

fn within(selector: Selector, wanted: &[&Wanted]) -> Selector {
    let mut namespaces: Vec<&str> = wanted
        .iter()
        .map(|it| it.target.namespace.as_str())
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    selector.one_of("namespace", namespaces)
}

/// One series for each namespace and name.
#[derive(Debug)]
struct ByOwner {
    grid: Grid,
    places: BTreeMap<(String, String), usize>,
    series: Vec<Series>,
}

impl ByOwner {
    fn new(grid: Grid) -> Self {
        Self {
            grid,
            places: BTreeMap::new(),
            series: vec![],
        }
    }

    fn get(&self, owner: &(String, String)) -> Option<&Series> {
        self.series.get(*self.places.get(owner)?)
    }

    fn place(&mut self, owner: (String, String)) -> usize {
        let next = self.series.len();
        let place = *self.places.entry(owner).or_insert(next);
        if place == next {
            self.series.push(Series::gaps(self.grid));
        }
        place
    }
}

impl Absorb for ByOwner {
    type Slot = usize;

    fn open(&mut self, labels: &Labels) -> Option<Self::Slot> {
        let namespace = labels.get("namespace")?.to_owned();
        let owner = labels.get("owner_name")?.to_owned();
        Some(self.place((namespace, owner)))
    }

    fn add(&mut self, slot: Self::Slot, index: usize, value: f64) {
        if let Some(series) = self.series.get_mut(slot) {
            series.set(index, value);
        }
    }

    fn merge(&mut self, other: Self) {
        for (owner, theirs) in other.places {
            let mine = self.place(owner);
            let both = self.series[mine].clone().plus(&other.series[theirs]);
            self.series[mine] = both;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::target::TargetRef;

    fn wanted(name: &str) -> Wanted {
        Wanted {
            subject: 0,
            target: TargetRef {
                namespace: "jobs".to_owned(),
                name: name.to_owned(),
                kind: KIND.to_owned(),
            },
            hpa: String::new(),
            containers: vec![],
            native_sidecars: vec![],
            init_containers: vec![],
            memory: false,
            cpu_limited: false,
            triggers: None,
        }
    }

    #[test]
    fn one_expression_is_for_all_of_a_shard() {
        let (mail, night) = (wanted("mail"), wanted("night"));
        let expression = Part::Running.expression(&[&mail, &night]);
        let expected = concat!(
            "sum by (namespace,owner_name) ",
            r#"((max by (namespace,job_name) ({__name__="kube_job_status_active",namespace="jobs"}) > bool 0) "#,
            "* on (namespace,job_name) group_left(owner_name) ",
            r#"max by (namespace,job_name,owner_name) ({__name__="kube_job_owner",namespace="jobs","#,
            r#"owner_kind="ScaledJob",owner_name=~"mail|night"}))"#,
        );
        assert_eq!(expression, expected);
        let expression = Part::Duration.expression(&[&mail]);
        assert!(expression.starts_with("avg by"), "{expression}");
        assert!(expression.contains("completion_time"), "{expression}");
    }

    #[test]
    fn series_are_told_apart_by_their_owner() {
        let grid = Grid::new(
            jiff::Timestamp::UNIX_EPOCH,
            crate::units::Step::FIVE_MINUTES,
            3,
        );
        let labels = |name: &str| {
            let pairs = [("namespace", "jobs"), ("owner_name", name)];
            let mut labels = Labels::default();
            pairs.iter().for_each(|it| labels.insert(it.0, it.1));
            labels
        };
        let mut found = ByOwner::new(grid);
        let mut other = ByOwner::new(grid);
        let slot = found.open(&labels("mail")).unwrap();
        found.add(slot, 0, 2.0);
        let slot = other.open(&labels("mail")).unwrap();
        other.add(slot, 2, 4.0);
        found.merge(other);
        assert_eq!(found.open(&Labels::default()), None);
        let key = ("jobs".to_owned(), "mail".to_owned());
        let values: Vec<Option<f64>> = found.get(&key).unwrap().iter().collect();
        assert_eq!(values, [Some(2.0), None, Some(4.0)]);
    }
}
