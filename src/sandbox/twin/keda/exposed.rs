//! What the operator tells of triggers on its page of metrics, and whose queries are known.

use super::{Known, Operator};
use crate::sandbox::history::triggers::{Told, VALUES};
use crate::sandbox::twin::Twin;
use crate::sandbox::twin::fields::{items, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::samples::Each;

impl Known {
    /// Keeps what a pass read. A trigger whose source failed is told with its value from before, as
    /// KEDA does.
    pub(super) fn keep(&mut self, values: &[Option<f64>]) {
        self.told.resize(values.len(), None);
        for (told, value) in self.told.iter_mut().zip(values) {
            *told = value.or(*told);
        }
    }
}

impl Operator {
    /// Shows the values of all triggers whose loops run.
    pub(in crate::sandbox::twin) fn expose(&self, each: &mut Each<'_>) {
        for (name, known) in &self.objects {
            let Some(parts) = known.parts.as_ref().filter(|_| known.next_poll.is_some()) else {
                continue;
            };
            let all = parts.fed.iter().zip(&parts.externals).zip(&known.told);
            for ((fed, external), value) in all {
                let told = Told {
                    namespace: &name.namespace,
                    object: &name.name,
                    index: &fed.index.to_string(),
                    scaler: &format!("{}Scaler", fed.kind),
                    metric: &external.metric,
                    kind: "scaledobject",
                };
                if let Some(value) = value {
                    each(VALUES, &told.labels(), *value);
                }
            }
        }
    }
}

impl Twin {
    /// The trigger that asks a Prometheus exactly this, if its value is told from outside.
    pub(crate) fn asking(&self, query: &str) -> Option<(Name, usize)> {
        let objects = self.stage.world.all(Of::ScaledObject);
        let mut all = objects.flat_map(|(name, object)| {
            let triggers = items(object, "/spec/triggers").iter().enumerate();
            triggers.map(move |(index, trigger)| (name, index, trigger))
        });
        let (name, index, _) = all.find(|(name, index, trigger)| {
            let asks =
                text(trigger, "/type") == "prometheus" && text(trigger, "/metadata/query") == query;
            asks && self.keda.triggers().tells_of(name, *index)
        })?;
        Some((name.clone(), index))
    }
}
