//! The autoscaler that a recommendation is for, and writes to it.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde_json::Value;

use super::audited::{Underway, reference};
use super::{Conductor, Error};
use crate::audit::ObjectRef;
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind};
use crate::cluster::keda::{HPAS, SCALED_JOBS, SCALED_OBJECTS};
use crate::cluster::write::{Change, Place, WriteError, Writing};
use crate::cluster::{self, convert};
use crate::lifecycle::changes::annotations;
use crate::lifecycle::journal;
use crate::lifecycle::pause::Note;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::{floor, patch};

/// What is written to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    id: AutoscalerId,
}

impl Target {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            id: record.autoscaler.clone(),
        }
    }

    pub(super) fn named(id: AutoscalerId) -> Self {
        Self { id }
    }

    pub(super) fn kind(&self) -> AutoscalerKind {
        self.id.kind
    }

    pub(super) fn title(&self) -> String {
        self.id.to_string()
    }

    /// As the audit log names it.
    pub(super) fn reference(&self, uid: Option<&str>) -> ObjectRef {
        ObjectRef {
            uid: uid.unwrap_or_default().to_owned(),
            ..reference(&self.place())
        }
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            kind: match self.id.kind {
                AutoscalerKind::HorizontalPodAutoscaler => HPAS,
                AutoscalerKind::ScaledObject => SCALED_OBJECTS,
                AutoscalerKind::ScaledJob => SCALED_JOBS,
            },
            namespace: &self.id.namespace,
            name: &self.id.name,
        }
    }
}

impl Target {
    /// What an object of its kind says.
    pub(super) fn autoscaler(&self, object: &Value) -> Result<Autoscaler, Error> {
        let not_understood = |why: String| Error::NotUnderstood {
            target: self.title(),
            why,
        };
        match self.id.kind {
            AutoscalerKind::HorizontalPodAutoscaler => {
                let hpa: HorizontalPodAutoscaler = serde_json::from_value(object.clone())
                    .map_err(|it| not_understood(it.to_string()))?;
                convert::autoscaler(&hpa).map_err(|it| not_understood(it.to_string()))
            }
            AutoscalerKind::ScaledObject => {
                convert::scaled_object(object).map_err(|it| not_understood(it.to_string()))
            }
            AutoscalerKind::ScaledJob => {
                convert::scaled_job(object).map_err(|it| not_understood(it.to_string()))
            }
        }
    }
}

/// A write that was given up, of whose end nothing is known.
fn late(title: &str) -> WriteError {
    WriteError::Unknown(Box::new(cluster::Error::Api {
        operation: format!("write {title}"),
        code: 504,
        reason: "Timeout".to_owned(),
        message: "it took longer than this process may lead".to_owned(),
    }))
}

impl Conductor<'_> {
    /// Makes a write that was begun, by leave, and gives it back with what became of it. Where there is
    /// no leave, that is its end.
    ///
    /// # Errors
    /// Where it was not sent.
    pub(super) async fn by_leave<'a, T>(
        &self,
        underway: Underway<'a>,
        title: &str,
        write: impl Future<Output = Result<T, WriteError>>,
    ) -> Result<(Underway<'a>, Result<T, WriteError>), Error> {
        match self.leave(write).await {
            Ok(sent) => Ok((underway, sent.unwrap_or_else(|| Err(late(title))))),
            Err(error) => {
                underway.end_of_error(&error).await;
                Err(error)
            }
        }
    }

    /// Applies a configuration to the target as it was read. Its fields are taken from those who
    /// updated them: whoever applies them as an owner has been asked about before, and whoever has
    /// changed anything since is not overwritten, as the version tells.
    pub(super) async fn send(
        &self,
        target: &Target,
        configuration: &Value,
        live: &Value,
        dry_run: bool,
    ) -> Result<Value, WriteError> {
        let mut body = configuration.clone();
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        let writing = Writing {
            force: true,
            dry_run,
            ..self.reporter.writing()
        };
        let change = Change::Apply(&body);
        let answer = self.cluster.write(&target.place(), &change, &writing).await;
        answer.map(|it| it.value)
    }

    /// Patches the target as it was read with what [`patch_back`] makes; as it is then, `None` where
    /// there is nothing to patch.
    pub(super) async fn send_back(
        &self,
        target: &Target,
        all: &[Value],
    ) -> Result<Option<Value>, WriteError> {
        if all.is_empty() {
            return Ok(None);
        }
        let writing = self.reporter.writing();
        let change = Change::JsonPatch(all);
        let answer = self.cluster.write(&target.place(), &change, &writing).await;
        answer.map(|it| Some(it.value))
    }
}

/// The patch that does `operations` on the target as it was read and takes our annotations away.
/// Empty where nothing is to be done.
pub(super) fn patch_back(live: &Value, operations: &[Value]) -> Vec<Value> {
    // A version that is no longer the object's is a conflict; a `test` that does not hold would only
    // be an invalid patch.
    let mut all = patch::versioned(live);
    all.extend_from_slice(operations);
    all.extend(annotations::without(live, ours(live)));
    match all.len() {
        1 => vec![],
        _ => all,
    }
}

/// What tells of a change. A pause gives back what it found, which may be a floor, and then has to be
/// told from what is to stay.
fn ours(live: &Value) -> &'static [&'static str] {
    match Note::of(live) {
        Ok(None) => &[journal::ANNOTATION, floor::ANNOTATION],
        Ok(Some(_)) | Err(_) => &[journal::ANNOTATION],
    }
}
