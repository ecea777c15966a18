//! In which form an answer is wanted: the `Accept` header.

use crate::sandbox::query::Query;
use crate::sandbox::status::{Details, Refusal};
use crate::sandbox::table::Include;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) shape: Shape,
    pub(super) language: Written,
}

/// What is shown of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Whole,
    Table(Include),
    /// Metadata only.
    Partial,
    /// Metadata only, and nothing that is not a list.
    PartialList,
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Written {
    #[default]
    Json,
    /// With line breaks, for people.
    Pretty,
    Yaml,
}

impl Form {
    /// The first one that the header allows and we have.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn of(accept: &str, user_agent: &str, query: &Query) -> Result<Self, Refusal> {
        let include = include(query);
        let ranges = accept.split(',').map(str::trim);
        let mut ranges = ranges.filter(|it| !it.is_empty()).peekable();
        if ranges.peek().is_none() {
            let language = json(user_agent, query);
            return Ok(Self {
                shape: Shape::Whole,
                language,
            });
        }
        let mut forms = ranges.filter_map(|it| range(it, user_agent, query));
        let (shape, language) = forms.next().ok_or_else(not_acceptable)?;
        let shape = match shape {
            Shape::Table(_) => Shape::Table(include?),
            other => other,
        };
        Ok(Self { shape, language })
    }
}

/// What one range of the header asks for, if we have it.
fn range(text: &str, user_agent: &str, query: &Query) -> Option<(Shape, Written)> {
    let mut words = text.split(';').map(str::trim);
    let media = words.next()?.to_ascii_lowercase();
    let language = match media.as_str() {
        "application/json" | "application/*" | "*/*" => json(user_agent, query),
        "application/yaml" => Written::Yaml,
        _ => return None,
    };
    let parameters: Vec<(&str, &str)> = words.filter_map(|it| it.split_once('=')).collect();
    let parameter = |name: &str| {
        let found = parameters.iter().find(|(it, _)| *it == name);
        found.map_or("", |(_, value)| *value)
    };
    let is_meta = parameter("g") == "meta.k8s.io" && matches!(parameter("v"), "v1" | "v1beta1");
    let shape = match parameter("as") {
        "" => Shape::Whole,
        "Table" if is_meta => Shape::Table(Include::default()),
        "PartialObjectMetadata" if is_meta => Shape::Partial,
        "PartialObjectMetadataList" if is_meta => Shape::PartialList,
        _ => return None,
    };
    Some((shape, language))
}

/// People who use a browser or curl get line breaks, unless they say otherwise.
fn json(user_agent: &str, query: &Query) -> Written {
    let people = ["curl", "Wget", "Mozilla/5.0"];
    let is_person = people.iter().any(|it| user_agent.starts_with(it));
    if query.optional_flag("pretty").unwrap_or(is_person) {
        Written::Pretty
    } else {
        Written::Json
    }
}

fn include(query: &Query) -> Result<Include, Refusal> {
    match query.text("includeObject") {
        "" | "Metadata" => Ok(Include::Metadata),
        "None" => Ok(Include::Nothing),
        "Object" => Ok(Include::Object),
        other => {
            let message = format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: \"{other}\": \
                 must be 'Metadata', 'Object', 'None', or empty"
            );
            Err(Refusal::bad_request(message))
        }
    }
}

fn not_acceptable() -> Refusal {
    let message =
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml";
    Refusal::about(406, "NotAcceptable", message.to_owned(), Details::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str, query: &str) -> Result<Form, u16> {
        let form = Form::of(accept, "kubectl", &Query::parse(query));
        form.map_err(|it| it.code)
    }

    #[test]
    fn the_first_form_that_we_have_is_taken() {
        let of = |shape, language| Ok(Form { shape, language });
        let table = Shape::Table(Include::Metadata);
        let cases = [
            ("", of(Shape::Whole, Written::Json)),
            ("*/*", of(Shape::Whole, Written::Json)),
            (
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                of(table, Written::Json),
            ),
            (
                "application/json;as=Table;v=v2;g=meta.k8s.io, application/json",
                of(Shape::Whole, Written::Json),
            ),
            (
                "application/vnd.kubernetes.protobuf, application/yaml",
                of(Shape::Whole, Written::Yaml),
            ),
            (
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
                of(Shape::Partial, Written::Json),
            ),
            ("text/html", Err(406)),
            ("application/vnd.kubernetes.protobuf", Err(406)),
        ];
        for (accept, expected) in cases {
            assert_eq!(form(accept, ""), expected, "{accept}");
        }
        let pretty = of(Shape::Whole, Written::Pretty);
        assert_eq!(form("application/json", "pretty=true"), pretty);
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
        assert_eq!(
            form(accept, "includeObject=None"),
            of(Shape::Table(Include::Nothing), Written::Json)
        );
        assert_eq!(form(accept, "includeObject=Foo"), Err(400));
    }
}
