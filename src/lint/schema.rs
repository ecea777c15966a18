//! What the schema of an object's kind refuses or drops.

use super::code::Code;
use super::found::Findings;
use super::hpa;
use super::world::{Item, Parsed, last_key};
use crate::keda::admission::schema::{self, Keyword, Rejection};
use crate::keda::objects::unknown_fields;

pub(super) fn check(item: &Item<'_>, findings: &mut Findings) {
    let rejections = match (item.group(), item.id.kind.as_str()) {
        ("keda.sh", "ScaledObject") => schema::scaled_object(&item.quoted),
        ("keda.sh", "ScaledJob") => schema::scaled_job(&item.quoted),
        ("keda.sh", "TriggerAuthentication" | "ClusterTriggerAuthentication") => {
            schema::authentication(&item.quoted)
        }
        ("autoscaling", "HorizontalPodAutoscaler") => return hpa::schema::check(item, findings),
        _ => return,
    };
    for rejection in rejections {
        reject(item, rejection, findings);
    }
    unquoted(item, findings);
    for field in unknown_fields(&item.quoted) {
        let key = last_key(&field.path);
        let fix = match nearest(key, field.known) {
            Some(near) => format!("`{near}` was meant?"),
            None => format!("remove it; there are {}", field.known.join(", ")),
        };
        let message = format!("{} is no field of {}", field.path, item.id.kind);
        findings.add(Code::UnknownField, item.index, field.path, message, fix);
    }
}

/// What stands where a text has to.
pub(super) fn unquoted(item: &Item<'_>, findings: &mut Findings) {
    for path in &item.unquoted {
        let written = item.quoted.pointer(&path.pointer());
        let written = written.and_then(|it| it.as_str()).unwrap_or_default();
        let message = format!("{path} is {written} and has to be a text");
        let fix = format!("write \"{written}\" in quotes");
        findings.add(Code::UnquotedValue, item.index, path.clone(), message, fix);
    }
}

fn reject(item: &Item<'_>, rejection: Rejection, findings: &mut Findings) {
    let Rejection {
        path,
        keyword,
        message,
    } = rejection;
    let (code, fix) = match keyword {
        Keyword::Type => (
            Code::WrongType,
            "write a value of the type that is expected",
        ),
        Keyword::Required => (Code::MissingField, "add it"),
        Keyword::Minimum => (Code::BelowMinimum, "raise it, or remove it for the default"),
        Keyword::MinItems | Keyword::MinLength => (Code::EmptyField, "fill it in"),
        Keyword::Enum => (Code::UnknownWord, "write one of these words"),
        // The webhook says the same at the field itself, where the object can be read.
        Keyword::Rule if !matches!(item.parsed, Parsed::Other) => return,
        Keyword::Rule => (
            Code::IncorrectReplicas,
            "lower minReplicaCount or raise maxReplicaCount",
        ),
    };
    findings.add(code, item.index, path, message, fix);
}

/// The key of a schema that was probably meant.
pub(super) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let likeness = |it: &str| strsim::jaro_winkler(&key.to_lowercase(), &it.to_lowercase());
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.85).then_some(*best)
}
