//! The closing lines on standard error: what was found, where the history came from, what it
//! took, and where to read on.

use std::time::Duration;

use super::report::{AnalysisReport, Source, Summary};
use super::words::dollars;
use crate::analysis::findings::Finding;
use crate::analysis::opinion::Verdict;
use crate::config::Format;
use crate::config::form::Form;

/// The closing lines of `report`, which took `elapsed` to make.
pub fn closing(report: &AnalysisReport, form: &Form, elapsed: Duration) -> Vec<String> {
    let mut lines = vec![counts(report.summary)];
    lines.extend(cost(report));
    lines.extend(saving(report));
    lines.extend(risks(report));
    lines.extend(opinions(report));
    lines.extend(report.findings.iter().map(of_fleet));
    lines.push(history(&report.source, report.summary.coverage, elapsed));
    let warnings = report.source.warnings.iter();
    lines.extend(warnings.map(|it| format!("warning: {it}")));
    lines.extend(checks(report));
    if let Form::Format(format) = form {
        lines.extend(where_to_read_on(report, *format));
    }
    let first = report.overview.first.as_ref();
    lines.extend(first.map(|it| format!("first: {} ({})", it.command, it.why)));
    lines
}

/// What no row is about: `info auth-unused-or-missing: no trigger uses …; delete it, and …`
fn of_fleet(finding: &Finding) -> String {
    let (severity, code, message) = (finding.severity, finding.code, &finding.message);
    let fix = finding.fix.iter().map(|it| format!("; {it}"));
    format!("{severity} {code}: {message}{}", fix.collect::<String>())
}

/// `12 autoscalers: 5 recommendations, 9 findings (2 critical), 1 without enough history`
fn counts(summary: Summary) -> String {
    let findings = summary.findings;
    let mut parts = vec![
        counted(summary.recommended, "recommendation"),
        match findings.critical {
            0 => counted(findings.total(), "finding"),
            critical => format!(
                "{} ({critical} critical)",
                counted(findings.total(), "finding")
            ),
        },
    ];
    let others = [
        (summary.withheld, "withheld"),
        (summary.not_enough_history, "without enough history"),
        (summary.skipped, "skipped"),
        (summary.unreadable, "unreadable"),
    ];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(others.map(|(count, what)| format!("{count} {what}")));
    let autoscalers = counted(summary.autoscalers, "autoscaler");
    format!("{autoscalers}: {}", parts.join(", "))
}

/// `the fleet: 12430 replica-hours a month, 85.1 CPU and 170.2 GiB requested on the mean, $1240 a month,
/// projected`
fn cost(report: &AnalysisReport) -> Option<String> {
    let overview = &report.overview;
    let now = overview.now?;
    let mut parts = vec![format!("{:.0} replica-hours", now.replica_hours_per_month)];
    parts.extend(
        now.cpu_cores
            .map(|it| format!("{it:.1} CPU requested on the mean")),
    );
    parts.extend(now.memory_gib.map(|it| format!("{it:.1} GiB")));
    parts.extend(now.usd_per_month.map(dollars));
    let left_out = [
        (overview.not_counted, "not counted"),
        (overview.not_priced, "without money"),
    ];
    let left_out = left_out.into_iter().filter(|it| it.0 > 0);
    let left_out: Vec<String> = left_out
        .map(|(count, what)| format!("{} {what}", counted(count, "autoscaler")))
        .collect();
    let left_out = match left_out.is_empty() {
        true => String::new(),
        false => format!(" ({})", left_out.join(", ")),
    };
    Some(format!(
        "the fleet now, a month, projected: {}{left_out}",
        parts.join(", ")
    ))
}

/// `risk of the recommendations: 3 low, 1 medium`
fn risks(report: &AnalysisReport) -> Option<String> {
    let risks = report.overview.risks;
    let all = [
        (risks.low, "low"),
        (risks.medium, "medium"),
        (risks.high, "high"),
    ];
    let told = all.into_iter().filter(|it| it.0 > 0);
    let told: Vec<String> = told
        .map(|(count, risk)| format!("{count} {risk}"))
        .collect();
    (!told.is_empty()).then(|| format!("risk of the recommendations: {}", told.join(", ")))
}

/// `second opinions, written by a language model: 3 kept, 1 dropped`
fn opinions(report: &AnalysisReport) -> Option<String> {
    let told: Vec<String> = Verdict::ALL
        .into_iter()
        .filter_map(|verdict| {
            let opinions = report.items.iter().filter_map(|it| it.opinion.as_ref());
            let count = opinions.filter(|it| it.verdict == verdict).count();
            let what = match verdict {
                Verdict::Kept => "kept",
                Verdict::RiskRaised => "with a higher risk",
                Verdict::Dropped => "dropped",
                Verdict::None => "without",
            };
            (count > 0).then(|| format!("{count} {what}"))
        })
        .collect();
    let told = told.join(", ");
    (!told.is_empty()).then(|| format!("second opinions, by a language model: {told}"))
}

fn saving(report: &AnalysisReport) -> Option<String> {
    let saving = report.summary.saving?;
    let (today, proposed) = (saving.today_replica_hours, saving.proposed_replica_hours);
    let percent = (saving.share.abs() * 100.0).round();
    let verb = if proposed <= today { "save" } else { "add" };
    let money = saving.usd_per_month.map_or_else(String::new, |usd| {
        let word = if usd < 0.0 { "cost" } else { "save" };
        format!(
            "; they would {word} {} a month{}, projected",
            dollars(usd.abs()),
            between(report)
        )
    });
    Some(format!(
        "the recommendations {verb} {:.0} of {today:.0} replica-hours ({percent}%, projected) in {} days{money}",
        (today - proposed).abs(),
        report.window.days
    ))
}

/// ` ($41.20 to $67.10)`, of costs where more is to be paid; nothing where a recommendation has no
/// interval.
fn between(report: &AnalysisReport) -> String {
    let range = report.overview.saved_usd_per_month;
    let Some(((low, high), mean)) =
        range.and_then(|it| it.low.zip(it.high).map(|ends| (ends, it.mean)))
    else {
        return String::new();
    };
    let (low, high) = match mean < 0.0 {
        true => (-high, -low),
        false => (low, high),
    };
    let signed = |usd: f64| match usd < 0.0 {
        true => format!("-{}", dollars(-usd)),
        false => dollars(usd),
    };
    format!(" ({} to {})", signed(low), signed(high))
}

/// `history: snapshot shop.jsonl.gz, gzip JSON Lines, 98% coverage, 0.3 s`
pub fn history(source: &Source, coverage: Option<f64>, elapsed: Duration) -> String {
    let mut parts = vec![source.name.clone()];
    if !source.way.is_empty() {
        parts.push(source.way.clone());
    }
    if let Some(coverage) = coverage {
        parts.push(format!("{:.0}% coverage", (coverage * 100.0).floor()));
    }
    parts.extend(traffic(source));
    parts.push(format!("{:.1} s", elapsed.as_secs_f64()));
    format!("history: {}", parts.join(", "))
}

fn traffic(source: &Source) -> Option<String> {
    let queries = match source.queries {
        1 => "1 query".to_owned(),
        many => format!("{many} queries"),
    };
    match (source.queries, source.bytes) {
        (0, 0) => None,
        (0, bytes) => Some(size(bytes)),
        (_, bytes) => Some(format!("{queries}, {}", size(bytes))),
    }
}

/// Where a role is missing in every namespace of a large cluster, more hints than these only push
/// the rest off the screen.
const MOST_CHECKS: usize = 6;

/// How to check for the permissions that are missing, each command once.
fn checks(report: &AnalysisReport) -> Vec<String> {
    let missing = report.unread.iter().filter_map(|it| it.permission.as_ref());
    let mut lines: Vec<String> = missing.map(|it| format!("hint: {}", it.check)).collect();
    lines.dedup();
    let more = lines.len().saturating_sub(MOST_CHECKS);
    if more > 0 {
        lines.truncate(MOST_CHECKS);
        lines.push(format!(
            "hint: {more} more such commands are in -o json, under unread"
        ));
    }
    lines
}

fn where_to_read_on(report: &AnalysisReport, format: Format) -> Option<String> {
    let has_more = report.summary.recommended + report.summary.findings.total() > 0;
    let tells_little = match format {
        Format::Table => true,
        Format::Wide | Format::Json | Format::Yaml | Format::Name => false,
    };
    (tells_little && has_more).then(|| "hint: -o wide tells why, and how to fix it".to_owned())
}

/// `1 finding`, `2 findings`, `no findings`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

/// Bytes in a unit that keeps the number short.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        1_073_741_824.. => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{FindingCounts, Overview, made_up};
    use super::*;
    use crate::fleet::AuthenticationId;

    const ELAPSED: Duration = Duration::from_millis(1_234);

    #[test]
    fn only_so_many_permissions_are_told_one_by_one() {
        let mut report = made_up::report();
        let row = report.unread.iter().find(|it| it.permission.is_some());
        let row = row.unwrap().clone();
        report.unread = vec![row; MOST_CHECKS + 3];
        for (index, row) in report.unread.iter_mut().enumerate() {
            row.permission.as_mut().unwrap().check = format!("check {index}");
        }
        let lines = checks(&report);
        assert_eq!(lines.len(), MOST_CHECKS + 1);
        let last = "hint: 3 more such commands are in -o json, under unread";
        assert_eq!(lines[MOST_CHECKS], last);
    }

    #[test]
    fn the_closing_lines_tell_what_was_found_and_how() {
        let lines = closing(&made_up::report(), &Form::default(), ELAPSED);
        assert_eq!(
            lines,
            [
                "8 autoscalers: 2 recommendations, 6 findings (2 critical), 1 withheld, 1 without enough \
                 history, 1 skipped, 1 unreadable",
                "the recommendations save 336 of 4368 replica-hours (8%, projected) in 14 days; they would save $58.40 a month ($44.01 to $72.24), projected",
                "risk of the recommendations: 1 low, 1 medium",
                "history: Prometheus http://localhost:9090, remote read (streamed chunks), pods \
                 assigned by kube_pod_owner, 98% coverage, 12 queries, 3.3 MiB, 1.2 s",
                "warning: 2 series had samples out of order",
                "hint: kubectl auth can-i list horizontalpodautoscalers.autoscaling -n payments",
                "hint: -o wide tells why, and how to fix it",
                "first: kubectl stepscale analyze hpa/mail -n shop -o wide (critical: missing-requests)",
            ]
        );
    }

    #[test]
    fn what_is_found_of_the_fleet_is_told_below_the_rows() {
        let mut fleet = made_up::fleet();
        fleet.unused_authentications = vec![AuthenticationId {
            namespace: Some("shop".to_owned()),
            name: "old".to_owned(),
        }];
        let report = AnalysisReport::new(made_up::run(&fleet, made_up::assessments()));
        let before = made_up::report().summary.findings;
        assert_eq!(report.summary.findings.info, before.info + 1);
        let lines = closing(&report, &Form::default(), ELAPSED);
        assert_eq!(
            lines[3],
            "info auth-unused-or-missing: no trigger uses triggerauthentication/old in namespace shop; \
             delete it, and the secrets that are there for it alone"
        );
    }

    #[test]
    fn a_clean_fleet_needs_no_hint() {
        let mut report = made_up::report();
        report.overview = Overview::default();
        report.unread.clear();
        report.source.warnings.clear();
        report.source.queries = 0;
        report.source.bytes = 0;
        report.summary = Summary {
            autoscalers: 1,
            no_change: 1,
            findings: FindingCounts::default(),
            ..Summary::default()
        };
        let lines = closing(&report, &Form::default(), ELAPSED);
        assert_eq!(lines[0], "1 autoscaler: no recommendations, no findings");
        assert_eq!(lines.len(), 2, "{lines:?}");
    }

    #[test]
    fn sizes_have_the_unit_that_keeps_them_short() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (3 << 30, "3.0 GiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }
}
