//! Writes as requests ask for them: create, update and the patches, of objects and their parts.

mod typed;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::body::{Language, check_size, decode, media_type};
use super::exchange::Response;
use super::options::{Validation, WriteOptions};
use super::pipeline::{Target, Writer};
use super::{Call, Inner, metadata, present, scale};
use crate::sandbox::patch::{PatchType, patch};
use crate::sandbox::registry::Served;
use crate::sandbox::schema::check::convert::convert_error;
use crate::sandbox::schema::check::decode::decode_error;
use crate::sandbox::schema::unknown;
use crate::sandbox::status::{Details, Fault, FieldError, Named, Refusal};
use typed::{fill, go_kind};

/// How a patch request says what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Patch(PatchType),
    Apply,
}

/// What came of a write.
struct Written {
    code: u16,
    object: Arc<Value>,
    warnings: Vec<String>,
}

impl Inner {
    /// # Errors
    /// When the request is not valid or does not fit what there is.
    pub(super) fn write(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        check_size(&call.request.body)?;
        let written = match call.asked.verb.as_str() {
            "create" => self.create(call),
            "update" => self.update(call),
            _ => self.patch(call),
        }?;
        let mut response = if call.asked.subresource == "scale" {
            let scale = scale::of(&call.served, &written.object)?;
            present::written(call.form.language, written.code, &scale)
        } else {
            let (code, object) = (written.code, &written.object);
            present::object(call.form, code, &call.served, object, self.clock.now())?
        };
        response.warnings = written.warnings;
        if let Some(text) = &call.served.version().deprecation {
            response.warnings.insert(0, text.clone());
        }
        Ok(response)
    }

    fn create(&self, call: &Call<'_>) -> Result<Written, Refusal> {
        let options = WriteOptions::of(&call.query, "CreateOptions", false)?;
        let (object, mut warnings) = call.object(options.validation)?;
        let manager = call.manager(&options);
        let target = call.target(&manager, options.is_dry_run);
        let mut writer = Writer::new(self);
        let object = writer.create(&target, object)?;
        warnings.append(&mut writer.warnings);
        Ok(Written {
            code: 201,
            object,
            warnings,
        })
    }

    fn update(&self, call: &Call<'_>) -> Result<Written, Refusal> {
        let options = WriteOptions::of(&call.query, "UpdateOptions", false)?;
        let manager = call.manager(&options);
        let target = call.target(&manager, options.is_dry_run);
        if target.subresource == "scale" {
            let (scale, warnings) = call.scale(options.validation)?;
            let object = Writer::new(self).scale(&target, &scale)?;
            return Ok(Written {
                code: 200,
                object,
                warnings,
            });
        }
        let (object, mut warnings) = call.object(options.validation)?;
        target.check_name(&object)?;
        let mut writer = Writer::new(self);
        let (code, object) = writer.update_or_create(&target, object)?;
        warnings.append(&mut writer.warnings);
        Ok(Written {
            code,
            object,
            warnings,
        })
    }

    fn patch(&self, call: &Call<'_>) -> Result<Written, Refusal> {
        let change = Change::of(&call.request.content_type, &call.served)?;
        let is_apply = change == Change::Apply;
        let options = WriteOptions::of(&call.query, "PatchOptions", is_apply)?;
        let manager = call.manager(&options);
        let target = call.target(&manager, options.is_dry_run);
        match change {
            Change::Apply => self.apply(call, &target, &options),
            Change::Patch(patch_type) => self.patch_with(call, &target, &options, patch_type),
        }
    }

    fn patch_with(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        options: &WriteOptions,
        patch_type: PatchType,
    ) -> Result<Written, Refusal> {
        let body = call.patch_body(patch_type)?;
        let served = target.served;
        let mut writer = Writer::new(self);
        let live = self.find(served, target.namespace, target.name)?;
        if target.subresource == "scale" {
            let scale = scale::of(served, &live)?;
            let scale = patch(&scale, &body, patch_type, scale::schema())?;
            let object = writer.scale(target, &scale)?;
            return Ok(Written {
                code: 200,
                object,
                warnings: vec![],
            });
        }
        let live = present::in_version(served, &live);
        let mut object = patch(&live, &body, patch_type, served.version().schema())?;
        let shown = match patch_type {
            PatchType::Strategic => in_words_of_go(&body),
            PatchType::Json | PatchType::Merge => object.to_string(),
        };
        let wrong = |why: &str| patch_refused(&shown, why);
        if served.is_custom {
            call.check_identity(&object)?;
        } else {
            let checked = call.check_type(&object);
            checked.map_err(|fault| wrong(fault.why()))?;
        }
        let schema = served.version().schema();
        let unknown = unknown::prune(&mut object, schema);
        let mut warnings = judge(&unknown, &[], options.validation).map_err(|it| wrong(&it))?;
        let moved = (patch_type == PatchType::Strategic).then(|| convert_error(&object, schema));
        if let Some(why) = moved.flatten() {
            return Err(wrong(&why));
        }
        if !served.is_custom
            && let Some(why) = decode_error(&object, schema)
        {
            return Err(wrong(&why));
        }
        target.check_name(&object)?;
        metadata::check_unchanged(served.kind.named(), &live, &object)?;
        let object = writer.update(target, object)?;
        warnings.append(&mut writer.warnings);
        Ok(Written {
            code: 200,
            object,
            warnings,
        })
    }

    fn apply(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Refusal> {
        let decoded = decode(&call.request.body, Language::Yaml);
        let decoded =
            decoded.map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}")))?;
        let is_force = options.force.unwrap_or(false);
        let mut writer = Writer::new(self);
        if target.subresource == "scale" {
            let object = writer.apply_scale(target, &decoded.value, is_force)?;
            return Ok(Written {
                code: 200,
                object,
                warnings: vec![],
            });
        }
        call.check_applied(&decoded.value)?;
        let (code, object) = writer.apply(target, decoded.value, is_force)?;
        Ok(Written {
            code,
            object,
            warnings: std::mem::take(&mut writer.warnings),
        })
    }
}

impl Change {
    /// # Errors
    /// When such a kind is not patched so.
    fn of(content_type: &str, served: &Served) -> Result<Self, Refusal> {
        match media_type(content_type).as_str() {
            "application/json-patch+json" => Ok(Self::Patch(PatchType::Json)),
            "application/merge-patch+json" => Ok(Self::Patch(PatchType::Merge)),
            "application/strategic-merge-patch+json" if !served.is_custom => {
                Ok(Self::Patch(PatchType::Strategic))
            }
            "application/apply-patch+yaml" => Ok(Self::Apply),
            _ if served.is_custom => Err(unsupported_custom_patch()),
            _ => Err(unsupported_patch()),
        }
    }
}

fn unsupported_patch() -> Refusal {
    let message = "415: Unsupported Media Type".to_owned();
    Refusal::about(415, "UnsupportedMediaType", message, Details::default())
}

fn unsupported_custom_patch() -> Refusal {
    let message = "the body of the request was in an unknown format - accepted media types include: \
                   application/json-patch+json, application/merge-patch+json, \
                   application/apply-patch+yaml";
    Refusal::plain(415, "UnsupportedMediaType", message)
}

impl Call<'_> {
    fn target<'a>(&'a self, manager: &'a str, is_dry_run: bool) -> Target<'a> {
        Target {
            served: &self.served,
            namespace: self.namespace(),
            name: &self.asked.name,
            subresource: &self.asked.subresource,
            manager,
            is_dry_run,
            user: Some(&self.request.user),
        }
    }

    /// Who the writer is, by default what the client calls itself.
    fn manager(&self, options: &WriteOptions) -> String {
        let agent = self.request.user_agent.split('/').next().unwrap_or("");
        let agent = agent.chars().filter(|it| !it.is_control()).take(128);
        options.manager.clone().unwrap_or_else(|| agent.collect())
    }

    /// The object in the body, of the kind and the version of the path, and what to warn of.
    pub(super) fn object(&self, validation: Validation) -> Result<(Value, Vec<String>), Refusal> {
        let kind = &self.served.kind.kind;
        let (value, duplicates) = self.decoded(kind)?;
        let mut object = self.typed(value)?;
        let (name, version) = (kind, &self.served.version().name);
        let not_a = |why: &str| {
            let message =
                format!("{name} in version \"{version}\" cannot be handled as a {kind}: {why}");
            Refusal::bad_request(message)
        };
        let schema = self.served.version().schema();
        if !self.served.is_custom
            && let Some(why) = decode_error(&object, schema)
        {
            return Err(not_a(&why));
        }
        let unknown = unknown::prune(&mut object, schema);
        let warnings = judge(&unknown, &duplicates, validation).map_err(|it| not_a(&it))?;
        Ok((object, warnings))
    }

    fn scale(&self, validation: Validation) -> Result<(Value, Vec<String>), Refusal> {
        let (mut scale, duplicates) = self.decoded("Scale")?;
        fill(&mut scale, "kind", "Scale");
        fill(&mut scale, "apiVersion", scale::API_VERSION);
        let not_a = |why: &str| {
            let message = format!("Scale in version \"v1\" cannot be handled as a Scale: {why}");
            Refusal::bad_request(message)
        };
        if let Some(why) = decode_error(&scale, scale::schema()) {
            return Err(not_a(&why));
        }
        self.check_scale(&scale)?;
        let unknown = unknown::prune(&mut scale, scale::schema());
        let warnings = judge(&unknown, &duplicates, validation).map_err(|it| not_a(&it))?;
        Ok((scale, warnings))
    }

    fn patch_body(&self, patch_type: PatchType) -> Result<Value, Refusal> {
        let decoded = decode(&self.request.body, Language::Json);
        let wrong = |why: &str| Refusal::bad_request(format!("error decoding patch: {why}"));
        let value = decoded.map_err(|it| wrong(&it))?.value;
        let is_list = patch_type == PatchType::Json;
        let into = if is_list {
            "[]handlers.jsonPatchOp"
        } else {
            "map[string]interface {}"
        };
        match (&value, is_list) {
            (Value::Array(_), true) | (Value::Object(_), false) => Ok(value),
            (other, _) => {
                let found = go_kind(other);
                let why = format!("json: cannot unmarshal {found} into Go value of type {into}");
                Err(wrong(&why))
            }
        }
    }
}

/// What to warn of, or why the request is refused.
fn judge(
    unknown: &[String],
    duplicates: &[String],
    validation: Validation,
) -> Result<Vec<String>, String> {
    let unknown = unknown.iter().map(|it| format!("unknown field \"{it}\""));
    let duplicates = duplicates
        .iter()
        .map(|it| format!("duplicate field \"{it}\""));
    let found: Vec<String> = unknown.chain(duplicates).collect();
    match validation {
        Validation::Ignore => Ok(vec![]),
        Validation::Warn => Ok(found),
        Validation::Strict if found.is_empty() => Ok(found),
        Validation::Strict => Err(format!("strict decoding error: {}", found.join(", "))),
    }
}

/// The refusal of what a patch made of an object.
fn patch_refused(shown: &str, why: &str) -> Refusal {
    let nothing = Named {
        group: "",
        kind: "",
        plural: "",
    };
    let fault = Fault::Invalid(json!(shown));
    Refusal::invalid(nothing, "", &[FieldError::new("patch", fault, why)])
}

/// `map[spec:map[replicas:x]]`.
fn in_words_of_go(value: &Value) -> String {
    let pairs = |fields: &Map<String, Value>| {
        let pairs = fields
            .iter()
            .map(|(name, it)| format!("{name}:{}", in_words_of_go(it)));
        pairs.collect::<Vec<_>>().join(" ")
    };
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_words_of_go).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => format!("map[{}]", pairs(fields)),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
