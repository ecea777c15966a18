//! What kinds the server serves. A kind is an entry of data; a custom resource makes one as well.

pub(crate) mod builtin;

use std::sync::Arc;

use serde_json::Value;

use super::schema::{Definitions, Schema};
use super::status::{FieldError, Named};

/// One kind of object, in all its versions.
#[derive(Debug)]
pub(crate) struct Kind {
    /// `apps`; empty for the group without a name.
    pub(crate) group: String,
    /// The preferred one first.
    pub(crate) versions: Vec<Version>,
    /// `Deployment`.
    pub(crate) kind: String,
    /// `DeploymentList`.
    pub(crate) list_kind: String,
    /// `deployments`.
    pub(crate) plural: String,
    /// `deployment`.
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    /// Such as `all`.
    pub(crate) categories: Vec<String>,
    pub(crate) is_namespaced: bool,
    /// What may be done with it, in the words of RBAC.
    pub(crate) verbs: Vec<&'static str>,
    /// Whether its specification has a generation that counts changes.
    pub(crate) has_generation: bool,
    /// Paths that field selectors may use beside the name and the namespace, such as
    /// `status.phase`.
    pub(crate) selectable: Vec<String>,
    pub(crate) rules: Rules,
}

/// One version of a kind.
#[derive(Debug)]
pub(crate) struct Version {
    /// `v1`.
    pub(crate) name: String,
    pub(crate) is_served: bool,
    /// Exactly one version of a kind is.
    pub(crate) is_stored: bool,
    /// The name of its definition, such as `io.k8s.api.apps.v1.Deployment`.
    pub(crate) definition: String,
    pub(crate) definitions: Arc<Definitions>,
    /// Whether status is written apart from the rest.
    pub(crate) has_status: bool,
    pub(crate) scale: Option<Scale>,
    pub(crate) columns: Vec<Column>,
    /// A warning for everyone who uses it.
    pub(crate) deprecation: Option<String>,
}

/// Where the scale of an object is, as paths such as `spec.replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    /// A selector, as text or as a label selector.
    pub(crate) selector: Option<String>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub(crate) kind: String,
    pub(crate) format: String,
    pub(crate) description: String,
    /// 0 for one that is always shown, more for `-o wide`.
    pub(crate) priority: i32,
    pub(crate) cell: Cell,
}

/// How a cell comes from an object.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// What a JSON path such as `.status.phase` finds.
    Path(String),
    /// What a function of ours makes of it, at the given time.
    Made(fn(&Value, jiff::Timestamp) -> Value),
}

/// What no schema says of a kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    /// Fills in what depends on other fields, after the defaults of the schema.
    pub(crate) complete: Option<fn(&mut Value)>,
    /// What is wrong with the new object; the second is the one that it replaces.
    pub(crate) check: Option<Check>,
    /// What is wrong with a new status; the second is the object that it replaces.
    pub(crate) check_status: Option<Check>,
    /// Sets and clears fields that the server owns before an object is created (no old one) or
    /// updated.
    pub(crate) prepare: Option<fn(&mut Value, Option<&Value>)>,
    /// Turns an object from its `apiVersion` into the given version.
    pub(crate) convert: Option<fn(&Value, &str) -> Value>,
}

/// A validation of a new object beside the one that it replaces.
pub(crate) type Check = fn(&Value, Option<&Value>) -> Vec<FieldError>;

impl Kind {
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            group: &self.group,
            kind: &self.kind,
            plural: &self.plural,
        }
    }

    /// The version `name`, if it is served.
    pub(crate) fn served(&self, name: &str) -> Option<&Version> {
        let mut all = self.versions.iter();
        all.find(|it| it.is_served && it.name == name)
    }

    /// The version in which objects are kept.
    ///
    /// # Panics
    /// When no version is: every maker of kinds sees to it.
    #[cfg(test)]
    pub(crate) fn stored(&self) -> &Version {
        let mut all = self.versions.iter();
        all.find(|it| it.is_stored).expect("one version is stored")
    }

    /// `apps/v1`, or `v1` in the group without a name.
    pub(crate) fn api_version(&self, version: &str) -> String {
        match self.group.as_str() {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        }
    }
}

impl Version {
    /// # Panics
    /// When the definition is missing: every maker of kinds sees to it.
    pub(crate) fn schema(&self) -> Schema<'_> {
        Schema::named(&self.definition, &self.definitions).expect("every version has a definition")
    }
}
