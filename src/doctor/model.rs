//! The language model that second opinions are asked of.

use super::{Check, Judge, State, Told};
use crate::near::nearest;

/// More names than these help nobody.
const MOST_NAMED: usize = 5;

/// One that is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// `openai at https://api.openai.com/v1`.
    pub server: String,
    pub name: String,
    /// Whether it is on this machine once it was pulled, as those of Ollama are.
    pub is_pulled: bool,
    pub key: Key,
    pub known: Told<Models>,
}

/// The key of the provider; what it is stays unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// In that variable.
    Of(&'static str),
    /// That variable is not set, and has to be.
    Missing(&'static str),
    /// That variable is not set, and it may do without.
    Unset(&'static str),
    /// Its provider knows no keys.
    NotWanted,
}

/// What its server says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Models {
    Known,
    /// Not there; these are.
    Others(Vec<String>),
    /// The server answers, and does not tell.
    Untold,
}

impl Judge<'_> {
    /// Nothing depends on a second opinion, so that nothing fails without.
    pub(super) fn model(&self, model: &Model) -> Check {
        let Model { server, name, .. } = model;
        let check = Check::new("language-model");
        let known = match (&model.known, model.key) {
            (_, Key::Missing(variable)) => {
                let seen = format!("{server}: {variable} is not set");
                return check.seen(seen).warning(format!("export {variable}=…"));
            }
            (Told::Unasked(why), _) => return check.skipped(why),
            (Told::Failed(trouble), _) => {
                return Check {
                    state: State::Warning,
                    ..check.seen(&trouble.what).advised(trouble.advice.clone())
                };
            }
            (Told::Known(known), _) => known,
        };
        let key = told(model.key);
        match known {
            Models::Known => check.seen(format!("{server} has {name}{key}")),
            Models::Untold => check.seen(format!(
                "{server} answers{key}, and does not tell whether it has {name}"
            )),
            Models::Others(others) => check
                .seen(format!("{server} has no model {name}{key}"))
                .warning(way_out(model, others)),
        }
    }
}

fn told(key: Key) -> String {
    match key {
        Key::Of(variable) => format!(", with the key of {variable}"),
        Key::Missing(_) | Key::NotWanted => String::new(),
        Key::Unset(variable) => format!(", without a key: {variable} is not set"),
    }
}

fn way_out(model: &Model, others: &[String]) -> String {
    let name = model.name.as_str();
    let near = nearest(name, others.iter().map(String::as_str));
    let named = match (near, others.len()) {
        (Some(near), _) => format!("pass --llm-model {near}"),
        (None, 0) => "pass another --llm-model".to_owned(),
        (None, count) => {
            let some = others.iter().take(MOST_NAMED).map(String::as_str);
            let rest = if count > MOST_NAMED {
                " and others"
            } else {
                ""
            };
            let some = some.collect::<Vec<_>>().join(", ");
            format!("pass --llm-model with one that it has: {some}{rest}")
        }
    };
    match model.is_pulled {
        true => format!("`ollama pull {name}`, or {named}"),
        false => named,
    }
}
