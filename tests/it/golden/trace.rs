//! Closed loops: the controller's decisions move the plant that it watches.

use jiff::Timestamp;
use serde::Deserialize;
use stepscale::autoscaler::{Holds, Metric};
use stepscale::sim::condition::Kind;
use stepscale::sim::flags::Flags;
use stepscale::sim::memory::Memory;
use stepscale::sim::pod::Sample;
use stepscale::sim::proposal::{MetricError, Reading, Reported, Scene};
use stepscale::sim::settings::Settings;
use stepscale::sim::sync::{Explained, Found, State, SyncError, Written, plan, settle};
use stepscale::sim::tally::Valued;
use stepscale::sim::totals::Scale;

use super::compare;
use super::input::{ControllerInput, HpaInput, SpecInput, class};
use super::plant::{Demand, Parameters, Plant};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trace {
    pub(super) ticks: usize,
    pub(super) start: Timestamp,
    pub(super) sync_times_ms: Option<Vec<i64>>,
    pub(super) controller: ControllerInput,
    pub(super) hpa: HpaInput,
    pub(super) plant: Parameters,
    pub(super) series: Series,
    pub(super) events: Option<Vec<Event>>,
    pub(super) expected: Expected,
}

impl Trace {
    /// Whether the API that answers for `metric` is out at `tick`.
    pub(super) fn is_out(&self, metric: &Metric, tick: usize) -> bool {
        let during = |event: &Event, ticks: usize| (event.tick..event.tick + ticks).contains(&tick);
        let mut events = self.events.iter().flatten();
        events.any(|event| match (&event.what, metric) {
            (
                What::ResourceOutage { ticks },
                Metric::Resource { .. } | Metric::ContainerResource { .. },
            )
            | (What::CustomOutage { ticks }, Metric::Pods { .. } | Metric::Object { .. })
            | (What::ExternalOutage { ticks }, Metric::External { .. }) => during(event, *ticks),
            _ => false,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Series {
    pub(super) cpu_millicores: Option<Vec<i64>>,
    pub(super) pods_milli: Option<Vec<i64>>,
    pub(super) external_milli: Option<Vec<i64>>,
    pub(super) object_milli: Option<Vec<i64>>,
    pub(super) queue_arrivals: Option<Vec<i64>>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) tick: usize,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum What {
    SetReplicas { replicas: i32 },
    ReplacePods { count: usize },
    SetSpec { spec: Box<SpecInput> },
    RestartController,
    UnreadyPods { count: usize, ticks: usize },
    DropPodMetrics { ticks: usize, every: u32 },
    ResourceOutage { ticks: usize },
    CustomOutage { ticks: usize },
    ExternalOutage { ticks: usize },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) current_replicas: Vec<i32>,
    desired_replicas: Vec<i32>,
    pub(super) ready_pods: Vec<i64>,
    pub(super) recommendation: Vec<Option<i32>>,
    metric_values: Vec<Vec<Option<i64>>>,
    conditions: Vec<usize>,
    pub(super) reasons: Vec<isize>,
    pub(super) errors: Vec<isize>,
    pub(super) queue: Option<Vec<i64>>,
    condition_table: Vec<String>,
    pub(super) reason_table: Vec<String>,
    error_table: Vec<String>,
}

/// What one sync showed.
struct Shown {
    current: i32,
    desired: i32,
    ready: i64,
    recommendation: Option<i32>,
    metrics: Vec<Option<i64>>,
    conditions: String,
    reason: Option<String>,
    error: Option<&'static str>,
    queue: i64,
}

pub(super) fn check(trace: &Trace) -> (usize, Vec<String>) {
    let flags = trace.controller.flags();
    let start_ms = trace.start.as_millisecond();
    let mut run = Run {
        trace,
        flags,
        settings: trace.hpa.spec.settings(&flags),
        state: State {
            memory: Memory::default(),
            status: trace.hpa.status.status(),
        },
        plant: Plant::new(&trace.plant, start_ms),
    };
    for tick in 0..trace.ticks {
        let times = trace.sync_times_ms.as_ref();
        let offset = times.map_or(15_000 * tick as i64, |it| it[tick]);
        let shown = run.tick(tick, start_ms + offset);
        let differences = trace
            .expected
            .compare(tick, &shown, trace.plant.has_queue());
        if !differences.is_empty() {
            let name = format!("tick {tick}");
            return (tick, vec![name, differences.join(", ")]);
        }
    }
    (trace.ticks, Vec::new())
}

struct Run<'a> {
    trace: &'a Trace,
    flags: Flags,
    settings: Settings,
    state: State,
    plant: Plant<'a>,
}

impl Run<'_> {
    fn tick(&mut self, tick: usize, now_ms: i64) -> Shown {
        self.happen(tick, now_ms);
        self.plant.advance(tick, now_ms);
        self.disturb(tick, now_ms);
        self.plant.load(self.trace.series.at(tick), now_ms);
        self.sync(tick, now_ms)
    }

    fn events(&self, tick: usize) -> impl Iterator<Item = &What> + use<'_> {
        let all = self.trace.events.iter().flatten();
        all.filter(move |it| it.tick == tick).map(|it| &it.what)
    }

    /// Step 2.
    fn happen(&mut self, tick: usize, now_ms: i64) {
        let trace = self.trace;
        let events = trace.events.iter().flatten().filter(|it| it.tick == tick);
        for event in events {
            match &event.what {
                What::SetReplicas { replicas } => self.plant.set_replicas(*replicas, now_ms),
                What::ReplacePods { count } => self.plant.replace(*count, now_ms),
                What::SetSpec { spec } => self.settings = spec.settings(&self.flags),
                What::RestartController => self.state.memory = Memory::default(),
                What::UnreadyPods { .. }
                | What::DropPodMetrics { .. }
                | What::ResourceOutage { .. }
                | What::CustomOutage { .. }
                | What::ExternalOutage { .. } => {}
            }
        }
    }

    /// Step 4.
    fn disturb(&mut self, tick: usize, now_ms: i64) {
        let disturbances: Vec<_> = self
            .events(tick)
            .filter_map(|it| match it {
                What::UnreadyPods { count, ticks } => Some((*count, tick + ticks)),
                _ => None,
            })
            .collect();
        for (count, until) in disturbances {
            self.plant.disturb(count, until, now_ms);
        }
    }

    /// Steps 7 to 9.
    fn sync(&mut self, tick: usize, now_ms: i64) -> Shown {
        let now = Timestamp::from_millisecond(now_ms).unwrap();
        let scale = Scale {
            current: self.plant.replicas,
            observed: self.plant.count(),
        };
        let metrics = self.settings.metrics.iter();
        let answers: Vec<_> = metrics.map(|it| self.answer(it, tick)).collect();
        let readings: Vec<_> = answers.iter().map(Answer::reading).collect();
        let pods = self.plant.seen(now_ms);
        let scene = Scene {
            scale,
            pods: &pods,
            readings: &readings,
        };
        let found = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let mut shown = vec![None; self.settings.metrics.len()];
        let (settings, flags) = (&self.settings, &self.flags);
        let plan = plan(settings, flags, &mut self.state, found, now, |index| {
            let proposal = scene.propose(settings, index, flags, now);
            shown[index] = proposal.ok().and_then(|it| shown_value(it.reported));
            proposal
        });
        let ended = settle(settings, flags, &mut self.state, &plan, Written::Done, now);
        let explained = Explained {
            reason: plan.reason,
            metrics: &settings.metrics,
        };
        let reason = plan.scale_to().map(|_| explained.to_string());
        let ready = self.plant.ready();
        let shown = self.show(&plan, shown, ready, reason, ended.err());
        if let Some(replicas) = plan.scale_to() {
            self.plant.set_replicas(replicas, now_ms);
        }
        shown
    }

    fn show(
        &self,
        plan: &stepscale::sim::sync::Plan,
        metrics: Vec<Option<i64>>,
        ready: i64,
        reason: Option<String>,
        error: Option<SyncError>,
    ) -> Shown {
        Shown {
            current: plan.current,
            desired: self.state.status.desired,
            ready,
            recommendation: plan.recommendation,
            metrics,
            conditions: conditions(&self.state),
            reason,
            error: error.map(class),
            queue: self.plant.backlog,
        }
    }

    fn answer(&self, metric: &Metric, tick: usize) -> Answer {
        if self.trace.is_out(metric, tick) {
            return Answer::Failed(MetricError::MetricsApi);
        }
        match metric {
            Metric::Object { .. } | Metric::External { .. } => {
                Answer::Total([self.plant.total(metric)])
            }
            Metric::Resource { .. } | Metric::ContainerResource { .. } | Metric::Pods { .. } => {
                let every = self.dropped(tick);
                let drops = |index: u32| every.is_some_and(|it| index.is_multiple_of(it));
                let published = self.plant.published(metric, drops);
                published.map_or_else(Answer::Failed, Answer::Pods)
            }
        }
    }

    /// The indexes of which pods' samples are left out are multiples of this.
    fn dropped(&self, tick: usize) -> Option<u32> {
        let events = self.trace.events.iter().flatten();
        let mut drops = events.filter_map(|it| match it.what {
            What::DropPodMetrics { ticks, every } => {
                let during = (it.tick..it.tick + ticks).contains(&tick);
                during.then_some(every)
            }
            _ => None,
        });
        drops.next_back()
    }
}

enum Answer {
    Pods(Vec<Option<Sample>>),
    Total([i64; 1]),
    Failed(MetricError),
}

impl Answer {
    fn reading(&self) -> Reading<'_> {
        match self {
            Self::Pods(samples) => Reading::Pods {
                samples,
                gone: Valued::default(),
            },
            Self::Total(value) => Reading::Series(value),
            Self::Failed(err) => Reading::Failed(*err),
        }
    }
}

impl Series {
    pub(super) fn at(&self, tick: usize) -> Demand {
        let at = |series: &Option<Vec<i64>>| series.as_ref().map_or(0, |it| it[tick]);
        Demand {
            cpu: at(&self.cpu_millicores),
            pods: at(&self.pods_milli),
            external: at(&self.external_milli),
            object: at(&self.object_milli),
            arrivals: at(&self.queue_arrivals),
        }
    }
}

fn shown_value(reported: Reported) -> Option<i64> {
    let utilization = reported.utilization.map(i64::from);
    utilization.or(reported.value)
}

fn conditions(state: &State) -> String {
    let shown = Kind::ALL.iter().filter_map(|kind| {
        let condition = state.status.conditions.get(*kind)?;
        let holds = match condition.holds {
            Holds::Yes => "True",
            Holds::No => "False",
            Holds::Unknown => "Unknown",
        };
        Some(format!("{kind}={holds}/{}", condition.reason))
    });
    shown.collect::<Vec<_>>().join(" ")
}

impl Expected {
    fn compare(&self, tick: usize, shown: &Shown, has_queue: bool) -> Vec<String> {
        let mut out = Vec::new();
        compare(
            &mut out,
            "current",
            &shown.current,
            &self.current_replicas[tick],
        );
        compare(
            &mut out,
            "desired",
            &shown.desired,
            &self.desired_replicas[tick],
        );
        compare(&mut out, "ready", &shown.ready, &self.ready_pods[tick]);
        let recommendation = &self.recommendation[tick];
        compare(
            &mut out,
            "recommendation",
            &shown.recommendation,
            recommendation,
        );
        let metrics: Vec<_> = self.metric_values.iter().map(|it| it[tick]).collect();
        compare(&mut out, "metrics", &shown.metrics, &metrics);
        let wanted = &self.condition_table[self.conditions[tick]];
        compare(&mut out, "conditions", &shown.conditions, wanted);
        let wanted = named(&self.reason_table, self.reasons[tick]);
        compare(&mut out, "reason", &shown.reason.as_deref(), &wanted);
        let wanted = named(&self.error_table, self.errors[tick]);
        compare(&mut out, "error", &shown.error, &wanted);
        if let Some(queue) = self.queue.as_ref().filter(|_| has_queue) {
            compare(&mut out, "queue", &shown.queue, &queue[tick]);
        }
        out
    }
}

pub(super) fn named(table: &[String], index: isize) -> Option<&str> {
    let index = usize::try_from(index).ok()?;
    Some(table[index].as_str())
}
