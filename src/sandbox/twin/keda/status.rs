//! The status of a ScaledObject as KEDA writes it.

use serde_json::{Value, json};

use crate::autoscaler::Holds;
use crate::sandbox::twin::fields::{items, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sim::keda::condition::{self, Kind};

/// What is written when a check fails, and what is when a pause is over: reasons that the scale
/// loop never gives.
pub(super) const CHECK_FAILED: &str = "ScaledObjectCheckFailed";
pub(super) const UNKNOWN_STATE: &str = "UnknownState";
pub(super) const UNPAUSED: &str = "ScaledObjectUnpaused";

/// A status that is being written.
pub(super) struct Status(Value);

impl Status {
    /// What the object says of itself, with the conditions that a new one starts with.
    pub(super) fn of(object: &Value) -> Self {
        let mut status = object.get("status").cloned().unwrap_or_default();
        if !status.is_object() {
            status = json!({});
        }
        let mut status = Self(status);
        let known = items(&status.0, "/conditions");
        let types: Vec<&str> = known.iter().map(|it| text(it, "/type")).collect();
        if !Kind::are_initialized(&types) {
            status.0["conditions"] = json!([]);
            for kind in Kind::ALL {
                if let Some(holds) = kind.initial() {
                    status.put(kind, json!({ "status": word(holds) }));
                }
            }
        }
        status
    }

    /// How a condition stands.
    pub(super) fn holds(&self, kind: Kind) -> Holds {
        let all = items(&self.0, "/conditions");
        let found = all.iter().find(|it| text(it, "/type") == kind.name());
        match found.map(|it| text(it, "/status")) {
            Some("True") => Holds::Yes,
            Some("False") => Holds::No,
            _ => Holds::Unknown,
        }
    }

    /// Sets a condition as a pass gives it.
    pub(super) fn tell(&mut self, kind: Kind, condition: &condition::Condition, message: &str) {
        self.say(kind, condition.holds, condition.reason.name(), message);
    }

    pub(super) fn say(&mut self, kind: Kind, holds: Holds, reason: &str, message: &str) {
        let condition = json!({ "status": word(holds), "reason": reason, "message": message });
        self.put(kind, condition);
    }

    fn put(&mut self, kind: Kind, mut condition: Value) {
        condition["type"] = json!(kind.name());
        let Some(all) = self.0["conditions"].as_array_mut() else {
            return;
        };
        match all.iter_mut().find(|it| text(it, "/type") == kind.name()) {
            Some(known) => *known = condition,
            None => all.push(condition),
        }
    }

    pub(super) fn get(&self, field: &str) -> &Value {
        self.0.get(field).unwrap_or(&Value::Null)
    }

    /// Sets a field; null, an empty list, map or text takes it away, as KEDA leaves those out.
    pub(super) fn set(&mut self, field: &str, value: Value) {
        let is_empty = match &value {
            Value::Null => true,
            Value::Array(all) => all.is_empty(),
            Value::Object(all) => all.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if let Some(fields) = self.0.as_object_mut() {
            match is_empty {
                true => drop(fields.remove(field)),
                false => drop(fields.insert(field.to_owned(), value)),
            }
        }
    }

    /// Writes it; whoever wrote in between is not in its way.
    pub(super) fn write(self, stage: &mut Stage, of: Of, name: &Name) {
        let attempt = |stage: &mut Stage| {
            let object = stage.world.get(of, name)?;
            let mut object = Value::clone(object);
            object["status"] = self.0.clone();
            Some(stage.world.update_status(of, object))
        };
        if let Some(Err(_)) = attempt(stage) {
            stage.world.refresh();
            // What is refused once more is written by the next pass.
            let _ = attempt(stage);
        }
    }
}

fn word(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "True",
        Holds::No => "False",
        Holds::Unknown => "Unknown",
    }
}

/// The types of the triggers, and the names of their authentications, each once and in order.
pub(super) fn types_and_authentications(
    triggers: &[crate::keda::objects::Trigger],
) -> (String, String) {
    let once = |all: Vec<&str>| {
        let mut seen: Vec<&str> = Vec::new();
        for it in all {
            if !seen.contains(&it) {
                seen.push(it);
            }
        }
        seen.join(",")
    };
    let types = triggers.iter().map(|it| it.kind.as_str()).collect();
    let references = triggers.iter().filter_map(|it| it.authentication.as_ref());
    let names = references.map(|it| it.name.as_str()).collect();
    (once(types), once(names))
}
