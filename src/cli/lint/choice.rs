//! Which objects of a cluster are told of.

use serde_json::Value;

use crate::cluster::selector::{Labels, Selector};
use crate::cluster::{Lintable, Namespaces};
use crate::config::Named;
use crate::config::lint::{Chosen, LintKind};
use crate::error::Error;

/// What is told of what was read.
pub(super) struct Choice<'a> {
    /// Beside the objects.
    pub(super) is_meant: Vec<bool>,
    /// Whether all namespaces were read.
    pub(super) is_everywhere: bool,
    /// The namespace of the kubeconfig.
    pub(super) current: &'a str,
}

impl<'a> Choice<'a> {
    /// # Errors
    /// Where a name is nobody's.
    pub(super) fn of(
        chosen: &Chosen,
        selector: Option<Selector>,
        found: &Lintable,
        namespaces: &Namespaces,
        current: &'a str,
    ) -> Result<Self, Error> {
        let objects = &found.objects;
        let is_there = |name: &Named<LintKind>| objects.iter().any(|it| names(name, it));
        let missing = chosen.names.iter().filter(|it| !is_there(it));
        let missing: Vec<String> = missing.map(|it| told(it, namespaces, current)).collect();
        if !missing.is_empty() {
            return Err(Error::NothingToLint { missing });
        }
        let is_whole = chosen.only.is_none() && chosen.names.is_empty() && selector.is_none();
        let is_meant = |object: &Value| {
            let is_named = match (chosen.names.as_slice(), chosen.only) {
                ([], None) => is_whole || kind_of(object).is_some(),
                ([], Some(kind)) => kind_of(object) == Some(kind),
                (all, _) => all.iter().any(|it| names(it, object)),
            };
            is_named
                && selector
                    .as_ref()
                    .is_none_or(|it| it.matches(&labels(object)))
        };
        Ok(Self {
            is_meant: objects.iter().map(is_meant).collect(),
            is_everywhere: *namespaces == Namespaces::All,
            current,
        })
    }
}

/// `None` for what is around those that are checked.
fn kind_of(object: &Value) -> Option<LintKind> {
    let mut all = LintKind::ALL.into_iter();
    all.find(|it| object["kind"] == it.kind())
}

fn names(name: &Named<LintKind>, object: &Value) -> bool {
    let kind = kind_of(object);
    let is_kind = match name.kind {
        Some(wanted) => kind == Some(wanted),
        None => kind.is_some(),
    };
    is_kind && object["metadata"]["name"] == name.name.as_str()
}

fn labels(object: &Value) -> Labels {
    let labels = object["metadata"]["labels"].as_object();
    let each = labels.into_iter().flatten();
    each.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// `so/orders in namespace shop`.
fn told(name: &Named<LintKind>, namespaces: &Namespaces, current: &str) -> String {
    let kind = name
        .kind
        .map_or_else(String::new, |it| format!("{}/", it.short()[0]));
    let place = match (name.kind, namespaces) {
        (Some(LintKind::ClusterTriggerAuthentication), _) => String::new(),
        (_, Namespaces::One(namespace)) => format!(" in namespace {namespace}"),
        (_, Namespaces::Current) => format!(" in namespace {current}"),
        (_, Namespaces::All | Namespaces::Several(_)) => String::new(),
    };
    format!("{kind}{}{place}", name.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found() -> Lintable {
        let object = |kind: &str, name: &str, team: &str| json!({ "kind": kind, "metadata": { "name": name, "labels": { "team": team } } });
        Lintable {
            objects: vec![
                object("Deployment", "orders", "a"),
                object("HorizontalPodAutoscaler", "orders", "a"),
                object("ScaledObject", "orders", "b"),
                object("ScaledObject", "mail", "a"),
            ],
            unread: vec![],
        }
    }

    fn choice(
        only: Option<LintKind>,
        names: &[(Option<LintKind>, &str)],
        selector: Option<&str>,
    ) -> Result<Vec<bool>, Error> {
        let name = |(kind, name): &(Option<LintKind>, &str)| Named {
            kind: *kind,
            name: (*name).to_owned(),
        };
        let chosen = Chosen {
            only,
            names: names.iter().map(name).collect(),
            selector: None,
        };
        let selector = selector.map(|it| Selector::from_text(it).unwrap());
        let choice = Choice::of(&chosen, selector, &found(), &Namespaces::Current, "shop");
        choice.map(|it| it.is_meant)
    }

    #[test]
    fn names_kinds_and_labels_choose() {
        let so = Some(LintKind::ScaledObject);
        let table = [
            (None, vec![], None, [true, true, true, true]),
            (so, vec![], None, [false, false, true, true]),
            (
                None,
                vec![(None, "orders")],
                None,
                [false, true, true, false],
            ),
            (so, vec![(so, "orders")], None, [false, false, true, false]),
            (None, vec![], Some("team=a"), [false, true, false, true]),
            (so, vec![], Some("team!=a"), [false, false, true, false]),
        ];
        for (only, names, selector, expected) in table {
            let found = choice(only, &names, selector).unwrap();
            assert_eq!(found, expected, "{only:?} {names:?} {selector:?}");
        }
    }

    #[test]
    fn who_is_not_there_is_told_with_the_place() {
        let names = [
            (Some(LintKind::ScaledJob), "orders"),
            (None, "web"),
            (Some(LintKind::ClusterTriggerAuthentication), "k"),
        ];
        let error = choice(None, &names, None).unwrap_err();
        let expected = "not found: sj/orders in namespace shop, web in namespace shop, cta/k";
        assert_eq!(error.to_string(), expected);
    }
}
