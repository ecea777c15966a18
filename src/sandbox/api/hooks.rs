//! What others answer or decide: metrics and proxies.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::exchange::Response;
use super::pipeline::Target;
use super::{Api, Call, Inner};
use crate::sandbox::crd;
use crate::sandbox::query::percent_decoded;
use crate::sandbox::registry::resource;
use crate::sandbox::status::Refusal;
use crate::sandbox::twin::keda::serve;

/// Gives the objects of `metrics.k8s.io` by the plural of their kind: `nodes` or `pods`.
pub(crate) type Metrics = dyn Fn(&str) -> Vec<Value> + Send + Sync;

/// Answers a request to a service of the API server; `None` for a service that it does not know.
/// The server keeps this, which therefore must not keep the server.
pub(crate) type Proxy = dyn Fn(&Api, Proxied) -> BoxFuture<'static, Option<Response>> + Send + Sync;

/// Judges a write before it is stored: warnings, or the refusal.
pub(crate) type Webhook = dyn Fn(&Reviewed<'_>) -> Result<Vec<String>, Refusal> + Send + Sync;

/// A write that a webhook judges.
pub(crate) struct Reviewed<'a> {
    pub(crate) group: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) new: &'a Value,
    /// `None` for a creation.
    pub(crate) old: Option<&'a Value>,
    pub(crate) is_dry_run: bool,
    /// The objects of a group and plural in a namespace.
    pub(crate) list: &'a Listing<'a>,
    /// Whether objects of that API version and kind are served.
    pub(crate) knows: &'a dyn Fn(&str, &str) -> bool,
}

/// Gives the objects of a group and plural in a namespace.
pub(crate) type Listing<'a> = dyn Fn(&str, &str, &str) -> Vec<Arc<Value>> + 'a;

/// The group whose objects are not stored.
pub(super) const METRICS: &str = "metrics.k8s.io";

/// A request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxied {
    pub(crate) namespace: String,
    /// Without its port.
    pub(crate) service: String,
    /// A number or a name; empty if none was said.
    pub(crate) port: String,
    pub(crate) method: http::Method,
    /// With a slash in front.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Clone, Default)]
pub(super) struct Hooks {
    metrics: Option<Arc<Metrics>>,
    proxy: Option<Arc<Proxy>>,
    webhook: Option<Arc<Webhook>>,
}

impl Api {
    /// From now on `metrics.k8s.io` tells what `metrics` says.
    pub(crate) fn set_metrics(&self, metrics: Arc<Metrics>) {
        self.change_hooks(|it| it.metrics = Some(metrics));
    }

    /// From now on `proxy` answers for services.
    pub(crate) fn set_proxy(&self, proxy: Arc<Proxy>) {
        self.change_hooks(|it| it.proxy = Some(proxy));
    }

    /// From now on `webhook` judges what requests write.
    pub(crate) fn set_webhook(&self, webhook: Arc<Webhook>) {
        self.change_hooks(|it| it.webhook = Some(webhook));
    }

    /// From now on external metrics have their place in discovery. Who asks for one is answered
    /// elsewhere.
    pub(crate) fn serve_external_metrics(&self) {
        if let Ok(mut kind) = crd::kind(&serve::definition()) {
            kind.verbs = vec!["get"];
            self.0.serve(kind);
        }
    }

    fn change_hooks(&self, change: impl FnOnce(&mut Hooks)) {
        let hooks = self.0.hooks.write();
        change(&mut hooks.unwrap_or_else(PoisonError::into_inner));
    }

    /// # Errors
    /// When there is no such service, or nobody answers for it.
    pub(super) async fn proxy(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let asked = &call.asked;
        let proxied = Proxied::of(call);
        let service = proxied.service.clone();
        if let Some(proxy) = self.0.hooks().proxy
            && let Some(response) = proxy(self, proxied).await
        {
            return Ok(response);
        }
        self.0.find(&call.served, &asked.namespace, &service)?;
        let message = format!("no endpoints available for service \"{}\"", asked.name);
        Err(Refusal::plain(503, "ServiceUnavailable", message))
    }
}

impl Inner {
    pub(super) fn hooks(&self) -> Hooks {
        let hooks = self.hooks.read();
        hooks.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the webhook about an object that is valid.
    ///
    /// # Errors
    /// When it refuses the object.
    pub(super) fn reviewed(
        &self,
        target: &Target<'_>,
        new: &Value,
        old: Option<&Value>,
    ) -> Result<Vec<String>, Refusal> {
        // Who may do everything is not kept from anything, and statuses are not judged.
        let asks = target.user.is_some() && target.subresource.is_empty();
        let Some(webhook) = self.hooks().webhook.filter(|_| asks) else {
            return Ok(vec![]);
        };
        let registry = self.registry();
        webhook(&Reviewed {
            group: &target.served.kind.group,
            kind: &target.served.kind.kind,
            new,
            old,
            is_dry_run: target.is_dry_run,
            list: &|group, plural, namespace| {
                self.store.list(&resource(group, plural), namespace).objects
            },
            knows: &|api_version, kind| registry.kind(api_version, kind).is_some(),
        })
    }

    /// The objects of a metrics kind, by namespace and name.
    pub(super) fn metrics(&self, plural: &str, namespace: &str) -> Vec<Arc<Value>> {
        let metrics = self.hooks().metrics;
        let mut objects = metrics.map_or_else(Vec::new, |it| it(plural));
        objects.retain(|it| namespace.is_empty() || it["metadata"]["namespace"] == namespace);
        let key = |it: &Value| {
            let text = |field: &str| it["metadata"][field].as_str().unwrap_or("").to_owned();
            (text("namespace"), text("name"))
        };
        objects.sort_by_key(key);
        objects.into_iter().map(Arc::new).collect()
    }
}

impl Proxied {
    /// `[http:]NAME[:PORT]`.
    fn of(call: &Call<'_>) -> Self {
        let asked = &call.asked;
        let mut parts = asked.name.split(':');
        let (service, port) = match (parts.next(), parts.next(), parts.next()) {
            (_, Some(name), Some(port)) => (name, port),
            (Some(name), Some(port), None) => (name, port),
            (name, _, _) => (name.unwrap_or(""), ""),
        };
        Self {
            namespace: asked.namespace.clone(),
            service: service.to_owned(),
            port: port.to_owned(),
            method: call.request.method.clone(),
            path: format!("/{}", behind(&call.request.path)),
            query: call.request.query.clone(),
            headers: call.request.headers.clone(),
            body: call.request.body.clone(),
        }
    }
}

/// What follows `/api/v1/namespaces/NAMESPACE/services/NAME/proxy/` in a path, decoded.
fn behind(path: &str) -> String {
    const BEFORE: usize = 7;
    let parts = path.split('/').filter(|it| !it.is_empty()).skip(BEFORE);
    let parts: Vec<String> = parts.map(percent_decoded).collect();
    parts.join("/")
}
