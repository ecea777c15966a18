//! Texts that must not be shown.

use std::fmt;

/// A text that may be a credential: it is compared and used, but never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever sends it to its source.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() {
            "<empty>"
        } else {
            "<redacted>"
        })
    }
}

/// A text of the metadata that may come out of a variable of the container, and then may be a
/// credential: such a one is shown by the parameter that names the variable.
#[derive(Clone, PartialEq, Eq)]
pub struct Named {
    text: String,
    variable: Option<&'static str>,
}

impl Named {
    /// A text that stands in the metadata.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            variable: None,
        }
    }

    /// A text out of a variable that `parameter`, such as `bootstrapServersFromEnv`, names.
    pub fn of_variable(text: impl Into<String>, parameter: &'static str) -> Self {
        Self {
            text: text.into(),
            variable: Some(parameter),
        }
    }

    /// The text itself, for whoever sends it to its source.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether it may be a credential.
    pub fn is_hidden(&self) -> bool {
        self.variable.is_some()
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variable {
            Some(parameter) => write!(f, "<from {parameter}>"),
            None => f.write_str(&self.text),
        }
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_only_whether_it_is_there() {
        let shown = format!("{0} {0:?} {1}", Secret::new("hunter2"), Secret::default());
        assert_eq!(shown, "<redacted> <redacted> <empty>");
    }

    #[test]
    fn a_text_of_a_variable_shows_where_it_comes_from() {
        let (plain, hidden) = (Named::plain("a"), Named::of_variable("a", "topicFromEnv"));
        assert_eq!(
            format!("{plain} {hidden} {hidden:?}"),
            "a <from topicFromEnv> <from topicFromEnv>"
        );
        assert_eq!((hidden.expose(), hidden.is_hidden()), ("a", true));
    }
}
