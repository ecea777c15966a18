//! What a written object gets on its way: defaults, owners of its fields, and the judgment of rules.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Target, Writer, set};
use crate::sandbox::api::collect::DEFINITIONS;
use crate::sandbox::api::metadata;
use crate::sandbox::api::present::converted;
use crate::sandbox::apply::{Author, Typed};
use crate::sandbox::registry::Served;
use crate::sandbox::schema::{Schema, builtin, check, defaults, form};
use crate::sandbox::status::{FieldError, Refusal};
use crate::sandbox::{crd, rules};

/// The object in the version in which it is kept, with its defaults.
pub(super) fn defaulted(
    target: &Target<'_>,
    mut object: Value,
    live: Option<&Arc<Value>>,
) -> Value {
    in_form(target.served, &mut object, form::settle);
    defaults::fill(&mut object, target.served.version().schema());
    let kept = target.served.stored();
    let mut object = converted(&kept, &object).unwrap_or(object);
    // To the letter: a status that is not written must not change by its defaults either.
    let keeps_status = kept.version().has_status && target.subresource != "status";
    if let Some(live) = live.filter(|_| keeps_status) {
        set(&mut object, "status", live.get("status").cloned());
    }
    if let Some(complete) = kept.kind.rules.complete {
        complete(&mut object);
    }
    object
}

/// Brings what is of a built-in type into its form: of a custom resource, the metadata.
fn in_form(served: &Served, object: &mut Value, bring: fn(&mut Value, Schema<'_>, &str)) {
    let version = served.version();
    if !served.is_custom {
        bring(object, version.schema(), &version.definition);
        return;
    }
    let definitions = builtin::definitions();
    if let (Some(schema), Some(metadata)) = (
        Schema::named(builtin::OBJECT_META, &definitions),
        object.get_mut("metadata"),
    ) {
        bring(metadata, schema, builtin::OBJECT_META);
    }
}

/// Sees to it that a built-in object has a status, a new one with all that is always in it.
fn complete_status(kept: &Served, object: &mut Value, is_new: bool) {
    if !kept.version().has_status {
        return;
    }
    if object["status"].is_null() {
        object["status"] = json!({});
    }
    if let (true, Some(status)) = (is_new, kept.version().schema().field("status")) {
        defaults::fill(&mut object["status"], status);
    }
}

impl Writer<'_> {
    /// Sets what the server owns, and judges the object. What is set here belongs to no manager.
    pub(super) fn finish(
        &mut self,
        target: &Target<'_>,
        object: &mut Value,
        live: Option<&Arc<Value>>,
    ) -> Result<(), Refusal> {
        let kept = target.served.stored();
        let live = live.map(|it| &**it);
        let spec = object.get("spec").cloned();
        if let Some(prepare) = kept.kind.rules.prepare {
            prepare(object, live);
        }
        if target.subresource == "finalize" {
            // Only here the spec of a namespace, which is nothing but finalizers, is written.
            let mut spec = spec.unwrap_or_else(|| json!({}));
            let is_empty = spec["finalizers"].as_array().is_none_or(Vec::is_empty);
            if is_empty {
                set(&mut spec, "finalizers", None);
            }
            set(object, "spec", Some(spec));
        }
        if !kept.is_custom {
            complete_status(&kept, object, live.is_none());
        }
        let errors = errors(&kept, target.subresource, object, live);
        if !errors.is_empty() {
            let name = metadata::text(object, "name");
            return Err(Refusal::invalid(kept.kind.named(), name, &errors));
        }
        let warnings = self.inner.reviewed(target, object, live)?;
        self.warnings.extend(warnings);
        self.allocate(&kept, object);
        in_form(&kept, object, form::write);
        Ok(())
    }

    /// Lets `own` set the managed fields of an object.
    pub(super) fn owned(
        &self,
        target: &Target<'_>,
        stored: &mut Value,
        own: impl FnOnce(&mut Value, Author<'_>, Typed<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let now = self.inner.clock.now();
        match converted(target.served, stored) {
            None => target.with_types(now, |author, typed| own(stored, author, typed)),
            Some(mut object) => {
                target.with_types(now, |author, typed| own(&mut object, author, typed))?;
                let fields = object["metadata"]["managedFields"].take();
                set(&mut stored["metadata"], "managedFields", Some(fields));
                Ok(())
            }
        }
    }

    /// Gives a service its addresses.
    fn allocate(&self, served: &Served, service: &mut Value) {
        if served.resource() != "services" {
            return;
        }
        let place = |it: &Value| {
            let text = |field: &str| metadata::text(it, field).to_owned();
            (text("namespace"), text("name"))
        };
        let own = place(service);
        let others = self.inner.store.list("services", "").objects;
        let others = others.iter().map(|it| &**it);
        rules::service::allocate(service, others.filter(|it| place(it) != own));
    }
}

/// What is wrong with an object that is otherwise complete.
fn errors(
    kept: &Served,
    subresource: &str,
    object: &Value,
    live: Option<&Value>,
) -> Vec<FieldError> {
    let rules = kept.kind.rules;
    let mut errors = rules::metadata(&kept.kind, object, live);
    // Built-in kinds were read by their types; what they must hold beside is in their rules.
    if kept.is_custom {
        errors.extend(check::check(object, kept.version().schema()));
    }
    let check = match subresource {
        "status" => rules.check_status,
        _ => rules.check,
    };
    if let Some(check) = check {
        errors.extend(check(object, live));
    }
    if errors.is_empty() && kept.resource() == DEFINITIONS {
        errors.extend(crd::kind(object).err().unwrap_or_default());
    }
    errors
}
