//! What `install` and `uninstall` are to do.

use std::time::Duration;

use super::act::DryRun;
use super::values::Words;
use crate::audit;
use crate::cluster;
use crate::install::{Mode, Plan};

/// Below, ticks would overlap their own Lease; above, nobody waits for one.
const INTERVALS: (u32, u32) = (10, 86_400);
/// Only one writes; more than these only ask the API server for the same.
const MOST_REPLICAS: u32 = 10;
/// Each is a pod and a Lease.
const MOST_SHARDS: u32 = 256;

/// What `install` is to do.
#[derive(Clone, Debug)]
pub struct InstallConfig {
    pub connection: cluster::Options,
    pub audit: audit::Settings,
    pub what: What,
    pub delivery: Delivery,
}

#[derive(Clone, Debug)]
pub enum What {
    /// The kind of recommendations.
    Definition,
    /// All that `watch` needs.
    Watch(Plan),
}

/// Where the objects go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// To standard output.
    Print,
    /// To the API server.
    Apply { dry_run: bool, force: bool },
}

/// What `uninstall` is to do.
#[derive(Clone, Debug)]
pub struct UninstallConfig {
    pub connection: cluster::Options,
    pub audit: audit::Settings,
    pub namespace: String,
    /// Whether recommendations and the license go too.
    pub purge: bool,
    /// Whether they go although changes are in force.
    pub force: bool,
    pub dry_run: DryRun,
}

pub(crate) const MODES: Words<Mode> = Words(&[
    ("analysis-only", Mode::AnalysisOnly),
    ("apply", Mode::Apply),
    ("rules-only", Mode::RulesOnly),
]);

pub(crate) fn interval(text: &str) -> Result<u32, String> {
    within(text, INTERVALS.0, INTERVALS.1)
}

/// An [`interval`] as the time that it is.
pub(crate) fn between_ticks(text: &str) -> Result<Duration, String> {
    interval(text).map(|it| Duration::from_secs(it.into()))
}

pub(crate) fn replicas(text: &str) -> Result<u32, String> {
    within(text, 1, MOST_REPLICAS)
}

pub(crate) fn shards(text: &str) -> Result<u32, String> {
    within(text, 1, MOST_SHARDS)
}

fn within(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|it| (least..=most).contains(it))
        .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

/// A reference to an image; the kubelet alone knows which of them exist.
pub(crate) fn image(text: &str) -> Result<String, String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-._/:@".contains(it);
    let begins = text
        .chars()
        .next()
        .is_some_and(|it| it.is_ascii_alphanumeric());
    if begins && text.len() <= 512 && text.chars().all(is_part) {
        Ok(text.to_owned())
    } else {
        Err("expected an image such as registry.example/stepscale:1.0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_limits() {
        assert_eq!(interval("10"), Ok(10));
        assert_eq!(replicas("10"), Ok(10));
        assert_eq!(shards("256"), Ok(256));
        for refused in [
            interval("9"),
            replicas("0"),
            shards("257"),
            shards("x"),
            interval("-1"),
        ] {
            assert!(refused.unwrap_err().starts_with("expected"));
        }
    }

    #[test]
    fn an_image_is_a_reference() {
        for good in ["stepscale", "r.example:5000/a/b:1.0", "a@sha256:0123"] {
            assert_eq!(image(good).as_deref(), Ok(good));
        }
        for bad in ["", "-a", "a b", "a\nb", "$(x)", &"a".repeat(513)] {
            assert!(image(bad).is_err(), "{bad:?}");
        }
    }
}
