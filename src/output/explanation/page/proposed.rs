//! What is proposed and why, and what the replays of today's settings and of it come to.

use std::io::{self, Write};

use super::section;
use crate::analysis::assessment::JobScores;
use crate::analysis::opinion::Opinion;
use crate::analysis::simulation::changes::changes;
use crate::output::explanation::Explanation;
use crate::output::explanation::text::wrapped;
use crate::output::replay::figures::{Figures, amount, difference};
use crate::output::replay::words::change;
use crate::output::report::{Item, Outcome};
use crate::sim::score::Totals;

/// What is proposed, and what it comes to beside today's.
pub(super) fn write(out: &mut dyn Write, it: &Explanation, width: usize) -> io::Result<()> {
    let item = &it.autoscaler;
    section(out, "PROPOSED", "", &proposal(it, width))?;
    let figures = it.portrait.as_ref().and_then(|it| it.figures.as_ref());
    let Some(figures) = figures else {
        return Ok(());
    };
    writeln!(out)?;
    let mut table = Figures {
        title: "REPLAYED",
        headers: vec!["TODAY".to_owned()],
        rows: Vec::new(),
    };
    if figures.proposed.is_some() {
        table
            .headers
            .extend(["PROPOSED".to_owned(), "DIFFERENCE".to_owned()]);
    }
    let values = [Some(&figures.today), figures.proposed.as_ref()];
    for (name, is_count, of) in rows(item) {
        let cells = cells(&values.map(|it| it.map(of)), is_count);
        table.rows.push((name.to_owned(), cells));
    }
    if let Some(jobs) = &figures.jobs {
        for (name, is_count, of) in JOB_ROWS {
            let values = [Some(of(&jobs.today)), Some(of(&jobs.proposed))];
            table.rows.push((name.to_owned(), cells(&values, is_count)));
        }
    }
    table.write(out, width)
}

/// A figure, and whether it counts something.
type Row<T> = (&'static str, bool, fn(&T) -> f64);

fn rows(item: &Item) -> Vec<Row<Totals>> {
    let hours: Row<Totals> = ("replica-hours", false, |it| it.replica_hours.hours());
    if item.target.kind == "ScaledJob" {
        return vec![("job-hours", false, |it| it.replica_hours.hours())];
    }
    vec![
        hours,
        ("minutes of shortfall", false, |it| it.shortfall_minutes),
        ("minutes above target", false, |it| it.breach_minutes),
        ("minutes pinned at max", false, |it| it.max_pinned_minutes),
        ("scale events", true, |it| f64::from(it.scale_events)),
        ("flaps", true, |it| f64::from(it.flaps)),
    ]
}

const JOB_ROWS: [Row<JobScores>; 3] = [
    ("p95 wait, seconds", false, |it| it.p95_wait_seconds),
    ("minutes of backlog", false, |it| it.backlog_minutes),
    ("jobs created", true, |it| it.jobs_created as f64),
];

/// Today's, and where there is another, that and how it differs.
fn cells(values: &[Option<f64>; 2], is_count: bool) -> Vec<String> {
    let [today, proposed] = *values;
    let told = |it: f64| match is_count {
        true => format!("{it:.0}"),
        false => amount(it),
    };
    let mut cells: Vec<String> = today.into_iter().map(told).collect();
    if let Some((today, proposed)) = today.zip(proposed) {
        let more = proposed - today;
        cells.push(told(proposed));
        cells.push(match is_count {
            true if more > 0.0 => format!("+{more:.0}"),
            true => format!("{more:.0}"),
            false => difference(more),
        });
    }
    cells
}

fn proposal(it: &Explanation, width: usize) -> Vec<String> {
    let item = &it.autoscaler;
    let mut foretold = foretold(item, width);
    let Some(proposed) = &item.proposed else {
        let why = match (item.outcome, &item.reason) {
            (Outcome::NoChange, _) => "nothing: no settings that were tried are better".to_owned(),
            (_, Some(reason)) => format!("nothing: {reason}"),
            (_, None) => "nothing".to_owned(),
        };
        let mut all = wrapped("  ", &why, width);
        all.append(&mut foretold);
        all.extend(opinion(item, width));
        return all;
    };
    let changes = changes(&it.scaled, &proposed.apply(&it.scaled));
    let changes: Vec<String> = match changes.is_empty() {
        true => item.config_diff.keys().map(|it| (*it).to_owned()).collect(),
        false => changes.iter().map(change).collect(),
    };
    let saving = it.saving().map_or_else(String::new, |share| {
        let percent = (share * 100.0).round();
        let word = if percent < 0.0 { "more" } else { "fewer" };
        format!(": {:.0}% {word} replica-hours", percent.abs())
    });
    let risk = item
        .risk
        .map_or_else(String::new, |it| format!(", risk {it}"));
    let text = format!("{}{saving}{risk}", changes.join(", "));
    let mut all = wrapped("  ", &text, width);
    all.extend(
        item.because
            .iter()
            .flat_map(|it| wrapped("  because ", it, width)),
    );
    let reasons = item.evidence.risk_reasons.iter();
    all.extend(reasons.flat_map(|it| wrapped("  risk: ", it, width)));
    all.append(&mut foretold);
    all.extend(opinion(item, width));
    all
}

/// What is said of the schedule in force, and why there is none, or no other, with how good the forecast
/// was that one would rest on.
fn foretold(item: &Item, width: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |label: &str, text: &str| all.extend(wrapped(label, text, width));
    if let Some(review) = &item.review {
        say("  schedule in force, ", &review.line());
    }
    let no_schedule = match item.today.schedule.is_empty() {
        true => "  no schedule: ",
        false => "  no other schedule: ",
    };
    if let Some(why) = &item.not_foretold {
        say(no_schedule, &format!("no forecast, {why}"));
    }
    if let Some(foretold) = &item.forecast
        && let Some(why) = &foretold.why_no_schedule
    {
        say(no_schedule, why);
        say("  ", &foretold.tested());
    }
    all
}

/// What a language model says of it, marked as such.
fn opinion(item: &Item, width: usize) -> Vec<String> {
    let opinion = item.opinion.iter().map(Opinion::line);
    opinion.flat_map(|it| wrapped("  ", &it, width)).collect()
}
