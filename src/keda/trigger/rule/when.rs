//! When a rule holds.

use std::fmt;

use crate::keda::trigger::PodIdentity;

/// When a rule holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Always,
    /// A parameter is given.
    Given(&'static str),
    /// A parameter is one of these texts; booleans are `true` and `false`.
    Is(&'static str, &'static [&'static str]),
    /// A parameter is this text, in any case of its letters.
    IsNamed(&'static str, &'static str),
    /// A parameter is a URL with one of these schemes.
    HasScheme(&'static str, &'static [&'static str]),
    /// The trigger takes on this identity.
    As(PodIdentity),
    /// The trigger is a metric of the HPA, not only a variable of a formula.
    IsTarget,
    Not(&'static When),
    All(&'static [When]),
    Any(&'static [When]),
}

impl When {
    /// Appends the parameters that it looks at.
    pub fn names(self, names: &mut Vec<&'static str>) {
        match self {
            Self::Always | Self::As(_) | Self::IsTarget => {}
            Self::Given(name)
            | Self::Is(name, _)
            | Self::IsNamed(name, _)
            | Self::HasScheme(name, _) => names.push(name),
            Self::Not(when) => when.names(names),
            Self::All(list) | Self::Any(list) => list.iter().for_each(|it| it.names(names)),
        }
    }
}

impl fmt::Display for When {
    /// As the end of a sentence, with a blank before; nothing where there is nothing to say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always | Self::IsTarget => Ok(()),
            Self::Given(name) | Self::Not(Self::Is(name, _)) => write!(f, " beside `{name}`"),
            Self::Is(name, texts) => write!(f, " with `{name}: {}`", texts.join(" or ")),
            Self::IsNamed(name, text) => write!(f, " with `{name}: {text}`"),
            Self::HasScheme(name, schemes) => {
                write!(f, " where `{name}` begins with {}:", schemes.join(": or "))
            }
            Self::As(PodIdentity::None) => f.write_str(" without a pod identity"),
            Self::As(identity) => write!(f, " with pod identity {}", identity.name()),
            Self::Not(Self::Given(name)) => write!(f, " without `{name}`"),
            Self::Not(_) => Ok(()),
            Self::All(list) => list.iter().try_for_each(|it| it.fmt(f)),
            Self::Any(list) => list.iter().enumerate().try_for_each(|(at, it)| {
                f.write_str(if at == 0 { "" } else { " or" })?;
                it.fmt(f)
            }),
        }
    }
}
