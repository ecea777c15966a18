//! Leases of `coordination.k8s.io/v1`, read and written as raw JSON: what we do not know of one
//! stays as it is.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::election::{Claim, Lease, Observed};
use crate::cluster::write::{Answer, Change, Kind, Place, WriteError, Writing};
use crate::cluster::{self, Cluster};
use crate::lifecycle::WATCH_MANAGER;

/// Leases.
pub const KIND: Kind = Kind {
    group: "coordination.k8s.io",
    version: "v1",
    plural: "leases",
    kind: "Lease",
    namespaced: true,
};

/// One Lease of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) cluster: Cluster,
    pub(super) namespace: String,
    pub(super) name: String,
    /// For one request, with everything that it tries again.
    pub(super) timeout: Duration,
}

/// A Lease as the server has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) observed: Observed,
    object: Value,
}

/// Why a Lease was not read, or is not known to have been written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no longer as it was when it was read.
    #[error("Lease {lease} was written by another at the same time")]
    Conflict { lease: String },
    #[error("no answer about Lease {lease} within {after:?}")]
    Late { lease: String, after: Duration },
    #[error("cannot read Lease {lease}")]
    Read {
        lease: String,
        source: Box<cluster::Error>,
    },
    #[error("cannot write Lease {lease}")]
    Write { lease: String, source: WriteError },
    #[error("the answer about Lease {lease} has no resourceVersion")]
    Unversioned { lease: String },
}

impl Error {
    /// Whether waiting does not help: the server has understood, and says no.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Read { source, .. } => refuses(source),
            Self::Write { source, .. } => match source {
                WriteError::Refused(source) => refuses(source),
                WriteError::Conflict { .. } | WriteError::Owned { .. } | WriteError::Unknown(_) => {
                    false
                }
            },
            Self::Conflict { .. } | Self::Late { .. } | Self::Unversioned { .. } => false,
        }
    }
}

/// Whether the cluster says no for good. A connection may come back, and so may credentials, which
/// are renewed while we run.
fn refuses(error: &cluster::Error) -> bool {
    use cluster::Error as It;
    match error {
        It::Forbidden { .. } | It::NotServed { .. } => true,
        It::Api { code, .. } => (400..500).contains(code) && !matches!(code, 408 | 409 | 429),
        It::NoKubeconfig { .. }
        | It::ReadKubeconfig { .. }
        | It::NoCurrentContext { .. }
        | It::NotInKubeconfig { .. }
        | It::UnusableKubeconfig { .. }
        | It::GroupsWithoutUser
        | It::Plugin { .. }
        | It::Credentials { .. }
        | It::Unreachable { .. }
        | It::Tls { .. }
        | It::Unauthorized { .. }
        | It::NotFound { .. }
        | It::BadSelector { .. }
        | It::Malformed { .. } => false,
    }
}

impl Handle {
    /// `kube-system/stepscale-autoscaler-leader`, as messages name it.
    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    fn place(&self) -> Place<'_> {
        Place {
            kind: KIND,
            namespace: &self.namespace,
            name: &self.name,
        }
    }

    /// The Lease as it is now; `None` where there is none.
    ///
    /// # Errors
    /// Where there is no answer in time, or one that is no Lease.
    pub(super) async fn read(&self) -> Result<Option<Kept>, Error> {
        let place = self.place();
        let answer = self.in_time(self.cluster.object(&place)).await?;
        let answer = answer.map_err(|source| Error::Read {
            lease: self.title(),
            source: Box::new(source),
        })?;
        answer.value.map(|it| self.kept(it)).transpose()
    }

    /// Writes a claim over the object that it was made for.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the Lease is not as the claim has it; any other where it is not
    /// known to be written.
    pub(super) async fn write(&self, claim: &Claim, over: Option<&Kept>) -> Result<Kept, Error> {
        let over = over.filter(|it| claim.over.as_ref() == Some(&it.observed.version));
        let change = match (&claim.over, over) {
            (None, _) => self.made(&claim.lease),
            (Some(_), Some(kept)) => changed(kept.object.clone(), &claim.lease),
            (Some(_), None) => return Err(self.conflict()),
        };
        let change = match claim.over {
            None => Change::Create(&change),
            Some(_) => Change::Replace(&change),
        };
        let (place, writing) = (
            self.place(),
            Writing {
                manager: WATCH_MANAGER,
                force: false,
                dry_run: false,
            },
        );
        let write = self.cluster.write(&place, &change, &writing);
        match self.in_time(write).await? {
            Ok(Answer { value, .. }) => self.kept(value),
            Err(WriteError::Conflict { .. } | WriteError::Owned { .. }) => Err(self.conflict()),
            // Deleted since: the next look tells.
            Err(WriteError::Refused(source)) if claim.over.is_some() && is_gone(&source) => {
                Err(self.conflict())
            }
            Err(source) => Err(Error::Write {
                lease: self.title(),
                source,
            }),
        }
    }

    fn conflict(&self) -> Error {
        Error::Conflict {
            lease: self.title(),
        }
    }

    async fn in_time<T>(&self, request: impl Future<Output = T>) -> Result<T, Error> {
        let late = |_| Error::Late {
            lease: self.title(),
            after: self.timeout,
        };
        tokio::time::timeout(self.timeout, request)
            .await
            .map_err(late)
    }

    fn kept(&self, object: Value) -> Result<Kept, Error> {
        let version = object["metadata"]["resourceVersion"].as_str();
        let version = version.ok_or_else(|| Error::Unversioned {
            lease: self.title(),
        })?;
        let observed = Observed {
            lease: parsed(&object["spec"]),
            version: version.to_owned(),
        };
        Ok(Kept { observed, object })
    }

    fn made(&self, lease: &Lease) -> Value {
        let object = json!({ "apiVersion": KIND.api_version(), "kind": KIND.kind,
            "metadata": { "name": self.name, "namespace": self.namespace } });
        changed(object, lease)
    }
}

fn is_gone(error: &cluster::Error) -> bool {
    matches!(error, cluster::Error::Api { code: 404, .. })
}

/// What the spec of a Lease says. What makes no sense there says nothing.
fn parsed(spec: &Value) -> Lease {
    let seconds = spec["leaseDurationSeconds"].as_u64();
    let transitions = spec["leaseTransitions"].as_u64().unwrap_or_default();
    Lease {
        holder: spec["holderIdentity"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        duration: seconds.map(Duration::from_secs),
        acquired: time(&spec["acquireTime"]),
        renewed: time(&spec["renewTime"]),
        transitions: u32::try_from(transitions).unwrap_or(u32::MAX),
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The object with the fields of the election as `lease` has them.
fn changed(mut object: Value, lease: &Lease) -> Value {
    let mut spec = match object["spec"].take() {
        Value::Object(spec) => spec,
        _ => Map::new(),
    };
    let seconds = lease.duration.map(|it| it.as_secs());
    // What the API takes for it are numbers of 32 bits with a sign.
    let transitions = i64::from(lease.transitions).min(i64::from(i32::MAX));
    spec.insert("holderIdentity".to_owned(), json!(lease.holder));
    spec.insert("leaseTransitions".to_owned(), json!(transitions));
    let known = [
        ("leaseDurationSeconds", seconds.map(Value::from)),
        (
            "acquireTime",
            lease.acquired.map(|it| json!(micro_time(it))),
        ),
        ("renewTime", lease.renewed.map(|it| json!(micro_time(it)))),
    ];
    for (field, value) in known {
        if let Some(value) = value {
            spec.insert(field.to_owned(), value);
        }
    }
    if let Some(object) = object.as_object_mut() {
        object.insert("spec".to_owned(), Value::Object(spec));
    }
    object
}

/// A `MicroTime`: six digits, never fewer.
fn micro_time(it: Timestamp) -> String {
    it.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed() -> Lease {
        Lease {
            holder: "web-0_1".to_owned(),
            duration: Some(Duration::from_secs(15)),
            acquired: Some("2026-03-02T12:00:00Z".parse().unwrap()),
            renewed: Some("2026-03-02T12:00:02.5Z".parse().unwrap()),
            transitions: 4,
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let object = changed(json!({}), &claimed());
        let spec = json!({ "holderIdentity": "web-0_1", "leaseDurationSeconds": 15,
            "acquireTime": "2026-03-02T12:00:00.000000Z",
            "renewTime": "2026-03-02T12:00:02.500000Z", "leaseTransitions": 4 });
        assert_eq!(object["spec"], spec);
        assert_eq!(parsed(&object["spec"]), claimed());
    }

    #[test]
    fn unknown_fields_stay() {
        let before = json!({ "metadata": { "labels": { "team": "shop" }, "resourceVersion": "7" },
            "spec": { "holderIdentity": "b", "strategy": "OldestEmulationVersion" } });
        let object = changed(before.clone(), &claimed());
        assert_eq!(object["metadata"], before["metadata"]);
        assert_eq!(object["spec"]["strategy"], "OldestEmulationVersion");
        assert_eq!(object["spec"]["holderIdentity"], "web-0_1");
    }

    #[test]
    fn what_makes_no_sense_says_nothing() {
        let cases = [
            json!(null),
            json!("spec"),
            json!({ "holderIdentity": null, "leaseDurationSeconds": -1, "leaseTransitions": -1,
                "acquireTime": "noon", "renewTime": 5 }),
        ];
        for spec in cases {
            assert_eq!(parsed(&spec), Lease::default(), "{spec}");
        }
        let many = json!({ "leaseTransitions": u64::MAX });
        assert_eq!(parsed(&many).transitions, u32::MAX);
        let lease = parsed(&many);
        assert_eq!(
            changed(json!({}), &lease)["spec"]["leaseTransitions"],
            i32::MAX
        );
    }

    #[test]
    fn only_answers_that_stay_the_same_are_refusals() {
        let api = |code| cluster::Error::Api {
            operation: "update leases.coordination.k8s.io".to_owned(),
            code,
            reason: String::new(),
            message: String::new(),
        };
        let cases = [
            (404, true),
            (422, true),
            (409, false),
            (429, false),
            (500, false),
        ];
        for (code, expected) in cases {
            let lease = || "default/it".to_owned();
            let read = Error::Read {
                lease: lease(),
                source: Box::new(api(code)),
            };
            let refused = Error::Write {
                lease: lease(),
                source: WriteError::Refused(Box::new(api(code))),
            };
            let unknown = Error::Write {
                lease: lease(),
                source: WriteError::Unknown(Box::new(api(code))),
            };
            assert_eq!(read.is_refusal(), expected, "{code}");
            assert_eq!(refused.is_refusal(), expected, "{code}");
            assert!(!unknown.is_refusal(), "{code}");
        }
    }
}
