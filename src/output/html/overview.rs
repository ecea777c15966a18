//! What is before the pages: the summary, and the table of the fleet.

use askama::Template;
use jiff::Timestamp;

use super::fleet::{self, FILTERS, Row};
use super::{STYLE, Tone, link, policy};
use crate::output::briefing::{Briefing, OfRisk};
use crate::output::report::{AnalysisReport, Item};
use crate::output::summary::counted;
use crate::output::urgency::{Step, Urgency};
use crate::output::words::{days, dollars, minutes, percent, whole};

#[derive(Template)]
#[template(path = "overview.html")]
pub(super) struct Overview {
    policy: String,
    style: &'static str,
    cluster: String,
    about: String,
    briefing: String,
    tiles: Vec<Tile>,
    steps: Vec<Told>,
    /// What is told below the steps; empty if that is all.
    more: String,
    risks: Vec<RiskRow>,
    has_money: bool,
    notes: Vec<String>,
    has_charts: bool,
    filters: Vec<(&'static str, String)>,
    rows: Vec<Row>,
}

/// A figure that a manager asks for.
struct Tile {
    name: &'static str,
    figure: String,
    unit: &'static str,
    about: String,
}

/// Something to do.
struct Told {
    link: String,
    name: String,
    namespace: String,
    what: String,
    tag: String,
    tone: Tone,
}

struct RiskRow {
    level: String,
    tone: Tone,
    count: usize,
    hours: String,
    money: String,
}

impl Overview {
    pub(super) fn of(report: &AnalysisReport) -> Self {
        let briefing = Briefing::of(report);
        let risks: Vec<RiskRow> = briefing.risks.iter().map(risk).collect();
        Self {
            policy: policy(),
            style: STYLE,
            cluster: report.cluster.name.clone(),
            about: about(report),
            tiles: tiles(report, &briefing),
            steps: briefing.steps.iter().map(told).collect(),
            more: more(briefing.more),
            briefing: briefing.headline,
            has_money: risks.iter().any(|it| !it.money.is_empty()),
            risks,
            notes: notes(report),
            has_charts: report.items.iter().any(|it| it.portrait.is_some()),
            filters: filters(&report.items),
            rows: report.items.iter().map(Row::of).collect(),
        }
    }
}

/// `Kubernetes v1.33.2 · 14 days until 15 March 2026, 12:00 UTC · Prometheus http://…`
fn about(report: &AnalysisReport) -> String {
    let version = report.cluster.version.iter();
    let mut parts: Vec<String> = version.map(|it| format!("Kubernetes {it}")).collect();
    let window = days(report.window.days);
    parts.push(format!("{window} until {}", moment(report.window.end)));
    parts.push(report.source.name.clone());
    if let Some(coverage) = report.summary.coverage {
        // Rounded down, so that 100% has no gap.
        parts.push(format!(
            "{:.0}% of the history known",
            (coverage * 100.0).floor()
        ));
    }
    parts.join(" · ")
}

/// `15 March 2026, 12:00 UTC`
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// What has no figure has no tile.
fn tiles(report: &AnalysisReport, briefing: &Briefing<'_>) -> Vec<Tile> {
    [
        replica_hours(report, briefing),
        saving(briefing),
        service(briefing),
        findings(report),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn replica_hours(report: &AnalysisReport, briefing: &Briefing<'_>) -> Option<Tile> {
    let saving = briefing.saving?;
    let recommended = counted(briefing.recommended, "autoscaler");
    let window = days(report.window.days);
    Some(Tile {
        name: "Replica-hours today",
        figure: whole(saving.today_replica_hours),
        unit: "",
        about: format!("of the {recommended} to change, in {window}"),
    })
}

fn saving(briefing: &Briefing<'_>) -> Option<Tile> {
    let saving = briefing.saving?;
    let (name, hours) = match saving.replica_hours_per_month {
        more if more < 0.0 => ("More is needed", -more),
        less => ("Would be saved", less),
    };
    let money = saving.usd_per_month.map(|usd| {
        let word = if usd < 0.0 { "cost" } else { "save" };
        format!(", {word} {} a month", dollars(usd.abs()))
    });
    Some(Tile {
        name,
        figure: percent(saving.share.abs()),
        unit: "of them",
        about: format!(
            "{} replica-hours{}, projected",
            whole(hours),
            money.unwrap_or_else(|| " a month".to_owned())
        ),
    })
}

fn service(briefing: &Briefing<'_>) -> Option<Tile> {
    let (before, after) = briefing.shortfall?;
    Some(Tile {
        name: "Short of capacity",
        figure: minutes(after),
        unit: "",
        about: format!("with the changes; {} today", minutes(before)),
    })
}

fn findings(report: &AnalysisReport) -> Option<Tile> {
    let findings = report.summary.findings;
    let parts = [
        (findings.critical, "critical"),
        (findings.warning, "to heed"),
        (findings.info, "to know"),
    ];
    let parts = parts.into_iter().filter(|it| it.0 > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let autoscalers = counted(report.summary.autoscalers, "autoscaler");
    Some(Tile {
        name: "Findings",
        figure: findings.total().to_string(),
        unit: "",
        about: match parts.is_empty() {
            true => format!("in {autoscalers}"),
            false => format!("{} in {autoscalers}", parts.join(", ")),
        },
    })
}

fn told(step: &Step<'_>) -> Told {
    let item = step.item;
    let (tag, tone) = match (&step.what, item.risk) {
        (Urgency::Broken(finding), _) => (
            finding.severity.to_string(),
            fleet::of_severity(finding.severity),
        ),
        (_, Some(risk)) => (format!("{risk} risk"), fleet::of_risk(risk)),
        (_, None) => (String::new(), Tone::Plain),
    };
    Told {
        link: link(item),
        name: format!("{}/{}", item.kind.short(), item.name),
        namespace: item.namespace.clone(),
        what: step.what.told(),
        tag,
        tone,
    }
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "One more autoscaler is in the table below.".to_owned(),
        many => format!("{many} more autoscalers are in the table below."),
    }
}

fn risk(of: &OfRisk) -> RiskRow {
    let usd = of.saving.usd_per_month;
    RiskRow {
        level: of.level.to_string(),
        tone: fleet::of_risk(of.level),
        count: of.count,
        hours: whole(of.saving.replica_hours_per_month),
        money: usd.map_or_else(String::new, dollars),
    }
}

/// What a reader has to know before trusting the rest.
fn notes(report: &AnalysisReport) -> Vec<String> {
    let unread = report.unread.iter().map(|it| {
        let check = it
            .permission
            .as_ref()
            .map(|it| format!(" (check: {})", it.check));
        format!(
            "Not seen: {}: {}{}",
            it.what,
            it.why,
            check.unwrap_or_default()
        )
    });
    let findings = report.findings.iter().map(|it| {
        let fix = it.fix.iter().map(|it| format!("; {it}"));
        format!("{}: {}{}", it.code, it.message, fix.collect::<String>())
    });
    let warnings = report.source.warnings.iter();
    unread
        .chain(findings)
        .chain(warnings.map(|it| format!("{}: {it}", it.about.title())))
        .collect()
}

/// Those of which the table has some, with how many.
fn filters(items: &[Item]) -> Vec<(&'static str, String)> {
    let of = |word| {
        items
            .iter()
            .filter(|it| fleet::filters(it).contains(&word))
            .count()
    };
    let all = FILTERS
        .into_iter()
        .map(|(word, text)| (word, text, of(word)));
    let some = all.filter(|it| it.2 > 0);
    some.map(|(word, text, count)| (word, format!("{text} ({count})")))
        .collect()
}
