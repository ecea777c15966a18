//! Conflicts of an apply with the owners of fields, in the words of the API server.

use std::collections::BTreeMap;

use super::element::Element;
use super::managers::{Manager, Operation};
use super::text::quoted;
use super::{Conflict, NotApplied};
use crate::sandbox::status::{Cause, Details, Refusal};

/// Fields that an apply would change, with those who own them in its place.
pub(super) type Conflicts = Vec<(Manager, Vec<Element>)>;

/// The conflicts as they are told.
pub(super) fn told(conflicts: Conflicts) -> NotApplied {
    let tell = |(manager, path): (Manager, Vec<Element>)| Conflict {
        owner: owner(&manager),
        field: path.iter().map(Element::to_string).collect(),
    };
    NotApplied::Conflicts(conflicts.into_iter().map(tell).collect())
}

fn owner(manager: &Manager) -> String {
    let mut owner = quoted(&manager.name);
    if !manager.subresource.is_empty() {
        owner += &format!(" with subresource {}", quoted(&manager.subresource));
    }
    if manager.operation == Operation::Update {
        owner += &format!(" using {}", manager.api_version);
    }
    owner
}

/// The answer that names all conflicts.
pub(super) fn refusal(conflicts: &[Conflict]) -> Refusal {
    let cause = |it: &Conflict| Cause {
        reason: "FieldManagerConflict",
        message: format!("conflict with {}", it.owner),
        field: it.field.clone(),
    };
    let details = Details {
        causes: conflicts.iter().map(cause).collect(),
        ..Details::default()
    };
    Refusal::about(409, "Conflict", message(conflicts), details)
}

fn message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        let (owner, field) = (&only.owner, &only.field);
        return format!("Apply failed with 1 conflict: conflict with {owner}: {field}");
    }
    let mut by_owner: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for conflict in conflicts {
        by_owner
            .entry(&conflict.owner)
            .or_default()
            .push(&conflict.field);
    }
    let mut lines = Vec::new();
    for (owner, fields) in by_owner {
        lines.push(format!("conflicts with {owner}:"));
        lines.extend(fields.iter().map(|it| format!("- {it}")));
    }
    let count = conflicts.len();
    format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
}
