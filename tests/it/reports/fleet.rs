//! A report on as many autoscalers as wished for, each with two weeks to draw.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use stepscale::analysis::assessment::{
    Assessment, Evidence, Outcome, Point, Proof, Recommendation, Risk, RiskLevel,
};
use stepscale::analysis::portrait::{
    Band, Bands, Detail, Lane, Load, Mark, MarkKind, Portrait, Unit,
};
use stepscale::analysis::prices::PriceList;
use stepscale::analysis::settings::Settings;
use stepscale::autoscaler::target::TargetRef;
use stepscale::autoscaler::{AutoscalerId, AutoscalerKind};
use stepscale::fleet::Fleet;
use stepscale::metrics::Reading;
use stepscale::output::html::MOST_POINTS;
use stepscale::output::report::{AnalysisReport, Place, Run};
use stepscale::schedule::Plan;
use stepscale::series::Grid;
use stepscale::sim::score::{Limit, Shortfall, Totals};
use stepscale::units::{ReplicaHours, Replicas, Step};

const DAYS: usize = 14;
const A_DAY: usize = 288;
const END: &str = "2026-03-15T12:00:00Z";

pub(super) fn report(count: usize) -> AnalysisReport {
    let taken_at = END.parse().unwrap();
    AnalysisReport::new(Run {
        fleet: &Fleet::default(),
        assessments: (0..count).map(assessment).collect(),
        reading: Reading {
            source: "made up".to_owned(),
            ..Reading::default()
        },
        grid: Grid::ending_at(
            taken_at,
            jiff::SignedDuration::from_hours(24 * DAYS as i64),
            Step::FIVE_MINUTES,
        ),
        taken_at,
        prices: &PriceList::default(),
        place: Place::Cluster,
    })
}

fn assessment(index: usize) -> Assessment {
    let name = format!("service-{index:04}");
    let namespace = format!("team-{}", index % 12);
    Assessment {
        autoscaler: AutoscalerId {
            namespace: namespace.clone(),
            name: name.clone(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        },
        target: TargetRef {
            namespace,
            name,
            kind: "Deployment".to_owned(),
        },
        today: settings(6, 20),
        outcome: match index % 3 {
            0 => recommended(index),
            1 => Outcome::NoChange,
            _ => Outcome::Withheld {
                why: "demand was hidden in half of the samples".to_owned(),
            },
        },
        findings: Vec::new(),
        evidence: Evidence {
            days: DAYS as f64,
            coverage: 0.99,
            ..Evidence::default()
        },
        opinion: None,
        prospect: None,
        review: None,
        trend: None,
        portrait: Some(Box::new(portrait(index))),
    }
}

fn settings(min: u32, max: u32) -> Settings {
    Settings {
        min_replicas: Replicas(min),
        max_replicas: Replicas(max),
        target_cpu_pct: Some(70),
        scale_down_cooldown_s: 300,
        scale_up: None,
        scale_down: None,
        keda: None,
        scaling_strategy: None,
        polling_interval_s: None,
        schedule: Plan::default(),
    }
}

/// Some save more than others, so that there is something to sort by.
fn recommended(index: usize) -> Outcome {
    let (today, proposed) = (2_000.0, 1_000.0 + index as f64 / 2.0);
    let point = |hours: f64, minutes: f64, is_today, is_proposed| Point {
        settings: settings(if is_today { 6 } else { 2 }, 12),
        replica_hours: hours,
        shortfall: Shortfall {
            minutes,
            core_minutes: minutes,
        },
        is_today,
        is_proposed,
    };
    Outcome::Recommended(Box::new(Recommendation {
        proposed: settings(2, 12),
        proof: Proof {
            today: totals(today),
            proposed: totals(proposed),
            training_days: 10,
            held_back: None,
            saving_interval: None,
            frontier: vec![
                point(proposed * 0.8, 45.0, false, false),
                point(proposed, 0.0, false, true),
                point(today, 0.0, true, false),
            ],
            jobs: None,
        },
        risk: Risk {
            level: RiskLevel::Low,
            reasons: Vec::new(),
        },
        because: vec!["min 2: the nights need no more".to_owned()],
        usd_per_month: Some(index as f64),
    }))
}

fn totals(hours: f64) -> Totals {
    Totals {
        replica_hours: ReplicaHours::from_hours(hours),
        shortfall_minutes: 0.0,
        shortfall_core_minutes: 0.0,
        breach_minutes: 12.0,
        scale_events: 120,
        flaps: 3,
        max_pinned_minutes: 0.0,
        headroom_core_hours: 400.0,
        reserve_shortfall_minutes: 0.0,
        reserve_shortfall_core_minutes: 0.0,
        borrowed_minutes: 0.0,
        borrowed_core_minutes: 0.0,
        limited_minutes: BTreeMap::from([(Limit::Metrics, 20_160.0)]),
        known_minutes: 20_160.0,
        need: None,
    }
}

/// A wave of a day with noise, as restless as loads are.
fn portrait(index: usize) -> Portrait {
    let points = DAYS * A_DAY;
    let noise = |at: usize| ((at * 7_919 + index * 104_729) % 997) as f64 / 997.0;
    let load = |at: usize| {
        let day = (1.0 - (at as f64 / A_DAY as f64 * TAU).cos()) / 2.0;
        0.6 + 2.4 * day + 0.8 * noise(at)
    };
    let needed = |at: usize| (load(at) * 2.5).ceil();
    let lane = |of: &dyn Fn(usize) -> f64| Lane::of((0..points).map(|at| Some(of(at))));
    let end: jiff::Timestamp = END.parse().unwrap();
    let before = |points: usize| end - jiff::SignedDuration::from_secs(300 * points as i64);
    Portrait {
        start: before(points - 1),
        step_seconds: 300,
        points,
        loads: vec![Load {
            metric: "cpu".to_owned(),
            unit: Unit::Cores,
            is_scaled_by: true,
            per_replica: Some(0.4),
            lane: Lane::with_peaks((0..points).map(|at| Some((load(at), load(at) * 1.3)))),
        }],
        needed: Some(lane(&needed)),
        ready: Some(lane(&|at| needed(at).max(6.0))),
        desired: None,
        today: Some(lane(&|at| needed(at).max(6.0))),
        proposed: Some(lane(&needed)),
        bands: Bands {
            today: Band::from(&settings(6, 20)),
            proposed: Some(Band::from(&settings(2, 12))),
        },
        marks: vec![Mark {
            kind: MarkKind::Shortfall,
            from: before(400),
            to: before(380),
        }],
        figures: None,
        frontier: Vec::new(),
        fidelity: None,
    }
    .reduced(Detail::AtMost(MOST_POINTS))
}
