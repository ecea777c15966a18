//! The Prometheus, and what it has of what is needed.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use super::{Examination, trouble, within};
use crate::cluster::{self, Cluster, Named};
use crate::config::Metrics;
use crate::doctor::{
    self, Absent, Discovery, History, PrometheusFound, Recorded, Sought, Told, Trouble,
};
use crate::error::Error;
use crate::metrics::prometheus::{Lack, NEEDED, Needed, Options, Prometheus, Transport};

/// Series that are counted at once: the client asks no more than its own limit.
const AT_ONCE: usize = 4;

/// A way to a Prometheus, not yet gone.
#[derive(Clone)]
pub(super) enum Source {
    NotWanted,
    None(String),
    Found(Box<Found>),
}

#[derive(Clone)]
pub(super) struct Found {
    prometheus: Prometheus,
    name: String,
    way: &'static str,
    /// Of the service that leads there.
    namespace: Option<String>,
}

impl Examination<'_> {
    /// Found once, for all who ask.
    async fn source(&self) -> &Told<Source> {
        let find = || async {
            let options = match &self.config.metrics {
                Metrics::MetricsApi => return Told::Known(Source::NotWanted),
                Metrics::Prometheus(options) => self.options(options),
            };
            match &options.url {
                Some(url) => match by_url(url, &options) {
                    Ok(found) => Told::Known(found),
                    Err(error) => Told::Failed(trouble(&error)),
                },
                None => self.of_cluster(|it| discovered(it, options)).await,
            }
        };
        self.source.get_or_init(find).await
    }

    /// A check has less time than a history.
    fn options(&self, options: &Options) -> Options {
        Options {
            timeout: options.timeout.min(self.config.timeout),
            ..options.clone()
        }
    }

    pub(super) async fn found(&self) -> Option<&Prometheus> {
        match self.source().await {
            Told::Known(Source::Found(found)) => Some(&found.prometheus),
            Told::Known(_) | Told::Failed(_) | Told::Unasked(_) => None,
        }
    }

    /// What of it matters to the rights that are needed.
    pub(super) async fn discovery(&self) -> Discovery {
        match self.source().await {
            Told::Known(Source::NotWanted) => Discovery::NotNeeded,
            Told::Known(Source::Found(found)) => match &found.namespace {
                Some(namespace) => Discovery::In(namespace.clone()),
                None => Discovery::NotNeeded,
            },
            Told::Known(Source::None(_)) | Told::Failed(_) | Told::Unasked(_) => Discovery::Nowhere,
        }
    }

    pub(super) async fn prometheus(&self) -> Told<Sought> {
        match self.source().await {
            Told::Failed(trouble) => Told::Failed(trouble.clone()),
            Told::Unasked(why) => Told::Unasked(why.clone()),
            Told::Known(Source::NotWanted) => Told::Known(Sought::NotWanted),
            Told::Known(Source::None(why)) => Told::Known(Sought::None(why.clone())),
            Told::Known(Source::Found(found)) => {
                let answers = self.answers(found).await;
                Told::Known(Sought::Found(Box::new(match answers {
                    Ok(_) => self.examined(found, answers).await,
                    Err(_) => found.told(answers),
                })))
            }
        }
    }

    async fn answers(&self, found: &Found) -> Result<doctor::Prometheus, Trouble> {
        let prometheus = &found.prometheus;
        let asked = within(self.config.timeout, async {
            let build = prometheus.build_info().await?;
            // Only Prometheus itself tells, and nobody needs it.
            let retention = prometheus.retention().await.ok().flatten();
            Ok(doctor::Prometheus {
                product: build.as_ref().and_then(|it| it.application.clone()),
                version: build.map(|it| it.version),
                retention,
            })
        });
        asked.await.known()
    }

    /// Everything that it is asked for, each for a time of its own.
    async fn examined(
        &self,
        found: &Found,
        answers: Result<doctor::Prometheus, Trouble>,
    ) -> PrometheusFound {
        let now = self.now_there().await;
        let cluster = self.cluster().await.ok();
        let namespace = cluster.and_then(|it| self.namespace(it));
        let series = stream::iter(NEEDED)
            .map(|needed| self.recorded(found, needed, namespace, now))
            .buffered(AT_ONCE)
            .collect::<Vec<Recorded>>();
        let (history, series) = tokio::join!(self.history(found, namespace, now), series);
        PrometheusFound {
            empty: match series.iter().any(is_elsewhere) {
                true => self.empty(namespace).await,
                false => None,
            },
            history,
            series,
            ..found.told(answers)
        }
    }

    /// `namespace`, where it is known to have neither pods nor autoscalers.
    async fn empty(&self, namespace: Option<&str>) -> Option<String> {
        let namespace = namespace?;
        let cluster = self.cluster().await.ok()?;
        let count = async |kind| {
            let names = cluster.names(kind, Some(namespace)).await;
            match names {
                Ok(names) => Ok(names.len()),
                Err(cluster::Error::NotServed { .. }) => Ok(0),
                Err(error) => Err(error.into()),
            }
        };
        for kind in [
            Named::PODS,
            Named::HPAS,
            Named::SCALED_OBJECTS,
            Named::SCALED_JOBS,
        ] {
            let counted = within(self.config.timeout, count(kind)).await;
            if counted.known().ok()? > 0 {
                return None;
            }
        }
        Some(namespace.to_owned())
    }

    /// The cluster's time, which the newest samples are of.
    async fn now_there(&self) -> Timestamp {
        let asked = self.of_cluster(|cluster| async { Ok(self.time_of(cluster).await) });
        asked.await.known().unwrap_or_else(|_| self.cx.now())
    }

    async fn recorded(
        &self,
        found: &Found,
        needed: Needed,
        namespace: Option<&str>,
        now: Timestamp,
    ) -> Recorded {
        // KEDA's own label for the namespace has another name where scrapes do not honor it.
        let namespace = namespace.filter(|_| needed.lack != Lack::WithKeda);
        let counted = within(self.config.timeout, async {
            let within = found.prometheus.count(&needed, namespace, now).await?;
            let anywhere = match (within, namespace) {
                (0, Some(_)) => found.prometheus.count(&needed, None, now).await?,
                _ => within,
            };
            Ok(doctor::Counted { within, anywhere })
        });
        Recorded {
            metric: needed
                .metrics
                .first()
                .copied()
                .unwrap_or_default()
                .to_owned(),
            from: needed.from,
            without: needed.without,
            absent: absent(needed.lack),
            counted: counted.await.known(),
        }
    }

    async fn history(
        &self,
        found: &Found,
        namespace: Option<&str>,
        now: Timestamp,
    ) -> Result<History, Trouble> {
        let wanted_days = self.config.window.days;
        let reaches = found.prometheus.reaches_back(namespace, wanted_days, now);
        let asked = within(self.config.timeout, async { Ok(reaches.await?) });
        let days = asked.await.known()?;
        Ok(History { days, wanted_days })
    }
}

impl Found {
    fn told(&self, answers: Result<doctor::Prometheus, Trouble>) -> PrometheusFound {
        PrometheusFound {
            name: self.name.clone(),
            way: self.way,
            answers,
            series: vec![],
            history: Ok(History {
                days: 0,
                wanted_days: 0,
            }),
            empty: None,
        }
    }
}

/// Whether the series that are needed are of other namespaces than those in question.
fn is_elsewhere(series: &Recorded) -> bool {
    let counted = series.counted.as_ref().ok();
    series.absent == Absent::Stops && counted.is_some_and(|it| it.within == 0 && it.anywhere > 0)
}

fn by_url(url: &str, options: &Options) -> Result<Source, Error> {
    let prometheus = Prometheus::new(Transport::direct(url, options)?, options);
    Ok(Source::Found(Box::new(Found {
        name: prometheus.name().to_owned(),
        prometheus,
        way: "by its address",
        namespace: None,
    })))
}

async fn discovered(cluster: &Cluster, options: Options) -> Result<Source, Error> {
    let service = match cluster.find_prometheus().await {
        Ok(Some(service)) => service,
        Ok(None) => {
            return Ok(Source::None(
                "no service of the cluster has the labels of one".to_owned(),
            ));
        }
        Err(error @ cluster::Error::Forbidden { .. }) => {
            return Ok(Source::None(format!("none can be looked for: {error}")));
        }
        Err(error) => return Err(error.into()),
    };
    let client = cluster.client().clone();
    let transport = Transport::service_proxy(client, &service.proxy_path(), &options)?;
    Ok(Source::Found(Box::new(Found {
        prometheus: Prometheus::new(transport, &options),
        name: service.to_string(),
        way: "found in the cluster, asked through the API server",
        namespace: Some(service.namespace),
    })))
}

fn absent(lack: Lack) -> Absent {
    match lack {
        Lack::Stops => Absent::Stops,
        Lack::Lessens => Absent::Lessens,
        Lack::MayBe => Absent::MayBe,
        Lack::WithKeda => Absent::WithKeda,
    }
}
