//! What the authentication of a trigger resolves to, in KEDA's order: variables, ConfigMaps,
//! Secrets, tokens of service accounts; later ones beat earlier ones.

use std::collections::BTreeMap;

use super::environment::Surroundings;
use super::objects::Scaled;
use super::{Session, told};
use crate::cluster::keda::{AUTHENTICATIONS, CLUSTER_AUTHENTICATIONS};
use crate::cluster::write::Place;
use crate::keda::environment::Holder;
use crate::keda::objects::{
    AuthenticationKind, AuthenticationRef, AuthenticationSpec, OAuth2, TargetKey,
    TriggerAuthentication,
};
use crate::keda::trigger::auth::of_oauth2;
use crate::keda::trigger::{PodIdentity, Secret};

/// What a trigger has to prove who it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolved {
    /// `ta/orders`, as it is named.
    pub(super) label: Option<String>,
    pub(super) parameters: BTreeMap<String, Secret>,
    pub(super) identity: PodIdentity,
    /// Sources that only KEDA's pod can read: `hashiCorpVault`.
    pub(super) only_keda: Vec<String>,
    /// What could not be read; KEDA goes on without it, and so do we.
    pub(super) notes: Vec<String>,
    /// Why KEDA does not make the trigger at all.
    pub(super) refusal: Option<String>,
}

impl Resolved {
    /// A parameter that could not be read is empty, and hides the same one of an earlier source.
    fn give(&mut self, parameter: &str, found: Result<Secret, String>) {
        let value = found.unwrap_or_else(|note| {
            self.notes.push(note);
            Secret::default()
        });
        self.parameters.insert(parameter.to_owned(), value);
    }
}

/// Where the objects are that an authentication names.
struct Reach<'a> {
    kind: AuthenticationKind,
    scaled: &'a Scaled,
    around: &'a Surroundings,
    namespace: &'a str,
}

impl<L> Session<'_, L> {
    pub(super) async fn authentication(
        &self,
        scaled: &Scaled,
        around: &Surroundings,
        reference: Option<&AuthenticationRef>,
    ) -> Resolved {
        let Some(reference) = reference.filter(|it| !it.name.is_empty()) else {
            return Resolved::default();
        };
        let kind = reference.kind_or_default();
        let is_cluster = kind == AuthenticationKind::ClusterTriggerAuthentication;
        let (short, collection) = match is_cluster {
            true => ("cta", CLUSTER_AUTHENTICATIONS),
            false => ("ta", AUTHENTICATIONS),
        };
        let own = scaled.metadata().namespace.as_str();
        let mut resolved = Resolved {
            label: Some(format!("{short}/{}", reference.name)),
            ..Resolved::default()
        };
        let place = Place {
            kind: collection,
            namespace: own,
            name: &reference.name,
        };
        match self.read_authentication(&place).await {
            Ok(found) => {
                let reach = Reach {
                    kind,
                    scaled,
                    around,
                    namespace: if is_cluster { self.keda_namespace } else { own },
                };
                self.resolve(&found.spec, &reach, &mut resolved).await;
            }
            Err(note) => resolved.notes.push(note),
        }
        resolved
    }

    async fn read_authentication(
        &self,
        place: &Place<'_>,
    ) -> Result<TriggerAuthentication, String> {
        let found = self.cluster.object(place).await.map_err(told)?.value;
        let found =
            found.ok_or_else(|| format!("there is no {} {}", place.kind.kind, place.name))?;
        let read = TriggerAuthentication::read(&found);
        read.map_err(|it| format!("{} {}: {it}", place.kind.kind, place.name))
    }

    async fn resolve(&self, spec: &AuthenticationSpec, reach: &Reach<'_>, into: &mut Resolved) {
        identity_into(spec, into);
        into.only_keda.extend(only_keda(spec));
        if spec.file_path.as_deref().is_some_and(|it| !it.is_empty()) {
            file_into(&reach.kind, into);
            return;
        }
        self.variables_into(spec, reach, into).await;
        for it in &spec.config_maps {
            let holder = Holder::ConfigMap(it.name.clone());
            self.key_into(it, &holder, reach, into).await;
        }
        for it in &spec.secrets {
            let holder = Holder::Secret(it.name.clone());
            self.key_into(it, &holder, reach, into).await;
        }
        for it in &spec.bound_service_account_tokens {
            let account = &it.service_account_name;
            let token = self.cluster.service_account_token(reach.namespace, account);
            into.give(&it.parameter, token.await.map_err(told));
        }
        if let Some(oauth) = &spec.oauth2 {
            self.oauth_into(oauth, reach, into).await;
        }
    }

    async fn variables_into(
        &self,
        spec: &AuthenticationSpec,
        reach: &Reach<'_>,
        into: &mut Resolved,
    ) {
        for it in &spec.env {
            let container = it.container.as_deref().filter(|it| !it.is_empty());
            let own;
            let variables = match container {
                None => self.variables(reach.scaled, reach.around).await,
                Some(name) => {
                    own = self
                        .variables_of(reach.scaled, reach.around, Some(name))
                        .await;
                    &own
                }
            };
            let value = variables.values.get(&it.name).cloned();
            if value.is_none() {
                into.notes.extend(variables.notes.iter().cloned());
            }
            let absent = || format!("the container has no variable {}", it.name);
            into.give(&it.parameter, value.ok_or_else(absent));
        }
    }

    async fn key_into(
        &self,
        wanted: &TargetKey,
        holder: &Holder,
        reach: &Reach<'_>,
        into: &mut Resolved,
    ) {
        let value = self.key(holder, &wanted.key, reach).await;
        into.give(&wanted.parameter, value);
    }

    async fn key(&self, holder: &Holder, key: &str, reach: &Reach<'_>) -> Result<Secret, String> {
        let mut held = self.held(reach.namespace, holder).await?;
        let (kind, name) = match holder {
            Holder::ConfigMap(name) => ("ConfigMap", name),
            Holder::Secret(name) => ("Secret", name),
        };
        let missing = || format!("{kind} {name} has no key {key}");
        held.remove(key).ok_or_else(missing)
    }

    async fn oauth_into(&self, oauth: &OAuth2, reach: &Reach<'_>, into: &mut Resolved) {
        let secret = match &oauth.client_secret {
            Some(secret) => {
                let reference = &secret.value_from.secret;
                let holder = Holder::Secret(reference.name.clone());
                self.key(&holder, &reference.key, reach).await
            }
            None => Ok(Secret::default()),
        };
        let secret = secret.unwrap_or_else(|note| {
            into.notes.push(note);
            Secret::default()
        });
        for (parameter, value) in of_oauth2(oauth, secret) {
            into.give(parameter, Ok(value));
        }
    }
}

fn identity_into(spec: &AuthenticationSpec, into: &mut Resolved) {
    let identity = spec.pod_identity.as_ref();
    let provider = identity.and_then(|it| it.provider.as_ref());
    let named = provider.map(|it| (it.word(), PodIdentity::named(it.word())));
    match named {
        Some((_, Some(identity))) => into.identity = identity,
        Some((word, None)) => {
            let note = format!("KEDA has no pod identity of provider {word} (any more)");
            into.notes.push(note);
        }
        None => {}
    }
}

/// A file has all that there is: KEDA looks at no other source beside it.
fn file_into(kind: &AuthenticationKind, into: &mut Resolved) {
    if *kind != AuthenticationKind::ClusterTriggerAuthentication {
        let why = "`filePath` is for a ClusterTriggerAuthentication only";
        into.refusal = Some(why.to_owned());
    }
}

/// Sources that only KEDA's pod can read; beside a file, no other one counts.
fn only_keda(spec: &AuthenticationSpec) -> Vec<String> {
    if spec.file_path.as_deref().is_some_and(|it| !it.is_empty()) {
        return vec!["filePath".to_owned()];
    }
    let all = [
        (spec.vault.is_some(), "hashiCorpVault"),
        (spec.azure_key_vault.is_some(), "azureKeyVault"),
        (spec.gcp_secret_manager.is_some(), "gcpSecretManager"),
        (spec.aws_secret_manager.is_some(), "awsSecretManager"),
    ];
    let given = all.into_iter().filter(|(is_given, _)| *is_given);
    given.map(|(_, name)| name.to_owned()).collect()
}
