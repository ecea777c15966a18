//! The page of one autoscaler.

use askama::Template;

use super::chart::Chart;
use super::fleet::{self, of_risk, of_severity};
use super::frontier::Frontier;
use super::{Tag, Tone, id, link};
use crate::analysis::assessment::{HeldBack, Point};
use crate::analysis::findings::{Fact, Finding};
use crate::analysis::opinion::Opinion;
use crate::analysis::portrait::Portrait;
use crate::output::commands::{self, Command};
use crate::output::report::{AnalysisReport, Item, Outcome};
use crate::output::sheet::{self, Change, Figure, SettingRow};
use crate::output::words::{amount, days, dollars, minutes, percent};

#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    index: usize,
    id: String,
    name: String,
    tags: Vec<Tag>,
    lead: String,
    about: String,
    before: Option<Neighbor>,
    after: Option<Neighbor>,
    chart: Option<Drawn>,
    settings: Vec<SettingRow>,
    has_proposal: bool,
    because: Vec<String>,
    risks: Vec<String>,
    figures: Vec<Figure>,
    held_back: String,
    findings: Vec<FindingRow>,
    frontier: Option<Frontier>,
    commands: Vec<Command>,
    evidence: Vec<(&'static str, String)>,
    missing: Vec<String>,
}

/// The page before or after.
struct Neighbor {
    link: String,
    name: String,
}

/// A chart for the script, and what it shows in words.
struct Drawn {
    json: String,
    words: String,
    resolution: String,
}

struct FindingRow {
    severity: String,
    tone: Tone,
    code: &'static str,
    message: String,
    fix: String,
    facts: Vec<(String, String)>,
}

impl Page {
    pub(super) fn of(
        item: &Item,
        index: usize,
        [before, after]: [Option<&Item>; 2],
        report: &AnalysisReport,
    ) -> Self {
        Self {
            index,
            id: id(item),
            name: format!("{}/{}", item.kind.short(), item.name),
            tags: tags(item),
            lead: lead(item),
            about: about(item),
            before: before.map(neighbor),
            after: after.map(neighbor),
            chart: item.portrait.as_deref().map(|it| drawn(it, item)),
            settings: sheet::settings(item),
            has_proposal: item.proposed.is_some(),
            because: because(item),
            risks: item.evidence.risk_reasons.clone(),
            figures: sheet::figures(item),
            held_back: held_back(item),
            findings: item.findings.iter().map(finding).collect(),
            frontier: Frontier::of(frontier(item)),
            commands: commands::of(item, &report.place),
            evidence: evidence(item, report),
            missing: item.evidence.missing.clone(),
        }
    }

    /// Whether a figure becomes better; a class of the style.
    fn class(change: &Change) -> &'static str {
        match change {
            Change::None => "none",
            Change::Better(_) => "better",
            Change::Worse(_) => "worse",
        }
    }

    /// As [`class`](Self::class), for those who see no color.
    fn word(change: &Change) -> &'static str {
        match change {
            Change::None => "",
            Change::Better(_) => ", better",
            Change::Worse(_) => ", worse",
        }
    }
}

/// What the rules say, and then what a language model says.
fn because(item: &Item) -> Vec<String> {
    let opinion = item.opinion.iter().map(Opinion::line);
    item.because.iter().cloned().chain(opinion).collect()
}

fn neighbor(item: &Item) -> Neighbor {
    Neighbor {
        link: link(item),
        name: item.name.clone(),
    }
}

fn tags(item: &Item) -> Vec<Tag> {
    let risk = item
        .risk
        .map(|it| Tag::new(format!("{it} risk"), of_risk(it)));
    [fleet::outcome(item)].into_iter().chain(risk).collect()
}

fn about(item: &Item) -> String {
    let (kind, name) = (&item.target.kind, &item.target.name);
    let replicas = item
        .current_replicas
        .map(|it| format!(" · {it} replicas now"));
    format!(
        "{} in namespace {}, scales {kind}/{name}{}",
        item.kind.as_str(),
        item.namespace,
        replicas.unwrap_or_default()
    )
}

/// What a reader takes away who reads nothing else.
fn lead(item: &Item) -> String {
    let reason = item.reason.as_deref().unwrap_or_default();
    match item.outcome {
        Outcome::Recommended if item.is_refused => {
            format!("Refused before, and not made again. {}", recommended(item))
        }
        Outcome::Recommended => recommended(item),
        Outcome::NoChange if item.findings.is_empty() => {
            "Its settings are as good as any that were tried.".to_owned()
        }
        Outcome::NoChange => {
            "No other settings are better; what was found calls for another fix.".to_owned()
        }
        Outcome::Withheld => format!("Nothing is recommended: {reason}."),
        Outcome::NotEnoughHistory => format!("Nothing can be said yet: {reason}."),
        Outcome::Skipped => format!("It was not analyzed: {reason}."),
        Outcome::Unreadable => format!("It could not be analyzed: {reason}."),
    }
}

fn recommended(item: &Item) -> String {
    let changes = sheet::settings(item);
    let count = changes.iter().filter(|it| it.proposed.is_some()).count();
    let settings = if count == 1 { "setting" } else { "settings" };
    let Some(saving) = item.saving else {
        return format!("Change {count} {settings}.");
    };
    let verb = if saving.share < 0.0 { "takes" } else { "saves" };
    let more = if saving.share < 0.0 { " more" } else { "" };
    let money = saving.usd_per_month.map(|usd| {
        let word = if usd < 0.0 { "costs" } else { "saves" };
        format!(", which {word} {} a month", dollars(usd.abs()))
    });
    let interval = item
        .evidence
        .proof
        .as_ref()
        .and_then(|it| it.saving_interval);
    // Days that are alike leave nothing between the two.
    let interval = interval.filter(|it| percent(it.low) != percent(it.high));
    let interval = interval.map(|it| {
        // Of what is needed more, more is the higher end.
        let (low, high) = match saving.share < 0.0 {
            true => (-it.high, -it.low),
            false => (it.low, it.high),
        };
        let [low, high, sure] = [low, high, it.confidence].map(percent);
        format!(" (between {low} and {high} with {sure} confidence)")
    });
    format!(
        "Changing {count} {settings} {verb} {}{more} of its replica-hours{}{}.{}",
        percent(saving.share.abs()),
        interval.unwrap_or_default(),
        money.unwrap_or_default(),
        served(item)
    )
}

/// What becomes of the load that goes unserved.
fn served(item: &Item) -> String {
    let Some((before, after)) = crate::output::urgency::shortfall(item) else {
        return String::new();
    };
    match before - after {
        less if less >= 1.0 && after < 1.0 => {
            let before = minutes(before);
            format!(" It is never short of capacity, instead of {before} today.")
        }
        less if less >= 1.0 => {
            let [before, after] = [before, after].map(minutes);
            format!(" It is short of capacity for {after} instead of {before}.")
        }
        _ if before < 1.0 && after < 1.0 => " It is never short of capacity, as today.".to_owned(),
        _ => format!(" It is short of capacity for {}, as today.", minutes(after)),
    }
}

fn drawn(portrait: &Portrait, item: &Item) -> Drawn {
    let peak = |it: &Option<_>| it.as_ref().and_then(crate::analysis::portrait::Lane::peak);
    let highest = |what: &str, value: Option<f64>| value.map(|it| format!("{what} {}", amount(it)));
    let parts = [
        highest("replicas needed at most", peak(&portrait.needed)),
        highest("ready at most", peak(&portrait.ready)),
        highest("today's settings replayed at most", peak(&portrait.today)),
        highest("the proposed settings at most", peak(&portrait.proposed)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let step = f64::from(portrait.step_seconds) / 60.0;
    Drawn {
        json: Chart::of(portrait).json(),
        words: format!("Load and replicas of {}: {}", item.name, parts.join(", ")),
        resolution: minutes(step),
    }
}

fn finding(finding: &Finding) -> FindingRow {
    let fact = |fact: &Fact| match fact {
        Fact::Number(number) => number.to_string(),
        Fact::Count(count) => count.to_string(),
        Fact::Text(text) => text.clone(),
    };
    let facts = finding.evidence.iter();
    FindingRow {
        severity: finding.severity.to_string(),
        tone: of_severity(finding.severity),
        code: finding.code.as_str(),
        message: finding.message.clone(),
        fix: finding.fix.clone().unwrap_or_default(),
        facts: facts
            .map(|(name, it)| ((*name).to_owned(), fact(it)))
            .collect(),
    }
}

/// Of the recommendation; else what was tried in vain.
fn frontier(item: &Item) -> &[Point] {
    let proof = item.evidence.proof.as_ref();
    let portrait = item.portrait.as_ref();
    let of_proof = proof.map(|it| it.frontier.as_slice());
    let of_portrait = portrait.map(|it| it.frontier.as_slice());
    of_proof.or(of_portrait).unwrap_or_default()
}

fn held_back(item: &Item) -> String {
    let held_back = item
        .evidence
        .proof
        .as_ref()
        .and_then(|it| it.held_back.as_ref());
    let Some(HeldBack {
        days: held,
        today,
        proposed,
    }) = held_back
    else {
        return String::new();
    };
    let short = match [today.shortfall_minutes, proposed.shortfall_minutes] {
        [before, after] if before < 1.0 && after < 1.0 => "never short of capacity".to_owned(),
        both => {
            let [before, after] = both.map(minutes);
            format!("short of capacity for {after} instead of {before}")
        }
    };
    format!(
        "Chosen on the days before, checked on the last {}: {} replica-hours instead of {}, {short}.",
        days(*held as f64),
        amount(proposed.replica_hours.hours()),
        amount(today.replica_hours.hours()),
    )
}

fn evidence(item: &Item, report: &AnalysisReport) -> Vec<(&'static str, String)> {
    let evidence = &item.evidence;
    let portrait = item.portrait.as_ref();
    let fidelity = evidence
        .fidelity
        .or_else(|| portrait.and_then(|it| it.fidelity));
    let whole_down = |share: f64| format!("{:.0}%", (share * 100.0).floor());
    let fidelity = fidelity.map(|it| {
        format!(
            "within one replica of what was observed {} of the time, {} off on the mean",
            whole_down(it.within_one),
            amount(it.mean_absolute_error)
        )
    });
    let hidden = (evidence.censored > 0.0).then(|| {
        format!(
            "in {} of the samples, pods were saturated",
            percent(evidence.censored)
        )
    });
    let all = [
        (
            "History",
            (evidence.days > 0.0).then(|| {
                format!(
                    "{}, {} of it known",
                    days(evidence.days),
                    whole_down(evidence.coverage)
                )
            }),
        ),
        ("Source", Some(report.source.name.clone())),
        ("Replay of today", fidelity),
        ("Hidden demand", hidden),
    ];
    all.into_iter()
        .filter_map(|(name, it)| Some((name, it?)))
        .collect()
}
