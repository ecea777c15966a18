//! The text format of Prometheus, for node_exporter's collector of text files or a push gateway.
//!
//! All are gauges, since each analysis tells them anew. Of what an autoscaler does not have, such as a
//! saving where nothing is recommended, there is no series.

use std::io::{self, Write};
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::analysis::findings::Severity;
use crate::analysis::money::HOURS_PER_MONTH;
use crate::output::report::{AnalysisReport, Item, Outcome};

type Floats<Labels> = Family<Labels, Gauge<f64, AtomicU64>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Autoscaler {
    namespace: String,
    kind: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSeverity {
    severity: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFinding {
    namespace: String,
    kind: String,
    name: String,
    code: String,
    severity: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRecommendation {
    namespace: String,
    kind: String,
    name: String,
    risk: String,
}

/// Every family, before anything is counted.
#[derive(Default)]
struct Families {
    taken_at: Gauge<f64, AtomicU64>,
    window: Gauge<f64, AtomicU64>,
    unread: Gauge,
    autoscalers: Family<OfOutcome, Gauge>,
    findings: Family<OfSeverity, Gauge>,
    finding: Family<OfFinding, Gauge>,
    recommendation: Family<OfRecommendation, Gauge>,
    saved_replicas: Floats<Autoscaler>,
    saving_ratio: Floats<Autoscaler>,
    saved_dollars: Floats<Autoscaler>,
    coverage: Floats<Autoscaler>,
}

pub(super) fn of_analysis(out: &mut dyn Write, report: &AnalysisReport) -> io::Result<()> {
    let families = Families::default();
    let registry = families.registered();
    families.set(report);
    let mut text = String::new();
    encode_registry(&mut text, &registry).map_err(io::Error::other)?;
    out.write_all(sorted(&text).as_bytes())
}

impl Families {
    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("stepscale");
        let all = &mut registry;
        all.register(
            "analysis_timestamp_seconds",
            "When the analysis holds for",
            self.taken_at.clone(),
        );
        all.register(
            "analysis_window_seconds",
            "Length of the history that was looked at",
            self.window.clone(),
        );
        all.register(
            "analysis_unread",
            "Parts of the cluster that could not be read",
            self.unread.clone(),
        );
        all.register(
            "analysis_autoscalers",
            "Autoscalers by what came of them",
            self.autoscalers.clone(),
        );
        all.register(
            "analysis_findings",
            "Findings by severity",
            self.findings.clone(),
        );
        all.register(
            "autoscaler_finding",
            "1 for each finding",
            self.finding.clone(),
        );
        all.register(
            "autoscaler_recommended",
            "1 where other settings are recommended",
            self.recommendation.clone(),
        );
        all.register(
            "autoscaler_saved_replicas",
            "Replicas that a recommendation saves on the mean, projected; negative where it adds",
            self.saved_replicas.clone(),
        );
        all.register(
            "autoscaler_saved_ratio",
            "Share of the replica-hours that a recommendation saves, projected",
            self.saving_ratio.clone(),
        );
        all.register(
            "autoscaler_saved_dollars_per_month",
            "US dollars a month that a recommendation saves, projected",
            self.saved_dollars.clone(),
        );
        all.register(
            "autoscaler_history_coverage_ratio",
            "Share of the history's samples that are known",
            self.coverage.clone(),
        );
        registry
    }

    fn set(&self, report: &AnalysisReport) {
        self.taken_at.set(report.taken_at.as_second() as f64);
        self.window.set(report.window.days * 86_400.0);
        self.unread.set(count(report.unread.len()));
        for outcome in Outcome::ALL {
            let of_it = report.items.iter().filter(|it| it.outcome == outcome);
            let outcome = outcome.as_str().to_owned();
            self.autoscalers
                .get_or_create(&OfOutcome { outcome })
                .set(count(of_it.count()));
        }
        let found = report.summary.findings;
        for (severity, number) in [
            (Severity::Info, found.info),
            (Severity::Warning, found.warning),
            (Severity::Critical, found.critical),
        ] {
            let severity = severity.to_string();
            self.findings
                .get_or_create(&OfSeverity { severity })
                .set(count(number));
        }
        report.items.iter().for_each(|it| self.set_item(it));
    }

    fn set_item(&self, item: &Item) {
        let (namespace, kind, name) = (&item.namespace, item.kind.as_str(), &item.name);
        let autoscaler = Autoscaler {
            namespace: namespace.clone(),
            kind: kind.to_owned(),
            name: name.clone(),
        };
        for finding in &item.findings {
            let labels = OfFinding {
                namespace: namespace.clone(),
                kind: kind.to_owned(),
                name: name.clone(),
                code: finding.code.to_string(),
                severity: finding.severity.to_string(),
            };
            self.finding.get_or_create(&labels).set(1);
        }
        if let Some(risk) = item.risk {
            let labels = OfRecommendation {
                namespace: namespace.clone(),
                kind: kind.to_owned(),
                name: name.clone(),
                risk: risk.to_string(),
            };
            self.recommendation.get_or_create(&labels).set(1);
        }
        if let Some(saving) = item.saving {
            let replicas = saving.replica_hours_per_month / HOURS_PER_MONTH;
            self.saved_replicas.get_or_create(&autoscaler).set(replicas);
            self.saving_ratio
                .get_or_create(&autoscaler)
                .set(saving.share);
            if let Some(usd) = saving.usd_per_month {
                self.saved_dollars.get_or_create(&autoscaler).set(usd);
            }
        }
        self.coverage
            .get_or_create(&autoscaler)
            .set(item.evidence.coverage);
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The series of each family in the order of their labels, which a hash map does not have; families
/// without any are left out.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut series: Vec<&str> = Vec::new();
    let mut head: Vec<&str> = Vec::new();
    for line in text.lines().chain(["# END"]) {
        if !line.starts_with('#') {
            series.push(line);
            continue;
        }
        if !series.is_empty() {
            series.sort_unstable();
            lines.append(&mut head);
            lines.append(&mut series);
        } else if line.starts_with("# HELP") || line == "# END" {
            head.clear();
        }
        head.push(line);
    }
    let mut sorted = lines.join("\n");
    sorted.push('\n');
    sorted
}
