//! Which models a server has: the cheapest question that tells whether it would answer another.

use http::{Method, StatusCode};
use serde_json::Value;

use super::client::{Asking, Call};
use super::{Error, Options, Provider, address};
use crate::web;

/// Most bytes of a list of models, of which gateways have hundreds.
const MOST_BYTES: usize = 4 << 20;

/// What a server says of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Models {
    /// It has it.
    Known,
    /// It has these, sorted, and not the one that is meant; none where it tells of that one alone.
    Others(Vec<String>),
    /// It answers, and this it does not tell.
    Untold,
}

/// Whether the server has the model. No model is run for it.
///
/// # Errors
/// Where there is no answer, or it is refused.
pub async fn models(options: &Options) -> Result<Models, Error> {
    if let Some(variable) = options.missing_key() {
        return Err(Error::NoKey(variable));
    }
    let base = address::base(options);
    let server = address::shown(&base);
    let url = web::address(&base).ok_or_else(|| Error::Address(server.clone()))?;
    let is_azure = options.provider == Provider::OpenAi && address::is_azure(&url);
    let url = address::of_models(url, options.provider, &options.model);
    let call = Call {
        method: Method::GET,
        url: &url,
        server: &server,
        body: &[],
        most: MOST_BYTES,
    };
    let answer = match Asking::new(options)?.tried(&call).await {
        // There are more than anybody reads.
        Err(Error::TooLarge { .. }) => return Ok(Models::Untold),
        answered => answered?,
    };
    match (options.provider, answer.status) {
        // What it lists are models, and what is asked is a deployment.
        (Provider::OpenAi, it) if it.is_success() && is_azure => Ok(Models::Untold),
        (Provider::Anthropic, it) if it.is_success() => Ok(Models::Known),
        (Provider::Anthropic, StatusCode::NOT_FOUND) if tells_of_model(&answer.body) => {
            Ok(Models::Others(Vec::new()))
        }
        (_, it) if it.is_success() => Ok(listed(options, &answer.body)),
        _ => Err(answer.refusal(&server)),
    }
}

/// Its own words for a model that it does not have; a page that is not there has others.
fn tells_of_model(body: &str) -> bool {
    let answer: Option<Value> = serde_json::from_str(body).ok();
    answer.is_some_and(|it| it["error"]["type"] == "not_found_error")
}

/// `{"data": [{"id": …}]}` of OpenAI, `{"models": [{"name": …}]}` of Ollama.
fn listed(options: &Options, body: &str) -> Models {
    let (list, name) = match options.provider {
        Provider::OpenAi | Provider::Anthropic => ("data", "id"),
        Provider::Ollama => ("models", "name"),
    };
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(all) = answer[list].as_array() else {
        return Models::Untold;
    };
    let names = all.iter().filter_map(|it| it[name].as_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    let model = options.model.as_str();
    // A name without a tag means the latest.
    let latest = format!("{model}:latest");
    let is_meant =
        |it: &String| *it == model || options.provider == Provider::Ollama && *it == latest;
    if names.iter().any(is_meant) {
        return Models::Known;
    }
    names.sort();
    names.dedup();
    Models::Others(names)
}

#[cfg(test)]
mod tests {
    use super::super::tests::options;
    use super::*;

    #[test]
    fn a_model_is_looked_for_in_the_list_of_its_provider() {
        let others = |it: &[&str]| Models::Others(it.iter().map(|it| (*it).to_owned()).collect());
        for (provider, model, body, expected) in [
            (
                Provider::OpenAi,
                "b",
                r#"{"data": [{"id": "b"}, {"id": "a"}]}"#,
                Models::Known,
            ),
            (
                Provider::OpenAi,
                "c",
                r#"{"data": [{"id": "b"}, {"id": "a"}]}"#,
                others(&["a", "b"]),
            ),
            (Provider::OpenAi, "c", r#"{"data": []}"#, others(&[])),
            (Provider::OpenAi, "c", "<html>", Models::Untold),
            (
                Provider::Ollama,
                "llama3.2",
                r#"{"models": [{"name": "llama3.2:latest"}]}"#,
                Models::Known,
            ),
            (
                Provider::Ollama,
                "llama3.2:1b",
                r#"{"models": [{"name": "llama3.2:latest"}]}"#,
                others(&["llama3.2:latest"]),
            ),
        ] {
            let options = Options {
                provider,
                model: model.to_owned(),
                ..options("http://o")
            };
            assert_eq!(listed(&options, body), expected, "{model} in {body}");
        }
    }
}
