//! Pods as the controller sees them.

use jiff::{SignedDuration, Timestamp};

use crate::autoscaler::{Holds, Resource};
use crate::units::Quantity;

/// One pod that the scale target's selector matches.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    pub template: &'a Template,
    pub phase: Phase,
    pub is_deleted: bool,
    /// `status.startTime`, whole seconds.
    pub started: Option<Timestamp>,
    /// The Ready condition.
    pub ready: Option<Ready>,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// The Ready condition of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub holds: Holds,
    /// When `holds` last changed, whole seconds.
    pub since: Timestamp,
}

/// What a pod's spec asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// Init containers first, each kind in the order of the pod.
    pub containers: Vec<Container>,
    /// `spec.resources.requests`.
    pub pod_level: Amounts,
    pub overhead: Amounts,
}

/// One container of a [`Template`].
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub name: String,
    pub role: Role,
    pub requests: Amounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Main,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    /// An init container that ends.
    Init,
}

/// Amounts of resources; one that is not here was not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts(pub Vec<(Resource, Quantity)>);

impl Amounts {
    pub fn get(&self, resource: &Resource) -> Option<Quantity> {
        let mut all = self.0.iter();
        all.find(|(it, _)| it == resource)
            .map(|(_, amount)| *amount)
    }
}

/// One pod's value of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Thousandths of the metric's unit.
    pub value: i64,
    /// The end of what was measured.
    pub at: Timestamp,
    /// How long was measured.
    pub window: SignedDuration,
}

impl Sample {
    /// The value of a whole pod: the usage of its containers, each rounded up to thousandths.
    /// `None` where one of them has no value, and for a pod without containers.
    pub fn of_pod(usage: impl IntoIterator<Item = Option<Quantity>>) -> Option<i64> {
        let mut sum: Option<i64> = None;
        for one in usage {
            let value = super::numbers::milli(one?);
            sum = Some(sum.unwrap_or(0).wrapping_add(value));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_has_a_value_if_each_of_its_containers_has() {
        let amount = |text: &str| Some(text.parse::<Quantity>().unwrap());
        let table = [
            (vec![amount("1n"), amount("100m")], Some(101)),
            (vec![amount("100m"), None], None),
            (vec![], None),
        ];
        for (usage, expected) in table {
            assert_eq!(Sample::of_pod(usage.clone()), expected, "{usage:?}");
        }
    }
}
