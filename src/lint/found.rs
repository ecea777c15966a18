//! What was found, and a list to note it in.

use super::code::Code;
use crate::keda::objects::FieldPath;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; it may be meant.
    Info,
    /// It works in another way than it looks.
    Warning,
    /// It is refused or fails.
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong with one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// Which of the objects, by its index.
    pub object: usize,
    /// The field that it is about; that of the object where it is empty.
    pub path: FieldPath,
    /// What is wrong, on its own: it names the field.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) all: Vec<Diagnostic>,
}

impl Findings {
    /// Notes a diagnostic of the usual severity.
    pub(super) fn add(
        &mut self,
        code: Code,
        object: usize,
        path: FieldPath,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add_as(code, code.severity(), object, path, message, fix);
    }

    /// Notes one of a severity of its own.
    pub(super) fn add_as(
        &mut self,
        code: Code,
        severity: Severity,
        object: usize,
        path: FieldPath,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.all.push(Diagnostic {
            code,
            severity,
            object,
            path,
            message: message.into(),
            fix: fix.into(),
        });
    }
}
