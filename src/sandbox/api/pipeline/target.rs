//! What a write is about, and what of an object is written there.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::set;
use crate::sandbox::access::{Attributes, User};
use crate::sandbox::api::metadata;
use crate::sandbox::apply::{Author, Typed};
use crate::sandbox::kinds::Kind;
use crate::sandbox::registry::Served;
use crate::sandbox::schema::Schema;
use crate::sandbox::status::Refusal;

/// What is written, and by whom.
#[derive(Clone, Copy)]
pub(in crate::sandbox::api) struct Target<'a> {
    /// In the version that is written.
    pub(in crate::sandbox::api) served: &'a Served,
    /// Empty for a kind that has none.
    pub(in crate::sandbox::api) namespace: &'a str,
    /// Empty for a creation.
    pub(in crate::sandbox::api) name: &'a str,
    pub(in crate::sandbox::api) subresource: &'a str,
    pub(in crate::sandbox::api) manager: &'a str,
    pub(in crate::sandbox::api) is_dry_run: bool,
    /// Whose rights count; `None` for one who may do everything.
    pub(in crate::sandbox::api) user: Option<&'a User>,
}

/// Fields that are not written with the object itself.
const ALL_BUT_STATUS: &[&[&str]] = &[&["status"]];

/// Fields that are not written with the status.
const STATUS: &[&[&str]] = &[&["spec"], &["metadata"]];

impl Target<'_> {
    /// What is asked for by an update or an apply that turns out to create; `None` for a request to
    /// create, which was asked for as that.
    pub(super) fn creation(&self) -> Option<Attributes> {
        let kind = &self.served.kind;
        (!self.name.is_empty()).then(|| Attributes {
            verb: "create".to_owned(),
            group: kind.group.clone(),
            version: self.served.version().name.clone(),
            resource: kind.plural.clone(),
            subresource: self.subresource.to_owned(),
            namespace: self.namespace.to_owned(),
            name: self.name.to_owned(),
            path: String::new(),
        })
    }

    /// What of `object` may be written here; the rest as it is.
    pub(super) fn writable(&self, past: &Value, mut object: Value) -> Value {
        match self.subresource {
            "status" => {
                let mut whole = past.clone();
                whole["status"] = object["status"].take();
                for field in ["resourceVersion", "uid", "managedFields"] {
                    let new = object["metadata"][field].take();
                    set(&mut whole["metadata"], field, Some(new));
                }
                whole
            }
            _ => object,
        }
    }

    pub(super) fn with_types<T>(
        &self,
        now: Timestamp,
        act: impl FnOnce(Author<'_>, Typed<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (kind, api_version) = (&*self.served.kind, self.served.api_version());
        let author = Author {
            manager: self.manager,
            api_version: &api_version,
            subresource: self.subresource,
            now,
        };
        let convert = |object: &Value, version: &str| in_other_version(kind, object, version);
        let typed = Typed {
            schema: self.served.version().schema(),
            reset: self.reset(),
            convert: &convert,
        };
        act(author, typed)
    }

    /// The paths that are not written here.
    fn reset(&self) -> &'static [&'static [&'static str]] {
        match self.subresource {
            "status" => STATUS,
            _ if self.served.version().has_status => ALL_BUT_STATUS,
            _ => &[],
        }
    }

    /// # Errors
    /// When an object is not of the name that the path says.
    pub(in crate::sandbox::api) fn check_name(&self, object: &Value) -> Result<(), Refusal> {
        metadata::check_name(self.name, object)
    }
}

fn in_other_version<'a>(
    kind: &'a Kind,
    object: &Value,
    api_version: &str,
) -> Option<(Value, Schema<'a>)> {
    let mut versions = kind.versions.iter();
    let version = versions.find(|it| kind.api_version(&it.name) == api_version)?;
    let mut other = match kind.rules.convert {
        Some(convert) if object["apiVersion"] != api_version => convert(object, &version.name),
        _ => object.clone(),
    };
    set(&mut other, "apiVersion", Some(json!(api_version)));
    Some((other, version.schema()))
}
