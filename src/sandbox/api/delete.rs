//! Deletion: of one object, of many, and of what goes with them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::body::{Language, check_size, decode};
use super::collect::DEFINITIONS;
use super::definitions::{CLEANUP, set_terminating};
use super::exchange::Response;
use super::list::ListOptions;
use super::metadata::{NAMESPACES, text, written};
use super::options::{DeleteOptions, Propagation};
use super::pipeline::{Writer, set};
use super::present;
use super::selection::Selection;
use super::{Call, Inner};
use crate::sandbox::kinds::Kind;
use crate::sandbox::registry::Served;
use crate::sandbox::status::{Refusal, qualified};
use crate::sandbox::store::{Expected, version_of};

/// The finalizer of an object that waits for what it owns.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object that lets go of what it owns.
const ORPHAN: &str = "orphan";

/// Namespaces that may not be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Kinds of the group without a name whose deletion answers with the object instead of a status.
const RETURNED: [&str; 6] = [
    "persistentvolumeclaims",
    "pods",
    "podtemplates",
    "resourcequotas",
    "serviceaccounts",
    "services",
];

/// Why a definition that is deleted is still there.
const DELETION_PENDING: (&str, &str) = (
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
);

/// What is left of an object that was deleted.
pub(super) struct Deleted {
    pub(super) object: Arc<Value>,
    /// Whether it is gone already.
    is_gone: bool,
}

impl Inner {
    /// # Errors
    /// When there is no such object, or it is not to be deleted.
    pub(super) fn delete(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let options = call.delete_options()?;
        let served = &call.served;
        let mut writer = Writer::new(self);
        let live = self.find(served, call.namespace(), &call.asked.name)?;
        let deleted = writer.delete(served, &live, &options)?;
        let kind = &served.kind;
        let is_returned = kind.group.is_empty() && RETURNED.contains(&kind.plural.as_str());
        if !deleted.is_gone || is_returned {
            let now = self.clock.now();
            return present::object(call.form, 200, served, &deleted.object, now);
        }
        let status = success(kind, &deleted.object);
        Ok(present::written(call.form.language, 200, &status))
    }

    /// # Errors
    /// When the options are not valid, or one of the objects is not to be deleted.
    pub(super) fn delete_collection(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let options = call.delete_options()?;
        let listing = ListOptions::of(&call.query)?;
        let selection = Selection::of(&call.query, &call.served)?;
        let resource = call.served.resource();
        let mut writer = Writer::new(self);
        let page = listing.page(&self.store, &resource, call.namespace(), &selection);
        let page = page.map_err(|it| it.refusal)?;
        for object in &page.objects {
            // One that went with another is what was asked for.
            let name = text(object, "name");
            if let Some(live) = self.store.get(&resource, call.namespace_of(object), name) {
                writer.delete(&call.served, &live, &options)?;
            }
        }
        let now = self.clock.now();
        let answer = present::list(call.form, &call.served, &page.objects, &page.meta, now);
        Ok(answer)
    }
}

impl Call<'_> {
    fn delete_options(&self) -> Result<DeleteOptions, Refusal> {
        let body = &self.request.body;
        check_size(body)?;
        if body.is_empty() {
            return DeleteOptions::of(&self.query, None);
        }
        let language = Language::of(&self.request.content_type)?;
        let decoded = decode(body, language).map_err(Refusal::bad_request)?;
        let kind = decoded.value["kind"].as_str().unwrap_or("");
        if !matches!(kind, "" | "DeleteOptions") {
            let version = decoded.value["apiVersion"].as_str().unwrap_or("");
            let message = format!("no kind \"{kind}\" is registered for version \"{version}\"");
            return Err(Refusal::bad_request(message));
        }
        DeleteOptions::of(&self.query, Some(&decoded.value))
    }

    fn namespace_of<'a>(&self, object: &'a Value) -> &'a str {
        if self.served.kind.is_namespaced {
            text(object, "namespace")
        } else {
            ""
        }
    }
}

fn success(kind: &Kind, object: &Value) -> Value {
    let mut details = json!({ "name": text(object, "name"), "kind": kind.plural,
        "uid": text(object, "uid") });
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details })
}

impl Writer<'_> {
    /// Deletes an object and all that goes with it.
    ///
    /// # Errors
    /// When it is not the one that was meant, or one that must stay.
    pub(super) fn delete(
        &mut self,
        served: &Served,
        live: &Arc<Value>,
        options: &DeleteOptions,
    ) -> Result<Deleted, Refusal> {
        let deleted = self.begin_deletion(served, live, options)?;
        self.settle();
        Ok(deleted)
    }

    /// Removes an object or, where something holds it, marks it. The rest waits in the queue.
    pub(super) fn begin_deletion(
        &mut self,
        served: &Served,
        live: &Arc<Value>,
        options: &DeleteOptions,
    ) -> Result<Deleted, Refusal> {
        let kind = &served.kind;
        check_preconditions(kind, live, options)?;
        let name = text(live, "name");
        let is_namespace = is_namespace(kind);
        if is_namespace && IMMORTAL.contains(&name) {
            let why = "this namespace may not be deleted";
            return Err(Refusal::forbidden(NAMESPACES, name, why));
        }
        let is_definition = served.resource() == DEFINITIONS;
        let first = live["metadata"]["deletionTimestamp"].is_null();
        let mut finalizers = wanted_finalizers(live, options);
        if is_definition && first && !finalizers.iter().any(|it| it == CLEANUP) {
            finalizers.push(CLEANUP.to_owned());
        }
        let is_held = !finalizers.is_empty() || is_namespace;
        if !is_held {
            return Ok(self.delete_now(served, live, options));
        }
        let marked = self.marked(served, live, &finalizers);
        let object = self.mark(served, live, marked, options.is_dry_run)?;
        if options.is_dry_run {
            return Ok(Deleted {
                object,
                is_gone: false,
            });
        }
        self.begin_waiting(served, &object, &finalizers, first);
        Ok(Deleted {
            object,
            is_gone: false,
        })
    }

    /// Begins what a marked object waits for; `is_first` says that it was not marked before.
    fn begin_waiting(
        &mut self,
        served: &Served,
        object: &Arc<Value>,
        finalizers: &[String],
        is_first: bool,
    ) {
        let name = text(object, "name");
        if finalizers.iter().any(|it| it == FOREGROUND) {
            self.delete_dependents(served, object);
        }
        if finalizers.iter().any(|it| it == ORPHAN) {
            self.release_dependents(object);
            self.drop_finalizer(served, object, ORPHAN);
        }
        if is_namespace(&served.kind) {
            self.sweep_namespace(name);
        }
        if is_first && served.resource() == DEFINITIONS {
            self.sweep_definition(name);
        }
    }

    fn delete_now(
        &mut self,
        served: &Served,
        live: &Arc<Value>,
        options: &DeleteOptions,
    ) -> Deleted {
        if !options.is_dry_run {
            self.take(&served.resource(), live);
        }
        // A pod is answered as it would have ended.
        let object = match is_pod(&served.kind) {
            true => Arc::new(self.marked(served, live, &[])),
            false => Arc::clone(live),
        };
        Deleted {
            object,
            is_gone: true,
        }
    }

    /// The object as it is while it waits for its end. There is no grace, since nothing runs.
    fn marked(&self, served: &Served, live: &Value, finalizers: &[String]) -> Value {
        let mut object = live.clone();
        let metadata = &mut object["metadata"];
        let first = metadata["deletionTimestamp"].is_null();
        let running = metadata["deletionGracePeriodSeconds"].as_i64();
        if first || running.is_some_and(|it| it > 0) {
            let now = self.inner.clock.now();
            set(metadata, "deletionTimestamp", Some(json!(written(now))));
            let is_definition = served.resource() == DEFINITIONS;
            if !is_definition && !is_namespace(&served.kind) {
                set(metadata, "deletionGracePeriodSeconds", Some(json!(0)));
            }
            if let Some(generation) = metadata["generation"].as_i64().filter(|_| !is_definition) {
                metadata["generation"] = json!(generation.saturating_add(1));
            }
            if is_definition {
                set_terminating(&mut object, DELETION_PENDING, now);
            }
        }
        let held = (!finalizers.is_empty()).then(|| json!(finalizers));
        set(&mut object["metadata"], "finalizers", held);
        if is_namespace(&served.kind) {
            if !object["status"].is_object() {
                object["status"] = json!({});
            }
            object["status"]["phase"] = json!("Terminating");
        }
        object
    }

    fn mark(
        &mut self,
        served: &Served,
        live: &Arc<Value>,
        marked: Value,
        is_dry_run: bool,
    ) -> Result<Arc<Value>, Refusal> {
        if marked == **live {
            return Ok(Arc::clone(live));
        }
        if is_dry_run {
            return Ok(Arc::new(marked));
        }
        let expected = Expected::Version(version_of(live));
        let put = self.inner.store.put(&served.resource(), marked, expected);
        put.map_err(|_| Refusal::modified(served.kind.named(), text(live, "name")))
    }
}

fn is_pod(kind: &Kind) -> bool {
    kind.group.is_empty() && kind.plural == "pods"
}

pub(super) fn is_namespace(kind: &Kind) -> bool {
    kind.group.is_empty() && kind.plural == "namespaces"
}

fn check_preconditions(kind: &Kind, live: &Value, options: &DeleteOptions) -> Result<(), Refusal> {
    let name = text(live, "name");
    let conflict = |why: String| {
        // The API server names the kind here, where it otherwise names the resource.
        let word = qualified(&kind.kind, &kind.group);
        let mut refusal = Refusal::conflict(kind.named(), name, &why);
        refusal.message = format!("Operation cannot be fulfilled on {word} \"{name}\": {why}");
        if let Some(details) = &mut refusal.details {
            details.kind.clone_from(&kind.kind);
        }
        refusal
    };
    let (uid, version) = (text(live, "uid"), text(live, "resourceVersion"));
    if let Some(asked) = options.uid.as_deref().filter(|it| *it != uid) {
        return Err(conflict(format!(
            "the UID in the precondition ({asked}) does not match the UID in record ({uid}). The \
             object might have been deleted and then recreated"
        )));
    }
    if let Some(asked) = options.version.as_deref().filter(|it| *it != version) {
        return Err(conflict(format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in \
             record ({version}). The object might have been modified"
        )));
    }
    Ok(())
}

/// The finalizers of an object once it is deleted so.
fn wanted_finalizers(live: &Value, options: &DeleteOptions) -> Vec<String> {
    let mut finalizers = finalizers(live);
    if !live["metadata"]["deletionTimestamp"].is_null() {
        return finalizers;
    }
    finalizers.retain(|it| it != FOREGROUND && it != ORPHAN);
    match options.propagation {
        Propagation::Background => {}
        Propagation::Foreground => finalizers.push(FOREGROUND.to_owned()),
        Propagation::Orphan => finalizers.push(ORPHAN.to_owned()),
    }
    finalizers
}

pub(super) fn finalizers(object: &Value) -> Vec<String> {
    let all = object["metadata"]["finalizers"].as_array();
    let all = all.into_iter().flatten().filter_map(Value::as_str);
    all.map(str::to_owned).collect()
}
