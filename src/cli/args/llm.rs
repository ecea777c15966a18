//! Whether a language model is asked for second opinions.

use std::time::Duration;

use clap::Args;

use super::words;
use crate::config::llm::{Choice, PROVIDERS, address, model, requests, seconds};
use crate::config::values;

pub(super) const SECOND_OPINION: &str = "Second opinion";

/// Whom to ask, and how much.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = SECOND_OPINION)]
pub(crate) struct LlmArgs {
    /// Language model to ask about each recommendation; it may drop one, raise its risk and put it in words,
    /// nothing else: none, openai, anthropic or ollama [default: none]
    #[arg(long, value_name = "PROVIDER", env = "STEPSCALE_LLM_PROVIDER", value_parser = words(&PROVIDERS))]
    pub(crate) llm_provider: Option<Choice>,
    /// Name of the model
    #[arg(long, value_name = "MODEL", env = "STEPSCALE_LLM_MODEL", value_parser = model)]
    pub(crate) llm_model: Option<String>,
    /// Its address, where it is not the provider's own; with openai anything that answers like it, Azure
    /// too. The key is $OPENAI_API_KEY or $ANTHROPIC_API_KEY
    #[arg(long, value_name = "URL", env = "STEPSCALE_LLM_BASE_URL", hide_env_values = true,
        value_parser = address)]
    pub(crate) llm_base_url: Option<String>,
    /// Seconds that one answer may take [default: 30]
    #[arg(long, value_name = "SECONDS", env = "STEPSCALE_LLM_TIMEOUT_SECONDS", value_parser = seconds)]
    pub(crate) llm_timeout_seconds: Option<Duration>,
    /// Requests at once, 1 to 16 [default: 4]
    #[arg(long, value_name = "COUNT", env = "STEPSCALE_LLM_CONCURRENCY", value_parser = values::concurrency)]
    pub(crate) llm_concurrency: Option<usize>,
    /// Requests in all, of a tick of watch or of another run [default: 100]
    #[arg(long, value_name = "COUNT", env = "STEPSCALE_LLM_BUDGET_REQUESTS", value_parser = requests)]
    pub(crate) llm_budget_requests: Option<u32>,
    /// Seconds in all; of a tick of watch no more than a quarter of the analysis [default: 120]
    #[arg(long, value_name = "SECONDS", env = "STEPSCALE_LLM_BUDGET_SECONDS", value_parser = seconds)]
    pub(crate) llm_budget_seconds: Option<Duration>,
    /// Send others in place of the names of namespaces and objects
    #[arg(long, value_name = "BOOL", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) redact_names: Option<bool>,
}
