//! What the controller told of an autoscaler, as Events.

use jiff::Timestamp;
use serde_json::Value;

use crate::analysis::hindsight::Span;
use crate::autoscaler::Autoscaler;
use crate::bundle;
use crate::cluster::Cluster;
use crate::cluster::write::Kind;
use crate::error::Error;
use crate::output::explanation::Event;

const EVENTS: Kind = Kind {
    group: "",
    version: "v1",
    plural: "events",
    kind: "Event",
    namespaced: true,
};

/// The Events of `autoscaler`, and of the HPA that KEDA makes of it, in `span`, in order of time; or
/// why they cannot be read.
pub(super) async fn of(
    cluster: &Cluster,
    autoscaler: &Autoscaler,
    span: Span,
) -> Result<Vec<Event>, String> {
    let names = [autoscaler.id.name.clone(), autoscaler.hpa()];
    let mut events = Vec::new();
    let take = |object: Value| events.extend(event(&object, &names, span));
    let namespace = Some(autoscaler.id.namespace.as_str());
    let read = cluster.all(&EVENTS, namespace, take).await;
    read.map_err(|it| Error::from(it).to_string())?;
    events.sort_by(|a: &Event, b: &Event| (a.at, &a.message).cmp(&(b.at, &b.message)));
    Ok(events)
}

fn event(object: &Value, names: &[String], span: Span) -> Option<Event> {
    let about = &object["involvedObject"];
    let is_autoscaler = matches!(
        about["kind"].as_str(),
        Some("HorizontalPodAutoscaler" | "ScaledObject" | "ScaledJob")
    );
    let name = about["name"].as_str()?;
    if !is_autoscaler || !names.iter().any(|it| it == name) {
        return None;
    }
    let at: Timestamp = bundle::events::time(object).parse().ok()?;
    (at > span.from && at <= span.to).then(|| Event {
        at,
        reason: object["reason"].as_str().unwrap_or_default().to_owned(),
        message: object["message"].as_str().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_events_of_the_autoscaler_in_its_time_count() {
        let time = |minute: i64| Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap();
        let span = Span {
            from: time(0),
            to: time(60),
            at: time(30),
        };
        let object = |kind: &str, name: &str, minute: i64| {
            json!({"involvedObject": {"kind": kind, "name": name}, "reason": "SuccessfulRescale",
                "message": "New size: 4", "lastTimestamp": time(minute).to_string()})
        };
        let names = ["web".to_owned(), "keda-hpa-web".to_owned()];
        let at = |object: &Value| event(object, &names, span).map(|it| it.at);
        assert_eq!(
            at(&object("HorizontalPodAutoscaler", "web", 10)),
            Some(time(10))
        );
        assert_eq!(
            at(&object("HorizontalPodAutoscaler", "keda-hpa-web", 60)),
            Some(time(60))
        );
        assert_eq!(at(&object("ScaledJob", "web", 20)), Some(time(20)));
        assert_eq!(at(&object("HorizontalPodAutoscaler", "api", 10)), None);
        assert_eq!(at(&object("Pod", "web", 10)), None);
        assert_eq!(at(&object("HorizontalPodAutoscaler", "web", 61)), None);
    }
}
