//! SARIF 2.1.0, which code scanning reads.
//!
//! What `lint` finds in files has a physical location, what is found of objects a logical one,
//! `shop/HorizontalPodAutoscaler/web`. The fingerprint of a result is made of its rule, its object and
//! the field, so that it is the same one in the next run, wherever its line has moved to and whatever
//! numbers its message has then.

use std::collections::BTreeMap;

use serde_sarif::sarif::{
    self, ArtifactLocation, Invocation, Location, LogicalLocation, Notification, PhysicalLocation,
    Region, ReportingConfiguration, ReportingDescriptor, ResultLevel, Run, Sarif, ToolComponent,
};
use sha2::{Digest, Sha256};

use super::annotation::Level;
use super::notice::{self, Notice, Rule};
use crate::output::lint::Report;
use crate::output::report::{AnalysisReport, Outcome};
use crate::yaml::located::Position;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const VERSION: &str = "2.1.0";
/// Changes with what a fingerprint is made of.
const FINGERPRINT: &str = "stepscaleRuleObjectField/v1";
/// The root of what was checked out, in the words of SARIF.
const ROOT: &str = "%SRCROOT%";

/// What an analysis has found; what could not be read is a notification of its run.
pub(super) fn of_analysis(report: &AnalysisReport) -> Sarif {
    let unread = report
        .unread
        .iter()
        .map(|it| format!("{}: {}", it.what, it.why));
    let unreadable = report.items.iter().filter_map(|it| {
        let reason = it.reason.as_deref().unwrap_or_default();
        (it.outcome == Outcome::Unreadable).then(|| {
            format!(
                "{}/{} in namespace {}: {reason}",
                it.kind.short(),
                it.name,
                it.namespace
            )
        })
    });
    let told: Vec<Notification> = unread
        .chain(unreadable)
        .map(|it| notification(&it))
        .collect();
    let invocation = Invocation::builder()
        .execution_successful(!report.is_incomplete())
        .tool_execution_notifications(told)
        .build();
    log(&notice::of_analysis(report), Some(invocation))
}

/// What a lint has found.
pub(super) fn of_lint(report: &Report) -> Sarif {
    log(&notice::of_lint(report), None)
}

fn notification(text: &str) -> Notification {
    let message = sarif::Message::builder().text(text).build();
    let level = serde_json::json!("error");
    Notification::builder()
        .message(message)
        .level(level)
        .build()
}

fn log(notices: &[Notice<'_>], invocation: Option<Invocation>) -> Sarif {
    let mut rules: Vec<Rule> = Vec::new();
    for notice in notices {
        if !rules.iter().any(|it| it.id == notice.rule.id) {
            rules.push(notice.rule);
        }
    }
    rules.sort_by_key(|it| it.id);
    let place = |notice: &Notice<'_>| rules.iter().position(|it| it.id == notice.rule.id);
    let mut seen = BTreeMap::new();
    let results: Vec<sarif::Result> = notices
        .iter()
        .map(|it| {
            result(
                it,
                place(it).unwrap_or_default(),
                fingerprint(it, &mut seen),
            )
        })
        .collect();
    let driver = ToolComponent::builder()
        .name("kubectl-stepscale")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.iter().map(descriptor).collect::<Vec<_>>())
        .build();
    let mut run = Run::builder().tool(driver).results(results).build();
    run.column_kind = Some(serde_json::json!("unicodeCodePoints"));
    run.invocations = invocation.map(|it| vec![it]);
    Sarif::builder()
        .schema(SCHEMA)
        .version(serde_json::json!(VERSION))
        .runs(vec![run])
        .build()
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let text = sarif::MultiformatMessageString::builder()
        .text(rule.about)
        .build();
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.id)
        .short_description(text.clone())
        .full_description(text.clone())
        .help(text)
        .build();
    descriptor.default_configuration = rule.level.map(|it| {
        let level = serde_json::json!(level(it).to_string());
        ReportingConfiguration::builder().level(level).build()
    });
    descriptor
}

fn result(notice: &Notice<'_>, rule: usize, fingerprint: String) -> sarif::Result {
    let mut location = Location::builder().build();
    location.physical_location = notice.file.map(|(file, at)| physical(file, at));
    location.logical_locations = notice.object.map(|it| {
        let logical = LogicalLocation::builder()
            .name(it.name)
            .fully_qualified_name(it.path())
            .kind("resource")
            .build();
        vec![logical]
    });
    let is_nowhere = notice.file.is_none() && notice.object.is_none();
    let locations = if is_nowhere { vec![] } else { vec![location] };
    sarif::Result::builder()
        .rule_id(notice.rule.id)
        .rule_index(i64::try_from(rule).unwrap_or_default())
        .level(level(notice.level))
        .message(sarif::Message::builder().text(&notice.text).build())
        .locations(locations)
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), fingerprint)]))
        .build()
}

fn level(level: Level) -> ResultLevel {
    match level {
        Level::Note => ResultLevel::Note,
        Level::Warning => ResultLevel::Warning,
        Level::Error => ResultLevel::Error,
    }
}

fn physical(file: &str, at: Position) -> PhysicalLocation {
    let file = file.replace('\\', "/");
    let mut artifact = ArtifactLocation::builder().build();
    if file.starts_with('/') {
        artifact.uri = Some(format!("file://{}", encoded(&file)));
    } else {
        artifact.uri = Some(encoded(file.trim_start_matches("./")));
        artifact.uri_base_id = Some(ROOT.to_owned());
    }
    let number = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
    let region = Region::builder()
        .start_line(number(at.line))
        .start_column(number(at.column))
        .build();
    PhysicalLocation::builder()
        .artifact_location(artifact)
        .region(region)
        .build()
}

/// A path as a reference by RFC 3986: all that has a meaning in one, and all that is not ASCII, by
/// the octets of its UTF-8.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// What the same thing has in every run; of several with the same rule, object and field the
/// second is the second again.
fn fingerprint(notice: &Notice<'_>, seen: &mut BTreeMap<String, usize>) -> String {
    let place = match (notice.object, notice.file) {
        (Some(object), _) => object.path(),
        (None, Some((file, _))) => file.to_owned(),
        (None, None) => String::new(),
    };
    let key = [notice.rule.id, &place, notice.path].join("\0");
    let before = seen.entry(key.clone()).or_default();
    let digest = Sha256::digest(format!("{key}\0{before}"));
    *before += 1;
    digest[..16].iter().map(|it| format!("{it:02x}")).collect()
}
