//! What a bundle says of itself: its files with their checksums, what is missing and why, and how often
//! something was left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the layout and of the manifest.
pub const API_VERSION: &str = "stepscale.io/v1alpha1";
pub const KIND: &str = "SupportBundle";

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub api_version: String,
    pub kind: String,
    pub taken_at: Timestamp,
    /// Of the program that wrote it.
    pub version: String,
    pub cluster: ClusterOf,
    pub scope: Scope,
    /// How far back logs go, in seconds.
    pub log_seconds: u64,
    /// All but this one, by path.
    pub files: Vec<FileOf>,
    /// What could not be read, in the order in which it was tried.
    pub missing: Vec<Missing>,
    /// How often something was left out, by rule.
    pub redactions: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterOf {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The namespace that was meant where none was named.
    pub namespace: String,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    pub all_namespaces: bool,
    /// Where not all were asked for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub namespaces: BTreeSet<String>,
    /// Of the autoscalers in the snapshot; the objects are those of the whole namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOf {
    /// Below the folder of the bundle.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    /// Bytes that were there before it and are left out, for want of room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was tried: `list scaledobjects.keda.sh`.
    pub what: String,
    pub why: String,
    /// The kind of objects that is missing, where a whole one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}
