//! What follows from the writing of a CustomResourceDefinition: its kind is served, and says so.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::metadata::{text, written};
use super::pipeline::Writer;
use crate::sandbox::crd;
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;
use crate::sandbox::store::Expected;

impl Writer<'_> {
    /// Serves the kind that a definition makes, and returns the definition with its new status.
    ///
    /// # Errors
    /// When it makes none.
    pub(super) fn define(
        &mut self,
        served: &Served,
        definition: &Arc<Value>,
    ) -> Result<Arc<Value>, Refusal> {
        let name = text(definition, "name");
        let kind = crd::kind(definition);
        let kind = kind.map_err(|errors| Refusal::invalid(served.kind.named(), name, &errors))?;
        self.inner.change_registry(|it| it.define(kind));
        let mut object = (**definition).clone();
        object["status"] = established(definition, self.inner.clock.now());
        if object == **definition {
            return Ok(Arc::clone(definition));
        }
        let put = self
            .inner
            .store
            .put(&served.resource(), object, Expected::Any);
        put.map_err(|_| Refusal::modified(served.kind.named(), name))
    }
}

/// The status of a definition whose kind is served.
fn established(definition: &Value, now: Timestamp) -> Value {
    let condition = |name: &str, reason: &str, message: &str| {
        let conditions = definition["status"]["conditions"].as_array();
        let mut before = conditions.into_iter().flatten();
        let before = before.find(|it| it["type"] == name && it["status"] == "True");
        let since = before.map_or(json!(written(now)), |it| it["lastTransitionTime"].clone());
        json!({ "type": name, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": since })
    };
    let accepted = condition("NamesAccepted", "NoConflicts", "no conflicts found");
    let is_initial = "the initial names have been accepted";
    let established = condition("Established", "InitialNamesAccepted", is_initial);
    let versions = definition["spec"]["versions"].as_array();
    let stored = versions
        .into_iter()
        .flatten()
        .filter(|it| it["storage"] == true);
    let mut stored: Vec<Value> = stored.map(|it| it["name"].clone()).collect();
    let before = definition["status"]["storedVersions"].as_array();
    for version in before.into_iter().flatten().rev() {
        if !stored.contains(version) {
            stored.insert(0, version.clone());
        }
    }
    json!({ "acceptedNames": definition["spec"]["names"],
        "conditions": [accepted, established], "storedVersions": stored })
}
