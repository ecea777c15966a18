//! Refusals in the words of the API server: `Status` objects and field errors.
//!
//! Clients match on codes, reasons and causes, and people read the messages, so all of them are
//! those of Kubernetes (`apimachinery/pkg/api/errors`, `pkg/util/validation/field`).

use serde_json::{Value, json};

pub(crate) use crate::validation::{Fault, FieldError};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    /// One word, such as `NotFound`; empty where the server does not give one.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Box<Details>>,
}

/// What the refusal is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The plural of the kind, or for field errors the kind itself.
    pub(crate) kind: String,
    pub(crate) uid: String,
    pub(crate) causes: Vec<Cause>,
    /// When to try again.
    pub(crate) retry_after_seconds: Option<u32>,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// A path such as `spec.metrics[0].type`; empty if none.
    pub(crate) field: String,
}

/// A kind and its group, as messages name them: `horizontalpodautoscalers.autoscaling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    pub(crate) group: &'a str,
    /// `Deployment`.
    pub(crate) kind: &'a str,
    /// `deployments`.
    pub(crate) plural: &'a str,
}

impl Named<'_> {
    fn resource(&self) -> String {
        qualified(self.plural, self.group)
    }

    fn details(&self, name: &str) -> Details {
        Details {
            name: name.to_owned(),
            group: self.group.to_owned(),
            kind: self.plural.to_owned(),
            ..Details::default()
        }
    }
}

/// `deployments.apps`, or `pods` in the group without a name.
pub(crate) fn qualified(word: &str, group: &str) -> String {
    match group {
        "" => word.to_owned(),
        group => format!("{word}.{group}"),
    }
}

impl Refusal {
    pub(crate) fn not_found(it: Named<'_>, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", it.resource());
        Self::about(404, "NotFound", message, it.details(name))
    }

    pub(crate) fn already_exists(it: Named<'_>, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", it.resource());
        Self::about(409, "AlreadyExists", message, it.details(name))
    }

    /// The write is of an older version, or its precondition does not hold.
    pub(crate) fn conflict(it: Named<'_>, name: &str, why: &str) -> Self {
        let resource = it.resource();
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        Self::about(409, "Conflict", message, it.details(name))
    }

    /// The conflict of an update that was made from an older version.
    pub(crate) fn modified(it: Named<'_>, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(it, name, why)
    }

    /// Fields that do not pass validation.
    pub(crate) fn invalid(it: Named<'_>, name: &str, errors: &[FieldError]) -> Self {
        let kind = qualified(it.kind, it.group);
        let causes: Vec<Cause> = errors.iter().map(Cause::of).collect();
        // The same error may be found twice: as two causes, of which the message tells one.
        let mut texts: Vec<String> = Vec::new();
        for text in errors.iter().map(FieldError::to_string) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let text = match texts.as_slice() {
            [only] => only.clone(),
            all => format!("[{}]", all.join(", ")),
        };
        let details = Details {
            kind: it.kind.to_owned(),
            causes,
            ..it.details(name)
        };
        let message = format!("{kind} \"{name}\" is invalid: {text}");
        Self::about(422, "Invalid", message, details)
    }

    pub(crate) fn forbidden(it: Named<'_>, name: &str, why: &str) -> Self {
        let resource = it.resource();
        let message = match name {
            "" => format!("{resource} is forbidden: {why}"),
            name => format!("{resource} \"{name}\" is forbidden: {why}"),
        };
        Self::about(403, "Forbidden", message, it.details(name))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(400, "BadRequest", message)
    }

    /// The version asked for is no longer kept.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::plain(410, "Expired", message)
    }

    pub(crate) fn internal(why: &str) -> Self {
        let message = format!("Internal error occurred: {why}");
        let cause = Cause {
            reason: "",
            message: why.to_owned(),
            field: String::new(),
        };
        let details = Details {
            causes: vec![cause],
            ..Details::default()
        };
        Self::about(500, "InternalError", message, details)
    }

    /// A credential that nobody has.
    pub(crate) fn unauthorized() -> Self {
        Self::plain(401, "Unauthorized", "Unauthorized")
    }

    /// A body of more than `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::plain(413, "RequestEntityTooLarge", message)
    }

    /// The server wants to be asked again later.
    pub(crate) fn too_many_requests(seconds: u32) -> Self {
        let message = "too many requests, please try again later";
        let details = Details {
            retry_after_seconds: Some(seconds),
            ..Details::default()
        };
        Self::about(429, "TooManyRequests", message.to_owned(), details)
    }

    pub(crate) fn unavailable() -> Self {
        let message = "the server is currently unable to handle the request";
        Self::plain(503, "ServiceUnavailable", message)
    }

    /// A path that leads nowhere.
    pub(crate) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::about(404, "NotFound", message.to_owned(), Details::default())
    }

    pub(crate) fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    pub(crate) fn about(
        code: u16,
        reason: &'static str,
        message: String,
        details: Details,
    ) -> Self {
        Self {
            code,
            reason,
            message,
            details: Some(Box::new(details)),
        }
    }

    /// The object that clients read.
    pub(crate) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            status["details"] = details.to_json();
        }
        status["code"] = json!(self.code);
        status
    }
}

impl Details {
    fn to_json(&self) -> Value {
        let mut details = json!({});
        let texts = [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ];
        for (key, text) in texts.into_iter().filter(|(_, it)| !it.is_empty()) {
            details[key] = json!(text);
        }
        if !self.causes.is_empty() {
            details["causes"] = self.causes.iter().map(Cause::to_json).collect();
        }
        if let Some(seconds) = self.retry_after_seconds {
            details["retryAfterSeconds"] = json!(seconds);
        }
        details
    }
}

impl Cause {
    fn of(error: &FieldError) -> Self {
        Self {
            reason: error.fault.reason(),
            message: error.body(),
            field: error.field.clone(),
        }
    }

    fn to_json(&self) -> Value {
        let mut cause = json!({ "message": self.message });
        let texts = [("reason", self.reason), ("field", self.field.as_str())];
        for (key, text) in texts.into_iter().filter(|(_, it)| !it.is_empty()) {
            cause[key] = json!(text);
        }
        cause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HPA: Named<'static> = Named {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        plural: "horizontalpodautoscalers",
    };

    #[test]
    fn field_errors_read_as_those_of_kubernetes() {
        let errors = [
            FieldError::new(
                "spec.maxReplicas",
                Fault::Invalid(json!(0)),
                "must be greater than 0",
            ),
            FieldError::new("spec.scaleTargetRef.kind", Fault::Required, ""),
        ];
        let status = Refusal::invalid(HPA, "web", &errors).to_json();
        assert_eq!(
            status["message"],
            "HorizontalPodAutoscaler.autoscaling \"web\" is invalid: [spec.maxReplicas: Invalid \
             value: 0: must be greater than 0, spec.scaleTargetRef.kind: Required value]"
        );
        assert_eq!(
            status["details"]["causes"][0],
            json!({ "reason": "FieldValueInvalid", "field": "spec.maxReplicas",
                "message": "Invalid value: 0: must be greater than 0" })
        );
    }

    #[test]
    fn an_error_that_is_found_twice_is_told_once_and_listed_twice() {
        let error = FieldError::new("metadata.labels", Fault::Required, "");
        let refusal = Refusal::invalid(HPA, "web", &[error.clone(), error]);
        assert_eq!(
            refusal.message,
            "HorizontalPodAutoscaler.autoscaling \"web\" is invalid: metadata.labels: Required value"
        );
        assert_eq!(refusal.details.unwrap().causes.len(), 2);
    }

    #[test]
    fn the_group_without_a_name_is_not_written() {
        let pods = Named {
            group: "",
            kind: "Pod",
            plural: "pods",
        };
        let message = |it: Refusal| it.message;
        assert_eq!(
            message(Refusal::not_found(pods, "a")),
            "pods \"a\" not found"
        );
        let other = "horizontalpodautoscalers.autoscaling \"a\" already exists";
        assert_eq!(message(Refusal::already_exists(HPA, "a")), other);
    }
}
