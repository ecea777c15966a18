//! The way to the API server, and what the cluster has besides workloads.

use jiff::Timestamp;

use super::{Examination, within};
use crate::cluster::keda::{SCALED_JOBS, SCALED_OBJECTS};
use crate::cluster::write::{Kind, Place};
use crate::cluster::{self, Cluster, kubeconfig};
use crate::doctor::{
    Clocks, Definition, Fault, Keda, Kubeconfig, MetricsApi, Part, Server, Told, Trouble,
};
use crate::store;

const DEFINITIONS: Kind = Kind {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
};

/// The group and version in which KEDA's metrics server answers HPAs.
const EXTERNAL_METRICS: &str = "external.metrics.k8s.io/v1beta1";

impl Examination<'_> {
    pub(super) fn kubeconfig(&self) -> Told<Kubeconfig> {
        let way = match kubeconfig::way(&self.config.connection) {
            Ok(way) => way,
            // Whether the file is missing or wrong, there is no cluster to ask.
            Err(error) => {
                return Told::Failed(Trouble {
                    fault: Fault::Unreachable,
                    ..super::trouble(&error.into())
                });
            }
        };
        Told::Known(Kubeconfig {
            files: way
                .files
                .iter()
                .map(|it| it.display().to_string())
                .collect(),
            context: way.context,
            user: way.user,
            plugin: way.plugin,
            certificate_until: way.certificate_until,
        })
    }

    /// Where the kubeconfig cannot be used, one line says so.
    pub(super) async fn server(&self) -> Told<Server> {
        if kubeconfig::way(&self.config.connection).is_err() {
            return Told::Unasked(
                "no cluster to ask; `analyze --from FILE`, `lint -f FILE` and `demo` work without one"
                    .to_owned(),
            );
        }
        match self.cluster().await {
            Ok(cluster) => Told::Known(Server {
                endpoint: cluster.endpoint().to_string(),
                version: cluster.name().version.clone(),
            }),
            Err(why) => match self.cluster.get() {
                Some(Told::Failed(trouble)) => Told::Failed(trouble.clone()),
                Some(Told::Known(_) | Told::Unasked(_)) | None => Told::Unasked(why),
            },
        }
    }

    pub(super) async fn clocks(&self) -> Told<Clocks> {
        let (server, prometheus) = tokio::join!(self.server_ahead(), self.prometheus_ahead());
        let here = self.cx.now();
        match (server, prometheus) {
            (None, None) => Told::Unasked("nobody was reached who has one".to_owned()),
            (server, prometheus) => Told::Known(Clocks {
                here,
                server: server.map(|ahead| here + ahead),
                prometheus: prometheus.map(|ahead| here + ahead),
            }),
        }
    }

    async fn server_ahead(&self) -> Option<jiff::SignedDuration> {
        let cluster = self.cluster().await.ok()?;
        let asked = within(self.config.timeout, async {
            let time = cluster.time().await?;
            Ok(time.map(|it| it.duration_since(self.cx.now())))
        });
        asked.await.known().ok()?
    }

    pub(super) async fn metrics_api(&self) -> Told<MetricsApi> {
        self.of_cluster(|cluster| async {
            let now = self.time_of(cluster).await;
            match cluster.freshness(self.namespace(cluster)).await {
                Ok(fresh) => Ok(MetricsApi::Served {
                    pods: fresh.pods,
                    newest: fresh.newest,
                    at: now,
                }),
                Err(cluster::Error::NotServed { .. }) => Ok(MetricsApi::NotServed),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Its own clock, else ours.
    pub(super) async fn time_of(&self, cluster: &Cluster) -> Timestamp {
        let time = cluster.time().await.ok().flatten();
        time.unwrap_or_else(|| self.cx.now())
    }

    pub(super) async fn keda(&self) -> Told<Option<Keda>> {
        self.of_cluster(|cluster| async { Ok(keda(cluster).await?) })
            .await
    }

    pub(super) async fn definition(&self) -> Told<Definition> {
        self.of_cluster(|cluster| async { Ok(definition(cluster).await?) })
            .await
    }
}

async fn keda(cluster: &Cluster) -> Result<Option<Keda>, cluster::Error> {
    let mut missing_kinds = vec![];
    for kind in [SCALED_OBJECTS, SCALED_JOBS] {
        if !cluster.serves(&kind).await? {
            missing_kinds.push(kind.kind);
        }
    }
    if missing_kinds.len() == 2 {
        return Ok(None);
    }
    let parts = cluster.keda_parts().await;
    let (operator, metrics_server) = match parts {
        Ok(parts) => (
            Ok(parts.operator.map(part)),
            Ok(parts.metrics_server.map(part)),
        ),
        Err(error) => {
            let why = format!("Deployments of all namespaces cannot be seen: {error}");
            (Err(why.clone()), Err(why))
        }
    };
    Ok(Some(Keda {
        missing_kinds,
        serves_metrics: cluster.serves_group(EXTERNAL_METRICS).await.ok(),
        operator,
        metrics_server,
    }))
}

fn part(part: cluster::keda::Part) -> Part {
    Part {
        name: format!("{}/{}", part.namespace, part.name),
        version: part.version,
        ready: part.ready,
        wanted: part.wanted,
    }
}

/// Whether it may be read or not, the API server says whether it is served.
async fn definition(cluster: &Cluster) -> Result<Definition, cluster::Error> {
    let served = cluster.serves(&store::KIND).await?;
    let name = format!("{}.{}", store::KIND.plural, store::KIND.group);
    let place = Place {
        kind: DEFINITIONS,
        namespace: "",
        name: &name,
    };
    let object = match cluster.object(&place).await {
        Ok(answer) => answer.value,
        Err(cluster::Error::Forbidden { .. }) => None,
        Err(error) => return Err(error),
    };
    let label = object
        .as_ref()
        .and_then(|it| it["metadata"]["labels"]["app.kubernetes.io/version"].as_str());
    Ok(match (served, object.is_some()) {
        (true, _) => Definition::Present {
            by: label.map(str::to_owned),
            ours: env!("CARGO_PKG_VERSION"),
        },
        (false, true) => Definition::OtherVersions,
        (false, false) => Definition::Absent,
    })
}

impl Examination<'_> {
    async fn prometheus_ahead(&self) -> Option<jiff::SignedDuration> {
        let source = self.found().await?;
        let asked = within(self.config.timeout, async {
            let time = source.clock().await?;
            Ok(time.map(|it| it.duration_since(self.cx.now())))
        });
        asked.await.known().ok()?
    }
}
