//! The screen: what it is, its settings, now, the past, what is wrong, what would be better
//! ([`proposed`], [`frontier`]), and what to run next.

mod frontier;
mod proposed;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::now::Seen;
use super::text::{columns, length, minute, styled, wrapped};
use super::{Explanation, Sheet, Triggers, plot};
use crate::analysis::findings::{Fact, Finding, Severity};
use crate::config::Format;
use crate::output::lines::drawn;
use crate::output::report::Item;
use crate::output::table::HEADER;
use crate::output::{Page, View, triggers};

const ASIDE: Style = Style::new().dimmed();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

pub(super) fn write(out: &mut dyn Write, it: &Explanation, sheet: Sheet) -> io::Result<()> {
    let width = sheet.width;
    lines(out, &who(it, width))?;
    section(out, "SETTINGS", "", &settings(it, width))?;
    section(out, "NOW", "", &now(it, width))?;
    write_triggers(out, it, width)?;
    past(out, it, sheet)?;
    section(out, "FINDINGS", "", &findings(&it.autoscaler, width))?;
    proposed::write(out, it, width)?;
    frontier::write(out, it, width)?;
    section(out, "NEXT", "", &next(it, width))
}

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
