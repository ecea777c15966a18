//! Every right that is needed, asked for by its name.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::{Examination, late, trouble};
use crate::cluster::Cluster;
use crate::cluster::keda::SCALED_OBJECTS;
use crate::doctor::rights::{Circumstances, needed};
use crate::doctor::{Right, Rights, Told, Trouble};
use crate::error::Error;
use crate::install;
use crate::store;

/// Reviews under way at once. The API server answers them from memory.
const AT_ONCE: usize = 8;

const METRICS: &str = "metrics.k8s.io/v1beta1";

impl Examination<'_> {
    pub(super) async fn rights(&self) -> Told<Rights> {
        let prometheus = self.discovery().await;
        let served = match self.of_cluster(|it| async { Ok(served(it).await) }).await {
            Told::Known(served) => served,
            Told::Failed(trouble) => return Told::Failed(trouble),
            Told::Unasked(why) => return Told::Unasked(why),
        };
        let cluster = match self.cluster().await {
            Ok(cluster) => cluster,
            Err(why) => return Told::Unasked(why),
        };
        let rights = needed(&Circumstances {
            namespace: self.namespace(cluster),
            own_namespace: install::NAMESPACE,
            prometheus,
            served,
        });
        // One limit for all, since all are one check to whoever waits.
        let end = Instant::now() + self.config.timeout;
        let reviewed = stream::iter(rights)
            .map(|right| async {
                let may = self.reviewed(cluster, &right, end).await;
                (right, may)
            })
            .buffered(AT_ONCE)
            .collect();
        Told::Known(Rights {
            reviewed: reviewed.await,
        })
    }

    async fn reviewed(
        &self,
        cluster: &Cluster,
        right: &Right,
        end: Instant,
    ) -> Result<bool, Trouble> {
        let asked = cluster.may(&right.permission, right.object);
        match tokio::time::timeout_at(end, asked).await {
            Ok(Ok(may)) => Ok(may),
            Ok(Err(error)) => Err(trouble(&Error::from(error))),
            Err(_) => Err(late(self.config.timeout)),
        }
    }
}

/// What cannot be found out counts as served: its rights are then asked for.
async fn served(cluster: &Cluster) -> BTreeSet<&'static str> {
    let (keda, metrics, records) = tokio::join!(
        cluster.serves(&SCALED_OBJECTS),
        cluster.serves_group(METRICS),
        cluster.serves(&store::KIND),
    );
    let all = [
        ("keda.sh", keda),
        ("metrics.k8s.io", metrics),
        ("stepscale.io", records),
    ];
    let served = all.into_iter().filter(|(_, it)| !matches!(it, Ok(false)));
    served.map(|(group, _)| group).collect()
}
