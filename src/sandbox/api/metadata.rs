//! The metadata of objects that are written.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inner;
use super::names::Names;
use super::pipeline::{Target, set};
use crate::sandbox::status::{Cause, Fault, FieldError, Named, Refusal};
use crate::sandbox::store::version_of;

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
        let message = "the namespace of the provided object does not match the namespace sent on \
                       the request";
        return Err(Refusal::bad_request(message));
    }
    let namespace = Some(target.namespace).filter(|it| !it.is_empty());
    set(
        &mut object["metadata"],
        "namespace",
        namespace.map(|it| json!(it)),
    );
    Ok(())
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
    let (asked, found) = (text(object, "uid"), text(past, "uid"));
    if !asked.is_empty() && asked != found {
        let why = format!(
            "Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
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
    Ok(())
}

/// What is wrong with the metadata.
pub(super) fn errors(object: &Value, live: Option<&Value>) -> Vec<FieldError> {
    let Some(live) = live.filter(|it| !it["metadata"]["deletionTimestamp"].is_null()) else {
        return vec![];
    };
    let finalizers = |it: &Value| -> Vec<String> {
        let all = it["metadata"]["finalizers"]
            .as_array()
            .into_iter()
            .flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (old, new) = (finalizers(live), finalizers(object));
    let added: Vec<String> = new.into_iter().filter(|it| !old.contains(it)).collect();
    if added.is_empty() {
        return vec![];
    }
    let quoted: Vec<String> = added.iter().map(|it| format!("{it:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers \
         []string{{{}}}",
        quoted.join(", ")
    );
    vec![FieldError::new(
        "metadata.finalizers",
        Fault::Forbidden,
        detail,
    )]
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
