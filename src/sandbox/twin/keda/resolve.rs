//! What triggers refer to: the target's environment, and authentications with their secrets.
//!
//! What is missing is left out, as KEDA does: the trigger then fails by its own rules. Vaults and
//! tokens of service accounts have nobody here who could answer; their parameters stay empty too.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::keda::objects::{
    AuthenticationKind, AuthenticationRef, TargetKey, TriggerAuthentication,
};
use crate::keda::trigger::{PodIdentity, Secret};
use crate::sandbox::twin::fields::{items, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::world::World;

/// The namespace of KEDA itself, which cluster-wide authentications take their secrets from.
const HOME: &str = "keda";

pub(super) type Parameters = BTreeMap<String, Secret>;

/// Where things are looked up for the triggers of one object.
pub(super) struct Resolver<'a> {
    pub(super) world: &'a World,
    pub(super) namespace: &'a str,
    /// The pod template of what is scaled.
    pub(super) template: &'a Value,
}

impl Resolver<'_> {
    /// The environment of a container, the first one if none is named.
    pub(super) fn environment(&self, container: Option<&str>) -> Parameters {
        let containers = items(self.template, "/spec/containers");
        let found = match container.filter(|it| !it.is_empty()) {
            Some(name) => containers.iter().find(|it| text(it, "/name") == name),
            None => containers.first(),
        };
        let Some(found) = found else {
            return Parameters::new();
        };
        let mut all = Parameters::new();
        for source in items(found, "/envFrom") {
            let prefix = text(source, "/prefix");
            for (of, place) in [(Of::ConfigMap, "/configMapRef"), (Of::Secret, "/secretRef")] {
                let name = source.pointer(place).map_or("", |it| text(it, "/name"));
                for (key, value) in self.whole(of, name) {
                    all.insert(format!("{prefix}{key}"), value);
                }
            }
        }
        for variable in items(found, "/env") {
            if let Some(value) = self.variable(variable) {
                all.insert(text(variable, "/name").to_owned(), value);
            }
        }
        all
    }

    fn variable(&self, variable: &Value) -> Option<Secret> {
        if let Some(value) = variable.get("value").and_then(Value::as_str) {
            return Some(Secret::new(value));
        }
        let of = |kind, place: &str| {
            let reference = variable.pointer(place)?;
            let (name, key) = (text(reference, "/name"), text(reference, "/key"));
            self.key(kind, self.namespace, name, key)
        };
        of(Of::Secret, "/valueFrom/secretKeyRef")
            .or_else(|| of(Of::ConfigMap, "/valueFrom/configMapKeyRef"))
    }

    /// What an authentication gives a trigger.
    pub(super) fn authentication(
        &self,
        reference: Option<&AuthenticationRef>,
    ) -> (Parameters, PodIdentity) {
        let nothing = (Parameters::new(), PodIdentity::None);
        let Some(reference) = reference.filter(|it| !it.name.is_empty()) else {
            return nothing;
        };
        let (of, home) = match reference.kind_or_default() {
            AuthenticationKind::ClusterTriggerAuthentication => {
                (Of::ClusterTriggerAuthentication, HOME)
            }
            AuthenticationKind::TriggerAuthentication | AuthenticationKind::Other(_) => {
                (Of::TriggerAuthentication, self.namespace)
            }
        };
        let namespace = if of == Of::TriggerAuthentication {
            home
        } else {
            ""
        };
        let found = self
            .world
            .look_up(of, &Name::new(namespace, &reference.name));
        let read = found.and_then(|it| TriggerAuthentication::read(&it).ok());
        read.map_or(nothing, |it| self.given(&it, home))
    }

    /// Later sources overwrite the same parameter.
    fn given(&self, of: &TriggerAuthentication, home: &str) -> (Parameters, PodIdentity) {
        let mut all = Parameters::new();
        for variable in &of.spec.env {
            let environment = self.environment(variable.container.as_deref());
            if let Some(value) = environment.get(&variable.name) {
                all.insert(variable.parameter.clone(), value.clone());
            }
        }
        let mut take = |kind, keys: &[TargetKey]| {
            for it in keys {
                if let Some(value) = self.key(kind, home, &it.name, &it.key) {
                    all.insert(it.parameter.clone(), value);
                }
            }
        };
        take(Of::ConfigMap, &of.spec.config_maps);
        take(Of::Secret, &of.spec.secrets);
        let provider = of.spec.pod_identity.as_ref();
        let provider = provider.and_then(|it| it.provider.as_ref());
        let identity = provider.and_then(|it| PodIdentity::named(it.word()));
        (all, identity.unwrap_or_default())
    }

    /// All of a Secret or ConfigMap of the object's own namespace.
    fn whole(&self, of: Of, name: &str) -> Parameters {
        let found = self.world.look_up(of, &Name::new(self.namespace, name));
        let keys = found.as_ref().and_then(|it| it.get("data")?.as_object());
        let keys = keys.into_iter().flatten().map(|(key, _)| key.clone());
        keys.filter_map(|it| Some((it.clone(), self.key(of, self.namespace, name, &it)?)))
            .collect()
    }

    fn key(&self, of: Of, namespace: &str, name: &str, key: &str) -> Option<Secret> {
        let found = self.world.look_up(of, &Name::new(namespace, name))?;
        let value = found.get("data")?.get(key)?.as_str()?;
        if of != Of::Secret {
            return Some(Secret::new(value));
        }
        let bytes = STANDARD.decode(value).ok()?;
        Some(Secret::new(String::from_utf8(bytes).ok()?))
    }
}
