//! The objects with which clients ask what they and others may do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Attributes, Policies, User, Verdict, joined, rule};
use crate::sandbox::status::{Fault, FieldError, Named, Refusal};

/// A kind that is answered and not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    /// `kubectl auth can-i`.
    SelfSubjectAccess,
    SubjectAccess,
    LocalSubjectAccess,
    /// `kubectl auth can-i --list`.
    SelfSubjectRules,
    /// `kubectl auth whoami`.
    SelfSubject,
}

/// By whom, where and when a review is created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) user: &'a User,
    /// Of the path; empty if none.
    pub(crate) namespace: &'a str,
    pub(crate) policies: &'a Policies,
    pub(crate) now: Timestamp,
}

const ACCESS: Named<'static> = Named {
    group: "authorization.k8s.io",
    // The API server says none in its refusals.
    kind: "",
    plural: "",
};

impl Review {
    /// The review that a kind is, if it is one.
    pub(crate) fn of(kind: &str) -> Option<Self> {
        match kind {
            "SelfSubjectAccessReview" => Some(Self::SelfSubjectAccess),
            "SubjectAccessReview" => Some(Self::SubjectAccess),
            "LocalSubjectAccessReview" => Some(Self::LocalSubjectAccess),
            "SelfSubjectRulesReview" => Some(Self::SelfSubjectRules),
            "SelfSubjectReview" => Some(Self::SelfSubject),
            _ => None,
        }
    }

    /// The object with its status.
    ///
    /// # Errors
    /// When the object does not ask for one thing.
    pub(crate) fn answer(self, object: Value, by: &Asker<'_>) -> Result<Value, Refusal> {
        let spec = &object["spec"];
        let status = match self {
            Self::SelfSubjectAccess => access(spec, vec![], by.user, by)?,
            Self::SubjectAccess => access(spec, without_user(spec), &subject(spec), by)?,
            Self::LocalSubjectAccess => access(spec, elsewhere(spec, by), &subject(spec), by)?,
            Self::SelfSubjectRules => by.rules(spec)?,
            Self::SelfSubject => return Ok(whoami(object, by)),
        };
        Ok(with(object, "status", status))
    }
}

/// The status of an access review, unless something is wrong with it.
fn access(
    spec: &Value,
    more: Vec<FieldError>,
    user: &User,
    by: &Asker<'_>,
) -> Result<Value, Refusal> {
    let mut errors = one_of_two(spec);
    errors.extend(more);
    if !errors.is_empty() {
        return Err(Refusal::invalid(ACCESS, "", &errors));
    }
    Ok(match by.policies.judge(user, &attributes(spec)) {
        Verdict::Allowed(reason) => verdict(true, &reason),
        Verdict::Denied(reason) => verdict(false, &reason),
    })
}

fn verdict(allowed: bool, reason: &str) -> Value {
    match reason {
        "" => json!({ "allowed": allowed }),
        reason => json!({ "allowed": allowed, "reason": reason }),
    }
}

/// What is wrong unless the spec asks for either a resource or a path.
fn one_of_two(spec: &Value) -> Vec<FieldError> {
    let (resource, path) = (spec["resourceAttributes"].is_object(), path_of(spec));
    match (resource, path) {
        (false, None) => {
            let detail =
                "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            vec![invalid("spec.resourceAttributes", Value::Null, detail)]
        }
        (true, Some(path)) => {
            let detail = "cannot be specified in combination with resourceAttributes";
            vec![invalid("spec.nonResourceAttributes", path, detail)]
        }
        _ => vec![],
    }
}

/// The path asked for, as refusals print it.
fn path_of(spec: &Value) -> Option<Value> {
    let asked = spec["nonResourceAttributes"].as_object()?;
    let word = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(json!({ "Path": word("path"), "Verb": word("verb") }))
}

fn without_user(spec: &Value) -> Vec<FieldError> {
    let user = subject(spec);
    if user.name.is_empty() && user.groups.is_empty() {
        let detail = "at least one of user or group must be specified";
        return vec![invalid("spec.user", json!(""), detail)];
    }
    vec![]
}

/// What is wrong when a local review asks for something outside its namespace.
fn elsewhere(spec: &Value, by: &Asker<'_>) -> Vec<FieldError> {
    let mut errors = without_user(spec);
    if let Some(path) = path_of(spec) {
        let detail = "disallowed on this kind of request";
        errors.push(invalid("spec.nonResourceAttributes", path, detail));
    }
    let asked = &spec["resourceAttributes"];
    let namespace = word(asked, "namespace");
    if asked.is_object() && namespace != by.namespace {
        let detail = "must match metadata.namespace";
        let field = "spec.resourceAttributes.namespace";
        errors.push(invalid(field, json!(namespace), detail));
    }
    errors
}

fn invalid(field: &str, value: Value, detail: &str) -> FieldError {
    FieldError::new(field, Fault::Invalid(value), detail)
}

/// The user that a review is about, who is in no groups but those it names.
fn subject(spec: &Value) -> User {
    let groups = spec["groups"].as_array().into_iter().flatten();
    User {
        name: word(spec, "user"),
        groups: groups
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    }
}

fn attributes(spec: &Value) -> Attributes {
    let resource = &spec["resourceAttributes"];
    if !resource.is_object() {
        let path = &spec["nonResourceAttributes"];
        return Attributes {
            verb: word(path, "verb"),
            path: word(path, "path"),
            ..Attributes::default()
        };
    }
    Attributes {
        verb: word(resource, "verb"),
        group: word(resource, "group"),
        version: word(resource, "version"),
        resource: word(resource, "resource"),
        subresource: word(resource, "subresource"),
        namespace: word(resource, "namespace"),
        name: word(resource, "name"),
        path: String::new(),
    }
}

impl Asker<'_> {
    /// All rules of the user in a namespace.
    fn rules(&self, spec: &Value) -> Result<Value, Refusal> {
        let namespace = word(spec, "namespace");
        if namespace.is_empty() {
            return Err(Refusal::bad_request("no namespace on request"));
        }
        let (mut resources, mut paths, mut missing) = (vec![], vec![], vec![]);
        for grant in self.policies.grants(self.user, &namespace) {
            match self.policies.rules(&grant) {
                Ok(rules) => rules.into_iter().for_each(|it| {
                    resources.extend(rule::of_resources(it));
                    paths.extend(rule::of_paths(it));
                }),
                Err(role) if missing.contains(&role) => {}
                Err(role) => missing.push(role),
            }
        }
        let mut status =
            json!({ "resourceRules": resources, "nonResourceRules": paths, "incomplete": false });
        if !missing.is_empty() {
            status["evaluationError"] = json!(joined(&missing));
        }
        Ok(status)
    }
}

/// Whom the server takes the user for.
fn whoami(object: Value, by: &Asker<'_>) -> Value {
    let user = json!({ "username": by.user.name, "groups": by.user.groups });
    let metadata = json!({ "creationTimestamp": format!("{:.0}", by.now) });
    let object = with(object, "metadata", metadata);
    with(object, "status", json!({ "userInfo": user }))
}

/// The object with one field set. What is no object becomes one.
fn with(object: Value, key: &str, value: Value) -> Value {
    let mut object = match object {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    object.insert(key.to_owned(), value);
    Value::Object(object)
}

fn word(it: &Value, key: &str) -> String {
    it[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
