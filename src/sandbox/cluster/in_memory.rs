//! A sandbox without connections, for tests on a clock that is paused: requests go straight to it,
//! its time passes as that of the runtime does, and every write is told as it is made.

use std::sync::Arc;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use super::life::{Birth, Life};
use super::upstream::Upstreams;
use super::{Account, Core, Error, Options, administrator, routes, user};
use crate::sandbox::access::Attributes;
use crate::sandbox::api::{Api, Body, Request, Response};
use crate::sandbox::faults::Plan;
use crate::sandbox::fleet::Fleet;
use crate::sandbox::registry::resource;
use crate::sandbox::server::authentication::Tokens;
use crate::sandbox::server::log::Log;
use crate::sandbox::server::{Answering, Handler, Settings};
use crate::sandbox::twin;

/// What the twin's record takes at most: a few days of a few pods, so that a question about all that
/// was costs the same after weeks.
const RECORD: usize = 4 << 20;

/// A write that was made by a request, whatever became of its answer.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The name that the client gave itself.
    pub(crate) agent: String,
    pub(crate) verb: String,
    /// `leases.coordination.k8s.io`, or with its subresource `deployments.apps/scale`.
    pub(crate) resource: String,
    /// As it was, `Null` where there was none.
    pub(crate) before: Arc<Value>,
    /// As the API server answered.
    pub(crate) after: Value,
    pub(crate) at: Timestamp,
}

/// A running sandbox.
pub(crate) struct InMemory {
    core: Core,
    passing: Passing,
    answering: Answering,
    admin: Account,
}

/// The time of a twin, which is that of the runtime.
#[derive(Clone)]
struct Passing {
    life: Life,
    start: Timestamp,
    begun: Instant,
}

impl Passing {
    /// Lets happen what is due by now.
    fn on(&self) {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap();
        let now = self.start.checked_add(passed).unwrap();
        let left = now.duration_since(self.life.twin().now());
        if left.is_positive() {
            self.life.advance(left);
        }
    }
}

impl InMemory {
    /// Starts one whose writes `tell` hears of, in their order.
    pub(crate) fn start(
        options: Options,
        tell: impl Fn(Written) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let core = Core::of(&options)?;
        let start = options.start;
        let config = twin::Config {
            record_bytes: RECORD,
            ..twin::Config::starting_at(start)
        };
        let birth = Birth {
            fleet: Fleet::of(options.seed, start),
            config,
            speed: 0,
            triggers: options.triggers,
        };
        let life = Life::of(&core, birth);
        routes::serve(&core.api, Some(&life), Upstreams::new(options.upstreams)?);
        let admin = administrator()?;
        let handler = routes::handler(&core, Some(&life));
        let begun = Instant::now();
        let passing = Passing { life, start, begun };
        let answering = Answering::new(Settings {
            port: 0,
            tokens: Tokens::new([(admin.token.clone(), user(&admin))]),
            handler: telling(core.api.clone(), passing.clone(), handler, tell),
            policies: routes::policies(core.api.clone()),
            faults: Arc::clone(&core.faults),
            clock: core.clock.clone(),
            log: Arc::new(Log::new(0)),
        });
        Ok(Self {
            core,
            passing,
            answering,
            admin,
        })
    }

    /// Answers requests for as long as the sandbox is there.
    pub(crate) fn router(&self) -> Router {
        self.answering.router()
    }

    /// The token of the user who may do everything.
    pub(crate) fn token(&self) -> &str {
        &self.admin.token
    }

    /// What its clock shows, once all has happened that is due.
    pub(crate) fn now(&self) -> Timestamp {
        self.passing.on();
        self.core.clock.now()
    }

    /// Meets other trouble from now on.
    pub(crate) fn set_faults(&self, plan: Plan) {
        self.core.faults.set(plan, self.now()).unwrap();
    }

    /// What somebody else creates, without a request.
    pub(crate) fn create(&self, object: Value) {
        self.passing.on();
        self.core.api.create("somebody", object).unwrap();
    }

    /// What somebody else deletes, with what it owns.
    pub(crate) fn delete(&self, object: &Value) {
        self.passing.on();
        self.core.api.delete(object).unwrap();
    }

    /// An object as it is kept.
    pub(crate) fn get(
        &self,
        group: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.core.api.get(group, plural, namespace, name)
    }
}

/// Answers as `handler` does, and tells what was written.
fn telling(
    api: Api,
    passing: Passing,
    handler: Handler,
    tell: impl Fn(Written) + Send + Sync + 'static,
) -> Handler {
    let tell = Arc::new(tell);
    Arc::new(move |request| {
        passing.on();
        let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
        if !is_write(&asked, &request) {
            return handler(request);
        }
        let before = api.get(&asked.group, &asked.resource, &asked.namespace, &asked.name);
        let (agent, at) = (request.user_agent.clone(), api.now());
        let (answering, tell) = (handler(request), Arc::clone(&tell));
        Box::pin(async move {
            let answer = answering.await;
            if let Some(after) = made(&answer) {
                tell(Written {
                    agent,
                    resource: named(&asked),
                    verb: asked.verb,
                    before: before.unwrap_or_default(),
                    after,
                    at,
                });
            }
            answer
        })
    })
}

fn is_write(asked: &Attributes, request: &Request) -> bool {
    let changes = matches!(
        asked.verb.as_str(),
        "create" | "update" | "patch" | "delete" | "deletecollection"
    );
    // Reviews ask, and proxies pass on.
    let is_review = asked.group.ends_with("authorization.k8s.io")
        || asked.group.ends_with("authentication.k8s.io");
    let is_kept = asked.subresource != "proxy" && !request.query.contains("dryRun");
    changes && !is_review && is_kept && asked.is_resource()
}

fn named(asked: &Attributes) -> String {
    let resource = resource(&asked.group, &asked.resource);
    match asked.subresource.as_str() {
        "" => resource,
        subresource => format!("{resource}/{subresource}"),
    }
}

/// What a write came to; `None` where it was refused.
fn made(answer: &Response) -> Option<Value> {
    match &answer.body {
        Body::Whole(bytes) if answer.code < 300 => serde_json::from_slice(bytes).ok(),
        Body::Whole(_) | Body::Stream(_) => None,
    }
}
