//! Why KEDA refuses a trigger, and the way out.

use std::fmt;

use super::param::Place;
use super::rule::When;
use super::{PodIdentity, TriggerSource};

/// One reason why a trigger is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The parameter, several with `+` between, or `metricType` or `type`.
    pub param: String,
    pub cause: Cause,
    /// What it depends on.
    pub when: When,
}

/// What is wrong with a parameter. Texts of users are in `Shown`, which leaves out what may be a
/// credential.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Missing {
        places: &'static [Place],
    },
    NotInEnum {
        value: Shown,
        allowed: &'static [&'static str],
    },
    NotABoolean {
        value: Shown,
    },
    NotANumber {
        value: Shown,
    },
    NotAnInteger {
        value: Shown,
    },
    NotADuration {
        value: Shown,
    },
    NegativeDuration {
        value: Shown,
    },
    NotKeyValueList {
        value: Shown,
    },
    NotAQuantity {
        value: Shown,
    },
    MustBePositive,
    MustNotBeNegative,
    MustNotBeZero,
    BadCronExpression {
        why: String,
    },
    StartEqualsEnd,
    BadVersion {
        value: Shown,
    },
    BadPartitionList {
        part: String,
    },
    MutuallyExclusive,
    /// Of a list's elements only one may be given.
    ExclusiveValuesCombined {
        exclusive: &'static [&'static str],
    },
    ExactlyOneOf,
    AtLeastOneOf,
    /// Two lists that belong together are not of one length.
    Uneven,
    /// In the metadata and by the TriggerAuthentication.
    GivenTwice,
    /// Not together with what the problem depends on.
    NotAllowedHere,
    NotWithin {
        least: i64,
        most: i64,
    },
    /// KEDA takes the text apart and cannot.
    Misshapen {
        value: Shown,
        wanted: &'static str,
    },
    /// The trigger cannot use the identity that its TriggerAuthentication names.
    IdentityNotTaken {
        allowed: &'static [PodIdentity],
    },
    RequiresTopic,
    RequiresTls,
    /// Needed since the other is given.
    MissingWithOther {
        other: &'static str,
    },
    MissingForSasl {
        mechanism: &'static str,
    },
    MissingForAuthMode {
        mode: &'static str,
    },
    MetricTypeNotAllowed {
        value: String,
        allowed: &'static str,
    },
    RemovedSetting {
        instead: &'static str,
    },
    /// KEDA has no such type of trigger.
    UnknownType {
        near: Option<&'static str>,
    },
}

/// A user's text for a message; nothing if it may be a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown(pub Option<String>);

impl Problem {
    /// What is wrong with `param`.
    pub fn new(param: impl Into<String>, cause: Cause) -> Self {
        Self {
            param: param.into(),
            cause,
            when: When::Always,
        }
    }
}

impl Cause {
    /// The short name of the cause.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::NotInEnum { .. } => "not-in-enum",
            Self::NotABoolean { .. } => "not-a-boolean",
            Self::NotANumber { .. } => "not-a-number",
            Self::NotAnInteger { .. } => "not-an-integer",
            Self::NotADuration { .. } => "not-a-duration",
            Self::NegativeDuration { .. } => "negative-duration",
            Self::NotKeyValueList { .. } => "not-key-value-list",
            Self::NotAQuantity { .. } => "not-a-quantity",
            Self::MustBePositive => "must-be-positive",
            Self::MustNotBeNegative => "must-not-be-negative",
            Self::MustNotBeZero => "must-not-be-zero",
            Self::BadCronExpression { .. } => "bad-cron-expression",
            Self::StartEqualsEnd => "start-equals-end",
            Self::BadVersion { .. } => "bad-version",
            Self::BadPartitionList { .. } => "bad-partition-list",
            Self::MutuallyExclusive => "mutually-exclusive",
            Self::ExclusiveValuesCombined { .. } => "exclusive-values-combined",
            Self::ExactlyOneOf => "exactly-one-of",
            Self::AtLeastOneOf => "at-least-one-of",
            Self::Uneven => "uneven",
            Self::GivenTwice => "given-twice",
            Self::NotAllowedHere => "not-allowed-here",
            Self::NotWithin { .. } => "not-within",
            Self::Misshapen { .. } => "misshapen",
            Self::IdentityNotTaken { .. } => "identity-not-taken",
            Self::RequiresTopic => "requires-topic",
            Self::RequiresTls => "requires-tls",
            Self::MissingWithOther { .. } => "missing-with-other",
            Self::MissingForSasl { .. } => "missing-for-sasl",
            Self::MissingForAuthMode { .. } => "missing-for-auth-mode",
            Self::MetricTypeNotAllowed { .. } => "metric-type-not-allowed",
            Self::RemovedSetting { .. } => "removed-setting",
            Self::UnknownType { .. } => "unknown-type",
        }
    }
}

impl Problem {
    /// Whether it depends on one of these parameters having the value that it has.
    pub fn depends_on(&self, is_one: impl Fn(&str) -> bool) -> bool {
        let mut names = Vec::new();
        self.when.names(&mut names);
        names.into_iter().any(is_one)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Plain(self).to_string();
        // The way out comes after the first semicolon.
        match text.split_once("; ") {
            Some((what, way)) => write!(f, "{what}{}; {way}", self.when),
            None => write!(f, "{text}{}", self.when),
        }
    }
}

/// A problem without what it depends on.
struct Plain<'a>(&'a Problem);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let param = &self.0.param;
        match &self.0.cause {
            Cause::Missing { places } => write!(f, "`{param}` is missing; {}", Ways(param, places)),
            Cause::NotInEnum { value, allowed } => {
                write!(f, "`{param}`{value} is not one of {}", allowed.join(", "))
            }
            Cause::NotABoolean { value } => write!(f, "`{param}`{value} is not true or false"),
            Cause::NotANumber { value } => write!(
                f,
                "`{param}`{value} is not a number; write digits as JSON does, such as 0.5 or 1e3"
            ),
            Cause::NotAnInteger { value } => write!(
                f,
                "`{param}`{value} is not a whole number in range; write digits only, such as 10"
            ),
            Cause::NotADuration { value } => write!(
                f,
                "`{param}`{value} is not a duration; write 30s, 1m30s, or whole milliseconds"
            ),
            Cause::NegativeDuration { value } => write!(f, "`{param}`{value} is negative"),
            Cause::NotKeyValueList { value } => write!(
                f,
                "`{param}`{value} is not a list of pairs; write key=value,key=value"
            ),
            Cause::NotAQuantity { value } => write!(
                f,
                "`{param}`{value} is not a quantity, which crashes KEDA; write 500m or 512Mi"
            ),
            Cause::MustBePositive => write!(f, "`{param}` must be above 0"),
            Cause::MustNotBeNegative => write!(f, "`{param}` must be 0 or more"),
            Cause::MustNotBeZero => write!(f, "`{param}` must not be 0"),
            Cause::BadCronExpression { why } => write!(
                f,
                "`{param}` is no schedule: {why}; write minute, hour, day of month, month and day \
                 of week, such as `0 8 * * mon-fri`"
            ),
            Cause::StartEqualsEnd => write!(
                f,
                "`start` and `end` are the same; give the end of the window another time"
            ),
            Cause::BadVersion { value } => write!(
                f,
                "`{param}`{value} is not a version of Kafka; write 2.8.0 or 0.10.2.1"
            ),
            Cause::BadPartitionList { part } if part.is_empty() => {
                write!(
                    f,
                    "`{param}` has nothing between two commas; write numbers and ranges"
                )
            }
            Cause::BadPartitionList { part } => write!(
                f,
                "`{param}` has `{part}`, which is no partition; write numbers and ranges, such as \
                 1-4,8"
            ),
            Cause::MutuallyExclusive => write!(f, "{} exclude each other; keep one", Each(param)),
            Cause::ExclusiveValuesCombined { exclusive } => {
                write!(f, "`{param}` may have only one of {}", exclusive.join(", "))
            }
            Cause::ExactlyOneOf => write!(f, "give exactly one of {}", Each(param)),
            Cause::AtLeastOneOf => write!(f, "give at least one of {}", Each(param)),
            Cause::Uneven => write!(f, "{} differ in length; give as many of each", Each(param)),
            Cause::GivenTwice => write!(
                f,
                "`{param}` is in the metadata and in the TriggerAuthentication; keep one"
            ),
            Cause::NotAllowedHere => write!(f, "`{param}` is not allowed; remove it"),
            Cause::NotWithin { least, most } => {
                write!(f, "`{param}` must be from {least} to {most}")
            }
            Cause::Misshapen { value, wanted } => write!(f, "`{param}`{value} is not {wanted}"),
            Cause::IdentityNotTaken { allowed } => {
                let names: Vec<&str> = allowed.iter().map(|it| it.name()).collect();
                let names = names.join(" or ");
                write!(
                    f,
                    "the trigger cannot use this pod identity; set its provider to {names}"
                )
            }
            Cause::RequiresTopic => write!(f, "`{param}` needs a `topic`"),
            Cause::RequiresTls => write!(f, "`{param}` needs `tls: enable`"),
            Cause::MissingWithOther { other } => {
                write!(
                    f,
                    "`{param}` is missing, but `{other}` is given; give both or none"
                )
            }
            Cause::MissingForSasl { mechanism } => {
                write!(f, "`sasl: {mechanism}` needs {}", Each(param))
            }
            Cause::MissingForAuthMode { mode } => write!(
                f,
                "auth mode `{mode}` needs {} from the TriggerAuthentication",
                Each(param)
            ),
            Cause::MetricTypeNotAllowed { value, allowed } if value.is_empty() => {
                write!(f, "`{param}` is missing beside `metadata`; set {allowed}")
            }
            Cause::MetricTypeNotAllowed { value, allowed } => {
                write!(
                    f,
                    "`metricType: {value}` is not for this trigger; set {allowed}"
                )
            }
            Cause::RemovedSetting { instead } => {
                write!(f, "KEDA has removed `{param}`; {instead}")
            }
            Cause::UnknownType { near: Some(near) } => {
                write!(f, "KEDA has no trigger of this type; `{near}` was meant?")
            }
            Cause::UnknownType { near: None } => {
                write!(
                    f,
                    "KEDA has no trigger of this type; see https://keda.sh/docs/latest/scalers"
                )
            }
        }
    }
}

/// Where a parameter can be given.
struct Ways<'a>(&'a str, &'static [Place]);

impl fmt::Display for Ways<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(param, places) = self;
        f.write_str("give it ")?;
        for (index, place) in places.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " or " })?;
            match place {
                Place::Metadata => f.write_str("in the metadata")?,
                Place::Auth => f.write_str("by the TriggerAuthentication")?,
                Place::Env => write!(
                    f,
                    "as `{param}FromEnv`, a variable that the container has and that is not empty"
                )?,
            }
        }
        Ok(())
    }
}

/// Parameters with `+` between, each in its quotes.
struct Each<'a>(&'a str);

impl fmt::Display for Each<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, param) in self.0.split('+').enumerate() {
            let between = if index == 0 { "" } else { " and " };
            write!(f, "{between}`{param}`")?;
        }
        Ok(())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(f, ": `{text}`"),
            None => Ok(()),
        }
    }
}

/// All reasons why a trigger is refused; at least one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("trigger {index} ({kind}): {}", joined(.list))]
pub struct Problems {
    pub index: usize,
    pub kind: String,
    pub list: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(source: &TriggerSource, list: Vec<Problem>) -> Self {
        Self {
            index: source.index,
            kind: source.kind.clone(),
            list,
        }
    }
}

fn joined(list: &[Problem]) -> String {
    let lines: Vec<String> = list.iter().map(Problem::to_string).collect();
    lines.join("; ")
}
