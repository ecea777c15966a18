//! A trigger with everything that it refers to, as far as it can be known without secrets: names
//! are known, values are not. What is not known is taken to be right.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::keda;
use crate::keda::admission::TargetId;
use crate::keda::environment::NoContainer;
use crate::keda::objects::{AuthenticationSpec, TriggerAuthentication};
use crate::keda::trigger::param::{Kind, Param, Place};
use crate::keda::trigger::{self, Cause, PodIdentity, Problem, Problems, Secret, TriggerSource};
use crate::lint::world::{Item, Parsed, World};

/// What a trigger's reference leads to.
#[derive(Clone, Copy)]
pub(super) enum Authentication<'w> {
    None,
    /// With the index of its object.
    Known(usize, &'w TriggerAuthentication),
    /// It may give anything.
    Unknown,
}

/// The environment of the container that triggers read.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Names with their values, as far as they are written.
    variables: Vec<(String, Option<String>)>,
    /// Whether there may be others.
    is_open: bool,
}

/// A trigger that was read.
pub(super) struct Resolved {
    pub(super) source: TriggerSource,
    pub(super) read: Result<trigger::Trigger, Problems>,
    /// Parameters whose values are not known.
    guessed: BTreeSet<String>,
}

/// More rounds than parameters can be missing one after another.
const ROUNDS: usize = 16;

impl Resolved {
    /// `source` as it is written, and with what it refers to.
    pub(super) fn of(
        mut source: TriggerSource,
        authentication: Authentication<'_>,
        environment: &Environment,
    ) -> Self {
        let table = trigger::table(&source.kind).unwrap_or_default();
        let mut guessed = BTreeSet::new();
        let mut is_open = matches!(authentication, Authentication::Unknown);
        if let Authentication::Known(_, found) = authentication {
            is_open = found.spec.file_path.is_some();
            let identity = found.spec.pod_identity.as_ref();
            let provider = identity.and_then(|it| it.provider.as_ref());
            let provider = provider.and_then(|it| PodIdentity::named(it.word()));
            source.pod_identity = provider.unwrap_or_default();
            for name in parameters(&found.spec) {
                give(&mut source, &mut guessed, table, &name);
            }
        }
        variables(&mut source, &mut guessed, table, environment);
        let mut read = trigger::read(&source);
        for _ in 0..ROUNDS {
            let missing = match &read {
                Err(problems) if is_open => missing(problems, table, &source),
                Ok(_) | Err(_) => Vec::new(),
            };
            if missing.is_empty() {
                break;
            }
            for name in missing {
                give(&mut source, &mut guessed, table, &name);
            }
            read = trigger::read(&source);
        }
        Self {
            source,
            read,
            guessed,
        }
    }

    /// What KEDA refuses for sure, whatever the values are that are not known.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let Err(problems) = &self.read else {
            return Vec::new();
        };
        let is_sure = |it: &&Problem| self.is_sure(it);
        problems.list.iter().filter(is_sure).cloned().collect()
    }

    fn is_sure(&self, problem: &Problem) -> bool {
        if problem.depends_on(|it| self.guessed.contains(it)) {
            return false;
        }
        let mut params = problem.param.split('+');
        match problem.cause {
            Cause::Missing { .. } => true,
            // Which of them is needed depends on a choice that is not known.
            Cause::MissingForSasl { .. } => !self.has_guessed(&["sasl", "saslTokenProvider"]),
            Cause::MissingForAuthMode { .. } => !self.has_guessed(&["authModes", "authMode"]),
            Cause::RequiresTls => !self.has_guessed(&["tls"]),
            _ => !params.any(|it| self.guessed.contains(it)),
        }
    }

    fn has_guessed(&self, params: &[&str]) -> bool {
        params.iter().any(|it| self.guessed.contains(*it))
    }
}

/// Gives a parameter as if by an authentication.
fn give(source: &mut TriggerSource, guessed: &mut BTreeSet<String>, table: &[Param], name: &str) {
    let param = table.iter().find(|it| it.names().any(|it| it == name));
    let text = param.map_or("x", placeholder);
    source.auth.insert(name.to_owned(), Secret::new(text));
    guessed.insert(param.map_or(name, |it| it.name).to_owned());
}

/// The variables that the metadata name, as far as the container has them.
fn variables(
    source: &mut TriggerSource,
    guessed: &mut BTreeSet<String>,
    table: &[Param],
    environment: &Environment,
) {
    let named: Vec<(String, String)> = source
        .metadata
        .iter()
        .filter_map(|(key, name)| Some((key.strip_suffix("FromEnv")?.to_owned(), name.clone())))
        .collect();
    for (key, variable) in named {
        let known = environment.variables.iter().find(|it| it.0 == variable);
        let param = table.iter().find(|it| it.names().any(|it| it == key));
        let text = match known {
            Some((_, Some(value))) if !value.contains("$(") => value.clone(),
            None if !environment.is_open => continue,
            Some(_) | None => {
                guessed.insert(param.map_or(key.as_str(), |it| it.name).to_owned());
                param.map_or("x", placeholder).to_owned()
            }
        };
        source.env.insert(variable, Secret::new(text));
    }
}

/// The parameters that are missing, and that an authentication may give.
fn missing(problems: &Problems, table: &[Param], source: &TriggerSource) -> Vec<String> {
    let may_give = |name: &&str| {
        let mut named = table.iter().filter(|it| it.names().any(|it| it == *name));
        named.any(|it| it.places.contains(&Place::Auth)) && !source.auth.contains_key(*name)
    };
    let of = |problem: &Problem| -> Vec<String> {
        let params: Vec<&str> = problem.param.split('+').filter(may_give).collect();
        let params = match problem.cause {
            Cause::Missing { .. }
            | Cause::MissingWithOther { .. }
            | Cause::MissingForSasl { .. }
            | Cause::MissingForAuthMode { .. } => params,
            Cause::ExactlyOneOf | Cause::AtLeastOneOf => params.into_iter().take(1).collect(),
            _ => Vec::new(),
        };
        params.into_iter().map(str::to_owned).collect()
    };
    problems.list.iter().flat_map(of).collect()
}

/// A text that the parameter takes.
fn placeholder(param: &Param) -> &'static str {
    if let Some(first) = param.allowed.first() {
        return first;
    }
    match param.kind {
        Kind::Text | Kind::List => "x",
        Kind::Integer { .. }
        | Kind::Unsigned { .. }
        | Kind::Float
        | Kind::NullableFloat
        | Kind::Integers { .. } => "1",
        Kind::Boolean => "true",
        Kind::Duration => "1s",
        Kind::Map | Kind::Query => "a=b",
    }
}

/// The names of the parameters that an authentication gives.
pub(super) fn parameters(spec: &AuthenticationSpec) -> Vec<String> {
    let vault = spec.vault.iter().flat_map(|it| &it.secrets);
    let azure = spec.azure_key_vault.iter().flat_map(|it| &it.secrets);
    let gcp = spec.gcp_secret_manager.iter().flat_map(|it| &it.secrets);
    let aws = spec.aws_secret_manager.iter().flat_map(|it| &it.secrets);
    let tokens = &spec.bound_service_account_tokens;
    let oauth = spec.oauth2.iter().flat_map(|_| OAUTH.map(str::to_owned));
    let named = spec.secrets.iter().map(|it| &it.parameter);
    named
        .chain(spec.config_maps.iter().map(|it| &it.parameter))
        .chain(spec.env.iter().map(|it| &it.parameter))
        .chain(vault.map(|it| &it.parameter))
        .chain(azure.map(|it| &it.parameter))
        .chain(gcp.map(|it| &it.parameter))
        .chain(aws.map(|it| &it.parameter))
        .chain(tokens.iter().map(|it| &it.parameter))
        .cloned()
        .chain(oauth)
        .filter(|it| !it.is_empty())
        .collect()
}

/// What an authentication by OAuth 2 gives.
const OAUTH: [&str; 5] = [
    "oauthTokenURI",
    "clientID",
    "clientSecret",
    "scopes",
    "endpointParams",
];

/// The environment that the triggers of an object read, of its workload or of its own template.
pub(super) fn environment(
    item: &Item<'_>,
    target: Option<&TargetId>,
    world: &World<'_>,
) -> Environment {
    let open = || Environment {
        variables: Vec::new(),
        is_open: true,
    };
    let (pod, wanted) = source(item, target, world);
    let containers = pod.and_then(|it| it.get("containers")?.as_array());
    let mut containers = containers.into_iter().flatten();
    let container = match wanted.filter(|it| !it.is_empty()) {
        Some(name) => containers.find(|it| it.get("name").and_then(Value::as_str) == Some(name)),
        None => containers.next(),
    };
    container.map_or_else(open, of_container)
}

/// The pod whose environment the triggers read, as far as it is known, and the container of it.
fn source<'w>(
    item: &'w Item<'_>,
    target: Option<&TargetId>,
    world: &'w World<'_>,
) -> (Option<&'w Value>, Option<&'w str>) {
    match (&item.parsed, target) {
        (Parsed::ScaledObject(object), Some(target)) => {
            let workload = world.workload(&item.id.namespace, target);
            let pod = workload.and_then(|it| it.raw.pointer("/spec/template/spec"));
            (pod, object.spec.target.env_source_container.as_deref())
        }
        (Parsed::ScaledJob(job), _) => {
            let pod = item.raw.pointer("/spec/jobTargetRef/template/spec");
            (pod, job.spec.env_source_container.as_deref())
        }
        _ => (None, None),
    }
}

/// The container that the object names and its target does not have, where that is known.
pub(super) fn missing_container(
    item: &Item<'_>,
    target: Option<&TargetId>,
    world: &World<'_>,
) -> Option<NoContainer> {
    let (pod, wanted) = source(item, target, world);
    let missing = keda::environment::Environment::of(pod?, wanted).err()?;
    Some(missing).filter(|it| it.wanted.is_some() && !it.there.is_empty())
}

fn of_container(container: &Value) -> Environment {
    let list = |key| container.get(key).and_then(Value::as_array);
    let variable = |it: &Value| {
        let name = it.get("name")?.as_str()?.to_owned();
        let is_elsewhere = it.get("valueFrom").is_some_and(|it| !it.is_null());
        let value = it.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((name, (!is_elsewhere).then(|| value.to_owned())))
    };
    Environment {
        variables: list("env")
            .into_iter()
            .flatten()
            .filter_map(variable)
            .collect(),
        is_open: list("envFrom").is_some_and(|it| !it.is_empty()),
    }
}
