//! Events as a person reads them: one line each, in the order of time.

use std::fmt::Write as _;

use serde_json::Value;

/// Lines of when, where, what and why; the text of each event in one line, with its count where it came
/// more than once.
pub fn text(events: &[Value]) -> String {
    let mut rows: Vec<(&str, String)> = events.iter().map(|it| (time(it), line(it))).collect();
    rows.sort();
    let mut text = String::new();
    for (time, line) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<27}  {line}",
            if time.is_empty() { "-" } else { time }
        );
    }
    text
}

/// When it came last, whichever of its fields says so; empty where none does.
pub fn time(event: &Value) -> &str {
    let fields = [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/firstTimestamp",
        "/metadata/creationTimestamp",
    ];
    let mut times = fields.iter().filter_map(|it| event.pointer(it)?.as_str());
    times.next().unwrap_or_default()
}

fn line(event: &Value) -> String {
    let text = |pointer: &str| {
        let text = event.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or("-")
    };
    let object = format!(
        "{}/{}",
        text("/involvedObject/kind").to_ascii_lowercase(),
        text("/involvedObject/name")
    );
    let message: Vec<&str> = text("/message").split_whitespace().collect();
    let count = event["count"].as_u64().filter(|it| *it > 1);
    let count = count.map_or_else(String::new, |it| format!(" (x{it})"));
    format!(
        "{}  {}  {}  {object}  {}{count}",
        text("/metadata/namespace"),
        text("/type"),
        text("/reason"),
        message.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_lines_in_the_order_of_time() {
        let event = |time: &str, message: &str, count: u64| {
            json!({"metadata": {"namespace": "shop", "name": "x"}, "type": "Warning",
                "reason": "FailedGetResourceMetric", "count": count, "lastTimestamp": time,
                "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "web"},
                "message": message})
        };
        let events = [
            event("2026-01-01T00:00:05Z", "second\n  line", 3),
            event("2026-01-01T00:00:00Z", "first", 1),
        ];
        let expected = "\
2026-01-01T00:00:00Z         shop  Warning  FailedGetResourceMetric  horizontalpodautoscaler/web  first
2026-01-01T00:00:05Z         shop  Warning  FailedGetResourceMetric  horizontalpodautoscaler/web  second line (x3)
";
        assert_eq!(text(&events), expected);
        assert_eq!(
            text(&[json!({})]),
            "-                            -  -  -  -/-  -\n"
        );
    }
}
