//! Settings, limits and columns in words for people.

use super::{Column, Replay};
use crate::analysis::simulation::changes::{Change, Knob, Value};
use crate::autoscaler::AutoscalerId;
use crate::sim::score::Limit;
use crate::units::window;

/// `hpa/web in namespace shop`
pub(super) fn subject(replay: &Replay) -> AutoscalerId {
    AutoscalerId {
        namespace: replay.object.namespace.clone(),
        name: replay.object.name.clone(),
        kind: replay.object.kind,
    }
}

pub(super) fn column(column: Column) -> &'static str {
    match column {
        Column::Today => "today",
        Column::Manifest => "manifest",
        Column::Simulated => "simulated",
        Column::Proposed => "proposed",
    }
}

/// Whose settings they are.
pub(super) fn whose(column: Column) -> &'static str {
    match column {
        Column::Today => "today's",
        Column::Manifest => "the manifest's",
        Column::Simulated => "the simulated",
        Column::Proposed => "the proposed",
    }
}

pub(super) fn header(column: Column) -> String {
    self::column(column).to_uppercase()
}

pub(super) fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Metrics => "metrics",
        Limit::Window => "stabilization window",
        Limit::Policy => "scaling policy",
        Limit::Min => "minimum",
        Limit::Max => "maximum",
        Limit::Loop => "KEDA's scale loop",
        Limit::Nothing => "nothing, for want of metrics",
    }
}

/// `min 6→2`
pub(in crate::output) fn change(change: &Change) -> String {
    let name = match change.knob {
        Knob::Min => "min",
        Knob::Max => "max",
        Knob::Cpu => "cpu",
        Knob::Memory => "memory",
        Knob::ScaleUpWindow => "scale-up window",
        Knob::ScaleUpPolicies => "scale-up policies",
        Knob::ScaleUpTolerance => "scale-up tolerance",
        Knob::ScaleDownWindow => "scale-down window",
        Knob::ScaleDownPolicies => "scale-down policies",
        Knob::ScaleDownTolerance => "scale-down tolerance",
        Knob::Thresholds => "thresholds",
        Knob::CooldownPeriod => "cooldown period",
        Knob::PollingInterval => "polling interval",
        Knob::Fallback => "fallback",
        Knob::Schedule => "schedule",
        Knob::Startup => "startup",
    };
    let value = |it: &Option<Value>| {
        it.as_ref()
            .map_or_else(|| absent(change.knob).to_owned(), |it| of(change.knob, it))
    };
    format!("{name} {}→{}", value(&change.from), value(&change.to))
}

/// Nothing stands in for a fallback or a schedule that is not there.
fn absent(knob: Knob) -> &'static str {
    if matches!(knob, Knob::Fallback | Knob::Schedule) {
        "none"
    } else {
        "default"
    }
}

fn of(knob: Knob, value: &Value) -> String {
    match (value, knob) {
        (
            Value::Number(seconds),
            Knob::ScaleUpWindow
            | Knob::ScaleDownWindow
            | Knob::CooldownPeriod
            | Knob::PollingInterval
            | Knob::Startup,
        ) => window(*seconds),
        (Value::Thresholds(all), _) => {
            let each = all
                .iter()
                .map(|(index, text)| format!("{text} of trigger {index}"));
            format!("({})", each.collect::<Vec<_>>().join(", "))
        }
        (Value::Fallback(fallback), _) => {
            let (replicas, failures) = (fallback.replicas, fallback.failure_threshold);
            format!("({replicas} after {failures} failures)")
        }
        (Value::Schedule(plan), _) => {
            // Commas stand between settings too.
            format!("({plan})")
        }
        (Value::Number(percent), Knob::Cpu | Knob::Memory) => format!("{percent}%"),
        (Value::Number(number), _) => number.to_string(),
        (Value::Share(share), _) => format!("{}%", (share * 1e6).round() / 1e4),
        (Value::Policies(policies), _) => {
            let text = policies.to_string();
            // Commas stand between settings too.
            if text.contains(',') {
                format!("({text})")
            } else {
                text
            }
        }
    }
}

/// `items` after `label`, with commas between them, on as many lines as `width` asks for.
pub(super) fn listed(label: &str, items: &[String], width: usize) -> Vec<String> {
    let indent = " ".repeat(label.chars().count());
    let mut lines = vec![label.to_owned()];
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        let piece = format!(" {item}{comma}");
        let last = lines.len() - 1;
        let length = lines[last].chars().count();
        let is_full = length + piece.chars().count() > width;
        if is_full && length > indent.len() {
            lines.push(format!("{indent}{piece}"));
        } else {
            lines[last].push_str(&piece);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::behavior::{DEFAULT_UP, Policies, Select};

    #[test]
    fn settings_are_told_as_people_write_them() {
        let number = |it| Some(Value::Number(it));
        let policies = Some(Value::Policies(Policies {
            select: Select::Max,
            policies: DEFAULT_UP.to_vec(),
        }));
        let cases = [
            (Knob::Min, number(6), number(2), "min 6→2"),
            (Knob::Cpu, number(70), number(65), "cpu 70%→65%"),
            (
                Knob::ScaleDownWindow,
                number(300),
                number(90),
                "scale-down window 5m→90s",
            ),
            (
                Knob::ScaleUpTolerance,
                Some(Value::Share(0.1)),
                Some(Value::Share(0.025)),
                "scale-up tolerance 10%→2.5%",
            ),
            (
                Knob::ScaleUpPolicies,
                None,
                policies,
                "scale-up policies default→(the most of 4 pods/15s, 100%/15s)",
            ),
        ];
        for (knob, from, to, expected) in cases {
            assert_eq!(change(&Change { knob, from, to }), expected);
        }
    }

    #[test]
    fn a_list_continues_below_its_first_item() {
        let items = ["min 6→2", "max 10→12", "cpu 70%→65%"].map(str::to_owned);
        assert_eq!(
            listed("simulated:", &items, 32),
            ["simulated: min 6→2, max 10→12,", "           cpu 70%→65%"]
        );
        assert_eq!(
            listed("x:", &items, 1),
            ["x: min 6→2,", "   max 10→12,", "   cpu 70%→65%"]
        );
    }
}
