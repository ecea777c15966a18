//! The environment of a container as KEDA resolves it, for triggers and authentications that name
//! variables of it.
//!
//! Two steps, so that nothing here asks a cluster: which Secrets and ConfigMaps the container
//! takes from, and what comes of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::trigger::Secret;

/// An object that variables come from, of the workload's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    ConfigMap(String),
    Secret(String),
}

/// What a Secret or ConfigMap holds; nothing where it could not be read.
pub type Held = BTreeMap<Holder, BTreeMap<String, Secret>>;

/// The pod template has no such container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", missing(.wanted, .there))]
pub struct NoContainer {
    /// The name that was asked for; nothing for the first.
    pub wanted: Option<String>,
    pub there: Vec<String>,
}

/// The variables of one container.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    container: &'a Value,
}

impl<'a> Environment<'a> {
    /// That of the container of this name in a pod's spec; of the first, where none is named.
    ///
    /// # Errors
    /// Where there is none.
    pub fn of(pod: &'a Value, name: Option<&str>) -> Result<Self, NoContainer> {
        let name = name.filter(|it| !it.is_empty());
        let all = list(pod, "containers");
        let found = all
            .iter()
            .find(|it| name.is_none_or(|name| it["name"] == name));
        match found {
            Some(container) => Ok(Self { container }),
            None => Err(NoContainer {
                wanted: name.map(str::to_owned),
                there: all.iter().map(|it| text(&it["name"])).collect(),
            }),
        }
    }

    /// The objects that its variables come from.
    pub fn holders(&self) -> BTreeSet<Holder> {
        let whole = list(self.container, "envFrom").iter().flat_map(whole_of);
        let single = list(self.container, "env")
            .iter()
            .filter_map(|it| key_of(it));
        whole.chain(single.map(|(holder, _)| holder)).collect()
    }

    /// The variables. Those of `env` beat those of `envFrom`, and of the same list the later ones
    /// beat the earlier. Fields of the pod have no value: KEDA passes over them.
    pub fn resolve(&self, held: &Held) -> BTreeMap<String, Secret> {
        let mut all = BTreeMap::new();
        for entry in list(self.container, "envFrom") {
            let prefix = text(&entry["prefix"]);
            let pairs = whole_of(entry).filter_map(|it| held.get(&it)).flatten();
            all.extend(pairs.map(|(key, value)| (format!("{prefix}{key}"), value.clone())));
        }
        for entry in list(self.container, "env") {
            if let Some(value) = value_of(entry, held, &all) {
                all.insert(text(&entry["name"]), value);
            }
        }
        all
    }
}

fn missing(wanted: &Option<String>, there: &[String]) -> String {
    match wanted {
        Some(name) => format!(
            "the pod template has no container {name}; it has {}",
            there.join(", ")
        ),
        None => "the pod template has no container".to_owned(),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The object that an entry of `envFrom` takes as a whole.
fn whole_of(entry: &Value) -> impl Iterator<Item = Holder> {
    let name = |key: &str| Some(entry[key]["name"].as_str()?.to_owned());
    let config_map = name("configMapRef").map(Holder::ConfigMap);
    let secret = name("secretRef").map(Holder::Secret);
    config_map.into_iter().chain(secret)
}

/// The object and the key that an entry of `env` takes.
fn key_of(entry: &Value) -> Option<(Holder, &str)> {
    let from = &entry["valueFrom"];
    let at = |key: &str| {
        let reference = &from[key];
        let name = reference["name"].as_str()?.to_owned();
        Some((name, reference["key"].as_str()?))
    };
    let config_map = at("configMapKeyRef").map(|(name, key)| (Holder::ConfigMap(name), key));
    config_map.or_else(|| at("secretKeyRef").map(|(name, key)| (Holder::Secret(name), key)))
}

fn value_of(entry: &Value, held: &Held, so_far: &BTreeMap<String, Secret>) -> Option<Secret> {
    match key_of(entry) {
        Some((holder, key)) => held.get(&holder)?.get(key).cloned(),
        None if entry.get("valueFrom").is_some_and(|it| !it.is_null()) => None,
        None => Some(Secret::new(expanded(&text(&entry["value"]), so_far))),
    }
}

/// `$(NAME)` becomes the variable of that name, and stays where there is none; `$$` is one dollar.
fn expanded(text: &str, variables: &BTreeMap<String, Secret>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        expanded.push_str(before);
        let (taken, length) = reference(from, variables);
        expanded.push_str(taken);
        rest = &from[length..];
    }
    expanded + rest
}

/// What stands for the beginning of `text`, which is a dollar, and how much of it. KEDA leaves the
/// last three bytes as they are.
fn reference<'a>(text: &'a str, variables: &'a BTreeMap<String, Secret>) -> (&'a str, usize) {
    if text.len() < 4 {
        return ("$", 1);
    }
    if text.starts_with("$$") {
        return ("$", 2);
    }
    let name = text.strip_prefix("$(").and_then(|it| it.split_once(')'));
    match name {
        Some((name, _)) => {
            let length = name.len() + 3;
            let value = variables.get(name).map(Secret::expose);
            (value.unwrap_or(&text[..length]), length)
        }
        None => ("$", 1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Value {
        json!({ "containers": [
            { "name": "app",
              "envFrom": [
                { "configMapRef": { "name": "common" } },
                { "prefix": "DB_", "secretRef": { "name": "database" } },
                { "secretRef": { "name": "absent", "optional": true } },
              ],
              "env": [
                { "name": "PLAIN", "value": "a" },
                { "name": "HOST", "value": "own" },
                { "name": "URL", "value": "x://$(DB_USER)@$(HOST)/$(NOBODY)/$$(HOST)$" },
                { "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "api", "key": "t" } } },
                { "name": "LEVEL",
                  "valueFrom": { "configMapKeyRef": { "name": "common", "key": "level" } } },
                { "name": "POD", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
                { "name": "GONE", "valueFrom": { "secretKeyRef": { "name": "api", "key": "no" } } },
                { "name": "EMPTY" },
              ] },
            { "name": "other", "env": [{ "name": "PLAIN", "value": "b" }] },
        ]})
    }

    fn held() -> Held {
        let map = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)))
                .collect()
        };
        [
            (
                Holder::ConfigMap("common".to_owned()),
                map(&[("HOST", "h"), ("level", "3")]),
            ),
            (
                Holder::Secret("database".to_owned()),
                map(&[("USER", "me")]),
            ),
            (Holder::Secret("api".to_owned()), map(&[("t", "token")])),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn the_objects_to_read_are_those_that_are_named() {
        let pod = pod();
        let names = |list: &[(&str, bool)]| -> BTreeSet<Holder> {
            let each = list.iter().map(|(name, is_secret)| match is_secret {
                true => Holder::Secret((*name).to_owned()),
                false => Holder::ConfigMap((*name).to_owned()),
            });
            each.collect()
        };
        let expected = [
            ("absent", true),
            ("api", true),
            ("common", false),
            ("database", true),
        ];
        let environment = Environment::of(&pod, None).unwrap();
        assert_eq!(environment.holders(), names(&expected));
        let other = Environment::of(&pod, Some("other")).unwrap();
        assert_eq!(other.holders(), names(&[]));
    }

    #[test]
    fn variables_are_those_of_the_container_with_references_filled_in() {
        let pod = pod();
        let found = Environment::of(&pod, Some("app")).unwrap().resolve(&held());
        let found: Vec<_> = found
            .iter()
            .map(|(k, v)| (k.as_str(), v.expose()))
            .collect();
        let expected = [
            ("DB_USER", "me"),
            ("EMPTY", ""),
            ("HOST", "own"),
            ("LEVEL", "3"),
            ("PLAIN", "a"),
            ("TOKEN", "token"),
            ("URL", "x://me@own/$(NOBODY)/$(HOST)$"),
            ("level", "3"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_container_that_is_not_there_is_an_error_that_names_the_others() {
        let pod = pod();
        let error = Environment::of(&pod, Some("web")).unwrap_err();
        let expected = "the pod template has no container web; it has app, other";
        assert_eq!(error.to_string(), expected);
        assert!(Environment::of(&json!({}), None).is_err());
        assert!(Environment::of(&pod, Some("")).is_ok());
    }

    #[test]
    fn the_end_of_a_text_stays_as_it_is() {
        let variables = [
            ("A".to_owned(), Secret::new("1")),
            (String::new(), Secret::new("2")),
        ];
        let variables = variables.into_iter().collect();
        let table = [
            ("$(A)", "1"),
            ("x$(A)$(A)", "x11"),
            ("abc$$", "abc$$"),
            ("$$x", "$$x"),
            ("$$xy", "$xy"),
            ("$$$$", "$$$"),
            ("a$()", "a$()"),
            ("$()b", "2b"),
            ("$", "$"),
        ];
        for (text, expected) in table {
            assert_eq!(expanded(text, &variables), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_expanded(text in "[$()A-C é]{0,20}") {
            let variables = [("A".to_owned(), Secret::new("1"))].into_iter().collect();
            let expanded = expanded(&text, &variables);
            proptest::prop_assert!(text.contains('$') || expanded == text);
        }
    }
}
