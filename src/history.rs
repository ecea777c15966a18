//! What the metrics source knows of one scale target.
//!
//! Every part is optional: what is missing is reported as missing and never filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::series::{Grid, Series};

/// The history of one scale target. Series may stand on grids of different steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    series: BTreeMap<Metric, Series>,
    /// Why there is nothing of what was asked for, as far as that was told.
    missing: BTreeMap<Metric, String>,
}

impl History {
    pub fn insert(&mut self, metric: Metric, series: Series) {
        self.missing.remove(&metric);
        self.series.insert(metric, series);
    }

    pub fn get(&self, metric: &Metric) -> Option<&Series> {
        self.series.get(metric)
    }

    /// Every series, sorted by metric.
    pub fn iter(&self) -> impl Iterator<Item = (&Metric, &Series)> {
        self.series.iter()
    }

    /// Tells why nothing is known of `metric`.
    pub fn lack(&mut self, metric: Metric, why: String) {
        self.missing.insert(metric, why);
    }

    /// Why nothing is known of `metric`; `None` where it is known, or nobody said why it is not.
    pub fn why_missing(&self, metric: &Metric) -> Option<&str> {
        self.missing.get(metric).map(String::as_str)
    }

    /// All of which is said why it is not known, sorted by metric.
    pub fn missing(&self) -> impl Iterator<Item = (&Metric, &str)> {
        self.missing
            .iter()
            .map(|(metric, why)| (metric, why.as_str()))
    }

    /// The series of the metrics that `keep` holds for.
    pub fn only(mut self, keep: impl Fn(&Metric) -> bool) -> Self {
        self.series.retain(|metric, _| keep(metric));
        self.missing.retain(|metric, _| keep(metric));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// How many values are known, those of all series together.
    pub fn samples(&self) -> u64 {
        let known = |series: &Series| series.known().count() as u64;
        self.series.values().map(known).sum()
    }

    /// CPU usage of all pods, every container that runs as long as its pod.
    pub fn cpu(&self) -> Option<&Series> {
        self.get(&Metric::CpuUsage)
    }

    /// The grid of the CPU usage, on which the load is derived.
    pub fn grid(&self) -> Option<Grid> {
        self.cpu().map(Series::grid)
    }
}

/// What a series measures, and in which unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Cores used by all pods of the target together.
    CpuUsage,
    /// Cores used by one container of every pod, for pods of more than one.
    ContainerCpuUsage(String),
    /// Bytes of all pods together.
    MemoryWorkingSet,
    ReadyReplicas,
    DesiredReplicas,
    /// Cores that one pod requests.
    CpuRequest,
    /// Cores that one pod may use.
    CpuLimit,
    /// How far the highest minute of a step exceeds its mean: 1 is flat.
    CpuBurst,
    /// The share of scheduler periods in which pods were held back, 0 to 1.
    CpuThrottled,
    /// Seconds from a pod's creation until it is Ready.
    Startup,
    RequestsPerSecond,
    /// Seconds from the start of a job until it was complete, on the mean over those that are kept.
    JobDuration,
    /// How many of the jobs that are kept have a pod that failed.
    FailedJobs,
    /// The value of the autoscaler's trigger with this index.
    Trigger(u32),
}

impl fmt::Display for Metric {
    /// The name in a snapshot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CpuUsage => "cpu_usage_cores",
            Self::ContainerCpuUsage(container) => return write!(f, "cpu_usage_cores/{container}"),
            Self::MemoryWorkingSet => "memory_working_set_bytes",
            Self::ReadyReplicas => "ready_replicas",
            Self::DesiredReplicas => "desired_replicas",
            Self::CpuRequest => "cpu_request_cores",
            Self::CpuLimit => "cpu_limit_cores",
            Self::CpuBurst => "cpu_burst_ratio",
            Self::CpuThrottled => "cpu_throttled_ratio",
            Self::Startup => "startup_seconds",
            Self::RequestsPerSecond => "requests_per_second",
            Self::JobDuration => "job_duration_seconds",
            Self::FailedJobs => "failed_jobs",
            Self::Trigger(index) => return write!(f, "trigger/{index}"),
        })
    }
}

impl FromStr for Metric {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "cpu_usage_cores" => Self::CpuUsage,
            "memory_working_set_bytes" => Self::MemoryWorkingSet,
            "ready_replicas" => Self::ReadyReplicas,
            "desired_replicas" => Self::DesiredReplicas,
            "cpu_request_cores" => Self::CpuRequest,
            "cpu_limit_cores" => Self::CpuLimit,
            "cpu_burst_ratio" => Self::CpuBurst,
            "cpu_throttled_ratio" => Self::CpuThrottled,
            "startup_seconds" => Self::Startup,
            "requests_per_second" => Self::RequestsPerSecond,
            "job_duration_seconds" => Self::JobDuration,
            "failed_jobs" => Self::FailedJobs,
            _ => match name.split_once('/') {
                Some(("cpu_usage_cores", container)) if !container.is_empty() => {
                    Self::ContainerCpuUsage(container.to_owned())
                }
                Some(("trigger", index)) => Self::Trigger(index.parse().map_err(|_| ())?),
                _ => return Err(()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_missing() {
        let mut history = History::default();
        history.lack(Metric::Trigger(0), "not scraped".to_owned());
        history.lack(Metric::Trigger(1), "too slow".to_owned());
        assert_eq!(
            history.why_missing(&Metric::Trigger(0)),
            Some("not scraped")
        );
        let grid = Grid::new(jiff::Timestamp::UNIX_EPOCH, crate::units::Step::ONE_HOUR, 1);
        history.insert(Metric::Trigger(0), Series::constant(grid, 1.0));
        let left: Vec<_> = history.missing().collect();
        assert_eq!(left, [(&Metric::Trigger(1), "too slow")]);
        let none = history.only(|it| *it == Metric::Trigger(0));
        assert_eq!(none.missing().count(), 0);
    }

    #[test]
    fn every_metric_reads_back_from_its_name() {
        let all = [
            Metric::CpuUsage,
            Metric::ContainerCpuUsage("istio-proxy".to_owned()),
            Metric::MemoryWorkingSet,
            Metric::ReadyReplicas,
            Metric::DesiredReplicas,
            Metric::CpuRequest,
            Metric::CpuLimit,
            Metric::CpuBurst,
            Metric::CpuThrottled,
            Metric::Startup,
            Metric::RequestsPerSecond,
            Metric::JobDuration,
            Metric::FailedJobs,
            Metric::Trigger(3),
        ];
        for metric in all {
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
        for unknown in ["", "cpu", "trigger/x", "cpu_usage_cores/"] {
            assert_eq!(unknown.parse::<Metric>(), Err(()), "{unknown}");
        }
    }
}
