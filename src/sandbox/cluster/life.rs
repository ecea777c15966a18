//! The twin while time passes, and what others learn of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Core;
use crate::sandbox::api::{Api, Proxied, Response};
use crate::sandbox::fleet::Fleet;
use crate::sandbox::history::joined::Joined;
use crate::sandbox::history::triggers::{Before, matchers};
use crate::sandbox::history::{self, Labels, Matcher, Question, Sample, Samples, Span, service};
use crate::sandbox::twin::driver::{self, Achieved, Pace};
use crate::sandbox::twin::keda::feed::{TriggerTrace, Triggers};
use crate::sandbox::twin::{self, Record, Series, Twin};
use crate::sandbox::webhook;

/// A twin whose time passes. Copies are the same one; time stops with the last of them.
#[derive(Clone)]
pub(super) struct Life(Arc<Inner>);

struct Inner {
    twin: Arc<Mutex<Twin>>,
    past: Before,
    /// What is asked for.
    speed: u32,
    has_keda: bool,
    achieved: Achieved,
    driver: JoinHandle<()>,
    /// Nobody waits any more for time that is still to pass.
    is_over: AtomicBool,
}

/// What a life begins with.
pub(super) struct Birth {
    pub(super) fleet: Fleet,
    /// When it begins, whether KEDA runs too, and what is kept of it.
    pub(super) config: twin::Config,
    /// 0 lets the time stand.
    pub(super) speed: u32,
    pub(super) triggers: Vec<TriggerTrace>,
}

/// A twin as its own API server knows it: the twin holds the server, which must not hold the twin.
#[derive(Clone)]
pub(super) struct Distant(Weak<Inner>);

impl Distant {
    /// The twin, unless its sandbox has ended.
    pub(super) fn life(&self) -> Option<Life> {
        self.0.upgrade().map(Life)
    }
}

impl Life {
    /// Lets time pass, in the runtime of the caller; 0 lets it stand.
    fn begin(twin: Twin, past: Before, speed: u32, has_keda: bool) -> Self {
        let twin = Arc::new(Mutex::new(twin));
        let achieved = Achieved::default();
        let pace = match speed {
            0 => Pace::Steps,
            speed => Pace::Speed(f64::from(speed)),
        };
        let driver = driver::drive(Arc::clone(&twin), pace, achieved.clone());
        Self(Arc::new(Inner {
            twin,
            past,
            speed,
            has_keda,
            achieved,
            driver: tokio::spawn(driver),
            is_over: AtomicBool::new(false),
        }))
    }

    /// Brings a fleet to life in the API server, as it is at its start.
    pub(super) fn of(core: &Core, birth: Birth) -> Self {
        let Birth {
            fleet,
            config,
            speed,
            triggers,
        } = birth;
        let (api, start, keda) = (&core.api, config.start, config.keda);
        let objects = fleet.objects.clone();
        api.load(fleet.objects);
        if keda {
            api.serve_external_metrics();
            api.set_webhook(Arc::new(webhook::review));
        }
        let config = twin::Config {
            workloads: fleet.workloads,
            faults: Arc::clone(&core.faults),
            triggers: Triggers::of(triggers.clone()),
            ..config
        };
        let mut twin = Twin::new(Arc::new(api.clone()), core.clock.clone(), config);
        twin.advance(start);
        let past = Before::new(fleet.past, triggers, &objects, keda, start);
        let life = Self::begin(twin, past, speed, keda);
        life.tell(api);
        life
    }

    /// Lets the API server tell the metrics, and makes a service of the history.
    fn tell(&self, api: &Api) {
        let distant = self.distant();
        api.set_metrics(Arc::new(move |plural| {
            let life = distant.life();
            life.map_or_else(Vec::new, |it| it.metrics(plural))
        }));
        api.load(vec![service::namespace(), super::kubernetes()]);
        // One that the seed brought along does as well.
        let _ = api.create("stepscale", service::object());
    }

    pub(super) fn distant(&self) -> Distant {
        Distant(Arc::downgrade(&self.0))
    }

    /// Ends a way forward that somebody waits for.
    pub(super) fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    /// What the history answers, if that is asked.
    pub(super) async fn proxied(self, asked: Proxied, now: Timestamp) -> Option<Response> {
        if !service::is(&asked.namespace, &asked.service, &asked.port) {
            return None;
        }
        let answer = move || {
            let question = Question {
                method: asked.method.as_str(),
                path: &asked.path,
                query: &asked.query,
                body: &asked.body,
                now,
            };
            history::answer(&self, &question)
        };
        tokio::task::spawn_blocking(answer).await.ok()
    }

    pub(super) fn speed(&self) -> u32 {
        self.0.speed
    }

    /// Whether KEDA runs here.
    pub(super) fn has_keda(&self) -> bool {
        self.0.has_keda
    }

    /// How fast time really passed lately.
    pub(super) fn achieved(&self) -> f64 {
        self.0.achieved.speed()
    }

    /// Moves the time forward, with all that happens until then; the time after, which is an earlier
    /// one where the sandbox ends meanwhile.
    pub(super) fn advance(&self, length: SignedDuration) -> Timestamp {
        let to = crate::sim::numbers::after(self.twin().now(), length);
        loop {
            // In between, others may look at the twin.
            let reached = driver::move_on(&self.0.twin, to);
            if reached >= to || self.0.is_over.load(Ordering::Relaxed) {
                return reached;
            }
            std::thread::yield_now();
        }
    }

    /// The objects of `metrics.k8s.io` by the plural of their kind.
    pub(super) fn metrics(&self, plural: &str) -> Vec<Value> {
        match plural {
            "nodes" => self.twin().node_metrics(),
            "pods" => self.twin().pod_metrics(""),
            _ => vec![],
        }
    }

    /// What a scrape would find now.
    pub(super) fn expose(&self) -> String {
        self.twin().expose()
    }

    pub(super) fn twin(&self) -> MutexGuard<'_, Twin> {
        self.0.twin.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What was before the sandbox began and what was recorded since. The query of a trigger whose value
/// is told gives that, as the sandbox has none of what it asks about.
impl Samples for Life {
    fn told_of(&self, query: &str) -> Option<Vec<Matcher>> {
        let (object, trigger) = self.twin().asking(query)?;
        Some(matchers(&object.namespace, &object.name, trigger))
    }

    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        let twin = self.twin();
        let joined = Joined {
            earlier: &self.0.past,
            later: twin.record(),
            since: twin.record().since(),
        };
        joined.visit(matchers, span, each);
    }
}

impl Samples for Record {
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        let mut samples = vec![];
        let mut visit = |name: &str, series: &Series| {
            let is_asked = |it: &Matcher| match it.name.as_str() {
                "__name__" => it.selects(name),
                label => it.selects(series.label(label)),
            };
            // There are thousands of series, of which few are asked for.
            if !matchers.iter().all(is_asked) {
                return;
            }
            samples.clear();
            samples.extend(self.within(series, span.first, span.last));
            if !samples.is_empty() {
                let labels = series.labels.iter().map(|it| (it.0, it.1.as_str()));
                let labels = Labels::new(labels.chain([("__name__", name)]));
                each(&labels, &samples);
            }
        };
        for (name, all) in self.named() {
            let mut about = matchers.iter().filter(|it| it.name == "__name__");
            if about.all(|it| it.selects(name)) {
                all.for_each(|it| visit(name, it));
            }
        }
    }
}
