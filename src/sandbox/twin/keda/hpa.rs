//! The HPA that a ScaledObject owns: made, kept as it is to be, and taken away.

use std::sync::Arc;

use serde_json::{Value, json};

use super::object::Parts;
use super::status::Status;
use crate::autoscaler::Holds;
use crate::keda::hpa::{GeneratedHpa, generate};
use crate::keda::objects::ScaledObject;
use crate::sandbox::twin::fields::{self, items, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sandbox::twin::world::World;

/// The release of KEDA that this is like, which labels tell.
pub(super) const VERSION: &str = "2.20.2";

/// The HPA as it was written last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) name: Name,
    generated: Value,
    /// As the server keeps it, with its defaults.
    spec: Value,
}

impl Written {
    /// Whether nobody else changed it.
    pub(super) fn is_there(&self, world: &World) -> bool {
        let found = world.get(Of::Hpa, &self.name);
        found.is_some_and(|it| it["spec"] == self.spec)
    }
}

/// What was done for an object.
pub(super) struct Ensured {
    pub(super) written: Written,
    pub(super) is_new: bool,
    pub(super) generated: GeneratedHpa,
}

/// Sees to it that the HPA is there and as it is to be.
///
/// # Errors
/// When there can be none, or the server refuses it.
pub(super) fn ensure(
    stage: &mut Stage,
    object: &ScaledObject,
    parts: &Parts,
    status: &Status,
    known: Option<&Written>,
) -> Result<Ensured, String> {
    let generated = generate(object, parts.metrics.clone(), VERSION);
    let generated = generated.map_err(|it| it.to_string())?;
    let mut wanted = generated.to_json();
    wanted["metadata"]["ownerReferences"][0]["uid"] = json!(object.metadata.uid);
    let name = Name::new(&generated.namespace, &generated.name);
    let before = status.get("hpaName").as_str().unwrap_or_default();
    if !before.is_empty() && before != generated.name {
        remove(
            stage,
            &Name::new(&generated.namespace, before),
            &object.metadata.uid,
        );
    }
    let existing = stage.world.get(Of::Hpa, &name).cloned();
    let is_new = existing.is_none();
    let kept = match existing {
        None => stage.world.create(Of::Hpa, wanted.clone()),
        Some(existing) => {
            let same = known.filter(|it| it.generated == wanted && it.is_there(&stage.world));
            match same {
                Some(_) => Ok(existing),
                None => stage.world.update(Of::Hpa, over(&existing, &wanted)),
            }
        }
    };
    let kept = kept.map_err(|it| it.message)?;
    let written = Written {
        name,
        spec: kept["spec"].clone(),
        generated: wanted,
    };
    Ok(Ensured {
        written,
        is_new,
        generated,
    })
}

/// The HPA that is there with all that is wanted of it.
fn over(existing: &Arc<Value>, wanted: &Value) -> Value {
    let mut object = Value::clone(existing);
    object["spec"] = wanted["spec"].clone();
    for part in ["labels", "annotations", "ownerReferences"] {
        match wanted["metadata"].get(part) {
            Some(value) => fields::set(&mut object, "/metadata", part, value.clone()),
            None => fields::remove(&mut object, "/metadata", part),
        }
    }
    object
}

/// Deletes an HPA that the object with `uid` owns; whether there was one.
pub(super) fn remove(stage: &mut Stage, name: &Name, uid: &str) -> bool {
    let found = stage.world.get(Of::Hpa, name);
    let is_own = found.is_some_and(|it| fields::controller(it) == uid);
    // One that is gone meanwhile is what was wanted.
    is_own && stage.world.delete(Of::Hpa, name).is_ok()
}

/// The condition ScalingActive: whether it holds, and its reason.
pub(super) fn health(hpa: &Value) -> Option<(Holds, &str)> {
    let all = items(hpa, "/status/conditions");
    let found = all.iter().find(|it| text(it, "/type") == "ScalingActive")?;
    let holds = match text(found, "/status") {
        "True" => Holds::Yes,
        "False" => Holds::No,
        _ => Holds::Unknown,
    };
    Some((holds, text(found, "/reason")))
}
