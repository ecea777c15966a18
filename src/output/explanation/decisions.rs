//! Decisions of a part of the past: what was asked for, what held it, and what other settings
//! would have made of it.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::fold::{self, Fold, Told};
use super::past::{self, Event, Other, Past, Table, agreement, begin, by_samples, clock, fit};
use super::text::length;
use super::{Explanation, Sheet};
use crate::analysis::hindsight::alternatives::Outcome;
use crate::analysis::hindsight::passage::{Held, Passage};
use crate::analysis::hindsight::{Hindsight, Span};
use crate::output::layout::{Cell, Column, Row, Shrink};
use crate::output::replay::figures::amount;
use crate::output::replay::words::change;
use crate::output::table::column;

/// Decisions, and what the cluster itself tells of them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decisions {
    #[serde(flatten)]
    pub hindsight: Hindsight,
    /// What the controller told at the time, in order of time.
    pub events: Vec<Event>,
    /// Why no events were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_events: Option<String>,
}

const COLUMNS: [Column; 7] = [
    column(" UTC", Shrink::Never),
    column("FOR", Shrink::Never),
    column("PODS", Shrink::Never),
    column("CPU", Shrink::Never),
    column("ASKED", Shrink::Never),
    column("DECIDED", Shrink::Never),
    column(
        "HELD BY",
        Shrink::Text {
            comfortable: 24,
            least: 14,
        },
    ),
];

const ALTERNATIVES: [Column; 5] = [
    column(
        "SETTING",
        Shrink::Text {
            comfortable: 30,
            least: 16,
        },
    ),
    column("THEN", Shrink::Never),
    column("RANGE", Shrink::Never),
    column("REPLICA-HOURS", Shrink::Never),
    column("MIN SHORT", Shrink::Never),
];

pub(super) fn write(
    out: &mut dyn Write,
    it: &Explanation,
    decisions: &Decisions,
    sheet: Sheet,
) -> io::Result<()> {
    let hindsight = &decisions.hindsight;
    let Told { rows, folded } = rows(hindsight);
    let told = Past {
        title: "DECISIONS",
        span: hindsight.span,
        happened: Table {
            columns: &COLUMNS,
            rows,
        },
        aside: folded,
        things: "replicas",
        alternatives: Table {
            columns: &ALTERNATIVES,
            rows: alternatives(hindsight),
        },
        events: &decisions.events,
        no_events: decisions.no_events.as_deref(),
        certainty: certainty(hindsight),
    };
    told.write(out, it, sheet)
}

/// Passages that differ only in what was asked for in vain are one decision.
type Run<'a> = &'a [Passage];

fn rows(hindsight: &Hindsight) -> Told {
    let is_same = |a: &Passage, b: &Passage| {
        let stays = a.decided == a.replicas && b.decided == b.replicas;
        stays && (a.replicas, a.held, &a.metric) == (b.replicas, b.held, &b.metric)
    };
    let runs: Vec<Run<'_>> = hindsight.passages.chunk_by(is_same).collect();
    let fold: Fold<Run<'_>> = Fold {
        noun: "decisions",
        begins: |it| it[0].from,
        row: |it, span| row(it, span),
        piece: piece_row,
    };
    fold.rows(&runs, hindsight.span)
}

/// All decisions of some hours.
fn piece_row(runs: &[Run<'_>], span: Span) -> Row {
    let all: Vec<&Passage> = runs.iter().copied().flatten().collect();
    let (from, to) = (all[0].from, all[all.len() - 1].to);
    let pods = all.iter().map(|it| f64::from(it.replicas.0));
    let asked = all.iter().filter_map(|it| it.wanted);
    let cpu = all.iter().filter_map(|it| it.cpu_percent);
    let ups = all.iter().filter(|it| it.decided > it.replicas).count();
    let downs = all.iter().filter(|it| it.decided < it.replicas).count();
    let decided = match (ups, downs) {
        (0, 0) => "stay".to_owned(),
        (ups, 0) => format!("{ups} up"),
        (0, downs) => format!("{downs} down"),
        (ups, downs) => format!("{ups} up, {downs} down"),
    };
    let times = all
        .iter()
        .map(|it| (held(it), it.to.duration_since(it.from)));
    let longest = fold::longest(times);
    Row {
        cells: vec![
            Cell::plain(format!(" {}", clock(from, span))),
            Cell::plain(length(to.duration_since(from))),
            Cell::plain(range(pods, "")),
            Cell::plain(range(cpu, "%")),
            Cell::plain(range(asked.map(|it| f64::from(it.0)), "")),
            Cell::plain(decided),
            Cell::plain(format!("{} decisions; longest {longest}", runs.len())),
        ],
        ..Row::default()
    }
}

fn row(run: &[Passage], span: Span) -> Row {
    let (passage, last) = (&run[0], &run[run.len() - 1]);
    let (begin, style) = begin(passage.from, last.to, span);
    let starting = run.iter().map(|it| it.starting).max();
    let pods = match starting.filter(|it| it.0 > 0) {
        None => passage.replicas.to_string(),
        Some(starting) => format!("{} ({starting} starting)", passage.replicas),
    };
    let asked = run.iter().filter_map(|it| it.wanted);
    let cpu = run.iter().filter_map(|it| it.cpu_percent);
    let decided = match passage.decided == passage.replicas {
        true => "stay".to_owned(),
        false => format!("{}→{}", passage.replicas, passage.decided),
    };
    Row {
        cells: vec![
            begin,
            Cell::plain(length(last.to.duration_since(passage.from))),
            Cell::plain(pods),
            Cell::plain(range(cpu, "%")),
            Cell::plain(range(asked.map(|it| f64::from(it.0)), "")),
            Cell::styled(decided, style),
            Cell::plain(held(passage)),
        ],
        ..Row::default()
    }
}

/// `61%`, `61-97%`; `-` without any.
fn range(values: impl Iterator<Item = f64>, unit: &str) -> String {
    let bounds = values.fold(None, |bounds: Option<(f64, f64)>, it| {
        let (low, high) = bounds.unwrap_or((it, it));
        Some((low.min(it), high.max(it)))
    });
    match bounds {
        None => "-".to_owned(),
        Some((low, high)) if low.round() == high.round() => format!("{low:.0}{unit}"),
        Some((low, high)) => format!("{low:.0}-{high:.0}{unit}"),
    }
}

fn held(passage: &Passage) -> String {
    let metric = passage.metric.as_deref();
    let what = match passage.held {
        Held::Metrics => {
            return metric.map_or_else(|| "-".to_owned(), |it| format!("nothing; {it} decides"));
        }
        Held::Enough => return "nothing: as many as are asked for".to_owned(),
        Held::Tolerance => "the tolerance",
        Held::Window => "the stabilization window",
        Held::Policy => "a scaling policy",
        Held::Min => "the minimum",
        Held::Max => "the maximum",
        Held::Loop => "KEDA's scale loop",
        Held::NoMetrics => "a gap in the metrics",
    };
    match metric {
        Some(metric) => format!("{what}; {metric} asks for most"),
        None => what.to_owned(),
    }
}

fn alternatives(hindsight: &Hindsight) -> Vec<Row> {
    let others = hindsight.alternatives.iter().map(|it| {
        let changes: Vec<String> = it.changes.iter().map(change).collect();
        Other {
            changes: changes.join(", "),
            is_proposed: it.is_proposed,
            outcome: &it.outcome,
        }
    });
    past::alternatives(&hindsight.today, others, |it: &Outcome| {
        vec![
            Cell::plain(it.replicas.to_string()),
            Cell::plain(format!("{} to {}", it.least, it.most)),
            Cell::plain(amount(it.replica_hours)),
            Cell::plain(amount(it.shortfall_minutes)),
        ]
    })
}

/// How far all this may be trusted.
fn certainty(hindsight: &Hindsight) -> Vec<String> {
    let mut told = vec![by_samples(hindsight.step_seconds)];
    told.push(match hindsight.agreement {
        Some(it) => agreement(it, "replica"),
        None => "how many replicas there were was not observed then".to_owned(),
    });
    told.extend(hindsight.fidelity.map(|it| fit(it, "replica")));
    if hindsight.known < 1.0 {
        let percent = ((1.0 - hindsight.known) * 100.0).ceil();
        told.push(format!("{percent:.0}% of that time is not known"));
    }
    if !hindsight.left_out.is_empty() {
        let left_out = hindsight.left_out.join(", ");
        told.push(format!(
            "nothing is known of {left_out}, which may have decided"
        ));
    }
    told
}
