//! Single objects as raw JSON: read, applied, patched, created. Nothing that a type of ours does not
//! know is lost on the way.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;

use super::Cluster;
use super::call::{Asked, Listing, NOT_STARTED, Resource, segment, status_of};
use super::error::Error;

/// A kind that is read and written as raw JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Empty for the core.
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
}

const NAMESPACES: Kind = Kind {
    group: "",
    version: "v1",
    plural: "namespaces",
    kind: "Namespace",
    namespaced: false,
};

/// One object of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub kind: Kind,
    /// Empty where the kind has none.
    pub namespace: &'a str,
    pub name: &'a str,
}

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether an apply takes fields from their managers.
    pub force: bool,
    /// Whether the server only says what would become of it (`dryRun=All`).
    pub dry_run: bool,
}

/// What a write was meant to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<'a> {
    /// Server-side apply of a configuration.
    Apply(&'a Value),
    /// A JSON patch (RFC 6902).
    JsonPatch(&'a [Value]),
    /// A merge patch (RFC 7386).
    MergePatch(&'a Value),
    Create(&'a Value),
    /// The whole object, as it was read but for what we know; guarded by its resourceVersion.
    Replace(&'a Value),
    /// The same of its status.
    ReplaceStatus(&'a Value),
    Delete,
}

/// Why a write is not known to have been made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The object is no longer as it was when it was read, or is there already.
    #[error("{message}")]
    Conflict { message: String },
    /// Other managers own fields that an apply without force would change.
    #[error("{message}")]
    Owned {
        message: String,
        fields: Vec<String>,
    },
    /// It may have been made or not: the answer was lost, or the server failed on the way.
    #[error("no answer tells whether it was written")]
    Unknown(#[source] Box<Error>),
    /// It was not made.
    #[error(transparent)]
    Refused(Box<Error>),
}

impl WriteError {
    /// The HTTP status of the answer; `None` where there was none.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Conflict { .. } | Self::Owned { .. } => Some(409),
            Self::Unknown(error) | Self::Refused(error) => error.status(),
        }
    }
}

/// An answer, and what the server's clock showed.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    pub value: T,
    /// The `Date` of the answer, to the second; `None` where there was none.
    pub at: Option<Timestamp>,
}

impl Kind {
    pub(super) fn resource(&self) -> Resource<'static> {
        Resource {
            group: self.group,
            version: self.version,
            plural: self.plural,
        }
    }

    /// `autoscaling/v2`.
    pub fn api_version(&self) -> String {
        self.resource().api_version()
    }

    /// `horizontalpodautoscalers.autoscaling`.
    pub fn with_group(&self) -> String {
        self.resource().with_group()
    }
}

impl Place<'_> {
    fn collection(&self) -> String {
        let namespace = self.kind.namespaced.then_some(self.namespace);
        self.kind.resource().path(namespace)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.collection(), segment(self.name))
    }

    fn namespace(&self) -> Option<&str> {
        self.kind.namespaced.then_some(self.namespace)
    }
}

impl Change<'_> {
    fn verb(&self) -> &'static str {
        match self {
            Self::Apply(_) | Self::JsonPatch(_) | Self::MergePatch(_) => "patch",
            Self::Create(_) => "create",
            Self::Replace(_) | Self::ReplaceStatus(_) => "update",
            Self::Delete => "delete",
        }
    }

    fn method(&self) -> http::Method {
        match self {
            Self::Apply(_) | Self::JsonPatch(_) | Self::MergePatch(_) => http::Method::PATCH,
            Self::Create(_) => http::Method::POST,
            Self::Replace(_) | Self::ReplaceStatus(_) => http::Method::PUT,
            Self::Delete => http::Method::DELETE,
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::Apply(_) => "application/apply-patch+yaml",
            Self::JsonPatch(_) => "application/json-patch+json",
            Self::MergePatch(_) => "application/merge-patch+json",
            Self::Create(_) | Self::Replace(_) | Self::ReplaceStatus(_) | Self::Delete => {
                "application/json"
            }
        }
    }

    fn body(&self) -> Vec<u8> {
        match self {
            // JSON is YAML.
            Self::Apply(it)
            | Self::MergePatch(it)
            | Self::Create(it)
            | Self::Replace(it)
            | Self::ReplaceStatus(it) => it.to_string().into_bytes(),
            Self::JsonPatch(operations) => Value::from(operations.to_vec()).to_string().into(),
            Self::Delete => Vec::new(),
        }
    }

    fn path(&self, place: &Place<'_>) -> String {
        match self {
            Self::Create(_) => place.collection(),
            Self::ReplaceStatus(_) => format!("{}/status", place.path()),
            Self::Apply(_)
            | Self::JsonPatch(_)
            | Self::MergePatch(_)
            | Self::Replace(_)
            | Self::Delete => place.path(),
        }
    }
}

impl Change<'_> {
    /// `None` where its path is too long for a request.
    fn request(&self, place: &Place<'_>, writing: &Writing<'_>) -> Option<http::Request<Vec<u8>>> {
        let manager = segment(writing.manager);
        let mut uri = format!("{}?fieldManager={manager}", self.path(place));
        if writing.dry_run {
            uri.push_str("&dryRun=All");
        }
        if let Self::Delete = self {
            // What a Job has made would stay otherwise, unlike that of any other kind.
            uri.push_str("&propagationPolicy=Background");
        }
        if let Self::Apply(_) = self {
            uri.push_str(&format!("&force={}", writing.force));
        }
        http::Request::builder()
            .method(self.method())
            .uri(uri)
            .header(http::header::CONTENT_TYPE, self.content_type())
            .body(self.body())
            .ok()
    }
}

impl Cluster {
    /// An object as it is now; `None` where there is none of that name.
    ///
    /// # Errors
    /// Where the server cannot be asked, refuses, or does not serve the kind.
    pub async fn object(&self, place: &Place<'_>) -> Result<Answer<Option<Value>>, Error> {
        let resource = place.kind.with_group();
        let asked = Asked {
            verb: "get",
            resource: &resource,
            namespace: place.namespace(),
        };
        let path = place.path();
        let answer = self
            .dated(asked, || http::Request::get(&path).body(Vec::new()).ok())
            .await;
        match answer {
            Ok((value, at)) => Ok(Answer {
                value: Some(value),
                at,
            }),
            Err(Error::Api { code: 404, .. }) => Ok(Answer {
                value: None,
                at: None,
            }),
            Err(error) => Err(error),
        }
    }

    /// Every object of a kind, of one namespace or of all.
    ///
    /// # Errors
    /// Where the server cannot be asked or refuses.
    pub async fn all(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        each: impl FnMut(Value),
    ) -> Result<(), Error> {
        let listing = Listing::of(kind.resource(), namespace);
        self.list(&listing, each).await
    }

    /// Whether the server has a kind.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn serves(&self, kind: &Kind) -> Result<bool, Error> {
        let path = format!("/apis/{}", kind.api_version());
        let asked = Asked {
            verb: "get",
            resource: &path,
            namespace: None,
        };
        let resources: Result<Value, Error> = self.get(asked, &path).await;
        match resources {
            Ok(resources) => {
                let all = resources["resources"].as_array();
                Ok(all.is_some_and(|it| it.iter().any(|it| it["name"] == kind.plural)))
            }
            Err(Error::Api { code: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the server has an API, such as `metrics.k8s.io/v1beta1`.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn serves_group(&self, api_version: &str) -> Result<bool, Error> {
        let path = format!("/apis/{api_version}");
        let asked = Asked {
            verb: "get",
            resource: &path,
            namespace: None,
        };
        match self.get::<serde::de::IgnoredAny>(asked, &path).await {
            Ok(_) => Ok(true),
            Err(Error::Api { code: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What tells this cluster from every other: the uid of its `kube-system`, or its URL where that
    /// may not be read.
    ///
    /// # Errors
    /// Where the server cannot be asked.
    pub async fn identity(&self) -> Result<String, Error> {
        let place = Place {
            kind: NAMESPACES,
            namespace: "",
            name: "kube-system",
        };
        match self.object(&place).await {
            Ok(answer) => {
                let uid = answer
                    .value
                    .and_then(|it| Some(it["metadata"]["uid"].as_str()?.to_owned()));
                Ok(uid.unwrap_or_else(|| self.endpoint.server.clone()))
            }
            Err(Error::Forbidden { .. }) => Ok(self.endpoint.server.clone()),
            Err(error) => Err(error),
        }
    }

    /// What the API server's clock shows, to the second; `None` where it does not tell.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn time(&self) -> Result<Option<Timestamp>, Error> {
        let asked = Asked {
            verb: "get",
            resource: "/version",
            namespace: None,
        };
        let request = || http::Request::get("/version").body(Vec::new()).ok();
        let (_, at): (serde::de::IgnoredAny, _) = self.dated(asked, request).await?;
        Ok(at)
    }

    /// Changes an object; as the server then has it.
    ///
    /// # Errors
    /// Any [`WriteError`]. Where the outcome is unknown, the object has to be read again.
    pub async fn write(
        &self,
        place: &Place<'_>,
        change: &Change<'_>,
        writing: &Writing<'_>,
    ) -> Result<Answer<Value>, WriteError> {
        let mut resource = place.kind.with_group();
        if let Change::ReplaceStatus(_) = change {
            resource.push_str("/status");
        }
        let asked = Asked {
            verb: change.verb(),
            resource: &resource,
            namespace: place.namespace(),
        };
        let request = || change.request(place, writing);
        let reply = match self.patiently(&NOT_STARTED, asked, request).await {
            Ok(reply) => reply,
            Err(error) => return Err(unanswered(error)),
        };
        if !reply.code.is_success() {
            return Err(self.write_error(asked, reply.code, &reply.body));
        }
        let value = serde_json::from_slice(&reply.body).map_err(|source| Error::Malformed {
            operation: asked.operation(),
            source,
        });
        Ok(Answer {
            value: value.map_err(|it| WriteError::Unknown(Box::new(it)))?,
            at: reply.at,
        })
    }

    fn write_error(&self, asked: Asked<'_>, code: http::StatusCode, body: &[u8]) -> WriteError {
        let status = status_of(code, body);
        let message = status.message.clone();
        match code.as_u16() {
            409 => {
                let causes = status.details.iter().flat_map(|it| &it.causes);
                let owned = causes.filter(|it| it.reason == "FieldManagerConflict");
                let fields: Vec<String> = owned.map(|it| it.field.clone()).collect();
                match fields.is_empty() {
                    true => WriteError::Conflict { message },
                    false => WriteError::Owned { message, fields },
                }
            }
            429 | 500..=599 => WriteError::Unknown(Box::new(self.failure(asked, code, body))),
            _ => WriteError::Refused(Box::new(self.failure(asked, code, body))),
        }
    }
}

/// A connection that was refused brought nothing to the server; of any other end nothing is known.
fn unanswered(error: Error) -> WriteError {
    use super::error::Unreachable;
    match &error {
        Error::Unreachable {
            source: Unreachable::Refused | Unreachable::ConnectTimedOut,
            ..
        }
        | Error::Credentials { .. }
        | Error::Tls { .. }
        // Nothing was sent: a path that is too long for a request.
        | Error::Api { code: 414, .. } => WriteError::Refused(Box::new(error)),
        _ => WriteError::Unknown(Box::new(error)),
    }
}

/// The `Date` of an answer.
pub(super) fn date(headers: &http::HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_http() {
        let mut headers = http::HeaderMap::new();
        assert_eq!(date(&headers), None);
        headers.insert(
            http::header::DATE,
            "Thu, 01 Jan 1970 01:00:00 GMT".parse().unwrap(),
        );
        assert_eq!(date(&headers), Some(Timestamp::from_second(3600).unwrap()));
        headers.insert(http::header::DATE, "soon".parse().unwrap());
        assert_eq!(date(&headers), None);
    }
}
