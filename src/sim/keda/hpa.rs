//! The HPA that KEDA makes of a ScaledObject, as a replay needs it.

use super::formula::Modifiers;
use super::settings::LoopSettings;
use super::state::COMPOSITE;
use super::trigger::Trigger;
use crate::autoscaler::behavior::{Behavior, Rules, Select};
use crate::autoscaler::{Metric, Target};
use crate::sim::flags::Flags;
use crate::sim::input::Input;
use crate::sim::settings::{Pace, Settings, Tolerance};
use crate::units::{Quantity, thousandths};

/// An HPA and where its metrics come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Hpa {
    pub settings: Settings,
    /// Beside the metrics of the settings.
    pub feeds: Vec<Feed>,
}

/// Where the values of a metric come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The external trigger at this place among the external ones.
    Trigger(usize),
    /// The formula.
    Composite,
    /// The pods.
    Pods(Input),
}

impl Hpa {
    /// The HPA of an object with `triggers` and `behavior`, under a controller with `flags`.
    ///
    /// It scales down to one pod at least; zero and idle are the loop's. With a formula, its
    /// metric stands for all external ones, and those of single containers are left out.
    pub fn of(
        object: &LoopSettings,
        triggers: &[Trigger],
        modifiers: Option<&Modifiers<'_>>,
        behavior: Option<&Behavior>,
        flags: &Flags,
    ) -> Self {
        let behavior = paused(behavior, object);
        let (metrics, feeds) = metrics(triggers, modifiers).into_iter().unzip();
        Self {
            settings: Settings {
                min: object.active_min(),
                max: object.max,
                metrics,
                tolerance: Tolerance::of(behavior.as_ref(), flags),
                pace: behavior.as_ref().map(|it| Pace::of(it, flags)),
            },
            feeds,
        }
    }
}

/// The behavior, with the direction switched off that the object pauses.
fn paused(behavior: Option<&Behavior>, object: &LoopSettings) -> Option<Behavior> {
    let mut behavior = behavior.cloned();
    let disable = |rules: &mut Option<Rules>| {
        rules.get_or_insert_default().select = Some(Select::Disabled);
    };
    if object.annotations.paused_scale_in {
        disable(&mut behavior.get_or_insert_default().scale_down);
    }
    if object.annotations.paused_scale_out {
        disable(&mut behavior.get_or_insert_default().scale_up);
    }
    behavior
}

fn metrics(triggers: &[Trigger], modifiers: Option<&Modifiers<'_>>) -> Vec<(Metric, Feed)> {
    let mut all: Vec<_> = match modifiers {
        Some(modifiers) => vec![(composite(modifiers), Feed::Composite)],
        None => {
            let external = triggers.iter().filter_map(Trigger::external).enumerate();
            let metric = |(index, it): (usize, &super::trigger::External)| {
                let metric = Metric::External {
                    name: it.metric.clone(),
                    target: it.target,
                };
                (metric, Feed::Trigger(index))
            };
            external.map(metric).collect()
        }
    };
    all.extend(triggers.iter().filter_map(|it| match it {
        Trigger::Resource {
            metric: Metric::ContainerResource { .. },
            ..
        } if modifiers.is_some() => None,
        Trigger::Resource { metric, input } => Some((metric.clone(), Feed::Pods(*input))),
        Trigger::External(_) => None,
    }));
    all.sort_by_key(|(metric, _)| order(metric));
    all
}

/// KEDA sorts by the name of the type, which decides which of equal metrics is named as a reason.
fn order(metric: &Metric) -> u8 {
    match metric {
        Metric::ContainerResource { .. } => 0,
        Metric::External { .. } => 1,
        Metric::Object { .. } => 2,
        Metric::Pods { .. } => 3,
        Metric::Resource { .. } => 4,
    }
}

fn composite(modifiers: &Modifiers<'_>) -> Metric {
    let milli = thousandths::cut(modifiers.target.value).unwrap_or_default();
    // Thousandths of 64 bits are a quantity in any case.
    let quantity: Quantity = format!("{milli}m").parse().unwrap_or_default();
    Metric::External {
        name: COMPOSITE.to_owned(),
        target: match modifiers.target.is_of_whole {
            true => Target::Value(quantity),
            false => Target::AverageValue(quantity),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::Resource;
    use crate::sim::keda::annotations::Annotations;
    use crate::sim::keda::formula::{Formula, FormulaTarget};
    use crate::sim::keda::trigger::External;

    fn external(metric: &str) -> Trigger {
        Trigger::External(External {
            metric: metric.to_owned(),
            target: Target::Value("7".parse().unwrap()),
            activation: 0.0,
            is_cached: false,
        })
    }

    fn resource(container: Option<&str>) -> Trigger {
        let target = Target::Utilization(50);
        let metric = match container {
            None => Metric::Resource {
                resource: Resource::Cpu,
                target,
            },
            Some(container) => Metric::ContainerResource {
                resource: Resource::Cpu,
                container: container.to_owned(),
                target,
            },
        };
        let input = Input::Demand;
        Trigger::Resource { metric, input }
    }

    fn triggers() -> [Trigger; 4] {
        [
            resource(None),
            external("s1-a"),
            resource(Some("app")),
            external("s3-b"),
        ]
    }

    #[test]
    fn every_trigger_is_a_metric_and_the_lowest_count_is_one() {
        let object = LoopSettings::default();
        let found = Hpa::of(&object, &triggers(), None, None, &Flags::default());
        let expected = [
            Feed::Pods(Input::Demand),
            Feed::Trigger(0),
            Feed::Trigger(1),
            Feed::Pods(Input::Demand),
        ];
        assert_eq!(found.feeds, expected);
        let settings = &found.settings;
        assert_eq!((settings.min, settings.max), (1, 100));
        assert_eq!(settings.pace, None);
        let order: Vec<_> = settings.metrics.iter().map(order).collect();
        assert_eq!(order, [0, 1, 1, 4]);
    }

    #[test]
    fn a_formula_stands_for_all_external_metrics() {
        let modifiers = Modifiers {
            formula: Formula(&|_| Ok(None)),
            target: FormulaTarget::of("2.5", false).unwrap(),
            activation: 0.0,
        };
        let object = LoopSettings::default();
        let found = Hpa::of(
            &object,
            &triggers(),
            Some(&modifiers),
            None,
            &Flags::default(),
        );
        assert_eq!(found.feeds, [Feed::Composite, Feed::Pods(Input::Demand)]);
        let composite = Metric::External {
            name: COMPOSITE.to_owned(),
            target: Target::AverageValue("2500m".parse().unwrap()),
        };
        assert_eq!(found.settings.metrics[0], composite);
    }

    #[test]
    fn a_direction_that_is_paused_is_switched_off() {
        let object = LoopSettings {
            annotations: Annotations {
                paused_scale_in: true,
                ..Annotations::default()
            },
            ..LoopSettings::default()
        };
        let found = Hpa::of(&object, &triggers(), None, None, &Flags::default());
        let pace = found.settings.pace.unwrap();
        assert_eq!(
            (pace.up.select, pace.down.select),
            (Select::Max, Select::Disabled)
        );
    }
}
