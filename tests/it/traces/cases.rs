//! Which HPA serves which trace, and what is wrong with it.
//!
//! A group of traces is either among the tuned or among the faulty, so that nothing that is
//! learned from one side can help on the other.

use stepscale::autoscaler::target::TargetRef;
use stepscale::autoscaler::workload::{Container, PodLevel, Workload};
use stepscale::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind, Status};
use stepscale::units::Cores;

use super::fault::Fault::{HighMin, LongWindow, LowMax, LowTarget, SlowDown, SlowUp};
use super::fault::{Fault, cpu, roomy, snug};
use stepscale::schedule::Plan;

/// Millicores that each pod asks for.
pub(super) const REQUEST: i64 = 500;

/// Twice the request, the request and a fifth, none: in millicores.
const TWICE: Option<i64> = Some(1000);
const TIGHT: Option<i64> = Some(600);
const NONE: Option<i64> = None;

/// One HPA on one trace.
pub(super) struct Case {
    pub(super) trace: &'static str,
    /// Days at the end of the trace that are left out.
    pub(super) skip_days: i64,
    /// Pods that the peak needs, at the target.
    pub(super) pods: u32,
    /// Millicores that a pod may use.
    pub(super) limit: Option<i64>,
    /// Seconds until a pod serves.
    pub(super) startup: i64,
    /// Percent, before any fault.
    target: u32,
    pub(super) faults: &'static [Fault],
}

pub(super) const ALL: &[Case] = &[
    tuned("smd-3-3-passive-opens", 12, TWICE, 70),
    tuned("smd-1-7-active-opens", 20, TWICE, 65),
    tuned("smd-1-7-curr-estab", 30, NONE, 70),
    tuned("smd-3-3-active-opens", 16, TWICE, 70),
    tuned("smd-2-8-curr-estab", 24, TWICE, 75),
    tuned("smd-2-8-eth1-fo", 18, NONE, 65),
    tuned("mscloud-mongo-machine-01", 24, TWICE, 70),
    tuned("nab-nyc-taxi", 40, TWICE, 70),
    tuned("bitbrains-vm-997", 14, TWICE, 65),
    tuned("surf-jobs-in-flight-a", 20, TWICE, 70),
    faulty("smd-1-6-passive-opens", 20, TWICE, &[HighMin]),
    faulty("smd-2-1-active-opens", 12, TWICE, &[HighMin]),
    faulty("nasa-http-requests", 16, TWICE, &[HighMin]),
    faulty("asd-11-m10", 30, NONE, &[HighMin]),
    faulty("nycflights-jfk-waiting", 10, TWICE, &[HighMin]).skipping(7),
    faulty("mscloud-purchases-03", 24, TWICE, &[HighMin]),
    faulty("smd-2-1-cpu-r", 16, TWICE, &[LowTarget(25)]),
    faulty("smd-1-6-curr-estab", 24, TWICE, &[LowTarget(30)]).skipping(3),
    faulty("nab-rds-cpu-cc0c53", 12, TWICE, &[LowTarget(30)]),
    faulty("asd-9-m5", 16, NONE, &[LowTarget(25)]),
    faulty("bitbrains-vm-740", 10, TWICE, &[LowTarget(30)]),
    faulty("nycflights-jfk-departures", 12, TWICE, &[LowTarget(30)]),
    faulty("smd-1-6-cpu-r", 20, NONE, &[LowMax(0.5)]),
    faulty("bank-calls", 24, NONE, &[LowMax(0.4)]),
    faulty("nab-ec2-cpu-ac20cd", 16, TIGHT, &[LowMax(0.5)]),
    faulty("smd-2-1-eth1-fi", 20, TIGHT, &[LowMax(0.5)]),
    faulty("mscloud-purchases-04", 30, NONE, &[LowMax(0.5)]),
    faulty("asd-7-m7", 20, TWICE, &[LongWindow]),
    faulty("nab-elb-requests-8c0756", 16, TWICE, &[LongWindow]),
    faulty("nab-tweets-crm", 20, TWICE, &[LongWindow]),
    faulty("nab-tweets-goog", 24, TWICE, &[LongWindow]),
    faulty("bank-calls", 40, NONE, &[SlowUp]),
    faulty("nab-ec2-cpu-fe7f93", 24, NONE, &[SlowUp]).starting(60),
    faulty("nycflights-jfk-departures", 20, NONE, &[SlowUp]),
    faulty("asd-9-m5", 40, NONE, &[SlowUp]),
    faulty("nab-ec2-disk-write-c0d644", 16, NONE, &[SlowUp]).starting(20),
    faulty("asd-7-m7", 30, TWICE, &[SlowDown(1800)]),
    faulty("nab-elb-requests-8c0756", 24, TWICE, &[SlowDown(1800)]),
    faulty("nab-ec2-cpu-fe7f93", 30, TWICE, &[SlowDown(1800)]),
    faulty("nab-tweets-crm", 24, TWICE, &[SlowDown(600)]),
    faulty(
        "smd-1-6-passive-opens",
        16,
        TWICE,
        &[LowTarget(30), HighMin],
    ),
    faulty("nasa-http-requests", 20, TIGHT, &[LowMax(0.6), HighMin]).skipping(17),
    faulty(
        "smd-2-1-active-opens",
        24,
        TWICE,
        &[LowTarget(30), SlowDown(1800)],
    ),
    faulty("nab-tweets-goog", 30, TWICE, &[HighMin, LongWindow]),
];

const fn tuned(trace: &'static str, pods: u32, limit: Option<i64>, target: u32) -> Case {
    Case {
        trace,
        skip_days: 0,
        pods,
        limit,
        startup: 30,
        target,
        faults: &[],
    }
}

/// A tuned HPA of pods that start for as long, and may use what they ask for.
pub(super) const fn slow(trace: &'static str, pods: u32, startup: i64) -> Case {
    tuned(trace, pods, NONE, 70).starting(startup)
}

const fn faulty(
    trace: &'static str,
    pods: u32,
    limit: Option<i64>,
    faults: &'static [Fault],
) -> Case {
    Case {
        faults,
        ..tuned(trace, pods, limit, 70)
    }
}

impl Case {
    const fn skipping(self, skip_days: i64) -> Self {
        Self { skip_days, ..self }
    }

    const fn starting(self, startup: i64) -> Self {
        Self { startup, ..self }
    }

    /// The demand at the peak, in millicores.
    pub(super) fn peak(&self) -> f64 {
        f64::from(self.pods) * REQUEST as f64 * f64::from(self.target) / 100.0
    }

    /// A seed that other cases do not have.
    pub(super) fn seed(&self) -> u64 {
        // FNV-1a.
        let name = self.trace.bytes().chain(self.pods.to_le_bytes());
        name.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    }

    /// The HPA as a careful operator would set it for a load with these means of its steps.
    pub(super) fn tuned(&self, steps: &[f64]) -> Autoscaler {
        Autoscaler {
            uid: None,
            id: AutoscalerId {
                namespace: "traces".to_owned(),
                name: self.trace.to_owned(),
                kind: AutoscalerKind::HorizontalPodAutoscaler,
            },
            target: self.target_ref(),
            min: snug(steps, self.target),
            max: roomy(steps, self.target),
            metrics: vec![cpu(self.target)],
            behavior: None,
            status: Status::default(),
            owner: None,
            keda: None,
            jobs: None,
            schedule: Plan::default(),
            losses: None,
        }
    }

    /// The HPA with its faults.
    pub(super) fn today(&self, steps: &[f64]) -> Autoscaler {
        let mut hpa = self.tuned(steps);
        for fault in self.faults {
            fault.plant(&mut hpa, steps);
        }
        hpa
    }

    /// The faults as the table names them.
    pub(super) fn planted(&self) -> String {
        let named: Vec<String> = self.faults.iter().map(Fault::to_string).collect();
        if named.is_empty() {
            "none".to_owned()
        } else {
            named.join(", ")
        }
    }

    pub(super) fn workload(&self) -> Workload {
        let cores = |millicores: i64| Cores(millicores as f64 / 1000.0);
        let container = Container {
            name: "app".to_owned(),
            cpu_request: Some(cores(REQUEST)),
            cpu_limit: self.limit.map(cores),
            memory_request: Some(512e6),
            has_readiness_probe: true,
            ..Container::default()
        };
        Workload {
            target: self.target_ref(),
            replicas: None,
            containers: vec![container],
            init_containers: Vec::new(),
            pod_level: PodLevel::default(),
            pods: 2,
            ready_pods: 2,
            startup_seconds: vec![self.startup as f64],
            disruption_budget: None,
        }
    }

    fn target_ref(&self) -> TargetRef {
        TargetRef {
            namespace: "traces".to_owned(),
            name: self.trace.to_owned(),
            kind: "Deployment".to_owned(),
        }
    }
}
