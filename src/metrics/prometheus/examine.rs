//! What a server has of what history is made of: for whoever wants to know before they need it.

use jiff::{SignedDuration, Timestamp};

use super::error::Error;
use super::probe::BuildInfo;
use super::selector::Selector;
use super::shard::CPU;
use super::{Prometheus, replicas};

/// Series that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Each does instead of the others.
    pub metrics: &'static [&'static str],
    /// `cAdvisor`, `kube-state-metrics`, `KEDA`.
    pub from: &'static str,
    /// What cannot be said without it.
    pub without: &'static str,
    pub lack: Lack,
}

/// What it means that there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Stops,
    Lessens,
    /// There may be nothing to record.
    MayBe,
    /// Where there is KEDA it should be there.
    WithKeda,
}

const CADVISOR: &str = "cAdvisor";
const STATE: &str = "kube-state-metrics";

/// Those that are asked for, in the order in which they matter.
pub const NEEDED: [Needed; 9] = [
    Needed {
        metrics: &[CPU],
        from: CADVISOR,
        without: "nothing can be replayed",
        lack: Lack::Stops,
    },
    Needed {
        metrics: &["kube_pod_owner"],
        from: STATE,
        without: "whose a pod was that is gone is told by its name",
        lack: Lack::Lessens,
    },
    Needed {
        metrics: &[
            "kube_deployment_status_replicas_ready",
            "kube_statefulset_status_replicas_ready",
            "kube_replicaset_status_ready_replicas",
        ],
        from: STATE,
        without: "how many pods were ready is what the HPA counted, or their usage tells",
        lack: Lack::Lessens,
    },
    Needed {
        metrics: &[replicas::DESIRED, replicas::CURRENT],
        from: STATE,
        without: "whether a replay agrees with what the HPA did cannot be said",
        lack: Lack::Lessens,
    },
    Needed {
        metrics: &["kube_pod_container_resource_requests"],
        from: STATE,
        without: "the requests of today stand for those of the past",
        lack: Lack::Lessens,
    },
    Needed {
        metrics: &["container_memory_working_set_bytes"],
        from: CADVISOR,
        without: "HPAs on memory cannot be replayed",
        lack: Lack::Lessens,
    },
    Needed {
        metrics: &["container_cpu_cfs_periods_total"],
        from: CADVISOR,
        without: "whether a CPU limit hid load cannot be said, if there is one",
        lack: Lack::MayBe,
    },
    Needed {
        metrics: &[
            "keda_scaler_metrics_value",
            "keda_metrics_adapter_scaler_metrics_value",
        ],
        from: "KEDA",
        without: "triggers have no past but that of their own Prometheus",
        lack: Lack::WithKeda,
    },
    Needed {
        metrics: &["kube_job_owner"],
        from: STATE,
        without: "ScaledJobs cannot be replayed, if there are any",
        lack: Lack::MayBe,
    },
];

/// Days ago that are looked at for the oldest samples, unless the window is longer.
const AGO: [u32; 7] = [1, 2, 3, 5, 7, 10, 14];

impl Prometheus {
    /// Product and version; `None` for a server that does not tell.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn build_info(&self) -> Result<Option<BuildInfo>, Error> {
        self.client.build_info().await
    }

    /// For how long it keeps samples, in its own words; `None` where it does not tell.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn retention(&self) -> Result<Option<String>, Error> {
        self.client.retention().await
    }

    /// What its clock shows; `None` where it does not tell.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn clock(&self) -> Result<Option<Timestamp>, Error> {
        self.client.clock().await
    }

    /// How many series there are at a time, in a namespace or in all.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn count(
        &self,
        needed: &Needed,
        namespace: Option<&str>,
        at: Timestamp,
    ) -> Result<u64, Error> {
        self.counted(&selector(needed.metrics, namespace), at).await
    }

    /// How many series a selector has. A server that only selects is asked for all of them.
    async fn counted(&self, selector: &str, at: Timestamp) -> Result<u64, Error> {
        match self.value(&format!("count({selector})"), at).await {
            // A count is a whole number.
            Ok(count) => Ok(count.unwrap_or(0.0) as u64),
            Err(Error::Refused { .. }) => {
                let all = self.client.instant(selector, at).await?;
                Ok(all.len() as u64)
            }
            Err(error) => Err(error),
        }
    }

    /// The most days ago, up to `most`, at which there was CPU usage; 0 where there was none a day ago.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn reaches_back(
        &self,
        namespace: Option<&str>,
        most: u32,
        now: Timestamp,
    ) -> Result<u32, Error> {
        let selector = selector(&[CPU], namespace);
        let mut days: Vec<u32> = AGO.into_iter().filter(|it| *it < most).collect();
        days.push(most);
        for ago in days.into_iter().rev() {
            // Where the window begins there may be a gap; an hour is less than a day either way.
            let at = now - SignedDuration::from_hours(24 * i64::from(ago) - 1);
            if self.counted(&selector, at).await? > 0 {
                return Ok(ago);
            }
        }
        Ok(0)
    }
}

fn selector(metrics: &[&str], namespace: Option<&str>) -> String {
    let selector = Selector::any_of(metrics.iter().copied());
    match namespace {
        Some(namespace) => selector.one_of("namespace", [namespace]).to_string(),
        None => selector.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                sources(&path, found);
            } else if !path.ends_with("examine.rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn what_is_looked_for_is_what_is_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics/prometheus");
        let mut paths = vec![];
        sources(&folder, &mut paths);
        let text: Vec<String> = paths
            .iter()
            .map(|it| fs::read_to_string(it).unwrap())
            .collect();
        let text = text.concat();
        for metric in NEEDED.iter().flat_map(|it| it.metrics) {
            assert!(text.contains(metric), "{metric} is read nowhere");
        }
    }

    #[test]
    fn a_selector_takes_any_of_the_metrics_in_a_namespace_or_in_all() {
        let one = selector(&["a"], Some("shop"));
        assert_eq!(one, r#"{__name__="a",namespace="shop"}"#);
        assert_eq!(selector(&["a", "b"], None), r#"{__name__=~"a|b"}"#);
    }
}
