//! One autoscaler with everything that can be told of it.

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Asked, ask};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::Cluster;
use crate::cluster::keda::{HPAS, SCALED_JOBS, SCALED_OBJECTS};
use crate::cluster::write::{Kind, Place};
use crate::config::Question;
use crate::error::Error;
use crate::fleet::{Fleet, Subject};
use crate::history::History;
use crate::metrics::{Delivery, Reading};
use crate::output::progress::Progress;
use crate::series::Grid;

/// The autoscaler that was named, what is known of its past, and its objects as they are written.
#[derive(Debug)]
pub(in crate::cli) struct Explained {
    /// `None` for a snapshot.
    pub(in crate::cli) cluster: Option<Cluster>,
    /// Of this autoscaler alone.
    pub(in crate::cli) fleet: Fleet,
    /// `Err` where it could not be read.
    pub(in crate::cli) history: Result<History, String>,
    pub(in crate::cli) reading: Reading,
    pub(in crate::cli) grid: Grid,
    /// The snapshot's time, `--now`, or `now`.
    pub(in crate::cli) taken_at: Timestamp,
    pub(in crate::cli) written: Option<Value>,
    /// The HPA that scales, which KEDA may have made.
    pub(in crate::cli) hpa: Option<Value>,
}

impl Explained {
    pub(in crate::cli) fn subject(&self) -> &Subject {
        &self.fleet.subjects[0]
    }
}

/// Reads the one autoscaler that `question` names. What cannot be read of it is a part of the answer.
///
/// # Errors
/// If there are several of the name, or none, or cluster or metrics cannot be asked.
pub(in crate::cli) async fn explained(
    question: &Question,
    progress: &Progress,
    now: Timestamp,
) -> Result<Explained, Error> {
    let scope = question.scope.clone();
    let answered = ask(question, progress, now, move |asked| {
        super::one::refuse_several(asked, &scope)?;
        // There is one history at most, so that nobody waits for a place.
        let (sender, receiver) = mpsc::channel(1);
        Ok((receiver, sender))
    });
    let mut answered = answered.await?;
    let reading = answered.reading?;
    let Asked {
        fleet,
        request,
        now,
    } = answered.asked;
    let history = match answered.taker.try_recv() {
        Ok(Delivery { history, .. }) => history,
        Err(_) => Ok(History::default()),
    };
    let fleet = std::sync::Arc::unwrap_or_clone(fleet);
    let autoscaler = &fleet.subjects[0].autoscaler;
    let hpa = AutoscalerId {
        kind: AutoscalerKind::HorizontalPodAutoscaler,
        name: autoscaler.hpa(),
        ..autoscaler.id.clone()
    };
    let (written, hpa) = match &answered.cluster {
        Some(cluster) => {
            let written = read(cluster, &autoscaler.id).await;
            let hpa = match hpa == autoscaler.id {
                true => written.clone(),
                false => read(cluster, &hpa).await,
            };
            (written, hpa)
        }
        None => {
            let find = |id: &AutoscalerId| answered.objects.iter().find(|it| is(it, id)).cloned();
            (find(&autoscaler.id), find(&hpa))
        }
    };
    Ok(Explained {
        cluster: answered.cluster,
        history,
        reading,
        grid: request.grid,
        taken_at: now,
        written,
        hpa,
        fleet,
    })
}

/// `None` where it cannot be read, which takes little from an explanation.
async fn read(cluster: &Cluster, id: &AutoscalerId) -> Option<Value> {
    if id.name.is_empty() {
        return None;
    }
    let place = Place {
        kind: kind(id.kind),
        namespace: &id.namespace,
        name: &id.name,
    };
    cluster.object(&place).await.ok()?.value
}

fn kind(kind: AutoscalerKind) -> Kind {
    match kind {
        AutoscalerKind::HorizontalPodAutoscaler => HPAS,
        AutoscalerKind::ScaledObject => SCALED_OBJECTS,
        AutoscalerKind::ScaledJob => SCALED_JOBS,
    }
}

fn is(object: &Value, id: &AutoscalerId) -> bool {
    let metadata = &object["metadata"];
    object["kind"] == id.kind.as_str()
        && metadata["name"] == id.name.as_str()
        && metadata["namespace"] == id.namespace.as_str()
}
