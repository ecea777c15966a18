//! Whom `watch` tells changes of state.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::words;
use crate::config::values;
use crate::config::webhook::{FORMS, source};
use crate::signals::webhook::Form;

const WEBHOOK: &str = "Webhook";

/// Where to, and in which form.
#[derive(Args, Debug)]
#[command(next_help_heading = WEBHOOK)]
pub(crate) struct WebhookArgs {
    /// URL that each change of state is posted to; better given in a file or by the environment
    #[arg(long, value_name = "URL", env = "STEPSCALE_WEBHOOK_URL", hide_env_values = true,
        value_parser = values::text)]
    pub(crate) webhook_url: Option<String>,
    /// File with that URL, read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) webhook_url_file: Option<PathBuf>,
    /// What is posted: cloudevents, or slack, which Mattermost and others take too [default: cloudevents]
    #[arg(long, value_name = "FORM", value_parser = words(&FORMS))]
    pub(crate) webhook_form: Option<Form>,
    /// File with the key that bodies are signed with; $STEPSCALE_WEBHOOK_KEY may have the key itself
    #[arg(long, value_name = "FILE")]
    pub(crate) webhook_key_file: Option<PathBuf>,
    /// Which cluster it is, as the source of events: a URI or a path [default: /clusters/ with its name]
    #[arg(long, value_name = "URI", value_parser = source)]
    pub(crate) webhook_source: Option<String>,
    /// Leave names and details out
    #[arg(long, value_name = "BOOL", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) webhook_redact: Option<bool>,
    /// Certificates of the authorities to trust, PEM [default: those of the system]
    #[arg(long, value_name = "FILE")]
    pub(crate) webhook_ca_file: Option<PathBuf>,
    /// Limit for one try [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout)]
    pub(crate) webhook_timeout: Option<Duration>,
}
