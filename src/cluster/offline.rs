//! The inventory from the objects of a file, in the same scope and by the same rules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::assemble::Assembler;
use super::convert::ConvertError;
use super::selector::Selector;
use super::{Error, Namespaces, Scope};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::fleet::{ClusterName, Fleet};

/// Takes objects one by one. All of them are known to the cluster; only those in scope become
/// subjects.
#[derive(Debug)]
pub struct Inventory {
    scope: Scope,
    selector: Option<Selector>,
    /// Autoscalers that the selector matches.
    selected: BTreeSet<AutoscalerId>,
    assembler: Assembler,
}

impl Inventory {
    /// # Errors
    /// Where the selector of `scope` is not valid.
    pub fn new(scope: &Scope) -> Result<Self, Error> {
        Ok(Self {
            scope: scope.clone(),
            selector: scope.label_selector()?,
            selected: BTreeSet::new(),
            assembler: Assembler::new(ClusterName::default()),
        })
    }

    /// # Errors
    /// As [`Assembler::add`].
    pub fn add(&mut self, object: Value) -> Result<(), ConvertError> {
        if let Some(id) = autoscaler_of(&object)
            && self.is_selected(&object)
        {
            self.selected.insert(id);
        }
        self.assembler.add(object)
    }

    /// The fleet in scope.
    ///
    /// # Errors
    /// Where a named autoscaler is not among the objects.
    pub fn finish(mut self, cluster: ClusterName) -> Result<Fleet, Error> {
        let namespace = match &self.scope.namespaces {
            Namespaces::One(namespace) => Some(namespace.as_str()),
            Namespaces::Several(_) | Namespaces::Current | Namespaces::All => None,
        };
        let in_scope = |id: &&AutoscalerId| match &self.scope.namespaces {
            Namespaces::One(namespace) => *namespace == id.namespace,
            Namespaces::Several(namespaces) => namespaces.contains(&id.namespace),
            // A file has no context: nothing is left out.
            Namespaces::Current | Namespaces::All => true,
        };
        let ids: BTreeSet<&AutoscalerId> = self.selected.iter().filter(in_scope).collect();
        self.scope
            .require(namespace, |it| ids.iter().any(|id| it.names(id)))?;
        self.assembler
            .focus(|id| ids.contains(id) && self.scope.names(id));
        let mut fleet = self.assembler.finish();
        fleet.cluster = cluster;
        Ok(fleet)
    }

    fn is_selected(&self, object: &Value) -> bool {
        let Some(selector) = &self.selector else {
            return true;
        };
        let labels = &object["metadata"]["labels"];
        serde_json::from_value(labels.clone())
            .map(|labels| selector.matches(&labels))
            .unwrap_or_else(|_| selector.matches(&Default::default()))
    }
}

/// Whether `object` is of a kind that scales.
pub fn is_autoscaler(object: &Value) -> bool {
    autoscaler_of(object).is_some()
}

fn autoscaler_of(object: &Value) -> Option<AutoscalerId> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let kind = object["kind"].as_str()?;
    let metadata = &object["metadata"];
    let is_keda = object["apiVersion"].as_str()?.starts_with("keda.sh/");
    let kind = match kind {
        "HorizontalPodAutoscaler" => AutoscalerKind::HorizontalPodAutoscaler,
        "ScaledObject" if is_keda => AutoscalerKind::ScaledObject,
        "ScaledJob" if is_keda => AutoscalerKind::ScaledJob,
        _ => return None,
    };
    Some(AutoscalerId {
        namespace: text(&metadata["namespace"])?,
        name: text(&metadata["name"])?,
        kind,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::NameArgument;

    fn fleet(scope: &Scope) -> Result<Vec<String>, Error> {
        let mut inventory = Inventory::new(scope)?;
        for (namespace, name, tier) in [
            ("shop", "web", "front"),
            ("shop", "cart", "back"),
            ("mail", "web", "front"),
        ] {
            let hpa = json!({
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"namespace": namespace, "name": name, "labels": {"tier": tier}},
                "spec": {
                    "maxReplicas": 3,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                },
            });
            inventory.add(hpa).unwrap();
        }
        let fleet = inventory.finish(ClusterName::default())?;
        let ids = fleet.subjects.iter().map(|it| &it.autoscaler.id);
        Ok(ids
            .map(|it| format!("{}/{}", it.namespace, it.name))
            .collect())
    }

    fn named(name: &str) -> Scope {
        Scope {
            names: vec![NameArgument {
                kind: None,
                name: name.to_owned(),
            }],
            ..Scope::default()
        }
    }

    #[test]
    fn nothing_is_left_out_unless_asked_for() {
        let all = fleet(&Scope::default()).unwrap();
        assert_eq!(all, ["mail/web", "shop/cart", "shop/web"]);
    }

    #[test]
    fn namespace_selector_and_name_narrow() {
        let shop = Scope {
            namespaces: Namespaces::One("shop".to_owned()),
            ..named("web")
        };
        assert_eq!(fleet(&shop).unwrap(), ["shop/web"]);
        let front = Scope {
            selector: Some("tier=front".to_owned()),
            ..Scope::default()
        };
        assert_eq!(fleet(&front).unwrap(), ["mail/web", "shop/web"]);
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error() {
        let error = fleet(&named("pay")).unwrap_err();
        assert_eq!(error.to_string(), "not found: hpa/pay in any namespace");
        let bad = Scope {
            selector: Some("tier in (".to_owned()),
            ..Scope::default()
        };
        assert!(matches!(fleet(&bad), Err(Error::BadSelector { .. })));
    }
}
