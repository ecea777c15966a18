//! What `doctor` is to do.

use std::time::Duration;

use super::{Origin, audit, connection, license, llm, prometheus};
use crate::cli::args::{DoctorArgs, GlobalArgs};
use crate::cluster::Namespaces;
use crate::config::doctor::{DoctorConfig, Form};
use crate::config::form::Choice;
use crate::config::values;
use crate::config::{Format, Window};
use crate::doctor::Purpose;
use crate::error::Error;

/// For one check: what kubectl waits for at the least before people give up.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(in crate::cli) fn doctor(
    global: &GlobalArgs,
    args: &DoctorArgs,
    origin: &Origin<'_>,
) -> Result<DoctorConfig, Error> {
    let Window { days, step } = Window::default();
    let window_days = args.window_days;
    let window = Window {
        days: origin.or(window_days, "metrics.windowDays", values::window_days, days)?,
        step,
    };
    let mut purposes = args.purposes.clone();
    purposes.sort();
    purposes.dedup();
    if purposes.is_empty() {
        purposes.push(Purpose::Analyze);
    }
    Ok(DoctorConfig {
        connection: connection(&global.connection, origin)?,
        namespaces: match (&global.namespace, args.all_namespaces) {
            (_, true) => Namespaces::All,
            (Some(namespace), false) => Namespaces::One(namespace.clone()),
            (None, false) => Namespaces::Current,
        },
        metrics: prometheus::metrics(&args.prometheus, origin)?,
        window,
        license: license::license_of(&args.license, origin)?,
        llm: llm::llm(&args.llm, origin)?,
        audit: audit::settings(&args.audit, origin)?,
        purposes,
        timeout: args.timeout.unwrap_or(TIMEOUT),
        form: form(args.form.clone(), origin)?,
    })
}

fn form(typed: Option<Choice<Form>>, origin: &Origin<'_>) -> Result<Choice<Form>, Error> {
    let in_file = match origin.format_in_file()? {
        Some(Format::Json) => Form::Json,
        Some(Format::Yaml) => Form::Yaml,
        Some(Format::Wide) => Form::Wide,
        Some(Format::Table | Format::Name) | None => Form::Table,
    };
    Ok(typed.unwrap_or(Choice::Form(in_file)))
}
