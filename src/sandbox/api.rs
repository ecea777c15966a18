//! Requests to the API server, whatever carries them.
//!
//! [`Api::answer`] takes a request apart: who asks for what ([`Attributes::of`]), whether they may
//! ([`authorize`]), and then reads ([`read`], [`watch`]) or writes ([`write`], [`delete`]). Writes are made one
//! at a time, from reading the old object to storing the new one and cleaning up after it, so that
//! nothing in between needs to be repeated or undone. [`direct`] is the way in without a request.

mod authorize;
mod body;
mod collect;
mod definitions;
mod delete;
mod direct;
mod exchange;
mod hooks;
mod list;
mod log;
mod metadata;
mod names;
mod negotiate;
mod options;
mod other;
mod pipeline;
mod present;
mod read;
mod reviews;
mod scale;
mod selection;
mod start;
mod syntax;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use exchange::{Body, Request, Response};
pub(crate) use hooks::{Proxied, Reviewed};

use super::access::Attributes;
use super::access::review::Review;
use super::clock::Clock;
use super::query::Query;
use super::registry::{Registry, Served};
use super::status::{Details, Refusal};
use super::store::Store;
use authorize::Authorizer;
use hooks::Hooks;
use names::Names;
use negotiate::Form;

/// An API server. Copies are the same one.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

struct Inner {
    store: Store,
    registry: RwLock<Arc<Registry>>,
    /// Held by the one who writes.
    writer: Mutex<Names>,
    clock: Clock,
    authorizer: Authorizer,
    hooks: RwLock<Hooks>,
    left_out: Mutex<LeftOut>,
}

/// How many objects could not be loaded, by kind: `Rollout.argoproj.io`.
pub(crate) type LeftOut = BTreeMap<String, usize>;

/// A request for a resource that there is.
struct Call<'a> {
    request: &'a Request,
    asked: Attributes,
    query: Query,
    registry: Arc<Registry>,
    served: Served,
    form: Form,
}

impl Api {
    /// With nothing in it but what every cluster has. What it makes up follows from `seed`.
    /// Forgets all but the last `writes` writes of each resource.
    pub(crate) fn remembering(writes: usize, clock: Clock, seed: u64) -> Self {
        let api = Self(Arc::new(Inner {
            store: Store::remembering(writes),
            registry: RwLock::new(Arc::new(Registry::new())),
            writer: Mutex::new(Names::new(seed)),
            clock,
            authorizer: Authorizer::default(),
            hooks: RwLock::default(),
            left_out: Mutex::default(),
        }));
        api.begin();
        api
    }

    /// Tells whether it is still there.
    #[cfg(test)]
    pub(crate) fn witness(&self) -> impl Fn() -> bool + use<> {
        let inner = Arc::downgrade(&self.0);
        move || inner.strong_count() > 0
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The answer to any request at all.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let answered = self.route(&request).await;
        answered.unwrap_or_else(|refusal| Response::refused(&refusal))
    }

    async fn route(&self, request: &Request) -> Result<Response, Refusal> {
        let query = Query::parse(&request.query);
        let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
        self.0.authorize(&request.user, &asked)?;
        if asked.is_resource() && request.method == http::Method::HEAD {
            return Err(not_allowed());
        }
        if !asked.is_resource() {
            return self.0.other(request, &asked.path, &query);
        }
        let registry = self.0.registry();
        if !registry.has_group(&asked.group, &asked.version) {
            return Ok(other::missing());
        }
        let served = registry.resource(&asked.group, &asked.version, &asked.resource);
        let served = served.ok_or_else(Refusal::no_such_path)?;
        let form = Form::of(&request.accept, &request.user_agent, &query)?;
        let call = Call {
            request,
            asked,
            query,
            registry,
            served,
            form,
        };
        call.check_place()?;
        if call.asked.subresource == "proxy" {
            return self.proxy(&call).await;
        }
        match call.asked.verb.as_str() {
            "get" if call.asked.subresource == "log" => self.0.log(&call),
            "get" => self.0.get(&call),
            "list" => Ok(self.0.list(&call)),
            "watch" => self.watch(&call),
            "create" if let Some(review) = call.review() => self.0.review(&call, review),
            "create" | "update" | "patch" => self.0.write(&call),
            "delete" => self.0.delete(&call),
            "deletecollection" => self.0.delete_collection(&call),
            _ => Err(not_allowed()),
        }
    }
}

impl Call<'_> {
    /// # Errors
    /// When the path is none of this kind, or nothing of the sort is done at it.
    fn check_place(&self) -> Result<(), Refusal> {
        let (asked, kind) = (&self.asked, &self.served.kind);
        let is_within = !asked.namespace.is_empty();
        let is_namespace = kind.group.is_empty() && kind.plural == "namespaces";
        let is_everywhere = matches!(asked.verb.as_str(), "list" | "watch");
        match (kind.is_namespaced, is_within) {
            (false, true) if !is_namespace => return Err(Refusal::no_such_path()),
            (true, false) if asked.verb == "create" => return Err(not_allowed()),
            (true, false) if !is_everywhere => return Err(Refusal::no_such_path()),
            _ => {}
        }
        self.check_verb()
    }

    fn check_verb(&self) -> Result<(), Refusal> {
        let (asked, version) = (&self.asked, self.served.version());
        let verb = asked.verb.as_str();
        let is_allowed = match asked.subresource.as_str() {
            "" if verb == "create" => asked.name.is_empty() && self.served.allows(verb),
            "" if matches!(verb, "update" | "patch") => {
                !asked.name.is_empty() && self.served.allows(verb)
            }
            "" => self.served.allows(verb),
            "status" if version.has_status => matches!(verb, "get" | "update" | "patch"),
            "scale" if version.scale.is_some() => matches!(verb, "get" | "update" | "patch"),
            "finalize" if delete::is_namespace(&self.served.kind) => verb == "update",
            "log" if self.served.resource() == "pods" => verb == "get",
            "proxy" => self.served.kind.plural == "services" && self.served.kind.group.is_empty(),
            other if self.served.resource() == "pods" && WITHIN_PODS.contains(&other) => {
                return Err(nothing_runs(other));
            }
            _ => return Err(Refusal::no_such_path()),
        };
        if is_allowed {
            Ok(())
        } else {
            Err(not_allowed())
        }
    }

    /// The review that this creates, if it is one.
    fn review(&self) -> Option<Review> {
        let is_kept = self.served.allows("get");
        Review::of(&self.served.kind.kind).filter(|_| !is_kept)
    }

    /// The namespace of the object; empty for a kind that has none.
    fn namespace(&self) -> &str {
        if self.served.kind.is_namespaced {
            &self.asked.namespace
        } else {
            ""
        }
    }
}

impl Inner {
    fn registry(&self) -> Arc<Registry> {
        let registry = self.registry.read();
        Arc::clone(&registry.unwrap_or_else(PoisonError::into_inner))
    }

    fn left_out(&self) -> MutexGuard<'_, LeftOut> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else writes.
    fn writer(&self) -> MutexGuard<'_, Names> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// When there is none.
    fn find(&self, served: &Served, namespace: &str, name: &str) -> Result<Arc<Value>, Refusal> {
        let found = if served.kind.group == hooks::METRICS {
            let all = self.metrics(&served.kind.plural, namespace);
            all.into_iter().find(|it| it["metadata"]["name"] == name)
        } else {
            self.store.get(&served.resource(), namespace, name)
        };
        found.ok_or_else(|| Refusal::not_found(served.kind.named(), name))
    }
}

/// What a kubelet would answer, from within the pods that it runs.
const WITHIN_PODS: [&str; 4] = ["attach", "ephemeralcontainers", "exec", "portforward"];

fn nothing_runs(subresource: &str) -> Refusal {
    let message = format!(
        "this cluster is a sandbox: nothing runs in its pods, so there is no {subresource}"
    );
    Refusal::plain(501, "NotImplemented", message)
}

fn not_allowed() -> Refusal {
    let message = "the server does not allow this method on the requested resource";
    Refusal::about(
        405,
        "MethodNotAllowed",
        message.to_owned(),
        Details::default(),
    )
}

#[cfg(test)]
mod tests;
