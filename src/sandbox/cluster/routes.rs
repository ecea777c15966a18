//! Who answers what: the API server, the twin, or a server beside the sandbox.

use std::sync::Arc;

use super::control::Control;
use super::life::{Distant, Life};
use super::upstream::Upstreams;
use super::{Core, METRICS};
use crate::sandbox::access::{Attributes, Policies};
use crate::sandbox::api::{Api, Request, Response};
use crate::sandbox::server::Handler;
use crate::sandbox::status::Refusal;

/// Lets services answer: those with an upstream, and the history of the twin.
pub(super) fn serve(api: &Api, life: Option<&Life>, upstreams: Upstreams) {
    let (life, upstreams) = (life.map(Life::distant), Arc::new(upstreams));
    api.set_proxy(Arc::new(move |api, request| {
        let (api, upstreams) = (api.clone(), Arc::clone(&upstreams));
        let life = life.as_ref().and_then(Distant::life);
        Box::pin(async move {
            match (upstreams.answer(&api, &request).await, life) {
                (Some(answer), _) => Some(answer),
                (None, Some(life)) => life.proxied(request, api.now()).await,
                (None, None) => None,
            }
        })
    }));
}

/// Answers every request.
pub(super) fn handler(core: &Core, life: Option<&Life>) -> Handler {
    let (core, life) = (core.clone(), life.cloned());
    let control = |life| {
        Arc::new(Control {
            core: core.clone(),
            life,
        })
    };
    let (control, api) = (life.map(control), core.api.clone());
    Arc::new(move |request| {
        let (api, control) = (api.clone(), control.clone());
        Box::pin(async move {
            match control {
                Some(control) if Control::serves(&request.path) => control.answer(request).await,
                Some(_) if is_of_metrics(&request) => measured(api, request).await,
                Some(control) if control.serves_metric(&request) => control.metric(request).await,
                _ => api.answer(request).await,
            }
        })
    })
}

/// Whether the twin has to be asked, who may be busy.
fn is_of_metrics(request: &Request) -> bool {
    let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
    asked.group == METRICS
}

/// Answers where waiting holds up nobody else.
async fn measured(api: Api, request: Request) -> Response {
    let runtime = tokio::runtime::Handle::current();
    let answer = move || runtime.block_on(api.answer(request));
    let answered = tokio::task::spawn_blocking(answer).await;
    answered.unwrap_or_else(|err| Response::refused(&Refusal::internal(&err.to_string())))
}

/// RBAC as it is whenever that is asked.
pub(super) fn policies(api: Api) -> Arc<dyn Fn() -> Arc<Policies> + Send + Sync> {
    Arc::new(move || api.policies())
}
