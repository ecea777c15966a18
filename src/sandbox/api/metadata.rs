//! The metadata of objects that are written.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inner;
use super::names::Names;
use super::pipeline::{Target, set};
use crate::sandbox::registry::Served;
use crate::sandbox::status::{Cause, Fault, FieldError, Named, Refusal};
use crate::sandbox::store::{key, version_of};

/// What errors call namespaces.
pub(super) const NAMESPACES: Named<'static> = Named {
    group: "",
    kind: "Namespace",
    plural: "namespaces",
};

/// A text of the metadata; empty if there is none.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or("")
}

/// A time as metadata has it: to the second.
pub(super) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// # Errors
/// When an object is not of the name that the path says.
pub(super) fn check_name(name: &str, object: &Value) -> Result<(), Refusal> {
    match text(object, "name") {
        found if found == name => Ok(()),
        "" => {
            let message = format!(
                "the name of the object ({name} based on URL) was undeterminable: name must be provided"
            );
            Err(Refusal::bad_request(message))
        }
        found => {
            let message = format!(
                "the name of the object ({found}) does not match the name on the URL ({name})"
            );
            Err(Refusal::bad_request(message))
        }
    }
}

/// Puts the object where the path says.
///
/// # Errors
/// When the object says something else.
pub(super) fn check_namespace(target: &Target<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !object["metadata"].is_object() {
        set(object, "metadata", Some(json!({})));
    }
    let found = text(object, "namespace");
    if !found.is_empty() && found != target.namespace {
        return Err(other_namespace());
    }
    let namespace = Some(target.namespace).filter(|it| !it.is_empty());
    set(
        &mut object["metadata"],
        "namespace",
        namespace.map(|it| json!(it)),
    );
    Ok(())
}

/// The refusal of an object of another namespace than the path says.
pub(super) fn other_namespace() -> Refusal {
    let message = "the namespace of the provided object does not match the namespace sent on the \
                   request";
    Refusal::bad_request(message)
}

/// # Errors
/// When a patch changes what nobody may.
pub(super) fn check_unchanged(named: Named<'_>, past: &Value, new: &Value) -> Result<(), Refusal> {
    let fields = ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"];
    let (past, new_metadata) = (&past["metadata"], &new["metadata"]);
    let is_changed = |it: &&str| !new_metadata[*it].is_null() && new_metadata[*it] != past[*it];
    let errors = fields.into_iter().filter(is_changed).flat_map(|it| {
        let fault = Fault::Invalid(new_metadata[it].clone());
        let error = FieldError::new(format!("metadata.{it}"), fault, "field is immutable");
        // The API server looks twice, and lists what it finds twice.
        [error.clone(), error]
    });
    let errors: Vec<FieldError> = errors.collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(named, text(new, "name"), &errors))
    }
}

/// The metadata of a new object.
///
/// # Errors
/// When it has no name, or a version already.
pub(super) fn begin(
    target: &Target<'_>,
    object: &mut Value,
    names: &mut Names,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !text(object, "resourceVersion").is_empty() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Refusal::plain(500, "", message));
    }
    let kind = &target.served.kind;
    let base = text(object, "generateName");
    let name = match (text(object, "name"), base) {
        ("", "") => {
            let detail = "name or generateName is required";
            let error = FieldError::new("metadata.name", Fault::Required, detail);
            return Err(Refusal::invalid(kind.named(), "", &[error]));
        }
        ("", base) => names.name(base),
        (name, _) => name.to_owned(),
    };
    let metadata = &mut object["metadata"];
    set(metadata, "name", Some(json!(name)));
    set(metadata, "uid", Some(json!(names.uid())));
    set(metadata, "creationTimestamp", Some(json!(written(now))));
    set(
        metadata,
        "generation",
        kind.has_generation.then(|| json!(1)),
    );
    let others = [
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ];
    for field in others {
        set(metadata, field, None);
    }
    Ok(())
}

/// What a new object takes over from the one that it replaces.
///
/// # Errors
/// When it is of an older version, or of another object of that name.
pub(super) fn carry(target: &Target<'_>, past: &Value, object: &mut Value) -> Result<(), Refusal> {
    check_namespace(target, object)?;
    let named = target.served.kind.named();
    let version = text(object, "resourceVersion");
    if !matches!(version, "" | "0") {
        let asked: u64 = version.parse().map_err(|_| {
            let message = format!("strconv.ParseUint: parsing \"{version}\": invalid syntax");
            Refusal::plain(500, "", message)
        })?;
        if asked != version_of(past) {
            return Err(Refusal::modified(named, target.name));
        }
    }
    if version.is_empty() && needs_version(target.served) {
        let resource = Named {
            kind: named.plural,
            ..named
        };
        let fault = Fault::Invalid(json!(0));
        let detail = "must be specified for an update";
        let error = FieldError::new("metadata.resourceVersion", fault, detail);
        return Err(Refusal::invalid(resource, target.name, &[error]));
    }
    let (asked, found) = (text(object, "uid"), text(past, "uid"));
    if !asked.is_empty() && asked != found {
        let resource = &target.served.kind.plural;
        let key = key(target.namespace, target.name);
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{resource}/{key}, ResourceVersion: \
             0, AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object \
             meta: {found}"
        );
        return Err(Refusal::conflict(named, target.name, &why));
    }
    let kept = [
        "resourceVersion",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    for field in kept {
        let value = past["metadata"].get(field).cloned();
        set(&mut object["metadata"], field, value);
    }
    set(&mut object["metadata"], "selfLink", None);
    Ok(())
}

/// Whether an update of such an object must say of which version it is.
fn needs_version(served: &Served) -> bool {
    let built_in = [
        "customresourcedefinitions.apiextensions.k8s.io",
        "leases.coordination.k8s.io",
        "poddisruptionbudgets.policy",
    ];
    served.is_custom || built_in.contains(&served.resource().as_str())
}

/// Whether an update of an object that is not there creates it.
pub(super) fn is_created_by_update(served: &Served) -> bool {
    let kind = &served.kind;
    kind.group == "rbac.authorization.k8s.io"
        || ["leases.coordination.k8s.io", "events"].contains(&served.resource().as_str())
}

/// # Errors
/// When a configuration is for another object than there is.
pub(super) fn check_applied(
    target: &Target<'_>,
    config: &Value,
    live: Option<&Value>,
) -> Result<(), Refusal> {
    check_name(target.name, config)?;
    let named = target.served.kind.named();
    let (uid, name) = (text(config, "uid"), target.name);
    if live.is_none() && !uid.is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        );
        return Err(Refusal::conflict(named, name, &why));
    }
    live.map_or(Ok(()), |it| check_unchanged(named, it, config))
}

impl Inner {
    /// # Errors
    /// When the namespace of a new object is not there or about to go.
    pub(super) fn check_home(&self, target: &Target<'_>, name: &str) -> Result<(), Refusal> {
        if target.namespace.is_empty() {
            return Ok(());
        }
        let namespace = self.store.get("namespaces", "", target.namespace);
        let Some(namespace) = namespace else {
            return Err(Refusal::not_found(NAMESPACES, target.namespace));
        };
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {} because it is being terminated",
            target.namespace
        );
        let mut refusal = Refusal::forbidden(target.served.kind.named(), name, &why);
        let cause = Cause {
            reason: "NamespaceTerminating",
            message: format!("namespace {} is being terminated", target.namespace),
            field: "metadata.namespace".to_owned(),
        };
        if let Some(details) = &mut refusal.details {
            details.causes.push(cause);
        }
        Err(refusal)
    }
}
