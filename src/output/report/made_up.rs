//! A report with something of every kind, for the tests of the forms.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::analysis::Prices;
use crate::analysis::assessment::{
    Days, Evidence, HeldBack, Interval, Outcome, Point, Proof, Recommendation, Risk, RiskLevel,
};
use crate::analysis::fidelity::Fidelity;
use crate::analysis::findings::{Code, Fact, Finding};
use crate::analysis::portrait::{Band, Bands, Lane, Load, Portrait, Unit};
use crate::analysis::settings::Settings;
use crate::analysis::trend::{PARTS, Trend};
use crate::autoscaler::behavior::{DEFAULT_UP, Policies, Select};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind, Status};
use crate::fleet::{ClusterName, NoWorkload, Subject, Unread};
use crate::schedule::Plan;
use crate::sim::demand::Shape;
use crate::sim::score::{Limit, Shortfall, Totals};
use crate::units::{ReplicaHours, Replicas};

/// No prices: what money there is stands in the recommendations.
static FREE: PriceList = PriceList {
    everywhere: Prices {
        cpu_hour: None,
        gib_hour: None,
    },
    namespaces: BTreeMap::new(),
};

pub(crate) fn report() -> AnalysisReport {
    AnalysisReport::new(run(&fleet(), assessments()))
}

pub(crate) fn run(fleet: &Fleet, assessments: Vec<Assessment>) -> Run<'_> {
    let taken_at = "2026-03-15T12:00:00Z".parse().unwrap();
    let window = crate::config::Window::default();
    Run {
        fleet,
        assessments,
        reading: Reading {
            source: "Prometheus http://localhost:9090".to_owned(),
            way: "remote read (streamed chunks), pods assigned by kube_pod_owner".to_owned(),
            queries: 12,
            bytes: 3_456_789,
            samples: 80_000,
            warnings: vec!["2 series had samples out of order".to_owned()],
            beside: vec![],
        },
        grid: Grid::ending_at(taken_at, window.length(), window.step),
        taken_at,
        prices: &FREE,
        place: Place::Cluster,
    }
}

pub(crate) fn fleet() -> Fleet {
    let permission = Permission {
        verb: "list".to_owned(),
        resource: "horizontalpodautoscalers.autoscaling".to_owned(),
        namespace: Some("payments".to_owned()),
    };
    Fleet {
        cluster: ClusterName {
            name: "shop".to_owned(),
            version: Some("v1.33.2".to_owned()),
        },
        subjects: vec![cart()],
        unread: vec![Unread {
            what: "horizontalpodautoscalers in namespace payments".to_owned(),
            why: permission.to_string(),
            permission: Some(permission),
        }],
        ..Fleet::default()
    }
}

/// The one autoscaler whose status tells something.
fn cart() -> Subject {
    let assessed = assessed("cart", Outcome::NoChange, &[]);
    Subject {
        autoscaler: Autoscaler {
            uid: None,
            id: assessed.autoscaler,
            target: assessed.target,
            min: Replicas(6),
            max: Replicas(20),
            metrics: Vec::new(),
            behavior: None,
            status: Status {
                current: Some(Replicas(7)),
                ..Status::default()
            },
            owner: None,
            keda: None,
            jobs: None,
            schedule: Plan::default(),
            losses: None,
        },
        workload: Err(NoWorkload::Missing),
        rivals: Vec::new(),
        missing_authentications: Vec::new(),
    }
}

/// Days that rise over a week, twice, each with a night of half as much.
fn trend() -> Trend {
    let days = [2.0, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0];
    let mut parts = [None; PARTS];
    for (at, part) in parts.iter_mut().enumerate() {
        let day = days[at / 2 % days.len()];
        *part = Some(if at % 2 == 0 { day / 2.0 } else { day });
    }
    Trend::new(parts)
}

pub(crate) fn assessments() -> Vec<Assessment> {
    let codes = [
        (Code::IdleWindow, Severity::Warning),
        (Code::OverProvisioned, Severity::Warning),
        (Code::TwoAutoscalersOneTarget, Severity::Critical),
    ];
    let too_little = Outcome::NotEnoughHistory {
        have: Days(2.16),
        need: Days(7.0),
    };
    let mut all = vec![
        assessed("web", Outcome::NoChange, &[]),
        assessed("cart", smaller(), &codes[..2]),
        assessed("recommendations", larger(), &codes),
        assessed("import", too_little, &[]),
        assessed(
            "mail",
            Outcome::NoChange,
            &[(Code::MissingRequests, Severity::Critical)],
        ),
        assessed("orders", skipped("owned by ScaledObject/orders"), &[]),
        assessed(
            "reports",
            Outcome::Withheld {
                why: "a replay is 3.1 replicas off on the mean".to_owned(),
            },
            &[],
        ),
        assessed(
            "search",
            unreadable("may not get rollouts.argoproj.io/scale in namespace shop"),
            &[],
        ),
    ];
    all[1].today = settings(6, 20, 50);
    all[2].today = settings(2, 8, 80);
    all[1].target.name = "cart-v2-with-a-rather-long-name".to_owned();
    all[5].autoscaler.namespace = "fulfilment".to_owned();
    all[7].target.kind = "Rollout".to_owned();
    all
}

fn assessed(name: &str, outcome: Outcome, findings: &[(Code, Severity)]) -> Assessment {
    Assessment {
        autoscaler: AutoscalerId {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        },
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: "Deployment".to_owned(),
        },
        today: settings(2, 10, 80),
        outcome,
        findings: findings.iter().copied().map(finding).collect(),
        evidence: Evidence {
            days: 14.0,
            coverage: 0.987_654_321,
            censored: 0.0,
            missing: vec!["cpu_limit_cores: saturation cannot be seen".to_owned()],
            fidelity: Some(Fidelity {
                shape: Shape::Burst,
                mean_absolute_error: 0.123_456,
                within_one: 0.987_654_321,
                mean_replicas: 5.432_109_8,
                samples: 4032,
            }),
        },
        prospect: None,
        review: None,
        portrait: None,
        opinion: None,
        trend: (name == "cart").then(trend),
    }
}

/// Waves of a day over `points` steps of five minutes.
pub(crate) fn portrait(points: usize) -> Portrait {
    let day = |at: usize| (1.0 - (at as f64 / 288.0 * std::f64::consts::TAU).cos()) / 2.0;
    let lane = |of: &dyn Fn(usize) -> f64| Lane::of((0..points).map(|at| Some(of(at))));
    let needed = |at: usize| (2.0 + 6.0 * day(at)).ceil();
    let band = |min: u32, max: u32| Band {
        min: Replicas(min),
        max: Replicas(max),
    };
    Portrait {
        start: "2026-03-01T12:05:00Z".parse().unwrap(),
        step_seconds: 300,
        points,
        loads: vec![Load {
            metric: "cpu".to_owned(),
            unit: Unit::Cores,
            is_scaled_by: true,
            per_replica: Some(0.4),
            lane: Lane::with_peaks((0..points).map(|at| {
                let mean = 0.6 + 2.4 * day(at) + 0.05 * ((at * 7919) % 13) as f64;
                Some((mean, mean * 1.2))
            })),
        }],
        needed: Some(lane(&needed)),
        ready: Some(lane(&|at| needed(at).max(6.0))),
        desired: None,
        today: Some(lane(&|at| needed(at).max(6.0))),
        proposed: Some(lane(&needed)),
        bands: Bands {
            today: band(6, 20),
            proposed: Some(band(2, 12)),
        },
        marks: Vec::new(),
        figures: None,
        frontier: Vec::new(),
        fidelity: None,
    }
}

fn settings(min: u32, max: u32, target: u32) -> Settings {
    Settings {
        min_replicas: Replicas(min),
        max_replicas: Replicas(max),
        target_cpu_pct: Some(target),
        scale_down_cooldown_s: 300,
        scale_up: None,
        scale_down: None,
        keda: None,
        scaling_strategy: None,
        polling_interval_s: None,
        schedule: Plan::default(),
    }
}

/// Fourteen days at `replicas`.
fn totals(replicas: u32, shortfall: Shortfall) -> Totals {
    let minutes = 14.0 * 24.0 * 60.0;
    Totals {
        replica_hours: hours_of_14_days(replicas),
        shortfall_minutes: shortfall.minutes,
        shortfall_core_minutes: shortfall.core_minutes,
        breach_minutes: 0.0,
        scale_events: 28,
        flaps: 2,
        max_pinned_minutes: shortfall.minutes,
        headroom_core_hours: 33.333_333,
        reserve_shortfall_minutes: shortfall.minutes,
        reserve_shortfall_core_minutes: shortfall.core_minutes,
        borrowed_minutes: 12.25,
        borrowed_core_minutes: 3.333_333,
        limited_minutes: BTreeMap::from([(Limit::Metrics, minutes)]),
        known_minutes: minutes,
        need: None,
    }
}

fn proof(today: (u32, Shortfall), (settings, after): (&Settings, (u32, Shortfall))) -> Proof {
    let (before, proposed) = (totals(today.0, today.1), totals(after.0, after.1));
    Proof {
        jobs: None,
        held_back: Some(HeldBack {
            days: 4,
            today: before.clone(),
            proposed: proposed.clone(),
        }),
        training_days: 10,
        saving_interval: Some(Interval {
            low: 0.251_234,
            high: 0.412_345,
            confidence: 0.9,
        }),
        frontier: vec![Point {
            settings: settings.clone(),
            replica_hours: proposed.replica_hours.hours(),
            shortfall: after.1,
            is_today: false,
            is_proposed: true,
        }],
        today: before,
        proposed,
    }
}

fn hours_of_14_days(replicas: u32) -> ReplicaHours {
    ReplicaHours::of(Replicas(replicas), Duration::from_secs(14 * 86_400))
}

fn smaller() -> Outcome {
    let none = Shortfall::default();
    let proposed = settings(2, 12, 70);
    Outcome::Recommended(Box::new(Recommendation {
        proof: proof((6, none), (&proposed, (4, none))),
        proposed,
        risk: Risk {
            level: RiskLevel::Low,
            reasons: Vec::new(),
        },
        because: vec!["min 2: the night of 14 days needs no more".to_owned()],
        usd_per_month: Some(58.4),
    }))
}

fn larger() -> Outcome {
    let before = Shortfall {
        minutes: 135.0,
        core_minutes: 88.123_456,
    };
    let after = Shortfall {
        minutes: 5.0,
        core_minutes: 0.5,
    };
    let proposed = Settings {
        scale_down_cooldown_s: 600,
        scale_up: Some(Policies {
            select: Select::Max,
            policies: DEFAULT_UP.to_vec(),
        }),
        ..settings(2, 14, 65)
    };
    Outcome::Recommended(Box::new(Recommendation {
        proof: proof((7, before), (&proposed, (8, after))),
        proposed,
        risk: Risk {
            level: RiskLevel::Medium,
            reasons: vec!["demand was hidden in 12% of the samples".to_owned()],
        },
        because: vec!["max 14: the highest load of 14 days needs 12".to_owned()],
        usd_per_month: None,
    }))
}

fn skipped(why: &str) -> Outcome {
    Outcome::Skipped {
        why: why.to_owned(),
    }
}

fn unreadable(why: &str) -> Outcome {
    Outcome::Unreadable {
        why: why.to_owned(),
    }
}

fn finding((code, severity): (Code, Severity)) -> Finding {
    Finding {
        code,
        severity,
        message: format!("what {code} means, in one line"),
        evidence: BTreeMap::from([("p95UtilizationPct", Fact::Number(31.5))]),
        fix: Some("lower minReplicas to 2".to_owned()),
    }
}
