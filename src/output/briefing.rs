//! What somebody with a minute has to know of a report: where it stands, what it would save at
//! which risk, and what to do first.

use super::report::{AnalysisReport, Item, Saving};
use super::summary::counted;
use super::urgency::{self, Step, Urgency, shortfall};
use super::words::{days, dollars, minutes, percent, whole};
use crate::analysis::assessment::RiskLevel;

/// More first things are not first things.
const MOST_STEPS: usize = 5;

/// The gist of a report.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Briefing<'a> {
    /// A few sentences.
    pub(super) headline: String,
    /// How many recommendations there are to apply, and what they do together; without those that were
    /// refused before.
    pub(super) recommended: usize,
    pub(super) saving: Option<Saving>,
    /// Minutes of shortfall, today's first; `None` without any recommendation.
    pub(super) shortfall: Option<(f64, f64)>,
    /// The recommendations by their risk, the lowest first; levels without any are left out.
    pub(super) risks: Vec<OfRisk>,
    /// At most [`MOST_STEPS`], the most urgent first.
    pub(super) steps: Vec<Step<'a>>,
    /// How many autoscalers call for something besides.
    pub(super) more: usize,
}

/// The recommendations of one risk together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OfRisk {
    pub(super) level: RiskLevel,
    pub(super) count: usize,
    pub(super) saving: Saving,
}

impl Urgency<'_> {
    /// What is done, in one clause.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Broken(finding) => match &finding.fix {
                Some(fix) => format!("{}: {}", finding.message, fix),
                None => finding.message.clone(),
            },
            Self::Serves { before, after } => format!(
                "apply the change: {} short of capacity instead of {}",
                never_or(*after),
                minutes(*before)
            ),
            Self::Saves(saving) => format!("apply the change: {}", saved(saving)),
        }
    }
}

fn never_or(shortfall: f64) -> String {
    if shortfall < 1.0 {
        "never".to_owned()
    } else {
        minutes(shortfall)
    }
}

/// `saves 32% of its replica-hours, about $58.40 a month`
fn saved(saving: &Saving) -> String {
    let money = saving.usd_per_month.filter(|it| *it > 0.0);
    let money = money.map(|it| format!(", about {} a month", dollars(it)));
    let share = percent(saving.share);
    format!(
        "saves {share} of its replica-hours{}",
        money.unwrap_or_default()
    )
}

impl<'a> Briefing<'a> {
    pub(super) fn of(report: &'a AnalysisReport) -> Self {
        let mut all = urgency::steps(&report.items);
        let more = all.len().saturating_sub(MOST_STEPS);
        all.truncate(MOST_STEPS);
        let open: Vec<&Item> = report.items.iter().filter(|it| it.is_open()).collect();
        let mut briefing = Self {
            headline: String::new(),
            recommended: open.len(),
            saving: Saving::total(open.iter().filter_map(|it| it.saving)),
            shortfall: shortfall_of_all(&open),
            risks: risks(&open),
            steps: all,
            more,
        };
        briefing.headline = headline(report, &briefing);
        briefing
    }
}

fn shortfall_of_all(items: &[&Item]) -> Option<(f64, f64)> {
    let all = items.iter().filter_map(|it| shortfall(it));
    all.reduce(|a, b| (a.0 + b.0, a.1 + b.1))
}

fn risks(items: &[&Item]) -> Vec<OfRisk> {
    let levels = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];
    let of = |level| {
        let all = || items.iter().filter(|it| it.risk == Some(level));
        let count = all().count();
        let saving = Saving::total(all().filter_map(|it| it.saving))?;
        Some(OfRisk {
            level,
            count,
            saving,
        })
    };
    levels.into_iter().filter_map(of).collect()
}

fn headline(report: &AnalysisReport, briefing: &Briefing<'_>) -> String {
    let summary = &report.summary;
    if report.items.is_empty() {
        return "No autoscaler was found.".to_owned();
    }
    let autoscalers = counted(summary.autoscalers, "autoscaler");
    let mut text = match briefing.recommended {
        0 if summary.autoscalers == 1 => "Its settings need no change.".to_owned(),
        0 => format!("None of {autoscalers} needs other settings."),
        all if all == summary.autoscalers && all == 1 => "It should be set differently.".to_owned(),
        all if all == summary.autoscalers => {
            format!("All {autoscalers} should be set differently.")
        }
        some => format!("{some} of {autoscalers} should be set differently."),
    };
    if let Some(saving) = &briefing.saving {
        text.push(' ');
        text.push_str(&together(report, saving, briefing.shortfall));
    }
    let refused = report.items.iter().filter(|it| it.is_refused).count();
    if refused > 0 {
        let verb = if refused == 1 { "was" } else { "were" };
        let refused = counted(refused, "recommendation");
        text.push_str(&format!(" Left out: {refused} that {verb} refused before."));
    }
    if summary.findings.critical > 0 {
        let critical = counted(summary.findings.critical, "critical finding");
        let verb = if summary.findings.critical == 1 {
            "needs"
        } else {
            "need"
        };
        text.push_str(&format!(" {critical} {verb} a look first."));
    }
    text
}

/// What the changes do together: what they save or cost, and how they serve.
fn together(report: &AnalysisReport, saving: &Saving, shortfall: Option<(f64, f64)>) -> String {
    let (today, proposed) = (saving.today_replica_hours, saving.proposed_replica_hours);
    let verb = if proposed <= today { "save" } else { "add" };
    let (hours, share) = (whole((today - proposed).abs()), percent(saving.share.abs()));
    let window = days(report.window.days);
    let mut text = format!(
        "The changes {verb} {hours} of {} replica-hours ({share}) in {window}",
        whole(today)
    );
    if let Some(usd) = saving.usd_per_month {
        let agrees = (usd < 0.0) == (proposed > today);
        let word = match (agrees, usd < 0.0) {
            (true, _) => "about",
            (false, true) => "and cost",
            (false, false) => "and save",
        };
        text.push_str(&format!(", {word} {} a month", dollars(usd.abs())));
    }
    if let Some((before, after)) = shortfall {
        if before - after >= 1.0 {
            let to = if after < 1.0 {
                "nothing".to_owned()
            } else {
                minutes(after)
            };
            let from = minutes(before);
            text.push_str(&format!(
                ", and cut the time short of capacity from {from} to {to}"
            ));
        } else if after - before < 1.0 {
            text.push_str(", with no more time short of capacity than today");
        }
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::super::report::made_up;
    use super::*;

    #[test]
    fn what_is_broken_comes_before_what_serves_and_that_before_what_saves() {
        let report = made_up::report();
        let briefing = Briefing::of(&report);
        let steps: Vec<(&str, String)> = briefing
            .steps
            .iter()
            .map(|it| (it.item.name.as_str(), it.what.told()))
            .collect();
        let told = |name: &'static str, text: &str| (name, text.to_owned());
        assert_eq!(
            steps,
            [
                told(
                    "mail",
                    "what missing-requests means, in one line: lower minReplicas to 2"
                ),
                told(
                    "recommendations",
                    "apply the change: 5 min short of capacity instead of 2 h 15 min"
                ),
                told(
                    "cart",
                    "apply the change: saves 33% of its replica-hours, about $58.40 a month"
                ),
            ]
        );
        assert_eq!(briefing.more, 0);
    }

    #[test]
    fn of_many_things_only_the_first_are_told() {
        let mut report = made_up::report();
        let mail = report.items.iter().find(|it| it.name == "mail").unwrap();
        report.items = vec![mail.clone(); MOST_STEPS + 4];
        let briefing = Briefing::of(&report);
        assert_eq!((briefing.steps.len(), briefing.more), (MOST_STEPS, 4));
    }

    #[test]
    fn the_headline_tells_what_the_changes_come_to() {
        assert_eq!(
            Briefing::of(&made_up::report()).headline,
            "2 of 8 autoscalers should be set differently. The changes save 336 of 4,368 \
             replica-hours (8%) in 14 days, about $58.40 a month, and cut the time short of capacity \
             from 2 h 15 min to 5 min. 2 critical findings need a look first."
        );
        let mut nothing = made_up::report();
        nothing.items.retain(|it| !it.is_open());
        nothing.summary.findings.critical = 0;
        let headline = Briefing::of(&nothing).headline;
        assert_eq!(headline, "None of 8 autoscalers needs other settings.");
    }

    #[test]
    fn what_was_refused_before_is_not_told_again() {
        let mut report = made_up::report();
        report.pass_over(|it| it.name == "recommendations");
        let briefing = Briefing::of(&report);
        let steps: Vec<&str> = briefing.steps.iter().map(|it| &*it.item.name).collect();
        // Its finding is as critical as before.
        assert_eq!(steps, ["mail", "recommendations", "cart"]);
        let what = briefing.steps[1].what.told();
        assert!(!what.contains("apply"), "{what}");
        assert_eq!(
            briefing.headline,
            "1 of 8 autoscalers should be set differently. The changes save 672 of 2,016 \
             replica-hours (33%) in 14 days, about $58.40 a month, with no more time short of capacity \
             than today. Left out: 1 recommendation that was refused before. 2 critical findings need a \
             look first."
        );
        let levels: Vec<_> = briefing.risks.iter().map(|it| it.level).collect();
        assert_eq!(levels, [RiskLevel::Low]);
        report.pass_over(|it| it.proposed.is_some());
        let briefing = Briefing::of(&report);
        assert_eq!((briefing.recommended, briefing.saving), (0, None));
        let left_out = "Left out: 2 recommendations that were refused before.";
        assert!(
            briefing.headline.contains(left_out),
            "{}",
            briefing.headline
        );
    }

    #[test]
    fn savings_are_told_by_risk() {
        let report = made_up::report();
        let risks = Briefing::of(&report).risks;
        let counts: Vec<_> = risks.iter().map(|it| (it.level, it.count)).collect();
        assert_eq!(counts, [(RiskLevel::Low, 1), (RiskLevel::Medium, 1)]);
        assert!(risks[0].saving.share > 0.0 && risks[1].saving.share < 0.0);
    }
}
