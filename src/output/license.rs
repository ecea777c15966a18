//! The license that counts: a versioned contract (`-o json`, `-o yaml`) and lines for people.

use std::io::{self, Write};
use std::num::NonZeroU32;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{json, yaml};
use crate::config::license::Form;
use crate::license::State;
use crate::license::keys::KeyId;
use crate::license::payload::License;

/// What `license show` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseReport {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "License"))]
    pub kind: &'static str,
    /// `licensed`, `grace`, `unlicensed`.
    pub state: &'static str,
    /// Why it does not count, as a word for machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same for people.
    pub message: String,
    /// Of grace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u32>,
    /// Where the license was looked for.
    pub source: String,
    /// The key that it was checked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub checked_at: Timestamp,
    /// Only of a license whose signature is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<Terms>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    pub customer: String,
    pub plan: &'static str,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub issued_at: Timestamp,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub expires_at: Timestamp,
    /// Left out where it is for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_clusters: Option<NonZeroU32>,
    pub features: Vec<String>,
}

impl LicenseReport {
    pub fn new(state: &State, source: &str, key: Option<KeyId>, now: Timestamp) -> Self {
        let (reason, days_left) = match state {
            State::Licensed(_) => (None, None),
            State::Grace { days_left, .. } => (None, Some(*days_left)),
            State::Unlicensed(why) => (Some(why.reason()), None),
        };
        Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "License",
            state: state.word(),
            reason,
            message: state.to_string(),
            days_left,
            source: source.to_owned(),
            key_id: key.map(|it| it.to_string()),
            checked_at: now,
            license: state.license().map(Terms::of),
        }
    }
}

impl Terms {
    fn of(license: &License) -> Self {
        Self {
            customer: license.customer.clone(),
            plan: license.plan.word(),
            issued_at: license.issued_at,
            expires_at: license.expires_at,
            max_clusters: license.max_clusters,
            features: license.features.clone(),
        }
    }
}

/// Writes `report` to `out`.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, report: &LicenseReport, form: Form) -> io::Result<()> {
    match form {
        Form::Table => lines(out, report),
        Form::Json => json(out, report),
        Form::Yaml => yaml(out, report),
    }
}

fn lines(out: &mut dyn Write, report: &LicenseReport) -> io::Result<()> {
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<10} {value}");
    line("State:", &report.message)?;
    line("Source:", &report.source)?;
    line("Key:", report.key_id.as_deref().unwrap_or("none"))?;
    let Some(license) = &report.license else {
        return Ok(());
    };
    let clusters = license.max_clusters.map(|it| it.to_string());
    let features = match license.features.as_slice() {
        [] => "none".to_owned(),
        all => all.join(", "),
    };
    line("Customer:", &license.customer)?;
    line("Plan:", license.plan)?;
    line("Issued:", &license.issued_at.to_string())?;
    line("Expires:", &expires(license, report.checked_at))?;
    line("Clusters:", clusters.as_deref().unwrap_or("any number"))?;
    line("Features:", &features)
}

/// `2027-02-01T00:00:00Z, in 92 days`.
fn expires(license: &Terms, now: Timestamp) -> String {
    let left = license.expires_at.duration_since(now);
    let days = left.as_hours() / 24;
    match days {
        _ if left.is_negative() || left.is_zero() => license.expires_at.to_string(),
        0 => format!("{}, in less than a day", license.expires_at),
        1 => format!("{}, in 1 day", license.expires_at),
        _ => format!("{}, in {days} days", license.expires_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::payload::Plan;
    use crate::license::{GRACE, Unlicensed};

    fn license() -> License {
        License {
            customer: "Example & Sons".to_owned(),
            plan: Plan::Team,
            issued_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            expires_at: "2027-01-01T00:00:00Z".parse().unwrap(),
            max_clusters: None,
            features: vec!["schedules".to_owned(), "llm".to_owned()],
        }
    }

    fn written(state: &State, form: Form) -> String {
        let now = "2026-12-30T12:00:00Z".parse().unwrap();
        let report = LicenseReport::new(state, "license.json", None, now);
        let mut out = Vec::new();
        write(&mut out, &report, form).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_lines() {
        let expected = "\
State:     licensed
Source:    license.json
Key:       none
Customer:  Example & Sons
Plan:      team
Issued:    2026-01-01T00:00:00Z
Expires:   2027-01-01T00:00:00Z, in 1 day
Clusters:  any number
Features:  schedules, llm
";
        assert_eq!(written(&State::Licensed(license()), Form::Table), expected);
        let none = State::Unlicensed(Unlicensed::NoLicense);
        let expected =
            "State:     unlicensed: no license\nSource:    license.json\nKey:       none\n";
        assert_eq!(written(&none, Form::Table), expected);
    }

    #[test]
    fn programs_read_states_and_reasons() {
        let grace = State::Grace {
            license: license(),
            days_left: 3,
        };
        let yaml = written(&grace, Form::Yaml);
        assert!(
            yaml.contains("state: grace\n") && yaml.contains("daysLeft: 3\n"),
            "{yaml}"
        );
        let past = State::Unlicensed(Unlicensed::PastGrace {
            license: license(),
            grace: GRACE,
        });
        let json: serde_json::Value = serde_json::from_str(&written(&past, Form::Json)).unwrap();
        let expected = serde_json::json!({
            "apiVersion": "stepscale.io/v1alpha1",
            "kind": "License",
            "state": "unlicensed",
            "reason": "PastGrace",
            "message": "unlicensed: expired at 2027-01-01T00:00:00Z, and the grace of 14 days is over",
            "source": "license.json",
            "checkedAt": "2026-12-30T12:00:00Z",
            "license": {
                "customer": "Example & Sons",
                "plan": "team",
                "issuedAt": "2026-01-01T00:00:00Z",
                "expiresAt": "2027-01-01T00:00:00Z",
                "features": ["schedules", "llm"],
            },
        });
        assert_eq!(json, expected);
    }
}
