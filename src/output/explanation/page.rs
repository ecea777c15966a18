//! The screen: what it is, its settings, now, the past, what is wrong, what would be better, and
//! what to run next.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::now::Seen;
use super::text::{columns, length, minute, styled, wrapped};
use super::{Explanation, Sheet, Triggers, plot};
use crate::analysis::assessment::{JobScores, Point};
use crate::analysis::findings::{Fact, Finding, Severity};
use crate::analysis::opinion::Opinion;
use crate::analysis::simulation::changes::changes;
use crate::config::Format;
use crate::output::layout::{Cell, Column, Layout, Row as Line, Shrink};
use crate::output::lines::drawn;
use crate::output::replay::figures::{Figures, amount, difference};
use crate::output::replay::words::change;
use crate::output::report::{Item, Outcome};
use crate::output::table::{HEADER, column};
use crate::output::{Page, View, triggers};
use crate::sim::score::Totals;

const ASIDE: Style = Style::new().dimmed();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Points of the frontier that are told.
const MOST_POINTS: usize = 6;

pub(super) fn write(out: &mut dyn Write, it: &Explanation, sheet: Sheet) -> io::Result<()> {
    let width = sheet.width;
    lines(out, &who(it, width))?;
    section(out, "SETTINGS", "", &settings(it, width))?;
    section(out, "NOW", "", &now(it, width))?;
    write_triggers(out, it, width)?;
    past(out, it, sheet)?;
    section(out, "FINDINGS", "", &findings(&it.autoscaler, width))?;
    write_figures(out, it, width)?;
    write_frontier(out, it, width)?;
    section(out, "NEXT", "", &next(it, width))
}

const FRONTIER: &str =
    "over the training days: none is both cheaper and better served than another";

fn lines(out: &mut dyn Write, all: &[String]) -> io::Result<()> {
    all.iter().try_for_each(|it| writeln!(out, "{it}"))
}

/// Nothing at all where there are no lines.
pub(super) fn section(
    out: &mut dyn Write,
    title: &str,
    aside: &str,
    all: &[String],
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let gap = if aside.is_empty() { "" } else { "  " };
    writeln!(
        out,
        "{HEADER}{title}{HEADER:#}{gap}{}",
        styled_or_empty(aside)
    )?;
    lines(out, all)
}

fn styled_or_empty(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        styled(ASIDE, text)
    }
}

/// What it is, what it scales, who manages it.
pub(super) fn who(it: &Explanation, width: usize) -> Vec<String> {
    let item = &it.autoscaler;
    let name = format!("{}/{}", item.kind.short(), item.name);
    let title = format!(
        "{HEADER}{name}{HEADER:#} in namespace {} of cluster {}",
        item.namespace, it.cluster.name
    );
    let mut all = vec![title];
    let what = match item.target.kind.as_str() {
        "ScaledJob" => "makes jobs".to_owned(),
        kind => format!("scales {kind}/{}", item.target.name),
    };
    let looked = format!("{what}; as of {}", minute(it.taken_at));
    all.extend(wrapped("  ", &looked, width));
    all.extend(managed(it, width));
    if !it.rivals.is_empty() {
        let lines = wrapped("  also scaled by ", &it.rivals.join(", "), width);
        all.extend(lines.iter().map(|it| styled(CAREFUL, it)));
    }
    all
}

fn managed(it: &Explanation, width: usize) -> Vec<String> {
    let managed = &it.managed;
    let mut all = Vec::new();
    for owner in &managed.owners {
        all.extend(wrapped("  managed by ", owner, width));
    }
    let managers: Vec<String> = managed
        .managers
        .iter()
        .filter(|it| it.subresource.is_none())
        .map(|it| {
            let at = it
                .at
                .map_or_else(String::new, |at| format!(" on {}", minute(at)));
            format!("{} ({}{at})", it.name, it.operation.to_lowercase())
        })
        .collect();
    if !managers.is_empty() {
        all.extend(wrapped("  written by ", &managers.join(", "), width));
    }
    if let Some(why) = &managed.unknown {
        let text = format!("who manages it is not known: {why}");
        all.extend(wrapped("  ", &text, width));
    }
    all
}

fn settings(it: &Explanation, width: usize) -> Vec<String> {
    let cells: Vec<(String, usize)> = it
        .settings
        .iter()
        .map(|it| {
            let plain = format!("{}: {}", it.name, it.value);
            let length = plain.chars().count();
            match it.is_default {
                true => (
                    format!("{plain} {}", styled(ASIDE, "(default)")),
                    length + 10,
                ),
                false => (plain, length),
            }
        })
        .collect();
    columns(&cells, drawn(width))
}

fn now(it: &Explanation, width: usize) -> Vec<String> {
    let now = &it.now;
    let mut parts = Vec::new();
    parts.extend(now.current_replicas.map(|it| format!("{it} replicas")));
    parts.extend(now.desired_replicas.map(|it| format!("{it} wanted")));
    parts.extend(
        now.since_scale
            .map(|it| format!("last scaled {} ago", length(it))),
    );
    if parts.is_empty() {
        parts.push("its status tells nothing".to_owned());
    }
    let mut all = wrapped("  ", &parts.join(", "), width);
    if it.triggers.is_none() || now.metrics.iter().any(|it| it.value.is_some()) {
        all.extend(
            now.metrics
                .iter()
                .flat_map(|it| wrapped("  ", &seen(it), width)),
        );
    }
    let limited = match &now.limited_by {
        Some(what) => format!("limited by {what}"),
        None if now.conditions.is_empty() => String::new(),
        None => "limited by nothing: it does what its metrics ask for".to_owned(),
    };
    if !limited.is_empty() {
        all.extend(wrapped("  ", &limited, width));
    }
    for said in &now.conditions {
        let head = format!("{} {} {}", said.kind, said.status, said.reason);
        let is_bad = said.status != "True" && said.kind != "ScalingLimited";
        let text = match is_bad {
            true => format!("{head}: {}", said.message),
            false => head,
        };
        let lines = wrapped("  ", &text, width);
        let style = if is_bad { BAD } else { ASIDE };
        all.extend(lines.iter().map(|it| styled(style, it)));
    }
    all
}

/// `cpu is at 49%, its target 60%`
fn seen(it: &Seen) -> String {
    match &it.value {
        Some(value) => format!("{} is at {value}, its target {}", it.metric, it.target),
        None => format!("{} is not known, its target {}", it.metric, it.target),
    }
}

fn write_triggers(out: &mut dyn Write, it: &Explanation, width: usize) -> io::Result<()> {
    let Some(found) = &it.triggers else {
        return Ok(());
    };
    match found {
        Triggers::NotAsked(why) => {
            section(out, "TRIGGERS", "", &wrapped("  not asked: ", why, width))
        }
        Triggers::Measured(report) => {
            writeln!(out, "\n{HEADER}TRIGGERS{HEADER:#}")?;
            let page = Page {
                width,
                with_namespace: false,
            };
            triggers::write(out, report, Format::Table, page, &View::default())
        }
    }
}

fn past(out: &mut dyn Write, it: &Explanation, sheet: Sheet) -> io::Result<()> {
    let Some(portrait) = it.viewed() else {
        let why = it.autoscaler.reason.as_deref();
        let why = why.unwrap_or("no sample of its load is known");
        return section(out, "PAST", "", &wrapped("  ", why, sheet.width));
    };
    let days = portrait.points as f64 * f64::from(portrait.step_seconds) / 86_400.0;
    let columns = drawn(sheet.width).saturating_sub(9).max(1);
    let minutes =
        portrait.points.div_ceil(columns) as f64 * f64::from(portrait.step_seconds) / 60.0;
    let days = (days * 10.0).round() / 10.0;
    let unit = if days == 1.0 { "day" } else { "days" };
    let aside = format!(
        "{days} {unit} to {}, a column is {minutes:.0} min",
        minute(portrait.end())
    );
    let mut all = plot::lines(&portrait, drawn(sheet.width), sheet.charset);
    if let Some(fidelity) = portrait.fidelity {
        let told = crate::output::wide::fidelity(fidelity, "today's");
        all.extend(wrapped("  ", &told, sheet.width));
    }
    section(out, "PAST", &aside, &all)
}

fn findings(item: &Item, width: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if item.findings.is_empty() {
        all.push("  none".to_owned());
    }
    for finding in &item.findings {
        all.extend(told(finding, width));
    }
    let evidence = &item.evidence;
    let missing = evidence.missing.iter();
    all.extend(missing.flat_map(|it| wrapped("  missing ", it, width)));
    all
}

fn told(finding: &Finding, width: usize) -> Vec<String> {
    let Finding {
        code,
        severity,
        message,
        ..
    } = finding;
    let style = match severity {
        Severity::Info => Style::new(),
        Severity::Warning => CAREFUL,
        Severity::Critical => BAD,
    };
    let mut all = wrapped("  ", &format!("{severity} {code}: {message}"), width);
    all[0] = styled(style, &all[0]);
    let facts = finding.evidence.iter().map(|(name, fact)| {
        let value = match fact {
            Fact::Number(it) => it.to_string(),
            Fact::Count(it) => it.to_string(),
            Fact::Text(it) => it.clone(),
        };
        format!("{name} {value}")
    });
    let facts: Vec<String> = facts.collect();
    if !facts.is_empty() {
        let lines = wrapped("    evidence: ", &facts.join(", "), width);
        all.extend(lines.iter().map(|it| styled(ASIDE, it)));
    }
    let fix = finding.fix.iter();
    all.extend(fix.flat_map(|it| wrapped("    fix: ", it, width)));
    all
}

/// What is proposed, and what it comes to beside today's.
fn write_figures(out: &mut dyn Write, it: &Explanation, width: usize) -> io::Result<()> {
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

/// Why there is no schedule, with how good the forecast was that one would rest on.
fn foretold(item: &Item, width: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |label: &str, text: &str| all.extend(wrapped(label, text, width));
    if let Some(why) = &item.not_foretold {
        say("  no schedule: no forecast, ", why);
    }
    if let Some(foretold) = &item.forecast
        && let Some(why) = &foretold.why_no_schedule
    {
        say("  no schedule: ", why);
        say("  ", &foretold.tested());
    }
    all
}

/// What a language model says of it, marked as such.
fn opinion(item: &Item, width: usize) -> Vec<String> {
    let opinion = item.opinion.iter().map(Opinion::line);
    opinion.flat_map(|it| wrapped("  ", &it, width)).collect()
}

fn write_frontier(out: &mut dyn Write, it: &Explanation, width: usize) -> io::Result<()> {
    let points = it.portrait.as_ref().map(|it| it.frontier.as_slice());
    let points = points.unwrap_or_default();
    // One point alone says nothing of what else there is.
    if points.len() < 2 {
        return Ok(());
    }
    writeln!(out)?;
    let aside = wrapped("FRONTIER  ", FRONTIER, width);
    writeln!(
        out,
        "{HEADER}FRONTIER{HEADER:#}{}",
        &aside[0]["FRONTIER".len()..]
    )?;
    lines(out, &aside[1..])?;
    let rows: Vec<Line> = few(points).map(|point| line(it, point)).collect();
    Layout::new(&POINT, &rows, width).write(out, HEADER)
}

/// Those that are named, and as many of the others as there is room for.
fn few(points: &[Point]) -> impl Iterator<Item = &Point> {
    let is_named = |it: &Point| it.is_today || it.is_proposed;
    let named = points.iter().filter(|it| is_named(it)).count();
    let room = MOST_POINTS.saturating_sub(named).max(1);
    let each = (points.len() - named).div_ceil(room).max(1);
    let mut place = 0;
    points.iter().filter(move |it| {
        if is_named(it) {
            return true;
        }
        place += 1;
        (place - 1) % each == 0
    })
}

fn line(it: &Explanation, point: &Point) -> Line {
    let mark = match (point.is_today, point.is_proposed) {
        (true, _) => "today",
        (_, true) => "proposed",
        (false, false) => "",
    };
    let changes = changes(&it.scaled, &point.settings.apply(&it.scaled));
    let words: Vec<String> = changes.iter().map(change).collect();
    Line {
        cells: vec![
            Cell::plain(format!("  {mark}")),
            Cell::plain(amount(point.replica_hours)),
            Cell::plain(amount(point.shortfall.minutes)),
            Cell::list(words),
        ],
        ..Line::default()
    }
}

const POINT: [Column; 4] = [
    column("", Shrink::Never),
    column("REPLICA-HOURS", Shrink::Never),
    column("MIN SHORT", Shrink::Never),
    column(
        "CHANGES",
        Shrink::Text {
            comfortable: 30,
            least: 16,
        },
    ),
];

pub(super) fn next(it: &Explanation, width: usize) -> Vec<String> {
    let mut all = Vec::new();
    for step in &it.next {
        let why = wrapped("  # ", &step.why, width);
        all.extend(why.iter().map(|it| styled(ASIDE, it)));
        // A command is copied whole, however long.
        all.push(format!("  {}", step.command));
    }
    all
}
