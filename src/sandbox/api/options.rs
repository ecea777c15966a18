//! What the query and the body of a write say beside the object.

use serde_json::{Value, json};

use crate::sandbox::query::Query;
use crate::sandbox::status::{Fault, FieldError, Named, Refusal};

/// What becomes of fields that the schema does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Validation {
    /// Dropped silently.
    Ignore,
    /// Dropped, with a warning.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

/// How an object is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WriteOptions {
    /// Everything is done but the storing.
    pub(crate) is_dry_run: bool,
    pub(crate) manager: Option<String>,
    pub(crate) validation: Validation,
    /// Take what others own; for apply only.
    pub(crate) force: Option<bool>,
}

/// What becomes of the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Propagation {
    #[default]
    Background,
    Foreground,
    Orphan,
}

/// How an object is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeleteOptions {
    pub(crate) is_dry_run: bool,
    pub(crate) propagation: Propagation,
    pub(crate) uid: Option<String>,
    pub(crate) version: Option<String>,
}

/// The name that errors give to a kind of options.
pub(super) fn named(kind: &'static str) -> Named<'static> {
    Named {
        group: "meta.k8s.io",
        kind,
        plural: kind,
    }
}

/// The refusal of options that do not pass validation.
pub(super) fn invalid(kind: &'static str, errors: &[FieldError]) -> Refusal {
    Refusal::invalid(named(kind), "", errors)
}

impl WriteOptions {
    /// Those of a query; `kind` is what errors call them, `CreateOptions` for one.
    ///
    /// # Errors
    /// When a value is none of those that there are.
    pub(super) fn of(query: &Query, kind: &'static str, is_apply: bool) -> Result<Self, Refusal> {
        let mut errors = vec![];
        let options = Self {
            is_dry_run: is_dry_run(query.all("dryRun").map(str::to_owned), &mut errors),
            manager: manager(query, &mut errors),
            validation: validation(query, &mut errors),
            force: query.optional_flag("force"),
        };
        if kind == "PatchOptions" {
            errors.extend(options.patch_errors(is_apply));
        }
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(invalid(kind, &errors))
        }
    }

    fn patch_errors(&self, is_apply: bool) -> Vec<FieldError> {
        let mut errors = vec![];
        if is_apply && self.manager.is_none() {
            let detail = "is required for apply patch";
            errors.push(FieldError::new("fieldManager", Fault::Required, detail));
        }
        if !is_apply && self.force.is_some() {
            let detail = "may not be specified for non-apply patch";
            errors.push(FieldError::new("force", Fault::Forbidden, detail));
        }
        errors
    }
}

impl DeleteOptions {
    /// Those of a query and of a body, if there is one. The query wins, but for what only bodies
    /// have.
    ///
    /// # Errors
    /// When a value is none of those that there are.
    pub(super) fn of(query: &Query, body: Option<&Value>) -> Result<Self, Refusal> {
        let null = Value::Null;
        let body = body.unwrap_or(&null);
        let mut errors = vec![];
        let of_body = body["dryRun"].as_array().into_iter().flatten();
        let of_body = of_body.filter_map(Value::as_str).map(str::to_owned);
        let dry_run = query.all("dryRun").map(str::to_owned).chain(of_body);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // Nothing runs that could take its time to end; nonsense is refused all the same.
        query.integer("gracePeriodSeconds")?;
        let options = Self {
            is_dry_run: is_dry_run(dry_run, &mut errors),
            propagation: propagation(query, body, &mut errors),
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
        };
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(invalid("DeleteOptions", &errors))
        }
    }
}

fn is_dry_run(values: impl Iterator<Item = String>, errors: &mut Vec<FieldError>) -> bool {
    let values: Vec<String> = values.filter(|it| !it.is_empty()).collect();
    if values.iter().any(|it| it != "All") {
        let fault = Fault::NotSupported(json!(values), vec!["All".to_owned()]);
        errors.push(FieldError::new("dryRun", fault, ""));
    }
    !values.is_empty()
}

fn manager(query: &Query, errors: &mut Vec<FieldError>) -> Option<String> {
    let manager = query.get("fieldManager").filter(|it| !it.is_empty())?;
    if manager.len() > 128 {
        let detail = "may not be more than 128 bytes";
        errors.push(FieldError::new("fieldManager", Fault::TooLong, detail));
    }
    if !manager.chars().all(|it| !it.is_control()) {
        let fault = Fault::Invalid(json!(manager));
        let detail = "should only contain printable characters";
        errors.push(FieldError::new("fieldManager", fault, detail));
    }
    Some(manager.to_owned())
}

fn validation(query: &Query, errors: &mut Vec<FieldError>) -> Validation {
    match query.text("fieldValidation") {
        "" | "Warn" => Validation::Warn,
        "Ignore" => Validation::Ignore,
        "Strict" => Validation::Strict,
        other => {
            let choices = ["", "Ignore", "Strict", "Warn"].map(str::to_owned).to_vec();
            let fault = Fault::NotSupported(json!(other), choices);
            errors.push(FieldError::new("fieldValidation", fault, ""));
            Validation::Warn
        }
    }
}

fn propagation(query: &Query, body: &Value, errors: &mut Vec<FieldError>) -> Propagation {
    let word = query.get("propagationPolicy");
    let word = word.or_else(|| body["propagationPolicy"].as_str());
    let orphans = query.optional_flag("orphanDependents");
    let orphans = orphans.or_else(|| body["orphanDependents"].as_bool());
    if let (Some(word), Some(_)) = (word, orphans) {
        let fault = Fault::Invalid(json!(word));
        let detail = "orphanDependents and deletionPropagation cannot be both set";
        errors.push(FieldError::new("propagationPolicy", fault, detail));
    }
    match word {
        None if orphans == Some(true) => Propagation::Orphan,
        None | Some("Background") => Propagation::Background,
        Some("Foreground") => Propagation::Foreground,
        Some("Orphan") => Propagation::Orphan,
        Some(other) => {
            let choices = ["Foreground", "Background", "Orphan", "nil"];
            let choices = choices.map(str::to_owned).to_vec();
            let fault = Fault::NotSupported(json!(other), choices);
            errors.push(FieldError::new("propagationPolicy", fault, ""));
            Propagation::Background
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(query: &str, kind: &'static str, is_apply: bool) -> String {
        let options = WriteOptions::of(&Query::parse(query), kind, is_apply);
        options.unwrap_err().message
    }

    #[test]
    fn values_that_there_are_not_are_refused() {
        let create = "CreateOptions.meta.k8s.io \"\" is invalid: ";
        let patch = "PatchOptions.meta.k8s.io \"\" is invalid: ";
        let cases = [
            (
                "dryRun=Foo",
                "CreateOptions",
                false,
                format!("{create}dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\""),
            ),
            (
                "fieldValidation=Foo",
                "CreateOptions",
                false,
                format!(
                    "{create}fieldValidation: Unsupported value: \"Foo\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                ),
            ),
            (
                "force=true",
                "PatchOptions",
                false,
                format!("{patch}force: Forbidden: may not be specified for non-apply patch"),
            ),
            (
                "",
                "PatchOptions",
                true,
                format!("{patch}fieldManager: Required value: is required for apply patch"),
            ),
        ];
        for (query, kind, is_apply, text) in cases {
            assert_eq!(message(query, kind, is_apply), text);
        }
        let long = format!("fieldManager={}", "x".repeat(129));
        assert!(message(&long, "CreateOptions", false).ends_with("may not be more than 128 bytes"));
    }

    #[test]
    fn what_a_body_says_of_a_deletion_counts() {
        let body = json!({ "propagationPolicy": "Foreground", "gracePeriodSeconds": 3,
            "dryRun": ["All"], "preconditions": { "uid": "u", "resourceVersion": "7" } });
        let found = DeleteOptions::of(&Query::default(), Some(&body)).unwrap();
        let expected = DeleteOptions {
            is_dry_run: true,
            propagation: Propagation::Foreground,
            uid: Some("u".to_owned()),
            version: Some("7".to_owned()),
        };
        assert_eq!(found, expected);
        let query = Query::parse("propagationPolicy=Orphan");
        let found = DeleteOptions::of(&query, Some(&body)).unwrap();
        assert_eq!(found.propagation, Propagation::Orphan);
        let both = json!({ "propagationPolicy": "Foreground", "orphanDependents": true });
        assert!(DeleteOptions::of(&Query::default(), Some(&both)).is_err());
    }
}
