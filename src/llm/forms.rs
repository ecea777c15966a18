//! In which form an answer is asked for, and which of them servers take.
//!
//! Many that answer like OpenAI know no schema, and refuse the question with it. They are asked again,
//! more loosely each time, and from then on in the form that they took. However it was asked for, an answer
//! is read by the same schema.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON of the schema, which the server sees to.
    #[default]
    Schema,
    /// JSON, which the server sees to; the schema is told to the model.
    Json,
    /// Whatever the model makes of what it is told.
    Free,
}

impl Form {
    /// The strictest first.
    pub(super) const ALL: [Self; 3] = [Self::Schema, Self::Json, Self::Free];

    /// For logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "a schema",
            Self::Json => "any JSON",
            Self::Free => "words alone",
        }
    }
}

/// What servers were found to take, for as long as a run lasts.
#[derive(Debug, Default)]
pub struct Forms(Mutex<BTreeMap<String, Form>>);

impl Forms {
    /// The form to begin with at `place`, a model at an address.
    pub(super) fn of(&self, place: &str) -> Form {
        self.locked().get(place).copied().unwrap_or_default()
    }

    /// An answer in that form came from there.
    pub(super) fn keep(&self, place: String, form: Form) {
        self.locked().insert(place, form);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Form>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
