//! Polls of a part of the past of a ScaledJob: what each found and made, what held it, and what other
//! settings would have made of them.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::fold::{self, Fold, Told};
use super::past::{self, Event, Other, Past, Table, agreement, begin, by_samples, fit};
use super::text::length;
use super::{Explanation, Sheet};
use crate::analysis::hindsight::Span;
use crate::analysis::jobs::polls::passage::{Extent, Held, Passage};
use crate::analysis::jobs::polls::{JobsAs, Outcome, Polls};
use crate::lifecycle::diff::one_line;
use crate::output::layout::{Cell, Column, Row, Shrink};
use crate::output::replay::figures::amount;
use crate::output::table::column;

/// Polls, and what the cluster itself tells of them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Polled {
    #[serde(flatten)]
    pub polls: Polls,
    /// What KEDA told at the time, in order of time.
    pub events: Vec<Event>,
    /// Why no events were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_events: Option<String>,
}

const COLUMNS: [Column; 8] = [
    column(" UTC", Shrink::Never),
    column("FOR", Shrink::Never),
    column("POLLS", Shrink::Never),
    column("ITEMS", Shrink::Never),
    column("ASKED", Shrink::Never),
    column("JOBS", Shrink::Never),
    column("MADE", Shrink::Never),
    column(
        "HELD BY",
        Shrink::Text {
            comfortable: 24,
            least: 14,
        },
    ),
];

const ALTERNATIVES: [Column; 6] = [
    column(
        "SETTING",
        Shrink::Text {
            comfortable: 30,
            least: 16,
        },
    ),
    column("THEN", Shrink::Never),
    column("RANGE", Shrink::Never),
    column("MADE", Shrink::Never),
    column("JOB-HOURS", Shrink::Never),
    column("WAIT P95", Shrink::Never),
];

pub(super) fn write(
    out: &mut dyn Write,
    it: &Explanation,
    polled: &Polled,
    sheet: Sheet,
) -> io::Result<()> {
    let polls = &polled.polls;
    let span = polls.span;
    let Told { rows, folded } = PASSAGES.rows(&polls.passages, span);
    let told = Past {
        title: "POLLS",
        span,
        happened: Table {
            columns: &COLUMNS,
            rows,
        },
        aside: folded,
        things: "jobs",
        alternatives: Table {
            columns: &ALTERNATIVES,
            rows: alternatives(polls),
        },
        events: &polled.events,
        no_events: polled.no_events.as_deref(),
        certainty: certainty(polls),
    };
    told.write(out, it, sheet)
}

const PASSAGES: Fold<Passage> = Fold {
    noun: "passages of polls",
    begins: |it| it.from,
    row: |it, span| row(it, span, held(it).to_owned()),
    piece: |all, span| {
        let times = all.iter().map(|it| (held(it).to_owned(), it.length()));
        let longest = fold::longest(times);
        let held = format!("{} passages; longest {longest}", all.len());
        Passage::joined(all).map_or_else(Row::default, |it| row(&it, span, held))
    },
};

fn row(passage: &Passage, span: Span, held: String) -> Row {
    let (begin, style) = begin(passage.from, passage.to, span);
    let jobs = match passage.starting.most {
        0 => extent(passage.jobs),
        starting => format!("{} ({starting} starting)", extent(passage.jobs)),
    };
    let known = |it: Option<Extent>| it.map_or_else(|| "-".to_owned(), extent);
    Row {
        cells: vec![
            begin,
            Cell::plain(length(passage.length())),
            Cell::plain(passage.polls.to_string()),
            Cell::plain(known(passage.queue)),
            Cell::plain(known(passage.wanted)),
            Cell::plain(jobs),
            Cell::styled(passage.created.to_string(), style),
            Cell::plain(held),
        ],
        ..Row::default()
    }
}

/// `4`, `2-11`.
fn extent(it: Extent) -> String {
    match it.least == it.most {
        true => it.least.to_string(),
        false => format!("{}-{}", it.least, it.most),
    }
}

fn held(passage: &Passage) -> &'static str {
    let shows_items = passage.queue.is_some_and(|it| it.most > 0);
    match passage.held {
        Held::Nothing => "nothing: a job for all that waits",
        Held::Inactive if shows_items => "the activation threshold",
        Held::Inactive => "nothing: no item",
        Held::Min => "the minimum, which comes first and alone",
        Held::Max => "the maximum",
        Held::Strategy => "the strategy, which sets off jobs that run",
        Held::NoTrigger => "a gap in what is known of the trigger",
    }
}

fn alternatives(polls: &Polls) -> Vec<Row> {
    let others = polls.alternatives.iter().map(|it| Other {
        changes: one_line(&it.changes),
        is_proposed: it.is_proposed,
        outcome: &it.outcome,
    });
    past::alternatives(&polls.today, others, |it: &Outcome| {
        vec![
            Cell::plain(it.jobs.to_string()),
            Cell::plain(format!("{} to {}", it.least, it.most)),
            Cell::plain(it.created.to_string()),
            Cell::plain(amount(it.job_hours)),
            Cell::plain(wait(it.p95_wait_seconds)),
        ]
    })
}

fn wait(seconds: f64) -> String {
    length(jiff::SignedDuration::from_secs(seconds.round() as i64))
}

/// How far all this may be trusted.
fn certainty(polls: &Polls) -> Vec<String> {
    let mut told = vec![
        by_samples(polls.step_seconds),
        "nobody counts what arrives: it is what the queue grew by and what jobs took".to_owned(),
        model(polls.jobs),
    ];
    told.push(match polls.agreement {
        Some(it) => agreement(it, "job"),
        None => "how many jobs there were was not observed then".to_owned(),
    });
    told.push(fit(polls.fidelity, "job"));
    if polls.known < 1.0 {
        let percent = ((1.0 - polls.known) * 100.0).ceil();
        told.push(format!(
            "what arrived is not known in {percent:.0}% of that time"
        ));
    }
    told
}

fn model(it: JobsAs) -> String {
    let JobsAs {
        startup_seconds,
        work_seconds,
        items,
        shows_taken,
    } = it;
    let until = match shows_taken {
        true => "until they are done",
        false => "until a job takes them",
    };
    let count = match items {
        1 => "one item".to_owned(),
        _ => format!("up to {items} items"),
    };
    format!(
        "each job is taken to start for {startup_seconds}s and to work on {count} for \
         {work_seconds}s; the trigger, to show items {until}, which explains the history best"
    )
}
