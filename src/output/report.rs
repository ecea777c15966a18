//! The report of an analysis: a versioned contract (`-o json`, `-o yaml`) and what the table is
//! made from. Equal input gives an equal report, byte for byte: sorted, and without the clock.

pub(crate) mod evidence;
pub(crate) mod foretold;
pub(crate) mod item;
#[cfg(test)]
pub(crate) mod made_up;
pub(crate) mod overview;
pub(crate) mod reviewed;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

pub use super::commands::Place;
use crate::analysis::assessment::Assessment;
use crate::analysis::findings::{Finding, Severity, auth_unused_or_missing};
use crate::analysis::prices::PriceList;
use crate::config::FailOn;
use crate::fleet::{ClusterName, Fleet, Permission};
use crate::metrics::{Reading, Warning};
use crate::series::Grid;
pub use foretold::Foretold;
pub use item::{Change, Item, Outcome, Saving};
pub use overview::Overview;
pub use reviewed::Reviewed;

/// Everything that an analysis yields.
#[derive(Debug)]
pub struct Run<'a> {
    pub fleet: &'a Fleet,
    /// In any order.
    pub assessments: Vec<Assessment>,
    pub reading: Reading,
    /// The times that history was asked for.
    pub grid: Grid,
    /// The time that the answer holds for.
    pub taken_at: Timestamp,
    pub prices: &'a PriceList,
    pub place: Place,
}

/// What `analyze` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisReport {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "AnalysisReport"))]
    pub kind: &'static str,
    pub cluster: Cluster,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub taken_at: Timestamp,
    pub window: Window,
    pub source: Source,
    /// Sorted by namespace, name, kind.
    pub items: Vec<Item>,
    /// What is found of the fleet as a whole and of no autoscaler in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What could not be read, sorted.
    pub unread: Vec<UnreadRow>,
    pub summary: Summary,
    /// What the fleet costs, what would be saved, at what risk, and what to do first.
    pub overview: Overview,
    /// Where it comes from, for the commands to go on with.
    #[serde(skip)]
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cluster {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The last line of a report whose autoscalers have lines of their own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AroundItems<'a> {
    api_version: &'static str,
    kind: &'static str,
    cluster: &'a Cluster,
    taken_at: Timestamp,
    window: Window,
    source: &'a Source,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
    unread: &'a [UnreadRow],
    summary: &'a Summary,
    overview: &'a Overview,
}

/// The part of the past that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    #[schemars(schema_with = "crate::output::schema::time")]
    pub start: Timestamp,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub end: Timestamp,
    pub days: f64,
    pub step_seconds: u32,
}

/// Where the history came from and what it took.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Source {
    pub name: String,
    pub way: String,
    pub queries: u64,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub warnings: Vec<Warning>,
}

/// A part of the cluster that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnreadRow {
    pub what: String,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<MissingPermission>,
}

/// What RBAC refuses, and how to check for it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MissingPermission {
    pub verb: String,
    pub resource: String,
    /// Absent for the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub check: String,
}

/// Counts over all items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub autoscalers: usize,
    pub recommended: usize,
    pub no_change: usize,
    pub withheld: usize,
    pub not_enough_history: usize,
    pub skipped: usize,
    pub unreadable: usize,
    pub unread: usize,
    pub findings: FindingCounts,
    /// Replica-hours of the recommendations together; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// Mean over the autoscalers whose history was judged, 0 to 1; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingCounts {
    pub critical: usize,
    pub warning: usize,
    pub info: usize,
}

impl FindingCounts {
    pub fn total(self) -> usize {
        self.critical + self.warning + self.info
    }
}

impl AnalysisReport {
    pub fn new(run: Run<'_>) -> Self {
        let window = window(run.grid);
        let mut items: Vec<Item> = run
            .assessments
            .into_iter()
            .map(|it| Item::new(it, (run.fleet, run.prices), window))
            .collect();
        items.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut unread: Vec<_> = run.fleet.unread.clone();
        unread.sort();
        let unread: Vec<UnreadRow> = unread.into_iter().map(UnreadRow::from).collect();
        let unused = &run.fleet.unused_authentications;
        let findings: Vec<Finding> = auth_unused_or_missing::of_fleet(unused)
            .into_iter()
            .collect();
        Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "AnalysisReport",
            cluster: run.fleet.cluster.clone().into(),
            taken_at: run.taken_at,
            window,
            source: run.reading.into(),
            summary: Summary::of(&items, &findings, unread.len()),
            overview: Overview::of(&items, &run.place),
            items,
            findings,
            unread,
            place: run.place,
        }
    }

    /// Whether something was found that `fail_on` asks to fail for.
    ///
    /// A recommendation weighs as much as a warning: the settings of today cost money or will
    /// hurt one day.
    pub fn reaches(&self, fail_on: FailOn) -> bool {
        let found = self.summary.findings;
        let found = [
            (Severity::Info, found.info),
            (Severity::Warning, found.warning),
            (Severity::Critical, found.critical),
        ];
        let mut found = found.into_iter().filter(|it| it.1 > 0);
        found.any(|(severity, _)| fail_on.counts(severity))
            || fail_on.counts_recommendations() && self.summary.recommended > 0
    }

    /// Lets nobody be told to apply what `is_refused`: it was rejected or taken back, and is not made again.
    pub fn pass_over(&mut self, is_refused: impl Fn(&Item) -> bool) {
        for item in &mut self.items {
            item.is_refused = is_refused(item);
        }
        self.overview.first = overview::first(&self.items, &self.place);
    }

    /// Everything but the autoscalers.
    pub(super) fn without_items(&self) -> AroundItems<'_> {
        AroundItems {
            api_version: self.api_version,
            kind: self.kind,
            cluster: &self.cluster,
            taken_at: self.taken_at,
            window: self.window,
            source: &self.source,
            findings: &self.findings,
            unread: &self.unread,
            summary: &self.summary,
            overview: &self.overview,
        }
    }

    /// Whether autoscalers in scope were not judged because they could not be read.
    pub fn is_incomplete(&self) -> bool {
        let hidden = self.unread.iter().any(UnreadRow::hides_autoscalers);
        hidden || self.summary.unreadable > 0
    }

    /// Whether nothing at all could be said for want of access.
    pub fn is_blind(&self) -> bool {
        self.items.is_empty() && self.unread.iter().any(UnreadRow::hides_autoscalers)
    }
}

/// The part of the past that `grid` stands for.
pub(super) fn window(grid: Grid) -> Window {
    let seconds = grid.len() as f64 * f64::from(grid.step().seconds());
    Window {
        start: grid.start(),
        end: grid.end(),
        days: rounded(seconds / 86_400.0, 2),
        step_seconds: grid.step().seconds(),
    }
}

/// `value` with `digits` after the point, so that noise of the last bits is not in the contract.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    // Adding zero turns -0 into 0.
    (value * scale).round() / scale + 0.0
}

impl From<ClusterName> for Cluster {
    fn from(cluster: ClusterName) -> Self {
        Self {
            name: cluster.name,
            version: cluster.version,
        }
    }
}

impl From<Reading> for Source {
    fn from(reading: Reading) -> Self {
        let of_history = reading.warnings.into_iter().map(Warning::from);
        Self {
            name: reading.source,
            way: reading.way,
            queries: reading.queries,
            bytes: reading.bytes,
            warnings: of_history.chain(reading.beside).collect(),
        }
    }
}

impl From<crate::fleet::Unread> for UnreadRow {
    fn from(unread: crate::fleet::Unread) -> Self {
        Self {
            what: unread.what,
            why: unread.why,
            permission: unread.permission.map(MissingPermission::from),
        }
    }
}

impl From<Permission> for MissingPermission {
    fn from(missing: Permission) -> Self {
        Self {
            check: missing.check_command(),
            verb: missing.verb,
            resource: missing.resource,
            namespace: missing.namespace,
        }
    }
}

impl UnreadRow {
    /// Whether autoscalers may exist that the report does not have. What else is unread (a
    /// budget, a pod) shows in the autoscalers that wanted it.
    pub(super) fn hides_autoscalers(&self) -> bool {
        let Some(missing) = &self.permission else {
            return true;
        };
        let kinds = ["horizontalpodautoscalers.", "scaledobjects.", "scaledjobs."];
        kinds.iter().any(|it| missing.resource.starts_with(it)) || missing.resource == "namespaces"
    }
}

impl FailOn {
    /// Whether a finding of `severity` is to fail for.
    pub(super) fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Never | Self::Recommendation => false,
            Self::Info => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Critical => severity == Severity::Critical,
        }
    }

    /// Whether a recommendation is.
    pub(super) fn counts_recommendations(self) -> bool {
        match self {
            Self::Never | Self::Critical => false,
            Self::Info | Self::Warning | Self::Recommendation => true,
        }
    }
}

impl Summary {
    fn of(items: &[Item], of_fleet: &[Finding], unread: usize) -> Self {
        let with = |outcome| items.iter().filter(|it| it.outcome == outcome).count();
        Self {
            autoscalers: items.len(),
            recommended: with(Outcome::Recommended),
            no_change: with(Outcome::NoChange),
            withheld: with(Outcome::Withheld),
            not_enough_history: with(Outcome::NotEnoughHistory),
            skipped: with(Outcome::Skipped),
            unreadable: with(Outcome::Unreadable),
            unread,
            findings: count_findings(items, of_fleet),
            saving: Saving::total(items.iter().filter_map(|it| it.saving)),
            coverage: mean_coverage(items),
        }
    }
}

fn count_findings(items: &[Item], of_fleet: &[Finding]) -> FindingCounts {
    let mut counts = FindingCounts::default();
    for finding in items.iter().flat_map(|it| &it.findings).chain(of_fleet) {
        match finding.severity {
            Severity::Info => counts.info += 1,
            Severity::Warning => counts.warning += 1,
            Severity::Critical => counts.critical += 1,
        }
    }
    counts
}

fn mean_coverage(items: &[Item]) -> Option<f64> {
    let judged = |it: &&Item| match it.outcome {
        Outcome::Recommended | Outcome::NoChange | Outcome::Withheld => true,
        Outcome::NotEnoughHistory | Outcome::Skipped | Outcome::Unreadable => false,
    };
    let all: Vec<f64> = items
        .iter()
        .filter(judged)
        .map(|it| it.evidence.coverage)
        .collect();
    (!all.is_empty()).then(|| rounded(all.iter().sum::<f64>() / all.len() as f64, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_whatever_the_order_of_the_answers() {
        let fleet = made_up::fleet();
        let mut backwards = made_up::assessments();
        backwards.reverse();
        let report = AnalysisReport::new(made_up::run(&fleet, backwards));
        assert_eq!(report, made_up::report());
        let names: Vec<_> = report.items.iter().map(|it| it.sort_key()).collect();
        assert!(names.is_sorted(), "{names:?}");
    }

    #[test]
    fn the_summary_counts_every_item_once() {
        let report = made_up::report();
        let it = report.summary;
        assert_eq!(
            it.recommended
                + it.no_change
                + it.withheld
                + it.not_enough_history
                + it.skipped
                + it.unreadable,
            it.autoscalers
        );
        let findings: usize = report.items.iter().map(|it| it.findings.len()).sum();
        assert_eq!(it.findings.total(), findings);
    }

    #[test]
    fn the_threshold_decides_what_fails() {
        let all = made_up::report();
        let mut only_info = all.clone();
        only_info.summary.recommended = 0;
        only_info.summary.findings = FindingCounts {
            info: 1,
            ..FindingCounts::default()
        };
        let mut only_recommended = all.clone();
        only_recommended.summary.findings = FindingCounts::default();
        let mut clean = only_info.clone();
        clean.summary.findings.info = 0;
        // For each threshold: everything, one info finding, one recommendation, nothing.
        let cases = [
            (FailOn::Never, [false, false, false, false]),
            (FailOn::Info, [true, true, true, false]),
            (FailOn::Warning, [true, false, true, false]),
            (FailOn::Critical, [true, false, false, false]),
            (FailOn::Recommendation, [true, false, true, false]),
        ];
        for (fail_on, expected) in cases {
            let found = [&all, &only_info, &only_recommended, &clean].map(|it| it.reaches(fail_on));
            assert_eq!(found, expected, "{fail_on:?}");
        }
    }

    #[test]
    fn a_missing_budget_hides_no_autoscaler() {
        let row = |resource: &str| UnreadRow {
            what: String::new(),
            why: String::new(),
            permission: Some(MissingPermission {
                verb: "list".to_owned(),
                resource: resource.to_owned(),
                namespace: None,
                check: String::new(),
            }),
        };
        assert!(row("horizontalpodautoscalers.autoscaling").hides_autoscalers());
        assert!(row("scaledobjects.keda.sh").hides_autoscalers());
        assert!(!row("poddisruptionbudgets.policy").hides_autoscalers());
        assert!(!row("triggerauthentications.keda.sh").hides_autoscalers());
    }

    #[test]
    fn a_report_without_items_is_blind_only_if_access_was_refused() {
        let mut report = made_up::report();
        assert!(report.is_incomplete() && !report.is_blind());
        report.items.clear();
        assert!(report.is_blind());
        report.unread.clear();
        assert!(!report.is_blind());
    }
}
