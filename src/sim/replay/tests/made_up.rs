//! Made-up autoscalers of every kind, with made-up loads.

use proptest::prelude::*;

use super::single::{Case, Loaded};
use super::*;
use crate::autoscaler::behavior::{Amount, Behavior, Policy, Rules, Select};
use crate::sim::pod::{Amounts, Container, Role, Template};
use crate::units::Quantity;

fn rules() -> impl Strategy<Value = Rules> {
    let select = prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)];
    let amount = prop_oneof![
        (1..10_u32).prop_map(Amount::Pods),
        (1..200_u32).prop_map(Amount::Percent)
    ];
    let policy = (amount, 1..400_u32).prop_map(|(amount, period_seconds)| Policy {
        amount,
        period_seconds,
    });
    let policies = proptest::option::of(proptest::collection::vec(policy, 1..3));
    let tolerance = proptest::option::of((0..300_u32).prop_map(|it| quantity(i64::from(it))));
    (
        proptest::option::of(0..700_u32),
        select,
        policies,
        tolerance,
    )
        .prop_map(|(window_seconds, select, policies, tolerance)| Rules {
            window_seconds,
            select: Some(select),
            policies,
            tolerance,
        })
}

pub(super) fn behavior() -> impl Strategy<Value = Option<Behavior>> {
    proptest::option::of((rules(), rules()).prop_map(|(up, down)| Behavior {
        scale_up: Some(up),
        scale_down: Some(down),
    }))
}

/// What a metric is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    /// CPU of the container that serves: the demand.
    App,
    /// CPU of another container.
    Sidecar,
    /// CPU of whole pods.
    Pod,
    Memory,
    PodsMetric,
    Object,
    External,
}

impl About {
    pub(super) const ALL: [Self; 7] = [
        Self::App,
        Self::Sidecar,
        Self::Pod,
        Self::Memory,
        Self::PodsMetric,
        Self::Object,
        Self::External,
    ];

    /// The load of all pods at any moment; a total may be negative.
    fn amount(self) -> std::ops::Range<i64> {
        match self {
            Self::Object | Self::External => -20..20_000,
            Self::App | Self::Sidecar | Self::Pod | Self::Memory | Self::PodsMetric => 0..20_000,
        }
    }
}

/// What each container asks for: CPU and memory of the one that serves, and of the other.
type Requests = [i64; 4];

/// A metric before it has its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) about: About,
    pub(super) percent: u32,
    pub(super) amount: i64,
    /// Whether the target is an average rather than a utilization or a value.
    pub(super) by_average: bool,
    pub(super) limit: Option<i64>,
    pub(super) idle: i64,
}

impl Wish {
    fn metric(self) -> Metric {
        let average = Target::AverageValue(quantity(self.amount));
        let by_pod = match self.by_average {
            true => average,
            false => Target::Utilization(self.percent),
        };
        let whole = match self.by_average {
            true => average,
            false => Target::Value(quantity(self.amount)),
        };
        let of = |container: &str| Metric::ContainerResource {
            resource: Resource::Cpu,
            container: container.to_owned(),
            target: by_pod,
        };
        let resource = |resource| Metric::Resource {
            resource,
            target: by_pod,
        };
        let name = "load".to_owned();
        match self.about {
            About::App => of("app"),
            About::Sidecar => of("sidecar"),
            About::Pod => resource(Resource::Cpu),
            About::Memory => resource(Resource::Memory),
            About::PodsMetric => Metric::Pods {
                name,
                target: average,
            },
            About::Object => Metric::Object {
                name,
                described: "Ingress/main".to_owned(),
                target: whole,
            },
            About::External => Metric::External {
                name,
                target: whole,
            },
        }
    }

    fn input(self, requests: Requests, place: usize) -> Input {
        let [app_cpu, app_memory, cpu, memory] = requests;
        let shared = |request, is_cpu| Input::Shared {
            place,
            share: Share {
                request,
                limit: self.limit,
                idle: self.idle,
                is_cpu,
            },
        };
        match self.about {
            About::App => Input::Demand,
            About::Sidecar => shared(cpu, true),
            About::Pod => shared(app_cpu + cpu, true),
            About::Memory => shared(app_memory + memory, false),
            About::PodsMetric => shared(0, false),
            About::Object | About::External => Input::Total { place },
        }
    }
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = (
        proptest::sample::select(About::ALL.to_vec()),
        10..250_u32,
        1..2_000_i64,
        any::<bool>(),
        proptest::option::of(1..3_000_i64),
        0..200_i64,
    );
    let wish = wish.prop_map(|(about, percent, amount, by_average, limit, idle)| Wish {
        about,
        percent,
        amount,
        by_average,
        limit,
        idle,
    });
    proptest::collection::vec(wish, 1..4)
}

pub(super) fn template(requests: Requests) -> Template {
    let container = |name: &str, cpu, memory| Container {
        name: name.to_owned(),
        role: Role::Main,
        requests: Amounts(vec![
            (Resource::Cpu, quantity(cpu)),
            (Resource::Memory, quantity(memory)),
        ]),
    };
    let [app_cpu, app_memory, cpu, memory] = requests;
    Template {
        containers: vec![
            container("app", app_cpu, app_memory),
            container("sidecar", cpu, memory),
        ],
        ..Template::default()
    }
}

/// So many thousandths.
pub(super) fn quantity(thousandths: i64) -> Quantity {
    format!("{thousandths}m").parse().unwrap()
}

/// Demand and the loads of each metric, which stay for some syncs; some of them are gaps.
fn loads(wishes: Vec<Wish>) -> impl Strategy<Value = Vec<Loaded>> {
    let known =
        |range: std::ops::Range<i64>| prop_oneof![9 => range.prop_map(Some), 1 => Just(None)];
    let others: Vec<_> = wishes.iter().map(|it| known(it.about.amount())).collect();
    let one = (1..40_u32, known(0..20_000), 0..5_000_i64, others);
    let one = one.prop_map(|(ticks, demand, burst, others)| {
        let peak = demand.map_or(0, |it| it + burst);
        let segment = Segment {
            ticks,
            demand,
            peak,
        };
        (segment, others)
    });
    proptest::collection::vec(one, 1..25)
}

fn pods() -> impl Strategy<Value = PodShape> {
    let amounts = (0..2_000_i64, proptest::option::of(1..3_000_i64), 0..200_i64);
    (amounts, 0..700_i64, 0..90_i64).prop_map(|((request, limit, idle), startup, window)| {
        PodShape {
            request,
            limit,
            idle,
            startup: SignedDuration::from_secs(startup),
            window: SignedDuration::from_secs(window),
        }
    })
}

/// Steps of the minimum, at syncs and between them.
fn floors() -> impl Strategy<Value = Vec<Floor>> {
    let steps = proptest::collection::vec((1..4_000_i64, 0..45_i32), 0..6);
    steps.prop_map(|steps| {
        let mut second = 0;
        let step = |(length, min)| {
            second += length;
            let from = after(at(0), SignedDuration::from_secs(second));
            Floor { from, min }
        };
        steps.into_iter().map(step).collect()
    })
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let requests = (0..2_000_i64, 0..1_000_i64, 0..2_000_i64);
    let wishes = wishes().prop_flat_map(|it| (Just(it.clone()), loads(it)));
    let min = prop_oneof![Just(0), 1..6_i32];
    let range = (min, 0..40_i32, 0..50_i32, any::<bool>());
    (wishes, pods(), requests, behavior(), range, floors()).prop_map(
        |((wishes, loads), pods, (app_memory, cpu, memory), behavior, range, floors)| {
            let (min, width, replicas, scale_to_zero) = range;
            let requests = [pods.request, app_memory, cpu, memory];
            let flags = Flags {
                scale_to_zero,
                ..Flags::default()
            };
            let inputs = wishes.iter().enumerate();
            Case {
                settings: Settings {
                    min,
                    max: (min + width).max(1),
                    metrics: wishes.iter().map(|it| it.metric()).collect(),
                    tolerance: Tolerance::of(behavior.as_ref(), &flags),
                    pace: behavior.map(|it| Pace::of(&it, &flags)),
                },
                flags,
                pods,
                template: template(requests),
                inputs: inputs.map(|(at, it)| it.input(requests, at)).collect(),
                replicas,
                floors,
                loads,
            }
        },
    )
}
