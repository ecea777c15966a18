//! What the body of a write says it is, and whether that is what the path says.

use serde_json::{Value, json};

use crate::sandbox::api::body::{Language, decode};
use crate::sandbox::api::{Call, metadata, scale};
use crate::sandbox::kinds::Version;
use crate::sandbox::status::{Fault, FieldError, Named, Refusal};

/// Why an object is not of the kind and the version of the path.
pub(super) enum TypeFault {
    /// It is of another version of the kind.
    Version(String),
    /// It is of another kind.
    Other(String),
}

impl TypeFault {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Version(why) | Self::Other(why) => why,
        }
    }
}

impl Call<'_> {
    pub(super) fn decoded(&self, kind: &str) -> Result<(Value, Vec<String>), Refusal> {
        let body = &self.request.body;
        let language = Language::of(&self.request.content_type)?;
        let no_type = |why: &str| {
            let why = format!("couldn't get version/kind; json parse error: {why}");
            unrecognized(kind, &why, body)
        };
        let decoded = decode(body, language).map_err(|why| no_type(&why))?;
        if !decoded.value.is_object() {
            let found = go_kind(&decoded.value);
            return Err(no_type(&format!(
                "json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \
                 \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )));
        }
        for field in ["apiVersion", "kind"] {
            let found = &decoded.value[field];
            if !found.is_null() && !found.is_string() {
                let found = go_kind(found);
                return Err(no_type(&format!(
                    "json: cannot unmarshal {found} into Go struct field .{field} of type string"
                )));
            }
        }
        Ok((decoded.value, decoded.duplicates))
    }

    /// Says of what kind the object is, where it does not itself.
    pub(super) fn typed(&self, mut object: Value) -> Result<Value, Refusal> {
        if self.served.is_custom {
            self.check_custom_type(&object)?;
            return Ok(object);
        }
        let (kind, api_version) = (&self.served.kind.kind, self.served.api_version());
        fill(&mut object, "kind", kind);
        fill(&mut object, "apiVersion", &api_version);
        match self.check_type(&object) {
            Ok(()) => Ok(object),
            Err(TypeFault::Version(why)) => Err(Refusal::bad_request(why)),
            Err(TypeFault::Other(why)) => Err(not_handled(&object, kind, &why)),
        }
    }

    /// Custom objects must say themselves what they are.
    fn check_custom_type(&self, object: &Value) -> Result<(), Refusal> {
        let (kind, api_version) = (&self.served.kind.kind, self.served.api_version());
        let text = |field: &str| object[field].as_str().unwrap_or("");
        let (found, found_version) = (text("kind"), text("apiVersion"));
        if found.is_empty() {
            let body = &self.request.body;
            let shown = String::from_utf8_lossy(body);
            let why = format!("Object 'Kind' is missing in '{shown}'");
            return Err(unrecognized(kind, &why, body));
        }
        if found_version != api_version {
            return Err(Refusal::bad_request(format!(
                "the API version in the data ({found_version}) does not match the expected API version \
                 ({api_version})"
            )));
        }
        if self.asked.verb == "update" {
            metadata::check_name(&self.asked.name, object)?;
        }
        self.check_identity(object)
    }

    /// # Errors
    /// When a custom object is of another kind or version than the path says.
    pub(super) fn check_identity(&self, object: &Value) -> Result<(), Refusal> {
        let (kind, api_version) = (&self.served.kind.kind, self.served.api_version());
        let text = |field: &str| object[field].as_str().unwrap_or("");
        let wanted = [
            ("apiVersion", api_version.as_str()),
            ("kind", kind.as_str()),
        ];
        let errors: Vec<FieldError> = wanted
            .into_iter()
            .filter(|(field, wanted)| text(field) != *wanted)
            .map(|(field, wanted)| {
                let fault = Fault::Invalid(json!(text(field)));
                FieldError::new(field, fault, format!("must be {wanted}"))
            })
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        let group = text("apiVersion").split_once('/').map_or("", |(it, _)| it);
        let named = Named {
            group,
            kind: text("kind"),
            plural: text("kind"),
        };
        Err(Refusal::invalid(
            named,
            metadata::text(object, "name"),
            &errors,
        ))
    }

    /// Why an object is none of the kind and the version of the path, which are built in.
    pub(super) fn check_type(&self, object: &Value) -> Result<(), TypeFault> {
        let (kind, api_version) = (&*self.served.kind, self.served.api_version());
        let text = |field: &str| object[field].as_str().unwrap_or("");
        let (found, found_version) = (text("kind"), text("apiVersion"));
        if found == kind.kind && found_version == api_version {
            return Ok(());
        }
        if !self.is_built_in(found_version, found) {
            return Err(TypeFault::Other(not_registered(found, found_version)));
        }
        let is_ours = |it: &Version| kind.api_version(&it.name) == found_version;
        if found != kind.kind || !kind.versions.iter().any(is_ours) {
            let group = kind.group.split('.').next().filter(|it| !it.is_empty());
            let package = format!("{}.{}", group.unwrap_or("core"), kind.kind);
            return Err(TypeFault::Other(no_conversion(
                found,
                found_version,
                &package,
            )));
        }
        Err(TypeFault::Version(format!(
            "the API version in the data ({found_version}) does not match the expected API version \
             ({api_version})"
        )))
    }

    /// Whether there is such a kind, or lists of it, on every server.
    fn is_built_in(&self, api_version: &str, kind: &str) -> bool {
        let one = kind.strip_suffix("List").unwrap_or(kind);
        let mut names = [kind, one].into_iter();
        names.any(|it| {
            let served = self.registry.kind(api_version, it);
            served.is_some_and(|it| !it.is_custom)
        })
    }

    /// # Errors
    /// When an applied configuration is none of this object.
    pub(super) fn check_applied(&self, object: &Value) -> Result<(), Refusal> {
        let text = |field: &str| object[field].as_str().unwrap_or("");
        let api_version = text("apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        if self.check_type(object).is_err() {
            let kind = text("kind");
            let message = format!("invalid object type: {group}/{version}, Kind={kind}");
            return Err(Refusal::bad_request(message));
        }
        Ok(())
    }

    /// # Errors
    /// When a scale is none, or one of another object.
    pub(super) fn check_scale(&self, scale: &Value) -> Result<(), Refusal> {
        let text = |field: &str| scale[field].as_str().unwrap_or("");
        let (kind, api_version) = (text("kind"), text("apiVersion"));
        if (kind, api_version) != ("Scale", scale::API_VERSION) {
            let why = match self.is_built_in(api_version, kind) {
                true => no_conversion(kind, api_version, "autoscaling.Scale"),
                false => not_registered(kind, api_version),
            };
            return Err(not_handled(scale, "Scale", &why));
        }
        metadata::check_name(&self.asked.name, scale)?;
        let namespace = metadata::text(scale, "namespace");
        if !namespace.is_empty() && namespace != self.namespace() {
            return Err(metadata::other_namespace());
        }
        Ok(())
    }
}

fn not_registered(kind: &str, api_version: &str) -> String {
    format!(
        "no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \
         \"pkg/api/legacyscheme/scheme.go:30\""
    )
}

/// That nothing makes one type of another; `into` is the other one with its package.
fn no_conversion(kind: &str, api_version: &str, into: &str) -> String {
    let version = api_version.rsplit('/').next().unwrap_or("");
    format!("converting ({version}.{kind}) to ({into}): unknown conversion")
}

/// The refusal of an object that is none of `kind`.
fn not_handled(object: &Value, kind: &str, why: &str) -> Refusal {
    let text = |field: &str| object[field].as_str().unwrap_or("");
    let (found, version) = (text("kind"), text("apiVersion"));
    let version = version.rsplit('/').next().unwrap_or("");
    let message = format!("{found} in version \"{version}\" cannot be handled as a {kind}: {why}");
    Refusal::bad_request(message)
}

/// The refusal of a body that is no object of a kind. Shows its beginning.
fn unrecognized(kind: &str, why: &str, body: &[u8]) -> Refusal {
    const SHOWN: usize = 30;
    let start = body.get(..SHOWN).unwrap_or(body);
    let more = if body.len() > SHOWN { " ..." } else { "" };
    let shown = match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(start).into_owned(),
        Some(_) => start.iter().map(|it| format!("{it:02x}")).collect(),
    };
    let message = format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({shown}{more})"
    );
    Refusal::bad_request(message)
}

pub(super) fn fill(object: &mut Value, field: &str, text: &str) {
    if let Some(fields) = object.as_object_mut()
        && fields.get(field).is_none_or(|it| it.is_null() || it == "")
    {
        fields.insert(field.to_owned(), text.into());
    }
}

pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
