//! What pods use now, and what is known of the past.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Facts, Fault, Judge, Purpose, State, Told, Trouble};
use crate::units::Age;

/// metrics-server reads every kubelet each 15 s and says so for a window of up to a minute; what is older
/// than this is not read any more.
const FRESH: SignedDuration = SignedDuration::from_mins(3);

/// What a namespace has of which nothing can have been recorded.
const NOTHING: &str = "no pods and no autoscalers (-A looks at all namespaces)";

/// What metrics.k8s.io says of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsApi {
    NotServed,
    Served {
        pods: usize,
        /// The end of the newest window.
        newest: Option<Timestamp>,
        /// What the API server's clock showed.
        at: Timestamp,
    },
}

/// Whether there is a Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub enum Sought {
    /// `--no-prometheus`.
    NotWanted,
    /// No service of the cluster looks like one, or none may be looked for; says which.
    None(String),
    Found(Box<PrometheusFound>),
}

/// One that was found, and what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusFound {
    /// `http://prometheus:9090`, `Thanos service monitoring/thanos-query:9090`.
    pub name: String,
    pub way: &'static str,
    pub answers: Result<Prometheus, Trouble>,
    /// In the order in which they matter.
    pub series: Vec<Recorded>,
    pub history: Result<History, Trouble>,
    /// The namespace in question, where it has neither pods nor autoscalers; only looked at where series
    /// that are needed are in other namespaces alone.
    pub empty: Option<String>,
}

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prometheus {
    /// Where it tells: `Mimir`.
    pub product: Option<String>,
    pub version: Option<String>,
    /// As it was configured: `15d`.
    pub retention: Option<String>,
}

/// Series of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// `container_cpu_usage_seconds_total`.
    pub metric: String,
    /// Who gives it: `cAdvisor`.
    pub from: &'static str,
    /// What cannot be said without it.
    pub without: &'static str,
    pub absent: Absent,
    pub counted: Result<Counted, Trouble>,
}

/// How many series there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Of the namespaces in question.
    pub within: u64,
    /// Of all.
    pub anywhere: u64,
}

/// What it means that there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Nothing can be replayed.
    Stops,
    Lessens,
    /// There may be nothing to record.
    MayBe,
    /// Only KEDA gives it.
    WithKeda,
}

/// How far the past goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The oldest day on which there was something; 0 for less than one.
    pub days: u32,
    pub wanted_days: u32,
}

impl Judge<'_> {
    pub(super) fn metrics_api(&self, facts: &Facts) -> Check {
        let check = Check::new("metrics-server");
        let Told::Known(seen) = &facts.metrics_api else {
            // It is what HPAs decide by, and ours only where no Prometheus is.
            let of = self.of_metrics_api(facts);
            return self.unknown(check, &facts.metrics_api, of);
        };
        match *seen {
            MetricsApi::NotServed => {
                let advice = "install metrics-server: without it no HPA scales on CPU or memory";
                let check = check
                    .seen("metrics.k8s.io/v1beta1 is not served")
                    .advised(Some(advice.to_owned()));
                self.failed(check, Fault::Unreachable, self.of_metrics_api(facts))
            }
            MetricsApi::Served { pods: 0, .. } => {
                check.seen("metrics.k8s.io/v1beta1 is served; no pods to tell its age by")
            }
            MetricsApi::Served { pods, newest, at } => {
                let age = newest.map(|it| at.duration_since(it));
                let words = age.map_or_else(|| "of an unknown age".to_owned(), old);
                let check = check.seen(format!(
                    "metrics.k8s.io/v1beta1 has {pods} pods, the newest values {words}"
                ));
                match age {
                    Some(age) if age > FRESH => check.warning(
                        "look at its log: `kubectl -n kube-system logs deploy/metrics-server`",
                    ),
                    Some(_) | None => check,
                }
            }
        }
    }

    fn of_metrics_api(&self, facts: &Facts) -> &'static [Purpose] {
        match &facts.prometheus {
            Told::Known(Sought::Found(_)) => &[],
            Told::Known(Sought::NotWanted | Sought::None(_))
            | Told::Failed(_)
            | Told::Unasked(_) => &Purpose::ALL,
        }
    }

    pub(super) fn prometheus(&self, facts: &Facts) -> Vec<Check> {
        let check = Check::new("prometheus");
        let Told::Known(sought) = &facts.prometheus else {
            return vec![self.unknown(check, &facts.prometheus, &Purpose::ALL)];
        };
        match sought {
            Sought::NotWanted => vec![check.skipped("--no-prometheus: a local file has the history")],
            Sought::None(why) => vec![check.seen(why).warning(
                "pass --prometheus-url URL; without one, history begins today and grows with every run",
            )],
            Sought::Found(found) => self.found(found, facts.has_keda()),
        }
    }

    fn found(&self, found: &PrometheusFound, has_keda: bool) -> Vec<Check> {
        let check = Check::new("prometheus");
        let server = match &found.answers {
            Ok(server) => server,
            Err(trouble) => {
                let told = Told::<()>::Failed(trouble.clone());
                return vec![self.unknown(check, &told, &Purpose::ALL)];
            }
        };
        let retention = server.retention.as_ref();
        let retention = retention
            .map(|it| format!(", keeps {it}"))
            .unwrap_or_default();
        let product = server.product.as_deref().unwrap_or("Prometheus API");
        let version = server.version.as_deref().unwrap_or("of an untold version");
        let check = check.seen(format!(
            "{product} {version} {}: {}{retention}",
            found.way, found.name
        ));
        let mut checks = vec![check, self.history(found)];
        let asked = found
            .series
            .iter()
            .filter(|it| it.absent != Absent::WithKeda || has_keda);
        checks.extend(asked.map(|it| self.series(it, found.empty.as_deref())));
        checks
    }

    fn history(&self, found: &PrometheusFound) -> Check {
        let check = Check::new("history");
        let History { days, wanted_days } = match &found.history {
            Ok(history) => *history,
            Err(trouble) => {
                let told = Told::<()>::Failed(trouble.clone());
                return self.unknown(check, &told, &[]);
            }
        };
        if let (0, Some(namespace)) = (days, &found.empty) {
            return check.skipped(format!("namespace {namespace} has {NOTHING}"));
        }
        let check = check.seen(match days {
            0 => "CPU usage of less than a day".to_owned(),
            1 => "CPU usage of at least a day".to_owned(),
            _ => format!("CPU usage of at least {days} days"),
        });
        match days < wanted_days {
            true => check.warning(format!(
                "{wanted_days} days are looked at: keep more in Prometheus, or pass a shorter \
                 --window-days"
            )),
            false => check,
        }
    }

    fn series(&self, series: &Recorded, empty: Option<&str>) -> Check {
        let check = Check::of("series", &series.metric);
        let counted = match &series.counted {
            Ok(counted) => *counted,
            Err(trouble) => {
                let told = Told::<()>::Failed(trouble.clone());
                return self.unknown(check, &told, series.purposes());
            }
        };
        let from = series.from;
        if counted.within > 0 {
            return check.seen(format!("{} series of {from}", counted.within));
        }
        if let (1.., Some(namespace)) = (counted.anywhere, empty) {
            return check.skipped(format!(
                "namespace {namespace} has {NOTHING}; {} series of {from} are of others",
                counted.anywhere
            ));
        }
        let check = check.seen(match counted.anywhere {
            0 => format!("none of {from}: {}", series.without),
            other => format!(
                "none of {from} in these namespaces, {other} in others: {}",
                series.without
            ),
        });
        match series.absent {
            Absent::MayBe => Check {
                state: State::Skipped,
                ..check
            },
            Absent::Lessens | Absent::WithKeda => check.warning(series.advice()),
            Absent::Stops => {
                let check = check.advised(Some(series.advice()));
                self.failed(check, Fault::Unreachable, &Purpose::ALL)
            }
        }
    }
}

impl Recorded {
    fn purposes(&self) -> &'static [Purpose] {
        match self.absent {
            Absent::Stops => &Purpose::ALL,
            Absent::Lessens | Absent::MayBe | Absent::WithKeda => &[],
        }
    }

    fn advice(&self) -> String {
        match self.from {
            "cAdvisor" => {
                "have Prometheus scrape the kubelets' /metrics/cadvisor, or name the tenant: \
                           --prometheus-header 'X-Scope-OrgID: TENANT'"
                    .to_owned()
            }
            from => format!("have Prometheus scrape {from} with honor_labels"),
        }
    }
}

impl Facts {
    fn has_keda(&self) -> bool {
        matches!(self.keda, Told::Known(Some(_)))
    }
}

fn old(age: SignedDuration) -> String {
    format!("{} old", Age(age.max(SignedDuration::ZERO)))
}
