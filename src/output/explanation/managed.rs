//! Who wrote an autoscaler, and who would undo a change to it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::autoscaler::Autoscaler;
use crate::lifecycle::{MANAGER, WATCH_MANAGER, owners, settings};

/// Who manages an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Managed {
    /// Those who would undo a change, each with what says so: Argo CD, Flux, Helm, a controller, a
    /// field manager that applies a setting.
    pub owners: Vec<String>,
    /// The field managers, the one that wrote last first.
    pub managers: Vec<Manager>,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A field manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Manager {
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// `status`, where it writes that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub at: Option<Timestamp>,
}

impl Managed {
    pub(super) fn of(written: Option<&Value>, autoscaler: &Autoscaler) -> Self {
        let Some(object) = written else {
            return Self {
                owners: autoscaler.owner.iter().cloned().collect(),
                managers: Vec::new(),
                unknown: Some("the object could not be read as it is written".to_owned()),
            };
        };
        let paths = settings::parts(autoscaler.id.kind);
        let owners = owners::of(object, paths, &[MANAGER, WATCH_MANAGER]);
        let managers = managers(object);
        let unknown = managers.is_empty() && owners.is_empty();
        Self {
            owners: owners.iter().map(ToString::to_string).collect(),
            unknown: unknown
                .then(|| "the object has no managedFields and no labels that tell".to_owned()),
            managers,
        }
    }
}

fn managers(object: &Value) -> Vec<Manager> {
    let entries = object["metadata"]["managedFields"].as_array();
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let manager = |entry: &Value| {
        Some(Manager {
            name: text(&entry["manager"])?,
            operation: text(&entry["operation"]).unwrap_or_default(),
            subresource: text(&entry["subresource"]).filter(|it| !it.is_empty()),
            at: entry["time"].as_str().and_then(|it| it.parse().ok()),
        })
    };
    let mut all: Vec<Manager> = entries.into_iter().flatten().filter_map(manager).collect();
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.name.cmp(&b.name)));
    all
}
