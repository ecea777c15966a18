//! `-o markdown`: a comment of a pull request. A summary, a table, and below it what was found of each
//! autoscaler, folded away; never longer than GitHub takes.

mod escape;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use super::briefing::Briefing;
use super::commands::{self, Place};
use super::report::{AnalysisReport, Item, Outcome};
use super::sheet::{self, Figure};
use super::words::{days, percent};
use escape::{fenced, text};

/// Bytes that a comment on GitHub may have: 65,536 characters.
const MOST: usize = 65_536;

/// What the table may take of it, so that there is room for details.
const MOST_OF_TABLE: usize = MOST / 2;

/// What the last lines may need.
const RESERVE: usize = 600;

pub(super) fn write(out: &mut dyn Write, report: &AnalysisReport) -> io::Result<()> {
    out.write_all(document(report).as_bytes())
}

fn document(report: &AnalysisReport) -> String {
    let mut document = head(report);
    let told: Vec<&Item> = report.items.iter().filter(|it| has_news(it)).collect();
    table(&mut document, &told);
    quiet(&mut document, report.items.len() - told.len());
    details(&mut document, &told, &report.place);
    document.push_str(&foot(report));
    document
}

/// Whether there is more to say of it than that it is well.
fn has_news(item: &Item) -> bool {
    item.outcome != Outcome::NoChange || !item.findings.is_empty()
}

fn head(report: &AnalysisReport) -> String {
    let briefing = Briefing::of(report);
    let mut head = format!(
        "## Autoscalers of {}\n\n{}\n",
        text(&report.cluster.name),
        text(&briefing.headline)
    );
    if !briefing.steps.is_empty() {
        head.push_str("\n**What to do first**\n\n");
    }
    for (index, step) in briefing.steps.iter().enumerate() {
        let risk = step.item.risk.map(|it| format!(" ({it} risk)"));
        head.push_str(&format!(
            "{}. **{}** in {}: {}{}\n",
            index + 1,
            text(&name(step.item)),
            text(&step.item.namespace),
            text(&step.what.told()),
            risk.unwrap_or_default()
        ));
    }
    for unread in report.unread.iter().take(MOST_UNREAD) {
        let (what, why) = (text(&unread.what), text(&unread.why));
        head.push_str(&format!("\n> Not seen: {what}: {why}\n"));
    }
    head
}

/// A role that is missing is missing in every namespace; a few tell as much as all.
const MOST_UNREAD: usize = 5;

fn name(item: &Item) -> String {
    format!("{}/{}", item.kind.short(), item.name)
}

const HEADER: &str = "\n| Autoscaler | Change | Saving | Risk | Findings |\n\
                      | --- | --- | ---: | --- | --- |\n";

fn table(document: &mut String, items: &[&Item]) {
    if items.is_empty() {
        return;
    }
    document.push_str(HEADER);
    let end = document.len() + MOST_OF_TABLE;
    for (index, item) in items.iter().enumerate() {
        let row = row(item);
        if document.len() + row.len() > end {
            let left = items.len() - index;
            document.push_str(&format!(
                "\n_{left} more autoscalers are left out of this table, which would be too long; \
                 `-o html` has them all._\n"
            ));
            return;
        }
        document.push_str(&row);
    }
}

fn row(item: &Item) -> String {
    let saving = item.saving.map_or_else(String::new, |it| percent(it.share));
    let risk = item.risk.map_or_else(String::new, |it| it.to_string());
    let codes = item.findings.iter().map(|it| it.code.as_str());
    let codes: Vec<&str> = codes.collect();
    format!(
        "| **{}**<br>{} | {} | {saving} | {risk} | {} |\n",
        text(&name(item)),
        text(&item.namespace),
        text(&change(item)),
        codes.join(", ")
    )
}

/// What is proposed, or why nothing is.
fn change(item: &Item) -> String {
    let rows = sheet::settings(item);
    let changes = rows.iter().filter_map(|it| {
        let proposed = it.proposed.as_ref()?;
        let (first, rest) = it.name.split_at(1);
        Some(format!(
            "{}{rest} {} → {proposed}",
            first.to_lowercase(),
            it.today
        ))
    });
    let changes: Vec<String> = changes.collect();
    match (item.outcome, &item.reason) {
        (Outcome::Recommended, _) if item.is_refused => {
            format!("refused before: {}", changes.join("; "))
        }
        (Outcome::Recommended, _) => changes.join("; "),
        (Outcome::NoChange, _) => "none".to_owned(),
        (Outcome::NotEnoughHistory, Some(reason)) => reason.clone(),
        (Outcome::Withheld, Some(reason)) => format!("withheld: {reason}"),
        (Outcome::Skipped, Some(reason)) => format!("skipped: {reason}"),
        (Outcome::Unreadable, Some(reason)) => format!("unreadable: {reason}"),
        (_, None) => String::new(),
    }
}

fn quiet(document: &mut String, count: usize) {
    let told = match count {
        0 => return,
        1 => "1 autoscaler needs nothing.".to_owned(),
        many => format!("{many} autoscalers need nothing."),
    };
    document.push_str(&format!("\n{told}\n"));
}

/// As many as there is room for, those that a change is recommended for first.
fn details(document: &mut String, items: &[&Item], place: &Place) {
    let mut items: Vec<&&Item> = items.iter().filter(|it| !is_told_by_row(it)).collect();
    items.sort_by_key(|it| it.outcome != Outcome::Recommended);
    for (index, item) in items.iter().enumerate() {
        let detail = detail(item, place);
        if document.len() + detail.len() + RESERVE > MOST {
            let left = items.len() - index;
            let what = if left == 1 {
                "autoscaler"
            } else {
                "autoscalers"
            };
            document.push_str(&format!(
                "\n_The details of {left} more {what} are left out: a comment on GitHub may not be longer. \
                 `-o html` has them all._\n"
            ));
            return;
        }
        document.push_str(&detail);
    }
}

/// Whether the row in the table is all that there is to say.
fn is_told_by_row(item: &Item) -> bool {
    item.proposed.is_none() && item.findings.is_empty() && item.opinion.is_none()
}

fn detail(item: &Item, place: &Place) -> String {
    let mut detail = format!(
        "\n<details><summary><b>{}</b> in {}</summary>\n\n",
        escape::html(&name(item)),
        escape::html(&item.namespace)
    );
    for because in &item.because {
        detail.push_str(&format!("- {}\n", text(because)));
    }
    if let Some(opinion) = &item.opinion {
        detail.push_str(&format!("- {}\n", text(&opinion.line())));
    }
    for finding in &item.findings {
        let (severity, code) = (finding.severity, finding.code);
        detail.push_str(&format!(
            "- **{severity}** {code}: {}\n",
            text(&finding.message)
        ));
        if let Some(fix) = &finding.fix {
            detail.push_str(&format!("  - fix: {}\n", text(fix)));
        }
    }
    for reason in &item.evidence.risk_reasons {
        detail.push_str(&format!("- risk: {}\n", text(reason)));
    }
    if item.proposed.is_some() {
        figures(&mut detail, &sheet::figures(item));
        for command in commands::of(item, place).iter().take(1) {
            detail.push_str(&format!("\n{}:\n\n{}", command.why, fenced(&command.line)));
        }
    }
    detail.push_str("\n</details>\n");
    detail
}

fn figures(detail: &mut String, figures: &[Figure]) {
    if figures.is_empty() {
        return;
    }
    detail.push_str("\n| Replayed | Today | Proposed | |\n| --- | ---: | ---: | ---: |\n");
    for it in figures {
        let proposed = it.proposed.as_deref().unwrap_or_default();
        let (name, today, change) = (it.name, &it.today, it.change.text());
        detail.push_str(&format!("| {name} | {today} | {proposed} | {change} |\n"));
    }
}

fn foot(report: &AnalysisReport) -> String {
    let window = days(report.window.days);
    format!(
        "\n<sub>kubectl stepscale, {window} until {}, {}. Savings are projected by replays.</sub>\n",
        report.window.end.strftime("%Y-%m-%d %H:%M UTC"),
        escape::html(&short(&report.source.name))
    )
}

/// An address may be of any length, and the last line may not.
fn short(name: &str) -> String {
    name.chars().take(120).collect()
}
