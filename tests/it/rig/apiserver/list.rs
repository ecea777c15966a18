//! Lists: namespaces, selectors, pages, metadata only.

use serde_json::{Value, json};

use super::Options;
use super::objects::Objects;
use super::resources::Asked;
use super::status::Refusal;

/// The list that `asked` and `query` mean.
///
/// # Errors
/// For a selector that is not understood and for a page that expired.
pub(super) fn list(
    objects: &Objects,
    asked: &Asked,
    query: &str,
    accept: &str,
    options: &Options,
) -> Result<Value, Refusal> {
    let parameter = |wanted: &str| {
        let pairs = reqwest::Url::parse(&format!("http://query/?{query}")).ok()?;
        let found = pairs.query_pairs().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.into_owned())
            .filter(|it| !it.is_empty())
    };
    if parameter("watch").is_some_and(|it| it == "true" || it == "1") {
        return Err(Refusal::method_not_allowed());
    }
    let labels = Selector::parse(&parameter("labelSelector").unwrap_or_default())?;
    let fields = Selector::parse(&parameter("fieldSelector").unwrap_or_default())?;
    let matching: Vec<&Value> = objects
        .list(asked.resource, asked.namespace.as_deref())
        .filter(|it| labels.matches(|name| it["metadata"]["labels"][name].as_str()))
        .filter(|it| fields.matches(|name| field(it, name)))
        .collect();
    let from = match parameter("continue") {
        Some(_) if options.continue_expires => return Err(Refusal::expired()),
        Some(token) => position(&token)?,
        None => 0,
    };
    let limit = parameter("limit")
        .and_then(|it| it.parse().ok())
        .filter(|it| *it > 0);
    let page = matching.iter().skip(from).take(limit.unwrap_or(usize::MAX));
    let partly = accept.contains("as=PartialObjectMetadataList");
    let items: Vec<Value> = page.map(|it| item(it, asked, partly)).collect();
    let left = matching.len().saturating_sub(from + items.len());
    Ok(envelope(asked, items, from, left, partly))
}

fn envelope(asked: &Asked, items: Vec<Value>, from: usize, left: usize, partly: bool) -> Value {
    let mut metadata = json!({ "resourceVersion": "4711" });
    if left > 0 {
        metadata["continue"] = json!(format!("from+{}", from + items.len()));
        metadata["remainingItemCount"] = json!(left);
    }
    let (kind, version) = match partly {
        true => (
            "PartialObjectMetadataList".to_owned(),
            "meta.k8s.io/v1".to_owned(),
        ),
        false => (
            format!("{}List", asked.resource.kind),
            asked.resource.api_version(),
        ),
    };
    json!({ "kind": kind, "apiVersion": version, "metadata": metadata, "items": items })
}

/// The plus sign has to survive in a URL, as the characters of real tokens do.
fn position(token: &str) -> Result<usize, Refusal> {
    let position = token.strip_prefix("from+").and_then(|it| it.parse().ok());
    position.ok_or_else(|| {
        Refusal::bad_request("continue key is not valid: illegal base64 data".to_owned())
    })
}

fn item(object: &Value, asked: &Asked, partly: bool) -> Value {
    if partly {
        return partial(object);
    }
    let mut object = object.clone();
    if let Some(fields) = object
        .as_object_mut()
        .filter(|_| !asked.resource.is_custom())
    {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    object
}

/// The object without anything but its metadata.
pub(super) fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// The field that a path with dots means.
fn field<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    path.split('.')
        .try_fold(object, |it, name| it.get(name))?
        .as_str()
}

/// A selector in kubectl's syntax.
struct Selector(Vec<Requirement>);

struct Requirement {
    name: String,
    /// The values meant; `None` for any.
    values: Option<Vec<String>>,
    /// Whether it holds where the value is none of those meant.
    negated: bool,
}

impl Selector {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let requirements = split(text).into_iter().map(requirement);
        requirements
            .collect::<Option<Vec<_>>>()
            .filter(|all| all.iter().all(Requirement::is_valid))
            .map(Self)
            .ok_or_else(|| Refusal::bad_request(format!("unable to parse requirement: {text}")))
    }

    fn matches<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|it| {
            let meant = match (value(&it.name), &it.values) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(value), Some(values)) => values.iter().any(|it| it == value),
            };
            meant != it.negated
        })
    }
}

impl Requirement {
    /// Whether name and values have the characters that labels may have.
    fn is_valid(&self) -> bool {
        let allowed = |it: char| it.is_ascii_alphanumeric() || "-_./".contains(it);
        let mut all = self.values.iter().flatten().chain([&self.name]);
        all.all(|it| it.chars().all(allowed))
    }
}

/// At the commas that stand in no parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(|it| {
        depth += i32::from(it == '(') - i32::from(it == ')');
        it == ',' && depth == 0
    });
    parts.map(str::trim).filter(|it| !it.is_empty()).collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    let one = |name: &str, value: &str, negated| Requirement {
        name: name.trim().to_owned(),
        values: Some(vec![value.trim().to_owned()]),
        negated,
    };
    if let Some((head, values)) = text.split_once('(') {
        let values = values
            .strip_suffix(')')?
            .split(',')
            .map(|it| it.trim().to_owned());
        let (name, operator) = head.trim().rsplit_once(' ')?;
        return Some(Requirement {
            name: name.trim().to_owned(),
            values: Some(values.collect()),
            negated: match operator {
                "in" => false,
                "notin" => true,
                _ => return None,
            },
        });
    }
    if let Some((name, value)) = text.split_once("!=") {
        return Some(one(name, value, true));
    }
    if let Some((name, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(one(name, value, false));
    }
    let negated = text.starts_with('!');
    let name = text.trim_start_matches('!').to_owned();
    Some(Requirement {
        name,
        values: None,
        negated,
    })
}
