//! Everything that findings and recommendations are made from, in one place.

use jiff::Timestamp;

use super::AnalysisSettings;
use super::load::Load;
use super::needed::Demand;
use super::settings::Settings;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::fleet::Subject;
use crate::history::History;

/// One autoscaler with enough history to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub subject: &'a Subject,
    pub workload: &'a Workload,
    pub history: &'a History,
    pub load: &'a Load,
    pub demand: &'a Demand,
    pub today: &'a Settings,
    pub settings: &'a AnalysisSettings,
    pub now: Timestamp,
}

impl Case<'_> {
    pub fn autoscaler(&self) -> &Autoscaler {
        &self.subject.autoscaler
    }

    pub fn min(&self) -> f64 {
        f64::from(self.today.min_replicas.0)
    }

    pub fn max(&self) -> f64 {
        f64::from(self.today.max_replicas.0)
    }

    /// The CPU utilization target in percent.
    pub fn target(&self) -> Option<f64> {
        self.today.target_cpu_pct.map(f64::from)
    }

    /// The utilization in percent above which the controller adds replicas.
    pub fn breach(&self) -> Option<f64> {
        self.target()
            .map(|it| it * (1.0 + super::needed::TOLERANCE))
    }

    /// The fewest replicas that may be proposed: redundancy that is there today stays.
    pub fn fewest(&self) -> u32 {
        match self.today.min_replicas.0 {
            0 | 1 => 1,
            _ if self.settings.allow_single => 1,
            _ => 2,
        }
    }

    /// Days that the findings speak of, never zero.
    pub fn days(&self) -> f64 {
        (self.load.coverage.span.as_secs_f64() / 86_400.0).max(1.0 / 24.0)
    }

    /// Hours of `samples` samples.
    pub fn hours(&self, samples: usize) -> f64 {
        samples as f64 * self.load.step_seconds() / 3600.0
    }
}
