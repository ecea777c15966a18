//! The log of a container, as far as one can have one in which nothing runs: when it started and when it
//! ended, which its status says, and what an annotation of the pod has it write.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::exchange::Response;
use super::{Call, Inner};
use crate::sandbox::query::Query;
use crate::sandbox::status::Refusal;

/// What the containers of a pod write once they run; `sandbox.stepscale.io/log.NAME` for one of them.
const WRITES: &str = "sandbox.stepscale.io/log";
/// The same for what a container wrote before it was restarted.
const WROTE: &str = "sandbox.stepscale.io/previous-log";

/// Which part of a log.
#[derive(Debug, Default, PartialEq)]
struct Part {
    is_previous: bool,
    timestamps: bool,
    /// Lines before are left out.
    since: Option<Timestamp>,
    lines: Option<usize>,
    bytes: Option<usize>,
}

impl Inner {
    /// # Errors
    /// When there is no such pod, container or log.
    pub(super) fn log(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let pod = self.find(&call.served, call.namespace(), &call.asked.name)?;
        let container = container(&pod, call.query.get("container"))?;
        let part = Part::of(&call.query, self.clock.now())?;
        let lines = lines(&pod, &container, part.is_previous)?;
        Ok(Response::text(200, &part.cut(&lines)))
    }
}

impl Part {
    fn of(query: &Query, now: Timestamp) -> Result<Self, Refusal> {
        let number = |name: &str| {
            let number = query.integer(name)?;
            let number = number.map(usize::try_from).transpose();
            number.map_err(|_| Refusal::bad_request(format!("{name} must not be negative")))
        };
        let since = match (query.integer("sinceSeconds")?, query.get("sinceTime")) {
            (Some(seconds), _) => now.checked_sub(SignedDuration::from_secs(seconds)).ok(),
            (None, Some(time)) => time.parse().ok(),
            (None, None) => None,
        };
        Ok(Self {
            is_previous: query.flag("previous"),
            timestamps: query.flag("timestamps"),
            since,
            lines: number("tailLines")?,
            bytes: number("limitBytes")?,
        })
    }

    fn cut(&self, lines: &[(Timestamp, String)]) -> String {
        let is_recent = |it: &&(Timestamp, String)| self.since.is_none_or(|since| it.0 >= since);
        let recent: Vec<_> = lines.iter().filter(is_recent).collect();
        let skipped = self.lines.map_or(0, |it| recent.len().saturating_sub(it));
        let mut text = String::new();
        for (at, line) in &recent[skipped..] {
            if self.timestamps {
                text += &format!("{at} ");
            }
            text += line;
            text.push('\n');
        }
        let most = self.bytes.unwrap_or(usize::MAX).min(text.len());
        let end = (0..=most).rev().find(|it| text.is_char_boundary(*it));
        text.truncate(end.unwrap_or(0));
        text
    }
}

/// The container that is meant; the only one needs no name.
fn container(pod: &Value, named: Option<&str>) -> Result<String, Refusal> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let known = |pointer: &str| {
        let all = pod.pointer(pointer).and_then(Value::as_array);
        let all = all.into_iter().flatten();
        all.filter_map(|it| it["name"].as_str()).collect::<Vec<_>>()
    };
    let (mains, inits) = (known("/spec/containers"), known("/spec/initContainers"));
    match (named.filter(|it| !it.is_empty()), mains.as_slice()) {
        (Some(it), _) if mains.contains(&it) || inits.contains(&it) => Ok(it.to_owned()),
        (Some(it), _) => {
            let why = format!("container {it} is not valid for pod {name}");
            Err(Refusal::bad_request(why))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, all) => Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            all.join(" ")
        ))),
    }
}

/// All lines of a log with their times.
fn lines(
    pod: &Value,
    container: &str,
    is_previous: bool,
) -> Result<Vec<(Timestamp, String)>, Refusal> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let written = written(pod, container, if is_previous { WROTE } else { WRITES });
    if is_previous && written.is_none() {
        return Err(Refusal::bad_request(format!(
            "previous terminated container \"{container}\" in pod \"{name}\" not found"
        )));
    }
    let state = state(pod, container);
    if let Some(reason) = state.and_then(|it| it.pointer("/waiting/reason")?.as_str()) {
        return Err(Refusal::bad_request(format!(
            "container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"
        )));
    }
    let time = |pointer: &str| state.and_then(|it| it.pointer(pointer)?.as_str()?.parse().ok());
    let started = time("/running/startedAt").or(time("/terminated/startedAt"));
    let created = pod["metadata"]["creationTimestamp"].as_str();
    let at = started.or_else(|| created?.parse().ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut lines = Vec::new();
    if started.is_some() && !is_previous {
        lines.push((
            at,
            format!("container {container} started; nothing runs in it"),
        ));
    }
    let written = written.into_iter().flat_map(str::lines);
    lines.extend(written.map(|it| (at, it.to_owned())));
    if let Some(at) = time("/terminated/finishedAt").filter(|_| !is_previous) {
        lines.push((at, format!("container {container} ended")));
    }
    Ok(lines)
}

fn state<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let lists = ["/status/containerStatuses", "/status/initContainerStatuses"];
    let lists = lists.iter().filter_map(|it| pod.pointer(it)?.as_array());
    let mut all = lists.flatten();
    all.find(|it| it["name"] == container)?.get("state")
}

/// What an annotation has the container write.
fn written<'a>(pod: &'a Value, container: &str, annotation: &str) -> Option<&'a str> {
    let annotations = &pod["metadata"]["annotations"];
    let own = annotations[format!("{annotation}.{container}")].as_str();
    own.or_else(|| annotations[annotation].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Value {
        json!({"metadata": {"name": "web", "annotations": {
                "sandbox.stepscale.io/log.app": "one\ntwo", "sandbox.stepscale.io/previous-log": "before"}},
            "spec": {"containers": [{"name": "app"}, {"name": "side"}], "initContainers": [{"name": "init"}]},
            "status": {
                "containerStatuses": [
                    {"name": "app", "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}},
                    {"name": "side", "state": {"waiting": {"reason": "ContainerCreating"}}}],
                "initContainerStatuses": [{"name": "init", "state": {"terminated": {
                    "startedAt": "2026-01-01T00:00:01Z", "finishedAt": "2026-01-01T00:00:02Z"}}}]}})
    }

    fn log(container: &str, query: &str) -> Result<String, String> {
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        let part = Part::of(&Query::parse(query), now).map_err(|it| it.message)?;
        let lines = lines(&pod(), container, part.is_previous).map_err(|it| it.message)?;
        Ok(part.cut(&lines))
    }

    #[test]
    fn a_log_has_what_happened_and_what_the_annotation_says() {
        let text = "container app started; nothing runs in it\none\ntwo\n";
        assert_eq!(log("app", "").unwrap(), text);
        assert_eq!(log("app", "tailLines=1").unwrap(), "two\n");
        assert_eq!(
            log("app", "tailLines=1&timestamps=true").unwrap(),
            "2026-01-01T00:00:05Z two\n"
        );
        assert_eq!(log("app", "limitBytes=9").unwrap(), "container");
        assert_eq!(log("app", "sinceSeconds=54").unwrap(), "");
        assert_eq!(log("app", "sinceSeconds=55").unwrap(), text);
        assert_eq!(log("app", "sinceTime=2026-01-01T00:00:06Z").unwrap(), "");
        assert_eq!(log("app", "previous=true").unwrap(), "before\n");
        let ended = "container init started; nothing runs in it\ncontainer init ended\n";
        assert_eq!(log("init", "").unwrap(), ended);
    }

    #[test]
    fn what_has_no_log_is_refused_as_a_kubelet_does() {
        let refused = log("side", "").unwrap_err();
        let expected = "container \"side\" in pod \"web\" is waiting to start: ContainerCreating";
        assert_eq!(refused, expected);
        assert!(log("app", "tailLines=-1").is_err());
        let refused = |named| container(&pod(), named).unwrap_err().message;
        assert_eq!(refused(Some("x")), "container x is not valid for pod web");
        let expected = "a container name must be specified for pod web, choose one of: [app side]";
        assert_eq!(refused(None), expected);
        assert_eq!(container(&pod(), Some("init")).unwrap(), "init");
    }
}
