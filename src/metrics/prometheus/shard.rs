//! Everything that is read for one shard, and how it becomes histories.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jiff::SignedDuration;

use super::Way;
use super::bulk::{Fetch, Reading, Source};
use super::client::Client;
use super::error::Error;
use super::histories::Parts;
use super::jobs;
use super::labels::Labels;
use super::overrides::{self, Overrides, Tagged};
use super::owners::{Assignment, Controller, Owners};
use super::plan::Shard;
use super::rate::Promql;
use super::remote_read::MatchKind;
use super::replicas::{self, Counts};
use super::selector::Selector;
use super::sums::{Absorb, OwnerSums, PodSums, Sums};
use super::triggers::Queries;
use crate::fleet::PodOwner;
use crate::metrics::Delivery;
use crate::series::{Grid, Series};
use crate::units::Step;

/// What all shards share.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) way: Way,
    pub(super) rules: Promql,
    pub(super) grid: Grid,
    /// Between two scrapes.
    pub(super) scrape: Step,
    pub(super) live: Arc<[PodOwner]>,
    pub(super) promql: Arc<Overrides>,
    pub(super) queries: Arc<Queries>,
    /// Why remote read was given up, once it was.
    pub(super) given_up: Arc<OnceLock<String>>,
}

/// What one shard gave.
#[derive(Debug)]
pub(super) struct ShardHistory {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) assignments: BTreeSet<Assignment>,
    pub(super) warnings: BTreeSet<String>,
}

pub(super) const CPU: &str = "container_cpu_usage_seconds_total";

/// Bursts are read at this distance, and only over the last day: they tell how spiky the load is
/// inside a step, which does not change from one week to the next as its level does.
const BURST_STEP: Step = Step::ONE_MINUTE;
const BURST_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Throttling is a share of the pods' time and changes slowly.
const THROTTLE_STEP: Step = Step::ONE_HOUR;
const THROTTLE_WINDOW: SignedDuration = SignedDuration::from_hours(48);

/// Requests change with a rollout, a few times a week.
const REQUEST_STEP: Step = Step::SIX_HOURS;

/// What cAdvisor counts for a container; without the pod's own cgroup and its pause container,
/// which would count everything twice.
pub(super) fn containers(metric: &str, shard: &Shard) -> Selector {
    let all = Selector::of(metric)
        .one_of("namespace", shard.namespaces.iter().map(String::as_str))
        .with("container", MatchKind::NotEqual, "")
        .with("container", MatchKind::NotEqual, "POD");
    narrowed(all, shard)
}

fn narrowed(selector: Selector, shard: &Shard) -> Selector {
    match shard.pod_pattern() {
        Some(pattern) => selector.with("pod", MatchKind::Matches, pattern),
        None => selector,
    }
}

impl Session {
    /// Reads one shard, and the triggers of its autoscalers beside it.
    pub(super) async fn read(&self, shard: &Arc<Shard>) -> Result<ShardHistory, Error> {
        let (history, mut triggers) = tokio::join!(self.read_pods(shard), self.triggers(shard));
        let mut history = history?;
        for delivery in &mut history.deliveries {
            if let Ok(history) = &mut delivery.history {
                triggers.add_to(delivery.subject, history);
            }
        }
        Ok(history)
    }

    /// Reads what a shard's pods used.
    ///
    /// A remote read whose answer cannot be read is given up for range queries, with a warning;
    /// for the shards after it too.
    async fn read_pods(&self, shard: &Arc<Shard>) -> Result<ShardHistory, Error> {
        if self.way != Way::RemoteRead {
            return self.read_by(self.way, shard).await;
        }
        if self.given_up.get().is_none() {
            match self.read_by(Way::RemoteRead, shard).await {
                Err(error) if error.leaves_another_way() => {
                    let why = format!("remote read given up for range queries: {error}");
                    tracing::debug!("{why}");
                    // Another shard may have found the same.
                    let _ = self.given_up.set(why);
                }
                other => return other,
            }
        }
        let mut history = self.read_by(Way::PodRates, shard).await?;
        history.warnings.extend(self.given_up.get().cloned());
        Ok(history)
    }

    async fn read_by(&self, way: Way, shard: &Arc<Shard>) -> Result<ShardHistory, Error> {
        let mut warnings = BTreeSet::new();
        let owners = match self.owners(shard).await {
            Ok(owners) => owners,
            // Live objects and names still tell most pods.
            Err(error) if error.leaves_another_way() => {
                warnings.insert(format!("owners of past pods are not known: {error}"));
                self.live_owners(shard)
            }
            Err(error) => return Err(error),
        };
        let owners = Arc::new(owners);
        let way = if way == Way::GroupedRates && !owners.has_records() {
            warnings.insert("no kube_pod_owner to group by: summed here".to_owned());
            Way::PodRates
        } else {
            way
        };
        let reader = Reader {
            session: self,
            shard,
            owners: &owners,
            way,
        };
        let (counts, cpu, ready, burst, memory, throttled, requests) = tokio::try_join!(
            reader.counts(),
            reader.cpu(),
            reader.overridden(self.promql.replicas.as_deref()),
            reader.burst(),
            reader.memory(),
            reader.throttled(),
            reader.requests(),
        )?;
        let parts = Parts {
            counts,
            cpu,
            ready,
            burst,
            memory,
            throttled,
            requests,
        };
        let mut deliveries = parts.histories(shard, &owners, self.grid);
        match jobs::add(self, shard, &mut deliveries).await {
            Ok(()) => {}
            Err(error) if error.leaves_another_way() => {
                warnings.insert(format!("jobs of ScaledJobs are not known: {error}"));
            }
            Err(error) => return Err(error),
        }
        Ok(ShardHistory {
            assignments: parts.cpu.assignments.clone(),
            deliveries,
            warnings,
        })
    }

    /// Over which time before a sample its rate is taken: the step, unless scrapes are so far
    /// apart that it might hold fewer than the two samples that a rate needs.
    fn rate_range(&self) -> Step {
        let least = self.scrape.seconds().saturating_mul(2);
        if least > self.grid.step().seconds() {
            Step::from_seconds(self.scrape.seconds().saturating_mul(4)).unwrap_or(self.grid.step())
        } else {
            self.grid.step()
        }
    }

    fn live_owners(&self, shard: &Shard) -> Owners {
        let targets: BTreeSet<_> = shard.wanted.iter().map(|it| it.target.clone()).collect();
        Owners::new(targets.into_iter().collect(), &self.live)
    }

    async fn owners(&self, shard: &Shard) -> Result<Owners, Error> {
        let mut owners = self.live_owners(shard);
        // Pods of these are never scaled, and of Jobs there may be thousands.
        let pods = narrowed(controlled("kube_pod_owner", shard), shard).with(
            "owner_kind",
            MatchKind::NotMatches,
            "Job|DaemonSet|Node",
        );
        let sets = controlled("kube_replicaset_owner", shard);
        for (selector, object) in [(pods, "pod"), (sets, "replicaset")] {
            for (namespace, name, controller) in self.controllers(&selector, object).await? {
                if object == "pod" {
                    owners.record_pod(&namespace, &name, controller);
                } else {
                    owners.record_set(&namespace, &name, controller);
                }
            }
        }
        owners.adopt();
        Ok(owners)
    }

    async fn controllers(&self, selector: &Selector, object: &str) -> Result<Controlled, Error> {
        let (start, end) = (self.grid.start(), self.grid.end());
        let matchers = [selector.to_string()];
        let each = |found: &mut Controlled, labels: Labels| {
            found.extend(controller_of(&labels, object));
        };
        self.client
            .series(&matchers, start, end, Controlled::new, each)
            .await
    }
}

/// Namespace, name and controller of objects.
type Controlled = Vec<(String, String, Controller)>;

fn controlled(metric: &str, shard: &Shard) -> Selector {
    Selector::of(metric)
        .one_of("namespace", shard.namespaces.iter().map(String::as_str))
        .with("owner_is_controller", MatchKind::Equal, "true")
}

fn controller_of(labels: &Labels, object: &str) -> Option<(String, String, Controller)> {
    let controller = Controller {
        kind: labels.get("owner_kind")?.to_owned(),
        name: labels.get("owner_name")?.to_owned(),
    };
    let namespace = labels.get("namespace")?.to_owned();
    Some((namespace, labels.get(object)?.to_owned(), controller))
}

/// Reads one shard's parts by one way.
struct Reader<'a> {
    session: &'a Session,
    shard: &'a Arc<Shard>,
    owners: &'a Arc<Owners>,
    way: Way,
}

impl Reader<'_> {
    async fn counts(&self) -> Result<Counts, Error> {
        let (grid, shard) = (self.session.grid, self.shard);
        let source = Source::Series {
            selectors: replicas::selectors(shard),
            reading: Reading::Last,
        };
        let counts = || Counts::new(grid, Arc::clone(shard));
        self.fetch(source, grid, counts).await
    }

    async fn cpu(&self) -> Result<Sums, Error> {
        match &self.session.promql.cpu {
            Some(template) => {
                let totals = self.overridden(Some(template)).await?;
                Ok(Sums::of_totals(totals))
            }
            None => {
                let range = self.session.rate_range();
                self.rates(CPU, self.session.grid, range).await
            }
        }
    }

    /// What the user's query gives for each target by place; nothing without one.
    async fn overridden(&self, template: Option<&str>) -> Result<Vec<Option<Series>>, Error> {
        let (targets, grid) = (self.owners.targets(), self.session.grid);
        let mut all = Tagged::new(grid, targets.len());
        if let Some(template) = template {
            for batch in overrides::batches(targets.len()) {
                let source = Source::Expression {
                    promql: overrides::expression(template, targets, batch),
                    scale: 1.0,
                };
                let tagged = || Tagged::new(grid, targets.len());
                all.merge(self.fetch(source, grid, tagged).await?);
            }
        }
        Ok(all.finish())
    }

    async fn rates(&self, metric: &str, grid: Grid, range: Step) -> Result<Sums, Error> {
        self.sums(
            containers(metric, self.shard),
            Reading::Rate { range },
            grid,
        )
        .await
    }

    async fn burst(&self) -> Result<Option<Sums>, Error> {
        let step = self.session.grid.step().seconds();
        let range = BURST_STEP.max(self.session.scrape.doubled());
        if range.seconds() * 2 > step || self.session.promql.cpu.is_some() {
            return Ok(None);
        }
        let grid = self.session.grid.tail(BURST_WINDOW, BURST_STEP);
        self.rates(CPU, grid, range).await.map(Some)
    }

    async fn memory(&self) -> Result<Option<Sums>, Error> {
        if !self.shard.wanted.iter().any(|it| it.memory) {
            return Ok(None);
        }
        let selector = containers("container_memory_working_set_bytes", self.shard);
        let sums = self.sums(selector, Reading::Last, self.session.grid);
        sums.await.map(Some)
    }

    async fn throttled(&self) -> Result<Option<(Sums, Sums)>, Error> {
        if !self.shard.wanted.iter().any(|it| it.cpu_limited) {
            return Ok(None);
        }
        let grid = self.session.grid.tail(THROTTLE_WINDOW, THROTTLE_STEP);
        let held = self.rates(
            "container_cpu_cfs_throttled_periods_total",
            grid,
            THROTTLE_STEP,
        );
        let held = held.await?;
        let all = self.rates("container_cpu_cfs_periods_total", grid, THROTTLE_STEP);
        Ok(Some((held, all.await?)))
    }

    /// Requests of one pod, always by range queries: so few samples are wanted of so many series
    /// that reading all of them would be waste.
    async fn requests(&self) -> Result<Sums, Error> {
        let grid = self.session.grid;
        let grid = grid.tail(grid.length(), REQUEST_STEP);
        let source = Source::Series {
            selectors: self.request_selectors(),
            reading: Reading::Last,
        };
        let sums = || PodSums::new(grid, Arc::clone(self.owners));
        let fetch = Fetch { source, grid };
        let sums = fetch.run(self.session, Way::PodRates, sums).await?;
        Ok(sums.finish())
    }

    fn request_selectors(&self) -> Vec<Selector> {
        let of = |metric| {
            let namespaces = self.shard.namespaces.iter().map(String::as_str);
            let cpu = Selector::of(metric).one_of("namespace", namespaces).with(
                "resource",
                MatchKind::Equal,
                "cpu",
            );
            narrowed(cpu, self.shard)
        };
        let mut selectors = vec![of("kube_pod_container_resource_requests")];
        let wanted = self.shard.wanted.iter();
        let sidecars: BTreeSet<&str> = wanted
            .flat_map(|it| it.native_sidecars.iter().map(String::as_str))
            .collect();
        if !sidecars.is_empty() {
            let init = of("kube_pod_init_container_resource_requests");
            selectors.push(init.one_of("container", sidecars));
        }
        selectors
    }

    async fn sums(&self, selector: Selector, reading: Reading, grid: Grid) -> Result<Sums, Error> {
        let owners = self.owners;
        if self.way == Way::GroupedRates {
            let source = Source::Expression {
                promql: self.grouped(&selector, reading, grid),
                scale: reading.scale(),
            };
            let sums = || OwnerSums::new(grid, Arc::clone(owners));
            return Ok(self.fetch(source, grid, sums).await?.finish());
        }
        let source = Source::Series {
            selectors: vec![selector],
            reading,
        };
        let sums = || PodSums::new(grid, Arc::clone(owners));
        Ok(self.fetch(source, grid, sums).await?.finish())
    }

    /// The same sums, made by the server: each container once, then all pods of a controller.
    ///
    /// A pod that ended within a step still has an increase there, so its owner is looked for over
    /// the whole step.
    fn grouped(&self, selector: &Selector, reading: Reading, grid: Grid) -> String {
        let samples = reading.promql(selector);
        let range = match reading {
            Reading::Rate { range } => range,
            Reading::Last => grid.step(),
        };
        let range = range.seconds();
        let owner = narrowed(controlled("kube_pod_owner", self.shard), self.shard);
        format!(
            "sum by (namespace,owner_kind,owner_name,container) (\
             max by (namespace,pod,container,id) ({samples}) \
             * on (namespace,pod) group_left(owner_kind,owner_name) \
             max by (namespace,pod,owner_kind,owner_name) (last_over_time({owner}[{range}s])))"
        )
    }

    async fn fetch<S: Absorb>(
        &self,
        source: Source,
        grid: Grid,
        begin: impl Fn() -> S + Send + Sync,
    ) -> Result<S, Error> {
        Fetch { source, grid }
            .run(self.session, self.way, begin)
            .await
    }
}
