//! The service proxy: passes requests on to a Prometheus and its answers back as they come.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::Response;
use serde_json::Value;

use super::World;
use super::resources::Asked;
use super::status::Refusal;

/// Passes `request` on to the service that `name` means: `[scheme:]name[:port]`.
pub(super) async fn forward(
    world: &World,
    asked: &Asked,
    name: &str,
    request: Request,
) -> Result<Response, Refusal> {
    let target = target(world, asked, name)?;
    let query = request
        .uri()
        .query()
        .map(|it| format!("?{it}"))
        .unwrap_or_default();
    let url = format!(
        "{target}{}{query}",
        if asked.rest.is_empty() {
            "/"
        } else {
            &asked.rest
        }
    );
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return Err(Refusal::method_not_allowed());
    }
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    // The real server takes these for itself.
    for name in [
        header::AUTHORIZATION,
        header::HOST,
        header::CONTENT_LENGTH,
        header::CONNECTION,
    ] {
        headers.remove(name);
    }
    let body = axum::body::to_bytes(body, 16 << 20).await;
    let body = body.map_err(|it| Refusal::bad_request(it.to_string()))?;
    let answer = world
        .http
        .request(parts.method, url)
        .headers(headers)
        .body(body)
        .send()
        .await;
    let answer = answer
        .map_err(|it| Refusal::unavailable(format!("error trying to reach service: {it}")))?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if *name != header::TRANSFER_ENCODING && *name != header::CONNECTION {
            response = response.header(name, value);
        }
    }
    let body = Body::from_stream(answer.bytes_stream());
    Ok(response.body(body).expect("headers of a valid response"))
}

/// The URL behind a service, if it has the port and there is one.
fn target<'a>(world: &'a World, asked: &Asked, name: &str) -> Result<&'a str, Refusal> {
    // A port's colon may come percent-encoded.
    let name = name.replace("%3A", ":").replace("%3a", ":");
    let parts: Vec<&str> = name.split(':').collect();
    let (service, port) = match parts.as_slice() {
        [service] => (*service, ""),
        [service, port] | ["http" | "", service, port] => (*service, *port),
        _ => {
            return Err(Refusal::bad_request(format!(
                "invalid service request \"{name}\""
            )));
        }
    };
    let object = world
        .objects
        .get(asked.resource, asked.namespace.as_deref(), service);
    let object = object.ok_or_else(|| Refusal::no_object(asked, service))?;
    let unavailable =
        || Refusal::unavailable(format!("no endpoints available for service \"{name}\""));
    if !has_port(object, port)
        || object["spec"]["selector"]["app.kubernetes.io/name"] != "prometheus"
    {
        return Err(unavailable());
    }
    world.options.prometheus.as_deref().ok_or_else(unavailable)
}

/// By name or number; a service with one port needs none.
fn has_port(service: &Value, port: &str) -> bool {
    let ports = service["spec"]["ports"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match port {
        "" => ports.len() == 1,
        port => ports.iter().any(|it| {
            it["name"] == port || port.parse::<u64>().is_ok_and(|port| it["port"] == port)
        }),
    }
}
