//! What `doctor` is to do.

use std::time::Duration;

use super::form::Choice;
use super::license::License;
use super::llm::Llm;
use super::values::Words;
use super::{Metrics, Window};
use crate::audit;
use crate::cluster::{self, Namespaces};
use crate::doctor::Purpose;

/// What `doctor` is to do.
#[derive(Clone, Debug)]
pub struct DoctorConfig {
    pub connection: cluster::Options,
    /// All of them, or one.
    pub namespaces: Namespaces,
    pub metrics: Metrics,
    pub window: Window,
    pub license: License,
    /// Who is asked for second opinions, if anybody is.
    pub llm: Option<Llm>,
    pub audit: audit::Settings,
    /// What has to work. At least one.
    pub purposes: Vec<Purpose>,
    /// For each check.
    pub timeout: Duration,
    pub form: Choice<Form>,
}

/// The forms of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Rights that are there are counted.
    #[default]
    Table,
    /// Each has a line.
    Wide,
    Json,
    Yaml,
}

pub(crate) const FORMS: Words<Form> = Words(&[
    ("table", Form::Table),
    ("wide", Form::Wide),
    ("json", Form::Json),
    ("yaml", Form::Yaml),
]);

pub(crate) const PURPOSES: Words<Purpose> = Words(&[
    ("analyze", Purpose::Analyze),
    ("apply", Purpose::Apply),
    ("watch", Purpose::Watch),
]);
