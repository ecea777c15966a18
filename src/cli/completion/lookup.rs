//! What the kubeconfig and the cluster know. Whoever waits has pressed a key: there is a short limit
//! for everything together, and whatever goes wrong is nothing found.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;

use super::names::Object;
use crate::autoscaler::AutoscalerKind;
use crate::cluster::{self, Cluster, Error, Kubeconfig, Named, Namespaces};
use crate::lifecycle::record::Record;
use crate::store::Store;

/// As long as somebody looks at a cursor before typing on; kubectl's own requests take no longer where
/// its completion is of any use.
const LIMIT: Duration = Duration::from_millis(1500);

/// Objects of which a subcommand takes names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    Autoscalers,
    /// ScaledObjects and ScaledJobs.
    OfKeda,
    /// Those, HPAs, and what KEDA's authenticate with.
    Lintable,
    /// With the autoscalers that they are about.
    Recommendations,
}

/// A kind with every way to write it, the shortest first.
type Spelled = (Named, &'static [&'static str]);

const HPA: &[&str] = &["hpa", "horizontalpodautoscaler", "horizontalpodautoscalers"];
const SO: &[&str] = &["so", "scaledobject", "scaledobjects"];
const SJ: &[&str] = &["sj", "scaledjob", "scaledjobs"];
const TA: &[&str] = &["ta", "triggerauth", "triggerauthentication"];
const CTA: &[&str] = &["cta", "clustertriggerauth", "clustertriggerauthentication"];
const REC: &[&str] = &["rec", "scalerec", "scalingrecommendation"];

const HPAS: Spelled = (Named::HPAS, HPA);
const SCALED_OBJECTS: Spelled = (Named::SCALED_OBJECTS, SO);
const SCALED_JOBS: Spelled = (Named::SCALED_JOBS, SJ);
const AUTHENTICATIONS: Spelled = (Named::AUTHENTICATIONS, TA);
const CLUSTER_AUTHENTICATIONS: Spelled = (Named::CLUSTER_AUTHENTICATIONS, CTA);

impl Kinds {
    fn read(self) -> &'static [Spelled] {
        match self {
            Self::Autoscalers => &[HPAS, SCALED_OBJECTS, SCALED_JOBS],
            Self::OfKeda => &[SCALED_OBJECTS, SCALED_JOBS],
            Self::Lintable => &[
                HPAS,
                SCALED_OBJECTS,
                SCALED_JOBS,
                AUTHENTICATIONS,
                CLUSTER_AUTHENTICATIONS,
            ],
            Self::Recommendations => &[],
        }
    }
}

/// What the kubeconfig has.
pub(super) fn kubeconfig(connection: &cluster::Options) -> Kubeconfig {
    cluster::kubeconfig(connection.kubeconfig.as_deref()).unwrap_or_default()
}

/// The namespaces of the cluster, or those that contexts name where they may not be listed.
pub(super) fn namespaces(connection: &cluster::Options) -> Vec<String> {
    let listed = in_time(async {
        let cluster = cluster::connect_quietly(connection).await?;
        cluster.names(Named::NAMESPACES, None).await
    });
    listed.unwrap_or_else(|| kubeconfig(connection).namespaces)
}

/// The objects of the namespace. In all namespaces nobody can be named.
pub(super) fn objects(
    connection: &cluster::Options,
    namespaces: &Namespaces,
    kinds: Kinds,
) -> Vec<Object> {
    if matches!(namespaces, Namespaces::All | Namespaces::Several(_)) {
        return vec![];
    }
    let found = in_time(async {
        let cluster = cluster::connect_quietly(connection).await?;
        let namespace = match namespaces {
            Namespaces::One(it) => it,
            _ => cluster.namespace(),
        };
        match kinds {
            Kinds::Recommendations => Ok(recommendations(&cluster, namespace).await),
            kinds => Ok(named(&cluster, namespace, kinds).await),
        }
    });
    found.unwrap_or_default()
}

/// A kind that cannot be listed, for whatever reason, takes nothing from the others.
async fn named(cluster: &Cluster, namespace: &str, kinds: Kinds) -> Vec<Object> {
    let each = kinds.read().iter().map(async |(named, words)| {
        let names = cluster.names(*named, Some(namespace)).await;
        let object = |name| Object {
            kinds: words,
            name,
            help: String::new(),
            is_alias: false,
        };
        names.unwrap_or_default().into_iter().map(object)
    });
    join_all(each).await.into_iter().flatten().collect()
}

async fn recommendations(cluster: &Cluster, namespace: &str) -> Vec<Object> {
    let Ok(store) = Store::of(cluster).await else {
        return vec![];
    };
    let listed = store.list(Some(namespace)).await.unwrap_or_default();
    let records = listed.records.iter();
    records.flat_map(|it| both_names(&it.record)).collect()
}

/// A recommendation may be named by its autoscaler, too.
fn both_names(record: &Record) -> [Object; 2] {
    let id = &record.autoscaler;
    let phase = record.status.phase.as_str();
    let of_autoscaler = Object {
        kinds: match id.kind {
            AutoscalerKind::HorizontalPodAutoscaler => HPA,
            AutoscalerKind::ScaledObject => SO,
            AutoscalerKind::ScaledJob => SJ,
        },
        name: id.name.clone(),
        help: phase.to_owned(),
        is_alias: true,
    };
    let of_itself = Object {
        kinds: REC,
        name: record.name.clone(),
        help: format!("{phase}, for {}/{}", id.kind.short(), id.name),
        is_alias: false,
    };
    [of_itself, of_autoscaler]
}

/// What comes of `work`, if it comes in time.
fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Option<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().ok()?;
    let done = runtime.block_on(async { tokio::time::timeout(LIMIT, work).await });
    // A credential plugin may still be at work; nobody waits for it.
    runtime.shutdown_background();
    done.ok()?.ok()
}
