//! Where each provider is asked, however much of its address was given.

use reqwest::Url;

use super::{Options, Provider};
use crate::web;

/// Ends the names of hosts of Azure OpenAI, which takes a key in a header of its own.
const AZURE: [&str; 4] = [
    ".openai.azure.com",
    ".openai.azure.us",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
];

/// A part of the path of Azure OpenAI alone, which gateways before it keep.
const DEPLOYMENTS: &str = "/openai/deployments/";

/// The address that was given, or the provider's own.
pub(super) fn base(options: &Options) -> String {
    let own = match options.provider {
        Provider::OpenAi => "https://api.openai.com/v1",
        Provider::Anthropic => "https://api.anthropic.com/v1",
        Provider::Ollama => "http://localhost:11434",
    };
    options.base_url.clone().unwrap_or_else(|| own.to_owned())
}

/// What messages call the server: its address without user, password or query.
pub(super) fn shown(url: &str) -> String {
    web::shown(url, "what was given for the language model")
}

/// Whether Azure OpenAI answers there, or what stands before it.
pub(super) fn is_azure(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    AZURE.iter().any(|it| host.ends_with(it)) || url.path().contains(DEPLOYMENTS)
}

/// Where questions go. A query stays behind the path.
pub(super) fn of_answers(url: Url, provider: Provider) -> Url {
    let path = format!("{}{}", root(&url, provider), path(provider));
    with_path(url, &path)
}

/// Where it is told which models there are, or of Anthropic whether there is `model`: asked for nothing.
pub(super) fn of_models(url: Url, provider: Provider, model: &str) -> Url {
    let root = root(&url, provider);
    let path = match provider {
        // Of a deployment nothing is told, but of the service that it is of.
        Provider::OpenAi => match root.split_once("/deployments/") {
            Some((service, _)) => format!("{service}/models"),
            None => format!("{root}/models"),
        },
        Provider::Anthropic => format!("{root}/models/{model}"),
        Provider::Ollama => format!("{root}/api/tags"),
    };
    with_path(url, &path)
}

fn path(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi => "/chat/completions",
        Provider::Anthropic => "/messages",
        Provider::Ollama => "/api/chat",
    }
}

/// The path before that of a question.
fn root(url: &Url, provider: Provider) -> String {
    let given = url.path().trim_end_matches('/');
    let given = given.strip_suffix(path(provider)).unwrap_or(given);
    let own = match provider {
        Provider::OpenAi if is_azure(url) => "/openai/v1",
        Provider::OpenAi | Provider::Anthropic => "/v1",
        Provider::Ollama => "",
    };
    if given.is_empty() { own } else { given }.to_owned()
}

fn with_path(mut url: Url, path: &str) -> Url {
    url.set_path(path);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYED: &str = "https://n.openai.azure.com/openai/deployments/d";

    fn url(text: &str) -> Url {
        web::address(text).unwrap()
    }

    #[test]
    fn any_part_of_the_address_may_be_given() {
        use Provider::{Anthropic, Ollama, OpenAi};
        let deployed = format!("{DEPLOYED}/chat/completions?api-version=1");
        for (provider, given, expected) in [
            (OpenAi, "http://o", "http://o/v1/chat/completions"),
            (OpenAi, "http://o/v1/", "http://o/v1/chat/completions"),
            (OpenAi, "http://o/x/v2", "http://o/x/v2/chat/completions"),
            (
                OpenAi,
                "http://o/v1/chat/completions",
                "http://o/v1/chat/completions",
            ),
            (
                OpenAi,
                "http://o/a?api-version=1#b",
                "http://o/a/chat/completions?api-version=1",
            ),
            (OpenAi, &format!("{DEPLOYED}?api-version=1"), &deployed),
            (OpenAi, &format!("{DEPLOYED}/?api-version=1"), &deployed),
            (OpenAi, &deployed, &deployed),
            (
                OpenAi,
                "https://n.openai.azure.com",
                "https://n.openai.azure.com/openai/v1/chat/completions",
            ),
            (Anthropic, "https://a", "https://a/v1/messages"),
            (Anthropic, "https://a/v1", "https://a/v1/messages"),
            (Ollama, "http://l:11434", "http://l:11434/api/chat"),
            (Ollama, "http://l/p/api/chat", "http://l/p/api/chat"),
        ] {
            let asked = of_answers(url(given), provider);
            assert_eq!(asked.as_str(), expected, "{given}");
        }
    }

    #[test]
    fn what_there_is_is_asked_for_beside_it() {
        use Provider::{Anthropic, Ollama, OpenAi};
        for (provider, given, expected) in [
            (OpenAi, "http://o", "http://o/v1/models"),
            (OpenAi, "http://o/a?b=1", "http://o/a/models?b=1"),
            (
                OpenAi,
                &*format!("{DEPLOYED}?api-version=1"),
                "https://n.openai.azure.com/openai/models?api-version=1",
            ),
            (Anthropic, "https://a", "https://a/v1/models/m"),
            (Ollama, "http://l/api/chat", "http://l/api/tags"),
        ] {
            let asked = of_models(url(given), provider, "m");
            assert_eq!(asked.as_str(), expected, "{given}");
        }
    }

    #[test]
    fn azure_is_known_by_its_host_and_by_its_path() {
        for (given, expected) in [
            (DEPLOYED, true),
            ("https://n.openai.azure.com/openai/v1", true),
            ("https://gateway.example/ai/openai/deployments/d", true),
            ("https://openai.azure.com.evil.example", false),
            ("https://api.openai.com/v1", false),
        ] {
            assert_eq!(is_azure(&url(given)), expected, "{given}");
        }
    }
}
