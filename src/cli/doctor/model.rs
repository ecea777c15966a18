//! The language model that second opinions are asked of, and its server.

use super::Examination;
use crate::doctor::{Fault, Key, Model, Models, Told, Trouble};
use crate::llm::{self, Error, Options, Provider};

impl Examination<'_> {
    /// `None` where none is configured.
    pub(super) async fn model(&self) -> Option<Model> {
        let options = &self.config.llm.as_ref()?.options;
        let options = &Options {
            timeout: options.timeout.min(self.config.timeout),
            ..options.clone()
        };
        Some(Model {
            server: options.name(),
            name: options.model.clone(),
            is_pulled: options.provider == Provider::Ollama,
            key: key(options),
            known: match llm::models(options).await {
                Ok(llm::Models::Known) => Told::Known(Models::Known),
                Ok(llm::Models::Others(others)) => Told::Known(Models::Others(others)),
                Ok(llm::Models::Untold) => Told::Known(Models::Untold),
                Err(error) => Told::Failed(trouble(options, &error)),
            },
        })
    }
}

fn key(options: &Options) -> Key {
    match options.provider.key_variable() {
        None => Key::NotWanted,
        Some(variable) if options.key.is_some() => Key::Of(variable),
        Some(variable) if options.missing_key().is_some() => Key::Missing(variable),
        Some(variable) => Key::Unset(variable),
    }
}

fn trouble(options: &Options, error: &Error) -> Trouble {
    let address = "--llm-base-url";
    let advice = match error {
        Error::Refused {
            status: 401 | 403, ..
        } => match options.provider.key_variable() {
            Some(variable) => format!("set {variable} to a key that it takes"),
            None => format!("give what it wants in {address}"),
        },
        Error::Refused {
            status: 300..=499, ..
        } => format!("look at {address}; a server that lists no models may still answer"),
        Error::Unreachable { .. } if options.provider == Provider::Ollama => {
            format!("start it with `ollama serve`, or pass {address}")
        }
        Error::Late { .. } => "pass a longer --timeout, or find out what hangs".to_owned(),
        Error::NoKey(_)
        | Error::Address(_)
        | Error::Setup { .. }
        | Error::Unreachable { .. }
        | Error::BrokenOff { .. }
        | Error::Refused { .. }
        | Error::TooLarge { .. }
        | Error::NoAnswer { .. }
        | Error::NoRequests(_)
        | Error::NoTime(_)
        | Error::GivenUp(_) => {
            format!("look at {address}, and at whoever runs it; until then the rules alone speak")
        }
    };
    Trouble {
        what: error.to_string(),
        advice: Some(advice),
        fault: Fault::Unreachable,
    }
}
