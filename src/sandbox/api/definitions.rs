//! What follows from the writing of a CustomResourceDefinition: its kind is served, and it says so.

use std::sync::Arc;

use serde_json::Value;

use super::metadata::text;
use super::pipeline::Writer;
use crate::sandbox::crd;
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;
use crate::sandbox::store::Expected;

impl Writer<'_> {
    /// Serves the kind that a definition makes once its names are free, and writes its status.
    ///
    /// # Errors
    /// When it makes none.
    pub(super) fn define(
        &mut self,
        served: &Served,
        definition: &Arc<Value>,
    ) -> Result<(), Refusal> {
        let (resource, name) = (served.resource(), text(definition, "name"));
        let kind = crd::kind(definition);
        let kind = kind.map_err(|errors| Refusal::invalid(served.kind.named(), name, &errors))?;
        let others = self.inner.store.list(&resource, "").objects;
        let others = others.iter().map(|it| &**it);
        let mut object = (**definition).clone();
        object["status"] = crd::status(definition, others, self.inner.clock.now());
        if is_established(&object) {
            self.inner.change_registry(|it| it.define(kind));
        }
        if object == **definition {
            return Ok(());
        }
        let put = self.inner.store.put(&resource, object, Expected::Any);
        put.map_err(|_| Refusal::modified(served.kind.named(), name))?;
        Ok(())
    }
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Established" && it["status"] == "True")
}
