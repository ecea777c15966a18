//! Whether and how a language model is asked for second opinions.

use std::env;

use super::Origin;
use crate::analysis::opinion::Naming;
use crate::cli::args::LlmArgs;
use crate::config::llm::{
    CONCURRENCY, Choice, Llm, PROVIDERS, TIMEOUT, address, model, requests, seconds,
};
use crate::config::values;
use crate::error::Error;
use crate::llm::{Budget, Key, Options, Provider};

/// What says nothing without a provider.
const OF_A_PROVIDER: [&str; 7] = [
    "llm_model",
    "llm_base_url",
    "llm_timeout_seconds",
    "llm_concurrency",
    "llm_budget_requests",
    "llm_budget_seconds",
    "redact_names",
];

/// The one that flags, environment and configuration file name; `None` where they name none. Of the keys in
/// the environment only its own is read.
pub(super) fn llm(args: &LlmArgs, origin: &Origin<'_>) -> Result<Option<Llm>, Error> {
    decided(args, origin, |variable| env::var(variable).ok())
}

/// The same, of which nothing is sent with `dry_run`.
pub(super) fn llm_or_dry_run(
    args: &LlmArgs,
    dry_run: bool,
    origin: &Origin<'_>,
) -> Result<Option<Llm>, Error> {
    let llm = llm(args, origin)?;
    match llm {
        None if dry_run => Err(idle("llm_dry_run")),
        llm => Ok(llm.map(|it| Llm { dry_run, ..it })),
    }
}

fn decided(
    args: &LlmArgs,
    origin: &Origin<'_>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Llm>, Error> {
    let provider = |it: &str| PROVIDERS.parse(it);
    let (name, url) = (args.llm_model.clone(), args.llm_base_url.clone());
    let default = Budget::default();
    // A bad value is told whether there is a provider or not.
    let choice = origin.or(args.llm_provider, "llm.provider", provider, Choice::None)?;
    let name = origin.or_file(name, "llm.model", model)?;
    let base_url = origin.or_file(url, "llm.baseUrl", address)?;
    let timeout = args.llm_timeout_seconds;
    let timeout = origin.or(timeout, "llm.timeoutSeconds", seconds, TIMEOUT)?;
    let concurrency = origin.or(
        args.llm_concurrency,
        "llm.concurrency",
        values::concurrency,
        CONCURRENCY,
    )?;
    let (most, time) = (args.llm_budget_requests, args.llm_budget_seconds);
    let budget = Budget {
        requests: origin.or(most, "llm.budgetRequests", requests, default.requests)?,
        time: origin.or(time, "llm.budgetSeconds", seconds, default.time)?,
    };
    let redact = origin.or(args.redact_names, "llm.redactNames", values::boolean, false)?;
    let Choice::Of(provider) = choice else {
        return refuse_idle(origin).map(|()| None);
    };
    let key = provider.key_variable().and_then(variable);
    Ok(Some(Llm {
        options: Options {
            provider,
            model: name.ok_or_else(|| no_model(provider))?,
            base_url,
            key: key.as_deref().and_then(Key::new),
            timeout,
            concurrency,
            budget,
        },
        naming: match redact {
            true => Naming::Pseudonyms,
            false => Naming::Plain,
        },
        dry_run: false,
    }))
}

fn refuse_idle(origin: &Origin<'_>) -> Result<(), Error> {
    match OF_A_PROVIDER.into_iter().find(|it| origin.is_typed(it)) {
        None => Ok(()),
        Some(flag) => Err(idle(flag)),
    }
}

fn idle(flag: &str) -> Error {
    let flag = flag.replace('_', "-");
    Error::Usage {
        message: format!("--{flag} has no effect without a language model to ask"),
        hint: Some("pass --llm-provider too, or leave it out".to_owned()),
    }
}

fn no_model(provider: Provider) -> Error {
    let example = match provider {
        Provider::OpenAi => "gpt-4.1-mini",
        Provider::Anthropic => "claude-haiku-4-5",
        Provider::Ollama => "llama3.2",
    };
    Error::Usage {
        message: format!(
            "the provider {} needs the name of a model",
            provider.as_str()
        ),
        hint: Some(format!("pass --llm-model, for example {example}")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::Duration;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;

    fn of(line: &str, file: &str) -> Result<Option<Llm>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let file = File::read(&path)?;
        let matches = crate::cli::command(OsStr::new("x"))
            .try_get_matches_from(line.split_whitespace())
            .unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Analyze(args) = cli.command else {
            panic!("not analyze");
        };
        let origin = Origin::new(&file, matches.subcommand().unwrap().1);
        let variable = |name: &str| Some(format!("hunter2 of {name}"));
        decided(&args.llm, &origin, variable)
    }

    const FILE: &str = "llm: {provider: openai, model: file, baseUrl: 'http://file', timeoutSeconds: 5, \
                        concurrency: 2, budgetRequests: 7, budgetSeconds: 9, redactNames: true}\n";

    #[test]
    fn the_file_says_it_all_and_flags_beat_it() {
        let llm = of("x analyze", FILE).unwrap().unwrap();
        let expected = Llm {
            options: Options {
                provider: Provider::OpenAi,
                model: "file".to_owned(),
                base_url: Some("http://file".to_owned()),
                key: Key::new("hunter2 of OPENAI_API_KEY"),
                timeout: Duration::from_secs(5),
                concurrency: 2,
                budget: Budget {
                    requests: 7,
                    time: Duration::from_secs(9),
                },
            },
            naming: Naming::Pseudonyms,
            dry_run: false,
        };
        assert_eq!(llm, expected);
        assert!(!format!("{llm:?}").contains("hunter2"), "{llm:?}");
        let line = "x analyze --llm-provider anthropic --llm-model flag --redact-names=false";
        let llm = of(line, FILE).unwrap().unwrap();
        assert_eq!(
            (llm.options.provider, &*llm.options.model),
            (Provider::Anthropic, "flag")
        );
        assert_eq!(llm.options.key, Key::new("hunter2 of ANTHROPIC_API_KEY"));
        assert_eq!(llm.naming, Naming::Plain);
        assert_eq!(of("x analyze --llm-provider none", FILE).unwrap(), None);
        assert_eq!(of("x analyze", "").unwrap(), None);
    }

    #[test]
    fn ollama_has_no_key() {
        let llm = of("x analyze --llm-provider ollama --llm-model a", "").unwrap();
        assert_eq!(llm.unwrap().options.key, None);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (line, file) in [
            ("x analyze --llm-provider openai", ""),
            ("x analyze --llm-model a", ""),
            ("x analyze --redact-names", ""),
            ("x analyze", "llm: {provider: gpt}\n"),
            ("x analyze", "llm: {model: 'a b'}\n"),
            ("x analyze", "llm: {baseUrl: localhost}\n"),
            ("x analyze", "llm: {timeoutSeconds: 0}\n"),
            ("x analyze", "llm: {budgetRequests: 0}\n"),
        ] {
            let refused = of(line, file).unwrap_err();
            assert_eq!(refused.exit().code(), 2, "{line}: {file}");
        }
    }
}
